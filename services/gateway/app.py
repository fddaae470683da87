"""The ASGI application, in one layer: route, limits, trace, headers, access log around each answer."""

import time
from collections.abc import Sequence

from opentelemetry import context, trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from services.chassis import telemetry
from services.gateway import problems
from services.gateway.access import AccessLog
from services.gateway.calls import Calls
from services.gateway.exchange import Answer, Gone, Header, Receive, Scope, Send, Visit
from services.gateway.headers import Headers
from services.gateway.limits import Limits
from services.gateway.page import Page
from services.gateway.problems import Problem
from services.gateway.route import Kind, Route
from services.gateway.router import Router
from services.gateway.visitors import Visitors

UNMATCHED = "unmatched"
# What the log says of a client that went away before it had its answer.
_GONE = 499


class App:
    def __init__(
        self,
        routes: Sequence[Route],
        pages: Sequence[Page],
        calls: Calls,
        limits: Limits,
        visitors: Visitors,
        headers: Headers,
        access: AccessLog,
    ) -> None:
        self.router: Router[Route | Page] = Router([*routes, *pages])
        self.calls, self.limits, self.visitors, self.headers = calls, limits, visitors, headers
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        visit = self.visitors.visit(scope, receive)
        target, values, wrong = self._find(visit)
        name = target.template if target else f"{visit.method} {UNMATCHED}"
        span = telemetry.tracer.start_span(name, context=_carried(visit), kind=SpanKind.SERVER)
        # By hand: the tracer's own context manager costs as much as the route does.
        token = context.attach(trace.set_span_in_context(span))
        try:
            trace_id = trace.format_trace_id(span.get_span_context().trace_id)
            status = await self._serve(visit, target, values, wrong, trace_id, send)
            span.set_attribute("http.response.status_code", status)
            if status >= 500:
                span.set_status(Status(StatusCode.ERROR))
            self.access.served(visit.method, name, status, time.perf_counter() - started, trace_id)
        finally:
            context.detach(token)
            span.end()

    def _find(self, visit: Visit) -> tuple[Route | Page | None, list[str], Problem | None]:
        if visit.method == "OPTIONS":
            return None, [], None
        try:
            target, values = self.router.find(visit.method, visit.path)
        except Problem as problem:
            return None, [], problem
        return target, values, None

    async def _serve(
        self,
        visit: Visit,
        target: Route | Page | None,
        values: list[str],
        wrong: Problem | None,
        trace_id: str,
        send: Send,
    ) -> int:
        """Answers, and returns the status."""
        policy = target.policy if isinstance(target, Page) else None
        common = self.headers.common(visit, trace_id, policy)
        try:
            answer = await self._answer(visit, target, values, wrong, common, send)
            if isinstance(answer, int):
                return answer
        except Problem as problem:
            answer = problems.answer(problem, visit.path, trace_id)
        except Gone:
            return _GONE
        except Exception as error:
            answer = problems.answer(problems.unexpected(error), visit.path, trace_id)
        await answer.send(visit, common, send)
        return answer.status

    async def _answer(
        self,
        visit: Visit,
        target: Route | Page | None,
        values: list[str],
        wrong: Problem | None,
        common: list[Header],
        send: Send,
    ) -> Answer | int:
        if isinstance(target, Page):
            # Probes must not be turned away because their address is busy.
            return await target.answer()
        self.limits.of_address(visit.address)
        if wrong:
            raise wrong
        if target is None:
            return self._options(visit)
        if target.kind is Kind.STREAM:
            return await self.calls.stream(target, visit, values, common, send)
        return await self.calls.answer(target, visit, values)

    def _options(self, visit: Visit) -> Answer:
        allowed = self.router.allowed(visit.path)
        if not allowed and visit.path != "*":
            raise Problem(404, "ROUTE_UNKNOWN", "there is nothing here; /docs lists what there is")
        return self.headers.preflight(visit, allowed)


def _carried(visit: Visit) -> context.Context | None:
    """The trace that came with the request."""
    if b"traceparent" not in visit.headers:
        return None
    return telemetry.extract({name: visit.header(name) for name in ("traceparent", "tracestate")})
