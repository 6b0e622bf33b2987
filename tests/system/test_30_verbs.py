"""The verbs of `nodelink` that look and administer (issue 7, 1)."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
from concurrent import futures

import pytest

from command import NODELINK, Command
from harness import DEADLINE, is_asleep, of_task, until


@pytest.fixture(scope="module")
def pair(module_system):
    """A server of their own with agents web1 and web2."""
    module_system.main = module_system.server()
    for agent_id in ("web1", "web2"):
        module_system.agent(agent_id, module_system.main)
    return module_system


@pytest.fixture
def nodelink(pair):
    return Command(pair.main)


@pytest.fixture
def client(pair):
    """Nothing is left of a test's tasks."""
    client = pair.main.client
    yield client
    for agent_id in ("web1", "web2"):
        client.ok("DELETE", f"/agents/{agent_id}/drain")
        client.ok("DELETE", f"/tasks?agent_id={agent_id}&force=1")


def running(client, task_id):
    """Until it has come to where it waits: its traps are set, its children are begun."""
    until(lambda: client.task(task_id)["status"] == "in_progress"
          and all(is_asleep(pid) for pid in of_task(task_id)), f"{task_id} runs")
    return task_id




# ------------------------------------------------------------------ ps and show

def test_ps_lists_what_is_unfinished_newest_first(nodelink, client):
    first = running(client, client.shell("sleep 100; : first", agent="web1",
                                         labels={"job": "x"}))
    second = running(client, client.shell("sleep 100; : second", agent="web2"))
    third, _, _ = client.run("exit 3", agent="web1")
    done = nodelink("ps")
    assert done.err == "" and done.lines[0].split() == [
        "TASK", "AGENT", "STATUS", "AGE", "TIME", "WHAT"]
    assert [line.split()[:3] for line in done.lines[1:]] == [
        [second, "web2", "in_progress"], [first, "web1", "in_progress"]]
    assert done.lines[1].endswith("  sleep 100; : second")
    assert nodelink("tasks", "-q").lines == [second, first]
    ended = nodelink("ps", "--all").lines[1]
    assert ended.startswith(third["task_id"]) and " failed (3) " in ended
    assert nodelink("ps", "--status", "failed", "--json").json[0] == third


def test_ps_finds_by_what_it_is_asked_for(nodelink, client):
    red = running(client, client.shell("sleep 100", agent="web1",
                                       labels={"team": "red", "n": "1"}))
    blue = running(client, client.shell("sleep 100", agent="web2", labels={"team": "blue"}))
    count = running(client, client.ok("POST", "/tasks/countdown", {
        "agent_id": "web2", "params": {"from": 1000}})["task_id"])
    for words, ids in {
            ("--agent", "web1"): [red], ("--label", "team"): [blue, red],
            ("-l", "team=red", "--label=n=1"): [red], ("-l", "team=blue", "-l", "n"): [],
            ("--plugin", "countdown"): [count], ("--owner", "ci"): [],
            ("--status", "pending"): [], ("--limit", "2"): [count, blue]}.items():
        assert nodelink("ps", "-q", *words).lines == ids, words
    assert [t["task_id"] for t in nodelink("ps", "--json", "-l", "n").json] == [red]
    assert " countdown: from=1000" in nodelink("ps", "--plugin", "countdown").out


def test_ps_says_what_to_do_where_there_is_nothing(nodelink):
    done = nodelink("ps", "--label", "of=nobody")
    assert done.out == "" and "--all" in done.err
    assert nodelink("ps", "--label", "of=nobody", "--json").json == []
    assert "expected pending" in nodelink("ps", "--status", "asleep", status=1).err
    assert "'--statsu'" in nodelink.wrong("ps", "--statsu", "failed")
    assert "terminal" in nodelink.wrong("ps", "--watch")
    lost = nodelink("ps", "--server", "http://127.0.0.1:1", status=1)
    assert "127.0.0.1:1" in lost.err and "--server" in lost.err


def test_ps_reads_every_page(nodelink, client):
    client.ok("POST", "/agents/web2/drain")

    def create(n):  # commits are shared by those who ask at the same time
        connection = client.connect()
        for _ in range(n):
            connection.request("POST", "/tasks/shell", json.dumps(
                {"agent_id": "web2", "cmd": ":", "labels": {"many": "1"}}))
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            answer.read()

    with futures.ThreadPoolExecutor(17) as pool:
        list(pool.map(create, [59] * 17))
    ids = nodelink("ps", "-q", "--label", "many", "--limit", "0").lines
    assert len(set(ids)) == 1003 and ids == sorted(ids, reverse=True)
    done = nodelink("ps", "-q", "--label", "many")
    assert done.lines == ids[:1000] and "--limit 0" in done.err


