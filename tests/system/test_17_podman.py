"""The docker plugin against podman's compatible API, where podman runs."""

import random
import shutil
import time

import pytest

import dockerd
from dockerd import Podman
from harness import until
from test_15_docker import Node

WHY = dockerd.missing() if shutil.which("podman") else "podman is not installed"
pytestmark = pytest.mark.skipif(bool(WHY), reason=WHY or "")

IMAGE = {"image": "localhost/busybox:local"}


@pytest.fixture(scope="module")
def node(module_system):
    engine = Podman()
    # Debian's podman comes without the program that would be its init.
    yield Node(module_system, engine,
               more="init = no\n")
    engine.stop()


def test_runs_a_program(node):
    record = node.run("sh", "-c", "echo out; echo err >&2; exit 3", **IMAGE)
    if "OCI" in (record["message"] or ""):
        pytest.skip(f"podman cannot run containers here: {record['message']}")
    assert (record["failure"], record["exit_code"]) == ("exit", 3), record
    assert node.output(record["task_id"]) == b"out\n"
    assert node.output(record["task_id"], "stderr") == b"err\n"


def test_names_what_is_missing(node):
    record = node.run("true", image="nosuch:1")
    assert record["failure"] == "image_missing", record
    record = node.run("nosuchprogram", **IMAGE)
    assert record["failure"] == "spawn_error" and "nosuchprogram" in record["message"], record


def test_cancels_by_signal_and_by_force(node):
    task_id = node.sh("trap 'exit 4' TERM; echo up; while :; do sleep 0.1; done", **IMAGE)
    until(lambda: node.output(task_id) == b"up\n", "it is up")
    assert node.client.cancel(task_id).status == 200
    assert node.client.task(task_id)["exit_code"] == 4
    task_id = node.sh("echo up; sleep 1000", **IMAGE)
    until(lambda: node.output(task_id) == b"up\n", "it is up")
    assert node.client.cancel(task_id, force=1).status == 200
    assert node.client.task(task_id)["exit_code"] == 137
    assert not node.ours()


def test_random_cancels_leave_nothing(node):
    rng = random.Random(17)
    tasks = []
    for _ in range(20):
        tasks.append(node.sh("sleep 0.4", stop={"grace": 0.5}, **IMAGE))
        time.sleep(rng.random() * 0.9)
        node.client.cancel(tasks[-1], wait=0)
    for task_id in tasks:
        assert node.client.end(task_id, 60)["status"] in ("completed", "cancelled")
    assert not node.ours()
