import contextlib
import io
import json

from kit.loop import Abilities, Worker
from kit.repeat import names_not_repeatable, not_repeatable


def compute(params, backend, report):
    return params


@not_repeatable
def order(params, backend, report):
    return params


class Heard(Exception):
    """The worker has said what the test wanted to hear."""


def test_a_program_can_say_that_it_must_not_run_twice():
    assert names_not_repeatable({"order": order, "compute": compute}) == ["order"]


def test_a_marked_program_runs_as_before():
    assert order("{}", None, None) == "{}"


def test_ready_names_them():
    lines = []

    def write(line: bytes) -> None:
        lines.append(line)
        raise Heard

    abilities = Abilities({"compute": compute, "order": order}, lambda backend: backend, ())
    worker = Worker(io.BytesIO(), write, abilities)
    with contextlib.suppress(Heard):
        worker.run_forever()
    ready = json.loads(lines[0])
    assert ready["programs"] == ["compute", "order"]
    assert ready["not_repeatable"] == ["order"]
