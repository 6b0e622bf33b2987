"""Whoever asks for too much is told so, and does not keep others from their work.

Every attack comes from 127.0.0.1, is bounded in number and time, and ends by
itself; a fair client at 127.0.0.2 works meanwhile, with a deadline."""

import http.client
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

import pytest

from harness import DEADLINE, Client, descriptors, status_number, until

FAIR_DEADLINE = 15.0  # for a task made, watched and cancelled


class FairClient(Client):
    """Another address of this host."""

    def connect(self, timeout=DEADLINE):
        host, _, port = self.address.rpartition(":")
        return http.client.HTTPConnection(
            host, int(port), timeout=timeout, source_address=("127.0.0.2", 0))

    def work(self):
        """Create, watch and cancel a task; the seconds that it took."""
        start = time.monotonic()
        task = self.shell("echo here; sleep 600")
        with self.events(task, timeout=FAIR_DEADLINE) as events:
            events.until_stdout("here\n")
            assert self.cancel(task, wait=FAIR_DEADLINE, grace=1).status == 200
            assert events.rest()[-1].isFinal
        took = time.monotonic() - start
        assert took < FAIR_DEADLINE, f"{took:.1f} s"
        return took


class Attack(threading.Thread):
    """Runs fn beside the fair client; what it returns, or its exception."""

    def __init__(self, fn):
        super().__init__(daemon=True)
        self.fn = fn
        self.result = self.error = None
        self.start()

    def run(self):
        try:
            self.result = self.fn()
        except BaseException as error:  # pylint: disable=broad-except
            self.error = error

    def end(self, timeout=DEADLINE):
        self.join(timeout)
        assert not self.is_alive(), "the attack did not end"
        if self.error:
            raise self.error
        return self.result


def attack(fair, fn):
    """The result of fn(), while which the fair client works at least once."""
    running = Attack(fn)
    fair.work()
    while running.is_alive():
        time.sleep(0.1)  # being fair, it keeps far below the limit of calls
        fair.work()
    return running.end()


@pytest.fixture(scope="module")
def abused(module_system):
    """A server with small limits, and its agent."""
    conf = module_system.path("abused.conf", """
[limits]
request_time = 2s
idle_time = 2s
stall_time = 2s
open_requests = 40
calls_per_second = 200
connections_per_address = 350
""")
    module_system.main = module_system.server("-c", conf)
    module_system.worker = module_system.agent("agent1", module_system.main)
    module_system.fair = FairClient(module_system.main.http)
    yield module_system
    assert module_system.main.alive() and module_system.worker.alive()


@pytest.fixture
def fair(abused):
    return abused.fair


def tool(name):
    path = shutil.which(name)
    if not path:
        pytest.skip(f"{name} is not installed")
    return path


# ------------------------------------------------------------------------ HTTP

@pytest.mark.parametrize("kind", ["-H", "-B", "-R"])
def test_slow_clients_are_cut_and_hold_up_nobody(abused, fair, kind):
    slow = [tool("slowhttptest"), kind, "-c", "300", "-r", "300", "-i", "1",
            "-x", "24", "-p", "5", "-l", "12", "-u", f"{abused.main.client.url}/healthz"]
    text = attack(fair, lambda: subprocess.run(
        slow, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE,
        check=True).stdout.decode(errors="replace"))
    # Not "Hit test time limit": the server has closed all of them before.
    assert "No open connections left" in text, text[-800:]


