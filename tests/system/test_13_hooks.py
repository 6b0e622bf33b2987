"""Commands around the end of a task: pre_stop, what it deferred, cleanup; the
cancel file and idle_timeout."""

import os
import signal

from harness import DEFER, until


def kinds(record):
    return [hook["kind"] for hook in record["hooks"]]


def test_cleanup_runs_after_every_kind_of_end(client):
    cleanup = [{"cmd": "echo $NODELINK_TASK_STATUS $NODELINK_EXIT_CODE"},
               {"cmd": "echo cancelled", "when": "cancelled"},
               {"cmd": "echo failed", "when": "failed"}]
    for cmd, code, said in (("true", 0, b"completed 0\n"),
                            ("exit 3", 3, b"failed 3\nfailed\n")):
        task_id = client.shell(cmd, cleanup=cleanup)
        record = client.end(task_id)
        assert record["exit_code"] == code
        assert client.output(task_id, "hook") == said
    task_id = client.shell("echo up; exec sleep 1000", cleanup=cleanup)
    with client.events(task_id) as events:
        events.until_stdout("up\n")
    assert client.cancel(task_id).status == 200
    assert client.output(task_id, "hook") == b"cancelled 143\ncancelled\n"


def test_the_record_says_how_each_hook_ended(client):
    task_id = client.shell("true", cleanup=[
        {"cmd": "exit 7"}, {"cmd": "kill -9 $$"},
        {"cmd": "sleep 1000", "timeout": 0.2}])
    record = client.end(task_id)
    assert record["status"] == "completed"
    first, second, third = record["hooks"]
    assert (first["kind"], first["cmd"]) == ("cleanup", "exit 7")
    assert (first["exit_code"], first["signal"]) == (7, None)
    assert (second["exit_code"], second["signal"]) == (None, "SIGKILL")
    assert third["timed_out"] and 0.2 <= third["duration"] < 10
    assert not first["timed_out"]


def test_a_task_defers_commands_with_any_words(client):
    task_id = client.shell(
        f"{DEFER} printf '<%s>\\n' 'a b' \"it's\" '$HOME'; {DEFER} 'echo last'")
    record = client.end(task_id)
    assert record["status"] == "completed"
    assert kinds(record) == ["defer", "defer"]
    assert client.output(task_id, "hook") == b"last\n<a b>\n<it's>\n<$HOME>\n"


def test_what_was_deferred_runs_after_sigkill(client):
    task_id = client.shell(f"trap '' TERM; {DEFER} echo deferred; echo up;"
                           " while :; do sleep 1; done")
    with client.events(task_id) as events:
        events.until_stdout("up\n")
    answer = client.cancel(task_id, force=1)
    assert answer.status == 200, answer
    assert client.output(task_id, "hook") == b"deferred\n"
    assert client.task(task_id)["receipt"]["survivors"] == 0


def test_what_is_not_run_of_the_defer_file_is_in_the_record(client):
    record = client.end(client.shell(
        "printf 'a\\0b\\necho cut off' >> $NODELINK_DEFER_FILE"))
    assert kinds(record) == ["defer", "defer"]
    assert all(hook["exit_code"] is None and hook["error"]
               for hook in record["hooks"])


def test_pre_stop_comes_before_the_stop_signal(client):
    task_id = client.shell(
        "trap 'echo stopped by $(cat told); exit' TERM; echo up;"
        " while :; do sleep 0.02; done",
        stop={"grace": "5s", "pre_stop": "echo $NODELINK_CANCEL_NAME > told"})
    with client.events(task_id) as events:
        events.until_stdout("up\n")
    assert client.cancel(task_id, code="maintenance").status == 200
    assert client.output(task_id) == b"up\nstopped by maintenance\n"
    record = client.task(task_id)
    assert kinds(record) == ["pre_stop"]
    assert record["receipt"]["signals"] == ["SIGTERM", "SIGCONT"]


def test_force_ends_pre_stop(client):
    task_id = client.shell(
        "echo up; sleep 1000",
        stop={"grace": "60s", "pre_stop": "echo hook; sleep 1000"})
    with client.events(task_id) as events:
        events.until_stdout("up\n")
    assert client.cancel(task_id, wait=0).status == 202
    until(lambda: client.output(task_id, "hook"), "pre_stop runs")
    assert client.cancel(task_id, force=1).status == 200
    hook, = client.task(task_id)["hooks"]
    assert hook["signal"] == "SIGKILL" and not hook["timed_out"], "no timer has ended it"


