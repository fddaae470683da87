"""SQL stores: units of work on SQLite and PostgreSQL alike; outbox, inbox and answered requests commit with them."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message
from sqlalchemy import Connection, CursorResult, Row, Table, delete, event, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import await_only

from services.chassis import facts
from services.chassis.facts import Fact
from services.chassis.refusals import Unavailable
from services.chassis.requests import Answered, Conflict, Key
from services.chassis.tables import inbox, outbox, requests

log = logging.getLogger(__name__)

# PostgreSQL's codes for units that collided: serialization failure, deadlock, lock not available.
_COLLIDED = frozenset({"40001", "40P01", "55P03"})
# How often a new SQLite file is switched to write-ahead logging, before its being locked is an error.
_SWITCHES = 20
# How long what is done is remembered. The inbox must remember longer than a fact can be on its way.
_REMEMBERED = timedelta(days=30)


class StatementFailed(Exception):
    """A defect. What the database says of it may hold a whole row, and goes to logs and dead letters: so only the kind
    is kept."""


class SqlUnit:
    """One transaction. A service's unit adds its own tables to this."""

    def __init__(self, connection: AsyncConnection, service: str) -> None:
        self.connection, self.service = connection, service
        self.facts: list[Fact] = []

    def publish(self, subject: str, message: Message, now: datetime) -> None:
        """Writes a fact into the outbox with this commit. subject: the id of the aggregate it is about."""
        self.facts.append(facts.new(self.service, subject, message, now))

    async def first_time(self, fact: Fact) -> bool:
        values = {"fact_id": fact.id, "type": fact.type, "handled_at": datetime.now(UTC)}
        return await self.insert_unless_there(inbox, values)

    async def claim(self, key: Key) -> None:
        """Takes the key for this unit; raises Conflict when another unit has it."""
        if not await self.insert_unless_there(requests, {**_columns(key), "answered_at": datetime.now(UTC)}):
            raise Conflict

    async def answered(self, key: Key, answer: Answered) -> None:
        values = {"fingerprint": answer.fingerprint, "type": answer.type, "body": answer.body}
        await self.execute(update(requests).where(*_is(key)).values(values))

    async def insert_unless_there(self, table: Table, values: dict[str, Any]) -> bool:
        """Inserts the row; False when one with the same key is there. Waits for another unit that inserts it."""
        statement = _dialect_insert(self.connection, table).values(values).on_conflict_do_nothing()
        # SQLAlchemy keeps the count of an INSERT only when asked to.
        return (await self.execute(statement.execution_options(preserve_rowcount=True))).rowcount == 1

    async def insert_or_lock(self, table: Table, values: dict[str, Any]) -> Row[Any]:
        """The row with the same primary key, inserted if it is not there; it stays as it is until the unit ends."""
        keys = list(table.primary_key.columns)
        inserted = _dialect_insert(self.connection, table).values(values)
        # An update to what it is: that takes the row's lock.
        locked = inserted.on_conflict_do_update(index_elements=keys, set_={key.name: key for key in keys})
        return (await self.execute(locked.returning(*table.c))).one()

    async def execute(self, statement: Any) -> CursorResult[Any]:
        result: CursorResult[Any] = await self.connection.execute(statement)
        return result

    async def flush(self) -> None:
        if self.facts:
            await self.execute(insert(outbox).values([_row(fact) for fact in self.facts]))


Unit = TypeVar("Unit", bound=SqlUnit)


