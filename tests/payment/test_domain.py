"""Payments as values: every state against everything that can happen to it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.chassis.facts import new_id
from services.chassis.refusals import FailedPrecondition
from services.payment import domain
from services.payment.domain import NOTHING, OPEN, Payment, PaymentCaptured, PaymentDeclined, PaymentRefunded, State
from tests.payment.world import EUR, Seat

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
SEAT = Seat()


def pending() -> Payment:
    return domain.request(new_id(), SEAT.asked, NOW)


def captured() -> Payment:
    return domain.capture(domain.begin(pending(), NOW), "ch_1", NOW)[0]


STANDING: dict[str, Callable[[], Payment]] = {
    "pending": pending,
    "begun": lambda: domain.begin(pending(), NOW),
    "called off": lambda: domain.call_off(domain.begin(pending(), NOW), NOW),
    "captured": captured,
    "declined": lambda: domain.decline(domain.begin(pending(), NOW), "CARD_DECLINED", NOW)[0],
    "refunding": lambda: domain.refund(captured(), NOW),
    "refunded": lambda: domain.refunded(domain.refund(captured(), NOW), NOW)[0],
    "voided": lambda: domain.call_off(pending(), NOW),
    "never asked for": lambda: domain.never_charge(new_id(), SEAT.id, SEAT.learner_id, SEAT.course_id, NOW),
}
DEFECT, NOT_CAPTURED = ValueError, FailedPrecondition

# What each event makes of each standing.
EXPECTED: dict[str, dict[str, Any]] = {
    "call off": {
        "pending": State.VOIDED,
        "begun": State.PENDING,
        "called off": State.PENDING,
        "captured": State.REFUNDING,
        "declined": State.DECLINED,
        "refunding": State.REFUNDING,
        "refunded": State.REFUNDED,
        "voided": State.VOIDED,
        "never asked for": State.VOIDED,
    },
    "request late": {
        "pending": State.PENDING,
        "begun": State.PENDING,
        "called off": State.PENDING,
        "captured": State.CAPTURED,
        "declined": State.DECLINED,
        "refunding": State.REFUNDING,
        "refunded": State.REFUNDED,
        "voided": State.VOIDED,
        "never asked for": State.VOIDED,
    },
    "refund": dict.fromkeys(STANDING, NOT_CAPTURED) | {"captured": State.REFUNDING},
    "capture": dict.fromkeys(STANDING, DEFECT)
    | {"pending": State.CAPTURED, "begun": State.CAPTURED, "called off": State.REFUNDING},
    "decline": dict.fromkeys(STANDING, DEFECT)
    | {"pending": State.DECLINED, "begun": State.DECLINED, "called off": State.DECLINED},
    "refunded": dict.fromkeys(STANDING, DEFECT) | {"refunding": State.REFUNDED},
}
EVENTS: dict[str, Callable[[Payment], Payment]] = {
    "call off": lambda payment: domain.call_off(payment, LATER),
    "request late": lambda payment: domain.request_late(payment, SEAT.asked, LATER),
    "refund": lambda payment: domain.refund(payment, LATER),
    "capture": lambda payment: domain.capture(payment, "ch_2", LATER)[0],
    "decline": lambda payment: domain.decline(payment, "CARD_DECLINED", LATER)[0],
    "refunded": lambda payment: domain.refunded(payment, LATER)[0],
}
ALL = [(standing, event) for standing in STANDING for event in EVENTS]


@pytest.mark.parametrize(("standing", "event"), ALL)
def test_every_event_makes_of_every_state_what_the_table_says(standing: str, event: str) -> None:
    before, expected = STANDING[standing](), EXPECTED[event][standing]
    if isinstance(expected, State):
        after = EVENTS[event](before)
        assert after.state is expected
        assert (after.id, after.enrollment_id) == (before.id, before.enrollment_id)
    else:
        with pytest.raises(expected):
            EVENTS[event](before)


@pytest.mark.parametrize(("standing", "event"), ALL)
def test_only_an_open_payment_is_due_and_only_a_pending_one_has_a_token(standing: str, event: str) -> None:
    if isinstance(EXPECTED[event][standing], State):
        after = EVENTS[event](STANDING[standing]())
        assert (after.next_attempt is not None) == (after.state in OPEN)
        assert bool(after.token) == (after.state is State.PENDING)


@pytest.mark.parametrize("standing", ["declined", "refunding", "refunded", "voided", "never asked for"])
def test_calling_off_what_needs_no_calling_off_changes_nothing(standing: str) -> None:
    before = STANDING[standing]()
    assert domain.call_off(before, LATER) == before


def test_no_state_but_captured_follows_a_charge_and_none_follows_the_ends() -> None:
    assert domain.MOVES.keys() == set(State)
    assert {state for state, following in domain.MOVES.items() if not following} == {
        State.DECLINED,
        State.REFUNDED,
        State.VOIDED,
    }
    assert [state for state, following in domain.MOVES.items() if State.REFUNDING in following] == [State.CAPTURED]


def test_a_capture_after_the_calling_off_is_published_as_captured_and_goes_back_at_once() -> None:
    payment, fact = domain.capture(STANDING["called off"](), "ch_1", LATER)
    assert fact == PaymentCaptured(fact.payment)
    assert fact.payment.state is State.CAPTURED
    assert (payment.state, payment.charge_id, payment.next_attempt) == (State.REFUNDING, "ch_1", LATER)


def test_the_facts_say_what_happened() -> None:
    declined, fact = domain.decline(pending(), "INSUFFICIENT_FUNDS", LATER)
    assert fact == PaymentDeclined(declined)
    assert declined.decline_reason == "INSUFFICIENT_FUNDS"
    back, given_back = domain.refunded(domain.refund(captured(), NOW), LATER)
    assert given_back == PaymentRefunded(back)


def test_what_was_never_asked_for_learns_its_amount_and_is_still_not_charged() -> None:
    before = STANDING["never asked for"]()
    assert (before.amount, before.asked_for) == (NOTHING, False)
    after = domain.request_late(before, SEAT.asked, LATER)
    assert (after.amount, after.asked_for, after.state, after.token) == (EUR, True, State.VOIDED, "")


def test_a_payment_taken_up_is_left_alone_while_the_lease_lasts() -> None:
    begun = domain.begin(pending(), LATER)
    assert (begun.attempts, begun.next_attempt) == (1, LATER + domain.LEASE)


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 0.2), (2, 0.4), (3, 0.8), (8, 25.6), (9, 30), (5_000, 30)])
def test_each_attempt_waits_twice_as_long_up_to_half_a_minute(attempts: int, seconds: float) -> None:
    tried = replace(pending(), attempts=attempts)
    assert domain.postpone(tried, tried, NOW).next_attempt == NOW + timedelta(seconds=seconds)


def test_only_who_took_it_up_last_postpones_it() -> None:
    first = domain.begin(pending(), NOW)
    second = domain.begin(first, LATER)
    assert domain.postpone(second, first, LATER) == second
    settled = domain.capture(first, "ch_1", NOW)[0]
    assert domain.postpone(settled, first, LATER) == settled


def test_a_payment_does_not_show_its_token() -> None:
    assert SEAT.token not in repr(pending())
    assert SEAT.token not in repr(SEAT.asked)
