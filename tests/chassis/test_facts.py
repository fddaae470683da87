"""Facts on the wire: CloudEvents headers around a protobuf message, and what is none is told apart."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from coursemesh.payment.v1.payment_events_pb2 import PaymentCaptured
from services.chassis import facts, telemetry
from services.chassis.facts import Malformed
from tests.chassis.notes import registered

NOW = datetime(2026, 2, 3, 4, 5, 6, 789012, UTC)


def test_the_headers_are_those_of_cloud_events() -> None:
    fact = facts.new("user", "u1", registered("u1"), NOW)
    assert fact.headers() == {
        "ce-specversion": "1.0",
        "ce-id": fact.id,
        "ce-type": "coursemesh.user.v1.UserRegistered",
        "ce-source": "/coursemesh/user",
        "ce-subject": "u1",
        "ce-time": "2026-02-03T04:05:06.789012Z",
        "Content-Type": "application/protobuf",
        "Nats-Msg-Id": fact.id,
    }
    assert UUID(fact.id).version == 7


def test_a_fact_carries_the_trace_it_was_made_in() -> None:
    with telemetry.tracer.start_as_current_span("work"):
        fact, trace_id = facts.new("user", "u1", registered("u1"), NOW), telemetry.trace_id()
    assert fact.headers()["traceparent"].split("-")[1] == trace_id
    assert len(trace_id) == 32


def test_a_fact_that_was_sent_is_read_as_it_was() -> None:
    with telemetry.tracer.start_as_current_span("work"):
        fact = facts.new("user", "u1", registered("u1", "Ada"), NOW)
    assert facts.parse(fact.headers(), fact.data.SerializeToString()) == fact


def test_later_ids_sort_after_earlier_ones() -> None:
    ids = [facts.new_id() for _ in range(100)]
    assert ids == sorted(set(ids))


def test_facts_lie_in_the_stream_of_the_service_that_publishes_them() -> None:
    assert facts.stream_of(PaymentCaptured) == facts.stream_of("coursemesh.payment.v1.PaymentCaptured") == "PAYMENT"


@pytest.mark.parametrize("missing", ["ce-type", "ce-id", "ce-source", "ce-subject", "ce-time"])
def test_a_message_without_its_headers_is_malformed(missing: str) -> None:
    headers = facts.new("user", "u1", registered("u1"), NOW).headers()
    del headers[missing]
    with pytest.raises(Malformed, match=missing):
        facts.parse(headers, b"")


@pytest.mark.parametrize(
    ("header", "value"), [("ce-type", "coursemesh.user.v1.Nonsense"), ("ce-type", ""), ("ce-time", "yesterday")]
)
def test_a_message_with_wrong_headers_is_malformed(header: str, value: str) -> None:
    headers = facts.new("user", "u1", registered("u1"), NOW).headers()
    with pytest.raises(Malformed):
        facts.parse({**headers, header: value}, b"")


@pytest.mark.parametrize("body", [b"\xff\xff", b"nonsense"])
def test_a_body_that_is_no_such_message_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        facts.parse(facts.new("user", "u1", registered("u1"), NOW).headers(), body)


def test_a_message_without_any_headers_is_malformed() -> None:
    with pytest.raises(Malformed):
        facts.parse(None, b"")
