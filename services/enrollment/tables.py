"""The tables of the enrollment service."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
)

from services.chassis.tables import Time
from services.enrollment.domain import LIVE, State

metadata = MetaData()

# What is known of courses, and how many of their seats are held. A row is the lock on its course's seats.
courses = Table(
    "courses",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("title", String(200), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency_code", String(3), nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("lesson_ids", JSON, nullable=False),
    Column("taken", Integer, nullable=False),
    # The last line of defence: no defect above can sell a seat twice.
    CheckConstraint("taken >= 0 AND taken <= capacity", name="courses_taken"),
)

learners = Table(
    "learners",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("updated", Time, nullable=False),
)

enrollments = Table(
    "enrollments",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("learner_id", String(36), nullable=False),
    Column("course_id", String(36), ForeignKey("courses.id"), nullable=False),
    Column("course_title", String(200), nullable=False),
    Column("state", String(10), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency_code", String(3), nullable=False),
    Column("created", Time, nullable=False),
    Column("updated", Time, nullable=False),
    Column("expires", Time),
    Column("done", JSON, nullable=False),
    Column("progress_percent", Integer, nullable=False),
    Column("decline_reason", String(100), nullable=False),
    Column("certificate_code", String(20), nullable=False),
    Column("completed", Time),
)

_live = enrollments.c.state.in_(sorted(LIVE))
_pending = enrollments.c.state == State.PENDING.value
_certified = enrollments.c.certificate_code != ""

Index("enrollments_learner", enrollments.c.learner_id, enrollments.c.id)
Index(
    "enrollments_one_live",
    enrollments.c.learner_id,
    enrollments.c.course_id,
    unique=True,
    sqlite_where=_live,
    postgresql_where=_live,
)
Index("enrollments_due", enrollments.c.expires, sqlite_where=_pending, postgresql_where=_pending)
Index(
    "enrollments_certificate",
    enrollments.c.certificate_code,
    unique=True,
    sqlite_where=_certified,
    postgresql_where=_certified,
)
