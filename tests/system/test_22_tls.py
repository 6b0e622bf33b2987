"""TLS on both listeners, agents with certificates, and how they get them (issue 6,
1, 2 and 7)."""

import datetime
import http.server
import json
import os
import pwd
import re
import shutil
import signal
import sqlite3
import ssl
import subprocess
import tempfile
import threading
import time

import pytest

from harness import BIN, DEADLINE, ENVIRONMENT, LOOPBACK, SBIN, until, write_fifo

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
DIRECTORY = "nodelink:agent:"


def run(*words, env=None):
    return subprocess.run(
        words, env={**os.environ, **ENVIRONMENT, **(env or {})},
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=DEADLINE, check=False)


def openssl(*words):
    done = run("openssl", *words)
    assert done.returncode == 0, done
    return done.stdout


def seen(address):
    """The certificate that a new connection is shown."""
    host, _, port = address.rpartition(":")
    return ssl.get_server_certificate((host, int(port)), timeout=DEADLINE)


class Fleet:
    """A server with a CA of its own, and agents that come with certificates."""

    def __init__(self, system):
        if not shutil.which("openssl"):
            pytest.skip("openssl is not installed")
        self.system = system
        self.auth = system.auth()
        self.ca = system.path("ca")
        self.hash = self.command("ca", "create").strip()
        self.command("ca", "server", LOOPBACK, "localhost")
        self.cert, self.key = f"{self.ca}/server.crt", f"{self.ca}/server.key"
        conf = system.path("server.conf", f"""
[http]
cert = {self.cert}
key = {self.key}
[grpc]
cert = {self.cert}
key = {self.key}
client_ca = {self.ca}/ca.crt
[ca]
dir = {self.ca}
""")
        self.server = system.server("--config", conf, "--lost-after", "1s",
                                    auth=self.auth, ca=f"{self.ca}/ca.crt")
        self.client = self.server.client

    def command(self, *words):
        done = run(f"{SBIN}/nodelink-server", *words, "--ca-dir", self.ca)
        assert done.returncode == 0, done
        return done.stdout

    def token(self, *options):
        return self.auth.ok("enroll-token", *options)

    def try_enrol(self, agent_id, token, *options, server=None):
        self.folder = self.system.path(f"tls-{agent_id}")
        return run(f"{SBIN}/nodelink-agent", "enroll", "--id", agent_id, "--dir",
                   self.folder, "--server", server or self.client.url,
                   *(options or ("--ca-hash", self.hash)),
                   env={"NODELINK_ENROLL_TOKEN": token})

    def enrol(self, agent_id):
        """What makes an agent come with its new certificate."""
        done = self.try_enrol(agent_id, self.token("--for", agent_id))
        assert done.returncode == 0, done
        return self.options(f"{self.folder}/agent")

    def options(self, pair):
        return ("--ca", f"{self.ca}/ca.crt", "--cert", f"{pair}.crt", "--key", f"{pair}.key")

    def sign(self, name, agent_id, ca=None, days=2, names=None):
        """A certificate that openssl makes: like ours, but for what is asked."""
        path, ca = self.system.path(name), ca or f"{self.ca}/ca"
        extensions = self.system.path(f"{name}.ext",
                                      f"subjectAltName={names or f'URI:{DIRECTORY}{agent_id}'}\n")
        openssl("req", *CURVE, "-keyout", f"{path}.key", "-out", f"{path}.csr",
                "-subj", f"/CN={agent_id}")
        openssl("x509", "-req", "-in", f"{path}.csr", "-CA", f"{ca}.crt", "-CAkey",
                f"{ca}.key", "-CAcreateserial", "-days", str(days), "-out", f"{path}.crt",
                "-extfile", extensions)
        os.chmod(f"{path}.key", 0o600)
        return self.options(path)

    def agent(self, agent_id, options, **more):
        return self.system.agent(agent_id, self.server, *options, **more)

    def connected(self, agent_id):
        return self.client.agents().get(agent_id, {}).get("connected")


@pytest.fixture(scope="module")
def fleet(module_system):
    return Fleet(module_system)


@pytest.fixture
def own_fleet(system):
    return Fleet(system)


# ------------------------------------------------------------------ enrolment

