"""Who gets into a method, and that a caller who goes is noticed."""

import asyncio
import logging

import grpc
import pytest

from coursemesh.user.v1 import user_service_pb2 as rpc
from coursemesh.user.v1.user_service_pb2_grpc import UserServiceStub
from tests.chassis.people import People, at_work
from tests.support.serving import refusal
from tests.support.tokens import Signer, bearer
from tests.support.waiting import eventually


async def test_a_method_needs_a_token_unless_it_says_otherwise(signer: Signer) -> None:
    people = People()
    async with at_work(people, signer) as address, grpc.aio.insecure_channel(address) as channel:
        stub = UserServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await stub.GetUser(rpc.GetUserRequest())
        assert refusal(failed.value) == ("UNAUTHENTICATED", "TOKEN_MISSING")
        assert people.calls == 0
        await stub.LogIn(rpc.LogInRequest(), metadata=bearer("nonsense"))
        await stub.LogOut(rpc.LogOutRequest())
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await stub.LogOut(rpc.LogOutRequest(), metadata=bearer("nonsense"))
        assert refusal(failed.value) == ("UNAUTHENTICATED", "TOKEN_INVALID")


async def test_callers_are_not_mixed_up(signer: Signer) -> None:
    names = [f"user {number}" for number in range(30)]
    people = People(lambda: asyncio.sleep(0.01))
    async with at_work(people, signer) as address, grpc.aio.insecure_channel(address) as channel:
        stub = UserServiceStub(channel)
        answers = await asyncio.gather(
            *(stub.GetUser(rpc.GetUserRequest(), metadata=bearer(signer.token(name))) for name in names)
        )
    assert [answer.user.id for answer in answers] == names


async def test_an_unknown_method_is_unimplemented(signer: Signer) -> None:
    async with at_work(People(), signer) as address, grpc.aio.insecure_channel(address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await channel.unary_unary("/coursemesh.user.v1.UserService/Nonsense")(b"")  # type: ignore[arg-type]
    assert failed.value.code() is grpc.StatusCode.UNIMPLEMENTED


async def test_bytes_that_are_no_message_are_refused_and_leak_nothing(signer: Signer) -> None:
    async with at_work(People(), signer) as address, grpc.aio.insecure_channel(address) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await channel.unary_unary("/coursemesh.user.v1.UserService/LogIn")(b"\xff\xff\xff")  # type: ignore[arg-type]
    assert "Traceback" not in str(failed.value.details())


async def test_a_caller_who_goes_stops_the_work(signer: Signer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def long() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            stopped.set()
            raise

    async with at_work(People(long), signer) as address, grpc.aio.insecure_channel(address) as channel:
        call = UserServiceStub(channel).LogIn(rpc.LogInRequest())
        async with asyncio.timeout(5):
            await begun.wait()
            call.cancel()
            await stopped.wait()
        await eventually(lambda: "CANCELLED" in [vars(record).get("code") for record in caplog.records])
