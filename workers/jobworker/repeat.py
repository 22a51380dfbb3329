"""Re-exports the mark for programs written for version 0.2. New programs use `kit.repeat`."""

from kit.repeat import not_repeatable

__all__ = ["not_repeatable"]
