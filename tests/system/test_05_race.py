"""500 cancels of a 50 ms task at random moments: each task has one end, and
everybody tells the same one."""

import concurrent.futures
import os
import random
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
