"""Jobs by plain HTTP: exact bytes, counts, and bad input."""

import base64
import io
import json
import zlib

import pytest
from qiskit import QuantumCircuit, qpy
from qiskit_ibm_runtime import SamplerV2

from circuits import bell
from stint_http import problem, send_oversized

# JSON that another parser would change in a round trip. Python writes the second kind too.
ODD_VALUES = (
    '{\t"huge" : 1e400, "zero": -0.0, "exp": 1E+2 ,'
    ' "big": 123456789012345678901234567890,   "fine":1.10,'
    ' "text": "\\u00e9\\/\\ud83d\\ude00 é",\n "empty": { } , "last":[ ]}'
)
ODD_PYTHON = '{ "nan":NaN , "inf": [ Infinity,-Infinity ], "more": ' + ODD_VALUES + "}"


def circuit_value(circuit):
    buffer = io.BytesIO()
    qpy.dump(circuit, buffer, version=min(17, qpy.QPY_VERSION))
    return {"__type__": "QuantumCircuit", "__value__": packed(buffer.getvalue())}


def packed(data):
    return base64.b64encode(zlib.compress(data)).decode()


def sampler_params(circuit, shots=10):
    return {"pubs": [[circuit, None, shots]], "version": 2, "support_qiskit": True, "options": {}}


def refused_or_failed(rest, answer):
    """Returns the text of the refusal, of the submit (400) or of the job (Failed)."""
    if answer.status_code == 400:
        return problem(answer)["message"]
    assert answer.ok, f"{answer.status_code} {answer.text}"
    state = rest.ended(answer.json()["id"], timeout=40)
    assert state["status"] == "Failed"
    assert rest.get(f"/jobs/{answer.json()['id']}/results").ok
    return state["reason"]


def test_params_are_returned_byte_for_byte(rest, scripted):
    params = '{"duration": 0,  "result": ' + ODD_VALUES + " }"
    body = f'{{"program_id": "scripted", "backend": "{scripted()}",\n  "params" : {params} , "tags": []}}'
    answer = rest.post_text("/jobs", body)
    assert answer.ok, answer.text
    job_id = answer.json()["id"]
    assert rest.ended(job_id)["status"] == "Completed"
    assert params in rest.get(f"/jobs/{job_id}").content.decode()
    assert "params" not in rest.job(job_id)


def test_unusual_numbers_in_the_options_are_accepted_and_returned_unchanged(rest, line5):
    params = json.dumps(sampler_params(circuit_value(bell(line5))))
    params = params.replace('"options": {}', '"options": {"experimental":  ' + ODD_PYTHON + "}")
    body = f'{{"program_id": "sampler", "backend": "stint_line_5", "params":{params}}}'
    job_id = rest.post_text("/jobs", body).json()["id"]
    assert rest.ended(job_id)["status"] == "Completed"
    assert params in rest.get(f"/jobs/{job_id}").content.decode()


def test_thirty_megabytes_are_accepted_and_returned(rest, scripted):
    params = '{"duration": 0, "result": "' + "abcdefghij" * (3 << 20) + '"}'
    body = f'{{"program_id": "scripted", "backend": "{scripted()}", "params": {params}}}'
    answer = rest.post_text("/jobs", body)
    assert answer.ok, answer.text[:300]
    assert rest.ended(answer.json()["id"])["status"] == "Completed"
    assert params in rest.get(f"/jobs/{answer.json()['id']}").text


@pytest.mark.parametrize(
    "body",
    [
        '{"program_id": "sampler", "backend": "stint_line_5", "params": {"pubs": [}}',
        '{"program_id": "sampler",',
        '{"program_id": "sampler" "backend": 1}',
        "\x00\x01",
    ],
)
def test_malformed_json_is_400_with_the_position(rest, body):
    answer = rest.post_text("/jobs", body)
    assert answer.status_code == 400
    message = problem(answer)["message"].lower()
    assert any(word in message for word in ("position", "line", "column", "offset", "byte")), message
    assert any(letter.isdigit() for letter in message), message


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"program_id": "sampler"},
        {"program_id": 7, "backend": "stint_line_5", "params": {}},
        {"program_id": "sampler", "backend": "stint_line_5", "params": {}, "tags": "one"},
        {"program_id": "sampler", "backend": "stint_line_5", "params": {}, "tags": ["x"] * 9},
        {"program_id": "sampler", "backend": "stint_line_5", "params": {}, "tags": ["x" * 87]},
        {"program_id": "sampler", "backend": "stint_line_5", "params": {}, "cost": -1},
        {"program_id": "sampler", "backend": "stint_line_5", "params": {}, "cost": "long"},
        [],
    ],
)
def test_an_invalid_body_is_400_with_a_message(rest, body):
    answer = rest.post("/jobs", json=body)
    assert answer.status_code == 400, f"{answer.status_code} {answer.text}"
    assert problem(answer)


def test_params_that_are_not_an_object_are_refused_with_a_reason(rest):
    answer = rest.post("/jobs", json={"program_id": "sampler", "backend": "stint_line_5", "params": []})
    assert "params" in refused_or_failed(rest, answer)


