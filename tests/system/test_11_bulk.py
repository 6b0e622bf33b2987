"""Cancelling many tasks at one request: what is meant is hit, nothing else is,
and the answer is true when it is given."""

import json
import os
import signal
import threading
import urllib.parse

import pytest

from harness import of_task, until


def _bulk(client, *pairs, body=None):
    return client.call("DELETE", "/tasks?" + urllib.parse.urlencode(pairs), body)


def _running(client, labels, n=1, agent="agent1", cmd="echo up; sleep 60"):
    """Tasks whose program runs."""
    ids = [client.shell(cmd, agent=agent, labels=labels) for _ in range(n)]
    for task_id in ids:
        with client.events(task_id) as events:
            events.until_stdout("up\n")
    return ids


def _states(answer):
    return {task["task_id"]: task["status"] for task in answer.json["tasks"]}


def _end(client, ids):
    for task_id in ids:
        client.cancel(task_id, force=1)


def test_hits_all_with_the_labels_and_nothing_else(client):
    hit = _running(client, {"bulk": "a", "team": "red"}, 5)
    spared = _running(client, {"bulk": "a", "team": "blue"}) + _running(client, {"bulk": "b"})
    answer = _bulk(client, ("label", "bulk=a"), ("label", "team=red"), ("reason", "enough"))
    assert answer.status == 200, answer
    body = answer.json
    assert (body["message"], body["matched"], body["cancelled"]) == ("tasks cancelled", 5, 5)
    assert (body["left"], body["ended"], body["unfinished"]) == (0, 0, 0)
    assert _states(answer) == {task_id: "cancelled" for task_id in hit}
    for task_id in hit:
        assert of_task(task_id) == []
        record = client.task(task_id)
        assert record["status"] == "cancelled"
        cancel, receipt = record["cancel"], record["receipt"]
        assert (cancel["code"], cancel["name"], cancel["reason"]) == (102, "bulk", "enough")
        assert cancel["actor"].startswith("anonymous@127.0.0.1")
        assert (receipt["code"], receipt["name"], receipt["survivors"]) == (102, "bulk", 0)
    for task_id in spared:
        assert client.task(task_id)["cancel"] is None and of_task(task_id)
    _end(client, spared)


def test_agent_plugin_and_status_choose_too(client):
    one, = _running(client, {"choose": "x"})
    other, = _running(client, {"choose": "x"}, agent="agent2")
    counting = client.ok("POST", "/tasks/countdown", {
        "agent_id": "agent1", "params": {"from": 60}, "labels": {"choose": "x"}})["task_id"]
    until(lambda: client.task(counting)["status"] == "in_progress", "the countdown runs")
    pairs = ("label", "choose"), ("dry_run", "1")

    def matched(*more):
        return set(_states(_bulk(client, *pairs, *more)))

    assert matched() == {one, other, counting}
    assert matched(("agent_id", "agent2")) == {other}
    assert matched(("plugin", "shell")) == {one, other}
    assert matched(("status", "in_progress"), ("plugin", "countdown")) == {counting}
    assert matched(("status", "pending")) == set()
    assert all(client.task(task_id)["cancel"] is None for task_id in (one, other, counting))
    listed = client.ok("GET", "/tasks?label=choose=x&label=choose&plugin=shell&status=unfinished")
    assert {task["task_id"] for task in listed["tasks"]} == {one, other}
    assert _bulk(client, pairs[0]).json["cancelled"] == 3


def test_dry_run_changes_nothing(client):
    ids = _running(client, {"dry": "run"}, 2)
    answer = _bulk(client, ("label", "dry=run"), ("dry_run", "1"), ("force", "1"))
    assert answer.status == 200 and answer.json["dry_run"] is True
    assert answer.json["message"] == "dry run, nothing cancelled"
    assert _states(answer) == {task_id: "in_progress" for task_id in ids}
    assert all(of_task(task_id) for task_id in ids)
    _end(client, ids)


def test_grace_and_force_are_those_of_one_cancel(client):
    ids = _running(client, {"deaf": ""}, 3, cmd="trap '' TERM; echo up; while :; do sleep 1; done")
    answer = _bulk(client, ("label", "deaf"), ("wait", "0"))
    assert answer.status == 202 and answer.json["unfinished"] == 3
    answer = _bulk(client, ("label", "deaf"), body={"force": True, "code": "maintenance"})
    assert answer.status == 200 and answer.json["cancelled"] == 3, answer
    for task_id in ids:
        record = client.task(task_id)
        assert record["receipt"]["signals"][-1] == "SIGKILL"
        assert record["cancel"]["requests"] == 2
        assert record["cancel"]["code"] == 102  # the first cause stays


def test_what_has_ended_is_not_meant(client):
    task_id, = _running(client, {"own": "end"})
    client.end(client.shell("true", labels={"own": "end"}))
    assert _states(_bulk(client, ("label", "own=end"))) == {task_id: "cancelled"}


