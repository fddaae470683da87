"""How what goes wrong in a servicer becomes a gRPC status, in one place. Nothing else of an error reaches a client.

a Refusal                its code, with ErrorInfo (reason, domain, metadata); for bad input BadRequest as well
NotImplementedError      UNIMPLEMENTED: the generated servicer's own, for an RPC that is not served yet
a peer's gRPC error      passed on as the peer said it: our services speak only in statuses made here
anything else            INTERNAL and the trace id; the exception goes to the log
"""

import logging
from typing import TypeVar

import grpc
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from services.chassis import telemetry
from services.chassis.refusals import InvalidArgument, Refusal

DOMAIN = "coursemesh"

Detail = TypeVar("Detail", bound=Message)

log = logging.getLogger(__name__)


def to_status(error: BaseException) -> status_pb2.Status:
    if isinstance(error, Refusal):
        return _refused(error)
    if isinstance(error, TimeoutError):
        return _status(code_pb2.DEADLINE_EXCEEDED, "the deadline passed", "DEADLINE_PASSED")
    if isinstance(error, NotImplementedError):
        return _status(code_pb2.UNIMPLEMENTED, "this version does not serve that", "NOT_SERVED")
    if isinstance(error, grpc.aio.AioRpcError):
        return _passed_on(error)
    trace_id = telemetry.trace_id()
    log.error("unexpected error", exc_info=error)
    return _status(code_pb2.INTERNAL, f"internal error, trace {trace_id}", "INTERNAL_ERROR", trace_id=trace_id)


def reason_of(status: status_pb2.Status) -> str:
    """The reason in a status' ErrorInfo; empty where there is none."""
    info = detail(status, error_details_pb2.ErrorInfo())
    return info.reason if info else ""


def detail(status: status_pb2.Status, empty: Detail) -> Detail | None:
    """The first detail of the type of `empty`, which is filled and returned."""
    for packed in status.details:
        if packed.Is(empty.DESCRIPTOR) and packed.Unpack(empty):
            return empty
    return None


def _refused(refusal: Refusal) -> status_pb2.Status:
    status = _status(code_pb2.Code.Value(refusal.code), refusal.message, refusal.reason, **refusal.metadata)
    if isinstance(refusal, InvalidArgument):
        violations = [
            error_details_pb2.BadRequest.FieldViolation(field=field, description=problem)
            for field, problem in refusal.violations.items()
        ]
        status.details.append(_packed(error_details_pb2.BadRequest(field_violations=violations)))
    if refusal.retry_after is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(int(refusal.retry_after * 1000))
        status.details.append(_packed(error_details_pb2.RetryInfo(retry_delay=delay)))
    return status


def _passed_on(error: grpc.aio.AioRpcError) -> status_pb2.Status:
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    if status is not None:
        return status
    # Made by gRPC itself (no connection, deadline passed): its text names addresses, so it stays here.
    log.warning("a peer did not answer", extra={"code": error.code().name, "details": error.details()})
    code = code_pb2.Code.Value(error.code().name)
    if code == code_pb2.DEADLINE_EXCEEDED:
        return _status(code, "the deadline passed", "DEADLINE_PASSED")
    return _status(code_pb2.UNAVAILABLE, "a service that is needed does not answer; try again", "PEER_UNAVAILABLE")


def _status(code: int, message: str, reason: str, **metadata: str) -> status_pb2.Status:
    info = error_details_pb2.ErrorInfo(reason=reason, domain=DOMAIN, metadata=metadata)
    return status_pb2.Status(code=code, message=message, details=[_packed(info)])


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
