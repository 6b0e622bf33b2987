"""Tasks that try to outlive their cancellation, through the real system. The
judge is /proc: no process may have the task's mark in its command line. Every
run writes the table adversary x rung x survivors into pytest's folder."""

import json
import os
import random
import signal
import time
import uuid

import pytest

from harness import command, is_alive, until

ROUNDS = int(os.environ.get("NODELINK_CONTAIN_ROUNDS", "5"))
ADVERSARY = os.environ.get("NODELINK_ADVERSARY") or os.path.join(
    os.environ.get("NODELINK_BUILD", ""), "tests/unit/agent/adversary")

# kind: does the rung "group" promise to end it, too?
KINDS = {"plain": True, "deaf": True, "stopped": True, "daemon": False,
         "daemon-exit": False, "deaf-daemon": False, "clean-daemon": False,
         "nested": False, "comets": False}

pytestmark = pytest.mark.skipif(not os.access(ADVERSARY, os.X_OK),
                                reason="the adversary is not built")


def marked(mark):
    """Live processes with the mark: a zombie has no command line."""
    return [int(pid) for pid in os.listdir("/proc")
            if pid.isdigit() and mark in command(pid)]


def survivors(mark):
    """One that forks all the time can hide from one look."""
    found = set()
    for _ in range(3):
        found.update(marked(mark))
        time.sleep(0.01)
    return found


def end_all(mark):
    """What the weaker rung left must not disturb the next test. Comets end
    by themselves."""
    for _ in range(50):
        left = marked(mark)
        if not left:
            return
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rows = {}
    yield rows
    path = tmp_path_factory.getbasetemp() / "containment.json"
    path.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")


# Where the group holds nobody, some kinds would outlive the test itself.
PAIRS = [("cgroup2", kind) for kind in KINDS] + [
    ("group", kind) for kind in KINDS if kind not in ("comets", "nested")]
ON_CGROUP = pytest.mark.parametrize("rung", ["cgroup2"], indirect=True)


@pytest.fixture(scope="module")
def rung(request, module_system):
    """(name, client) of an agent with that containment."""
    server = module_system.server()
    agent = module_system.agent("agent1", server, "--containment", "auto"
                                if request.param == "cgroup2" else "group")
    task_id = server.client.shell("true")
    name = server.client.end(task_id)["containment"]
    if request.param == "cgroup2" and name != "cgroup2":
        pytest.skip("no control groups here:\n" + agent.log())
    return name, server.client


def cancel_at_random(client, kind, rng):
    """One task of that kind; the mark of those that should be gone."""
    mark = f"mark-{uuid.uuid4()}"
    task_id = client.shell(f"exec {ADVERSARY} {kind} {mark}", timeout=120,
                           stop={"grace": "200ms"})
    if rng.random() < 0.7:
        with client.events(task_id) as events:
            events.until_stdout("ready\n")
    time.sleep(rng.random() * 0.05)
    answer = client.cancel(task_id, grace=rng.choice(["0", "100ms", "1s"]))
    assert answer.status in (200, 400), answer  # 400: it has ended by itself
    record = client.task(task_id)
    assert record["status"] in ("cancelled", "completed"), record
    if record["status"] == "cancelled" and record["receipt"]:
        assert record["receipt"]["survivors"] == 0
    return mark


@pytest.mark.parametrize("rung, kind", PAIRS, indirect=["rung"])
def test_nothing_survives_a_cancel(rung, kind, table):
    name, client = rung
    rng = random.Random(kind + name)
    rounds = ROUNDS if name == "cgroup2" or KINDS[kind] else 2
    trials_with_survivors = 0
    for _ in range(rounds):
        mark = cancel_at_random(client, kind, rng)
        trials_with_survivors += bool(survivors(mark))
        end_all(mark)
    table.setdefault(kind, {})[name] = {
        "trials": rounds, "with_survivors": trials_with_survivors}
    if name == "cgroup2" or KINDS[kind]:
        assert trials_with_survivors == 0


@pytest.mark.parametrize("rung", ["cgroup2", "group"], indirect=True)
def test_strict_task_runs_only_where_nothing_can_leave(rung):
    name, client = rung
    record = client.end(client.shell("echo held", containment="strict"))
    assert record["strict_containment"] is True
    if name == "cgroup2":
        assert (record["status"], record["containment"]) == ("completed", "cgroup2")
    else:
        assert (record["status"], record["failure"]) == ("failed", "refused")
        assert "strict containment" in record["message"]


@ON_CGROUP
def test_daemon_after_a_natural_end_is_ended(rung):
    client = rung[1]
    mark = f"mark-{uuid.uuid4()}"
    task_id = client.shell(f"exec {ADVERSARY} daemon-exit {mark}")
    assert client.end(task_id)["status"] == "completed"
    assert not survivors(mark)


@ON_CGROUP
def test_killed_executor_leaves_no_daemon(rung, system):
    server = system.server()
    agent = system.agent("agent1", server)
    mark = f"mark-{uuid.uuid4()}"
    task_id = server.client.shell(f"exec {ADVERSARY} clean-daemon {mark}")
    with server.client.events(task_id) as events:
        events.until_stdout("ready\n")
        executor = agent.child("executor", "shell")
        os.kill(executor, signal.SIGKILL)
        assert events.rest()[-1].isFinal
    until(lambda: not is_alive(executor) and
          agent.child("executor", "shell") not in (None, executor), "a new executor")
    until(lambda: not marked(mark), "the daemon is gone")
    assert server.client.task(task_id)["failure"] == "executor_lost"


@ON_CGROUP
def test_agent_that_needs_control_groups_starts_with_them(rung, system):
    server = system.server()
    system.agent("agent1", server, "--containment", "cgroup2")
    record, out, _ = server.client.run("cat /proc/self/cgroup")
    assert record["containment"] == "cgroup2"
    assert record["task_id"] in out
