"""GET /metrics: the numbers after work that is known, whom it answers, and
what Prometheus itself makes of it."""

import json
import os
import re
import shutil
import subprocess
import urllib.parse
import urllib.request

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from harness import DEADLINE, Program, until
from receiver import Receiver, settings

SOURCE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
EXAMPLES = f"{SOURCE}/doc/prometheus"
TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def _tool(name):
    """A program of Debian's package prometheus: where scripts/deps puts it."""
    folder = os.environ.get("NODELINK_TOOLS") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "nodelink/tools")
    path = shutil.which(name, path=f"{folder}:{os.environ['PATH']}")
    if not path:
        pytest.skip(f"{name} is not installed: scripts/deps tests gets it")
    return path


def _promtool(*words, **more):
    return subprocess.run([_tool("promtool"), *words], check=False, timeout=DEADLINE,
                          capture_output=True, text=True, **more)


def _samples(answer):
    """{"name{label=value,...}": number}, in the order of the labels there."""
    assert answer.status == 200, answer
    assert answer.headers["Content-Type"] == TYPE
    found = {}
    for family in text_string_to_metric_families(answer.body.decode()):
        for name, labels, value, *_ in family.samples:
            words = ",".join(f"{k}={v}" for k, v in labels.items())
            found[f"{name}{{{words}}}" if words else name] = value
    return found


class Watched:
    """A server that asks everybody, its agent, and what a viewer sees."""

    def __init__(self, system):
        self.auth = system.auth()
        self.server = system.server("--audit", f"{system.folder}/audit.log", auth=self.auth)
        self.client = self.server.client
        self.token = self.auth.client("prometheus", "viewer")
        self.viewer = self.client.bearing(self.token)
        system.agent("agent1", self.server, *self.auth.agent_file("agent1"))
        # A plugin that has not come yet is counted as "other".
        until(lambda: any(p["name"] == "shell" and p["up"]
                          for p in self.client.agents()["agent1"]["plugins"]), "shell is up")

    def read(self):
        return _samples(self.viewer.get("/metrics"))

    def gains(self, before):
        """What has grown since, and by how much."""
        now = self.read()
        return {name: value - before.get(name, 0) for name, value in now.items()
                if value != before.get(name, 0)}


@pytest.fixture(scope="module")
def watched(module_system):
    return Watched(module_system)


def _without(gains, *beginnings):
    return {name: value for name, value in gains.items()
            if not name.startswith(beginnings) and "_bucket{" not in name
            and not name.endswith("_sum") and "_sum{" not in name}


def test_numbers_are_those_of_the_work(watched):
    client = watched.client
    before = watched.read()
    client.run("printf 12345; printf 678 >&2")
    client.run("exit 3")
    running = client.shell("sleep 1000 & sleep 1000")
    until(lambda: client.task(running)["status"] == "in_progress", "it runs")
    assert watched.read()["nodelink_tasks{state=in_progress}"] == 1
    assert client.cancel(running).status == 200
    client.ok("POST", "/agents/agent1/drain", {})
    waiting = client.shell("true")
    during = watched.read()
    assert during["nodelink_tasks{state=pending}"] == 1
    assert during["nodelink_agents_draining"] == 1
    assert client.cancel(waiting, code="maintenance").status == 200
    client.ok("DELETE", "/agents/agent1/drain")
    gains = _without(watched.gains(before), "process_", "nodelink_store_", "nodelink_audit_")
    assert {k: v for k, v in gains.items() if not k.startswith("nodelink_http_")} == {
        "nodelink_tasks_created_total{plugin=shell}": 4,
        "nodelink_tasks_ended_total{plugin=shell,status=completed,cause=none}": 1,
        "nodelink_tasks_ended_total{plugin=shell,status=failed,cause=exit}": 1,
        "nodelink_tasks_ended_total{plugin=shell,status=cancelled,cause=user_request}": 1,
        "nodelink_tasks_ended_total{plugin=shell,status=cancelled,cause=maintenance}": 1,
        "nodelink_task_start_seconds_count{plugin=shell}": 3,
        "nodelink_task_run_seconds_count{plugin=shell}": 3,
        "nodelink_cancel_requests_total{code=user_request}": 1,
        "nodelink_cancel_requests_total{code=maintenance}": 1,
        "nodelink_cancels_ended_total{end=verified}": 2,
        # The one that waited was no node's.
        "nodelink_cancel_delivered_seconds_count": 1,
        "nodelink_cancel_signalled_seconds_count": 1,
        "nodelink_cancel_verified_seconds_count": 1,
        "nodelink_cancel_seconds_count": 1,
        "nodelink_output_received_bytes_total{stream=stdout}": 5,
        "nodelink_output_received_bytes_total{stream=stderr}": 3,
        "nodelink_output_stored_bytes_total": 8,
    }
    answers = "nodelink_http_requests_total{route=%s,method=%s,code=200}"
    assert gains[answers % ("/tasks/{plugin}", "POST")] == 4
    assert gains[answers % ("/tasks/{id}", "DELETE")] == 2
    assert gains[answers % ("/stream", "GET")] == 2
    # A scrape counts those before it.
    assert gains[answers % ("/metrics", "GET")] == 3
    assert gains["nodelink_http_request_seconds_count{route=/stream,method=GET}"] == 2


