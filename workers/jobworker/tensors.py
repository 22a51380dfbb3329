"""Tensors of the `executor` program: `{data, shape, dtype}`.

`data` is base64 of little-endian bytes, which are zlib-compressed from schema v2.0 on. Booleans
are packed eight to a byte, low bit first.
"""

from __future__ import annotations

import base64
import math
import zlib
from typing import Any

import numpy as np

from .budget import spend_bytes
from .failures import InputError
from .payload import MAX_INFLATED, decode_base64, inflate, kind

_DTYPES = {
    "f16": "<f2", "f32": "<f4", "f64": "<f8",
    "i8": "<i1", "i16": "<i2", "i32": "<i4", "i64": "<i8",
    "u8": "<u1", "u16": "<u2", "u32": "<u4", "u64": "<u8",
    "c64": "<c8", "c128": "<c16",
}  # fmt: skip
_NAMES = {np.dtype(code): name for name, code in _DTYPES.items()}


def is_tensor(value: object) -> bool:
    """Returns whether a value has the form of a tensor."""
    return isinstance(value, dict) and {"data", "shape", "dtype"} <= set(value)


def decode_tensor(value: object, compressed: bool, where: str) -> np.ndarray:
    """Decodes a tensor into an array of the tensor's shape and dtype. Raises InputError."""
    if not isinstance(value, dict) or not is_tensor(value):
        raise InputError(f"{where} must be a tensor {{data, shape, dtype}}, not {kind(value)}.")
    dtype, shape = value["dtype"], value["shape"]
    if dtype != "bool" and dtype not in _DTYPES:
        raise InputError(f"{where} has the unknown dtype {dtype!r:.40}.")
    if not isinstance(shape, list) or not all(isinstance(n, int) and n >= 0 for n in shape):
        raise InputError(f"{where} must have a shape of non-negative integers.")
    size = math.prod(shape)
    if size > MAX_INFLATED or max(shape, default=0) > MAX_INFLATED:
        raise InputError(f"{where} is larger than {MAX_INFLATED >> 20} MiB.")
    length = (size + 7) // 8 if dtype == "bool" else size * np.dtype(_DTYPES[dtype]).itemsize
    if length > MAX_INFLATED:
        raise InputError(f"{where} is larger than {MAX_INFLATED >> 20} MiB.")
    raw = decode_base64(value["data"], where)
    if compressed:
        raw = inflate(raw, where)
    if len(raw) != length:
        raise InputError(
            f"{where} has {len(raw)} bytes of data, but its shape {shape} and dtype {dtype} "
            f"need {length}."
        )
    if dtype == "bool":
        spend_bytes(size, where)
        bits = np.unpackbits(np.frombuffer(raw, dtype=np.uint8), bitorder="little")
        return bits[:size].astype(bool).reshape(shape)
    return np.frombuffer(raw, dtype=_DTYPES[dtype]).reshape(shape)


def encode_tensor(array: np.ndarray, compressed: bool) -> dict[str, Any]:
    """Encodes an array as a tensor."""
    if array.dtype == np.bool_:
        dtype, raw = "bool", np.packbits(array, bitorder="little").tobytes()
    else:
        dtype = _NAMES[array.dtype.newbyteorder("<")]
        raw = array.astype(_DTYPES[dtype]).tobytes()
    if compressed:
        raw = zlib.compress(raw, 1)  # see payload.encode_array
    return {
        "data": base64.b64encode(raw).decode("ascii"),
        "shape": list(array.shape),
        "dtype": dtype,
    }
