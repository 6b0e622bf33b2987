"""The examples of the manual pages of `nodelink`, and the first five minutes of the README,
do what they say (issue 7, 6).

In a literal display a line "$ command" is run, and the lines below it are what
it has to print, on stdout and stderr. What differs from run to run is not
compared: ids, times, spans, numbers of processes, names of hosts and users, and
how far columns are apart. An id of the page stands, in the commands below it,
for the one that came in its place. "..." is any number of lines."""

import glob
import os
import re
import socket
import subprocess

import pytest

from command import NODELINK, Command
from harness import DEADLINE, is_asleep, of_task, until

TOP = os.path.join(os.path.dirname(__file__), "..", "..")
PAGES = [*sorted(path for path in glob.glob(f"{TOP}/man/nodelink*.1")
                 if not path.endswith("defer.1")), f"{TOP}/README.md"]

TASK = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
TOKEN = r"(?:^|(?<=revoke ))[a-z2-9]{12}(?= |$)"  # its id, where one can stand
ID = re.compile(f"{TASK}|{TOKEN}")
HELD = "(cgroup2-freeze|cgroup[12]|pidns|subreaper|group)"

VARIES = [
    (TASK, "<task>"),
    (TOKEN, "<token>"),
    (r"nlk_[a-z2-9]{12}_[a-z2-9]{52}", "<secret>"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>"),
    (r"\d+\.\d+\.\d+\.\d+(:\d+)?", "<address>"),
    (r"\b\d+\.\d+\.\d+\b", "<version>"),
    (r"\b(web\d\.example\.org|vm|" + re.escape(socket.gethostname()) + r")\b", "<host>"),
    (r"http://\S+", "<url>"),
    (r"\+?\b\d+(\.\d+)? (ms|s)\b", "<span>"),
    (r"\b(now|\d+[smhd])\b( \d+[smhd]\b)?", "<span>"),
    (r"\bpid \d+ as [\w-]+", "pid <n> as <user>"),
    (rf"\b(held by|says|holds by) {HELD}\b", "<held>"),
    (r"\b\d+ (bash|sh|sleep)\b", r"<n> \1"),
    (r"\bsleep \(\d+\)", "sleep (<n>)"),
    (r"\b(docker )(?=shell)", ""),  # a plugin that may be left out
    (r"\b\w+@<address>", "<actor>"),
]
# Lines that not every run has: a silence, and what the host can limit.
IGNORED = re.compile(r"┊|^limits\b|^peer\b")


def displays(path):
    """What stands in literal displays, as a reader sees it."""
    with open(path, encoding="utf-8") as file:
        source = file.read()
    if path.endswith(".md"):
        section = re.search(r"^## Five minutes$(.*?)^## ", source, re.S | re.M)[1]
        return re.findall(r"^```\n(.*?)^```", section, re.S | re.M)
    return [re.sub(r"^\\&", "", text, flags=re.M).replace(r"\e", "\\").replace(r"\(dq", '"')
            for text in re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", source, re.S | re.M)]


def examples(path):
    """(command, lines that it prints) in order, from the source."""
    found = []
    for text in displays(path):
        lines = text.splitlines()
        runs = False  # a display without "$ " is only shown
        while lines:
            line = lines.pop(0)
            if line.startswith("$ "):
                command = line[2:]
                while command.endswith("\\"):
                    command = command[:-1] + lines.pop(0).strip()
                found.append((command, []))
                runs = True
            elif runs:
                found[-1][1].append(line)
    return found


def plain(line):
    for pattern, name in VARIES:
        line = re.sub(pattern, name, line)
    return " ".join(line.split())


def pattern_of(expected):
    """One expression for all lines, ids as groups; and these ids."""
    parts, ids = [], []
    for line in expected:
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
            continue
        if IGNORED.search(line):
            continue
        parts.append(re.escape(plain(line)) + r"\n")
        ids += ID.findall(line)
    return "".join(parts), ids


def check(page, command, expected, printed):
    """Fails when it has printed something else; the ids of the page with those
    that have come."""
    kept = [line for line in printed.splitlines() if not IGNORED.search(line)]
    pattern, documented = pattern_of(expected)
    text = "".join(plain(line) + "\n" for line in kept)
    # an empty line at the end of a display is none of the command's
    assert re.fullmatch(pattern.removesuffix(r"\n") + r"\n*", text), \
        f"{os.path.basename(page)}: $ {command}\n--- the page\n" + "\n".join(expected) \
        + f"\n--- printed\n{printed}"
    came = [i for line in kept for i in ID.findall(line)]
    return dict(zip(documented, came)) if len(documented) == len(came) else {}


@pytest.fixture(scope="module")
def fleet(module_system):
    """A server without tokens, with web1 and web2."""
    module_system.main = module_system.server()
    for agent_id in ("web1", "web2"):
        module_system.agent(agent_id, module_system.main)
    return module_system


@pytest.fixture
def nodelink(request, fleet, tmp_path):
    page = request.node.funcargs["page"]
    if page.endswith("README.md"):
        server = fleet.server()
        for agent_id in ("agent1", "agent2"):
            fleet.agent(agent_id, server)
        yield Command(server), server.client
        return
    if page.endswith("nodelink-token.1"):
        auth = fleet.auth()
        server = fleet.server(auth=auth)
        admin = tmp_path / "admin.token"
        admin.touch(0o600)
        admin.write_text(auth.client("boss", "admin") + "\n", encoding="ascii")
        auth.revoke(server.client.token)
        server.client = server.client.bearing(admin.read_text(encoding="ascii").strip())
        yield Command(server, str(admin)), server.client
        return
    yield Command(fleet.main), fleet.main.client
    for agent_id in ("web1", "web2"):
        fleet.main.client.ok("DELETE", f"/agents/{agent_id}/drain")
        fleet.main.client.ok("DELETE", f"/tasks?agent_id={agent_id}&force=1")


def settled(client):
    """All that was created has been started, and has come to where it waits: its traps are
    set, and its children are what they are to be. People are slower than this."""
    tasks = client.ok("GET", "/tasks?status=unfinished")["tasks"]
    return all(task["status"] == "in_progress" and
               all(is_asleep(pid) for pid in of_task(task["task_id"])) for task in tasks)


@pytest.mark.parametrize("page", PAGES, ids=[os.path.basename(p) for p in PAGES])
def test_examples_print_what_the_page_says(page, nodelink, tmp_path):
    nodelink, client = nodelink
    env = {**nodelink.env, "PATH": f"{os.path.dirname(NODELINK)}:{os.environ['PATH']}",
           "HOME": str(tmp_path)}
    found = examples(page)
    assert found, f"{page} has no examples"
    known = {}  # ids of the page -> those of this run
    status = 0  # for "echo $?"
    for command, expected in found:
        until(lambda: settled(client), "tasks have started")
        words = ID.sub(lambda m: known.get(m[0], m[0]), command)
        done = subprocess.run(["sh", "-c", f"(exit {status}); {words}"], env=env, cwd=tmp_path, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=DEADLINE)
        status = done.returncode
        known |= check(page, words, expected, done.stdout)


def test_a_page_that_lies_is_noticed():
    page = [("$ x", ["TASK   STATUS", "01a206a2-219c-7001-9f25-fc983b916dde  completed"])]
    for command, expected in page:
        check("p", command, expected,
              "TASK STATUS\n01a206a2-0000-7001-9f25-fc983b916dde    completed\n")
        for lie in ("TASK STATUS\n01a206a2-0000-7001-9f25-fc983b916dde failed\n",
                    "TASK STATUS\n", "TASK STATUS\n01a2 completed\n"):
            with pytest.raises(AssertionError):
                check("p", command, expected, lie)
