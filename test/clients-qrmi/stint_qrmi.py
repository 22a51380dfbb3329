"""The address of the running Stint, the settings for QRMI, and plain HTTP access.

The server is given by STINT_URL, STINT_TOKEN and STINT_CRN. It offers stint_line_5 and stint_hex_27.
"""

import os

import pytest
import requests

SETTINGS = ("STINT_URL", "STINT_TOKEN", "STINT_CRN")
if missing := [name for name in SETTINGS if not os.environ.get(name)]:
    raise pytest.UsageError(f"this suite needs a running server; not set: {', '.join(missing)}")

URL, TOKEN, CRN = (os.environ[name].rstrip("/") for name in SETTINGS)
BACKENDS = ("stint_line_5", "stint_hex_27")
# The old and the new name of the same service.
KINDS = {"IBMQiskitRuntimeService": "QRS", "IBMQuantumComputeService": "QCS"}


def settings(kind):
    """Returns QRMI's settings for a service of this kind."""
    prefix = f"QRMI_IBM_{KINDS[kind]}_"
    return {
        f"{prefix}ENDPOINT": f"{URL}/api/v1",
        f"{prefix}IAM_ENDPOINT": URL,
        f"{prefix}IAM_APIKEY": TOKEN,
        f"{prefix}SERVICE_CRN": CRN,
    }


def call(method, path, **options):
    """Plain HTTP access, to see the server's view."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Service-CRN": CRN}
    answer = requests.request(method, f"{URL}/api/v1{path}", headers=headers, timeout=60, **options)
    assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None
