"""Answers the routes of the table: who calls, what is asked, which RPC, what comes back."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from services.chassis import deadlines, identity
from services.chassis.identity import ANONYMOUS, Caller, Tokens
from services.chassis.refusals import Refusal
from services.gateway import answers, dashboard, problems
from services.gateway.catalog import Catalog
from services.gateway.events import Streams
from services.gateway.exchange import Answer, Gone, Header, Send, Visit
from services.gateway.limits import Limits
from services.gateway.peers import Peers
from services.gateway.reading import Reader
from services.gateway.route import Auth, Kind, Rate, Route

Result = TypeVar("Result")


class Calls:
    """The routes, behind tokens and limits."""

    def __init__(
        self, routes: Sequence[Route], peers: Peers, tokens: Tokens, limits: Limits, catalog: Catalog, streams: Streams
    ) -> None:
        self.peers, self.tokens, self.limits = peers, tokens, limits
        self.catalog, self.streams = catalog, streams
        self.readers = {route: Reader(route) for route in routes if route.rpc}

    async def answer(self, route: Route, visit: Visit, variables: Sequence[str]) -> Answer:
        """Raises a Problem, or Gone."""
        caller = await self._admit(route, visit)
        ready = self.catalog.at_once(route, visit, variables) if route.cached else None
        if ready is not None:
            return ready
        return await self._ask(route, visit, variables, caller)

    async def stream(
        self, route: Route, visit: Visit, variables: Sequence[str], common: list[Header], send: Send
    ) -> int:
        """Serves a stream to its end, and returns its status. Raises a Problem or Gone before it has begun."""
        await self._admit(route, visit)
        reader = self.readers[route]
        request = await reader.read(visit, variables)
        return await self.streams.serve(reader, visit, request, common, send)

    async def _admit(self, route: Route, visit: Visit) -> Caller:
        deadlines.begin(route.budget)
        if route.rate is Rate.CREDENTIALS:
            self.limits.of_credentials(visit.address)
        caller = await self._caller(route.auth, visit)
        identity.set_caller(caller)
        if caller is not ANONYMOUS:
            self.limits.of_user(caller.id)
        return caller

    async def _caller(self, auth: Auth, visit: Visit) -> Caller:
        authorization = "" if auth is Auth.NONE else visit.header("authorization")
        if not authorization and auth is not Auth.NEEDED:
            return ANONYMOUS
        # The keys are asked for without a caller: who it is is what is being found out.
        identity.set_caller(ANONYMOUS)
        try:
            return await identity.signed_in(authorization, self.tokens)
        except Refusal as refusal:
            raise problems.refused(refusal, "user") from None

    async def _ask(self, route: Route, visit: Visit, variables: Sequence[str], caller: Caller) -> Answer:
        if route.kind is Kind.DASHBOARD:
            return await _unless_gone(visit, dashboard.answer(self.peers))
        reader = self.readers[route]
        # A service that is not there is told before the request is looked at: nothing would help it.
        self.peers.stub(reader.rpc.service)
        request = await reader.read(visit, variables)
        if route.cached:
            return await _unless_gone(visit, self.catalog.answer(reader, visit, request, caller))
        try:
            message = await _unless_gone(visit, self.peers.call(reader.rpc, request, reader.rename))
        finally:
            if route.writes_catalog:
                # Whatever came of it: a write that seems to have failed may have been done.
                self.catalog.cache.changed(getattr(request, "course_id", ""))
        return answers.answer(route, message)


async def _unless_gone(visit: Visit, work: Coroutine[Any, Any, Result]) -> Result:
    """The result; a client that goes away cancels the work, and with it the RPC."""
    working = asyncio.create_task(work)
    gone = asyncio.create_task(visit.gone())
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Gone
    finally:
        working.cancel()
        gone.cancel()
        # The RPC's cancellation is on its way before the answer's place is given up.
        await asyncio.gather(working, gone, return_exceptions=True)
