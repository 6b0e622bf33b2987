"""The OpenAPI document and the server say the same: a tour over all routes, in
development mode, with tokens, on a full disk and at the end. Every answer is compared
with the document, and at last everything that it promises must have been seen."""

import contextlib
import json
import os
import resource
import select
import signal
import sqlite3
import subprocess
import time

import pytest

from guarded import Guarded, Patient
from harness import DEFER, until
from netns import NoNetns, Namespace
from openapi import Document, Witness
from receiver import Receiver

# What no test brings about, of what any request may be answered.
UNSEEN = {"no_memory", "internal", "store_failing"}

CREATE = {"/tasks/shell": {"agent_id": "agent1", "cmd": "true"},
          "/tasks/docker": {"agent_id": "agent1", "image": "none"},
          "/tasks/countdown": {"agent_id": "agent1", "params": {"from": 1, "interval": 1}}}


@pytest.fixture(scope="module")
def open_server(module_system):
    return module_system.server(inside=Patient)


@pytest.fixture(scope="module")
def document(open_server):
    return Document(open_server.client.get("/openapi.json").body)


@pytest.fixture(scope="module")
def anyone(module_system, open_server, document):
    """Somebody at a server in development mode, which has agent1."""
    module_system.agent("agent1", open_server)
    return Witness(document, open_server.http)


@pytest.fixture(scope="module")
def guarded(module_system, document):
    return Guarded(module_system, document)


def spread(document, method="GET POST DELETE", task="t", agent="agent1"):
    """(name, method, path that fits it, operation) of every operation."""
    for name, _, operation in document.operations():
        verb, path = name.split()
        if verb in method.split():
            owner = "countdown" if name == "POST /tasks/{id}" else \
                agent if path.startswith("/agents") else task
            path = path.replace("{id}", owner)
            yield name, verb, path + ("?ref=" + task if path == "/stream" else ""), operation


# ---------------------------------------------------------------------------- routes

def test_document_is_of_this_version(document, anyone):
    assert document.root["info"]["version"] == anyone.get("/healthz").json["version"]


def test_head_is_answered_as_get(document, anyone):
    for name, _, path, _ in spread(document, "GET"):
        assert anyone.call("HEAD", path).status == anyone.get(path).status, name


# ------------------------------------------------------------------- development mode

def test_what_the_server_is(anyone):
    for path in ("/", "/openapi.json", "/healthz", "/readyz", "/metrics", "/webhooks"):
        anyone.expect(200, "GET", path)
    anyone.expect(200, "GET", "/metrics", headers={"Accept": "text/plain"})
    for method, path in (("POST", "/session"), ("GET", "/tokens"), ("POST", "/tokens"),
                         ("DELETE", "/tokens/x")):
        anyone.expect(409, method, path, code="anonymous")
    anyone.expect(200, "DELETE", "/session")
    anyone.expect(409, "POST", "/webhooks/x/retry", code="no_webhooks")
    anyone.expect(404, "GET", "/enroll", code="no_enrolment")
    anyone.expect(404, "POST", "/enroll", code="no_enrolment")


def test_other_paths_and_methods(document, anyone):
    """They are of no operation, so nobody judges these answers by himself."""
    for method, path, status, code in (("GET", "/nothing", 404, "no_such_path"),
                                       ("PUT", "/tasks", 405, "wrong_method")):
        answer = super(Witness, anyone).call(method, path)
        assert answer.status == status and answer.json["code"] == code
        document.fits("#/components/schemas/Error", answer.json, path)
        assert ("Allow" in answer.headers) == (status == 405)


