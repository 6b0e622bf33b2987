"""Tasks in containers of a real engine."""

import os
import random
import signal
import threading
import time

import pytest

import dockerd
from command import Command
from dockerd import IMAGE, Engine
from harness import DEADLINE, until

pytestmark = pytest.mark.skipif(dockerd.missing() is not None,
                                reason=str(dockerd.missing()))

SETTINGS = """
[plugin docker]
socket = {socket}
networks = none
images = busybox:*, localhost/busybox:*, 127.0.0.1:*, nosuch*
mounts = {folder}/shared:ro, {folder}/free
containers = friend*
memory = 1G
"""


@pytest.fixture(scope="module")
def engine():
    made = Engine()
    yield made
    made.stop()


class Node:
    """A server and an agent whose docker plugin uses the engine."""

    def __init__(self, system, engine, agent_id="agent1", *, more=""):
        self.engine = engine
        self.config = system.path(
            "agent.conf", SETTINGS.format(socket=engine.socket,
                                          folder=engine.folder) + more)
        self.server = system.server()
        self.client = self.server.client
        self.agent = system.agent(agent_id, self.server, "--config", self.config)
        until(self._ready, "the docker plugin is there")

    def _ready(self):
        agent = self.client.agents()[self.agent.id]
        return any(p["name"] == "docker" and p.get("connected", True)
                   for p in agent["plugins"])

    def start(self, *cmd, **more):
        answer = self.post(*cmd, **more)
        assert answer.status == 200, answer
        return answer.json["task_id"]

    def post(self, *cmd, **more):
        body = {"agent_id": self.agent.id, "image": IMAGE, "pull": "never", **more}
        if cmd:
            body["cmd"] = list(cmd)
        return self.client.call("POST", "/tasks/docker", body)

    def run(self, *cmd, timeout=60, **more):
        task_id = self.start(*cmd, **more)
        return self.client.end(task_id, timeout)

    def sh(self, script, **more):
        return self.start("sh", "-c", script, **more)

    def running(self, task_id):
        def runs():
            found = self.engine.inspect(f"nodelink-{task_id}")
            return found and found["State"]["Running"]
        until(runs, f"the container of {task_id} runs")

    def output(self, task_id, stream="stdout"):
        return self.client.output(task_id, stream)

    def ours(self):
        return {n: s for n, s in self.engine.containers().items()
                if n.startswith("nodelink-")}


@pytest.fixture(scope="module")
def node(module_system, engine):
    os.makedirs(f"{engine.folder}/shared", exist_ok=True)
    os.makedirs(f"{engine.folder}/free", exist_ok=True)
    made = Node(module_system, engine)
    yield made
    assert not made.ours()


# ------------------------------------------------------------------ results

def test_runs_a_program_in_a_container(node):
    record = node.run("sh", "-c", "echo out; echo err >&2")
    assert record["status"] == "completed", record
    assert node.output(record["task_id"]) == b"out\n"
    assert node.output(record["task_id"], "stderr") == b"err\n"
    assert f"nodelink-{record['task_id']}" not in node.engine.containers()


def test_gives_the_exit_code(node):
    record = node.run("sh", "-c", "exit 7")
    assert (record["status"], record["failure"], record["exit_code"]) == ("failed", "exit", 7)
    record = node.run("sh", "-c", "exit 127")
    assert (record["failure"], record["exit_code"]) == ("exit", 127)


def test_gives_output_byte_by_byte(node):
    script = "for i in $(seq 200); do printf 'x\\377\\000%s' $i; done; dd if=/dev/zero bs=64k count=48 2>/dev/null; printf end"
    record = node.run("sh", "-c", script)
    want = b"".join(b"x\xff\0%d" % i for i in range(1, 201)) + bytes(48 * 65536) + b"end"
    assert node.output(record["task_id"]) == want


