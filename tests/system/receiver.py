"""Somebody who is told of tasks: an HTTP(S) server that keeps what it was sent and
answers as the test likes, and checks signatures by the book (Standard Webhooks),
not by our code."""

import base64
import hashlib
import hmac
import http.server
import json
import ssl
import threading
import time

from harness import DEADLINE

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER_SECRET = "whsec_" + base64.b64encode(bytes(range(40, 72))).decode()


def signed_with(request, secret):
    """Is one of its signatures made with this secret?"""
    headers = request.headers
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + request.body
    right = base64.b64encode(hmac.new(base64.b64decode(secret.removeprefix("whsec_")),
                                      text, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(one, f"v1,{right}")
               for one in headers["webhook-signature"].split())


class Request:
    def __init__(self, path, headers, body):
        self.path = path
        self.headers = headers
        self.body = body
        self.json = json.loads(body)
        self.id = headers["webhook-id"]
        self.type = self.json["type"]
        self.task = self.json["data"]["task_id"]

    def __repr__(self):
        return f"<{self.path} {self.id} {self.type} of {self.task}>"


class Receiver:
    """answers: what is answered to the next requests, then 200: a status, or a function
    of the handler that answers by itself."""

    def __init__(self, *answers, cert=None, key=None):
        self.got = []
        self.answers = list(answers)
        self.connections = 0
        self._news = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver._take(self, Request(self.path, self.headers, body))

            def answer(self, status, headers=(), body=b""):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def get_request(self):
                receiver.connections += 1
                return super().get_request()

            def handle_error(self, *_):
                pass  # the server was killed, or did not like our certificate

        self._server = Listener(("127.0.0.1", 0), Handler)
        if cert:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert, key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"http{'s' if cert else ''}://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def _take(self, handler, request):
        with self._news:
            self.got.append(request)
            answer = self.answers.pop(0) if self.answers else 200
            self._news.notify_all()
        if callable(answer):
            answer(handler)
        else:
            handler.answer(answer)

    def wait(self, number, fits=lambda request: True, timeout=DEADLINE):
        """The first so many requests that fit."""
        end = time.monotonic() + timeout
        with self._news:
            while True:
                found = [request for request in self.got if fits(request)]
                if len(found) >= number:
                    return found[:number]
                left = end - time.monotonic()
                assert left > 0, f"{len(found)} of {number} requests; all: {self.got}"
                self._news.wait(left)

    def of(self, task_id, number=1):
        return self.wait(number, lambda request: request.task == task_id)


def settings(system, url=None, name="webhook", secrets=(SECRET,), **more):
    """The options of a server with such a section [webhook]; quick, and with internal
    addresses, unless told otherwise."""
    import os
    path = system.path(f"{name}.secret", "".join(f"{one}\n" for one in secrets))
    os.chmod(path, 0o600)
    section = {"secret_file": path, "allow_internal": "yes", "retry": "20ms", **more}
    if url:
        section["url"] = url
    lines = "".join(f"{key} = {value}\n" for key, value in section.items())
    return ("--config", system.path(f"{name}.conf", f"[webhook]\n{lines}"))