def test_creating(system, anyone):
    for path, body in CREATE.items():
        name = path.rpartition("/")[2]
        noted = {"Idempotency-Key": f"first {name}", "X-Request-Id": "build-17"}
        made = anyone.expect(200, "POST", path, body, headers=noted)
        assert made.headers["X-Request-Id"] == "build-17"
        again = anyone.expect(200, "POST", path, body, headers=noted)
        assert again.headers["Idempotent-Replayed"] == "true"
        assert again.json["task_id"] == made.json["task_id"]
        other = {**body, "timeout": "10s"}
        anyone.expect(422, "POST", path, other, "idempotency_key_reused", noted)
        for headers in ({"Idempotency-Key": ""}, {"Idempotency-Key": "x" * 256}):
            anyone.expect(400, "POST", path, body, "bad_idempotency_key", headers)
        anyone.expect(400, "POST", path, {**body, "timeout": -1}, "bad_request")
        anyone.expect(404, "POST", path, {**body, "agent_id": "none"}, "no_such_agent")
        anyone.expect(413, "POST", path, b"x" * (2 << 20), "body_too_large")
        # As many bytes as a body may have are more in a message.
        env = {f"v{i:03}": "x" * 1038 for i in range(1000)}
        large = json.dumps({**body, "env": env}, separators=(",", ":"))
        anyone.expect(413, "POST", path, large, "task_too_large")
        anyone.expect(200, "GET", f"/stream?ref={made.json['task_id']}")
    anyone.expect(404, "POST", "/tasks/NOTHING", {"agent_id": "agent1"}, "no_such_plugin")


def test_key_in_use(open_server, anyone):
    """Two requests that a sleeping server finds together."""
    for path, body in CREATE.items():
        for i in range(100):
            headers = {"Idempotency-Key": f"{path} {i}"}
            open_server.signal(signal.SIGSTOP)
            both = [anyone.begin("POST", path, body, headers) for _ in range(2)]
            open_server.signal(signal.SIGCONT)
            answers = [answer() for answer in both]
            if 409 in [answer.status for answer in answers]:
                break
        else:
            raise AssertionError("never in use")


def test_following_and_reading(system, anyone):
    go = system.path("go")
    task = anyone.shell(
        f"echo out; echo err >&2; {DEFER} 'echo deferred'; "
        f"until [ -e {go} ]; do sleep 0.01; done", idle_timeout="1h",
        stop={"signal": "INT", "pre_stop": "true"}, cleanup=[{"cmd": "echo hook"}],
        labels={"job": "read"}, user="root", limits={"open_files": 99})
    until(lambda: anyone.get(f"/tasks/{task}/output").body == b"out\n", "it has begun")
    system.path("go", "")
    whole = anyone.expect(200, "GET", f"/tasks/{task}/output?follow=1&stream=stderr")
    assert whole.body == b"err\n"
    anyone.expect(200, "GET", f"/stream?ref={task}", headers={"Last-Event-ID": "1"})
    record = anyone.expect(200, "GET", f"/tasks/{task}").json
    assert record["hooks"]
    anyone.expect(200, "GET", f"/stream?ref={task}&last_event_id=1")
    coded = f"/stream?ref={task}&encoding=base64&follow=0&output=1"
    assert b'"stdout":"b3V0Cg=="' in anyone.expect(200, "GET", coded).body
    for query, code in (("", "bad_query"), (f"ref={task}&last_event_id=x", "bad_event_id"),
                        (f"ref={task}&last_event_id=999", "bad_event_id")):
        anyone.expect(400, "GET", f"/stream?{query}", code=code)
    path = f"/tasks/{task}/output"
    anyone.expect(206, "GET", path, headers={"Range": "bytes=1-"})
    anyone.expect(200, "GET", path)
    anyone.expect(416, "GET", path, code="bad_range", headers={"Range": "bytes=9-"})
    anyone.expect(400, "GET", f"{path}?stream=x", code="bad_query")
    for path in ("/tasks/none", "/stream?ref=none", "/tasks/none/output"):
        anyone.expect(404, "GET", path, code="no_such_task")


