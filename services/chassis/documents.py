"""Document stores: units of work on MongoDB; outbox, inbox and answered requests commit with them."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from bson.codec_options import CodecOptions
from google.protobuf.message import Message
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import ASCENDING, IndexModel
from pymongo.errors import AutoReconnect, DuplicateKeyError, NetworkTimeout, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from services.chassis import facts
from services.chassis.facts import Fact
from services.chassis.refusals import Unavailable
from services.chassis.requests import Answered, Conflict, Key

log = logging.getLogger(__name__)

Document = dict[str, Any]

# How long what is done is remembered. The inbox must remember longer than a fact can be on its way.
_REMEMBERED = timedelta(days=30)
# A commit whose answer was lost is asked for again so often: it is done once.
_COMMITS = 3
# MongoDB lets no unit wait for another one: the later one is refused at once. Units that collided come back after so
# many seconds, each after its own.
_APART = (0.005, 0.06)

Result = TypeVar("Result")


class DocumentUnit:
    """One transaction. A service's unit adds its own collections to this."""

    def __init__(self, database: Any, session: Any, service: str) -> None:
        """session: None for reading outside a transaction."""
        self.database, self.session, self.service = database, session, service
        self.facts: list[Fact] = []

    async def do(self, operation: Awaitable[Result]) -> Result:
        """The operation's result. Every operation of a unit goes through here."""
        return await (_whole(operation) if self.session is not None else operation)

    def publish(self, subject: str, message: Message, now: datetime) -> None:
        """Writes a fact into the outbox with this commit. subject: the id of the aggregate it is about."""
        self.facts.append(facts.new(self.service, subject, message, now))

    async def first_time(self, fact: Fact) -> bool:
        # Looked up first: a duplicate key would end the whole transaction.
        if await self.do(self.database.inbox.find_one({"_id": fact.id}, session=self.session)):
            return False
        await self._take(self.database.inbox, {"_id": fact.id, "type": fact.type, "handled_at": datetime.now(UTC)})
        return True

    async def claim(self, key: Key) -> None:
        """Takes the key for this unit; raises Conflict when another unit has it."""
        await self._take(self.database.requests, {"_id": _id(key), "answered_at": datetime.now(UTC)})

    async def answered(self, key: Key, answer: Answered) -> None:
        values = {"fingerprint": answer.fingerprint, "type": answer.type, "body": answer.body}
        await self.do(self.database.requests.update_one({"_id": _id(key)}, {"$set": values}, session=self.session))

    async def flush(self) -> None:
        if self.facts:
            rows = [_document(fact) for fact in self.facts]
            await self.do(self.database.outbox.insert_many(rows, session=self.session))

    async def _take(self, collection: Any, document: Document) -> None:
        try:
            await self.do(collection.insert_one(document, session=self.session))
        except DuplicateKeyError:
            raise Conflict from None


Unit = TypeVar("Unit", bound=DocumentUnit)


class DocumentStore(Generic[Unit]):
    """One service's database. `committed` is told of the facts of each commit.

    url: `mongodb://host:port/name`, with the name of the database in it.
    """

    def __init__(self, url: str, service: str, unit: Callable[[Any, Any, str], Unit]) -> None:
        self.service, self.unit = service, unit
        self.client, self.database = _opened(url)
        self._prepared = False
        self.committed: Callable[[Sequence[Fact]], None] = lambda _: None

    async def prepare(self) -> None:
        """Makes the indexes of this and of the service's own collections. What is there stays."""
        async with _translated():
            await self.index()
        self._prepared = True

    async def index(self) -> None:
        """A service's store adds its own indexes to this."""
        await self.database.outbox.create_indexes(
            [
                # Small however many facts were ever sent.
                IndexModel([("time", ASCENDING)], name="unsent", partialFilterExpression={"waiting": True}),
                IndexModel("sent_at", expireAfterSeconds=int(_REMEMBERED.total_seconds())),
            ]
        )
        for collection, column in ((self.database.inbox, "handled_at"), (self.database.requests, "answered_at")):
            await collection.create_index(column, expireAfterSeconds=int(_REMEMBERED.total_seconds()))

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Unit]:
        """A unit that commits when it is left without an error, and else changes nothing."""
        async with _spread(), _translated(), await self.client.start_session() as session:
            session.start_transaction(ReadConcern("snapshot"), WriteConcern("majority"), ReadPreference.PRIMARY)
            unit = self.unit(self.database, session, self.service)
            try:
                yield unit
                await unit.flush()
            except BaseException:
                await _abort(session)
                raise
            await _commit(session)
        self.committed(unit.facts)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Unit]:
        """A unit for reading only: it sees what is committed."""
        async with _translated():
            yield self.unit(self.database, None, self.service)

    async def answer_to(self, key: Key) -> Answered | None:
        async with _translated():
            found = await self.database.requests.find_one({"_id": _id(key)})
        return None if found is None else Answered(found["fingerprint"], found["type"], found["body"])

    async def unsent(self, older_than: float, limit: int) -> list[Fact]:
        before = datetime.now(UTC) - timedelta(seconds=older_than)
        waiting = self.database.outbox.find({"waiting": True, "time": {"$lte": before}})
        async with _translated():
            return [_fact(found) for found in await waiting.sort("time", ASCENDING).limit(limit).to_list(limit)]

    async def sent(self, ids: Sequence[str]) -> None:
        mark = {"$set": {"sent_at": datetime.now(UTC)}, "$unset": {"waiting": ""}}
        async with _translated():
            await self.database.outbox.update_many({"_id": {"$in": list(ids)}}, mark)

    async def purge(self) -> None:
        """The indexes on time do it: the server forgets by itself."""

    async def reachable(self) -> bool:
        """Whether the server answers and the indexes are made: a server may come later than the service."""
        if not self._prepared:
            await self.prepare()
        async with _translated():
            return bool((await self.client.admin.command("ping"))["ok"])

    async def close(self) -> None:
        # The driver takes leave of the server, and waits for it.
        await asyncio.to_thread(self.client.close)


