"""`nodelink run`, logs, wait and cancel, as people and scripts use them
(issue 7, 1)."""

import base64
import json
import os
import signal
import subprocess

import pytest

from command import NODELINK, Command, press
from harness import is_alive, of_task, until
from web1 import fixture_client, fixture_host, fixture_nodelink, only  # noqa: F401


def binary(nodelink, *words, stdin=subprocess.DEVNULL):
    return subprocess.run([NODELINK, *words], env=nodelink.env, stdin=stdin,
                          capture_output=True, timeout=60, check=False)


# ------------------------------------------------------------------------- run

def test_run_passes_output_and_status_on(nodelink):
    done = nodelink("run", "web1", "--", "echo out; echo err >&2; exit 7", status=7)
    assert (done.out, done.err) == ("out\n", "err\n")
    done = nodelink("run", "web1", "--", "printf", "%s|", "a b", "*", "$HOME", "it's", "")
    assert (done.out, done.err) == ("a b|*|$HOME|it's||", "")
    assert nodelink("run", "web1", "--", "no-such-program", status=127).out == ""
    killed = nodelink("run", "web1", "--", "kill -9 $$", status=137)
    assert killed.err == "nodelink: ended by SIGKILL\n"


def test_run_passes_every_byte_on(nodelink, tmp_path):
    data = os.urandom(1 << 20) + b"\xc3" * 70000 + bytes(range(256))
    source = tmp_path / "data"
    source.write_bytes(data)
    done = binary(nodelink, "run", "web1", "--", f"cat {source}; cat {source} >&2")
    assert done.returncode == 0
    assert done.stdout == data and done.stderr == data


