"""Payments in SQL."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis import telemetry
from services.chassis.paging import Asked
from services.chassis.sql import SqlStore, SqlUnit
from services.payment import wire
from services.payment.domain import NOTHING, Money, Payment, State
from services.payment.tables import payments
from services.payment.usecases.ports import Due, PaymentFact


class PaymentUnit(SqlUnit):
    """One transaction on the table of the payment service."""

    def __init__(self, connection: AsyncConnection, service: str) -> None:
        super().__init__(connection, service)
        self.left_due = False

    async def payment(self, payment_id: str) -> Payment | None:
        row = (await self.execute(select(payments).where(payments.c.id == payment_id))).one_or_none()
        return row and _payment(row)

    async def hold(self, payment_id: str) -> Payment | None:
        found = select(payments).where(payments.c.id == payment_id).with_for_update()
        row = (await self.execute(found)).one_or_none()
        return row and _payment(row)

    async def hold_for(self, enrollment_id: str) -> Payment | None:
        found = select(payments).where(payments.c.enrollment_id == enrollment_id).with_for_update()
        row = (await self.execute(found)).one_or_none()
        return row and _payment(row)

    async def payments(self, learner_id: str, asked: Asked) -> Sequence[Payment]:
        theirs = select(payments).where(payments.c.learner_id == learner_id, payments.c.currency != NOTHING.currency)
        if asked.after:
            theirs = theirs.where(payments.c.id < asked.after)
        rows = await self.execute(theirs.order_by(payments.c.id.desc()).limit(asked.size + 1))
        return [_payment(row) for row in rows]

    async def due(self, now: datetime, limit: int) -> Sequence[Due]:
        waiting = select(payments).where(payments.c.next_attempt <= now).order_by(payments.c.next_attempt)
        rows = await self.execute(waiting.limit(limit).with_for_update(skip_locked=True))
        return [Due(_payment(row), row.trace) for row in rows]

    async def add(self, payment: Payment) -> bool:
        added = await self.insert_unless_there(payments, {**_values(payment), "trace": telemetry.inject()})
        self.left_due |= added and payment.due_now
        return added

    async def save(self, payment: Payment, *facts: PaymentFact) -> None:
        values = _values(payment)
        if payment.due_now:
            self.left_due = True
            values["trace"] = telemetry.inject()
        await self.execute(update(payments).where(payments.c.id == payment.id).values(values))
        for fact in facts:
            self.publish(payment.id, wire.fact(fact), payment.updated)


class PaymentStore(SqlStore[PaymentUnit]):
    """The payment service's database. `woken` is set by each commit that leaves a payment due."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "payment", PaymentUnit)
        self.woken = asyncio.Event()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[PaymentUnit]:
        async with super().begin() as unit:
            yield unit
        if unit.left_due:
            self.woken.set()


def _payment(row: Any) -> Payment:
    return Payment(
        row.id,
        row.enrollment_id,
        row.learner_id,
        row.course_id,
        Money(row.amount_minor, row.currency),
        row.token,
        State(row.state),
        row.created,
        row.updated,
        row.called_off,
        row.decline_reason,
        row.charge_id,
        row.attempts,
        row.next_attempt,
    )


def _values(payment: Payment) -> dict[str, Any]:
    return {
        "id": payment.id,
        "enrollment_id": payment.enrollment_id,
        "learner_id": payment.learner_id,
        "course_id": payment.course_id,
        "amount_minor": payment.amount.amount_minor,
        "currency": payment.amount.currency,
        "token": payment.token,
        "state": payment.state.value,
        "created": payment.created,
        "updated": payment.updated,
        "called_off": payment.called_off,
        "decline_reason": payment.decline_reason,
        "charge_id": payment.charge_id,
        "attempts": payment.attempts,
        "next_attempt": payment.next_attempt,
    }
