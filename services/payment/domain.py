"""Payments: what they are and may become."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.chassis.refusals import FailedPrecondition

# A payment that was taken up is left alone for so long; then whoever took it up is held for dead. Longer than a call
# to the provider may take.
LEASE = timedelta(seconds=7)
# How long a payment waits after the first call that gave no answer; twice as long after each further one.
BACKOFF, BACKOFF_AT_MOST = timedelta(seconds=0.2), timedelta(seconds=30)


class State(StrEnum):
    PENDING = "PENDING"
    CAPTURED = "CAPTURED"
    DECLINED = "DECLINED"
    REFUNDING = "REFUNDING"
    REFUNDED = "REFUNDED"
    VOIDED = "VOIDED"


# From each state, the states that may follow.
MOVES: Mapping[State, frozenset[State]] = {
    State.PENDING: frozenset({State.CAPTURED, State.DECLINED, State.VOIDED}),
    State.CAPTURED: frozenset({State.REFUNDING}),
    State.REFUNDING: frozenset({State.REFUNDED}),
    State.DECLINED: frozenset(),
    State.REFUNDED: frozenset(),
    State.VOIDED: frozenset(),
}
# In these the provider has something to do.
OPEN = frozenset({State.PENDING, State.REFUNDING})


@dataclass(frozen=True, slots=True)
class Money:
    """currency: ISO 4217."""

    amount_minor: int
    currency: str


# ISO 4217's code for a transaction without a currency.
NOTHING = Money(0, "XXX")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an enrollment asks to be paid, and with what."""

    enrollment_id: str
    learner_id: str
    course_id: str
    amount: Money
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Payment:
    """What an enrollment costs, on its way from the learner's card and perhaps back.

    token: the provider's, of the card; empty once it is not needed any more. called_off: the enrollment was over while
    the charge was under way, so what is captured goes back. attempts: how often the provider was asked for what the
    state needs. next_attempt: when it is to be asked (again); None when there is nothing to ask.
    """

    id: str
    enrollment_id: str
    learner_id: str
    course_id: str
    amount: Money
    token: str = field(repr=False)
    state: State
    created: datetime
    updated: datetime
    called_off: bool = False
    decline_reason: str = ""
    charge_id: str = ""
    attempts: int = 0
    next_attempt: datetime | None = None

    @property
    def asked_for(self) -> bool:
        """False for what only keeps an enrollment that is over from being charged."""
        return self.amount != NOTHING

    @property
    def due_now(self) -> bool:
        """Whether its last change left something to ask."""
        return self.next_attempt is not None and self.next_attempt <= self.updated

    @property
    def begun(self) -> bool:
        """Whether the provider may know of it already, answered or not."""
        return self.attempts > 0

    def awaits(self, claimed: "Payment") -> bool:
        """Whether an answer to what was asked for `claimed` is still news."""
        return self.state is claimed.state and self.state in OPEN


@dataclass(frozen=True, slots=True)
class PaymentCaptured:
    payment: Payment


@dataclass(frozen=True, slots=True)
class PaymentDeclined:
    payment: Payment


@dataclass(frozen=True, slots=True)
class PaymentRefunded:
    payment: Payment


def request(payment_id: str, asked: Asked, now: datetime) -> Payment:
    """A payment to be charged at once."""
    return Payment(
        payment_id,
        asked.enrollment_id,
        asked.learner_id,
        asked.course_id,
        asked.amount,
        asked.token,
        State.PENDING,
        now,
        now,
        next_attempt=now,
    )


def never_charge(payment_id: str, enrollment_id: str, learner_id: str, course_id: str, now: datetime) -> Payment:
    """Stands for an enrollment that was over before its payment was asked for, as far as is known here."""
    return Payment(payment_id, enrollment_id, learner_id, course_id, NOTHING, "", State.VOIDED, now, now)


def request_late(there: Payment, asked: Asked, now: datetime) -> Payment:
    """The payment that the enrollment has; one that came before its request now knows what it was for."""
    return there if there.asked_for else replace(there, amount=asked.amount, updated=now)


def call_off(payment: Payment, now: datetime) -> Payment:
    """The enrollment is over: nothing more is charged, and what is or may be captured goes back."""
    if payment.state is State.CAPTURED:
        return _give_back(payment, now)
    if payment.state is not State.PENDING:
        return payment
    if not payment.begun:
        return _move(payment, State.VOIDED, now)
    # Whether the money is taken is not known, so it is found out first, and given back then.
    return replace(payment, called_off=True)


def begin(payment: Payment, now: datetime) -> Payment:
    """Taken up: to be saved before the provider is called, for the call may be the last thing this process does."""
    return replace(payment, attempts=payment.attempts + 1, next_attempt=now + LEASE)


def postpone(payment: Payment, claimed: Payment, now: datetime) -> Payment:
    """The provider gave no answer, so it is asked again, under the same key, until it gives one."""
    if not payment.awaits(claimed) or payment.attempts != claimed.attempts:
        return payment  # somebody else has taken it up since
    return replace(payment, next_attempt=now + _backoff(payment.attempts))


def capture(payment: Payment, charge_id: str, now: datetime) -> tuple[Payment, PaymentCaptured]:
    """The money is taken; it goes back when the payment was called off meanwhile."""
    captured = _move(replace(payment, charge_id=charge_id), State.CAPTURED, now)
    return _give_back(captured, now) if payment.called_off else captured, PaymentCaptured(captured)


def decline(payment: Payment, reason: str, now: datetime) -> tuple[Payment, PaymentDeclined]:
    declined = _move(replace(payment, decline_reason=reason), State.DECLINED, now)
    return declined, PaymentDeclined(declined)


def refund(payment: Payment, now: datetime) -> Payment:
    if payment.state is not State.CAPTURED:
        raise FailedPrecondition("NOT_CAPTURED", "there is nothing to give back", state=payment.state.value)
    return _give_back(payment, now)


def refunded(payment: Payment, now: datetime) -> tuple[Payment, PaymentRefunded]:
    back = _move(payment, State.REFUNDED, now)
    return back, PaymentRefunded(back)


def _give_back(payment: Payment, now: datetime) -> Payment:
    return replace(_move(payment, State.REFUNDING, now), next_attempt=now)


def _move(payment: Payment, state: State, now: datetime) -> Payment:
    """In the new state, with nothing tried yet. A move that is not in the table is a defect."""
    if state not in MOVES[payment.state]:
        raise ValueError(f"payment {payment.id} is {payment.state} and cannot become {state}")
    return replace(payment, state=state, updated=now, token="", attempts=0, next_attempt=None)


def _backoff(attempts: int) -> timedelta:
    doublings = min(attempts - 1, 10)  # beyond which the number only grows
    return min(BACKOFF_AT_MOST, BACKOFF * (1 << doublings))
