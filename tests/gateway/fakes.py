"""Services that answer as a test tells them and remember what they were asked, on real gRPC servers."""

import asyncio
import base64
import inspect
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from google.protobuf import message_factory

from coursemesh.course.v1 import course_service_pb2_grpc
from coursemesh.enrollment.v1 import enrollment_service_pb2_grpc
from coursemesh.notification.v1 import notification_service_pb2_grpc
from coursemesh.payment.v1 import payment_service_pb2_grpc
from coursemesh.search.v1 import search_service_pb2_grpc
from coursemesh.user.v1 import user_pb2, user_service_pb2, user_service_pb2_grpc
from services.chassis import deadlines, identity
from services.chassis.identity import Tokens
from services.chassis.server import Server
from services.gateway import contract
from tests.support.tokens import Signer

REGISTER = {
    "user": user_service_pb2_grpc.add_UserServiceServicer_to_server,
    "course": course_service_pb2_grpc.add_CourseServiceServicer_to_server,
    "enrollment": enrollment_service_pb2_grpc.add_EnrollmentServiceServicer_to_server,
    "payment": payment_service_pb2_grpc.add_PaymentServiceServicer_to_server,
    "notification": notification_service_pb2_grpc.add_NotificationServiceServicer_to_server,
    "search": search_service_pb2_grpc.add_SearchServiceServicer_to_server,
}


@dataclass(frozen=True)
class Asked:
    """One call as it came. seconds: what was left of the caller's time."""

    rpc: str
    request: Any
    caller: str
    seconds: float


class Fake:
    """One service. `answers` maps an RPC's name to a function of the request; without one, the answer is empty."""

    def __init__(self, service: str, signer: Signer) -> None:
        self.service, self.signer = service, signer
        self.answers: dict[str, Callable[[Any], Any]] = {}
        self.asked: list[Asked] = []
        self.cancelled: list[str] = []
        self.server = Server("127.0.0.1:0", Tokens(signer))
        if service == "user":
            self.answers["GetJwks"] = lambda _: self._keys()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def of(self, rpc: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.rpc == rpc]

    async def start(self) -> None:
        self.server.add(REGISTER[self.service], SimpleNamespace(**self._methods()))
        await self.server.start()

    async def serving(self) -> None:
        """Makes its health say SERVING."""
        self.following = asyncio.create_task(self.server.follow({}))

    async def stop(self) -> None:
        await self.server.stop(0)
        if hasattr(self, "following"):
            self.following.cancel()

    def _methods(self) -> dict[str, Any]:
        described = contract.rpc(f"{self.service}.{_ANY[self.service]}").method.containing_service
        return {
            method.name: self._stream(method.name, method)
            if method.server_streaming
            else self._unary(method.name, method)
            for method in described.methods
        }

    def _unary(self, name: str, method: Any) -> Any:
        empty = message_factory.GetMessageClass(method.output_type)

        @identity.token_optional
        async def answer(request: Any, context: Any) -> Any:
            self._remember(name, request)
            try:
                found = self.answers.get(name, lambda _: empty())(request)
                return await found if inspect.isawaitable(found) else found
            except asyncio.CancelledError:
                self.cancelled.append(name)
                raise

        return answer

    def _stream(self, name: str, method: Any) -> Any:
        @identity.token_optional
        async def answer(request: Any, context: Any) -> AsyncIterator[Any]:
            self._remember(name, request)
            try:
                async for message in self.answers[name](request):
                    yield message
            except (asyncio.CancelledError, GeneratorExit):
                self.cancelled.append(name)
                raise

        return answer

    def _remember(self, name: str, request: Any) -> None:
        self.asked.append(Asked(name, request, identity.caller().id, deadlines.remaining()))

    def _keys(self) -> Any:
        raw = self.signer.private.public_key().public_bytes_raw()
        x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        key = user_pb2.Jwk(kid=self.signer.kid, kty="OKP", crv="Ed25519", x=x, alg="EdDSA", use="sig")
        return user_service_pb2.GetJwksResponse(keys=[key])


# Any RPC of each service, to find its descriptor by.
_ANY = {
    "user": "GetUser",
    "course": "GetCourse",
    "enrollment": "Enroll",
    "payment": "GetPayment",
    "notification": "MarkRead",
    "search": "Search",
}


def refuse(error: Exception) -> Callable[[Any], Any]:
    """An answer that is a refusal."""

    def answer(_: Any) -> Any:
        raise error

    return answer
