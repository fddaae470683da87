"""The gateway, wired: what it is made of, what it starts, and in which order it stops."""

import asyncio
from typing import Any

from services.chassis import telemetry
from services.chassis.bus import Bus
from services.chassis.channels import Channels
from services.chassis.identity import Tokens
from services.chassis.keys import RemoteKeys
from services.gateway import pages
from services.gateway.access import AccessLog
from services.gateway.app import App
from services.gateway.cache import Cache
from services.gateway.calls import Calls
from services.gateway.catalog import Catalog, CourseFacts
from services.gateway.events import Streams
from services.gateway.headers import Headers
from services.gateway.health import Health
from services.gateway.limits import Limits
from services.gateway.peers import Peers
from services.gateway.routes import ROUTES
from services.gateway.settings import Settings
from services.gateway.visitors import Visitors


class Gateway:
    """One gateway. Nothing is opened before `start`."""

    def __init__(self, env: Settings) -> None:
        self.channels = Channels("gateway", env.client_retries)
        self.bus = Bus(env.nats_url, "gateway")
        self.facts = CourseFacts(self.bus)
        self.cache = Cache(self.facts.epoch)
        self.peers = Peers(env.addresses, self.channels)
        self.streams = Streams(self.peers, env.max_streams)
        limits = Limits(env.rate_per_address, env.rate_per_user, env.rate_credentials)
        users: Any = _Users(self.peers)
        tokens = Tokens(RemoteKeys(users))
        calls = Calls(ROUTES, self.peers, tokens, limits, Catalog(self.cache, self.peers), self.streams)
        health = Health(self.peers, lambda: self.bus.connected)
        visitors, headers = Visitors(env.trusted_proxies), Headers(env.cors_origins)
        self.app = App(ROUTES, pages.pages(health), calls, limits, visitors, headers, AccessLog())
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.bus.start()
        self._listening = asyncio.create_task(self.facts.listen(self.cache.changed), name="course facts")

    async def close(self) -> None:
        """Called when no request is left."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self.channels.close()
        await self.bus.close()
        telemetry.close()


class _Users:
    """The user service as the keys want it, which may not be deployed."""

    def __init__(self, peers: Peers) -> None:
        self.peers = peers

    async def GetJwks(self, request: Any, *, timeout: float) -> Any:
        return await self.peers.stub("user").GetJwks(request, timeout=timeout)