def test_run_goes_on_when_its_own_reader_is_slow(nodelink):
    run = subprocess.Popen([NODELINK, "run", "web1", "--", "head -c 16M /dev/zero"],
                           env=nodelink.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    size = 0
    for piece in iter(lambda: run.stdout.read1(1 << 20), b""):
        size += len(piece)
    assert size == 16 << 20 and run.wait(30) == 0
    run.stdout.close()


def test_run_gives_the_task_all_that_it_is_asked_for(nodelink, client, tmp_path):
    nodelink.env["FROM_HERE"] = "two\nlines"
    task_id = nodelink(
        "run", "web1", "-d", "-e", "A=b=c", "--env", "FROM_HERE", "-w", str(tmp_path),
        "-l", "job=x", "-t", "90s", "--idle-timeout", "1m", "--start-timeout=20s",
        "-g", "1500ms", "--signal", "INT", "--pre-stop", "true", "--cleanup", "echo 1",
        "--cleanup", "failed:echo 2", "--limit", "open_files=99",
        "--output-limit", "64k", "--orphans", "wait", "--shell", "sh",
        "--", 'printf "%s." "$A" "$FROM_HERE" "$PWD"').lines[0]
    record = nodelink("wait", task_id, "--json").json
    assert client.output(task_id) == f"b=c.two\nlines.{tmp_path}.".encode()
    assert record["labels"] == {"job": "x"} and record["timeout"] == 90
    assert record["idle_timeout"] == 60 and record["start_timeout"] == 20
    assert record["stop"] == {"signal": "SIGINT", "grace": 1.5,
                              "pre_stop": {"cmd": "true", "timeout": None}}
    assert [(h["cmd"], h["when"]) for h in record["cleanup"]] == [
        ("echo 1", "always"), ("echo 2", "failed")]
    assert record["limits"]["open_files"] == 99 and record["output_limit"] == 65536
    assert record["orphans"] == "wait" and record["params"]["shell"] == "sh"


def test_run_takes_other_plugins(nodelink):
    assert nodelink("run", "web1", "--plugin", "countdown", "-p", "from=1").out == "1\n0\n"
    # What looks like a number is sent as it is written: 1.10 may be a version.
    assert 'got "1e0"' in nodelink("run", "web1", "--plugin=countdown", "--param=from=1e0",
                                   status=125).err
    assert "takes no command" in nodelink("run", "web1", "--plugin=countdown", "--", "ls",
                                          status=125).err


@pytest.mark.parametrize("words, text", [
    ((), "expected AGENT"),
    (("web1",), "nodelink run web1 -- COMMAND"),
    (("web1", "ls"), "put -- before the command"),
    (("web1", "-z", "--", "ls"), "unknown flag -z"),
    (("web1", "--tiemout=3", "--", "ls"), "did you mean '--timeout'?"),
    (("web1", "-e", "NOT_HERE", "--", "ls"), "no variable 'NOT_HERE'"),
    (("web1", "-l", "x", "--", "ls"), "expected NAME=VALUE"),
    (("web1", "--limit", "sheep=3", "--", "ls"), "sheep"),
    (("web1", "--cwd", b"\xff", "--", "ls"), "no UTF-8"),
    (("web1", "--limit", b"pids=\xff", "--", "ls"), "no UTF-8"),
    (("web1", "--", b"\xff"), "no UTF-8"),
    (("nobody", "--", "ls"), "nobody"),
    (("web1", "-s", "http://127.0.0.1:1", "--", "ls"), "Connection refused; --server or"),
])
def test_run_that_cannot_be_exits_with_125(nodelink, words, text):
    done = nodelink("run", *words, status=125)
    assert text in done.err and done.out == ""


def test_run_says_when_a_time_was_over(nodelink):
    done = nodelink("run", "web1", "-t", "200ms", "--", "sleep 100", status=124)
    assert "its time of 0.2 s was over" in done.err
    done = nodelink("run", "web1", "--idle-timeout", "200ms", "--", "sleep 100", status=124)
    assert "silent for 0.2 s" in done.err


def test_ctrl_c_cancels_and_shows_what_the_task_still_says(nodelink, client):
    terminal = nodelink.terminal(
        "run", "web1", "--", "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep .02; done")
    terminal.until(lambda text: "ready" in text)
    task_id = only(client)
    terminal.interrupt()
    text = terminal.until(lambda text: "cancelled by" in text)
    assert "cancelling; Ctrl-C again to kill it at once" in text and "bye" in text
    assert terminal.wait() == 130
    record = client.task(task_id)
    assert record["status"] == "cancelled" and record["cancel"]["reason"] == "SIGINT"
    assert not of_task(task_id)


def test_a_second_signal_kills(nodelink, client):
    run = nodelink.start("run", "-g", "60s", "web1", "--",
                         "trap '' TERM; echo ready; while :; do sleep .02; done")
    assert run.stdout.readline() == "ready\n"
    task_id = only(client)
    run.send_signal(signal.SIGTERM)
    assert "cancelling; another signal" in run.stderr.readline()
    press(run, signal.SIGTERM, "killing; another signal")
    done = nodelink.end(run)
    assert done.status == 143 and "SIGKILL" in done.err and not of_task(task_id)


def test_a_third_signal_leaves_a_server_that_does_not_answer(system):
    server = system.server()
    system.agent("web1", server)
    nodelink = Command(server)
    run = nodelink.start("run", "web1", "--", "echo ready; sleep 100")
    assert run.stdout.readline() == "ready\n"
    task_id = only(server.client)
    server.signal(signal.SIGSTOP)
    for text in ("cancelling; Ctrl-C again", "killing; Ctrl-C again",
                 f"left; the task may go on: nodelink wait {task_id}"):
        press(run, signal.SIGINT, text)
    server.signal(signal.SIGCONT)
    assert nodelink.end(run).status == 130
    server.client.cancel(task_id)


def test_a_reader_that_has_gone_ends_the_task(nodelink, client):
    run = nodelink.start("run", "web1", "--", "yes")
    assert run.stdout.readline() == "y\n"
    task_id = only(client)
    run.stdout.close()
    assert run.wait(30) == 141
    assert run.stderr.read() == ""
    record = client.task(task_id)
    assert record["status"] == "cancelled" and "nobody reads" in record["cancel"]["reason"]


def test_ctrl_c_is_heard_while_nobody_reads(nodelink, client):
    run = nodelink.start("run", "web1", "--", "yes")
    task_id = only(client)
    until(lambda: client.task(task_id)["output"]["stdout_bytes"] > 4 << 20, "the pipe is full")
    run.send_signal(signal.SIGINT)
    assert client.end(task_id)["status"] == "cancelled"
    run.stdout.close()
    assert run.wait(60) == 141
    run.stderr.close()


def test_nohup_is_respected(nodelink, client):
    run = nodelink.start("run", "web1", "--", "echo ready; sleep 1; echo done",
                         preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    assert run.stdout.readline() == "ready\n"
    run.send_signal(signal.SIGHUP)
    assert nodelink.end(run).out == "done\n" and run.returncode == 0


def test_run_goes_on_when_the_server_comes_back(system):
    server = system.server()
    system.agent("web1", server)
    nodelink = Command(server)
    run = nodelink.start("run", "web1", "--", "echo ready; "
                         "for i in 1 2 3 4; do sleep 0.3; echo $i; done; exit 5")
    assert run.stdout.readline() == "ready\n"
    server.signal(signal.SIGKILL)
    server.wait()
    system.server(store=server.store, http=server.http, grpc=server.grpc)
    done = nodelink.end(run)
    assert done.status == 5 and done.lines == ["1", "2", "3", "4"]


def test_a_key_runs_it_once(nodelink, client):
    words = ("run", "-q", "--idempotency-key", "nightly-7", "web1", "--", "date +%N")
    first = nodelink(*words).out
    assert nodelink(*words).out == first


def test_run_tells_programs_the_events(nodelink):
    done = nodelink("run", "--json", "web1", "--", "echo hello")
    events = [json.loads(line) for line in done.lines]
    assert events[0]["shellExecute"]["stdout"] == "hello\n" and events[0]["id"] == 1
    assert events[-1]["isFinal"] and events[-1]["task"]["exit_code"] == 0
    record = nodelink("run", "--json", "-d", "web1", "--", "true").json
    assert record["cmd"] == "true"


# --------------------------------------------------------------- logs and wait

def test_logs_are_split_and_chosen(nodelink):
    task_id = nodelink("run", "-d", "web1", "--cleanup", "echo hook", "--",
                       "echo a; echo b >&2; sleep 0.1; echo c").lines[0]
    done = nodelink("logs", "-f", task_id)
    assert (done.out, done.err) == ("a\nc\n", "b\nhook\n")
    assert nodelink("logs", "--stderr", task_id).out == "b\n"
    assert nodelink("logs", "--hooks", task_id).out == "hook\n"
    assert nodelink("logs", "--stdout", task_id).err == ""
    events = [json.loads(line) for line in nodelink("logs", "--json", task_id).lines]
    first_b = next(e["id"] for e in events
                   if e.get("shellExecute", {}).get("stderr") == "b\n")
    assert nodelink("logs", "--since", str(first_b), task_id).out.endswith("c\n")
    assert "task 'nix': task not found" in nodelink("logs", "nix", status=1).err


def test_logs_end_where_the_task_is_unless_they_follow(nodelink, client):
    task_id = client.shell("echo now; sleep 100", agent="web1")
    until(lambda: client.output(task_id) == b"now\n", "it has printed")
    assert nodelink("logs", task_id).out == "now\n"
    follow = nodelink.start("logs", "-f", task_id)
    assert follow.stdout.readline() == "now\n"
    client.cancel(task_id)
    assert nodelink.end(follow).status == 0


def test_wait_has_the_status_of_the_first_that_failed(nodelink):
    ids = [nodelink("run", "-d", "web1", "--", f"sleep 0.2; exit {n}").lines[0]
           for n in (0, 3, 4)]
    done = nodelink("wait", *ids, status=3)
    assert done.lines == [f"{ids[0]} completed", f"{ids[1]} exited with status 3",
                          f"{ids[2]} exited with status 4"]
    assert nodelink("wait", "-q", ids[0]).out == ""
    assert [r["exit_code"] for r in nodelink("wait", "--json", *ids, status=3).json] == [0, 3, 4]
    assert "'nix'" in nodelink("wait", "nix", status=125).err


# ---------------------------------------------------------------------- cancel

def test_cancel_shows_the_evidence(nodelink, client):
    task_id = client.shell("trap '' TERM; echo ready; sleep 100 & while :; do sleep .02; done",
                           agent="web1")
    until(lambda: client.output(task_id) == b"ready\n", "it is deaf")
    done = nodelink("cancel", "-g", "100ms", "-r", "enough", task_id)
    facts = dict(line.split(None, 1) for line in done.lines)
    assert facts["task"] == task_id and facts["status"] == "cancelled"
    assert facts["why"] == "user_request: enough"
    assert facts["signals"].endswith("SIGKILL") and "processes: " in facts["killed"]
    assert facts["left"].startswith("nothing, after") and done.err == ""
    assert nodelink("cancel", task_id).lines == done.lines  # as often as one likes
    ended = nodelink("run", "-d", "web1", "--", "true").lines[0]
    nodelink("wait", ended)
    done = nodelink("cancel", ended, status=1)
    assert f"task '{ended}': task is already completed" in done.err and done.out == ""


def test_cancel_of_several_is_a_table(nodelink, client):
    ids = [client.shell("sleep 100", agent="web1") for _ in range(20)]
    done = nodelink("cancel", "--code", "x.ci.old", *ids, "nix", status=1)
    assert done.lines[0].split() == ["TASK", "STATUS", "CANCEL", "SIGNALS", "KILLED", "TOOK"]
    assert [line.split()[:2] for line in done.lines[1:]] == [[i, "cancelled"] for i in ids]
    assert done.err.startswith("nodelink: task 'nix': ") and done.err.count("\n") == 1
    assert client.task(ids[0])["cancel"]["name"] == "x.ci.old"
    answers = nodelink("cancel", "--json", "nix", ids[0], status=1).json
    assert [answer["code"] for answer in answers] == ["no_such_task", "already_final"]


def test_cancel_of_all_that_fit(nodelink, client):
    ids = [client.shell("sleep 100", agent="web1", labels={"job": job}) for job in "aab"]
    done = nodelink("cancel", "-n", "-l", "job=a")
    assert [line.split()[0] for line in done.lines[1:]] == ids[:2]
    assert done.err == "nodelink: 2 unfinished tasks match; nothing was cancelled\n"
    done = nodelink("cancel", "--label", "job=a")
    assert "2 are cancelled" in done.err and client.task(ids[2])["status"] == "in_progress"
    assert nodelink("cancel", "-l", "job=a", "--json").json["matched"] == 0
    done = nodelink("cancel", "-q", "--agent", "web1", "--force")
    assert (done.out, done.err) == ("", "") and client.task(ids[2])["status"] == "cancelled"


def test_cancel_need_not_wait(nodelink, client):
    task_id = client.shell("trap '' TERM; echo ready; while :; do sleep .02; done",
                           agent="web1", stop={"grace": 60})
    until(lambda: client.output(task_id) == b"ready\n", "it is deaf")
    assert "not verified yet" in nodelink("cancel", "--no-wait", task_id).out
    assert "not verified yet" in nodelink("cancel", "--wait", "50ms", task_id, status=1).out
    terminal = nodelink.terminal("cancel", task_id)
    terminal.until(lambda text: "cancelling: stopping, " in text)
    terminal.interrupt()
    assert "stays so" in terminal.until(lambda text: "not waiting" in text and "\n" in text)
    assert terminal.wait() == 130 and is_alive(next(iter(of_task(task_id))))
    assert nodelink("cancel", "-f", task_id).lines[1].split() == ["status", "cancelled"]


@pytest.mark.parametrize("words, text", [
    ((), "which tasks?"), (("-l", "a", "x"), "either IDs, or"),
    (("--plugin", "shell"), "--label or --agent is needed"),
    (("-n", "x"), "--dry-run is for"), (("--wait", "1s", "--no-wait", "x"), "exclude"),
])
def test_cancel_says_what_is_missing(nodelink, words, text):
    assert text in nodelink.wrong("cancel", *words)


# ------------------------------------------------------- settings and the frame

def test_verbs_are_found_and_guessed(nodelink):
    assert "nodelink run [FLAG]... AGENT [-- COMMAND...]" in nodelink("run", "--help").out
    listed = nodelink("help").out
    assert listed == nodelink().out == nodelink("--help").out and "docker run" in listed
    assert nodelink("help", "docker", "run").out.startswith("Usage: nodelink docker run")
    assert "did you mean 'cancel'?" in nodelink.wrong("cancle")
    assert "docker run" in nodelink.wrong("docker")
    assert nodelink("version").lines[1].startswith("server 0.")


def test_contexts_choose_the_server_and_keep_its_token(host, tmp_path):
    server = host.main.http
    config = tmp_path / "config"
    config.write_text("[nodelink]\ncontext = here\n"
                      f"[context here]\nserver = http://{server}/\n"
                      "[context away]\nserver = http://192.0.2.1:8080\ntoken_file = token\n")
    nodelink = Command(host.main, NODELINK_CONFIG=str(config))
    del nodelink.env["NODELINK_SERVER"]
    assert f"at http://{server}" in nodelink("version").out
    assert "cannot read secret file" in nodelink("agents", "--context", "away", status=1).err
    token = tmp_path / "token"
    token.write_text("nl_secret\n")
    token.chmod(0o644)
    assert "chmod 600" in nodelink("agents", "--context", "away", status=1).err
    token.chmod(0o600)
    assert "without TLS" in nodelink("agents", "--context", "away", status=1).err
    # with another server the context's token is not read at all
    assert nodelink("agents", "--context", "away", "--server", f"http://{server}").status == 0
    assert "no context 'x'" in nodelink.wrong("agents", "--context", "x")
    config.write_text("[context here]\nsever = x\n")
    assert "did you mean 'server'?" in nodelink.wrong("agents", "--context", "here")


def test_refusals_say_what_to_do(system):
    auth = system.auth()
    viewer = auth.client("eve", "viewer")
    server = system.server(auth=auth)
    nodelink = Command(server)
    assert "--token-file" in nodelink("agents", status=1).err
    nodelink.env["NODELINK_TOKEN_FILE"] = system.path("token", viewer)
    os.chmod(nodelink.env["NODELINK_TOKEN_FILE"], 0o600)
    assert nodelink("agents").status == 0
    assert "operator" in nodelink("run", "web1", "--", "ls", status=125).err


# ------------------------------------------------------------------ the stream

def test_the_stream_is_told_as_asked_for(client):
    task_id = client.shell("printf '\\303'; sleep 0.1; printf '\\244\\377'", agent="web1")
    client.end(task_id)

    def events(query):
        answer = client.get(f"/stream?ref={task_id}{query}")
        assert answer.status == 200, answer
        return [json.loads(line[6:]) for line in answer.body.decode().split("\n")
                if line.startswith("data: ")]

    raw = b"".join(base64.b64decode(e["shellExecute"]["stdout"])
                   for e in events("&encoding=base64")[:-1])
    assert raw == b"\xc3\xa4\xff"
    assert "".join(e["shellExecute"]["stdout"] for e in events("&encoding=text")) == "ä\ufffd"
    assert [e["isFinal"] for e in events("&output=0")] == [True]
    running = client.shell("sleep 100", agent="web1")
    assert b"data:" not in client.get(f"/stream?ref={running}&follow=0").body
    for query in ("encoding=rot13", "output=maybe", "follow=-"):
        answer = client.get(f"/stream?ref={task_id}&{query}")
        assert answer.status == 400 and answer.json["code"] == "bad_query"
