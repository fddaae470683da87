"""Dead letters: facts that a service could not handle, kept with the reason until somebody replays or discards them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from nats.aio.msg import Msg
from nats.js.api import RawStreamMsg
from nats.js.errors import APIError, NotFoundError

from services.chassis.bus import DEAD, DEAD_STREAM, REPLAY_STREAM, Bus

_SERVICE, _REASON, _COUNT = "Dead-Service", "Dead-Reason", "Dead-Deliveries"
_STREAM, _SEQUENCE, _SUBJECT, _TIME = "Dead-Stream", "Dead-Sequence", "Dead-Subject", "Dead-Time"
_OURS = frozenset({_SERVICE, _REASON, _COUNT, _STREAM, _SEQUENCE, _SUBJECT, _TIME})
_REASON_AT_MOST = 500
# The broker's codes for a message that is not there (any more).
_GONE = frozenset({10037, 10043, 10057})


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter. `number` names it; `headers` and `body` are the fact as it was published."""

    number: int
    service: str
    reason: str
    deliveries: int
    stream: str
    sequence: int
    subject: str
    time: str
    headers: dict[str, str]
    body: bytes


async def prepare(bus: Bus) -> None:
    """Makes the streams that letters lie in."""
    await bus.ensure(DEAD_STREAM)
    await bus.ensure(REPLAY_STREAM)


async def bury(bus: Bus, service: str, message: Msg, error: Exception) -> None:
    """Puts a message among the dead letters, once however often it is tried."""
    place = message.metadata
    headers = dict(message.headers or {})
    # A replayed letter that fails again keeps the origin it had.
    origin = headers if _STREAM in headers else _origin(message)
    identity = f"{service}:{place.stream}:{place.sequence.stream}"
    why = f"{type(error).__name__}: {error}"[:_REASON_AT_MOST].replace("\n", " ")
    ours = {_SERVICE: service, _REASON: why, _COUNT: str(place.num_delivered), _TIME: str(place.timestamp.isoformat())}
    await bus.js.publish(
        f"dead.{service}.{origin[_SUBJECT]}",
        message.data,
        headers={**headers, **origin, **ours, "Nats-Msg-Id": identity},
    )


def _origin(message: Msg) -> dict[str, str]:
    place = message.metadata
    return {_STREAM: place.stream, _SEQUENCE: str(place.sequence.stream), _SUBJECT: message.subject}


async def every(bus: Bus) -> AsyncIterator[Letter]:
    """All dead letters, oldest first."""
    try:
        state = (await bus.js.stream_info(DEAD)).state
    except NotFoundError:
        return
    number = state.first_seq
    while number <= state.last_seq:
        try:
            found = await bus.js.get_msg(DEAD, seq=number, next=True, subject="dead.>")
        except NotFoundError:
            return
        letter = _letter(found)
        yield letter
        number = letter.number + 1


async def get(bus: Bus, number: int) -> Letter:
    """The letter of that number; raises LookupError."""
    try:
        return _letter(await bus.js.get_msg(DEAD, seq=number))
    except NotFoundError:
        raise LookupError(f"there is no dead letter {number}") from None


async def replay(bus: Bus, letter: Letter) -> None:
    """Sends the letter back to the one service that could not handle it. Its inbox makes that safe to do twice."""
    headers = {key: value for key, value in letter.headers.items() if key != "Nats-Msg-Id"}
    headers |= {_STREAM: letter.stream, _SEQUENCE: str(letter.sequence), _SUBJECT: letter.subject}
    await bus.js.publish(f"replay.{letter.service}.{letter.subject}", letter.body, headers=headers)
    await discard(bus, letter)


async def discard(bus: Bus, letter: Letter) -> None:
    """Forgets the letter; one that is gone already is no error."""
    try:
        await bus.js.delete_msg(DEAD, letter.number)
    except APIError as error:
        if error.err_code not in _GONE:
            raise


def _letter(found: RawStreamMsg) -> Letter:
    headers = dict(found.headers or {})
    return Letter(
        number=found.seq or 0,
        service=headers.get(_SERVICE, ""),
        reason=headers.get(_REASON, ""),
        deliveries=int(headers.get(_COUNT, "0")),
        stream=headers.get(_STREAM, ""),
        sequence=int(headers.get(_SEQUENCE, "0")),
        subject=headers.get(_SUBJECT, ""),
        time=headers.get(_TIME, ""),
        headers={key: value for key, value in headers.items() if key not in _OURS},
        body=found.data or b"",
    )
