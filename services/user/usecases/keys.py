"""Signing keys: made, rotated, shown; and the access tokens they sign."""

import secrets
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.chassis.facts import new_id
from services.chassis.identity import AUDIENCE, ISSUER
from services.user import domain
from services.user.domain import Account, SigningKey
from services.user.usecases.ports import Store, Unit

# Another replica may have rotated: what is in hand is read again after so many seconds, and at once for a key id that
# is not in hand, though not more often than this.
_READ_AGAIN, _AT_MOST_EVERY = 60.0, 1.0


async def rotate(unit: Unit) -> SigningKey:
    """A new signing key. Those before it sign no more."""
    now = datetime.now(UTC)
    for key in await unit.signing_keys():
        if key.retired is None:
            await unit.save_key(replace(key, retired=now))
    made = SigningKey(new_id(), secrets.token_bytes(32), now)
    await unit.save_key(made)
    return made


async def rotate_if_due(store: Store) -> None:
    """The first key at the first start, and then one a month."""
    now = datetime.now(UTC)
    async with store.begin() as unit:
        keys = await unit.signing_keys()
        if not any(key.retired is None and now < key.created + domain.SIGNING_KEY_LASTS for key in keys):
            await rotate(unit)


class KeyRing:
    """The keys in hand: signs access tokens, and verifies those that come back to this service."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._keys: list[SigningKey] = []
        self._public: dict[str, Any] = {}
        self._read = float("-inf")

    async def public_key(self, kid: str) -> Any | None:
        await self._reread(_READ_AGAIN if kid in self._public else _AT_MOST_EVERY)
        return self._public.get(kid)

    async def shown(self) -> list[SigningKey]:
        """The keys that verify tokens, the signing one first."""
        await self._reread(_READ_AGAIN)
        return self._keys

    async def access_token(self, account: Account) -> str:
        key = (await self.shown())[0]
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": account.id,
            "role": account.role.value,
            "iat": now,
            "exp": now + int(domain.ACCESS_TOKEN_LASTS.total_seconds()),
            "jti": new_id(),
        }
        return jwt.encode(claims, _private(key), algorithm="EdDSA", headers={"kid": key.id})

    def forget(self) -> None:
        """Reads again at the next use: a key was made here."""
        self._read = float("-inf")

    async def _reread(self, after: float) -> None:
        if time.monotonic() - self._read < after:
            return
        async with self.store.read() as unit:
            keys = await unit.signing_keys()
        now = datetime.now(UTC)
        self._keys = [key for key in keys if key.shown(now)]
        self._public = {key.id: _private(key).public_key() for key in self._keys}
        self._read = time.monotonic()


def public_bytes(key: SigningKey) -> bytes:
    """The public half, 32 bytes."""
    return _private(key).public_key().public_bytes_raw()


def _private(key: SigningKey) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key.seed)
