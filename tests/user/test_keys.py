"""Signing keys: shown without their secret, rotated with nobody logged out, gone when their time is over."""

import asyncio
from datetime import timedelta

import grpc
import jwt
import pytest
from google.protobuf.json_format import MessageToDict
from sqlalchemy import select
from uuid_utils import uuid7

from coursemesh.user.v1 import user_service_pb2 as rpc
from coursemesh.user.v1.user_service_pb2_grpc import UserServiceStub
from services.chassis import keys as remote
from services.chassis.channels import Channels
from services.chassis.identity import Tokens
from services.chassis.keys import RemoteKeys
from services.user import domain
from services.user.tables import signing_keys
from services.user.usecases import keys
from services.user.usecases.keys import rotate_if_due
from tests.support.serving import refusal
from tests.support.tokens import bearer
from tests.user.people import Service, two_replicas


async def kids(service: Service) -> list[str]:
    return [key.kid for key in (await service.stub.GetJwks(rpc.GetJwksRequest())).keys]


async def rotate(service: Service, admin: str, request_id: str = "") -> str:
    asked = rpc.RotateSigningKeyRequest(request_id=request_id or str(uuid7()))
    return str((await service.stub.RotateSigningKey(asked, metadata=bearer(admin))).key.kid)


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


async def test_the_keys_have_no_private_part(service: Service) -> None:
    (shown,) = (await service.stub.GetJwks(rpc.GetJwksRequest())).keys
    assert set(MessageToDict(shown)) == {"kid", "kty", "crv", "x", "alg", "use"}
    async with service.store.read() as unit:
        (seed,) = (await unit.execute(select(signing_keys.c.seed))).scalars()
    assert seed.hex() not in shown.SerializeToString().hex()
    assert jwt.PyJWK(MessageToDict(shown)).key.public_bytes_raw() != seed


async def test_a_token_says_who_and_for_how_long(service: Service) -> None:
    made = await service.register()
    (shown,) = (await service.stub.GetJwks(rpc.GetJwksRequest())).keys
    claims = jwt.decode(
        made.token,
        jwt.PyJWK(MessageToDict(shown)).key,
        algorithms=["EdDSA"],
        audience="coursemesh",
        issuer="coursemesh",
    )
    assert (claims["sub"], claims["role"], claims["exp"] - claims["iat"]) == (made.user.id, "student", 900)
    assert jwt.get_unverified_header(made.token) == {"alg": "EdDSA", "typ": "JWT", "kid": shown.kid}


async def test_a_rotation_logs_nobody_out(service: Service) -> None:
    admin, made = await service.admin(), await service.register("ada@example.org")
    before = await kids(service)
    fresh = await rotate(service, admin)
    assert await kids(service) == [fresh, *before]
    assert await service.me(made.token) == made.user.id
    after = await service.log_in("ada@example.org")
    assert kid_of(after.token) == fresh
    assert await service.me(after.token) == made.user.id


async def test_the_same_rotation_asked_again_is_one(service: Service) -> None:
    admin = await service.admin()
    assert await rotate(service, admin, "r1") == await rotate(service, admin, "r1")
    assert len(await kids(service)) == 2


async def test_tokens_of_a_new_key_are_verified_elsewhere(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_AT_MOST_EVERY", 0.0)
    admin, made, channels = await service.admin(), await service.register("ada@example.org"), Channels("course")
    elsewhere = Tokens(RemoteKeys(channels.connect(service.address, UserServiceStub, "coursemesh.user.v1.UserService")))
    assert (await elsewhere.verify(made.token)).id == made.user.id
    await rotate(service, admin)
    after = await service.log_in("ada@example.org")
    assert (await elsewhere.verify(after.token)).id == made.user.id
    assert (await elsewhere.verify(made.token)).id == made.user.id
    await channels.close()


async def test_a_rotation_at_one_replica_is_known_at_the_other(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_AT_MOST_EVERY", 0.0)
    async with two_replicas(database_url) as (first, second):
        made = await first.register("ada@example.org")
        assert await second.me(made.token) == made.user.id
        await rotate(first, await first.admin())
        after = await first.log_in("ada@example.org")
        assert await second.me(after.token) == made.user.id


async def test_a_retired_key_vanishes_when_its_time_is_over(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    admin, made = await service.admin(), await service.register("ada@example.org")
    fresh = await rotate(service, admin)
    monkeypatch.setattr(domain, "RETIRED_KEY_LASTS", timedelta(0))
    service.ring.forget()
    assert await kids(service) == [fresh]
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await service.me(made.token)
    assert refusal(failed.value) == ("UNAUTHENTICATED", "TOKEN_INVALID")
    await service.store.purge()
    async with service.store.read() as unit:
        assert [key.id for key in await unit.signing_keys()] == [fresh]


async def test_the_first_start_makes_a_key_and_the_next_one_keeps_it(service: Service) -> None:
    before = await kids(service)
    await asyncio.gather(*(rotate_if_due(service.store) for _ in range(3)))
    service.ring.forget()
    assert await kids(service) == before


async def test_a_key_that_signed_for_a_month_is_replaced(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await kids(service)
    monkeypatch.setattr(domain, "SIGNING_KEY_LASTS", timedelta(0))
    await rotate_if_due(service.store)
    service.ring.forget()
    after = await kids(service)
    assert after[1:] == before
    assert len(after) == 2


async def test_made_up_key_ids_do_not_make_the_store_work(quick: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = 0
    read = type(quick.store).read

    def counting(store: object) -> object:
        nonlocal reads
        reads += 1
        return read(store)  # type: ignore[arg-type]

    await quick.ring.shown()
    monkeypatch.setattr(type(quick.store), "read", counting)
    for number in range(20):
        assert await quick.ring.public_key(f"made up {number}") is None
    assert reads <= 1
