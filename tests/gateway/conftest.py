"""A gateway with everything deployed, for each test anew."""

from collections.abc import AsyncIterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from services.chassis import telemetry
from tests.gateway import world as worlds
from tests.gateway.world import World
from tests.support.tokens import Signer
from workbench.infrastructure.server import Server


@pytest.fixture(scope="session", autouse=True)
def _traced() -> None:
    """Traces have ids only where tracing is configured; a process can do it once."""
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        telemetry.configure("test")


@pytest.fixture
async def world(broker: Server, signer: Signer) -> AsyncIterator[World]:
    async with worlds.world(broker, signer) as made:
        yield made
