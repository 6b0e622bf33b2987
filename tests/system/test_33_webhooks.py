"""Webhooks: told at least once, in order, signed, to nobody that must not be called."""

import os
import re
import signal

import pytest

from harness import until
from receiver import OTHER_SECRET, SECRET, Receiver, settings, signed_with
from test_14_durable import restart


def listed(client, state="dead", **more):
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return client.ok("GET", f"/webhooks?state={state}{query}")


@pytest.fixture(name="told", scope="module")
def fixture_told(module_system):
    """(server's client, receiver of the settings): a server that tells everything to one
    receiver, and to those that tasks name."""
    with Receiver() as receiver:
        server = module_system.server(*settings(module_system, receiver.url + "/all",
                                                per_task="yes"))
        module_system.agent("agent1", server)
        yield server.client, receiver


# ------------------------------------------------------------------------ what is told

def test_an_end_is_told_with_a_signature_that_others_verify(told):
    client, receiver = told
    task_id = client.shell("exit 3", labels={"team": "blue"})
    request = receiver.of(task_id)[0]
    assert request.path == "/all" and request.type == "task.failed"
    assert signed_with(request, SECRET) and not signed_with(request, OTHER_SECRET)
    assert abs(int(request.headers["webhook-timestamp"]) - os.stat("/proc/self").st_ctime) < 3600
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["User-Agent"].startswith("nodelink-server/")
    record, data = client.end(task_id), request.json["data"]
    assert set(request.json) == {"type", "timestamp", "data"}
    assert {key: data[key] for key in data} == {key: record[key] for key in data}
    assert (data["exit_code"], data["failure"], data["labels"]) == (3, "exit", {"team": "blue"})
    assert "cmd" not in request.body.decode() and "exit 3" not in request.body.decode()
