"""Workers that die in the middle: what the next one finds, and what is charged all the same only once."""

import asyncio

import pytest

from services.chassis import requests
from services.payment.domain import State
from services.payment.provider import CardNetwork
from services.payment.store import PaymentStore
from services.payment.usecases import settle
from services.payment.usecases.ports import Charged, Declined
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
)


class NeverCalled(Watched):
    """A provider whose line is dead: the worker is killed with the call not yet out."""

    def __init__(self, network: CardNetwork) -> None:
        super().__init__(network)
        self.dialed = asyncio.Event()

    async def charge(self, key: str, amount_minor: int, currency: str, token: str) -> Charged | Declined:
        self.dialed.set()
        await asyncio.Event().wait()
        raise AssertionError


async def _killed_after_the_charge(store: PaymentStore, network: CardNetwork, seat: Seat) -> None:
    """The provider has committed, and the worker is gone before it could."""
    held = Held(network)
    async with settling(store, held):
        await deliver(store, seat.requested())
        await asyncio.wait_for(held.done.wait(), 20)
    assert await books(network) == (1, 0)
    assert await published(store) == []


async def test_a_worker_killed_after_the_charge_leaves_one_charge_and_one_fact(
    store: PaymentStore, network: CardNetwork, database_url: str
) -> None:
    seat = Seat()
    await _killed_after_the_charge(store, network, seat)
    restarted = await opened(database_url)
    await let_leases_run_out(restarted)
    async with settling(restarted, network):
        await comes_to(restarted, seat, "CAPTURED")
    await restarted.close()
    assert await books(network) == (1, 0)
    assert await published(store) == ["PaymentCaptured"]


async def test_an_enrollment_cancelled_after_such_a_kill_gets_its_money_back(
    store: PaymentStore, network: CardNetwork
) -> None:
    seat = Seat()
    await _killed_after_the_charge(store, network, seat)
    await deliver(store, seat.cancelled())
    await let_leases_run_out(store)
    async with settling(store, network):
        await comes_to(store, seat, "REFUNDED")
    assert await books(network) == (1, 1)
    assert await published(store) == ["PaymentCaptured", "PaymentRefunded"]


async def test_a_payment_that_may_have_been_charged_is_not_voided(store: PaymentStore, network: CardNetwork) -> None:
    seat, silent = Seat(), NeverCalled(network)
    async with settling(store, silent):
        await deliver(store, seat.requested())
        await asyncio.wait_for(silent.dialed.wait(), 20)
    await deliver(store, seat.expired())
    unsure = await payment_of(store, seat)
    assert unsure is not None
    assert (unsure.state, unsure.called_off, unsure.token) == (State.PENDING, True, "tok_ok")
    await let_leases_run_out(store)
    async with settling(store, network):
        await comes_to(store, seat, "REFUNDED")
    assert await books(network) == (1, 1)


async def test_a_worker_killed_after_the_refund_leaves_one_refund_and_one_fact(
    store: PaymentStore, network: CardNetwork
) -> None:
    seat = Seat()
    async with settling(store, network):
        await deliver(store, seat.requested())
        await comes_to(store, seat, "CAPTURED")
    held = Held(network)
    async with settling(store, held):
        await deliver(store, seat.cancelled())
        await asyncio.wait_for(held.done.wait(), 20)
    assert await books(network) == (1, 1)
    await let_leases_run_out(store)
    async with settling(store, network):
        await comes_to(store, seat, "REFUNDED")
    assert await books(network) == (1, 1)
    assert await published(store) == ["PaymentCaptured", "PaymentRefunded"]


async def test_a_payment_left_by_a_killed_process_is_found_without_a_wake(
    store: PaymentStore, network: CardNetwork, database_url: str
) -> None:
    await deliver(store, (seat := Seat()).requested())
    restarted = await opened(database_url)
    assert not restarted.woken.is_set()
    async with settling(restarted, network):
        await comes_to(restarted, seat, "CAPTURED")
        later = Seat()
        await deliver(store, later.requested())  # by another process, whose wake is not heard here
        await comes_to(restarted, later, "CAPTURED")
    await restarted.close()


async def test_an_answer_that_could_not_be_recorded_is_asked_for_again(
    store: PaymentStore, network: CardNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asyncio.Event()
    record = settle.record

    async def fails_once(*args: object) -> None:
        if failed.is_set():
            await record(*args)  # type: ignore[arg-type]
            return
        failed.set()
        raise requests.Conflict

    monkeypatch.setattr(settle, "record", fails_once)
    async with settling(store, network):
        await deliver(store, (seat := Seat()).requested())
        await asyncio.wait_for(failed.wait(), 20)
        await let_leases_run_out(store)
        await comes_to(store, seat, "CAPTURED")
    assert await books(network) == (1, 0)
    assert await published(store) == ["PaymentCaptured"]
