"""The server: health that follows the dependencies, reflection, its port, and a stop that drops nobody."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import descriptor_pb2
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2 as reflected
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from coursemesh.user.v1 import user_service_pb2 as rpc
from coursemesh.user.v1.user_service_pb2_grpc import UserServiceStub, add_UserServiceServicer_to_server
from services.chassis import server as servers
from services.chassis.guard import Context
from services.chassis.identity import Tokens, public
from services.chassis.server import Server
from tests.chassis.people import SERVICE, People
from tests.support.health import health_stub
from tests.support.tokens import Signer
from tests.support.waiting import eventually

if TYPE_CHECKING:
    from coursemesh.user.v1.user_service_pb2_grpc import UserServiceAsyncStub

SERVING, NOT_SERVING = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING


@asynccontextmanager
async def up(signer: Signer, people: People | None = None) -> AsyncIterator[tuple[Server, grpc.aio.Channel]]:
    server = Server("127.0.0.1:0", Tokens(signer))
    server.add(add_UserServiceServicer_to_server, people or People())
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        yield server, channel
        await server.stop(0)


@asynccontextmanager
async def following(server: Server, **dependencies: Callable[[], Awaitable[bool]]) -> AsyncIterator[None]:
    task = asyncio.create_task(server.follow(dependencies))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def status(channel: grpc.aio.Channel, service: str = "") -> int:
    answer = await health_stub(channel).Check(health_pb2.HealthCheckRequest(service=service))
    return int(answer.status)


async def test_a_service_is_not_serving_before_its_dependencies_were_asked(signer: Signer) -> None:
    async with up(signer) as (_, channel):
        assert await status(channel) == NOT_SERVING
        assert await status(channel, SERVICE) == NOT_SERVING


async def test_health_follows_the_dependencies(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_ASK_EVERY", 0.02)
    there = {"store": True, "broker": True}

    async def store() -> bool:
        return there["store"]

    async def broker() -> bool:
        if not there["broker"]:
            raise ConnectionError
        return True

    async def is_(wanted: int) -> bool:
        return await status(channel) == wanted == await status(channel, SERVICE)

    async with up(signer) as (server, channel), following(server, store=store, broker=broker):
        await eventually(lambda: is_(SERVING))
        there["store"] = False
        await eventually(lambda: is_(NOT_SERVING))
        there["store"], there["broker"] = True, False
        await asyncio.sleep(0.3)  # the store is back and asked several times, and that is not enough
        assert await is_(NOT_SERVING)
        there["broker"] = True
        await eventually(lambda: is_(SERVING))


async def test_a_dependency_that_does_not_answer_is_missing(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_ASK_EVERY", 0.02)
    monkeypatch.setattr(servers, "_ASK_FOR", 0.02)
    hung = asyncio.Event()

    async def store() -> bool:
        if hung.is_set():
            await asyncio.sleep(60)
        return True

    async with up(signer) as (server, channel), following(server, store=store):
        await eventually(lambda: _is(channel, SERVING))
        hung.set()
        await eventually(lambda: _is(channel, NOT_SERVING))


async def _is(channel: grpc.aio.Channel, wanted: int) -> bool:
    return await status(channel) == wanted


async def test_whoever_watches_is_told_of_each_change(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_ASK_EVERY", 0.02)
    there = True

    async def store() -> bool:
        return there

    async with up(signer) as (server, channel), asyncio.timeout(10):
        watch = health_stub(channel).Watch(health_pb2.HealthCheckRequest(service=SERVICE))
        seen = [(await watch.read()).status]
        async with following(server, store=store):
            seen.append((await watch.read()).status)
            there = False
            seen.append((await watch.read()).status)
        watch.cancel()
    assert seen == [NOT_SERVING, SERVING, NOT_SERVING]


async def test_the_health_of_an_unknown_service_is_not_found(signer: Signer) -> None:
    async with up(signer) as (_, channel):
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await status(channel, "nonsense")
    assert failed.value.code() is grpc.StatusCode.NOT_FOUND


async def ask(channel: grpc.aio.Channel, **asked: str) -> reflected.ServerReflectionResponse:
    stub: Any = ServerReflectionStub(channel)  # type: ignore[arg-type]  # typed for channels that are not asyncio's
    call = stub.ServerReflectionInfo(iter([reflected.ServerReflectionRequest(**asked)]))  # type: ignore[arg-type]
    answer = await call.read()
    call.cancel()
    assert isinstance(answer, reflected.ServerReflectionResponse)
    return answer


async def test_reflection_lists_the_services(signer: Signer) -> None:
    async with up(signer) as (_, channel):
        listed = await ask(channel, list_services="")
    assert {each.name for each in listed.list_services_response.service} == {
        SERVICE,
        "grpc.health.v1.Health",
        "grpc.reflection.v1alpha.ServerReflection",
    }


async def test_reflection_resolves_symbols_and_files(signer: Signer) -> None:
    async with up(signer) as (_, channel):
        by_symbol = await ask(channel, file_containing_symbol=SERVICE)
        by_name = await ask(channel, file_by_filename="coursemesh/user/v1/user.proto")
        unknown = await ask(channel, file_containing_symbol="nonsense.Nonsense")
    names = [
        descriptor_pb2.FileDescriptorProto.FromString(raw).name
        for answer in (by_symbol, by_name)
        for raw in answer.file_descriptor_response.file_descriptor_proto
    ]
    assert {"coursemesh/user/v1/user_service.proto", "coursemesh/user/v1/user.proto"} <= set(names)
    assert unknown.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0]


async def test_a_taken_port_is_one_clear_line(signer: Signer) -> None:
    async with up(signer) as (server, _):
        second = Server(f"127.0.0.1:{server.port}", Tokens(signer))
        with pytest.raises(SystemExit) as exited:
            await second.start()
        await second.stop(0)
    assert exited.value.code == f"cannot listen on 127.0.0.1:{server.port}: is another program using the port?"


async def refused(stub: "UserServiceAsyncStub") -> bool:
    try:
        await stub.GetJwks(rpc.GetJwksRequest(), timeout=1)
    except grpc.aio.AioRpcError as error:
        return error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}
    return False


async def test_a_stop_lets_what_runs_end_and_takes_nothing_new(signer: Signer) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()

    class Slow(People):
        @public
        async def LogIn(self, request: rpc.LogInRequest, context: Context) -> rpc.LogInResponse:
            begun.set()
            await gate.wait()
            return rpc.LogInResponse()

    async with up(signer, Slow()) as (server, channel), asyncio.timeout(10):
        stub = UserServiceStub(channel)
        running = asyncio.ensure_future(stub.LogIn(rpc.LogInRequest()))
        await begun.wait()
        stopping = asyncio.create_task(server.stop(10))
        await eventually(lambda: refused(stub))
        assert not stopping.done()
        gate.set()
        assert await running == rpc.LogInResponse()
        await stopping


async def test_whoever_watches_is_told_of_a_stop_before_it_is_over(signer: Signer) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()

    async def long() -> None:
        begun.set()
        await gate.wait()

    async def always() -> bool:
        return True

    async with up(signer, People(long)) as (server, channel), asyncio.timeout(10):
        watch = health_stub(channel).Watch(health_pb2.HealthCheckRequest(service=""))
        running = asyncio.ensure_future(UserServiceStub(channel).LogIn(rpc.LogInRequest()))
        await begun.wait()
        async with following(server, broker=always):
            while (await watch.read()).status != SERVING:
                pass
        stopping = asyncio.create_task(server.stop(10))
        assert (await watch.read()).status == NOT_SERVING
        assert not running.done()
        gate.set()
        await running
        watch.cancel()
        await stopping


async def test_a_call_that_does_not_end_is_cut_off_after_the_grace(signer: Signer) -> None:
    begun = asyncio.Event()

    async def endless() -> None:
        begun.set()
        await asyncio.Event().wait()

    async with up(signer, People(endless)) as (server, channel), asyncio.timeout(10):
        running = asyncio.ensure_future(UserServiceStub(channel).LogIn(rpc.LogInRequest()))
        await begun.wait()
        await server.stop(0.1)
        with pytest.raises(grpc.aio.AioRpcError):
            await running
