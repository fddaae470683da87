"""Stands in for the search service."""

from tests.workbench.fakes.service import main

main(["LISTEN", "NATS_URL", "LOG_LEVEL", "USER_ADDRESS", "DATA_DIR"])
