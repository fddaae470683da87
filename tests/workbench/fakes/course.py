"""Stands in for the course service."""

from tests.workbench.fakes.service import main

main(["LISTEN", "NATS_URL", "LOG_LEVEL", "DATABASE_URL", "USER_ADDRESS"])