@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for others")
@pytest.mark.parametrize("made_before", [False, True])
def test_root_makes_the_ca_for_the_user_of_the_server(made_before):
    with tempfile.TemporaryDirectory(prefix="nodelink-ca-") as state:
        nobody = pwd.getpwnam("nobody").pw_uid
        os.chown(state, nobody, -1)
        folder = os.path.join(state, "ca")
        if made_before:
            os.mkdir(folder, 0o700)
            os.chown(folder, nobody, -1)
        for words in (("create",), ("server", "localhost"), ("hash",)):
            done = run(f"{SBIN}/nodelink-server", "ca", *words, "--ca-dir", folder)
            assert done.returncode == 0, done
        assert {os.stat(os.path.join(folder, name)).st_uid
                for name in os.listdir(folder)} == {nobody}


def test_enrols_connects_and_runs_a_task(fleet):
    options = fleet.enrol("web1")
    assert os.stat(f"{fleet.folder}/agent.key").st_mode & 0o777 == 0o600
    text = openssl("x509", "-in", f"{fleet.folder}/agent.crt", "-noout", "-text")
    assert f"URI:{DIRECTORY}web1" in text and "TLS Web Client" in text
    agent = fleet.agent("web1", options)
    text = fleet.client.agents()["web1"]["certificate_expires_at"]
    end = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    left = end - datetime.datetime.now(datetime.timezone.utc)
    assert datetime.timedelta(days=89) < left < datetime.timedelta(days=91)
    record, out, _ = fleet.client.run("echo secret", agent="web1")
    assert (record["status"], out) == ("completed", "secret\n")
    agent.stop()
    until(lambda: not fleet.connected("web1"), "it is away")
    assert fleet.client.agents()["web1"]["certificate_expires_at"] == text


def test_enrol_says_what_belongs_into_the_configuration(fleet):
    done = fleet.try_enrol("web2", fleet.token("--for", "web?"))
    assert done.returncode == 0, done
    conf = fleet.system.path("agent.conf", done.stdout)
    checked = run(f"{SBIN}/nodelink-agent", "--config", conf, "--check", "--runtime-dir", "/tmp")
    assert checked.returncode == 0 and "web2" in checked.stdout, checked


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for others")
def test_root_enrols_for_the_user_of_the_folder(fleet):
    with tempfile.TemporaryDirectory(prefix="nodelink-tls-") as state:
        os.chmod(state, 0o755)
        nobody = pwd.getpwnam("nobody")
        folder = os.path.join(state, "tls")
        os.mkdir(folder, 0o700)
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        done = fleet.try_enrol("web9", fleet.token("--for", "web9"), "--ca-hash", fleet.hash,
                               "--dir", folder)
        assert done.returncode == 0, done
        assert {name: (os.stat(f"{folder}/{name}").st_uid, os.stat(f"{folder}/{name}").st_gid)
                for name in os.listdir(folder)} == {
                    name: (nobody.pw_uid, nobody.pw_gid)
                    for name in ("agent.crt", "agent.key", "ca.crt")}


def test_the_token_comes_by_file_or_pipe_but_not_as_a_word(fleet):
    words = (f"{SBIN}/nodelink-agent", "enroll", "--id", "web10", "--dir",
             fleet.system.path("tls-web10"), "--server", fleet.client.url,
             "--ca-hash", fleet.hash)
    token = fleet.token("--for", "web10")
    done = run(*words, "--token", token)  # which is short for --token-file
    assert done.returncode == 2 and "could be seen" in done.stderr, done
    assert token not in done.stderr
    done = run(*words)
    assert done.returncode == 2 and "--token-file" in done.stderr, done
    done = subprocess.run([*words, "--token-file", "-"], input=fleet.token("--for", "web10"),
                          env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True,
                          timeout=DEADLINE, check=False)
    assert done.returncode == 0, done


def test_a_token_is_good_once_for_whom_it_is_and_in_its_time(fleet):
    token = fleet.token("--for", "one-*")
    done = fleet.try_enrol("two-1", token)
    assert done.returncode == 1 and "no such enrolment token" in done.stderr, done
    assert fleet.try_enrol("one-1", token).returncode == 0
    assert fleet.try_enrol("one-1", token).returncode == 1
    late = fleet.token()
    with sqlite3.connect(fleet.auth.path) as base:
        base.execute("UPDATE enrolment SET expires_at = 1")
    done = fleet.try_enrol("one-2", late)
    assert done.returncode == 1 and "has expired" in done.stderr, done
    assert os.listdir(fleet.folder) == []
    assert late not in fleet.server.log()


