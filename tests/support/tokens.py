"""Access tokens as the user service makes them, good and bad."""

import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from uuid_utils import uuid7

from services.chassis.identity import Caller

Metadata = tuple[tuple[str, str], ...]


class Signer:
    """Signs tokens, and is the source of the keys that verify them (chassis.identity.Keys)."""

    def __init__(self) -> None:
        self.kid = str(uuid7())
        self.private = Ed25519PrivateKey.generate()

    async def public_key(self, kid: str) -> Any | None:
        return self.private.public_key() if kid == self.kid else None

    def token(self, user_id: str, role: str = "student", **claims: Any) -> str:
        """claims: put in place of the usual ones; None leaves one out."""
        now = int(time.time())
        usual = {"iss": "coursemesh", "aud": "coursemesh", "sub": user_id, "role": role, "iat": now, "exp": now + 900}
        chosen = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        return jwt.encode(chosen, self.private, algorithm="EdDSA", headers={"kid": self.kid})

    def caller(self, role: str = "student", user_id: str = "") -> Caller:
        """Somebody new, unless told who."""
        user_id = user_id or str(uuid7())
        return Caller(user_id, role, self.token(user_id, role))


def bearer(token: str | Caller) -> Metadata:
    """The metadata that carries the token."""
    return (("authorization", f"Bearer {token.token if isinstance(token, Caller) else token}"),)
