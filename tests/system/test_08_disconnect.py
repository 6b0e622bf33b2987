"""Parts that die or go away: what is lost, and that it is said (SEMANTICS 6)."""

import os
import signal

import pytest

from harness import is_alive, of_task, session, until


def _kill(agent, program, plugin=None):
    """SIGKILL a part of the agent and wait until another took its place."""
    old = agent.child(program, plugin)
    os.kill(old, signal.SIGKILL)
    until(lambda: agent.child(program, plugin) not in (None, old), f"a new {program}")


def test_uplink_killed_under_a_printing_task_loses_nothing(system):
    server = system.server()
    client = server.client
    agent = system.agent("agent1", server)
    task_id = client.shell("for i in $(seq 3000); do echo $i; [ $((i % 10)) != 0 ] || sleep 0.005; done")
    expected = "".join(f"{n}\n" for n in range(1, 3001))
    seen = ""
    kills = 0
    with client.events(task_id, timeout=90) as events:
        for event in events:
            seen += event.stdout
            if kills < 3 and len(seen) > (kills + 1) * len(expected) // 5:
                kills += 1
                _kill(agent, "uplink")
            final = event
    assert kills == 3 and final.isFinal
    assert seen == expected
    assert client.output(task_id).decode() == expected
    assert client.task(task_id)["status"] == "completed"


def test_task_ends_while_the_uplink_is_away(system):
    server = system.server()
    client = server.client
    agent = system.agent("agent1", server)
    go = system.path("go")
    task_id = client.shell(f"echo on; until [ -e {go} ]; do sleep 0.01; done; echo off; exit 9")
    with client.events(task_id) as events:
        events.until_stdout("on\n")
        leader = client.task(task_id)["pid"]
        os.kill(agent.child("uplink"), signal.SIGKILL)
        system.path("go", "")
        until(lambda: not is_alive(leader), "the task has ended")
        events.rest()
    record = client.task(task_id)
    assert (record["status"], record["exit_code"]) == ("failed", 9)
    assert client.output(task_id) == b"on\noff\n"


@pytest.mark.parametrize("away", ["uplink stopped", "no uplink", "server stopped", "no server"])
def test_task_prints_much_and_ends_while_the_server_is_away(system, away):
    """More than memory and pipe hold: its leader is gone before the return."""
    server = system.server()
    client = server.client
    agent = system.agent("agent1", server)
    go = system.path("go")
    task_id = client.shell(f"echo on; until [ -e {go} ]; do sleep 0.01; done; seq 3000000; exit 9")
    with client.events(task_id) as events:
        events.until_stdout("on\n")
    leader = client.task(task_id)["pid"]
    uplink = agent.child("uplink")
    held = {"uplink stopped": uplink, "no uplink": agent.pid, "server stopped": server.pid}.get(away)
    if held:
        os.kill(held, signal.SIGSTOP)
    try:
        if away == "no uplink":
            os.kill(uplink, signal.SIGKILL)
        elif away == "no server":
            server.kill()
        system.path("go", "")
        until(lambda: not is_alive(leader), "the task has ended", timeout=30)
    finally:
        if held:
            os.kill(held, signal.SIGCONT)
    if not held:
        client = system.server(http=server.http, grpc=server.grpc, store=server.store).client
    assert client.end(task_id, timeout=60)["exit_code"] == 9
    expected = "".join(f"{n}\n" for n in range(1, 3000001)).encode()
    assert len(expected) > 20_000_000
    assert client.output(task_id) == b"on\n" + expected


def test_cancel_while_the_agent_is_away_is_delivered_later(system):
    server = system.server()
    client = server.client
    agent = system.agent("agent1", server)
    task_id = client.shell("echo on; sleep 1000")
    with client.events(task_id) as events:
        events.until_stdout("on\n")
        uplink = agent.child("uplink")
        os.kill(uplink, signal.SIGSTOP)  # there, but deaf
        answer = client.cancel(task_id, wait=0)
        assert answer.status == 202
        assert client.task(task_id)["status"] == "in_progress" and of_task(task_id)
        os.kill(uplink, signal.SIGKILL)
        events.final()
    assert client.task(task_id)["status"] == "cancelled"
    assert of_task(task_id) == []


