"""Log-in: who knows the password gets in, and nobody learns who has an account."""

import asyncio
import hashlib
from datetime import timedelta

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from sqlalchemy import select

from services.chassis import errors
from services.user import domain
from services.user.passwords import Argon2
from services.user.store import UserStore
from services.user.tables import login_attempts
from tests.support.serving import refusal
from tests.user.people import Cheap, Service, two_replicas

ADA, NOBODY = "ada@example.org", "nobody@example.org"


async def failure(service: Service, email: str, password: str = "wrong password") -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await service.log_in(email, password)
    return failed.value


async def test_who_knows_the_password_gets_in(service: Service) -> None:
    made = await service.register(ADA)
    found = await service.log_in(" ADA@example.org")
    assert found.user == made.user
    assert await service.me(found.token) == made.user.id


async def test_an_unknown_address_and_a_wrong_password_look_the_same(service: Service) -> None:
    await service.register(ADA)
    known, unknown = await failure(service, ADA), await failure(service, NOBODY)
    assert refusal(known) == refusal(unknown) == ("UNAUTHENTICATED", "BAD_CREDENTIALS")
    assert known.details() == unknown.details()
    assert known.trailing_metadata() == unknown.trailing_metadata()


async def test_an_unknown_address_costs_as_much_as_a_wrong_password(quick: Service) -> None:
    assert isinstance(quick.passwords, Cheap)
    await quick.register(ADA)
    for email in (ADA, NOBODY):
        quick.passwords.compared.clear()
        await failure(quick, email)
        assert len(quick.passwords.compared) == 1


@pytest.mark.parametrize("email", ["", "x", "a\x00@b.co", "a" * 10_000, "a@b.co\n\x00"])
async def test_what_is_no_address_is_as_unknown_as_any(service: Service, email: str) -> None:
    assert refusal(await failure(service, email)) == ("UNAUTHENTICATED", "BAD_CREDENTIALS")


async def test_argon2_tells_right_from_wrong_and_takes_its_time_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Argon2()
    hashed = await passwords.hash("correct horse")
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await passwords.matches("correct horse", hashed)
    assert not await passwords.matches("wrong", hashed)
    compared = []
    verify = type(passwords._hasher).verify

    def noting(hasher: object, hash_: str, password: str) -> bool:
        compared.append(hash_)
        return bool(verify(hasher, hash_, password))  # type: ignore[arg-type]

    monkeypatch.setattr(type(passwords._hasher), "verify", noting)
    assert not await passwords.matches("nobody's password", None)
    assert not await passwords.matches("anything", "no hash at all")
    assert compared[0].split("$")[:4] == hashed.split("$")[:4]  # as much work


async def test_ten_failures_and_the_next_must_wait(service: Service) -> None:
    await service.register(ADA)
    for _ in range(10):
        assert refusal(await failure(service, ADA)) == ("UNAUTHENTICATED", "BAD_CREDENTIALS")
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await service.log_in(ADA)  # with the right password
    assert refusal(failed.value) == ("RESOURCE_EXHAUSTED", "TOO_MANY_ATTEMPTS")
    status = rpc_status.from_call(failed.value)  # type: ignore[arg-type]
    assert status is not None
    retry = errors.detail(status, error_details_pb2.RetryInfo())
    assert retry is not None
    assert 0 < retry.retry_delay.ToTimedelta().total_seconds() <= domain.FAILURE_WINDOW.total_seconds()


async def test_addresses_without_an_account_are_throttled_just_the_same(quick: Service) -> None:
    for _ in range(10):
        await failure(quick, NOBODY)
    assert refusal(await failure(quick, NOBODY)) == ("RESOURCE_EXHAUSTED", "TOO_MANY_ATTEMPTS")


async def test_one_address_does_not_throttle_another(quick: Service) -> None:
    await quick.register(ADA)
    for _ in range(11):
        await failure(quick, NOBODY)
    assert await quick.log_in(ADA)


async def test_many_at_once_are_throttled_as_well_at_any_replica(database_url: str) -> None:
    async with two_replicas(database_url) as replicas:
        await replicas[0].register(ADA)
        tried = await asyncio.gather(*(failure(service, ADA) for service in replicas * 15))
    reasons = [refusal(each)[1] for each in tried]
    assert (reasons.count("BAD_CREDENTIALS"), reasons.count("TOO_MANY_ATTEMPTS")) == (10, 20)


async def test_a_log_in_that_succeeds_forgets_the_failures(service: Service) -> None:
    await service.register(ADA)
    for _ in range(2):
        for _ in range(9):
            await failure(service, ADA)
        await service.log_in(ADA)
    async with service.store.read() as unit:
        assert (await unit.execute(select(login_attempts))).all() == []


async def test_successes_and_failures_at_once_end_in_answers(service: Service) -> None:
    """One clears the count while others count: none of them may trip over that."""
    await service.register(ADA)
    ends = await asyncio.gather(
        *(service.log_in(ADA, password) for password in ("correct horse", "wrong password") * 20),
        return_exceptions=True,
    )
    refused = {refusal(end) for end in ends if isinstance(end, grpc.aio.AioRpcError)}
    assert refused <= {("UNAUTHENTICATED", "BAD_CREDENTIALS"), ("RESOURCE_EXHAUSTED", "TOO_MANY_ATTEMPTS")}


async def test_when_the_window_is_over_one_may_try_again(quick: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    await quick.register(ADA)
    for _ in range(10):
        await failure(quick, ADA)
    monkeypatch.setattr(domain, "FAILURE_WINDOW", timedelta(0))
    assert await quick.log_in(ADA)


async def test_no_address_that_was_tried_is_kept(quick: Service) -> None:
    await failure(quick, NOBODY)
    assert await everything(quick.store) == [hashlib.sha256(NOBODY.encode()).hexdigest()]


async def everything(store: UserStore) -> list[str]:
    async with store.read() as unit:
        return [row.email_digest for row in await unit.execute(select(login_attempts))]
