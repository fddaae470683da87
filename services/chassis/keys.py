"""The public keys that verify access tokens, fetched from the user service and kept."""

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

import grpc
import jwt

from coursemesh.user.v1 import user_service_pb2 as rpc

if TYPE_CHECKING:
    from coursemesh.user.v1.user_service_pb2_grpc import UserServiceAsyncStub

log = logging.getLogger(__name__)

# Unknown key ids are made up by anybody, so they may cause at most one fetch in this many seconds.
_AT_MOST_EVERY = 2.0
# A key that was withdrawn is forgotten after this many seconds.
_REFRESH_AFTER = 300.0


class RemoteKeys:
    """The keys of UserService.GetJwks. Those in hand stay good while the user service is away."""

    def __init__(self, users: "UserServiceAsyncStub") -> None:
        self.users = users
        self._keys: dict[str, Any] = {}
        self._fetched = self._tried = float("-inf")
        self._fetching = asyncio.Lock()

    async def public_key(self, kid: str) -> Any | None:
        if kid not in self._keys or time.monotonic() - self._fetched > _REFRESH_AFTER:
            await self._refresh(kid)
        return self._keys.get(kid)

    async def _refresh(self, kid: str) -> None:
        asked = time.monotonic()
        async with self._fetching:
            if self._fetched > asked or time.monotonic() - self._tried < _AT_MOST_EVERY:
                return
            self._tried = time.monotonic()
            try:
                answer = await self.users.GetJwks(rpc.GetJwksRequest(), timeout=2.0)
            except grpc.aio.AioRpcError as error:
                # Without any key nobody can be verified: that is the peer's fault, not the token's.
                self._tried = float("-inf")
                if kid not in self._keys:
                    raise
                log.warning("the signing keys could not be refreshed", extra={"code": error.code().name})
                return
            self._keys = {key.kid: _parsed(key) for key in answer.keys}
            self._fetched = time.monotonic()


def _parsed(key: Any) -> Any:
    return jwt.PyJWK({"kty": key.kty, "crv": key.crv, "x": key.x, "alg": key.alg, "use": key.use}).key