def test_executor_killed_loses_only_its_own_tasks(system):
    server = system.server()
    client = server.client
    agent = system.agent("agent1", server)
    task_id = client.shell("echo $$; sleep 1000 & sleep 1000")
    other = client.ok("POST", "/tasks/countdown",
                      {"agent_id": "agent1", "params": {"from": 100000}})["task_id"]
    with client.events(task_id) as events:
        leader = int(events.until_stdout("\n"))
        with client.events(other) as ticking:
            next(ticking)
        _kill(agent, "executor", "shell")
        final = events.final()
    record = client.task(task_id)
    assert record["status"] == "failed" and record["failure"] == "executor_lost"
    assert final.status == "FAILURE" and final.cancelled is False
    until(lambda: not session(leader) and not of_task(task_id), "nothing of the lost task is left")
    # The other plugin did not notice, and new tasks work.
    assert client.task(other)["status"] == "in_progress"
    assert client.run("echo new")[1] == "new\n"
    assert client.cancel(other).status == 200


def test_monitor_killed_ends_no_task(system):
    """The executors stay; the next monitor takes them over as they are."""
    server = system.server()
    client = server.client
    agent = system.agent("agent1", server)
    task_id = client.shell("for i in $(seq 100); do echo $i; sleep 0.02; done")
    executors = {agent.child("executor", name) for name in ("shell", "countdown")}
    uplink = agent.child("uplink")
    with client.events(task_id) as events:
        seen = events.until_stdout("10\n")
        agent.kill()
        until(lambda: not is_alive(uplink), "the uplink has ended with its monitor")
        again = system.agent("agent1", server, folder=agent.folder, wait=False)
        seen += "".join(event.stdout for event in events.rest())
    assert seen == "".join(f"{n}\n" for n in range(1, 101))
    assert client.task(task_id)["status"] == "completed"
    assert all(is_alive(pid) for pid in executors)
    client.agent_ready("agent1")
    assert client.run("echo back")[1] == "back\n"
    assert again.stop() == 0
    until(lambda: not any(is_alive(pid) for pid in executors), "it ends them as its own")


def test_agent_told_to_leave_its_tasks_is_restarted_under_them(system):
    """on_stop = leave: what a unit needs whose restart must end no task."""
    server = system.server()
    client = server.client
    agent = system.agent("agent1", server, "--on-stop", "leave")
    task_id = client.shell("for i in $(seq 100); do echo $i; sleep 0.02; done")
    executor = agent.child("executor", "shell")
    with client.events(task_id) as events:
        seen = events.until_stdout("10\n")
        assert agent.process.terminate() is None and agent.wait() == 0
        assert is_alive(executor)
        again = system.agent("agent1", server, folder=agent.folder, wait=False)
        seen += "".join(event.stdout for event in events.rest())
    assert seen == "".join(f"{n}\n" for n in range(1, 101))
    client.agent_ready("agent1")
    assert again.child("executor", "shell") in (executor, None)
    assert client.run("echo back")[1] == "back\n"
    assert again.stop() == 0  # cancel, as by default
    until(lambda: not is_alive(executor), "it ends it as its own")


