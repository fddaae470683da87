"""The catalog's reads: from the cache where the answer is the same for everybody, with ETags; and its course facts."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from google.protobuf.message import Message

# Imported so that the facts can be read.
from coursemesh.course.v1 import course_events_pb2, course_pb2
from services.chassis import deadlines, identity
from services.chassis.bus import Bus
from services.chassis.facts import Fact
from services.chassis.identity import ANONYMOUS, Caller
from services.gateway import answers
from services.gateway.cache import Cache, Entry, Key
from services.gateway.exchange import JSON, REVALIDATED, Answer, Visit, typed
from services.gateway.peers import Peers
from services.gateway.problems import Problem
from services.gateway.reading import Reader
from services.gateway.route import Cached, Route

# Different spellings of a query are remembered up to this number.
_MOST_QUERIES = 1_000
_FACTS = f"{course_events_pb2.DESCRIPTOR.package}.*"


class CourseFacts:
    """Hears the course facts, and knows whether any may have been missed."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self._listening = False

    async def listen(self, changed: Callable[[str], None]) -> None:
        """changed: told the id of each course that a fact is about."""

        def hear(fact: Fact) -> None:
            changed(fact.subject)

        await self.bus.listen(_FACTS, hear)
        # Only when the broker has answered is the subscription known to stand.
        await self.bus.nats.flush(timeout=5)
        self._listening = True

    def epoch(self) -> int | None:
        """Changes with every reconnection; None while no facts are heard."""
        if not self._listening or not self.bus.connected:
            return None
        return int(self.bus.nats.stats["reconnects"])


class Catalog:
    """Answers the catalog's reads."""

    def __init__(self, cache: Cache, peers: Peers) -> None:
        self.cache, self.peers = cache, peers
        # Query string → the key of the list that it asks for.
        self._keys: dict[bytes, Key] = {}

    def at_once(self, route: Route, visit: Visit, variables: Sequence[str]) -> Answer | None:
        """The answer to a read that is the same for everybody, if it is here already: most are, and need no reading."""
        query = visit.scope["query_string"]
        key = self._keys.get(query) if route.cached is Cached.LIST else None if query else _of_course(variables[0])
        hit = None if key is None else self.cache.hit(key)
        return None if hit is None else _answer(visit, hit, shared=True)

    async def answer(self, reader: Reader, visit: Visit, request: Any, caller: Caller) -> Answer:
        if not _same_for_all(reader, request, caller):
            return _answer(visit, await self._load(reader, request), shared=False)
        key = _key(reader, request)
        if key.kind is Cached.LIST and not request.instructor_id:
            self._remember(visit.scope["query_string"], key)
        try:
            entry = await self.cache.get(key, lambda: self._load_for_all(reader, request))
        except Problem as problem:
            if problem.status != 404 or caller is ANONYMOUS:
                raise
            # Nobody may see it; the caller, whose draft it may be, perhaps may.
            return _answer(visit, await self._load(reader, request), shared=False)
        return _answer(visit, entry, shared=True)

    def _remember(self, query: bytes, key: Key) -> None:
        if len(self._keys) >= _MOST_QUERIES:
            self._keys.clear()
        self._keys[query] = key

    async def _load_for_all(self, reader: Reader, request: Message) -> Entry:
        """Asks without anybody's token: the cache must never hold what only one person may see."""
        before, left = identity.caller(), deadlines.remaining()
        identity.set_caller(ANONYMOUS)
        deadlines.begin(reader.route.budget)
        try:
            return await self._load(reader, request)
        finally:
            identity.set_caller(before)
            deadlines.begin(left)

    async def _load(self, reader: Reader, request: Message) -> Entry:
        message = await self.peers.call(reader.rpc, request, reader.rename)
        body = answers.encoded(answers.plain(message))
        return Entry(body, _etag(message, body), _public(message))


def _same_for_all(reader: Reader, request: Any, caller: Caller) -> bool:
    """Only a list by instructor can hold more for some: for the instructor, and for admins."""
    if caller is ANONYMOUS or reader.route.cached is Cached.COURSE or not request.instructor_id:
        return True
    return not caller.may_see(request.instructor_id)


def _key(reader: Reader, request: Any) -> Key:
    if reader.route.cached is Cached.COURSE:
        return _of_course(request.course_id)
    return Key(Cached.LIST, request.SerializeToString(deterministic=True))


def _of_course(course_id: str) -> Key:
    return Key(Cached.COURSE, course_id)


def _public(message: Any) -> bool:
    courses = message.courses if hasattr(message, "courses") else [message.course]
    return all(course.state == course_pb2.COURSE_STATE_PUBLISHED for course in courses)


def _etag(message: Any, body: bytes) -> bytes:
    own = "" if hasattr(message, "courses") else message.course.etag
    return f'"{own or hashlib.sha256(body).hexdigest()[:32]}"'.encode()


def _answer(visit: Visit, entry: Entry, *, shared: bool) -> Answer:
    headers = [(b"etag", entry.etag), REVALIDATED if shared else (b"cache-control", b"private, no-cache")]
    wanted = visit.headers.get(b"if-none-match")
    if wanted is not None and _matches(wanted, entry.etag):
        return Answer(304, b"", headers)
    return Answer(200, entry.body, [typed(JSON), *headers])


def _matches(wanted: bytes, etag: bytes) -> bool:
    """If-None-Match compares weakly."""
    return wanted.strip() == b"*" or etag in (tag.strip().removeprefix(b"W/") for tag in wanted.split(b","))
