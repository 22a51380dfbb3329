"""Names that may follow in Python code."""

from __future__ import annotations

import re
import rlcompleter
from typing import Any

_MOST = 500
_WORD = re.compile(r"[\w.]*\Z")


def complete_python(namespace: dict[str, Any], before: str) -> list[str]:
    """Whole words for the last name of `before`, sorted; of `a.b`, the candidates for `b`."""
    found_word = _WORD.search(before)
    word = "" if found_word is None else found_word[0]
    if not word:
        return []
    completer = rlcompleter.Completer(namespace)
    try:
        found = completer.attr_matches(word) if "." in word else completer.global_matches(word)
    except Exception:  # noqa: BLE001 - a property of the user's object may do anything
        return []
    start = word.rpartition(".")[0]
    cut = len(start) + 1 if start else 0
    return sorted({name[cut:].rstrip("(): ") for name in found})[:_MOST]