def test_enrol_knows_the_server_or_does_not_talk_to_it(fleet):
    token = fleet.token()
    other = "sha256:" + "0" * 64
    done = fleet.try_enrol("web3", token, "--ca-hash", other)
    assert done.returncode == 1 and "this is another server" in done.stderr, done
    done = fleet.try_enrol("web3", token, "--log-level", "info")  # the system's CAs
    assert done.returncode == 1 and "certificate" in done.stderr, done
    done = fleet.try_enrol("web3", token, server="http://192.0.2.1:80")
    assert done.returncode == 2 and "expected https://" in done.stderr, done
    done = fleet.try_enrol("web3", token, "--ca", f"{fleet.ca}/ca.crt")
    assert done.returncode == 0, done  # nothing has used the token up


def post(fleet, agent_id, *request):
    path = fleet.system.path("request")
    openssl("req", *request, "-keyout", f"{path}.key", "-out", f"{path}.csr")
    with open(f"{path}.csr", encoding="ascii") as file:
        return fleet.client.call("POST", "/enroll", {
            "agent_id": agent_id, "token": fleet.token("--for", agent_id), "csr": file.read()})


def test_only_the_key_of_a_request_counts_and_it_has_to_be_strong(fleet):
    answer = post(fleet, "web4", *CURVE, "-subj", "/CN=root", "-addext",
                  f"subjectAltName=URI:{DIRECTORY}other")
    assert answer.status == 200, answer
    path = fleet.system.path("web4.crt", answer.json["certificate"])
    text = openssl("x509", "-in", path, "-noout", "-text")
    assert f"{DIRECTORY}web4" in text and "other" not in text and "root" not in text
    answer = post(fleet, "web4", "-newkey", "rsa:1024", "-nodes", "-subj", "/CN=web4")
    assert answer.status == 400 and answer.json["code"] == "bad_csr", answer
    answer = fleet.client.call("POST", "/enroll", {"agent_id": "web4"})
    assert answer.status == 400 and "'token' is missing" in answer.json["error"], answer


def test_without_a_ca_nobody_enrols(shared):
    answer = shared.main.client.call("POST", "/enroll", {})
    assert answer.status == 404 and answer.json["code"] == "no_enrolment", answer


# --------------------------------------------------------------- who gets in

def foreign(fleet):
    path = fleet.system.path("foreign")
    openssl("req", "-x509", *CURVE, "-days", "2", "-keyout", f"{path}.key", "-out",
            f"{path}.crt", "-subj", "/CN=foreign")
    return path


def refused(fleet, options, server_says, agent_says):
    """An agent that is not let in, and what both sides say of it."""
    agent = fleet.agent("web5", options, wait=False)
    agent.wait_line(agent_says)
    fleet.server.wait_line(server_says)
    assert not fleet.connected("web5")
    agent.stop()


def test_wrong_certificates_are_refused(fleet):
    refused(fleet, fleet.sign("thief", "web5", ca=foreign(fleet)),
            r"gRPC: Handshake failed.*certificate verify failed",
            "no connection to server")
    refused(fleet, fleet.sign("late", "web5", days=-1),
            r"gRPC: Handshake failed.*certificate verify failed",
            "no connection to server")
    refused(fleet, ("--ca", f"{fleet.ca}/ca.crt"),
            r"gRPC: Handshake failed.*did not return a certificate",
            "no connection to server")
    refused(fleet, fleet.enrol("web6"),  # another agent's
            r"refused a stream.*'web5': the certificate is not in its name",
            "the certificate is not in its name")


