import json
from pathlib import Path
from typing import Any, get_args

import pytest

from kit import messages

ROOT = Path(__file__).resolve().parents[3]
LINES = (ROOT / "protocol" / "attempts.jsonl").read_text("utf-8").splitlines()
GOLDEN = [entry for entry in map(json.loads, LINES) if "version" not in entry]
TO_RUNNER = {kind.type: kind for kind in get_args(messages.ToRunner)}
FROM_RUNNER = {kind.type: kind for kind in get_args(messages.FromRunner)}


def golden(direction: str) -> list[Any]:
    return [
        pytest.param(entry["message"], id=entry["note"][:40])
        for entry in GOLDEN
        if entry["direction"] == direction
    ]


def test_the_golden_file_has_every_type():
    kinds = {(entry["direction"], entry["message"]["type"]) for entry in GOLDEN}
    assert {kind for direction, kind in kinds if direction == "to_runner"} == set(TO_RUNNER)
    assert {kind for direction, kind in kinds if direction == "from_runner"} == set(FROM_RUNNER)


@pytest.mark.parametrize("message", golden("to_runner"))
def test_a_golden_message_is_parsed_field_by_field(message):
    parsed = messages.parse(
        json.dumps(message, ensure_ascii=False).encode("utf-8", "surrogatepass")
    )
    assert parsed.type == message["type"]
    for field, value in vars(parsed).items():
        assert value == message[field]


@pytest.mark.parametrize("message", golden("from_runner"))
def test_a_golden_message_is_printed_unchanged(message):
    fields = {key: value for key, value in message.items() if key != "type"}
    if message["type"] == "resume":
        fields = {key: [tuple(each.values()) for each in value] for key, value in fields.items()}
    line = messages.print_line(FROM_RUNNER[message["type"]](**fields))
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
        b'{"type":["start"]}',
        b'{"type":"run","job":"j","attempt":"a"}',
        b'{"type":"cancel","job":1,"token":"a"}',
        b'{"type":"acknowledge","job":"j"}',
        b'{"type":"start","job":"j","token":"a","program":"sampler","params":"{}"}',
        b'{"type":"start","job":"j","token":"a","program":"sampler","params":{},"backend":{}}',
        b'{"type":"suggest","request":true,"kind":"sql","code":"","cursor":0}',
        b"\xff\xfe{}",
        b"[" * 100_000,
    ],
)
def test_anything_else_is_a_protocol_error(line):
    with pytest.raises(messages.ProtocolError):
        messages.parse(line)