def test_lists(anyone):
    tasks = [anyone.shell("true", labels={"job": "list", "n": str(i)}) for i in range(3)]
    for task in tasks:
        anyone.end(task)
    for base, query in (("/tasks", "agent_id=agent1&"), ("/agents/agent1/tasks", "")):
        query = f"{base}?{query}label=job=list&label=n&limit=2&status=completed&plugin=shell"
        page = anyone.expect(200, "GET", query).json
        assert [t["task_id"] for t in page["tasks"]] == tasks[:0:-1]
        page = anyone.expect(200, "GET", f"{query}&cursor={page['next_cursor']}").json
        assert [t["task_id"] for t in page["tasks"]] == tasks[:1] and not page["next_cursor"]
        anyone.expect(200, "GET", f"{base}?owner=ci")
        anyone.expect(400, "GET", f"{base}?limit=1001", code="bad_query")
        anyone.expect(400, "GET", f"{base}?cursor=X", code="bad_cursor")
    anyone.expect(200, "GET", "/agents")
    anyone.expect(200, "GET", "/agents/agent1")
    for path in ("/agents/none", "/agents/none/tasks"):
        anyone.expect(404, "GET", path, code="no_such_agent")


HOW = "reason=r&code=x.a.b&grace=1s&force=1&wait=20"
NOTED = {"X-Request-Id": "build-17", "Prefer": "wait=9"}


def test_cancelling(system, anyone):
    task = anyone.shell("trap '' TERM; echo on; sleep 600 & wait",
                        cleanup=[{"cmd": "echo clean"}])
    until(lambda: anyone.output(task), "it has begun")
    anyone.expect(202, "DELETE", f"/tasks/{task}?wait=0")
    anyone.expect(202, "DELETE", f"/tasks/{task}", headers={"Prefer": "respond-async"})
    anyone.expect(200, "DELETE", f"/tasks/{task}?{HOW}", headers=NOTED)
    anyone.expect(400, "DELETE", f"/tasks/{task}", code="already_final")
    anyone.expect(400, "DELETE", f"/tasks/{task}?code=200", code="bad_request")
    anyone.expect(404, "DELETE", "/tasks/none", code="no_such_task")
    assert b"taskCancel" in anyone.expect(200, "GET", f"/stream?ref={task}").body
    assert anyone.task(task)["receipt"]["signals"]
    go = system.path("late")
    late = anyone.shell("true", cleanup=[
        {"cmd": f"echo on; until [ -e {go} ]; do sleep 0.01; done"}])
    until(lambda: anyone.output(late, "hook"), "its hook runs")
    answer = anyone.begin("DELETE", f"/tasks/{late}")
    until(lambda: anyone.task(late)["cancel"], "it is being cancelled")
    system.path("late", "")
    assert answer().json["code"] == "too_late"


def test_cancelling_many(anyone):
    for i in range(3):
        anyone.shell("sleep 600", labels={"job": "many", "n": str(i)})
    stubborn = anyone.shell("trap '' TERM; echo on; sleep 600", labels={"job": "many", "n": "x"})
    until(lambda: anyone.output(stubborn), "it has begun")
    which = "agent_id=agent1&label=job=many&plugin=shell&status="
    anyone.expect(200, "DELETE", f"/tasks?{which}in_progress&dry_run=1&owner=ci")
    anyone.expect(202, "DELETE", "/tasks?label=n=x&wait=0")
    body = {"reason": "r", "code": 302, "grace": 2, "force": True}
    anyone.expect(200, "DELETE", f"/tasks?label=job=many&{HOW}", body, headers=NOTED)
    anyone.expect(200, "DELETE", f"/tasks?{which}sent")
    anyone.expect(400, "DELETE", "/tasks", code="bad_request")
    anyone.expect(404, "DELETE", "/tasks?agent_id=none", code="no_such_agent")


def test_draining(anyone):
    path = "/agents/agent1/drain"
    anyone.expect(200, "POST", path, {"reason": "new disk", "timeout": "1h"}, headers=NOTED)
    waits = anyone.shell("true")
    assert anyone.expect(200, "GET", "/agents").json["agents"][0]["draining"]
    anyone.expect(400, "POST", path, {"timeout": "soon"}, "bad_request")
    anyone.expect(200, "DELETE", path, headers=NOTED)
    assert anyone.end(waits)["status"] == "completed"
    for method in ("POST", "DELETE"):
        anyone.expect(404, method, "/agents/none/drain", code="no_such_agent")


# ------------------------------------------------------------------- refused by itself

