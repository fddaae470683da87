"""Sessions: carried on by refresh tokens that are good once, and ended for good."""

import asyncio
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from sqlalchemy import select, update

from coursemesh.user.v1 import user_service_pb2 as rpc
from services.user.store import UserStore
from services.user.tables import refresh_tokens, sessions
from tests.support.serving import refusal
from tests.user.people import Cheap, Service, opened, serving


async def refused(service: Service, token: str) -> bool:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await service.refresh(token)
    return refusal(failed.value) == ("UNAUTHENTICATED", "REFRESH_REFUSED")


async def log_out(service: Service, token: str) -> None:
    await service.stub.LogOut(rpc.LogOutRequest(refresh_token=token))


async def rows(store: UserStore, table: object) -> int:
    async with store.read() as unit:
        return len((await unit.execute(select(table))).all())  # type: ignore[call-overload]


async def test_refresh_tokens_follow_one_another(service: Service) -> None:
    made = await service.register()
    token, seen = made.refresh_token, {made.refresh_token}
    for _ in range(3):
        fresh = await service.refresh(token)
        assert fresh.user == made.user
        assert await service.me(fresh.token) == made.user.id
        token = fresh.refresh_token
        seen.add(token)
    assert len(seen) == 4


async def test_a_token_that_comes_back_after_it_was_spent_ends_the_session(service: Service) -> None:
    made = await service.register()
    fresh = await service.refresh(made.refresh_token)
    assert await refused(service, made.refresh_token)
    assert await refused(service, fresh.refresh_token)


async def test_the_end_of_a_stolen_session_is_committed(database_url: str) -> None:
    async with opened(database_url) as store, serving(store, Cheap()) as service:
        made = await service.register()
        fresh = await service.refresh(made.refresh_token)
        assert await refused(service, made.refresh_token)
    async with opened(database_url) as store, serving(store, Cheap()) as service:
        assert await refused(service, fresh.refresh_token)


async def test_one_session_that_ends_leaves_the_others(service: Service) -> None:
    made = await service.register("ada@example.org")
    other = await service.log_in("ada@example.org")
    await service.refresh(made.refresh_token)
    assert await refused(service, made.refresh_token)
    assert await service.refresh(other.refresh_token)


async def test_of_ten_who_use_one_token_at_once_one_is_answered(service: Service) -> None:
    made = await service.register()
    ends = await asyncio.gather(*(service.refresh(made.refresh_token) for _ in range(10)), return_exceptions=True)
    answered = [end for end in ends if isinstance(end, rpc.RefreshTokenResponse)]
    assert {refusal(end) for end in ends if isinstance(end, grpc.aio.AioRpcError)} == {
        ("UNAUTHENTICATED", "REFRESH_REFUSED")
    }
    assert len(answered) == 1
    assert await refused(service, answered[0].refresh_token)  # one of the ten had stolen it


async def test_after_a_log_out_the_session_is_over(service: Service) -> None:
    made = await service.register()
    await log_out(service, made.refresh_token)
    assert await refused(service, made.refresh_token)
    await log_out(service, made.refresh_token)


@pytest.mark.parametrize("token", ["", "nonsense", "\x00", "x" * 10_000])
async def test_an_unknown_token_is_refused_and_no_error_for_a_log_out(service: Service, token: str) -> None:
    assert await refused(service, token)
    await log_out(service, token)


async def test_an_expired_token_is_refused(service: Service) -> None:
    made = await service.register()
    async with service.store.begin() as unit:
        await unit.execute(update(refresh_tokens).values(expires=datetime.now(UTC)))
    assert await refused(service, made.refresh_token)


async def test_the_token_itself_is_stored_nowhere(quick: Service) -> None:
    made = await quick.register()
    async with quick.store.read() as unit:
        stored = (await unit.execute(select(refresh_tokens))).all()
    assert made.refresh_token not in str(stored)


async def test_what_is_over_is_forgotten_and_what_is_live_is_not(service: Service) -> None:
    over, live = await service.register(), await service.register()
    for _ in range(3):
        live_token = (await service.refresh(live.refresh_token)).refresh_token
        live.refresh_token = live_token
    async with service.store.begin() as unit:
        spent_or_over = refresh_tokens.c.spent | refresh_tokens.c.session_id.in_(
            select(sessions.c.id).where(sessions.c.user_id == over.user.id)
        )
        past = datetime.now(UTC) - timedelta(seconds=1)
        await unit.execute(update(refresh_tokens).where(spent_or_over).values(expires=past))
    await service.store.purge()
    assert (await rows(service.store, sessions), await rows(service.store, refresh_tokens)) == (1, 1)
    assert await service.refresh(live.refresh_token)
