"""What the use cases need of the outside."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.chassis.paging import Asked as PageAsked
from services.payment.domain import Payment, PaymentCaptured, PaymentDeclined, PaymentRefunded

PaymentFact = PaymentCaptured | PaymentDeclined | PaymentRefunded


@dataclass(frozen=True, slots=True)
class Due:
    """A payment that the provider is to be asked about. trace: the trace that made it due."""

    payment: Payment
    trace: Mapping[str, str]


class Unit(Protocol):
    """One transaction."""

    async def payment(self, payment_id: str) -> Payment | None: ...

    async def hold(self, payment_id: str) -> Payment | None:
        """The payment, kept from changing until the unit ends."""

    async def hold_for(self, enrollment_id: str) -> Payment | None:
        """Likewise, by what it pays for."""

    async def payments(self, learner_id: str, asked: PageAsked) -> Sequence[Payment]:
        """The payments asked of a learner, newest first; one more than asked for, if there is one."""

    async def due(self, now: datetime, limit: int) -> Sequence[Due]:
        """Payments whose next attempt is due, longest first; without those that another unit is at."""

    async def add(self, payment: Payment) -> bool:
        """False when its enrollment has a payment already."""

    async def save(self, payment: Payment, *facts: PaymentFact) -> None: ...


class Store(Protocol):
    # Set by each commit that leaves a payment due.
    woken: asyncio.Event

    def begin(self) -> AbstractAsyncContextManager[Unit]:
        """A unit that commits when it is left without an error."""

    def read(self) -> AbstractAsyncContextManager[Unit]:
        """A unit for reading only."""


@dataclass(frozen=True, slots=True)
class Charged:
    """The money is taken. charge_id: what the provider calls it."""

    charge_id: str


@dataclass(frozen=True, slots=True)
class Declined:
    """No money is taken, and none will be under this key. reason: UPPER_SNAKE."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refunded:
    """The money is given back."""


class ProviderUnavailable(Exception):
    """The provider gave no answer. It may have done what it was asked all the same: only the same key finds out."""


class Provider(Protocol):
    """Takes money and gives it back. The first outcome under a key is the outcome under this key for ever.

    Each may raise ProviderUnavailable, and ValueError when a key comes back with other content, which is a defect.
    """

    async def charge(self, key: str, amount_minor: int, currency: str, token: str) -> Charged | Declined: ...

    async def refund(self, key: str, charge_id: str) -> Refunded: ...
