"""Debian's stress-ng, cancelled at random moments on every complete rung; the
judge is the control group around the agent (oracle.py)."""

import os
import random
import shutil

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


@pytest.mark.parametrize("stressor", STRESSORS)
def test_nothing_survives_of(rung, stressor):
    # As a user of its own: as root it would trace and signal anybody. One
    # worker: two that trace leave nobody else any time on two processors.
    uid = 0x40000000 + os.getpid()
    other = f"setpriv --reuid {uid} --regid {uid} --clear-groups" \
        if os.geteuid() == 0 else ""
    command = (f"exec {other} stress-ng --quiet --temp-path /tmp --timeout 10 "
               f"--{stressor} 1")
    rng = random.Random(stressor + rung.name)
    for _ in range(max(1, ROUNDS // 5)):
        trials, left, said = batch(rung, command, rng, 1, ready=None)
        assert not left, said
        assert [t.status for t in trials] == ["cancelled"] * len(trials), \
            "stress-ng does not run"
