"""The TypeScript client: built, packed, and used against the real server as its
users do (issue 7, 2)."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import threading

import pytest

from harness import DEADLINE, ENVIRONMENT, LOOPBACK, SBIN

TOP = pathlib.Path(__file__).resolve().parents[2]
SOURCE = TOP / "clients/typescript"
PRELUDE = """import { NodelinkError, TaskClient } from "nodelink-client";
declare function readToken(): Promise<string>;
declare const client: TaskClient, id: string;
export {};
"""
OPTIONS = {"target": "ES2022", "module": "Node16", "moduleResolution": "Node16",
           "lib": ["ES2022", "DOM"], "types": [], "strict": True, "outDir": "out",
           "skipDefaultLibCheck": True,
           # the document's examples take what they catch for an Error
           "useUnknownInCatchVariables": False}


def missing():
    """Why none of this can be tried here."""
    if os.environ.get("NODELINK_SANITIZED"):
        return "it is about the client"
    for name in ("node", "tsc"):
        if not shutil.which(name):
            return f"{name} is not installed (Debian packages nodejs, node-typescript)"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True,
                             timeout=DEADLINE, check=True).stdout
    return f"node {version}is too old" if int(version[1:].split(".")[0]) < 18 else None


WHY = missing()
pytestmark = pytest.mark.skipif(bool(WHY), reason=WHY or "")


def run(*words, cwd, env=None):
    done = subprocess.run(words, cwd=cwd, env={**os.environ, **(env or {})},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=2 * DEADLINE, check=False)
    assert done.returncode == 0, f"{words}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def snippets():
    """What the READMEs show, by name: programs, and parts of one."""
    found = []
    for path in (SOURCE / "README.md", TOP / "README.md"):
        found += re.findall(r"^```ts\n(.*?)^```$", path.read_text(encoding="utf-8"),
                            re.MULTILINE | re.DOTALL)
    assert len(found) >= 4
    return {f"readme-{number}": text if text.startswith("import") else
            f"{PRELUDE}{{\n{text}}}\n" for number, text in enumerate(found)}


class Package:
    """The client as npm would install it, and programs that were compiled with
    it."""

    def __init__(self, folder):
        self.source = folder / "clients/typescript"
        self.user = folder / "user"
        self.installed = self.user / "node_modules/nodelink-client"
        shutil.copytree(SOURCE, self.source, ignore=shutil.ignore_patterns(
            "dist", "node_modules", "*.tgz", "LICENSE"))
        shutil.copy(TOP / "COPYING", folder)
        self.installed.mkdir(parents=True)
        self.npm = shutil.which("npm")
        if self.npm:
            self.install_packed(folder)
        else:
            run("tsc", "-p", ".", cwd=self.source)
            for name in ("package.json", "README.md"):
                shutil.copy(self.source / name, self.installed)
            shutil.copytree(self.source / "dist", self.installed / "dist")
        self.compile()

    def install_packed(self, folder):
        run(self.npm, "pack", cwd=self.source, env={
            "HOME": str(folder), "npm_config_cache": str(folder / "cache"),
            "npm_config_offline": "true", "npm_config_update_notifier": "false"})
        [packed] = self.source.glob("nodelink-client-*.tgz")
        with tarfile.open(packed) as tar:
            tar.extractall(self.installed.parent)
        self.installed.rmdir()
        (self.installed.parent / "package").rename(self.installed)

    def compile(self):
        for place in ("examples", "test"):
            for program in (self.source / place).glob("*.ts"):
                shutil.copy(program, self.user)
        for name, text in snippets().items():
            (self.user / f"{name}.ts").write_text(text, encoding="utf-8")
        (self.user / "package.json").write_text('{"type":"module"}', encoding="utf-8")
        (self.user / "tsconfig.json").write_text(
            json.dumps({"compilerOptions": OPTIONS, "include": ["*.ts"]}),
            encoding="utf-8")
        run("tsc", "-p", ".", cwd=self.user)

    def start(self, name, server, *arguments, scheme="http", **env):
        return subprocess.Popen(
            ["node", f"out/{name}.js", *arguments], cwd=self.user, text=True,
            env={**os.environ, "NODELINK_SERVER": f"{scheme}://{server.http}", **env},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def ended(program):
    """(stdout, stderr) of a program that has to succeed."""
    try:
        out, err = program.communicate(timeout=DEADLINE)
    finally:
        program.kill()
    assert program.returncode == 0, f"{program.args}:\n{out}\n{err}"
    return out, err


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return Package(tmp_path_factory.mktemp("ts"))


@pytest.fixture(scope="module")
def started(package, _shared):
    """What takes its time goes on while other tests run."""
    programs = {name: package.start(name, _shared.main) for name in (
        "test-cancellation", "basic", "monitoring", "race", "readme-0")}
    yield programs
    for program in programs.values():
        program.kill()
        program.communicate()


def record(client, cmd):
    """The newest task with this in its command."""
    tasks = client.ok("GET", "/tasks?limit=1000")["tasks"]
    return next(task for task in tasks if cmd in (task["cmd"] or ""))


@pytest.mark.usefixtures("started")
def test_unit_tests_of_the_client_pass(package):
    tests = sorted(str(path) for path in (package.source / "test").glob("*.test.js"))
    run("node", "--test", *tests, cwd=package.source)


def test_package_has_what_users_need_and_no_more(package):
    if not package.npm:
        pytest.skip("npm is not installed")
    names = {str(path.relative_to(package.installed))
             for path in package.installed.rglob("*") if path.is_file()}
    modules = {path.stem for path in (SOURCE / "src").glob("*.ts")}
    assert names == {"LICENSE", "README.md", "package.json"} | {
        f"dist/{module}{end}" for module in modules for end in (".js", ".d.ts")}
    about = json.loads((package.installed / "package.json").read_text())
    assert about["version"] in run(f"{SBIN}/nodelink-server", "--version",
                                   cwd=package.user, env=ENVIRONMENT)
    assert "dependencies" not in about


def test_every_operation_of_the_api_is_a_method(package):
    spec = (TOP / "proto/openapi.yaml").read_text(encoding="utf-8")
    others = {"home", "openapi", "ready", "metrics", "getCa", "enroll",
              "listAgentTasks"}  # is listTasks with agent_id
    asked, _, _ = spec.partition("\nwebhooks:")  # which the server calls itself
    wanted = set(re.findall(r"operationId: (\w+)", asked)) - others
    methods = run("node", "--input-type=module", "-e", """
        import { TaskClient } from "nodelink-client";
        console.log(Object.getOwnPropertyNames(TaskClient.prototype).join(" "));""",
                  cwd=package.user)
    assert len(wanted) > 15
    assert not wanted - set(methods.split())


def test_follows_a_task_over_restarts_of_the_server(package, system):
    server = system.server()
    system.agent("agent1", server)
    task_id = server.client.shell(
        "for i in 1 2 3 4 5 6 7 8; do echo zażółć $i; sleep 0.4; done; exit 7")
    program = package.start("test-follow", server, task_id)
    deadline = threading.Timer(DEADLINE, program.kill)
    deadline.start()
    seen = []
    for line in program.stdout:
        seen.append(line)
        if len(seen) in (2, 4):
            server.stop()
            server = system.server(http=server.http, grpc=server.grpc, store=server.store)
    _, err = ended(program)
    deadline.cancel()
    assert seen == [f"zażółć {number}\n" for number in range(1, 9)], (seen, err)
    assert "reconnect" in err and err.endswith("final 7\n"), err


def test_says_who_it_is_over_tls(package, system):
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    ca, auth = system.path("ca"), system.auth()
    for words in (("create",), ("server", LOOPBACK, "localhost")):
        run(f"{SBIN}/nodelink-server", "ca", *words, "--ca-dir", ca,
            cwd=package.user, env=ENVIRONMENT)
    conf = system.path("server.conf", f"[http]\ncert = {ca}/server.crt\n"
                       f"key = {ca}/server.key\n")
    server = system.server("--config", conf, auth=auth, ca=f"{ca}/ca.crt")
    system.agent("agent1", server, *auth.agent_file("agent1"))
    out, _ = ended(package.start(
        "test-token", server, scheme="https", NODE_EXTRA_CA_CERTS=f"{ca}/ca.crt",
        TOKEN=auth.client("boss"), VIEWER=auth.client("eye", "viewer")))
    told, listed, revoked = out.splitlines()
    assert json.loads(told) == {
        "stranger": "401 no_token", "watcher": "403 forbidden", "cancelled": True,
        "reason": "seen enough", "owner": "boss", "output": "up\n", "end": "p",
        "exact": "dXAK",
        "agents": ["agent1"], "asked": True}
    assert listed == "true typed" and revoked == "401 token_revoked"


def everything(server):
    """Answers of the server, each as (its type in TypeScript, the answer)."""
    ask = server.client
    hooked = ask.shell("echo up; sleep 60", labels={"job": "x"}, env={"A": "b"},
                       limits={"open_files": 99}, seccomp="none",
                       stop={"grace": 1, "pre_stop": "echo hook"},
                       cleanup=[{"cmd": "true", "when": "always", "timeout": 5}])
    with ask.events(hooked) as events:
        events.until_stdout("up")
        yield "Task", ask.task(hooked)
        yield "CancelResult", ask.cancel(hooked, reason="typed").json
    yield "ErrorBody", ask.cancel(hooked).json
    with ask.events(hooked) as events:
        yield "TaskResponse[]", [event.data for event in events.rest()]
    for path, body in (("shell", {"cmd": "kill -9 $$"}), ("docker", {"image": "x"}),
                       ("countdown", {"params": {"from": 1}})):
        made = ask.ok("POST", f"/tasks/{path}", {"agent_id": "agent1", **body})
        yield "Task", ask.end(made["task_id"])
    yield "Agent", ask.ok("POST", "/agents/agent1/drain", {"reason": "typed"})
    waits = ask.shell("true")
    yield "CancelManyResult", ask.ok("DELETE", "/tasks?agent_id=agent1&dry_run=1")
    yield "CancelResult", ask.cancel(waits).json
    yield "TaskPage", ask.ok("GET", "/tasks?limit=2")
    yield "Agent[]", ask.ok("GET", "/agents")["agents"]
    yield "NewToken", ask.ok("POST", "/tokens", {"client": "x", "role": "viewer"})
    yield "Token[]", ask.ok("GET", "/tokens")["tokens"]
    yield "Token", ask.ok("POST", "/session")
    yield "WebhookPage", ask.ok("GET", "/webhooks")
    yield "Health", ask.ok("GET", "/healthz")


def test_types_say_all_that_the_server_answers(package, system):
    """A member too many or too few in a literal is an error of the compiler."""
    auth = system.auth()
    server = system.server(auth=auth)
    system.agent("agent1", server, *auth.agent_file("agent1"))
    folder = package.user / "typed"
    folder.mkdir()
    with open(folder / "answers.ts", "w", encoding="utf-8") as file:
        file.write('import type * as nl from "nodelink-client";\n')
        for number, (kind, answer) in enumerate(everything(server)):
            file.write(f"export const a{number}: nl.{kind} = {json.dumps(answer)};\n")
        file.write("// @ts-expect-error\nexport const no: nl."
                   f"{kind} = {json.dumps({**answer, 'unknown': 1})};\n")
    (folder / "tsconfig.json").write_text(json.dumps(
        {"compilerOptions": {**OPTIONS, "noEmit": True}, "include": ["*.ts"]}),
        encoding="utf-8")
    run("tsc", "-p", ".", cwd=folder)


def test_examples_of_the_document_work_as_written(started, client):
    """examples/*.ts: theirs is only what stands above the blank line."""
    out, _ = ended(started["race"])
    quick = record(client, "Quick task")
    assert out in ("Task cancelled\n", "Task already completed: task is already completed\n")
    assert (quick["status"] == "cancelled") == (out == "Task cancelled\n"), quick
    out, _ = ended(started["basic"])
    assert out == "" and record(client, "sleep 60")["status"] == "cancelled"
    out, _ = ended(started["monitoring"])
    assert out == "Task was successfully cancelled\n"
    assert record(client, "{1..20}")["status"] == "cancelled"


def test_readme_runs_follows_and_cancels(started, client):
    out, _ = ended(started["readme-0"])
    assert re.search(r"cancelled \[ 'SIGTERM'", out) and out.count(":") >= 4, out
    assert record(client, "while date")["cancel"]["reason"] == "seen enough"


def test_three_scenarios_of_cancellation(started):
    out, _ = ended(started["test-cancellation"])
    assert out.count("\n  passed\n") == 3 and "failed" not in out, out
