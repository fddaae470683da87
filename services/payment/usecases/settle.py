"""Payments that are due: the provider is asked, outside any transaction, and its answer recorded.

What keeps a learner from being charged twice is the key, which is the payment's id and so the same on every attempt, of
every replica. The lease only keeps replicas from asking for the same thing at once; a lease that is lost does no harm.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from opentelemetry.trace import SpanKind

from services.chassis import telemetry
from services.chassis.refusals import Unavailable
from services.chassis.requests import Conflict
from services.payment import domain
from services.payment.domain import Payment, State
from services.payment.usecases.ports import (
    Charged,
    Declined,
    Due,
    PaymentFact,
    Provider,
    ProviderUnavailable,
    Refunded,
    Store,
)

log = logging.getLogger(__name__)

# Payments in hand at once. A call waits far more than it works, so a few slow ones leave room for the others.
_AT_ONCE = 64
# How long the provider may take to answer, in seconds; shorter than the lease.
_CALL = 5.0
# How often what no commit here told of is looked for, in seconds: payments of a process that was killed.
_SWEEP_EVERY = 1.0
# How long calls under way may take at a stop, in seconds.
_LAST = 1.0

Answer = Charged | Declined | Refunded


class Settling:
    """Settles due payments, many at a time. Several replicas may do so on one store."""

    def __init__(self, store: Store, provider: Provider) -> None:
        self.store, self.provider = store, provider
        self._in_hand: set[asyncio.Task[None]] = set()
        self._more_waits = False

    async def run(self) -> None:
        """Settles until cancelled; then what is nearly done is still recorded. A call that takes longer is abandoned:
        the lease runs out, and the key finds what became of it."""
        try:
            while True:
                await self._take_up()
                await self._rest()
        finally:
            await self._finish()

    async def _finish(self) -> None:
        if not self._in_hand:
            return
        _, late = await asyncio.wait(self._in_hand, timeout=_LAST)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _take_up(self) -> None:
        # Before the store is asked: what is committed after that sets it again.
        self.store.woken.clear()
        room = _AT_ONCE - len(self._in_hand)
        try:
            taken = await claim(self.store, room, datetime.now(UTC))
        except (Unavailable, Conflict) as error:
            log.warning("due payments could not be taken up", extra={"error": type(error).__name__})
            return
        except Exception:
            log.exception("due payments could not be taken up")
            return
        for due in taken:
            task = asyncio.create_task(self._settle(due))
            self._in_hand.add(task)
            task.add_done_callback(self._done)
        self._more_waits = len(taken) == room
        self._look_again()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_SWEEP_EVERY):
                await self.store.woken.wait()
        except TimeoutError:
            return

    def _done(self, task: asyncio.Task[None]) -> None:
        self._in_hand.discard(task)
        self._look_again()

    def _look_again(self) -> None:
        """At once when more waited than there was room for, and now there is room."""
        if self._more_waits and len(self._in_hand) < _AT_ONCE:
            self.store.woken.set()

    async def _settle(self, due: Due) -> None:
        """Whatever goes wrong, the payment stays due and comes again."""
        payment, carried = due.payment, telemetry.extract(due.trace)
        verb = "refund" if payment.state is State.REFUNDING else "charge"
        with telemetry.tracer.start_as_current_span(f"provider {verb}", context=carried, kind=SpanKind.CLIENT):
            try:
                await self._ask_and_record(payment)
            except Exception as error:
                told = {"payment": payment.id, "attempt": payment.attempts, "error": type(error).__name__}
                log.exception("a payment could not be settled; it comes again", extra=told)

    async def _ask_and_record(self, payment: Payment) -> None:
        try:
            async with asyncio.timeout(_CALL):
                answer = await ask(self.provider, payment)
        except (ProviderUnavailable, TimeoutError):
            log.warning("the provider gave no answer", extra={"payment": payment.id, "attempt": payment.attempts})
            await self._postpone(payment)
        except Exception:
            await self._postpone(payment)
            raise
        else:
            await record(self.store, payment, answer)

    async def _postpone(self, claimed: Payment) -> None:
        later = await postpone(self.store, claimed, datetime.now(UTC))
        seconds = (later - datetime.now(UTC)).total_seconds() if later else _SWEEP_EVERY
        if seconds < _SWEEP_EVERY:  # any other the sweep finds soon enough
            asyncio.get_running_loop().call_later(max(seconds, 0), self.store.woken.set)


async def claim(store: Store, limit: int, now: datetime) -> Sequence[Due]:
    """Takes up due payments, so that no other replica does while the lease lasts, and it is known that they began."""
    if limit <= 0:
        return []
    async with store.begin() as unit:
        taken = [Due(domain.begin(due.payment, now), due.trace) for due in await unit.due(now, limit)]
        for due in taken:
            await unit.save(due.payment)
    return taken


async def ask(provider: Provider, payment: Payment) -> Answer:
    if payment.state is State.REFUNDING:
        return await provider.refund(f"{payment.id}:refund", payment.charge_id)
    amount = payment.amount
    return await provider.charge(payment.id, amount.amount_minor, amount.currency, payment.token)


async def record(store: Store, claimed: Payment, answer: Answer) -> None:
    """Saves the answer and its fact; an answer that another replica recorded before is no news."""
    async with store.begin() as unit:
        payment = await unit.hold(claimed.id)
        if payment is not None and payment.awaits(claimed):
            await unit.save(*_outcome(payment, answer, datetime.now(UTC)))


async def postpone(store: Store, claimed: Payment, now: datetime) -> datetime | None:
    """When the next attempt is; None when there is none."""
    async with store.begin() as unit:
        payment = await unit.hold(claimed.id)
        if payment is None:
            return None
        payment = domain.postpone(payment, claimed, now)
        await unit.save(payment)
    return payment.next_attempt


def _outcome(payment: Payment, answer: Answer, now: datetime) -> tuple[Payment, PaymentFact]:
    match answer:
        case Charged(charge_id):
            return domain.capture(payment, charge_id, now)
        case Declined(reason):
            return domain.decline(payment, reason, now)
        case Refunded():
            return domain.refunded(payment, now)
