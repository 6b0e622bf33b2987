"""Who is alive, by a control group that the test makes around a program: all
that is ever started from it is inside, whatever it does, and the product's own
word is not asked."""

import itertools
import os
import signal
import time

_numbers = itertools.count()


class NoOracle(Exception):
    """This host has no control groups for a test; the text says why."""


def _mounts():
    """(type, options of the file system, mount point) of control groups."""
    with open("/proc/self/mountinfo", encoding="ascii", errors="replace") as file:
        for line in file:
            left, _, right = line.partition(" - ")
            kind, _, options = right.split()[:3]
            if kind in ("cgroup", "cgroup2"):
                yield kind, options.split(","), left.split()[4]


def _own(controller):
    with open("/proc/self/cgroup", encoding="ascii") as file:
        for line in file:
            _, names, path = line.rstrip("\n").split(":", 2)
            if controller in names.split(","):
                return path
    return "/"


def own_cgroup2():
    """Our own group of v2."""
    for kind, _, point in _mounts():
        if kind == "cgroup2":
            return point + _own("").rstrip("/")
    raise NoOracle("no cgroup v2 is mounted")


def _parent():
    """Our own group: of v1's pids where there is one, else of v2."""
    for kind, options, point in _mounts():
        if kind == "cgroup" and "pids" in options:
            return point + _own("pids").rstrip("/")
    return own_cgroup2()


def _write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def _states(pid):
    """Of all its threads: a dead leader may have live ones."""
    try:
        for tid in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{tid}/stat", encoding="utf-8",
                      errors="replace") as file:
                yield file.read().rpartition(")")[2].split()[0]
    except OSError:
        pass


class Oracle:
    """pids_max bounds what is inside, so that nothing here can take the
    machine; None where the host cannot do that."""

    PIDS_MAX = 1024

    def __init__(self):
        self.path = f"{_parent()}/nodelink-oracle-{os.getpid()}-{next(_numbers)}"
        try:
            os.mkdir(self.path)
        except OSError as error:
            raise NoOracle(f"cannot make a control group: {error}") from None
        self.bounds = os.path.exists(f"{self.path}/pids.max")
        self.bound(self.PIDS_MAX)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def bound(self, number):
        if self.bounds:
            _write(f"{self.path}/pids.max", str(number))

    def used(self):
        """Processes and threads that count for the bound."""
        with open(f"{self.path}/pids.current", encoding="ascii") as file:
            return int(file.read())

    def wrap(self, argv):
        """The command that runs argv inside."""
        return ["/bin/sh", "-c", 'echo 0 >"$0" && exec "$@"',
                f"{self.path}/cgroup.procs", *argv]

    def _groups(self):
        """Ours and those below, the lowest first."""
        for folder, _, _ in os.walk(self.path, topdown=False):
            yield folder

    def _listed(self, spare):
        found = set()
        for group in self._groups():
            try:
                with open(f"{group}/cgroup.procs", encoding="ascii") as file:
                    found.update(int(line) for line in file)
            except OSError:
                pass  # removed since
        return found - set(spare)

    def members(self, spare=()):
        """Live processes inside, without these. What forks and exits all the
        time is dead when one looks at it; but its child is in the next list
        then. So nobody lives only when all of a list are dead and the next
        one, made after that, names nobody else."""
        listed = self._listed(spare)
        for _ in range(500):
            live = {pid for pid in listed if any(s not in "ZX" for s in _states(pid))}
            if live:
                return live
            before, listed = listed, self._listed(spare)
            if listed <= before:
                return set()
        return listed

    def kill(self, spare=()):
        """End all but these, however hard they fork."""
        end = time.monotonic() + 20
        looks = 0
        while left := self.members(spare):
            looks += 1
            if looks == 3:
                self.bound(0)
            for pid in left:
                _thaw(pid)
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            assert time.monotonic() < end, f"cannot kill\n{describe(left)}"
            time.sleep(0.001)
        self.bound(self.PIDS_MAX)

    def close(self):
        self.kill()
        for group in self._groups():
            for _ in range(100):  # the dead leave a moment later
                try:
                    os.rmdir(group)
                    break
                except OSError:
                    time.sleep(0.02)


def _thaw(pid):
    """v1's freezer lets nobody die."""
    try:
        with open(f"/proc/{pid}/cgroup", encoding="ascii") as file:
            path = next((line.split(":", 2)[2].rstrip("\n") for line in file
                         if ":freezer:" in line), "/")
        while path != "/":
            _write(f"/sys/fs/cgroup/freezer{path}/freezer.state", "THAWED")
            path = os.path.dirname(path)
    except OSError:
        pass


def describe(pids):
    """For a failing test: what they are."""
    lines = []
    for pid in sorted(pids):
        words = []
        for name in ("stat", "wchan", "cmdline", "cgroup"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    words.append(file.read(400).replace(b"\0", b" ").decode(
                        errors="replace").strip())
            except OSError as error:
                words.append(str(error))
        lines.append(" | ".join(words))
    return "\n".join(lines)
