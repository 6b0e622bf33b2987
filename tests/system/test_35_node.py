"""What a node keeps to itself: its uplink's own user, and settings that hold for
every new task, whatever runs from before (issue 6, 3 and 4)."""

import grp
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest

from command import Command
from harness import DEADLINE, ENVIRONMENT, command, is_alive, of_task, until, write_fifo
from test_22_tls import Fleet

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

PLUGINS = os.environ.get("NODELINK_PLUGINDIR", ENVIRONMENT.get("NODELINK_PLUGINDIR"))
UPLINK, OTHER = "daemon", "games"  # accounts that every host has


@pytest.fixture
def open_folder():
    """Where others than root may look; pytest's own are closed."""
    folder = tempfile.mkdtemp(prefix="nodelink-node-")
    os.chmod(folder, 0o755)
    yield folder
    shutil.rmtree(folder)


def status(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        return {key: value.split() for key, _, value in
                (line.partition(":") for line in file)}


def as_user(name, *argv):
    account = pwd.getpwnam(name)
    return subprocess.run(argv, user=account.pw_uid, group=account.pw_gid,
                          extra_groups=[], stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=DEADLINE, check=False)


def separate(system, folder, user=UPLINK):
    """Options of an agent whose uplink has a user of its own."""
    return ("--config", system.path("agent.conf", f"[agent]\nuplink_user = {user}\n"),
            "--scratch-dir", f"{folder}/scratch")


# ----------------------------------------------------------- changed settings

class Node:
    """An agent that is started again and again, and leaves its executors."""

    def __init__(self, system, server):
        self.system, self.server, self.client = system, server, server.client
        self.folder = system.path("node")
        self.agent = None

    def start(self, settings, *options, wait=True):
        self.stop()
        conf = self.system.path("node.conf", settings)
        self.agent = self.system.agent("agent1", self.server, "--config", conf, "--on-stop",
                                       "leave", *options, folder=self.folder, wait=False)
        self.agent.wait_line("connected to server")
        if wait:
            until(self.ready, "the plugin shell takes tasks")
        return self.agent

    def stop(self):
        """Its executors have its stderr and go on, so no end of that is waited for."""
        if self.agent and self.agent.alive():
            self.agent.signal(signal.SIGTERM)
            assert self.agent.process.wait(DEADLINE) == 0

    def ready(self):
        agent = self.client.agents().get("agent1", {})
        return agent.get("connected") and any(
            p["name"] == "shell" and p["up"] and not p["draining"] for p in agent["plugins"])

    def begin(self, cmd, **more):
        """A task that runs."""
        task_id = self.client.shell(cmd, **more)
        until(lambda: self.client.task(task_id)["status"] == "in_progress", "it runs")
        return task_id

    def executors(self):
        """pids of executors of shell by their sockets' names."""
        found = {}
        for pid in os.listdir("/proc"):
            words = command(pid) if pid.isdigit() else []
            for word in words:
                if word.startswith(f"--socket={self.folder}/executor-shell"):
                    found[os.path.basename(word)] = int(pid)
        return found

    def only(self, *names):
        names = {f"executor-{name}.sock" for name in names}
        until(lambda: set(self.executors()) == names, f"only {names} are there")


@pytest.fixture
def node(system):
    made = Node(system, system.server("--lost-after", "1m"))
    yield made
    made.stop()
    system.agent("agent1", made.server, "--on-stop", "cancel", folder=made.folder).stop()
    assert not made.executors()


def copied_plugins(node, *names):
    plugins = node.system.path("plugins")
    os.mkdir(plugins)
    for name in names:
        shutil.copy(f"{PLUGINS}/{name}.so", plugins)
    return plugins


SLOW = "echo on; sleep 1000"


def kill_uplink(node):
    uplink = until(lambda: node.agent.child("uplink"), "there is an uplink")
    os.kill(uplink, signal.SIGKILL)
    until(lambda: not is_alive(uplink), "it is gone")


def test_stricter_policy_holds_for_new_tasks_and_old_ones_go_on(node):
    node.start("")
    old = node.begin(SLOW, timeout=7200)
    before = node.executors()
    agent = node.start("[tasks]\nmax_timeout = 1h\n")
    agent.wait_line("executor 'shell' still runs .* with earlier settings", anywhere=True)
    refused = node.client.end(node.client.shell("true", timeout=7200))
    assert (refused["failure"], refused["rule"]) == ("refused", "tasks.max_timeout")
    assert node.client.run("echo new", timeout=60)[1] == "new\n"
    assert node.client.task(old)["status"] == "in_progress" and of_task(old)
    assert before.items() < node.executors().items()
    assert node.client.cancel(old).status == 200
    assert node.client.task(old)["status"] == "cancelled" and not of_task(old)
    node.only("shell.1")
    assert not os.path.exists(f"{node.folder}/scratch/shell")
    # the same again: it is taken over
    pid = node.executors()["executor-shell.1.sock"]
    node.start("[tasks]\nmax_timeout = 1h\n")
    assert node.client.run("echo same")[1] == "same\n"
    assert node.executors() == {"executor-shell.1.sock": pid}


def test_old_task_prints_and_ends_beside_the_new(node):
    go = node.system.path("go")
    os.mkfifo(go)
    os.mkfifo(f"{go}.2")
    node.start("")
    old = node.begin(f"echo one; read x < {go}; echo $x")
    node.start("[limits]\npids = 100\n")
    new = node.client.shell(f"echo two; read x < {go}.2; echo $x")
    for _ in range(2):  # whoever is started anew, all of it comes, once
        kill_uplink(node)
    for path in (go, f"{go}.2"):
        write_fifo(path, "end\n")
    assert node.client.end(old)["status"] == node.client.end(new)["status"] == "completed"
    assert node.client.output(old) == b"one\nend\n"
    assert node.client.output(new) == b"two\nend\n"
    node.only("shell.1")


def test_executor_of_before_that_is_killed_is_swept_and_the_new_one_goes_on(node):
    node.start("")
    mark = node.system.path("cleaned")
    old = node.begin(SLOW, cleanup=[{"cmd": f"touch {mark}"}])
    node.start("[limits]\npids = 100\n")
    new = node.begin(SLOW)
    os.kill(node.executors()["executor-shell.sock"], signal.SIGKILL)
    assert node.client.end(old)["failure"] == "executor_lost"
    until(lambda: os.path.exists(mark), "its cleanup has run")
    node.only("shell.1")
    assert node.client.task(new)["status"] == "in_progress"
    assert node.client.cancel(new).status == 200 and not of_task(old)


@pytest.mark.parametrize("silent", ["old", "new"])
def test_executor_that_hangs_takes_no_task_of_the_other_with_it(system, silent):
    node = Node(system, system.server("--lost-after", "6s"))
    node.start("")
    old = node.begin(SLOW)
    node.start("[limits]\npids = 100\n")
    new = node.begin(SLOW)
    pids = node.executors()
    hung, other = (old, new) if silent == "old" else (new, old)
    pid = pids["executor-shell.sock" if silent == "old" else "executor-shell.1.sock"]
    os.kill(pid, signal.SIGSTOP)
    try:
        kill_uplink(node)
        node.server.wait_line("agent 'agent1' is here")
        assert node.client.cancel(hung, wait=0).status == 202  # it comes when it can
        lost = node.client.end(hung)
        assert (lost["failure"], lost["cancel"]["phase"]) == ("executor_lost", "undeliverable")
        assert node.client.task(other)["status"] == "in_progress"
        assert node.client.cancel(other).status == 200
        assert node.client.task(other)["status"] == "cancelled" and of_task(hung)
    finally:
        os.kill(pid, signal.SIGCONT)
    until(lambda: not of_task(hung), "it was told to stop what was lost")
    assert node.client.run("echo on")[1] == "on\n"
    node.only("shell.1")
    node.stop()
    system.agent("agent1", node.server, "--on-stop", "cancel", folder=node.folder).stop()


def test_executor_that_hung_for_a_while_has_lost_nothing(node):
    node.start("")
    old = node.begin(SLOW)
    node.start("[limits]\npids = 100\n")
    new = node.begin(SLOW)
    pid = node.executors()["executor-shell.sock"]
    os.kill(pid, signal.SIGSTOP)
    try:
        kill_uplink(node)
        assert node.client.run("echo on")[1] == "on\n"
        assert node.client.cancel(old, wait=0).status == 202
        assert node.client.task(old)["status"] == "in_progress"
    finally:
        os.kill(pid, signal.SIGCONT)
    assert node.client.end(old)["status"] == "cancelled" and not of_task(old)
    node.only("shell.1")
    assert node.client.cancel(new).status == 200


def test_settings_that_come_back_find_their_executor(node):
    node.start("")
    first = node.begin(SLOW)
    node.start("[limits]\npids = 100\n")
    second = node.begin(SLOW)
    node.start("[limits]\npids = 101\n")
    node.only("shell", "shell.1", "shell.2")
    third = node.begin(SLOW)
    before = node.executors()
    node.start("[limits]\npids = 100\n")
    fourth = node.begin(SLOW)
    assert node.executors() == before
    for task in (third, first):
        assert node.client.cancel(task).status == 200
    node.only("shell.1")
    for task in (second, fourth):
        assert node.client.cancel(task).status == 200
    node.start("")
    node.only("shell")


def test_new_tasks_wait_when_all_places_are_taken(node):
    tasks = []
    for number in range(8):
        node.start(f"[limits]\npids = {100 + number}\n")
        tasks.append(node.begin(SLOW))
    agent = node.start("", wait=False)
    agent.wait_line("executor 'shell': 8 of them still have tasks", anywhere=True)
    new = node.client.shell("echo new")
    why = "takes no new tasks: the settings of the agent have changed, and tasks from before"
    nodelink = Command(node.server)
    until(lambda: why in nodelink("agents", "agent1").out, "the agent's record says why")
    assert re.search(rf"^on +agent1 \({why}", nodelink("plugins", "agent1").out, re.MULTILINE)
    assert "(shell)" in nodelink("agents").out
    late = node.client.shell("true", start_timeout=0.1)
    assert why in node.client.end(late)["cancel"]["reason"]
    assert node.client.cancel(tasks[3]).status == 200
    assert node.client.end(new)["status"] == "completed"
    node.only("shell", *(f"shell.{n}" for n in range(1, 8)))
    for task in tasks:
        node.client.cancel(task, wait=0)
    node.only("shell.3")


def test_plugin_that_was_replaced_is_loaded(node):
    plugins = copied_plugins(node, "shell")
    node.start("", "--plugin-dir", plugins)
    pids = node.executors()
    node.start("", "--plugin-dir", plugins)
    assert node.executors() == pids
    shutil.copy(f"{plugins}/shell.so", f"{plugins}/new")
    os.rename(f"{plugins}/new", f"{plugins}/shell.so")
    node.start("", "--plugin-dir", plugins)
    node.only("shell.1")


NO_SHELL = "[agent]\nplugins = countdown\n"


def no_new_tasks(node):
    """For the plugin shell, says the server."""
    return all(p["draining"] or not p["up"] for p in node.client.agents()["agent1"]["plugins"]
               if p["name"] == "shell")


@pytest.mark.parametrize("way", ["left out", "file removed"])
def test_plugin_that_is_gone_keeps_its_tasks_and_gets_no_new_ones(way, node):
    plugins = copied_plugins(node, "shell", "countdown")
    node.start("", "--plugin-dir", plugins)
    old = node.begin(SLOW)
    before = node.executors()
    if way == "file removed":
        os.unlink(f"{plugins}/shell.so")
    for _ in range(2):
        agent = node.start(NO_SHELL if way == "left out" else "", "--plugin-dir", plugins,
                           wait=False)
        agent.wait_line("plugin 'shell' is not one of ours any more", anywhere=True)
        until(lambda: no_new_tasks(node), "the plugin takes no new tasks")
        assert node.executors() == before
    mark = node.system.path("mark")
    new = node.client.shell(f"touch {mark}", start_timeout=2)
    assert node.client.end(new)["cancel"]["name"] == "start_timeout"
    assert node.client.task(old)["status"] == "in_progress" and of_task(old)
    assert node.client.cancel(old).status == 200
    assert node.client.task(old)["status"] == "cancelled" and not of_task(old)
    node.only()
    assert not os.path.exists(mark)
    assert not os.path.exists(f"{node.folder}/scratch/shell")


def test_plugin_that_comes_back_has_its_executor_again(node):
    node.start("")
    old = node.begin(SLOW)
    before = node.executors()
    node.start(NO_SHELL, wait=False)
    until(lambda: no_new_tasks(node), "the plugin takes no new tasks")
    node.start("")
    assert node.client.run("echo again")[1] == "again\n"
    assert node.executors() == before
    assert node.client.cancel(old).status == 200


def test_idle_executor_of_a_plugin_that_is_gone_ends(node):
    node.start("")
    node.start(NO_SHELL, wait=False)
    node.only()


@pytest.mark.parametrize("when", ["before", "after"])
def test_executor_of_a_plugin_that_is_gone_is_swept_when_it_is_killed(when, node):
    node.start("")
    mark = node.system.path("cleaned")
    old = node.begin(SLOW, cleanup=[{"cmd": f"touch {mark}"}])
    pid = node.executors()["executor-shell.sock"]
    if when == "before":
        node.stop()
        os.kill(pid, signal.SIGKILL)
        until(lambda: not is_alive(pid), "it is gone")
    node.start(NO_SHELL, wait=False)
    if when == "after":
        until(lambda: no_new_tasks(node), "the plugin takes no new tasks")
        os.kill(pid, signal.SIGKILL)
    assert node.client.end(old)["failure"] == "executor_lost"
    until(lambda: os.path.exists(mark), "its cleanup has run")
    node.only()
    assert not of_task(old)


def test_executor_whose_plugin_has_no_file_is_not_started_again(node):
    plugins = copied_plugins(node, "shell", "countdown")
    node.start("", "--plugin-dir", plugins)
    old = node.begin(SLOW)
    os.unlink(f"{plugins}/shell.so")
    agent = node.start("", "--plugin-dir", plugins, wait=False)
    until(lambda: no_new_tasks(node), "the plugin takes no new tasks")
    os.kill(node.executors()["executor-shell.sock"], signal.SIGKILL)
    agent.wait_line(f"what its tasks have left in '{node.folder}/scratch/shell' stays")
    until(lambda: not of_task(old), "what died with it is gone")
    node.start("")  # here is the file, and so it is swept
    assert node.client.end(old)["failure"] == "executor_lost"


def test_socket_of_somebody_else_is_left_alone(node):
    os.makedirs(node.folder)
    listens = subprocess.Popen(  # a signal would end it
        [sys.executable, "-c", "import socket, sys\ns = socket.socket(socket.AF_UNIX)\n"
         "s.bind(sys.argv[1])\ns.listen()\nprint(flush=True)\nsys.stdin.read()",
         f"{node.folder}/executor-other.sock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    listens.stdout.readline()
    agent = node.start("")
    agent.wait_line("executor-other.sock' is no executor's", anywhere=True)
    assert node.client.run("echo on")[1] == "on\n"
    assert listens.poll() is None
    listens.communicate()


# ------------------------------------------------------------- uplink's user

def test_uplink_has_a_user_of_its_own_and_none_of_roots(system, open_folder):
    auth = system.auth()
    server = system.server(auth=auth)
    token = auth.agent_file("agent1")
    agent = system.agent("agent1", server, *token, *separate(system, open_folder),
                         folder=f"{open_folder}/run")
    account = pwd.getpwnam(UPLINK)
    groups = {account.pw_gid, *(g.gr_gid for g in grp.getgrall() if UPLINK in g.gr_mem)}
    has = status(agent.child("nodelink-uplink"))
    assert has["Uid"] == [str(account.pw_uid)] * 4
    assert has["Gid"] == [str(account.pw_gid)] * 4
    assert {int(g) for g in has["Groups"]} == groups
    assert {has[f"Cap{kind}"][0].strip("0") for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {""}
    assert has["NoNewPrivs"] == ["1"] and has["Seccomp"] == ["2"]
    assert as_user(UPLINK, "cat", token[1]).returncode != 0
    assert server.client.run("id -u")[1] == "0\n"
    for program in ("uplink", "executor"):  # and so it stays
        pid = agent.child(program, None if program == "uplink" else "shell")
        os.kill(pid, signal.SIGKILL)
        until(lambda gone=pid: not is_alive(gone), "it is gone")
        server.client.run("true")
    assert status(agent.child("nodelink-uplink"))["Uid"][0] == str(account.pw_uid)


def test_executor_serves_the_uplink_and_nobody_else(system, open_folder):
    server = system.server()
    agent = system.agent("agent1", server, *separate(system, open_folder),
                         folder=f"{open_folder}/run")
    path = f"{open_folder}/run/executor-shell.sock"
    has = os.stat(path)
    assert (has.st_uid, has.st_mode & 0o777) == (pwd.getpwnam(UPLINK).pw_uid, 0o600)
    knock = (sys.executable, "-c", "import socket, sys\n"
             "s = socket.socket(socket.AF_UNIX)\ns.connect(sys.argv[1])\n"
             "sys.exit(not s.recv(1))", path)
    assert "PermissionError" in as_user(OTHER, *knock).stderr
    os.chmod(path, 0o666)  # somebody has opened it: its uid is asked for, too
    done = as_user(OTHER, *knock)
    assert done.returncode == 1 and not done.stderr, done
    agent.wait_line(f"refused: it runs as user {pwd.getpwnam(OTHER).pw_uid}")
    assert server.client.run("echo on")[1] == "on\n"


def test_uplink_of_another_user_reaches_the_executors_that_are_there(system, open_folder):
    server = system.server()
    first = system.agent("agent1", server, *separate(system, open_folder), "--on-stop", "leave",
                         folder=f"{open_folder}/run")
    executor = first.child("executor", "shell")
    first.signal(signal.SIGTERM)
    assert first.process.wait(DEADLINE) == 0
    agent = system.agent("agent1", server, *separate(system, open_folder, OTHER),
                         folder=f"{open_folder}/run", wait=False)
    agent.wait_line("executor 'shell' still runs")
    assert server.client.run("echo on")[1] == "on\n"
    assert is_alive(executor)
    assert status(agent.child("nodelink-uplink"))["Uid"][0] == str(pwd.getpwnam(OTHER).pw_uid)


def test_new_token_reaches_an_uplink_that_cannot_read_it(system, open_folder):
    auth = system.auth()
    server = system.server("--lost-after", "1m", auth=auth)
    token = auth.agent_file("agent1")
    agent = system.agent("agent1", server, *token, *separate(system, open_folder),
                         folder=f"{open_folder}/run")
    auth.agent_file("agent1", "--overlap", "0")
    agent.wait_line("has a new token")
    server.wait_line("agent 'agent1' is here")
    assert server.client.run("echo on")[1] == "on\n"


def test_new_certificate_reaches_an_uplink_that_cannot_read_it(system, open_folder):
    fleet = Fleet(system)
    fleet.auth.ok("enroll-token", "--for", "web1")
    options = fleet.enrol("web1")
    agent = fleet.agent("web1", (*options, *separate(system, open_folder)),
                        folder=f"{open_folder}/run")
    pid = agent.child("nodelink-uplink")
    assert as_user(UPLINK, "cat", options[5]).returncode != 0
    done = fleet.try_enrol("web1", fleet.token("--for", "web1"))  # the old one is no good now
    assert done.returncode == 0, done
    agent.wait_line("new certificates are in use")
    until(lambda: fleet.connected("web1"), "it is back")
    assert agent.child("nodelink-uplink") == pid
    assert fleet.client.run("echo on", agent="web1")[1] == "on\n"


@pytest.mark.parametrize("more, says", [
    ("[tasks]\nuser = daemon\n", "is the uplink's user"),
    ("[tasks]\nallow_users = daemon\n", "is the uplink's user"),
    ("uplink_user = no-such-user\n", "there is no user 'no-such-user'")])
def test_uplink_user_that_cannot_be_is_refused(more, says, system, open_folder):
    own = "" if "uplink_user" in more else f"uplink_user = {UPLINK}\n"
    conf = system.path("agent.conf", f"[agent]\n{own}{more}")
    agent = system.agent("agent1", None, "--config", conf, grpc="127.0.0.1:1", user=None,
                         folder=f"{open_folder}/run", wait=False)
    assert agent.wait() == 2 and says in agent.log()


def test_closed_runtime_directory_is_named(system):
    agent = system.agent("agent1", None, *separate(system, system.folder), wait=False,
                         grpc="127.0.0.1:1")
    assert agent.wait() == 1
    assert "cannot look into runtime directory" in agent.log()
