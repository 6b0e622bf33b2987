"""The audit log: who did what, in a chain that shows what was changed."""

import json
import os
import re
import signal
import subprocess

import pytest

from harness import DEADLINE, ENVIRONMENT, SBIN, until


class Log:
    """A server with an audit log, its configuration file, and what it wrote."""

    def __init__(self, system, required=False, folder=None, auth=True):
        folder = folder or system.path("audit")
        os.makedirs(folder, exist_ok=True)
        self.path = f"{folder}/audit.log"
        self.auth = system.auth() if auth else None
        self.conf = system.path("server.conf", "\n".join([
            "[audit]", f"path = {self.path}",
            f"required = {'yes' if required else 'no'}"]
            + (["[auth]", f"path = {self.auth.path}"] if auth else [])) + "\n")
        self.system = system
        self.start()

    def start(self):
        self.server = self.system.server("-c", self.conf, auth=self.auth)
        self.client = self.server.client

    def command(self, *words):
        return subprocess.run(
            [f"{SBIN}/nodelink-server", *words],
            env={**os.environ, **ENVIRONMENT}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=DEADLINE, check=False)

    def lines(self, path=None):
        with open(path or self.path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def events(self, action):
        return [line for line in self.lines() if line["action"] == action]

    def verify(self, *paths):
        """(exit status, what it says)"""
        done = self.command("audit", "verify", *(paths or (self.path,)))
        return done.returncode, done.stdout


@pytest.fixture
def log(system):
    return Log(system)


def test_says_who_did_what_before_it_is_done(system, log):
    system.agent("agent1", log.server, *log.auth.agent_file("agent1"))
    ci = log.client.bearing(log.auth.client("ci", "operator"))
    other = log.client.bearing(log.auth.client("other", "operator"))
    answer = ci.call("POST", "/tasks/shell", {"agent_id": "agent1", "cmd": "sleep 60"},
                     headers={"X-Request-Id": "build-17"})
    assert answer.status == 200 and answer.headers["X-Request-Id"] == "build-17"
    task = answer.json["task_id"]
    assert ci.call("POST", "/tasks/shell", {"agent_id": "agent1"}).status == 400
    assert ci.call("POST", "/agents/agent1/drain").status == 403
    assert other.cancel(task).status == 403
    assert other.cancel("no-such-task").status == 404
    assert log.client.cancel(task, reason="stop\nit", wait=20).status == 200
    assert log.client.call("DELETE", "/tasks?agent_id=agent1").status == 200
    log.client.ok("POST", "/agents/agent1/drain", {"reason": "new disk"})
    log.client.ok("DELETE", "/agents/agent1/drain")
    assert log.client.bearing("nlk_x_y").get("/tasks").status == 401
    token = log.client.ok("POST", "/tokens", {"client": "new", "role": "viewer"})
    log.client.ok("DELETE", f"/tokens/{token['id']}")

    def only(action, decision):
        found = [e for e in log.events(action) if e["decision"] == decision]
        assert len(found) == 1, (action, decision, log.lines())
        return found[0]

    made = only("task.create", "allowed")
    assert made["actor"] == "ci@127.0.0.1" and made["client"] == "ci"
    assert made["target"] == task and made["request_id"] == "build-17"
    assert made["token"] == ci.token.split("_")[1]
    assert made["detail"] == "plugin shell, agent agent1"
    assert "'cmd' is required" in only("task.create", "refused")["reason"]
    no = only("access", "refused")
    assert (no["client"], no["detail"]) == ("ci", "POST /agents/{id}/drain")
    refused = [e for e in log.events("task.cancel") if e["decision"] == "refused"]
    assert [(e["client"], e["target"], e["reason"]) for e in refused] == [
        ("other", task, "another client's task"),
        ("other", "no-such-task", "no such task")]
    done = only("task.cancel", "allowed")
    assert (done["client"], done["target"], done["reason"]) == ("tests", task, "stop\nit")
    assert "agent 'agent1'" in only("tasks.cancel", "allowed")["detail"]
    assert only("agent.drain", "allowed")["reason"] == "new disk"
    assert only("agent.undrain", "allowed")["target"] == "agent1"
    made = [e for e in log.events("token.create") if e["actor"] == "tests@127.0.0.1"]
    assert [(e["target"], e["detail"]) for e in made] == [("new", "viewer")]
    assert only("token.revoke", "allowed")["target"] == token["id"]
    assert only("login", "refused")["peer"] == "127.0.0.1"
    assert only("login", "refused")["token"] is None
    assert only("agent.connect", "allowed")["target"] == "agent1"
    assert [e["seq"] for e in log.lines()] == list(range(1, len(log.lines()) + 1))
    assert log.verify()[0] == 0
    with open(log.path, encoding="utf-8") as file:
        assert log.client.headers["Authorization"].split("_")[2] not in file.read()


def test_commands_write_into_the_log_of_the_running_server(system, log):
    agent = system.agent("agent1", log.server, *log.auth.agent_file("agent1"))
    made = log.command("token", "create", "-c", log.conf, "--client", "eve",
                       "--role", "viewer")
    assert made.returncode == 0, made
    token = made.stdout.strip()
    assert log.command("agent", "revoke", "agent1", "-c", log.conf).returncode == 0
    until(lambda: log.events("agent.cut"), "the agent's stream is cut")
    assert log.command("token", "revoke", "nobody", "-c", log.conf).returncode == 1
    actions = [(e["action"], e["decision"]) for e in log.lines()
               if e["peer"] == "command"]
    assert actions == [("token.create", "allowed"), ("agent.revoke", "allowed"),
                       ("token.revoke", "allowed"), ("token.revoke", "failed")]
    create = log.events("token.create")[0]
    assert "--client eve" in create["detail"] and "@command" in create["actor"]
    assert token.split("_")[2] not in json.dumps(log.lines())
    assert log.verify()[0] == 0
    assert agent.alive()


def test_goes_on_in_a_new_file_after_a_rotation(log):
    old = f"{log.path}.1"
    assert log.client.get("/tasks/nope").status == 404
    os.rename(log.path, old)
    log.server.signal(signal.SIGHUP)
    until(lambda: os.path.exists(log.path), "there is a new file")
    assert log.client.cancel("nope").status == 404
    assert log.events("task.cancel")
    assert log.verify(old, log.path)[0] == 0
    status, text = log.verify(log.path, old)
    assert status == 1 and "put in, repeated or moved" in text
    status, text = log.verify(log.path)
    first = log.lines()[0]["seq"]
    assert status == 1 and f"events 1 to {first - 1} are missing before it" in text
    assert log.verify("--from", str(first), log.path)[0] == 0
    assert log.verify("--from", str(first - 1), log.path)[0] == 1


def test_mends_a_torn_line_after_a_crash_and_verify_finds_tampering(log):
    for _ in range(3):
        log.client.cancel("nope")
    log.server.kill()
    with open(log.path, "ab") as file:
        file.write(b'{"seq":5,"time":"20')
    status, text = log.verify()
    assert status == 1 and ":5: torn" in text
    log.start()
    status, text = log.verify()
    assert status == 0, text
    assert "torn line" in log.events("audit.open")[-1]["reason"]
    with open(log.path, encoding="utf-8") as file:
        lines = file.read().splitlines(keepends=True)

    def verify(changed):
        with open(log.path, "w", encoding="utf-8") as file:
            file.write("".join(changed))
        return log.verify()

    lines3 = lines[2].replace("no such task", "no such tusk")
    status, text = verify(lines[:2] + [lines3] + lines[3:])
    assert status == 1 and f"{log.path}:3: changed" in text
    status, text = verify(lines[:1] + lines[2:])
    assert status == 1 and f"{log.path}:2: event 2 is missing before it" in text
    status, text = verify(lines[:-1])
    assert status == 1 and "are missing at its end" in text
    assert verify(lines)[0] == 0


@pytest.fixture
def small_disk(tmp_path):
    folder = str(tmp_path / "small")
    os.mkdir(folder)
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "nodelink-test", folder]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("mounting a tmpfs is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder):
    """No byte is left; what to remove for some."""
    path = f"{folder}/filler"
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 512)
        except OSError:
            pass
    return path


