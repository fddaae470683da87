"""One system that all tests of this folder share; a test that breaks something starts its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.running import System, close_all, instructor, running
from workbench.api import Api


@pytest.fixture(scope="session", autouse=True)
def clients() -> Iterator[None]:
    yield
    close_all()


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running(tmp_path_factory.mktemp("shared"), "--empty") as shared:
        yield shared


@pytest.fixture(scope="session")
def url(system: System) -> str:
    return system.url


@pytest.fixture(scope="session")
def teacher(system: System) -> Api:
    return instructor(system)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """For a system of the test's own."""
    return tmp_path / "data"
