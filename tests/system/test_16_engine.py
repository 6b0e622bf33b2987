"""Docker tasks whose engine hangs, dies, comes back, or was never there; what
is left of executors that died."""

import http.server
import json
import os
import signal
import socketserver
import threading
import time

import pytest

import dockerd
from dockerd import Engine
from harness import until
from test_15_docker import Node

pytestmark = pytest.mark.skipif(dockerd.missing() is not None,
                                reason=str(dockerd.missing()))

TICKS = "for i in $(seq {n}); do echo tick $i; sleep 0.1; done; exit 7"


def ticks(n):
    return b"".join(b"tick %d\n" % i for i in range(1, n + 1))


@pytest.fixture(scope="module")
def engine():
    made = Engine()
    yield made
    made.stop()


@pytest.fixture
def keeping(request):
    """An engine whose containers survive it."""
    made = Engine("--live-restore")
    yield made
    made.stop()


def phase(node, task_id):
    return (node.client.task(task_id)["cancel"] or {}).get("phase")


# ---------------------------------------------------------------- not there

@pytest.mark.parametrize("socket, text", [
    ("/nonexistent/docker.sock", "No such file or directory"),
    ("/etc/hostname", "Connection refused")])
def test_says_why_there_is_no_engine(system, engine, socket, text):
    node = Node(system, engine, "none")
    with open(node.config, encoding="utf-8") as file:
        settings = file.read().replace(engine.socket, socket)
    node.agent.stop()
    path = system.path("other.conf", settings)
    node.agent = system.agent("none2", node.server, "--config", path)
    until(node._ready, "the plugin is there")
    record = node.run("true")
    assert record["status"] == "failed" and text in record["message"], record
    assert socket in record["message"]


