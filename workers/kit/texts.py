"""Shortens texts from outside that become part of a message."""

from __future__ import annotations


def shortened(text: str, most: int) -> str:
    """Returns the first `most` characters of `text`, with an ellipsis if it was longer."""
    return text if len(text) <= most else f"{text[:most]}…"
