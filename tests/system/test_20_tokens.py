"""Tokens of agents and clients: made, listed, replaced and revoked while the
server runs (issue 6, 1 and 2)."""

import json
import os
import re
import shutil
import sqlite3
import subprocess

import pytest

from harness import DEADLINE, ENVIRONMENT, SBIN, Client, until, write_fifo

BARRED = r"agent 'agent1' was revoked"


@pytest.fixture
def auth(system):
    return system.auth()


@pytest.fixture
def server(system, auth):
    return system.server("--lost-after", "1s", "--log-level", "debug", auth=auth)


def test_token_is_shown_once_and_kept_nowhere(system, auth, server):
    done = auth.run("token", "create", "--client", "ci", "--role", "operator")
    token = done.stdout.rstrip("\n")
    assert re.fullmatch(r"nlk_[a-z2-9]{12}_[a-z2-9]{52}", token), done
    assert token not in done.stderr and "once" in done.stderr
    agent = auth.agent("agent1")
    enrol = auth.ok("enroll-token", "--for", "web-*")
    system.agent("agent1", server, env={"NODELINK_AGENT_TOKEN": agent})
    secrets = [text.rpartition("_")[2] for text in
               (token, agent, enrol, server.client.token)]
    for root, _, names in os.walk(auth.folder):
        for name in names:
            with open(os.path.join(root, name), "rb") as file:
                kept = file.read()
            assert not any(secret.encode() in kept for secret in secrets), name
    for program in system.programs:
        assert not any(secret in program.log() for secret in secrets), program.name


def test_list_shows_what_was_made_until_it_is_revoked(auth):
    auth.client("ci", "viewer", "--label", "team=red", "--label", "env=test",
                "--expires", "2d")
    auth.client("boss", "admin", "--expires", "0")
    first, second = json.loads(auth.ok("token", "list", "--json"))
    assert (first["client"], first["role"]) == ("ci", "viewer")
    assert first["labels"] == {"env": "test", "team": "red"} and first["used_at"] is None
    assert first["expires_at"] and second["expires_at"] is None
    assert "team=red" in auth.ok("token", "list")
    auth.ok("token", "revoke", first["id"])
    assert [t["client"] for t in json.loads(auth.ok("token", "list", "--json"))] == ["boss"]
    assert auth.run("token", "revoke", first["id"]).returncode == 1


@pytest.mark.parametrize("words", [
    ("tokn", "create"), ("token", "create", "--client", "x"), ("token", "revoke"),
    ("token", "create", "--client", "a b", "--role", "admin"),
    ("token", "create", "--client", "x", "--role", "root"),
    ("token", "create", "--client", "x", "--role", "admin", "--label", "=x"),
    ("agent-token", "../x"), ("agent", "list", "more"), ("agent-token", "a", "--overlap", "-1s")])
def test_wrong_command_is_refused(auth, words):
    done = auth.run(*words)
    assert done.returncode == 2 and not done.stdout and done.stderr, done


