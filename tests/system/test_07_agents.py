"""Agents: who may connect, twice the same, late, silent (issue 2, "Good and
bad input")."""

import os
import socket
import subprocess

import pytest

from harness import DEADLINE, ENVIRONMENT, LOOPBACK, SBIN, of_task, until


@pytest.fixture
def auth(system):
    made = system.auth()
    made.token = made.agent("agent1")
    made.other = made.agent("agent2")
    return made


@pytest.fixture
def guarded(system, auth):
    """A server that knows its agents by token."""
    return system.server(auth=auth)


def _with(token):
    return {"env": {"NODELINK_AGENT_TOKEN": token} if token else {}}


def test_agent_with_its_token_is_let_in(system, auth, guarded):
    system.agent("agent1", guarded, **_with(auth.token))
    assert guarded.client.run("echo in")[1] == "in\n"


@pytest.mark.parametrize("agent_id, whose", [
    ("agent1", "wrong"), ("agent1", "other"), ("agent1", None), ("agent3", "token")])
def test_agent_with_a_wrong_token_is_refused_and_says_so(system, auth, guarded, agent_id,
                                                         whose):
    agent = system.agent(agent_id, guarded, wait=False,
                         **_with(whose and getattr(auth, whose, "nla_" + "a" * 52)))
    agent.wait_line(r"(?i)(token|unauthenticated|refused)", anywhere=True)
    assert not guarded.client.agents().get(agent_id, {}).get("connected")
    assert agent.alive()  # it goes on trying: the token may become right
    for program in (agent, guarded):
        assert auth.token not in program.log() and auth.other not in program.log()


def test_token_may_come_from_a_file(system, auth, guarded):
    token = system.path("token", auth.token + "\n")
    os.chmod(token, 0o600)
    conf = system.path("agent.conf", f"[agent]\ntoken_file = {token}\n")
    system.agent("agent1", guarded, "--config", conf)
    assert guarded.client.run("true")[0]["status"] == "completed"


def test_token_does_not_reach_a_task_or_the_executor(system, auth, guarded):
    agent = system.agent("agent1", guarded, **_with(auth.token))
    pid = agent.child("executor", "shell")
    with open(f"/proc/{pid}/environ", "rb") as file:
        assert auth.token.encode() not in file.read()
    assert auth.token.encode() not in open(f"/proc/{pid}/cmdline", "rb").read()
    assert auth.token not in guarded.client.run("env")[1]


def test_second_agent_of_the_same_id_replaces_the_first(system):
    """The newer stream is the agent; the older one is closed and says why."""
    server = system.server()
    first = system.agent("agent1", server)
    second = system.agent("agent1", server, wait=False)
    first.wait_line(r"(?i)(replaced|newer|another agent)", anywhere=True)
    server.client.agent_ready("agent1")
    assert len(server.client.agents()) == 1
    first.stop()
    server.client.agent_ready("agent1")
    task_id = server.client.shell("echo $PPID; sleep 1000")
    with server.client.events(task_id) as events:
        parent = int(events.until_stdout("\n"))
    assert parent in second.pids() and of_task(task_id)
    assert server.client.cancel(task_id).status == 200


def test_agent_connects_late_and_finds_its_task(system):
    server = system.server()
    client = server.client
    system.agent("agent1", server).stop()
    until(lambda: not client.agents()["agent1"]["connected"], "the agent is gone")
    task_id = client.shell("echo waited")
    assert client.task(task_id)["status"] == "pending"
    with client.events(task_id) as events:  # watching from before its start
        system.agent("agent1", server)
        assert events.text() == ("waited\n", "")
    assert client.task(task_id)["status"] == "completed"


