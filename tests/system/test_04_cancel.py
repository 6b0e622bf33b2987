"""Cancelling: the seed's scenarios, the ladder, and evidence from /proc that
nothing is left (SEMANTICS 2)."""

import json
import os
import signal
import threading
from datetime import datetime

import pytest

from harness import of_task, session, until


def _started(client, cmd, first, **more):
    """A task whose output has reached `first`: (id, everything so far)."""
    task_id = client.shell(cmd, **more)
    with client.events(task_id) as events:
        return task_id, events.until_stdout(first)


def _cancelled(client, task_id, answer):
    """The four places that have to agree; the record."""
    assert answer.status == 200, answer
    assert answer.json["message"] == "task cancelled"
    record = client.task(task_id)
    assert record["status"] == "cancelled"
    assert record["cancel"]["phase"] == "verified"
    assert of_task(task_id) == []
    with client.events(task_id) as events:
        final = events.final()
    assert final.cancelled is True and final.status == "COMPLETED"
    return record


# ------------------------------------------------------- the seed's scenarios

def test_long_task_cancelled_after_3_s(client):
    task_id, seen = _started(client, "for i in 1 2 3 4 5 6 7 8 9; do echo Line $i; sleep 1; done",
                             "Line 4\n")
    assert seen == "Line 1\nLine 2\nLine 3\nLine 4\n"
    _cancelled(client, task_id, client.cancel(task_id, reason="seen enough"))


def test_task_cancelled_after_500_ms(client):
    task_id, _ = _started(client, "sleep 0.5; echo half; sleep 60", "half\n")
    _cancelled(client, task_id, client.cancel(task_id))


def test_quick_task_that_is_done_before_the_cancel(client):
    task_id = client.shell("echo 'Quick task' && sleep 1", timeout=30)
    client.end(task_id)
    answer = client.cancel(task_id)
    assert answer.status == 400
    assert answer.json["status"] == "completed"
    assert client.task(task_id)["status"] == "completed"


# ----------------------------------------------------------------- the answer

def test_unknown_task_is_404(client):
    assert client.cancel("no-such-task").status == 404


@pytest.mark.parametrize("cmd, status", [("exit 0", "completed"), ("exit 1", "failed")])
def test_final_task_is_400_with_its_status(client, cmd, status):
    task_id = client.shell(cmd)
    client.end(task_id)
    answer = client.cancel(task_id)
    assert answer.status == 400 and answer.json["status"] == status
    assert client.task(task_id)["status"] == status


def test_cancelled_task_cannot_be_cancelled_again(client):
    task_id, _ = _started(client, "echo on; sleep 1000", "on\n")
    assert client.cancel(task_id).status == 200
    answer = client.cancel(task_id)
    assert answer.status == 400 and answer.json["status"] == "cancelled"


@pytest.mark.parametrize("headers, query", [({}, "?wait=0"), ({"Prefer": "respond-async"}, "")])
def test_answer_without_waiting_is_202_with_the_cancel(client, headers, query):
    task_id, _ = _started(client, "trap '' TERM; echo on; while :; do sleep 0.1; done", "on\n",
                          stop={"grace": 200})
    answer = client.call("DELETE", f"/tasks/{task_id}{query}", headers=headers)
    assert answer.status == 202
    assert answer.json["cancel"]["phase"] in ("requested", "delivered", "stopping")
    assert client.task(task_id)["status"] == "in_progress"
    assert client.cancel(task_id, wait=0, force=1).status in (200, 202)
    assert client.end(task_id)["status"] == "cancelled"
    assert of_task(task_id) == []


def test_second_cancel_joins_the_first(client):
    task_id, _ = _started(client, "trap '' TERM; echo on; while :; do sleep 0.1; done", "on\n",
                          stop={"grace": 200})
    answers = []
    threads = [threading.Thread(target=lambda r=reason: answers.append(
        client.cancel(task_id, reason=r, wait=50))) for reason in ("one", "two", "three")]
    first = client.cancel(task_id, reason="zero", wait=0)
    assert first.status == 202
    for thread in threads:
        thread.start()
    until(lambda: client.task(task_id)["cancel"]["requests"] == 4, "all have asked")
    assert client.cancel(task_id, reason="at once", force=1).status == 200
    for thread in threads:
        thread.join()
    assert [a.status for a in answers] == [200, 200, 200]
    cancel = client.task(task_id)["cancel"]
    assert cancel["reason"] == "zero"  # the first cause stays the cause
    assert cancel["requests"] == 5