def test_slow_readers_are_cut_and_hold_up_nobody(abused, fair):
    """What the kernel holds for them they may read on; the server is free."""
    before = descriptors(abused.main.pid)

    def read_slowly():
        slow = subprocess.Popen(
            [tool("slowhttptest"), "-X", "-c", "300", "-r", "300", "-p", "5", "-l", "60",
             "-u", f"{abused.main.client.url}/healthz"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            until(lambda: descriptors(abused.main.pid) > before + 250, "they came")
            until(lambda: descriptors(abused.main.pid) < before + 20, "they are cut")
            assert slow.poll() is None
        finally:
            slow.kill()
            slow.wait()

    attack(fair, read_slowly)


def test_a_reader_that_takes_nothing_is_cut(abused, fair):
    client = abused.main.client
    task = fair.shell("head -c 4000000 /dev/zero")
    fair.end(task)

    def read_nothing():
        held = []
        for _ in range(20):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.settimeout(DEADLINE)
            sock.connect(tuple_of(client.address))
            sock.sendall(f"GET /tasks/{task}/output HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            held.append(sock)
        until(lambda: open_at(held) == 0, "all of them are cut")

    attack(fair, read_nothing)


def tuple_of(address):
    host, _, port = address.rpartition(":")
    return host, int(port)


def open_at(sockets):
    """How many of these connections the server still holds, says the kernel."""
    ours = {ends_of(sock) for sock in sockets}
    with open("/proc/net/tcp", encoding="ascii") as file:
        lines = [line.split() for line in file][1:]
    return sum((pair_of(words[2]), pair_of(words[1])) in ours and words[3] == "01"
               for words in lines)


def test_hoarding_streams_reaches_ones_own_limit(abused, fair):
    client = abused.main.client
    task = fair.shell("sleep 600")
    held, refused = [], []
    for _ in range(60):
        connection = client.connect()
        connection.request("GET", f"/stream?ref={task}")
        answer = connection.getresponse()
        (held if answer.status == 200 else refused).append((connection, answer))
    try:
        assert len(held) == 40 and len(refused) == 20
        assert refused[0][1].status == 429
        assert json.loads(refused[0][1].read())["code"] == "too_many_requests"
        assert refused[0][1].headers["Retry-After"]
        fair.work()
    finally:
        for connection, answer in held + refused:
            answer.close()
            connection.close()
    until(lambda: client.get("/tasks").status == 200, "the limit is free again")
    assert fair.cancel(task, wait=20).status == 200


def test_connections_of_one_address_are_limited(abused, fair):
    address = tuple_of(abused.main.client.address)

    def connect():
        held = []
        for _ in range(400):
            sock = socket.socket()
            sock.settimeout(DEADLINE)
            sock.connect(address)
            held.append(sock)
        # What is over the limit is closed at once, the others for idleness.
        until(lambda: open_at(held) <= 350, "some are cut", 1.5)
        until(lambda: open_at(held) == 0, "all are cut")
        for sock in held:
            sock.close()

    attack(fair, connect)


class Network:
    """A network of its own, with addresses in two networks of 64 bits."""

    def wrap(self, argv):
        return ["unshare", "-n", "/bin/sh", "-c", """
            ip link set lo up
            for address in fd00::1 fd00::2 fd00::3 fd00:0:0:1::1; do
                ip address add $address/64 dev lo nodad
            done
            exec "$@" """, "sh", *argv]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a network of its own")
@pytest.mark.skipif(not shutil.which("ip"), reason="iproute2 is not installed")
def test_connections_of_one_ipv6_network_are_limited(system):
    """A client may take any of 2^64 addresses."""
    server = system.server("-c", system.path("network.conf", """
[http]
anonymous = yes
[limits]
connections_per_address = 2
"""), http="[fd00::1]:0", inside=Network())
    served = subprocess.run(
        ["nsenter", "-t", str(server.pid), "-n", sys.executable, "-c", """
import socket, sys
held = []
for source in sys.argv[2:]:
    sock = socket.create_connection(("fd00::1", int(sys.argv[1])), 20, (source, 0))
    held.append(sock)
    try:
        sock.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
        print(source, len(sock.recv(15)))
    except OSError:
        print(source, 0)
""", server.http.rpartition(":")[2], "fd00::1", "fd00::2", "fd00::3", "fd00:0:0:1::1"],
        capture_output=True, text=True, timeout=DEADLINE, check=True).stdout
    assert served.split() == ["fd00::1", "15", "fd00::2", "15", "fd00::3", "0",
                              "fd00:0:0:1::1", "15"]


def test_calls_of_one_client_are_limited(abused, fair):
    def call():
        connection = abused.main.client.connect()
        seen, start = [], time.monotonic()
        for _ in range(1200):
            connection.request("GET", "/")
            answer = connection.getresponse()
            body = answer.read()
            seen.append(answer.status)
            if answer.status == 429:
                assert json.loads(body)["code"] == "too_many_calls"
                assert int(answer.headers["Retry-After"]) >= 1
        connection.close()
        return seen, time.monotonic() - start

    seen, took = attack(fair, call)
    assert set(seen) == {200, 429} and seen[:100] == [200] * 100
    assert seen.count(200) <= 200 * (took + 1) + 1
    until(lambda: abused.main.client.get("/").status == 200, "it may again")


def test_wrong_tokens_of_one_address_are_limited(system):
    auth = system.auth()
    server = system.server("--auth", auth.path, auth=auth)
    wrong = server.client.bearing("nlk_000000000000_0")
    seen = [wrong.get("/tasks") for _ in range(30)]
    assert [a.status for a in seen[:10]] == [401] * 10
    assert seen[-1].status == 429 and seen[-1].json["code"] == "too_many_logins"
    assert 1 <= int(seen[-1].headers["Retry-After"]) <= 60
    assert server.client.get("/tasks").status == 200  # the right one, from there
    assert FairClient(server.http, wrong.token).get("/tasks").status == 401


# ------------------------------------------------------------------------ JSON

@pytest.mark.parametrize("body, where", [
    (b'{"agent_id":' + b"[" * 40, r"byte 43: nested deeper than 32"),
    (b'{"agent_id":"a",\n"cmd":"x","cmd":"y"}', r"line 2, column \d+: .*duplicate"),
    (b'{"agent_id":"a","cmd":"\xff"}', r"line 1, column \d+: "),
    (b'{"agent_id":"a","cmd":"\xed\xa0\x80"}', r"line 1, column \d+: "),
    (b'{"agent_id":"a","cmd":"\\ud800"}', r"line 1, column \d+: "),
    (b'{"agent_id":"a","cmd":"a\x00b"}', r"line 1, column \d+: "),
    (b'{"agent_id":"a","cmd":"a\\u0000b"}', r"field 'cmd': expected a text without NUL"),
    (b'{"agent_id":"a","c\\u0000":"b"}', r"line 1, column \d+: "),
])
def test_bad_json_is_refused_with_its_place(fair, body, where):
    answer = fair.call("POST", "/tasks/shell", body,
                       headers={"Content-Type": "application/json"})
    assert answer.status == 400 and re.match(where, answer.json["error"]), answer


# ------------------------------------------------------------------------ gRPC

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, RESET, SETTINGS, PING, CONTINUATION = 1, 3, 4, 6, 9


def frame(kind, flags, stream, payload=b""):
    return (struct.pack(">I", len(payload))[1:] + bytes([kind, flags])
            + struct.pack(">I", stream) + payload)


def literal(name, value):
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def head(path=b"/nodelink.v1.AgentService/StreamTasks"):
    return b"".join(literal(*pair) for pair in (
        (b":method", b"POST"), (b":scheme", b"http"), (b":path", path),
        (b":authority", b"x"), (b"te", b"trailers"),
        (b"content-type", b"application/grpc"), (b"agent_id", b"intruder")))


def flood(address, frames):
    """Send them all, whatever is answered; the bytes that were."""
    sock = socket.create_connection(tuple_of(address), timeout=DEADLINE)
    answers = []

    def read():
        try:
            while piece := sock.recv(1 << 16):
                answers.append(piece)
        except OSError:
            pass

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        sock.sendall(PREFACE + frame(SETTINGS, 0, 0) + frame(SETTINGS, 1, 0))
        for some in frames:
            sock.sendall(some)
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # cut off
    reader.join(DEADLINE)
    sock.close()
    return b"".join(answers)


def resets(path, n=2000):
    for stream in range(1, 2 * n, 2):
        yield (frame(HEADERS, 4, stream, head(path))
               + frame(RESET, 0, stream, struct.pack(">I", 8)))


def endless_head(n=5000):
    yield frame(HEADERS, 0, 1, head())
    for i in range(n):
        yield frame(CONTINUATION, 0, 1, literal(b"x%d" % i, b"y" * 100))


@pytest.mark.parametrize("name, frames", [
    ("resets", lambda: resets(b"/nodelink.v1.AgentService/StreamTasks")),
    ("resets of unknown methods", lambda: resets(b"/x/Y")),
    ("settings", lambda: (frame(SETTINGS, 0, 0) for _ in range(20000))),
    ("a head without end", endless_head),
])
def test_floods_of_frames_hold_up_nobody(abused, fair, name, frames):
    attack(fair, lambda: flood(abused.main.grpc, frames()))
    assert abused.main.client.is_agent_ready("agent1"), name


@pytest.mark.parametrize("path", [b"/nodelink.v1.AgentService/StreamTasks", b"/x/Y"])
def test_resets_without_end_are_cut_before_they_fill_the_memory(system, path):
    server = system.server()
    system.agent("agent1", server)
    loud = server.client.shell("head -c 30000000 /dev/zero")
    before = status_number(server.pid, "VmHWM")
    flood(server.grpc, resets(path, 60000))
    server.wait_line("ipv4:127.0.0.1:[0-9]+ is cut: it sends calls without end")
    # 60,000 calls are 800 MB. Redzones make them larger, and slower.
    if not os.environ.get("NODELINK_SANITIZED"):
        assert status_number(server.pid, "VmHWM") < before + (450 << 10)
    assert server.client.end(loud)["status"] == "completed"
    assert server.client.is_agent_ready("agent1")
    assert len(re.findall("is cut", server.log())) == 1


class Files:
    """Starts a program that may open so many files."""

    def __init__(self, most):
        self.most = most

    def wrap(self, argv):
        return ["/bin/sh", "-c", f'ulimit -n {self.most}; exec "$@"', "sh", *argv]


def connect_many(address, count, source="127.0.0.1"):
    """So many connections at once, whatever becomes of them."""
    held = []
    for _ in range(count):
        sock = socket.socket()
        sock.bind((source, 0))
        sock.setblocking(False)
        sock.connect_ex(tuple_of(address))
        held.append(sock)
    return held


def staying(held):
    """How many of them the server has not cut."""
    ours = {ends_of(sock) for sock in held}
    with open("/proc/net/tcp", encoding="ascii") as file:
        lines = [line.split() for line in file][1:]
    return sum((pair_of(words[1]), pair_of(words[2])) in ours and words[3] == "01"
               for words in lines)


def ends_of(sock):
    """Other tests' connections may have the same port, at another address."""
    try:
        return sock.getsockname(), sock.getpeername()
    except OSError:
        return None  # it was reset


def pair_of(text):
    """0100007F:1F90 is 127.0.0.1 and 8080."""
    host, port = text.split(":")
    return socket.inet_ntoa(struct.pack("=I", int(host, 16))), int(port, 16)


def close_all(held):
    for sock in held:
        sock.close()


def answers(address, source):
    """Does somebody who comes from there hear of HTTP/2?"""
    with socket.create_connection(tuple_of(address), DEADLINE, (source, 0)) as sock:
        sock.sendall(PREFACE + frame(SETTINGS, 0, 0))
        return sock.recv(9)[3:4] == bytes([SETTINGS])


def test_connections_of_one_address_to_the_agents_port_are_limited(system):
    server = system.server("-c", system.path("few.conf", """
[limits]
agent_connections_per_address = 20
"""))
    system.agent("agent1", server)
    held = connect_many(server.grpc, 100)
    try:
        until(lambda: staying(held) == 19, "the agent and 19 others stay")
        server.wait_line(r"connections to the agents' port are cut, the last one from "
                         r"127\.0\.0\.1: this address has .* agent_connections_per_address")
        assert answers(server.grpc, "127.0.0.2")
        assert server.client.run("true")[0]["status"] == "completed"
        assert "nodelink_agent_connections_cut_total 81\n" in \
            server.client.get("/metrics").body.decode()
    finally:
        close_all(held)
    system.agent("agent2", server)
    assert len(re.findall("are cut", server.log())) <= 10


def test_connections_of_all_addresses_to_the_agents_port_are_limited(system):
    server = system.server("-c", system.path("few.conf", """
[limits]
agent_connections = 20
agent_connections_per_address = 15
"""))
    system.agent("agent1", server)
    held = connect_many(server.grpc, 10)
    until(lambda: staying(held) == 10, "all of them are in")
    held += connect_many(server.grpc, 30, "127.0.0.2")
    try:
        until(lambda: staying(held) == 19, "the agent and 19 others stay")
        assert staying(held[:10]) == 10
        server.wait_line("the port has as many as .* agent_connections allows")
        assert server.client.run("true")[0]["status"] == "completed"
    finally:
        close_all(held)


def test_few_open_files_are_shared_by_the_ports(system):
    server = system.server(inside=Files(1024))
    assert re.search(r"only 1024 files may be open \(LimitNOFILE\): 432 connections of agents, "
                     "216 of them from one address, and 144 of clients", server.log())
    system.agent("agent1", server)
    held = connect_many(server.grpc, 400)
    try:
        until(lambda: staying(held) == 215, "half of what agents may have, and one is there")
        assert server.client.run("true")[0]["status"] == "completed"
    finally:
        close_all(held)


def test_a_server_that_agents_cannot_reach_any_more_ends(system):
    """gRPC 1.51 listens no more once it had no descriptor for a connection."""
    server = system.server(inside=Files(64))
    held = []
    try:
        until(lambda: held.extend(connect_many(server.grpc, 100)) or not server.alive(),
              "it ends", pause=0.1)
    finally:
        close_all(held)
    assert server.wait() == 1
    assert re.search("no agent can connect any more, gRPC says 'Failed accept4: "
                     "Too many open files': stopping, to be started again", server.log())


def test_a_flood_of_pings_ends_the_connection(abused, fair):
    answers = attack(fair, lambda: flood(
        abused.main.grpc, (frame(PING, 0, 0, b"12345678") for _ in range(20000))))
    assert b"too_many_pings" in answers


def test_load_on_the_agents_port_holds_up_nobody(abused, fair):
    load = [tool("h2load"), "-n", "3000", "-c", "20", "-m", "50",
            f"http://{abused.main.grpc}/"]
    text = attack(fair, lambda: subprocess.run(
        load, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE,
        check=True).stdout.decode())
    assert "3000 done" in text, text
    assert abused.main.client.is_agent_ready("agent1")


def test_the_server_holds_little_after_all_that(abused):
    """One descriptor for the agent, none for those who have left."""
    until(lambda: descriptors(abused.main.pid) < 60, "its descriptors are free again")
