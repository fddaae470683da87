"""Who calls: the access token of a request, verified, and what each RPC asks of its caller."""

import contextvars
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import jwt

from services.chassis.refusals import PermissionDenied, Unauthenticated

ISSUER = AUDIENCE = "coursemesh"
STUDENT, INSTRUCTOR, ADMIN = "student", "instructor", "admin"

# Clocks of two machines may differ by this many seconds.
LEEWAY = 5.0
# How many verified tokens are remembered, so that a busy caller's signature is not verified on each call.
_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `token` is the access token itself, to be passed on to the next service."""

    id: str
    role: str
    token: str

    @property
    def is_admin(self) -> bool:
        return self.role == ADMIN

    def may_see(self, owner_id: str) -> bool:
        return self.is_admin or self.id == owner_id


ANONYMOUS = Caller("", "", "")

_caller: contextvars.ContextVar[Caller] = contextvars.ContextVar("caller", default=ANONYMOUS)


def caller() -> Caller:
    """Who called the RPC that is being served; ANONYMOUS where the RPC allows that."""
    return _caller.get()


def set_caller(who: Caller) -> None:
    _caller.set(who)


class Keys(Protocol):
    """Where public keys come from."""

    async def public_key(self, kid: str) -> Any | None:
        """The key that verifies tokens signed by `kid`; None when there is no such key."""


class Tokens:
    """Verifies access tokens: EdDSA, our issuer and audience, not expired, signed by a key we know."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self._verified: OrderedDict[str, tuple[Caller, str, float]] = OrderedDict()

    async def verify(self, token: str) -> Caller:
        known = self._verified.get(token)
        if known is None:
            known = await self._examine(token)
            self._verified[token] = known
            if len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        found, kid, expires = known
        if expires + LEEWAY < time.time():
            self._verified.pop(token, None)
            raise Unauthenticated("TOKEN_EXPIRED", "the access token has expired; refresh it")
        # A key that was withdrawn takes its tokens with it, remembered or not.
        if await self.keys.public_key(kid) is None:
            self._verified.pop(token, None)
            raise _invalid()
        return found

    async def _examine(self, token: str) -> tuple[Caller, str, float]:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
        except jwt.InvalidTokenError:
            raise _invalid() from None
        key = await self.keys.public_key(kid) if isinstance(kid, str) else None
        if key is None:
            raise _invalid()
        claims = _claims(token, key)
        return Caller(claims["sub"], claims["role"], token), str(kid), float(claims["exp"])


def _claims(token: str, key: Any) -> dict[str, Any]:
    try:
        return jwt.decode(
            token,
            key,
            algorithms=["EdDSA"],  # from here, never from the token's own header
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY,
            options={"require": ["sub", "role", "exp", "iat", "aud", "iss"]},
        )
    except jwt.ExpiredSignatureError:
        raise Unauthenticated("TOKEN_EXPIRED", "the access token has expired; refresh it") from None
    except jwt.InvalidTokenError:
        raise _invalid() from None


def _invalid() -> Unauthenticated:
    return Unauthenticated("TOKEN_INVALID", "the access token is not valid; log in again")


Method = TypeVar("Method", bound=Callable[..., Any])
Access = Callable[[str, Tokens], Awaitable[Caller]]


async def signed_in(authorization: str, tokens: Tokens) -> Caller:
    """What an RPC asks unless it says otherwise: a good access token."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("TOKEN_MISSING", "give an access token: authorization: Bearer TOKEN")
    return await tokens.verify(token)


async def _anybody(_authorization: str, _tokens: Tokens) -> Caller:
    return ANONYMOUS


async def _perhaps(authorization: str, tokens: Tokens) -> Caller:
    return await signed_in(authorization, tokens) if authorization else ANONYMOUS


def public(method: Method) -> Method:
    """Marks a servicer's method as open to anybody; a token is not even looked at."""
    method.access = _anybody  # type: ignore[attr-defined]
    return method


def token_optional(method: Method) -> Method:
    """Marks a servicer's method as open to anybody; who comes with a token must come with a good one."""
    method.access = _perhaps  # type: ignore[attr-defined]
    return method


def only(*roles: str) -> Callable[[Method], Method]:
    """Marks a servicer's method as open to callers of these roles. An admin may do all that an instructor may."""

    async def access(authorization: str, tokens: Tokens) -> Caller:
        found = await signed_in(authorization, tokens)
        if found.role not in roles:
            raise PermissionDenied("ROLE_NEEDED", f"this needs the role of {' or '.join(roles)}", roles=",".join(roles))
        return found

    def mark(method: Method) -> Method:
        method.access = access  # type: ignore[attr-defined]
        return method

    return mark
