"""Who may do what: every route, and everybody who might call it."""

import http.client
import os
import subprocess

import pytest

from harness import DEADLINE, SBIN, Client, until


def _routes():
    """{"GET /tasks": "viewer"}, as the server itself says."""
    text = subprocess.run([f"{SBIN}/nodelink-server", "--routes"], check=True,
                          capture_output=True, timeout=DEADLINE).stdout.decode()
    return {f"{method} {path}": access for method, path, access in
            (line.split() for line in text.splitlines())}


ACCESS = _routes()

HIDDEN = (404, "no_such_task")

# How each route is called, and what is answered to those who may call it: a
# status and the code of an error. `task` has ended; it is of ci, with the label
# team=red. Then what is different for another operator, and for one who is
# limited to team=blue.
CALLS = {
    "GET /": ("/", None, 200, {}),
    "GET /openapi.json": ("/openapi.json", None, 200, {}),
    "GET /healthz": ("/healthz", None, 200, {}),
    "GET /readyz": ("/readyz", None, 200, {}),
    "GET /metrics": ("/metrics", None, 200, {}),
    "POST /session": ("/session", None, 200, {}),
    "DELETE /session": ("/session", None, 200, {}),
    "GET /agents": ("/agents", None, 200, {}),
    "GET /agents/{id}": ("/agents/agent1", None, 200, {}),
    "GET /agents/{id}/tasks": ("/agents/agent1/tasks", None, 200, {}),
    "POST /agents/{id}/drain": ("/agents/none/drain", None, (404, "no_such_agent"), {}),
    "DELETE /agents/{id}/drain": ("/agents/none/drain", None, (404, "no_such_agent"), {}),
    "GET /enroll": ("/enroll", None, (404, "no_enrolment"), {}),
    "POST /enroll": ("/enroll", {}, (404, "no_enrolment"), {}),
    "GET /stream": ("/stream?ref={task}", None, 200, {"blue": HIDDEN}),
    "GET /tasks": ("/tasks", None, 200, {}),
    "DELETE /tasks": ("/tasks?label=team=red&owner=ci", None, 200,
                      {"other": (403, "not_owner"), "blue": (403, "not_owner")}),
    "GET /tasks/{id}": ("/tasks/{task}", None, 200, {"blue": HIDDEN}),
    "DELETE /tasks/{id}": ("/tasks/{task}", None, (400, "already_final"),
                           {"other": (403, "not_owner"), "blue": HIDDEN}),
    "POST /tasks/{plugin}": ("/tasks/shell", {"agent_id": "none", "cmd": "true",
                                              "labels": {"team": "red"}},
                             (404, "no_such_agent"), {"blue": (403, "outside_labels")}),
    "GET /tasks/{id}/output": ("/tasks/{task}/output", None, 200, {"blue": HIDDEN}),
    "GET /tokens": ("/tokens", None, 200, {}),
    "POST /tokens": ("/tokens", {"client": "new", "role": "viewer"}, 200, {}),
    "DELETE /tokens/{id}": ("/tokens/none", None, (404, "no_such_token"), {}),
    "GET /webhooks": ("/webhooks", None, 200, {}),
    "POST /webhooks/{id}/retry": ("/webhooks/none/retry", None, (409, "no_webhooks"), {}),
}

ROLES = ["none", "viewer", "operator", "admin"]


class Callers:
    """Headers of everybody who might call, by name."""

    def __init__(self, server, auth):
        admin = auth.client("root", "admin")
        gone = auth.client("gone", "admin")
        self.headers = {"nobody": {}}
        for name, token in {
                "malformed": "nonsense",
                "unknown": admin.replace(admin.split("_")[1], "0" * len(admin.split("_")[1])),
                "wrong": admin[:-1] + ("a" if admin[-1] != "a" else "b"),
                "expired": auth.client("short", "admin", "--expires", "1ms"),
                "revoked": gone,
                "agent": auth.agent("agent9"),
                "enrol": auth.ok("enroll-token"),
                "viewer": auth.client("eve", "viewer"),
                "operator": auth.client("ci", "operator"),
                "other": auth.client("bob", "operator"),
                "blue": auth.client("blue", "operator", "--label", "team=blue"),
                "labelled": auth.client("red", "admin", "--label", "team=red"),
                "admin": admin,
        }.items():
            self.headers[name] = {"Authorization": f"Bearer {token}"}
        client = server.client.bearing(gone)
        self.headers["old session"] = _browser(client).headers
        auth.revoke(gone)
        until(lambda: client.get("/agents").status == 401, "the server has seen that it is revoked")


def _browser(client):
    """The same client, who has made its token into a session."""
    answer = client.call("POST", "/session")
    assert answer.status == 200, answer
    return Client(client.address, headers={
        "Cookie": answer.headers["Set-Cookie"].partition(";")[0]})


