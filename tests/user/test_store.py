"""The store of the user service, on SQLite and on PostgreSQL: what is saved is read again, as it was."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from services.chassis import migrate
from services.chassis.facts import new_id
from services.chassis.paging import Asked
from services.user import domain
from services.user.domain import Account, Attempts, RefreshToken, Role, Session, SigningKey, UserRegistered
from services.user.store import UserStore
from services.user.tables import login_attempts

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def account(email: str = "ada@example.org", role: Role = Role.STUDENT) -> Account:
    return Account(new_id(), email, "Ada", role, "hash", NOW, NOW)


async def added(store: UserStore, made: Account, request_id: str = "r") -> bool:
    async with store.begin() as unit:
        return await unit.add(made, request_id, UserRegistered(made))


async def test_an_account_is_read_as_it_was_saved(store: UserStore) -> None:
    made = account()
    assert await added(store, made, "r1")
    async with store.read() as unit:
        assert await unit.account(made.id) == made
        assert await unit.account_of(made.email) == made
        assert await unit.registration(made.email) == (made, "r1")
        assert await unit.account(new_id()) is None
        assert await unit.account_of("nobody@example.org") is None


async def test_an_address_has_one_account_and_one_fact(store: UserStore) -> None:
    first = account()
    assert await added(store, first)
    assert not await added(store, account())
    async with store.read() as unit:
        assert await unit.account_of(first.email) == first
    assert [fact.subject for fact in await store.unsent(0, 10)] == [first.id]


async def test_a_change_is_saved_and_keeps_the_request_that_made_it(store: UserStore) -> None:
    made = account()
    await added(store, made, "r1")
    async with store.begin() as unit:
        changed, fact = domain.give_role(made, Role.ADMIN, 0, NOW + timedelta(days=1))
        await unit.save(changed, fact)
    async with store.read() as unit:
        assert await unit.registration(made.email) == (changed, "r1")
        assert await unit.admins() == 1


async def test_accounts_are_listed_oldest_first_with_one_more_than_asked_for(store: UserStore) -> None:
    made = [account(f"{number}@example.org") for number in range(4)]
    for each in reversed(made):
        await added(store, each)
    async with store.read() as unit:
        assert list(await unit.accounts(Asked(2, None))) == made[:3]
        assert list(await unit.accounts(Asked(2, made[1].id))) == made[2:]


async def test_attempts_are_counted_and_cleared(store: UserStore) -> None:
    async with store.begin() as unit:
        before = await unit.attempts("ada@example.org")
        assert before is not None
        assert before.failures == 0
        await unit.save_attempts("ada@example.org", Attempts(3, NOW))
    async with store.begin() as unit:
        assert await unit.attempts("ada@example.org") == Attempts(3, NOW)
        await unit.clear_attempts("ada@example.org")
    async with store.begin() as unit:
        assert (await unit.execute(select(login_attempts))).all() == []


async def test_a_session_goes_from_token_to_token_until_it_is_revoked(store: UserStore) -> None:
    made = account()
    await added(store, made)
    session = Session(new_id(), made.id, NOW)
    first, second = (RefreshToken(digest, session.id, NOW + timedelta(days=1)) for digest in ("d1", "d2"))
    async with store.begin() as unit:
        await unit.open(session, first)
        assert await unit.refresh_token("d1") == (first, session)
        await unit.spend(first, second)
        assert await unit.refresh_token("d1") == (replace(first, spent=True), session)
        await unit.revoke(session)
        assert await unit.refresh_token("d2") == (second, replace(session, revoked=True))
        assert await unit.refresh_token("d3") is None


async def test_keys_are_read_newest_first(store: UserStore) -> None:
    old, new = (SigningKey(new_id(), bytes(32), NOW) for _ in range(2))
    async with store.begin() as unit:
        await unit.save_key(old)
        await unit.save_key(new)
        await unit.save_key(replace(old, retired=NOW))
    async with store.read() as unit:
        assert list(await unit.signing_keys()) == [new, replace(old, retired=NOW)]


async def test_attempts_of_long_ago_are_forgotten(store: UserStore) -> None:
    for email, since in (("old@example.org", NOW), ("new@example.org", datetime.now(UTC))):
        async with store.begin() as unit:
            await unit.attempts(email)
            await unit.save_attempts(email, Attempts(1, since))
    await store.purge()
    async with store.read() as unit:
        assert len((await unit.execute(select(login_attempts))).all()) == 1


@pytest.mark.parametrize("times", [1, 2])
async def test_the_store_works_on_what_its_migrations_make(database_url: str, times: int) -> None:
    store, made = UserStore(database_url), account()
    for _ in range(times):
        await migrate.upgrade(store.engine, "services.user.migrations")
    assert await added(store, made)
    await store.close()


@pytest.mark.parametrize("reading", ["admins", "account", "refresh_token", "attempts"])
async def test_what_is_read_to_be_changed_is_kept_from_others_until_the_unit_ends(
    store: UserStore, reading: str
) -> None:
    made = account(role=Role.ADMIN)
    await added(store, made)
    session = Session(new_id(), made.id, NOW)
    async with store.begin() as unit:
        await unit.open(session, RefreshToken("d1", session.id, NOW))
    argument = {"account": (made.id,), "refresh_token": ("d1",), "attempts": (made.email,)}.get(reading, ())

    async def read() -> None:
        async with store.begin() as unit:
            await getattr(unit, reading)(*argument)

    async with store.begin() as unit:
        await getattr(unit, reading)(*argument)
        another = asyncio.create_task(read())
        done, _ = await asyncio.wait({another}, timeout=0.2)
        assert not done
    async with asyncio.timeout(5):
        await another
