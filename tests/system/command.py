"""The command `nodelink` as people use it: words in, status and text out.

    nodelink = Command(server)
    nodelink("ps", "--all").out
"""

import json
import os
import pty
import select
import signal
import subprocess
import threading
import time

from harness import BIN, DEADLINE, ENVIRONMENT

NODELINK = f"{BIN}/nodelink"


class Done:
    def __init__(self, status, out, err):
        self.status = status
        self.out = out
        self.err = err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self):
        return self.out.splitlines()

    def __repr__(self):
        return f"<{self.status}\n{self.out}\n--- stderr\n{self.err}>"


class Command:
    """Asks one server, with the token of this file, and with no settings of
    whoever runs the tests."""

    def __init__(self, server, token_file=None, **env):
        self.env = {**os.environ, **ENVIRONMENT, "LC_ALL": "C.UTF-8",
                    "NODELINK_CONFIG": "/nonexistent/config",
                    "NODELINK_SERVER": f"http://{server.http}", **env}
        for name in ("NODELINK_TOKEN_FILE", "NODELINK_CA", "NODELINK_CONTEXT", "NO_COLOR"):
            self.env.pop(name, None)
        if token_file:
            self.env["NODELINK_TOKEN_FILE"] = token_file

    def start(self, *words, **more):
        return subprocess.Popen(
            [NODELINK, *words], env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True, **more)

    def end(self, process, timeout=DEADLINE):
        """What became of a start()."""
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"no end of {process.args}: {process.communicate()}") from None
        return Done(process.returncode, out, err)

    def __call__(self, *words, status=0):
        done = self.end(self.start(*words))
        assert done.status == status, done
        return done

    def wrong(self, *words):
        """What it says of wrong usage."""
        return self(*words, status=2).err

    def terminal(self, *words, rows=24, columns=80):
        return Terminal([NODELINK, *words], self.env, rows, columns)


def press(run, signo, text):
    """Sends a signal again and again until the next line on stderr, which has this text:
    one that comes soon after another does not count."""
    end = time.monotonic() + DEADLINE
    lines = []
    reader = threading.Thread(target=lambda: lines.append(run.stderr.readline()), daemon=True)
    reader.start()
    while reader.is_alive():
        assert time.monotonic() < end, f"nothing was said; expected {text!r}"
        run.send_signal(signo)
        reader.join(0.1)
    assert text in lines[0], lines


class Terminal:
    """A program on a terminal of its own, whose text is collected."""

    def __init__(self, argv, env, rows, columns):
        self.text = ""
        pid, self._fd = pty.fork()
        if pid == 0:
            os.execve("/usr/bin/env", [
                "env", "TERM=xterm", "sh", "-c",
                f"stty rows {rows} cols {columns}; exec \"$@\"", "sh", *argv], env)
        self.pid = pid

    def _read(self, end):
        left = end - time.monotonic()
        assert left > 0, f"not within the deadline; so far: {self.text!r}"
        if not select.select([self._fd], [], [], left)[0]:
            return True
        try:
            piece = os.read(self._fd, 65536)
        except OSError:  # nobody has it open any more
            return False
        self.text += piece.decode(errors="replace")
        return bool(piece)

    def until(self, fits, timeout=DEADLINE):
        """Read until fits(text) is true; the text since the last time."""
        end = time.monotonic() + timeout
        while not fits(self.text):
            assert self._read(end), f"it ended: {self.text!r}"
        text, self.text = self.text, ""
        return text

    def interrupt(self):
        os.write(self._fd, b"\x03")

    def wait(self, timeout=DEADLINE):
        """As the shell tells it: 128 and the signal's number."""
        end = time.monotonic() + timeout
        while self._read(end):
            pass
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self._fd)
        return 128 - status if status < 0 else status

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        self.wait()
