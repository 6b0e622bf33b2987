"""Medians, the table, and the goals of issue 2."""

import datetime
import json
import os
import platform
import statistics
import subprocess

# what, measurement and value, unit, comparison, limit
GOALS = (
    ("tasks/s of bash -c true, 8 at a time, / 2 bare loops",
     "tasks.bash.ratio", "x", ">=", 0.65),
    ("the same, tasks held by process groups only",
     "tasks.bash.group_ratio", "x", ">=", 0.65),
    ("no task failed", "tasks.bash.failed", "", "<=", 0),
    ("submit to final, p50 over bare spawn+wait", "submit.more_p50_ms", "ms",
     "<=", 0.5),
    ("nodelink run, p50 over curl doing the same", "command.more_p50_ms",
     "ms", "<=", 3),
    ("DELETE answered, leader gone, p50 / bare kill+wait", "cancel.ratio",
     "x", "<=", 4),
    ("leader alive when DELETE was answered", "cancel.alive", "", "<=", 0),
    ("a task's processes gone, p99 / bare cgroup.kill",
     "contain.plain.p99_ratio", "x", "<=", 3),
    ("/output, long lines", "output.lines.output_mb_s", "MB/s", ">=", 200),
    ("/output, 64 KB writes", "output.blocks.output_mb_s", "MB/s", ">=", 200),
    ("SSE, long lines", "output.lines.sse_mb_s", "MB/s", ">=", 100),
    ("SSE, 64 KB writes", "output.blocks.sse_mb_s", "MB/s", ">=", 100),
    ("readings that lost or changed a byte", "output.lost", "", "<=", 0),
    ("SSE watchers of one task, complete", "watchers.complete", "", ">=",
     1000),
    ("monitor + uplink + executor, RSS", "idle.agent_three_rss_mb", "MB",
     "<=", 25),
    ("own memory per sleeping task, RSS", "sleeping.rss_kb_per_task", "KB",
     "<=", 20),
    ("server RSS per idle agent", "fleet.kb_per_agent", "KB", "<=", 60),
    ("container run and removed, p50 / docker run --rm", "docker.run.ratio",
     "x", "<=", 1),
    ("DELETE of a container, p50 / docker stop and rm",
     "docker.cancel.ratio", "x", "<=", 1),
    ("DELETE with force, p50 / docker rm -f", "docker.force.ratio", "x",
     "<=", 1),
    ("wake-ups per idle second, all programs", "idle.wakeups_all", "/s", "<=",
     20),
)


def flatten(found, prefix=""):
    out = {}
    for name, value in found.items():
        if isinstance(value, dict):
            out.update(flatten(value, f"{prefix}{name}."))
        else:
            out[prefix + name] = value
    return out


def medians(rounds):
    """The median of each value over the rounds; for counts of what went
    wrong the worst round, since one is too many."""
    names = {name for r in rounds for name in r}
    out = {}
    for name in names:
        values = [r[name] for r in rounds if name in r]
        if name.rsplit(".", 1)[-1] in ("failed", "alive", "lost"):
            out[name] = max(values)
        elif name == "watchers.complete":
            out[name] = min(values)
        else:
            out[name] = statistics.median(values)
    return out


def goals(values):
    out = []
    for what, name, unit, comparison, limit in GOALS:
        if name not in values:
            continue
        value = values[name]
        met = value >= limit if comparison == ">=" else value <= limit
        out.append({"what": what, "name": name, "value": value, "unit": unit,
                    "goal": f"{comparison} {limit:g}", "met": met})
    return out


def number(value):
    if isinstance(value, int) or value == int(value):
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"


def print_table(values):
    print(f"{'':55} {'measured':>14}  {'goal':>9}")
    for goal in goals(values):
        text = f"{number(goal['value'])} {goal['unit']}"
        print(f"{goal['what']:55} {text:>14}  {goal['goal']:>9}  "
              f"{'met' if goal['met'] else 'NOT MET'}")
    print("\nall values (medians over the rounds)")
    for name in sorted(values):
        print(f"  {name:45} {number(values[name]):>12}")


def machine():
    model = "unknown CPU"
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return {"cpu": model, "cpus": os.cpu_count(),
            "kernel": platform.release(),
            "memory_mb": os.sysconf("SC_PHYS_PAGES") *
            os.sysconf("SC_PAGE_SIZE") >> 20}


def commit(folder):
    run = subprocess.run(["git", "-C", folder, "describe", "--always",
                          "--dirty"], capture_output=True, text=True,
                         check=False)
    return run.stdout.strip() or "unknown"


def provenance(source, command):
    return {"date": datetime.datetime.now(datetime.timezone.utc)
            .isoformat(timespec="seconds"),
            "commit": commit(source), "command": command,
            "machine": machine()}


def write_json(path, about, values, rounds):
    with open(path, "w", encoding="utf-8") as f:
        json.dump({**about, "goals": goals(values), "medians": values,
                   "rounds": rounds}, f, indent=2, sort_keys=True)
        f.write("\n")


def write_markdown(path, about, values, rounds):
    """What RESULTS.md is: made, not written."""
    here = about["machine"]
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"""# Results

Made by `{about['command']}` on {about['date']} from commit `{about['commit']}`.
Machine: {here['cpu']}, {here['cpus']} CPUs, {here['memory_mb']} MB, Linux \
{here['kernel']}; client, server and agent share it.
Medians of {len(rounds)} rounds; what each line means and why some goals are \
hard: [README.md](README.md).

| | measured | goal | |
|---|--:|--:|---|
""")
        for goal in goals(values):
            f.write(f"| {goal['what']} | {number(goal['value'])} "
                    f"{goal['unit']} | {goal['goal']} | "
                    f"{'met' if goal['met'] else 'not met'} |\n")
        f.write("\n| value | median | rounds |\n|---|--:|---|\n")
        for name in sorted(values):
            each = " ".join(number(r[name]) for r in rounds if name in r)
            f.write(f"| {name} | {number(values[name])} | {each} |\n")
