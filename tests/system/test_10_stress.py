"""Debian's stress-ng, cancelled at random moments on every complete rung; the
judge is the control group around the agent (oracle.py)."""

import os
import random
import shutil
import tempfile

import pytest

from contain import COMPLETE, ROUNDS, batch, precedence, with_rung

# Without forkheavy, which fills the disk of the host for a moment, and not only
# where it is told to.
STRESSORS = ("fork", "daemon", "zombie", "session", "vfork", "clone",
             "kill", "ptrace", "exec", "spawn", "pthread", "sigsuspend",
             "resched")

pytestmark = pytest.mark.skipif(not shutil.which("stress-ng"),
                                reason="stress-ng is not installed")


@pytest.fixture(scope="module")
def server(module_system):
    with precedence():
        yield module_system.server()


@pytest.fixture(scope="module", params=COMPLETE)
def rung(request, module_system, server):
    yield from with_rung(request.param, module_system, server)


@pytest.fixture
def place():
    """Of its own: what a killed one leaves has a name made of its pid, and in a
    PID namespace the next one has that again, as another user."""
    with tempfile.TemporaryDirectory(prefix="nodelink-stress-") as path:
        os.chmod(path, 0o777)
        yield path


@pytest.mark.parametrize("stressor", STRESSORS)
def test_nothing_survives_of(rung, stressor, place):
    # As a user of its own: as root it would trace and signal anybody. One
    # worker: two that trace leave nobody else any time on two processors.
    uid = 0x40000000 + os.getpid()
    other = f"setpriv --reuid {uid} --regid {uid} --clear-groups" \
        if os.geteuid() == 0 else ""
    command = (f"exec {other} stress-ng --quiet --temp-path {place} --timeout 10 "
               f"--{stressor} 1")
    rng = random.Random(stressor + rung.name)
    for _ in range(max(1, ROUNDS // 5)):
        trials, left, said = batch(rung, command, rng, 1, ready=None)
        assert not left, said
        assert [t.status for t in trials] == ["cancelled"] * len(trials), \
            "stress-ng does not run"
