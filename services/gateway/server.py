"""The HTTP server: uvicorn on a socket of ours, stopped in order by SIGTERM."""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from services.gateway.protocol import BoundedProtocol

log = logging.getLogger(__name__)

_BACKLOG = 2048
# Connections beyond it are told 503 by uvicorn itself.
_MOST_CONNECTIONS = 2_000


def listening(listen: str) -> socket.socket:
    """A socket at host:port. Exits with one clear line when that is not possible."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    if not port.isdecimal() or int(port) > 65535:
        raise SystemExit(f"cannot start: LISTEN is not host:port: {listen!r}")
    try:
        family = socket.getaddrinfo(host or None, int(port), type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        made = socket.create_server((host, int(port)), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise SystemExit(f"cannot listen on {listen}: is another program using the port? ({error.strerror})") from None
    # What is accepted inherits it. Without it an answer's body waits 40 ms for the acknowledgment of its head.
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


class Server(uvicorn.Server):
    """Ends the streams first when it stops: they would not end by themselves."""

    def __init__(self, app: object, drain_seconds: int, stopping: Callable[[], None]) -> None:
        self._stopping = stopping
        super().__init__(_config(app, drain_seconds))

    async def run_at(self, at: socket.socket) -> None:
        """Serves until SIGTERM or SIGINT; then takes nothing new, lets what runs end, and returns."""
        host, port = at.getsockname()[:2]
        log.info("listening", extra={"address": f"{host}:{port}"})
        await self.serve(sockets=[at])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        log.info("stopping")
        self._stopping()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again at the end, so that a stop in good order would not exit 0.
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, self.handle_exit, signum, None)
        yield


def _config(app: object, drain_seconds: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=BoundedProtocol,
        ws="none",
        lifespan="off",
        loop="none",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        proxy_headers=False,  # see visitors.py
        server_header=False,
        date_header=True,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=drain_seconds,
        limit_concurrency=_MOST_CONNECTIONS,
    )
