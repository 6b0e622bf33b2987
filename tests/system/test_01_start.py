"""The programs start, say where they are, say what is wrong, and stop."""

import json
import os
import signal
import subprocess
import urllib.request

import pytest

from harness import DEADLINE, ENVIRONMENT, SBIN, Program, curl, is_alive, until


def _complaint(program, *options):
    """(exit status, stderr) of a start that ends at once."""
    done = subprocess.run([f"{SBIN}/{program}", *options], stdin=subprocess.DEVNULL,
                          env={**os.environ, **ENVIRONMENT},
                          capture_output=True, timeout=DEADLINE, check=False)
    return done.returncode, done.stderr.decode()


def test_server_answers_as_soon_as_it_says_ready(system):
    server = system.server()
    assert server.client.get("/healthz").status == 200
    assert server.client.ok("GET", "/agents") == {"agents": []}


def test_front_page_says_what_this_is(client):
    page = client.get("/")
    assert page.status == 200
    assert b"nodelink" in page.body and b"/tasks" in page.body


def test_agents_are_there_with_their_plugins(client):
    for name in ("agent1", "agent2"):
        assert client.agents()[name]["connected"] is True
        until(lambda name=name: {"shell", "countdown"} <= {
            p["name"] for p in client.agents()[name]["plugins"]}, "its plugins are there")
    one = client.ok("GET", "/agents/agent1")
    assert one["agent_id"] == "agent1"


@pytest.mark.parametrize("program", ["nodelink-server", "nodelink-agent"])
def test_help_and_version_go_to_stdout(program):
    for option, text in (("--help", b"--config"), ("--version", b"nodelink")):
        done = subprocess.run([f"{SBIN}/{program}", option], capture_output=True,
                              timeout=DEADLINE, check=False)
        assert done.returncode == 0 and text in done.stdout, done


@pytest.mark.parametrize("program", ["nodelink-server", "nodelink-agent"])
def test_unknown_option_is_a_usage_error(program):
    status, text = _complaint(program, "--frobnicate")
    assert status == 2 and "frobnicate" in text


@pytest.mark.parametrize("program", ["nodelink-server", "nodelink-agent"])
def test_wrong_key_is_named_with_file_and_line(program, system):
    conf = system.path("wrong.conf", "# a comment\n[log]\nlevle = debug\n")
    status, text = _complaint(program, "--config", conf)
    assert status == 2
    assert f"{conf}:3:" in text and "levle" in text


@pytest.mark.parametrize("program", ["nodelink-server", "nodelink-agent"])
def test_wrong_value_is_named_with_file_and_line(program, system):
    conf = system.path("wrong.conf", "[log]\nlevel = purple\n")
    status, text = _complaint(program, "--config", conf)
    assert status == 2
    assert f"{conf}:2:" in text and "purple" in text


def test_missing_configuration_file_is_named(system):
    missing = system.path("no-such.conf")
    status, text = _complaint("nodelink-server", "--config", missing)
    assert status in (1, 2) and missing in text


def test_port_in_use_is_said(system):
    first = system.server()
    for option, address in (("--http", first.http), ("--grpc", first.grpc)):
        other = "--grpc" if option == "--http" else "--http"
        status, text = _complaint("nodelink-server", "--store", "memory",
                                  option, address, other, "127.0.0.1:0")
        assert status == 1 and address in text, text


def test_development_mode_is_loopback_only():
    status, text = _complaint("nodelink-server", "--http", "127.0.0.1:0",
                              "--grpc", "0.0.0.0:0")
    assert status != 0 and "token" in text


def test_clients_of_other_hosts_are_let_in_only_when_told_so(system):
    status, text = _complaint("nodelink-server", "--http", "0.0.0.0:0", "--grpc", "127.0.0.1:0")
    assert status == 2 and "anonymous = yes" in text
    status, text = _complaint("nodelink-server", "--http", "0.0.0.0:0",
                              "--auth", system.path("auth.db"))
    assert status == 2 and "plaintext = yes" in text
    conf = system.path("server.conf", "[http]\nanonymous = yes\n")
    server = system.server("--config", conf, http="0.0.0.0:0")
    assert server.http.startswith("0.0.0.0:")