def test_strangers_text_cannot_steer_a_terminal(nodelink, client):
    task_id = running(client, client.shell("sleep 100 # \x1b[2J\nx", agent="web1"))
    for words in (("ps",), ("show", task_id)):
        out = nodelink(*words).out
        assert "\x1b" not in out and r"sleep 100 # \x1b[2J\nx" in out


def test_show_draws_what_became_of_a_task(nodelink, client):
    task_id = running(client, client.shell(
        "trap '' TERM; sleep 100 & sleep 100; wait", agent="web1", stop={"grace": 0.3},
        cleanup=[{"cmd": "exit 4"}], labels={"job": "demo"}))
    until(lambda: client.cancel(task_id, reason="seen enough").status != 202, "it is gone")
    record = client.task(task_id)
    done = nodelink("show", task_id)
    facts, _, drawing = done.out.partition("\n\n")
    assert re.search(rf"^task +{task_id}$", facts, re.M)
    assert re.search(r"^status +cancelled, .* ago$", facts, re.M)
    assert re.search(r"^labels +job=demo$", facts, re.M)
    at = 0
    for step in (r"0 ms  ┬  created", r"sent +to web1", r"started +pid \d+ as \w+, held by",
                 r"cancel +user_request \(100\) by anonymous@127.0.0.1, grace 300 ms: seen",
                 r"delivered +to the node", r"stop +SIGTERM",
                 r"kill +SIGKILL: .*\d+ sleep", r"verified +nothing of it is left",
                 r"ended +by SIGKILL", r"cleanup +exit 4: exit 4 after", r"└  cancelled\n$"):
        match = re.compile(step).search(drawing, at)
        assert match, (step, done)
        at = match.end()
    killed = {k["pid"] for k in record["receipt"]["killed"]}
    assert all(str(pid) in drawing for pid in killed) and len(killed) >= 2
    assert nodelink("show", "--json", task_id).json == record
    assert "running" in nodelink("show", running(client, client.shell(
        "sleep 100", agent="web1"))).out


def test_show_tells_where_to_look_for_what_is_not_there(nodelink):
    done = nodelink("show", "no-such-task", status=1)
    assert "no-such-task" in done.err and "nodelink ps" in done.err
    assert "expected ID" in nodelink.wrong("show")


def test_watch_shows_changes_until_interrupted(nodelink, client):
    task_id = running(client, client.shell("sleep 100", agent="web1", labels={"w": "1"}))
    terminal = nodelink.terminal("ps", "--watch", "--all", "-l", "w", columns=60)
    try:
        text = terminal.until(lambda t: "in_progress" in t and "\x1b[J" in t)
        assert task_id in text and "1 tasks" in text
        client.cancel(task_id)
        terminal.until(lambda t: "cancelled" in t)
        terminal.interrupt()
        assert terminal.wait() == 128 + signal.SIGINT
    except BaseException:
        terminal.kill()
        raise


# ------------------------------------------------------------- agents and plugins

def test_agents_tells_who_is_there_and_how(nodelink, client, pair):
    late = pair.agent("web3", pair.main)
    late.stop()
    until(lambda: not client.agents()["web3"]["connected"], "web3 is away")
    running(client, client.shell("sleep 100", agent="web1"))
    nodelink("drain", "web2", "--reason", "new kernel")
    done = nodelink("agents")
    states = {line.split()[0]: line.split()[1:4] for line in done.lines[1:]}
    assert states["web1"][:2] == ["connected", "1"]
    assert states["web2"] == ["draining", "0", "now"]
    assert states["web3"][0] == "away"
    assert "countdown" in done.lines[1] and "shell" in done.lines[1]
    detail = nodelink("agents", "web2").out
    assert re.search(r"^draining +since .*: new kernel$", detail, re.M)
    assert re.search(r"^plugin +shell \d", detail, re.M)
    assert {a["agent_id"] for a in nodelink("agents", "--json").json} >= {"web1", "web2"}
    assert nodelink("agents", "web1", "--json").json["agent_id"] == "web1"
    missing = nodelink("agents", "web9", status=1).err
    assert "web9" in missing and "nodelink agents" in missing


