"""What stands around every method of a servicer: trace, identity, deadline, errors, access log.

Methods are wrapped when they are registered and not by interceptors: an interceptor that does nothing costs a tenth of
the throughput.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractContextManager, aclosing
from typing import Any

import grpc
from grpc_status import rpc_status
from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from services.chassis import deadlines, errors, identity, telemetry
from services.chassis.channels import CALLER_SERVICE
from services.chassis.identity import Access, Tokens

Context = grpc.aio.ServicerContext[Any, Any]

log = logging.getLogger("access")

# A stream that nobody ends is ended after this many seconds; the client opens another.
STREAM_SECONDS = 3600.0


class _Request:
    """One request on its way through a servicer."""

    def __init__(self, method: str, context: Context) -> None:
        self.method, self.context = method, context
        self.metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        self.started = time.perf_counter()
        self.code = "OK"

    def span(self) -> AbstractContextManager[Any]:
        # What leaves a method at a refusal is gRPC's own exception; whether the span failed is decided in `refuse`.
        return telemetry.tracer.start_as_current_span(
            self.method,
            context=telemetry.extract(self.metadata),
            kind=SpanKind.SERVER,
            record_exception=False,
            set_status_on_exception=False,
        )

    async def admit(self, access: Access, tokens: Tokens) -> None:
        identity.set_caller(await access(self.metadata.get("authorization", ""), tokens))

    async def refuse(self, error: BaseException) -> None:
        status = errors.to_status(error)
        self.code = grpc.StatusCode(_CODES[status.code]).name
        if self.code in _FAULTS:
            span = trace.get_current_span()
            span.set_status(Status(StatusCode.ERROR))
            span.record_exception(error)
        await self.context.abort_with_status(rpc_status.to_status(status))

    def tell(self) -> None:
        milliseconds = (time.perf_counter() - self.started) * 1000
        log.info(
            "served",
            extra={
                "method": self.method,
                "code": self.code,
                "ms": round(milliseconds, 2),
                "from": self.metadata.get(CALLER_SERVICE, ""),
            },
        )


_CODES = {code.value[0]: code for code in grpc.StatusCode}
# Ours to mend; any other code is the caller's.
_FAULTS = frozenset({"INTERNAL", "UNKNOWN", "UNAVAILABLE", "DEADLINE_EXCEEDED", "DATA_LOSS", "UNIMPLEMENTED"})


def unary(
    method: str, behavior: Callable[[Any, Context], Awaitable[Any]], tokens: Tokens
) -> Callable[[Any, Context], Awaitable[Any]]:
    """`behavior` with everything around it. method: its full name, as a path."""
    access: Access = getattr(behavior, "access", identity.signed_in)

    async def serve(message: Any, context: Context) -> Any:
        request = _Request(method, context)
        with request.span():
            try:
                async with asyncio.timeout(deadlines.begin(context.time_remaining())):
                    await request.admit(access, tokens)
                    return await behavior(message, context)
            except asyncio.CancelledError:
                request.code = "CANCELLED"
                raise
            except Exception as error:
                await request.refuse(error)
            finally:
                request.tell()

    return serve


def stream(
    method: str, behavior: Callable[[Any, Context], AsyncGenerator[Any, None]], tokens: Tokens
) -> Callable[[Any, Context], Awaitable[None]]:
    """Likewise for a method that streams its answers.

    Not a generator itself: one that is left while an answer is being sent is closed elsewhere, where its trace and its
    deadline are not those of the task.
    """
    access: Access = getattr(behavior, "access", identity.signed_in)

    async def serve(message: Any, context: Context) -> None:
        request = _Request(method, context)
        with request.span():
            try:
                left = context.time_remaining()
                async with asyncio.timeout(deadlines.begin(STREAM_SECONDS if left is None else left)):
                    await request.admit(access, tokens)
                    # Closed here and now when the caller goes, and not when the garbage is collected.
                    async with aclosing(behavior(message, context)) as answers:
                        async for answer in answers:
                            await context.write(answer)
            except asyncio.CancelledError:
                request.code = "CANCELLED"
                raise
            except Exception as error:
                await request.refuse(error)
            finally:
                request.tell()

    return serve
