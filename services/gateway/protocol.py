"""uvicorn's HTTP protocol, with bounds on the head of a request: it has none of its own, in size or in time."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# A head larger than this, in bytes, or slower than this, in seconds, is not a browser's.
LARGEST_HEAD, HEAD_SECONDS = 32 * 1024, 10.0


class BoundedProtocol(HttpToolsProtocol):
    _in_head = False
    _held = 0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._held += len(data)
            if self._held > LARGEST_HEAD:
                self.send_400_response("The head of the request is too large.")
            else:
                self._wait()

    def on_message_begin(self) -> None:
        self._in_head, self._held = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._arrived()
        super().on_headers_complete()

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _arrived(self) -> None:
        self._in_head = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        self.transport.close()
