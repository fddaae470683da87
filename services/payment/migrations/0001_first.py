"""The first schema."""

import sqlalchemy as sa
from alembic import op

from services.chassis.migrations import create_chassis_tables

revision = "0001"
down_revision = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_chassis_tables()
    op.create_table(
        "payments",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("enrollment_id", sa.String(36), nullable=False, unique=True),
        sa.Column("learner_id", sa.String(36), nullable=False),
        sa.Column("course_id", sa.String(36), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("created", _TIME, nullable=False),
        sa.Column("updated", _TIME, nullable=False),
        sa.Column("called_off", sa.Boolean, nullable=False),
        sa.Column("decline_reason", sa.String(64), nullable=False),
        sa.Column("charge_id", sa.String(64), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt", _TIME),
        sa.Column("trace", sa.JSON, nullable=False),
    )
    op.create_index("payments_learner", "payments", ["learner_id", "id"])
    waiting = sa.text("next_attempt IS NOT NULL")
    op.create_index("payments_due", "payments", ["next_attempt"], sqlite_where=waiting, postgresql_where=waiting)
