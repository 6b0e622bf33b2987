"""What `nodelink` shows of tasks over time: logs and wait, also without a
server, and why a task is not begun (issue 7, 1)."""

import datetime
import json
import re
import signal
import socket
import threading
import time
from http import server as http_server

import pytest

from command import Command
from harness import until
from stub import Stub
from web1 import fixture_client, fixture_host, fixture_nodelink  # noqa: F401

NOWHERE = "http://127.0.0.1:1"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def said(client, task_id, text):
    until(lambda: client.output(task_id).decode() == text, f"it has said {text!r}")


# ------------------------------------------------------------------------- logs

def test_logs_show_the_last_lines(nodelink, client):
    record, _, _ = client.run("seq 1 2000; echo oops >&2; printf 'no end'", agent="web1")
    task_id = record["task_id"]
    whole = nodelink("logs", task_id)
    assert whole.out.endswith("1999\n2000\nno end") and whole.err == "oops\n"
    for flag in ("--tail=all", "-nall", "--tail=100000"):
        done = nodelink("logs", task_id, flag)
        assert (done.out, done.err) == (whole.out, whole.err), flag
    done = nodelink("logs", "-n", "2", "--stdout", task_id)
    assert (done.out, done.err) == ("2000\nno end", "")
    done = nodelink("logs", "-n1", "--stderr", task_id)
    assert (done.out, done.err) == ("oops\n", "")
    assert nodelink("logs", "-f", "--tail", "0", task_id).out == ""
    assert "all" in nodelink.wrong("logs", "--tail", "-3", task_id)
    assert "--since" in nodelink.wrong("logs", "--tail", "3", "--json", task_id)


def test_logs_follow_behind_the_last_lines(nodelink, client, host):
    flag = host.path("flag")
    task_id = client.shell(f"printf '1\\n2\\n3'; until [ -e {flag} ]; do sleep .02; done; "
                           "printf '3\\n4\\n'", agent="web1")
    said(client, task_id, "1\n2\n3")
    logs = nodelink.start("logs", "-f", "-n", "2", task_id)
    assert logs.stdout.read(3) == "2\n3"
    host.path("flag", "")
    assert nodelink.end(logs).out == "3\n4\n" and logs.returncode == 0


def test_logs_tell_when_each_line_came(nodelink, client):
    before = datetime.datetime.now(datetime.timezone.utc)
    record, _, _ = client.run("printf 'a\\nb'; echo c >&2; echo", agent="web1")
    done = nodelink("logs", "-t", record["task_id"])
    assert re.fullmatch(f"{TIME} a\n{TIME} b\n", done.out)
    assert re.fullmatch(f"{TIME} c\n", done.err)
    for line in (*done.lines, *done.err.splitlines()):
        came = datetime.datetime.fromisoformat(line.split()[0].replace("Z", "+00:00"))
        assert before.replace(microsecond=0) <= came <= datetime.datetime.now(
            datetime.timezone.utc)
    assert re.fullmatch(f"{TIME} b\n", nodelink(
        "logs", "--timestamps", "--tail=1", "--stdout", record["task_id"]).out)


def test_logs_begin_at_a_time(nodelink, client, host):
    flag = host.path("flag2")
    task_id = client.shell(f"echo old; until [ -e {flag} ]; do sleep .02; done; echo new; "
                           "sleep 100", agent="web1")
    said(client, task_id, "old\n")
    old = nodelink("logs", "-t", task_id).out.split()[0]
    host.path("flag2", "")
    said(client, task_id, "old\nnew\n")
    new = nodelink("logs", "-t", "-n", "1", task_id).out.split()[0]
    assert old < new
    zone = datetime.datetime.fromisoformat(new.replace("Z", "+00:00")).astimezone(
        datetime.timezone(datetime.timedelta(hours=-3))).isoformat()
    for since in (new, zone):
        assert nodelink("logs", "--since", since, task_id).out == "new\n", since
    assert nodelink("logs", "--since", "1h", task_id).out == "old\nnew\n"
    assert nodelink("logs", "--since", "2999-01-01T00:00:00Z", task_id).out == ""
    events = nodelink("logs", "--json", "--since", new, task_id).lines
    assert [json.loads(event)["time"] for event in events] == [new]
    for wrong in ("yesterday", "2026-11-22", "-5", "10 minutes"):
        assert "--since" in nodelink.wrong("logs", f"--since={wrong}", task_id)


def test_times_of_events_outlive_the_server(system):
    server = system.server()
    system.agent("web1", server)
    task_id = server.client.run("echo a; sleep 0.05; echo b", agent="web1")[0]["task_id"]
    before = Command(server)("logs", "-t", task_id).out
    assert len(before.splitlines()) == 2
    server.signal(signal.SIGKILL)
    server.wait()
    again = system.server(store=server.store, http=server.http, grpc=server.grpc)
    assert Command(again)("logs", "-t", task_id).out == before
    with again.client.events(task_id) as events:
        last = events.rest()[-1]
    assert last.data["time"] == again.client.task(task_id)["finished_at"]


