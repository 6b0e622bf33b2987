"""`nodelink cancel` of many tasks, and of a server that has much to do."""

import json
import threading
import urllib.parse

import pytest

from command import Command
from harness import until
from stub import CUT, Stub

LIMITED = (429, {"error": "this client calls too often", "code": "too_many_calls"},
           {"Retry-After": "1"})


def record(task_id, status, phase, grace=0):
    """What the server says of a task that is being cancelled."""
    return {"task_id": task_id, "agent_id": "web1", "status": status,
            "cancel": {"phase": phase, "name": "bulk", "requests": 1, "grace": grace,
                       "requested_at": "2026-01-01T00:00:00.000Z", "verified_at": None},
            "receipt": None}


class Many:
    """A server with tasks that fit; those in `left` have not ended."""

    def __init__(self, n):
        self.ids = [f"t{i}" for i in range(n)]
        self.left = set(self.ids)
        self.phase = "stopping"
        self.connected = True
        self.limit = {"all": 0, "one": 0}  # so many calls of a kind are one too many
        self.calls = 0
        self._lock = threading.Lock()

    def __call__(self, method, path):
        url = urllib.parse.urlsplit(path)
        kind = "one" if url.path.startswith("/tasks/") else "all"
        with self._lock:
            self.calls += 1
            self.limit[kind] -= 1
            if self.limit[kind] >= 0:
                return LIMITED
        if method == "DELETE" and kind == "all":
            return 202, {"matched": len(self.ids), "left": 0, "tasks": [
                {"task_id": i, "agent_id": "web1", "status": "in_progress",
                 "phase": "requested"} for i in self.ids]}
        if url.path == "/agents":
            return 200, {"agents": [{"agent_id": "web1", "connected": self.connected}]}
        if url.path == "/tasks":
            return 200, self.page(dict(urllib.parse.parse_qsl(url.query)))
        return 200, record(url.path.rpartition("/")[2], "cancelled", "verified")

    def page(self, query):
        assert query["status"] == "unfinished" and query["label"] == "job=x"
        begin = int(query.get("cursor", 0))
        end = begin + 30  # a page may be shorter than one likes
        left = [i for i in self.ids if i in self.left]
        return {"tasks": [record(i, "in_progress", self.phase) for i in left[begin:end]],
                "next_cursor": str(end) if end < len(left) else None}


def deleted(server):
    return [path for method, path in server.got if method == "DELETE"]


def test_one_request_cancels_all_that_fit_whatever_the_limit_of_calls():
    many = Many(50)
    with Stub(many) as server:
        waiting = Command(server).start("cancel", "--label", "job=x")
        until(lambda: many.calls > 4, "it looks for those that are left")
        many.limit["one"], many.left = 16, set(many.ids[:2])
        until(lambda: sum(path.startswith("/tasks/") for _, path in server.got) == 48 + 16,
              "it asks for the records of those that have ended")
        many.left = set()
        done = Command(server).end(waiting)
        assert len(deleted(server)) == 1
    assert done.status == 0 and done.err == (
        "nodelink: 50 unfinished tasks match; 50 are cancelled\n")
    assert [line.split()[:4] for line in done.lines[1:]] == [
        [i, "web1", "cancelled", "verified"] for i in many.ids]


def test_one_that_is_one_call_too_many_waits_for_its_turn():
    many = Many(1)
    many.left, many.limit = set(), {"all": 1, "one": 1}
    with Stub(many) as server:
        nodelink = Command(server)
        assert "t0" in nodelink("cancel", "--label", "job=x", "--no-wait").out
        assert nodelink("cancel", "-q", "t0", "--wait", "50ms").out == ""
        assert len(deleted(server)) == 4


def test_all_have_the_same_deadline():
    many = Many(50)
    with Stub(many) as server:
        # one after the other they would have longer than a command gets here
        done = Command(server)("cancel", "--label", "job=x", "--wait", "1s", status=1)
        assert len(deleted(server)) == 1
    assert done.err == "nodelink: 50 unfinished tasks match; 50 are not ended yet\n"
    assert done.lines[50].split() == ["t49", "web1", "in_progress", "stopping"]


