"""What a call carries on to the next service: the caller's token, what is left of its time, its trace, who asks."""

import logging

import grpc
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from coursemesh.user.v1 import user_service_pb2 as rpc
from services.chassis import deadlines
from tests.chassis.hops import TAKES, hops
from tests.support.tokens import Signer, bearer

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = (("traceparent", f"00-{TRACE}-b7ad6b7169203331-01"),)


async def test_the_callers_token_is_passed_on(signer: Signer) -> None:
    token = signer.token("me")
    async with hops(signer) as way:
        answer = await way.stub.GetUser(rpc.GetUserRequest(), metadata=bearer(token))
    assert answer.user.id == "me"
    assert way.second.metadata["authorization"] == f"Bearer {token}"


async def test_the_next_service_is_told_which_service_asks(signer: Signer) -> None:
    async with hops(signer) as way:
        await way.stub.GetUser(rpc.GetUserRequest(), metadata=bearer(signer.token("me")))
    assert way.second.metadata["x-caller-service"] == "gateway"


async def test_what_is_left_of_the_callers_time_is_passed_on(signer: Signer) -> None:
    async with hops(signer) as way:
        await way.stub.GetUser(rpc.GetUserRequest(), metadata=bearer(signer.token("me")), timeout=5)
    assert way.first.left is not None
    assert way.second.left is not None
    assert 4 < way.second.left <= 5 - TAKES / 2


async def test_a_call_may_get_less_than_what_is_left_and_never_more(signer: Signer) -> None:
    for timeout, most in ((1.0, 1.0), (60.0, 5.0)):
        async with hops(signer, timeout) as way:
            await way.stub.GetUser(rpc.GetUserRequest(), metadata=bearer(signer.token("me")), timeout=5)
        assert way.second.left is not None
        assert way.second.left <= most


async def test_who_sets_no_deadline_gets_the_default(signer: Signer) -> None:
    async with hops(signer) as way:
        await way.stub.GetUser(rpc.GetUserRequest(), metadata=bearer(signer.token("me")))
    assert way.first.left is None
    assert way.second.left is not None
    assert deadlines.DEFAULT - 2 < way.second.left <= deadlines.DEFAULT


async def test_the_trace_goes_on_across_the_hops(signer: Signer, spans: InMemorySpanExporter) -> None:
    async with hops(signer) as way:
        await way.stub.GetUser(rpc.GetUserRequest(), metadata=(*bearer(signer.token("me")), *PARENT))
    assert way.second.metadata["traceparent"].split("-")[1] == TRACE
    ended = spans.get_finished_spans()
    assert [span.kind.name for span in ended] == ["SERVER", "CLIENT", "SERVER"]  # innermost first
    assert {f"{span.context.trace_id:032x}" for span in ended if span.context} == {TRACE}
    second, between, first = ended
    assert second.parent is not None
    assert between.parent is not None
    assert (second.parent.span_id, between.parent.span_id) == (between.context.span_id, first.context.span_id)


async def test_who_comes_without_a_trace_starts_one(signer: Signer, spans: InMemorySpanExporter) -> None:
    async with hops(signer) as way:
        await way.stub.GetUser(rpc.GetUserRequest(), metadata=bearer(signer.token("me")))
    assert len({span.context.trace_id for span in spans.get_finished_spans() if span.context}) == 1


async def test_only_faults_of_ours_mark_a_span_as_failed(signer: Signer, spans: InMemorySpanExporter) -> None:
    async with hops(signer) as way:
        with pytest.raises(grpc.aio.AioRpcError):
            await way.stub.ListUsers(rpc.ListUsersRequest(), metadata=bearer(signer.token("me")))
        (refused,) = spans.get_finished_spans()
        assert refused.status.is_unset
        assert not refused.events
        spans.clear()

        async def broken() -> None:
            raise RuntimeError("told to the trace")

        way.first.answer = broken
        with pytest.raises(grpc.aio.AioRpcError):
            await way.stub.LogIn(rpc.LogInRequest())
        (failed,) = spans.get_finished_spans()
        assert not failed.status.is_ok
        assert not failed.status.is_unset
        assert [event.attributes["exception.message"] for event in failed.events if event.attributes] == [
            "told to the trace"
        ]


async def test_the_access_log_tells_each_call_and_no_token(signer: Signer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = signer.token("me")
    async with hops(signer) as way:
        await way.stub.GetUser(rpc.GetUserRequest(), metadata=bearer(token))
        with pytest.raises(grpc.aio.AioRpcError):
            await way.stub.ListUsers(rpc.ListUsersRequest(), metadata=bearer(token))
    told = [vars(record) for record in caplog.records if record.name == "access"]
    path = "/coursemesh.user.v1.UserService"
    assert [(each["method"], each["code"], each["from"]) for each in told] == [
        (f"{path}/GetUser", "OK", "gateway"),
        (f"{path}/GetUser", "OK", ""),
        (f"{path}/ListUsers", "PERMISSION_DENIED", ""),
    ]
    assert all(0 <= each["ms"] < 10_000 for each in told)
    assert token not in str([vars(record) for record in caplog.records])