def fill_page(log, client):
    """The rest of the log's own last page, too."""
    for _ in range(200):
        answer = client.cancel("nope")
        if answer.status != 404 or "cannot be written" in log.server.log():
            return
    raise AssertionError("the log still has room")


def test_what_must_be_noted_is_not_done_on_a_full_disk(system, small_disk):
    log = Log(system, required=True, folder=small_disk, auth=False)
    system.agent("agent1", log.server)
    client = log.client
    running = client.shell("sleep 60")
    until(lambda: client.task(running)["status"] == "in_progress", "the task runs")
    filler = fill(small_disk)
    body = {"agent_id": "agent1", "cmd": "true"}
    until(lambda: client.call("POST", "/tasks/shell", body).status == 503,
          "the page of the log is full, too")
    answer = client.call("POST", "/tasks/shell", body)
    assert answer.json["code"] == "audit_failing" and answer.headers["Retry-After"]
    count = len(client.ok("GET", "/tasks")["tasks"])
    assert client.cancel(running).status == 503
    assert client.call("DELETE", "/tasks?agent_id=agent1").status == 503
    assert client.call("POST", "/agents/agent1/drain").status == 503
    assert client.task(running)["status"] == "in_progress"
    assert len(client.ok("GET", "/tasks")["tasks"]) == count
    os.unlink(filler)
    assert client.cancel(running, wait=20).status == 200
    assert [e["lost"] for e in log.lines() if "lost" in e][0] >= 5
    assert log.verify()[0] == 0


def test_says_how_many_of_many_could_not_be_noted(system, small_disk):
    log = Log(system, required=True, folder=small_disk, auth=False)
    system.agent("agent1", log.server)
    tasks = [log.client.shell("sleep 60") for _ in range(20)]
    while not 400 < os.stat(log.path).st_size % 4096 < 2000:
        log.client.cancel("nope")  # the last page has room for some lines
    filler = fill(small_disk)
    answer = log.client.call("DELETE", "/tasks?agent_id=agent1&wait=0")
    assert answer.status == 503 and answer.json["code"] == "audit_failing", answer
    n = int(re.search(r"(\d+) of 20 tasks are not cancelled", answer.json["error"])[1])
    assert 0 < n < 20
    alone = [t for t in tasks if log.client.task(t)["cancel"] is None]
    assert len(alone) == n
    os.unlink(filler)
    answer = log.client.ok("DELETE", "/tasks?agent_id=agent1&wait=20&force=1")
    assert all(log.client.task(t)["status"] == "cancelled" for t in tasks), answer


def test_a_full_disk_stops_nothing_unless_it_is_told_to(system, small_disk):
    log = Log(system, folder=small_disk, auth=False)
    system.agent("agent1", log.server)
    fill(small_disk)
    fill_page(log, log.client)
    record, out, _ = log.client.run("echo hello")
    assert record["status"] == "completed" and out == "hello\n"


def test_does_not_start_with_a_log_that_others_may_write(system):
    log = Log(system, auth=False)
    log.server.stop()
    os.chmod(log.path, 0o666)
    done = log.command("-c", log.conf, "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0",
                       "--store", "memory")
    assert done.returncode == 1 and "chmod 600" in done.stderr
