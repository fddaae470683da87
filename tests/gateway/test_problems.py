"""What services refuse reaches the client as a problem, and nothing else of what goes wrong does."""

import asyncio
import json
import logging
from typing import Any

import grpc
import pytest
from google.rpc import code_pb2, status_pb2

from coursemesh.enrollment.v1 import enrollment_service_pb2
from services.chassis import logs, refusals
from services.chassis.refusals import InvalidArgument, Refusal
from services.gateway import contract, problems
from services.gateway.access import AccessLog
from tests.gateway.fakes import refuse
from tests.gateway.world import World, until

REFUSALS: list[tuple[Refusal, int]] = [
    (refusals.Unauthenticated("BAD_CREDENTIALS", "no"), 401),
    (refusals.PermissionDenied("ROLE_NEEDED", "no", roles="admin"), 403),
    (refusals.NotFound("COURSE_UNKNOWN", "no"), 404),
    (refusals.AlreadyExists("SEAT_TAKEN", "no"), 409),
    (refusals.FailedPrecondition("COURSE_CLOSED", "no"), 409),
    (refusals.Aborted("TRY_AGAIN", "no"), 409),
    (refusals.Aborted("ETAG_MISMATCH", "no"), 412),
    (refusals.Aborted("REQUEST_REUSED", "no"), 422),
    (refusals.ResourceExhausted("SOLD_OUT", "no"), 409),
    (refusals.ResourceExhausted("TOO_MANY_ATTEMPTS", "no", retry_after=30), 429),
    (refusals.DeadlineExceeded("DEADLINE_PASSED", "no"), 504),
    (refusals.Unavailable("STORE_UNAVAILABLE", "no"), 503),
]


async def enroll(world: World, **headers: str) -> Any:
    return await world.http.post("/api/enrollments", json={"courseId": "c-1"}, headers={**world.as_user(), **headers})


@pytest.mark.parametrize(("refusal", "status"), REFUSALS, ids=lambda value: getattr(value, "reason", None))
async def test_a_refusal_keeps_its_reason_and_gets_its_status(world: World, refusal: Refusal, status: int) -> None:
    world.enrollment.answers["Enroll"] = refuse(refusal)
    answer = await enroll(world)
    assert answer.status_code == status
    problem = answer.json()
    assert (problem["reason"], problem["detail"]) == (refusal.reason, "no")
    assert problem["type"] == f"urn:coursemesh:problem:{refusal.reason.lower().replace('_', '-')}"
    assert problem["instance"] == "/api/enrollments"
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert problem.get("metadata", {}).get("service") == ("enrollment" if status == 503 else None)


async def test_the_wait_that_a_service_asks_for_reaches_the_client(world: World) -> None:
    world.enrollment.answers["Enroll"] = refuse(refusals.ResourceExhausted("TOO_MANY_ATTEMPTS", "no", retry_after=29.5))
    assert (await enroll(world)).headers["retry-after"] == "30"


async def test_violations_are_named_as_the_client_names_them(world: World) -> None:
    wrong = {"draft.modules[0].duration_minutes": "a", "request_id": "b", "course_id": "c", "draft.title": "d"}
    world.course.answers["UpdateCourse"] = refuse(InvalidArgument(wrong))
    answer = await world.http.patch("/api/courses/c-1", json={"title": ""}, headers=world.as_user())
    fields = [one["field"] for one in answer.json()["violations"]]
    assert fields == ["modules[0].durationMinutes", "Idempotency-Key", "courseId", "title"]
    assert "draft" not in answer.text
    assert "request_id" not in answer.text


async def test_an_unexpected_error_of_a_service_shows_a_trace_id_and_nothing_more(world: World) -> None:
    world.enrollment.answers["Enroll"] = refuse(RuntimeError("password=hunter2 at 10.0.0.7"))
    answer = await enroll(world)
    assert answer.status_code == 500
    assert answer.json()["traceId"] == answer.headers["x-trace-id"]
    assert "hunter2" not in answer.text
    assert "10.0.0.7" not in answer.text
    assert "RuntimeError" not in answer.text


async def test_an_unexpected_error_of_the_gateway_shows_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise KeyError("hunter2")

    monkeypatch.setattr(world.gateway.app.calls, "answer", broken)
    answer = await enroll(world)
    assert (answer.status_code, answer.json()["reason"]) == (500, "INTERNAL_ERROR")
    assert "hunter2" not in answer.text
    assert "unexpected error" in caplog.text


async def test_a_service_that_is_down_is_named_without_its_address(world: World) -> None:
    address = world.enrollment.address
    await world.enrollment.stop()
    answer = await enroll(world)
    assert answer.status_code == 503
    assert answer.json()["reason"] == "SERVICE_UNAVAILABLE"
    assert answer.json()["metadata"] == {"service": "enrollment"}
    assert answer.headers["retry-after"] == "1"
    assert address not in answer.text
    assert "127.0.0.1" not in answer.text


