"""Sessions: opened by a log-in, carried on by refresh tokens, ended."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from services.chassis.facts import new_id
from services.chassis.refusals import Unauthenticated
from services.user import domain
from services.user.domain import Account, RefreshToken, Session
from services.user.usecases.ports import Passwords, Store, Unit


@dataclass(frozen=True, slots=True)
class Opened:
    """A session as its holder gets it. refresh_token: the token itself, which is stored nowhere."""

    account: Account
    refresh_token: str


async def log_in(store: Store, passwords: Passwords, email: str, password: str) -> Opened:
    email = domain.email_of(email)
    async with store.begin() as unit:
        await unit.save_attempts(email, domain.attempt(await unit.attempts(email), datetime.now(UTC)))
        # Nobody registered what is no address; and not every database can be asked for every text.
        account = await unit.account_of(email) if domain.is_address(email) else None
    if not await passwords.matches(password, account.password_hash if account else None) or account is None:
        raise Unauthenticated("BAD_CREDENTIALS", "address and password do not match")
    async with store.begin() as unit:
        await unit.clear_attempts(email)
        return await _open(unit, account)


async def open_for(store: Store, account: Account) -> Opened:
    """A session for somebody who has just shown who they are."""
    async with store.begin() as unit:
        return await _open(unit, account)


async def refresh(store: Store, token: str) -> Opened:
    """The next pair. What a spent token does to its session is committed, and then it is refused."""
    async with store.begin() as unit:
        opened = await _next(unit, token, datetime.now(UTC))
    if opened is None:
        raise Unauthenticated("REFRESH_REFUSED", "the refresh token is not good any more; log in again")
    return opened


async def log_out(store: Store, token: str) -> None:
    async with store.begin() as unit:
        found = await unit.refresh_token(_digest(token))
        if found:
            await unit.revoke(found[1])


async def _open(unit: Unit, account: Account) -> Opened:
    now, token = datetime.now(UTC), secrets.token_urlsafe(32)
    session = Session(new_id(), account.id, now)
    await unit.open(session, _stored(token, session, now))
    return Opened(account, token)


async def _next(unit: Unit, token: str, now: datetime) -> Opened | None:
    found = await unit.refresh_token(_digest(token))
    if found is None:
        return None
    old, session = found
    if old.spent:
        await unit.revoke(session)  # two hold the same token: one of them stole it
        return None
    account = await unit.account(session.user_id)
    if session.revoked or old.expires <= now or account is None:
        return None
    successor = secrets.token_urlsafe(32)
    await unit.spend(old, _stored(successor, session, now))
    return Opened(account, successor)


def _stored(token: str, session: Session, now: datetime) -> RefreshToken:
    return RefreshToken(_digest(token), session.id, now + domain.REFRESH_TOKEN_LASTS)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
