"""Signals, and a server that is away, while `nodelink` waits (issue 7, 1)."""

import base64
import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import termios

import pytest

from command import NODELINK, Command, press
from harness import DEADLINE, until
from stub import SILENCE, Stub
from web1 import fixture_client, fixture_host, fixture_nodelink, only  # noqa: F401


def slow(flag):
    """A command line that needs its grace: it ends when there is that file."""
    return (f"trap 'until [ -e {flag} ]; do sleep .02; done; exit 0' TERM; echo ready; "
            "while :; do sleep .02; done")


def taken(run, signo):
    """Wait until the process has read a signal that it was sent."""
    def is_taken():
        with open(f"/proc/{run.pid}/status", encoding="ascii") as file:
            pending = dict(line.split(":", 1) for line in file)["ShdPnd"]
        return not int(pending, 16) & 1 << (signo - 1)
    until(is_taken, "the signal was taken")


# ------------------------------------------------------------------------- run

@pytest.mark.parametrize("first, second", [("HUP", "HUP"), ("TERM", "HUP")])
def test_a_terminal_that_is_closed_leaves_the_task_its_grace(nodelink, client, tmp_path,
                                                             first, second):
    first, second = signal.Signals[f"SIG{first}"], signal.Signals[f"SIG{second}"]
    run = nodelink.start("run", "-g", "60s", "web1", "--", slow(tmp_path / "flag"))
    assert run.stdout.readline() == "ready\n"
    task_id = only(client)
    run.send_signal(first)
    taken(run, first)
    run.send_signal(second)
    taken(run, second)
    until(lambda: client.task(task_id)["cancel"], "it is being cancelled")
    (tmp_path / "flag").touch()
    done = nodelink.end(run)
    assert done.status == 128 + first and "killing" not in done.err
    record = client.task(task_id)
    assert record["status"] == "cancelled" and record["exit_code"] == 0
    assert "SIGKILL" not in record["receipt"]["signals"]


def test_ctrl_c_before_anything_was_sent_makes_no_task():
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)  # one connection waits to be accepted, the next is not answered
        first.connect(listener.getsockname())
        second.setblocking(False)
        second.connect_ex(listener.getsockname())
        server = type("Deaf", (), {"http": "127.0.0.1:%d" % listener.getsockname()[1]})
        run = Command(server).start("run", "web1", "--", "ls")
        until(lambda: connecting(listener.getsockname()[1]) > 1, "it tries to connect")
        run.send_signal(signal.SIGTERM)
        done = Command(server).end(run)
    assert done.status == 143
    assert done.err == "nodelink: interrupted before the task was made\n"


