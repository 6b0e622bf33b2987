"""A fresh machine, as far as a test can have one: namespaces of its own, a root
that is this host's with nothing of nodelink in it but the programs under test,
and a systemctl that starts the units of systemd/ with what of them matters
here. Needs root; what it makes is in memory and goes with its first process."""

import os
import re
import shutil
import subprocess

from harness import DEADLINE, ENVIRONMENT, SBIN, until

SOURCE = os.path.abspath(f"{os.path.dirname(__file__)}/../..")

# The root is an overlay; what programs look for outside of it is bound in.
SETUP = r"""
set -e
mount -t tmpfs none "$BASE"
mkdir -p "$BASE/up" "$BASE/work" "$BASE/root"
mount -t overlay -o "lowerdir=/,upperdir=$BASE/up,workdir=$BASE/work" none "$BASE/root"
cd "$BASE/root"
for part in dev sys; do mount --rbind "/$part" "$part"; done
mount -t proc none proc
for part in run tmp root; do mount -t tmpfs none "$part"; done
chmod 1777 tmp
rm -rf etc/nodelink var/lib/nodelink
mkdir -p etc/nodelink run/units usr/libexec/nodelink usr/lib/nodelink/plugins \
	usr/lib/systemd/system usr/lib/sysusers.d
printf '127.0.0.1 localhost nodelink.example.org\n' >etc/hosts
ip link set lo up
echo ready
exec chroot . /bin/sleep 600
"""

# What the units say, for those keys that change what a program may do or finds.
SYSTEMCTL = r"""#!/usr/bin/python3
import os, pwd, re, signal, socket, subprocess, sys, time

def key(unit, name):
    with open(f"/usr/lib/systemd/system/{unit}.service") as file:
        found = re.findall(f"^{name}=(.*)$", file.read(), re.M)
    return found[-1] if found else None

def processes(unit):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline") as file:
                name = os.path.basename(file.read().split("\0")[0])
        except OSError:
            continue
        server = name == "nodelink-server"
        if name.startswith("nodelink-") and server == (unit == "nodelink-server"):
            found.append(int(pid))
    return found

def end(unit, number, all_of_them):
    try:
        with open(f"/run/units/{unit}.pid") as file:
            main = int(file.read())
    except OSError:
        return
    told = processes(unit) if all_of_them else [main]
    for pid in told:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass
    while number == signal.SIGTERM and set(told) & set(processes(unit)):
        time.sleep(0.01)

def start(unit):
    user = key(unit, "User")
    words = key(unit, "ExecStart").split()
    env = dict(os.environ)
    if user:
        words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups",
                 "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", *words]
    for name, base in ("StateDirectory", "/var/lib"), ("RuntimeDirectory", "/run"):
        path = f"{base}/{key(unit, name)}"
        if key(unit, name) and not os.path.exists(path):
            os.mkdir(path)
            os.chmod(path, int(key(unit, name + "Mode"), 8))
            if user:
                who = pwd.getpwnam(user)
                os.chown(path, who.pw_uid, who.pw_gid)
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.settimeout(20)
    if key(unit, "Type") == "notify":
        env["NOTIFY_SOCKET"] = f"/run/units/{unit}.notify"
        if os.path.exists(env["NOTIFY_SOCKET"]):
            os.unlink(env["NOTIFY_SOCKET"])
        told.bind(env["NOTIFY_SOCKET"])
        os.chmod(env["NOTIFY_SOCKET"], 0o777)
    with open(f"/run/units/{unit}.log", "ab") as log:
        main = subprocess.Popen(words, env=env, stdin=subprocess.DEVNULL, stdout=log,
                                stderr=log, start_new_session=True, cwd="/")
    with open(f"/run/units/{unit}.pid", "w") as file:
        file.write(str(main.pid))
    if key(unit, "Type") == "notify":
        try:
            assert told.recv(100) == b"READY=1"
        except TimeoutError:
            with open(f"/run/units/{unit}.log") as log:
                sys.exit(f"{unit} is not ready; it has said:\n{log.read()}")

verb, *words = sys.argv[1:]
number = signal.SIGTERM
if "-s" in words:
    number = getattr(signal, "SIG" + words[words.index("-s") + 1])
unit = words[-1] if words else None
if verb in ("kill", "stop", "restart"):
    end(unit, number, "--kill-whom=all" in words)
if verb in ("start", "restart"):
    start(unit)
assert verb in ("daemon-reload", "enable", "kill", "stop", "start", "restart")
"""

JOURNALCTL = '#!/bin/sh\ncat "/run/units/$2.log"\n'

# There is no manager to ask: the same about the unit's file, and in earnest.
ANALYZE = """#!/bin/sh
[ -x /usr/bin/systemd-analyze ] || exit 0
exec /usr/bin/systemd-analyze security --offline=true --threshold=15 \\
	"/usr/lib/systemd/system/$2.service"
"""

SYSUSERS = """#!/bin/sh
if [ -x /usr/bin/systemd-sysusers ]; then exec /usr/bin/systemd-sysusers nodelink.conf; fi
for user in nodelink nodelink-uplink; do
	useradd --system --home-dir /var/lib/nodelink --shell /usr/sbin/nologin "$user"
done
"""