def test_later_cancel_shortens_the_grace_and_never_lengthens_it(client):
    task_id, _ = _started(client, "trap '' TERM; echo on; while :; do sleep 0.1; done", "on\n",
                          stop={"grace": 200})
    assert client.cancel(task_id, wait=0).status == 202
    assert client.cancel(task_id, wait=0, grace=250).status == 202
    assert client.task(task_id)["cancel"]["grace"] == 200
    record = _cancelled(client, task_id, client.cancel(task_id, force=1))
    assert "SIGKILL" in record["receipt"]["signals"]


def test_reason_code_and_actor_are_in_the_receipt(client):
    task_id, _ = _started(client, "echo on; sleep 1000", "on\n")
    record = _cancelled(client, task_id, client.cancel(
        task_id, reason="größer als nötig", code="maintenance"))
    cancel, receipt = record["cancel"], record["receipt"]
    assert cancel["reason"] == "größer als nötig"
    assert cancel["code"] == 302 and cancel["name"] == "maintenance"
    assert receipt["code"] == 302 and receipt["reason"] == cancel["reason"]
    assert receipt["survivors"] == 0
    assert receipt["containment"] == client.task(task_id)["containment"]
    assert (receipt["requested_at"] <= receipt["delivered_at"]
            <= receipt["signalled_at"] <= receipt["verified_at"])


def test_reason_may_come_in_a_json_body(client):
    task_id, _ = _started(client, "echo on; sleep 1000", "on\n")
    answer = client.call("DELETE", f"/tasks/{task_id}", {"reason": "from the body", "grace": 2})
    cancel = _cancelled(client, task_id, answer)["cancel"]
    assert cancel["reason"] == "from the body" and cancel["grace"] == 2


@pytest.mark.parametrize("query", [
    {"reason": "x" * 1025}, {"code": "no_such_code"}, {"code": "12"}, {"grace": "-1"},
    {"grace": "soon"}, {"wait": "perhaps"}])
def test_wrong_cancel_is_refused_and_changes_nothing(client, query):
    task_id, _ = _started(client, "echo on; sleep 1000", "on\n")
    answer = client.cancel(task_id, **query)
    assert answer.status == 400 and answer.json["error"], answer
    record = client.task(task_id)
    assert record["status"] == "in_progress"
    assert record["cancel"] is None
    assert client.cancel(task_id, grace=0).status == 200


# ----------------------------------------------------------------- the ladder

def test_default_is_term_then_cont(client):
    task_id, _ = _started(client, "echo on; exec sleep 1000", "on\n")
    receipt = _cancelled(client, task_id, client.cancel(task_id))["receipt"]
    assert receipt["signals"] == ["SIGTERM", "SIGCONT"]
    assert not receipt["killed"]
    assert client.task(task_id)["signal"] == "SIGTERM"


def test_task_may_say_goodbye_within_its_grace(client):
    task_id, _ = _started(
        client, "trap 'echo bye; exit 7' TERM; echo on; while :; do sleep 0.1; done", "on\n")
    _cancelled(client, task_id, client.cancel(task_id))
    assert client.output(task_id) == b"on\nbye\n"
    assert client.task(task_id)["exit_code"] == 7  # recorded; the status stays cancelled


def test_task_that_ignores_term_is_killed_after_its_grace(client):
    task_id, _ = _started(client, "trap '' TERM; echo on; while :; do sleep 0.1; done", "on\n",
                          stop={"grace": 1})
    receipt = _cancelled(client, task_id, client.cancel(task_id))["receipt"]
    assert receipt["signals"][-1] == "SIGKILL"
    assert receipt["killed"] and receipt["killed"][0]["pid"] > 1
    assert 900 <= _ms(receipt, "signalled_at", "killed_at") <= 6000


def _ms(receipt, first, last):
    """Between two times of a receipt."""
    return (datetime.fromisoformat(receipt[last])
            - datetime.fromisoformat(receipt[first])).total_seconds() * 1000


