"""What the system tests share: the real programs, a small client, evidence.

Programs come from NODELINK_PREFIX (installed) or NODELINK_BUILD (build tree).
Everything is on loopback with ports of the kernel's choice and below one
temporary folder. Nothing here waits for time: it waits for a line, an event
or a fact, with a deadline.
"""

import errno
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse

DEADLINE = 30.0  # for whatever should happen soon; a busy machine is slow

SANITIZER = re.compile(
    r"(ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:)")


def until(fact, what, timeout=DEADLINE, pause=0.01):
    """The first true answer of fact(): for facts that send no event."""
    end = time.monotonic() + timeout
    while True:
        answer = fact()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout:g} s: {what}")
        time.sleep(pause)


def write_fifo(path, text):
    """To whoever reads from it, or will before long."""
    def reader():
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return None

    with os.fdopen(until(reader, f"somebody reads {path}"), "w") as file:
        file.write(text)


# ------------------------------------------------------------------ programs

def _paths():
    prefix = os.environ.get("NODELINK_PREFIX")
    build = os.environ.get("NODELINK_BUILD")
    if prefix:
        return f"{prefix}/sbin", {}  # finds its parts by itself
    if build:
        return build, {"NODELINK_LIBEXECDIR": build,
                       "NODELINK_PLUGINDIR": f"{build}/plugins/.libs"}
    raise SystemExit("set NODELINK_BUILD or NODELINK_PREFIX; make check-system does")


SBIN, ENVIRONMENT = _paths()
BIN = re.sub("/sbin$", "/bin", SBIN)
DEFER = f"{BIN}/nodelink-defer"


class Program:
    """A started program whose stderr is collected line by line; inside: an
    oracle.Oracle or netns.Namespace to start it in."""

    def __init__(self, name, argv, env=None, inside=None):
        self.name = name
        self.argv = argv
        self.lines = []
        self._seen = 0  # lines that wait_line() has passed
        self._news = threading.Condition()
        self._ended = False
        environ = {**os.environ, **ENVIRONMENT, **(env or {})}
        # A session of its own: a stray signal of the tests stays ours.
        self.process = subprocess.Popen(
            inside.wrap(argv) if inside else argv,
            env=environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            start_new_session=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for raw in self.process.stderr:
            with self._news:
                self.lines.append(raw.decode(errors="replace").rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    @property
    def pid(self):
        return self.process.pid

    def log(self):
        return "\n".join(self.lines)

    def wait_line(self, pattern, timeout=DEADLINE, anywhere=False):
        """The match of the next line that fits (anywhere: from the first)."""
        end = time.monotonic() + timeout
        at = 0 if anywhere else self._seen
        with self._news:
            while True:
                while at < len(self.lines):
                    match = re.search(pattern, self.lines[at])
                    at += 1
                    self._seen = max(self._seen, at)
                    if match:
                        return match
                if self._ended:
                    raise AssertionError(
                        f"{self.name} ended without saying {pattern!r}:\n{self.log()}")
                if not self._news.wait(max(0, end - time.monotonic())) \
                        and time.monotonic() > end:
                    raise AssertionError(
                        f"{self.name} did not say {pattern!r} in {timeout:g} s:\n{self.log()}")

    def alive(self):
        return self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=DEADLINE):
        """Its exit status; its stderr is complete then, for those who have
        no child that still holds it."""
        status = self.process.wait(timeout)
        self._reader.join(2)
        return status

    def stop(self, timeout=DEADLINE):
        """TERM and the exit status; KILL and a failure if it does not go."""
        if self.alive():
            self.signal(signal.SIGTERM)
        try:
            return self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.name} ignored SIGTERM for {timeout:g} s:\n"
                                 + self.log()) from None

    def kill(self):
        if self.alive():
            self.signal(signal.SIGKILL)
        self.wait()


class Auth:
    """A database of tokens, and the commands that change it."""

    def __init__(self, folder):
        self.folder = folder
        self.path = f"{folder}/auth.db"
        os.makedirs(folder, exist_ok=True)

    def run(self, *words):
        """A command, whatever becomes of it."""
        return subprocess.run(
            [f"{SBIN}/nodelink-server", *words, "--auth", self.path],
            env={**os.environ, **ENVIRONMENT}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=DEADLINE, check=False)

    def ok(self, *words):
        """What a command prints; it has to succeed."""
        done = self.run(*words)
        assert done.returncode == 0, done
        return done.stdout.removesuffix("\n")

    def client(self, name="tests", role="admin", *options):
        """A new token of a client."""
        return self.ok("token", "create", "--client", name, "--role", role, *options)

    def revoke(self, token):
        self.ok("token", "revoke", token.split("_")[1])

    def agent(self, agent_id, *options):
        """A new token of an agent."""
        return self.ok("agent-token", agent_id, *options)

    def agent_file(self, agent_id, *options):
        """... as the option of an agent that reads it from a file."""
        path = f"{self.folder}/{agent_id}.token"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
                  encoding="ascii") as file:
            file.write(self.agent(agent_id, *options))
        return ("--token-file", path)


