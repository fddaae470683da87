"""The public keys that verify access tokens, fetched from the user service and kept."""

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

import grpc
import jwt

from coursemesh.user.v1 import user_service_pb2 as rpc
from services.chassis.refusals import Unavailable

if TYPE_CHECKING:
    from coursemesh.user.v1.user_service_pb2_grpc import UserServiceAsyncStub

log = logging.getLogger(__name__)

# Unknown key ids are made up by anybody, so they may cause at most one fetch in this many seconds. A user service that
# does not answer is asked no more often either; only who has no key at all is in a hurry.
_AT_MOST_EVERY, _HURRIED = 2.0, 0.2
# A key that was withdrawn is forgotten after this many seconds.
_REFRESH_AFTER = 300.0


class RemoteKeys:
    """The keys of UserService.GetJwks. Those in hand stay good while the user service is away."""

    def __init__(self, users: "UserServiceAsyncStub") -> None:
        self.users = users
        self._keys: dict[str, Any] = {}
        self._fetched = self._not_before = float("-inf")
        self._failing = False
        self._fetching = asyncio.Lock()

    async def public_key(self, kid: str) -> Any | None:
        if kid not in self._keys:
            await self._refresh()
            if kid not in self._keys and self._failing:
                # It may be a new key: that it is not known here is the peer's fault, not the token's.
                raise Unavailable("PEER_UNAVAILABLE", "the keys that verify tokens are out of reach; try again")
        elif time.monotonic() - self._fetched > _REFRESH_AFTER and not self._fetching.locked():
            await self._refresh()
        return self._keys.get(kid)

    async def _refresh(self) -> None:
        asked = time.monotonic()
        async with self._fetching:
            if self._fetched > asked or time.monotonic() < self._not_before:
                return
            try:
                answer = await self.users.GetJwks(rpc.GetJwksRequest(), timeout=2.0)
            except grpc.aio.AioRpcError as error:
                log.warning("the signing keys could not be fetched", extra={"code": error.code().name})
                self._failing = True
                self._not_before = time.monotonic() + (_AT_MOST_EVERY if self._keys else _HURRIED)
                return
            self._keys, self._failing = {key.kid: _parsed(key) for key in answer.keys}, False
            self._fetched = time.monotonic()
            self._not_before = self._fetched + _AT_MOST_EVERY


def _parsed(key: Any) -> Any:
    return jwt.PyJWK({"kty": key.kty, "crv": key.crv, "x": key.x, "alg": key.alg, "use": key.use}).key
