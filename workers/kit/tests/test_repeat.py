import contextlib
import json

from kit.loop import Abilities, Worker
from kit.repeat import names_not_repeatable, not_repeatable


def compute(params, backend, report):
    return params


@not_repeatable
def order(params, backend, report):
    return params


class Listening:
    """A transport that gets no message, and keeps what it is greeted with."""

    def __init__(self):
        self.lines = []

    def open(self, greeting, receive):
        self.lines = list(greeting())
        raise Heard

    def send(self, line):
        raise AssertionError(line)


class Heard(Exception):
    """The worker has said what the test wanted to hear."""


def test_a_program_can_say_that_it_must_not_run_twice():
    assert names_not_repeatable({"order": order, "compute": compute}) == ["order"]


def test_a_marked_program_runs_as_before():
    assert order("{}", None, None) == "{}"


def test_ready_names_them():
    abilities = Abilities({"compute": compute, "order": order}, lambda backend: backend, ())
    transport = Listening()
    with contextlib.suppress(Heard):
        Worker(transport, abilities).run_forever()
    ready = json.loads(transport.lines[0])
    assert ready["programs"] == ["compute", "order"]
    assert ready["not_repeatable"] == ["order"]
