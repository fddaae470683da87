"""The chassis: wires the parts that every service has, runs them, and stops them in order."""

import asyncio
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import uvloop

from coursemesh.user.v1.user_service_pb2_grpc import UserServiceStub
from services.chassis import logs, settings, telemetry
from services.chassis.bus import Bus
from services.chassis.channels import Channels, StubType
from services.chassis.consumer import Handlers, InboxStore, consumers
from services.chassis.facts import Fact
from services.chassis.identity import Keys, Tokens
from services.chassis.keys import RemoteKeys
from services.chassis.refusals import Refusal
from services.chassis.relay import Outbox, Relay
from services.chassis.server import Dependency, Server

log = logging.getLogger(__name__)

Stub = TypeVar("Stub")
Env = TypeVar("Env", bound="Settings")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every service reads from the environment; a service's own settings extend it.

    listen: host:port; port 0 takes a free one. nats_url: with credentials. user_address: host:port of the user
    service, for the keys that verify tokens. client_retries: off where a mesh retries. stream_replicas: how many
    brokers keep each stream. drain_seconds: how long running calls may take after SIGTERM.
    """

    listen: str
    nats_url: str
    user_address: str = ""
    log_level: str = "INFO"
    client_retries: bool = True
    stream_replicas: int = 1
    drain_seconds: float = 10.0


class Store(Outbox, InboxStore, Protocol):
    """What the chassis needs of a service's store."""

    committed: Callable[[Sequence[Fact]], None]

    async def purge(self) -> None: ...

    async def close(self) -> None: ...


class Chassis:
    """One service's process. Nothing runs before `run`."""

    def __init__(self, service: str, env: Settings, keys: Keys | None = None) -> None:
        """keys: where the keys that verify tokens come from; the user service when not given."""
        self.service, self.env = service, env
        self.bus = Bus(env.nats_url, service, env.stream_replicas)
        self.channels = Channels(service, env.client_retries)
        self.server = Server(env.listen, Tokens(keys or self._remote_keys()))
        self._background: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        self._dependencies: dict[str, Dependency] = {"broker": self._broker_is_there}
        self._stores: list[Store] = []
        self._stopping = asyncio.Event()
        self._died = ""

    def connect(self, address: str, stub: StubType[Stub], service: str) -> Stub:
        """A stub for another service; see Channels.connect."""
        return self.channels.connect(address, stub, service)

    def serve(self, register: Callable[[Any, Any], None], servicer: object) -> None:
        """register: the generated `add_…Servicer_to_server`."""
        self.server.add(register, servicer)

    def keep(self, store: Store) -> None:
        """Relays the store's outbox, makes health follow the store, and closes it at the end."""
        relay = Relay(self.bus, self.service)
        store.committed = relay.hand
        self._stores.append(store)
        self._dependencies["store"] = store.reachable
        self.run_always("relay", lambda: relay.run(store))
        self.every(600, "purge", store.purge)

    def consume(self, handlers: Handlers, store: InboxStore) -> None:
        """Handles facts: the table says which."""
        for consumer in consumers(self.bus, self.service, handlers, store):
            self.run_always(f"consume {consumer.stream}", consumer.run)

    def every(self, seconds: float, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Does the work again and again, `seconds` apart; one that fails is logged and tried again."""

        async def again() -> None:
            while True:
                try:
                    await work()
                except Exception:
                    log.exception("background work failed", extra={"work": name})
                await asyncio.sleep(seconds)

        self.run_always(name, again)

    def run_always(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Runs the work in the background until the service stops."""
        self._background.append((name, work))

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        """Serves until SIGTERM or SIGINT; then says NOT_SERVING, drains, and returns.

        Exits with status 1, after the same good order, when a part of the service died.
        """
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, self.stop)
        await self.bus.start()
        await self.server.start()
        tasks = [asyncio.create_task(self._alive(name, work), name=name) for name, work in self._background]
        following = asyncio.create_task(self.server.follow(self._dependencies), name="health")
        await self._stopping.wait()
        following.cancel()
        await self._shut_down(tasks)
        if self._died:
            raise SystemExit(f"{self.service} stopped: its part {self._died!r} died; the log says why")

    async def _shut_down(self, tasks: list[asyncio.Task[None]]) -> None:
        log.info("stopping")
        await self.server.stop(self.env.drain_seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.channels.close()
        await self.bus.close()
        for store in self._stores:
            await store.close()
        telemetry.close()
        log.info("stopped")

    async def _alive(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """A service with a part that died would look well and do half its work, so it stops as a whole."""
        try:
            await work()
        except Exception:
            log.exception("a part of the service died", extra={"part": name})
            self._died = name
            self.stop()

    async def _broker_is_there(self) -> bool:
        return self.bus.connected

    def _remote_keys(self) -> Keys:
        if not self.env.user_address:
            raise SystemExit("cannot start: USER_ADDRESS is not set")
        service = "coursemesh.user.v1.UserService"
        return RemoteKeys(self.channels.connect(self.env.user_address, UserServiceStub, service))


def launch(service: str, main: Callable[[Env], Coroutine[Any, Any, None]], kind: type[Env]) -> None:
    """Runs a service's `main` with its settings, read from the environment. The only reader of it."""
    env = settings.read(kind, os.environ)
    logs.configure(service, env.log_level)
    telemetry.configure(service)
    try:
        uvloop.run(main(env))
    except Refusal as refused:
        raise SystemExit(f"cannot start: {refused.message}") from None