def test_what_is_no_proper_request(document, anyone):
    for name, method, path, _ in spread(document):
        mark = "&" if "?" in path else "?"
        assert anyone.call(method, path + mark + "x" * 5000).status == 414, name
    head = b"Host: localhost\r\n"
    for code, status, text in (
            ("bad_framing", 400, head + b"Content-Length: 1\r\nContent-Length: 1\r\n"),
            ("bad_header", 400, head + b"Content Length: 1\r\n"),
            ("bad_host", 400, head + head),
            ("header_too_large", 431, head + b"A: " + b"x" * 13000 + b"\r\n")):
        answer = anyone.half("GET", "/healthz", b"GET /healthz HTTP/1.1\r\n")(text + b"\r\n")
        assert (answer.status, answer.json["code"]) == (status, code), answer
    anyone.expect(400, "GET", "/healthz?%00", code="bad_uri")
    anyone.expect(400, "GET", "/healthz?a=%ff", code="not_utf8")
    foreign = {"Origin": "http://elsewhere"}
    anyone.expect(403, "DELETE", "/session", None, "foreign_origin", foreign)
    anyone.expect(421, "GET", "/tasks", None, "foreign_host", {"Host": "evil.example:8080"})
    anyone.expect(415, "POST", "/session", "x", "not_json", {"Content-Type": "text/plain"})
    anyone.expect(413, "POST", "/session", b"x" * (2 << 20), "body_too_large")
    for method, path in (("POST", "/agents/agent1/drain"), ("DELETE", "/tasks"),
                         ("POST", "/enroll"), *(("POST", path) for path in CREATE)):
        anyone.expect(403, method, path, None, "foreign_origin", foreign)


# ------------------------------------------------------------------------ with tokens

def test_who_asks_must_be_known(document, guarded):
    for name, method, path, operation in spread(document):
        if operation["security"]:
            guarded.stranger.expect(401, method, path, code="no_token")
    gone = guarded.auth.client("gone")
    guarded.auth.revoke(gone)
    for token, code in (("nonsense", "bad_token"), (gone, "token_revoked"),
                        (guarded.auth.client("late", "admin", "--expires", "1ms"),
                         "token_expired")):
        asks = guarded.stranger.bearing(token)
        until(lambda: asks.call("POST", "/tasks/shell").json["code"] == code, code)
        asks.expect(401, "GET", "/tasks", code=code)
    guarded.stranger.expect(401, "GET", "/tasks", None, "no_session",
                            {"Cookie": "nodelink_session=0"})


def test_who_asks_must_be_allowed_to(document, guarded):
    viewer, ci, red = (guarded.admin.bearing(guarded.auth.client(*words)) for words in (
        ("eve", "viewer"), ("ci", "operator"), ("red", "operator", "--label", "team=red")))
    for name, method, path, operation in spread(document):
        if operation["x-role"] in ("operator", "admin"):
            viewer.expect(403, method, path, code="forbidden")
    for path, body in CREATE.items():
        red.expect(403, "POST", path, {**body, "labels": {"team": "blue"}}, "outside_labels")
    others = guarded.admin.shell("sleep 600")
    ci.expect(403, "DELETE", f"/tasks/{others}", code="not_owner")
    red.expect(404, "GET", f"/tasks/{others}", code="no_such_task")
    guarded.admin.expect(200, "POST", "/agents/agent1/drain", {"reason": "new disk"})
    assert not red.expect(200, "GET", "/agents/agent1").json["draining"]["actor"]
    guarded.admin.expect(200, "DELETE", "/agents/agent1/drain")
    guarded.admin.expect(200, "DELETE", f"/tasks/{others}?wait=20")


def test_sessions_and_tokens(guarded):
    admin = guarded.admin
    cookie = admin.expect(200, "POST", "/session").headers["Set-Cookie"].partition(";")[0]
    guarded.stranger.expect(200, "GET", "/tokens", headers={"Cookie": cookie})
    guarded.stranger.expect(200, "DELETE", "/session", headers={"Cookie": cookie})
    wish = {"client": "new", "role": "viewer", "labels": {"a": "b"}, "expires": 0}
    made = admin.expect(200, "POST", "/tokens", wish, headers=NOTED).json
    admin.expect(400, "POST", "/tokens", {"client": "new"}, "bad_request")
    path = f"/tokens/{made['id']}"
    admin.expect(200, "DELETE", path, headers=NOTED)
    admin.expect(404, "DELETE", path, code="no_such_token")


