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
        "courses",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency_code", sa.String(3), nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("lesson_ids", sa.JSON, nullable=False),
        sa.Column("taken", sa.Integer, nullable=False),
        sa.CheckConstraint("taken >= 0 AND taken <= capacity", name="courses_taken"),
    )
    op.create_table(
        "learners",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("updated", _TIME, nullable=False),
    )
    op.create_table(
        "enrollments",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("learner_id", sa.String(36), nullable=False),
        sa.Column("course_id", sa.String(36), sa.ForeignKey("courses.id"), nullable=False),
        sa.Column("course_title", sa.String(200), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency_code", sa.String(3), nullable=False),
        sa.Column("created", _TIME, nullable=False),
        sa.Column("updated", _TIME, nullable=False),
        sa.Column("expires", _TIME),
        sa.Column("done", sa.JSON, nullable=False),
        sa.Column("progress_percent", sa.Integer, nullable=False),
        sa.Column("decline_reason", sa.String(100), nullable=False),
        sa.Column("certificate_code", sa.String(20), nullable=False),
        sa.Column("completed", _TIME),
    )
    op.create_index("enrollments_learner", "enrollments", ["learner_id", "id"])
    _partial("enrollments_one_live", ["learner_id", "course_id"], "state IN ('ACTIVE', 'COMPLETED', 'PENDING')", True)
    _partial("enrollments_due", ["expires"], "state = 'PENDING'", False)
    _partial("enrollments_certificate", ["certificate_code"], "certificate_code != ''", True)


def _partial(name: str, columns: list[str], where: str, unique: bool) -> None:
    condition = sa.text(where)
    op.create_index(name, "enrollments", columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
