"""The network between server and agents is cut, or one of the programs stands
still, while tasks print, end, are cancelled and are created (SEMANTICS 6). Every
node suffers in a way of its own, all at the same time."""

import hashlib
import time
from collections import namedtuple

import pytest

from harness import is_alive, of_task, until
from netns import NoNetns, Star

SHORT_S = 2.0
LOST_AFTER_S = 2.0
NOTICED_S = 15.0  # 4 s: a ping, its answer and lost_after; on a busy machine
PAD = "." * 500

# What befalls a node. deaf: no word gets to its executor; mute: none to the
# server; lost: the server takes the agent for lost after a while; closed: it
# sees at once that the connection has ended.
Fault = namedtuple("Fault", "name strike deaf mute lost closed", defaults=[False])
FAULTS = [
    Fault("dropped both ways", lambda node: node.cable.cut(), True, True, True),
    Fault("dropped on the way to the agent", lambda node: node.cable.deafen_agent(),
          True, False, True),
    Fault("dropped on the way to the server", lambda node: node.cable.deafen_server(),
          False, True, True),
    Fault("reset", lambda node: node.cable.reset(), True, True, True, True),
    Fault("link down", lambda node: node.cable.down(), True, True, True),
    Fault("uplink stopped", lambda node: node.stop("uplink"), True, True, True),
    Fault("executor stopped", lambda node: node.stop("executor", "shell"),
          True, True, False),
    Fault("monitor stopped", lambda node: node.star.stop(node.agent.pid),
          False, False, False),
]


@pytest.fixture
def star(system):
    try:
        made = Star(system)
    except NoNetns as error:
        pytest.skip(f"network namespaces cannot be made: {error}")
    yield made
    try:
        made.heal()
        system.stop()
    finally:
        made.close()


def lines(number):
    return "".join(f"{n} {PAD}\n" for n in range(1, number + 1)).encode()


