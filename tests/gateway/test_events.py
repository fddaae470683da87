"""Server-sent events: in order, resumable, bounded, and gone with the client."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from coursemesh.enrollment.v1 import enrollment_pb2, enrollment_service_pb2
from coursemesh.notification.v1 import notification_pb2, notification_service_pb2
from services.chassis.refusals import NotFound, Unavailable
from tests.gateway import world as worlds
from tests.gateway.world import World, until
from tests.support.tokens import Signer
from workbench.infrastructure.server import Server

PENDING, ACTIVE = enrollment_pb2.ENROLLMENT_STATE_PENDING, enrollment_pb2.ENROLLMENT_STATE_ACTIVE
PATH = "/api/enrollments/e-1/events"


def state(seconds: int, of: Any) -> Any:
    enrollment = enrollment_pb2.Enrollment(id="e-1", state=of, update_time=Timestamp(seconds=seconds))
    return enrollment_service_pb2.WatchEnrollmentResponse(enrollment=enrollment)


def watch(world: World, *steps: Any, then: Any = None) -> None:
    """Streams the steps; an exception is raised, an event waited for. Ends, unless `then` is to be waited for."""

    async def stream(_: Any) -> AsyncIterator[Any]:
        for step in steps:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, asyncio.Event):
                await step.wait()
            else:
                yield step
        if then is not None:
            await then.wait()

    world.enrollment.answers["WatchEnrollment"] = stream


@asynccontextmanager
async def open_stream(world: World, path: str = PATH, **headers: str) -> AsyncIterator[Any]:
    async with world.http.stream("GET", path, headers={**world.as_user(), **headers}) as answer:
        yield answer


async def read(world: World, path: str = PATH, **headers: str) -> list[dict[str, str]]:
    """All events of a stream that ends."""
    async with open_stream(world, path, **headers) as answer:
        assert answer.status_code == 200
        return events((await answer.aread()).decode())


def events(text: str) -> list[dict[str, str]]:
    blocks = [block for block in text.split("\n\n") if "event:" in block]
    return [dict(line.split(": ", 1) for line in block.splitlines()) for block in blocks]


async def test_each_state_of_an_enrollment_is_an_event(world: World) -> None:
    watch(world, state(1, PENDING), state(2, ACTIVE))
    first, second = await read(world)
    assert (first["event"], first["id"]) == ("enrollment", "1970-01-01T00:00:01Z")
    assert json.loads(first["data"])["enrollment"]["state"] == "ENROLLMENT_STATE_PENDING"
    assert second["id"] == "1970-01-01T00:00:02Z"
    asked = world.enrollment.of("WatchEnrollment")[0]
    assert (asked.request.enrollment_id, asked.caller) == ("e-1", "u-1")


async def test_events_come_as_they_happen(world: World) -> None:
    paid = asyncio.Event()
    watch(world, state(1, PENDING), paid, state(2, ACTIVE))
    async with open_stream(world) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-store"
        chunks = answer.aiter_text()
        assert "PENDING" in await anext(chunks)
        paid.set()
        assert "ACTIVE" in await anext(chunks)


async def test_a_state_that_the_client_has_seen_is_not_told_again(world: World) -> None:
    watch(world, state(1, PENDING), state(2, ACTIVE))
    told = await read(world, **{"Last-Event-ID": "1970-01-01T00:00:01Z"})
    assert [event["id"] for event in told] == ["1970-01-01T00:00:02Z"]


async def test_a_client_that_has_seen_the_end_is_told_not_to_ask_again(world: World) -> None:
    watch(world, state(2, ACTIVE))
    async with open_stream(world, **{"Last-Event-ID": "1970-01-01T00:00:02Z"}) as answer:
        assert answer.status_code == 204


async def test_a_refusal_before_the_first_event_is_an_ordinary_problem(world: World) -> None:
    watch(world, NotFound("ENROLLMENT_UNKNOWN", "there is no such enrollment"))
    answer = await world.http.get(PATH, headers=world.as_user())
    assert (answer.status_code, answer.json()["reason"]) == (404, "ENROLLMENT_UNKNOWN")
    assert (await world.http.get(PATH)).status_code == 401


async def test_a_failure_in_the_middle_is_told_as_an_event(world: World) -> None:
    watch(world, state(1, PENDING), Unavailable("STORE_UNAVAILABLE", "the store is away"))
    told = await read(world)
    assert [event["event"] for event in told] == ["enrollment", "problem"]
    assert json.loads(told[1]["data"])["reason"] == "STORE_UNAVAILABLE"


async def test_a_quiet_stream_is_kept_open_by_comments(world: World) -> None:
    world.gateway.streams.ping_seconds = 0.05
    watch(world, state(1, PENDING), then=asyncio.Event())
    async with open_stream(world) as answer:
        seen = ""
        async for chunk in answer.aiter_text():
            seen += chunk
            if seen.count(": ping\n\n") == 2:
                break
    assert len(events(seen)) == 1


async def test_a_client_that_goes_away_cancels_the_watch(world: World) -> None:
    watch(world, state(1, PENDING), then=asyncio.Event())
    async with open_stream(world) as answer:
        await anext(answer.aiter_text())
        assert world.gateway.streams.open == 1
    await until(lambda: world.enrollment.cancelled == ["WatchEnrollment"])
    await until(lambda: world.gateway.streams.open == 0)


async def test_a_client_that_goes_away_before_the_first_event_cancels_the_watch(world: World) -> None:
    watch(world, asyncio.Event())
    asking = asyncio.create_task(world.http.get(PATH, headers=world.as_user()))
    await until(lambda: world.gateway.streams.open == 1)
    await until(lambda: bool(world.enrollment.of("WatchEnrollment")))
    asking.cancel()
    await until(lambda: world.gateway.streams.open == 0)
    await until(lambda: world.enrollment.cancelled == ["WatchEnrollment"])


async def test_only_so_many_streams_are_open_at_once(broker: Server, signer: Signer) -> None:
    async with worlds.world(broker, signer, max_streams=2) as world:
        watch(world, state(1, PENDING), then=asyncio.Event())
        async with open_stream(world), open_stream(world):
            refused = await world.http.get(PATH, headers=world.as_user())
            assert (refused.status_code, refused.json()["reason"]) == (503, "TOO_MANY_STREAMS")
            assert int(refused.headers["retry-after"]) > 0
        await until(lambda: world.gateway.streams.open == 0)
        async with open_stream(world) as answer:
            assert answer.status_code == 200


async def test_streams_end_when_the_gateway_stops(broker: Server, signer: Signer) -> None:
    async with worlds.world(broker, signer) as world:
        watch(world, state(1, PENDING), then=asyncio.Event())
        async with open_stream(world) as answer:
            chunks = answer.aiter_text()
            await anext(chunks)
            world.server.should_exit = True
            async with asyncio.timeout(5):
                assert [chunk async for chunk in chunks] == []


@pytest.mark.parametrize("seen", ["", "n-1"])
async def test_notifications_go_on_after_the_last_one_seen(world: World, seen: str) -> None:
    async def stream(_: Any) -> AsyncIterator[Any]:
        notification = notification_pb2.Notification(id="n-2", kind=notification_pb2.KIND_WELCOME)
        yield notification_service_pb2.WatchNotificationsResponse(notification=notification)

    world.notification.answers["WatchNotifications"] = stream
    told = await read(world, "/api/me/events", **({"Last-Event-ID": seen} if seen else {}))
    assert [(event["event"], event["id"]) for event in told] == [("notification", "n-2")]
    assert world.notification.asked[0].request.after_notification_id == seen


async def test_a_stream_without_news_is_opened_all_the_same(world: World) -> None:
    async def stream(_: Any) -> AsyncIterator[Any]:
        await asyncio.Event().wait()
        yield None

    world.notification.answers["WatchNotifications"] = stream
    async with open_stream(world, "/api/me/events") as answer:
        assert answer.status_code == 200
        assert await anext(answer.aiter_text()) == "retry: 1000\n\n"
