"""Who may call what: every RPC of the contract, for everybody."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from uuid_utils import uuid7

from coursemesh.user.v1 import user_pb2 as pb
from coursemesh.user.v1 import user_service_pb2 as rpc
from tests.support import tokens
from tests.support.serving import refusal
from tests.support.tokens import Signer
from tests.user.people import Cheap, Service, opened, serving

EVERYBODY = {"nobody", "student", "instructor", "admin"}
SIGNED_IN = EVERYBODY - {"nobody"}
MAY = {
    "Register": EVERYBODY,
    "LogIn": EVERYBODY,
    "RefreshToken": EVERYBODY,
    "LogOut": EVERYBODY,
    "GetJwks": EVERYBODY,
    "GetUser": SIGNED_IN,
    "UpdateProfile": SIGNED_IN,
    "ListUsers": {"admin"},
    "SetRole": {"admin"},
    "RotateSigningKey": {"admin"},
}
ROLES = {"student": pb.ROLE_STUDENT, "instructor": pb.ROLE_INSTRUCTOR, "admin": pb.ROLE_ADMIN}


def test_every_rpc_of_the_contract_is_in_the_table() -> None:
    described = rpc.DESCRIPTOR.services_by_name["UserService"].methods
    assert {method.name for method in described} == set(MAY)


@pytest.fixture
async def people(sqlite_url: str) -> AsyncIterator[tuple[Service, dict[str, str]]]:
    """The service, and the token of one person of each role."""
    async with opened(sqlite_url) as store, serving(store, Cheap()) as service:
        admin, held = await service.admin(), {"nobody": ""}
        for name, role in ROLES.items():
            made = await service.register(f"{name}s@example.org")
            await service.set_role(admin, made.user.id, role)
            held[name] = (await service.refresh(made.refresh_token)).token
        yield service, held


async def request(name: str, service: Service) -> Message:
    """One that is fine, and changes nothing for the others."""
    somebody = await service.register()
    fields: dict[str, dict[str, Any]] = {
        "Register": {"email": f"{uuid7()}@example.org", "password": "long enough", "display_name": "x"},
        "LogIn": {"email": somebody.user.email, "password": "correct horse"},
        "RefreshToken": {"refresh_token": somebody.refresh_token},
        "LogOut": {"refresh_token": somebody.refresh_token},
        "UpdateProfile": {"display_name": "x"},
        "SetRole": {"user_id": somebody.user.id, "role": pb.ROLE_INSTRUCTOR},
    }
    made: Message = getattr(rpc, f"{name}Request")(**fields.get(name, {}))
    if "request_id" in made.DESCRIPTOR.fields_by_name:
        made.request_id = str(uuid7())  # type: ignore[attr-defined]
    return made


async def outcome(service: Service, name: str, token: str) -> tuple[str, str]:
    metadata = tokens.bearer(token) if token else ()
    try:
        await getattr(service.stub, name)(await request(name, service), metadata=metadata)
    except grpc.aio.AioRpcError as error:
        return refusal(error)
    return "OK", ""


@pytest.mark.parametrize("name", MAY)
async def test_an_rpc_is_open_to_whom_it_should_be(people: tuple[Service, dict[str, str]], name: str) -> None:
    service, held = people
    for who in sorted(EVERYBODY):
        expected = ("UNAUTHENTICATED", "TOKEN_MISSING") if who == "nobody" else ("PERMISSION_DENIED", "ROLE_NEEDED")
        assert await outcome(service, name, held[who]) == (("OK", "") if who in MAY[name] else expected), who


@pytest.mark.parametrize("name", [name for name, who in MAY.items() if "nobody" not in who])
async def test_a_token_that_is_not_ours_opens_nothing(quick: Service, name: str) -> None:
    strange = Signer()
    strange.kid = (await quick.ring.shown())[0].id
    for token in ("nonsense", strange.token(str(uuid7()), "admin"), Signer().token(str(uuid7()), "admin")):
        assert await outcome(quick, name, token) == ("UNAUTHENTICATED", "TOKEN_INVALID")
