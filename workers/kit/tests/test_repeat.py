import contextlib
import json

from kit.loop import Abilities, Worker
from kit.repeat import names_not_repeatable, not_repeatable


def compute(params, backend, report):
    return params


@not_repeatable
def order(params, backend, report):
    return params


class RecordingTransport:
    """A transport that receives no message and records the greeting."""

    def __init__(self):
        self.lines = []

    def open(self, greeting, receive):
        self.lines = list(greeting())
        raise GreetingRecorded

    def send(self, line):
        raise AssertionError(line)


class GreetingRecorded(Exception):
    """Ends the worker's loop once the greeting is recorded."""


def test_a_program_can_be_marked_as_not_repeatable():
    assert names_not_repeatable({"order": order, "compute": compute}) == ["order"]


def test_a_marked_program_runs_as_before():
    assert order("{}", None, None) == "{}"


def test_ready_names_the_marked_programs():
    abilities = Abilities({"compute": compute, "order": order}, lambda backend: backend, ())
    transport = RecordingTransport()
    with contextlib.suppress(GreetingRecorded):
        Worker(transport, abilities).run_forever()
    ready = json.loads(transport.lines[0])
    assert ready["programs"] == ["compute", "order"]
    assert ready["not_repeatable"] == ["order"]
