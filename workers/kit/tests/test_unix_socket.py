import json
import os
import queue
import socket

import pytest

from kit.channel import Channel
from kit.messages import Cancel, Failed, Heartbeat, Shutdown, ToRunner
from kit.unix_socket import UnixSocketTransport

PATIENCE = 20  # seconds until a test is given up


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
def given():
    """A channel that is greeted with `failed`, what it hears, what it notes, and its path."""
    path = f"/tmp/kit-{os.getpid()}.sock"
    heard: queue.SimpleQueue[ToRunner] = queue.SimpleQueue()
    noted: queue.SimpleQueue[str] = queue.SimpleQueue()
    transport = UnixSocketTransport(path)
    channel = Channel(transport, lambda: [Failed("so far")], heard.put, noted.put)
    channel.open()
    yield channel, heard, noted, path
    transport.close()
    assert not os.path.lexists(path)


def test_a_connection_is_greeted_and_messages_go_both_ways(given):
    channel, heard, noted, path = given
    service = Service(path)
    assert service.read() == {"type": "failed", "message": "so far"}
    service.write(b'{"type":"cancel","job":"j","token":"1"}\nrubbish\n{"type":"shutdown"}\n')
    assert heard.get(timeout=PATIENCE) == Cancel("j", "1")
    assert heard.get(timeout=PATIENCE) == Shutdown()
    assert noted.get(timeout=PATIENCE).startswith("ignored a line of 8 bytes: not JSON")
    channel.send(Heartbeat())
    assert service.read() == {"type": "heartbeat"}


def test_a_heartbeat_is_answered_and_nobody_else_hears_of_it(given):
    _, heard, _, path = given
    service = Service(path)
    service.read()
    service.write(b'{"type":"heartbeat"}\n')
    assert service.read() == {"type": "heartbeat"}
    assert heard.empty()


def test_a_new_connection_replaces_the_old_one_and_half_a_line_is_dropped(given):
    channel, heard, _, path = given
    old = Service(path)
    old.read()
    old.write(b'{"type":"shut')
    new = Service(path)
    new.read()
    assert old.lines.read() == b""
    new.write(b'{"type":"cancel","job":"j","token":"2"}\n')
    assert heard.get(timeout=PATIENCE) == Cancel("j", "2")
    channel.send(Failed("to the new one"))
    assert new.read()["message"] == "to the new one"


def test_what_is_sent_to_nobody_is_lost(given):
    channel, _, _, path = given
    channel.send(Failed("to nobody"))
    service = Service(path)
    assert service.read()["message"] == "so far"
    channel.send(Failed("to somebody"))
    assert service.read()["message"] == "to somebody"
