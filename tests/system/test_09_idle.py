"""What nodelink costs when nothing happens, and that it does not grow."""

import os
import time

import pytest

from harness import children, descriptors, status_number, until, wakeups

sanitized = pytest.mark.skipif(
    bool(os.environ.get("NODELINK_SANITIZED")),
    reason="a sanitizer's own memory and threads would be measured")


def _everybody(system):
    """{name: pid} of all programs of a system."""
    pids = {}
    for program in system.programs:
        pids[program.name] = program.pid
        for child in children(program.pid):
            pids[f"{program.name}/{child}"] = child
    return pids


@pytest.fixture
def small(system):
    system.main = system.server()
    system.agent("agent1", system.main)
    assert system.main.client.run("true")[0]["status"] == "completed"
    return system


@sanitized
def test_idle_system_hardly_wakes_up(small):
    pids = _everybody(small)
    assert len(pids) >= 5

    def rates():
        before = {name: wakeups(pid) for name, pid in pids.items()}
        start = time.monotonic()
        time.sleep(2)  # an amount of time is what is measured
        spent = time.monotonic() - start
        return {name: (wakeups(pid) - before[name]) / spent for name, pid in pids.items()}

    # gRPC's own timers settle some seconds after a connection was made.
    limits = {name: 10 for name in pids}
    seen = []

    def calm():
        seen.append(rates())
        return all(rate <= limits[name] for name, rate in seen[-1].items())
    try:
        until(calm, "all programs are idle", timeout=16)
    except AssertionError:
        raise AssertionError(f"wake-ups a second: {seen}") from None


@sanitized
def test_watched_and_running_task_costs_no_wakeups_either(small):
    client = small.main.client
    task_id = client.shell("echo on; sleep 1000")
    with client.events(task_id) as events:
        events.until_stdout("on\n")
        pids = _everybody(small)

        def calm():
            before = sum(wakeups(pid) for pid in pids.values())
            time.sleep(1)  # an amount of time is what is measured
            return sum(wakeups(pid) for pid in pids.values()) - before <= 10 * len(pids)
        until(calm, "a sleeping task costs nothing", timeout=16)
    assert client.cancel(task_id, grace=0).status == 200


def _run_many(client, count):
    ids = [client.shell("echo x") for _ in range(count)]
    for task_id in ids:
        client.end(task_id)


@sanitized
def test_memory_and_descriptors_do_not_grow_with_tasks(small):
    client = small.main.client
    _run_many(client, 100)  # arenas and pools have their size now
    pids = _everybody(small)
    before = {name: (status_number(pid, "VmRSS"), descriptors(pid)) for name, pid in pids.items()}
    _run_many(client, 500)
    for name, pid in pids.items():
        kept = before[name]
        # The server keeps records for its retention; nobody else keeps anything.
        allowed = 8000 if name == "server" else 2000
        grown = status_number(pid, "VmRSS") - kept[0]
        assert grown <= allowed, f"{name} has grown by {grown} KB over 500 tasks"
        until(lambda p=pid, k=kept: descriptors(p) <= k[1] + 3,
              f"{name} has its {kept[1]} descriptors again")


@sanitized
def test_memory_does_not_grow_with_output(small):
    """200 MB through everything: held nowhere in memory."""
    client = small.main.client
    pids = _everybody(small)

    def produce(size):
        task_id = client.shell(f"head -c {size} /dev/zero")
        until(lambda: client.task(task_id)["status"] == "completed", "all is stored", 120, 0.1)
        assert client.task(task_id)["output"]["stdout_bytes"] == size
    produce(20_000_000)
    before = {name: status_number(pid, "VmRSS") for name, pid in pids.items()}
    produce(200_000_000)
    for name, pid in pids.items():
        grown = status_number(pid, "VmRSS") - before[name]
        assert grown <= 16000, f"{name} has grown by {grown} KB over 200 MB of output"


def test_children_of_the_executor_are_all_reaped(small):
    client = small.main.client
    _run_many(client, 20)
    agent = small.programs[1]
    executor = agent.child("executor", "shell")
    until(lambda: not children(executor), "the executor has no child left")
