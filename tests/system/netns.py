"""A server and its agents in network namespaces of their own, one cable to each
agent, and ways to break it. All of it needs root, iproute2 and iptables."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess

from harness import Client

RESET = "REJECT --reject-with tcp-reset"

_libc = ctypes.CDLL(None, use_errno=True)


class NoNetns(Exception):
    """This host lets us make no network namespaces; the text says why."""


def _run(*argv):
    if not shutil.which(argv[0]):
        raise OSError(f"{argv[0]} is not installed")
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(argv)}: {done.stderr.strip()}")


def _enter(descriptor):
    if _libc.setns(descriptor, 0):
        raise OSError(ctypes.get_errno(), "setns")


class Namespace:
    def __init__(self, name):
        self.name = name
        self.path = f"/run/netns/{name}"
        _run("ip", "netns", "add", name)

    def ip(self, *words):
        _run("ip", "-n", self.name, *words)

    def wrap(self, argv):
        """The command that runs argv inside; "ip netns exec" would hide the
        control groups from it."""
        return ["nsenter", f"--net={self.path}", "--", *argv]

    def refuse(self, packets, target):
        """Packets that come in, to DROP or to answer with RST; one that is itself
        a RST comes through then."""
        flags = "--tcp-flags RST NONE" if target == RESET else ""
        _run(*self.wrap(["iptables", "-w", "-A", "INPUT", "-p", "tcp",
                         *flags.split(), *packets.split(), "-j", *target.split()]))

    def accept(self):
        _run(*self.wrap(["iptables", "-w", "-F"]))

    @contextlib.contextmanager
    def within(self):
        """Sockets of this thread are made inside, and stay there."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        there = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _enter(there)
            yield
        finally:
            _enter(home)
            os.close(there)
            os.close(home)

    def close(self):
        _run("ip", "netns", "del", self.name)


class InsideClient(Client):
    """Comes from within a namespace, whatever is cut around it."""

    def __init__(self, address, namespace, token=None):
        super().__init__(address, token)
        self._namespace = namespace

    def connect(self, *more):
        connection = super().connect(*more)
        with self._namespace.within():
            connection.connect()
        return connection


class Cable:
    """Between the server's namespace and one agent's."""

    def __init__(self, star, number):
        self.star = star
        self.number = number
        self.token = ()  # the option of its agent
        self.end = star.namespace(f"{star.prefix}-{number}")
        _run("ip", "link", "add", "up0", "netns", self.end.name, "type", "veth",
             "peer", "name", f"to{number}", "netns", star.hub.name)
        self.server = f"192.0.2.{4 * number + 1}"
        self.agent = f"192.0.2.{4 * number + 2}"
        star.hub.ip("addr", "add", f"{self.server}/30", "dev", f"to{number}")
        star.hub.ip("link", "set", f"to{number}", "up")
        self.end.ip("addr", "add", f"{self.agent}/30", "dev", "up0")
        self.end.ip("link", "set", "up0", "up")

    def deafen_agent(self, target="DROP"):
        self.end.refuse(f"-s {self.server}", target)

    def deafen_server(self, target="DROP"):
        self.star.hub.refuse(f"-s {self.agent}", target)

    def cut(self):
        self.deafen_agent()
        self.deafen_server()

    def reset(self):
        self.deafen_agent(RESET)
        self.deafen_server(RESET)

    def down(self):
        self.end.ip("link", "set", "up0", "down")

    def up(self):
        """Undoes down()."""
        self.end.ip("link", "set", "up0", "up")


class Star:
    """One server in the middle. heal() undoes every cut; close() leaves nothing
    of us; the programs inside have ended before."""

    def __init__(self, system):
        for tool in ("ip", "iptables", "nsenter"):
            if not shutil.which(tool):
                raise NoNetns(f"{tool} is not installed")
        self.system = system
        self.prefix = f"nl{os.getpid()}"
        self.namespaces = []
        self.cables = []
        self.stopped = set()
        try:
            self.hub = self.namespace(self.prefix)
            self.hub.ip("link", "set", "lo", "up")
            self.hub.refuse("--dport 1", RESET)  # whether iptables can do that here
            self.hub.accept()
            self.cable()
        except OSError as error:
            self.close()
            raise NoNetns(str(error)) from None

    def namespace(self, name):
        self.namespaces.append(Namespace(name))
        return self.namespaces[-1]

    def cable(self):
        self.cables.append(Cable(self, len(self.cables)))
        return self.cables[-1]

    def server(self, *options):
        conf = self.system.path("server.conf", "[grpc]\nplaintext = yes\n")
        auth = self.system.auth()
        for cable in self.cables:
            cable.token = auth.agent_file(f"agent{cable.number}")
        server = self.system.server("--config", conf, *options, grpc="0.0.0.0:0",
                                    auth=auth, inside=self.hub)
        server.client = InsideClient(server.http, self.hub, server.client.token)
        return server

    def agent(self, cable, server):
        port = server.grpc.rpartition(":")[2]
        return self.system.agent(
            f"agent{cable.number}", server, *cable.token, "--plaintext",
            grpc=f"{cable.server}:{port}", inside=cable.end, wait=False)

    def stop(self, pid):
        self.stopped.add(pid)
        os.kill(pid, signal.SIGSTOP)

    def heal(self):
        while self.stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.stopped.pop(), signal.SIGCONT)
        for namespace in self.namespaces:
            namespace.accept()
        for cable in self.cables:
            cable.up()

    def close(self):
        trouble = []
        while self.namespaces:
            try:
                self.namespaces.pop().close()
            except OSError as error:
                trouble.append(str(error))
        assert not trouble, trouble
