"""Exchange of messages with the service over any transport."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from .messages import FromRunner, Heartbeat, ProtocolError, ToRunner, parse, print_line

Line = bytes
"""One JSON object in UTF-8, newline included."""


class Transport(Protocol):
    """Carries lines to and from the service, without parsing them."""

    def open(self, greeting: Callable[[], Iterable[Line]], receive: Callable[[Line], None]) -> None:
        """Sends `greeting()` first on each connection, and starts to receive.

        The transport calls `receive` with each incoming line, from its own thread.
        """

    def send(self, line: Line) -> None:
        """Sends a line. Thread-safe. The line is dropped if there is no connection."""


class Channel:
    """Messages in both directions, over any transport."""

    def __init__(
        self,
        transport: Transport,
        greeting: Callable[[], Iterable[FromRunner]],
        receive: Callable[[ToRunner], None],
        note: Callable[[str], None],
    ) -> None:
        """`note` logs a line of text; it is called for incoming lines that are not messages."""
        self._transport = transport
        self._greeting, self._receive, self._note = greeting, receive, note

    def open(self) -> None:
        """Starts to send and receive messages. Raises OSError if the transport cannot open."""
        self._transport.open(self._greet, self._receive_line)

    def send(self, message: FromRunner) -> None:
        """Sends a message. Thread-safe. The message is dropped if there is no connection."""
        self._transport.send(print_line(message))

    def _greet(self) -> Iterator[Line]:
        return map(print_line, self._greeting())

    def _receive_line(self, line: Line) -> None:
        try:
            message = parse(line)
        except ProtocolError as error:
            self._note(f"ignored a line of {len(line)} bytes: {error}")
            return
        if isinstance(message, Heartbeat):
            self.send(Heartbeat())
        else:
            self._receive(message)