class Guarded:
    """A server that asks everybody, and an agent that it knows."""

    def __init__(self, system):
        self.auth = system.auth()
        conf = system.path("server.conf", "[limits]\nfailed_logins = 0\n")
        self.server = system.server("--config", conf, auth=self.auth)
        self.client = self.server.client
        system.agent("agent1", self.server, *self.auth.agent_file("agent1"))

    def of(self, *how):
        """A client with a new token of its own."""
        return self.client.bearing(self.auth.client(*how))


@pytest.fixture(scope="module")
def guarded(module_system):
    return Guarded(module_system)


@pytest.fixture(scope="module")
def callers(guarded):
    return Callers(guarded.server, guarded.auth)


@pytest.fixture(scope="module")
def task(guarded):
    client = guarded.of("ci", "operator", "--label", "team=red")
    task_id = client.shell("true")
    record = client.end(task_id)
    assert (record["owner"], record["labels"]) == ("ci", {"team": "red"})
    return task_id


# -------------------------------------------------------------------- the matrix

def _expected(route, caller):
    """(status, code) for this caller of this route."""
    method = route.split()[0]
    _, _, answer, different = CALLS[route]
    if not isinstance(answer, tuple):
        answer = (answer, None)
    needed = ROLES.index(ACCESS[route])
    if needed == 0:
        return answer
    reads = method in ("GET", "HEAD")
    strangers = {
        "nobody": "no_token",
        "malformed": "bad_token",
        "unknown": "bad_token",
        "wrong": "bad_token",
        "expired": "token_expired",
        "revoked": "token_revoked",
        "agent": "bad_token",
        "enrol": "bad_token",
        "session": None if reads else "no_token",
        "old session": "no_session" if reads else "no_token",
    }
    if strangers.get(caller):
        return (401, strangers[caller])
    role = {"viewer": 1, "operator": 2, "other": 2, "blue": 2}.get(caller, 3)
    if role < needed or (caller == "labelled" and ACCESS[route] == "admin"):
        return (403, "forbidden")
    return different.get(caller, answer)


def test_every_route_has_an_entry_here():
    assert set(CALLS) == set(ACCESS)


@pytest.mark.parametrize("route", ACCESS)
def test_route_answers_everybody_as_it_should(guarded, callers, task, route):
    path, body, _, _ = CALLS[route]
    path = path.replace("{task}", task)
    stranger = Client(guarded.server.http)
    wrong = []
    callers.headers["session"] = _browser(guarded.client).headers  # one route ends it
    for caller, headers in callers.headers.items():
        answer = stranger.call(route.split()[0], path, body, headers=headers)
        said = answer.json.get("code") if answer.status >= 400 else None
        if (answer.status, said) != _expected(route, caller):
            wrong.append((caller, answer, _expected(route, caller)))
        if answer.status == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
            assert "token create" in answer.json["details"]
    assert not wrong
    if route.startswith("GET") and isinstance(CALLS[route][2], int):
        answer = stranger.call("HEAD", path)
        assert answer.status == (200 if ACCESS[route] == "none" else 401)


def test_lists_have_what_the_token_may_see(guarded, callers, task):
    stranger = Client(guarded.server.http)
    for path in ("/tasks", "/agents/agent1/tasks", "/tasks?label=team=red"):
        for caller, seen in (("viewer", True), ("labelled", True), ("other", True),
                             ("blue", False)):
            answer = stranger.get(path, headers=callers.headers[caller])
            ids = [t["task_id"] for t in answer.json["tasks"]]
            assert (task in ids) == seen, (path, caller)


# ----------------------------------------------------------------- more than one

def test_owner_and_labels_hold_after_a_restart(system):
    auth = system.auth()
    tokens = auth.client("ci", "operator", "--label", "a=b"), auth.client("bob", "operator")
    first = system.server(auth=auth)
    ci, bob = (first.client.bearing(token) for token in tokens)
    agent = system.agent("agent1", first, *auth.agent_file("agent1"))
    agent.stop()
    task_id = ci.shell("sleep 600")
    session = _browser(ci).headers
    first.kill()
    server = system.server(auth=auth, store=first.store)
    ci, bob = (server.client.bearing(token) for token in tokens)
    assert bob.cancel(task_id).json["code"] == "not_owner"
    record = ci.task(task_id)
    assert (record["owner"], record["labels"], record["cancel"]) == ("ci", {"a": "b"}, None)
    assert Client(server.http).get("/tasks", headers=session).json["code"] == "no_session"
    cancelled = ci.cancel(task_id)
    assert cancelled.status == 200 and cancelled.json["cancel"]["actor"] == "ci@127.0.0.1"


