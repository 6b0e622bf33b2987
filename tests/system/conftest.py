"""Fixtures: a system shared by the tests that leave it whole, and a maker of
private ones for those that break it."""

import os
import re
import signal

import pytest

from harness import SANITIZER, Agent, Auth, Server, until

# What the tests interrupt must hear it, even if we are a job of a script or were
# started with nohup: what is ignored stays so in every program that one starts.
for _number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, signal.SIG_DFL)

_programs = []  # all that were started, for the logs of a failing test


def _no_excuse(report):
    """In CI, what is not installed is no reason to leave a test out."""
    if report.skipped and os.environ.get("NODELINK_CI") and \
            "not installed" in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"in CI it has to be there: {report.longrepr[-1]}"


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    outcome = yield
    _no_excuse(outcome.get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failing test shows what the programs said."""
    outcome = yield
    report = outcome.get_result()
    _no_excuse(report)
    if report.failed:
        for program in _programs[-8:]:
            text = "\n".join(program.lines[-60:])
            report.sections.append(
                (f"stderr of {program.name} (pid {program.pid})", text))


class System:
    """Starts programs below one folder and ends them all."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.programs = []

    def _add(self, program):
        self.programs.append(program)
        _programs.append(program)
        return program

    def auth(self):
        """The database of tokens of this system."""
        return Auth(f"{self.folder}/auth")

    def server(self, *options, **more):
        return self._add(Server(f"{self.folder}/server", *options, **more))

    def agent(self, agent_id, server, *options, wait=True, folder=None, grpc=None,
              **more):
        """grpc: where the server is, if not where it says that it is."""
        # two with the same id need two folders
        folder = folder or f"{self.folder}/{len(self.programs)}"
        agent = self._add(Agent(folder, agent_id, grpc or server.grpc,
                                *options, **more))
        if wait:
            server.client.agent_ready(agent_id)
            until(lambda: self._has_parts(agent, server), f"{agent_id} has the usual plugins")
        return agent

    @staticmethod
    def _has_parts(agent, server):
        """Those that tests use are up, whichever came first; docker may wait for its engine."""
        ready = re.search(r"ready: agent .*, plugins ([^\n]*), server", agent.log())
        wanted = {"shell", "countdown"}.intersection(ready[1].split(", ") if ready else ())
        return wanted <= {p["name"] for p in server.client.agents()[agent.id]["plugins"] if p["up"]}

    def path(self, name, text=None):
        path = os.path.join(self.folder, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return path

    def stop(self):
        """Agents first. Whatever a program says of memory it must not touch
        fails the test that is running."""
        trouble = []
        for program in reversed(self.programs):
            if program.alive():
                try:
                    program.stop()
                except AssertionError as error:
                    trouble.append(str(error))
            program.wait()
            _programs.remove(program)
            if SANITIZER.search(program.log()):
                trouble.append(f"{program.name}:\n{program.log()}")
            elif program.process.returncode in (-signal.SIGSEGV, -signal.SIGABRT,
                                                -signal.SIGSYS):
                trouble.append(f"{program.name} crashed:\n{program.log()}")
        self.programs.clear()
        assert not trouble, "\n".join(trouble)


@pytest.fixture
def system(tmp_path_factory):
    """A private, empty system."""
    made = System(tmp_path_factory.mktemp("nl"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def module_system(tmp_path_factory):
    """As system, for all tests of a file."""
    made = System(tmp_path_factory.mktemp("nl"))
    yield made
    made.stop()


@pytest.fixture(scope="session")
def _shared(tmp_path_factory):
    made = System(tmp_path_factory.mktemp("nl"))
    made.main = made.server()
    for agent_id in ("agent1", "agent2"):
        made.agent(agent_id, made.main)
    yield made
    made.stop()


@pytest.fixture
def shared(_shared):
    """A server with agent1 and agent2 that other tests use too."""
    yield _shared
    for program in _shared.programs:
        assert program.alive(), f"{program.name} has died:\n{program.log()}"


@pytest.fixture
def client(shared):
    return shared.main.client
