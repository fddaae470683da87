"""Calls by hand: reflection on every service, so that grpcurl and `buf curl` need no files."""

import json
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2 as pb
from grpc_reflection.v1alpha.reflection_pb2_grpc import ServerReflectionStub

from tests.system.running import System, person
from workbench.api import Json

SERVICES = {
    name: f"coursemesh.{name}.v1.{name.capitalize()}Service" for name in ("user", "course", "enrollment", "payment")
}

each_service = pytest.mark.parametrize("service", SERVICES)


def buf_curl(address: str, method: str, body: Json, token: str = "") -> "subprocess.CompletedProcess[str]":
    header = ["-H", f"Authorization: Bearer {token}"] if token else []
    return subprocess.run(
        [
            *(Path(sys.executable).parent / "buf", "curl", "--protocol", "grpc", "--http2-prior-knowledge", *header),
            *("-d", json.dumps(body), f"http://{address}/{method}"),
        ],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@each_service
def test_reflection_tells_of_the_service_and_its_files(system: System, service: str) -> None:
    address = system.status["services"][service]["address"]
    with grpc.insecure_channel(address) as channel:
        stub = ServerReflectionStub(channel)
        asked = [
            pb.ServerReflectionRequest(list_services=""),
            pb.ServerReflectionRequest(file_containing_symbol=SERVICES[service]),
        ]
        listed, described = stub.ServerReflectionInfo(iter(asked), timeout=10)
    names = {each.name for each in listed.list_services_response.service}
    assert names == {SERVICES[service], "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}
    files = [FileDescriptorProto.FromString(raw) for raw in described.file_descriptor_response.file_descriptor_proto]
    assert any(SERVICES[service].endswith(each.name) for file in files for each in file.service)


@each_service
def test_health_is_told_for_the_process_and_for_the_service(system: System, service: str) -> None:
    with grpc.insecure_channel(system.status["services"][service]["address"]) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for name in ("", SERVICES[service]):
            answer = stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=5)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING


CALLS: dict[str, tuple[str, Json]] = {
    "user": ("GetUser", {}),
    "course": ("ListCourses", {"pageSize": 1}),
    "enrollment": ("ListEnrollments", {"pageSize": 1}),
    "payment": ("ListPayments", {"pageSize": 1}),
}


@each_service
def test_every_service_answers_buf_curl_with_the_token_as_metadata(system: System, url: str, service: str) -> None:
    address, (method, body) = system.status["services"][service]["address"], CALLS[service]
    token = person(url).token
    done = buf_curl(address, f"{SERVICES[service]}/{method}", body, token)
    assert done.returncode == 0, done.stderr
    json.loads(done.stdout)
    if service != "course":
        refused = buf_curl(address, f"{SERVICES[service]}/{method}", body)
        assert "unauthenticated" in refused.stderr


def test_a_service_that_is_asked_without_the_gateway_checks_the_token_itself(system: System, url: str) -> None:
    address = system.status["services"]["user"]["address"]
    method = f"{SERVICES['user']}/ListUsers"
    assert "permission_denied" in buf_curl(address, method, {}, person(url).token).stderr
    assert "unauthenticated" in buf_curl(address, method, {}, "eyJhbGciOiJub25lIn0.e30.").stderr
