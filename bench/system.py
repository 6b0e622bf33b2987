"""The real programs of a build tree, started on loopback in private folders,
and what /proc says about them."""

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../tests/system"))
from oracle import Oracle, own_cgroup2  # noqa: E402,F401

AGENT = "bench"


class Failed(Exception):
    """A measurement could not be made; the text says why."""


class Process:
    """A program we started, with its log kept for when it fails."""

    def __init__(self, build, name, config, folder):
        self.name = name
        self.log = os.path.join(folder, name + ".log")
        with open(self.log, "w", encoding="utf-8") as log:
            self.popen = subprocess.Popen(
                [os.path.join(build, "run"), name, "--config", config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
        self.pid = self.popen.pid

    def check(self):
        if self.popen.poll() is not None:
            raise Failed(f"{self.name} has ended with {self.popen.returncode}:"
                         f" {self.last_words()}")

    def last_words(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()[-2000:].strip()

    def stop(self):
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(20)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()


class System:
    """One server and, unless told otherwise, one agent."""

    def __init__(self, build, agent=True, containment="auto", more=""):
        self.build = build
        self.containment = containment
        self.more = more
        self.folder = tempfile.mkdtemp(prefix="nodelink-bench.")
        # In memory, as the default /run/nodelink is.
        self.runtime = tempfile.mkdtemp(prefix="nodelink-bench.",
                                        dir="/dev/shm")
        os.chmod(self.runtime, 0o711)  # tasks are nobody's
        self.processes = []
        try:
            self._start_server()
            if agent:
                self._start_agent()
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _config(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def _start_server(self):
        os.mkdir(os.path.join(self.folder, "state"))
        # Short retention: the output of a whole run would fill the disk.
        config = self._config("server.conf", f"""
[http]
listen = 127.0.0.1:0
[grpc]
listen = 127.0.0.1:0
[store]
path = {self.folder}/store
retention = 30s
[limits]
agent_connections_per_address = 20000
""")
        self.server = Process(self.build, "nodelink-server", config,
                              self.folder)
        self.processes.append(self.server)
        self.wait_for("the server is ready", self.server_ready)

    def _start_agent(self):
        config = self._config("agent.conf", f"""
[agent]
id = {AGENT}
server = {self.grpc}
runtime_dir = {self.runtime}
containment = {self.containment}
[tasks]
user = {pwd.getpwuid(os.getuid()).pw_name}
[log]
level = warn
{self.more}""")
        self.agent = Process(self.build, "nodelink-agent", config, self.folder)
        self.processes.append(self.agent)
        self.wait_for("the agent is connected", self.agent_ready)

    def server_ready(self):
        """It logs its real addresses: "ready: http A:P, grpc A:P"."""
        found = re.search(r"ready: http ([^ ,]+), grpc ([^ ,\n]+)",
                          self.server.last_words())
        if found:
            self.http, self.grpc = found.groups()
        return bool(found)

    def agent_ready(self):
        agents = {a["agent_id"]: a for a in self.get("/agents")["agents"]}
        return (AGENT in agents and agents[AGENT]["connected"]
                and "shell" in json.dumps(agents[AGENT].get("plugins", [])))

    def get(self, path):
        with urllib.request.urlopen(f"http://{self.http}{path}",
                                    timeout=30) as answer:
            text = answer.read()
        try:
            return json.loads(text)
        except ValueError:
            return text or True

    def wait_for(self, what, condition, seconds=30):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for process in self.processes:
                process.check()
            try:
                if condition():
                    return
            except (urllib.error.URLError, OSError):
                pass
            time.sleep(0.02)
        words = "\n".join(f"{p.name}: {p.last_words()}"
                          for p in self.processes)
        raise Failed(f"not within {seconds} s: {what}\n{words}")

    def stop(self):
        for process in reversed(self.processes):
            process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.runtime, ignore_errors=True)

    # ----------------------------------------------------- looking at them

    def pids(self):
        """Our programs by a short name: server, monitor, uplink, and
        executor:PLUGIN."""
        found = {"server": self.server.pid}
        if not hasattr(self, "agent"):
            return found
        found["monitor"] = self.agent.pid
        for pid in children(self.agent.pid):
            arguments = command_line(pid)
            if not arguments:
                continue
            program = os.path.basename(arguments[0])
            if program == "nodelink-uplink":
                found["uplink"] = pid
            elif program == "nodelink-executor":
                plugin = [os.path.basename(a)[:-3] for a in arguments
                          if a.endswith(".so")]
                found[f"executor:{plugin[0] if plugin else pid}"] = pid
        return found

    def memory(self):
        """KB of each program: {name: (RSS, PSS)}."""
        return {name: rss_pss(pid) for name, pid in self.pids().items()}

    def cpu(self):
        """{name: (CPU seconds, context switches)} since each started."""
        return {name: cpu_switches(pid) for name, pid in self.pids().items()}


def children(pid):
    found = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/children",
                  encoding="ascii") as f:
            found += [int(p) for p in f.read().split()]
    return found


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return [a.decode(errors="replace")
                    for a in f.read().split(b"\0") if a]
    except OSError:
        return []


def rss_pss(pid):
    values = {}
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        for line in f:
            words = line.split()
            if words[0] in ("Rss:", "Pss:"):
                values[words[0]] = int(words[1])
    return values["Rss:"], values["Pss:"]


def cpu_switches(pid):
    """Over all threads; a voluntary switch is one wake-up that ended."""
    nanoseconds = switches = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat",
                  encoding="ascii") as f:
            nanoseconds += int(f.read().split()[0])
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as f:
            for line in f:
                if line.startswith("voluntary_ctxt_switches"):
                    switches += int(line.split()[1])
    return nanoseconds / 1e9, switches
