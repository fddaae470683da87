"""Facts of enrollments, in every order and more than once: what is charged, and what goes back."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from coursemesh.enrollment.v1.enrollment_events_pb2 import EnrollmentRequested
from coursemesh.enrollment.v1.enrollment_pb2 import Money as Price
from services.chassis import facts
from services.chassis.facts import Fact, Malformed
from services.payment.domain import NOTHING, State
from services.payment.provider import CardNetwork
from services.payment.store import PaymentStore
from tests.payment.world import EUR, Seat, books, comes_to, deliver, payment_of, published, settling

ENDS = ["cancelled", "expired"]


async def test_a_requested_enrollment_is_charged_once_however_often_it_is_told(
    store: PaymentStore, network: CardNetwork
) -> None:
    seat = Seat()
    fact = seat.requested()
    async with settling(store, network):
        await deliver(store, fact, fact)
        await deliver(store, fact)
        payment = await comes_to(store, seat, "CAPTURED")
        await deliver(store, fact)
        await deliver(store, seat.requested())  # told anew, as another fact
        assert await payment_of(store, seat) == payment
    assert (payment.amount, payment.learner_id, payment.course_id) == (EUR, seat.learner_id, seat.course_id)
    assert await books(network) == (1, 0)
    assert await published(store) == ["PaymentCaptured"]


async def test_a_fact_delivered_twice_goes_through_the_inbox_once(store: PaymentStore) -> None:
    fact = Seat().requested()
    async with store.begin() as unit:
        assert await unit.first_time(fact)
    await deliver(store, fact)
    async with store.begin() as unit:
        assert await unit.hold_for(fact.subject) is None  # it was done, so it is not done again


@pytest.mark.parametrize("end", ENDS)
async def test_an_enrollment_that_is_over_before_the_charge_began_is_voided(
    store: PaymentStore, network: CardNetwork, end: str
) -> None:
    seat, other = Seat(), Seat()
    await deliver(store, seat.requested(), getattr(seat, end)(), other.requested())
    async with settling(store, network):
        await comes_to(store, other, "CAPTURED")
    voided = await payment_of(store, seat)
    assert voided is not None
    assert (voided.state, voided.amount, voided.token) == (State.VOIDED, EUR, "")
    assert await books(network) == (1, 0)


@pytest.mark.parametrize("end", ENDS)
async def test_an_end_that_comes_before_its_request_keeps_it_from_being_charged(
    store: PaymentStore, network: CardNetwork, end: str
) -> None:
    seat, other = Seat(), Seat()
    await deliver(store, getattr(seat, end)())
    early = await payment_of(store, seat)
    assert early is not None
    assert (early.state, early.amount, early.learner_id) == (State.VOIDED, NOTHING, seat.learner_id)
    await deliver(store, seat.requested(), other.requested())
    async with settling(store, network):
        await comes_to(store, other, "CAPTURED")
    late = await payment_of(store, seat)
    assert late is not None
    assert (late.id, late.state, late.amount, late.token) == (early.id, State.VOIDED, EUR, "")
    assert await books(network) == (1, 0)


@pytest.mark.parametrize("end", ENDS)
async def test_an_enrollment_that_is_over_after_the_capture_gets_its_money_back_once(
    store: PaymentStore, network: CardNetwork, end: str
) -> None:
    seat = Seat()
    over = getattr(seat, end)()
    async with settling(store, network):
        await deliver(store, seat.requested())
        await comes_to(store, seat, "CAPTURED")
        await deliver(store, over, over)
        await deliver(store, over)
        back = await comes_to(store, seat, "REFUNDED")
        await deliver(store, seat.cancelled(), seat.expired(), seat.requested())
        assert await payment_of(store, seat) == back
    assert await books(network) == (1, 1)
    assert await published(store) == ["PaymentCaptured", "PaymentRefunded"]


async def test_a_declined_payment_stays_declined_when_its_enrollment_is_over(
    store: PaymentStore, network: CardNetwork
) -> None:
    seat = Seat("tok_insufficient_funds")
    async with settling(store, network):
        await deliver(store, seat.requested())
        declined = await comes_to(store, seat, "DECLINED")
        await deliver(store, seat.cancelled(), seat.expired())
        assert await payment_of(store, seat) == declined
    assert declined.decline_reason == "INSUFFICIENT_FUNDS"
    assert await books(network) == (0, 0)
    assert await published(store) == ["PaymentDeclined"]


@pytest.mark.parametrize("order", list(permutations(["requested", "cancelled", "expired"])))
async def test_whatever_the_order_the_books_balance(
    store: PaymentStore, network: CardNetwork, order: tuple[str, ...]
) -> None:
    seat, last = Seat(), Seat()
    async with settling(store, network):
        for told in order:
            fact = getattr(seat, told)()
            await deliver(store, fact)
            await deliver(store, fact)
        found = await payment_of(store, seat)
        assert found is not None
        await comes_to(store, seat, "VOIDED" if found.state is State.VOIDED else "REFUNDED")
        await deliver(store, last.requested())
        await comes_to(store, last, "CAPTURED")
    taken, back = await books(network)
    assert taken - back == 1  # the last one's alone


def _request(**changed: Any) -> Fact:
    seat = Seat()
    told: dict[str, Any] = {
        "enrollment_id": seat.id,
        "learner_id": seat.learner_id,
        "course_id": seat.course_id,
        "price": Price(amount_minor=4900, currency_code="EUR"),
        "payment_token": "tok_ok",
        **changed,
    }
    return facts.new("enrollment", seat.id, EnrollmentRequested(**told), datetime.now(UTC))


@pytest.mark.parametrize(
    "changed",
    [
        {"enrollment_id": ""},
        {"learner_id": "x" * 100},
        {"course_id": "made up"},
        {"price": Price(amount_minor=-1, currency_code="EUR")},
        {"price": Price(amount_minor=0, currency_code="EUR")},
        {"price": Price(amount_minor=4900, currency_code="euros")},
        {"price": None},
    ],
)
async def test_a_request_that_makes_no_sense_is_malformed_and_changes_nothing(
    store: PaymentStore, changed: dict[str, object]
) -> None:
    fact = _request(**changed)
    with pytest.raises(Malformed):
        await deliver(store, fact)
    async with store.begin() as unit:
        assert await unit.due(datetime.now(UTC), 10) == []
        assert await unit.first_time(fact)
