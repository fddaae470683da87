"""Stands in for the notification service."""

from tests.workbench.fakes.service import main

main(["LISTEN", "NATS_URL", "LOG_LEVEL", "USER_ADDRESS", "DATABASE_URL", "MIGRATE_ON_START", "SMTP_URL"])
