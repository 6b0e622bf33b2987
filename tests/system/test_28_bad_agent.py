"""An agent that was taken over, beside an honest one: whatever it says, the
server lives, keeps its measure, and the other's tasks are as they would be."""

import contextlib
import hashlib
import os
import uuid

import pytest

from agents import FakeAgent, packed, pb, response
from harness import status_number, until

CHUNK = 64 << 10
WINDOW = 1 << 20
GROWN = 192 << 10  # KiB that the server may have more of after a flood


@pytest.fixture(name="server", scope="module")
def fixture_server(module_system):
    server = module_system.server()
    module_system.agent("agent1", server)
    return server


@pytest.fixture(name="client")
def fixture_client(server):
    return server.client


@pytest.fixture(name="honest", autouse=True)
def fixture_honest(server, module_system):
    """The id of a task of the honest agent that prints before and after the
    test; its output and its end must be as if there were no other agent."""
    path = module_system.path(f"go-{uuid.uuid4()}")
    task_id = server.client.shell(
        f"seq 1 60000; while [ ! -e {path} ]; do sleep 0.05; done; seq 60001 120000")
    with server.client.events(task_id) as events:
        events.until_stdout("\n60000\n")
    yield task_id
    assert server.alive(), server.log()
    record = server.client.task(task_id)
    assert record["status"] == "in_progress" and record["cancel"] is None, record
    with open(path, "w", encoding="ascii"):
        pass
    record = server.client.end(task_id)
    assert record["status"] == "completed" and record["exit_code"] == 0, record
    text = "".join(f"{n}\n" for n in range(1, 120001)).encode()
    assert hashlib.sha256(server.client.output(task_id)).digest() == \
        hashlib.sha256(text).digest()


@pytest.fixture(name="evil")
def fixture_evil(server):
    with FakeAgent(server.grpc, "evil") as agent:
        agent.hello()
        until(lambda: server.client.is_agent_ready("evil"), "evil is connected")
        yield agent


@pytest.fixture(name="mine")
def fixture_mine(client, evil):
    """A task of the bad agent's own that it has started."""
    task_id = client.shell("true", agent="evil")
    evil.wait_start(task_id)
    started(evil, task_id)
    return task_id


def started(agent, task_id, seq=1):
    agent.say(task_id=task_id, plugin="shell", seq=seq,
              started={"at": 1, "pid": 1, "containment": "cgroup2"})


def output(agent, task_id, seq, data, **more):
    return agent.say(task_id=task_id, plugin="shell", seq=seq,
                     shell_execute={"stdout": data}, **more)


def result(task_id, seq, status=pb.COMPLETED, **more):
    return response(task_id=task_id, plugin="shell", seq=seq, status=status,
                    is_final=True, cancelled=more.pop("cancelled", False),
                    result={"outcome": pb.EXITED, **more})


def is_cut(agent, text, code="INVALID_ARGUMENT"):
    ended = agent.wait_end()
    assert ended[0] == code and text in ended[1], ended


# ------------------------------------------------------------ tasks of others

def test_what_it_says_of_others_tasks_is_dropped_and_logged(server, evil, honest):
    before = len(server.lines)
    started(evil, honest)
    output(evil, honest, 2, b"forged\n")
    evil.say(task_id=honest, plugin="shell", seq=3,
             task_cancel={"phase": pb.CANCEL_KILLING, "code": 100})
    for status in (pb.COMPLETED, pb.FAILURE):
        evil.say(result(honest, 4, status))
    evil.say(result(honest, 1 << 63, cancelled=True))
    evil.wait_ack(honest, 1 << 63)  # it may forget what it has made up

    def said():
        return [line for line in server.lines[before:] if honest in line]

    until(lambda: len(said()) >= 6, "six lines of the log")
    assert len(said()) == 6 and all("'evil'" in line for line in said()), said()


def test_an_inventory_of_others_tasks_makes_them_nobody_elses(server, evil, honest):
    """It is told to stop what it claims to run, and that is all."""
    evil.inventory(tasks=[{"task_id": honest, "last_seq": 99}])
    evil.wait(lambda m: m.task_id == honest and m.HasField("task_cancel"), "cancel")
    evil.inventory(tasks=[{"task_id": honest, "last_seq": 99, "ended": True}],
                   instance="another")
    evil.say(plugin="shell", plugin_down={"reason": "died"})
    evil.inventory()
    assert server.client.task(honest)["agent_id"] == "agent1"


