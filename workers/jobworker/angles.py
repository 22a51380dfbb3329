"""Checks that the angles which a circuit computes from its parameters are finite.

Aer accepts infinities and NaN without an error, and returns random outcomes.
"""

from __future__ import annotations

import math

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit import ControlFlowOp, Parameter, ParameterExpression

from .failures import InputError


def check_angles(circuit: QuantumCircuit, rows: np.ndarray, where: str) -> None:
    """Raises InputError if a row of `rows` gives an angle that is not finite.

    `rows` (n, parameters) contains only finite values.
    """
    parameters = list(circuit.parameters)
    column_of = {parameter: column for column, parameter in enumerate(parameters)}
    finite = np.ones(len(rows), dtype=bool)
    for expression in _expressions(circuit):
        used = list(expression.parameters)
        columns = rows[:, [column_of[parameter] for parameter in used]]
        slopes = [expression.gradient(parameter) for parameter in used]
        if all(isinstance(slope, (int, float)) for slope in slopes):
            # Most expressions are linear: compute all rows at once.
            start = float(expression.bind(dict.fromkeys(used, 0)))
            with np.errstate(all="ignore"):
                finite &= np.isfinite(columns @ np.array(slopes, dtype=np.float64) + start)
        else:
            for index, row in enumerate(columns.tolist()):
                finite[index] &= _is_finite(expression, dict(zip(used, row)))
    if not finite.all():
        row = rows[int(np.argmin(finite))].tolist()
        values = [f"{p.name} = {value}" for p, value in zip(parameters[:6], row)]
        listed = ", ".join(values) + (", …" if len(parameters) > 6 else "")
        raise InputError(f"{where} give an angle that is no finite number: {listed}.")


def _expressions(circuit: QuantumCircuit) -> set[ParameterExpression]:
    """Returns all expressions that contain parameters, also in the blocks of control flow."""
    expressions: set[ParameterExpression] = set()
    for instruction in circuit.data:
        if isinstance(instruction.operation, ControlFlowOp):
            for block in instruction.operation.blocks:
                expressions |= _expressions(block)
        for value in instruction.params:
            if isinstance(value, ParameterExpression) and not isinstance(value, Parameter):
                expressions.add(value)
    return {expression for expression in expressions if expression.parameters}


def _is_finite(expression: ParameterExpression, values: dict[Parameter, float]) -> bool:
    try:
        return math.isfinite(float(expression.bind(values)))
    except (ZeroDivisionError, OverflowError):
        return False
    except TypeError:  # a complex number, which Aer refuses itself
        return True
