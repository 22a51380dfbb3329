"""Connects the examples in this folder to the server. The client itself is unmodified: it reads environment variables."""

import os

from qiskit_ibm_runtime import QiskitRuntimeService


def find_service():
    """Returns a client for the server that STINT_URL, STINT_TOKEN and STINT_CRN or the client's own variables name."""
    if "QISKIT_IBM_URL" not in os.environ:
        url = os.environ["STINT_URL"].rstrip("/")
        os.environ.update(
            IAM_URL=url,
            GLOBAL_SEARCH_URL=f"{url}/search",
            GLOBAL_CATALOG_URL=f"{url}/catalog/api/v1",
            QISKIT_IBM_URL=f"{url}/experimental/api/v1",
            QISKIT_IBM_TOKEN=os.environ["STINT_TOKEN"],
            QISKIT_IBM_INSTANCE=os.environ["STINT_CRN"],
        )
    return QiskitRuntimeService()