class Node:
    """An agent with a task that prints until it may end, one that ends during
    the fault, one that is cancelled and one that is created then."""

    def __init__(self, star, server, cable, fault):
        self.star = star
        self.cable = cable
        self.fault = fault
        self.client = server.client
        self.agent = star.agent(cable, server)

    def _path(self, name):
        return self.star.system.path(f"{name}.{self.agent.id}")

    def _shell(self, cmd):
        return self.client.shell(
            f"echo $NODELINK_TASK >>{self._path('starts')}; {cmd}",
            agent=self.agent.id, timeout=0, stop={"grace": "1s"})

    def start(self):
        self.client.agent_ready(self.agent.id)
        self.printing = self._shell(
            f"until [ -e {self._path('go')} ]; do i=$((i+1)); echo $i {PAD}; "
            f"sleep 0.05; done; echo $i >{self._path('count')}")
        self.ending = self._shell(
            f"echo on; until [ -e {self._path('end')} ]; do sleep 0.05; done; "
            "echo off; exit 7")
        self.doomed = self._shell("echo on; exec sleep 1000")
        for task_id in (self.printing, self.ending, self.doomed):
            with self.client.events(task_id) as events:
                next(event for event in events if event.stdout)
        self.tasks = [self.printing, self.ending, self.doomed]

    def stop(self, *part):
        self.star.stop(self.agent.child(*part))

    def create(self):
        self.created = self._shell("echo new")
        self.tasks.append(self.created)

    def cancel(self):
        answer = self.client.cancel(self.doomed, wait=0)
        assert answer.status == 202, (self.fault, answer)

    def end(self):
        """The one that ends during the fault."""
        leader = self.client.task(self.ending)["pid"]
        self.star.system.path(f"end.{self.agent.id}", "")
        until(lambda: not is_alive(leader), f"the task has ended: {self.fault}")

    def go(self):
        self.star.system.path(f"go.{self.agent.id}", "")

    def printed(self):
        """By the task that prints, to the end."""
        with open(self._path("count"), encoding="ascii") as file:
            return lines(int(file.read()))

    def final(self, task_id):
        """The record of a task with exactly one final event."""
        record = self.client.end(task_id)
        assert not of_task(task_id), (self.fault, record)
        return record

    def check_bites(self):
        """That the fault is one."""
        until(lambda: self.fault.closed != self.client.agents()[self.agent.id]["connected"],
              f"the server sees of the connection what it can: {self.fault}")
        if self.fault.deaf:
            assert of_task(self.doomed), self.fault
        else:
            until(lambda: not of_task(self.doomed), f"it is cancelled: {self.fault}")
        if self.fault.mute:
            for task_id in (self.ending, self.doomed):
                assert self.client.task(task_id)["status"] == "in_progress", self.fault

    def check_starts(self):
        with open(self._path("starts"), encoding="ascii") as file:
            starts = file.read().split()
        assert len(set(starts)) == len(starts), f"started twice: {self.fault}"
        assert set(self.tasks) - {self.created} <= set(starts) <= set(self.tasks)
        return starts

    def check_whole(self):
        """As if nothing had been."""
        record = self.final(self.printing)
        out = self.client.output(self.printing)
        assert record["status"] == "completed", (self.fault, record)
        assert out == self.printed(), (self.fault, len(out))
        assert record["output"]["stdout_sha256"] == hashlib.sha256(out).hexdigest()
        record = self.final(self.ending)
        assert (record["status"], record.get("exit_code")) == ("failed", 7), (self.fault, record)
        assert self.client.output(self.ending) == b"on\noff\n", self.fault
        record = self.final(self.doomed)
        assert record["status"] == "cancelled", (self.fault, record)
        assert record["receipt"]["survivors"] == 0 and record["cancel"]["code"] == 100
        record = self.final(self.created)
        assert record["status"] == "completed", (self.fault, record)
        assert self.client.output(self.created) == b"new\n", self.fault
        assert self.created in self.check_starts()

    def check_lost(self, verdicts):
        """The agent is back, and nothing of what was lost runs or is changed by
        what it knows."""
        self.client.agent_ready(self.agent.id)
        until(lambda: not any(of_task(t) for t in self.tasks),
              f"the returning agent ends the lost tasks: {self.fault}")
        record = self.final(self.created)
        assert record["status"] == "completed" or record["failure"] == "agent_lost"
        assert record["status"] != "completed" or self.created in self.check_starts()
        self.check_starts()
        assert self.client.run("echo well", agent=self.agent.id)[1] == "well\n"
        for task_id, verdict in verdicts.items():
            assert self.final(task_id) == verdict, self.fault

    def verdicts(self):
        """What the server says of the tasks of an agent that it has lost."""
        found = {t: self.client.end(t) for t in (self.printing, self.ending, self.doomed)}
        for task_id, record in found.items():
            known = task_id == self.ending and record.get("exit_code") == 7
            assert record["failure"] == "agent_lost" or known and not self.fault.mute, (
                self.fault, record)
        assert found[self.doomed]["cancel"]["phase"] == "undeliverable", (
            self.fault, found[self.doomed])
        out = self.client.output(self.printing)
        assert lines(len(out) // len(PAD) + 1).startswith(out), self.fault
        return found


def suffer(star, *options):
    """Nodes, each under its fault, with everything asked that can be asked."""
    while len(star.cables) < len(FAULTS):
        star.cable()
    server = star.server(*options)
    nodes = [Node(star, server, cable, fault) for cable, fault in zip(star.cables, FAULTS)]
    for node in nodes:
        node.start()
    for node in nodes:
        node.fault.strike(node)
    for node in nodes:
        node.create()
        node.cancel()
    for node in nodes:
        node.end()
    return nodes


def lasts(seconds):
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end, "time passes")


def test_nothing_is_lost_when_a_fault_is_short(star):
    nodes = suffer(star)
    lasts(SHORT_S)
    for node in nodes:
        node.check_bites()
    star.heal()
    for node in nodes:
        node.go()
    for node in nodes:
        node.check_whole()


def test_tasks_of_an_agent_that_is_cut_off_for_longer_are_lost_and_ended(star):
    nodes = suffer(star, "--lost-after", f"{LOST_AFTER_S}s")
    began = time.monotonic()
    verdicts = {node: node.verdicts() for node in nodes if node.fault.lost}
    assert time.monotonic() - began < NOTICED_S, "silence is noticed too late"
    assert all(of_task(node.printing) for node in nodes)
    star.heal()
    for node in nodes:
        if node.fault.lost:
            node.check_lost(verdicts[node])
        else:  # the server has heard of these all the time
            node.go()
            node.check_whole()


def test_server_that_stood_still_for_longer_loses_nobody(star):
    server = star.server("--lost-after", f"{LOST_AFTER_S}s")
    node = Node(star, server, star.cables[0], None)
    node.start()
    asked = server.client.connect()
    star.stop(server.pid)
    asked.request("DELETE", f"/tasks/{node.doomed}?wait=0", headers=server.client.headers)
    lasts(2 * LOST_AFTER_S)
    star.heal()
    assert asked.getresponse().status in (200, 202)
    asked.close()
    node.create()
    node.end()
    node.go()
    node.check_whole()
