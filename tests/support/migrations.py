"""Whether a service's migrations lead to the tables that its code uses."""

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData
from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis import migrate, tables


async def differences(engine: AsyncEngine, service: str, metadata: MetaData) -> list[Any]:
    """What separates the migrated schema from the tables; twice migrated is once migrated."""
    await migrate.upgrade(engine, f"services.{service}.migrations")
    await migrate.upgrade(engine, f"services.{service}.migrations")

    def compare(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, _together(metadata, tables.chassis)))

    async with engine.connect() as connection:
        return await connection.run_sync(compare)


def _together(*parts: MetaData) -> MetaData:
    whole = MetaData()
    for part in parts:
        for table in part.tables.values():
            table.to_metadata(whole)
    return whole
