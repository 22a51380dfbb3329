"""The real client with a service that runs programs in this process instead of sending them."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from given import device, run, wire
from qiskit_ibm_runtime import IBMBackend
from qiskit_ibm_runtime.decoders.defaults import DEFAULT_DECODERS
from qiskit_ibm_runtime.json import RuntimeEncoder
from qiskit_ibm_runtime.utils.backend_decoder import configuration_from_server_data


class DirectService:
    """A replacement for QiskitRuntimeService, with the members that the primitives use."""

    is_local = False
    _channel_account = SimpleNamespace(private=False)

    def __init__(self, noise: bool) -> None:
        self._noise = noise
        self.sent: list[tuple[str, str]] = []  # program id, params

    def _run(self, program_id: str, inputs: dict[str, Any], options: Any, **_: Any) -> Any:
        text = json.dumps(inputs, cls=RuntimeEncoder)
        self.sent.append((program_id, text))
        selected = options.backend if hasattr(options, "backend") else options["backend"]
        name = selected if isinstance(selected, str) else selected.name
        result: Any = run(program_id, text, device(name, noise=self._noise))
        for decoder in DEFAULT_DECODERS[program_id]:
            if not hasattr(decoder, "is_applicable") or decoder.is_applicable(result):
                result = decoder.decode(result)
        return SimpleNamespace(result=lambda: result)


def client_backend(name: str = "stint_line_5", noise: bool = False) -> IBMBackend:
    """Returns the backend as the client builds it from the wire files."""
    configuration = configuration_from_server_data(json.loads(wire(name, "configuration")))
    assert configuration is not None, "the client would drop this backend"
    api = SimpleNamespace(
        backend_properties=lambda *_, **__: json.loads(wire(name, "properties")),
    )
    service: Any = DirectService(noise)
    return IBMBackend(configuration, service, api, instance="crn")
