"""The measurements. Those of ROUNDS are made in every round, each together
with its raw limit; the others are made once. All return a flat dict."""

import json
import os
import resource
import subprocess
import tempfile
import time

from command import command
from docker import docker
from system import AGENT, Failed, Oracle, System, own_cgroup2


class Bench:
    """The instruments of a build tree, and how much of everything."""

    def __init__(self, build, quick):
        self.build = build
        self.adversary = os.path.join(build, "tests/system/helpers/adversary")
        self.tasks = 800 if quick else 3000
        self.singles = 100 if quick else 400
        self.cancels = 20 if quick else 60
        self.output = "32M" if quick else "256M"
        self.seq = 200000 if quick else 2000000
        self.containers = 5 if quick else 20
        self.watchers = 1000
        self.sleepers = 1000
        self.fleet = 500 if quick else 5000
        self.idle_seconds = 3 if quick else 20

    def tool(self, name):
        return os.path.join(self.build, "bench", name)

    def ask(self, name, *arguments):
        return self.ask_in(None, name, *arguments)

    def ask_in(self, oracle, name, *arguments):
        """Run an instrument; its line of JSON. Exit status 1 with a line
        is a finding, not a failure: the line says how many went wrong. With
        an oracle its processes are bounded, and gone at the end."""
        argv = [self.tool(name), *map(str, arguments)]
        run = subprocess.run(oracle.wrap(argv) if oracle else argv,
                             stdin=subprocess.DEVNULL, capture_output=True,
                             text=True, timeout=600, check=False)
        try:
            return json.loads(run.stdout)
        except ValueError:
            raise Failed(f"{name} {' '.join(map(str, arguments))}: "
                         f"{run.stderr.strip() or run.returncode}") from None

    def start(self, name, *arguments):
        return subprocess.Popen([self.tool(name), *map(str, arguments)],
                                stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)


def others_busy(seconds=0.5):
    """How much of the machine's CPU somebody else uses, in percent: figures
    taken beside other work say little."""
    def sample():
        with open("/proc/stat", encoding="ascii") as f:
            values = [int(v) for v in f.readline().split()[1:]]
        return sum(values[:8]), values[3] + values[4]
    total, idle_time = sample()
    time.sleep(seconds)
    total_after, idle_after = sample()
    passed = max(total_after - total, 1)
    return 100.0 * (1 - (idle_after - idle_time) / passed)


def wait_for_quiet(seconds, percent=8):
    """Wait until the machine is ours, at most so long; how busy it is."""
    deadline = time.monotonic() + seconds
    busy = others_busy()
    while busy > percent and time.monotonic() < deadline:
        busy = others_busy()
    return busy


# ------------------------------------------------------------ in every round

def tasks_per_second(bench, system):
    out = {}
    for name, shell, command in (("bash", "bash", "true"),
                                 ("sh", "sh", "true"),
                                 ("exec", "bash", "/bin/true")):
        raw = bench.ask("raw", "spawn", 2, bench.tasks, shell, "-c", command)
        cpu = system.cpu()
        own = resource.getrusage(resource.RUSAGE_CHILDREN)
        got = bench.ask("load", system.http, AGENT, 8, bench.tasks, shell,
                        command)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        out[f"{name}.per_second"] = got["per_second"]
        out[f"{name}.raw_per_second"] = raw["per_second"]
        out[f"{name}.ratio"] = got["per_second"] / raw["per_second"]
        out[f"{name}.failed"] = got["failed"]
        out[f"{name}.p50_ms"] = got["p50_ms"]
        out[f"{name}.p99_ms"] = got["p99_ms"]
        if name != "bash":
            continue
        # Where the time goes that raw loops do not need.
        for program, (seconds, _) in system.cpu().items():
            out[f"cpu_us_per_task.{program}"] = (
                (seconds - cpu[program][0]) / bench.tasks * 1e6)
        out["cpu_us_per_task.client"] = (
            (after.ru_utime + after.ru_stime - own.ru_utime - own.ru_stime)
            / bench.tasks * 1e6)
    # What the control group of each task costs.
    with System(bench.build, containment="group") as grouped:
        raw = bench.ask("raw", "spawn", 2, bench.tasks, "bash", "-c", "true")
        got = bench.ask("load", grouped.http, AGENT, 8, bench.tasks, "bash",
                        "true")
        out["bash.group_ratio"] = got["per_second"] / raw["per_second"]
        out["bash.group_failed"] = got["failed"]
    return out


def submit_to_final(bench, system):
    raw = bench.ask("raw", "spawn", 1, bench.singles, "bash", "-c", "true")
    got = bench.ask("load", system.http, AGENT, 1, bench.singles, "bash",
                    "true")
    return {
        "p50_ms": got["p50_ms"], "p99_ms": got["p99_ms"],
        "raw_p50_ms": raw["p50_ms"], "raw_p99_ms": raw["p99_ms"],
        "more_p50_ms": got["p50_ms"] - raw["p50_ms"],
        "more_p99_ms": got["p99_ms"] - raw["p99_ms"],
        "ratio": got["p50_ms"] / raw["p50_ms"],
        "failed": got["failed"],
    }