def test_a_start_names_its_executor_and_the_next_is_told_to_stop_it(client, evil):
    """One of an older version takes every start that it gets."""
    task_id = client.shell("true", agent="evil")
    assert evil.wait_start(task_id).instance == "instance-of-shell"
    evil.inventory(instance="another")
    assert client.end(task_id)["failure"] == "executor_lost"
    evil.say(task_id=task_id, plugin="shell", seq=1, started={"pid": 1})
    stop = evil.wait(lambda m: m.task_id == task_id and m.HasField("task_cancel"), "cancel")
    assert stop.instance == "" and stop.task_cancel.name == "agent_partition"
    evil.wait(lambda m: m.task_id == task_id and m.ack.final, "final ack")


@pytest.mark.parametrize("task_id", [
    "../../etc/passwd", "A-B", "x" * 65, "", "a b", "a/b"],
    ids=["path", "capitals", "long", "empty", "space", "slash"])
def test_ids_that_are_none_end_the_stream(evil, task_id):
    evil.say(result(task_id, 1))
    is_cut(evil, "task_id")


# --------------------------------------------------------------- its own tasks

def test_each_number_is_taken_once(client, evil, mine):
    output(evil, mine, 2, b"one\n")
    output(evil, mine, 2, b"other\n")  # a repeat with other bytes
    output(evil, mine, 0, b"none\n")
    started(evil, mine)
    evil.say(packed(*(response(task_id=mine, plugin="shell", seq=n, shell_execute={
        "stdout": b"%d\n" % n}) for n in (3, 4, 3, 4, 5))))
    evil.say(result(mine, 6, ended_at=(1 << 63) - 1, started_at=-1 << 63))
    evil.say(result(mine, 7, pb.FAILURE, failure="exit"))  # it changes its mind
    record = client.end(mine)
    assert record["status"] == "completed", record
    assert client.output(mine) == b"one\n3\n4\n5\n"
    evil.wait_ack(mine, 6)
    evil.say(result(mine, 8, cancelled=True))
    evil.wait_ack(mine, 8)
    assert client.task(mine) == record


@pytest.mark.parametrize("seq", [4, 1 << 32, (1 << 64) - 1])
def test_a_gap_ends_the_stream_and_the_task_goes_on(server, client, evil, mine, seq):
    output(evil, mine, 2, b"two\n")
    output(evil, mine, seq, b"beyond\n")
    is_cut(evil, f"response {seq} is not the next")
    with FakeAgent(server.grpc, "evil") as again:
        again.hello(tasks=[{"task_id": mine, "last_seq": 2}])
        output(again, mine, 3, b"three\n")
        again.say(result(mine, 4))
        assert client.end(mine)["status"] == "completed"
    assert client.output(mine) == b"two\nthree\n"


@pytest.mark.parametrize("says, status, failure", [
    ({"cancelled": True, "receipt": {"survivors": 7, "code": 4000000000}},
     "cancelled", None),
    ({"status": pb.FAILURE, "outcome": pb.LOST}, "failed", ""),
    ({"status": 77, "failure": "\x1b[2J\nforged: line"}, "failed", "\x1b[2J\nforged: line"),
])
def test_odd_results_end_the_task_and_read_as_json(client, server, evil, mine, says,
                                                   status, failure):
    evil.say(result(mine, 2, **says))
    record = client.end(mine)
    assert record["status"] == status, record
    assert failure is None or (record["failure"] or "") == failure
    assert not any(line.startswith("forged") for line in server.lines)


