"""A private Docker engine: its own data, socket and image, no network, no
registry. Stopped by pid at the end, with the shims it may have left."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from harness import until

IMAGE = "busybox:local"
ENVIRONMENT = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
LINKS = ("sh sleep echo cat seq dd true false kill head yes printf id env pwd "
         "trap test od tr wc touch mkdir ls").split()


def missing():
    """Why there can be no engine here, or None."""
    for program in ("dockerd", "containerd", "runc"):
        if not shutil.which(program, path=ENVIRONMENT["PATH"]):
            return f"{program} is not installed (Debian package docker.io)"
    if not _busybox():
        return "busybox is not installed (Debian package busybox-static)"
    if os.geteuid() != 0:
        return "an engine must be started by root"
    return None


def _busybox():
    return shutil.which("busybox")


def children(pid):
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:
                    if file.read().rpartition(")")[2].split()[1] == str(pid):
                        found.append(int(name))
            except OSError:
                pass
    return found


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("docker", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Engine:
    """dockerd, and raw calls to it that do not go through our code."""

    def __init__(self, *options):
        # Short, because of the length of socket paths.
        self.folder = tempfile.mkdtemp(prefix="nld.", dir="/tmp")
        self.socket = f"{self.folder}/docker.sock"
        self.options = options
        self.process = self.containerd = None
        self.start()
        self._make_image()

    def _start_containerd(self):
        """Of its own, as Debian runs it, so that it outlives the engine."""
        config = f"{self.folder}/containerd.toml"
        with open(config, "w", encoding="ascii") as file:
            file.write(f"""version = 2
root = "{self.folder}/cd"
state = "{self.folder}/cdrun"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{self.folder}/cd.sock"
""")
        with open(f"{self.folder}/cd.log", "ab") as log:
            self.containerd = subprocess.Popen(
                ["containerd", "--config", config], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=ENVIRONMENT, start_new_session=True)
        until(lambda: os.path.exists(f"{self.folder}/cd.sock"),
              f"containerd listens; its log is {self.folder}/cd.log", 60)

    def start(self):
        if self.containerd is None:
            self._start_containerd()
        with open(f"{self.folder}/log", "ab") as log:
            self.process = subprocess.Popen(
                ["dockerd", "--data-root", f"{self.folder}/data",
                 "--exec-root", f"{self.folder}/exec", "-H", f"unix://{self.socket}",
                 "--pidfile", f"{self.folder}/pid", "--iptables=false",
                 "--bridge=none", "--containerd", f"{self.folder}/cd.sock",
                 *self.options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=ENVIRONMENT,
                start_new_session=True)
        until(self.alive, f"dockerd answers; its log is {self.folder}/log", 60, 0.1)

    def alive(self):
        try:
            return self.call("GET", "/_ping", timeout=2)[0] == 200
        except OSError:
            return False

    def call(self, method, path, body=None, timeout=30):
        """(status, JSON or bytes)"""
        connection = UnixConnection(self.socket, timeout)
        try:
            headers = {}
            if isinstance(body, dict):
                body = json.dumps(body)
                headers["Content-Type"] = "application/json"
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(data)
        except ValueError:
            return answer.status, data

    def containers(self):
        """{name: state} of all, whoever made them."""
        status, found = self.call("GET", "/v1.24/containers/json?all=1")
        assert status == 200, found
        return {c["Names"][0].lstrip("/"): c["State"] for c in found}

    def inspect(self, name):
        status, found = self.call("GET", f"/v1.24/containers/{name}/json")
        return found if status == 200 else None

    def create(self, name, *cmd, labels=None, start=True):
        """A container that no task has made."""
        status, made = self.call(
            "POST", f"/v1.24/containers/create?name={name}",
            {"Image": IMAGE, "Cmd": cmd, "Labels": labels or {},
             "HostConfig": {"NetworkMode": "none"}})
        assert status == 201, made
        if start:
            assert self.call("POST", f"/v1.24/containers/{name}/start")[0] == 204
        return made["Id"]

    def remove(self, name):
        self.call("DELETE", f"/v1.24/containers/{name}?force=1&v=1")

    def volumes(self):
        return [v["Name"] for v in self.call("GET", "/v1.24/volumes")[1]["Volumes"] or []]

    def networks(self):
        return sorted(n["Name"] for n in self.call("GET", "/v1.24/networks")[1])

    def _make_image(self):
        root = f"{self.folder}/root"
        for name in ("bin", "tmp", "etc", "proc"):
            os.makedirs(f"{root}/{name}")
        shutil.copy(_busybox(), f"{root}/bin/busybox")
        for link in LINKS:
            os.symlink("busybox", f"{root}/bin/{link}")
        tar = subprocess.run(["tar", "-C", root, "-c", "."], check=True,
                             capture_output=True).stdout
        status, answer = self.call(
            "POST", "/v1.24/images/create?fromSrc=-&repo=busybox&tag=local", tar)
        assert status == 200, answer

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """As a crash would, leaving containers and their containerd."""
        self.process.kill()
        self.process.wait()

    def lose(self):
        """The engine, and all that knew of its containers."""
        self.kill()
        self._end_containers()

    def _end_containers(self):
        self.containerd.kill()
        self.containerd.wait()
        self.containerd = None
        self._end_shims()

    def stop(self):
        if self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
        self._end_containers()
        with open("/proc/mounts", encoding="utf-8") as file:
            mounts = [line.split()[1] for line in file]
        for path in reversed(mounts):
            if path.startswith(self.folder + "/"):
                subprocess.run(["umount", "-l", path], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end_shims(self):
        """Containers outlive their engines: only those of our own folder."""
        for name in os.listdir("/proc"):
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    words = file.read()
            except OSError:
                continue
            if b"containerd-shim" in words.split(b"\0")[0] and \
                    self.folder.encode() in words:
                for pid in [*children(name), int(name)]:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except OSError:
                        pass


class Podman(Engine):
    """podman's compatible API, another engine for the same plugin."""

    def start(self):
        # No rights to raise limits in a small virtual machine.
        config = f"{self.folder}/containers.conf"
        with open(config, "w", encoding="ascii") as file:
            file.write("""[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "k8s-file"
[engine]
events_logger = "file"
""")
        with open(f"{self.folder}/log", "ab") as log:
            self.process = subprocess.Popen(
                ["podman", "--root", f"{self.folder}/data", "--runroot",
                 f"{self.folder}/run", "--storage-driver", "vfs", "--runtime",
                 "runc", "--cgroup-manager", "cgroupfs", "system", "service",
                 "-t", "0", f"unix://{self.socket}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**ENVIRONMENT, "CONTAINERS_CONF": config},
                start_new_session=True)
        until(self.alive, f"podman answers; its log is {self.folder}/log", 30)

    def _make_image(self):
        super()._make_image()
        found = self.call("GET", "/v1.40/images/json")[1][0]["Id"]
        status, answer = self.call(
            "POST", f"/v1.40/images/{found.removeprefix('sha256:')}"
            "/tag?repo=localhost/busybox&tag=local")
        assert status == 201, answer

    def _end_containers(self):
        for name in self.containers() if self.alive() else ():
            self.remove(name)
