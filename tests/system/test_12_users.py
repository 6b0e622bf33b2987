"""Tasks run as somebody else, and can do no more than that user."""

import os
import pwd
import shutil
import signal
import stat
import tempfile

import pytest

from conftest import System
from harness import is_alive, until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become others")

HELPERS = os.environ.get("NODELINK_HELPERS", "")


@pytest.fixture(name="open_system", scope="module")
def fixture_open_system():
    """Below a folder that every user can pass through."""
    folder = tempfile.mkdtemp(prefix="nl-users-", dir="/tmp")
    os.chmod(folder, 0o755)
    made = System(folder)
    made.main = made.server()
    made.agent("open", made.main, "--allow-users", "daemon, root", user=None)
    yield made
    made.stop()
    shutil.rmtree(folder)


@pytest.fixture(name="run")
def fixture_run(open_system):
    client = open_system.main.client

    def run(cmd, **more):
        return client.run(cmd, agent_id="open", **more)
    return run


def scratch(system):
    return os.path.join(system.programs[1].folder, "scratch", "shell")


def leftovers(system):
    """What is left in the scratch folder of tasks, but for folders kept for the next."""
    return [name for name in os.listdir(scratch(system)) if not name.startswith(".spare-")]


def test_tasks_of_root_run_as_nobody(run):
    nobody = pwd.getpwnam("nobody")
    record, out, _ = run("id -u; id -g; id -G; echo $HOME $USER $LOGNAME; pwd; touch mine; "
                         "stat -c '%U %a' . mine; umask")
    assert record["status"] == "completed", record
    lines = out.splitlines()
    assert lines[:3] == [str(nobody.pw_uid), str(nobody.pw_gid), str(nobody.pw_gid)]
    assert lines[3] == f"{nobody.pw_dir} nobody nobody"
    assert lines[4].endswith("/work")
    assert lines[5:] == ["nobody 700", "nobody 644", "0022"]
    assert record["user"] == "nobody"


def test_a_task_may_name_a_user_of_the_list(run):
    record, out, _ = run("id -un; echo $USER", user="daemon")
    assert (record["status"], out) == ("completed", "daemon\ndaemon\n")
    assert record["user"] == "daemon"
    assert run("id -u", user="root")[1] == "0\n"


@pytest.mark.parametrize("name", ["bin", "no-such-user", "0"])
def test_other_users_are_refused_by_name(run, name):
    record, out, _ = run("id", user=name)
    assert record["status"] == "failed" and record["failure"] == "refused"
    assert f"'{name}'" in record["message"] and "allow_users" in record["message"], record
    assert out == ""


def test_it_keeps_no_privilege(run):
    _, out, _ = run("grep -E '^(Cap|NoNewPrivs|Groups)' /proc/self/status")
    facts = dict(line.split(":\t") for line in out.splitlines())
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(facts[name], 16) == 0, facts
    assert facts["NoNewPrivs"] == "1"
    assert facts["Groups"].split() == [str(pwd.getpwnam("nobody").pw_gid)]


def test_a_setuid_program_stays_powerless(open_system, run):
    path = open_system.path("whoami")
    shutil.copy(f"{HELPERS}/whoami", path)
    os.chmod(path, 0o4755)
    assert os.stat(path).st_mode & stat.S_ISUID
    assert run(path)[1] == f"{pwd.getpwnam('nobody').pw_uid}\n"
    # and with the setting it is not, so the test can fail
    open_system.agent("setuid", open_system.main, "--no-new-privs=no", user=None)
    assert open_system.main.client.run(path, agent_id="setuid")[1] == "0\n"


def test_it_cannot_signal_the_agent(open_system, run):
    agent = open_system.programs[1]
    pids = agent.pids()
    # as a user that no other test runs tasks as, and never as root
    record, out, _ = run('[ "$(id -un)" = daemon ] || exit 99; kill -9 -1; kill -9 '
                         + " ".join(map(str, pids)) + "; echo alone", user="daemon")
    assert out == "alone\n", record
    assert agent.pids() == pids and all(is_alive(pid) for pid in pids)


def test_it_cannot_leave_its_control_group(run):
    record, out, _ = run(
        'for at in $(cut -d: -f3 /proc/self/cgroup); do for top in /sys/fs/cgroup/*/ '
        '/sys/fs/cgroup; do for file in cgroup.procs tasks; do '
        'f=$top$at/../$file; if [ -e "$f" ]; then '
        '(echo 0 > "$f") 2>/dev/null && echo "left by $f"; fi; done; done; done; echo end')
    assert (record["status"], out) == ("completed", "end\n")