def test_plugins_shows_what_each_declares(nodelink, client):
    one = nodelink("plugins", "web1").out
    shell = one[one.index("shell"):]
    assert re.search(r"^cmd +text +required +command line$", shell, re.M)
    assert re.search(r"^from +int +3 +number to count down from$", one, re.M)
    both = nodelink("plugins").out
    assert both.count("plugin ") == one.count("plugin ")  # the same on both: once
    assert re.search(r"^on +web1, web2", both, re.M)
    listed = nodelink("plugins", "web1", "--json").json
    assert listed == client.agents()["web1"]["plugins"]
    everywhere = nodelink("plugins", "--json").json
    assert {"agent_id": "web1", "plugins": listed} in everywhere


# ---------------------------------------------------------------------- drain

def test_drain_waits_until_nothing_runs(nodelink, client, pair):
    flag = pair.path("flag")
    task_id = running(client, client.shell(
        f"until [ -e {flag} ]; do sleep 0.05; done", agent="web1"))
    waiting = nodelink.start("drain", "web1", "--wait", "--reason", "new kernel")
    assert "1 task left" in waiting.stderr.readline()
    assert client.agents()["web1"]["draining"]["reason"] == "new kernel"
    late = client.shell("echo late", agent="web1")
    with open(flag, "w", encoding="ascii"):
        pass
    done = nodelink.end(waiting)
    assert done.status == 0 and done.lines == [
        "web1 gets no more tasks; 1 unfinished", "nothing runs on web1 any more"]
    assert client.task(task_id)["status"] == "completed"
    assert client.task(late)["status"] == "pending"
    assert nodelink("drain", "--undo", "web1").out == "web1 gets tasks again\n"
    assert client.end(late)["status"] == "completed"


def test_drain_can_cancel_what_is_left(nodelink, client):
    task_id = running(client, client.shell("sleep 100", agent="web1"))
    done = nodelink("drain", "web1", "--timeout", "0", "--wait", "--json")
    assert done.json["agent_id"] == "web1" and done.json["draining"]
    record = client.task(task_id)
    assert record["status"] == "cancelled" and record["cancel"]["code"] == 301


def test_drain_goes_on_when_nobody_waits_any_more(nodelink, client):
    running(client, client.shell("sleep 100", agent="web1"))
    waiting = nodelink.start("drain", "web1", "--wait")
    assert "left" in waiting.stderr.readline()
    waiting.send_signal(signal.SIGINT)
    done = nodelink.end(waiting)
    assert done.status == 130 and "--undo web1" in done.err
    assert client.agents()["web1"]["draining"]
    waiting = nodelink.start("drain", "web1", "--wait")
    assert "left" in waiting.stderr.readline()
    client.ok("DELETE", "/agents/web1/drain")
    done = nodelink.end(waiting)
    assert done.status == 1 and "taken the drain" in done.err


def test_drain_on_a_terminal_has_one_line_that_changes(nodelink, client):
    task_id = running(client, client.shell("sleep 100", agent="web1"))
    terminal = nodelink.terminal("drain", "web1", "-w", columns=40)
    try:
        terminal.until(lambda t: t.count("1 task left, for") > 1)
        client.cancel(task_id)
        text = terminal.until(lambda t: "nothing runs" in t)
        assert "\n" not in text.partition("nothing runs")[0], "written over"
        assert terminal.wait() == 0
    except BaseException:
        terminal.kill()
        raise


def test_drain_says_what_is_wrong(nodelink):
    assert "web9" in nodelink("drain", "web9", status=1).err
    assert "--undo" in nodelink.wrong("drain", "web1", "--undo", "--wait")
    assert "AGENT" in nodelink.wrong("drain")
    assert "--timeout" in nodelink.wrong("drain", "web1", "--timeout", "soon")


# --------------------------------------------------------------------- tokens

