"""Requests that are asked twice are done once, on both databases."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from coursemesh.user.v1 import user_pb2 as pb
from coursemesh.user.v1 import user_service_pb2 as rpc
from services.chassis import identity
from services.chassis.identity import Caller
from services.chassis.refusals import Aborted, FailedPrecondition, InvalidArgument
from services.chassis.requests import Conflict, once, once_after
from services.chassis.tables import requests
from tests.chassis.notes import NoteStore, NoteUnit, opened, registered


@pytest.fixture(autouse=True)
def signed_in() -> Iterator[None]:
    token = identity._caller.set(Caller("me", "student", ""))
    yield
    identity._caller.reset(token)


def asked(request_id: str = "r1", name: str = "note") -> rpc.UpdateProfileRequest:
    return rpc.UpdateProfileRequest(request_id=request_id, display_name=name)


async def count_up(unit: NoteUnit) -> int:
    unit.tell("note")
    return await unit.count_up("note")


def answer(count: int) -> rpc.UpdateProfileResponse:
    return rpc.UpdateProfileResponse(user=pb.User(display_name=f"counted {count}"))


async def ask(store: NoteStore, request: rpc.UpdateProfileRequest) -> rpc.UpdateProfileResponse:
    return await once(store, request, count_up, answer)


async def test_the_same_request_gets_the_first_answer_again(store: NoteStore) -> None:
    first = await ask(store, asked())
    assert first.user.display_name == "counted 1"
    assert await ask(store, asked()) == first
    assert await store.count("note") == 1
    assert len(await store.unsent(0, 10)) == 1


async def test_the_first_answer_is_there_after_a_restart(database_url: str) -> None:
    async with opened(database_url) as store:
        first = await ask(store, asked())
    async with opened(database_url) as store:
        assert await ask(store, asked()) == first
        assert await store.count("note") == 1


async def test_twenty_at_once_are_done_once_and_get_equal_answers(store: NoteStore) -> None:
    answers = await asyncio.gather(*(ask(store, asked()) for _ in range(20)))
    assert {each.user.display_name for each in answers} == {"counted 1"}
    assert await store.count("note") == 1
    assert len(await store.unsent(0, 10)) == 1


async def test_replicas_that_are_asked_at_once_do_it_once(database_url: str) -> None:
    async with opened(database_url) as one, opened(database_url) as other:
        answers = await asyncio.gather(*(ask(store, asked()) for store in (one, other) * 5))
        assert {each.user.display_name for each in answers} == {"counted 1"}
        assert await one.count("note") == 1


async def test_the_same_id_with_other_content_is_refused(store: NoteStore) -> None:
    await ask(store, asked())
    with pytest.raises(Aborted) as refused:
        await ask(store, asked(name="another"))
    assert refused.value.reason == "REQUEST_REUSED"
    assert await store.count("note") == 1


async def test_another_id_is_another_request(store: NoteStore) -> None:
    await ask(store, asked("r1"))
    assert (await ask(store, asked("r2"))).user.display_name == "counted 2"


async def test_another_callers_same_id_is_another_request(store: NoteStore) -> None:
    await ask(store, asked())
    identity.set_caller(Caller("you", "student", ""))
    assert (await ask(store, asked())).user.display_name == "counted 2"


async def test_another_methods_same_id_is_another_request(store: NoteStore) -> None:
    await ask(store, asked())
    other = await once(store, rpc.SetRoleRequest(request_id="r1"), count_up, answer)
    assert other.user.display_name == "counted 2"


async def test_a_refusal_is_not_remembered(store: NoteStore) -> None:
    async def refuse(unit: NoteUnit) -> int:
        await count_up(unit)
        raise FailedPrecondition("NOT_NOW", "not now")

    with pytest.raises(FailedPrecondition):
        await once(store, asked(), refuse, answer)
    assert await store.rows(requests) == 0
    assert (await ask(store, asked())).user.display_name == "counted 1"


@pytest.mark.parametrize("request_id", ["", " ", "a b", "x" * 65, "\u00e9"])
async def test_a_request_without_a_good_id_is_refused(sqlite_store: NoteStore, request_id: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        await ask(sqlite_store, asked(request_id))
    assert list(refused.value.violations) == ["request_id"]
    assert await sqlite_store.rows(requests) == 0


async def test_what_is_needed_beforehand_is_asked_outside_the_unit_and_only_for_a_new_request(
    store: NoteStore,
) -> None:
    asked_for = 0

    async def before() -> str:
        nonlocal asked_for
        asked_for += 1
        async with asyncio.timeout(2), store.begin() as unit:  # would wait for ever inside another unit
            await unit.add(f"prepared {asked_for}")
        return "prepared"

    async def work(unit: NoteUnit, prepared: str) -> int:
        assert prepared == "prepared"
        return await count_up(unit)

    for _ in range(3):
        await once_after(before, store, asked(), work, answer)
    assert asked_for == 1


async def test_a_request_that_is_refused_as_reused_asks_for_nothing_beforehand(sqlite_store: NoteStore) -> None:
    await ask(sqlite_store, asked())

    async def before() -> None:
        raise AssertionError("asked")

    with pytest.raises(Aborted):
        await once_after(before, sqlite_store, asked(name="another"), lambda unit, _: count_up(unit), answer)


async def test_a_collision_is_tried_again_and_not_for_ever(sqlite_store: NoteStore) -> None:
    tried = 0

    async def collide(unit: NoteUnit) -> int:
        nonlocal tried
        tried += 1
        if tried < 3:
            raise Conflict
        return await count_up(unit)

    assert (await once(sqlite_store, asked(), collide, answer)).user.display_name == "counted 1"
    tried = -100
    with pytest.raises(Aborted) as refused:
        await once(sqlite_store, asked("r2"), collide, answer)
    assert refused.value.reason == "TRY_AGAIN"
    assert tried == -94


async def test_an_answer_may_be_any_message(sqlite_store: NoteStore) -> None:
    async def work(unit: NoteUnit) -> str:
        unit.publish("note", registered("note"), datetime.now(UTC))
        return "name"

    made = [await once(sqlite_store, asked(), work, lambda name: registered("note", name)) for _ in range(2)]
    assert made[0] == made[1] == registered("note", "name")
