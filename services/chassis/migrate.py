"""Migrations of a service's SQL schema, by Alembic: forward only, safe with many replicas starting at once."""

import importlib
import logging
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

log = logging.getLogger(__name__)

_ENVIRONMENT = Path(__file__).parent / "migrations"
# Any number will do, as long as all replicas agree on it.
_LOCK = 0x636F7572


async def upgrade(engine: AsyncEngine, package: str) -> None:
    """Brings the schema to the newest revision in the package `…/migrations/NNNN_name.py` of a service."""
    folder = Path(str(importlib.import_module(package).__path__[0]))
    async with engine.connect() as connection:
        await connection.execution_options(writes=True)
        async with connection.begin():
            await connection.run_sync(_upgrade, folder)


def _upgrade(connection: Connection, folder: Path) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if _current(connection) == _newest(folder):
        return  # without importing Alembic, which costs memory and time at every start
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_ENVIRONMENT))
    config.set_main_option("version_locations", str(folder))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    log.info("migrated", extra={"revision": _newest(folder)})


def _current(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none() or "")


def _newest(folder: Path) -> str:
    return max(path.name.partition("_")[0] for path in folder.glob("[0-9]*_*.py"))
