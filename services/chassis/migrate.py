"""Migrations of a service's SQL schema, by Alembic: forward only, safe with many replicas starting at once.

As a job: `DATABASE_URL=… python -m services.chassis.migrate services.user.migrations`.
"""

import asyncio
import importlib
import logging
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis import logs, settings
from services.chassis.refusals import Refusal
from services.chassis.sql import engine_of, translated

log = logging.getLogger(__name__)

_ENVIRONMENT = Path(__file__).parent / "migrations"
# Any number will do, as long as all replicas agree on it.
_LOCK = 0x636F7572
_SECONDS = 300.0


async def ensure(engine: AsyncEngine, package: str) -> None:
    """What a service does at its start: migrates where there is something to do, in a process of its own. Alembic costs
    12 MB, which the service would keep for as long as it runs."""
    async with translated(), engine.connect() as connection:
        if await connection.run_sync(_is_newest, _folder(package)):
            return
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "services.chassis.migrate", package)
    async with asyncio.timeout(_SECONDS):
        if await process.wait():
            raise SystemExit("cannot start: the schema could not be migrated; what was said is above")


async def upgrade(engine: AsyncEngine, package: str) -> None:
    """Brings the schema to the newest revision in the package `…/migrations/NNNN_name.py` of a service."""
    async with translated(), engine.connect() as connection:
        await connection.execution_options(writes=True)
        async with connection.begin():
            await connection.run_sync(_upgrade, _folder(package))


def _upgrade(connection: Connection, folder: Path) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if _is_newest(connection, folder):
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", _literal(_ENVIRONMENT))
    config.set_main_option("version_locations", _literal(folder))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    log.info("migrated", extra={"revision": _newest(folder)})


def _is_newest(connection: Connection, folder: Path) -> bool:
    """Whether there is nothing to do. A schema that is newer than this code is left to the code that made it."""
    if not inspect(connection).has_table("alembic_version"):
        return False
    current = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return current is not None and current >= _newest(folder)


def _newest(folder: Path) -> str:
    return max(path.name.partition("_")[0] for path in folder.glob("[0-9]*_*.py"))


def _folder(package: str) -> Path:
    return Path(str(importlib.import_module(package).__path__[0]))


def _literal(path: Path) -> str:
    return str(path).replace("%", "%%")


@dataclass(frozen=True)
class _Settings:
    database_url: str
    log_level: str = "INFO"


async def _main(env: _Settings, package: str) -> None:
    engine = engine_of(env.database_url)
    await upgrade(engine, package)
    await engine.dispose()


if __name__ == "__main__":
    read = settings.read(_Settings, os.environ)
    logs.configure(sys.argv[1].split(".")[1], read.log_level)
    try:
        asyncio.run(_main(read, sys.argv[1]))
    except Refusal as refused:
        raise SystemExit(f"cannot migrate: {refused.message}") from None
