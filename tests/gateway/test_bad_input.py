"""Bad input is refused with a problem that says what to do, and no service hears of it."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.gateway import world as worlds
from tests.gateway.world import World
from tests.support.tokens import Signer
from workbench.infrastructure.server import Server

# One gateway for all of them: none may leave a trace in it.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(broker: Server, signer: Signer) -> AsyncIterator[World]:
    async with worlds.world(broker, signer, rate_per_address="100000/second", rate_per_user="100000/second") as made:
        yield made


@pytest.fixture
def world(shared: World) -> World:
    for fake in shared.services.values():
        fake.asked.clear()
    return shared


ENROLL = ("POST", "/api/enrollments")
CREATE = ("POST", "/api/courses")
PATCH = ("PATCH", "/api/courses/c-1")
REGISTER = ("POST", "/api/users/register")

# method, path, body (text is sent as it is), status, reason, the first violation's field
CASES: list[tuple[tuple[str, str], Any, int, str, str]] = [
    (ENROLL, '{"courseId": "c-1"', 400, "MALFORMED_JSON", ""),
    (ENROLL, "[]", 400, "MALFORMED_JSON", ""),
    (ENROLL, '"text"', 400, "MALFORMED_JSON", ""),
    (ENROLL, "null", 400, "MALFORMED_JSON", ""),
    (ENROLL, b"\xff\xfe{}", 400, "MALFORMED_JSON", ""),
    (ENROLL, '{"courseId": NaN}', 400, "MALFORMED_JSON", ""),
    (ENROLL, "[" * 5_000, 400, "MALFORMED_JSON", ""),
    (CREATE, '{"capacity": ' + "9" * 5_000 + "}", 400, "MALFORMED_JSON", ""),
    (ENROLL, {"courseId": "c-1", "nonsense": 1}, 400, "INVALID_INPUT", "nonsense"),
    (ENROLL, {"course_id": "c-1"}, 400, "INVALID_INPUT", "course_id"),
    (ENROLL, {"requestId": "r-1", "courseId": "c-1"}, 400, "INVALID_INPUT", "requestId"),
    (ENROLL, {"courseId": 7}, 400, "INVALID_INPUT", "courseId"),
    (ENROLL, {"courseId": None}, 400, "INVALID_INPUT", "courseId"),
    (ENROLL, {"courseId": ["c-1"]}, 400, "INVALID_INPUT", "courseId"),
    (ENROLL, '{"courseId": "c-1", "courseId": "c-2"}', 400, "INVALID_INPUT", "courseId"),
    (ENROLL, '{"courseId": "\\ud800"}', 400, "INVALID_INPUT", "courseId"),
    (ENROLL, '{"\\ud800": 1}', 400, "INVALID_INPUT", "?"),
    (ENROLL, {"courseId": "c\x00"}, 400, "INVALID_INPUT", "courseId"),
    (CREATE, {"level": "LEVEL_GENIUS"}, 400, "INVALID_INPUT", "level"),
    (CREATE, {"level": "LEVEL_UNSPECIFIED"}, 400, "INVALID_INPUT", "level"),
    (CREATE, {"level": 1}, 400, "INVALID_INPUT", "level"),
    (CREATE, {"capacity": "ten"}, 400, "INVALID_INPUT", "capacity"),
    (CREATE, {"capacity": "10"}, 400, "INVALID_INPUT", "capacity"),
    (CREATE, {"capacity": 1.5}, 400, "INVALID_INPUT", "capacity"),
    (CREATE, {"capacity": True}, 400, "INVALID_INPUT", "capacity"),
    (CREATE, '{"capacity": 1e400}', 400, "INVALID_INPUT", "capacity"),
    (CREATE, {"capacity": 2**31}, 400, "INVALID_INPUT", "capacity"),
    (CREATE, {"price": {"amountMinor": 2**63}}, 400, "INVALID_INPUT", "price.amountMinor"),
    (CREATE, {"price": {"amountMinor": "9" * 21}}, 400, "INVALID_INPUT", "price.amountMinor"),
    (CREATE, {"price": 10}, 400, "INVALID_INPUT", "price"),
    (CREATE, {"tags": "sea"}, 400, "INVALID_INPUT", "tags"),
    (CREATE, {"tags": ["sea", 7]}, 400, "INVALID_INPUT", "tags[1]"),
    (CREATE, {"modules": [{"lessons": [{}, {"titel": "x"}]}]}, 400, "INVALID_INPUT", "modules[0].lessons[1].titel"),
    (CREATE, {"state": "COURSE_STATE_PUBLISHED"}, 400, "INVALID_INPUT", "state"),
    (CREATE, {"draft": {}}, 400, "INVALID_INPUT", "draft"),
    (PATCH, {"courseId": "c-2"}, 400, "INVALID_INPUT", "courseId"),
    (PATCH, {"updateMask": "title"}, 400, "INVALID_INPUT", "updateMask"),
    (("POST", "/api/courses/c-1/publish"), {"title": "x"}, 400, "INVALID_INPUT", "title"),
    (("PUT", "/api/users/u-1/role"), {"role": "admin"}, 400, "INVALID_INPUT", "role"),
    (("GET", "/api/courses?colour=red"), None, 400, "INVALID_INPUT", "colour"),
    (("GET", "/api/courses/c-1?pageSize=1"), None, 400, "INVALID_INPUT", "pageSize"),
    (("GET", "/api/courses?pageSize=1&pageSize=2"), None, 400, "INVALID_INPUT", "pageSize"),
    (("GET", "/api/courses?pageSize=many"), None, 400, "INVALID_INPUT", "pageSize"),
    (("GET", "/api/courses?pageSize="), None, 400, "INVALID_INPUT", "pageSize"),
    (("GET", "/api/courses?pageSize=99999999999"), None, 400, "INVALID_INPUT", "pageSize"),
    (("GET", "/api/courses?pageSize=%D9%A3"), None, 400, "INVALID_INPUT", "pageSize"),
    (("GET", "/api/courses?tag=%ff"), None, 400, "INVALID_INPUT", "query"),
    (("GET", "/api/courses?tag=%00"), None, 400, "INVALID_INPUT", "tag"),
    (("GET", "/api/courses?level=hard"), None, 400, "INVALID_INPUT", "level"),
    (("GET", "/api/courses?" + "&".join(f"a{n}=1" for n in range(60))), None, 400, "INVALID_INPUT", "query"),
    (("GET", "/api/courses?tag=" + "x" * 5_000), None, 414, "QUERY_TOO_LONG", ""),
    (("GET", "/api/notifications?unreadOnly=maybe"), None, 400, "INVALID_INPUT", "unreadOnly"),
    (("GET", "/api/courses/" + "x" * 200), None, 400, "INVALID_INPUT", "courseId"),
    (("GET", "/api/courses/%00"), None, 400, "INVALID_INPUT", "courseId"),
    (("GET", "/api/courses/%ff"), None, 400, "INVALID_INPUT", "courseId"),
    (("GET", "/api/courses/" + "x" * 600), None, 404, "ROUTE_UNKNOWN", ""),
    (("GET", "/api/nonsense"), None, 404, "ROUTE_UNKNOWN", ""),
    (("GET", "/api/courses/"), None, 404, "ROUTE_UNKNOWN", ""),
    (("GET", "//api/courses"), None, 404, "ROUTE_UNKNOWN", ""),
    (("OPTIONS", "/api/nonsense"), None, 404, "ROUTE_UNKNOWN", ""),
    (("PUT", "/api/courses"), None, 405, "METHOD_NOT_ALLOWED", ""),
    (("DELETE", "/docs"), None, 405, "METHOD_NOT_ALLOWED", ""),
    (("HEAD", "/api/me/events"), None, 405, "", ""),
    (("PROPFIND", "/api/courses"), None, 405, "METHOD_NOT_ALLOWED", ""),
    (ENROLL, {"courseId": "x" * 11_000}, 413, "BODY_TOO_LARGE", ""),
]


@pytest.mark.parametrize(("target", "body", "status", "reason", "field"), CASES)
async def test_bad_input_is_refused_and_no_service_is_asked(
    world: World, target: tuple[str, str], body: Any, status: int, reason: str, field: str
) -> None:
    method, path = target
    content = body if isinstance(body, str | bytes) or body is None else json.dumps(body)
    headers = {**world.as_user(role="admin"), "Content-Type": "application/json"}
    answer = await world.http.request(method, path, content=content, headers=headers)
    assert answer.status_code == status
    assert world.asked == []
    if method != "HEAD":
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert (problem["status"], problem["reason"]) == (status, reason)
        assert problem["traceId"] == answer.headers["x-trace-id"] != "0" * 32
        if field:
            assert problem["violations"][0]["field"] == field
            assert problem["violations"][0]["description"]


@pytest.mark.parametrize(
    ("headers", "status", "field"),
    [
        ({"Content-Type": "text/plain"}, 415, ""),
        ({"Content-Type": "application/json; charset=latin-1"}, 415, ""),
        ({"Content-Type": ""}, 415, ""),
        ({"Content-Encoding": "gzip"}, 415, ""),
        ({"Idempotency-Key": ""}, 400, "Idempotency-Key"),
        ({"Idempotency-Key": "x" * 65}, 400, "Idempotency-Key"),
        ({"Idempotency-Key": "two words"}, 400, "Idempotency-Key"),
        ({"If-Match": "unquoted"}, 400, "If-Match"),
        ({"If-Match": 'W/"weak"'}, 400, "If-Match"),
    ],
)
async def test_bad_headers_are_refused(world: World, headers: dict[str, str], status: int, field: str) -> None:
    sent = {"Content-Type": "application/json", **world.as_user(), **headers}
    answer = await world.http.patch("/api/courses/c-1", content="{}", headers=sent)
    assert answer.status_code == status
    assert [one["field"] for one in answer.json().get("violations", [])] == ([field] if field else [])
    assert world.asked == []


async def test_a_wrong_method_tells_the_right_ones(world: World) -> None:
    answer = await world.http.put("/api/courses")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"


async def test_every_violation_is_told_at_once_up_to_a_bound(world: World) -> None:
    body = {"title": 1, "capacity": "x", "level": "y", "tags": [1, 2]}
    answer = await world.http.post("/api/courses", json=body, headers=world.as_user())
    fields = [one["field"] for one in answer.json()["violations"]]
    assert fields == ["title", "capacity", "level", "tags[0]", "tags[1]"]
    many = await world.http.post("/api/courses", json={f"a{n}": 1 for n in range(500)}, headers=world.as_user())
    assert len(many.json()["violations"]) == 20


async def test_an_unknown_enum_is_answered_with_the_known_ones(world: World) -> None:
    answer = await world.http.put("/api/users/u-1/role", json={"role": "boss"}, headers=world.as_user(role="admin"))
    told = answer.json()["violations"][0]["description"]
    assert told == "give one of ROLE_STUDENT, ROLE_INSTRUCTOR, ROLE_ADMIN"


async def test_a_body_without_a_length_is_read_only_up_to_the_bound(world: World) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", world.http.base_url.port)
    head = (
        "POST /api/enrollments HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
    )
    writer.write(f"{head}Authorization: {world.as_user()['Authorization']}\r\n\r\n".encode())
    for _ in range(11):
        writer.write(b"400\r\n" + b" " * 1024 + b"\r\n")
    # The body has no end, and the answer comes all the same; then the connection is closed.
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer
    assert b"BODY_TOO_LARGE" in answer
    assert world.asked == []


async def test_a_body_of_the_very_bound_is_taken(world: World) -> None:
    body = b'{"courseId": "c-1"}'.ljust(10 * 1024)
    headers = {**world.as_user(), "Content-Type": "application/json"}
    assert (await world.http.post("/api/enrollments", content=body, headers=headers)).status_code == 202
    assert (await world.http.post("/api/enrollments", content=body + b" ", headers=headers)).status_code == 413


async def test_no_mutation_of_a_good_body_yields_a_500(world: World) -> None:
    chance = random.Random(7)  # noqa: S311
    good = {
        "title": "Knots",
        "level": "LEVEL_BEGINNER",
        "tags": ["sea"],
        "capacity": 10,
        "price": {"amountMinor": "100", "currencyCode": "EUR"},
        "modules": [{"title": "One", "lessons": [{"title": "Bowline", "durationMinutes": 5}]}],
    }
    headers = {**world.as_user(), "Content-Type": "application/json"}
    text = json.dumps(good)
    for _ in range(400):
        content = _mutated(chance, text) if chance.random() < 0.5 else json.dumps(_mangled(chance, good)).encode()
        answer = await world.http.post("/api/courses", content=content, headers=headers)
        assert answer.status_code in (201, 400, 413), (answer.status_code, content)
        if answer.status_code == 400:
            assert answer.json()["reason"] in ("INVALID_INPUT", "MALFORMED_JSON")


def _mutated(chance: random.Random, text: str) -> bytes:
    raw = bytearray(text.encode())
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(raw))
        piece = chance.choice(
            [b"", b"\\u0000", b"\xff", b'"', b"{", b"[", b"1e999", b"null", bytes([chance.randrange(256)])]
        )
        raw[at : at + chance.randint(0, 3)] = piece
    return bytes(raw)


_ODD = [
    None,
    True,
    -1,
    2**40,
    2**70,
    1.5,
    1e300,
    "",
    "\ud83d",
    "\x00",
    "é" * 50,
    [],
    {},
    [[]],
    {"a": {}},
    "LEVEL_BEGINNER",
]


def _mangled(chance: random.Random, value: Any) -> Any:
    """The value with something odd put in at a random place."""
    if chance.random() < 0.2:
        return chance.choice(_ODD)
    if isinstance(value, dict) and value:
        name = chance.choice(list(value))
        return {**value, (name if chance.random() < 0.8 else f"{name}_"): _mangled(chance, value[name])}
    if isinstance(value, list) and value:
        return [_mangled(chance, value[0]), *value]
    return chance.choice(_ODD)
