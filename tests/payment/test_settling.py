"""Settling: every payment comes to its end, is charged once, and holds up no other."""

import asyncio
import logging
import time

import pytest

from services.payment.domain import State
from services.payment.provider import CardNetwork
from services.payment.store import PaymentStore
from services.payment.usecases import settle
from tests.payment.world import (
    Held,
    Seat,
    Watched,
    books,
    comes_to,
    deliver,
    let_leases_run_out,
    opened,
    payment_of,
    published,
    settling,
    until,
)


@pytest.mark.parametrize("token", ["tok_ok", "tok_slow", "tok_flaky", "tok_lost"])
async def test_a_card_that_can_pay_is_charged_exactly_once(
    store: PaymentStore, network: CardNetwork, token: str
) -> None:
    async with settling(store, network):
        await deliver(store, (seat := Seat(token)).requested())
        captured = await comes_to(store, seat, "CAPTURED")
    assert captured.charge_id == f"ch_{captured.id}"
    assert await books(network) == (1, 0)
    assert await published(store) == ["PaymentCaptured"]


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("tok_declined", "CARD_DECLINED"),
        ("tok_insufficient_funds", "INSUFFICIENT_FUNDS"),
        ("tok_who", "INVALID_TOKEN"),
    ],
)
async def test_a_card_that_cannot_pay_is_declined(
    store: PaymentStore, network: CardNetwork, token: str, reason: str
) -> None:
    async with settling(store, network):
        await deliver(store, (seat := Seat(token)).requested())
        assert (await comes_to(store, seat, "DECLINED")).decline_reason == reason
    assert await published(store) == ["PaymentDeclined"]


