"""nodelink-security(7), followed to the letter on a fresh machine.

The page says in comments what each of its examples is; see there. An example
without such a word fails, and so does one whose commands fail or print
something else than the page shows."""

import re

import pytest

from fresh import SOURCE, Machine, NoFreshRoot

ADMIN = "curl -s -K ~/.nodelink --cacert ca.crt https://nodelink.example.org:8080"


class Example:
    def __init__(self, line, what, text):
        self.line = line
        self.kind, _, self.where = what.partition(": ")
        self.text = text

    def commands(self):
        """What is typed after "# ", with the lines that it is continued on, and
        the lines that are printed then."""
        script, printed, goes_on = [], [], False
        for line in self.text.splitlines():
            if goes_on or line.startswith("# "):
                script.append(line if goes_on else line[2:])
                goes_on = line.endswith(("\\", "|"))
            else:
                printed.append(line)
        return "\n".join(script), printed

    def __repr__(self):
        return f"nodelink-security.7:{self.line}"


def page():
    with open(f"{SOURCE}/man/nodelink-security.7", encoding="utf-8") as file:
        lines = file.read().splitlines()
    for at, line in enumerate(lines):
        if not line.startswith(".Bd -literal"):
            continue
        said = re.fullmatch(r'\.\\" (run: [a-z ]+|add: \S+|file: \S+|shown)', lines[at - 1])
        assert said, f"line {at + 1}: what is to be done with this example?"
        end = lines.index(".Ed", at)
        text = "\n".join(lines[at + 1:end]).replace(r"\e", "\\") + "\n"
        yield Example(at + 1, said[1], text)


class Reader:
    """Does what it says, and fills in what it leaves open."""

    def __init__(self, machine):
        self.machine = machine
        self.token = None  # for an agent, as whoever copies it from here to there
        self.hash = None
        self.done = []

    def follow(self, example):
        if example.kind == "add":
            self.machine.write(example.where, example.text, add=True)
        elif example.kind == "file":
            self.machine.write(example.where, example.text)
        elif example.kind == "run":
            self.run(example)

    def run(self, example):
        script, printed = example.commands()
        if "cat > token" in script and self.token is None:
            self.token = self.ok("nodelink-server enroll-token --for web1")
        if "revoke ID" in script:
            tokens = self.ok("nodelink-server token list")
            script = script.replace("ID", re.search(r"(?m)^(\w+) .* ci ", tokens)[1])
        script = script.replace("sha256:...", self.hash or "?")
        done = self.machine.run(f"set -e\n{script}", stdin=self.token or "")
        assert done.returncode == 0, (example, script, done)
        for line in printed:
            assert line in done.stdout.splitlines(), (example, done)
        if "cat > token" in script:
            self.token = None
        found = re.search(r"(?m)^nle_\S+$", done.stdout)
        self.token = found[0] if found else self.token
        found = re.search(r"(?m)^sha256:\w+$", done.stdout)
        self.hash = found[0] if found else self.hash
        self.done.append((script, done.stdout))

    def ok(self, script):
        done = self.machine.run(script)
        assert done.returncode == 0, (script, done)
        return done.stdout.strip()

    def printed(self, word):
        """By the example with this command."""
        return next(out for script, out in self.done if word in script)


@pytest.fixture
def machine(tmp_path):
    try:
        made = Machine(str(tmp_path / "machine"))
    except NoFreshRoot as no:
        pytest.skip(f"no fresh root: {no}")
    yield made
    made.close()


def test_the_page_leads_to_what_it_promises(machine):
    reader = Reader(machine)
    examples = list(page())
    at = next(i for i, e in enumerate(examples) if "agent revoke" in e.text)
    for example in examples[:at]:
        reader.follow(example)
    assert '"agents"' in reader.printed("http://127.0.0.1:8080/agents")
    assert " ci " in reader.printed("token list")
    assert " ci " not in reader.ok("nodelink-server token list")
    assert re.search(r"sandbox: seccomp kill", reader.printed("grep sandbox"))
    assert "\n401\n" in "\n" + reader.printed("http_code")
    machine.until(f"{ADMIN}/agents", '"connected":true.*"seccomp":"required"',
                  "the agent is there, as its settings want it")
    plugins = f"{ADMIN}/agents | jq -c '[.agents[].plugins[] | select(.up) | .name]'"
    assert reader.ok(plugins) == '["shell"]', "no executor is left of the other plugins"
    tasks = f"{ADMIN}/tasks"
    machine.until(tasks, '"status":"failed".*"rule":"tasks.allow_users"',
                  "the task of root is refused by the node")
    post = (f"{tasks}/shell --json '" '{"agent_id":"web1","cmd":"id -un","user":"build"}'
            "' | jq -r .task_id")
    task = reader.ok(post)
    machine.until(f"{ADMIN}/tasks/{task}", '"status":"completed"', "build may")
    assert reader.ok(f"{ADMIN}/tasks/{task}/output?stream=stdout") == "build"
    for example in examples[at:]:
        reader.follow(example)
    machine.until(f"{ADMIN}/agents", '"connected":false', "the agent is cut off")
    machine.until("journalctl -u nodelink-agent", "refuses the certificate of agent 'web1'",
                  "and not let in again")
    log = machine.read("/var/lib/nodelink/audit.log")
    assert '"action":"agent.revoke","decision":"allowed","actor":"root@command"' in log
    assert reader.ok("nodelink-server audit verify /var/lib/nodelink/audit.log.1 "
                     "/var/lib/nodelink/audit.log")