def test_nothing_matches(client):
    answer = _bulk(client, ("label", "nobody=has-it"))
    assert answer.status == 200
    assert (answer.json["matched"], answer.json["tasks"]) == (0, [])


@pytest.mark.parametrize("query, name", [
    ("", "agent_id"), ("plugin=shell", "label"), ("status=in_progress", "label"),
    ("label=", "label"), ("label==x", "label"), ("lable=x&agent_id=agent1", "lable"),
    ("agent_id=agent1&status=failed", "status"), ("agent_id=agent1&dry_run=perhaps", "dry_run"),
    ("agent_id=agent1&code=timeout", "code"), ("agent_id=agent1&grace=-1", "grace"),
    ("agent_id=agent1&wait=soon", "wait"), ("agent_id=agent1&agent_id=agent2", "agent_id"),
    ("&".join(f"label=l{n}" for n in range(33)), "label")])
def test_unclear_requests_are_400_and_named(client, query, name):
    task_id, = _running(client, {"safe": ""})
    answer = client.call("DELETE", f"/tasks?{query}")
    assert answer.status == 400 and name in answer.json["error"], answer
    assert client.task(task_id)["cancel"] is None
    _end(client, [task_id])


def test_an_unknown_agent_is_404(client):
    answer = _bulk(client, ("agent_id", "agent99"))
    assert answer.status == 404 and answer.json["code"] == "no_such_agent"


def test_the_body_is_checked_as_for_one_task(client):
    answer = client.call("DELETE", "/tasks?agent_id=agent1", json.dumps({"label": "x"}),
                         {"Content-Type": "application/json"})
    assert answer.status == 400 and "label" in answer.json["error"]


def test_hundreds_at_once_while_others_start(client):
    """Each is hit or spared as a whole: what is created later is not meant."""
    ids = [client.shell("sleep 60", labels={"flood": "1"}) for _ in range(300)]
    later = []
    stop = threading.Event()

    def create():
        while not stop.is_set():
            later.append(client.shell("sleep 60", labels={"flood": "1"}))

    thread = threading.Thread(target=create)
    thread.start()
    try:
        answer = _bulk(client, ("label", "flood=1"), ("force", "1"))
    finally:
        stop.set()
        thread.join()
    assert answer.status == 200, answer
    hit = _states(answer)
    assert set(hit) <= set(ids) | set(later) and set(ids) <= set(hit)
    for task_id in hit:
        assert client.task(task_id)["status"] == "cancelled"
        assert of_task(task_id) == []
    rest = _bulk(client, ("label", "flood=1"), ("force", "1"))
    assert rest.status == 200
    assert set(hit) | set(_states(rest)) == set(ids) | set(later)
    assert not set(hit) & set(_states(rest))


def test_waits_only_for_agents_that_are_there(system):
    server = system.server("--lost-after", "60s")
    client = server.client
    away = system.agent("away", server)
    system.agent("here", server)
    gone, = _running(client, {"x": "y"}, agent="away")
    near, = _running(client, {"x": "y"}, agent="here")
    uplink = away.child("nodelink-uplink")
    away.signal(signal.SIGSTOP)  # the monitor shall not start another
    os.kill(uplink, signal.SIGKILL)
    until(lambda: not client.agents()["away"]["connected"], "the agent is away")
    # longer than we wait for an answer
    answer = _bulk(client, ("label", "x=y"), ("grace", "1"), ("wait", "3600"))
    assert answer.status == 202 and answer.json["message"] == "cancel requested"
    assert _states(answer) == {gone: "in_progress", near: "cancelled"}
    away.signal(signal.SIGCONT)
    record = client.end(gone)
    assert record["status"] == "cancelled" and record["cancel"]["name"] == "bulk"


def test_pending_ones_end_at_once(system):
    server = system.server()
    client = server.client
    agent = system.agent("a", server)
    agent.stop()
    until(lambda: not client.agents()["a"]["connected"], "the agent is away")
    ids = [client.shell("true", agent="a", labels={"p": ""}) for _ in range(3)]
    answer = _bulk(client, ("agent_id", "a"), ("status", "pending"))
    assert answer.status == 200 and _states(answer) == {i: "cancelled" for i in ids}
    assert all(client.task(i)["message"] == "never started" for i in ids)


def test_the_log_tells_who_and_how_many(system):
    server = system.server()
    system.agent("a", server)
    _running(server.client, {"team": "red"}, 2, agent="a")
    _bulk(server.client, ("label", "team=red"), ("plugin", "shell"), ("reason", "night"))
    line = server.wait_line(r"anonymous@127\.0\.0\.1 cancels (\d+) tasks, (\d+) more match: "
                            r"agent '' plugin 'shell' label 'team=red' code 102 reason 'night'")
    assert line.groups() == ("2", "0")
