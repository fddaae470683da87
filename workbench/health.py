"""The health of programs, asked live: by grpc.health.v1, over HTTP from the gateway, else by a greeting."""

import http.client
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health_pb2

from workbench import readiness
from workbench.plan import Program

SERVING = "SERVING"
NOT_SERVING = "NOT_SERVING"
# Nobody answers.
UNREACHABLE = "UNREACHABLE"
_SECONDS = 1.0


def ask(program: Program, seconds: float = _SECONDS) -> str:
    """The status of one program; it answers within so many seconds or counts as unreachable."""
    match program.speaks:
        case readiness.GRPC:
            return _ask_grpc(program, seconds)
        case readiness.HTTP:
            return _ask_http(program, seconds)
    return SERVING if readiness.accepts(program.speaks, program.port, seconds) else UNREACHABLE


def ask_all(programs: Iterable[Program]) -> dict[str, str]:
    services = list(programs)
    if not services:
        return {}
    with ThreadPoolExecutor(len(services)) as pool:
        return dict(zip((service.name for service in services), pool.map(ask, services), strict=True))


def _ask_grpc(program: Program, seconds: float) -> str:
    # Without a proxy: a proxy named in the environment has no business between processes of one machine.
    with grpc.insecure_channel(program.address, options=[("grpc.enable_http_proxy", 0)]) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            answer = check(health_pb2.HealthCheckRequest(), timeout=seconds)
        except grpc.RpcError:
            return UNREACHABLE
    return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


def _ask_http(program: Program, seconds: float) -> str:
    line = http.client.HTTPConnection(program.address, timeout=seconds)
    try:
        line.request("GET", "/health/ready")
        return SERVING if line.getresponse().status == 200 else NOT_SERVING
    except (OSError, http.client.HTTPException):
        return UNREACHABLE
    finally:
        line.close()