def test_drained_agent_finishes_what_it_has_and_gets_nothing_new(system):
    server = system.server()
    client = server.client
    system.agent("agent1", server)
    go = system.path("go")
    quick = client.shell(f"echo on; until [ -e {go} ]; do sleep 0.01; done")
    slow = client.shell("echo on; sleep 1000")
    for task_id in (quick, slow):
        with client.events(task_id) as events:
            events.until_stdout("on\n")
    path = "/agents/agent1/drain"
    agent = client.ok("POST", path, {"reason": "new kernel"})
    assert agent["agent_id"] == "agent1" and agent["draining"]["until"] is None
    assert agent["draining"]["reason"] == "new kernel" and agent["draining"]["since"]
    waiting = client.shell("echo waited")
    system.path("go", "")
    assert client.end(quick)["status"] == "completed"
    assert client.task(slow)["status"] == "in_progress"
    agent = client.ok("POST", path, {"timeout": "200ms", "reason": "new kernel"})
    assert agent["draining"]["until"] and client.agents()["agent1"]["draining"]
    record = client.end(slow)
    assert record["status"] == "cancelled" and record["receipt"]["survivors"] == 0
    cancel = record["cancel"]
    assert (cancel["code"], cancel["name"], cancel["reason"]) == (301, "agent_drain", "new kernel")
    assert cancel["actor"].startswith("anonymous@127.0.0.1")
    assert client.task(waiting)["status"] == "pending"
    assert client.ok("DELETE", path)["draining"] is None
    assert client.end(waiting)["status"] == "completed"
    assert client.ok("DELETE", path)["draining"] is None


def test_drain_refuses_what_it_does_not_know(system):
    server = system.server()
    client = server.client
    system.agent("agent1", server)
    for body in ({"timeout": -1}, {"timeout": "soon"}, {"grace": "2d"}, {"reason": 5},
                 {"reason": "x" * 1025}, {"tiemout": 5}, []):
        assert client.call("POST", "/agents/agent1/drain", body).status == 400, body
    assert client.agents()["agent1"]["draining"] is None
    for method in ("POST", "DELETE"):
        assert client.call(method, "/agents/nobody/drain").status == 404


def test_agent_starts_before_its_server(system):
    """It tries until somebody is there."""
    free = socket.socket()
    free.bind((LOOPBACK, 0))
    address = f"{LOOPBACK}:{free.getsockname()[1]}"
    free.close()

    class Nobody:
        grpc = address
    system.agent("agent1", Nobody, wait=False)
    server = system.server(grpc=address)
    server.client.agent_ready("agent1")
    assert server.client.run("echo found")[1] == "found\n"


def test_connection_that_says_nothing_harms_nobody(system):
    server = system.server()
    host, _, port = server.grpc.rpartition(":")
    silent = [socket.create_connection((host, int(port))) for _ in range(20)]
    talker = socket.create_connection((host, int(port)))
    talker.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + b"\0" * 1000)
    system.agent("agent1", server)
    assert server.client.run("echo fine")[1] == "fine\n"
    for connection in (*silent, talker):
        connection.close()


def _helper(name):
    build = os.environ.get("NODELINK_HELPERS")
    if not build:
        pytest.skip("helpers come with the build tree: NODELINK_HELPERS is not set")
    return f"{build}/{name}"


def test_agent_that_never_says_hello_is_sent_away(system):
    """Its stream is open, but it is no agent; it must not take the id's tasks."""
    server = system.server()
    mute = subprocess.Popen([_helper("mute-agent"), server.grpc, "agent1"],
                            stdout=subprocess.PIPE, text=True)
    try:
        assert mute.stdout.readline().strip() == "open"
        assert mute.stdout.readline().startswith("closed"), "the server has closed it"
    finally:
        mute.kill()
        mute.wait()
    system.agent("agent1", server)
    assert server.client.run("true")[0]["status"] == "completed"


def test_agent_that_talks_nonsense_is_sent_away(system):
    server = system.server()
    done = subprocess.run([_helper("mute-agent"), server.grpc, "agent1", "nonsense"],
                          capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert "closed invalid" in done.stdout, done
    assert server.client.get("/healthz").status == 200


def _agent(*options):
    """A start that has to fail."""
    return subprocess.run([f"{SBIN}/nodelink-agent", "--server", "127.0.0.1:9", *options],
                          env={**os.environ, **ENVIRONMENT}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=DEADLINE, check=False)


def test_impossible_agent_id_is_a_usage_error():
    for agent_id in ("", "UPPER CASE", "a" * 65, "../x"):
        done = _agent("--id", agent_id)
        assert done.returncode == 2 and "id" in done.stderr, done


def test_folder_that_cannot_be_used_is_said(system):
    blocked = system.path("file", "not a folder")
    done = _agent("--id", "a", "--runtime-dir", f"{blocked}/run")
    assert done.returncode == 1 and blocked in done.stderr, done


def test_agent_without_plugins_says_so(system):
    empty = system.path("plugins")
    os.makedirs(empty)
    done = _agent("--id", "a", "--runtime-dir", system.path("run"), "--plugin-dir", empty)
    assert done.returncode == 2 and empty in done.stderr, done
