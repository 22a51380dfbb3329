"""Angles that a circuit computes from its parameters must be finite numbers.

Aer simulates infinities and NaN as well, and returns noise.
"""

from __future__ import annotations

import math

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Parameter, ParameterExpression

from .failures import InputError


def check_angles(circuit: QuantumCircuit, rows: np.ndarray, where: str) -> None:
    """Raise InputError where a row of `rows` (n, parameters), all finite, gives one that is not."""
    parameters = list(circuit.parameters)
    place = {parameter: column for column, parameter in enumerate(parameters)}
    finite = np.ones(len(rows), dtype=bool)
    for expression in _expressions(circuit):
        inside = list(expression.parameters)
        columns = rows[:, [place[parameter] for parameter in inside]]
        slopes = [expression.gradient(parameter) for parameter in inside]
        if all(isinstance(slope, (int, float)) for slope in slopes):
            # A sum of multiples, as most are: all rows at once.
            start = float(expression.bind(dict.fromkeys(inside, 0)))
            with np.errstate(all="ignore"):
                finite &= np.isfinite(columns @ np.array(slopes, dtype=np.float64) + start)
        else:
            for index, row in enumerate(columns.tolist()):
                finite[index] &= _is_finite(expression, dict(zip(inside, row)))
    if not finite.all():
        row = rows[int(np.argmin(finite))].tolist()
        named = [f"{p.name} = {value}" for p, value in zip(parameters[:6], row)]
        listed = ", ".join(named) + (", …" if len(parameters) > 6 else "")
        raise InputError(f"{where} give an angle that is no finite number: {listed}.")


def _expressions(circuit: QuantumCircuit) -> set[ParameterExpression]:
    """All that computes with parameters, also inside the blocks of control flow."""
    found: set[ParameterExpression] = set()
    for instruction in circuit.data:
        if isinstance(instruction.operation, ControlFlowOp):
            for block in instruction.operation.blocks:
                found |= _expressions(block)
        for value in instruction.params:
            if isinstance(value, ParameterExpression) and not isinstance(value, Parameter):
                found.add(value)
    return {expression for expression in found if expression.parameters}


def _is_finite(expression: ParameterExpression, values: dict[Parameter, float]) -> bool:
    try:
        return math.isfinite(float(expression.bind(values)))
    except (ZeroDivisionError, OverflowError):
        return False
    except TypeError:  # a complex number, which Aer refuses by itself
        return True
