"""Calls are repeated where the contract says they may be, and only there."""

import grpc
import pytest

from coursemesh.user.v1 import user_service_pb2 as rpc
from coursemesh.user.v1.user_service_pb2 import DESCRIPTOR
from coursemesh.user.v1.user_service_pb2_grpc import UserServiceStub
from services.chassis.channels import Channels, may_repeat
from services.chassis.refusals import NotFound, Refusal, Unavailable
from tests.chassis.people import SERVICE, People, at_work
from tests.support.serving import refusal
from tests.support.tokens import Signer

REQUESTS = {"GetJwks": rpc.GetJwksRequest(), "Register": rpc.RegisterRequest(), "LogIn": rpc.LogInRequest()}


class Failing(People):
    """Refuses the first `times` calls."""

    def __init__(self, times: int, refused: Refusal) -> None:
        super().__init__(self.fail)
        self.times, self.refused = times, refused

    async def fail(self) -> None:
        if self.calls <= self.times:
            raise self.refused


AWAY = Unavailable("STORE_UNAVAILABLE", "the store does not answer")


async def call(people: People, method: str, signer: Signer, retries: bool = True) -> None:
    channels = Channels("gateway", retries)
    try:
        async with at_work(people, signer) as address:
            await getattr(channels.connect(address, UserServiceStub, SERVICE), method)(REQUESTS[method])
    finally:
        await channels.close()


class Cancelled(Refusal):
    """What a server that is stopping says."""

    code = "CANCELLED"


@pytest.mark.parametrize("method", ["GetJwks", "Register"])
@pytest.mark.parametrize("refused", [AWAY, Cancelled("STOPPING", "stopping")])
async def test_a_call_that_may_be_repeated_survives_a_service_that_is_away_for_a_moment(
    signer: Signer, method: str, refused: Refusal
) -> None:
    people = Failing(2, refused)
    await call(people, method, signer)
    assert people.calls == 3


async def test_a_call_that_may_not_be_repeated_is_made_once(signer: Signer) -> None:
    people = Failing(1, AWAY)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call(people, "LogIn", signer)
    assert refusal(failed.value) == ("UNAVAILABLE", "STORE_UNAVAILABLE")
    assert people.calls == 1


async def test_nothing_is_repeated_where_a_mesh_does_that(signer: Signer) -> None:
    people = Failing(1, AWAY)
    with pytest.raises(grpc.aio.AioRpcError):
        await call(people, "GetJwks", signer, retries=False)
    assert people.calls == 1


async def test_repeating_has_an_end(signer: Signer) -> None:
    people = Failing(100, AWAY)
    with pytest.raises(grpc.aio.AioRpcError):
        await call(people, "GetJwks", signer)
    assert people.calls == 4


async def test_a_refusal_that_is_no_absence_is_not_repeated(signer: Signer) -> None:
    people = Failing(1, NotFound("USER_UNKNOWN", "no such account"))
    with pytest.raises(grpc.aio.AioRpcError):
        await call(people, "GetJwks", signer)
    assert people.calls == 1


def test_what_may_be_repeated_is_what_the_contract_says() -> None:
    methods = DESCRIPTOR.services_by_name["UserService"].methods
    assert {method.name for method in methods if not may_repeat(method)} == {"LogIn", "RefreshToken"}
