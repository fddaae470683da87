"""The connection to the broker: it may come late, go and come back, and tells nobody its password."""

import asyncio
import logging
from datetime import UTC, datetime

import pytest

from services.chassis import facts
from services.chassis.bus import DEAD_STREAM, Bus, fact_stream
from services.chassis.facts import Fact
from tests.chassis.notes import registered
from tests.chassis.running import connected, publish
from tests.support.waiting import eventually
from workbench.infrastructure.server import Server


async def test_a_broker_may_come_late_and_leave_and_return(own_broker: Server) -> None:
    own_broker.stop()
    bus = Bus(own_broker, "test")
    await bus.start()
    assert not bus.connected
    own_broker.start()
    await eventually(lambda: bus.connected)
    own_broker.kill()
    await eventually(lambda: not bus.connected)
    own_broker.start()
    await eventually(lambda: bus.connected)
    await bus.close()
    assert not bus.connected


async def test_a_connection_that_never_came_is_closed_at_once() -> None:
    bus = Bus("nats://127.0.0.1:1", "test")
    await bus.start()
    async with asyncio.timeout(2):
        await bus.close()


async def test_no_log_holds_the_password(own_broker: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    password = own_broker.split(":")[2].split("@")[0]
    async with connected(own_broker) as bus:
        own_broker.kill()
        await eventually(lambda: not bus.connected)
    told = str([vars(record) for record in caplog.records])
    wrong = Bus(own_broker.replace(password, "wrong-password"), "test")
    own_broker.start()
    await wrong.start()
    caplog.clear()
    await eventually(lambda: caplog.text.count("nats: Error") > 2)
    assert not wrong.connected
    await wrong.close()
    told += str([vars(record) for record in caplog.records])
    assert password not in told
    assert "wrong-password" not in told


async def test_a_stream_is_made_once_and_brought_to_its_configuration(bus: Bus) -> None:
    for _ in range(2):
        await bus.ensure(fact_stream("user"))
    changed = fact_stream("user").evolve(max_bytes=1_000_000)
    await bus.ensure(changed)
    assert (await bus.js.stream_info("USER")).config.max_bytes == 1_000_000


async def test_streams_have_a_bound_and_refuse_rather_than_forget(bus: Bus) -> None:
    for config in (fact_stream("user"), DEAD_STREAM):
        await bus.ensure(config)
        made = (await bus.js.stream_info(config.name or "")).config
        assert made.max_bytes
        assert (made.max_bytes > 0, made.discard, made.max_age) == (True, "new", 0)


async def test_facts_are_heard_as_they_are_published(bus: Bus) -> None:
    heard: list[Fact] = []
    await bus.ensure(fact_stream("user"))
    await bus.listen("coursemesh.user.v1.UserRegistered", heard.append)
    await bus.js.publish("coursemesh.user.v1.UserRegistered", b"nonsense")  # which is no fact, and passed over
    fact = facts.new("user", "u1", registered("u1"), datetime.now(UTC))
    await publish(bus, fact)
    await eventually(lambda: heard)
    assert heard == [fact]
