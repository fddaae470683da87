"""The chassis: what it runs in the background, and what it depends on. How it starts and stops: see test_process."""

import asyncio
import logging

import pytest

from services.chassis.chassis import Chassis, Settings
from tests.chassis.notes import NoteStore
from tests.support.tokens import Signer
from tests.support.waiting import eventually

ENV = Settings(listen="127.0.0.1:0", nats_url="nats://127.0.0.1:1")


async def test_background_work_that_fails_is_told_and_tried_again(
    signer: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    service, done = Chassis("course", ENV, keys=signer), 0

    async def work() -> None:
        nonlocal done
        done += 1
        if done == 2:
            raise RuntimeError("this once")

    service.every(0.01, "purge", work)
    ((name, again),) = service._background
    running = asyncio.ensure_future(again())
    await eventually(lambda: done > 3)
    running.cancel()
    assert name == "purge"
    told = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [(record.message, vars(record)["work"]) for record in told] == [("background work failed", "purge")]


async def test_health_depends_on_the_broker_and_on_each_store(signer: Signer, sqlite_store: NoteStore) -> None:
    service = Chassis("course", ENV, keys=signer)
    service.keep(sqlite_store)
    assert {name: await there() for name, there in service._dependencies.items()} == {"broker": False, "store": True}
    assert [name for name, _ in service._background] == ["relay", "purge"]


def test_a_service_that_verifies_tokens_needs_to_know_where_the_keys_are() -> None:
    with pytest.raises(SystemExit, match="USER_ADDRESS is not set"):
        Chassis("course", ENV)
