"""What the use cases need of the outside."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from services.chassis.paging import Asked
from services.user.domain import (
    Account,
    Attempts,
    RefreshToken,
    Session,
    SigningKey,
    UserProfileChanged,
    UserRegistered,
)

UserFact = UserRegistered | UserProfileChanged


class Unit(Protocol):
    """One transaction."""

    async def account(self, user_id: str) -> Account | None:
        """The account, kept from changing until the unit ends."""

    async def account_of(self, email: str) -> Account | None: ...

    async def registration(self, email: str) -> tuple[Account, str] | None:
        """The account of an address, and the request_id that made it."""

    async def accounts(self, asked: Asked) -> Sequence[Account]:
        """Oldest first; one more than asked for, if there is one."""

    async def admins(self) -> int:
        """How many admins there are, kept from becoming fewer until the unit ends."""

    async def add(self, account: Account, request_id: str, fact: UserRegistered) -> bool:
        """False when the address has an account already."""

    async def save(self, account: Account, fact: UserFact) -> None: ...

    async def attempts(self, email: str) -> Attempts | None:
        """Log-ins to the address that failed, kept from being counted by another unit until this one ends."""

    async def save_attempts(self, email: str, attempts: Attempts) -> None: ...

    async def clear_attempts(self, email: str) -> None: ...

    async def open(self, session: Session, token: RefreshToken) -> None: ...

    async def refresh_token(self, digest: str) -> tuple[RefreshToken, Session] | None:
        """The token and its session, kept from changing until the unit ends."""

    async def spend(self, token: RefreshToken, successor: RefreshToken) -> None: ...

    async def revoke(self, session: Session) -> None: ...

    async def signing_keys(self) -> Sequence[SigningKey]:
        """Newest first."""

    async def save_key(self, key: SigningKey) -> None: ...


class Store(Protocol):
    def begin(self) -> AbstractAsyncContextManager[Unit]:
        """A unit that commits when it is left without an error."""

    def read(self) -> AbstractAsyncContextManager[Unit]:
        """A unit for reading only."""


class Passwords(Protocol):
    async def hash(self, password: str) -> str: ...

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """False for a hash of None too, after as long a time."""


class Clock(Protocol):
    def __call__(self) -> datetime: ...
