"""Accounts: made, read, changed."""

from datetime import UTC, datetime

from services.chassis.facts import new_id
from services.chassis.identity import Caller
from services.chassis.paging import Asked, Page, page
from services.chassis.refusals import AlreadyExists, NotFound
from services.user import domain
from services.user.domain import Account, Role, UserRegistered
from services.user.usecases.ports import Passwords, Store, Unit

_ADMIN_NAME = "Administrator"


async def register(
    store: Store, passwords: Passwords, request_id: str, email: str, password: str, display_name: str
) -> Account:
    """The new account; the one that is there when the same request made it."""
    email = domain.email_of(email)
    domain.check_registration(email, password, display_name)
    hashed = await passwords.hash(password)
    account = domain.register(new_id(), email, hashed, display_name, datetime.now(UTC))
    async with store.begin() as unit:
        added = await unit.add(account, request_id, UserRegistered(account))
        earlier = None if added else await unit.registration(email)
    return account if earlier is None else await _same(passwords, *earlier, request_id, password)


async def _same(passwords: Passwords, account: Account, made_by: str, request_id: str, password: str) -> Account:
    if made_by == request_id and await passwords.matches(password, account.password_hash):
        return account
    raise AlreadyExists("EMAIL_TAKEN", "this address has an account already; log in")


async def ensure_admin(store: Store, passwords: Passwords, email: str, password: str) -> None:
    """The first admin, who gives the others their roles. One that is there stays as it is."""
    email = domain.email_of(email)
    async with store.read() as unit:
        if await unit.account_of(email):
            return
    domain.check_registration(email, password, _ADMIN_NAME)
    hashed, now = await passwords.hash(password), datetime.now(UTC)
    account = domain.register(new_id(), email, hashed, _ADMIN_NAME, now)
    # In one unit: cut off in between, it would stay a student for ever. And another replica may have been first.
    async with store.begin() as unit:
        if await unit.add(account, new_id(), UserRegistered(account)):
            await unit.save(*domain.give_role(account, Role.ADMIN, 0, now))


async def get(store: Store, caller: Caller, user_id: str) -> Account:
    async with store.read() as unit:
        found = await unit.account(user_id) if caller.may_see(user_id) else None
    return _there(found)


async def every(store: Store, asked: Asked) -> Page[Account]:
    async with store.read() as unit:
        return page(await unit.accounts(asked), asked.size, lambda account: account.id)


async def rename(unit: Unit, user_id: str, display_name: str) -> Account:
    account, fact = domain.rename(_there(await unit.account(user_id)), display_name, datetime.now(UTC))
    await unit.save(account, fact)
    return account


async def give_role(unit: Unit, user_id: str, role: Role) -> Account:
    admins = await unit.admins()
    account, fact = domain.give_role(_there(await unit.account(user_id)), role, admins, datetime.now(UTC))
    await unit.save(account, fact)
    return account


def _there(account: Account | None) -> Account:
    if account is None:
        raise NotFound("USER_UNKNOWN", "there is no such account")
    return account
