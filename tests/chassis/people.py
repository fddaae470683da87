"""A user service that answers what a test tells it to: a servicer of a real contract, on a real server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from coursemesh.user.v1 import user_pb2 as pb
from coursemesh.user.v1 import user_service_pb2 as rpc
from coursemesh.user.v1.user_service_pb2_grpc import add_UserServiceServicer_to_server
from services.chassis.guard import Context
from services.chassis.identity import Keys, Tokens, caller, only, public, token_optional
from services.chassis.server import Server
from tests.chassis.jwks import published
from tests.support.tokens import Signer

if TYPE_CHECKING:
    UserServiceServicer = object  # all abstract to a type checker; in truth, what is left out answers UNIMPLEMENTED
else:
    from coursemesh.user.v1.user_service_pb2_grpc import UserServiceServicer

SERVICE = "coursemesh.user.v1.UserService"


class People(UserServiceServicer):
    """GetUser answers with whoever calls; `answer` is awaited before every answer."""

    def __init__(self, answer: Callable[[], Awaitable[object]] | None = None) -> None:
        self.answer = answer
        self.calls = 0
        self.metadata: dict[str, str] = {}
        self.left: float | None = None
        self.signers: list[Signer] = []

    async def GetUser(self, request: rpc.GetUserRequest, context: Context) -> rpc.GetUserResponse:
        await self._answer(context)
        return rpc.GetUserResponse(user=pb.User(id=caller().id))

    @public
    async def LogIn(self, request: rpc.LogInRequest, context: Context) -> rpc.LogInResponse:
        await self._answer(context)
        return rpc.LogInResponse()

    @public
    async def Register(self, request: rpc.RegisterRequest, context: Context) -> rpc.RegisterResponse:
        await self._answer(context)
        return rpc.RegisterResponse()

    @token_optional
    async def LogOut(self, request: rpc.LogOutRequest, context: Context) -> rpc.LogOutResponse:
        await self._answer(context)
        return rpc.LogOutResponse()

    @only("admin")
    async def ListUsers(self, request: rpc.ListUsersRequest, context: Context) -> rpc.ListUsersResponse:
        await self._answer(context)
        return rpc.ListUsersResponse()

    @public
    async def GetJwks(self, request: rpc.GetJwksRequest, context: Context) -> rpc.GetJwksResponse:
        await self._answer(context)
        return rpc.GetJwksResponse(keys=[published(signer) for signer in self.signers])

    async def _answer(self, context: Context) -> None:
        self.calls += 1
        self.metadata = {key: str(value) for key, value in context.invocation_metadata() or ()}
        self.left = context.time_remaining()
        if self.answer is not None:
            await self.answer()


@asynccontextmanager
async def at_work(people: People, keys: Keys, listen: str = "127.0.0.1:0") -> AsyncIterator[str]:
    """The address at which they answer."""
    server = Server(listen, Tokens(keys))
    server.add(add_UserServiceServicer_to_server, people)
    await server.start()
    try:
        yield f"127.0.0.1:{server.port}"
    finally:
        await server.stop(0)
