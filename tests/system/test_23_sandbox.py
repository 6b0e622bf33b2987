"""Every program holds to what it may do: the kernel says so of each of them.

That the filters are obeyed is shown by tests/unit/sandbox, and by every other
test here: all of them run within the filters.
"""

import contextlib
import os
import resource
import shutil
import socket
import subprocess
import tempfile

import pytest

from harness import BIN, DEADLINE, ENVIRONMENT, SBIN, Program, until
from netns import Namespace
from receiver import SECRET

ROOT = os.geteuid() == 0
# Of a host below everybody's feet: boot, modules, clock.
HOST = 1 << 22 | 1 << 16 | 1 << 25


def status(pid):
    """/proc/PID/status as a dictionary; sets of capabilities as numbers."""
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        facts = dict(line.rstrip("\n").split(":\t", 1) for line in file)
    return {key: int(value, 16) if key.startswith("Cap") else value.strip()
            for key, value in facts.items()}


def threads(pid):
    return [status(f"{pid}/task/{tid}") for tid in os.listdir(f"/proc/{pid}/task")]


@pytest.fixture(name="parts", scope="module")
def fixture_parts(module_system):
    """Server, agent, and the pids of the programs by name."""
    server = module_system.server()
    agent = module_system.agent("agent1", server)
    server.client.agent_ready("agent1")
    return server, agent, {
        "server": server.pid, "monitor": agent.pid, "uplink": agent.child("uplink"),
        "executor": agent.child("executor", "shell")}


@pytest.mark.parametrize("name", ["server", "uplink"])
def test_what_talks_to_the_network_has_nothing(parts, name):
    for thread in threads(parts[2][name]):
        assert thread["Seccomp"] == "2" and thread["NoNewPrivs"] == "1", thread
        for which in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert thread[which] == 0, thread
        if ROOT:
            assert thread["CapBnd"] == 0, thread


def core_limits(pid):
    """Soft and hard."""
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        return [line.split()[4:6] for line in file if line.startswith("Max core")][0]


@pytest.mark.parametrize("name", ["server", "uplink"])
def test_what_has_secrets_leaves_no_core(parts, name):
    pid = parts[2][name]
    assert core_limits(pid) == ["0", "0"]
    # the files of a process that cannot be dumped are root's
    assert os.stat(f"/proc/{pid}/environ").st_uid == 0