def test_those_whose_agents_are_away_are_not_waited_for():
    many = Many(2)
    many.phase, many.connected = "requested", False
    with Stub(many) as server:
        done = Command(server)("cancel", "--label", "job=x", status=1)
    assert "2 are not ended yet" in done.err and "requested" in done.lines[1]


def test_the_evidence_of_a_bulk_cancel_is_one_request(system, tmp_path):
    log = tmp_path / "audit.log"
    server = system.server("--audit", str(log))
    system.agent("web1", server)
    ids = [server.client.shell("sleep 100", agent="web1", labels={"job": "x"})
           for _ in range(3)]
    done = Command(server)("cancel", "--label", "job=x", "--reason", "enough")
    assert "3 are cancelled" in done.err
    for task_id in ids:
        cancel = server.client.task(task_id)["cancel"]
        assert (cancel["requests"], cancel["name"], cancel["reason"]) == (1, "bulk", "enough")
    noted = [json.loads(line) for line in log.read_text().splitlines()]
    assert sum(line.get("action") == "task.cancel" for line in noted) == 3


def test_all_that_fit_are_waited_for_when_the_server_comes_back(system, tmp_path):
    server = system.server()
    system.agent("web1", server)
    flag = tmp_path / "flag"
    cmd = (f"trap 'until [ -e {flag} ]; do sleep .02; done; exit 0' TERM; echo ready; "
           "while :; do sleep .02; done")
    ids = [server.client.shell(cmd, agent="web1", labels={"job": "x"}, stop={"grace": 60})
           for _ in range(2)]
    for task_id in ids:
        until(lambda: server.client.output(task_id) == b"ready\n", "it runs")
    waiting = Command(server).start("cancel", "--label", "job=x")
    until(lambda: looks_at_tasks(server), "it has the answer, and follows them")
    server.kill()
    assert "; trying again" in waiting.stderr.readline()
    again = system.server(store=server.store, http=server.http, grpc=server.grpc)
    flag.touch()
    done = Command(server).end(waiting)
    assert done.status == 0 and done.err.endswith("match; 2 are cancelled\n")
    assert [again.client.task(i)["cancel"]["requests"] for i in ids] == [1, 1]


def looks_at_tasks(server):
    """Has anybody asked for the list?"""
    name = 'nodelink_http_requests_total{route="/tasks",method="GET"'
    return name in server.client.get("/metrics").body.decode()


@pytest.mark.parametrize("answer", [CUT, (502, {"error": "no gateway"})])
def test_one_request_whose_answer_is_lost_is_not_sent_again(answer):
    with Stub(lambda *_: answer) as server:
        done = Command(server)("cancel", "--label", "job=x", status=1)
    assert [method for method, _ in server.got] == ["DELETE"]
    assert done.err.endswith('; what was cancelled is not known: "nodelink ps" shows it, and '
                             "the same command cancels the rest\n")


def test_a_look_whose_answer_is_lost_has_cancelled_nothing():
    with Stub(lambda *_: CUT) as server:
        done = Command(server)("cancel", "--label", "job=x", "--dry-run", status=1)
    assert "without an answer" in done.err and "not known" not in done.err


def test_those_that_were_never_asked_for_come_first():
    ids = [f"t{n}" for n in range(17)]
    seen, last = set(), threading.Event()

    def answer(_, path):
        task_id = urllib.parse.urlsplit(path).path.rpartition("/")[2]
        if task_id not in seen and task_id != "t16":
            seen.add(task_id)
            return 503, {"error": "the server stops", "code": "stopping"}
        if task_id == "t16":
            last.set()
        if not last.is_set():  # it is back, and its agents are not
            return 202, record(task_id, "in_progress", "requested")
        return 200, record(task_id, "cancelled", "verified")

    with Stub(answer) as server:
        waiting = Command(server).start("cancel", *ids)
        assert last.wait(10), "it asks for the last"
        assert Command(server).end(waiting).status == 0


def test_a_server_that_says_to_come_later_was_heard():
    tries = []

    def answer(*_):
        tries.append(None)
        if len(tries) < 5:
            return 503, {"error": "the server stops", "code": "stopping"}
        return 200, record("t0", "cancelled", "verified")

    with Stub(answer) as server:
        assert Command(server)("cancel", "-q", "t0").out == ""
