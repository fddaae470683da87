"""Streams: guarded as other calls are, and closed when their caller goes."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import grpc
import pytest

from coursemesh.enrollment.v1 import enrollment_pb2 as pb
from coursemesh.enrollment.v1 import enrollment_service_pb2 as rpc
from coursemesh.enrollment.v1.enrollment_service_pb2_grpc import (
    EnrollmentServiceStub,
    add_EnrollmentServiceServicer_to_server,
)
from services.chassis import guard
from services.chassis.channels import Channels
from services.chassis.guard import Context
from services.chassis.identity import Tokens, caller
from services.chassis.refusals import NotFound
from services.chassis.server import Server
from tests.support.serving import refusal
from tests.support.tokens import Signer, bearer
from tests.support.waiting import eventually

if TYPE_CHECKING:
    EnrollmentServiceServicer = object  # all abstract to a type checker
else:
    from coursemesh.enrollment.v1.enrollment_service_pb2_grpc import EnrollmentServiceServicer

SERVICE = "coursemesh.enrollment.v1.EnrollmentService"


class Watched(EnrollmentServiceServicer):
    """Streams `answers` answers of `size` bytes or more, and then waits until somebody goes."""

    def __init__(self, answers: int = 3, error: Exception | None = None, stay: bool = True, size: int = 0) -> None:
        self.answers, self.error, self.stay, self.size = answers, error, stay, size
        self.open = 0
        self.seen = ""
        # Held on to, so that the guard closes a stream or nobody does.
        self.streams: list[AsyncIterator[rpc.WatchEnrollmentResponse]] = []

    def WatchEnrollment(
        self, request: rpc.WatchEnrollmentRequest, context: Context
    ) -> AsyncIterator[rpc.WatchEnrollmentResponse]:
        self.streams.append(self._answers())
        return self.streams[-1]

    async def _answers(self) -> AsyncIterator[rpc.WatchEnrollmentResponse]:
        self.open += 1
        self.seen = caller().id
        try:
            for _ in range(self.answers):
                yield rpc.WatchEnrollmentResponse(enrollment=pb.Enrollment(id="x" * self.size))
            if self.error:
                raise self.error
            if self.stay:
                await asyncio.Event().wait()
        finally:
            self.open -= 1


@asynccontextmanager
async def watching(watched: Watched, signer: Signer) -> AsyncIterator[str]:
    server = Server("127.0.0.1:0", Tokens(signer))
    server.add(add_EnrollmentServiceServicer_to_server, watched)
    await server.start()
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        await server.stop(0)


async def test_a_stream_knows_its_caller_and_ends_in_good_order(signer: Signer) -> None:
    watched = Watched(3, stay=False)
    async with watching(watched, signer) as address, grpc.aio.insecure_channel(address) as channel:
        call = EnrollmentServiceStub(channel).WatchEnrollment(
            rpc.WatchEnrollmentRequest(), metadata=bearer(signer.token("me"))
        )
        assert len([answer async for answer in call]) == 3
        assert await call.code() is grpc.StatusCode.OK
    assert (watched.seen, watched.open) == ("me", 0)


async def test_a_stream_needs_a_token(signer: Signer) -> None:
    watched = Watched()
    async with watching(watched, signer) as address, grpc.aio.insecure_channel(address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await EnrollmentServiceStub(channel).WatchEnrollment(rpc.WatchEnrollmentRequest()).read()
    assert refusal(failed.value) == ("UNAUTHENTICATED", "TOKEN_MISSING")
    assert watched.seen == ""


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (NotFound("ENROLLMENT_UNKNOWN", "no such"), ("NOT_FOUND", "ENROLLMENT_UNKNOWN")),
        (RuntimeError("secret"), ("INTERNAL", "INTERNAL_ERROR")),
    ],
)
async def test_what_goes_wrong_in_a_stream_is_told_as_elsewhere(
    signer: Signer, error: Exception, shown: tuple[str, str]
) -> None:
    async with watching(Watched(1, error), signer) as address, grpc.aio.insecure_channel(address) as channel:
        call = EnrollmentServiceStub(channel).WatchEnrollment(
            rpc.WatchEnrollmentRequest(), metadata=bearer(signer.token("me"))
        )
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            async for _ in call:
                pass
    assert refusal(failed.value) == shown
    assert "secret" not in str(failed.value)


async def test_a_stream_is_closed_when_its_caller_goes(signer: Signer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    watched = Watched(1)
    async with watching(watched, signer) as address, grpc.aio.insecure_channel(address) as channel:
        call = EnrollmentServiceStub(channel).WatchEnrollment(
            rpc.WatchEnrollmentRequest(), metadata=bearer(signer.token("me"))
        )
        await call.read()
        assert watched.open == 1
        call.cancel()
        await eventually(lambda: watched.open == 0)
        await eventually(lambda: "CANCELLED" in [vars(record).get("code") for record in caplog.records])


async def test_a_stream_is_closed_when_its_caller_goes_without_reading_on(
    signer: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    """The service is then not inside the stream but busy with sending what came out of it."""
    watched = Watched(1_000, size=100_000)
    async with watching(watched, signer) as address, grpc.aio.insecure_channel(address) as channel:
        call = EnrollmentServiceStub(channel).WatchEnrollment(
            rpc.WatchEnrollmentRequest(), metadata=bearer(signer.token("me"))
        )
        await call.read()
        call.cancel()
        await eventually(lambda: watched.open == 0)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_streams_are_closed_when_their_connection_breaks(signer: Signer) -> None:
    watched = Watched(1)
    async with watching(watched, signer) as address:
        channel = grpc.aio.insecure_channel(address)
        stub = EnrollmentServiceStub(channel)
        calls = [
            stub.WatchEnrollment(rpc.WatchEnrollmentRequest(), metadata=bearer(signer.token("me"))) for _ in range(5)
        ]
        await asyncio.gather(*(call.read() for call in calls))
        assert watched.open == 5
        await channel.close()
        await eventually(lambda: watched.open == 0)


async def test_a_stream_that_nobody_ends_is_ended(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "STREAM_SECONDS", 0.1)
    watched = Watched(1)
    async with watching(watched, signer) as address, grpc.aio.insecure_channel(address) as channel:
        call = EnrollmentServiceStub(channel).WatchEnrollment(
            rpc.WatchEnrollmentRequest(), metadata=bearer(signer.token("me"))
        )
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            async for _ in call:
                pass
    assert refusal(failed.value) == ("DEADLINE_EXCEEDED", "DEADLINE_PASSED")
    assert watched.open == 0


async def test_a_streaming_call_of_ours_carries_what_a_call_must(signer: Signer) -> None:
    channels = Channels("gateway")
    async with watching(Watched(2, stay=False), signer) as address:
        stub = channels.connect(address, EnrollmentServiceStub, SERVICE)
        with pytest.raises(grpc.aio.AioRpcError) as failed:  # nobody is signed in here
            async for _ in stub.WatchEnrollment(rpc.WatchEnrollmentRequest()):
                pass
    await channels.close()
    assert refusal(failed.value) == ("UNAUTHENTICATED", "TOKEN_MISSING")
