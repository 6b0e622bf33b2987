"""A server with the agent web1, which the tests of a file share, and `nodelink` as its
user: what imports the fixtures has them by their names."""

import pytest

from command import Command
from harness import until


@pytest.fixture(name="host", scope="module")
def fixture_host(module_system):
    module_system.main = module_system.server()
    module_system.agent("web1", module_system.main)
    return module_system


@pytest.fixture(name="client")
def fixture_client(host):
    """Nothing is left of a test's tasks."""
    client = host.main.client
    yield client
    client.ok("DELETE", "/agents/web1/drain")
    client.ok("DELETE", "/tasks?agent_id=web1&force=1")


@pytest.fixture(name="nodelink")
def fixture_nodelink(host):
    return Command(host.main)


def only(client):
    """The one task that is unfinished, once there is one that runs."""
    def find():
        tasks = client.ok("GET", "/tasks?status=in_progress")["tasks"]
        return tasks[0]["task_id"] if tasks else None
    return until(find, "a task runs")
