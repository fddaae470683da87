"""The books of a system, read from its stores and streams and not from its API: what must hold once all is quiet.

The numbers are those of the invariants in docs/saga.md.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import nats
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from pymongo import MongoClient
from sqlalchemy import Row, create_engine, text

from services.chassis.facts import stream_of
from services.enrollment.handlers import HANDLERS as ENROLLMENT
from services.payment.handlers import HANDLERS as PAYMENT
from tests.system.running import System
from workbench.api import Json

# Facts of which somebody is told; notification listens to these and to the two below.
TOLD = {
    "coursemesh.user.v1.UserRegistered",
    "coursemesh.enrollment.v1.EnrollmentActivated",
    "coursemesh.enrollment.v1.EnrollmentCancelled",
    "coursemesh.enrollment.v1.CertificateIssued",
    "coursemesh.payment.v1.PaymentDeclined",
    "coursemesh.payment.v1.PaymentRefunded",
}
# Which service applies which facts.
CONSUMERS: dict[str, set[str]] = {
    "enrollment": {kind.DESCRIPTOR.full_name for kind in ENROLLMENT},
    "payment": {kind.DESCRIPTOR.full_name for kind in PAYMENT},
    "notification": TOLD | {"coursemesh.user.v1.UserProfileChanged", "coursemesh.course.v1.CoursePublished"},
}
OUTBOXES = ("user", "enrollment", "payment", "notification")
LIVE = {"PENDING", "ACTIVE", "COMPLETED"}
SERVED = {"ACTIVE", "COMPLETED"}


@dataclass(frozen=True)
class Books:
    """Everything that was written down, at one moment. outboxes: service → ids of facts by whether they are sent."""

    enrollments: list[Row[Any]]
    seats: dict[str, tuple[int, int]]
    payments: list[Row[Any]]
    charged: set[str]
    given_back: set[str]
    outboxes: dict[str, dict[str, bool]]
    streams: dict[str, list[tuple[str, str]]]
    inboxes: dict[str, set[str]]
    notifications: list[Row[Any]]
    deliveries: list[Row[Any]]
    dead: int
    waiting: int

    @property
    def unsettled(self) -> list[str]:
        """What is still on its way."""
        return [
            *(f"enrollment {each.id} is pending" for each in self.enrollments if each.state == "PENDING"),
            *(f"payment {each.id} is {each.state}" for each in self.payments if each.state in ("PENDING", "REFUNDING")),
            *(f"{name} has unsent facts" for name, sent in self.outboxes.items() if not all(sent.values())),
            *(
                f"a {each.channel} of {each.notification_id} waits"
                for each in self.deliveries
                if each.state == "PENDING"
            ),
            *([f"{self.waiting} facts wait for their consumers"] if self.waiting else []),
        ]


def read(status: Json) -> Books:
    stores = status["stores"]
    sql = {name: _rows(stores[name], "SELECT id, sent_at FROM outbox") for name in OUTBOXES}
    outboxes = {name: {row.id: row.sent_at is not None for row in rows} for name, rows in sql.items()}
    outboxes["course"] = _course_outbox(stores["course"])
    courses = _rows(stores["enrollment"], "SELECT id, taken, capacity FROM courses")
    streams, waiting, dead = asyncio.run(_streams(status["infrastructure"]["nats"]["url"]))
    return Books(
        enrollments=_rows(stores["enrollment"], "SELECT * FROM enrollments"),
        seats={row.id: (row.taken, row.capacity) for row in courses},
        payments=_rows(stores["payment"], "SELECT * FROM payments"),
        charged={row.charge_id for row in _rows(stores["provider"], "SELECT * FROM charges WHERE decline_reason = ''")},
        given_back={row.charge_id for row in _rows(stores["provider"], "SELECT * FROM refunds")},
        outboxes=outboxes,
        streams=streams,
        inboxes={name: {row.fact_id for row in _rows(stores[name], "SELECT fact_id FROM inbox")} for name in CONSUMERS},
        notifications=_rows(stores["notification"], "SELECT * FROM notifications"),
        deliveries=_rows(stores["notification"], "SELECT * FROM deliveries"),
        dead=dead,
        waiting=waiting,
    )


def quiet(system: System, seconds: float = 60) -> Books:
    """The books once nothing is on its way any more. The stores are read one after another, so what moves meanwhile
    may be seen nowhere: only two readings that are alike tell that nothing did."""
    deadline, status = time.monotonic() + seconds, system.status
    before, books = None, read(status)
    while books.unsettled or books != before:
        assert time.monotonic() < deadline, books.unsettled
        time.sleep(0.25)
        before, books = books, read(status)
    return books


def check(books: Books) -> None:
    """Asserts the invariants."""
    for invariant in INVARIANTS:
        assert not list(invariant(books)), (invariant.__doc__, list(invariant(books)))


def captured_is_served_or_refunded(books: Books) -> Iterator[str]:
    """1. Every captured payment belongs to an ACTIVE or COMPLETED enrollment, or is refunded."""
    states = {each.id: each.state for each in books.enrollments}
    paid_for = {each.charge_id: each.enrollment_id for each in books.payments if each.charge_id}
    for charge in books.charged - books.given_back:
        if charge not in paid_for:
            yield f"the network charged {charge}, and nobody here knows"
        elif states.get(paid_for[charge]) not in SERVED:
            yield f"{charge} is charged for an enrollment that is {states.get(paid_for[charge])}"


def served_is_paid_once(books: Books) -> Iterator[str]:
    """2. Every paid ACTIVE or COMPLETED enrollment has exactly one captured, unrefunded payment."""
    captured = Counter(each.enrollment_id for each in books.payments if each.state == "CAPTURED")
    charges = {each.enrollment_id: each.charge_id for each in books.payments}
    for each in books.enrollments:
        if each.state in SERVED and each.amount_minor:
            if captured[each.id] != 1:
                yield f"{each.id} is {each.state} with {captured[each.id]} captured payments"
            elif charges[each.id] not in books.charged - books.given_back:
                yield f"{each.id} is {each.state}, and the network holds no money for it"


def one_live_enrollment_each(books: Books) -> Iterator[str]:
    """3. No learner holds two live enrollments in a course."""
    held = Counter((each.learner_id, each.course_id) for each in books.enrollments if each.state in LIVE)
    yield from (f"{learner} holds {count} seats in {course}" for (learner, course), count in held.items() if count > 1)


def no_seat_sold_twice(books: Books) -> Iterator[str]:
    """4. Live enrollments of a course never exceed its capacity, and are counted right."""
    live = Counter(each.course_id for each in books.enrollments if each.state in LIVE)
    for course, (taken, capacity) in books.seats.items():
        if live[course] != taken or taken > capacity:
            yield f"{course}: {live[course]} live, {taken} counted, of {capacity}"


def facts_arrive_once(books: Books) -> Iterator[str]:
    """5. Every fact in an outbox is in its stream, once; every subscribed service has applied it, once."""
    for service, sent in books.outboxes.items():
        there = Counter(fact_id for fact_id, _ in books.streams[service.upper()])
        yield from (f"{fact} of {service} is {there[fact]} times in its stream" for fact in sent if there[fact] != 1)
        yield from (f"{fact} is in the stream of {service} and not in its outbox" for fact in there if fact not in sent)
    for name, subscribed in CONSUMERS.items():
        for stream in {stream_of(kind) for kind in subscribed}:
            missed = {fact for fact, kind in books.streams[stream] if kind in subscribed} - books.inboxes[name]
            yield from (f"{fact} was never applied by {name}" for fact in missed)
    if books.dead:
        yield f"{books.dead} dead letters"


def told_once(books: Books) -> Iterator[str]:
    """6. Each notification is sent once for each fact and channel."""
    told = Counter(each.fact_id for each in books.notifications)
    for facts in books.streams.values():
        yield from (f"{told[fact]} were told of {fact}" for fact, kind in facts if kind in TOLD and told[fact] != 1)
    channels = Counter((each.notification_id, each.channel) for each in books.deliveries)
    yield from (f"{which} was sent {count} times" for which, count in channels.items() if count != 1)
    yield from (f"{each.notification_id} was {each.state}" for each in books.deliveries if each.state == "FAILED")


INVARIANTS: tuple[Callable[[Books], Iterator[str]], ...] = (
    captured_is_served_or_refunded,
    served_is_paid_once,
    one_live_enrollment_each,
    no_seat_sold_twice,
    facts_arrive_once,
    told_once,
)


def _rows(url: str, statement: str) -> list[Row[Any]]:
    with _connected(url) as connection:
        return list(connection.execute(text(statement)))


@contextmanager
def _connected(url: str) -> Iterator[Any]:
    engine = create_engine(url.replace("+aiosqlite", ""))
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _course_outbox(url: str) -> dict[str, bool]:
    with MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=5_000) as client:
        found = client.get_default_database()["outbox"].find({}, {"sent_at": 1})
        return {each["_id"]: "sent_at" in each for each in found}


async def _streams(url: str) -> tuple[dict[str, list[tuple[str, str]]], int, int]:
    """Each stream's facts by id and type, how many wait for a consumer, how many are dead."""
    connection = await nats.connect(url, connect_timeout=5)
    try:
        js = connection.jetstream()
        streams = {name.upper(): await _facts(js, name.upper()) for name in ("course", *OUTBOXES)}
        waiting = 0
        for name, subscribed in CONSUMERS.items():
            for stream in {stream_of(kind) for kind in subscribed}:
                info = await js.consumer_info(stream, name)
                waiting += (info.num_pending or 0) + (info.num_ack_pending or 0)
        return streams, waiting, await _count(js, "DEAD")
    finally:
        await connection.close()


async def _facts(js: JetStreamContext, stream: str) -> list[tuple[str, str]]:
    found = []
    number = 1
    last = (await js.stream_info(stream)).state.last_seq
    while number <= last:
        message = await js.get_msg(stream, seq=number, next=True, subject=">")
        headers = message.headers or {}
        found.append((headers["ce-id"], headers["ce-type"]))
        number = (message.seq or number) + 1
    return found


async def _count(js: JetStreamContext, stream: str) -> int:
    try:
        return (await js.stream_info(stream)).state.messages
    except NotFoundError:
        return 0