def _loopback():
    """An address for the files that pytest-xdist runs beside each other: nobody else takes
    the port of a server that is started again there."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    return f"127.0.1.{int(worker[2:]) + 1}" if worker else "127.0.0.1"


LOOPBACK = _loopback()


class Server(Program):
    """store: a folder, "memory", or a new folder below this one; auth: an Auth,
    and the server's client is an admin then; ca: the file to know it by, when it
    serves HTTPS."""

    def __init__(self, folder, *options, http=f"{LOOPBACK}:0", grpc=f"{LOOPBACK}:0",
                 store=None, auth=None, ca=None, env=None, inside=None):
        os.makedirs(folder, exist_ok=True)
        self.store = store or tempfile.mkdtemp(prefix="store-", dir=folder)
        if auth:
            options = ("--auth", auth.path, *options)
        super().__init__("server", [f"{SBIN}/nodelink-server", "--http", http,
                                    "--grpc", grpc, "--store", self.store,
                                    *options], env, inside)
        ready = self.wait_line(r"ready: https? (\S+), grpc (\S+)")
        self.http, self.grpc = ready.groups()
        self.client = Client(self.http, ca=ca)
        if auth:
            self.client = self.client.bearing(auth.client())


class Agent(Program):
    def __init__(self, folder, agent_id, grpc, *options, env=None, user="root",
                 inside=None):
        """Tasks run as root, since pytest's folders are closed to others; user=None: as an
        agent does by itself."""
        self.id = agent_id
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        if user and os.geteuid() == 0:
            options = ("--user", user, *options)
        super().__init__(agent_id, [
            f"{SBIN}/nodelink-agent", "--id", agent_id, "--server", grpc,
            "--runtime-dir", folder, *options], env, inside)

    def child(self, program, plugin=None):
        """The pid of nodelink-uplink, or of the executor of a plugin."""
        for pid in children(self.pid):
            words = command(pid)
            if words and os.path.basename(words[0]).endswith(program) and (
                    plugin is None or any(
                        re.search(rf"\b{plugin}\b", word) for word in words[1:])):
                return pid
        return None

    def pids(self):
        return [self.pid, *children(self.pid)]


# ------------------------------------------------------------------- evidence

def command(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def _stat(pid):
    """(state, parent, process group, session) as the kernel says."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            words = file.read().rpartition(")")[2].split()
        return words[0], int(words[1]), int(words[2]), int(words[3])
    except OSError:
        return None


def _alive():
    for name in os.listdir("/proc"):
        if name.isdigit():
            stat = _stat(int(name))
            if stat and stat[0] not in "ZX":
                yield int(name), stat


def session(sid):
    """Processes of a session that are not dead, by an independent look."""
    return [pid for pid, stat in _alive() if stat[3] == sid]


def of_task(task_id):
    """Processes that carry the task's mark in their environment."""
    mark = f"NODELINK_TASK={task_id}".encode()
    found = []
    for pid, _ in _alive():
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if mark in file.read().split(b"\0"):
                    found.append(pid)
        except OSError:
            pass
    return found


def is_alive(pid):
    stat = _stat(pid)
    return bool(stat) and stat[0] not in "ZX"


def is_asleep(pid):
    """It waits for something, not for the processor or the disk."""
    stat = _stat(pid)
    return bool(stat) and stat[0] == "S"


def status_number(pid, key):
    """A number of /proc/PID/status, over all threads where that matters."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith(key + ":"):
                return int(line.split()[1])
    raise KeyError(key)


def wakeups(pid):
    """How often the threads of a process have gone to sleep so far."""
    total = 0
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/status", encoding="ascii",
                  errors="replace") as file:
            for line in file:
                if line.startswith("voluntary_ctxt_switches:"):
                    total += int(line.split()[1])
    return total


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


# --------------------------------------------------------------------- client

class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:400]!r}>"


class Client:
    """The HTTP API by hand: one connection a call, everything has a deadline."""

    def __init__(self, address, token=None, headers=None, ca=None):
        self.address = address
        self.ca = ca  # to know it by; None: plain HTTP
        self.url = f"http{'s' if ca else ''}://{address}"
        self.token = token
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        self.headers = {**bearer, **(headers or {})}  # of every request

    def bearing(self, token):
        """The same server, asked by whoever has this token."""
        return Client(self.address, token, ca=self.ca)

    def connect(self, timeout=DEADLINE):
        host, _, port = self.address.rpartition(":")
        if self.ca:
            return http.client.HTTPSConnection(
                host, int(port), timeout=timeout,
                context=ssl.create_default_context(cafile=self.ca))
        return http.client.HTTPConnection(host, int(port), timeout=timeout)

    def call(self, method, path, body=None, headers=None, timeout=60):
        headers = {**self.headers, **(headers or {})}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection = self.connect(timeout)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def ok(self, method, path, body=None, **more):
        answer = self.call(method, path, body, **more)
        assert answer.status == 200, answer
        return answer.json

    def shell(self, cmd, agent="agent1", **more):
        """A new task's id."""
        return self.ok("POST", "/tasks/shell",
                       {"agent_id": agent, "cmd": cmd, **more})["task_id"]

    def task(self, task_id):
        return self.ok("GET", f"/tasks/{task_id}")

    def cancel(self, task_id, **query):
        query = "?" + urllib.parse.urlencode(query) if query else ""
        return self.call("DELETE", f"/tasks/{task_id}{query}")

    def events(self, task_id, **more):
        return Events(self, task_id, **more)

    def run(self, cmd, **more):
        """Run to the end: (record, stdout, stderr)."""
        task_id = self.shell(cmd, **more)
        with self.events(task_id) as events:
            out, err = events.text()
        return self.task(task_id), out, err

    def end(self, task_id, timeout=DEADLINE):
        """Wait for the final event; the record then."""
        with self.events(task_id, timeout=timeout, output=False) as events:
            events.final()
        return self.task(task_id)

    def output(self, task_id, stream="stdout"):
        answer = self.get(f"/tasks/{task_id}/output?stream={stream}")
        assert answer.status == 200, answer
        return answer.body

    def agents(self):
        return {a["agent_id"]: a for a in self.ok("GET", "/agents")["agents"]}

    def is_agent_ready(self, agent_id):
        """Connected, with most of its plugins; the others come soon."""
        agent = self.agents().get(agent_id, {})
        return agent.get("connected") and len([p for p in agent["plugins"] if p["up"]]) >= 2

    def agent_ready(self, agent_id, timeout=DEADLINE):
        until(lambda: self.is_agent_ready(agent_id),
              f"agent {agent_id} is connected with its plugins", timeout)