@pytest.mark.parametrize("token", ["tok_ok", "tok_declined", "tok_lost"])
async def test_the_token_is_gone_once_the_payment_is_settled_and_is_never_logged(
    store: PaymentStore, network: CardNetwork, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with settling(store, network):
        await deliver(store, (seat := Seat(token)).requested())
        settled = await comes_to(store, seat, "DECLINED" if token == "tok_declined" else "CAPTURED")
    assert settled.token == ""
    # The driver's own debug lines hold every statement; the service never turns them on.
    ours = [str(record.__dict__) for record in caplog.records if not record.name.startswith("aiosqlite")]
    assert token not in "".join(ours)


async def test_every_attempt_goes_under_the_same_key(store: PaymentStore, network: CardNetwork) -> None:
    watched = Watched(network)
    async with settling(store, watched):
        await deliver(store, (seat := Seat("tok_flaky")).requested())
        payment = await comes_to(store, seat, "CAPTURED")
        await deliver(store, seat.cancelled())
        await comes_to(store, seat, "REFUNDED")
    assert watched.keys == [payment.id, payment.id, f"{payment.id}:refund"]


async def test_slow_cards_do_not_hold_up_the_others(store: PaymentStore, network: CardNetwork) -> None:
    network.slow_seconds = 4.0
    slow, quick = [Seat("tok_slow") for _ in range(20)], [Seat() for _ in range(5)]
    async with settling(store, network):
        await deliver(store, *(seat.requested() for seat in slow))
        for seat in quick:
            await deliver(store, seat.requested())
        for seat in quick:
            await comes_to(store, seat, "CAPTURED")
        waiting = [await payment_of(store, seat) for seat in slow]
    assert {payment.state for payment in waiting if payment} == {State.PENDING}


async def test_more_payments_than_there_is_room_for_all_get_their_turn(
    store: PaymentStore, network: CardNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "_AT_ONCE", 3)
    monkeypatch.setattr(settle, "_SWEEP_EVERY", 60.0)
    held, seats = Held(network), [Seat() for _ in range(10)]
    async with settling(store, held):
        await deliver(store, *(seat.requested() for seat in seats))
        await until(lambda: _has(held, 3))
        held.release.set()
        for seat in seats:
            await comes_to(store, seat, "CAPTURED")
    assert await books(network) == (10, 0)


async def _has(watched: Watched, calls: int) -> bool:
    assert len(watched.keys) <= calls
    return len(watched.keys) == calls


async def test_a_provider_that_never_answers_is_asked_again(
    store: PaymentStore, network: CardNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "_CALL", 0.05)
    held = Held(network)
    async with settling(store, held):
        await deliver(store, (seat := Seat()).requested())

        async def asked_again() -> bool:
            return len(held.keys) >= 3

        await until(asked_again, 6)  # before the lease would run out
        held.release.set()
        await comes_to(store, seat, "CAPTURED")
    assert len(set(held.keys)) == 1
    assert await books(network) == (1, 0)


async def test_a_provider_that_does_not_keep_its_word_stops_no_other_payment(
    store: PaymentStore, network: CardNetwork
) -> None:
    broken, good = Seat(), Seat()
    async with settling(store, network):
        await deliver(store, broken.requested())
        payment = await comes_to(store, broken, "CAPTURED")
        async with store.begin() as unit:
            held = await unit.hold(payment.id)
            assert held is not None
            await network.refund("somebody else's key", held.charge_id)
        await deliver(store, broken.cancelled(), good.requested())
        await comes_to(store, good, "CAPTURED")
        refunding = await payment_of(store, broken)
    assert refunding is not None
    assert refunding.state is State.REFUNDING


async def test_an_enrollment_cancelled_while_its_charge_is_under_way_is_captured_and_given_back(
    store: PaymentStore, network: CardNetwork
) -> None:
    held = Held(network)
    async with settling(store, held):
        await deliver(store, (seat := Seat()).requested())
        await asyncio.wait_for(held.done.wait(), 20)
        await deliver(store, seat.cancelled())
        under_way = await payment_of(store, seat)
        assert under_way is not None
        assert (under_way.state, under_way.called_off) == (State.PENDING, True)
        held.release.set()
        await comes_to(store, seat, "REFUNDED")
    assert await books(network) == (1, 1)
    assert await published(store) == ["PaymentCaptured", "PaymentRefunded"]


async def test_a_slow_card_of_a_cancelled_enrollment_gets_its_money_back(
    store: PaymentStore, network: CardNetwork
) -> None:
    async with settling(store, network):
        await deliver(store, (seat := Seat("tok_slow")).requested())

        async def charged() -> bool:
            return await books(network) == (1, 0)

        await until(charged)
        await deliver(store, seat.cancelled())
        await comes_to(store, seat, "REFUNDED")
    assert await books(network) == (1, 1)
    assert await published(store) == ["PaymentCaptured", "PaymentRefunded"]


async def test_two_replicas_charge_and_give_back_each_payment_once(
    store: PaymentStore, network: CardNetwork, database_url: str
) -> None:
    other = await opened(database_url)
    one, two = Watched(network), Watched(network)
    seats = [Seat() for _ in range(30)]
    async with settling(store, one), settling(other, two):
        for index, seat in enumerate(seats):
            await deliver((store, other)[index % 2], seat.requested())
            other.woken.set()
            store.woken.set()
        for seat in seats:
            await comes_to(store, seat, "CAPTURED")
        await deliver(store, *(seat.cancelled() for seat in seats[:10]))
        other.woken.set()
        for seat in seats[:10]:
            await comes_to(store, seat, "REFUNDED")
    await other.close()
    assert await books(network) == (30, 10)
    assert sorted(await published(store)) == ["PaymentCaptured"] * 30 + ["PaymentRefunded"] * 10
    # The lease keeps them apart: nobody even asks for what the other has in hand.
    assert len(one.keys) + len(two.keys) == 40


async def _nothing_is_in_hand() -> bool:
    return not any("_settle" in str(task.get_coro()) for task in asyncio.all_tasks())


async def test_an_answer_that_comes_to_both_of_two_replicas_is_recorded_once(
    store: PaymentStore, network: CardNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = Held(network), Held(network)
    await deliver(store, (seat := Seat()).requested())
    async with settling(store, one):
        await asyncio.wait_for(one.done.wait(), 20)
        await let_leases_run_out(store)  # the first is taken for dead, and is not
        async with settling(store, two):
            await asyncio.wait_for(two.done.wait(), 20)
            two.release.set()
            captured = await comes_to(store, seat, "CAPTURED")
            one.release.set()
            await until(_nothing_is_in_hand)
            await deliver(store, seat.cancelled())
            back = await comes_to(store, seat, "REFUNDED")
    assert captured.charge_id == back.charge_id
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert await books(network) == (1, 1)
    assert await published(store) == ["PaymentCaptured", "PaymentRefunded"]


async def test_the_worker_stops_soon_with_a_call_under_way(
    store: PaymentStore, network: CardNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    held = Held(network)
    async with settling(store, held) as working:
        await deliver(store, Seat().requested())
        await asyncio.wait_for(held.done.wait(), 20)
        started = time.monotonic()
        working.cancel()
        await asyncio.wait([working])
        assert time.monotonic() - started < 2
    assert await _nothing_is_in_hand()


async def test_what_is_nearly_done_when_the_worker_stops_is_recorded(
    store: PaymentStore, network: CardNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "_LAST", 20.0)
    held = Held(network)
    async with settling(store, held) as working:
        await deliver(store, (seat := Seat()).requested())
        await asyncio.wait_for(held.done.wait(), 20)
        working.cancel()
        held.release.set()
        await asyncio.wait([working])
        assert (await comes_to(store, seat, "CAPTURED")).charge_id
