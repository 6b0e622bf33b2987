"""Signals, and a server that is away, while `nodelink` waits (issue 7, 1)."""

import os
import signal
import socket
import subprocess

import pytest

from command import NODELINK, Command, press
from harness import DEADLINE, children, until
from stub import SILENCE, Stub


@pytest.fixture(scope="module")
def host(module_system):
    module_system.main = module_system.server()
    module_system.agent("web1", module_system.main)
    return module_system


@pytest.fixture
def client(host):
    """Nothing is left of a test's tasks."""
    client = host.main.client
    yield client
    client.ok("DELETE", "/tasks?agent_id=web1&force=1")


@pytest.fixture
def nodelink(host):
    return Command(host.main)


def only(client):
    """The one task that is unfinished, once there is one that runs."""
    def find():
        tasks = client.ok("GET", "/tasks?status=in_progress")["tasks"]
        return tasks[0]["task_id"] if tasks else None
    return until(find, "a task runs")


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
    assert done.returncode in (3, 125) and "cannot write to stdout: Bad file" in done.stderr
    assert without(nodelink, ">&- 2>&-", *words).returncode in (3, 125)
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
