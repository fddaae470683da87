"""The migrations make the tables that the code reads."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, inspect

from services.chassis import migrate
from services.chassis.tables import chassis
from services.payment.store import PaymentStore
from services.payment.tables import metadata


def _differences(connection: Connection) -> Any:
    wanted = MetaData()
    for source in (chassis, metadata):
        for table in source.tables.values():
            table.to_metadata(wanted)
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return compare_metadata(context, wanted)


async def test_the_migrated_schema_is_the_one_in_the_tables(store: PaymentStore) -> None:
    async with store.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []


async def test_migrating_again_changes_nothing(store: PaymentStore) -> None:
    await migrate.upgrade(store.engine, "services.payment.migrations")


async def test_due_payments_are_found_without_reading_the_settled_ones(store: PaymentStore) -> None:
    async with store.engine.connect() as connection:
        indexes = await connection.run_sync(lambda sync: inspect(sync).get_indexes("payments"))
    due = next(index for index in indexes if index["name"] == "payments_due")
    assert any("next_attempt IS NOT NULL" in str(option) for option in due["dialect_options"].values())