def test_command_reads_the_configuration_of_the_server(system, auth):
    conf = system.path("server.conf", f"[auth]\npath = {auth.path}\n[http]\nanonymous = yes\n")
    run = [f"{SBIN}/nodelink-server", "agent-token", "agent1", "--config", conf]
    done = subprocess.run(run, env={**os.environ, **ENVIRONMENT}, capture_output=True,
                          text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0 and done.stdout.startswith("nla_"), done
    assert "agent1" in auth.ok("agent", "list")


def test_agent_that_is_made_while_the_server_runs_is_let_in(system, auth, server):
    options = auth.agent_file("agent1")
    system.agent("agent1", server, *options)
    assert server.client.run("echo in")[1] == "in\n"


def test_revoked_agent_is_cut_off_and_its_tasks_are_lost(system, auth, server):
    agent = system.agent("agent1", server, *auth.agent_file("agent1"))
    other = system.agent("agent2", server, *auth.agent_file("agent2"))
    task_id = server.client.shell("echo on; sleep 1000")
    with server.client.events(task_id) as events:
        events.until_stdout("on\n")
        auth.ok("agent", "revoke", "agent1")
        server.wait_line(BARRED + ".*closed")  # its stream, not the next connection
        assert events.final().data["isFinal"]
    record = server.client.task(task_id)
    assert record["status"] == "failed" and record["failure"] == "agent_lost"
    agent.wait_line("refuses the token")
    server.wait_line("refused a stream from .*" + BARRED)
    assert server.client.agents()["agent2"]["connected"] and other.alive()
    stranger = system.agent("agent1", server, *auth.agent_file("stranger"), wait=False)
    stranger.wait_line("unknown agent_id or wrong agent_token")
    assert "revoked" not in stranger.log(), "whoever proves nothing is told nothing"
    stranger.stop()
    answer = server.client.call("POST", "/tasks/shell", {"agent_id": "agent1", "cmd": "true"})
    assert answer.status == 404, answer
    # with a new token it is let in again, and what it still ran is stopped
    agent.stop()
    system.agent("agent1", server, *auth.agent_file("agent1"))
    assert server.client.run("echo back")[1] == "back\n"


def test_old_token_works_until_its_overlap_is_over(system, auth, server):
    old = auth.agent_file("agent1")
    agent = system.agent("agent1", server, *old)
    shutil.copy(old[1], old[1] + ".old")
    new = auth.agent_file("agent1", "--overlap", "1h")
    pid = agent.child("nodelink-uplink")
    server.client.run("true")
    assert agent.child("nodelink-uplink") == pid and server.client.agents()["agent1"]["connected"]
    agent.stop()
    agent = system.agent("agent1", server, "--token-file", new[1] + ".old")
    new = auth.agent_file("agent1", "--overlap", "0")
    server.wait_line("agent 'agent1': unknown agent_id or wrong agent_token: its stream is closed")
    agent.stop()
    system.agent("agent1", server, *new)


def test_agent_takes_a_new_token_from_its_file_and_its_tasks_go_on(system, auth, server):
    options = auth.agent_file("agent1")
    agent = system.agent("agent1", server, *options)
    go = system.path("go")
    os.mkfifo(go)
    task_id = server.client.shell(f"echo on; read x < {go}; echo more")
    auth.agent_file("agent1", "--overlap", "0")
    server.wait_line("wrong agent_token: its stream is closed")
    agent.wait_line("has a new token")
    server.wait_line("agent 'agent1' is here")
    write_fifo(go, "go\n")
    assert server.client.end(task_id)["status"] == "completed"
    assert server.client.output(task_id) == b"on\nmore\n"


def test_server_starts_again_and_knows_who_may_what(system, auth, server):
    token = auth.agent_file("agent1")
    gone = auth.agent_file("agent2")
    system.agent("agent2", server, *gone).stop()
    auth.ok("agent", "revoke", "agent2")
    server.stop()
    server = system.server(store=server.store, auth=auth)
    assert "agent1" in server.client.agents(), "it may come, so tasks may wait for it"
    assert "agent2" not in server.client.agents()
    system.agent("agent1", server, *token)


def _refused(system, auth, *options):
    done = subprocess.run(
        [f"{SBIN}/nodelink-server", "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0",
         "--store", "memory", "--auth", auth.path, *options],
        env={**os.environ, **ENVIRONMENT}, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 1 and auth.path in done.stderr, done
    listed = auth.run("token", "list")
    assert listed.returncode == 1 and auth.path in listed.stderr, listed
    return done.stderr


def test_database_that_others_may_read_is_refused(system, auth):
    auth.agent("agent1")
    os.chmod(auth.path, 0o640)
    assert "chmod 600" in _refused(system, auth)


def test_database_behind_a_symbolic_link_is_refused(system, auth):
    auth.agent("agent1")
    os.rename(auth.path, auth.path + ".real")
    os.symlink(auth.path + ".real", auth.path)
    _refused(system, auth)


def test_damaged_database_is_refused_and_left_as_it_is(system, auth):
    auth.agent("agent1")
    with open(auth.path, "r+b") as file:
        file.write(b"not a database at all")
    with open(auth.path, "rb") as file:
        before = file.read()
    assert "damaged" in _refused(system, auth)
    with open(auth.path, "rb") as file:
        assert file.read() == before


def test_database_of_another_program_or_a_newer_version_is_refused(system, auth):
    with sqlite3.connect(auth.path) as db:
        db.execute("CREATE TABLE mine(x)")
    db.close()
    os.chmod(auth.path, 0o600)
    assert "not one of nodelink's" in _refused(system, auth)
    os.unlink(auth.path)
    auth.agent("agent1")
    with sqlite3.connect(auth.path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    assert "newer" in _refused(system, auth)


def test_database_that_is_damaged_later_leaves_the_server_with_what_it_knew(
        system, auth, server):
    system.agent("agent1", server, *auth.agent_file("agent1"))
    with open(auth.path, "r+b") as file:
        file.write(b"x" * 4096)
    assert server.client.run("echo on")[1] == "on\n"
    assert server.alive()


def test_api_makes_lists_and_revokes_tokens(auth, server):
    admin = server.client
    made = admin.call("POST", "/tokens", {"client": "ci", "role": "viewer", "expires": "1h",
                                          "labels": {"team": "red"}})
    assert made.status == 200, made
    token = made.json["token"]
    assert token.startswith("nlk_" + made.json["id"])
    assert made.headers["Cache-Control"] == "no-store"
    listed = {t["id"]: t for t in admin.ok("GET", "/tokens")["tokens"]}
    assert listed[made.json["id"]]["client"] == "ci" and token not in str(listed)
    assert listed[made.json["id"]]["labels"] == {"team": "red"}
    assert listed[made.json["id"]]["used_at"] is None
    assert admin.bearing(token).get("/tasks").status == 200
    listed = {t["id"]: t for t in admin.ok("GET", "/tokens")["tokens"]}
    assert listed[made.json["id"]]["used_at"]
    path = f"/tokens/{made.json['id']}"
    assert admin.call("DELETE", path).status == 200
    assert admin.call("DELETE", path).status == 404
    assert admin.bearing(token).get("/tasks").status == 401
    assert token.rpartition("_")[2] not in server.log()


@pytest.mark.parametrize("body", [
    {}, [], {"client": "ci"}, {"client": "ci", "role": "root"}, {"client": "a b", "role": "admin"},
    {"client": "ci", "role": "admin", "expires": -1}, {"client": "ci", "role": "admin", "x": 1},
    {"client": "ci", "role": "admin", "labels": {"a=b": "c"}},
    {"client": "ci", "role": "admin", "labels": {"a": 5}}])
def test_api_refuses_what_is_no_token(server, body):
    assert server.client.call("POST", "/tokens", body).status == 400


def test_api_has_no_tokens_in_development_mode(system):
    client = Client(system.server().http)
    answer = client.get("/tokens")
    assert answer.status == 409 and answer.json["code"] == "anonymous", answer


def test_commands_of_many_at_a_time_lose_nothing(auth, server):
    """The database is shared with the server and with each other."""
    run = [f"{SBIN}/nodelink-server", "token", "create", "--client", "many", "--role",
           "viewer", "--auth", auth.path]
    started = [subprocess.Popen(run, env={**os.environ, **ENVIRONMENT}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
               for _ in range(8)]
    tokens = {p.communicate(timeout=DEADLINE)[0].strip() for p in started}
    assert len(tokens) == 8 and all(p.returncode == 0 for p in started)
    ids = {token.split("_")[1] for token in tokens}
    until(lambda: ids <= {t["id"] for t in server.client.ok("GET", "/tokens")["tokens"]},
          "the server knows them all")
