"""A line to the document server that loses answers on purpose: the server has done its work, and nobody hears of it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

# Of a message: its length in the first four bytes, little-endian, of a head of sixteen.
_HEAD = 16


class Line:
    """Passes messages on. lost: how many answers to commits are still to be lost; each takes its connection with it.

    In threads, since the driver closes its connections in one too, and waits for the answer to its last words.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.server_address = (parts.hostname or "", parts.port or 0)
        self.lost = self.commits = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._ends: list[socket.socket] = [self._listening]
        self._threads: list[threading.Thread] = []
        self._run(self._accept)

    def close(self) -> None:
        for end in self._ends:
            _hang_up(end)
        for thread in self._threads:
            thread.join(10)
        for end in self._ends:
            end.close()

    def _run(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed: the test is over
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self.server_address)
                self._ends += [client, server]
                self._carry(client, server)

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        losing = threading.Event()

        def asked(message: bytes) -> bool:
            if b"commitTransaction" in message:
                self.commits += 1
                if self.lost:
                    self.lost -= 1
                    losing.set()
            return True

        self._run(lambda: _pass(client, server, asked))
        self._run(lambda: _pass(server, client, lambda _: not losing.is_set()))


def _pass(source: socket.socket, target: socket.socket, wanted: Callable[[bytes], bool]) -> None:
    """Passes messages on as long as they are wanted and both ends are there."""
    with suppress(OSError):
        while (message := _message(source)) and wanted(message):
            target.sendall(message)
    _hang_up(source)
    _hang_up(target)


def _message(source: socket.socket) -> bytes:
    """The next message; empty at the end."""
    head = source.recv(_HEAD, socket.MSG_WAITALL)
    if len(head) < _HEAD:
        return b""
    return head + source.recv(int.from_bytes(head[:4], "little") - _HEAD, socket.MSG_WAITALL)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):  # hung up already
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def line_to(url: str) -> Iterator[Line]:
    line = Line(url)
    try:
        yield line
    finally:
        line.close()