def test_a_body_above_the_limit_is_413(stint):
    status, text = send_oversized(stint["url"], "/api/v1/jobs", stint["token"], megabytes=70)
    assert status == 413
    assert json.loads(text)["errors"][0]["message"]


@pytest.mark.parametrize(
    "value", [packed(b"this is not QPY"), packed(b"QISKIT\x63" + b"\x00" * 64), "%%%", "aGVsbG8="]
)
def test_invalid_qpy_is_refused_with_a_readable_reason(rest, value):
    circuit = {"__type__": "QuantumCircuit", "__value__": value}
    body = {"program_id": "sampler", "backend": "stint_line_5", "params": sampler_params(circuit)}
    words = refused_or_failed(rest, rest.post("/jobs", json=body))
    assert any(word in words.lower() for word in ("circuit", "qpy")), words
    assert "Traceback" not in words


def test_a_circuit_too_large_for_the_device_is_refused_with_a_reason(rest):
    circuit = QuantumCircuit(60)
    circuit.x(59)
    circuit.measure_all()
    params = sampler_params(circuit_value(circuit))
    body = {"program_id": "sampler", "backend": "stint_line_5", "params": params}
    words = refused_or_failed(rest, rest.post("/jobs", json=body))
    assert "60" in words
    assert "qubit" in words


def test_an_unknown_program_is_refused_or_fails_with_its_name(rest):
    body = {"program_id": "no-such-program", "backend": "stint_line_5", "params": {}}
    answer = rest.post("/jobs", json=body)
    words = problem(answer)["message"] if answer.status_code == 404 else refused_or_failed(rest, answer)
    assert "no-such-program" in words


def test_the_count_is_exact_and_equals_an_offset_beyond_the_end(rest, scripted, tag):
    backend = scripted()
    for _ in range(3):
        rest.ended(rest.submit(backend, params={"duration": 0}, tags=[tag]))
    page = rest.get_json(f"/jobs?tags={tag}&limit=2")
    assert (len(page["jobs"]), page["count"]) == (2, 3)
    page = rest.get_json(f"/jobs?tags={tag}&limit=2&offset=2")
    assert (len(page["jobs"]), page["count"]) == (1, 3)
    for offset in (3, 4, 50):
        page = rest.get_json(f"/jobs?tags={tag}&limit=2&offset={offset}")
        assert (page["jobs"], page["count"]) == ([], offset)


@pytest.mark.parametrize("query", ["limit=-1", "limit=many", "offset=-1", "created_after=yesterday"])
def test_an_invalid_query_is_400(rest, query):
    answer = rest.get(f"/jobs?{query}")
    assert answer.status_code == 400
    assert problem(answer)


def test_replacing_tags_is_204(rest, scripted, tag):
    job_id = rest.submit(scripted(), params={"duration": 0})
    answer = rest.call("PUT", f"/jobs/{job_id}/tags", json={"tags": [tag]})
    assert (answer.status_code, answer.content) == (204, b"")
    assert rest.job(job_id)["tags"] == [tag]
    assert rest.call("PUT", f"/jobs/{job_id}/tags", json={"tags": "no list"}).status_code == 400
    assert rest.job(job_id)["tags"] == [tag]


def test_an_unfinished_job_cannot_be_deleted_and_a_finished_job_cannot_be_cancelled(rest, scripted):
    job_id = rest.submit(scripted(), params={"duration": 60})
    assert rest.call("DELETE", f"/jobs/{job_id}").status_code == 409
    assert rest.post(f"/jobs/{job_id}/cancel").status_code == 204
    assert rest.ended(job_id)["status"] == "Cancelled"
    assert rest.post(f"/jobs/{job_id}/cancel").status_code == 409
    assert rest.call("DELETE", f"/jobs/{job_id}").status_code == 204
    assert rest.get(f"/jobs/{job_id}").status_code == 404


def test_a_waiting_job_shows_its_place_in_the_queue(rest, scripted):
    backend = scripted()
    jobs = [rest.submit(backend, params={"duration": 60}) for _ in range(3)]
    assert rest.status(jobs[0]) == "Running"
    places = [rest.job(job).get("queue_position") for job in jobs]
    for job in jobs:
        rest.post(f"/jobs/{job}/cancel")
    assert places == [None, 1, 2]


def test_repeated_submits_create_separate_jobs(rest, scripted):
    backend = scripted()
    first, second = (rest.submit(backend, params={"duration": 0}) for _ in range(2))
    assert first != second


def test_unnecessary_headers_of_the_client_have_no_effect(rest, scripted):
    job_id = rest.submit(scripted(), params={"duration": 60})
    odd = {"Content-Type": "application/json", "Accept": "text/html"}
    assert rest.get(f"/jobs/{job_id}", headers=odd).status_code == 200
    assert rest.get("/backends", headers={**odd, "Accept-Encoding": "gzip"}).status_code == 200
    assert rest.post(f"/jobs/{job_id}/cancel", headers=odd).status_code == 204
    assert rest.ended(job_id)["status"] == "Cancelled"


def test_the_service_still_runs_a_job_after_these_requests(line5):
    result = SamplerV2(mode=line5).run([bell(line5)], shots=200).result(timeout=40)
    assert set(result[0].data.meas.get_counts()) <= {"00", "11"}