def test_it_cannot_read_another_task(open_system, run):
    client = open_system.main.client
    other = client.shell("umask 0; echo secret > $TMPDIR/file; echo there; sleep 1000",
                         agent_id="open")
    with client.events(other) as events:
        events.until_stdout("there")
    folder = f"{scratch(open_system)}/{other}"
    _, out, _ = run(f"cat {folder}/work/file; ls {folder} {scratch(open_system)}; "
                    f"echo x >> {folder}/defer; touch {folder}/x", user="daemon")
    assert out == ""
    assert sorted(os.listdir(folder)) == ["defer", "work"]
    assert os.stat(f"{folder}/defer").st_size == 0
    client.cancel(other)


def test_limits_of_each_process(run):
    record, out, _ = run("ulimit -n; ulimit -Hn; head -c 2000000 /dev/zero > big; echo $?; "
                         "stat -c %s big; ulimit -c",
                         limits={"open_files": 64, "file_size": 1048576})
    lines = out.splitlines()
    assert lines[:2] == ["64", "64"], record
    assert lines[2] != "0" and lines[3:] == ["1048576", "0"]


HOSTILE = {
    "many files": "for i in $(seq 10000); do : > f$i; done",
    "deep": "p=$(printf 'd/%.0s' $(seq 400)); for i in 1 2 3 4; do mkdir -p $p && cd $p || exit 1; "
            "done; : > file",
    "no permissions": "mkdir -p a/b/c && : > a/b/c/f && chmod 0 a/b/c a/b a",
    "read-only": "mkdir -p a/b && : > a/b/f && chmod 500 a/b a",
    "closed at the top": "mkdir a && : > a/f && chmod 0 .",
    "links to the outside": "ln -s OUTSIDE one; ln -s OUTSIDE/file two; mkdir d; "
                            "ln -s OUTSIDE d/three; ln OUTSIDE/file four 2>/dev/null; :",
    "ours by name": "mkdir -p .gone-1/x work cancel/y defer; ln -s OUTSIDE .spare-0",
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("user", ["nobody", "root"])
def test_what_it_leaves_is_removed_and_nothing_else(open_system, run, what, user):
    outside = open_system.path(f"outside-{what.replace(' ', '-')}-{user}")
    os.mkdir(outside)
    os.chmod(outside, 0o777)
    with open(f"{outside}/file", "w", encoding="ascii") as file:
        file.write("keep")
    record, _, err = run(HOSTILE[what].replace("OUTSIDE", outside), user=user)
    assert record["status"] == "completed", (record, err)
    until(lambda: not leftovers(open_system), f"{what} is removed", 60)
    assert os.listdir(outside) == ["file"]


def test_what_cannot_be_removed_holds_nobody_up(open_system, run):
    agent = open_system.programs[1]
    # root's folder in nobody's: nobody may not empty it
    client = open_system.main.client
    task = client.shell("mkdir d; echo there; while [ ! -e go ]; do sleep 0.02; done",
                        agent_id="open")
    with client.events(task) as events:
        events.until_stdout("there")
        folder = f"{scratch(open_system)}/{task}/work"
        os.mkdir(f"{folder}/roots")
        with open(f"{folder}/roots/file", "w", encoding="ascii"), \
                open(f"{folder}/go", "w", encoding="ascii"):
            pass
        events.final()
    agent.wait_line("cannot remove all of")
    run("mkdir -p a/b; : > a/b/f")
    until(lambda: [name[:7] for name in leftovers(open_system)] == [".stuck-"],
          "only the stuck folder is left")
    shutil.rmtree(f"{scratch(open_system)}/{leftovers(open_system)[0]}")


def test_wrong_users_are_said_at_the_start(open_system):
    for options, text in (
            (("--user", "no-such-user"), "user of .tasks.: there is no user 'no-such-user'"),
            (("--allow-users", "daemon, no-such"), "allow_users of .tasks.: there is no user 'no-such'")):
        agent = open_system.agent("wrong", open_system.main, *options, user=None, wait=False)
        assert agent.wait() == 2
        agent.wait_line(text, anywhere=True)


def test_a_closed_folder_is_said_at_the_start(open_system):
    folder = open_system.path("closed")
    os.mkdir(folder, 0o700)
    agent = open_system.agent("closed", open_system.main, user=None, wait=False,
                              folder=f"{folder}/run")
    assert agent.wait() == 1
    agent.wait_line("user 'nobody' cannot reach", anywhere=True)


def test_a_killed_executors_tasks_of_others_are_ended(open_system, run):
    """A killed executor's tasks of other users are ended and their folders removed."""
    client = open_system.main.client
    agent = open_system.programs[1]
    task = client.shell("mkdir -p a/b; : > a/b/f; chmod 0 a; echo there; sleep 1000",
                        agent_id="open")
    with client.events(task) as events:
        events.until_stdout("there")
        os.kill(agent.child("nodelink-executor", "shell"), signal.SIGKILL)
        events.final()
    until(lambda: not leftovers(open_system), "the folder is removed")
    until(lambda: run("echo back")[1] == "back\n", "the executor is back")
