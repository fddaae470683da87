"""Each service stands alone: with the chassis and the stubs, and nothing else of this repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/__main__.py"))
ROOMS = {"domain", "usecases", "store", "wire", "servicer"}


@pytest.fixture(params=SERVICES)
def alone(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A folder with what the image of a service holds of this repository."""
    for part in ("services/chassis", f"services/{request.param}", "gen/python"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    return request.param, tmp_path


def run(service: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    path = f"{folder}{os.pathsep}{folder / 'gen' / 'python'}"
    # Isolated from the checkout: without the .pth file that an editable installation leaves in site-packages.
    code = (
        "import sys; root = sys.argv[1]\n"
        "sys.path[:] = [p for p in sys.path if p not in ('', root) and not p.startswith(root + '/gen')]\n"
        "import runpy; runpy.run_module(sys.argv[2], run_name='__main__', alter_sys=False)"
    )
    return subprocess.run(
        [sys.executable, "-c", code, str(ROOT), f"services.{service}"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_service_needs_nothing_of_the_others_and_names_all_settings_that_are_missing(
    alone: tuple[str, Path],
) -> None:
    service, folder = alone
    done = run(service, folder)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("cannot start: LISTEN is not set; NATS_URL is not set")
    assert done.stderr.count("\n") == 1


def test_a_service_that_reaches_for_another_one_would_be_found_out(alone: tuple[str, Path]) -> None:
    service, folder = alone
    other = next(name for name in SERVICES if name != service)
    main = folder / "services" / service / "__main__.py"
    main.write_text(f"import services.{other}\n{main.read_text()}")
    done = run(service, folder)
    assert "ModuleNotFoundError" in done.stderr


@pytest.mark.parametrize("service", [name for name in SERVICES if name != "gateway"])
def test_a_service_has_the_rooms_that_every_service_has(service: str) -> None:
    folder = ROOT / "services" / service
    assert {path.stem for path in folder.iterdir()} >= ROOMS


def test_only_the_launch_reads_the_environment() -> None:
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "services").rglob("*.py")
        if "os.environ" in path.read_text() or "getenv" in path.read_text()
    }
    # telemetry asks for the one variable that decides whether OpenTelemetry's own reading of OTEL_* matters.
    mains = {"services/chassis/chassis.py", "services/chassis/migrate.py", "services/gateway/__main__.py"}
    assert readers == {*mains, "services/chassis/telemetry.py"}
