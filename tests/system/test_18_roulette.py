"""SIGKILL at random moments to every program of the system while tasks start,
print, end and are cancelled (SEMANTICS 6). Afterwards every task has exactly one
legal verdict, none was started twice, no byte is missing, nothing survives.

NODELINK_ROULETTE_ROUNDS kills (200); NODELINK_ROULETTE_SEED to repeat one."""

import http.client
import json
import os
import random
import signal
import threading
import time
import uuid
from datetime import datetime

from harness import command, descriptors, of_task, status_number, until

ROUNDS = int(os.environ.get("NODELINK_ROULETTE_ROUNDS", "200"))
SEED = os.environ.get("NODELINK_ROULETTE_SEED") or str(uuid.uuid4())
AT_ONCE = 8
PATIENCE = 120.0
FINAL = ("completed", "failed", "cancelled")

# what it runs, what it prints when nobody disturbs it
KINDS = {
    "short": ("seq 1 200", "".join(f"{n}\n" for n in range(1, 201))),
    "slow": ("for i in $(seq 1 40); do echo $i; sleep 0.01; done",
             "".join(f"{n}\n" for n in range(1, 41))),
    "loud": ("seq 1 200000", "".join(f"{n}\n" for n in range(1, 200001))),
    "endless": ("echo on; exec sleep 1000", "on\n"),
}


def ms(text):
    """Of the API's times."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000


class Victims:
    """Server and agent that die and come back at the same addresses."""

    def __init__(self, system):
        self.system = system
        self.store = system.path("store")
        self.server = system.server(store=self.store)
        self.agent = system.agent("agent1", self.server)
        self.client = self.server.client
        self.killed = []  # (wall ms, what)

    def _server(self):
        old = self.server
        old.kill()
        self.server = self.system.server(store=self.store, http=old.http,
                                         grpc=old.grpc)

    def _monitor(self):
        old = self.agent
        old.kill()
        self.agent = self.system.agent("agent1", self.server, folder=old.folder, wait=False)

    def _part(self, program):
        """Not by parent: an executor may have outlived its monitor."""
        for pid in os.listdir("/proc"):
            words = command(pid) if pid.isdigit() else []
            if words and words[0].endswith(program) and any(
                    self.agent.folder in word for word in words) and (
                        program == "uplink" or any("shell" in word for word in words)):
                return int(pid)
        return None

    def kill(self, what):
        self.killed.append((time.time() * 1000, what))
        if what in ("server", "monitor"):
            getattr(self, f"_{what}")()
        else:
            pid = self._part(what)
            if pid:  # else it is on its way
                os.kill(pid, signal.SIGKILL)

    def executor_died(self, task):
        """Within the life of the task, as far as clocks of one host say."""
        return any(what == "executor" and ms(task["created_at"]) - 1000 <= at
                   <= ms(task["finished_at"]) + 1000 for at, what in self.killed)


class Players(threading.Thread):
    """Keeps some tasks going; repeats whatever the server did not answer."""

    def __init__(self, victims, folder, rng):
        super().__init__(daemon=True)
        self.victims = victims
        self.starts = f"{folder}/starts"
        self.rng = rng
        self.tasks = {}  # id: kind
        self.cancelled = set()
        self.trouble = []
        self.over = threading.Event()

    def again(self, call):
        end = time.monotonic() + PATIENCE
        while True:
            try:
                answer = call()
                if answer.status not in (429, 503):
                    return answer
            except (OSError, http.client.HTTPException):
                pass  # it is dead just now
            assert time.monotonic() < end, "the server does not come back"
            time.sleep(0.01)

    def start_one(self):
        kind = self.rng.choice(list(KINDS))
        key = str(uuid.uuid4())
        body = {"agent_id": "agent1", "stop": {"grace": "500ms"}, "timeout": 0,
                "cmd": f"echo $NODELINK_TASK >> {self.starts}; {KINDS[kind][0]}"}
        answer = self.again(lambda: self.victims.client.call(
            "POST", "/tasks/shell", body, {"Idempotency-Key": key}, timeout=10))
        assert answer.status == 200, answer
        self.tasks[answer.json["task_id"]] = kind

    def cancel_one(self, task_id):
        answer = self.again(lambda: self.victims.client.call(
            "DELETE", f"/tasks/{task_id}?wait=0&grace=" + self.rng.choice(["0", "100ms"]),
            timeout=10))
        assert answer.status in (200, 202, 400), answer
        self.cancelled.add(task_id)

    def status(self, task_id):
        answer = self.again(lambda: self.victims.client.call(
            "GET", f"/tasks/{task_id}", timeout=10))
        assert answer.status == 200, (task_id, answer)
        return answer.json["status"]

    def play(self):
        live = []
        while not self.over.is_set():
            live = [t for t in live if self.status(t) not in FINAL]
            while len(live) < AT_ONCE:
                before = set(self.tasks)
                self.start_one()
                live += set(self.tasks) - before
            for task_id in live:
                chance = 0.3 if self.tasks[task_id] == "endless" else 0.05
                if self.rng.random() < chance:
                    self.cancel_one(task_id)
        for task_id in live:
            if self.tasks[task_id] == "endless":
                self.cancel_one(task_id)

    def run(self):
        try:
            self.play()
        except Exception as error:  # for the test to raise
            self.trouble.append(error)


def check(victims, players, task_id, starts):
    """One verdict, which is possible, and the evidence agrees."""
    client = victims.client
    record = client.task(task_id)
    expected = KINDS[players.tasks[task_id]][1]
    printed = client.output(task_id).decode()
    with client.events(task_id) as events:
        final = events.final()  # exactly one, the last
    assert starts.count(task_id) <= 1, f"{task_id} was started twice"
    assert expected.startswith(printed), f"{task_id}: other bytes than were printed"
    assert of_task(task_id) == [], f"{task_id} is {record['status']} and runs"
    if record["status"] == "completed":
        assert printed == expected and starts.count(task_id) == 1, record
        assert final.status == "COMPLETED" and not final.cancelled
    elif record["status"] == "cancelled":
        assert task_id in players.cancelled and final.cancelled, record
        assert not record["receipt"] or record["receipt"]["survivors"] == 0
    else:
        told = json.dumps(record, indent=1)
        assert record["failure"] == "executor_lost", told
        assert victims.executor_died(record), (told, victims.killed)
    return record["status"]


def test_no_kill_loses_doubles_or_leaves_anything(system):
    rng = random.Random(SEED)
    victims = Victims(system)
    players = Players(victims, system.folder, random.Random(rng.random()))
    players.start()
    for _ in range(ROUNDS):
        time.sleep(rng.random() * 0.15)
        victims.kill(rng.choice(["server", "monitor", "uplink", "executor"]))
        assert not players.trouble, (SEED, players.trouble)
    players.over.set()
    players.join(PATIENCE)
    assert not players.is_alive() and not players.trouble, (SEED, players.trouble)
    until(lambda: all(players.status(t) in FINAL for t in players.tasks),
          f"every task has ended (seed {SEED})", PATIENCE, 0.2)
    with open(players.starts, encoding="ascii") as file:
        starts = file.read().split()
    seen = [check(victims, players, task_id, starts) for task_id in players.tasks]
    assert seen.count("completed") and seen.count("cancelled"), (SEED, seen)
    victims.client.agent_ready("agent1")
    assert victims.client.run("echo well")[1] == "well\n"
    for pid in (victims.server.pid, *victims.agent.pids()):
        assert descriptors(pid) < 100
        if "NODELINK_SANITIZED" not in os.environ:  # they keep what is freed
            assert status_number(pid, "VmRSS") < 200 << 10  # KB
