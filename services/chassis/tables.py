"""The tables that every SQL service has beside its own: outbox, inbox, answered requests; and columns they share."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, Index, LargeBinary, MetaData, String, Table, TypeDecorator


class Time(TypeDecorator[datetime]):
    """Aware UTC time. SQLite forgets the zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


chassis = MetaData()

outbox = Table(
    "outbox",
    chassis,
    Column("id", String(36), primary_key=True),
    Column("type", String(200), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("headers", JSON, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("time", Time, nullable=False),
    Column("sent_at", Time),
)
# Small however many facts were ever sent.
Index(
    "outbox_unsent", outbox.c.id, sqlite_where=outbox.c.sent_at.is_(None), postgresql_where=outbox.c.sent_at.is_(None)
)
Index("outbox_sent_at", outbox.c.sent_at)

inbox = Table(
    "inbox",
    chassis,
    Column("fact_id", String(36), primary_key=True),
    Column("type", String(200), nullable=False),
    Column("handled_at", Time, nullable=False),
)
Index("inbox_handled_at", inbox.c.handled_at)

requests = Table(
    "requests",
    chassis,
    Column("caller_id", String(36), primary_key=True),
    Column("method", String(200), primary_key=True),
    Column("request_id", String(64), primary_key=True),
    Column("fingerprint", LargeBinary),
    Column("type", String(200)),
    Column("body", LargeBinary),
    Column("answered_at", Time, nullable=False),
)
Index("requests_answered_at", requests.c.answered_at)
