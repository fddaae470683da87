"""The store: what is due, what is listed, what a commit leaves behind; on SQLite and on PostgreSQL."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from traceback import format_exception

import pytest
from sqlalchemy import insert

from services.chassis.facts import new_id
from services.chassis.paging import Asked
from services.chassis.sql import StatementFailed
from services.payment import domain
from services.payment.domain import Payment, State
from services.payment.store import PaymentStore
from services.payment.tables import payments
from services.payment.usecases import settle
from tests.payment.world import Seat, published

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


async def added(store: PaymentStore, seat: Seat, now: datetime = NOW) -> Payment:
    payment = domain.request(new_id(), seat.asked, now)
    async with store.begin() as unit:
        assert await unit.add(payment)
    return payment


async def test_a_payment_is_read_as_it_was_saved(store: PaymentStore) -> None:
    payment = await added(store, seat := Seat())
    changed = replace(domain.begin(payment, NOW), called_off=True, decline_reason="NO", charge_id="ch_1")
    async with store.begin() as unit:
        await unit.save(changed)
    async with store.begin() as unit:
        assert await unit.payment(payment.id) == await unit.hold(payment.id) == changed
        assert await unit.hold_for(seat.id) == changed
        assert await unit.payment(new_id()) is None


async def test_an_enrollment_has_one_payment(store: PaymentStore) -> None:
    first = await added(store, seat := Seat())
    async with store.begin() as unit:
        assert not await unit.add(domain.request(new_id(), seat.asked, NOW))
        assert await unit.hold_for(seat.id) == first


async def test_an_enrollment_has_one_payment_whoever_is_first(store: PaymentStore) -> None:
    seat = Seat()

    async def add() -> bool:
        async with store.begin() as unit:
            return await unit.add(domain.request(new_id(), seat.asked, NOW))

    assert sorted(await asyncio.gather(*(add() for _ in range(8)))) == [False] * 7 + [True]


async def test_payments_are_listed_newest_first_each_to_its_learner(store: PaymentStore) -> None:
    me = new_id()
    mine = [await added(store, Seat(learner_id=me)) for _ in range(3)]
    await added(store, Seat())
    async with store.read() as unit:
        assert await unit.payments(me, Asked(2, None)) == [*reversed(mine)]
        assert await unit.payments(me, Asked(2, mine[1].id)) == [mine[0]]


async def test_what_nobody_asked_for_is_not_listed(store: PaymentStore) -> None:
    me = new_id()
    async with store.begin() as unit:
        await unit.add(domain.never_charge(new_id(), new_id(), me, new_id(), NOW))
    async with store.read() as unit:
        assert await unit.payments(me, Asked(20, None)) == []


async def test_what_is_due_is_found_longest_first_and_nothing_else(store: PaymentStore) -> None:
    second, first = await added(store, Seat()), await added(store, Seat(), NOW - timedelta(hours=1))
    await added(store, Seat(), NOW + timedelta(seconds=1))
    settled = await added(store, Seat())
    async with store.begin() as unit:
        await unit.save(*domain.decline(settled, "NO", NOW))
    async with store.begin() as unit:
        assert [due.payment for due in await unit.due(NOW, 10)] == [first, second]
        assert [due.payment for due in await unit.due(NOW, 1)] == [first]


async def test_what_is_taken_up_is_not_taken_up_again_while_the_lease_lasts(store: PaymentStore) -> None:
    payment = await added(store, Seat())
    taken = await settle.claim(store, 10, NOW)
    assert [(due.payment.id, due.payment.attempts) for due in taken] == [(payment.id, 1)]
    assert await settle.claim(store, 10, NOW + domain.LEASE - timedelta(microseconds=1)) == []
    again = await settle.claim(store, 10, NOW + domain.LEASE)
    assert [(due.payment.id, due.payment.attempts) for due in again] == [(payment.id, 2)]


async def test_replicas_take_up_different_payments(store: PaymentStore) -> None:
    wanted = {(await added(store, Seat())).id for _ in range(20)}
    taken = await asyncio.gather(*(settle.claim(store, 5, NOW) for _ in range(8)))
    ids = [due.payment.id for each in taken for due in each]
    assert len(ids) == len(set(ids))
    rest = await settle.claim(store, 20, NOW)
    assert {*ids, *(due.payment.id for due in rest)} == wanted


async def test_only_a_commit_that_leaves_something_due_wakes_the_worker(store: PaymentStore) -> None:
    payment = await added(store, Seat())
    assert store.woken.is_set()
    store.woken.clear()
    async with store.begin() as unit:
        await unit.save(domain.begin(payment, NOW))
    assert not store.woken.is_set()
    with pytest.raises(ZeroDivisionError):
        async with store.begin() as unit:
            await unit.add(domain.request(new_id(), Seat().asked, NOW))
            raise ZeroDivisionError
    assert not store.woken.is_set()


async def test_a_payment_and_its_fact_are_saved_together_or_not_at_all(store: PaymentStore) -> None:
    payment = await added(store, seat := Seat())
    with pytest.raises(ZeroDivisionError):
        async with store.begin() as unit:
            await unit.save(*domain.capture(payment, "ch_1", NOW))
            raise ZeroDivisionError
    assert await published(store) == []
    async with store.begin() as unit:
        assert (await unit.hold_for(seat.id) or payment).state is State.PENDING
        await unit.save(*domain.capture(payment, "ch_1", NOW))
    assert await published(store) == ["PaymentCaptured"]


async def test_a_statement_that_fails_does_not_show_the_token(store: PaymentStore) -> None:
    with pytest.raises(StatementFailed) as failed:
        async with store.begin() as unit:
            await unit.execute(insert(payments).values(id=new_id(), token="tok_of_somebody"))
    assert "tok_of_somebody" not in "".join(format_exception(failed.value))
