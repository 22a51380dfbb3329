"""Completion of names in Python code."""

from __future__ import annotations

import re
import rlcompleter
from typing import Any

_MAX_CANDIDATES = 500
_WORD = re.compile(r"[\w.]*\Z")


def complete_python(namespace: dict[str, Any], before: str) -> list[str]:
    """Returns whole words for the last name of `before`, sorted; for `a.b`, candidates for `b`."""
    match = _WORD.search(before)
    word = "" if match is None else match[0]
    if not word:
        return []
    completer = rlcompleter.Completer(namespace)
    try:
        names = completer.attr_matches(word) if "." in word else completer.global_matches(word)
    except Exception:  # noqa: BLE001 - a property of the user's object may raise anything
        return []
    start = word.rpartition(".")[0]
    cut = len(start) + 1 if start else 0
    return sorted({name[cut:].rstrip("(): ") for name in names})[:_MAX_CANDIDATES]
