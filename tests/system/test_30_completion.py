"""What the shells themselves complete, and colours (issue 7, 1)."""

import os
import re
import shutil
import subprocess

import pytest

from command import NODELINK, Command, Terminal
from harness import DEADLINE


@pytest.fixture(scope="module")
def host(module_system):
    module_system.main = module_system.server()
    module_system.agent("web1", module_system.main)
    module_system.scripts = {
        shell: module_system.path(f"_{shell}", Command(module_system.main)(
            "completion", shell).out) for shell in ("bash", "zsh")}
    return module_system


@pytest.fixture
def nodelink(host):
    command = Command(host.main)
    command.env["PATH"] = f"{os.path.dirname(NODELINK)}:{os.environ['PATH']}"
    return command


@pytest.fixture
def client(host):
    client = host.main.client
    yield client
    client.ok("DELETE", "/tasks?agent_id=web1&force=1")


# ------------------------------------------------------------------------- bash

def bash(nodelink, host, *words, before=""):
    line = " ".join(f"'{word}'" for word in ("nodelink", *words))
    done = subprocess.run(
        ["bash", "-c", f"{before}\nsource {host.scripts['bash']}; COMP_WORDS=({line}); "
         f"COMP_CWORD={len(words)}; _nodelink; printf '%s\\n' \"${{COMPREPLY[@]}}\""],
        env=nodelink.env, cwd=host.folder, capture_output=True, text=True, timeout=DEADLINE,
        check=True)
    assert done.stderr == "", done
    return [word for word in done.stdout.splitlines() if word]


def test_bash_completes_the_command_behind_the_dashes(nodelink, host):
    path = host.path("nl-test-tool", "#!/bin/sh\n")
    os.chmod(path, 0o755)
    host.path("nl-test-text", "no program\n")
    nodelink.env["PATH"] += f":{host.folder}"
    assert bash(nodelink, host, "run", "web1", "--", "nl-test-") == ["nl-test-tool"]
    assert bash(nodelink, host, "run", "-t", "1m", "web1", "--", "nl-test-t") == ["nl-test-tool"]
    assert bash(nodelink, host, "run", "web1", "--", "./nl-test-t") == ["./nl-test-tool"]
    # its words are left to readline: files
    assert bash(nodelink, host, "run", "web1", "--", "nl-test-tool", "nl-test-") == []
    assert bash(nodelink, host, "run", "web1", "--", "run", "--", "nl-test-") == []
    # before the dashes everything is as ever, and other verbs have no command
    assert bash(nodelink, host, "run", "we") == ["web1"]
    assert bash(nodelink, host, "wait", "--", "nl-test-") == []


def test_bash_asks_the_command_for_its_own_words(nodelink, host):
    """Where the package bash-completion is loaded."""
    for name in ("_command_offset", "_comp_command_offset"):
        assert bash(nodelink, host, "run", "web1", "--", "git", "ch",
                    before=f"{name}() {{ COMPREPLY=(from-$1); }}") == ["from-4"]


# -------------------------------------------------------------------------- zsh

class Zsh(Terminal):
    """A shell of its own, in which keys are pressed."""

    def __init__(self, nodelink, host):
        rc = host.path(".zshrc", "bindkey -e; unsetopt zle_bracketed_paste; autoload -Uz compinit\n"
                       f"compinit -u -d {host.path('zcompdump')}\nsource {host.scripts['zsh']}\n"
                       "setopt menu_complete; unsetopt list_beep prompt_sp\n"
                       "zstyle ':completion:*' insert-tab false\nPS1='ready>'\n")
        super().__init__(["zsh", "-i"], {**nodelink.env, "ZDOTDIR": os.path.dirname(rc)}, 24, 200)
        self.until(lambda text: "ready>" in text)

    def completes(self, line):
        """What the line is after the tab key: printed, not run."""
        os.write(self._fd, f"{line}\t\x01print -r -- '<\x05>'\n".encode())
        text = self.until(lambda text: re.search(r"\n<.*>\r?\n.*ready>", text, re.S))
        return re.search(r"\n<(.*)>\r?\n", text)[1].rstrip()


@pytest.fixture
def zsh(nodelink, host):
    if not shutil.which("zsh"):
        pytest.skip("zsh is not installed")
    os.chmod(host.path("nl-zsh-tool", "#!/bin/sh\n"), 0o755)
    nodelink.env["PATH"] += f":{host.folder}"
    shell = Zsh(nodelink, host)
    yield shell
    shell.kill()


def test_zsh_completes_what_the_program_knows(zsh, client, host):
    task_id = client.shell("sleep 100", agent="web1", labels={"job": "a:b"})
    path = host.path("nl-zsh-text", "no program\n")
    for line, whole in {
            "nodelink dra": "nodelink drain",
            "nodelink docker r": "nodelink docker run",
            "nodelink token rev": "nodelink token revoke",
            "nodelink drain we": "nodelink drain web1",
            "nodelink drain --und": "nodelink drain --undo",
            "nodelink ps --status fail": "nodelink ps --status failed",
            "nodelink ps --agent w": "nodelink ps --agent web1",
            f"nodelink cancel {task_id[:9]}": f"nodelink cancel {task_id}",
            f"nodelink show --json {task_id[:9]}": f"nodelink show --json {task_id}",
            "nodelink run we": "nodelink run web1",
            "nodelink run --seccomp=non": "nodelink run --seccomp=none",
            "nodelink run web1 -- nl-zsh-": "nodelink run web1 -- nl-zsh-tool",
            f"nodelink run web1 -- cat {host.folder}/nl-zsh-te": f"nodelink run web1 -- cat {path}",
            "nodelink drain --server http://127.0.0.1:1 we":
                "nodelink drain --server http://127.0.0.1:1 we",
    }.items():
        assert zsh.completes(line) == whole, line


# ---------------------------------------------------------------------- colours

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def on_terminal(nodelink, *words, **env):
    nodelink.env.update(env)
    terminal = nodelink.terminal(*words)
    assert terminal.wait() == 0
    return terminal.text


def test_a_terminal_gets_colours(nodelink):
    text = on_terminal(nodelink, "agents")
    assert "\x1b[32mconnected\x1b[0m" in text
    plain = COLOUR.sub("", text).replace("\r", "")
    assert plain == nodelink("agents").out, "they change nothing else"


@pytest.mark.parametrize("words, env, coloured", [
    ((), {"NO_COLOR": "1"}, False),
    ((), {"NO_COLOR": ""}, True),  # as no-color.org has it
    (("--color=never",), {}, False),
    (("--color", "auto"), {"NO_COLOR": "1"}, False),
    (("--color=always",), {"NO_COLOR": "1"}, True),
    (("--json",), {}, False),
])
def test_who_looks_chooses_colours(nodelink, words, env, coloured):
    assert bool(COLOUR.search(on_terminal(nodelink, "agents", *words, **env))) == coloured


def test_what_is_no_terminal_gets_none_unless_asked_for(nodelink, host):
    assert "\x1b" not in nodelink("agents").out
    assert "\x1b[32mconnected" in nodelink("agents", "--color=always").out
    config = host.path("colours", "[nodelink]\ncolor = always\n")
    os.chmod(config, 0o600)
    assert "\x1b[32m" in nodelink("agents", "--config", config).out
    assert "\x1b" not in nodelink("agents", "-c", config, "--color=never").out
    assert "auto, always or never" in nodelink("agents", "--color", "red", status=2).err