def test_webhooks(document, guarded):
    """What is told, too."""
    admin = guarded.admin
    with Receiver() as receiver:
        hooks = [{"url": receiver.url}, {"url": receiver.url, "events": ["task.failed"]}]
        for cmd in ("true", "false"):
            receiver.of(admin.shell(cmd, webhooks=hooks), 1 if cmd == "true" else 2)
        task = admin.shell("sleep 600", webhooks=hooks)
        admin.expect(200, "DELETE", f"/tasks/{task}?wait=20")
        receiver.of(task, 2)
        for request in receiver.got:
            document.fits("#/components/schemas/WebhookMessage", request.json, request)
            for name, (pointer, _) in document.parameters("POST", "task", "webhooks").items():
                document.fits(f"{pointer}/schema", request.headers[name[1]], request)
        assert len({request.type for request in receiver.got}) == 4
    for _ in range(2):
        admin.shell("true", webhooks=[{"url": "http://127.0.0.1:1"}])
    until(lambda: admin.get("/webhooks?state=waiting").json["waiting"] == 2, "nobody is there")
    page = admin.expect(200, "GET", "/webhooks?state=waiting&limit=1").json
    admin.expect(200, "GET", f"/webhooks?state=waiting&cursor={page['next_cursor']}")
    admin.expect(400, "GET", "/webhooks?state=x", code="bad_query")
    guarded.letter = page["webhooks"][0]["webhook_id"]
    admin.expect(200, "POST", f"/webhooks/{guarded.letter}/retry", headers=NOTED)
    admin.expect(404, "POST", "/webhooks/x/retry", code="no_such_webhook")


def test_enrolling(system, guarded):
    def enrol(status, code=None, headers=None, **other):
        guarded.stranger.expect(status, "POST", "/enroll", {**wish, **other}, code, headers)

    wish = guarded.enrolment(system.path("web1"))
    late = guarded.auth.ok("enroll-token", "--for", "web1", "--expires", "1s")
    made = time.monotonic()
    guarded.stranger.expect(200, "GET", "/enroll")
    enrol(400, "bad_request", agent_id=1)
    enrol(403, "bad_token", token="nle_x_y")
    enrol(200, headers=NOTED)
    until(lambda: time.monotonic() > made + 1.1, "it has expired")
    enrol(403, "token_expired", token=late)
    enrol(400, "bad_csr", token=guarded.auth.ok("enroll-token", "--for", "web1"), csr="?")


def test_enrolling_from_afar(system, document, guarded):
    """Over a network of its own, and without TLS."""
    try:
        space = Namespace(f"nl31-{os.getpid()}")
    except (NoNetns, OSError) as error:
        document.excuse("tls_required")
        pytest.skip(str(error))
    try:
        space.ip("link", "set", "lo", "up")
        space.ip("addr", "add", "10.31.0.1/32", "dev", "lo")
        conf = system.path("far.conf", f"""
[ca]
dir = {guarded.folder}/ca
[http]
plaintext = yes
""")
        server = system.server("--config", conf, http="10.31.0.1:0", auth=system.auth(),
                               inside=space)
        with space.within():
            Witness(document, server.http).expect(403, "POST", "/enroll", {}, "tls_required")
    finally:
        system.stop()
        subprocess.run(["ip", "netns", "del", space.name], check=True)