class SqlStore(Generic[Unit]):
    """One service's database. `committed` is told of the facts of each commit.

    url: a SQLAlchemy URL, `sqlite+aiosqlite:////path/file.db` or `postgresql+psycopg://user:password@host:port/name`.
    """

    def __init__(self, url: str, service: str, unit: Callable[[AsyncConnection, str], Unit]) -> None:
        self.service, self.unit = service, unit
        self.engine = engine_of(url)
        self.committed: Callable[[Sequence[Fact]], None] = lambda _: None
        self._sqlite = self.engine.dialect.name == "sqlite"
        # SQLite has one writer. Waiting for it here is fair and prompt; SQLite's own waiting sleeps and starves.
        self._writer = asyncio.Lock() if self._sqlite else nullcontext()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Unit]:
        """A unit that commits when it is left without an error, and else changes nothing."""
        async with translated(), self._writer, self.engine.connect() as connection:
            await connection.execution_options(writes=True)
            async with connection.begin():
                unit = self.unit(connection, self.service)
                yield unit
                await unit.flush()
        self.committed(unit.facts)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Unit]:
        """A unit for reading only: each statement sees what is committed."""
        async with translated(), self.engine.connect() as connection:
            if not self._sqlite:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
            yield self.unit(connection, self.service)

    async def answer_to(self, key: Key) -> Answered | None:
        async with self.read() as unit:
            found = (await unit.execute(select(requests).where(*_is(key)))).one_or_none()
        return None if found is None else Answered(found.fingerprint, found.type, found.body)

    async def unsent(self, older_than: float, limit: int) -> list[Fact]:
        before = datetime.now(UTC) - timedelta(seconds=older_than)
        waiting = select(outbox).where(outbox.c.sent_at.is_(None), outbox.c.time <= before)
        async with self.read() as unit:
            rows = await unit.execute(waiting.order_by(outbox.c.id).limit(limit))
        return [_fact(row) for row in rows]

    async def sent(self, ids: Sequence[str]) -> None:
        async with self.begin() as unit:
            await unit.execute(update(outbox).where(outbox.c.id.in_(ids)).values(sent_at=datetime.now(UTC)))

    async def purge(self) -> None:
        """Forgets what was sent, handled or answered long ago."""
        before = datetime.now(UTC) - _REMEMBERED
        async with self.begin() as unit:
            for column in (outbox.c.sent_at, inbox.c.handled_at, requests.c.answered_at):
                await unit.execute(delete(column.table).where(column < before))

    async def reachable(self) -> bool:
        try:
            async with self.read() as unit:
                return bool((await unit.execute(select(literal(True)))).scalar_one())
        except Unavailable:
            return False

    async def close(self) -> None:
        await self.engine.dispose()


def engine_of(url: str) -> AsyncEngine:
    """The connections to a database, as every service has them."""
    # The parameters of a statement that fails would end in the log: addresses, hashes, keys.
    shared = {"max_overflow": 0, "pool_timeout": 5, "hide_parameters": True}
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_size=10, pool_pre_ping=True, **shared)
    engine = create_async_engine(url, poolclass=AsyncAdaptedQueuePool, pool_size=5, **shared)
    event.listen(engine.sync_engine, "connect", _open_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _open_sqlite(connection: Any, _record: object) -> None:
    # The driver must not open transactions on its own: a unit begins with the write lock (see _begin_sqlite).
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("busy_timeout=5000", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    _write_ahead(cursor)
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    # Of two that switch a new file at the same moment SQLite refuses one at once, whatever its busy_timeout.
    for attempt in range(1, _SWITCHES + 1):
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if attempt == _SWITCHES:
                raise
            await_only(asyncio.sleep(0.01 * attempt))


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and then writes fails at once when another one wrote meanwhile.
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """A store that is away is a refusal; a collision is a Conflict; anything else is a defect."""
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in _COLLIDED:
            raise Conflict from error
        if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
            raise _away(error.orig) from None
        raise StatementFailed(f"{type(error.orig).__name__} {getattr(error.orig, 'sqlstate', '')}".strip()) from None
    except NoConnectionFree as error:
        raise _away(error) from None


def _away(error: BaseException | None) -> Unavailable:
    log.warning("the store is away", extra={"error": type(error).__name__})
    return Unavailable("STORE_UNAVAILABLE", "the service's store does not answer; try again", retry_after=1)


def _dialect_insert(connection: AsyncConnection, table: Table) -> Any:
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def _columns(key: Key) -> dict[str, Any]:
    return {"caller_id": key.caller_id, "method": key.method, "request_id": key.request_id}


def _is(key: Key) -> list[Any]:
    return [requests.c[name] == value for name, value in _columns(key).items()]


def _row(fact: Fact) -> dict[str, Any]:
    return {
        "id": fact.id,
        "type": fact.type,
        "subject": fact.subject,
        "headers": fact.headers(),
        "body": fact.data.SerializeToString(),
        "time": fact.time,
    }


def _fact(row: Any) -> Fact:
    return facts.parse(row.headers, row.body)
