"""What migrations share. A revision is history: what it calls here is never changed, only added to."""

import sqlalchemy as sa
from alembic import op

_TIME = sa.DateTime(timezone=True)


def create_chassis_tables() -> None:
    """Outbox, inbox and answered requests, as of the first revision of every service."""
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("type", sa.String(200), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("headers", sa.JSON, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("time", _TIME, nullable=False),
        sa.Column("sent_at", _TIME),
    )
    unsent = sa.text("sent_at IS NULL")
    op.create_index("outbox_unsent", "outbox", ["id"], sqlite_where=unsent, postgresql_where=unsent)
    op.create_index("outbox_sent_at", "outbox", ["sent_at"])
    op.create_table(
        "inbox",
        sa.Column("fact_id", sa.String(36), primary_key=True),
        sa.Column("type", sa.String(200), nullable=False),
        sa.Column("handled_at", _TIME, nullable=False),
    )
    op.create_index("inbox_handled_at", "inbox", ["handled_at"])
    op.create_table(
        "requests",
        sa.Column("caller_id", sa.String(36), primary_key=True),
        sa.Column("method", sa.String(200), primary_key=True),
        sa.Column("request_id", sa.String(64), primary_key=True),
        sa.Column("fingerprint", sa.LargeBinary),
        sa.Column("type", sa.String(200)),
        sa.Column("body", sa.LargeBinary),
        sa.Column("answered_at", _TIME, nullable=False),
    )
    op.create_index("requests_answered_at", "requests", ["answered_at"])