def test_nothing_is_done_that_cannot_be_noted(system, guarded):
    """The audit log may not grow any more."""
    admin = guarded.admin
    task = admin.shell("sleep 600")
    wish = guarded.enrolment(system.path("web2"))
    for _ in range(60):  # it is larger than other files then
        admin.expect(200, "DELETE", "/tasks?label=none", {"reason": "\1" * 1024})
    _limit(guarded.server, os.path.getsize(guarded.audit))
    for path, body in CREATE.items():
        admin.expect(503, "POST", path, body, "audit_failing")
    for method, path, body in (
            ("DELETE", f"/tasks/{task}", None), ("DELETE", "/tasks?agent_id=agent1", None),
            ("POST", "/agents/agent1/drain", None), ("DELETE", "/agents/agent1/drain", None),
            ("POST", "/tokens", {"client": "new", "role": "viewer"}),
            ("DELETE", "/tokens/x", None), ("POST", "/enroll", wish),
            ("POST", f"/webhooks/{guarded.letter}/retry", None)):
        admin.expect(503, method, path, body, "audit_failing")
    _limit(guarded.server, resource.RLIM_INFINITY)
    until(lambda: admin.get("/readyz").status == 200, "the store has noticed that, too")
    admin.expect(200, "DELETE", f"/tasks/{task}?wait=20")
    with contextlib.closing(sqlite3.connect(guarded.auth.path)) as db, db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON token BEGIN "
                   "SELECT RAISE(FAIL, 'full'); END")
    admin.expect(503, "POST", "/tokens", {"client": "new", "role": "viewer"}, "auth_failing")
    with contextlib.closing(sqlite3.connect(guarded.auth.path)) as db, db:
        db.execute("DROP TRIGGER full")


def test_tokens_are_limited(guarded):
    guarded.auth.client("many")
    with contextlib.closing(sqlite3.connect(guarded.auth.path)) as db, db:
        db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                   "WHERE i < 10000) INSERT INTO token(id, hash, client, role, created_at, "
                   "expires_at) SELECT 'many' || i, x'00', 'crowd', role, created_at, "
                   "expires_at FROM n, token WHERE client = 'many'")
    guarded.admin.expect(409, "POST", "/tokens", {"client": "new", "role": "viewer"},
                         "too_many_tokens")


def test_too_much_is_refused(system, document):
    conf = system.path("server.conf", "[limits]\nopen_requests = 1\ncalls_per_second = 20\n"
                                      "failed_logins = 1\n")
    auth = system.auth()
    server = system.server("--config", conf, auth=auth)
    client = Witness(document, server.http, server.client.token)
    system.agent("agent1", server, *auth.agent_file("agent1"), wait=False)
    until(lambda: client.get("/agents").json.get("agents"), "the agent is there", pause=0.1)
    until(lambda: client.get("/healthz").json.get("agents_connected"), "it is", pause=0.1)
    task = client.ok("POST", "/tasks/shell", CREATE["/tasks/shell"] | {"cmd": "sleep 600"})
    with client.events(task["task_id"]):
        client.expect(429, "GET", "/tasks", code="too_many_requests")
    until(lambda: client.get("/tasks").json.get("code") == "too_many_calls", "too many", pause=0)
    wrong = client.bearing("wrong")
    until(lambda: wrong.get("/tasks").json["code"] == "too_many_logins", "too many")


def test_agent_may_have_no_more_tasks(system, document):
    """One that waits for it is copied while the server is away."""
    server = system.server()
    system.agent("agent1", server).stop()
    task = server.client.shell("true", start_timeout="1h")
    server.stop()
    with contextlib.closing(sqlite3.connect(f"{server.store}/tasks.db")) as db, db:
        names = [row[1] for row in db.execute("PRAGMA table_info(task)")][1:]
        db.execute(
            "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
            f"INSERT INTO task(id, {','.join(names)}) "
            f"SELECT task.id || '-' || i, {','.join(names)} FROM n, task WHERE task.id = ?",
            (task,))
    server = system.server(store=server.store)
    client = Witness(document, server.http)
    for path, body in CREATE.items():
        client.expect(429, "POST", path, body, "too_many_tasks")


# ------------------------------------------------------------------- disks and endings

def _limit(server, size):
    """No file of a server may grow beyond this."""
    hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size, hard))