def test_a_task_reads_why_it_is_cancelled(client):
    task_id = client.shell(
        "trap 'cat $NODELINK_CANCEL_FILE; exit' TERM; echo up;"
        " while :; do sleep 0.02; done")
    with client.events(task_id) as events:
        events.until_stdout("up\n")
    assert client.cancel(task_id, reason="two\nlines", code=302).status == 200
    lines = client.output(task_id).decode().splitlines()
    assert lines[1:4] == ["CODE=302", "NAME=maintenance", "REASON=two lines"]
    assert lines[4].startswith("ACTOR=")


def test_a_site_names_reasons_of_its_own(client):
    name = "x.acme.roll-out"
    task_id = client.shell("echo up; exec sleep 1000", cleanup=[
        {"cmd": "echo $NODELINK_CANCEL_CODE $NODELINK_CANCEL_NAME"}])
    with client.events(task_id) as events:
        events.until_stdout("up\n")
    assert client.cancel(task_id, code="x.acme").status == 400
    assert client.cancel(task_id, code=name).status == 200
    record = client.task(task_id)
    for of in (record["cancel"], record["receipt"]):
        assert (of["code"], of["name"]) == (900, name)
    assert client.output(task_id, "hook") == f"900 {name}\n".encode()


def test_silence_is_cancelled_and_output_is_not(client):
    record = client.end(client.shell("echo x; exec sleep 1000",
                                     idle_timeout=0.5))
    assert record["status"] == "cancelled"
    assert record["receipt"]["code"] == 202
    assert record["receipt"]["actor"] == "nodelink"
    for _ in range(5):  # a machine that is busy with fork bombs is silent for long, too
        record = client.end(client.shell(
            "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; echo .; done", idle_timeout=1.5))
        if record["status"] == "completed":
            break
    assert record["status"] == "completed"


def test_a_cancel_during_cleanup_is_too_late(client):
    task_id = client.shell("exit 3", cleanup=[{"cmd": "echo up; sleep 1"}])
    until(lambda: client.output(task_id, "hook"), "cleanup runs")
    assert client.cancel(task_id).status in (200, 202, 400)
    record = client.end(task_id)
    assert (record["status"], record["exit_code"]) == ("failed", 3)
    assert record["cancel"]["phase"] == "too_late"


def test_a_cancel_is_verified_while_cleanup_runs(system):
    server = system.server()
    client = server.client
    system.agent("agent1", server)
    go = system.path("go")
    task_id = client.shell("echo up; exec sleep 1000", cleanup=[
        {"cmd": f"until [ -e {go} ]; do sleep 0.02; done"}])
    with client.events(task_id) as events:
        events.until_stdout("up\n")
    assert client.cancel(task_id, wait=0).status == 202

    def cancel():
        return client.task(task_id)["cancel"]
    until(lambda: cancel()["phase"] == "verified", "nothing of it is left")
    verified_at = cancel()["verified_at"]
    answer = client.cancel(task_id, wait=0.01)
    assert answer.status == 202
    assert answer.json["status"] == "in_progress"
    assert answer.json["cancel"]["phase"] == "verified"
    with open(go, "w", encoding="utf-8"):
        pass
    record = client.end(task_id)
    assert record["status"] == "cancelled"
    assert record["cancel"]["verified_at"] == verified_at


def test_hooks_run_after_the_executor_was_killed(system):
    server = system.server()
    agent = system.agent("agent1", server)
    notes = system.path("notes")
    task_id = server.client.shell(
        f"{DEFER} 'echo deferred $NODELINK_TASK_STATUS >> {notes}'; echo up;"
        " sleep 1000",
        cleanup=[{"cmd": f"echo cleanup >> {notes}"},
                 {"cmd": f"echo no >> {notes}", "when": "cancelled"}])
    with server.client.events(task_id) as events:
        events.until_stdout("up\n")
    os.kill(agent.child("nodelink-executor", "shell"), signal.SIGKILL)
    record = server.client.end(task_id)
    assert (record["status"], record["failure"]) == ("failed", "executor_lost")

    def said():
        try:
            with open(notes, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""
    until(lambda: said() == "deferred failed\ncleanup\n",
          "the hooks of the lost task have run")


def test_hooks_have_their_time_when_the_agent_stops(system):
    server = system.server()
    agent = system.agent("agent1", server)
    task_id = server.client.shell("echo up; sleep 1000", cleanup=[
        {"cmd": "sleep 1; echo cleaned"}])
    with server.client.events(task_id) as events:
        events.until_stdout("up\n")
    agent.signal(signal.SIGTERM)
    record = server.client.end(task_id)
    assert record["receipt"]["name"] == "agent_stopping"
    assert record["hooks"][0]["exit_code"] == 0
    assert server.client.output(task_id, "hook") == b"cleaned\n"
    agent.wait()
