"""A small SQL store to try the chassis with: notes, each of which is told of as a fact."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import Column, Integer, MetaData, String, Table, func, insert, select, update

from coursemesh.user.v1 import user_events_pb2 as events
from coursemesh.user.v1 import user_pb2 as pb
from services.chassis import tables
from services.chassis.sql import SqlStore, SqlUnit

metadata = MetaData()
notes = Table("notes", metadata, Column("id", String(64), primary_key=True), Column("count", Integer, nullable=False))


def registered(note_id: str, name: str = "") -> events.UserRegistered:
    """The fact of a note; any message of a contract would do."""
    return events.UserRegistered(user=pb.User(id=note_id, display_name=name))


class NoteUnit(SqlUnit):
    async def add(self, note_id: str) -> None:
        """Writes the note and its fact."""
        await self.execute(insert(notes).values(id=note_id, count=1))
        self.tell(note_id)

    def tell(self, note_id: str) -> None:
        self.publish(note_id, registered(note_id), datetime.now(UTC))

    async def count_up(self, note_id: str) -> int:
        """How often it was counted, this time included."""
        await self.insert_unless_there(notes, {"id": note_id, "count": 0})
        await self.execute(update(notes).where(notes.c.id == note_id).values(count=notes.c.count + 1))
        return await self.count(note_id)

    async def count(self, note_id: str) -> int:
        return int((await self.execute(select(notes.c.count).where(notes.c.id == note_id))).scalar_one_or_none() or 0)

    async def ids(self) -> list[str]:
        return list((await self.execute(select(notes.c.id).order_by(notes.c.id))).scalars())

    async def rows(self, table: Table) -> int:
        return int((await self.execute(select(func.count()).select_from(table))).scalar_one())


class NoteStore(SqlStore[NoteUnit]):
    """The facts are those of a service called `user`."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "user", NoteUnit)

    async def count(self, note_id: str) -> int:
        async with self.read() as unit:
            return await unit.count(note_id)

    async def ids(self) -> list[str]:
        async with self.read() as unit:
            return await unit.ids()

    async def rows(self, table: Table) -> int:
        async with self.read() as unit:
            return await unit.rows(table)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[NoteStore]:
    store = NoteStore(url)
    async with store.engine.begin() as connection:
        await connection.run_sync(tables.chassis.create_all)
        await connection.run_sync(metadata.create_all)
    try:
        yield store
    finally:
        await store.close()
