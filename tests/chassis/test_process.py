"""A service as a process: how it starts, how it refuses to, and how it stops."""

import asyncio
import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2

from coursemesh.user.v1 import user_service_pb2 as rpc
from coursemesh.user.v1.user_service_pb2_grpc import UserServiceStub
from tests.support.health import health_stub
from tests.support.processes import Process, started
from tests.support.waiting import eventually
from workbench import ports
from workbench.infrastructure.server import Server

USER = ("-m", "services.user")


def environment(tmp_path: Path, broker: str = "nats://127.0.0.1:1") -> dict[str, str]:
    return {
        "LISTEN": "127.0.0.1:0",
        "NATS_URL": broker,
        "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/user.db",
        "MIGRATE_ON_START": "yes",
    }


async def health(address: str) -> int:
    async with grpc.aio.insecure_channel(address) as channel:
        answer = await health_stub(channel).Check(health_pb2.HealthCheckRequest(), wait_for_ready=True)
        return int(answer.status)


async def serving(process: Process) -> str:
    """Its address, once all is well with it."""
    address = await process.address()

    async def well() -> bool:
        return await health(address) == health_pb2.HealthCheckResponse.SERVING

    await eventually(well)
    return address


async def test_a_start_without_settings_is_one_line_and_status_2() -> None:
    async with started(*USER) as process:
        assert await process.ended() == 2
    assert process.lines == ["cannot start: LISTEN is not set; NATS_URL is not set; DATABASE_URL is not set"]


async def test_a_start_with_an_unknown_log_level_is_one_line_and_status_2(tmp_path: Path) -> None:
    async with started(*USER, **environment(tmp_path), LOG_LEVEL="loud") as process:
        assert await process.ended() == 2
    assert process.lines == ["cannot start: LOG_LEVEL is none of DEBUG, INFO, WARNING, ERROR, CRITICAL: 'loud'"]


async def test_a_taken_port_is_one_line_and_an_exit(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        async with started(*USER, **{**environment(tmp_path), "LISTEN": address}) as process:
            assert await process.ended() == 1
    assert process.said == [f"cannot listen on {address}: is another program using the port?"]


@pytest.mark.parametrize("migrate", ["no", "yes"])
async def test_a_store_that_is_not_there_is_one_line_and_an_exit(tmp_path: Path, migrate: str) -> None:
    away = f"postgresql+psycopg://user:hunter2@127.0.0.1:{ports.free()}/user"
    given = {**environment(tmp_path), "DATABASE_URL": away, "MIGRATE_ON_START": migrate}
    async with started(*USER, **given) as process:
        assert await process.ended() == 1
    assert process.said == ["cannot start: the service's store does not answer; try again"]
    assert "hunter2" not in str(process.lines)


async def test_without_a_broker_a_service_is_up_and_not_serving(tmp_path: Path) -> None:
    async with started(*USER, **environment(tmp_path)) as process:
        address = await process.address()
        assert await health(address) == health_pb2.HealthCheckResponse.NOT_SERVING
        await eventually(lambda: [line for line in process.logged if line["message"] == "health"])
        assert [line["missing"] for line in process.logged if line["message"] == "health"] == [["broker"]]
        process.terminate()
        assert await process.ended() == 0


async def test_a_stop_under_load_drops_nothing_that_was_begun(tmp_path: Path, broker: Server) -> None:
    async with started(*USER, **environment(tmp_path, broker)) as process:
        async with grpc.aio.insecure_channel(await serving(process)) as channel:
            stub, watch = (
                UserServiceStub(channel),
                health_stub(channel).Watch(health_pb2.HealthCheckRequest()),
            )
            assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
            # Each takes a while, since a password is hashed; all are begun before the stop.
            running = [asyncio.ensure_future(stub.Register(registration(number))) for number in range(6)]
            # One that came after them is answered: they are all in the service's hands.
            await stub.GetJwks(rpc.GetJwksRequest())
            process.terminate()
            assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
            answers = await asyncio.gather(*running)
            assert {answer.user.email for answer in answers} == {f"u{number}@example.org" for number in range(6)}
            watch.cancel()
        assert await process.ended() == 0
    assert [line["message"] for line in process.logged][-1] == "stopped"
    served = [line for line in process.logged if line["message"] == "served" and line["method"].endswith("/Register")]
    assert len({line["trace_id"] for line in served}) == 6
    with closing(sqlite3.connect(tmp_path / "user.db")) as database:
        (sent,) = database.execute("SELECT count(sent_at) FROM outbox").fetchone()
    assert sent == 6
    assert not [line for line in process.logged if line["level"] not in ("INFO", "WARNING")]


def registration(number: int) -> rpc.RegisterRequest:
    return rpc.RegisterRequest(
        request_id=f"r{number}", email=f"u{number}@example.org", password="long enough", display_name="Somebody"
    )


DYING = """
from dataclasses import dataclass
from services.chassis import chassis
from services.chassis.chassis import Chassis, launch

async def die():
    raise RuntimeError("a defect")

async def main(env):
    service = Chassis("dying", env)
    service.run_always("heart", die)
    await service.run()

launch("dying", main, chassis.Settings)
"""


async def test_a_part_that_dies_stops_the_service_with_a_failure(broker: Server) -> None:
    given = {"LISTEN": "127.0.0.1:0", "NATS_URL": broker, "USER_ADDRESS": "127.0.0.1:1"}
    async with started("-c", DYING, **given) as process:
        assert await process.ended() == 1
    assert process.said == ["dying stopped: its part 'heart' died; the log says why"]
    told = [line for line in process.logged if line["level"] == "ERROR"]
    assert [(line["message"], line["part"]) for line in told] == [("a part of the service died", "heart")]
    assert "a defect" in told[0]["exception"]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
async def test_an_idle_service_stops_at_once(tmp_path: Path, broker: Server, name: str) -> None:
    async with started(*USER, **environment(tmp_path, broker)) as process:
        await serving(process)
        process.process.send_signal(signal.Signals[name])
        assert await process.ended(5) == 0
    assert {"service", "time", "level", "message"} <= set(process.logged[-1])
    assert process.said == []
