"""Which server `nodelink` asks, and which token it shows it (issue 7, 1)."""

import re
import socket
import threading

import pytest

from command import Command
from harness import DEADLINE

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def nodelink():
    class Nowhere:
        http = "127.0.0.1:1"
    return Command(Nowhere)


class Listener:
    """A server that keeps the head of the one request that it gets."""

    def __init__(self, says=None):
        self.says = says
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(DEADLINE)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.head = ""
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self):
        connection, _ = self.socket.accept()
        with connection:
            if self.says:
                connection.sendall(self.says)
                return
            while "\r\n\r\n" not in self.head:
                self.head += connection.recv(4096).decode()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n"
                               b'{"agents":[]}')

    def heard(self):
        self._thread.join(DEADLINE)
        self.socket.close()
        return self.head


def secret(tmp_path, name):
    path = tmp_path / name
    path.write_text(f"nl_{name}\n")
    path.chmod(0o600)
    return str(path)


@pytest.mark.parametrize("keys, words, expected", [
    ("", (), None),  # the environment's is for another server
    ("token_file = prod\n", (), "nl_prod"),
    ("", ("--token-file", "mine"), "nl_mine"),
    ("token_file = prod\n", ("--token-file", "mine"), "nl_mine"),
])
def test_a_context_by_flag_gets_no_token_of_the_environment(
        nodelink, tmp_path, keys, words, expected):
    listener = Listener()
    config = tmp_path / "config"
    config.write_text(f"[context prod]\nserver = {listener.url}\n{keys}")
    secret(tmp_path, "prod")
    secret(tmp_path, "mine")
    words = [str(tmp_path / "mine") if word == "mine" else word for word in words]
    nodelink.env.update(NODELINK_CONFIG=str(config), NODELINK_SERVER=NOWHERE,
                        NODELINK_TOKEN_FILE=secret(tmp_path, "other"),
                        NODELINK_CA="/nonexistent/ca")
    nodelink("agents", "--context", "prod", *words)
    tokens = re.findall(r"(?i)^authorization: bearer (\S+)\r$", listener.heard(), re.M)
    assert tokens == ([expected] if expected else [])


def test_the_environment_names_token_and_server_together(nodelink, tmp_path):
    listener = Listener()
    config = tmp_path / "config"
    config.write_text("[nodelink]\ncontext = prod\n"
                      f"[context prod]\nserver = {NOWHERE}\ntoken_file = prod\n")
    nodelink.env.update(NODELINK_CONFIG=str(config), NODELINK_SERVER=listener.url,
                        NODELINK_TOKEN_FILE=secret(tmp_path, "other"))
    nodelink("agents")
    assert "bearer nl_other" in listener.heard().lower()


def test_a_context_by_flag_gets_no_ca_of_the_environment(nodelink, tmp_path):
    listener = Listener(says=b"no TLS here\n")
    config = tmp_path / "config"
    config.write_text(f"[context prod]\nserver = {listener.url.replace('http', 'https')}\n")
    nodelink.env.update(NODELINK_CONFIG=str(config), NODELINK_CA="/nonexistent/ca")
    done = nodelink("agents", "--context", "prod", status=1)
    assert "no TLS with" in done.err and "/nonexistent/ca" not in done.err
    listener.heard()
