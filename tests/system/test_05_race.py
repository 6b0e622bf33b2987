"""500 cancels of a 50 ms task at random moments: each task has one end, and
everybody tells the same one."""

import concurrent.futures
import os
import random
import threading
import time

from harness import of_task

ROUNDS = 500
SEED = int(os.environ.get("NODELINK_TEST_SEED", random.randrange(1 << 32)))


def _one(client, number, delay):
    """(DELETE's status, the record's status, final events, cancelled flag)."""
    task_id = client.shell("sleep 0.05", agent=f"agent{number % 2 + 1}")
    time.sleep(delay)  # the random moment is the test
    answer = client.cancel(task_id)
    said = client.task(task_id)["status"]
    with client.events(task_id) as events:
        finals = [e for e in events.rest() if e.isFinal]
    return task_id, answer, said, client.task(task_id), finals


def test_random_cancels_end_in_exactly_one_state(client):
    chance = random.Random(SEED)
    delays = [chance.uniform(0, 0.12) for _ in range(ROUNDS)]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda n: _one(client, n, delays[n]), range(ROUNDS)))
    ends = {"cancelled": 0, "completed": 0}
    for task_id, answer, said, record, finals in results:
        where = f"seed {SEED}: {task_id} {answer} said {said}, is {record}, events {finals}"
        assert len(finals) == 1, where
        assert record["status"] == said, where  # final states never change
        if answer.status == 200:
            assert said == "cancelled" and finals[0].cancelled is True, where
        else:
            assert answer.status == 400 and said == "completed", where
            assert answer.json["status"] == "completed", where
            assert finals[0].cancelled is False and finals[0].status == "COMPLETED", where
        ends[said] += 1
        assert of_task(task_id) == [], where
    assert ends["cancelled"] and ends["completed"], f"seed {SEED}: not a race: {ends}"


def test_cancels_from_many_sides_agree(client):
    """Eight DELETE at once for one task that is just ending."""
    for delay in (0.0, 0.03, 0.05, 0.055, 0.06, 0.08):
        task_id = client.shell("sleep 0.05")
        time.sleep(delay)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: client.cancel(task_id), range(8)))
        record = client.task(task_id)
        if record["status"] == "completed":
            assert {a.status for a in answers} == {400}
        else:
            assert record["status"] == "cancelled"
            # 400 only for those who came when it was already final
            assert 200 in {a.status for a in answers} <= {200, 400}, answers


# ------------------------------------------------- others, in loops of hundreds

DEAF = "trap '' TERM; echo on; while :; do sleep 0.05; done"


def _loop(body, rounds, threads=8):
    """Runs body(number, random) that often; a failure names the seed."""
    chance = random.Random(SEED)
    numbers = [(n, random.Random(chance.random())) for n in range(rounds)]
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        try:
            return list(pool.map(lambda n: body(*n), numbers))
        except AssertionError as error:
            raise AssertionError(f"seed {SEED}: {error}") from error


def _end(client, task_id):
    """The record; its one end is told alike by everybody, and true."""
    with client.events(task_id) as events:
        final = events.final()
    record = client.task(task_id)
    where = f"{record}, {final}"
    assert of_task(task_id) == [], where
    assert final.cancelled is (record["status"] == "cancelled"), where
    if record["status"] != "cancelled":
        assert record["receipt"] is None, where
        assert record["cancel"] is None or record["cancel"]["phase"] == "too_late", where
    elif record["started_at"]:
        assert record["receipt"]["survivors"] == 0, where
        assert record["cancel"]["phase"] == "verified", where
    return record


def test_a_cancel_that_comes_with_its_start(client):
    """Between record, node, spawn and exec; the task would run for long."""
    def one(number, chance):
        task_id = client.shell("sleep 60", agent=f"agent{number % 2 + 1}")
        time.sleep(chance.choice((0, 0, chance.uniform(0, 0.01))))
        answer = client.cancel(task_id, grace=chance.choice(("0", "5s")))
        assert answer.status == 200, answer
        record = _end(client, task_id)
        assert record["status"] == "cancelled"
        return record["receipt"] is not None
    started = _loop(one, 300)
    assert any(started)


