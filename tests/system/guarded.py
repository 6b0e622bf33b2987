"""A server that asks everybody, signs certificates, and notes what it does, as its
callers see it beside the OpenAPI document."""

import os
import subprocess

from harness import SBIN
from openapi import Witness
from receiver import SECRET


class Patient:
    """To start a program in: a file that may not grow is an error and no signal."""

    @staticmethod
    def wrap(argv):
        return ["sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh", *argv]


class Guarded:
    """A server that asks everybody, signs certificates, and notes what it does."""

    def __init__(self, system, document):
        self.auth = system.auth()
        self.folder = system.path("guarded")
        os.makedirs(self.folder)
        made = subprocess.run(
            [f"{SBIN}/nodelink-server", "ca", "create", "--ca-dir", f"{self.folder}/ca"],
            stdin=subprocess.DEVNULL, capture_output=True, check=False)
        assert made.returncode == 0, made
        self.audit = f"{self.folder}/audit.log"
        conf = system.path("guarded.conf", f"""
[ca]
dir = {self.folder}/ca
[audit]
path = {self.audit}
required = yes
[limits]
failed_logins = 40
[webhook]
per_task = yes
allow_internal = yes
secret_file = {system.path("hooks.secret", SECRET)}
""")
        os.chmod(system.path("hooks.secret"), 0o600)
        self.server = system.server("--config", conf, auth=self.auth, inside=Patient)
        self.admin = Witness(document, self.server.http, self.server.client.token)
        self.stranger = Witness(document, self.server.http)
        system.agent("agent1", self.server, *self.auth.agent_file("agent1"))

    def enrolment(self, path):
        """A request for a certificate, and a token for it."""
        made = subprocess.run(
            ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-subj", "/CN=web1", "-keyout", f"{path}.key"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
        return {"agent_id": "web1", "token": self.auth.ok("enroll-token", "--for", "web1"),
                "csr": made.stdout}
