"""The built-in payment provider: a card network that is not there, deterministic, with a durable ledger of its own.

What a card does is in its token:

    tok_ok                   charged
    tok_declined             declined, CARD_DECLINED
    tok_insufficient_funds   declined, INSUFFICIENT_FUNDS
    tok_slow                 charged at once, and the answer takes its time
    tok_flaky                the first call under a key fails and does nothing; the next one charges
    tok_lost                 charged, and the answer to the first call under a key is lost
    any other                declined, INVALID_TOKEN
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, String, Table, select, text
from sqlalchemy.exc import SQLAlchemyError

from services.chassis.refusals import Unavailable
from services.chassis.requests import Conflict
from services.chassis.sql import SqlStore, SqlUnit
from services.chassis.tables import Time
from services.payment.usecases.ports import Charged, Declined, ProviderUnavailable, Refunded

ledger = MetaData()

charges = Table(
    "charges",
    ledger,
    Column("key", String(64), primary_key=True),
    Column("charge_id", String(64), nullable=False, unique=True),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    # Empty when the money was taken.
    Column("decline_reason", String(64), nullable=False),
    Column("time", Time, nullable=False),
)

refunds = Table(
    "refunds",
    ledger,
    Column("key", String(64), primary_key=True),
    # A charge is given back once, under whatever key.
    Column("charge_id", String(64), nullable=False, unique=True),
    Column("time", Time, nullable=False),
)

# The keys whose first call has failed already.
failures = Table("failures", ledger, Column("key", String(64), primary_key=True))

_REASONS = {"tok_declined": "CARD_DECLINED", "tok_insufficient_funds": "INSUFFICIENT_FUNDS"}
_CHARGED = frozenset({"tok_ok", "tok_slow", "tok_flaky", "tok_lost"})
# Any number will do, as long as all replicas agree on it and nothing else takes it.
_LOCK = 0x6C656467


class CardNetwork:
    """A provider. Its ledger's row is committed before it answers."""

    def __init__(self, url: str, slow_seconds: float) -> None:
        """url: of the ledger, as SQLAlchemy has it."""
        self.slow_seconds = slow_seconds
        self._ledger = SqlStore(url, "provider", SqlUnit)

    async def open(self) -> None:
        """Makes the ledger if it is not there."""
        async with self._ledger.begin() as unit:
            if unit.connection.dialect.name == "postgresql":
                await unit.execute(text("SELECT pg_advisory_xact_lock(:lock)").bindparams(lock=_LOCK))
            await unit.connection.run_sync(ledger.create_all)

    async def charge(self, key: str, amount_minor: int, currency: str, token: str) -> Charged | Declined:
        row = {
            "key": key,
            "charge_id": f"ch_{key}",
            "amount_minor": amount_minor,
            "currency": currency,
            "decline_reason": "" if token in _CHARGED else _REASONS.get(token, "INVALID_TOKEN"),
            "time": datetime.now(UTC),
        }
        if token == "tok_flaky":  # noqa: S105 - the name of a behavior
            await self._fail_once(key)
        async with self._entry() as unit:
            first = await unit.insert_unless_there(charges, row)
            found = (await unit.execute(select(charges).where(charges.c.key == key))).one()
        if (found.amount_minor, found.currency) != (amount_minor, currency):
            raise ValueError(f"the key {key} was used for another amount")
        if first:
            await self._delay_answer(token)
        return Declined(found.decline_reason) if found.decline_reason else Charged(found.charge_id)

    async def refund(self, key: str, charge_id: str) -> Refunded:
        row = {"key": key, "charge_id": charge_id, "time": datetime.now(UTC)}
        async with self._entry() as unit:
            await self._check_charged(unit, charge_id)
            await unit.insert_unless_there(refunds, row)
            found = (await unit.execute(select(refunds).where(refunds.c.charge_id == charge_id))).one_or_none()
        if found is None or found.key != key:
            raise ValueError(f"the key {key} and the charge {charge_id} are not of the same refund")
        return Refunded()

    async def close(self) -> None:
        await self._ledger.close()

    async def _fail_once(self, key: str) -> None:
        async with self._entry() as unit:
            first = await unit.insert_unless_there(failures, {"key": key})
        if first:
            raise ProviderUnavailable("the network failed")

    async def _delay_answer(self, token: str) -> None:
        if token == "tok_slow":  # noqa: S105 - the name of a behavior
            await asyncio.sleep(self.slow_seconds)
        if token == "tok_lost":  # noqa: S105 - the name of a behavior
            raise ProviderUnavailable("the answer was lost")

    async def _check_charged(self, unit: SqlUnit, charge_id: str) -> None:
        taken = select(charges).where(charges.c.charge_id == charge_id, charges.c.decline_reason == "")
        if (await unit.execute(taken)).one_or_none() is None:
            raise ValueError(f"there is no charge {charge_id}")

    @asynccontextmanager
    async def _entry(self) -> AsyncIterator[Any]:
        """A transaction on the ledger; whatever is wrong with the ledger, the caller only sees that no answer came."""
        try:
            async with self._ledger.begin() as unit:
                yield unit
        except (Conflict, Unavailable, SQLAlchemyError) as error:
            raise ProviderUnavailable(f"the network's ledger: {type(error).__name__}") from error
