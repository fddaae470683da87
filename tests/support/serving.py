"""A servicer on a real gRPC server at a free port, and calls to it as a client makes them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from services.chassis import errors
from services.chassis.identity import Tokens
from services.chassis.server import Server
from tests.support.tokens import Signer


@asynccontextmanager
async def serving(
    register: Callable[[Any, Any], None], servicer: object, signer: Signer
) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to the servicer, guarded as in production."""
    server = Server("127.0.0.1:0", Tokens(signer))
    server.add(register, servicer)
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        try:
            yield channel
        finally:
            await server.stop(0)


def refusal(error: grpc.aio.AioRpcError) -> tuple[str, str]:
    """A refused call's code and reason: ("NOT_FOUND", "COURSE_UNKNOWN")."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    return error.code().name, errors.reason_of(status) if status else ""


def violations(error: grpc.aio.AioRpcError) -> dict[str, str]:
    """The fields that a call was refused for, and what is wrong with each."""
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    found = status and errors.detail(status, error_details_pb2.BadRequest())
    return {each.field: each.description for each in found.field_violations} if found else {}
