"""The node's settings are its policy: what they forbid is refused by name, and a
seccomp profile is in force for tasks and their hooks."""

import json
import os
import shutil
import subprocess
import tempfile

import pytest

from conftest import System
from harness import DEFER, ENVIRONMENT, SBIN, of_task

PODMAN = "/usr/share/containers/seccomp.json"
EDOM = "Numerical argument out of domain"  # of nothing else here

# mkdir is answered with an error that no file system has.
PROFILE = {
    "defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 33},
        # chroot is only for those who may
        {"names": ["chroot"], "action": "SCMP_ACT_ERRNO", "errno": "EDOM",
         "excludes": {"caps": ["CAP_SYS_CHROOT"]}},
    ],
}

SETTINGS = """
[tasks]
directories = /usr /var/lib
max_timeout = 10m
{more}
[limits]
max_memory = 1G
max_open_files = 512
"""


@pytest.fixture(name="nodes", scope="module")
def fixture_nodes():
    """Agents: strict, with every rule; filtered, with a profile; must, which
    insists on it; podman, with podman's."""
    # every user can pass through: as root, tasks are nobody's
    folder = tempfile.mkdtemp(prefix="nl-policy-", dir="/tmp")
    os.chmod(folder, 0o755)
    made = System(folder)
    made.main = made.server()
    profile = made.path("profile.json", json.dumps(PROFILE))
    for name, more in (("strict", ""), ("filtered", f"seccomp = {profile}"),
                       ("must", f"seccomp = {profile}\nseccomp_required = yes")):
        settings = made.path(f"{name}.conf", SETTINGS.format(more=more))
        made.agent(name, made.main, "--config", settings, "--plugins=shell,countdown",
                   user=None)
    if os.path.exists(PODMAN):
        made.agent("podman", made.main, "--seccomp", PODMAN, "--plugins=shell,countdown",
                   user=None)
    yield made
    made.stop()
    shutil.rmtree(folder)


@pytest.fixture(name="run")
def fixture_run(nodes):
    def run(agent, cmd, **more):
        return nodes.main.client.run(cmd, agent_id=agent, **more)
    return run


@pytest.mark.parametrize("asked, rule", [
    ({"user": "root"}, "tasks.allow_users"),
    ({"user": "no-such-user"}, "tasks.allow_users"),
    ({"cwd": "/etc"}, "tasks.directories"),
    ({"cwd": "/usr/../etc"}, "tasks.directories"),
    ({"timeout": 601}, "tasks.max_timeout"),
    ({"limits": {"memory": "2G"}}, "limits.max_memory"),
    ({"limits": {"open_files": 513}}, "limits.max_open_files"),
])
def test_what_the_node_forbids_is_refused_by_name(nodes, asked, rule):
    client = nodes.main.client
    task = client.shell("echo ran", agent_id="strict", **asked)
    with client.events(task) as events:
        final = events.final()
    record = client.task(task)
    assert (record["status"], record["failure"]) == ("failed", "refused")
    assert record["rule"] == rule and rule.partition(".")[2] in record["message"], record
    assert final.data["task"]["rule"] == rule
    assert record["started_at"] is None and client.output(task) == b""


def test_what_it_allows_runs(run):
    record, out, _ = run("strict", "pwd; ulimit -n", cwd="/usr/lib", timeout=600,
                         limits={"open_files": 512})
    assert (record["status"], record["rule"], record["failure"]) == ("completed", None, None)
    assert out == "/usr/lib\n512\n"
    # in its own folder, and with the most where it says nothing
    record, _, _ = run("strict", "true", timeout=0)
    assert (record["status"], record["timeout"]) == ("completed", 600)
    assert record["limits"]["open_files"] == 512


def test_a_mistake_is_not_policy(nodes):
    client = nodes.main.client
    answer = client.call("POST", "/tasks/shell",
                         {"agent_id": "strict", "cmd": "true", "cwd": "/usr/none"})
    record = client.end(answer.json["task_id"])
    assert (record["failure"], record["rule"]) == ("spawn_error", None)


# ------------------------------------------------------------------- seccomp

def test_a_forbidden_call_has_the_error_of_the_profile(run):
    record, out, err = run("filtered", "mkdir x; echo $?; touch y && echo made")
    assert out == "1\nmade\n" and EDOM in err
    assert record["seccomp"] == "default"


def test_what_is_for_capabilities_is_not_for_a_task_without(run, nodes):
    _, _, err = run("filtered", "/usr/sbin/chroot / true")
    assert EDOM in err
    if os.geteuid() == 0:
        nodes.agent("privileged", nodes.main, "--seccomp", nodes.path("profile.json"))
        record, out, err = run("privileged", "/usr/sbin/chroot / true && mkdir x")
        assert EDOM in err and "chroot" not in err, (record, out)


def test_a_task_may_do_without_where_that_is_allowed(run, nodes):
    record, out, err = run("filtered", "mkdir x && echo made", seccomp="none")
    assert (out, err, record["seccomp"]) == ("made\n", "", "none")
    client = nodes.main.client
    for agent, seccomp, rule in (("must", "none", "tasks.seccomp_required"),
                                 ("strict", "default", "tasks.seccomp")):
        answer = client.call("POST", "/tasks/shell",
                             {"agent_id": agent, "cmd": "true", "seccomp": seccomp})
        assert answer.status == 400 and rule in answer.body.decode(), answer
    assert run("must", "mkdir x")[0]["seccomp"] == "default"


