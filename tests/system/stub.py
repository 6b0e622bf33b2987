"""A server in Python that answers `nodelink` as the test likes, or not at all.

    with Stub(lambda method, path: (200, {"agents": []})) as server:
        Command(server)("agents")
"""

import http.server
import json
import threading
import time

from harness import DEADLINE

SILENCE = object()  # an answer that does not come until the end of the test
CUT = object()  # the connection ends instead


class Stub:
    """answer(method, path): a status and an object or the bytes of an event stream, perhaps
    with headers; or SILENCE or CUT."""

    def __init__(self, answer):
        self.got = []  # (method, path) of all requests, in order
        self._over = threading.Event()
        self._news = threading.Condition()
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def serve(self):
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                said = answer(self.command, self.path)
                with stub._news:
                    stub.got.append((self.command, self.path))
                    stub._news.notify_all()
                if said in (SILENCE, CUT):
                    if said is SILENCE:
                        stub._over.wait()
                    self.close_connection = True
                    return
                stream = isinstance(said[1], bytes)  # of events, which then breaks
                body = said[1] if stream else json.dumps(said[1]).encode()
                self.send_response(said[0])
                if stream:
                    self.send_header("Content-Type", "text/event-stream")
                    self.close_connection = True
                else:
                    self.send_header("Content-Length", str(len(body)))
                for header in said[2].items() if len(said) > 2 else ():
                    self.send_header(*header)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = serve

            def log_message(self, *_):
                pass

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self._listener = Listener(("127.0.0.1", 0), Handler)
        self.http = f"127.0.0.1:{self._listener.server_port}"
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.01,))
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._over.set()
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()

    def wait(self, n, method):
        """Until so many requests of a method have come; their paths."""
        end = time.monotonic() + DEADLINE
        with self._news:
            while True:
                paths = [path for one, path in self.got if one == method]
                if len(paths) >= n:
                    return paths
                assert self._news.wait(end - time.monotonic()), self.got