LOGROTATE = """#!/bin/sh
if [ -x /usr/sbin/logrotate ]; then exec /usr/sbin/logrotate "$@"; fi
log=$(sed -n 's/ {$//p' "$2")
mv "$log" "$log.1"
sed '1,/postrotate/d; /endscript/,$d' "$2" | sh
"""


class NoFreshRoot(Exception):
    """This host lets us make none; the text says why."""


def _built_in():
    """Where the programs look by themselves, and what should be there."""
    text = subprocess.run([f"{SBIN}/nodelink-server", "--help"], capture_output=True,
                          env={**os.environ, **ENVIRONMENT}, text=True,
                          timeout=DEADLINE, check=True).stdout
    settings = re.search(r"\(default: (\S+)/nodelink-server\.conf\)", text)[1]
    state = re.search(r"--store DIR .*\(default: (\S+)\)", text)[1]
    return ((settings, "/etc/nodelink"), (state, "/var/lib/nodelink"))


class Machine:
    def __init__(self, folder):
        if os.geteuid() != 0:
            raise NoFreshRoot("needs root")
        os.makedirs(folder)
        self.root = f"{folder}/root"
        self._first = subprocess.Popen(
            ["unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--fork",
             "--kill-child", "--propagation=private", "sh", "-c", SETUP],
            env={**os.environ, "BASE": folder}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if self._first.stdout.readline() != "ready\n":
            raise NoFreshRoot(self._first.communicate()[1].strip())
        with open(f"/proc/{self._first.pid}/task/{self._first.pid}/children",
                  encoding="ascii") as file:
            self._pid = file.read().split()[0]
        # As the host sees it, from outside.
        self.root = f"/proc/{self._pid}/root"
        self._install()

    def close(self):
        """What it started ends first, so that no control group is left."""
        self.run("systemctl stop nodelink-server; systemctl kill --kill-whom=all "
                 "nodelink-agent")
        self._first.kill()
        self._first.communicate()

    def _install(self):
        source = os.environ.get("NODELINK_PREFIX") or os.environ["NODELINK_BUILD"]
        built = not os.environ.get("NODELINK_PREFIX")
        for name in "server", "agent":
            self._copy(f"{SBIN}/nodelink-{name}", "/usr/sbin")
        for name in "uplink", "executor", "shim", "enroll":
            self._copy(f"{source}/{'' if built else 'libexec/nodelink/'}nodelink-{name}",
                       "/usr/libexec/nodelink")
        plugins = f"{source}/plugins/.libs" if built else f"{source}/lib/nodelink/plugins"
        for name in os.listdir(plugins):
            if name.endswith(".so"):
                self._copy(f"{plugins}/{name}", "/usr/lib/nodelink/plugins")
        for path, there in _built_in():
            if path != there:
                self.run(f"rm -rf '{path}'; mkdir -p '{os.path.dirname(path)}' && "
                         f"ln -s '{there}' '{path}'")
        for name in "server", "agent":
            with open(f"{SOURCE}/systemd/nodelink-{name}.service.in",
                      encoding="ascii") as file:
                self.write(f"/usr/lib/systemd/system/nodelink-{name}.service",
                           file.read().replace("@sbindir@", "/usr/sbin"))
        self._copy(f"{SOURCE}/systemd/nodelink.conf", "/usr/lib/sysusers.d")
        for name, text in (("systemctl", SYSTEMCTL), ("journalctl", JOURNALCTL),
                           ("systemd-analyze", ANALYZE), ("systemd-sysusers", SYSUSERS),
                           ("logrotate", LOGROTATE)):
            self.write(f"/run/units/bin/{name}", text)
            os.chmod(f"{self.root}/run/units/bin/{name}", 0o755)

    def _copy(self, path, folder):
        shutil.copy(path, f"{self.root}{folder}/{os.path.basename(path)}")

    def write(self, path, text, add=False):
        os.makedirs(os.path.dirname(self.root + path), exist_ok=True)
        with open(self.root + path, "a" if add else "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, path):
        with open(self.root + path, encoding="utf-8") as file:
            return file.read()

    def run(self, script, stdin=""):
        """A script of bash, as root in his home."""
        return subprocess.run(
            ["nsenter", "-t", self._pid, "-m", "-n", "-p", "-u", "-i", "-r", "-w", "--",
             "bash", "-c", f"cd /root; {script}"],
            env={"PATH": "/run/units/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                 "NODELINK_LIBEXECDIR": "/usr/libexec/nodelink",
                 "NODELINK_PLUGINDIR": "/usr/lib/nodelink/plugins",
                 **{key: value for key, value in os.environ.items()
                    if key.endswith("SAN_OPTIONS")}},
            input=stdin, capture_output=True, text=True, timeout=60, check=False)

    def until(self, script, pattern, what):
        """... again and again, until it prints that."""
        return until(lambda: re.search(pattern, self.run(script).stdout), what, pause=0.1)