def test_there_is_no_profile_by_default(run, nodes):
    record, out, _ = run("strict", "mkdir x && echo made")
    assert (out, record["seccomp"]) == ("made\n", "none")
    plugins = {agent: {p["name"]: p["seccomp"] for p in nodes.main.client.agents()[agent]["plugins"]}
               for agent in ("strict", "filtered", "must")}
    assert {agent: each["shell"] for agent, each in plugins.items()} == {
        "strict": "none", "filtered": "default", "must": "required"}


def test_hooks_are_under_it_too(nodes):
    client = nodes.main.client
    task = client.shell(f"{DEFER} mkdir from-defer && echo up; sleep 1000",
                        agent_id="filtered", stop={"pre_stop": "mkdir from-pre_stop"},
                        cleanup=[{"cmd": "mkdir from-cleanup"}])
    with client.events(task) as events:
        events.until_stdout("up")
    client.cancel(task)
    assert client.end(task)["status"] == "cancelled"
    printed = client.output(task, "hook").decode().splitlines()
    assert len(printed) == 3, printed
    for line, hook in zip(printed, ("pre_stop", "defer", "cleanup")):
        assert f"from-{hook}" in line and EDOM in line


@pytest.mark.parametrize("agent", ["filtered", "podman"])
def test_a_cancel_ends_all_of_a_task_under_it(nodes, agent):
    client = nodes.main.client
    if agent not in client.agents():
        pytest.skip(f"{PODMAN} is not installed")
    task = client.shell("setsid sh -c 'trap \"\" TERM; echo up; sleep 1000; sleep 1000' & "
                        "trap '' TERM; wait; sleep 1000", agent_id=agent)
    with client.events(task) as events:
        events.until_stdout("up")
    if not client.agents()[agent]["plugins"][-1]["complete"]:
        pytest.skip("nothing holds a daemon here")
    assert client.cancel(task, grace="100ms").status == 200
    record = client.task(task)
    assert record["status"] == "cancelled" and record["receipt"]["survivors"] == 0
    assert of_task(task) == []


def test_programs_run_under_the_profile_of_podman(nodes, run):
    if "podman" not in nodes.main.client.agents():
        pytest.skip(f"{PODMAN} is not installed")
    # threads, processes, a pipe, a socket: and no loading of a kernel
    record, out, err = run("podman", """/usr/bin/python3 -c '
import ctypes, socket, subprocess, threading
threading.Thread(target=print, args=("thread",)).start()
print(subprocess.run(["sh", "-c", "echo piped | cat"], capture_output=True).stdout)
socket.create_server(("127.0.0.1", 0)).close()
libc = ctypes.CDLL(None, use_errno=True)
print(libc.syscall(246, 0, 0, 0, 0), ctypes.get_errno())
'""")
    assert record["status"] == "completed", (record, err)
    assert "thread" in out and "piped" in out
    if os.uname().machine == "x86_64":
        assert out.splitlines()[-1] == "-1 1", out  # kexec_load: EPERM


# ------------------------------------------------------------------ the files

def check(*options):
    done = subprocess.run([f"{SBIN}/nodelink-agent", "--id", "x", *options, "--check"],
                          env={**os.environ, **ENVIRONMENT}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_settings_that_others_could_have_written_start_nothing(tmp_path):
    settings = tmp_path / "agent.conf"
    settings.write_text("[tasks]\nmax_timeout = 1h\n")
    settings.chmod(0o644)
    assert check("--config", str(settings)) == (0, "")
    settings.chmod(0o666)
    status, said = check("--config", str(settings))
    assert status == 2 and "is writable by others" in said and "chmod go-w" in said
    settings.chmod(0o644)
    if os.geteuid() == 0:
        os.chown(settings, 65534, 0)
        status, said = check("--config", str(settings))
        assert status == 2 and "belongs to user 65534" in said


@pytest.mark.parametrize("options, part", [
    (["--seccomp=profile"], "begins with /"),
    (["--seccomp=/no/such/profile"], "cannot read seccomp profile"),
    (["--seccomp=/dev/null"], "is not a regular file"),
    (["--seccomp-required"], "needs a profile"),
    (["--seccomp=/etc/passwd", "--no-new-privs=no"], "needs no_new_privs"),
    (["--directories=usr"], "'usr' does not begin with /"),
    (["--max-timeout=31d"], "max-timeout"),
])
def test_wrong_rules_are_named(options, part):
    status, said = check(*options)
    assert status == 2 and part in said


def test_an_executor_does_not_start_with_a_broken_profile(system):
    server = system.server()
    profile = system.path("broken.json", '{"defaultAction": "SCMP_ACT_ERRNO", "syscals": []}')
    agent = system.agent("broken", server, "--seccomp", profile, wait=False)
    agent.wait_line(rf"seccomp profile '{profile}': .*syscals")
    agent.stop()
    profile = system.path("deadly.json", '{"defaultAction": "SCMP_ACT_KILL"}')
    agent = system.agent("deadly", server, "--seccomp", profile, wait=False)
    agent.wait_line(rf"seccomp profile '{profile}': no task could run: .*'execve'")