def test_steps_of_a_cancel_take_the_time_that_they_take(watched):
    before = watched.read()
    task_id = watched.client.shell(
        "trap '' TERM; echo on; while :; do sleep 0.1; done", stop={"grace": 0.5})
    with watched.client.events(task_id) as events:
        events.until_stdout("on\n")
        assert watched.client.cancel(task_id).status == 200
    gains = watched.gains(before)
    assert gains["nodelink_cancels_killed_total"] == 1
    # The node's times are whole milliseconds, and so is the timer's beginning.
    assert 0.499 <= gains["nodelink_cancel_verified_seconds_sum"] < DEADLINE
    assert gains["nodelink_cancel_seconds_sum"] >= 0.5
    assert gains.get("nodelink_cancel_verified_seconds_bucket{le=0.25}", 0) == 0
    assert gains["nodelink_cancel_verified_seconds_bucket{le=+Inf}"] == 1


def test_output_that_is_cut_is_counted(watched):
    before = watched.read()
    watched.client.run("head -c 100000 /dev/zero", output_limit=40000)
    gains = watched.gains(before)
    assert gains["nodelink_output_cut_bytes_total"] == 60000
    assert gains["nodelink_output_stored_bytes_total"] == 40000


def test_open_streams_are_shown_while_they_are_open(watched):
    task_id = watched.client.shell("sleep 1000")
    with watched.client.events(task_id), watched.client.events(task_id):
        assert watched.read()["nodelink_http_streams{kind=events}"] == 2
    until(lambda: watched.read()["nodelink_http_streams{kind=events}"] == 0,
          "the server has seen that they have left")
    assert watched.client.cancel(task_id, force=1).status == 200


def test_what_must_not_be_lost_is_0_and_shown(watched):
    now = watched.read()
    for name in ("nodelink_events_lost_total{what=step}", "nodelink_events_lost_total{what=end}",
                 "nodelink_http_streams_broken_total", "nodelink_store_failures_total",
                 "nodelink_store_failing", "nodelink_audit_lost_total",
                 "nodelink_agent_complaints_total{consequence=closed}",
                 "nodelink_agent_streams_total{decision=refused}",
                 "nodelink_http_limited_total{code=too_many_calls}"):
        assert now[name] == 0, name
    assert now["nodelink_store_commit_seconds_count"] > 0
    assert now["nodelink_audit_lines_total"] > 0


def test_process_is_told_from_inside_the_sandbox(watched):
    now = watched.read()
    pid = watched.server.pid
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        pages = int(file.read().split()[1])
    assert 0.5 < now["process_resident_memory_bytes"] / (pages * os.sysconf("SC_PAGESIZE")) < 2
    assert abs(now["process_open_fds"] - len(os.listdir(f"/proc/{pid}/fd"))) <= 3
    assert now["process_cpu_seconds_total"] > 0
    assert now["process_max_fds"] >= now["process_open_fds"]


def test_who_is_not_known_is_not_answered_and_counted(watched):
    before = watched.read()
    assert watched.client.bearing(None).get("/metrics").status == 401
    assert watched.client.bearing("nonsense").get("/metrics").status == 401
    gains = watched.gains(before)
    assert gains["nodelink_auth_failures_total{code=no_token}"] == 1
    assert gains["nodelink_auth_failures_total{code=bad_token}"] == 1
    assert gains["nodelink_http_requests_total{route=/metrics,method=GET,code=401}"] == 2