def cancel(bench, system):
    raw = bench.ask("raw", "kill", bench.cancels, "bash", "-c", "sleep 60")
    got = bench.ask("cancel", system.http, AGENT, bench.cancels, "sleep 60")
    return {
        "p50_ms": got["p50_ms"], "p99_ms": got["p99_ms"],
        "raw_p50_ms": raw["p50_ms"], "raw_p99_ms": raw["p99_ms"],
        "ratio": got["p50_ms"] / raw["p50_ms"], "alive": got["alive"],
    }


RUNGS = ("cgroup2", "cgroup2-freeze", "cgroup1", "pidns", "subreaper",
         "group")
ADVERSARIES = (("plain", "exec sleep 60"), ("tree", "tree"),
               ("daemon", "deaf-daemon"), ("comets", "comets"),
               ("bomb", "bomb"))


def contain(bench, _):
    """From the order to kill until nothing is left: the executor, on its best
    rung, against a bare program that writes cgroup.kill. And what each rung
    costs per task."""
    out = {}
    with Oracle() as oracle:
        for name, kind in ADVERSARIES:
            command = (f"echo ready; {kind}" if name == "plain" else
                       f"exec {bench.adversary} {kind} bench")
            if name == "bomb":
                oracle.bound(oracle.used() + 300)
            raw = bench.ask_in(oracle, "contain", "bare", own_cgroup2(),
                               bench.cancels, command)
            got = contained(bench, oracle, "auto", bench.cancels, command)
            for percent in ("p50_ms", "p99_ms"):
                out[f"{name}.{percent}"] = got[percent]
                out[f"{name}.raw_{percent}"] = raw[percent]
            out[f"{name}.p50_ratio"] = got["p50_ms"] / raw["p50_ms"]
            out[f"{name}.p99_ratio"] = got["p99_ms"] / raw["p99_ms"]
    for rung in RUNGS:
        try:
            contained(bench, None, rung, 1, "echo ready; exec sleep 60")
        except Failed:
            continue  # not on this machine
        with System(bench.build, containment=rung) as system:
            raw = bench.ask("raw", "spawn", 2, bench.tasks // 2, "bash", "-c",
                            "true")
            got = bench.ask("load", system.http, AGENT, 8, bench.tasks // 2,
                            "bash", "true")
            out[f"tasks.{rung}.per_second"] = got["per_second"]
            out[f"tasks.{rung}.ratio"] = got["per_second"] / raw["per_second"]
            out[f"tasks.{rung}.failed"] = got["failed"]
    return out


def contained(bench, oracle, rung, count, command):
    with tempfile.TemporaryDirectory(prefix="nodelink-bench.",
                                     dir="/dev/shm") as folder:
        return bench.ask_in(
            oracle, "contain", "node", folder,
            os.path.join(bench.build, "nodelink-executor"),
            os.path.join(bench.build, "plugins/.libs/shell.so"), rung, count,
            command)


def output(bench, system):
    """Bytes of a task through /output and through SSE, against a bare pipe.
    `lost` counts readings whose length or checksum is not the pipe's."""
    emit = bench.tool("emit")
    out = {"lost": 0}
    for name, command in (("lines", [emit, "lines", bench.output]),
                          ("blocks", [emit, "blocks", bench.output]),
                          ("seq", ["seq", "1", str(bench.seq)])):
        raw = bench.ask("raw", "pipe", *command)
        megabytes = raw["bytes"] / 1e6
        out[f"{name}.raw_mb_s"] = megabytes / raw["seconds"]
        for form in ("output", "sse"):
            got = bench.ask("watch", system.http, AGENT, 1, form,
                            " ".join(command))
            rate = megabytes / got["seconds"]
            out[f"{name}.{form}_mb_s"] = rate
            out[f"{name}.{form}_ratio"] = rate / out[f"{name}.raw_mb_s"]
            if (got["bytes"], got["sum"]) != (raw["bytes"], raw["sum"]) \
                    or not got["complete"]:
                out["lost"] += 1
    return out


def watchers(bench, system):
    emit = f"{bench.tool('emit')} lines 1M"
    raw = bench.ask("raw", "pipe", *emit.split())
    # one second for all of them to connect: they watch a running task
    got = bench.ask("watch", system.http, AGENT, bench.watchers, "sse",
                    "sleep 1; " + emit)
    whole = (got["complete"] if (got["bytes"], got["sum"]) ==
             (raw["bytes"], raw["sum"]) and got["same"] == bench.watchers
             else 0)
    return {"asked": bench.watchers, "complete": whole,
            "seconds": got["seconds"],
            "mb_s": got["wire_bytes"] / 1e6 / max(got["seconds"] - 1, 0.001)}


# ---------------------------------------------------------------------- once

