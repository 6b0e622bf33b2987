"""Webhooks: told at least once, in order, signed, to nobody that must not be called."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from harness import DEADLINE, SBIN, Client, until
from receiver import OTHER_SECRET, SECRET, Receiver, settings, signed_with
from test_14_durable import restart


def listed(client, state="dead", **more):
    """GET /webhooks, with the letters of one task if `task` says so."""
    task = more.pop("task", None)
    query = "".join(f"&{name}={value}" for name, value in more.items())
    answer = client.ok("GET", f"/webhooks?state={state}{query}")
    if task:
        answer["webhooks"] = [w for w in answer["webhooks"] if w["task_id"] == task]
    return answer


def dead(client, task_id):
    """The dead letter of a task, as soon as there is one."""
    return until(lambda: listed(client, task=task_id)["webhooks"], "it has died")[0]


class Hang:
    """An answer that comes when the test says so."""

    def __init__(self):
        self.go = threading.Event()

    def __call__(self, handler):
        self.go.wait(DEADLINE)
        handler.answer(200)


@pytest.fixture(name="told", scope="module")
def fixture_told(module_system):
    """(server's client, receiver of the settings): a server that tells everything to one
    receiver, and to those that tasks name."""
    with Receiver() as receiver:
        server = module_system.server(*settings(module_system, receiver.url + "/all",
                                                per_task="yes"))
        module_system.agent("agent1", server)
        yield server.client, receiver


@pytest.fixture(name="hasty", scope="module")
def fixture_hasty(module_system):
    """The client of a server that soon gives up, and tells only whom tasks name."""
    server = module_system.server(*settings(module_system, per_task="yes", give_up="200ms",
                                            timeout="400ms", name="hasty"))
    module_system.agent("agent1", server)
    return server.client


# ------------------------------------------------------------------------ what is told

def test_an_end_is_told_with_a_signature_that_others_verify(told):
    client, receiver = told
    task_id = client.shell("exit 3", labels={"team": "blue"})
    request = receiver.of(task_id)[0]
    assert request.path == "/all" and request.type == "task.failed"
    assert signed_with(request, SECRET) and not signed_with(request, OTHER_SECRET)
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["User-Agent"].startswith("nodelink-server/")
    record, data = client.end(task_id), request.json["data"]
    assert set(request.json) == {"type", "timestamp", "data"}
    assert data == {key: record[key] for key in data}
    assert (data["exit_code"], data["failure"], data["labels"]) == (3, "exit", {"team": "blue"})
    assert b"exit 3" not in request.body, "commands are nobody else's business"


def test_a_cancel_is_told_when_it_is_asked_for_and_when_it_is_done(told):
    client, receiver = told
    task_id = client.shell("echo on; sleep 100")
    with client.events(task_id) as events:
        events.until_stdout("on\n")
    receiver.answers = [500, 503]  # what comes first is not overtaken
    assert client.cancel(task_id, reason="enough").status == 200
    asked = receiver.of(task_id, 4)
    assert [r.type for r in asked] == ["task.cancel_requested"] * 3 + ["task.cancelled"]
    assert len({r.id for r in asked[:3]}) == 1 and asked[3].id != asked[0].id
    assert len({r.body for r in asked[:3]}) == 1
    first, last = asked[0].json["data"], asked[3].json["data"]
    assert (first["status"], first["cancel"]["phase"]) == ("in_progress", "requested")
    assert (last["status"], last["cancel"]["phase"]) == ("cancelled", "verified")
    assert first["cancel"]["reason"] == "enough" and first["finished_at"] is None


def test_a_node_that_cancels_by_itself_is_told_of_too(told):
    client, receiver = told
    task_id = client.shell("sleep 100", timeout=0.05)
    assert [(r.type, r.json["data"]["cancel"]["name"]) for r in receiver.of(task_id, 2)] == [
        ("task.cancel_requested", "timeout"), ("task.cancelled", "timeout")]


def test_the_receiver_of_the_manual_works(system):
    page = os.path.join(os.path.dirname(__file__), "../../man/nodelink-api.7")
    with open(page, encoding="utf-8") as file:
        text = re.search(r"^import base64.*?(?=^\.Ed)", file.read(), re.S | re.M).group()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = settings(system, f"http://127.0.0.1:{port}/")
    with subprocess.Popen(["/usr/bin/python3", "-c", text, system.path("webhook.secret"),
                           str(port)], stdout=subprocess.PIPE, text=True) as hook:
        try:
            server = system.server(*options)
            system.agent("agent1", server)
            task_id = server.client.shell("true")
            webhook_id, _, body = hook.stdout.readline().partition(" ")
            assert json.loads(body)["data"]["task_id"] == task_id
            until(lambda: listed(server.client)["waiting"] == 0, "it has taken it")
            forged = Client(f"127.0.0.1:{port}").call("POST", "/", body, {
                "webhook-id": webhook_id, "webhook-timestamp": str(int(time.time())),
                "webhook-signature": "v1,AAAA"})
            assert forged.status == 401 and hook.stdout.readline().endswith(" forged\n")
        finally:
            hook.terminate()


def test_a_task_tells_whom_it_names_what_they_want_to_hear(told):
    client, receiver = told
    with Receiver() as own:
        hooks = [{"url": own.url + "/a?key=secret", "events": ["task.completed"]},
                 {"url": own.url + "/b", "events": ["task.failed", "task.cancelled"]},
                 {"url": own.url + "/c"}]
        task_id = client.shell("true", webhooks=hooks)
        assert {r.path for r in own.of(task_id, 2)} == {"/a?key=secret", "/c"}
        assert receiver.of(task_id)[0].type == "task.completed"
        assert client.task(task_id)["webhooks"] == [
            {"url": own.url, "events": ["task.completed"]},
            {"url": own.url, "events": ["task.failed", "task.cancelled"]},
            {"url": own.url, "events": ["task.completed", "task.failed", "task.cancelled",
                                        "task.cancel_requested"]}]
        assert len(own.got) == 2


@pytest.mark.parametrize("hooks, said", [
    ("x", "field 'webhooks'"),
    (["x"], r"webhooks\[0\]': expected an object"),
    ([{}], "field 'url' is required"),
    ([{"url": "https://a", "events": ["task.started"]}], '"task.started" is no event'),
    ([{"url": "https://a", "events": []}], "field 'events': is empty"),
    ([{"url": "https://a", "extra": 1}], "extra"),
    ([{"url": "https://a"}] * 5, "5 members, at most 4"),
    ([{"url": "ftp://a/"}], "expected an http or https URL"),
    ([{"url": "a.example/x"}], "expected an http or https URL"),
    ([{"url": "https://me:secret@a/"}], "without user"),
    ([{"url": "https://a/#x"}], "fragment"),
    ([{"url": "https://a/ b"}], "plain ASCII"),
    ([{"url": "https://a/" + "b" * 2048}], "2048"),
])
def test_a_url_that_nobody_should_call_is_refused(told, hooks, said):
    answer = told[0].call("POST", "/tasks/shell", {"agent_id": "agent1", "cmd": "true",
                                                   "webhooks": hooks})
    assert answer.status == 400 and answer.json["code"] == "bad_request", answer
    assert re.search(said, answer.json["error"]), answer
    assert "secret" not in answer.json["error"]


# ---------------------------------------------------------------------- who is not called

def test_this_host_is_not_called_unless_the_settings_allow_it(system):
    with Receiver() as receiver:
        port = receiver.port
        server = system.server(*settings(
            system, f"http://localhost:{port}/", allow_internal="no", per_task="yes",
            give_up="100ms"))
        system.agent("agent1", server)
        client = server.client
        for host in ("127.0.0.1", "2130706433", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254"):
            answer = client.call("POST", "/tasks/shell", {
                "agent_id": "agent1", "cmd": "true",
                "webhooks": [{"url": f"http://{host}:{port}/"}]})
            assert answer.status == 400 and "internal address" in answer.json["error"], answer
        # A name says it only when it is called.
        letter = dead(client, client.shell("true"))
        assert letter["error"] == "an internal address, which is not called"
        assert letter["tries"] >= 1 and letter["global"]
        server.wait_line("is dead after .* an internal address")
        assert receiver.connections == 0


def test_without_settings_nobody_is_called_for_a_task(client):
    answer = client.call("POST", "/tasks/shell", {"agent_id": "agent1", "cmd": "true",
                                                  "webhooks": [{"url": "https://a/"}]})
    assert answer.status == 400 and "per_task" in answer.json["error"], answer
    answer = listed(client)
    assert answer["endpoint"] is None and not answer["per_task"] and not answer["webhooks"]
    assert client.call("POST", "/webhooks/x/retry").json["code"] == "no_webhooks"
    assert client.task(client.shell("true"))["webhooks"] == []


# ------------------------------------------------------------------------- what goes wrong

def redirect(handler):
    handler.answer(302, [("Location", "/elsewhere")])


def drop(handler):
    handler.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("answer, error", [
    (404, "answered 404"),
    (redirect, "answered 302, a redirect, which is not followed"),
    (Hang(), "timed out|Timeout was reached"),
    (drop, "Empty reply"),
])
def test_what_cannot_be_told_is_kept_and_can_be_told_later(hasty, answer, error):
    with Receiver(*[answer] * 60) as receiver:
        task_id = hasty.shell("true", webhooks=[{"url": receiver.url + "/x"}])
        letter = dead(hasty, task_id)
        assert re.search(error, letter["error"]), letter
        assert letter == {**letter, "state": "dead", "type": "task.completed", "global": False,
                          "url": receiver.url, "tries": len(receiver.got), "next_at": None}
        receiver.answers.clear()
        before = len(receiver.got)
        again = hasty.ok("POST", f"/webhooks/{letter['webhook_id']}/retry")
        assert again == {"webhook_id": letter["webhook_id"], "state": "waiting"}
        assert receiver.wait(before + 1)[-1].id == letter["webhook_id"]
        until(lambda: not any(listed(hasty, state, task=task_id)["webhooks"]
                              for state in ("waiting", "dead")), "it is delivered")
        assert {r.path for r in receiver.got} == {"/x"}
        if isinstance(answer, Hang):
            answer.go.set()
    answer = hasty.call("POST", f"/webhooks/{letter['webhook_id']}/retry")
    assert answer.json["code"] == "no_such_webhook"


def test_nobody_there_is_an_error_as_well(hasty):
    with Receiver() as receiver:
        pass
    letter = dead(hasty, hasty.shell("true", webhooks=[{"url": receiver.url}]))
    assert re.search("[Cc]onnect", letter["error"]), letter
    letter = dead(hasty, hasty.shell("true", webhooks=[{"url": "http://nobody.invalid/"}]))
    assert re.search("[Rr]esolv", letter["error"]), letter


def test_a_receiver_is_left_alone_as_long_as_it_asks(told):
    client, receiver = told
    came = []

    def later(handler):
        came.append(time.monotonic())
        handler.answer(503, [("Retry-After", "1")])

    receiver.answers = [later]
    receiver.of(client.shell("true"), 2)
    assert time.monotonic() - came[0] >= 1


def test_a_long_answer_is_not_read(told):
    client, receiver = told
    written = []

    def flood(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            while len(written) < 1000:
                handler.wfile.write(b"x" * 65536)
                written.append(1)
        except OSError:
            pass
        handler.close_connection = True

    receiver.answers = [flood]
    task_id = client.shell("true")
    receiver.of(task_id)
    until(lambda: listed(client, "waiting")["waiting"] == 0, "it counts as delivered")
    assert len(written) < 1000 and len(receiver.of(task_id)) == 1


def test_gone_ends_it_until_the_settings_are_read_again(system):
    with Receiver(410) as receiver:
        server = system.server(*settings(system, receiver.url))
        system.agent("agent1", server)
        client = server.client
        letter = dead(client, client.shell("true"))
        assert (letter["error"], letter["tries"]) == ("answered 410", 1)
        assert listed(client)["endpoint"]["gone"]
        client.end(client.shell("true"))
        server.signal(signal.SIGHUP)
        until(lambda: not listed(client)["endpoint"]["gone"], "SIGHUP calls it again")
        third = client.shell("true")
        assert receiver.wait(2)[1].task == third, "nothing of the second"


# ----------------------------------------------------------------------- order, and others

def test_one_that_is_slow_has_four_at_a_time_and_delays_nobody(told):
    client, _ = told
    hang = Hang()
    with Receiver(*[hang] * 20) as slow, Receiver() as quick:
        tasks = [client.shell("true", webhooks=[{"url": slow.url}, {"url": quick.url}])
                 for _ in range(8)]
        quick.wait(8)
        slow.wait(4)
        assert len(slow.got) == 4 and listed(client)["sending"] >= 4
        until(lambda: listed(client, "waiting")["waiting"] == 8, "all others are delivered")
        waiting = listed(client, "waiting", limit=3)
        assert len(waiting["webhooks"]) == 3 and waiting["next_cursor"]
        rest = listed(client, "waiting", cursor=waiting["next_cursor"])
        assert len(rest["webhooks"]) == 5 and len(slow.got) == 4
        hang.go.set()
        assert {r.task for r in slow.wait(8)} == set(tasks)


# ------------------------------------------------------------------------------ secrets

def test_a_secret_is_replaced_without_a_gap(system):
    with Receiver() as receiver:
        options = settings(system, receiver.url, per_task="yes",
                           task_secret_file=system.path("task.secret", OTHER_SECRET))
        os.chmod(f"{system.folder}/task.secret", 0o600)
        server = system.server(*options)
        system.agent("agent1", server)
        client = server.client
        with Receiver() as own:
            task_id = client.shell("true", webhooks=[{"url": own.url}])
            request = own.wait(1)[0]
            assert signed_with(request, OTHER_SECRET) and not signed_with(request, SECRET)
        assert signed_with(receiver.of(task_id)[0], SECRET)
        system.path("webhook.secret", f"{OTHER_SECRET}\n{SECRET}\n")
        server.signal(signal.SIGHUP)
        server.wait_line("SIGHUP")
        request = receiver.of(client.shell("true"))[0]
        assert signed_with(request, SECRET) and signed_with(request, OTHER_SECRET)
        system.path("webhook.secret", "nonsense")
        server.signal(signal.SIGHUP)
        server.wait_line("expected one or two lines .* the old ones go on")
        assert signed_with(receiver.of(client.shell("true"))[0], SECRET)


def test_certificates_are_verified(system):
    ca = system.path("ca")
    for words in (("create",), ("server", "127.0.0.1")):
        subprocess.run([f"{SBIN}/nodelink-server", "ca", *words, "--ca-dir", ca], check=True,
                       capture_output=True, timeout=DEADLINE)
    with Receiver(cert=f"{ca}/server.crt", key=f"{ca}/server.key") as receiver:
        server = system.server(*settings(system, receiver.url, ca=f"{ca}/ca.crt"))
        system.agent("agent1", server)
        assert signed_with(receiver.of(server.client.shell("true"))[0], SECRET)
        server = restart(system, server, *settings(system, receiver.url, give_up="100ms"),
                         how=signal.SIGTERM)
        server.client.agent_ready("agent1")
        assert "certificate" in dead(server.client, server.client.shell("true"))["error"]
        assert len(receiver.got) == 1


# ------------------------------------------------------------------------------- crashes

def test_what_was_stored_and_not_told_is_told_by_the_next_server(system):
    hang = Hang()
    with Receiver(*[hang] * 4) as receiver:
        options = settings(system, receiver.url)
        server = system.server(*options)
        system.agent("agent1", server)
        tasks = [server.client.shell("true") for _ in range(10)]
        for task_id in tasks:
            server.client.end(task_id)
        early = receiver.wait(4)
        server = restart(system, server, *options)
        hang.go.set()
        late = {task_id: receiver.of(task_id, 2 if task_id in [r.task for r in early] else 1)
                for task_id in tasks}
        for requests in late.values():
            assert len({r.id for r in requests}) == 1
            assert len({r.body for r in requests}) == 1
        until(lambda: listed(server.client)["waiting"] == 0, "nothing is left")
        numbers = server.client.get("/metrics").body.decode().splitlines()
        assert 'nodelink_webhooks{state="waiting"} 0' in numbers
        assert 'nodelink_webhook_tries_total{fate="delivered"} 10' in numbers


def test_a_server_that_is_killed_again_and_again_loses_nothing(system):
    with Receiver() as receiver:
        options = settings(system, receiver.url)
        server = system.server(*options)
        system.agent("agent1", server)
        tasks = []
        for number in range(4):
            server.client.agent_ready("agent1")
            tasks += [server.client.shell("sleep 0.0%d" % (n % 10)) for n in range(12)]
            receiver.wait(len(set(r.task for r in receiver.got)) + number)
            server = restart(system, server, *options)
        for task_id in tasks:
            assert server.client.end(task_id)["status"] == "completed"
            receiver.of(task_id)
        assert len({(r.id, r.task, r.type, r.body) for r in receiver.got}) == len(tasks)


def test_a_store_in_memory_tells_as_well(system):
    with Receiver(500) as receiver:
        server = system.server(*settings(system, receiver.url), store="memory")
        system.agent("agent1", server)
        task_id = server.client.shell("sleep 100")
        server.client.cancel(task_id)
        assert [r.type for r in receiver.of(task_id, 3)] == [
            "task.cancel_requested", "task.cancel_requested", "task.cancelled"]
        until(lambda: listed(server.client)["waiting"] == 0, "nothing is left")


def test_settings_that_cannot_work_are_refused(system):
    for text, said in [("url = https://a/", "need a secret_file"),
                       ("url = http://10.0.0.1/\nsecret_file = {s}", "internal address"),
                       ("url = gopher://a\nsecret_file = {s}", "expected an http or https URL"),
                       ("events = task.ended", "'task.ended' is no event"),
                       ("per_task = yes\nsecret_file = {o}", "only|mode|chmod"),
                       ("per_task = yes\nsecret_file = {b}", "whsec_")]:
        for name, mode, secret in (("s", 0o600, SECRET), ("o", 0o644, SECRET),
                                   ("b", 0o600, "whsec_c2hvcnQ=")):
            os.chmod(system.path(name, secret), mode)
        text = text.format(**{name: system.path(name) for name in "sob"})
        with pytest.raises(AssertionError, match=said):
            system.server("--config", system.path("bad.conf", f"[webhook]\n{text}\n"))
        system.programs.clear()
