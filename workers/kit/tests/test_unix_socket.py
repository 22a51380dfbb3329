import json
import os
import queue
import socket

import pytest

from kit.channel import Channel
from kit.messages import Cancel, Failed, Heartbeat, Shutdown, ToRunner
from kit.unix_socket import UnixSocketTransport

PATIENCE = 20  # seconds until a test fails


class Service:
    """The other end of the socket."""

    def __init__(self, path):
        self.peer = socket.socket(socket.AF_UNIX)
        self.peer.settimeout(PATIENCE)
        self.peer.connect(path)
        self.lines = self.peer.makefile("rb")

    def read(self):
        return json.loads(self.lines.readline())

    def write(self, data):
        self.peer.sendall(data)


@pytest.fixture
def connected():
    """An open channel with a `failed` greeting, its received messages, its log and its path."""
    path = f"/tmp/kit-{os.getpid()}.sock"
    received: queue.SimpleQueue[ToRunner] = queue.SimpleQueue()
    log: queue.SimpleQueue[str] = queue.SimpleQueue()
    transport = UnixSocketTransport(path)
    channel = Channel(transport, lambda: [Failed("so far")], received.put, log.put)
    channel.open()
    yield channel, received, log, path
    transport.close()
    assert not os.path.lexists(path)


def test_a_connection_starts_with_the_greeting_and_carries_messages_both_ways(connected):
    channel, received, log, path = connected
    service = Service(path)
    assert service.read() == {"type": "failed", "message": "so far"}
    service.write(b'{"type":"cancel","job":"j","token":"1"}\nrubbish\n{"type":"shutdown"}\n')
    assert received.get(timeout=PATIENCE) == Cancel("j", "1")
    assert received.get(timeout=PATIENCE) == Shutdown()
    assert log.get(timeout=PATIENCE).startswith("ignored a line of 8 bytes: not JSON")
    channel.send(Heartbeat())
    assert service.read() == {"type": "heartbeat"}


def test_a_heartbeat_is_answered_and_not_passed_on(connected):
    _, received, _, path = connected
    service = Service(path)
    service.read()
    service.write(b'{"type":"heartbeat"}\n')
    assert service.read() == {"type": "heartbeat"}
    assert received.empty()


def test_a_new_connection_replaces_the_old_one_and_half_a_line_is_dropped(connected):
    channel, received, _, path = connected
    old = Service(path)
    old.read()
    old.write(b'{"type":"shut')
    new = Service(path)
    new.read()
    assert old.lines.read() == b""
    new.write(b'{"type":"cancel","job":"j","token":"2"}\n')
    assert received.get(timeout=PATIENCE) == Cancel("j", "2")
    channel.send(Failed("to the new one"))
    assert new.read()["message"] == "to the new one"


def test_a_message_sent_without_a_connection_is_lost(connected):
    channel, _, _, path = connected
    channel.send(Failed("to nobody"))
    service = Service(path)
    assert service.read()["message"] == "so far"
    channel.send(Failed("to somebody"))
    assert service.read()["message"] == "to somebody"
