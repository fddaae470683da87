"""What every test may ask for: real servers, fresh databases, and tokens that are good."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.tokens import Signer
from workbench.infrastructure import documents as document_servers
from workbench.infrastructure import nats as brokers
from workbench.infrastructure import postgres as postgres_servers
from workbench.infrastructure.server import Server


@pytest.fixture(scope="session")
def broker() -> Iterator[Server]:
    """A NATS server that all tests share: a test that kills or counts makes its own."""
    with brokers.temporary() as server:
        yield server


@pytest.fixture
def own_broker() -> Iterator[Server]:
    """A NATS server of the test's own."""
    with brokers.temporary() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    with postgres_servers.temporary() as server:
        yield server


@pytest.fixture(scope="session")
def documents() -> Iterator[Server]:
    with document_servers.temporary() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/test.db"
    return _new_database(request.getfixturevalue("postgres"))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/test.db"


@pytest.fixture(scope="session")
def signer() -> Signer:
    return Signer()


def _new_database(server: Server) -> str:
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[call-overload]
    return f"{server.rpartition('/')[0]}/{name}"