class Between(threading.Thread):
    """Says to be the server: with its CA, which all may read, before our own."""

    def __init__(self, fleet):
        super().__init__(daemon=True)
        path = fleet.system.path("between")
        openssl("req", *CURVE, "-keyout", f"{path}.key", "-out", f"{path}.csr", "-subj", "/CN=x")
        with open(f"{path}.ext", "w", encoding="ascii") as file:
            file.write("subjectAltName=IP:127.0.0.1\n")
        ca = self.ca = foreign(fleet)
        openssl("x509", "-req", "-in", f"{path}.csr", "-CA", f"{ca}.crt", "-CAkey", f"{ca}.key",
                "-CAcreateserial", "-out", f"{path}.crt", "-extfile", f"{path}.ext")
        both = "".join(open(f"{name}.crt", encoding="ascii").read()
                       for name in (f"{fleet.ca}/ca", ca))
        posts = self.posts = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = json.dumps({"ca": both}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                posts.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_error(500)

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{path}.crt", f"{path}.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.start()

    def run(self):
        self.server.serve_forever()


def test_who_is_between_gets_no_token_by_adding_a_ca(fleet):
    between = Between(fleet)
    port = between.server.server_address[1]
    done = fleet.try_enrol("web8", fleet.token("--for", "web8"), "--ca-hash", fleet.hash,
                           server=f"https://127.0.0.1:{port}")
    between.server.shutdown()
    assert done.returncode == 1 and between.posts == [], done


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can put other CAs over the system's")
def test_a_ca_that_is_named_is_trusted_alone(fleet):
    """And none of the system's, which is how anybody's name can be had."""
    between = Between(fleet)
    folder = fleet.system.path("certs")
    os.mkdir(folder)
    shutil.copy(f"{between.ca}.crt", f"{folder}/ca-certificates.crt")
    name = openssl("x509", "-hash", "-noout", "-in", f"{between.ca}.crt").strip()
    shutil.copy(f"{between.ca}.crt", f"{folder}/{name}.0")
    inside = ("unshare", "--mount", "sh", "-c",
              'mount --bind "$0" /etc/ssl/certs && exec "$@"', folder)
    url = f"https://127.0.0.1:{between.server.server_address[1]}"
    token = fleet.token("--for", "web8")
    words = (*inside, f"{SBIN}/nodelink-agent", "enroll", "--id", "web8", "--dir",
             fleet.system.path("tls-web8"), "--server", url)
    for how in ("--ca-hash", fleet.hash), ("--ca", f"{fleet.ca}/ca.crt"):
        done = run(*words, *how, env={"NODELINK_ENROLL_TOKEN": token})
        assert done.returncode == 1 and between.posts == [], done
    done = run(*inside, f"{BIN}/nodelink", "agents", "--server", url, "--ca",
               f"{fleet.ca}/ca.crt")
    assert done.returncode == 1 and "certificate" in done.stderr, done
    done = run(*words, env={"NODELINK_ENROLL_TOKEN": token})  # the system's
    between.server.shutdown()
    assert done.returncode == 1 and len(between.posts) == 1, done


def test_plaintext_and_tls_do_not_meet(fleet, shared):
    refused(fleet, fleet.auth.agent_file("web5"), r"gRPC: Handshake failed.*wrong version",
            "no connection to server")
    agent = fleet.agent("web5", fleet.enrol("web5"), grpc=shared.main.grpc, wait=False)
    agent.wait_line(r"no connection to server .*wrong version number")
    agent.stop()
    address = fleet.server.http
    assert run("curl", "-s", f"http://{address}/").returncode == 52  # no answer
    assert run("curl", "-s", f"https://{address}/").returncode == 60  # unknown CA
    assert run("curl", "-s", "--tls-max", "1.1", "--cacert", f"{fleet.ca}/ca.crt",
               f"https://{address}/").returncode == 35


def test_the_server_must_be_the_one_that_its_ca_says(fleet):
    agent = fleet.agent("web5", ("--ca", f"{foreign(fleet)}.crt"), wait=False)
    agent.wait_line(r"no connection to server .*certificate verify failed")
    agent.stop()


def test_a_revoked_agent_is_cut_at_once_and_enrols_again(own_fleet):
    fleet = own_fleet
    old = fleet.enrol("web1")
    agent = fleet.agent("web1", old)
    fleet.auth.ok("agent", "revoke", "web1")
    fleet.server.wait_line(r"'web1'.*its stream is closed")
    agent.wait_line(r"refuses")
    assert not fleet.connected("web1")
    shutil.copytree(fleet.folder, fleet.system.path("kept"))
    fleet.enrol("web1")  # into the same files, which it reads again
    fleet.client.agent_ready("web1")
    agent.stop()
    agent = fleet.agent("web1", fleet.options(fleet.system.path("kept") + "/agent"), wait=False)
    fleet.server.wait_line("refused a stream from .*'web1'")
    agent.stop()


# --------------------------------------------------------------------- reload

def test_a_new_certificate_is_for_new_connections_only(own_fleet):
    fleet = own_fleet
    agent = fleet.agent("web1", fleet.enrol("web1"))
    gate = fleet.system.path("gate")
    os.mkfifo(gate)
    task = fleet.client.shell(f"echo before; cat {gate}", agent="web1")
    with fleet.client.events(task) as events:
        events.until_stdout("before")
        old = seen(fleet.server.http)
        assert seen(fleet.server.grpc) == old
        fleet.command("ca", "server", LOOPBACK, "new.example.org")
        for section in "http", "grpc":
            fleet.server.wait_line(rf"\[{section}\] new certificates are in use", anywhere=True)
        new = seen(fleet.server.http)
        assert new != old and seen(fleet.server.grpc) == new
        write_fifo(gate, "after\n")
        assert "after" in events.text()[0]
    assert not any("is gone" in line for line in fleet.server.lines)
    fleet.agent("web2", fleet.enrol("web2"))
    assert agent.alive()


def test_server_tells_when_its_own_certificates_end(own_fleet):
    fleet = own_fleet

    def days_left():
        text = fleet.client.get("/metrics").body.decode()
        ends = re.findall(
            r'^nodelink_server_certificate_expiry_timestamp_seconds{setting="(.*?)"} (\S+)$',
            text, re.MULTILINE)
        return {setting: round((float(end) - time.time()) / 86400) for setting, end in ends}

    assert days_left() == {"http.cert": 365, "grpc.cert": 365, "grpc.client_ca": 3650}
    pair = fleet.sign("short", "server", days=5, names=f"IP:{LOOPBACK}")[3][:-len(".crt")]
    for end in "key", "crt":
        shutil.copy(f"{pair}.{end}", f"{fleet.ca}/server.{end}")
    fleet.server.signal(signal.SIGHUP)
    for section in "http", "grpc":
        fleet.server.wait_line(rf"\[{section}\] the certificate in '{fleet.cert}' expires on",
                               anywhere=True)
    assert days_left() == {"http.cert": 5, "grpc.cert": 5, "grpc.client_ca": 3650}


@pytest.mark.parametrize("damage", ["", "-----BEGIN CERTIFICATE-----\nAAAA\n", None])
def test_what_cannot_be_used_changes_nothing(own_fleet, damage):
    fleet = own_fleet
    old = seen(fleet.server.http)
    if damage is None:
        os.unlink(fleet.cert)
    else:
        with open(fleet.cert, "w", encoding="ascii") as file:
            file.write(damage)
    for section in "http", "grpc":
        fleet.server.wait_line(rf"\[{section}\] the old certificates stay in use", anywhere=True)
    fleet.server.signal(signal.SIGHUP)
    fleet.server.wait_line(r"SIGHUP: ")
    fleet.server.wait_line(r"\[grpc\] the old certificates stay in use")
    assert seen(fleet.server.http) == old and seen(fleet.server.grpc) == old
    fleet.agent("web1", fleet.enrol("web1"))
    fleet.command("ca", "server", LOOPBACK)
    fleet.server.signal(signal.SIGHUP)
    fleet.server.wait_line(r"\[grpc\] new certificates are in use")
    assert seen(fleet.server.grpc) != old


# -------------------------------------------------------------------- refusals

def test_a_key_that_others_may_read_is_refused(fleet):
    options = fleet.sign("open", "web7")
    key = options[-1]
    os.chmod(key, 0o640)
    done = run(f"{SBIN}/nodelink-agent", "--id", "web7", *options, "--runtime-dir",
               fleet.system.path("run"))
    assert done.returncode == 2 and f"do: chmod 600 '{key}'" in done.stderr, done
    conf = fleet.system.path("open.conf", f"[http]\ncert = {options[3]}\nkey = {key}\n")
    done = run(f"{SBIN}/nodelink-server", "--config", conf, "--store", "memory",
               "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0")
    assert done.returncode == 1 and f"do: chmod 600 '{key}'" in done.stderr, done


def test_other_hosts_are_served_with_tls_or_not_at_all(fleet):
    def start(text, *options):
        conf = fleet.system.path("reach.conf", text)
        return run(f"{SBIN}/nodelink-server", "--config", conf, "--store", "memory",
                   "--auth", fleet.auth.path, *options)

    for http, grpc, section in (("0.0.0.0:0", "127.0.0.1:0", "http"),
                                ("127.0.0.1:0", "0.0.0.0:0", "grpc")):
        done = start("", "--http", http, "--grpc", grpc)
        assert done.returncode == 2 and f"cert and key in [{section}]" in done.stderr, done
    done = start("[grpc]\nclient_ca = x\n")
    assert done.returncode == 2 and "client_ca needs cert and key" in done.stderr, done
    conf = fleet.system.path("tls.conf", "".join(
        f"[{s}]\ncert = {fleet.cert}\nkey = {fleet.key}\n" for s in ("http", "grpc")))
    server = fleet.system.server("--config", conf, http="0.0.0.0:0", grpc="0.0.0.0:0",
                                 auth=fleet.auth, ca=f"{fleet.ca}/ca.crt")
    port = server.http.rpartition(":")[2]
    server.client.address = f"{LOOPBACK}:{port}"
    assert server.client.get("/healthz").status == 200
    server.stop()