def test_grace_0_kills_at_once(client):
    task_id, _ = _started(client, "trap '' TERM; echo on; while :; do sleep 0.1; done", "on\n",
                          stop={"grace": 200})
    receipt = _cancelled(client, task_id, client.cancel(task_id, grace=0))["receipt"]
    assert receipt["signals"][-1] == "SIGKILL"


def test_stopped_task_hears_the_stop_signal(client):
    """SIGCONT after SIGTERM: no grace is wasted on a process that sleeps."""
    task_id, seen = _started(client, "echo $$; kill -STOP $$; echo never", "\n", stop={"grace": 20})
    leader = int(seen)
    until(lambda: open(f"/proc/{leader}/stat").read().rpartition(")")[2].split()[0] == "T",
          "the task has stopped itself")
    receipt = _cancelled(client, task_id, client.cancel(task_id))["receipt"]
    assert not receipt["killed"]


def test_another_stop_signal(client):
    task_id, _ = _started(
        client, "trap '' TERM; trap 'echo int; exit' INT; echo on; while :; do sleep 0.1; done",
        "on\n", stop={"signal": "INT", "grace": 20})
    _cancelled(client, task_id, client.cancel(task_id))
    assert client.output(task_id) == b"on\nint\n"


# ------------------------------------------------------------------- the tree

TREE = """
echo $$
for a in 1 2 3; do
	(for b in 1 2 3; do (sleep 1000; :) & done; sleep 1000; :) &
done
(trap '' TERM; echo ready >&2; while :; do sleep 0.2; done) &
wait
"""


def test_whole_tree_is_dead_when_the_answer_comes(client):
    task_id, seen = _started(client, TREE, "\n", stop={"grace": 1})
    leader = int(seen)
    until(lambda: len(session(leader)) >= 20, "the whole tree runs")
    until(lambda: client.output(task_id, "stderr") == b"ready\n", "the trap is set")
    tree = session(leader)
    answer = client.cancel(task_id)
    left = session(leader), of_task(task_id)  # before anything else is asked
    assert left == ([], []), f"of {tree}"
    receipt = _cancelled(client, task_id, answer)["receipt"]
    assert receipt["killed"], "one of them ignored SIGTERM"


def test_children_keep_their_grace_when_the_leader_is_gone(client):
    task_id, seen = _started(client, """
        (trap 'sleep 0.5; echo child done; exit' TERM; echo up; while :; do sleep 0.05; done) &
        echo leader $$; wait""", "up\n", stop={"grace": 20})
    assert "leader" in seen or client.task(task_id)["pid"]
    receipt = _cancelled(client, task_id, client.cancel(task_id))["receipt"]
    assert b"child done\n" in client.output(task_id)
    assert not receipt["killed"]


def test_tree_that_keeps_growing_is_caught(client):
    task_id, seen = _started(
        client, "echo $$; trap '' TERM; while :; do sleep 1000 & sleep 0.005; done", "\n",
        stop={"grace": 1})
    leader = int(seen)
    until(lambda: len(session(leader)) > 20, "it grows")
    answer = client.cancel(task_id)
    assert session(leader) == []
    _cancelled(client, task_id, answer)


def test_two_tasks_are_apart(client):
    one, _ = _started(client, "echo on; sleep 1000", "on\n")
    two, _ = _started(client, "echo on; sleep 1000", "on\n")
    _cancelled(client, one, client.cancel(one))
    assert client.task(two)["status"] == "in_progress" and of_task(two)
    _cancelled(client, two, client.cancel(two))


def test_output_pipe_held_from_outside_does_not_hang_the_end(client):
    """A helper that left the task's session keeps its stdout open: outside
    where the process group holds the task."""
    task_id, seen = _started(client, "setsid sh -c 'echo $$; exec sleep 20' & sleep 1000", "\n",
                             stop={"grace": 0})
    try:
        assert client.cancel(task_id).status == 200
        assert client.task(task_id)["status"] == "cancelled"
    finally:
        for pid in session(int(seen)):
            os.kill(pid, signal.SIGKILL)


def test_countdown_is_cancelled_by_its_own_hook(client):
    answer = client.call("POST", "/tasks/countdown",
                         {"agent_id": "agent1", "params": {"from": 100000}})
    task_id = answer.json["task_id"]
    with client.events(task_id) as events:
        next(events)
    answer = client.cancel(task_id)
    assert answer.status == 200
    assert client.task(task_id)["status"] == "cancelled"


# ------------------------------------------------------------ before the start

