"""The user service on a real server, with cheap passwords where hashing is not the point, and people who use it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grpc
from uuid_utils import uuid7

from coursemesh.user.v1 import user_service_pb2 as rpc
from coursemesh.user.v1.user_service_pb2_grpc import UserServiceStub, add_UserServiceServicer_to_server
from services.chassis import tables as chassis_tables
from services.chassis.identity import Tokens
from services.chassis.server import Server
from services.user import tables
from services.user.servicer import UserServicer
from services.user.store import UserStore
from services.user.usecases.accounts import ensure_admin
from services.user.usecases.keys import KeyRing, rotate_if_due
from services.user.usecases.ports import Passwords
from tests.support.tokens import bearer

if TYPE_CHECKING:
    from coursemesh.user.v1.user_service_pb2_grpc import UserServiceAsyncStub

PASSWORD = "correct horse"
ADMIN = "admin@example.org"


@dataclass
class Cheap:
    """Passwords that are not hashed, and how much argon2 would have had to do."""

    hashed: int = 0
    compared: list[bool] = field(default_factory=list)

    async def hash(self, password: str) -> str:
        self.hashed += 1
        return f"hash of {password}"

    async def matches(self, password: str, password_hash: str | None) -> bool:
        self.compared.append(password_hash is not None)
        return password_hash == f"hash of {password}"


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[UserStore]:
    store = UserStore(url)
    async with store.engine.begin() as connection:
        await connection.run_sync(chassis_tables.chassis.create_all)
        await connection.run_sync(tables.metadata.create_all)
    try:
        yield store
    finally:
        await store.close()


@dataclass
class Service:
    """stub: a plain client."""

    stub: "UserServiceAsyncStub"
    store: UserStore
    ring: KeyRing
    passwords: Passwords
    address: str

    async def register(self, email: str = "", password: str = PASSWORD, **fields: str) -> rpc.RegisterResponse:
        asked = {
            "request_id": str(uuid7()),
            "email": email or f"{uuid7()}@example.org",
            "display_name": "Ada",
            **fields,
        }
        return await self.stub.Register(rpc.RegisterRequest(password=password, **asked))

    async def log_in(self, email: str, password: str = PASSWORD) -> rpc.LogInResponse:
        return await self.stub.LogIn(rpc.LogInRequest(email=email, password=password))

    async def refresh(self, token: str) -> rpc.RefreshTokenResponse:
        return await self.stub.RefreshToken(rpc.RefreshTokenRequest(refresh_token=token))

    async def me(self, token: str) -> str:
        """The id of whoever has the token."""
        return str((await self.stub.GetUser(rpc.GetUserRequest(), metadata=bearer(token))).user.id)

    async def admin(self) -> str:
        """An admin's token."""
        await ensure_admin(self.store, self.passwords, ADMIN, PASSWORD)
        return str((await self.log_in(ADMIN)).token)

    async def set_role(self, token: str, user_id: str, role: int) -> rpc.SetRoleResponse:
        asked = rpc.SetRoleRequest(request_id=str(uuid7()), user_id=user_id, role=role)  # type: ignore[arg-type]
        return await self.stub.SetRole(asked, metadata=bearer(token))


@asynccontextmanager
async def serving(store: UserStore, passwords: Passwords) -> AsyncIterator[Service]:
    """One replica."""
    ring = KeyRing(store)
    await rotate_if_due(store)
    server = Server("127.0.0.1:0", Tokens(ring))
    server.add(add_UserServiceServicer_to_server, UserServicer(store, passwords, ring))
    await server.start()
    address = f"127.0.0.1:{server.port}"
    async with grpc.aio.insecure_channel(address) as channel:
        yield Service(UserServiceStub(channel), store, ring, passwords, address)
        await server.stop(0)


@asynccontextmanager
async def two_replicas(url: str) -> AsyncIterator[list[Service]]:
    """Two processes' worth: each with its own connections and its own keys in hand."""
    async with (
        opened(url) as one,
        opened(url) as other,
        serving(one, Cheap()) as first,
        serving(other, Cheap()) as second,
    ):
        yield [first, second]