def test_gives_all_lines_of_both_streams(node):
    record = node.run("sh", "-c", "seq 100000; seq 50000 >&2")
    assert node.output(record["task_id"]) == b"".join(b"%d\n" % i for i in range(1, 100001))
    assert node.output(record["task_id"], "stderr") == b"".join(
        b"%d\n" % i for i in range(1, 50001))


def test_gives_a_terminal(node):
    record = node.run("sh", "-c", "test -t 1 && echo yes", tty=True)
    assert node.output(record["task_id"]) == b"yes\r\n"


def test_docker_run_is_as_if_it_ran_here(node):
    nodelink = Command(node.server)
    run = ("docker", "run", "--pull", "never")
    done = nodelink(*run, "-e", "A=b c", "-w", "/tmp", "-u", "1234", "-m", "64M",
                    "-v", f"{node.engine.folder}/shared:/shared:ro", "agent1", IMAGE,
                    "sh", "-c", 'echo "$A" $(pwd) $(id -u); echo err >&2; exit 7', status=7)
    assert (done.out, done.err) == ("b c /tmp 1234\n", "err\n"), done
    started = nodelink.start(*run, "--grace", "1s", "agent1", IMAGE, "sh", "-c",
                             "trap 'exit 3' TERM; echo up; sleep 1000 & wait")
    assert started.stdout.readline() == "up\n"
    started.send_signal(signal.SIGINT)
    assert nodelink.end(started).status == 130
    until(lambda: not node.ours(), "its container is gone")
    nodelink(*run, "agent1", IMAGE, "-x", status=127)  # no flag of ours


def test_sets_what_was_asked_for(node):
    record = node.run("-c", "env; pwd; id -u; cat /shared/x; echo $0", entrypoint=["sh"],
                      env={"A": "b c"}, workdir="/tmp", user="1234", memory="64M",
                      cpus="0.5", pids=50, container_labels=["a=b"],
                      mounts=[f"{node.engine.folder}/shared:/shared:ro"])
    text = node.output(record["task_id"]).decode()
    assert "A=b c\n" in text and f"NODELINK_TASK={record['task_id']}\n" in text
    assert "/tmp\n1234\n" in text
    task_id = node.sh("sleep 100", user="1234", memory="64M", cpus="0.5", pids=50,
                      container_labels=["a=b"], stop={"grace": 0.1})
    node.running(task_id)
    found = node.engine.inspect(f"nodelink-{task_id}")
    config = found["HostConfig"]
    assert (config["Memory"], config["NanoCpus"], config["PidsLimit"]) == (64 << 20, 5 * 10**8, 50)
    assert config["CapDrop"] == ["ALL"] and "no-new-privileges" in config["SecurityOpt"]
    assert not config["Privileged"] and not config["AutoRemove"]
    labels = found["Config"]["Labels"]
    assert labels == {"a": "b", "nodelink.task": task_id, "nodelink.agent": "agent1"}
    node.client.cancel(task_id)


@pytest.mark.parametrize("more, text", [
    ({"image": "alpine:3"}, "image 'alpine:3'"),
    ({"network": "host"}, "network 'host'"),
    ({"network": "container:x"}, "network 'container:x'"),
    ({"mounts": ["/etc:/x"]}, "mount '/etc'"),
    ({"mounts": ["/var/run/docker.sock:/s"]}, "mount '/var/run/docker.sock'"),
    ({"mounts": ["/var/run:/s"]}, "mount '/var/run'"),
    ({"mounts": ["/:/s"]}, "mount '/'"),
    ({"mounts": ["nonsense"]}, "want SOURCE:TARGET"),
    ({"memory": "2G"}, "memory"),
    ({"cpus": "many"}, "cpus"),
    ({"pids": 100000}, "pids"),
    ({"operation": "exec"}, "operation"),
    ({"operation": "stop", "container_id": "../x"}, "container_id"),
    ({"container_labels": ["nodelink.task=x"]}, "container_labels"),
    ({"pull": "perhaps"}, "pull"),
])
def test_refuses_what_the_node_does_not_allow(node, more, text):
    answer = node.post("true", **more)
    assert answer.status == 200, answer
    record = node.client.end(answer.json["task_id"])
    assert (record["status"], record["failure"]) == ("failed", "refused"), record
    assert text in record["message"], record


