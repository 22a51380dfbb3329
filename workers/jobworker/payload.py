"""Reads and writes typed JSON values: `{"__type__": T, "__value__": V}`.

Only the types that a program needs are read, each where it is needed, so that an error can name
its place in the params. The client's own RuntimeDecoder is not used, because it decompresses
without a limit and loads classes by module and class names from the data.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import math
import zlib
from datetime import datetime
from typing import Any

import numpy as np

from .budget import MAX_BYTES, open_budget, spend_bytes
from .failures import InputError

# The largest accepted array or circuit file, in bytes after decompression. zlib can compress
# 1000:1, so a request of 64 MB could otherwise expand to 64 GB.
MAX_INFLATED = MAX_BYTES


def parse_params(text: str) -> dict[str, Any]:
    """Returns the params object from its JSON text, and starts the budget of the job.

    Accepts NaN and integers of any size. Raises InputError.
    """
    open_budget()
    try:
        params = json.loads(text)
    except RecursionError:
        raise InputError("The params are nested too deeply to be read.") from None
    except ValueError as error:
        raise InputError(f"The params are not valid JSON: {error}.") from None
    if not isinstance(params, dict):
        raise InputError(f"The params must be a JSON object, not {kind(params)}.")
    return params


def kind(value: object) -> str:
    """Returns the type of a JSON value in words, for error messages."""
    if value is None:
        return "null"
    if isinstance(value, dict) and "__type__" in value:
        return f"a typed {value['__type__']!r:.40}"
    names = {bool: "a boolean", int: "an integer", float: "a number", str: "a string"}
    return names.get(type(value), "an object" if isinstance(value, dict) else "a list")


def typed(type_name: str, value: object) -> dict[str, Any]:
    """Returns a typed JSON value."""
    return {"__type__": type_name, "__value__": value}


def type_of(value: object) -> str | None:
    """Returns the type name of a typed value; None for a value that is not typed."""
    name = value.get("__type__") if isinstance(value, dict) else None
    return name if isinstance(name, str) else None


def inside(value: object) -> Any:
    """Returns the content of a typed value; None for a value that is not typed."""
    return value.get("__value__") if isinstance(value, dict) else None


def decode_base64(text: object, where: str) -> bytes:
    """Decodes a base64 text. Raises InputError."""
    if not isinstance(text, str):
        raise InputError(f"{where} must be base64 text, not {kind(text)}.")
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError):
        raise InputError(f"{where} is not valid base64.") from None


def inflate(data: bytes, where: str, limit: int = MAX_INFLATED) -> bytes:
    """Decompresses zlib data into at most `limit` bytes. Raises InputError if there are more."""
    decompressor = zlib.decompressobj()
    try:
        out = decompressor.decompress(data, limit)
        if decompressor.unconsumed_tail and decompressor.decompress(
            decompressor.unconsumed_tail, 1
        ):
            raise InputError(f"{where} is larger than {limit >> 20} MiB once decompressed.")
    except zlib.error:
        raise InputError(f"{where} is not zlib-compressed data.") from None
    if not decompressor.eof:
        raise InputError(f"{where} is cut off: its zlib stream has no end.")
    spend_bytes(len(out), where)
    return out


def decode_array(value: object, where: str) -> np.ndarray:
    """Returns a typed `ndarray`, a (nested) list of numbers or a number as a float64 array.

    Never unpickles, because NumPy refuses object arrays. Raises InputError.
    """
    if type_of(value) == "ndarray":
        value = inside(value)
        if isinstance(value, str):
            raw = inflate(decode_base64(value, where), where)
            return _as_float(_load_array(raw, where), where)
    if isinstance(value, (list, int, float)) and not isinstance(value, bool):
        try:
            return _as_float(np.array(value), where)
        except (ValueError, OverflowError):
            raise InputError(f"{where} must be a rectangular list of numbers.") from None
    raise InputError(f"{where} must be an array of numbers, not {kind(value)}.")


def _load_array(raw: bytes, where: str) -> np.ndarray:
    """Reads an npy file, after checking that it is not shorter than its header says."""
    file = io.BytesIO(raw)
    try:
        version = np.lib.format.read_magic(file)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }.get(version)
        if read is None:
            raise ValueError(f"version {version} is not read")
        shape, _, dtype = read(file)
        if math.prod(shape) * max(dtype.itemsize, 1) > len(raw):
            raise ValueError(f"its shape {str(shape)[:80]} needs more data than it has")
        # The array is converted to float64 later, so count the difference now.
        spend_bytes(max(math.prod(shape) * (8 - dtype.itemsize), 0), where)
        file.seek(0)
        return np.asarray(np.load(file, allow_pickle=False))
    except (ValueError, EOFError, OSError, SyntaxError, OverflowError) as error:
        reason = str(error).split("\n")[0][:200]
        raise InputError(f"{where} is not a NumPy array file: {reason}.") from None


def _as_float(array: np.ndarray, where: str) -> np.ndarray:
    if array.dtype.kind in "biuf":
        return array.astype(np.float64)
    if array.size == 0:
        return np.zeros(array.shape)
    if array.dtype.kind == "c" and not array.imag.any():
        return array.real.astype(np.float64)
    raise InputError(f"{where} must hold real numbers, not {array.dtype}.")


def encode_array(array: np.ndarray) -> dict[str, Any]:
    """Encodes an array of any shape and plain dtype as a typed `ndarray`."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    # Level 1, because random bits do not compress and the default level is ten times as slow.
    packed = base64.b64encode(zlib.compress(buffer.getvalue(), 1))
    return typed("ndarray", packed.decode("ascii"))


def encode_datetime(at: datetime) -> dict[str, Any]:
    """Encodes a moment as a typed value, in ISO 8601."""
    return typed("datetime", at.isoformat())


def plain_number(value: float) -> float | None:
    """Returns a finite number unchanged, and None (JSON null) for any other."""
    return float(value) if math.isfinite(value) else None


def dump(value: object) -> str:
    """Returns `value` as JSON text without spaces."""
    return json.dumps(value, separators=(",", ":"))
