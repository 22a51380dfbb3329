"""The API description of the built service, as a generator of clients reads it."""

import re

import pytest
import requests

METHODS = ("get", "put", "post", "patch", "delete")


@pytest.fixture(scope="module")
def document(stint):
    answer = requests.get(f"{stint['url']}/api/v1/docs/openapi.json", timeout=30)
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture(scope="module")
def operations(document):
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def refs(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from refs(value)


def test_every_reference_resolves_to_a_schema(document):
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(refs(document)) <= known


def test_members_have_the_types_that_clients_receive(document):
    schemas = document["components"]["schemas"]
    assert schemas["OpenSessionRequest"]["properties"]["max_ttl"]["type"] == "integer"
    assert schemas["BackendConfig"]["properties"]["slots"]["type"] == "integer"
    entries = schemas["LedgerAnswer"]["properties"]["entries"]
    assert entries["items"]["$ref"].endswith("/LedgerEntryAnswer")


def test_every_operation_describes_its_answer(operations):
    silent = [
        f"{route} {status}"
        for route, operation in operations.items()
        for status, answer in operation["responses"].items()
        if re.match("20[01]", status) and "content" not in answer
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/backends", "DevicesAnswer"),
        ("/backends/stint_line_5/status", "BackendStatusAnswer"),
        ("/instances/usage", "InstanceUsageAnswer"),
        ("/sessions?limit=1", "SessionsAnswer"),
        ("/jobs?limit=1", "JobsAnswer"),
    ],
)
def test_answers_match_their_schema(document, rest, path, schema):
    rest.call("DELETE", f"/sessions/{rest.open_session('stint_line_5')['id']}/close")
    check(rest.get_json(path), {"$ref": f"#/components/schemas/{schema}"}, document, path)


def test_a_job_matches_its_schema(document, rest, scripted):
    job = rest.submit(scripted(), params={"duration": 0})
    for path, schema in ((f"/jobs/{job}", "JobWithParamsAnswer"), (f"/jobs/{job}/metrics", "MetricsAnswer")):
        check(rest.get_json(path), {"$ref": f"#/components/schemas/{schema}"}, document, path)


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/backends", "BackendsAnswer"),
        ("/instances", "TenantsAnswer"),
        ("/tokens", "TokensAnswer"),
        ("/sessions?limit=2", "SessionsAnswer"),
        ("/ledger?limit=2", "LedgerAnswer"),
        ("/clock", "ClockAnswer"),
    ],
)
def test_operator_answers_match_their_schema(document, admin, path, schema):
    check(admin.get_json(path), {"$ref": f"#/components/schemas/{schema}"}, document, path)


PYTHON = {"string": str, "number": (int, float), "integer": int, "boolean": bool, "object": dict}


def check(value, schema, document, where):
    """Checks that every member is described and has its type, and that no required one is missing."""
    if value is None and schema.get("nullable"):
        return
    for part in schema.get("allOf", ()):
        check(value, part, document, where)
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        check(value, document["components"]["schemas"][name], document, f"{where} ({name})")
    elif schema.get("type") == "array":
        assert isinstance(value, list), where
        for item in value:
            check(item, schema["items"], document, f"{where}[]")
    elif "properties" in schema:
        assert set(schema.get("required", ())) <= set(value) <= set(schema["properties"]), where
        for key, member in value.items():
            check(member, schema["properties"][key], document, f"{where}.{key}")
    elif "type" in schema:
        assert isinstance(value, PYTHON[schema["type"]]), f"{where} is {value!r}"
        assert value in schema.get("enum", [value]), where
