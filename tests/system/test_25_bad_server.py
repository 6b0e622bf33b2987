"""A server that somebody has taken over asks a node for whatever it likes: the
node does what its settings allow, says which of them it was, and goes on."""

import json
import os
import random
import shutil
import tempfile

import pytest

pytest.importorskip("grpc", reason="python3-grpcio is not installed")

from agents import pb  # noqa: E402
from conftest import System  # noqa: E402
from harness import is_alive, status_number, until  # noqa: E402
from servers import FakeServer  # noqa: E402

ROOT = os.geteuid() == 0
HUGE = (1 << 63) - 1
FLOOD = 3000

SETTINGS = """
[tasks]
directories = /usr
max_timeout = 10m
seccomp = {profile}
seccomp_required = yes
hooks = no
[limits]
max_pids = 200
max_memory = 1G
max_cpu = 2
max_open_files = 512
max_file_size = 1G
[plugin docker]
socket = {folder}/no-engine.sock
images = busybox
networks = none
users = 1000
mounts = /srv/data:ro
memory = 1G
cpus = 2
pids = 100
"""


class Node:
    """One agent of a bad server; a mark is made by tasks that must not run."""

    def __init__(self, system, server):
        self.server = server
        marks = system.path("marks")
        os.mkdir(marks)
        os.chmod(marks, 0o777)  # so that tasks, which are nobody's, could
        self.mark = f"{marks}/ran"
        profile = system.path("profile.json", json.dumps({
            "defaultAction": "SCMP_ACT_ALLOW",
            "syscalls": [{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO"}]}))
        settings = system.path("agent.conf", SETTINGS.format(
            profile=profile, folder=system.folder))
        self.agent = system.agent("node", None, "--config", settings, "--max-grace=2s",
                                  grpc=server.address, wait=False, user=None)
        server.wait_agent("shell", "docker", "countdown")
        self.programs = self.pids()
        self._tasks = 0

    def pids(self):
        return {name: self.agent.child(*name) for name in
                (("nodelink-uplink",), ("executor", "shell"), ("executor", "docker"))}

    def memory(self):
        """Of uplink and executors, in kB."""
        return sum(status_number(pid, "VmRSS") for pid in self.pids().values())

    def touch(self):
        return f"touch {self.mark}"

    def check(self):
        """It lives, ran nothing that it must not, and runs a fair task."""
        self._tasks += 1
        fair = f"fair-{self._tasks}"
        self.server.start(fair, "echo fair")
        result = self.server.result(fair)
        assert (result.outcome, result.code, result.stdout_bytes) == (pb.EXITED, 0, 5), result
        assert not os.path.exists(self.mark)
        assert self.agent.alive() and self.pids() == self.programs, self.agent.log()


@pytest.fixture(name="node", scope="module")
def fixture_node():
    # every user can pass through: as root, tasks are nobody's
    folder = tempfile.mkdtemp(prefix="nl-bad-", dir="/tmp")
    os.chmod(folder, 0o755)
    made = System(folder)
    with FakeServer() as server:
        try:
            yield Node(made, server)
        finally:
            made.stop()
    shutil.rmtree(folder)


def refused(node, task_id, rule):
    result = node.server.result(task_id)
    assert (result.outcome, result.failure, result.rule) == (pb.NOT_STARTED, "refused", rule), result
    assert [m for m in node.server.about(task_id) if m.HasField("started")] == []


@pytest.mark.parametrize("name, asked, rule", [
    ("root", {"options": {"user": "root"}}, "tasks.allow_users"),
    ("seeds-root", {"user": "root"}, "tasks.allow_users"),
    ("uid", {"options": {"user": "0"}}, "tasks.allow_users"),
    ("daemon", {"options": {"user": "daemon"}}, "tasks.allow_users"),
    ("path-user", {"options": {"user": "../root"}}, "tasks.allow_users"),
    ("cwd", {"cwd": "/etc"}, "tasks.directories"),
    ("cwd-up", {"cwd": "/usr/../root"}, "tasks.directories"),
    ("timeout", {"options": {"timeout_ms": HUGE}}, "tasks.max_timeout"),
    ("cleanup", {"options": {"cleanup": [{"cmd": "id"}]}}, "tasks.hooks"),
    ("pre-stop", {"options": {"pre_stop": {"cmd": "id"}}}, "tasks.hooks"),
    ("no-filter", {"options": {"seccomp": "none"}}, "tasks.seccomp_required"),
    ("pids", {"options": {"limits": {"pids": HUGE}}}, "limits.max_pids"),
    ("memory", {"options": {"limits": {"memory": (1 << 64) - 1}}}, "limits.max_memory"),
    ("cpu", {"options": {"limits": {"cpu_milli": 0xffffffff}}}, "limits.max_cpu"),
    ("files", {"options": {"limits": {"open_files": 513}}}, "limits.max_open_files"),
    ("size", {"options": {"limits": {"file_size": HUGE}}}, "limits.max_file_size"),
])
def test_no_task_is_more_than_the_node_allows(node, name, asked, rule):
    node.server.start(f"no-{name}", node.touch(), **asked)
    refused(node, f"no-{name}", rule)
    node.check()


@pytest.mark.parametrize("name, asked, rule", [
    ("image", {"image": "alpine"}, "docker.images"),
    ("image-2", {"image": "../busybox"}, "docker.images"),
    ("socket", {"mounts": "/var/run/docker.sock:/s"}, "docker.mounts"),
    ("socket-2", {"mounts": "/run/docker.sock:/s:ro"}, "docker.mounts"),
    ("run", {"mounts": "/var/run:/x:ro"}, "docker.mounts"),
    ("host", {"mounts": "/:/host"}, "docker.mounts"),
    ("write", {"mounts": "/srv/data:/x"}, "docker.mounts"),
    ("up", {"mounts": "/srv/data/../../etc:/x:ro"}, "docker.mounts"),
    ("network", {"network": "host"}, "docker.networks"),
    ("others", {"network": "container:other"}, "docker.networks"),
    ("user", {"user": "root"}, "docker.users"),
    ("memory", {"memory": "1025M"}, "docker.memory"),
    ("cpus", {"cpus": "64"}, "docker.cpus"),
    ("pids", {"pids": "101"}, "docker.pids"),
    ("cleanup", {"options": {"cleanup": [{"cmd": "id"}]}}, "tasks.hooks"),
    ("pre-stop", {"options": {"pre_stop": {"cmd": "id"}}}, "tasks.hooks"),
    # there are no parameters for these at all
    ("privileged", {"privileged": "yes"}, ""),
    ("caps", {"cap_add": "SYS_ADMIN"}, ""),
    ("pid-ns", {"pid_mode": "host"}, ""),
    ("label", {"container_labels": "nodelink.agent=other"}, ""),
])
def test_no_container_is_more_than_the_node_allows(node, name, asked, rule):
    node.server.start_docker(f"d-{name}", **asked)
    refused(node, f"d-{name}", rule)
    node.check()


def test_a_plugin_is_one_that_the_node_has_loaded(node):
    for plugin in ("sh", "executor", "a" * 32):
        node.server.start(f"p-{plugin}", node.touch(), plugin=plugin)
        refused(node, f"p-{plugin}", "agent.plugins")
    node.check()


@pytest.mark.parametrize("plugin", [
    "../../../../bin/ls", "/bin/sh", "shell.so", "shell/../shell", "SHELL", "", "-", "a" * 200,
    "sh\nell", "shell\u202e"])
def test_a_plugin_is_no_path(node, plugin):
    # where only `plugin` says whose it is
    node.server.say(task_id="path", plugin=plugin,
                    plugin_task={"params": [{"name": "cmd", "values": [node.touch()]}]})
    node.check()
    assert node.server.about("path") == []


@pytest.mark.parametrize("task_id", [
    "../../etc/x", "a/b", "/tmp/x", "..", "", "x" * 65, "a b", "a\nb", "\0a", "UPPER", "é", "a;b",
    "\x1b[2J"])
def test_an_id_is_no_path(node, task_id):
    before = sorted(os.listdir(node.agent.folder))
    node.server.start(task_id, node.touch())
    node.server.cancel(task_id)
    node.server.say(task_id=task_id, plugin="shell", ack={"seq": 1, "final": True})
    node.check()
    assert node.server.about(task_id) == [] or task_id == ""
    assert sorted(os.listdir(node.agent.folder)) == before


def test_the_mark_would_be_seen(node):
    """That of a task that must not run: else half of this file could not fail."""
    node.server.start("mark", node.touch())
    node.server.result("mark")
    os.unlink(node.mark)


def test_it_speaks_for_no_other_agent(node):
    node.server.say(agent_id="other", task_id="others", plugin="shell",
                    shell_execute={"cmd": node.touch()})
    node.check()
    assert node.server.about("others") == []


def test_what_is_for_another_executor_is_not_done(node):
    """One that has died, say, and that alone knows what became of the task."""
    node.server.say(task_id="anothers", plugin="shell", instance="the-one-before",
                    shell_execute={"cmd": node.touch()})
    node.server.say(task_id="anothers-2", plugin="shell", instance="the-one-before",
                    task_cancel={"grace_ms": 0})
    node.check()
    assert node.server.about("anothers") == node.server.about("anothers-2") == []
    node.server.start("anothers-2")  # no tombstone either
    assert node.server.result("anothers-2").outcome == pb.EXITED


def test_a_task_is_started_once(node):
    for _ in range(5):
        node.server.start("twice", "echo once; sleep 1000")
    node.server.wait(lambda m: m.task_id == "twice" and m.shell_execute.stdout, "output")
    node.server.start("twice", node.touch())
    node.server.cancel("twice")
    assert node.server.end("twice").cancelled
    said = node.server.about("twice")
    assert b"".join(m.shell_execute.stdout for m in said) == b"once\n"
    assert [m.seq for m in said] == list(range(1, len(said) + 1))
    node.check()


def test_an_order_that_makes_no_sense_starts_nothing(node):
    node.server.cancel("later")  # before its start
    node.server.start("later", node.touch())
    assert node.server.end("later").cancelled
    for seq, window in ((HUGE, 0), (0, (1 << 64) - 1)):
        node.server.say(task_id="nobody", plugin="shell",
                        ack={"seq": seq, "window": window, "final": True})
    node.server.say(attach={}, plugin="shell")
    node.server.say(attach={}, plugin="docker")
    node.server.cancel("of-docker", plugin="docker", grace_ms=-HUGE)
    assert node.server.end("of-docker").cancelled
    node.check()


def test_grace_and_acknowledgements_bind_no_task(node):
    """It can neither keep a task running nor have its end forgotten."""
    node.server.start("slow", "trap '' TERM; echo up; while :; do sleep 1; done",
                      options={"grace_ms": HUGE, "window": 0})
    node.server.wait(lambda m: m.task_id == "slow" and m.shell_execute.stdout, "output")
    node.server.say(task_id="slow", plugin="shell", ack={"seq": HUGE, "final": True})
    node.server.cancel("slow", grace_ms=HUGE)
    until(lambda: not any("NODELINK_TASK=slow" in text for text in environments()),
          "the task is gone")
    node.check()


def environments():
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/environ", encoding="utf-8", errors="replace") as file:
                    yield file.read()
            except OSError:
                pass


# ------------------------------------------------------------------ nonsense

def garbage():
    """Bytes that are no request, some of them nearly."""
    dice = random.Random(25)
    good = pb.TaskRequest(task_id="g", plugin="shell",
                          shell_execute={"cmd": "true"}).SerializeToString()
    for n in (1, 3, 100, 5000):
        yield dice.randbytes(n)
    for at in range(1, len(good)):
        yield good[:at]
    for _ in range(200):
        bad = bytearray(good)
        bad[dice.randrange(len(bad))] = dice.randrange(256)
        yield bytes(bad)
    # groups within groups, and batches within batches
    yield b"\x0b" * 100_000
    nested = good
    for _ in range(50):
        nested = pb.TaskRequest(batch=[nested]).SerializeToString()
    yield nested
    yield pb.TaskRequest(batch=[b"\xff" * 100] * 500).SerializeToString()
    yield pb.TaskRequest(task_id="g2", plugin="shell", options={
        "env": [{"name": "A", "value": "b"}] * 2000}, shell_execute={"cmd": "true"}
                         ).SerializeToString()
    yield pb.TaskRequest(task_id="g3", plugin="shell", options={
        "cleanup": [{"cmd": "true"}] * 100}, shell_execute={"cmd": "true"}
                         ).SerializeToString()
    yield pb.TaskRequest(task_id="g4", plugin="shell", options={"seccomp": "off"},
                         shell_execute={"cmd": "true"}).SerializeToString()
    # no limit would be above the node's
    for name, options in (("g5", {"timeout_ms": -1}), ("g6", {"timeout_ms": -HUGE - 1}),
                          ("g7", {"idle_timeout_ms": -1})):
        yield pb.TaskRequest(task_id=name, plugin="shell", options=options,
                             shell_execute={"cmd": "sleep 1000"}).SerializeToString()


def test_garbage_changes_nothing(node):
    for message in garbage():
        node.server.say(message)
    node.check()
    for task_id in ("g2", "g3", "g4", "g5", "g6", "g7"):
        assert node.server.about(task_id) == []


def test_strange_words_reach_no_shell_and_no_log(node):
    node.server.start("words", "true", options={
        "env": [{"name": "LD_PRELOAD=/x\n", "value": "y"}]})
    assert node.server.result("words").failure == "refused"
    node.server.start("shell", node.touch(), shell="/bin/zsh; true")
    assert node.server.result("shell").failure == "refused"
    node.server.cancel("said", reason="\x1b[2J\nnodelink-agent: forged", actor="a\nb")
    assert node.server.end("said").cancelled
    node.check()
    assert not any(line.startswith("nodelink-agent: forged") or "\x1b" in line
                   for line in node.agent.lines)


def test_a_message_over_the_limit_costs_the_connection_only(node):
    streams = node.server.streams
    node.server.start("large", "true #" + "x" * (2 << 20))
    node.server.wait_stream(streams + 1)
    until(lambda: node.server.got[-1].HasField("inventory") or
          any(m.HasField("inventory") for m in node.server.got[-6:]), "it is back")
    node.check()
    assert node.server.about("large") == []


# -------------------------------------------------------------------- floods

def test_floods_pass(node):
    """Starts that run, are refused or are for nobody, and cancels of what never
    was: as fast as they go, and acknowledged."""
    for i in range(FLOOD):
        node.server.start(f"f-r-{i}", options={"user": "root"})
        node.server.start(f"f-n-{i}", plugin="nobody")
        node.server.cancel(f"f-c-{i}")
    for i in range(100):
        node.server.start(f"f-s-{i}", "sleep 1000")
        node.server.cancel(f"f-s-{i}")
    for i in range(100):
        assert node.server.end(f"f-s-{i}").cancelled
    for kind in "rnc":
        node.server.end(f"f-{kind}-{FLOOD - 1}")
    node.check()
    until(lambda: not any("NODELINK_TASK=f-" in text for text in environments()),
          "nothing of them runs")


@pytest.mark.skipif(bool(os.environ.get("NODELINK_SANITIZED")),
                    reason="a sanitizer's own memory would be measured")
def test_a_server_that_acknowledges_nothing_costs_no_more_than_so_much(node):
    node.check()
    before = node.memory()
    node.server.fair = False
    for i in range(FLOOD):
        node.server.start(f"u-r-{i}", options={"user": "root"})
        node.server.cancel(f"u-c-{i}")
        node.server.start(f"u-n-{i}", plugin="nobody")
    node.server.start("u-last", "echo last")
    node.server.wait(lambda m: m.task_id == f"u-n-{FLOOD - 1}" and m.is_final, "all taken",
                     timeout=60)
    grown = node.memory() - before
    assert grown < 64_000, f"{grown} kB"
    assert is_alive(node.agent.pid) and node.pids() == node.programs
