"""Registration: an account and a session, and what stands in the way of one."""

import asyncio

import grpc
import pytest

from coursemesh.user.v1 import user_pb2 as pb
from coursemesh.user.v1.user_events_pb2 import UserRegistered
from services.chassis.paging import Asked
from services.user.store import UserStore
from tests.support.serving import refusal, violations
from tests.user.people import PASSWORD, Cheap, Service, two_replicas


async def accounts(store: UserStore) -> int:
    async with store.read() as unit:
        return len(await unit.accounts(Asked(100, None)))


async def test_who_registers_is_a_student_and_signed_in(service: Service) -> None:
    made = await service.register(" Ada@Example.org ", display_name=" Ada ")
    assert (made.user.email, made.user.display_name, made.user.role) == ("ada@example.org", "Ada", pb.ROLE_STUDENT)
    assert made.user.create_time == made.user.update_time
    assert await service.me(made.token) == made.user.id
    assert (await service.refresh(made.refresh_token)).user == made.user


async def test_a_registration_is_told_as_a_fact(service: Service) -> None:
    made = await service.register("ada@example.org")
    (fact,) = await service.store.unsent(0, 10)
    assert fact.data == UserRegistered(user=made.user)
    assert fact.subject == made.user.id


async def test_a_taken_address_is_refused_in_any_case_of_its_letters(service: Service) -> None:
    await service.register("ada@example.org")
    for email in ("ada@example.org", "ADA@example.org "):
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await service.register(email)
        assert refusal(failed.value) == ("ALREADY_EXISTS", "EMAIL_TAKEN")
    assert await accounts(service.store) == 1
    assert len(await service.store.unsent(0, 10)) == 1


async def test_the_same_request_again_is_the_same_account_with_a_fresh_session(service: Service) -> None:
    first = await service.register("ada@example.org", request_id="r1")
    again = await service.register("ada@example.org", request_id="r1")
    assert again.user == first.user
    assert again.refresh_token != first.refresh_token
    assert await service.me(again.token) == await service.me(first.token)
    assert await accounts(service.store) == 1
    assert len(await service.store.unsent(0, 10)) == 1


async def test_the_same_request_with_another_password_is_refused(service: Service) -> None:
    await service.register("ada@example.org", request_id="r1")
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await service.register("ada@example.org", "another password", request_id="r1")
    assert refusal(failed.value) == ("ALREADY_EXISTS", "EMAIL_TAKEN")


async def test_twenty_equal_registrations_at_once_make_one_account(service: Service) -> None:
    made = await asyncio.gather(*(service.register("ada@example.org", request_id="r1") for _ in range(20)))
    assert len({each.user.id for each in made}) == 1
    assert len({each.refresh_token for each in made}) == 20
    assert await accounts(service.store) == 1
    assert len(await service.store.unsent(0, 10)) == 1


async def test_of_twenty_who_want_one_address_one_gets_it(database_url: str) -> None:
    """At two replicas."""
    async with two_replicas(database_url) as replicas:
        asked = [service.register("ada@example.org") for service in replicas * 10]
        ends = await asyncio.gather(*asked, return_exceptions=True)
    refused = [end for end in ends if isinstance(end, grpc.aio.AioRpcError)]
    assert {refusal(end) for end in refused} == {("ALREADY_EXISTS", "EMAIL_TAKEN")}
    assert len(refused) == 19


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"email": "nonsense"}, {"email"}),
        ({"email": "a@b"}, {"email"}),
        ({"email": "a\x00@b.co"}, {"email"}),
        ({"password": "1234567"}, {"password"}),
        ({"password": "x" * 129}, {"password"}),
        ({"display_name": " "}, {"display_name"}),
        ({"display_name": "x" * 101}, {"display_name"}),
        ({"display_name": "a\x1bb"}, {"display_name"}),
        ({"request_id": ""}, {"request_id"}),
        ({"request_id": "x" * 65}, {"request_id"}),
        ({"email": "x", "password": "x", "display_name": ""}, {"email", "password", "display_name"}),
    ],
    ids=str,
)
async def test_bad_input_names_its_fields_and_changes_nothing(
    quick: Service, fields: dict[str, str], wrong: set[str]
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await quick.register(**{"email": "ada@example.org", "password": PASSWORD, **fields})
    assert refusal(failed.value) == ("INVALID_ARGUMENT", "INVALID_INPUT")
    assert set(violations(failed.value)) == wrong
    assert await accounts(quick.store) == 0
    assert isinstance(quick.passwords, Cheap)
    assert quick.passwords.hashed == 0