def _opened(url: str) -> tuple[Any, Any]:
    """The client and its database. Nothing is connected yet."""
    try:
        client: Any = AsyncIOMotorClient(
            url,
            serverSelectionTimeoutMS=2_000,
            connectTimeoutMS=2_000,
            socketTimeoutMS=10_000,
            waitQueueTimeoutMS=5_000,
            maxPoolSize=50,
        )
        # Read is what a majority keeps: a fact or an answer that a failover takes back must not have left the house.
        return client, client.get_default_database().with_options(
            CodecOptions(tz_aware=True, tzinfo=UTC),
            read_concern=ReadConcern("majority"),
            write_concern=WriteConcern("majority"),
        )
    except (PyMongoError, ValueError):
        # The error may quote the password.
        raise SystemExit("cannot start: DATABASE_URL is not of the form mongodb://host:port/name") from None


async def _whole(operation: Awaitable[Result]) -> Result:
    """The operation's result. Cut off in the middle, it is waited for all the same, as long as the socket may take: the
    driver runs it in a thread, and one that is left to itself can come after its transaction's end, and then takes
    effect alone."""
    running = asyncio.ensure_future(operation)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # seen, or asyncio complains of it
        raise


async def _commit(session: Any) -> None:
    for attempt in range(1, _COMMITS + 1):
        try:
            await _whole(session.commit_transaction())
            return
        except PyMongoError as error:
            # Nobody knows whether it was done; asked for again, it is done once.
            if not error.has_error_label("UnknownTransactionCommitResult") or attempt == _COMMITS:
                raise


async def _abort(session: Any) -> None:
    if session.in_transaction:
        try:
            await _whole(session.abort_transaction())
        except PyMongoError as error:
            log.debug("the server ends the transaction by itself", extra={"error": type(error).__name__})


@asynccontextmanager
async def _spread() -> AsyncIterator[None]:
    """Lets the unit that was first finish, before the one that collided with it comes back."""
    try:
        yield
    except Conflict:
        await asyncio.sleep(random.uniform(*_APART))  # noqa: S311 - nothing secret about it
        raise


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """A store that is away is a refusal; a collision is a Conflict; anything else is a defect and stays what it is."""
    try:
        yield
    except (AutoReconnect, NetworkTimeout) as error:
        # Also what is labeled as transient: with the server gone, trying again at once helps nobody.
        log.warning("the store is away", extra={"error": type(error).__name__})
        raise Unavailable(
            "STORE_UNAVAILABLE", "the service's store does not answer; try again", retry_after=1
        ) from None
    except OperationFailure as error:
        if error.has_error_label("TransientTransactionError"):
            raise Conflict from error
        raise


def _id(key: Key) -> str:
    return f"{key.caller_id}:{key.method}:{key.request_id}"


def _document(fact: Fact) -> Document:
    body = fact.data.SerializeToString()
    return {"_id": fact.id, "headers": fact.headers(), "body": body, "time": fact.time, "waiting": True}


def _fact(found: Document) -> Fact:
    return facts.parse(found["headers"], found["body"])
