"""Containers: the time from POST to the final event, and of a DELETE, against
the docker command line doing the same on the same private engine, turn by
turn. Needs root, dockerd, docker and busybox."""

import http.client
import json
import os
import statistics
import subprocess
import sys
import time

from system import AGENT, Failed, System

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests",
                     "system")


class Docker:
    """The command line."""

    def __init__(self, engine, image):
        self.base = ["docker", "-H", f"unix://{engine.socket}"]
        self.image = image

    def __call__(self, *arguments):
        subprocess.run([*self.base, *arguments], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def run(self, *arguments):
        self("run", "--network", "none", "--init", *arguments)


class Api:
    """nodelink's, on one connection."""

    def __init__(self, system, image):
        host, port = system.http.rsplit(":", 1)
        self.http = http.client.HTTPConnection(host, int(port), timeout=60)
        self.image = image

    def call(self, method, path, body=None):
        self.http.request(method, path, json.dumps(body) if body else None,
                          {"Content-Type": "application/json"} if body else {})
        answer = self.http.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise Failed(f"{method} {path}: {answer.status} {text!r}")
        return text

    def start(self, *cmd):
        made = self.call("POST", "/tasks/docker", {
            "agent_id": AGENT, "image": self.image, "cmd": cmd})
        return json.loads(made)["task_id"]

    def final(self, task):
        self.call("GET", f"/stream?ref={task}")  # which ends with the task


def timed(function, *arguments):
    start = time.monotonic()
    function(*arguments)
    return (time.monotonic() - start) * 1000


def stop_and_remove(docker, name):
    docker("stop", "--time", "5", name)
    docker("rm", "-v", name)


def wait_running(engine, name):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = engine.inspect(name)
        if found and found["State"]["Running"]:
            return
        time.sleep(0.01)
    raise Failed(f"{name} does not run")


def one_turn(engine, docker, api, number, times):
    times["run_raw"].append(timed(docker.run, "--rm", docker.image, "true"))
    times["run"].append(timed(lambda: api.final(api.start("true"))))
    for kind, query in (("cancel", ""), ("force", "?force=1")):
        name = f"raw-{kind}-{number}"
        docker.run("-d", "--name", name, docker.image, "sleep", "60")
        times[f"{kind}_raw"].append(
            timed(docker, "rm", "-f", "-v", name) if query
            else timed(stop_and_remove, docker, name))
        task = api.start("sleep", "60")
        wait_running(engine, f"nodelink-{task}")
        times[kind].append(timed(api.call, "DELETE", f"/tasks/{task}{query}"))


def docker(bench):
    os.environ.setdefault("NODELINK_BUILD", bench.build)
    sys.path.insert(0, TESTS)
    import dockerd  # pylint: disable=import-outside-toplevel
    why = dockerd.missing()
    if why:
        raise Failed(f"docker: {why}")
    engine = dockerd.Engine()
    times = {f"{what}{side}": [] for what in ("run", "cancel", "force")
             for side in ("", "_raw")}
    try:
        with System(bench.build, more=f"""
[plugin docker]
socket = {engine.socket}
networks = none
""") as system:
            system.wait_for("the docker plugin is there", lambda: "docker" in
                            json.dumps(system.get("/agents")))
            line, api = Docker(engine, dockerd.IMAGE), Api(system, dockerd.IMAGE)
            for number in range(bench.containers):
                one_turn(engine, line, api, number, times)
    finally:
        engine.stop()
    out = {}
    for what in ("run", "cancel", "force"):
        ours, raw = (statistics.median(times[what + side])
                     for side in ("", "_raw"))
        out.update({f"{what}.p50_ms": ours, f"{what}.raw_p50_ms": raw,
                    f"{what}.ratio": ours / raw})
    return out