def connecting(port):
    """How many sockets of this host have sent a SYN to a port, in vain so far."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in list(file)[1:]]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "02" for row in rows)


def test_ctrl_c_before_the_server_has_answered_says_what_is_known():
    with Stub(lambda method, path: SILENCE) as server:
        run = Command(server).start("run", "web1", "--", "ls")
        server.wait(1, "POST")
        run.send_signal(signal.SIGINT)
        assert "cancelling, once the server has answered; Ctrl-C again" in run.stderr.readline()
        press(run, signal.SIGINT, "the task may have been made")
        assert Command(server).end(run).status == 130


def test_a_task_that_was_made_after_ctrl_c_is_cancelled(nodelink, host, client):
    host.main.signal(signal.SIGSTOP)
    run = nodelink.start("run", "web1", "--", "sleep 100")
    try:
        until(lambda: queued(host.main.http), "the request is there")
        run.send_signal(signal.SIGINT)
        assert "cancelling, once the server has answered" in run.stderr.readline()
    finally:
        host.main.signal(signal.SIGCONT)
    assert nodelink.end(run).status == 130
    record = client.ok("GET", "/tasks?limit=1")["tasks"][0]
    assert record["status"] == "cancelled" and record["cancel"]["reason"] == "SIGINT"


def queued(address):
    """How many bytes wait to be read by who listens there."""
    port = f":{int(address.rpartition(':')[2]):04X}"
    with open("/proc/net/tcp", encoding="ascii") as file:
        rows = [line.split() for line in list(file)[1:]]
    return sum(int(row[4].partition(":")[2], 16) for row in rows
               if row[1].endswith(port) and row[3] == "01")


def test_who_leaves_after_a_kill_is_told_so(system):
    server = system.server()
    agent = system.agent("web1", server)
    uplink = agent.child("nodelink-uplink")
    run = Command(server).start("run", "-q", "web1", "--", "echo ready; sleep 100")
    assert run.stdout.readline() == "ready\n"
    task_id = only(server.client)
    os.kill(uplink, signal.SIGSTOP)
    try:
        run.send_signal(signal.SIGINT)
        until(lambda: (server.client.task(task_id)["cancel"] or {}).get("grace") == 10,
              "it is being cancelled")
        # What comes within half a second is the same step; two would be one too many.
        assert not select.select([run.stderr], [], [], 0.6)[0]
        run.send_signal(signal.SIGINT)
        until(lambda: server.client.task(task_id)["cancel"]["grace"] == 0,
              "it is being killed")
        press(run, signal.SIGINT, f"left; the task is being killed: nodelink wait {task_id}")
    finally:
        os.kill(uplink, signal.SIGCONT)
    assert Command(server).end(run).status == 130
    assert server.client.end(task_id)["status"] == "cancelled"


def test_run_tells_that_a_lost_task_may_be_there():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = type("Dying", (), {"http": "127.0.0.1:%d" % listener.getsockname()[1]})
        run = Command(server).start("run", "web1", "--", "ls")
        with listener.accept()[0] as taken:
            assert b"POST" in taken.recv(4)
            listener.shutdown(socket.SHUT_RDWR)  # from now on it is refused
    done = Command(server).end(run)
    assert done.status == 125 and "Connection refused" in done.err
    assert done.err.endswith('; the task may have been made; "nodelink ps" shows it\n')


def event(number, **data):
    return f"id: {number}\nevent: response\ndata: {json.dumps(data)}\n\n".encode()


def test_run_sleeps_while_its_reader_pauses_and_the_server_is_lost():
    task_id = "01a206b1-769d-7001-92b6-0f2ed4afc28b"
    piece = base64.b64encode(bytes(8 << 10)).decode()
    # What fits into the pipe, what is held at most, and one more with the end.
    output = b"".join(event(n, isFinal=False, shellExecute={"stdout": piece})
                      for n in range(1, 8 + 128 + 2))
    end = event(138, isFinal=True, task={"task_id": task_id, "status": "completed",
                                       "exit_code": 0})
    streams = []

    def answer(method, _):
        if method == "POST":
            return 200, {"task_id": task_id, "status": "pending"}
        streams.append(None)
        return 200, output if len(streams) == 1 else end

    with Stub(answer) as server:
        run = Command(server).start("run", "-q", "web1", "--", "cat")
        server.wait(1, "GET")
        until(lambda: waiting(run.stdout) == 64 << 10, "the pipe is full")
        until(lambda: sleeps(run), "it sleeps", timeout=5)
        done = Command(server).end(run)
    assert done.status == 0 and len(done.out) == 137 * (8 << 10)


def waiting(pipe):
    """How many bytes are in a pipe."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def sleeps(run):
    """Says nothing for half a second, and uses less than a tenth of it."""
    before = spent(run.pid)
    return not select.select([run.stderr], [], [], 0.5)[0] and spent(run.pid) - before < 0.05


