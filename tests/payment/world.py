"""What tests of payments share: facts as enrollments publish them, the worker at work, and the books."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.message import Message
from sqlalchemy import select, update

from coursemesh.enrollment.v1 import enrollment_events_pb2 as enrollments
from coursemesh.enrollment.v1.enrollment_pb2 import Money as Price
from services.chassis import facts, migrate
from services.chassis.bus import Bus
from services.chassis.consumer import Consumer
from services.chassis.facts import Fact, new_id
from services.payment.domain import Asked, Money, Payment
from services.payment.handlers import HANDLERS
from services.payment.provider import CardNetwork, charges, refunds
from services.payment.store import PaymentStore
from services.payment.tables import payments
from services.payment.usecases.ports import Charged, Declined, Provider, Refunded
from services.payment.usecases.settle import Settling

EUR = Money(4900, "EUR")


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 20) -> Any:
    """The first true value of the condition; fails when it does not come in time."""
    deadline = time.monotonic() + seconds
    while not (value := await condition()):
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.01)
    return value


@dataclass
class Seat:
    """An enrollment, as far as payments hear of it."""

    token: str = "tok_ok"
    id: str = field(default_factory=new_id)
    learner_id: str = field(default_factory=new_id)
    course_id: str = field(default_factory=new_id)

    @property
    def asked(self) -> Asked:
        return Asked(self.id, self.learner_id, self.course_id, EUR, self.token)

    def requested(self) -> Fact:
        price = Price(amount_minor=EUR.amount_minor, currency_code=EUR.currency)
        return self._fact(
            enrollments.EnrollmentRequested(**self._told(), price=price, payment_token=self.token),
        )

    def cancelled(self) -> Fact:
        return self._fact(enrollments.EnrollmentCancelled(**self._told()))

    def expired(self) -> Fact:
        return self._fact(enrollments.EnrollmentExpired(**self._told()))

    def _told(self) -> dict[str, Any]:
        told = {"enrollment_id": self.id, "learner_id": self.learner_id, "course_id": self.course_id}
        return {**told, "course_title": "Bread"}

    def _fact(self, message: Message) -> Fact:
        return facts.new("enrollment", self.id, message, datetime.now(UTC))


async def opened(url: str) -> PaymentStore:
    """A store with its tables, as a process opens it."""
    store = PaymentStore(url)
    await migrate.upgrade(store.engine, "services.payment.migrations")
    return store


async def deliver(store: PaymentStore, *delivered: Fact) -> None:
    """As the consumer does it: through the inbox, in one unit."""
    await Consumer(Bus("nats://nowhere", "test"), "payment", "ENROLLMENT", [], HANDLERS, store)._handle(list(delivered))


@asynccontextmanager
async def settling(store: PaymentStore, provider: Provider) -> AsyncIterator["asyncio.Task[None]"]:
    """The worker at work."""
    working = asyncio.create_task(Settling(store, provider).run())
    try:
        yield working
        assert not working.done() or working.cancelled(), "the worker died"
    finally:
        working.cancel()
        await asyncio.wait([working])


async def payment_of(store: PaymentStore, seat: Seat) -> Payment | None:
    # Without holding it: who looks must not keep the worker away.
    async with store.read() as unit:
        payment_id = (await unit.execute(select(payments.c.id).where(payments.c.enrollment_id == seat.id))).scalar()
        return payment_id and await unit.payment(payment_id)


async def comes_to(store: PaymentStore, seat: Seat, state: str) -> Payment:
    async def there() -> Payment | None:
        found = await payment_of(store, seat)
        return found if found and found.state.value == state else None

    found: Payment = await until(there)
    return found


async def let_leases_run_out(store: PaymentStore) -> None:
    """As time would."""
    async with store.begin() as unit:
        waiting = update(payments).where(payments.c.next_attempt.is_not(None))
        await unit.execute(waiting.values(next_attempt=datetime.now(UTC) - timedelta(seconds=1)))


async def published(store: PaymentStore) -> Sequence[str]:
    """The names of the facts in the outbox, oldest first."""
    return [fact.type.rpartition(".")[2] for fact in await store.unsent(0, 1000)]


async def books(network: CardNetwork) -> tuple[int, int]:
    """How many charges took money, and how many were given back."""
    async with network._ledger.read() as unit:
        taken = (await unit.execute(select(charges).where(charges.c.decline_reason == ""))).all()
        back = (await unit.execute(select(refunds))).all()
    assert {row.charge_id for row in back} <= {row.charge_id for row in taken}
    return len(taken), len(back)


class Watched:
    """A provider that counts the calls it passes on."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider
        self.keys: list[str] = []

    async def charge(self, key: str, amount_minor: int, currency: str, token: str) -> Charged | Declined:
        self.keys.append(key)
        return await self.provider.charge(key, amount_minor, currency, token)

    async def refund(self, key: str, charge_id: str) -> Refunded:
        self.keys.append(key)
        return await self.provider.refund(key, charge_id)


class Held(Watched):
    """A provider whose answers do not arrive until `release`; what it was asked is done all the same."""

    def __init__(self, provider: Provider) -> None:
        super().__init__(provider)
        self.done, self.release = asyncio.Event(), asyncio.Event()

    async def charge(self, key: str, amount_minor: int, currency: str, token: str) -> Charged | Declined:
        answer = await super().charge(key, amount_minor, currency, token)
        await self._hold()
        return answer

    async def refund(self, key: str, charge_id: str) -> Refunded:
        answer = await super().refund(key, charge_id)
        await self._hold()
        return answer

    async def _hold(self) -> None:
        self.done.set()
        await self.release.wait()
