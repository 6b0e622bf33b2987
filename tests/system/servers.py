"""A server in Python that asks for what it likes: messages as they travel, over
gRPC, made as agents.py makes them.

    with FakeServer() as evil:
        agent = system.agent("a", None, grpc=evil.address, wait=False)
        evil.wait_agent("shell")
        evil.start("t1", cmd="id", options={"user": "root"})
        evil.result("t1").rule
"""

import queue
import threading
import time
from concurrent import futures

import grpc

from agents import pb
from harness import DEADLINE


class FakeServer:
    """Serves one agent at a time; what it says is acknowledged when `fair`."""

    def __init__(self):
        self.got = []  # TaskResponses about no task or of an end, in order
        self.fair = True
        self.streams = 0
        self._news = threading.Condition()
        self._out = queue.Queue()
        self._server = grpc.server(futures.ThreadPoolExecutor(4), options=[
            ("grpc.max_send_message_length", -1),
            ("grpc.max_receive_message_length", -1)])
        handler = grpc.stream_stream_rpc_method_handler(
            self._serve, request_deserializer=pb.TaskResponse.FromString,
            response_serializer=lambda m: m if isinstance(m, bytes)
            else m.SerializeToString())
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
            "nodelink.v1.AgentService", {"StreamTasks": handler}),))
        port = self._server.add_insecure_port("127.0.0.1:0")
        self.address = f"127.0.0.1:{port}"
        self._server.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._out.put(None)
        self._server.stop(0).wait(DEADLINE)

    def _serve(self, requests, context):
        context.send_initial_metadata(())  # the agent waits for it
        with self._news:
            self.streams += 1
            self._out.put(None)  # the stream before this one ends
            self._out = out = queue.Queue()
            self._news.notify_all()
        threading.Thread(target=self._read, args=(requests, out), daemon=True).start()
        yield from iter(out.get, None)

    def _read(self, requests, out):
        try:
            for message in requests:
                for item in [pb.TaskResponse.FromString(b) for b in message.batch] or [message]:
                    self._take(item)
        except (grpc.RpcError, ValueError):
            pass
        out.put(None)

    def _take(self, message):
        if message.task_id and self.fair:
            self.say(task_id=message.task_id, plugin=message.plugin,
                     ack={"seq": message.seq, "window": 1 << 30,
                          "final": message.is_final})
        with self._news:
            self.got.append(message)
            self._news.notify_all()

    def say(self, message=None, **fields):
        """Bytes or a message as they are, or a TaskRequest of these fields."""
        self._out.put(pb.TaskRequest(**fields) if message is None else message)

    def start(self, task_id, cmd="true", plugin="shell", options=None, **shell):
        self.say(task_id=task_id, plugin=plugin, options=options or {},
                 shell_execute={"cmd": cmd, **shell})

    def start_docker(self, task_id, image="busybox", options=None, **params):
        params = [{"name": name, "values": [value]} for name, value in params.items()]
        self.say(task_id=task_id, plugin="docker", options=options or {},
                 docker_operation={"operation": "run", "image": image, "params": params})

    def cancel(self, task_id, plugin="shell", **fields):
        self.say(task_id=task_id, plugin=plugin, task_cancel={"grace_ms": 0, **fields})

    def wait(self, fits, what, timeout=DEADLINE):
        """The first response that fits, of all that have come."""
        end = time.monotonic() + timeout
        at = 0
        with self._news:
            while True:
                for at in range(at, len(self.got)):
                    if fits(self.got[at]):
                        return self.got[at]
                at = len(self.got)
                left = end - time.monotonic()
                assert left > 0, f"no {what}; the last: {self.got[-5:]}"
                self._news.wait(left)

    def wait_agent(self, *plugins):
        """A stream, on which each of the plugins has presented itself."""
        for plugin in plugins:
            self.wait(lambda m: m.plugin == plugin and m.HasField("inventory"),
                      f"inventory of {plugin}")

    def wait_stream(self, number):
        """The agent has come for the so manieth time, and its shell with it."""
        end = time.monotonic() + DEADLINE
        with self._news:
            while self.streams < number:
                left = end - time.monotonic()
                assert left > 0, "the agent does not come back"
                self._news.wait(left)

    def end(self, task_id):
        return self.wait(lambda m: m.task_id == task_id and m.is_final,
                         f"end of {task_id}")

    def result(self, task_id):
        return self.end(task_id).result

    def about(self, task_id):
        """All that was said of a task."""
        with self._news:
            return [m for m in self.got if m.task_id == task_id]