def test_refuses_mounting_the_shared_folder_for_writing(node):
    record = node.run("true", mounts=[f"{node.engine.folder}/shared:/x"])
    assert "for writing" in record["message"]


@pytest.mark.parametrize("name", ["privileged", "pid", "devices", "cap_add", "host_config"])
def test_knows_no_privileged_parameter(node, name):
    assert node.post("true", **{name: "x"}).status == 400


def test_names_a_missing_image(node):
    record = node.run("true", image="nosuch:1")
    assert (record["failure"], record["status"]) == ("image_missing", "failed")
    assert "nosuch:1" in record["message"]
    record = node.run("true", image="127.0.0.1:1/x", pull="missing")
    assert record["failure"] == "image_missing" and "refused" in record["message"], record


@pytest.mark.parametrize("program, status, text", [
    ("nosuchprogram", 127, "not found"), ("/etc", 126, "cannot be run")])
def test_names_a_program_that_cannot_be_started(node, program, status, text):
    """The engine's init is what runs it, and gives the status of a shell."""
    record = node.run(program)
    assert (record["failure"], record["exit_code"]) == ("exit", status), record
    assert text in record["message"], record


def test_a_container_that_names_no_user_has_none_that_the_node_does_not_allow(system, engine):
    """The image's own is root."""
    node = Node(system, engine, "users", more="users = 1234, 1235\n")
    for more, uid in (({}, b"1234\n"), ({"user": "1235"}, b"1235\n")):
        record = node.run("id", "-u", **more)
        assert (record["status"], node.output(record["task_id"])) == ("completed", uid), record
    record = node.run("id", "-u", user="root")
    assert (record["failure"], record["rule"]) == ("refused", "docker.users"), record


def test_names_a_program_that_the_engine_cannot_start(system, engine):
    node = Node(system, engine, "bare", more="init = no\n")
    record = node.run("nosuchprogram")
    assert record["failure"] == "spawn_error" and "nosuchprogram" in record["message"], record
    assert not node.ours()


def test_names_a_container_killed_from_outside(node):
    task_id = node.sh("sleep 100")
    node.running(task_id)
    node.engine.call("POST", f"/v1.24/containers/nodelink-{task_id}/kill")
    record = node.client.end(task_id)
    assert (record["failure"], record["exit_code"]) == ("exit", 137)
    assert "killed by somebody else" in record["message"]


def test_names_a_container_removed_from_outside(node):
    task_id = node.sh("sleep 100")
    node.running(task_id)
    node.engine.remove(f"nodelink-{task_id}")
    record = node.client.end(task_id)
    assert record["status"] == "failed", record
    assert record["failure"] in ("unknown", "exit"), record


def test_leaves_a_foreign_container_with_its_name_alone(node):
    task_id = "00000000-foreign"
    node.engine.create("friendless", "sleep", "1000", labels={"nodelink.agent": "other"})
    try:
        record = node.run("true")
        assert record["status"] == "completed"
        assert node.engine.containers()["friendless"] == "running", task_id
    finally:
        node.engine.remove("friendless")


# --------------------------------------------------------------- operations

def test_starts_reads_and_stops_a_container_that_the_node_allows(node):
    node.engine.create("friend1", "sh", "-c", "echo hello; exec sleep 1000", start=False)
    try:
        record = node.run(operation="start", container_id="friend1")
        assert record["status"] == "completed", record
        until(lambda: b"hello" in node.engine.call(
            "GET", "/v1.24/containers/friend1/logs?stdout=1")[1], "it has said hello")
        record = node.run(operation="logs", container_id="friend1")
        assert node.output(record["task_id"]) == b"hello\n"
        node.engine.call("POST", "/v1.24/containers/friend1/kill")
        record = node.run(operation="stop", container_id="friend1")
        assert record["status"] == "completed" and record["message"] == "it was so already"
        assert node.engine.containers()["friend1"] == "exited"
        record = node.run(operation="stop", container_id="friend2")
        assert record["status"] == "failed" and "No such container" in record["message"]
    finally:
        node.engine.remove("friend1")


