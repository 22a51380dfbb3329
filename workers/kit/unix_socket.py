"""The Unix socket: one connection at a time, the newest, JSON lines both ways."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

Line = bytes
RETRY = 0.2  # seconds


class Connection:
    """Listens on `path`.

    `greeting()` gives the lines that a new connection gets before anything else; `receive(line)`
    is called for every line that comes in, by the connection's own thread.
    """

    def __init__(
        self,
        path: str,
        greeting: Callable[[], Iterable[Line]],
        receive: Callable[[Line], None],
    ) -> None:
        self._path, self._greeting, self._receive = path, greeting, receive
        self._lock = threading.Lock()  # guards _peer, and keeps lines whole
        self._peer: socket.socket | None = None
        self._lost_at = time.monotonic()
        self._arrived = threading.Event()

    def listen(self) -> None:
        """Raises OSError when the path cannot be used."""
        Path(self._path).unlink(missing_ok=True)
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            server.bind(self._path)
        finally:
            os.umask(before)
        server.listen(4)
        threading.Thread(target=self._accept, args=(server,), name="accept", daemon=True).start()

    def alone_for(self) -> float:
        """Seconds without a connection; 0 with one."""
        with self._lock:
            return 0.0 if self._peer is not None else time.monotonic() - self._lost_at

    def wait_for_peer(self, seconds: float) -> bool:
        return self._arrived.wait(seconds)

    def send(self, line: Line) -> None:
        """Lost when nobody is connected: what must arrive is part of the greeting."""
        with self._lock:
            self._write(line)

    def close(self) -> None:
        Path(self._path).unlink(missing_ok=True)

    def _write(self, line: Line) -> None:
        if self._peer is None:
            return
        try:
            self._peer.sendall(line)
        except OSError:
            self._drop(self._peer)

    def _drop(self, peer: socket.socket) -> None:
        """With the lock held. shutdown, because its reader is waiting in recv."""
        with contextlib.suppress(OSError):
            peer.shutdown(socket.SHUT_RDWR)
        if self._peer is peer:
            self._peer, self._lost_at = None, time.monotonic()
            self._arrived.clear()

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                peer, _ = server.accept()
            except OSError:  # the cells have used up the descriptors
                time.sleep(RETRY)
                continue
            old = self._peer
            if old is not None:
                # Before taking the lock: a send to it may be what holds the lock.
                with contextlib.suppress(OSError):
                    old.shutdown(socket.SHUT_RDWR)
            with self._lock:
                self._peer = peer
                for line in self._greeting():
                    self._write(line)
                self._arrived.set()
            threading.Thread(target=self._read, args=(peer,), name="socket", daemon=True).start()

    def _read(self, peer: socket.socket) -> None:
        try:
            with peer.makefile("rb", buffering=1 << 16) as lines:
                for line in lines:
                    if line.endswith(b"\n") and line.strip():
                        self._receive(line)
        except OSError:
            pass
        with self._lock:
            self._drop(peer)
        peer.close()