@pytest.mark.parametrize("there", ["192.0.2.1:9090", "node.example:9090", "[2001:db8::1]:1"])
def test_agent_tells_another_host_nothing_without_tls(there, system):
    agent = ("--id", "a1", "--server", there, "--runtime-dir", system.path("a1"))
    status, text = _complaint("nodelink-agent", *agent)
    assert status == 2 and there in text and "plaintext = yes" in text and "ca" in text
    conf = system.path("agent.conf", "[agent]\nplaintext = yes\n")
    for told in (("--config", conf), ("--plaintext",)):
        status, text = _complaint("nodelink-agent", *agent, *told, "--check")
        assert status == 0, text


@pytest.mark.parametrize("here", ["127.0.0.2:9090", "localhost:9090", "[::1]:9090",
                                  "unix:/run/server.sock"])
def test_agent_needs_no_tls_on_its_own_host(here, system):
    status, text = _complaint("nodelink-agent", "--id", "a1", "--server", here, "--check",
                              "--runtime-dir", system.path("a1"))
    assert status == 0, text


def test_programs_end_on_term_and_leave_nothing(system):
    server = system.server()
    agent = system.agent("agent1", server)
    pids = agent.pids()
    assert len(pids) >= 4, "monitor, uplink and two executors"
    assert agent.stop() == 0
    until(lambda: not any(is_alive(pid) for pid in pids), "all parts of the agent are gone")
    assert not [name for name in os.listdir(agent.folder) if name.endswith(".sock")]
    assert server.stop() == 0


def test_agent_starts_its_parts_again(system):
    server = system.server()
    agent = system.agent("agent1", server)
    for program in ("uplink", "executor"):
        old = agent.child(program)
        os.kill(old, signal.SIGKILL)
        until(lambda o=old, p=program: agent.child(p) not in (None, o) and not is_alive(o),
              f"a new {program}")
    server.client.agent_ready("agent1")
    record, out, _ = server.client.run("echo again")
    assert record["status"] == "completed" and out == "again\n"


def test_curl_alone_creates_streams_and_cancels(shared):
    url = shared.main.client.url
    status, body = curl(f"{url}/tasks/shell", "-d",
                        '{"agent_id":"agent1","cmd":"echo hello; sleep 1000"}')
    assert status == 200, body
    task_id = json.loads(body)["task_id"]
    # Read live until the output has come, as a person would watch it.
    watching = subprocess.Popen(["curl", "-sSN", f"{url}/stream?ref={task_id}"],
                                stdout=subprocess.PIPE)
    for line in watching.stdout:
        if line.startswith(b"data:") and b"hello" in line:
            break
    status, body = curl("-X", "DELETE", f"{url}/tasks/{task_id}")
    assert status == 200 and json.loads(body)["message"] == "task cancelled"
    rest = watching.stdout.read().decode()
    assert watching.wait(DEADLINE) == 0
    final = [line for line in rest.splitlines() if '"isFinal":true' in line.replace(" ", "")]
    assert len(final) == 1 and json.loads(final[0][5:])["cancelled"] is True
    with urllib.request.urlopen(f"{url}/tasks/{task_id}", timeout=DEADLINE) as answer:
        assert json.load(answer)["status"] == "cancelled"


def test_log_of_a_dead_part_is_kept(system):
    """Last words of a part that dies go to the monitor's log."""
    server = system.server()
    agent = system.agent("agent1", server)
    pid = agent.child("executor", "shell")
    os.kill(pid, signal.SIGKILL)
    agent.wait_line(r"shell.*(signal|killed|KILL)", anywhere=True)
    assert isinstance(agent, Program) and agent.alive()
