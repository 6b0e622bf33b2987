"""Tasks that try to outlive their cancellation, on every rung of containment
that this host can show. The judge is a control group around the agent, never
the product's word. Every run writes containment.json: NODELINK_CONTAIN_TABLE,
or pytest's folder. NODELINK_CONTAIN_ROUNDS batches of five, or trials of what
fills the machine."""

import os
import random
import shutil
import signal
import subprocess
import uuid

import pytest

from contain import (ADVERSARY, RUNGS, ROUNDS, WIDTH, Table, Trial, batch,
                     copy_setuid, open_folder, precedence, with_rung)
from harness import is_alive, until
from oracle import NoOracle, own_cgroup2

# kind: do the weak rungs promise to end it, too?
WEAK = {
    "subreaper": {"plain", "deaf", "stopped", "tree", "daemon", "daemon-exit",
                  "deaf-daemon", "clean-daemon", "pipe-holder", "heirs",
                  "sessions", "stopped-daemon", "zombies", "threads",
                  "headless", "vfork"},
    "group": {"plain", "deaf", "stopped", "tree", "headless"},
}
KINDS = ("plain", "deaf", "stopped", "stopped-daemon", "tree", "daemon",
         "daemon-exit", "deaf-daemon", "clean-daemon", "pipe-holder", "heirs",
         "sessions", "subreaper", "comet", "comets", "traced", "vfork",
         "zombies", "threads", "headless", "namespaces", "setuid", "nested",
         "nested-100", "leaver", "killer", "bomb-slow", "bomb")
ALONE = {"bomb", "bomb-slow", "zombies", "nested-100", "threads", "headless"}
BOMBS = ("bomb", "bomb-slow")
BOMB_PIDS = 256

pytestmark = pytest.mark.skipif(not os.access(ADVERSARY, os.X_OK),
                                reason="the adversary is not built")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    made = Table()
    yield made
    made.write(os.environ.get("NODELINK_CONTAIN_TABLE") or
               tmp_path_factory.getbasetemp() / "containment.json")


@pytest.fixture(scope="module")
def server(module_system):
    with precedence():
        yield module_system.server()


@pytest.fixture(scope="module", params=RUNGS)
def rung(request, module_system, server):
    yield from with_rung(request.param, module_system, server)


@pytest.fixture(scope="module")
def folder():
    made = open_folder()
    yield made
    shutil.rmtree(made)


def command_of(kind, folder):
    words = [ADVERSARY, kind, f"mark-{uuid.uuid4()}"]
    if kind == "setuid":
        words.append(copy_setuid(folder) or pytest.skip("needs root"))
    return "exec " + " ".join(words)