# ------------------------------------------------------ a server that is not there

@pytest.mark.parametrize("words, status", [
    (("logs", "x"), 1), (("logs", "-f", "x"), 1), (("logs", "-n", "3", "x"), 1),
    (("wait", "x"), 125), (("wait", "-q", "x", "y"), 125)])
@pytest.mark.parametrize("url, text", [
    (NOWHERE, "Connection refused"), ("http://no-such-host..invalid", "cannot find the server")])
def test_a_server_that_was_never_heard_is_given_up(nodelink, words, status, url, text):
    done = nodelink(*words, "--server", url, status=status)
    assert text in done.err and "--server" in done.err and done.err.count("\n") == 1


def test_tls_where_there_is_none_is_given_up(nodelink, host):
    done = nodelink("wait", "x", "--server", f"https://{host.main.http}", status=125)
    assert "no TLS with" in done.err


def test_logs_and_wait_go_on_when_the_server_comes_back(system, tmp_path):
    server = system.server()
    system.agent("web1", server)
    nodelink = Command(server)
    flag = tmp_path / "flag"
    task_id = server.client.shell(f"echo ready; until [ -e {flag} ]; do sleep .02; done; "
                                  "echo done; exit 3", agent="web1")
    logs = nodelink.start("logs", "-f", task_id)
    wait = nodelink.start("wait", task_id)
    assert logs.stdout.readline() == "ready\n"
    until(lambda: re.search(rb"\nnodelink_http_streams\{[^}]*\} 2\n",
                            server.client.get("/metrics").body), "both follow")
    server.signal(signal.SIGKILL)
    server.wait()
    system.server(store=server.store, http=server.http, grpc=server.grpc)
    flag.touch()
    assert nodelink.end(logs).out == "done\n" and logs.returncode == 0
    assert nodelink.end(wait).out == f"{task_id} exited with status 3\n"


# ------------------------------------------------------------------------- wait

def test_wait_goes_on_behind_an_unknown_id(nodelink, client):
    ids = [client.run(f"exit {n}", agent="web1")[0]["task_id"] for n in (3, 0)]
    done = nodelink("wait", "nix", *ids, status=125)
    assert "task 'nix': task not found" in done.err and done.err.count("\n") == 1
    assert done.lines == [f"{ids[0]} exited with status 3", f"{ids[1]} completed"]
    assert nodelink("wait", *ids, "nix", status=3).lines == done.lines
    answers = nodelink("wait", "--json", "nix", ids[1], status=125).json
    assert answers[0]["code"] == "no_such_task" and answers[1]["task_id"] == ids[1]


def test_wait_has_an_end(nodelink, client):
    long = client.shell("sleep 100", agent="web1")
    short = client.run("exit 4", agent="web1")[0]["task_id"]
    done = nodelink("wait", "--timeout", "100ms", long, short, status=124)
    assert done.lines == [f"{short} exited with status 4"]
    assert done.err == f"nodelink: task '{long}' has not ended within 100 ms\n"
    assert nodelink("wait", "-t", "0", short, long, status=4).err == (
        f"nodelink: task '{long}' has not ended\n")
    assert nodelink("wait", "-t0", "--json", long, status=124).json is None
    assert nodelink("wait", "-t", "1m", "-q", short, status=4).out == ""


def test_wait_of_a_server_that_says_nothing_has_an_end(nodelink):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        begin = time.monotonic()
        done = nodelink("wait", "-t", "100ms", "--server", url, *"abcdefgh", status=124)
        assert time.monotonic() - begin < 10, "it looks once behind its time"
    assert done.err.count("has not ended within 100 ms") == 8


def test_wait_looks_at_each_when_its_time_is_over():
    slow = threading.Event()

    def answer(_, path):
        slow.wait(1.1)  # together more than what it waits for one
        task_id = path.partition("ref=")[2].partition("&")[0]
        data = {"isFinal": True, "task": {"task_id": task_id, "status": "completed"}}
        return 200, f"id: 1\nevent: response\ndata: {json.dumps(data)}\n\n".encode()

    with Stub(answer) as server:
        done = Command(server)("wait", "-t", "0", "a", "b")
    assert done.lines == ["a completed", "b completed"]


def test_wait_on_a_terminal_has_one_line_that_changes(nodelink, client):
    ids = [client.shell("sleep 100", agent="web1") for _ in range(2)]
    terminal = nodelink.terminal("wait", *ids, columns=100)
    try:
        terminal.until(lambda t: t.count(f"waiting for {ids[0]}, task 1 of 2, for ") > 1)
        client.cancel(ids[0])
        text = terminal.until(lambda t: f"waiting for {ids[1]}, task 2 of 2" in t)
        assert re.search(rf"\r\x1b\[K{ids[0]} cancelled by [^\n]*\n\r\x1b\[K", text), text
        client.cancel(ids[1])
        text = terminal.until(lambda t: f"{ids[1]} cancelled" in t and "\n" in t)
        assert "\n" not in text.partition(f"{ids[1]} cancelled")[0], "written over"
        assert terminal.wait() == 143
    except BaseException:
        terminal.kill()
        raise
    quiet = nodelink.terminal("wait", "-q", *ids)
    assert quiet.wait() == 143 and quiet.text == ""