class Event:
    def __init__(self, number, name, data):
        self.id = number
        self.name = name
        self.data = data

    def __getattr__(self, name):
        return self.data[name]

    @property
    def stdout(self):
        return self.data.get("shellExecute", {}).get("stdout", "")

    @property
    def stderr(self):
        return self.data.get("shellExecute", {}).get("stderr", "")

    def __repr__(self):
        return f"<{self.id} {self.name} {self.data}>"


class Events:
    """One SSE stream of a task; a deadline for the whole of it."""

    def __init__(self, client, task_id, after=None, timeout=DEADLINE, buffer=None,
                 output=True):
        self._end = time.monotonic() + timeout
        self._connection = client.connect(timeout)
        if buffer:  # of the kernel's, so that not reading is felt soon
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            sock.settimeout(timeout)
            sock.connect((self._connection.host, self._connection.port))
            self._connection.sock = sock
        headers = {**client.headers, "Accept": "text/event-stream"}
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        self._connection.request("GET", f"/stream?ref={task_id}&output={output:d}",
                                 headers=headers)
        self._socket = self._connection.sock
        self.answer = self._connection.getresponse()
        assert self.answer.status == 200, (self.answer.status, self.answer.read())
        assert self.answer.headers["Content-Type"].startswith("text/event-stream")
        self._buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.answer.close()
        self._connection.close()

    def _block(self):
        """The next event's lines, None at the end of the stream."""
        while True:
            block, found, rest = self._buffer.partition(b"\n\n")
            if found:
                self._buffer = rest
                return block.decode("utf-8")  # strict: it has to be UTF-8
            left = self._end - time.monotonic()
            if left <= 0:
                raise AssertionError("no event before the deadline")
            self._socket.settimeout(left)
            try:
                piece = self.answer.read1(1 << 18)
            except socket.timeout:
                raise AssertionError("no event before the deadline") from None
            if not piece:
                assert not self._buffer, f"the stream ended within {self._buffer[:200]!r}"
                return None
            self._buffer += piece

    def __iter__(self):
        return self

    def __next__(self):
        while True:
            block = self._block()
            if block is None:
                raise StopIteration
            fields = {}
            for line in block.split("\n"):
                name, _, value = line.partition(":")
                if name:  # else a comment
                    fields[name] = value.removeprefix(" ")
            if "data" in fields:
                return Event(fields.get("id"), fields.get("event"),
                             json.loads(fields["data"]))

    def until_stdout(self, text):
        """Read on until text was seen in stdout; all of stdout so far."""
        seen = ""
        for event in self:
            seen += event.stdout
            if text in seen:
                return seen
            assert not event.isFinal, f"ended before {text!r}: {seen!r} {event}"
        raise AssertionError(f"the stream ended before {text!r}: {seen!r}")

    def rest(self):
        """All events to the end of the stream, which has to come by itself."""
        return list(self)

    def final(self):
        """The final event: exactly one, and nothing after it."""
        events = self.rest()
        assert events, "the stream ended without any event"
        assert [e.isFinal for e in events] == [False] * (len(events) - 1) + [True], events[-3:]
        return events[-1]

    def text(self):
        """(stdout, stderr) to the end, as text."""
        events = self.rest()
        assert events and events[-1].isFinal, events[-3:]
        return "".join(e.stdout for e in events), "".join(e.stderr for e in events)


def curl(*arguments, timeout=DEADLINE):
    """The client that we did not write: (status, body)."""
    done = subprocess.run(
        ["curl", "-sS", "--max-time", str(timeout), "-w", "\n%{http_code}", *arguments],
        stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == 0, done
    body, _, status = done.stdout.rpartition(b"\n")
    return int(status), body
