"""The schema that the migrations make is the one that the code uses."""

from services.enrollment.store import EnrollmentStore
from services.enrollment.tables import metadata
from tests.support.migrations import differences


async def test_the_migrations_make_the_tables(database_url: str) -> None:
    store = EnrollmentStore(database_url)
    assert await differences(store.engine, "enrollment", metadata) == []
    await store.close()
