"""Keys that are fetched from the user service: rotated, remembered, and never asked for too often."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc
import pytest

from coursemesh.user.v1 import user_service_pb2 as rpc
from coursemesh.user.v1.user_service_pb2_grpc import UserServiceStub
from services.chassis import keys
from services.chassis.channels import Channels
from services.chassis.identity import Tokens
from services.chassis.keys import RemoteKeys
from services.chassis.refusals import Unauthenticated, Unavailable
from tests.chassis.people import SERVICE, People, at_work
from tests.support.serving import refusal
from tests.support.tokens import Signer, bearer
from workbench import ports


@asynccontextmanager
async def remote(address: str) -> AsyncIterator[RemoteKeys]:
    channels = Channels("course")
    try:
        yield RemoteKeys(channels.connect(address, UserServiceStub, SERVICE))
    finally:
        await channels.close()


async def test_a_token_signed_elsewhere_is_verified_with_the_fetched_key(signer: Signer) -> None:
    people = People()
    people.signers = [Signer(), signer]
    async with asyncio.timeout(10), at_work(people, signer) as address, remote(address) as fetched:
        tokens = Tokens(fetched)
        found = await asyncio.gather(*(tokens.verify(signer.token(f"user {n}")) for n in range(20)))
    assert {each.id for each in found} == {f"user {n}" for n in range(20)}
    assert people.calls == 1


async def test_key_ids_that_are_made_up_cause_one_fetch_and_not_many(signer: Signer) -> None:
    people = People()
    people.signers = [signer]
    async with asyncio.timeout(10), at_work(people, signer) as address, remote(address) as fetched:
        assert await fetched.public_key(signer.kid)
        unknown = await asyncio.gather(*(fetched.public_key(f"made up {n}") for n in range(50)))
        assert not any(unknown)
        assert people.calls == 1


async def test_a_new_key_is_picked_up_and_a_withdrawn_one_is_forgotten(
    signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_AT_MOST_EVERY", 0.0)
    people, after = People(), Signer()
    people.signers = [signer]
    async with asyncio.timeout(10), at_work(people, signer) as address, remote(address) as fetched:
        assert await fetched.public_key(signer.kid)
        people.signers = [after, signer]
        assert await fetched.public_key(after.kid)
        assert await fetched.public_key(signer.kid)
        people.signers = [after]
        monkeypatch.setattr(keys, "_REFRESH_AFTER", 0.0)
        assert await fetched.public_key(signer.kid) is None


async def test_keys_in_hand_stay_good_while_the_user_service_is_away(
    signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = People()
    people.signers = [signer]
    async with at_work(people, signer) as address:
        channels = Channels("course")
        fetched = RemoteKeys(channels.connect(address, UserServiceStub, SERVICE))
        assert await fetched.public_key(signer.kid)
    monkeypatch.setattr(keys, "_REFRESH_AFTER", 0.0)
    monkeypatch.setattr(keys, "_AT_MOST_EVERY", 0.0)
    assert await fetched.public_key(signer.kid)
    await channels.close()


async def test_a_user_service_that_is_away_is_not_asked_on_every_call(
    signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> None:
        raise TimeoutError

    people = People()
    people.signers = [signer]
    async with asyncio.timeout(10), at_work(people, signer) as address, remote(address) as fetched:
        assert await fetched.public_key(signer.kid)
        people.answer, people.calls = away, 0
        monkeypatch.setattr(keys, "_REFRESH_AFTER", 0.0)
        fetched._not_before = 0.0
        assert all(await asyncio.gather(*(fetched.public_key(signer.kid) for _ in range(20))))
        assert all([await fetched.public_key(signer.kid) for _ in range(20)])
        assert people.calls == 1


async def test_a_fetch_that_takes_long_holds_up_nobody_who_has_the_key(
    signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, asked = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        asked.set()
        await gate.wait()

    people = People()
    people.signers = [signer]
    async with asyncio.timeout(10), at_work(people, signer) as address, remote(address) as fetched:
        assert await fetched.public_key(signer.kid)
        people.answer = slow
        monkeypatch.setattr(keys, "_REFRESH_AFTER", 0.0)
        fetched._not_before = 0.0
        first = asyncio.create_task(fetched.public_key(signer.kid))
        await asked.wait()
        async with asyncio.timeout(1):
            assert await fetched.public_key(signer.kid)
        assert not first.done()
        gate.set()
        assert await first


async def test_without_any_key_a_missing_user_service_is_its_fault_and_not_the_tokens(signer: Signer) -> None:
    async with remote(f"127.0.0.1:{ports.free()}") as fetched:
        for _ in range(3):  # the second and third come while it is not asked again
            with pytest.raises(Unavailable):
                await Tokens(fetched).verify(signer.token("somebody"))


async def test_a_new_key_while_the_user_service_is_away_is_not_called_invalid(
    signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_AT_MOST_EVERY", 0.0)
    people, after = People(), Signer()
    people.signers = [signer]
    async with at_work(people, signer) as address:
        channels = Channels("course")
        fetched = RemoteKeys(channels.connect(address, UserServiceStub, SERVICE))
        assert await fetched.public_key(signer.kid)
    with pytest.raises(Unavailable):
        await fetched.public_key(after.kid)
    await channels.close()


async def test_a_service_whose_keys_are_out_of_reach_says_unavailable(signer: Signer) -> None:
    """Over the whole way: the guard of a real server, with keys that cannot be fetched."""
    async with (
        remote(f"127.0.0.1:{ports.free()}") as fetched,
        at_work(People(), fetched) as address,
        grpc.aio.insecure_channel(address) as channel,
    ):
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await UserServiceStub(channel).GetUser(rpc.GetUserRequest(), metadata=bearer(signer.token("me")))
    assert refusal(failed.value) == ("UNAVAILABLE", "PEER_UNAVAILABLE")


async def test_a_key_id_that_was_made_up_is_invalid_when_the_keys_are_known(signer: Signer) -> None:
    people = People()
    people.signers = [signer]
    async with asyncio.timeout(10), at_work(people, signer) as address, remote(address) as fetched:
        with pytest.raises(Unauthenticated):
            await Tokens(fetched).verify(Signer().token("somebody"))
