"""`nodelink run` against curl doing the same, turn by turn: POST, then the
events until the end. curl needs two programs for it and a shell between them;
the shell's own start is not taken off, since whoever uses curl has one too."""

import os
import statistics
import subprocess
import time

from system import AGENT, Failed

CURL = r"""
answer=$(curl -s "$1/tasks/shell" -H 'Content-Type: application/json' -d "$2") || exit 1
id=${answer#*\"task_id\":\"}
exec curl -sN "$1/$3${id%%\"*}$4"
"""


def timed(argv, env):
    start = time.perf_counter()
    done = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        raise Failed(f"{argv[0]}: {done.stderr.decode()}")
    return seconds, len(done.stdout)


def percentile(values, percent):
    return statistics.quantiles(values, n=100)[percent - 1]


def command(bench, system):
    url = f"http://{system.http}"
    env = {**os.environ, "NODELINK_SERVER": url,
           "NODELINK_CONFIG": "/nonexistent/config"}
    run = [os.path.join(bench.build, "nodelink"), "run", AGENT, "--"]

    def curl(cmd, *form):
        body = f'{{"agent_id":"{AGENT}","cmd":"{cmd}"}}'
        return ["sh", "-c", CURL, "sh", url, body, *form]

    ours, theirs = [], []
    for _ in range(bench.singles):
        ours.append(timed([*run, "true"], env)[0] * 1e3)
        theirs.append(timed(curl("true", "stream?ref=", ""), env)[0] * 1e3)
    out = {}
    for name, values in (("", ours), ("curl_", theirs)):
        out[f"{name}p50_ms"] = statistics.median(values)
        out[f"{name}p99_ms"] = percentile(values, 99)
    out["ratio"] = out["p50_ms"] / out["curl_p50_ms"]
    out["more_p50_ms"] = out["p50_ms"] - out["curl_p50_ms"]
    emit = f"{bench.tool('emit')} lines {bench.output}"
    seconds, size = timed([*run, emit], env)
    again, same = timed(curl(emit, "tasks/", "/output?follow=1"), env)
    out["output_mb_s"] = size / 1e6 / seconds
    out["curl_output_mb_s"] = same / 1e6 / again
    out["output_ratio"] = out["output_mb_s"] / out["curl_output_mb_s"]
    out["lost"] = int(size != same)
    return out