def test_does_not_touch_containers_that_are_not_its_own(node):
    node.engine.create("stranger", "sleep", "1000")
    try:
        record = node.run(operation="stop", container_id="stranger")
        assert record["status"] == "failed" and "their own containers" in record["message"]
        assert node.engine.containers()["stranger"] == "running"
    finally:
        node.engine.remove("stranger")


# ------------------------------------------------------------------- cancel

def test_stops_with_the_stop_signal_and_says_what_the_engine_said(node):
    task_id = node.sh("trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done")
    with node.client.events(task_id) as events:
        until(lambda: node.output(task_id) == b"up\n", "it is up")
        answer = node.client.cancel(task_id)
        assert answer.status == 200, answer
        events.rest()
    record = node.client.task(task_id)
    assert record["status"] == "cancelled" and record["exit_code"] == 3, record
    assert "exit status 3, removed" in record["message"], record
    assert node.output(task_id) == b"up\nbye\n"
    assert not node.ours()


def test_sends_the_signal_that_the_task_asked_for(node):
    task_id = node.sh("trap 'exit 4' USR1; echo up; while :; do sleep 0.05; done",
                      stop={"signal": "SIGUSR1"})
    until(lambda: node.output(task_id) == b"up\n", "it is up")
    assert node.client.cancel(task_id).status == 200
    assert node.client.task(task_id)["exit_code"] == 4


def test_kills_what_ignores_the_stop_signal(node):
    task_id = node.sh("trap '' TERM; echo up; while :; do sleep 0.05; done",
                      stop={"grace": 0.3})
    until(lambda: node.output(task_id) == b"up\n", "it is up")
    assert node.client.cancel(task_id).status == 200
    record = node.client.task(task_id)
    assert record["exit_code"] == 137 and record["cancel"]["killing_at"], record
    assert not node.ours()


def test_a_cancel_that_comes_after_the_end_changes_nothing(node):
    """The container ends; the cancel comes while the engine removes it."""
    late = 0
    for i in range(40):
        task_id = node.start("true")
        time.sleep(0.15 + i * 0.005)  # not waiting for an event: any moment
        node.client.cancel(task_id)
        record = node.client.end(task_id)
        assert record["status"] in ("completed", "cancelled"), record
        if record["status"] == "completed" and record.get("cancel"):
            assert record["cancel"]["phase"] == "too_late", record
            late += 1
    assert not node.ours()


def test_a_run_time_limit_stops_the_container(node):
    record = node.client.end(node.start("sleep", "100", timeout=1))
    assert record["status"] == "cancelled" and record["cancel"]["code"] == 200, record


def test_cancels_a_pull_that_hangs(node):
    import socket as sockets
    with sockets.create_server(("127.0.0.1", 0)) as registry:
        port = registry.getsockname()[1]
        task_id = node.start("true", image=f"127.0.0.1:{port}/x:1", pull="always")
        taken, _ = registry.accept()  # the engine asks, and is not answered
        with taken:
            assert node.client.cancel(task_id).status == 200
    record = node.client.task(task_id)
    assert record["status"] == "cancelled" and "not started" in record["message"], record


