"""The conversation with the service: messages over any transport."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from .messages import FromRunner, Heartbeat, ProtocolError, ToRunner, parse, print_line

Line = bytes
"""One JSON object in UTF-8, newline included."""


class Transport(Protocol):
    """Carries lines to the service and back. It knows no message."""

    def open(self, greeting: Callable[[], Iterable[Line]], receive: Callable[[Line], None]) -> None:
        """Sends `greeting()` on each connection before anything else.

        `receive` is called with each line that comes in, from a thread of the transport's own.
        """

    def send(self, line: Line) -> None:
        """Sends a line from any thread. It is lost where there is no connection."""


class Channel:
    """Messages in both directions, over any transport."""

    def __init__(
        self,
        transport: Transport,
        greeting: Callable[[], Iterable[FromRunner]],
        receive: Callable[[ToRunner], None],
        note: Callable[[str], None],
    ) -> None:
        """`note` takes a line for the log: what came in and is no message."""
        self._transport = transport
        self._greeting, self._receive, self._note = greeting, receive, note

    def open(self) -> None:
        """From now on messages are sent and received. Raises OSError when that is impossible."""
        self._transport.open(self._greet, self._hear)

    def send(self, message: FromRunner) -> None:
        """Sends a message from any thread. It is lost where there is no connection."""
        self._transport.send(print_line(message))

    def _greet(self) -> Iterator[Line]:
        return map(print_line, self._greeting())

    def _hear(self, line: Line) -> None:
        try:
            message = parse(line)
        except ProtocolError as error:
            self._note(f"ignored a line of {len(line)} bytes: {error}")
            return
        if isinstance(message, Heartbeat):
            self.send(Heartbeat())
        else:
            self._receive(message)