# ------------------------------------------------- what run waits for, and why

def test_run_says_that_its_agent_is_drained(nodelink, client):
    client.ok("POST", "/agents/web1/drain", {"reason": "new kernel"})
    run = nodelink.start("run", "--start-timeout", "1h", "web1", "--", "echo now")
    line = run.stderr.readline()
    assert re.fullmatch(
        rf"nodelink: agent 'web1' is drained since {TIME} \([^)]+ ago\) by \S+: new kernel; the "
        r'task waits until "nodelink drain --undo web1" is given, 1h at most '
        r"\(--start-timeout\); Ctrl-C cancels it\n", line), line
    nodelink("drain", "--undo", "web1")
    done = nodelink.end(run)
    assert (done.status, done.out, done.err) == (0, "now\n", "")


def test_run_that_is_left_says_so_too(nodelink, client):
    client.ok("POST", "/agents/web1/drain")
    done = nodelink("run", "-d", "web1", "--", "true")
    task_id = done.lines[0]
    assert "agent 'web1' is drained since" in done.err
    assert f'"nodelink cancel {task_id}" cancels it' in done.err
    assert nodelink("run", "-d", "-q", "web1", "--", "true").err == ""
    client.ok("DELETE", "/agents/web1/drain")
    assert nodelink("run", "-d", "web1", "--", "true").err == ""


def test_run_says_that_its_agent_is_away(system):
    server = system.server()
    agent = system.agent("web1", server)
    agent.stop()
    nodelink = Command(server)
    until(lambda: not server.client.agents()["web1"]["connected"], "it is away")
    run = nodelink.start("run", "web1", "--", "ls")
    line = run.stderr.readline()
    assert re.match(rf"nodelink: agent 'web1' is not connected, last seen {TIME} \([^)]+ ago\); "
                    "the task waits until nodelink-agent runs there, ", line), line
    run.send_signal(signal.SIGINT)
    assert nodelink.end(run).status == 130


def test_run_says_that_its_agent_is_unknown(nodelink):
    done = nodelink("run", "web9", "--", "ls", status=125)
    assert "no agent 'web9' is known" in done.err and '"nodelink agents" lists' in done.err


def test_run_says_nothing_of_an_agent_that_works(nodelink):
    assert nodelink("run", "web1", "--", "sleep 0.4; echo done").err == ""


# --------------------------------------------------- servers as there are others

class Fake(http_server.ThreadingHTTPServer):
    """Answers each path with what it is given for it; a stream has no end."""

    daemon_threads = True

    def __init__(self, answers):
        self.answers = answers
        self.over = threading.Event()
        super().__init__(("127.0.0.1", 0), FakeHandler)
        self.http = f"127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.shutdown()
        self.server_close()


class FakeHandler(http_server.BaseHTTPRequestHandler):
    def do_GET(self):  # pylint: disable=invalid-name
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = self.path.split("?")[0]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream" if path == "/stream"
                         else "application/json")
        self.end_headers()
        self.wfile.write(self.server.answers[path].encode())
        self.wfile.flush()
        if path == "/stream" and "follow=0" not in self.path:
            self.server.over.wait(60)

    do_POST = do_DELETE = do_GET

    def log_message(self, *_):  # pylint: disable=arguments-differ
        pass


def test_logs_say_that_there_are_no_times():
    event = {"isFinal": False, "shellExecute": {"stdout": "YQ==", "stderr": "", "exitCode": 0}}
    with Fake({"/stream": f"id: 7\ndata: {json.dumps(event)}\n\n"}) as fake:
        nodelink = Command(fake)
        assert nodelink("logs", "x").out == "a"
        for words in (("-t",), ("--since", "1h"), ("-n", "1", "-t")):
            done = nodelink("logs", "x", *words, status=1)
            assert done.out == "" and "event 7 has no time" in done.err


@pytest.mark.parametrize("plugins, text", [
    ([{"name": "shell", "up": False}], "plugin 'shell' of agent 'web1' is down; the task waits"),
    ([], "waiting for agent 'web1' to take the task"),  # it should, but does not
])
def test_run_says_what_it_waits_for_elsewhere(plugins, text):
    task = json.dumps({"task_id": "t1", "agent_id": "web1", "plugin": "shell",
                       "status": "pending", "start_timeout": 60})
    agent = json.dumps({"agent_id": "web1", "connected": True, "plugins": plugins})
    with Fake({"/tasks/shell": task, "/tasks/t1": task, "/agents/web1": agent,
               "/stream": ": nothing\n\n"}) as fake:
        nodelink = Command(fake)
        run = nodelink.start("run", "web1", "--", "true")
        assert text in run.stderr.readline()
        run.kill()
        nodelink.end(run)
