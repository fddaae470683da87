"""A course store in a fresh database of a real document server, and the service on a real gRPC server."""

import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from coursemesh.course.v1.course_service_pb2_grpc import CourseServiceStub, add_CourseServiceServicer_to_server
from services.course.servicer import CourseServicer
from services.course.store import CourseStore
from tests.course.client import Client
from tests.support.serving import serving
from tests.support.tokens import Signer, bearer
from workbench.infrastructure import documents as document_servers
from workbench.infrastructure.server import Server


@pytest.fixture
def course_url(documents: Server) -> str:
    """An empty database."""
    return f"{documents}/test_{secrets.token_hex(6)}"


@pytest.fixture
def own_documents() -> Iterator[Server]:
    """A document server of the test's own, to be killed."""
    with document_servers.temporary() as server:
        yield server


@pytest.fixture
async def store(course_url: str) -> AsyncIterator[CourseStore]:
    opened = CourseStore(course_url)
    await opened.prepare()
    yield opened
    await opened.close()


@pytest.fixture
async def stub(store: CourseStore, signer: Signer) -> AsyncIterator[CourseServiceStub]:
    """The service on a real server."""
    async with serving(add_CourseServiceServicer_to_server, CourseServicer(store), signer) as channel:
        yield CourseServiceStub(channel)


@pytest.fixture
def anybody(stub: Any) -> Client:
    return Client(stub, None)


@pytest.fixture
def me(stub: Any, signer: Signer) -> Client:
    return Client(stub, bearer(signer.caller("instructor")))


@pytest.fixture
def colleague(stub: Any, signer: Signer) -> Client:
    return Client(stub, bearer(signer.caller("instructor")))


@pytest.fixture
def admin(stub: Any, signer: Signer) -> Client:
    return Client(stub, bearer(signer.caller("admin")))


@pytest.fixture
def student(stub: Any, signer: Signer) -> Client:
    return Client(stub, bearer(signer.caller("student")))
