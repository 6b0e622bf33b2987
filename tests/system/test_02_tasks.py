"""Each row of the state table that needs no cancellation by a client, and
what a task finds around it (SEMANTICS 1, 4, 7)."""

import os

import pytest

from harness import of_task, until


def test_exit_0_is_completed(client):
    record, out, err = client.run("echo out; echo err >&2")
    assert record["status"] == "completed"
    assert record["exit_code"] == 0
    assert (out, err) == ("out\n", "err\n")
    assert record["created_at"] <= record["started_at"] <= record["finished_at"]


def test_creation_answers_with_the_record(client):
    answer = client.ok("POST", "/tasks/shell", {"agent_id": "agent1", "cmd": "true"})
    assert answer["agent_id"] == "agent1"
    assert answer["status"] in ("pending", "sent", "in_progress")
    assert answer["task_id"] and answer["created_at"]


def test_final_event_has_the_form_of_the_seed(client):
    task_id = client.shell("echo x; exit 0")
    with client.events(task_id) as events:
        final = events.final()
    assert final.name == "response"
    assert final.agentId == "agent1" and final.taskId == task_id
    assert final.status == "COMPLETED"
    assert final.isFinal is True and final.cancelled is False
    assert final.shellExecute["exitCode"] == 0


@pytest.mark.parametrize("code", [1, 3, 77, 255])
def test_other_exit_codes_are_failed(client, code):
    task_id = client.shell(f"exit {code}")
    with client.events(task_id) as events:
        final = events.final()
    record = client.task(task_id)
    assert record["status"] == "failed" and record["failure"] == "exit"
    assert record["exit_code"] == code
    assert final.status == "FAILURE" and final.shellExecute["exitCode"] == code


@pytest.mark.parametrize("name", ["SEGV", "KILL", "TERM", "INT", "HUP"])
def test_death_by_a_signal_that_is_not_ours_is_failed(client, name):
    record, _, _ = client.run(f"kill -{name} $$")
    assert record["status"] == "failed" and record["failure"] == "signal"
    assert record["signal"] == f"SIG{name}" and record["exit_code"] is None


def test_command_not_found_is_the_shells_127(client):
    record, _, err = client.run("no-such-command-anywhere")
    assert record["status"] == "failed" and record["failure"] == "exit"
    assert record["exit_code"] == 127
    assert "no-such-command-anywhere" in err


def test_missing_working_directory_is_a_spawn_error(client):
    record, out, _ = client.run("echo never", cwd="/no/such/folder")
    assert record["status"] == "failed" and record["failure"] == "spawn_error"
    assert "No such file or directory" in record["message"]
    assert out == ""


def test_working_directory_is_used(client):
    _, out, _ = client.run("pwd", cwd="/usr")
    assert out == "/usr\n"


def test_environment_is_built_not_inherited(client):
    _, out, _ = client.run("env", env={"GREETING": "grüß dich", "EMPTY": ""})
    env = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    assert env["GREETING"] == "grüß dich" and env["EMPTY"] == ""
    assert {"PATH", "HOME", "USER", "NODELINK_TASK", "NODELINK_TASK_DIR"} <= set(env)
    assert "NODELINK_LIBEXECDIR" not in env and "PYTEST_CURRENT_TEST" not in env


def test_stdin_is_empty(client):
    record, out, _ = client.run("cat; echo done")
    assert record["status"] == "completed" and out == "done\n"


def test_task_has_no_descriptor_of_ours(client):
    """0, 1, 2, and the one with which ls itself reads the folder."""
    _, out, _ = client.run("ls /proc/self/fd | wc -l")
    assert int(out) == 4


def test_task_has_default_signals(client):
    _, out, _ = client.run("grep -E 'Sig(Blk|Ign)' /proc/self/status")
    for line in out.splitlines():
        # 32 and 33 belong to the C library, which may leave them as they are
        assert int(line.split()[1], 16) & 0x7FFFFFFF == 0, out


def test_task_leads_its_own_session(client):
    _, out, _ = client.run("ps -o sid=,pgid= -p $$; echo $$")
    sid, pgid, pid = out.split()
    assert sid == pgid == pid


