"""Accounts, sessions and keys in SQL."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from services.chassis.paging import Asked
from services.chassis.sql import SqlStore, SqlUnit
from services.user import domain, wire
from services.user.domain import Account, Attempts, RefreshToken, Role, Session, SigningKey, UserRegistered
from services.user.tables import login_attempts, refresh_tokens, sessions, signing_keys, users
from services.user.usecases.ports import UserFact


class UserUnit(SqlUnit):
    """One transaction on the tables of the user service."""

    async def account(self, user_id: str) -> Account | None:
        row = (await self.execute(select(users).where(users.c.id == user_id).with_for_update())).one_or_none()
        return row and _account(row)

    async def account_of(self, email: str) -> Account | None:
        found = await self.registration(email)
        return found and found[0]

    async def registration(self, email: str) -> tuple[Account, str] | None:
        row = (await self.execute(select(users).where(users.c.email == email))).one_or_none()
        return None if row is None else (_account(row), row.request_id)

    async def accounts(self, asked: Asked) -> Sequence[Account]:
        beyond = users.c.id > (asked.after or "")
        rows = await self.execute(select(users).where(beyond).order_by(users.c.id).limit(asked.size + 1))
        return [_account(row) for row in rows]

    async def admins(self) -> int:
        rows = await self.execute(select(users.c.id).where(users.c.role == Role.ADMIN).with_for_update())
        return len(rows.all())

    async def add(self, account: Account, request_id: str, fact: UserRegistered) -> bool:
        values = {**_values(account), "request_id": request_id}
        if not await self.insert_unless_there(users, values):
            return False
        self.publish(account.id, wire.fact(fact), account.updated)
        return True

    async def save(self, account: Account, fact: UserFact) -> None:
        await self.execute(update(users).where(users.c.id == account.id).values(_values(account)))
        self.publish(account.id, wire.fact(fact), account.updated)

    async def attempts(self, email: str) -> Attempts | None:
        # A row to lock, before there is a first failure: two first attempts at once must not both count as one. In one
        # statement, since a log-in that succeeds deletes the row.
        row = await self.insert_or_lock(login_attempts, {**_whose(email), "failures": 0, "since": datetime.now(UTC)})
        return Attempts(row.failures, row.since)

    async def save_attempts(self, email: str, attempts: Attempts) -> None:
        values = {"failures": attempts.failures, "since": attempts.since}
        await self.execute(update(login_attempts).filter_by(**_whose(email)).values(values))

    async def clear_attempts(self, email: str) -> None:
        await self.execute(delete(login_attempts).filter_by(**_whose(email)))

    async def open(self, session: Session, token: RefreshToken) -> None:
        await self.execute(insert(sessions).values(asdict(session)))
        await self.execute(insert(refresh_tokens).values(asdict(token)))

    async def refresh_token(self, digest: str) -> tuple[RefreshToken, Session] | None:
        joined = select(refresh_tokens, sessions).join(sessions).where(refresh_tokens.c.digest == digest)
        row = (await self.execute(joined.with_for_update())).one_or_none()
        if row is None:
            return None
        session = Session(row.session_id, row.user_id, row.created, row.revoked)
        return RefreshToken(row.digest, row.session_id, row.expires, row.spent), session

    async def spend(self, token: RefreshToken, successor: RefreshToken) -> None:
        spent = update(refresh_tokens).where(refresh_tokens.c.digest == token.digest)
        await self.execute(spent.values(spent=True))
        await self.execute(insert(refresh_tokens).values(asdict(successor)))

    async def revoke(self, session: Session) -> None:
        await self.execute(update(sessions).where(sessions.c.id == session.id).values(revoked=True))

    async def signing_keys(self) -> Sequence[SigningKey]:
        rows = await self.execute(select(signing_keys).order_by(signing_keys.c.id.desc()))
        return [SigningKey(row.id, row.seed, row.created, row.retired) for row in rows]

    async def save_key(self, key: SigningKey) -> None:
        await self.insert_unless_there(signing_keys, asdict(key))
        await self.execute(update(signing_keys).where(signing_keys.c.id == key.id).values(retired=key.retired))


class UserStore(SqlStore[UserUnit]):
    """The user service's database."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "user", UserUnit)

    async def purge(self) -> None:
        """Forgets what the chassis forgets, and sessions, attempts and keys that are over."""
        await super().purge()
        now = datetime.now(UTC)
        live = select(refresh_tokens.c.session_id).where(refresh_tokens.c.expires > now)
        async with self.begin() as unit:
            await unit.execute(delete(sessions).where(sessions.c.id.not_in(live)))
            # Of a session that is carried on for years, too.
            await unit.execute(delete(refresh_tokens).where(refresh_tokens.c.expires <= now))
            await unit.execute(delete(login_attempts).where(login_attempts.c.since < now - domain.FAILURE_WINDOW))
            await unit.execute(delete(signing_keys).where(signing_keys.c.retired < now - domain.RETIRED_KEY_LASTS))


def _account(row: Any) -> Account:
    return Account(row.id, row.email, row.display_name, Role(row.role), row.password_hash, row.created, row.updated)


def _values(account: Account) -> dict[str, Any]:
    return {**asdict(account), "role": account.role.value}


def _whose(email: str) -> dict[str, str]:
    return {"email_digest": hashlib.sha256(email.encode()).hexdigest()}