def test_paths_that_do_not_exist_make_no_series(watched):
    before = watched.read()
    for i in range(20):
        assert watched.viewer.get(f"/nothing/{i}").status == 404
    gains = _without(watched.gains(before), "process_")
    assert gains["nodelink_http_requests_total{route=none,method=none,code=404}"] == 20
    assert not any("nothing" in name for name in gains)


def test_webhooks_are_counted_by_what_becomes_of_them(system):
    with Receiver() as receiver:
        server = system.server(*settings(system, receiver.url + "/all"))
        system.agent("agent1", server)
        receiver.answers = [500]
        task_id = server.client.shell("true")
        assert len(receiver.of(task_id, 2)) == 2
        until(lambda: _samples(server.client.get("/metrics")).get(
            "nodelink_webhook_tries_total{fate=delivered}") == 1, "the second was taken")
        now = _samples(server.client.get("/metrics"))
    assert now["nodelink_webhook_tries_total{fate=waits}"] == 1
    assert now["nodelink_webhook_tries_total{fate=dead}"] == 0


# ---------------------------------------------------------------- Prometheus

def test_promtool_finds_nothing_to_say(watched):
    answer = watched.viewer.get("/metrics", headers={"Accept": "text/plain"})
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    done = _promtool("check", "metrics", input=answer.body.decode())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_alerts_come_when_they_should(tmp_path):
    shutil.copy(f"{EXAMPLES}/nodelink.rules.yml", tmp_path)
    shutil.copy(os.path.join(os.path.dirname(__file__), "alerts.yml"), tmp_path)
    done = _promtool("test", "rules", "alerts.yml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_and_the_manual_speak_of_metrics_that_there_are(watched):
    known = {name.partition("{")[0] for name in watched.read()}
    with open(f"{EXAMPLES}/nodelink.rules.yml", encoding="utf-8") as file:
        rules = set(re.findall(r"\b(?:nodelink|process)_\w+", file.read()))
    assert rules and rules <= known
    with open(f"{SOURCE}/man/nodelink-api.7", encoding="utf-8") as file:
        told = set(re.findall(r"\b(?:nodelink|process)_(?!session)\w+", file.read()))
    families = {re.sub("_(total|info|bucket|count|sum)$", "", name) for name in known}
    assert told == families


def _ask(address, **query):
    url = f"http://{address}/api/v1/query?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(url, timeout=DEADLINE) as answer:
        return json.load(answer)["data"]["result"]


@pytest.fixture
def prometheus(watched, tmp_path):
    """Debian's, set up as the example says; its address."""
    with open(f"{EXAMPLES}/prometheus.yml", encoding="utf-8") as file:
        conf = file.read()
    token = tmp_path / "token"
    token.write_text(watched.token)
    for old, new in (("localhost:8080", watched.server.http),
                     ("/etc/prometheus/nodelink.token", str(token))):
        assert old in conf
        conf = conf.replace(old, new)
    (tmp_path / "prometheus.yml").write_text("global: {scrape_interval: 100ms}\n" + conf)
    shutil.copy(f"{EXAMPLES}/nodelink.rules.yml", tmp_path)
    done = _promtool("check", "config", "prometheus.yml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    program = Program("prometheus", [
        _tool("prometheus"), "--config.file", str(tmp_path / "prometheus.yml"),
        "--web.listen-address", "127.0.0.1:0", "--storage.tsdb.path", str(tmp_path / "data")])
    try:
        address = program.wait_line(r'"Listening on" address=(\S+)')[1]
        program.wait_line("Server is ready", anywhere=True)
        yield address
    finally:
        program.stop()


def test_prometheus_reads_it(watched, prometheus):
    assert until(lambda: _ask(prometheus, query="nodelink_agents_connected == 1"),
                 "it has read how many agents there are")
    assert _ask(prometheus, query="up")[0]["value"][1] == "1"
    # Asked for as it asks for it, and told in the request's own series.
    metadata = f"http://{prometheus}/api/v1/metadata?metric=nodelink_store_held_bytes"
    with urllib.request.urlopen(metadata, timeout=DEADLINE) as answer:
        assert json.load(answer)["data"]["nodelink_store_held_bytes"][0]["unit"] == "bytes"
