"""Facts that cannot be handled: tried again so many times, then kept as dead letters until somebody decides."""

from pathlib import Path

import pytest
from nats.aio.msg import Msg

from coursemesh.user.v1.user_events_pb2 import UserRegistered
from services.chassis import consumer as consumers_module
from services.chassis import deadletters
from services.chassis.bus import Bus
from services.chassis.deadletters import Letter
from services.chassis.tables import inbox
from tests.chassis.notes import NoteStore, NoteUnit, opened, registered
from tests.chassis.running import SERVICE, at_work, counting, fact, none_pending, publish
from tests.support.waiting import eventually


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers_module, "BACKOFF", (0.02, 0.05))
    monkeypatch.setattr(consumers_module, "_HEARTBEAT", 0.5)


class Stubborn:
    """A handler that fails until it is mended."""

    def __init__(self) -> None:
        self.tries, self.mended = 0, False

    async def __call__(self, unit: NoteUnit, message: UserRegistered) -> None:
        self.tries += 1
        await unit.count_up(message.user.id)
        if not self.mended:
            raise RuntimeError("the seat\nis broken")


async def letters(bus: Bus) -> list[Letter]:
    return [letter async for letter in deadletters.every(bus)]


async def one_letter(bus: Bus) -> Letter:
    (letter,) = await eventually(lambda: letters(bus))
    return letter  # type: ignore[no-any-return]


async def nothing_left(bus: Bus) -> bool:
    return await none_pending(bus) and await none_pending(bus, "REPLAY")


async def test_a_fact_that_fails_again_and_again_becomes_a_dead_letter(streams: Bus, sqlite_store: NoteStore) -> None:
    handler, bad = Stubborn(), fact("a")
    async with at_work(*counting(streams, sqlite_store, handler)):
        await publish(streams, bad)
        letter = await one_letter(streams)
        await eventually(lambda: nothing_left(streams))
    assert handler.tries == len(consumers_module.BACKOFF) + 1
    assert letter.reason == "RuntimeError: the seat is broken"
    assert (letter.service, letter.deliveries) == (SERVICE, len(consumers_module.BACKOFF) + 1)
    assert (letter.stream, letter.sequence, letter.subject) == ("USER", 1, "coursemesh.user.v1.UserRegistered")
    assert letter.time
    assert letter.body == bad.data.SerializeToString()
    assert letter.headers["ce-id"] == bad.id
    assert not [name for name in letter.headers if name.startswith("Dead-")]
    assert (await sqlite_store.ids(), await sqlite_store.rows(inbox)) == ([], 0)


@pytest.mark.parametrize(
    "headers",
    [{}, {"ce-id": "x"}, {**fact("a").headers(), "ce-type": "nonsense"}, {**fact("a").headers(), "ce-time": "never"}],
)
async def test_a_malformed_message_is_dead_at_once_and_holds_up_nobody(
    streams: Bus, sqlite_store: NoteStore, headers: dict[str, str]
) -> None:
    async with at_work(*counting(streams, sqlite_store)):
        await streams.js.publish("coursemesh.user.v1.UserRegistered", b"x", headers=headers)
        await publish(streams, fact("good"))
        letter = await one_letter(streams)
        await eventually(lambda: sqlite_store.count("good"))
        await eventually(lambda: nothing_left(streams))
    assert letter.deliveries == 1
    assert letter.reason.startswith("Malformed: ")
    assert letter.body == b"x"


async def test_a_fact_under_the_wrong_subject_is_dead_at_once(streams: Bus, sqlite_store: NoteStore) -> None:
    strange = {**fact("a").headers(), "ce-type": "coursemesh.user.v1.UserProfileChanged"}
    async with at_work(*counting(streams, sqlite_store)):
        await streams.js.publish("coursemesh.user.v1.UserRegistered", b"", headers=strange)
        letter = await one_letter(streams)
    assert "nobody here handles" in letter.reason


async def test_a_letter_that_is_replayed_is_handled_once_and_gone(streams: Bus, sqlite_store: NoteStore) -> None:
    handler = Stubborn()
    async with at_work(*counting(streams, sqlite_store, handler)):
        await publish(streams, fact("a"))
        letter = await one_letter(streams)
        handler.mended = True
        await deadletters.replay(streams, letter)
        await eventually(lambda: sqlite_store.count("a"))
        await deadletters.replay(streams, letter)  # somebody else did it too
        await eventually(lambda: nothing_left(streams))
    assert await sqlite_store.count("a") == 1
    assert await letters(streams) == []


async def test_a_replay_goes_to_the_service_that_failed_and_to_no_other(
    streams: Bus, sqlite_store: NoteStore, tmp_path: Path
) -> None:
    failing, other = Stubborn(), Stubborn()
    other.mended = True
    async with (
        opened(f"sqlite+aiosqlite:///{tmp_path}/other.db") as elsewhere,
        at_work(*counting(streams, sqlite_store, failing), *counting(streams, elsewhere, other, "search")),
    ):
        await publish(streams, fact("a"))
        letter = await one_letter(streams)
        assert letter.service == SERVICE
        await eventually(lambda: elsewhere.count("a"))
        await deadletters.replay(streams, letter)
        again = await eventually(lambda: newer_than(letter, streams))
        await eventually(lambda: nothing_left(streams))
    assert other.tries == 1
    assert failing.tries == 2 * (len(consumers_module.BACKOFF) + 1)
    assert (again.stream, again.sequence, again.subject) == (letter.stream, letter.sequence, letter.subject)


async def newer_than(old: Letter, bus: Bus) -> Letter | None:
    return next((letter for letter in await letters(bus) if letter.number > old.number), None)


async def test_a_letter_can_be_read_and_discarded(streams: Bus, sqlite_store: NoteStore) -> None:
    async with at_work(*counting(streams, sqlite_store, Stubborn())):
        for name in "abc":
            await publish(streams, fact(name))
        await eventually(lambda: has(3, streams))
    first, second, third = await letters(streams)
    assert await deadletters.get(streams, second.number) == second
    await deadletters.discard(streams, second)
    assert await letters(streams) == [first, third]
    await deadletters.discard(streams, second)  # somebody else did it too
    with pytest.raises(LookupError, match=f"there is no dead letter {second.number}"):
        await deadletters.get(streams, second.number)
    with pytest.raises(LookupError):
        await deadletters.get(streams, 999)


async def has(count: int, bus: Bus) -> bool:
    return len(await letters(bus)) == count


async def test_without_the_streams_there_are_no_letters(bus: Bus) -> None:
    assert await letters(bus) == []
    with pytest.raises(LookupError):
        await deadletters.get(bus, 1)


async def test_burying_a_message_again_is_one_letter(streams: Bus) -> None:
    await publish(streams, fact("a"))
    subscription = await streams.js.pull_subscribe("", durable="digger", stream="USER")
    (message,) = await subscription.fetch(1, timeout=5)
    assert isinstance(message, Msg)
    for _ in range(2):
        await deadletters.bury(streams, SERVICE, message, RuntimeError("x" * 10_000))
    letter = await one_letter(streams)
    assert len(letter.reason) == 500
    assert UserRegistered.FromString(letter.body) == registered("a")
