"""The circuits of this suite, compiled for a backend."""

from qiskit import QuantumCircuit, transpile
from qiskit.circuit import Parameter

# By measurement, the circuit of `slow` runs at about 4500 shots per second on one core.
SHOTS_PER_SECOND = 4500


def compiled(circuit, backend, layout=None):
    return transpile(circuit, backend, initial_layout=layout, optimization_level=1, seed_transpiler=1)


def bell(backend):
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return compiled(circuit, backend, [0, 1])


def bell_state(backend):
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    return compiled(circuit, backend, [0, 1])


def ghz(backend, qubits):
    """Entangles neighbours along a path of the device, so that compilation adds no swaps."""
    circuit = QuantumCircuit(qubits)
    circuit.h(0)
    for qubit in range(qubits - 1):
        circuit.cx(qubit, qubit + 1)
    circuit.measure_all()
    return compiled(circuit, backend, path(backend, qubits))


def path(backend, length):
    """Returns a simple path of `length` connected qubits."""
    neighbours = {}
    for one, other in backend.coupling_map.get_edges():
        neighbours.setdefault(one, set()).add(other)

    def extend(walk):
        if len(walk) == length:
            return walk
        for step in sorted(neighbours[walk[-1]] - set(walk)):
            if longer := extend([*walk, step]):
                return longer
        return None

    for start in sorted(neighbours):
        if found := extend([start]):
            return found
    raise AssertionError(f"{backend.name} has no path of {length} qubits")


def rotation(backend, measured=True):
    """RY(θ)|0⟩: P(1) = sin²(θ/2), ⟨Z⟩ = cos θ."""
    circuit = QuantumCircuit(1)
    circuit.ry(Parameter("theta"), 0)
    if measured:
        circuit.measure_all()
    return compiled(circuit, backend, [0])


def slow(backend, seconds):
    """PUBs that keep a simulator busy: mid-circuit measurements force it to run shot by shot."""
    circuit = QuantumCircuit(5, 5)
    for _ in range(50):
        for qubit in range(5):
            circuit.sx(qubit)
            circuit.rz(0.3, qubit)
        for qubit in range(4):
            circuit.cz(qubit, qubit + 1)
        circuit.measure(0, 0)
    circuit.measure(range(5), range(5))
    isa = compiled(circuit, backend, range(5))
    shots = int(seconds * SHOTS_PER_SECOND)
    most = 50_000
    return [(isa, None, min(most, shots - done)) for done in range(0, shots, most)]
