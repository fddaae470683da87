"""Facts that cannot be handled, and the commands that work on them."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest

from coursemesh.payment.v1.payment_events_pb2 import PaymentCaptured
from services.chassis import facts
from services.chassis.facts import new_id
from tests.system.running import System, running


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running(tmp_path_factory.mktemp("letters"), "--empty") as system:
        yield system


def publish(system: System, subject: str, headers: dict[str, str], body: bytes) -> None:
    async def run() -> None:
        connection = await nats.connect(system.status["infrastructure"]["nats"]["url"])
        await connection.jetstream().publish(subject, body, headers=headers)
        await connection.close()

    asyncio.run(run())


def letters(system: System, count: int, seconds: float = 30) -> list[str]:
    """The lines of `events dead list`, once there are so many."""
    deadline = time.monotonic() + seconds
    while True:
        lines = [line for line in system.command("events", "dead", "list").stdout.splitlines() if "\t" in line]
        if len(lines) == count:
            return lines
        assert time.monotonic() < deadline, lines
        time.sleep(0.2)


def test_a_message_that_is_no_fact_is_a_dead_letter_and_can_be_shown_replayed_and_discarded(own: System) -> None:
    subject = "coursemesh.payment.v1.PaymentCaptured"
    publish(own, subject, {"Nats-Msg-Id": "broken"}, b"\xff\xff")
    line = letters(own, 1)[0]
    number = line.split("\t")[0]
    assert "enrollment" in line
    assert "it has no ce-type" in line
    shown = json.loads(own.command("events", "dead", "show", number).stdout)
    assert shown["origin"]["stream"] == "PAYMENT"
    assert shown["origin"]["subject"] == subject
    assert shown["deliveries"] == 1
    own.command("events", "dead", "replay", number)
    again = letters(own, 1)[0].split("\t")[0]
    assert again != number
    own.command("events", "dead", "discard", again)
    assert own.command("events", "dead", "list").stdout == "no dead letters\n"


def test_what_is_secret_in_a_letter_is_not_shown(own: System) -> None:
    from datetime import UTC, datetime

    from coursemesh.enrollment.v1.enrollment_events_pb2 import EnrollmentRequested

    # Without a price it is not what payments are made of.
    message = EnrollmentRequested(enrollment_id="not an id", payment_token="tok_secret")
    fact = facts.new("enrollment", new_id(), message, datetime.now(UTC))
    publish(own, fact.type, fact.headers(), message.SerializeToString())
    number = letters(own, 1)[0].split("\t")[0]
    shown = own.command("events", "dead", "show", number).stdout
    assert "not an id" in shown
    assert "tok_secret" not in shown
    own.command("events", "dead", "discard", "--all")


def test_numbers_that_are_not_there_and_no_numbers_at_all_are_refused(own: System, folder: Path) -> None:
    for words in (("show", "999"), ("replay", "999"), ("discard", "999")):
        done = own.command("events", "dead", *words, expect=1)
        assert done.stderr == "coursemesh: there is no dead letter 999\n"
    assert "say which" in own.command("events", "dead", "replay", expect=1).stderr
    assert "nothing is running" in System(folder).command("events", "dead", "list", expect=1).stderr


def test_letters_of_one_service_are_nothing_to_the_others(own: System) -> None:
    message = PaymentCaptured(payment_id=new_id(), enrollment_id=new_id())
    publish(own, "coursemesh.payment.v1.PaymentCaptured", {"Nats-Msg-Id": new_id()}, message.SerializeToString())
    assert [line.split("\t")[1] for line in letters(own, 1)] == ["enrollment"]
    own.command("events", "dead", "discard", "--all")
