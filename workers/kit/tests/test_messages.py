import json
from pathlib import Path

import pytest

from kit import messages as protocol

ROOT = Path(__file__).resolve().parents[3]

LINES = (ROOT / "protocol" / "messages.jsonl").read_text("utf-8").splitlines()
GOLDEN = [json.loads(line) for line in LINES]
TYPES = {
    cls.__name__.lower(): cls
    for cls in (
        protocol.Ready,
        protocol.Started,
        protocol.Progress,
        protocol.Log,
        protocol.Result,
        protocol.Error,
    )
}


def golden(direction: str) -> list:
    return [
        pytest.param(entry["message"], id=entry["note"][:40])
        for entry in GOLDEN
        if entry["direction"] == direction
    ]


def test_the_golden_file_has_every_type():
    seen = {(entry["direction"], entry["message"]["type"]) for entry in GOLDEN}
    assert {kind for way, kind in seen if way == "to_worker"} == {"run", "cancel", "shutdown"}
    assert {kind for way, kind in seen if way == "from_worker"} == set(TYPES)


@pytest.mark.parametrize("message", golden("to_worker"))
def test_a_golden_message_is_parsed_field_by_field(message):
    parsed = protocol.parse(
        json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
    )
    assert type(parsed).__name__.lower() == message["type"]
    for field, value in parsed.__dict__.items():
        assert value == message[field]


@pytest.mark.parametrize("message", golden("from_worker"))
def test_a_golden_message_is_printed_as_it_stands(message):
    fields = {key: value for key, value in message.items() if key != "type"}
    line = protocol.print_line(TYPES[message["type"]](**fields))
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert json.loads(line) == message


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"type":"walk"}',
        b'{"type":["run"]}',
        b'{"type":"cancel","job":1,"attempt":"a"}',
        b'{"type":"run","job":"j","attempt":"a","program":"sampler","params":"{}"}',
        b'{"type":"run","job":"j","attempt":"a","program":"sampler","params":{},"backend":{}}',
        b"\xff\xfe{}",
        b"[" * 100_000,
    ],
)
def test_anything_else_is_a_protocol_error(line):
    with pytest.raises(protocol.ProtocolError):
        protocol.parse(line)
