"""How what goes wrong becomes a problem (RFC 9457), in one place. Nothing else of an error reaches a client.

Problem                made here, by the gateway's own checks
a Refusal              of the parts of the chassis that the gateway uses (tokens)
a peer's gRPC error    by the table below, with the reason, the violations and the metadata that the peer gave
anything else          500 and the trace id; the exception goes to the log
"""

import json
import logging
import math
from collections.abc import Callable, Mapping
from http import HTTPStatus
from urllib.parse import quote

import grpc
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from services.chassis import errors
from services.chassis.refusals import Refusal
from services.gateway.exchange import PRIVATE, PROBLEM, Answer, Header, typed

log = logging.getLogger(__name__)

Violations = Mapping[str, str]


class Problem(Exception):
    """An answer other than what was asked for. reason: UPPER_SNAKE, for programs. detail: one sentence for a person."""

    def __init__(
        self,
        status: int,
        reason: str,
        detail: str,
        *,
        violations: Violations | None = None,
        metadata: Mapping[str, str] | None = None,
        headers: tuple[Header, ...] = (),
        lingers: bool = False,
    ) -> None:
        super().__init__(detail)
        self.status, self.reason, self.detail = status, reason, detail
        self.violations, self.metadata = violations or {}, metadata or {}
        self.headers, self.lingers = headers, lingers


_INTERNAL = (500, "INTERNAL_ERROR")

_STATUS = {
    code_pb2.INVALID_ARGUMENT: 400,
    code_pb2.OUT_OF_RANGE: 400,
    code_pb2.UNAUTHENTICATED: 401,
    code_pb2.PERMISSION_DENIED: 403,
    code_pb2.NOT_FOUND: 404,
    code_pb2.ALREADY_EXISTS: 409,
    code_pb2.FAILED_PRECONDITION: 409,
    code_pb2.ABORTED: 409,
    code_pb2.RESOURCE_EXHAUSTED: 429,
    code_pb2.DEADLINE_EXCEEDED: 504,
    code_pb2.UNAVAILABLE: 503,
    code_pb2.CANCELLED: 503,
    code_pb2.UNIMPLEMENTED: 503,
}
# Where a reason says more than its code.
_STATUS_OF_REASON = {"ETAG_MISMATCH": 412, "REQUEST_REUSED": 422, "SOLD_OUT": 409, "TOO_MANY_WATCHERS": 503}


def refused(refusal: Refusal, service: str = "gateway") -> Problem:
    """service: whose refusal it is."""
    return _problem(errors.to_status(refusal), service, lambda field: field)


def from_peer(error: grpc.aio.AioRpcError, service: str, rename: Callable[[str], str]) -> Problem:
    """rename: the name that a request's field has in HTTP."""
    status = _status_of(error)
    if status is None:
        return _unspoken(error, service)
    return _problem(status, service, rename)


def unavailable(service: str, reason: str, detail: str) -> Problem:
    return Problem(503, reason, detail, metadata={"service": service}, headers=(retry_after(1),))


def retry_after(seconds: float) -> Header:
    """Whole seconds, rounded up, at least one."""
    return (b"retry-after", str(max(1, math.ceil(seconds))).encode())


def unexpected(error: Exception) -> Problem:
    log.error("unexpected error", exc_info=error)
    return Problem(*_INTERNAL, "something went wrong here; the trace id names what")


def answer(problem: Problem, path: str, trace_id: str) -> Answer:
    return Answer(problem.status, body(problem, path, trace_id), _headers(problem), problem.lingers)


def body(problem: Problem, path: str, trace_id: str) -> bytes:
    content: dict[str, object] = {
        "type": f"urn:coursemesh:problem:{problem.reason.lower().replace('_', '-')}",
        "title": problem.reason.replace("_", " ").capitalize(),
        "status": problem.status,
        "detail": problem.detail,
        "instance": quote(path[:200], safe="/", errors="replace"),
        "reason": problem.reason,
        "traceId": trace_id,
    }
    if problem.violations:
        content["violations"] = [{"field": name, "description": text} for name, text in problem.violations.items()]
    if problem.metadata:
        content["metadata"] = dict(problem.metadata)
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def _headers(problem: Problem) -> list[Header]:
    challenge = [(b"www-authenticate", b"Bearer")] if problem.status == HTTPStatus.UNAUTHORIZED else []
    close = [(b"connection", b"close")] if problem.lingers else []
    return [typed(PROBLEM), PRIVATE, *problem.headers, *challenge, *close]


def _status_of(error: grpc.aio.AioRpcError) -> status_pb2.Status | None:
    """What the peer itself said; None when gRPC made the error, or it is not as ours are."""
    try:
        status = rpc_status.from_call(error)  # type: ignore[arg-type]
    except ValueError:
        return None
    return status if status is not None and errors.reason_of(status) else None


def _problem(status: status_pb2.Status, service: str, rename: Callable[[str], str]) -> Problem:
    reason = errors.reason_of(status)
    code = _STATUS_OF_REASON.get(reason) or _STATUS.get(status.code, 500)
    if code == HTTPStatus.INTERNAL_SERVER_ERROR:
        return Problem(*_INTERNAL, "something went wrong here; the trace id names what")
    violations = _violations(status, rename)
    return Problem(
        code,
        reason,
        "; ".join(f"{name}: {text}" for name, text in violations.items()) or status.message,
        violations=violations,
        metadata=_metadata(status, code, service),
        headers=_wait(status, code),
    )


def _violations(status: status_pb2.Status, rename: Callable[[str], str]) -> Violations:
    found = errors.detail(status, error_details_pb2.BadRequest())
    return {rename(one.field): one.description for one in found.field_violations} if found else {}


def _metadata(status: status_pb2.Status, code: int, service: str) -> Mapping[str, str]:
    info = errors.detail(status, error_details_pb2.ErrorInfo())
    given = dict(info.metadata) if info else {}
    return {**given, "service": service} if code == HTTPStatus.SERVICE_UNAVAILABLE else given


def _wait(status: status_pb2.Status, code: int) -> tuple[Header, ...]:
    found = errors.detail(status, error_details_pb2.RetryInfo())
    if found:
        return (retry_after(found.retry_delay.ToMilliseconds() / 1000),)
    return (retry_after(1),) if code in (429, 503) else ()


# gRPC's own codes that mean: the service was not reached, or not in a state to answer.
_NOT_REACHED = frozenset(
    {
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    }
)


def _unspoken(error: grpc.aio.AioRpcError, service: str) -> Problem:
    """For an error that gRPC made itself: its text names addresses, so it stays here."""
    log.warning("a service did not answer", extra={"peer": service, "code": error.code().name})
    if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        return Problem(504, "DEADLINE_PASSED", f"the {service} service took too long", metadata={"service": service})
    if error.code() in _NOT_REACHED:
        return unavailable(service, "SERVICE_UNAVAILABLE", f"the {service} service does not answer; try again")
    return Problem(*_INTERNAL, "something went wrong here; the trace id names what")