def test_bulk_cancel_takes_only_what_one_may_cancel(guarded):
    ci, bob = guarded.of("ci", "operator"), guarded.of("bob", "operator")
    mine, others = ci.shell("sleep 600", labels={"job": "bulk"}), bob.shell(
        "sleep 600", labels={"job": "bulk"})
    answer = ci.call("DELETE", "/tasks?label=job=bulk")
    assert [t["task_id"] for t in answer.json["tasks"]] == [mine]
    assert guarded.client.task(others)["cancel"] is None
    answer = guarded.client.call("DELETE", "/tasks?label=job=bulk")
    assert [t["task_id"] for t in answer.json["tasks"]] == [others]
    assert answer.json["cancelled"] == 1


def test_labels_hide_what_others_do_with_an_agent(guarded):
    red, blue = (guarded.of(name, "operator", "--label", f"team={name}")
                 for name in ("red", "blue"))
    before = guarded.client.agents()["agent1"]["tasks"]
    task = red.shell("sleep 600", labels={"team": "red"})
    guarded.client.ok("POST", "/agents/agent1/drain", {"reason": "red's disk"})
    seen = [client.agents()["agent1"] for client in (guarded.client, red, blue)]
    guarded.client.ok("DELETE", "/agents/agent1/drain")
    guarded.client.cancel(task, wait=20)
    assert [agent["tasks"] for agent in seen] == [before + 1, 1, 0]
    assert [agent["draining"]["reason"] for agent in seen] == ["red's disk", None, None]
    assert seen[2]["draining"]["actor"] is None and seen[2]["draining"]["since"]


def test_equal_keys_of_two_clients_do_not_meet(guarded):
    made = []
    for name in ("ci", "bob", "ci"):
        client = guarded.of(name, "operator")
        made.append(client.ok("POST", "/tasks/shell", {"agent_id": "agent1", "cmd": "true"},
                              headers={"Idempotency-Key": "build 1"})["task_id"])
    assert made[0] != made[1] and made[0] == made[2]


# ------------------------------------------------------------------------ streams

def _ends(response):
    """Read on until the server cuts it; it has to."""
    try:
        while response.read1(1 << 16):
            pass
    except (http.client.IncompleteRead, ConnectionError):
        pass


def _open(client, path):
    connection = client.connect()
    connection.request("GET", path, headers=client.headers)
    answer = connection.getresponse()
    assert answer.status == 200
    return answer


def test_revoking_cuts_streams_and_only_those(guarded):
    owner, other = (guarded.of(name, "operator") for name in ("ci", "bob"))
    token = guarded.auth.client("eve", "viewer")
    eve = guarded.client.bearing(token)
    task_id = owner.shell("echo here; cat /dev/zero | head -c 3 >/dev/null; sleep 600")
    paths = (f"/stream?ref={task_id}", f"/tasks/{task_id}/output?follow=1")
    cut = [_open(eve, path) for path in paths]
    browser = _browser(eve)
    cut += [_open(browser, path) for path in paths]
    with other.events(task_id) as events:
        events.until_stdout("here")
        guarded.auth.revoke(token)
        for answer in cut:
            _ends(answer)
        assert eve.get("/agents").json["code"] == "token_revoked"
        assert browser.get("/agents").json["code"] == "no_session"
        assert owner.cancel(task_id).status == 200
        assert events.final().cancelled


def test_expiry_cuts_a_stream(guarded):
    owner = guarded.of("ci", "operator")
    task_id = owner.shell("sleep 600")
    short = guarded.of("short", "viewer", "--expires", "2s")
    _ends(_open(short, f"/stream?ref={task_id}"))
    assert short.get("/agents").json["code"] == "token_expired"
    assert owner.cancel(task_id).status == 200


def test_logging_out_cuts_a_stream(guarded):
    owner = guarded.of("ci", "operator")
    task_id = owner.shell("sleep 600")
    browser = _browser(guarded.client)
    answer = _open(browser, f"/stream?ref={task_id}")
    out = browser.call("DELETE", "/session")
    assert out.status == 200 and "Max-Age=0" in out.headers["Set-Cookie"]
    _ends(answer)
    assert browser.get("/tasks").json["code"] == "no_session"
    assert owner.cancel(task_id).status == 200


# ------------------------------------------------------------------------- agents

def test_a_clients_token_is_refused_on_the_agents_port(system, guarded):
    path = system.path("client.token", guarded.auth.client("ci", "admin"))
    os.chmod(path, 0o600)
    agent = system.agent("agent2", guarded.server, "--token-file", path, wait=False)
    agent.wait_line(r"refuses the token", anywhere=True)
    assert "agent2" not in guarded.client.agents()