class FakeEngine:
    """Answers as it is told: {(method, end of path): (status, body)}, or what a
    function says there, which may ask for the path."""

    def __init__(self, folder, version, answers):
        self.folder = str(folder)
        self.socket = f"{folder}/e.sock"

        local = self.local = threading.local()

        class Handler(http.server.BaseHTTPRequestHandler):
            def address_string(self):
                return "fake"

            def log_message(self, *_):
                pass

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                path = self.path.split("?")[0]
                status, body = 200, "OK"
                for (method, end), what in answers.items():
                    if method == self.command and path.endswith(end):
                        local.path = path
                        status, body = what() if callable(what) else what
                self.send_response(status)
                self.send_header("Api-Version", version)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            do_GET = do_POST = do_DELETE = answer

        class Listener(socketserver.ThreadingUnixStreamServer):
            daemon_threads = True
            request_queue_size = 64

        self.server = Listener(self.socket, Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.mark.parametrize("version, answers, text", [
    ("1.23", {}, "too old"),
    ("1.41", {("GET", "/_ping"): (500, "no")}, "HTTP status 500"),
    ("1.41", {("POST", "/create"): (400, "client version 1.41 is too old")},
     "client version 1.41 is too old"),
    ("1.41", {("POST", "/create"): (500, '{"message":"no space left on device"}')},
     "no space left on device"),
    ("1.41", {("POST", "/create"): (500, "\xff\0")}, "create"),
])
def test_passes_on_what_an_engine_complains_of(system, tmp_path, version, answers, text):
    answers = {("GET", "/containers/json"): (200, "[]"), **answers}
    fake = FakeEngine(tmp_path, version, answers)
    try:
        record = Node(system, fake).run("true")
    finally:
        fake.stop()
    assert record["status"] == "failed" and text in record["message"], record


# -------------------------------------------------------------------- hangs

def test_a_cancel_while_the_engine_hangs_says_so_and_goes_on_trying(system, engine):
    node = Node(system, engine)
    task_id = node.sh("trap '' TERM; sleep 1000", stop={"grace": 0.5})
    node.running(task_id)
    engine.signal(signal.SIGSTOP)
    try:
        answer = node.client.cancel(task_id, wait=0)
        assert answer.status == 202
        until(lambda: phase(node, task_id) == "unkillable", "it is said")
        record = node.client.task(task_id)
        assert record["status"] == "in_progress", record
        assert all(a["degraded"] for a in node.client.agents().values())
        # Longer than the host waits for a plugin that says nothing.
        end = time.monotonic() + 6
        while time.monotonic() < end:
            assert node.client.task(task_id)["status"] == "in_progress"
            time.sleep(0.2)
    finally:
        engine.signal(signal.SIGCONT)
    record = node.client.end(task_id, 60)
    assert record["status"] == "cancelled", record
    assert not any(a["degraded"] for a in node.client.agents().values())
    assert not node.ours()
    assert "executor of plugin" not in node.agent.log()


@pytest.mark.parametrize("moment", range(6))
def test_an_engine_that_stops_for_a_while_at_any_moment_costs_nothing(system, engine, moment):
    node = Node(system, engine)
    task_id = node.sh(TICKS.format(n=10))
    time.sleep(moment * 0.06)  # any moment will do
    engine.signal(signal.SIGSTOP)
    time.sleep(1)
    engine.signal(signal.SIGCONT)
    record = node.client.end(task_id, 60)
    assert (record["failure"], record["exit_code"]) == ("exit", 7), record
    assert node.output(task_id) == ticks(10)
    assert not node.ours()


@pytest.mark.parametrize("moment", range(8))
def test_a_cancel_while_the_engine_hangs_at_any_moment(system, engine, moment):
    node = Node(system, engine)
    task_id = node.sh("sleep 1000", stop={"grace": 0.2})
    time.sleep(moment * 0.05)  # any moment will do
    engine.signal(signal.SIGSTOP)
    try:
        node.client.cancel(task_id, wait=0)
        time.sleep(1)
    finally:
        engine.signal(signal.SIGCONT)
    assert node.client.end(task_id, 60)["status"] == "cancelled"
    until(lambda: not node.ours(), "nothing is left", 60)


@pytest.mark.parametrize("operation, answer, end", [
    ("start", (204, ""), ("completed", "")),
    ("stop", (304, ""), ("completed", "")),
    ("stop", (500, '{"message":"no"}'), ("failed", "spawn_error"))])
def test_what_the_engine_was_asked_for_is_not_called_cancelled(
        system, tmp_path, operation, answer, end):
    asked, go_on = threading.Event(), threading.Event()

    def slowly():
        asked.set()
        go_on.wait(60)
        return answer

    container = {"Id": "c" * 64, "Name": "/friend1", "Config": {"Labels": {}},
                 "State": {"Status": "created", "Running": False}}
    fake = FakeEngine(tmp_path, "1.41", {
        ("GET", "/containers/json"): (200, "[]"),
        ("GET", "/friend1/json"): (200, json.dumps(container)),
        ("POST", f"/{operation}"): slowly})
    try:
        node = Node(system, fake)
        task_id = node.start(operation=operation, container_id="friend1")
        assert asked.wait(20), node.client.task(task_id)
        # A second cancel shortens the grace: to the end of the ladder.
        assert node.client.cancel(task_id, wait=0).status == 202
        assert node.client.cancel(task_id, wait=0, force=1).status == 202
        until(lambda: phase(node, task_id) == "unkillable", "it is said")
        assert node.client.task(task_id)["status"] == "in_progress"
        go_on.set()
        record = node.client.end(task_id)
    finally:
        go_on.set()
        fake.stop()
    assert (record["status"], record["failure"] or "") == end, record
    assert record["cancel"]["phase"] == "too_late", record


# --------------------------------------------------------------------- dies

def test_a_killed_engine_that_keeps_containers_loses_nothing(system, keeping):
    node = Node(system, keeping)
    task_id = node.sh(TICKS.format(n=50))
    until(lambda: b"tick 5\n" in node.output(task_id), "it ticks")
    keeping.kill()
    keeping.start()
    record = node.client.end(task_id, 60)
    assert (record["failure"], record["exit_code"]) == ("exit", 7), record
    assert node.output(task_id) == ticks(50)
    assert not node.ours()


def test_the_end_of_a_container_while_its_engine_is_away_is_seen(system, keeping):
    node = Node(system, keeping)
    task_id = node.sh(TICKS.format(n=15))
    until(lambda: b"tick 5\n" in node.output(task_id), "it ticks")
    keeping.signal(signal.SIGTERM)
    keeping.process.wait()
    time.sleep(2)  # it ends meanwhile
    keeping.start()
    record = node.client.end(task_id, 60)
    assert (record["failure"], record["exit_code"]) in (("exit", 7), ("unknown", 0)), record
    assert node.output(task_id) == ticks(15) or "output" in record["message"]
    assert not node.ours()


def test_a_cancel_while_the_engine_is_away_is_done_when_it_is_back(system, keeping):
    node = Node(system, keeping)
    task_id = node.sh("sleep 1000", stop={"grace": 0.5})
    node.running(task_id)
    keeping.kill()
    assert node.client.cancel(task_id, wait=0).status == 202
    until(lambda: phase(node, task_id) == "unkillable", "it is said")
    keeping.start()
    assert node.client.end(task_id, 60)["status"] == "cancelled"
    assert not node.ours()


def test_an_engine_that_kills_its_containers_at_its_end_gives_no_wrong_verdict(system):
    engine = Engine()
    try:
        node = Node(system, engine)
        killed = node.sh("echo up; sleep 1000")
        until(lambda: node.output(killed) == b"up\n", "it is up")
        engine.kill()
        engine.start()
        record = node.client.end(killed, 90)
        assert record["status"] == "failed", record
        assert record["failure"] in ("unknown", "exit"), record
        if record["failure"] == "exit":
            assert record["exit_code"] in (137, 143), record
        stopped = node.sh("echo up; sleep 1000")
        until(lambda: node.output(stopped) == b"up\n", "it is up")
        engine.signal(signal.SIGTERM)
        engine.process.wait()
        engine.start()
        record = node.client.end(stopped, 90)
        assert (record["status"], record["exit_code"]) == ("failed", 143), record
        until(lambda: not node.ours(), "nothing is left")
    finally:
        engine.stop()


def test_a_container_that_its_engine_lost_is_not_taken_for_a_success(system):
    engine = Engine()
    try:
        node = Node(system, engine)
        task_id = node.sh("echo up; sleep 1000")
        until(lambda: node.output(task_id) == b"up\n", "it is up")
        engine.lose()
        engine.start()
        record = node.client.end(task_id, 90)
        assert (record["status"], record["failure"]) == ("failed", "unknown"), record
    finally:
        engine.stop()


# --------------------------------------------------------------------- sweep

def test_removes_what_a_killed_executor_left_and_nothing_else(system, engine):
    node = Node(system, engine)
    engine.create("mine-by-name", "sleep", "1000")
    engine.create("another-agents", "sleep", "1000",
                  labels={"nodelink.task": "t1", "nodelink.agent": "agent2"})
    try:
        tasks = [node.sh("sleep 1000") for _ in range(3)]
        for task_id in tasks:
            node.running(task_id)
        os.kill(node.agent.child("nodelink-executor", r"docker\.so"), signal.SIGKILL)
        for task_id in tasks:
            record = node.client.end(task_id, 60)
            assert (record["status"], record["failure"]) == ("failed", "executor_lost")
        until(lambda: not node.ours(), "they are removed")
        assert engine.containers() == {"mine-by-name": "running", "another-agents": "running"}
        assert node.run("true")["status"] == "completed"
    finally:
        engine.remove("mine-by-name")
        engine.remove("another-agents")


def test_a_container_of_a_killed_executor_is_not_called_lost_while_it_runs(system, engine):
    node = Node(system, engine)
    task_id = node.sh("sleep 1000")
    node.running(task_id)
    engine.signal(signal.SIGSTOP)
    try:
        os.kill(node.agent.child("nodelink-executor", r"docker\.so"), signal.SIGKILL)
        until(lambda: "tasks of an earlier executor are not over" in node.agent.log(),
              "the next one says so", 60)
        assert node.client.task(task_id)["status"] == "in_progress"
    finally:
        engine.signal(signal.SIGCONT)
    record = node.client.end(task_id, 60)
    assert not node.ours()
    assert (record["status"], record["failure"]) == ("failed", "executor_lost")
    assert node.run("true")["status"] == "completed"


def test_a_new_server_refuses_no_task_while_the_next_executor_looks_what_is_left(system, engine):
    node = Node(system, engine)
    task_id = node.sh("sleep 1000")
    node.running(task_id)
    engine.signal(signal.SIGSTOP)
    try:
        os.kill(node.agent.child("nodelink-executor", r"docker\.so"), signal.SIGKILL)
        until(lambda: "tasks of an earlier executor are not over" in node.agent.log(),
              "the next one says so", 60)
        node.server.kill()
        client = node.client = system.server(
            store=node.server.store, grpc=node.server.grpc).client
        waiting = [node.start("true")]
        other = client.ok("POST", "/tasks/no-such-plugin", {"agent_id": "agent1", "params": {}})
        assert client.end(other["task_id"])["failure"] == "refused"  # so it has settled
        waiting.append(node.start("true"))
        assert [client.task(one)["status"] for one in waiting] == ["pending"] * 2
    finally:
        engine.signal(signal.SIGCONT)
    assert client.end(task_id, 60)["failure"] == "executor_lost"
    assert [client.end(one, 60)["status"] for one in waiting] == ["completed"] * 2


def test_asks_an_engine_once_to_remove_a_container(system, tmp_path):
    """Of which it shows all until they are gone, and is slow."""
    left = {f"{i:064x}" for i in range(40)}
    removed, created, over = [], threading.Event(), threading.Event()

    def show():
        return 200, json.dumps([{"Id": i, "Labels": {
            "nodelink.task": f"t{i[-4:]}", "nodelink.agent": "agent1"}} for i in sorted(left)])

    def create():
        created.set()
        over.wait(60)
        return 500, "{}"

    def remove():
        one = fake.local.path.split("/")[-1]
        removed.append(one)
        over.wait(0.01 * len(removed))  # so that they do not end together
        left.discard(one)
        return 204, ""

    fake = FakeEngine(tmp_path, "1.41", {
        ("GET", "/containers/json"): lambda: show() if created.is_set() else (200, "[]"),
        ("POST", "/create"): create,
        ("DELETE", ""): remove})
    try:
        node = Node(system, fake)
        task_id = node.start("true")
        assert created.wait(20), node.client.task(task_id)
        os.kill(node.agent.child("nodelink-executor", r"docker\.so"), signal.SIGKILL)
        assert node.client.end(task_id, 60)["failure"] == "executor_lost"
    finally:
        over.set()
        fake.stop()
    assert not left
    assert sorted(removed) == sorted(set(removed)), len(removed)


def test_leaves_a_foreign_container_that_has_the_name_of_a_task_alone(system, engine):
    """Its name is taken before the task is begun."""
    node = Node(system, engine)
    executor = node.agent.child("nodelink-executor", r"docker\.so")
    os.kill(executor, signal.SIGSTOP)
    task_id = node.start("true")
    name = f"nodelink-{task_id}"
    engine.create(name, "sleep", "1000")
    try:
        os.kill(executor, signal.SIGCONT)
        record = node.client.end(task_id)
        assert record["status"] == "failed" and "has its name" in record["message"], record
        assert engine.containers()[name] == "running"
    finally:
        engine.remove(name)