async def test_an_error_that_grpc_made_keeps_its_text_to_itself(world: World) -> None:
    peers = world.gateway.peers
    name = contract.full_name("enrollment")
    # What listens there does not know the service.
    peers._stubs["enrollment"] = world.gateway.channels.connect(
        world.payment.address, contract.STUBS["enrollment"], name
    )
    answer = await enroll(world)
    assert (answer.status_code, answer.json()["reason"]) == (503, "SERVICE_UNAVAILABLE")
    assert answer.json()["metadata"] == {"service": "enrollment"}
    assert "Method not found" not in answer.text


def test_a_status_that_is_not_as_ours_are_keeps_its_text_to_itself() -> None:
    status = status_pb2.Status(code=code_pb2.UNAVAILABLE, message="10.0.0.7 refused")
    details = grpc.aio.Metadata(("grpc-status-details-bin", status.SerializeToString()))
    error = grpc.aio.AioRpcError(grpc.StatusCode.UNAVAILABLE, grpc.aio.Metadata(), details, "10.0.0.7 refused")
    problem = problems.from_peer(error, "payment", str)
    assert (problem.status, problem.reason) == (503, "SERVICE_UNAVAILABLE")
    assert "10.0.0.7" not in problem.detail


async def test_a_slow_service_is_given_up_when_the_time_is_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: Any) -> Any:
        await asyncio.sleep(60)

    world.enrollment.answers["Enroll"] = never
    route = next(route for route in world.gateway.app.calls.readers if route.rpc == "enrollment.Enroll")
    object.__setattr__(route, "budget", 0.3)
    try:
        answer = await enroll(world)
    finally:
        object.__setattr__(route, "budget", 5.0)
    assert (answer.status_code, answer.json()["reason"]) == (504, "DEADLINE_PASSED")


async def test_a_client_that_goes_away_cancels_the_call(world: World) -> None:
    async def never(_: Any) -> Any:
        await asyncio.sleep(60)

    world.enrollment.answers["Enroll"] = never
    asking = asyncio.create_task(enroll(world))
    await until(lambda: bool(world.enrollment.of("Enroll")))
    asking.cancel()
    # Well before the route's own time is over.
    await until(lambda: world.enrollment.cancelled == ["Enroll"], seconds=2)


async def test_the_access_log_names_the_route_and_nobody(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    lines: list[str] = []
    monkeypatch.setattr(world.gateway.app.access, "write", lines.append)
    headers = world.as_user("secret-user")
    answers = [
        await world.http.get("/api/enrollments/secret-id?pageSize=secret-query", headers=headers),
        await world.http.post("/api/users/login", json={"email": "secret@example.org", "password": "secret-word"}),
        await world.http.get("/secret-path"),
    ]
    served = [json.loads(line) for line in lines]
    assert [(line["method"], line["route"], line["status"]) for line in served] == [
        ("GET", "GET /api/enrollments/{enrollmentId}", 400),
        ("POST", "POST /api/users/login", 200),
        ("GET", "GET unmatched", 404),
    ]
    assert [line["trace_id"] for line in served] == [answer.headers["x-trace-id"] for answer in answers]
    told = [str(vars(record)) for record in caplog.records if record.name != "httpx"]
    assert "secret" not in "".join([*lines, *told])


def test_a_line_of_the_access_log_looks_as_every_other_line(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        logs.configure("gateway", "INFO")
        record = logging.makeLogRecord({"levelname": "INFO", "msg": "served", "trace_id": "t"})
        usual = json.loads(root.handlers[0].format(record))
        AccessLog().served("GET", "GET /", 200, 0.0125, "t")
    finally:
        root.handlers[:], root.level = before
    ours = json.loads(capsys.readouterr().err)
    assert {name: ours[name] for name in usual if name != "time"} == {
        name: value for name, value in usual.items() if name != "time"
    }
    assert len(ours["time"]) == len(usual["time"])
    assert (ours["status"], ours["ms"]) == (200, 12.5)


async def test_a_trace_that_comes_with_a_request_goes_on(world: World) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
    assert (await world.http.get("/health", headers=headers)).headers["x-trace-id"] == trace_id
    bad = await world.http.get("/health", headers={"traceparent": "nonsense"})
    assert len(bad.headers["x-trace-id"]) == 32


async def test_answers_leave_the_gateway_as_the_contract_has_them(world: World) -> None:
    world.enrollment.answers["ListEnrollments"] = lambda _: enrollment_service_pb2.ListEnrollmentsResponse()
    answer = await world.http.get("/api/enrollments", headers=world.as_user())
    assert answer.json() == {"enrollments": [], "nextPageToken": ""}
    assert answer.headers["content-type"] == "application/json"
