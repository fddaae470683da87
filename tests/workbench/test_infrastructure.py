"""The servers that stand in for the cluster's: real, private, and whole after a kill."""

import os
import socket
from pathlib import Path

import nats
import psycopg
import pymongo
import pytest

from workbench import ports, tools
from workbench.infrastructure import documents, postgres
from workbench.infrastructure import nats as broker
from workbench.infrastructure.server import Server, running
from workbench.refusal import Refusal


def dsn(server: Server) -> str:
    return server.replace("+psycopg", "")


def test_postgres_keeps_what_was_committed_before_a_kill() -> None:
    with postgres.temporary() as server:
        with psycopg.connect(dsn(server)) as connection:
            connection.execute("create table t (x int)")
            connection.execute("insert into t values (1)")
        before = server.pid
        server.kill()
        server.start()
        assert server.pid != before
        with psycopg.connect(dsn(server)) as connection:
            assert connection.execute("select x from t").fetchall() == [(1,)]


def test_postgres_is_never_root_and_ends_with_its_context() -> None:
    with postgres.temporary() as server:
        pid = server.pid
        assert Path(f"/proc/{pid}").stat().st_uid != 0 or os.geteuid() != 0
    assert not Path(f"/proc/{pid}").exists()


def test_postgres_lets_nobody_in_without_the_password() -> None:
    with postgres.temporary() as server, pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(dsn(server).replace("test:", "test:not"), connect_timeout=5)


def test_a_role_of_postgres_reaches_its_own_database_only(tmp_path: Path) -> None:
    port = ports.free()
    program = postgres.prepare(tmp_path / "postgres", port, {"user": "one", "payment": "two"})
    with running(program, tmp_path):
        own = postgres.url(port, "user", "one").replace("+psycopg", "")
        with psycopg.connect(own) as connection:
            connection.execute("create table t (x int)")
            assert connection.execute("show fsync").fetchone() == ("on",)
        with pytest.raises(psycopg.OperationalError, match="permission denied"):
            psycopg.connect(own.removesuffix("/user") + "/payment", connect_timeout=5)


def test_preparing_postgres_again_keeps_its_data(tmp_path: Path) -> None:
    port = ports.free()
    for statement in ("create table t (x int)", "insert into t values (1)"):
        program = postgres.prepare(tmp_path / "postgres", port, {"user": "one"})
        with running(program, tmp_path), psycopg.connect(f"postgresql://user:one@127.0.0.1:{port}/user") as connection:
            connection.execute(statement)


async def test_the_broker_keeps_its_streams_through_a_kill() -> None:
    with broker.temporary() as server:
        connection = await nats.connect(str(server), allow_reconnect=False)
        await connection.jetstream().add_stream(name="facts", subjects=["facts"])
        await connection.jetstream().publish("facts", b"one")
        await connection.close()
        server.kill()
        server.start()
        connection = await nats.connect(str(server), allow_reconnect=False)
        assert (await connection.jetstream().stream_info("facts")).state.messages == 1
        await connection.close()


def test_the_broker_lets_nobody_in_without_the_password() -> None:
    with broker.temporary() as server, socket.create_connection(("127.0.0.1", server.program.port), 5) as line:
        line.sendall(b"CONNECT {}\r\nPING\r\n")
        answer = b"".join(iter(lambda: line.recv(4096), b""))
        assert b"Authorization Violation" in answer
        assert b"PONG" not in answer


def test_a_document_that_was_acknowledged_outlives_a_kill() -> None:
    with documents.temporary() as server:
        client: pymongo.MongoClient[dict[str, int]] = pymongo.MongoClient(f"{server}/course")
        for n in range(50):
            client.course.things.insert_one({"_id": n})
        server.kill()
        server.start()
        assert client.course.things.count_documents({}) == 50
        client.close()


def test_every_server_listens_on_this_machine_only() -> None:
    with broker.temporary() as one, documents.temporary() as two, postgres.temporary() as three:
        for server in (one, two, three):
            assert _listens_on(server.program.port) == {"0100007F"}


def _listens_on(port: int) -> set[str]:
    """The local addresses, as the kernel writes them, of whoever listens on the port."""
    rows = [row.split() for name in ("tcp", "tcp6") for row in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    locals_ = [row[1].split(":") for row in rows if row[3] == "0A"]
    return {address for address, number in locals_ if int(number, 16) == port}


def test_a_missing_tool_is_named_with_what_to_do() -> None:
    with pytest.raises(Refusal, match=r"no-such-tool is missing: install it with: uv sync"):
        tools.find("no-such-tool")
