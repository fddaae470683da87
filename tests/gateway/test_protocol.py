"""The head of a request is bounded in size and in time, and what is not HTTP is refused."""

import asyncio

import pytest

from services.gateway import protocol
from tests.gateway.world import World


async def ask(world: World, *pieces: bytes) -> bytes:
    """What comes back until the connection is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.http.base_url.port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


async def test_a_head_that_has_no_end_is_refused(world: World) -> None:
    answer = await ask(world, b"GET /health HTTP/1.1\r\nHost: x\r\nA: ", *[b"a" * 4096] * 9)
    assert answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("begun", [b"", b"GET /health HTTP/1.1\r\nHost: x\r\n"])
async def test_a_head_that_does_not_come_is_not_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    assert await ask(world, begun) == b""


@pytest.mark.parametrize(
    "head",
    [
        b"\x00\x01\x02\r\n\r\n",
        "GET /caf\u00e9 HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
        b"GET /health HTTP/9.9\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n",
        b"POST /api/users/login HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/jwks HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_refused(world: World, head: bytes) -> None:
    answer = await ask(world, head)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert world.asked == []


async def test_a_connection_serves_many_requests_beyond_the_time_of_one_head(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", world.http.base_url.port)
    for _ in range(4):
        writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200 ")
        # Between requests the keep-alive time holds, not that of a head.
        await asyncio.sleep(0.1)
    writer.close()