def spent(pid):
    """Seconds of processor that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        words = file.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


# ---------------------------------------------------- standard streams not open

def without(nodelink, redirections, *words):
    return subprocess.run(["sh", "-c", f'exec "$@" {redirections}', "sh", NODELINK, *words],
                          env=nodelink.env, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=DEADLINE, check=False)


def test_streams_that_are_closed_are_nobody_elses(nodelink):
    words = ("run", "web1", "--", "echo out; echo err >&2; exit 3")
    done = without(nodelink, "2>&-", *words)
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "")
    done = without(nodelink, "<&- 2>&-", *words)
    assert (done.returncode, done.stdout) == (3, "out\n")
    done = without(nodelink, ">&-", *words)
    assert done.returncode == 125 and "cannot write to stdout: Bad file" in done.stderr
    assert without(nodelink, ">&- 2>&-", *words).returncode == 125
    done = without(nodelink, ">&-", "agents")
    assert done.returncode == 1 and "cannot write to stdout: Bad file" in done.stderr
    assert without(nodelink, "<&- >&- 2>&-", "agents").returncode == 1


class Closed:
    """Starts a program without stdin and stdout."""

    @staticmethod
    def wrap(argv):
        return ["sh", "-c", 'exec "$@" <&- >&-', "sh", *argv]


def test_the_daemons_hold_the_numbers_of_closed_streams(system):
    server = system.server(inside=Closed)
    agent = system.agent("web1", server, inside=Closed)
    for program in (server, agent):
        for fd in range(2):
            assert os.readlink(f"/proc/{program.pid}/fd/{fd}") == "/dev/null", program.name
    assert Command(server)("run", "web1", "--", "echo here").out == "here\n"


# ---------------------------------------------------------------------- cancel

@pytest.mark.parametrize("end", ["KILL", "TERM"])
def test_cancel_waits_on_when_the_server_comes_back(system, tmp_path, end):
    server = system.server()
    system.agent("web1", server)
    nodelink = Command(server)
    ids = [server.client.shell(slow(tmp_path / "flag"), agent="web1", stop={"grace": 60})
           for _ in range(2)]
    for task_id in ids:
        until(lambda: server.client.output(task_id) == b"ready\n", "it runs")
    waiting = nodelink.start("cancel", "-r", "enough", *ids)
    for task_id in ids:
        until(lambda: server.client.task(task_id)["cancel"], "it is being cancelled")
    server.signal(signal.Signals[f"SIG{end}"])
    server.wait()
    assert "; trying again" in waiting.stderr.readline()
    system.server(store=server.store, http=server.http, grpc=server.grpc)
    (tmp_path / "flag").touch()
    done = nodelink.end(waiting)
    assert done.status == 0
    assert [line.split()[:3] for line in done.lines[1:]] == [
        [i, "cancelled", "verified"] for i in ids]


def test_cancel_gives_up_where_nothing_ever_answers(nodelink):
    with socket.socket() as listener:  # takes what is sent, and closes
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(DEADLINE)
        port = listener.getsockname()[1]
        waiting = nodelink.start("cancel", "-s", f"http://127.0.0.1:{port}", "a")
        tries = 0
        while waiting.poll() is None:
            with contextlib.suppress(TimeoutError):
                listener.settimeout(0.2)
                listener.accept()[0].close()
                tries += 1
    done = nodelink.end(waiting)
    assert done.status == 1 and "task 'a': " in done.err and 1 < tries < 6
    assert "refused" in nodelink("cancel", "-s", f"http://127.0.0.1:{port}", "a", status=1).err


def test_cancel_names_what_it_has_not_asked_for():
    ids = [f"t{n}" for n in range(20)]
    with Stub(lambda method, path: SILENCE) as server:
        nodelink = Command(server)
        waiting = nodelink.start("cancel", *ids)
        server.wait(16, "DELETE")
        waiting.send_signal(signal.SIGINT)
        done = nodelink.end(waiting)
    assert done.status == 130
    assert done.err == ("nodelink: not waiting any more; what was asked for stays so\n"
                        "nodelink: not asked for: t16 t17 t18 t19\n")


def test_cancel_of_all_that_fit_shows_progress_and_receipts(nodelink, client, tmp_path):
    ids = [client.shell(slow(tmp_path / "flag"), agent="web1", labels={"job": "x"},
                        stop={"grace": 60}) for _ in range(18)]
    for task_id in ids:
        until(lambda: client.output(task_id) == b"ready\n", "it runs")
    terminal = nodelink.terminal("cancel", "--label", "job=x")
    terminal.until(lambda text: "cancelling: 0 of 18, " in text)
    terminal.interrupt()
    text = terminal.until(lambda text: "stays so" in text)
    assert terminal.wait() == 130 and "18 are not ended yet" in text
    waiting = nodelink.start("cancel", "--label", "job=x", "--reason", "late")
    until(lambda: client.task(ids[0])["cancel"]["requests"] == 2, "it waits for the evidence")
    (tmp_path / "flag").touch()
    done = nodelink.end(waiting)
    assert done.status == 0 and "18 unfinished tasks match; 18 are cancelled\n" in done.err
    assert done.lines[0].split() == [
        "TASK", "AGENT", "STATUS", "CANCEL", "SIGNALS", "KILLED", "TOOK"]
    assert {tuple(line.split()[:5]) for line in done.lines[1:]} == {
        (i, "web1", "cancelled", "verified", "SIGTERM,") for i in ids}
    cancel = client.task(ids[17])["cancel"]
    assert cancel["name"] == "bulk" and cancel["reason"] is None and cancel["requests"] == 2


def test_cancel_of_all_that_fit_hears_ctrl_c():
    with Stub(lambda method, path: SILENCE) as server:
        nodelink = Command(server)
        for words in ((), ("--json",)):
            waiting = nodelink.start("cancel", "--agent", "web1", *words)
            server.wait(1 + len(words), "DELETE")
            waiting.send_signal(signal.SIGTERM)
            done = nodelink.end(waiting, timeout=10)
            assert done.status == 143 and "not known" in done.err


# ----------------------------------------------------------------------- drain

def test_drain_hears_ctrl_c_while_the_server_is_silent():
    drained = {"agent_id": "web1", "connected": True, "tasks": 1, "draining": {"since": ""}}

    def answer(method, path):
        if method == "POST" or path.startswith("/agents"):
            return 200, drained
        return SILENCE

    with Stub(answer) as server:
        nodelink = Command(server)
        waiting = nodelink.start("drain", "--wait", "web1")
        server.wait(2, "GET")
        waiting.send_signal(signal.SIGINT)
        done = nodelink.end(waiting, timeout=10)
    assert done.status == 130 and "no longer waiting" in done.err
