"""Stands in for the user service."""

from tests.workbench.fakes.service import main

main(["LISTEN", "NATS_URL", "LOG_LEVEL", "DATABASE_URL", "MIGRATE_ON_START", "ADMIN_EMAIL", "ADMIN_PASSWORD_FILE"])
