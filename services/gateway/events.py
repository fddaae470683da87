"""Server-sent events out of streaming RPCs: resumable, bounded in number, ended with the client or with the process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from services.chassis import telemetry
from services.gateway import answers, problems
from services.gateway.exchange import PRIVATE, Answer, Gone, Header, Send, Visit, typed
from services.gateway.peers import Peers
from services.gateway.problems import Problem, retry_after
from services.gateway.reading import Reader

_PING_SECONDS = 15.0
# How long a resumed stream waits for something new, or for its end, before it is opened without.
_RESUMING_SECONDS = 1.0
# A client that takes nothing for so many seconds is gone.
_STALLED_SECONDS = 30.0
# How soon a client whose stream ended opens the next, in milliseconds.
_RETRY = b"retry: 1000\n\n"

_HEADERS: list[Header] = [typed(b"text/event-stream"), PRIVATE, (b"x-accel-buffering", b"no")]


class Feed:
    """The messages of one streaming RPC. Waiting is done beside the reading: to cancel a read would cancel the RPC."""

    def __init__(self, call: Any, visit: Visit, closing: asyncio.Event) -> None:
        self.call = call
        self._reading: asyncio.Task[Any] | None = None
        self._ends = [asyncio.create_task(visit.gone()), asyncio.create_task(closing.wait())]

    @property
    def over(self) -> bool:
        """Whether the client has gone, or the process stops."""
        return any(end.done() for end in self._ends)

    async def next(self, seconds: float) -> Message | None:
        """The next message; None when none came in time, or it is `over`. Raises EOFError at the end of the stream."""
        if self._reading is None:
            self._reading = asyncio.ensure_future(self.call.read())
        await asyncio.wait({self._reading, *self._ends}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if not self._reading.done():
            return None
        reading, self._reading = self._reading, None
        found = reading.result()
        if found is grpc.aio.EOF:
            raise EOFError
        return found  # type: ignore[no-any-return]

    async def close(self) -> None:
        self.call.cancel()
        tasks = [*self._ends, *([self._reading] if self._reading else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Streams:
    """The open streams of one gateway."""

    def __init__(self, peers: Peers, most: int, ping_seconds: float = _PING_SECONDS) -> None:
        self.peers, self.most, self.ping_seconds = peers, most, ping_seconds
        self.open = 0
        self._closing = asyncio.Event()

    def close(self) -> None:
        """Ends every stream, soon."""
        self._closing.set()

    async def serve(self, reader: Reader, visit: Visit, request: Message, common: list[Header], send: Send) -> int:
        """Streams until the RPC ends, its time is over, the client goes or the process stops. Returns the status."""
        async with self._place(), self._feed(reader, visit, request) as feed:
            stream = _Stream(reader, visit, feed, self.ping_seconds)
            first = await stream.first()
            if feed.over:
                raise Gone
            if first is None and stream.ended:
                # Nothing came, and nothing will: 204 tells an EventSource not to ask again.
                await Answer(204, b"", [PRIVATE]).send(visit, common, send)
                return 204
            await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS, *common]})
            await _to_the_end(stream, first, send)
            return 200

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        if self.open >= self.most or self._closing.is_set():
            raise Problem(503, "TOO_MANY_STREAMS", "too many streams are open; try again", headers=(retry_after(5),))
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    @asynccontextmanager
    async def _feed(self, reader: Reader, visit: Visit, request: Message) -> AsyncIterator[Feed]:
        call = self.peers.stream(reader.rpc, request, timeout=reader.route.budget)
        feed = Feed(call, visit, self._closing)
        try:
            yield feed
        finally:
            await feed.close()


async def _to_the_end(stream: "_Stream", first: Message | None, send: Send) -> None:
    """The answer has begun, so that no problem can follow: what goes wrong from here ends it."""
    try:
        await stream.run(first, send)
    except TimeoutError:
        raise Gone from None
    except Exception as error:
        problems.unexpected(error)
        raise Gone from None


class _Stream:
    def __init__(self, reader: Reader, visit: Visit, feed: Feed, ping_seconds: float) -> None:
        self.reader, self.visit, self.feed, self.ping_seconds = reader, visit, feed, ping_seconds
        self.ended = False
        self._name, self._id = reader.route.event

    async def first(self) -> Message | None:
        """The first event that the client has not seen yet; None when none comes soon. Refusals are Problems."""
        seen = self.visit.header("last-event-id")
        message = await self._next(self.reader.route.opening)
        if message is not None and seen and self._id_of(message) == seen:
            message = await self._next(_RESUMING_SECONDS)
        return message

    async def run(self, first: Message | None, send: Send) -> None:
        await _put(send, _RETRY + (self._event(first) if first is not None else b""))
        try:
            while not self.ended and not self.feed.over:
                message = await self._next(self.ping_seconds)
                if message is not None:
                    await _put(send, self._event(message))
                elif not self.ended and not self.feed.over:
                    await _put(send, b": ping\n\n")
        except Problem as problem:
            if problem.reason != "DEADLINE_PASSED":
                await _put(send, _lines("problem", problems.body(problem, self.visit.path, telemetry.trace_id())))
        await _put(send, b"", more=False)

    async def _next(self, seconds: float) -> Message | None:
        try:
            return await self.feed.next(seconds)
        except EOFError:
            self.ended = True
            return None
        except grpc.aio.AioRpcError as error:
            self.ended = True
            raise problems.from_peer(error, self.reader.rpc.service, self.reader.rename) from None

    def _event(self, message: Message) -> bytes:
        identity = f"id: {self._id_of(message)}\n".encode()
        return identity + _lines(self._name, answers.encoded(answers.plain(message)))

    def _id_of(self, message: Message) -> str:
        found = answers.pick(message, self._id)
        return found.ToJsonString() if isinstance(found, Timestamp) else str(found)


def _lines(event: str, data: bytes) -> bytes:
    # The JSON has no line breaks of its own, so one data line holds it.
    return b"event: " + event.encode() + b"\ndata: " + data + b"\n\n"


async def _put(send: Send, chunk: bytes, *, more: bool = True) -> None:
    async with asyncio.timeout(_STALLED_SECONDS):
        await send({"type": "http.response.body", "body": chunk, "more_body": more})
