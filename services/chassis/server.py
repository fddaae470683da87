"""The gRPC server of a service: guarded servicers, health that follows the dependencies, reflection."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from grpc_reflection.v1alpha import reflection

from services.chassis import guard
from services.chassis.identity import Tokens

log = logging.getLogger(__name__)

Dependency = Callable[[], Awaitable[bool]]

_OPTIONS = [
    # Two processes must not share a port by accident: the second one says so instead.
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 4 * 1024 * 1024),
    ("grpc.keepalive_time_ms", 60_000),
    # Clients may ping, as ours do, without being taken for a flood.
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.max_concurrent_streams", 1_000),
]

# How often the dependencies are asked whether they are there: while all are, and while one is missed. And how long an
# answer may take. In seconds.
_ASK_EVERY, _ASK_MISSED_EVERY, _ASK_FOR = 1.0, 0.1, 2.0


class _Registrar:
    """Stands in for the server when generated code registers a servicer, and wraps each handler on its way in."""

    def __init__(self, server: grpc.aio.Server, tokens: Tokens) -> None:
        self.server, self.tokens = server, tokens
        self.service = ""

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """The generated code registers every method twice; the second way alone is enough."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        self.service = service
        wrapped = {name: self._wrap(f"/{service}/{name}", handler) for name, handler in handlers.items()}
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, wrapped),))

    def _wrap(self, method: str, handler: Any) -> Any:
        codec = {
            "request_deserializer": handler.request_deserializer,
            "response_serializer": handler.response_serializer,
        }
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(
                guard.stream(method, handler.unary_stream, self.tokens), **codec
            )
        return grpc.unary_unary_rpc_method_handler(guard.unary(method, handler.unary_unary, self.tokens), **codec)


class Server:
    """Serves servicers at `listen` (host:port; port 0 takes a free one, see `port`)."""

    def __init__(self, listen: str, tokens: Tokens) -> None:
        self.listen, self.tokens = listen, tokens
        self.port = 0
        self.services: list[str] = []
        self._grpc = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=2_000)
        self._health = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._grpc)

    def add(self, register: Callable[[Any, Any], None], servicer: object) -> None:
        """register: the generated `add_…Servicer_to_server`."""
        registrar = _Registrar(self._grpc, self.tokens)
        register(servicer, registrar)
        self.services.append(registrar.service)

    async def start(self) -> None:
        names = (*self.services, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._grpc)
        await self._report(health_pb2.HealthCheckResponse.NOT_SERVING)
        try:
            self.port = self._grpc.add_insecure_port(self.listen)
        except RuntimeError:
            raise SystemExit(f"cannot listen on {self.listen}: is another program using the port?") from None
        await self._grpc.start()
        log.info("listening", extra={"address": f"{self.listen.rpartition(':')[0]}:{self.port}"})

    async def follow(self, dependencies: Mapping[str, Dependency]) -> None:
        """Reports SERVING while every dependency is there, until cancelled."""
        before: set[str] | None = None
        while True:
            missing = {name for name, there in dependencies.items() if not await _there(there)}
            if missing != before:
                await self._report(_status(not missing))
                log.log(logging.WARNING if missing else logging.INFO, "health", extra={"missing": sorted(missing)})
            before = missing
            await asyncio.sleep(_ASK_MISSED_EVERY if missing else _ASK_EVERY)

    async def stop(self, grace: float) -> None:
        """Says NOT_SERVING, takes nothing new, lets what runs end within `grace` seconds."""
        await self._health.enter_graceful_shutdown()
        await self._grpc.stop(grace)

    async def _report(self, status: Any) -> None:
        for name in ("", *self.services):
            await self._health.set(name, status)


def _status(serving: bool) -> Any:
    return health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING


async def _there(dependency: Dependency) -> bool:
    try:
        async with asyncio.timeout(_ASK_FOR):
            return await dependency()
    except Exception:
        return False