def test_a_cancel_that_comes_with_the_end(client):
    def one(number, chance):
        task_id = client.shell("echo on; read -t 0.03 x <> <(:); exit 3",
                               agent=f"agent{number % 2 + 1}")
        with client.events(task_id) as events:
            events.until_stdout("on\n")
        time.sleep(chance.uniform(0.02, 0.04))
        answer = client.cancel(task_id)
        record = _end(client, task_id)
        assert (answer.status, record["status"]) in (
            (200, "cancelled"), (400, "failed")), (answer, record)
        if record["status"] == "failed":
            assert (record["failure"], record["exit_code"]) == ("exit", 3)
        return record["status"]
    assert len(set(_loop(one, 300))) == 2, "not a race"


def test_two_cancels_are_one(client):
    def one(number, chance):
        task_id = client.shell("sleep 60", agent=f"agent{number % 2 + 1}")
        time.sleep(chance.uniform(0, 0.02))
        with concurrent.futures.ThreadPoolExecutor(2) as pair:
            answers = [a.status for a in pair.map(
                lambda reason: client.cancel(task_id, reason=reason), "ab")]
        record = _end(client, task_id)
        # 400 for one that came when it was final already
        assert record["status"] == "cancelled" and sorted(answers) in (
            [200, 200], [200, 400]), (answers, record)
        assert record["cancel"]["requests"] == answers.count(200), record
        assert record["cancel"]["reason"] in ("a", "b"), record
    _loop(one, 200, threads=4)


def test_force_during_the_grace_ends_it(client):
    def one(number, chance):
        task_id = client.shell(DEAF, agent=f"agent{number % 2 + 1}", stop={"grace": 100})
        with client.events(task_id) as events:
            events.until_stdout("on\n")
        assert client.cancel(task_id, wait=0).status == 202
        time.sleep(chance.uniform(0, 0.05))
        assert client.cancel(task_id, force=1).status == 200
        record = _end(client, task_id)
        assert record["status"] == "cancelled"
        assert record["receipt"]["signals"][-1] == "SIGKILL", record
    _loop(one, 200)


def test_time_limit_against_cancel(client):
    """One of them is the cause, and only one."""
    def one(number, chance):
        task_id = client.shell("sleep 60", agent=f"agent{number % 2 + 1}", timeout=0.1)
        time.sleep(0.1 + chance.uniform(-0.01, 0.02))
        answer = client.cancel(task_id)
        record = _end(client, task_id)
        assert record["status"] == "cancelled" and answer.status in (200, 400), record
        assert record["receipt"]["name"] in ("user_request", "timeout"), record
        if answer.status == 400:
            assert record["receipt"]["name"] == "timeout", record
        return record["receipt"]["name"]
    assert len(set(_loop(one, 200))) == 2, "not a race"


def test_agent_stop_against_cancel(system):
    server = system.server()
    for round_number in range(8):
        agent = system.agent("agent1", server, folder=system.path("agent"))
        ids = [server.client.shell("sleep 60" if n % 2 else DEAF, stop={"grace": "50ms"})
               for n in range(12)]
        stopper = threading.Timer(random.Random(SEED + round_number).uniform(0, 0.1),
                                  agent.stop)
        stopper.start()
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(server.client.cancel, ids))
        stopper.join()
        for task_id, answer in zip(ids, answers):
            where = f"seed {SEED}, round {round_number}: {answer}"
            assert of_task(task_id) == [], where
            record = server.client.task(task_id)
            if answer.status == 202:  # the agent is away; the cancel waits
                assert record["cancel"]["phase"] in ("requested", "delivered", "stopping",
                                                     "killing"), (where, record)
            else:
                assert answer.status in (200, 400), where
                record = _end(server.client, task_id)
                assert record["status"] == "cancelled", (where, record)
                assert not record["receipt"] or record["receipt"]["name"] in (
                    "user_request", "agent_stopping"), (where, record)