def test_random_cancels_leave_nothing_and_tell_no_lies(node):
    """200 cancels at random moments of 200 tasks, eight at a time; one in four
    without grace. What a container has done is written by itself, on a folder
    of the host, so that no word of ours is believed."""
    rng = random.Random(15)
    volumes, networks = node.engine.volumes(), node.engine.networks()
    evidence = f"{node.engine.folder}/free"
    trouble = []

    def one(number):
        delay, force = rng.random() * 0.9, rng.random() < 0.25
        task_id = node.sh(
            f"echo x >/free/{number}.started; sleep 0.3; echo x >/free/{number}.done",
            mounts=[f"{evidence}:/free"], stop={"grace": 2})
        time.sleep(delay)
        answer = node.client.cancel(task_id, **({"force": 1} if force else {}))
        record = node.client.end(task_id, 60)
        name = f"nodelink-{task_id}"
        if name in node.engine.containers():
            trouble.append(f"{name} is still there: {record}")
        done = os.path.exists(f"{evidence}/{number}.done")
        time.sleep(0.4)
        if os.path.exists(f"{evidence}/{number}.done") != done:
            trouble.append(f"it went on after {record}")
        if record["status"] == "completed" and not done:
            trouble.append(f"not completed: {record}")
        if record["status"] not in ("completed", "cancelled"):
            trouble.append(f"{answer} {record}")

    numbers = iter(range(200))
    lock = threading.Lock()

    def work():
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            try:
                one(number)
            except Exception as error:  # pylint: disable=broad-except
                trouble.append(repr(error))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not trouble, "\n".join(trouble)
    assert not node.ours()
    assert node.engine.volumes() == volumes and node.engine.networks() == networks


def test_a_hundred_containers_at_once_stay_responsive(node):
    tasks = [node.sh("echo up; exec sleep 1000", stop={"grace": 1}) for _ in range(100)]
    for task_id in tasks:
        until(lambda t=task_id: node.output(t) == b"up\n", f"{task_id} is up", 180)
    assert node.client.cancel(tasks[50], wait=DEADLINE).status == 200
    assert all(node.client.task(t)["status"] == "in_progress" for t in tasks if t != tasks[50])
    for task_id in tasks:
        node.client.cancel(task_id, wait=0)
    for task_id in tasks:
        assert node.client.end(task_id, 180)["status"] == "cancelled"
    assert not node.ours()


def test_a_container_whose_output_nobody_takes_is_paused_and_can_be_cancelled(system, engine):
    node = Node(system, engine, "slow")
    uplink = node.agent.child("nodelink-uplink")
    task_id = node.sh("yes", stop={"grace": 5})
    node.running(task_id)
    os.kill(uplink, signal.SIGSTOP)  # nobody takes output from the executor
    try:
        until(lambda: node.engine.inspect(f"nodelink-{task_id}")["State"]["Paused"],
              "the engine has paused it")
        assert node.engine.inspect(f"nodelink-{task_id}")
    finally:
        os.kill(uplink, signal.SIGCONT)
    answer = node.client.cancel(task_id)
    assert answer.status in (200, 202), answer
    record = node.client.end(task_id, 60)
    assert record["status"] == "cancelled", record
    out = node.output(task_id)
    assert out.replace(b"y\n", b"") in (b"", b"y") and len(out) > 1 << 20
    assert not node.ours()


def test_executor_with_earlier_settings_keeps_its_container(system, engine):
    node = Node(system, engine, "agent5", more="[agent]\non_stop = leave\n")
    old = node.sh("trap exit TERM; echo on; while :; do sleep 0.1; done")
    node.running(old)
    node.agent.stop()
    with open(node.config, "a", encoding="ascii") as file:
        file.write("[limits]\npids = 100\n")
    node.agent = system.agent("agent5", node.server, "--config", node.config,
                              folder=node.agent.folder, wait=False)
    node.agent.wait_line("executor 'docker' still runs .* with earlier settings")
    left = node.sh("sleep 1000")  # of nobody: its executor is killed
    node.running(left)
    os.kill(until(lambda: node.agent.child("executor", "docker"), "it runs"), signal.SIGKILL)
    until(lambda: f"nodelink-{left}" not in node.ours(), "what it left is removed")
    node.running(old)
    assert node.client.cancel(old).status == 200
    assert node.client.task(old)["status"] == "cancelled"
    assert not node.ours()
    node.agent.stop()
    system.agent("agent5", node.server, "--config", node.config, "--on-stop", "cancel",
                 folder=node.agent.folder)
