"""Mutations that may be asked for twice: the same request_id gives the first answer again.

The claim on the id, the effects and the answer commit together. So the answer is there after a restart, and of many
askers at the same moment one works and the others get its answer.
"""

import hashlib
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import Message

from services.chassis.checks import request_id
from services.chassis.identity import caller
from services.chassis.refusals import Aborted

Unit = TypeVar("Unit")
Prepared = TypeVar("Prepared")
Result = TypeVar("Result")
Answer = TypeVar("Answer", bound=Message)

# How often a unit that collided with another one is tried, before the caller is told to try again.
_ATTEMPTS = 6


class Conflict(Aborted):
    """A unit of work collided with another one; nothing was changed, and it may be tried again."""

    def __init__(self) -> None:
        super().__init__("TRY_AGAIN", "too many changes at the same moment; try again", retry_after=0.5)


@dataclass(frozen=True, slots=True)
class Key:
    """What names a request: who asks for what, under which id."""

    caller_id: str
    method: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An earlier request and its answer. fingerprint: of the whole request. type: the answer's full name."""

    fingerprint: bytes
    type: str
    body: bytes


class Store(Protocol):
    def begin(self) -> AbstractAsyncContextManager[Any]: ...

    async def answer_to(self, key: Key) -> Answered | None:
        """The answer that was given under this key."""


async def nothing() -> None:
    """For a request that needs nothing beforehand."""


async def once(
    store: Store,
    request: Any,
    work: Callable[[Any], Awaitable[Result]],
    answer: Callable[[Result], Answer],
) -> Answer:
    """`answer(await work(unit))`, once for each request_id of the caller."""
    return await once_after(nothing, store, request, lambda unit, _: work(unit), answer)


async def once_after(
    before: Callable[[], Awaitable[Prepared]],
    store: Store,
    request: Any,
    work: Callable[[Any, Prepared], Awaitable[Result]],
    answer: Callable[[Result], Answer],
) -> Answer:
    """Likewise, for work that needs something of another service: that is asked before the unit is opened, since a call
    has no place inside a transaction, and not at all for a request that was answered before."""
    key, fingerprint = _key(request), _fingerprint(request)
    for _ in range(_ATTEMPTS):
        earlier = await store.answer_to(key)
        if earlier is not None:
            return _again(earlier, fingerprint)  # type: ignore[return-value]
        prepared = await before()
        try:
            async with store.begin() as unit:
                await unit.claim(key)
                given = answer(await work(unit, prepared))
                await unit.answered(key, Answered(fingerprint, given.DESCRIPTOR.full_name, given.SerializeToString()))
            return given
        except Conflict:
            continue
    raise Conflict


def _key(request: Any) -> Key:
    return Key(caller().id, request.DESCRIPTOR.full_name, request_id(request.request_id))


def _fingerprint(request: Any) -> bytes:
    return hashlib.sha256(request.SerializeToString(deterministic=True)).digest()


def _again(earlier: Answered, fingerprint: bytes) -> Message:
    if earlier.fingerprint != fingerprint:
        raise Aborted("REQUEST_REUSED", "this request_id was used for another request; choose a new one")
    descriptor = descriptor_pool.Default().FindMessageTypeByName(earlier.type)
    return message_factory.GetMessageClass(descriptor).FromString(earlier.body)
