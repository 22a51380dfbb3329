"""Texts of others in our messages."""

from __future__ import annotations


def shortened(text: str, most: int) -> str:
    """At most `most` characters, and a sign where there were more."""
    return text if len(text) <= most else f"{text[:most]}…"
