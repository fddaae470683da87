"""What goes wrong in a servicer, as a client sees it over a real server."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from coursemesh.user.v1 import user_service_pb2 as rpc
from coursemesh.user.v1.user_service_pb2_grpc import UserServiceStub
from services.chassis import deadlines, errors, refusals
from services.chassis.channels import Channels
from services.chassis.refusals import InvalidArgument, NotFound, Refusal, ResourceExhausted
from services.chassis.requests import Conflict
from tests.chassis.people import SERVICE, People, at_work
from tests.support.serving import refusal, violations
from tests.support.tokens import Signer
from workbench import ports

if TYPE_CHECKING:
    from coursemesh.user.v1.user_service_pb2_grpc import UserServiceAsyncStub


KINDS = [kind for kind in Refusal.__subclasses__() if kind.__module__ == refusals.__name__]


@asynccontextmanager
async def failing(error: BaseException, signer: Signer) -> AsyncIterator["UserServiceAsyncStub"]:
    """A client of a service of which every call goes wrong in this way."""

    async def fail() -> None:
        raise error

    async with calling(fail, signer) as stub:
        yield stub


@asynccontextmanager
async def calling(answer: Callable[[], Awaitable[object]], signer: Signer) -> AsyncIterator["UserServiceAsyncStub"]:
    async with at_work(People(answer), signer) as address, grpc.aio.insecure_channel(address) as channel:
        yield UserServiceStub(channel)


async def failure(stub: "UserServiceAsyncStub") -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await stub.LogIn(rpc.LogInRequest())
    return failed.value


def status(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    found = rpc_status.from_call(error)  # type: ignore[arg-type]
    assert found is not None
    return found


async def test_a_refusal_reaches_the_client_with_all_a_program_needs(signer: Signer) -> None:
    async with failing(NotFound("COURSE_UNKNOWN", "there is no such course", course_id="c1"), signer) as stub:
        error = await failure(stub)
    info = errors.detail(status(error), error_details_pb2.ErrorInfo())
    assert info == error_details_pb2.ErrorInfo(
        reason="COURSE_UNKNOWN", domain="coursemesh", metadata={"course_id": "c1"}
    )
    assert (error.code(), error.details()) == (grpc.StatusCode.NOT_FOUND, "there is no such course")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not InvalidArgument])
def test_every_kind_of_refusal_has_its_own_code(kind: type[Refusal]) -> None:
    made = errors.to_status(kind("WHY", "text"))
    assert grpc.StatusCode[kind.code].value[0] == made.code
    assert kind.code != "INTERNAL"


def test_the_tree_of_refusals_in_the_docstring_is_whole() -> None:
    assert all(kind.__name__ in str(refusals.__doc__) for kind in KINDS)


async def test_bad_input_names_each_field(signer: Signer) -> None:
    wrong = {"title": "give 1 to 200 characters", "lessons[2].title": "give no control characters"}
    async with failing(InvalidArgument(wrong), signer) as stub:
        error = await failure(stub)
    assert refusal(error) == ("INVALID_ARGUMENT", "INVALID_INPUT")
    assert violations(error) == wrong


async def test_a_refusal_may_say_when_to_come_again(signer: Signer) -> None:
    async with failing(ResourceExhausted("TOO_MANY_ATTEMPTS", "wait", retry_after=1.5), signer) as stub:
        error = await failure(stub)
    retry = errors.detail(status(error), error_details_pb2.RetryInfo())
    assert retry is not None
    assert retry.retry_delay.ToMilliseconds() == 1500


async def test_an_unexpected_error_shows_its_trace_and_nothing_of_its_text(
    signer: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    async with failing(RuntimeError("postgresql://user:hunter2@host"), signer) as stub:
        error = await failure(stub)
    assert refusal(error) == ("INTERNAL", "INTERNAL_ERROR")
    info = errors.detail(status(error), error_details_pb2.ErrorInfo())
    assert info is not None
    assert error.details() == f"internal error, trace {info.metadata['trace_id']}"
    assert len(info.metadata["trace_id"]) == 32
    assert "hunter2" not in str(error)
    told = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [str(record.exc_info[1]) for record in told if record.exc_info] == ["postgresql://user:hunter2@host"]


@pytest.mark.parametrize("error", [kind("secret") for kind in (KeyError, ValueError, AssertionError, OSError)])
async def test_no_kind_of_exception_leaks(error: Exception, signer: Signer) -> None:
    async with failing(error, signer) as stub:
        shown = await failure(stub)
    assert shown.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in str(shown)


async def test_a_collision_is_told_as_one_and_may_be_tried_again(signer: Signer) -> None:
    async with failing(Conflict(), signer) as stub:
        error = await failure(stub)
    assert refusal(error) == ("ABORTED", "TRY_AGAIN")


async def test_a_peers_refusal_is_passed_on_with_its_details(signer: Signer) -> None:
    refused = NotFound("COURSE_UNKNOWN", "no such course", course_id="c1")
    async with failing(refused, signer) as peer, calling(lambda: peer.LogIn(rpc.LogInRequest()), signer) as stub:
        error = await failure(stub)
    info = errors.detail(status(error), error_details_pb2.ErrorInfo())
    assert refusal(error) == ("NOT_FOUND", "COURSE_UNKNOWN")
    assert info is not None
    assert info.metadata["course_id"] == "c1"


async def test_a_peer_that_is_not_there_is_unavailable_and_its_address_stays_inside(
    signer: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    port, channels = ports.free(), Channels("gateway")
    peer = channels.connect(f"127.0.0.1:{port}", UserServiceStub, SERVICE)
    async with calling(lambda: peer.LogIn(rpc.LogInRequest()), signer) as stub:
        error = await failure(stub)
    await channels.close()
    assert refusal(error) == ("UNAVAILABLE", "PEER_UNAVAILABLE")
    assert str(port) not in str(error)
    assert "127.0.0.1" not in str(error)
    assert "a peer did not answer" in caplog.text


async def test_a_peers_passed_deadline_is_a_passed_deadline(signer: Signer) -> None:
    channels = Channels("gateway")
    async with at_work(People(lambda: asyncio.sleep(10)), signer) as address:
        peer = channels.connect(address, UserServiceStub, SERVICE)
        async with calling(lambda: peer.LogIn(rpc.LogInRequest(), timeout=0.05), signer) as stub:
            error = await failure(stub)
    await channels.close()
    assert refusal(error) == ("DEADLINE_EXCEEDED", "DEADLINE_PASSED")


async def test_a_call_that_takes_too_long_is_ended_by_the_service_itself(
    signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadlines, "DEFAULT", 0.05)
    async with calling(lambda: asyncio.sleep(10), signer) as stub:
        error = await failure(stub)
    assert refusal(error) == ("DEADLINE_EXCEEDED", "DEADLINE_PASSED")


async def test_a_refusal_is_no_error_in_the_log(signer: Signer, caplog: pytest.LogCaptureFixture) -> None:
    async with failing(NotFound("COURSE_UNKNOWN", "no such course"), signer) as stub:
        await failure(stub)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
