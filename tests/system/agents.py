"""An agent in Python that says what it likes: messages as they travel, over
gRPC (Debian's python3-grpcio, python3-protobuf; protoc makes the messages).

    with FakeAgent(server.grpc, "evil") as evil:
        evil.hello()
        evil.say(task_id=..., seq=1, plugin="shell", started={"pid": 1})
"""

import atexit
import importlib
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import grpc

from harness import DEADLINE

PROTO = os.path.join(os.path.dirname(__file__), "..", "..", "proto")


def _messages():
    """The module of agent.proto, made afresh below /tmp."""
    folder = tempfile.mkdtemp(prefix="nl-proto-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    subprocess.run(["protoc", "-I", PROTO, f"--python_out={folder}",
                    "nodelink/v1/agent.proto"], check=True)
    sys.path.insert(0, folder)
    try:
        return importlib.import_module("nodelink.v1.agent_pb2")
    finally:
        sys.path.remove(folder)


pb = _messages()


def response(**fields):
    """A TaskResponse; members may be dictionaries."""
    return pb.TaskResponse(**fields)


def packed(*messages):
    """Several responses as one batch."""
    return pb.TaskResponse(batch=[m.SerializeToString() for m in messages])


class FakeAgent:
    """One stream to the server, as this agent."""

    def __init__(self, address, agent_id, token="", reads=True):
        self.got = []  # TaskRequests, batches taken apart
        self._news = threading.Condition()
        self._out = queue.Queue(64)  # a flood must not grow here
        self._channel = grpc.insecure_channel(address, options=[
            ("grpc.max_send_message_length", -1),
            # another stream of this process must be another connection
            ("grpc.use_local_subchannel_pool", 1)])
        call = self._channel.stream_stream(
            "/nodelink.v1.AgentService/StreamTasks",
            request_serializer=lambda m: m if isinstance(m, bytes)
            else m.SerializeToString(),
            response_deserializer=pb.TaskRequest.FromString)
        metadata = [("agent_id", agent_id)]
        if token:
            metadata.append(("agent_token", token))
        self.call = call(iter(self._out.get, None), metadata=metadata)
        self.ended = None  # (code, text) of the server
        self._reader = threading.Thread(
            target=self._read if reads else self._end, daemon=True)
        self._reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.call.cancel()
        self._channel.close()
        self._reader.join(DEADLINE)

    def _read(self):
        try:
            for message in self.call:
                items = [pb.TaskRequest.FromString(b) for b in message.batch]
                with self._news:
                    self.got += items or [message]
                    self._news.notify_all()
        except grpc.RpcError:
            pass
        self._end()

    def _end(self):
        self.call.code()  # waits for it
        with self._news:
            self.ended = (self.call.code(), self.call.details())
            self._news.notify_all()

    def say(self, message=None, timeout=DEADLINE, **fields):
        """Bytes or a message as they are, or a TaskResponse of these fields.
        False when the stream has ended."""
        if message is None:
            message = response(**fields)
        end = time.monotonic() + timeout
        while self.ended is None:
            try:
                self._out.put(message, timeout=0.05)
                return True
            except queue.Full:
                assert time.monotonic() < end, "the server does not read"
        return False

    def hello(self, boot_id="boot-of-evil", **inventory):
        """Says who it is, and that it has the plugins shell and countdown."""
        self.say(hello={"version": "6.6.6", "boot_id": boot_id, "hostname": "evil"})
        for plugin in ("shell", "countdown"):
            self.inventory(plugin, **inventory)

    def inventory(self, plugin="shell", **fields):
        fields.setdefault("instance", f"instance-of-{plugin}")
        fields.setdefault("params", [{"name": "cmd", "type": "text"}])
        self.say(plugin=plugin, inventory=fields)

    def wait(self, fits, what, timeout=DEADLINE):
        """The first request that fits, of all that have come."""
        end = time.monotonic() + timeout
        with self._news:
            while True:
                for message in self.got:
                    if fits(message):
                        return message
                left = end - time.monotonic()
                assert left > 0 and self.ended is None, \
                    f"no {what}; ended: {self.ended}; got {self.got[-5:]}"
                self._news.wait(left)

    def wait_start(self, task_id):
        return self.wait(lambda m: m.task_id == task_id and m.HasField("options"),
                         f"start of {task_id}")

    def wait_ack(self, task_id, seq):
        return self.wait(lambda m: m.task_id == task_id and m.HasField("ack")
                         and m.ack.seq >= seq, f"ack of {task_id} {seq}")

    def wait_end(self, timeout=DEADLINE):
        """(code's name, text) with which the server has ended the stream."""
        end = time.monotonic() + timeout
        with self._news:
            while self.ended is None:
                left = end - time.monotonic()
                assert left > 0, "the stream is still open"
                self._news.wait(left)
        return self.ended[0].name, self.ended[1]