def token_file(system, name, token):
    path = system.path(name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
        file.write(token + "\n")
    return path


def test_tokens_are_made_listed_and_revoked(system):
    auth = system.auth()
    server = system.server(auth=auth)
    admin = Command(server, token_file(system, "admin", auth.client("boss", "admin")))
    made = admin("token", "create", "--client", "ci", "--role", "operator",
                 "-l", "team=red", "--label", "env=test", "--expires", "2d")
    token = made.out.strip()
    assert re.fullmatch(r"nlk_[a-z2-9]{12}_[a-z2-9]{52}", token)
    assert "once" in made.err and token not in made.err
    assert server.client.bearing(token).get("/tasks").status == 200
    ci = Command(server, token_file(system, "ci", token))
    refused = ci("token", "list", status=1)
    assert "admin" in refused.err
    listed = admin("token", "list")
    line = next(line for line in listed.lines if " ci " in line)
    assert re.search(r"operator +now|operator +\ds", line) and "in 1d" in line
    assert line.endswith("env=test, team=red") or line.endswith("team=red, env=test")
    token_id = line.split()[0]
    assert token_id in {t["id"] for t in admin("token", "list", "--json").json}
    done = admin("token", "revoke", "nothing", token_id, status=1)
    assert done.out == f"{token_id} revoked\n" and "nothing" in done.err
    cut = ci("ps", status=1)
    assert "revoked" in cut.err and "--token-file" in cut.err
    more = admin("token", "create", "--client", "x", "--role", "viewer", "--expires", "0",
                 "--json").json
    assert more["expires_at"] is None and more["labels"] == {}


def test_wrong_tokens_are_refused_with_words(system, nodelink):
    assert "--client" in nodelink.wrong("token", "create", "--role", "admin")
    assert "--role" in nodelink.wrong("token", "create", "--client", "x")
    assert "NAME=VALUE" in nodelink.wrong(
        "token", "create", "--client", "x", "--role", "admin", "-l", "red")
    assert "there are no tokens" in nodelink("token", "list", status=1).err
    server = system.server(auth=system.auth())
    assert "--token-file" in Command(server)("ps", status=1).err
    bad = Command(server, token_file(system, "bad", "nlk_wrong"))
    assert "--token-file" in bad("ps", status=1).err


# ------------------------------------------------------------------- completion

def completes(nodelink, script, *words):
    """What bash offers for the last of these words."""
    line = " ".join(f"'{word}'" for word in ("nodelink", *words))
    done = subprocess.run(
        ["bash", "-c", f"source {script}; COMP_WORDS=({line}); "
         f"COMP_CWORD={len(words)}; _nodelink; printf '%s\\n' \"${{COMPREPLY[@]}}\""],
        env={**nodelink.env, "PATH": f"{os.path.dirname(NODELINK)}:{os.environ['PATH']}"},
        capture_output=True, text=True, timeout=DEADLINE, check=True)
    assert done.stderr == "", done
    return [word for word in done.stdout.splitlines() if word]


def test_bash_completes_what_the_program_knows(nodelink, client, pair):
    script = pair.path("bash", nodelink("completion", "bash").out)
    task_id = running(client, client.shell("sleep 100", agent="web1"))
    helped = re.findall(r"^  (\w+)", nodelink("help").out, re.M)
    assert set(completes(nodelink, script, "")) == {*helped, "help"}
    assert completes(nodelink, script, "token", "") == ["create", "list", "revoke"]
    assert completes(nodelink, script, "drain", "w") == ["web1", "web2"] \
        or "web3" in completes(nodelink, script, "drain", "w")
    assert task_id in completes(nodelink, script, "show", "")
    assert completes(nodelink, script, "ps", "--status", "c") == ["completed", "cancelled"]
    assert completes(nodelink, script, "ps", "--watch", "--age") == ["--agent"]
    assert completes(nodelink, script, "docker", "run", "--pull", "") == [
        "never", "missing", "always"]
    assert task_id in completes(nodelink, script, "cancel", "--reason", "x", "")
    assert completes(nodelink, script, "show", "--server", "http://127.0.0.1:1", "") == []


def test_completion_never_lies(nodelink, pair):
    """Every flag of every verb's --help is offered, and no other."""
    script = pair.path("bash", nodelink("completion", "bash").out)
    verbs = re.findall(r"^  ((?:\w+ )?\w+)  ", nodelink("help").out, re.M)
    assert "token create" in verbs and "ps" in verbs
    for verb in verbs:
        helped = set(re.findall(r"^ +(?:-\w, )?(--[\w-]+)", nodelink(
            *verb.split(), "--help").out, re.M)) - {"--version"}
        assert set(completes(nodelink, script, *verb.split(), "--")) == helped, verb


def test_scripts_are_good_shell(nodelink, pair):
    bash = pair.path("bash", nodelink("completion", "bash").out)
    zsh = pair.path("zsh", nodelink("completion", "zsh").out)
    checks = [["bash", "-n", bash], ["shellcheck", "-s", "bash", bash], ["zsh", "-n", zsh]]
    for check in checks:
        if shutil.which(check[0]):
            subprocess.run(check, check=True, timeout=DEADLINE)
    assert "zsh" in nodelink.wrong("completion", "fish")


def test_completion_does_not_keep_anybody_waiting(nodelink):
    """A server that takes the connection and says nothing: a second."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        done = nodelink("completion", "agents", "--server", url, status=1)
    assert done.out == "" and "answer" in done.err