def idle(bench, system):
    """Memory, CPU and wake-ups of a system that does nothing."""
    time.sleep(2)
    before, start = system.cpu(), time.monotonic()
    time.sleep(bench.idle_seconds)
    after, seconds = system.cpu(), time.monotonic() - start
    out = {"agent_three_rss_mb": 0.0, "agent_all_pss_mb": 0.0,
           "wakeups_all": 0.0}
    for name, (rss, pss) in system.memory().items():
        cpu = after[name][0] - before[name][0]
        wakeups = (after[name][1] - before[name][1]) / seconds
        out[f"{name}.rss_mb"] = rss / 1024
        out[f"{name}.pss_mb"] = pss / 1024
        out[f"{name}.cpu_ms_per_s"] = cpu / seconds * 1000
        out[f"{name}.wakeups_per_s"] = wakeups
        out["wakeups_all"] += wakeups
        if name in ("monitor", "uplink", "executor:shell"):
            out["agent_three_rss_mb"] += rss / 1024
        if name != "server":
            out["agent_all_pss_mb"] += pss / 1024
    return out


def sleeping(bench):
    """Growth of our programs' own memory by tasks that only sleep. In a fresh
    system: one that has worked has free memory that the tasks would fill."""
    with System(bench.build) as system:
        before = system.memory()
        with bench.start("hold", system.http, AGENT, bench.sleepers) as hold:
            line = hold.stdout.readline().strip()
            if line != "running":
                raise Failed(f"hold: {line or 'ended early'}")
            time.sleep(1)
            held = system.memory()
            hold.stdin.close()
            gone = hold.stdout.read().strip()
            hold.wait()
    out = {"tasks": bench.sleepers, "cancelled": int(gone or 0),
           "rss_kb_per_task": 0.0, "pss_kb_per_task": 0.0}
    for name, (rss, pss) in held.items():
        out[f"{name}.rss_kb_per_task"] = (
            (rss - before[name][0]) / bench.sleepers)
        out["rss_kb_per_task"] += out[f"{name}.rss_kb_per_task"]
        out["pss_kb_per_task"] += (pss - before[name][1]) / bench.sleepers
    return out


def fleet(bench):
    """Memory of a server per agent that is connected and idle."""
    with System(bench.build, agent=False) as system:
        time.sleep(1)
        before = system.memory()["server"][0]
        with bench.start("sim-agents", system.grpc, bench.fleet) as agents:
            line = agents.stdout.readline().strip()
            if not line.startswith("connected"):
                raise Failed(f"sim-agents: {line or 'ended early'}")
            time.sleep(1)
            seen = sum(1 for a in system.get("/agents")["agents"]
                       if a["connected"])
            after = system.memory()["server"][0]
            cpu, start = system.cpu()["server"], time.monotonic()
            time.sleep(bench.idle_seconds)
            end, seconds = system.cpu()["server"], time.monotonic() - start
            agents.stdin.close()
            lost = agents.stdout.read().strip()
            agents.wait()
    return {"agents": bench.fleet, "seen": seen,
            "connect_s": float(line.split()[2]),
            "lost": int(lost.split()[-1]) if lost else -1,
            "rss_mb": after / 1024,
            "kb_per_agent": (after - before) / bench.fleet,
            "cpu_ms_per_s": (end[0] - cpu[0]) / seconds * 1000,
            "wakeups_per_s": (end[1] - cpu[1]) / seconds}


def durable(bench, system):
    """Tasks that are only stored, and the replay of one that is only on disk,
    against rows that SQLite alone stores on the same file system."""
    folder = system.folder
    out = {}
    with System(bench.build) as own:
        made = bench.ask("watch", own.http, AGENT, 1, "sse",
                         f"{bench.tool('emit')} lines {bench.output}")
        task = own.get("/tasks")["tasks"][0]["task_id"]
        time.sleep(6)  # it stays in memory for 5 s
        raw = bench.ask("durable", "blobs", folder, made["bytes"])
        got = bench.ask("durable", "replay", own.http, task)
        out["replay_mb_s"] = got["mb_per_second"]
        out["replay_events_s"] = got["events_per_second"]
        out["replay_raw_mb_s"] = raw["mb_per_second"]
        out["replay_ratio"] = got["mb_per_second"] / raw["mb_per_second"]
        out["replay_lost"] = int(got["bytes"] != made["bytes"])
        own.agent.stop()
        for clients in (1, 64):
            raw = bench.ask("durable", "rows", folder, bench.tasks, clients)
            got = bench.ask("durable", "submit", own.http, AGENT, clients,
                            bench.tasks)
            out[f"submit_{clients}_s"] = got["per_second"]
            out[f"submit_{clients}_raw_s"] = raw["per_second"]
            out[f"submit_{clients}_ratio"] = (
                got["per_second"] / raw["per_second"])
            out[f"submit_{clients}.failed"] = got["failed"]
    return out


ROUNDS = {"tasks": tasks_per_second, "submit": submit_to_final,
          "command": command, "cancel": cancel, "contain": contain, "output": output,
          "watchers": watchers, "durable": durable}
ONCE = {"idle": idle}
FRESH = {"sleeping": sleeping, "fleet": fleet, "docker": docker}  # with systems of their own