@contextlib.contextmanager
def full_pipe():
    """Who writes into it waits."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, bytes(4096))
    os.set_blocking(writer, True)
    yield writer
    os.close(writer)
    os.close(reader)


@pytest.mark.skipif(resource.getrlimit(resource.RLIMIT_CORE)[1] == 0,
                    reason="nobody here may dump core")
@pytest.mark.parametrize("words", [(f"{SBIN}/nodelink-server", "token", "list"),
                                   (f"{BIN}/nodelink", "help")])
def test_commands_that_have_secrets_leave_no_core(system, words):
    auth = system.auth()
    auth.client("ci", "viewer")
    more = ("--auth", auth.path) if "token" in words else ()
    with full_pipe() as out:
        with subprocess.Popen([*words, *more], stdout=out, stdin=subprocess.DEVNULL,
                              env={**os.environ, **ENVIRONMENT}) as command:
            # it waits in the midst of its words
            until(lambda: "write" in open(f"/proc/{command.pid}/wchan", encoding="ascii").read()
                  or core_limits(command.pid) == ["0", "0"], "it has begun")
            assert core_limits(command.pid) == ["0", "0"]
            command.kill()


def test_enrolment_meets_a_stranger_with_nothing(system):
    folder = system.path("enrolled")
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        stranger.settimeout(DEADLINE)
        enrol = Program("enroll", [
            f"{SBIN}/nodelink-agent", "enroll", "--id", "web1", "--dir", folder,
            "--server", f"https://127.0.0.1:{stranger.getsockname()[1]}",
            "--log-level", "debug"], env={"NODELINK_ENROLL_TOKEN": "t"})
        with stranger.accept()[0]:
            enrol.wait_line(r"sandbox: seccomp kill, .*no capabilities, no core dumps",
                            anywhere=True)
            for thread in threads(enrol.pid):
                assert thread["Seccomp"] == "2" and thread["NoNewPrivs"] == "1", thread
                assert thread["CapEff"] == thread["CapPrm"] == 0, thread
            assert core_limits(enrol.pid) == ["0", "0"]
            enrol.stop()
    assert os.listdir(folder) == []


@pytest.mark.parametrize("name", ["monitor", "executor"])
def test_what_starts_tasks_leaves_the_host_alone(parts, name):
    facts = status(parts[2][name])
    assert facts["Seccomp"] == "2" and facts["NoNewPrivs"] == "1", facts
    assert facts["CapEff"] & HOST == 0
    if ROOT:
        assert facts["CapBnd"] & HOST == 0
        assert facts["CapEff"] >> 7 & 1, "it becomes other users"


def test_a_task_is_within_the_filter_and_does_not_notice(parts):
    server = parts[0]
    record, out, _ = server.client.run(
        "grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status; (sh -c 'echo child')")
    assert record["status"] == "completed", record
    assert out.split() == ["NoNewPrivs:", "1", "Seccomp:", "2", "child"]


def test_each_program_says_what_holds(parts):
    server, agent, _ = parts
    line = r"nodelink-{}\[\d+\] info: sandbox: seccomp kill, .*no_new_privs yes"
    for program, name in ((server, "server"), (agent, "agent"), (agent, "uplink")):
        program.wait_line(line.format(name), anywhere=True)


def test_seccomp_can_be_turned_off(system):
    conf = system.path("off.conf", "[sandbox]\nseccomp = off\nlandlock = no\n")
    server = system.server("--config", conf)
    agent = system.agent("agent1", server, "--config", conf)
    server.client.agent_ready("agent1")
    for pid in (server.pid, agent.pid, agent.child("uplink")):
        assert status(pid)["Seccomp"] == status(os.getpid())["Seccomp"]
    assert server.client.run("echo it works")[1] == "it works\n"


def test_says_when_the_sandbox_leaves_more_than_is_needed(system):
    conf = system.path("shared.conf", f"[audit]\npath = {system.path('audit.log')}\n")
    assert "should have a folder of its own" not in system.server().log()
    server = system.server("--config", conf)
    assert "audit.log' should have a folder of its own" in server.log()


def test_says_which_file_opens_a_folder_of_others(system):
    """A file that is only read, too; by itself, or by what it leads to."""
    with tempfile.NamedTemporaryFile("w", dir="/tmp") as secret:
        secret.write(SECRET)
        secret.flush()
        link = system.path("a-link")
        os.symlink(secret.name, link)
        for path in (secret.name, link):
            conf = system.path("reads.conf", "[webhook]\nurl = https://hooks.example.org/x\n"
                               f"secret_file = {path}\n")
            said = system.server("--config", conf).log()
            assert f"'{path}' should have a folder of its own: the sandbox leaves all of " \
                "'/tmp' to the server, to read" in said
        own = system.path("secret", SECRET)
        os.chmod(own, 0o600)
        conf = system.path("reads.conf", "[webhook]\nurl = https://hooks.example.org/x\n"
                           f"secret_file = {own}\n")
        assert "should have a folder" not in system.server("--config", conf).log()


def test_setuid_programs_of_tasks_work_when_told_so(system):
    """Then nobody above a task may have no_new_privs; root has its filter
    all the same, others have none."""
    server = system.server()
    agent = system.agent("agent1", server, "--no-new-privs=no")
    server.client.agent_ready("agent1")
    for pid in (agent.pid, agent.child("executor", "shell")):
        facts = status(pid)
        assert facts["NoNewPrivs"] == "0"
        assert not ROOT or facts["Seccomp"] == "2"
    if not ROOT:
        agent.wait_line("needs no_new_privs or root", anywhere=True)
    assert status(agent.child("uplink"))["NoNewPrivs"] == "1"


class OwnEtc:
    """Starts a program with a copy of /etc in its place."""

    def __init__(self, folder):
        self.folder = folder
        shutil.copytree("/etc", folder, symlinks=True)

    def wrap(self, argv):
        return ["unshare", "--mount", "sh", "-c",
                'mount --bind "$0" /etc && exec "$@"', self.folder, *argv]


@pytest.mark.skipif(not ROOT, reason="only root can put another folder over /etc")
@pytest.mark.skipif(bool(os.environ.get("NODELINK_SANITIZED")),
                    reason="sanitizers read what they like, so nothing is out of reach")
def test_a_new_resolv_conf_is_found(system):
    server = system.server(grpc="127.0.0.1:0")  # localhost
    etc = OwnEtc(system.path("etc"))
    agent = system.agent("agent1", server, inside=etc,
                         grpc=f"localhost:{server.grpc.rpartition(':')[2]}")
    uplink = agent.child("uplink")
    server.stop()
    agent.wait_line("no connection to server", anywhere=True)
    assert agent.child("uplink") == uplink
    with open(f"{etc.folder}/new", "w", encoding="ascii") as file:
        file.write("nameserver 127.0.0.1\n")
    os.replace(f"{etc.folder}/new", f"{etc.folder}/resolv.conf")
    agent.wait_line("'/etc/resolv.conf' was replaced")
    until(lambda: agent.child("uplink") not in (None, uplink), "another uplink")


def test_a_plugin_that_others_may_change_is_refused(system):
    plugins = ENVIRONMENT.get("NODELINK_PLUGINDIR")
    if not plugins:
        pytest.skip("the plugins' folder of an installation is not ours to copy")
    server = system.server()
    mine = system.path("plugins")
    os.makedirs(mine, mode=0o755)
    shutil.copy(f"{plugins}/shell.so", f"{mine}/shell.so")
    os.chmod(f"{mine}/shell.so", 0o775)
    options = ("--plugin-dir", mine, "--plugins", "shell")
    agent = system.agent("agent1", server, *options, wait=False)
    agent.wait_line(rf"'{mine}/shell.so' is writable by others .*chmod go-w")
    assert agent.wait() == 2
    # mended, it is loaded; spoilt later, it is not loaded again
    os.chmod(f"{mine}/shell.so", 0o755)
    agent = system.agent("agent1", server, *options, wait=False)
    until(lambda: server.client.agents().get("agent1", {}).get("connected"), "it is there")
    os.chmod(mine, 0o777)
    os.kill(agent.child("executor", "shell"), 9)
    agent.wait_line(r"plugin's folder '.*' is writable by others")
    os.chmod(mine, 0o755)
    until(lambda: agent.child("executor", "shell"), "an executor again")


@pytest.mark.skipif(not ROOT, reason="needs root for a network namespace")
@pytest.mark.skipif(not shutil.which("ip"), reason="iproute2 is not installed")
def test_a_client_with_a_link_local_address_ends_nobody(system):
    """Its address has an interface, whose name nobody may look up in there."""
    space = Namespace(f"nl{os.getpid()}-ll")
    try:
        space.ip("link", "add", "d0", "type", "veth", "peer", "name", "d1")
        space.ip("addr", "add", "fe80::1/64", "dev", "d0", "nodad")
        for end in ("lo", "d0", "d1"):
            space.ip("link", "set", end, "up")
        conf = system.path("ll.conf", "[http]\nanonymous = yes\n")
        server = system.server("--config", conf, http="[::]:0", inside=space)
        port = server.http.rpartition(":")[2]
        asked = subprocess.run(
            space.wrap(["curl", "-sg", "-m", "10", f"http://[fe80::1%25d0]:{port}/healthz"]),
            stdin=subprocess.DEVNULL, capture_output=True, check=False)
        assert asked.returncode == 0 and b'"status"' in asked.stdout, (asked, server.log())
        assert server.alive()
        server.stop()
    finally:
        space.close()