def test_waiting_task_is_cancelled_without_ever_starting(system):
    server = system.server()
    client = server.client
    agent = system.agent("agent1", server)
    agent.stop()
    until(lambda: not client.agents()["agent1"]["connected"], "the agent is gone")
    proof = system.path("proof")
    task_id = client.shell(f"touch {proof}")
    assert client.task(task_id)["status"] == "pending"
    answer = client.cancel(task_id, reason="not needed")
    assert answer.status == 200
    record = client.task(task_id)
    assert record["status"] == "cancelled" and record.get("started_at") is None
    system.agent("agent1", server)
    assert client.run("true")[0]["status"] == "completed"
    assert not os.path.exists(proof)


def test_no_agent_in_time_cancels_with_code_201(system):
    server = system.server()
    client = server.client
    system.agent("agent1", server).stop()
    until(lambda: not client.agents()["agent1"]["connected"], "the agent is gone")
    task_id = client.shell("true", start_timeout=1)
    with client.events(task_id) as events:
        final = events.final()
    record = client.task(task_id)
    assert record["status"] == "cancelled" and final.cancelled is True
    assert record["cancel"]["code"] == 201 and record["cancel"]["name"] == "start_timeout"
    assert record["cancel"]["actor"] == "nodelink-server"


def test_cancel_at_once_ends_in_one_way_only(client):
    """In whichever state the cancel meets it: pending, sent, in_progress."""
    for _ in range(50):
        task_id = client.shell("sleep 1000")
        answer = client.cancel(task_id)
        assert answer.status == 200, answer
        assert client.task(task_id)["status"] == "cancelled"
        assert of_task(task_id) == []


def test_events_tell_the_steps_of_a_cancel(client):
    task_id = client.shell("trap '' TERM; echo on; while :; do sleep 0.1; done",
                           stop={"grace": 1})
    with client.events(task_id) as events:
        events.until_stdout("on\n")
        assert client.cancel(task_id, wait=0).status == 202
        rest = events.rest()
    steps = [e.data["taskCancel"]["message"] for e in rest if "taskCancel" in e.data]
    assert steps and json.dumps(steps)
    assert rest[-1].isFinal and rest[-1].cancelled


def test_timeout_of_a_task_without_grace_kills_at_once(client):
    """grace 0 is no grace, and not the default of 10 s."""
    task_id = client.shell("trap '' TERM; echo up; while :; do sleep 0.1; done",
                           timeout=0.5, stop={"grace": 0})
    record = client.end(task_id)
    assert record["status"] == "cancelled" and record["cancel"]["name"] == "timeout"
    assert record["stop"]["grace"] == 0
    assert record["receipt"]["signals"] == ["SIGKILL"]


# -------------------------------------------------------------------- the cause

def test_cause_is_told_while_a_time_limit_stops_the_task(client):
    task_id, _ = _started(client, "trap '' TERM; echo up; while :; do sleep 1; done", "up\n",
                          timeout=1, stop={"grace": 600})
    until(lambda: client.task(task_id)["cancel"], "the time limit stops it")
    cancel = client.task(task_id)["cancel"]
    assert (cancel["code"], cancel["name"], cancel["actor"]) == (200, "timeout", "nodelink")
    assert cancel["phase"] == "stopping" and "1000 ms" in cancel["reason"]
    answer = client.cancel(task_id, force=1, reason="impatient")  # joins
    record = _cancelled(client, task_id, answer)
    for where in record["cancel"], record["receipt"]:
        assert (where["code"], where["name"]) == (200, "timeout")
        assert where["actor"] == "nodelink" and "1000 ms" in where["reason"]


@pytest.mark.parametrize("code, number, name", [
    (None, 100, "user_request"), ("superseded", 101, "superseded"), ("303", 303, "preempted")])
def test_cause_of_a_request_is_in_record_receipt_and_event(client, code, number, name):
    task_id, _ = _started(client, "echo up; sleep 60", "up\n")
    record = _cancelled(client, task_id, client.cancel(task_id, **({"code": code} if code else {})))
    with client.events(task_id) as events:
        final = events.final()
    for where in record["cancel"], record["receipt"], final.receipt, final.task["cancel"]:
        assert (where["code"], where["name"]) == (number, name)
        assert where["actor"].startswith("anonymous@127.0.0.1")