def show(rung, kind, command):
    """Once with care: that the adversary does what it is for."""
    trial = Trial(rung, command, random.Random(0))
    is_ready = trial.wait_ready()
    alive = rung.survivors()
    trial.cancel()
    rung.settle()
    if "cannot" in trial.err or "no bound" in trial.err:
        pytest.skip(trial.err.strip())
    assert "left\n" not in trial.out, "it has left its control group"
    # A daemon whose leader exits may be ended before it says a word, and a
    # bomb leaves itself no time to speak.
    assert alive and (is_ready or kind in BOMBS) or trial.status == "completed", \
        f"{kind} does nothing: {trial.out!r} {trial.err!r}"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_survives_a_cancel(rung, kind, table, folder):
    rng = random.Random(kind + rung.name)
    command = command_of(kind, folder)
    if kind in BOMBS:
        rung.oracle.bound(rung.oracle.used() + BOMB_PIDS)
    show(rung, kind, command)
    trials, with_survivors, said = [], 0, ""
    for _ in range(ROUNDS if kind in ALONE else max(1, ROUNDS // WIDTH)):
        if kind in BOMBS:
            rung.oracle.bound(rung.oracle.used() + BOMB_PIDS)
        more, left, words = batch(rung, command, rng, 1 if kind in ALONE else WIDTH)
        trials += more
        with_survivors += min(len(left), len(more))
        said = said or words
    table.add(kind, rung, trials, with_survivors)
    if rung.complete or kind in WEAK[rung.name]:
        assert with_survivors == 0, said


def test_strict_task_runs_only_where_nothing_can_leave(rung):
    answer = rung.client.call("POST", "/tasks/shell", {
        "agent_id": rung.id, "cmd": "echo held", "containment": "strict"})
    if not rung.complete:  # the server knows it from the agent's inventory
        assert answer.status == 400, answer
        assert "not complete" in answer.json["error"]
        return
    record = rung.client.end(answer.json["task_id"])
    assert record["strict_containment"] is True
    assert (record["status"], record["containment"]) == ("completed", rung.name)


@pytest.mark.parametrize("kind", ["daemon-exit", "pipe-holder"])
def test_daemon_after_a_natural_end_is_ended(rung, kind, folder):
    if not rung.complete:
        pytest.skip(f"{rung.name} does not promise it")
    record = rung.client.end(rung.shell(command_of(kind, folder)))
    assert record["status"] == "completed"
    assert not rung.survivors()


def test_a_reused_number_is_not_killed(rung, folder):
    """The leader is dead and reaped, and somebody else has its number when
    the rest of its task is killed."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    task_id = rung.shell(command_of("daemon-exit", folder), orphans="wait")
    with rung.client.events(task_id) as events:
        events.until_stdout("ready\n")
    leader = rung.client.task(task_id)["pid"]
    until(lambda: not os.path.exists(f"/proc/{leader}"), "the leader is reaped")
    with subprocess.Popen([ADVERSARY, "reuse", str(leader)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as innocent:
        if not innocent.stdout.readline():
            pytest.skip(innocent.stderr.read())
        try:
            answer = rung.client.cancel(task_id, force=1)
            if rung.name == "group":  # the daemon has left it: it is over
                assert answer.status == 400, answer
            else:  # its daemon was waited for
                assert answer.status == 200, answer
                assert answer.json["status"] == "cancelled"
            assert is_alive(leader), "somebody else's process was killed"
            assert not rung.complete or not rung.survivors()
        finally:
            os.kill(leader, signal.SIGKILL)
    rung.settle()


@pytest.mark.parametrize("rung", RUNGS[:4], indirect=True)
def test_killed_executor_leaves_no_daemon(rung, folder):
    """Last of its rung: the executor is another one then."""
    task_id = rung.shell(command_of("clean-daemon", folder))
    with rung.client.events(task_id) as events:
        events.until_stdout("ready\n")
        executor = rung.agent.child("executor", "shell")
        os.kill(executor, signal.SIGKILL)
        assert events.rest()[-1].isFinal
    until(lambda: not is_alive(executor) and rung.agent.child(
        "executor", "shell") not in (None, executor), "a new executor")
    rung.own = set(rung.agent.pids())
    until(lambda: not rung.survivors(), "the daemon is gone")
    assert rung.client.task(task_id)["failure"] == "executor_lost"


def test_agent_in_a_leaf_makes_its_groups_beside_it(system):
    """As systemd starts it with DelegateSubgroup=nodelink-agent: controllers can
    only be enabled in a group without processes."""
    try:
        parent = f"{own_cgroup2()}/nodelink-test-{os.getpid()}"
        os.makedirs(f"{parent}/nodelink-agent")
    except (NoOracle, OSError) as error:
        pytest.skip(f"cannot make a control group: {error}")

    class Leaf:
        @staticmethod
        def wrap(argv):
            return ["/bin/sh", "-c", 'echo 0 >"$0" && exec "$@"',
                    f"{parent}/nodelink-agent/cgroup.procs", *argv]
    try:
        server = system.server()
        agent = system.agent("agent1", server, "--containment", "cgroup2", inside=Leaf)
        _, out, _ = server.client.run("cat /proc/self/cgroup")
        group = [line for line in out.splitlines() if line.startswith("0::")][0]
        assert f"/nodelink-test-{os.getpid()}/nodelink-agent1-shell-" in group
        with open(f"{parent}/cgroup.procs", encoding="ascii") as file:
            assert file.read() == ""
        assert agent.stop() == 0
    finally:
        for folder, _, _ in os.walk(parent, topdown=False):
            until(lambda: _gone(folder), f"{folder} is empty")


def _gone(folder):
    try:
        os.rmdir(folder)
    except OSError:
        return False
    return True
