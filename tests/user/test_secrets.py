"""Passwords, tokens and keys are in no log, no fact and no answer to somebody else."""

import asyncio
import logging

import grpc
import pytest

from coursemesh.user.v1 import user_service_pb2 as rpc
from tests.support.tokens import bearer
from tests.user.people import PASSWORD, Service


async def test_no_log_and_no_fact_holds_a_secret(quick: Service, caplog: pytest.LogCaptureFixture) -> None:
    for chatty in ("aiosqlite", "sqlalchemy"):  # theirs are off in production; see chassis.logs
        caplog.set_level(logging.WARNING, chatty)
    caplog.set_level(logging.DEBUG)
    made = await quick.register("ada@example.org")
    found = await quick.log_in("ada@example.org")
    fresh = await quick.refresh(found.refresh_token)
    await quick.me(fresh.token)
    for call in (quick.log_in("ada@example.org", "hunter22"), quick.refresh(found.refresh_token), quick.me("nonsense")):
        with pytest.raises(grpc.aio.AioRpcError):
            await call
    assert len([record for record in caplog.records if record.name == "access"]) == 7
    told = str([vars(record) for record in caplog.records])
    facts = str([(fact.headers(), fact.data) for fact in await quick.store.unsent(0, 100)])
    secrets = [PASSWORD, "hunter22", "hash of", made.token, found.refresh_token, fresh.token, fresh.refresh_token]
    assert not [secret for secret in secrets if secret in told + facts]


async def test_an_unexpected_error_tells_no_secret_either(
    quick: Service, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with quick.store.begin() as unit:
        await unit.connection.exec_driver_sql("ALTER TABLE users ADD COLUMN needed TEXT CHECK (needed IS NOT NULL)")
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await quick.register("ada@example.org", "hunter22")
    assert failed.value.code() is grpc.StatusCode.INTERNAL
    assert "unexpected error" in caplog.text
    assert not [secret for secret in ("hunter22", "ada@example.org") if secret in caplog.text + str(failed.value)]


async def test_an_answer_holds_no_hash(quick: Service) -> None:
    made = await quick.register()
    seen = await asyncio.gather(
        quick.stub.GetUser(rpc.GetUserRequest(), metadata=bearer(made.token)),
        quick.stub.ListUsers(rpc.ListUsersRequest(), metadata=bearer(await quick.admin())),
    )
    assert "hash of" not in str(seen)
