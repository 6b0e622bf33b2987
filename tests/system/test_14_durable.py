"""What was accepted is there after any end of the server (SEMANTICS 5 and 6)."""

import contextlib
import hashlib
import os
import signal
import sqlite3
import stat
import subprocess
import time

import pytest

from harness import is_alive, of_task, until


def restart(system, server, *options, how=signal.SIGKILL, **more):
    """A server on the same store and gRPC address as one that is killed now."""
    server.signal(how)
    server.wait()
    return system.server(*options, store=server.store, grpc=server.grpc, **more)


def follow(client, task_id, seen, until_id=None, until_bytes=None):
    """Read events after those seen; whether the final one is among them."""
    with client.events(task_id, after=len(seen)) as events:
        for event in events:
            assert int(event.id) == len(seen) + 1, "a gap or a repeat"
            seen.append(event)
            if event.isFinal:
                return True
            if until_id and int(event.id) >= until_id:
                break
            if until_bytes and len(text(seen)) >= until_bytes:
                break
    return False


def text(events):
    return "".join(event.stdout for event in events)


PRINTING = "for i in $(seq 1500); do echo line $i; [ $((i % 5)) != 0 ] || sleep 0.01; done"
PRINTED = "".join(f"line {n}\n" for n in range(1, 1501))


