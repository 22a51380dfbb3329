"""A transport over a Unix socket on which the worker listens.

It serves workers that keep running while the service restarts.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .channel import Line

RETRY = 0.2  # seconds


class UnixSocketTransport:
    """Listens on `path` and carries lines over one connection; a new one replaces the old."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()  # guards _peer, and keeps lines from mixing
        self._peer: socket.socket | None = None
        self._lost_at = time.monotonic()
        self._arrived = threading.Event()

    def open(self, greeting: Callable[[], Iterable[Line]], receive: Callable[[Line], None]) -> None:
        """As in `Transport`. Raises OSError if the socket cannot be created at the path."""
        Path(self._path).unlink(missing_ok=True)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        previous_umask = os.umask(0o177)
        try:
            server.bind(self._path)
        finally:
            os.umask(previous_umask)
        server.listen(4)
        accept = threading.Thread(
            target=self._accept, args=(server, greeting, receive), name="accept", daemon=True
        )
        accept.start()

    def disconnected_for(self) -> float:
        """Returns the seconds since the last connection ended; 0 while one is open."""
        with self._lock:
            return 0.0 if self._peer is not None else time.monotonic() - self._lost_at

    def wait_for_peer(self, seconds: float) -> bool:
        """Waits at most `seconds` for a connection. Returns whether there is one."""
        return self._arrived.wait(seconds)

    def send(self, line: Line) -> None:
        """As in `Transport`. Only messages of the greeting are certain to arrive."""
        with self._lock:
            self._write(line)

    def close(self) -> None:
        """Deletes the socket's file."""
        Path(self._path).unlink(missing_ok=True)

    def _write(self, line: Line) -> None:
        if self._peer is None:
            return
        try:
            self._peer.sendall(line)
        except OSError:
            self._drop(self._peer)

    def _drop(self, peer: socket.socket) -> None:
        """Closes the connection. The caller holds the lock.

        Calls shutdown, because the connection's reader is waiting in recv.
        """
        with contextlib.suppress(OSError):
            peer.shutdown(socket.SHUT_RDWR)
        if self._peer is peer:
            self._peer, self._lost_at = None, time.monotonic()
            self._arrived.clear()

    def _accept(
        self,
        server: socket.socket,
        greeting: Callable[[], Iterable[Line]],
        receive: Callable[[Line], None],
    ) -> None:
        while True:
            try:
                peer, _ = server.accept()
            except OSError:  # the session's own code has used up the file descriptors
                time.sleep(RETRY)
                continue
            old = self._peer
            if old is not None:
                # Before taking the lock, because a send to the old peer may be holding it.
                with contextlib.suppress(OSError):
                    old.shutdown(socket.SHUT_RDWR)
            with self._lock:
                self._peer = peer
                for line in greeting():
                    self._write(line)
                self._arrived.set()
            threading.Thread(
                target=self._read, args=(peer, receive), name="socket", daemon=True
            ).start()

    def _read(self, peer: socket.socket, receive: Callable[[Line], None]) -> None:
        try:
            with peer.makefile("rb", buffering=1 << 16) as lines:
                for line in lines:
                    if line.endswith(b"\n") and line.strip():
                        receive(line)
        except OSError:
            pass
        with self._lock:
            self._drop(peer)
        peer.close()