def test_scratch_folder_lives_as_long_as_the_task(client):
    record, out, _ = client.run(
        'echo "$NODELINK_TASK_DIR"; echo "$TMPDIR"; touch "$TMPDIR/file"; '
        'mkdir "$TMPDIR/sub"; stat -c %a "$NODELINK_TASK_DIR"')
    folder, tmpdir, mode = out.split()
    assert record["status"] == "completed"
    assert folder == tmpdir and mode == "700"
    until(lambda: not os.path.exists(folder), "the scratch folder is removed")


def test_run_time_limit_cancels_with_code_200(client):
    task_id = client.shell("sleep 1000", timeout=1, stop={"grace": 1})
    with client.events(task_id) as events:
        final = events.final()
    record = client.task(task_id)
    assert record["status"] == "cancelled" and final.cancelled is True
    assert record["cancel"]["code"] == 200 and record["cancel"]["name"] == "timeout"
    assert of_task(task_id) == []


def test_default_time_limit_is_that_of_the_seed(client):
    task_id = client.shell("true")
    assert client.end(task_id)["timeout"] == 300


def test_background_children_do_not_outlive_the_task(client):
    """orphans: kill is the default; the exit status is still the leader's."""
    task_id = client.shell("sleep 1000 & sleep 1000 & exit 0", stop={"grace": 0})
    record = client.end(task_id)
    assert record["status"] == "completed"
    assert record["message"] == "2 processes that it had left were killed"
    assert of_task(task_id) == []


def test_background_children_are_waited_for_on_request(client):
    record, out, _ = client.run("(sleep 0.5; echo late) & exit 0", orphans="wait")
    assert record["status"] == "completed" and out == "late\n"


def test_countdown_plugin_runs_through_the_general_call(client):
    answer = client.call("POST", "/tasks/countdown",
                         {"agent_id": "agent2", "params": {"from": 3}})
    assert answer.status == 200, answer
    task_id = answer.json["task_id"]
    record = client.end(task_id)
    assert record["status"] == "completed" and record["plugin"] == "countdown"


def test_shell_runs_through_the_general_call_too(client):
    answer = client.call("POST", "/tasks/shell",
                         {"agent_id": "agent2", "params": {"cmd": "echo general"}})
    assert answer.status in (200, 400), answer
    if answer.status == 200:
        assert client.end(answer.json["task_id"])["status"] == "completed"


def test_lists_are_newest_first_filtered_and_paged(client):
    mark = {"suite": f"list-{os.getpid()}"}
    ids = [client.shell("true", labels=mark) for _ in range(5)]
    for task_id in ids:
        client.end(task_id)
    query = f"label=suite%3D{mark['suite']}"
    assert [t["task_id"] for t in client.ok("GET", f"/tasks?{query}")["tasks"]] == ids[::-1]
    seen, cursor = [], ""
    while True:
        page = client.ok("GET", f"/tasks?{query}&limit=2" + cursor)
        assert len(page["tasks"]) <= 2
        seen += [t["task_id"] for t in page["tasks"]]
        if not page.get("next_cursor"):
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ids[::-1]
    done = client.ok("GET", f"/tasks?{query}&status=completed")["tasks"]
    assert len(done) == 5
    assert client.ok("GET", f"/tasks?{query}&status=failed")["tasks"] == []
    assert client.ok("GET", f"/tasks?{query}&agent_id=agent2")["tasks"] == []
    assert client.ok("GET", f"/tasks?{query}&status=unfinished")["tasks"] == []
    mine = client.ok("GET", "/agents/agent1/tasks")["tasks"]
    assert {t["agent_id"] for t in mine} == {"agent1"}


def test_hundred_tasks_at_once_all_end_well(client):
    ids = [client.shell(f"echo {n}", agent=f"agent{n % 2 + 1}") for n in range(100)]
    for n, task_id in enumerate(ids):
        record = client.end(task_id)
        assert record["status"] == "completed"
        assert client.output(task_id) == f"{n}\n".encode()
