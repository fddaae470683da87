"""Stands in for the enrollment service."""

from tests.workbench.fakes.service import main

main(["LISTEN", "NATS_URL", "LOG_LEVEL", "DATABASE_URL", "MIGRATE_ON_START", "USER_ADDRESS", "COURSE_ADDRESS"])
