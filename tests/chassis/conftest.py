"""What the tests of the chassis share: traces that can be looked at, a store of notes, a connection to the broker."""

from collections.abc import AsyncIterator, Iterator

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.chassis import deadletters, telemetry
from services.chassis.bus import Bus, fact_stream
from tests.chassis.notes import NoteStore, opened
from tests.support import schemas
from workbench.infrastructure.server import Server


@pytest.fixture(scope="session")
def exporter() -> InMemorySpanExporter:
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        telemetry.configure("test")
    provider = trace.get_tracer_provider()
    assert isinstance(provider, TracerProvider)
    kept = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    return kept


@pytest.fixture(autouse=True)
def spans(exporter: InMemorySpanExporter) -> Iterator[InMemorySpanExporter]:
    """The spans that ended in this test."""
    exporter.clear()
    yield exporter
    exporter.clear()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    """An empty database, once on SQLite and once on PostgreSQL."""
    return sqlite_url if request.param == "sqlite" else schemas.fresh(request.getfixturevalue("postgres"))


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[NoteStore]:
    """Notes, once on SQLite and once on PostgreSQL."""
    async with opened(database_url) as made:
        yield made


@pytest.fixture
async def sqlite_store(sqlite_url: str) -> AsyncIterator[NoteStore]:
    """For what does not depend on the database."""
    async with opened(sqlite_url) as made:
        yield made


@pytest.fixture
async def bus(own_broker: Server) -> AsyncIterator[Bus]:
    """Connected to a broker of the test's own."""
    made = Bus(own_broker, "test")
    await made.start()
    await made.ready()
    yield made
    await made.close()


@pytest.fixture
async def streams(bus: Bus) -> Bus:
    """The same, with the streams that facts and dead letters lie in."""
    await bus.ensure(fact_stream("user"))
    await deadletters.prepare(bus)
    return bus