def test_tasks_are_lost_and_forgotten(system, document):
    server = system.server("--lost-after", "1s")
    agent = system.agent("agent1", server)
    client = Witness(document, server.http)
    old = client.run("true")[0]["task_id"]
    task = client.shell("sleep 600")
    until(lambda: client.task(task)["status"] == "in_progress", "it runs")
    uplink = agent.child("nodelink-uplink")
    agent.signal(signal.SIGSTOP)
    os.kill(uplink, signal.SIGSTOP)
    answer = client.begin("DELETE", f"/tasks/{task}?wait=20")
    assert not select.select([answer.socket], [], [], 0.2)[0]
    os.kill(uplink, signal.SIGKILL)
    try:
        lost = answer()
        assert lost.status == 400 and lost.json["code"] == "undeliverable", lost
    finally:
        agent.signal(signal.SIGCONT)
    server.stop()
    server = system.server("--retention", "1s", store=server.store)
    client = Witness(document, server.http)
    until(lambda: client.get(f"/tasks/{old}").status == 410, "its time is over")
    for method, path in (("DELETE", f"/tasks/{old}"), ("GET", f"/tasks/{old}/output"),
                         ("GET", f"/stream?ref={old}")):
        client.expect(410, method, path, code="gone")


def test_full_disk(tmp_path, system, document):
    folder = str(tmp_path)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "nodelink-test", folder],
                      capture_output=True, check=False).returncode:
        document.excuse("store_full")
        pytest.skip("mounting a tmpfs is not allowed here")
    try:
        server = system.server(store=f"{folder}/store")
        system.agent("agent1", server)
        client = Witness(document, server.http)
        with open(f"{folder}/filler", "wb", buffering=0) as file, \
                contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        body = CREATE["/tasks/shell"] | {"env": {"A": "x" * 100000}}
        until(lambda: client.call("POST", "/tasks/shell", body).status == 503, "it is full")
        client.expect(503, "POST", "/tasks/shell", body, "store_full")
        client.expect(503, "GET", "/readyz", code="store_full")
        os.unlink(f"{folder}/filler")
        until(lambda: client.get("/readyz").status == 200, "it works again")
    finally:
        system.stop()
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_plugin_that_the_agent_has_not(anyone):
    """Known when it had time to come."""
    body = {"agent_id": "agent1"}
    until(lambda: anyone.call("POST", "/tasks/nothing", body).status == 400, "that is known")
    anyone.expect(400, "POST", "/tasks/nothing", body, "no_such_plugin")


def waits_for(client, path):
    """Ask until the answer does not come at once."""
    while True:
        answer = client.begin("GET", path)
        if not select.select([answer.socket], [], [], 0.2)[0]:
            return answer
        answer()


def test_the_end(open_server, anyone):
    """The store fails, then the server ends, and says so to whoever waits."""
    go = f"{open_server.store}/go"
    tasks = [anyone.shell(f"trap '' TERM; echo on; until [ -e {go}{i} ]; do sleep 0.01; done")
             for i in range(2)]
    for task in tasks:
        until(lambda task=task: anyone.output(task), "it has begun")
    answers = [anyone.begin("DELETE", f"/tasks/{tasks[1]}?grace=60&wait=60")]
    until(lambda: anyone.task(tasks[1])["cancel"], "it is being cancelled")
    _limit(open_server, 1)
    for path, body in CREATE.items():
        anyone.expect(503, "POST", path, body, "store_failing")
    anyone.expect(503, "GET", "/readyz", code="store_failing")
    anyone.expect(503, "DELETE", f"/tasks/{tasks[0]}?wait=0", code="store_failing")
    anyone.expect(503, "DELETE", "/tasks?agent_id=agent1", code="store_failing")
    open(f"{go}0", "wb").close()
    answers.append(waits_for(anyone, f"/tasks/{tasks[0]}"))  # its end is not stored
    open_server.signal(signal.SIGTERM)
    for answer in answers:
        assert answer().json["code"] == "stopping"
    open(f"{go}1", "wb").close()
    _limit(open_server, resource.RLIM_INFINITY)


def test_all_that_is_promised_was_seen(document):
    """All tests above have to have run."""
    missing = [what for what in document.missing()
               if not ("/Refused/" in str(what) and what[-1] in UNSEEN)]
    assert not missing, "\n".join(map(str, missing))
