"""The RPCs of the user service."""

from coursemesh.user.v1 import user_service_pb2 as rpc
from coursemesh.user.v1.user_service_pb2_grpc import UserServiceServicer
from services.chassis.checks import an_id, request_id
from services.chassis.guard import Context
from services.chassis.identity import ADMIN, caller, only, public
from services.chassis.paging import asked
from services.chassis.requests import once
from services.user import wire
from services.user.store import UserStore
from services.user.usecases import accounts, keys, sessions
from services.user.usecases.keys import KeyRing
from services.user.usecases.ports import Passwords


class UserServicer(UserServiceServicer):
    def __init__(self, store: UserStore, passwords: Passwords, ring: KeyRing) -> None:
        self.store, self.passwords, self.ring = store, passwords, ring

    @public
    async def Register(self, request: rpc.RegisterRequest, context: Context) -> rpc.RegisterResponse:
        # Not `once`: its answer holds a session, and a session is for whoever knows the password.
        account = await accounts.register(
            self.store,
            self.passwords,
            request_id(request.request_id),
            request.email,
            request.password,
            request.display_name,
        )
        opened = await sessions.open_for(self.store, account)
        token = await self.ring.access_token(account)
        return rpc.RegisterResponse(user=wire.user(account), token=token, refresh_token=opened.refresh_token)

    @public
    async def LogIn(self, request: rpc.LogInRequest, context: Context) -> rpc.LogInResponse:
        opened = await sessions.log_in(self.store, self.passwords, request.email, request.password)
        token = await self.ring.access_token(opened.account)
        return rpc.LogInResponse(user=wire.user(opened.account), token=token, refresh_token=opened.refresh_token)

    @public
    async def RefreshToken(self, request: rpc.RefreshTokenRequest, context: Context) -> rpc.RefreshTokenResponse:
        opened = await sessions.refresh(self.store, request.refresh_token)
        token = await self.ring.access_token(opened.account)
        return rpc.RefreshTokenResponse(user=wire.user(opened.account), token=token, refresh_token=opened.refresh_token)

    @public
    async def LogOut(self, request: rpc.LogOutRequest, context: Context) -> rpc.LogOutResponse:
        await sessions.log_out(self.store, request.refresh_token)
        return rpc.LogOutResponse()

    async def GetUser(self, request: rpc.GetUserRequest, context: Context) -> rpc.GetUserResponse:
        found = await accounts.get(self.store, caller(), an_id("user_id", request.user_id or caller().id))
        return rpc.GetUserResponse(user=wire.user(found))

    async def UpdateProfile(self, request: rpc.UpdateProfileRequest, context: Context) -> rpc.UpdateProfileResponse:
        me = caller().id
        return await once(
            self.store, request, lambda unit: accounts.rename(unit, me, request.display_name), wire.renamed
        )

    @only(ADMIN)
    async def ListUsers(self, request: rpc.ListUsersRequest, context: Context) -> rpc.ListUsersResponse:
        return wire.users(await accounts.every(self.store, asked(request.page_size, request.page_token)))

    @only(ADMIN)
    async def SetRole(self, request: rpc.SetRoleRequest, context: Context) -> rpc.SetRoleResponse:
        user_id, role = an_id("user_id", request.user_id), wire.role(request.role)
        return await once(self.store, request, lambda unit: accounts.give_role(unit, user_id, role), wire.given_role)

    @public
    async def GetJwks(self, request: rpc.GetJwksRequest, context: Context) -> rpc.GetJwksResponse:
        return rpc.GetJwksResponse(keys=map(wire.jwk, await self.ring.shown()))

    @only(ADMIN)
    async def RotateSigningKey(
        self, request: rpc.RotateSigningKeyRequest, context: Context
    ) -> rpc.RotateSigningKeyResponse:
        answer = await once(self.store, request, keys.rotate, wire.rotated)
        self.ring.forget()
        return answer