def test_events_go_on_where_they_were_when_the_server_is_killed(system):
    server = system.server()
    system.agent("agent1", server)
    task_id = server.client.shell(PRINTING)
    seen, kills = [], 0
    while not follow(server.client, task_id, seen,
                     until_bytes=(kills + 1) * len(PRINTED) // 5 if kills < 3 else None):
        if kills < 3:
            kills += 1
            server = restart(system, server)
    client = server.client
    assert kills == 3 and text(seen) == PRINTED
    record = client.task(task_id)
    assert record["status"] == "completed" and record["exit_code"] == 0
    assert client.output(task_id).decode() == PRINTED
    output = record["output"]
    assert output["stdout_bytes"] == len(PRINTED)
    assert output["stdout_sha256"] == hashlib.sha256(PRINTED.encode()).hexdigest()
    # Late subscribers, before and after one more restart, read the very same.
    for _ in range(2):
        with client.events(task_id) as events:
            late = events.rest()
        assert [(e.id, e.stdout, e.isFinal) for e in late] == [
            (e.id, e.stdout, e.isFinal) for e in seen]
        client = restart(system, server).client if client is server.client else client


def test_result_of_a_task_that_ended_meanwhile_arrives(system):
    server = system.server()
    agent = system.agent("agent1", server)
    go = system.path("go")
    task_id = server.client.shell(f"echo on; until [ -e {go} ]; do sleep 0.01; done; echo off; exit 9")
    with server.client.events(task_id) as events:
        events.until_stdout("on\n")
    leader = server.client.task(task_id)["pid"]
    server.kill()
    system.path("go", "")
    until(lambda: not is_alive(leader), "the task has ended")
    server = system.server(store=server.store, grpc=server.grpc)
    record = server.client.end(task_id)
    assert (record["status"], record["exit_code"]) == ("failed", 9)
    assert server.client.output(task_id) == b"on\noff\n"
    assert agent.alive()


def test_cancel_asked_before_the_kill_is_driven_on(system):
    server = system.server()
    agent = system.agent("agent1", server)
    task_id = server.client.shell("echo on; sleep 1000")
    with server.client.events(task_id) as events:
        events.until_stdout("on\n")
    os.kill(agent.child("uplink"), signal.SIGSTOP)  # it hears of nothing yet
    answer = server.client.cancel(task_id, wait=0, reason="enough")
    assert answer.status == 202 and answer.json["cancel"]["phase"] == "requested"
    assert of_task(task_id)
    again = restart(system, server)
    assert again.client.task(task_id)["cancel"]["reason"] == "enough"
    os.kill(agent.child("uplink"), signal.SIGCONT)
    record = again.client.end(task_id)
    assert record["status"] == "cancelled" and record["cancel"]["phase"] == "verified"
    assert not of_task(task_id)


def test_pending_tasks_wait_on_and_finished_ones_are_read_from_disk(system):
    server = system.server()
    client = server.client
    agent = system.agent("agent1", server)
    done = client.run("echo kept", labels={"team": "red"})[0]["task_id"]
    agent.stop()
    waiting = client.shell("echo at last", start_timeout=600)
    hopeless = client.shell("true", start_timeout=0.5)
    again = restart(system, server)
    client = again.client
    assert client.task(waiting)["status"] == "pending"
    assert client.task(done)["status"] == "completed"
    assert client.output(done) == b"kept\n"
    assert [t["task_id"] for t in client.ok("GET", "/tasks?label=team=red")["tasks"]] == [done]
    assert client.end(hopeless)["cancel"]["name"] == "start_timeout"
    system.agent("agent1", again)
    assert client.end(waiting)["status"] == "completed"
    assert client.output(waiting) == b"at last\n"


def test_agent_is_known_after_a_restart_and_its_task_waits(system):
    server = system.server()
    system.agent("agent1", server).stop()
    again = restart(system, server)
    agent = again.client.agents()["agent1"]
    assert not agent["connected"] and agent["seen_at"] is not None
    task_id = again.client.shell("echo waited", start_timeout=600)
    assert again.client.task(task_id)["status"] == "pending"
    unknown = again.client.call("POST", "/tasks/shell", {"agent_id": "agent2", "cmd": "true"})
    assert unknown.status == 404
    system.agent("agent1", again)
    assert again.client.end(task_id)["status"] == "completed"


def test_task_of_an_agent_that_never_returns_is_lost(system):
    server = system.server("--lost-after", "1s")
    agent = system.agent("agent1", server)
    task_id = server.client.shell("echo on; sleep 1000")
    with server.client.events(task_id) as events:
        events.until_stdout("on\n")
    parts = agent.pids()
    for pid in parts:
        os.kill(pid, signal.SIGSTOP)
    again = restart(system, server, "--lost-after", "1s")
    record = again.client.end(task_id)
    assert record["failure"] == "agent_lost"
    for pid in parts:
        os.kill(pid, signal.SIGCONT)
    until(lambda: not of_task(task_id), "the returning agent ends it")


def test_finished_tasks_are_forgotten_in_time_and_that_is_said(system):
    server = system.server("--retention", "1s")
    client = server.client
    system.agent("agent1", server)
    task_id = client.run("echo x")[0]["task_id"]
    until(lambda: client.get(f"/tasks/{task_id}").status == 410, "it is gone")
    again = restart(system, server)
    for path in (f"/tasks/{task_id}", f"/tasks/{task_id}/output", f"/stream?ref={task_id}"):
        answer = again.client.get(path)
        assert answer.status == 410 and answer.json["code"] == "gone", answer
    assert again.client.cancel(task_id).status == 410
    assert again.client.get("/tasks/never-heard-of").status == 404
    assert again.client.get("/tasks/00000000-0001-7000-8000-000000000000").status == 404


def test_files_are_private_and_one_server_has_them(system):
    server = system.server()
    assert stat.S_IMODE(os.stat(server.store).st_mode) == 0o700
    for name in os.listdir(server.store):
        assert stat.S_IMODE(os.stat(f"{server.store}/{name}").st_mode) == 0o600, name
    other = subprocess.run([server.argv[0], "--store", server.store, "--http", "127.0.0.1:0",
                            "--grpc", "127.0.0.1:0"], capture_output=True, text=True,
                           env={**os.environ}, timeout=30, check=False)
    assert other.returncode == 1
    assert "in use by another nodelink-server" in other.stderr and str(server.pid) in other.stderr
    assert server.client.get("/readyz").status == 200


def refused(server):
    """What a server says that does not start on this store."""
    run = subprocess.run([server.argv[0], "--store", server.store, "--http", "127.0.0.1:0",
                          "--grpc", "127.0.0.1:0"], capture_output=True, text=True,
                         timeout=60, check=False)
    assert run.returncode == 1, run.stderr
    return run.stderr


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


@pytest.mark.parametrize("name", ["tasks.db", "output.db"])
def test_damaged_database_is_named_and_left_alone(system, name):
    server = system.server()
    system.agent("agent1", server)
    server.client.run("seq 20000")
    server.stop()
    path = f"{server.store}/{name}"
    with open(path, "r+b") as file:
        file.write(os.urandom(4096))
    before = digest(path)
    said = refused(server)
    assert path in said and "damaged" in said and "nothing was changed" in said
    assert digest(path) == before


def test_damage_within_is_found_after_an_unclean_end(system):
    server = system.server()
    system.agent("agent1", server)
    for _ in range(20):
        server.client.run("seq 2000")
    server.stop()
    again = system.server(store=server.store, grpc=server.grpc)
    system.agent("agent1", again)
    again.client.run("echo something for the log")
    again.kill()
    path = f"{server.store}/tasks.db"
    assert os.path.getsize(f"{path}-wal") > 0
    with open(path, "r+b") as file:
        for page in range(2, os.path.getsize(path) // 4096):
            file.seek(page * 4096)
            file.write(os.urandom(4096))
    before = digest(path)
    said = refused(server)
    assert path in said and "damaged" in said, said
    assert digest(path) == before


def test_newer_database_is_left_alone(system):
    server = system.server()
    server.stop()
    path = f"{server.store}/tasks.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=999")
        db.commit()
    before = digest(path)
    said = refused(server)
    assert path in said and "newer nodelink-server" in said
    assert digest(path) == before


def test_repeated_post_with_a_key_starts_one_task(system):
    server = system.server()
    system.agent("agent1", server)
    body = {"agent_id": "agent1", "cmd": "echo once"}

    def post(client, key, what=None, plugin="shell"):
        return client.call("POST", f"/tasks/{plugin}", what or body,
                           headers={"Idempotency-Key": key})

    first = post(server.client, "k 1")
    assert first.status == 200 and "Idempotent-Replayed" not in first.headers
    task_id = first.json["task_id"]
    server.client.end(task_id)
    client = restart(system, server).client
    second = post(client, "k 1")
    assert second.status == 200 and second.headers["Idempotent-Replayed"] == "true"
    assert second.json["task_id"] == task_id and second.json["cmd"] == "echo once"
    assert len(client.ok("GET", "/tasks")["tasks"]) == 1
    assert post(client, "k 1", {**body, "cmd": "echo twice"}).status == 422
    assert post(client, "k 1", plugin="countdown").status == 422
    assert post(client, "k 2").json["task_id"] != task_id
    assert post(client, "x" * 256).status == 400
    assert post(client, "x" * 255).status == 200
    # A request that is refused does not use its key up.
    assert post(client, "k 3", {**body, "agent_id": "nobody"}).status == 404
    assert post(client, "k 3").status == 200


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a file system of 3 MiB, and a function that makes it larger."""
    folder = str(tmp_path / "disk")
    os.mkdir(folder)
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "nodelink-test", folder]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a tmpfs is not allowed here")
    yield folder, lambda: subprocess.run(
        ["mount", "-o", "remount,size=200m", folder], check=True)
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_full_disk_refuses_the_new_and_loses_nothing_of_the_old(system, small_disk):
    folder, enlarge = small_disk
    server = system.server(store=f"{folder}/store")
    client = server.client
    system.agent("agent1", server)
    go = system.path("go")
    loud = client.shell("seq 2000000; echo end >&2", output_limit="1G")
    quiet = client.shell(f"echo on; until [ -e {go} ]; do sleep 0.01; done; exit 7")
    until(lambda: client.get("/readyz").status == 503, "the disk is full")
    assert client.get("/readyz").json["code"] == "store_full"
    answer = client.call("POST", "/tasks/shell", {"agent_id": "agent1", "cmd": "true"})
    assert answer.status == 503 and answer.json["code"] == "store_full"
    assert int(answer.headers["Retry-After"]) > 0
    # One more ends meanwhile, and nobody is told before it is stored.
    system.path("go", "")
    until(lambda: not of_task(quiet), "it has ended")
    assert client.task(loud)["status"] == "in_progress"
    before = server.pid
    enlarge()
    assert client.end(quiet, timeout=60)["exit_code"] == 7
    record = client.end(loud, timeout=120)
    assert record["status"] == "completed" and server.pid == before
    out = client.output(loud)
    assert out == b"".join(b"%d\n" % n for n in range(1, 2000001))
    assert hashlib.sha256(out).hexdigest() == record["output"]["stdout_sha256"]
    assert client.get("/readyz").status == 200
    assert client.run("echo new")[1] == "new\n"
    # Nothing is damaged either: a hard end, a check, all of it again.
    again = restart(system, server)
    assert again.client.output(loud) == out
    again.stop()


def test_cancel_works_on_a_full_disk(system, small_disk):
    folder, enlarge = small_disk
    server = system.server(store=f"{folder}/store")
    client = server.client
    system.agent("agent1", server)
    task_id = client.shell("while :; do seq 100000; done")
    until(lambda: client.get("/readyz").status == 503, "the disk is full")
    answer = client.cancel(task_id, grace=0)
    assert answer.status in (202, 503), answer
    until(lambda: not of_task(task_id), "it is gone from the node")
    enlarge()
    assert client.end(task_id, timeout=60)["status"] == "cancelled"
    server.stop()


def test_what_is_lost_on_a_full_disk_does_not_run_on(system, small_disk):
    """The loss cannot be stored and is told to nobody; the node is."""
    folder, enlarge = small_disk
    conf = system.path("server.conf", "[server]\nlost_after = 1s\n")
    server = system.server("--config", conf, store=f"{folder}/store")
    client = server.client
    agent = system.agent("agent1", server)
    quiet = client.shell("echo on; sleep 1000")
    with client.events(quiet) as events:
        events.until_stdout("on\n")
    client.shell("while :; do seq 100000; done")
    until(lambda: client.get("/readyz").status == 503, "the disk is full")
    uplink, parts = agent.child("uplink"), agent.pids()
    for pid in parts:
        os.kill(pid, signal.SIGSTOP)
    os.kill(uplink, signal.SIGKILL)
    until(lambda: b'nodelink_tasks{state="ending"} 2\n' in client.get("/metrics").body,
          "both are lost")
    for pid in parts:
        if pid != uplink:
            os.kill(pid, signal.SIGCONT)
    until(lambda: not of_task(quiet), "the returning agent ends it")
    assert client.get("/readyz").status == 503
    enlarge()
    record = client.end(quiet, timeout=60)
    assert (record["status"], record["failure"]) == ("failed", "agent_lost")
    server.stop()
