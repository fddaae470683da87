"""Accounts, sessions and signing keys: what they are and may become."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from services.chassis.checks import Checks
from services.chassis.refusals import FailedPrecondition, ResourceExhausted

ACCESS_TOKEN_LASTS = timedelta(minutes=15)
REFRESH_TOKEN_LASTS = timedelta(days=30)
# A key that signs no more is still shown for so long: its last tokens, and replicas that learn of it late.
RETIRED_KEY_LASTS = ACCESS_TOKEN_LASTS + timedelta(minutes=5)
SIGNING_KEY_LASTS = timedelta(days=30)

# Log-ins to one address that may fail within the window; the next must wait until it is over.
FAILURES_AT_MOST, FAILURE_WINDOW = 10, timedelta(minutes=15)

# Only a mail that arrives proves an address. This keeps out what cannot be one.
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f\"<>(),;:\\\[\]]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


class Role(StrEnum):
    STUDENT = "student"
    INSTRUCTOR = "instructor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    email: str
    display_name: str
    role: Role
    password_hash: str
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class UserRegistered:
    account: Account


@dataclass(frozen=True, slots=True)
class UserProfileChanged:
    account: Account


@dataclass(frozen=True, slots=True)
class Session:
    """What a log-in opens. Its refresh tokens follow one another; one that comes back after it was spent was stolen."""

    id: str
    user_id: str
    created: datetime
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """digest: SHA-256 of the token; the token itself is known to its holder alone."""

    digest: str
    session_id: str
    expires: datetime
    spent: bool = False


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key. seed: the private half, 32 bytes."""

    id: str
    seed: bytes
    created: datetime
    retired: datetime | None = None

    def shown(self, now: datetime) -> bool:
        """Whether tokens that it signed may still be about."""
        return self.retired is None or now < self.retired + RETIRED_KEY_LASTS


@dataclass(frozen=True, slots=True)
class Attempts:
    """Log-ins to one address that failed since the window began."""

    failures: int
    since: datetime


def email_of(text: str) -> str:
    """The address as it is stored and compared."""
    return text.strip().lower()


def is_address(email: str) -> bool:
    return len(email) <= 254 and _EMAIL.fullmatch(email) is not None


def check_registration(email: str, password: str, display_name: str) -> None:
    with Checks() as checks:
        checks.that(is_address(email), "email", "give an email address")
        checks.that(8 <= len(password) <= 128, "password", "give 8 to 128 characters")
        checks.text("display_name", display_name, 1, 100)


def register(user_id: str, email: str, password_hash: str, display_name: str, now: datetime) -> Account:
    """A new account. Its input was checked by check_registration."""
    return Account(user_id, email, display_name.strip(), Role.STUDENT, password_hash, now, now)


def rename(account: Account, display_name: str, now: datetime) -> tuple[Account, UserProfileChanged]:
    with Checks() as checks:
        display_name = checks.text("display_name", display_name, 1, 100)
    changed = replace(account, display_name=display_name, updated=now)
    return changed, UserProfileChanged(changed)


def give_role(account: Account, role: Role, admins: int, now: datetime) -> tuple[Account, UserProfileChanged]:
    """admins: how many accounts are admins now."""
    if account.role is Role.ADMIN and role is not Role.ADMIN and admins <= 1:
        raise FailedPrecondition("LAST_ADMIN", "this is the last admin; make another one first")
    changed = replace(account, role=role, updated=now)
    return changed, UserProfileChanged(changed)


def attempt(before: Attempts | None, now: datetime) -> Attempts:
    """Counts a log-in as failed before it is tried, so that many at once count as many. One that succeeds clears it."""
    if before is None or now - before.since >= FAILURE_WINDOW:
        return Attempts(1, now)
    if before.failures >= FAILURES_AT_MOST:
        wait = (before.since + FAILURE_WINDOW - now).total_seconds()
        raise ResourceExhausted("TOO_MANY_ATTEMPTS", "too many failed attempts; wait and try again", retry_after=wait)
    return replace(before, failures=before.failures + 1)
