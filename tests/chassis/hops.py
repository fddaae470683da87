"""Two services, one behind the other: what must travel along is seen at the second."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc

from coursemesh.user.v1 import user_service_pb2 as rpc
from coursemesh.user.v1.user_service_pb2_grpc import UserServiceStub
from services.chassis.channels import Channels
from tests.chassis.people import SERVICE, People, at_work
from tests.support.tokens import Signer

if TYPE_CHECKING:
    from coursemesh.user.v1.user_service_pb2_grpc import UserServiceAsyncStub


# How long the first service takes before it asks the second, in seconds.
TAKES = 0.1


@dataclass
class Hops:
    """stub: a plain client of the first service, which asks the second one."""

    stub: "UserServiceAsyncStub"
    first: People
    second: People


@asynccontextmanager
async def hops(signer: Signer, timeout: float | None = None) -> AsyncIterator[Hops]:
    """timeout: what the first service gives its call."""
    channels, second = Channels("gateway"), People()
    async with at_work(second, signer) as behind:
        peer = channels.connect(behind, UserServiceStub, SERVICE)

        async def ask() -> None:
            await asyncio.sleep(TAKES)
            await peer.GetUser(rpc.GetUserRequest(), timeout=timeout)

        first = People(ask)
        async with at_work(first, signer) as address, grpc.aio.insecure_channel(address) as channel:
            yield Hops(UserServiceStub(channel), first, second)
    await channels.close()
