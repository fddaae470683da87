"""The real gateway on a real port, between an HTTP client and six services."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from services.gateway.gateway import Gateway
from services.gateway.peers import SERVICES
from services.gateway.server import Server, listening
from services.gateway.settings import Settings
from tests.gateway.fakes import Asked, Fake
from tests.support.tokens import Signer


class World:
    def __init__(
        self, gateway: Gateway, server: Server, services: dict[str, Fake], http: httpx.AsyncClient, signer: Signer
    ) -> None:
        self.gateway, self.server, self.services, self.http, self.signer = gateway, server, services, http, signer

    def __getattr__(self, service: str) -> Fake:
        return self.services[service]

    @property
    def asked(self) -> list[Asked]:
        """Every call to any service, but for the keys."""
        return [asked for fake in self.services.values() for asked in fake.asked if asked.rpc != "GetJwks"]

    def as_user(self, user_id: str = "u-1", role: str = "student") -> dict[str, str]:
        return {"Authorization": f"Bearer {self.signer.token(user_id, role)}"}

    async def bus(self) -> None:
        """Waits until the course facts are heard."""
        await until(lambda: self.gateway.facts.epoch() is not None)


@asynccontextmanager
async def world(broker: str, signer: Signer, without: tuple[str, ...] = (), **settings: Any) -> AsyncIterator[World]:
    """without: services that are not deployed."""
    services = {service: Fake(service, signer) for service in SERVICES if service not in without}
    for fake in services.values():
        await fake.start()
    addresses = {f"{service}_address": fake.address for service, fake in services.items()}
    env = Settings(listen="127.0.0.1:0", nats_url=broker, **{**addresses, **settings})
    async with running(env) as (gateway, server, address), httpx.AsyncClient(base_url=address, timeout=20) as http:
        try:
            yield World(gateway, server, services, http, signer)
        finally:
            await http.aclose()
            for fake in services.values():
                await fake.stop()


@asynccontextmanager
async def running(env: Settings) -> AsyncIterator[tuple[Gateway, Server, str]]:
    gateway = Gateway(env)
    server = Server(gateway.app, env.drain_seconds, gateway.streams.close)
    with listening(env.listen) as at:
        await gateway.start()
        # Not `serve`: it takes the signals of the whole process.
        serving = asyncio.create_task(server._serve([at]))
        await until(lambda: server.started)
        try:
            yield gateway, server, f"http://127.0.0.1:{at.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
            await gateway.close()


async def until(holds: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.01)
