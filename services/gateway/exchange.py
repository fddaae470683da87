"""An HTTP request as it came, and an answer as it goes."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]

JSON = b"application/json"
PROBLEM = b"application/problem+json"
HTML = b"text/html; charset=utf-8"

# Answers that are about a person stay with that person.
PRIVATE: Header = (b"cache-control", b"no-store")
# May be kept, but is asked for again each time: with its ETag, that is cheap.
REVALIDATED: Header = (b"cache-control", b"no-cache")


class Gone(Exception):
    """The client went away before it had its answer."""


class Visit:
    """One request. `address` is the client's, behind the proxies that are trusted; `secure` says it came over TLS."""

    def __init__(self, scope: Scope, receive: Receive, address: str, secure: bool) -> None:
        self.scope, self.receive = scope, receive
        self.address, self.secure = address, secure
        self.method: str = scope["method"]
        self.path: str = scope["path"]

    @cached_property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.scope["headers"])

    def header(self, name: str) -> str:
        """Empty where there is none."""
        return self.headers.get(name.lower().encode(), b"").decode("latin-1")

    def repeated(self, name: str) -> list[str]:
        """Every value of a header that may come several times."""
        wanted = name.lower().encode()
        return [value.decode("latin-1") for key, value in self.scope["headers"] if key == wanted]

    async def gone(self) -> None:
        """Returns when the client has gone away."""
        while (await self.receive())["type"] != "http.disconnect":
            pass


@dataclass(slots=True)
class Answer:
    """A complete answer. `lingers`: the request's body was not read to its end."""

    status: int
    body: bytes = b""
    headers: list[Header] = field(default_factory=list)
    lingers: bool = False

    async def send(self, visit: Visit, common: list[Header], send: Send) -> None:
        # Content-Length says what a GET would have brought; the body of a HEAD is cut off here.
        length = [] if self.status in (204, 304) else [(b"content-length", str(len(self.body)).encode())]
        await send({"type": "http.response.start", "status": self.status, "headers": [*self.headers, *length, *common]})
        body = b"" if visit.method == "HEAD" else self.body
        if self.lingers:
            await send({"type": "http.response.body", "body": body, "more_body": True})
            await _linger(visit)
            body = b""
        await send({"type": "http.response.body", "body": body})


def typed(content_type: bytes) -> Header:
    return (b"content-type", content_type)


# How much of a refused body is still taken in, and for how long: closing at once would reset the connection, and the
# client would never see the refusal.
_LINGER_BYTES, _LINGER_SECONDS = 1_000_000, 1.0


async def _linger(visit: Visit) -> None:
    left = _LINGER_BYTES
    try:
        async with asyncio.timeout(_LINGER_SECONDS):
            while left > 0:
                message = await visit.receive()
                left -= len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return
    except TimeoutError:
        return
