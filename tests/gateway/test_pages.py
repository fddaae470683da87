"""The gateway's own pages: the dashboard that degrades, health, the OpenAPI document, /docs."""

import asyncio
import re
from typing import Any

from coursemesh.enrollment.v1 import enrollment_pb2, enrollment_service_pb2
from coursemesh.user.v1 import user_pb2, user_service_pb2
from services.chassis.refusals import Unavailable
from services.gateway import words
from services.gateway.openapi import document
from services.gateway.route import Auth
from services.gateway.routes import ROUTES
from tests.gateway import world as worlds
from tests.gateway.fakes import refuse
from tests.gateway.world import World, until
from tests.support.tokens import Signer
from workbench.infrastructure.server import Server


async def test_the_dashboard_has_the_parts_of_five_services(world: World) -> None:
    world.user.answers["GetUser"] = lambda _: user_service_pb2.GetUserResponse(user=user_pb2.User(id="u-1"))
    enrollments = [enrollment_pb2.Enrollment(id="e-1")]
    world.enrollment.answers["ListEnrollments"] = lambda _: enrollment_service_pb2.ListEnrollmentsResponse(
        enrollments=enrollments
    )
    answer = await world.http.get("/api/me/dashboard", headers=world.as_user())
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    parts = answer.json()
    assert list(parts) == ["user", "enrollments", "payments", "notifications", "recommendations"]
    assert parts["user"]["user"]["id"] == "u-1"
    assert parts["enrollments"]["enrollments"][0]["id"] == "e-1"
    assert not any("missing" in part for part in parts.values())
    assert {asked.caller for asked in world.asked} == {"u-1"}
    # Each part has less time than the whole, so that a slow one is left out of an answer that still comes.
    assert all(0 < asked.seconds < 2.5 for asked in world.asked)


async def test_a_part_that_is_down_slow_or_not_deployed_is_missing_and_the_rest_is_there(
    broker: Server, signer: Signer
) -> None:
    async def never(_: Any) -> Any:
        await asyncio.sleep(60)

    async with worlds.world(broker, signer, without=("notification",)) as world:
        world.payment.answers["ListPayments"] = refuse(Unavailable("STORE_UNAVAILABLE", "away"))
        world.enrollment.answers["ListEnrollments"] = never
        await world.search.stop()
        answer = await world.http.get("/api/me/dashboard", headers=world.as_user())
        assert answer.status_code == 200
        parts = answer.json()
    assert parts.pop("user") == {}
    assert parts == {
        "enrollments": {"missing": True, "reason": "DEADLINE_PASSED"},
        "payments": {"missing": True, "reason": "STORE_UNAVAILABLE"},
        "notifications": {"missing": True, "reason": "SERVICE_NOT_DEPLOYED"},
        "recommendations": {"missing": True, "reason": "SERVICE_UNAVAILABLE"},
    }


async def test_the_gateway_is_ready_when_users_and_courses_are(broker: Server, signer: Signer) -> None:
    async with worlds.world(broker, signer, without=("search",)) as world:
        await world.bus()
        answer = await world.http.get("/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (503, "NOT_SERVING")
        for service in ("user", "course"):
            await world.services[service].serving()
        await world.payment.stop()
        ready = {}

        async def ask() -> bool:
            ready.update((await world.http.get("/health/ready")).json())
            return bool(ready["status"] == "SERVING")

        async with asyncio.timeout(10):
            while not await ask():
                await asyncio.sleep(0.1)
        assert ready["bus"] == "CONNECTED"
        assert ready["services"] == {
            "user": "SERVING",
            "course": "SERVING",
            "enrollment": "NOT_SERVING",
            "payment": "UNREACHABLE",
            "notification": "NOT_SERVING",
            "search": "NOT_DEPLOYED",
        }
        assert (await world.http.get("/health")).json() == {"status": "ALIVE"}


async def test_health_tells_that_the_bus_is_away(own_broker: Server, signer: Signer) -> None:
    async with worlds.world(own_broker, signer) as world:
        await world.bus()
        own_broker.kill()
        await until(lambda: not world.gateway.bus.connected)
        assert (await world.http.get("/health/ready")).json()["bus"] == "AWAY"


async def test_the_pages_name_no_other_host_and_run_no_script(world: World) -> None:
    for path in ("/", "/docs"):
        answer = await world.http.get(path)
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert set(re.findall(r"https?://[^/\s<\"]+", answer.text)) <= {"http://localhost:8080"}
    links = re.findall(r'href="([^"]+)"', (await world.http.get("/")).text)
    assert {"/docs", "/openapi.json", "/health/ready"} <= set(links)
    docs = (await world.http.get("/docs")).text
    assert all(route.path in docs for route in ROUTES)
    anchors = set(re.findall(r'href="#([^"]+)"', docs))
    assert anchors <= set(re.findall(r'id="([^"]+)"', docs))


async def test_the_openapi_document_is_served(world: World) -> None:
    answer = await world.http.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == document()


def test_every_route_is_in_the_openapi_document_with_its_words() -> None:
    found = document()
    operations = {
        f"{method.upper()} {path}": operation
        for path, methods in found["paths"].items()
        for method, operation in methods.items()
    }
    assert set(operations) == {route.template for route in ROUTES}
    for route in ROUTES:
        operation = operations[route.template]
        assert operation["description"], route.template
        assert str(route.success) in operation["responses"]
        assert ({"token": []} in operation["security"]) == (route.auth is not Auth.NONE)
        in_path = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", route.path))
    identifiers = [operation["operationId"] for operation in operations.values()]
    assert len(set(identifiers)) == len(identifiers)


def test_the_openapi_document_holds_together() -> None:
    found = document()
    schemas = found["components"]["schemas"]
    references = set(_references(found))
    for reference in references:
        at: Any = found
        for part in reference.removeprefix("#/").split("/"):
            at = at[part]
    assert {name for name in schemas if f"#/components/schemas/{name}" not in references} == set()
    assert schemas["course.Level"]["enum"][1:] == ["LEVEL_BEGINNER", "LEVEL_INTERMEDIATE", "LEVEL_ADVANCED"]
    course = schemas["course.Course"]["properties"]
    assert course["version"] == {
        "type": "string",
        "format": "int64",
        "pattern": "^-?[0-9]+$",
        "description": "Counts the changes, from 1.",
    }
    enroll = found["paths"]["/api/enrollments"]["post"]
    body = enroll["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]) == {"courseId", "paymentToken"}
    assert {one["name"] for one in enroll["parameters"]} == {"Idempotency-Key"}


def test_the_words_are_those_of_the_contracts() -> None:
    assert words.words() == words.gather(), "run: python -m services.gateway.words"


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in _references(value)]
    return [found for value in node for found in _references(value)] if isinstance(node, list) else []
