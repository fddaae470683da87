"""Payments' store, migrated, and the built-in provider with a ledger of its own."""

import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.payment.provider import CardNetwork
from services.payment.store import PaymentStore
from services.payment.usecases import settle
from tests.payment.world import opened, until


@pytest.fixture(autouse=True)
def a_stop_is_a_kill(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that a test stops gets no time to finish anything."""
    monkeypatch.setattr(settle, "_LAST", 0.0)


@pytest.fixture
async def drivers() -> AsyncIterator[None]:
    """SQLite's threads outlast a worker that was killed, and must not outlast the loop that they answer to."""
    yield

    async def all_ended() -> bool:
        return not any("_connection_worker_thread" in thread.name for thread in threading.enumerate())

    await until(all_ended)


@pytest.fixture
async def store(database_url: str, drivers: None) -> AsyncIterator[PaymentStore]:
    """Once on SQLite and once on PostgreSQL."""
    made = await opened(database_url)
    yield made
    await made.close()


@pytest.fixture
async def network(tmp_path: Path, drivers: None) -> AsyncIterator[CardNetwork]:
    made = CardNetwork(f"sqlite+aiosqlite:///{tmp_path}/ledger.db", slow_seconds=0.3)
    await made.open()
    yield made
    await made.close()
