"""The tables of the payment service."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text

from services.chassis.tables import Time

metadata = MetaData()

payments = Table(
    "payments",
    metadata,
    Column("id", String(36), primary_key=True),
    # One payment for an enrollment, whatever is delivered how often.
    Column("enrollment_id", String(36), nullable=False, unique=True),
    Column("learner_id", String(36), nullable=False),
    Column("course_id", String(36), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    # Emptied when the provider has answered for good.
    Column("token", Text, nullable=False),
    Column("state", String(10), nullable=False),
    Column("created", Time, nullable=False),
    Column("updated", Time, nullable=False),
    Column("called_off", Boolean, nullable=False),
    Column("decline_reason", String(64), nullable=False),
    Column("charge_id", String(64), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt", Time),
    # The trace that made it due, so that the provider's answer belongs to it.
    Column("trace", JSON, nullable=False),
)
Index("payments_learner", payments.c.learner_id, payments.c.id)
# Small however many payments were ever settled.
Index(
    "payments_due",
    payments.c.next_attempt,
    sqlite_where=payments.c.next_attempt.is_not(None),
    postgresql_where=payments.c.next_attempt.is_not(None),
)
