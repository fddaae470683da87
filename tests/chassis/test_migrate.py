"""Migrations: what they make is what the tables say, and many at once make it once."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, inspect, text

from services.chassis import migrate, tables
from services.chassis.sql import SqlStore, SqlUnit
from services.user import tables as user_tables
from workbench.place import ROOT

MIGRATIONS = "services.user.migrations"


def differences(connection: Connection) -> list[object]:
    wanted = MetaData()
    for made in (tables.chassis, user_tables.metadata):
        for table in made.tables.values():
            table.to_metadata(wanted)
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, wanted))


def partial_index(connection: Connection) -> str:
    found = {index["name"]: index for index in inspect(connection).get_indexes("outbox")}["outbox_unsent"]
    options = found.get("dialect_options", {})
    return str(options.get("sqlite_where", options.get("postgresql_where")))


@pytest.fixture
async def store(database_url: str) -> SqlStore[SqlUnit]:
    return SqlStore(database_url, "user", SqlUnit)


async def test_the_migrations_make_the_tables(store: SqlStore[SqlUnit]) -> None:
    await migrate.upgrade(store.engine, MIGRATIONS)
    async with store.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        assert "sent_at IS NULL" in await connection.run_sync(partial_index)
    await store.close()


async def test_a_difference_would_be_seen(store: SqlStore[SqlUnit]) -> None:
    await migrate.upgrade(store.engine, MIGRATIONS)
    async with store.engine.begin() as connection:
        await connection.execute(text("ALTER TABLE inbox ADD COLUMN extra INTEGER"))
        await connection.execute(text("DROP INDEX users_role"))
        assert len(await connection.run_sync(differences)) == 2
    await store.close()


async def test_migrating_again_changes_nothing(store: SqlStore[SqlUnit]) -> None:
    for _ in range(2):
        await migrate.upgrade(store.engine, MIGRATIONS)
    async with store.begin() as unit:
        versions = await unit.execute(text("SELECT version_num FROM alembic_version"))
        assert len(versions.all()) == 1
    await store.close()


async def test_replicas_that_migrate_at_once_are_safe(database_url: str) -> None:
    stores = [SqlStore(database_url, "user", SqlUnit) for _ in range(4)]
    await asyncio.gather(*(migrate.upgrade(store.engine, MIGRATIONS) for store in stores))
    async with stores[0].engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    for store in stores:
        await store.close()


def test_processes_that_migrate_at_once_are_safe(database_url: str, tmp_path: Path) -> None:
    script = tmp_path / "migrating.py"
    script.write_text(
        "import asyncio, sys\n"
        "from services.chassis import migrate\n"
        "from services.chassis.sql import SqlStore, SqlUnit\n"
        "async def main():\n"
        "    store = SqlStore(sys.argv[1], 'user', SqlUnit)\n"
        f"    await migrate.upgrade(store.engine, '{MIGRATIONS}')\n"
        "    await store.close()\n"
        "asyncio.run(main())\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT}/gen/python"}
    started = [subprocess.Popen([sys.executable, script, database_url], env=environment) for _ in range(3)]
    assert [process.wait(60) for process in started] == [0, 0, 0]
