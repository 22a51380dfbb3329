"""Programs written for version 0.2 import the mark from here; new ones use `kit.repeat`."""

from kit.repeat import not_repeatable

__all__ = ["not_repeatable"]
