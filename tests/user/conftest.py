"""What the tests of the user service share."""

from collections.abc import AsyncIterator

import pytest

from services.user.store import UserStore
from tests.support import schemas
from tests.user.people import Cheap, Service, opened, serving


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    """An empty database, once on SQLite and once on PostgreSQL."""
    return sqlite_url if request.param == "sqlite" else schemas.fresh(request.getfixturevalue("postgres"))


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[UserStore]:
    async with opened(database_url) as made:
        yield made


@pytest.fixture
async def service(store: UserStore) -> AsyncIterator[Service]:
    """On both databases."""
    async with serving(store, Cheap()) as made:
        yield made


@pytest.fixture
async def quick(sqlite_url: str) -> AsyncIterator[Service]:
    """For what does not depend on the database."""
    async with opened(sqlite_url) as store, serving(store, Cheap()) as made:
        yield made
