"""Agents inside an oracle, one for each rung of containment that this host has,
and the table of what survived on which."""

import contextlib
import datetime
import json
import os
import platform
import random
import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import Agent, until
from oracle import NoOracle, Oracle, describe

ROUNDS = int(os.environ.get("NODELINK_CONTAIN_ROUNDS", "5"))
RUNGS = ("cgroup2", "cgroup2-freeze", "cgroup1", "pidns", "subreaper", "group")
COMPLETE = RUNGS[:4]  # these promise that nothing survives
WIDTH = 5  # trials at a time in one agent
READY_S = 5  # then it is cancelled as it is

_helpers = os.environ.get("NODELINK_HELPERS") or os.path.join(
    os.environ.get("NODELINK_BUILD", ""), "tests/system/helpers")
ADVERSARY = os.path.join(_helpers, "adversary")


class Rung:
    """An agent that holds its tasks by exactly this means."""

    def __init__(self, name, system, server, oracle):
        self.name = name
        self.oracle = oracle
        self.client = server.client
        self.complete = name in COMPLETE
        self.id = f"agent-{name}"
        self.agent = system.agent(self.id, server, "--containment", name,
                                  wait=False, inside=oracle)
        until(self._has_come, f"the agent has {name} or says why not")
        self.own = set(self.agent.pids())
        self._idle = oracle.used() if oracle.bounds else 0

    def _has_come(self):
        if not self.client.is_agent_ready(self.id):
            for line in self.agent.lines:
                if "executor" in line and " after " in line or \
                        not self.agent.alive():
                    pytest.skip(f"no {self.name} here: {line}")
            return False
        executors = {self.agent.child("executor", plugin)
                     for plugin in ("shell", "countdown")}
        return None not in executors

    def survivors(self):
        """Whoever is there that is not the agent itself."""
        return self.oracle.members(self.own)

    def shell(self, cmd, **more):
        return self.client.shell(cmd, agent=self.id, **more)

    def settle(self):
        """For the next trial. No adversary may have hurt the agent; the dead
        count for the oracle's bound until somebody reaps them."""
        self.oracle.kill(self.own)
        assert set(self.agent.pids()) >= self.own, "the agent lost a program"
        until(lambda: not self.oracle.bounds or
              self.oracle.used() < self._idle + 8, "the dead are reaped")


def with_rung(name, system, server):
    """A fixture's body: nothing that was started in it outlives it."""
    try:
        oracle = Oracle()
    except NoOracle as why:
        pytest.skip(str(why))
    try:
        yield Rung(name, system, server, oracle)
        for program in system.programs:
            if isinstance(program, Agent):
                program.stop()
    finally:
        oracle.close()


@contextlib.contextmanager
def precedence():
    """Server and clients are on the same host here, and must get their turn
    among a thousand processes of a task; an agent sees to that by itself."""
    if os.geteuid() != 0:
        yield
        return
    os.setpriority(os.PRIO_PROCESS, 0, -10)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, 0)


def open_folder():
    """For files that every user must reach: pytest's folders are private."""
    folder = tempfile.mkdtemp(prefix="nodelink-contain.")
    os.chmod(folder, 0o755)
    return folder


class Trial:
    """One task cancelled at a random moment: status is the record's; ms is
    how long it took until that was said, when there was no grace; late says
    that DELETE did not wait for it; out and err are what the task said."""

    def __init__(self, rung, cmd, rng, ready="ready\n"):
        self.status = self.ms = None
        self.late = False
        self.out = self.err = ""
        self._rng = random.Random(rng.random())
        self._ready = ready
        self.rung = rung
        self.id = rung.shell(cmd, timeout=120, stop={"grace": "100ms"})

    def wait_ready(self):
        """False: it has ended before it said so, or it takes its time."""
        try:
            with self.rung.client.events(self.id, timeout=READY_S) as events:
                for event in events:
                    self.out += event.stdout
                    self.err += event.stderr
                    if self._ready in self.out:
                        return True
        except AssertionError:  # the deadline
            pass
        return False

    def cancel(self):
        client = self.rung.client
        if self._ready and self._rng.random() < 0.7:
            self.wait_ready()
        # The random moment is the test.
        time.sleep(self._rng.random() * (0.05 if self._ready else 0.5))
        grace = self._rng.choice(("0", "50ms"))
        start = time.monotonic()
        answer = client.cancel(self.id, grace=grace)
        assert answer.status in (200, 202, 400), answer
        self.late = answer.status == 202
        if self.late:
            client.end(self.id)
        took = (time.monotonic() - start) * 1000
        record = client.task(self.id)
        self.status = record["status"]
        if self.status == "cancelled":
            assert answer.status in (200, 202), answer
            if record["receipt"]:  # none: it never started
                assert record["receipt"]["survivors"] == 0
                assert record["receipt"]["containment"] == self.rung.name
            if grace == "0":
                self.ms = took
        else:  # it ended by itself, or was just about to
            assert self.status in ("completed", "failed"), record


def batch(rung, cmd, rng, n, ready="ready\n"):
    """Trials side by side. The oracle is asked right after the last answer,
    so that of each batch at least one cancel is judged at its very end."""
    trials = [Trial(rung, cmd, rng, ready) for _ in range(n)]
    with ThreadPoolExecutor(n) as pool:
        list(pool.map(Trial.cancel, trials))
    left = rung.survivors()
    said = describe(left) if left else ""
    rung.settle()
    return trials, left, said


class Table:
    """adversary x rung x trials x survivors x time, for people and programs."""

    def __init__(self):
        self.rows = []

    def add(self, adversary, rung, trials, with_survivors):
        times = sorted(t.ms for t in trials if t.ms is not None)

        def percentile(percent):
            return round(times[min(len(times) - 1, len(times) * percent // 100)],
                         2) if times else None
        self.rows.append({
            "adversary": adversary, "rung": rung.name, "trials": len(trials),
            "with_survivors": with_survivors,
            "late": sum(t.late for t in trials),
            "ended_by_themselves": sum(t.status != "cancelled" for t in trials),
            "cancel_p50_ms": percentile(50), "cancel_p99_ms": percentile(99)})

    def write(self, path):
        about = {"date": datetime.date.today().isoformat(),
                 "kernel": platform.release(), "cpus": os.cpu_count(),
                 "rows": self.rows}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(about, file, indent=1)
            file.write("\n")


def copy_setuid(folder):
    """Our helper, run by anyone as root; None where we are not."""
    if os.geteuid() != 0:
        return None
    path = os.path.join(folder, "setuid")
    shutil.copy(ADVERSARY, path)
    os.chmod(path, 0o4755)
    return path