def test_output_beyond_the_window_ends_the_stream(server, client, evil, mine):
    """It waits for no acknowledgement: either the server is so fast that there
    is always room, or it cuts. What it took is whole, and it holds no more."""
    sent = 0
    while sent < 64 and output(evil, mine, 2 + sent, b"%c" % (65 + sent % 26) * CHUNK):
        sent += 1
    if evil.ended:
        is_cut(evil, "window")
    taken = until(lambda: client.output(mine), "something is stored")
    assert len(taken) % CHUNK == 0
    for n in range(0, len(taken) // CHUNK):
        assert taken[n * CHUNK:(n + 1) * CHUNK] == b"%c" % (65 + n % 26) * CHUNK


def test_output_beyond_the_tasks_own_limit_ends_the_stream(client, evil):
    task_id = client.shell("true", agent="evil", output_limit=1000)
    evil.wait_start(task_id)
    started(evil, task_id)
    output(evil, task_id, 2, b"x" * 1000)
    evil.say(task_id=task_id, plugin="shell", seq=3, hook_output={"data": b"x"})
    is_cut(evil, "output_limit")
    until(lambda: client.output(task_id) == b"x" * 1000, "what it may is stored")


# -------------------------------------------------------------------- messages

BAD = {
    "garbage": b"\xff" * 100,
    "huge output": response(task_id="t", plugin="shell", seq=1,
                            shell_execute={"stdout": b"x" * (CHUNK + 1)}),
    "two streams": response(task_id="t", plugin="shell", seq=1, shell_execute={
        "stdout": b"x", "stderr": b"y"}),
    "no result": response(task_id="t", plugin="shell", seq=1, is_final=True),
    "outcome": response(task_id="t", plugin="shell", seq=1, is_final=True,
                        result={"outcome": 99}),
    "signal": response(task_id="t", plugin="shell", seq=1, is_final=True,
                       result={"outcome": pb.SIGNALED, "code": 999}),
    "plugin": response(plugin="../../bin/ls", inventory={}),
    "tasks": response(plugin="shell", inventory={"tasks": [
        {"task_id": "t"}] * 20001}),
    "params": response(plugin="shell", inventory={"params": [{"name": "p"}] * 65}),
    "no UTF-8": b"\x62\x04\x0a\x02\xff\xfe" + b"\x8a\x01\x05shell",
    "half a batch": packed(response(plugin="shell", inventory={})).SerializeToString()
                    + b"\x08",
    "a second hello": response(hello={"version": "1", "boot_id": "b", "hostname": "h"}),
    "another's hello": response(agent_id="agent1", hello={"version": "1"}),
    "another's word": response(agent_id="agent1", plugin="shell", inventory={}),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_message_ends_the_stream(client, evil, name):
    evil.say(BAD[name])
    is_cut(evil, "")
    assert client.agents()["agent1"]["connected"]


def test_oversized_messages_end_the_stream(evil):
    evil.say(b"\0" * ((1 << 20) + 1))
    assert evil.wait_end()[0] in ("RESOURCE_EXHAUSTED", "INVALID_ARGUMENT"), evil.ended


def test_first_comes_hello(server):
    with FakeAgent(server.grpc, "evil2") as agent:
        agent.inventory()
        is_cut(agent, "Hello")


# ---------------------------------------------------------------------- floods

@contextlib.contextmanager
def measured(server):
    """The server's memory and its log stay within bounds."""
    rss, lines = status_number(server.pid, "VmRSS"), len(server.lines)
    yield
    server.client.ok("GET", "/healthz")
    if not os.environ.get("NODELINK_SANITIZED"):  # which keeps what was freed
        assert status_number(server.pid, "VmRSS") - rss < GROWN
    assert len(server.lines) - lines < 100, server.lines[lines:lines + 20]


def test_thousands_of_plugins_are_not_kept(server, client, evil):
    with measured(server):
        for n in range(3000):
            evil.inventory(f"p{n}", summary="x" * 100)
        task_id = client.shell("true", agent="evil")
        evil.wait_start(task_id)
    assert len(client.agents()["evil"]["plugins"]) == 32
    evil.say(result(task_id, 1))


def test_a_flood_about_tasks_that_never_were(server, client, evil):
    with measured(server):
        for n in range(20):
            ids = [f"{n}-{k}" for k in range(200)]
            evil.say(packed(*(response(task_id=i, plugin="shell", seq=1, started={})
                              for i in ids[:100]),
                            *(result(i, 2) for i in ids[100:])))
        evil.inventory(tasks=[{"task_id": f"i{n}"} for n in range(1000)])
        evil.wait(lambda m: m.task_id == "i999" and m.HasField("ack"), "the last ack")
        assert client.run("echo still here")[1] == "still here\n"


def test_one_that_does_not_read_is_cut(server, client):
    """What is answered waits for it, up to a limit."""
    with measured(server), FakeAgent(server.grpc, "deaf", reads=False) as agent:
        agent.hello()
        batch = packed(*(response(task_id=f"t{n}", plugin="shell", seq=1, started={})
                         for n in range(1000)))
        until(lambda: not agent.say(batch) or "does not read" in server.log(),
              "the stream is closed", pause=0)
    until(lambda: not client.agents()["deaf"]["connected"], "it is gone")


def test_streams_that_come_and_go(server, client):
    with measured(server):
        for _ in range(25):
            with FakeAgent(server.grpc, "evil") as agent:
                agent.hello()
    assert client.run("echo still here")[1] == "still here\n"
