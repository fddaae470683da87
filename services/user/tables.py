"""The tables of the user service."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table

from services.chassis.tables import Time

metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("display_name", String(100), nullable=False),
    Column("role", String(20), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("created", Time, nullable=False),
    Column("updated", Time, nullable=False),
)
Index("users_role", users.c.role)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("user_id", String(36), ForeignKey("users.id"), nullable=False),
    Column("created", Time, nullable=False),
    Column("revoked", Boolean, nullable=False),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("session_id", String(36), ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("expires", Time, nullable=False),
    Column("spent", Boolean, nullable=False),
)
Index("refresh_tokens_session", refresh_tokens.c.session_id)
Index("refresh_tokens_expires", refresh_tokens.c.expires)

login_attempts = Table(
    "login_attempts",
    metadata,
    # SHA-256 of the address: people try addresses that have no account, and those are not ours to keep.
    Column("email_digest", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("since", Time, nullable=False),
)
Index("login_attempts_since", login_attempts.c.since)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("seed", LargeBinary, nullable=False),
    Column("created", Time, nullable=False),
    Column("retired", Time),
)