def test_agent_with_a_drain_lets_its_tasks_end_before_it_stops(system):
    server = system.server()
    client = server.client
    agent = system.agent("agent1", server, "--drain", "60s")
    go = system.path("go")
    task_id = client.shell(f"echo on; until [ -e {go} ]; do sleep 0.01; done; echo off")
    with client.events(task_id) as events:
        events.until_stdout("on\n")
    agent.signal(signal.SIGTERM)
    until(lambda: all(p["draining"] for p in client.agents()["agent1"]["plugins"]
                      if p["name"] == "shell"), "the executor says so")
    waiting = client.shell("echo waited")
    assert client.task(waiting)["status"] == "pending"
    system.path("go", "")
    assert client.end(task_id)["status"] == "completed"
    assert client.output(task_id) == b"on\noff\n"
    agent.wait()
    system.agent("agent1", server)
    assert client.end(waiting)["status"] == "completed"


def test_server_stops_with_open_streams_and_says_goodbye(system):
    server = system.server()
    client = server.client
    system.agent("agent1", server)
    task_id = client.shell("echo on; sleep 1000")
    streams = [client.events(task_id) for _ in range(20)]
    for stream in streams:
        stream.until_stdout("on\n")
    assert server.stop() == 0
    for stream in streams:  # the end of the stream, not a torn connection
        assert not any(e.isFinal for e in stream.rest())


def test_server_that_forgot_a_task_has_it_ended(system):
    """Killed, and its store was memory: the new one knows nothing of the task,
    so nobody could ever cancel it. The agent is told to end it."""
    server = system.server(store="memory")
    agent = system.agent("agent1", server)
    task_id = server.client.shell("echo on; sleep 1000")
    with server.client.events(task_id) as events:
        events.until_stdout("on\n")
    assert of_task(task_id)
    server.kill()
    again = system.server(grpc=server.grpc, store="memory")
    again.client.agent_ready("agent1")
    until(lambda: not of_task(task_id), "the forgotten task is ended")
    assert again.client.run("echo new")[1] == "new\n"
    assert agent.alive()


def test_agent_that_stops_ends_its_tasks_and_reports(system):
    server = system.server()
    client = server.client
    agent = system.agent("agent1", server)
    task_id = client.shell("echo on; sleep 1000", stop={"grace": 2})
    with client.events(task_id) as events:
        events.until_stdout("on\n")
        assert agent.stop() == 0
        assert of_task(task_id) == []
        system.agent("agent1", server)  # the record's end must not hang on it
        events.final()
    record = client.task(task_id)
    assert record["status"] in ("cancelled", "failed")
    if record["status"] == "cancelled":
        assert record["cancel"]["name"] == "agent_stopping"


def test_agent_that_stays_away_is_lost(system):
    conf = system.path("server.conf", "[server]\nlost_after = 1s\n")
    server = system.server("--config", conf)
    client = server.client
    agent = system.agent("agent1", server)
    task_id = client.shell("echo on; sleep 1000")
    with client.events(task_id) as events:
        events.until_stdout("on\n")
        uplink, parts = agent.child("uplink"), agent.pids()
        for pid in parts:
            os.kill(pid, signal.SIGSTOP)
        os.kill(uplink, signal.SIGKILL)  # the kernel closes its sockets
        final = events.final()
        for pid in parts:
            if pid != uplink:
                os.kill(pid, signal.SIGCONT)
    record = client.task(task_id)
    assert record["status"] == "failed" and record["failure"] == "agent_lost"
    assert final.status == "FAILURE"
    # The returning agent is told to end it; its late word changes nothing.
    client.agent_ready("agent1")
    until(lambda: not of_task(task_id), "the returning agent ends the lost task")
    assert client.task(task_id)["status"] == "failed"


def test_watcher_that_leaves_is_forgotten(system):
    server = system.server()
    client = server.client
    system.agent("agent1", server)
    task_id = client.shell("echo on; sleep 1000")
    with client.events(task_id) as events:
        events.until_stdout("on\n")
        before = len(os.listdir(f"/proc/{server.pid}/fd"))
        for _ in range(100):
            client.events(task_id).close()
        until(lambda: len(os.listdir(f"/proc/{server.pid}/fd")) <= before + 2,
              "the descriptors of watchers that left are closed")
    assert client.cancel(task_id).status == 200
