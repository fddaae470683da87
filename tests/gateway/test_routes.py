"""Requests become RPCs, and answers become JSON, as the table says."""

import re

import pytest
from google.protobuf.descriptor import FieldDescriptor

from coursemesh.course.v1 import course_pb2, course_service_pb2
from coursemesh.enrollment.v1 import enrollment_pb2, enrollment_service_pb2
from coursemesh.search.v1 import search_service_pb2
from coursemesh.user.v1 import user_pb2, user_service_pb2
from services.gateway import contract
from services.gateway.reading import Reader
from services.gateway.route import HEADERS, MASK, Kind, Route
from services.gateway.routes import ROUTES
from tests.gateway.world import World

CALLS = [route for route in ROUTES if route.kind is Kind.CALL]


def sample(field: FieldDescriptor, *, text: bool = False) -> object:
    """A value for a field, in JSON or as the text of a parameter."""
    if field.type == FieldDescriptor.TYPE_MESSAGE:
        value: object = {inner.json_name: sample(inner) for inner in contract.message_of(field).fields}
    elif field.type == FieldDescriptor.TYPE_ENUM:
        value = contract.enum_of(field).values[1].name
    elif field.type == FieldDescriptor.TYPE_BOOL:
        value = "true" if text else True
    elif field.type == FieldDescriptor.TYPE_STRING:
        value = f"some-{field.name}"
    else:
        value = "7" if text else 7
    return [value] if field.is_repeated else value


@pytest.mark.parametrize("route", [route for route in ROUTES if route.rpc], ids=lambda route: route.template)
def test_every_field_of_every_request_comes_from_one_place(route: Route) -> None:
    reader = Reader(route)
    names = set(reader.rpc.input.fields_by_name)
    elsewhere = [name for name in names if name in HEADERS or name == MASK]
    variables = [field.name for _, field in reader._variables]
    body = [route.body] if route.body in names else [field.name for field in reader.body_fields]
    places = [*elsewhere, *variables, *route.query.values(), *route.unused, *body]
    assert sorted(places) == sorted(names)


async def test_every_route_calls_its_rpc_with_every_field_and_the_caller(world: World) -> None:
    for route in CALLS:
        reader = Reader(route)
        fields = reader.rpc.input.fields_by_name
        path = re.sub(r"\{(\w+)\}", lambda found: f"some-{found[1]}", route.path)
        query = {name: sample(fields[field], text=True) for name, field in route.query.items()}
        headers = {**world.as_user("u-7"), "Idempotency-Key": "key-1", "If-Match": '"v1"'}
        body = {field.json_name: sample(field) for field in reader.body_fields}
        answer = await world.http.request(
            route.method, path, params=query, headers=headers, json=None if route.method == "GET" else body
        )
        assert answer.status_code == route.success, (route.template, answer.text)
        asked = world.services[route.service].asked[-1]
        assert asked.rpc == reader.rpc.name
        unset = [
            field.name for field in fields.values() if not field.is_repeated and not getattr(asked.request, field.name)
        ]
        assert unset == list(route.unused), route.template
        assert asked.caller == ("" if route.auth.value == "none" or route.cached else "u-7"), route.template
        # gRPC rounds a deadline up on its way.
        assert 0 < asked.seconds < route.budget + 0.5, route.template


async def test_registration_answers_201_with_the_account_and_its_tokens(world: World) -> None:
    user = user_pb2.User(id="u-1", email="ada@example.org", role=user_pb2.ROLE_STUDENT)
    world.user.answers["Register"] = lambda _: user_service_pb2.RegisterResponse(
        user=user, token="t", refresh_token="r"
    )
    body = {"email": "ada@example.org", "password": "correct horse", "displayName": "Ada"}
    answer = await world.http.post("/api/users/register", json=body)
    assert answer.status_code == 201
    found = answer.json()
    assert (found["token"], found["refreshToken"], found["user"]["role"]) == ("t", "r", "ROLE_STUDENT")
    assert found["user"]["displayName"] == ""
    assert answer.headers["cache-control"] == "no-store"
    assert world.user.asked[-1].request.display_name == "Ada"


async def test_enrolling_answers_202_with_the_place_of_the_enrollment(world: World) -> None:
    enrollment = enrollment_pb2.Enrollment(
        id="e-1", state=enrollment_pb2.ENROLLMENT_STATE_PENDING, price=enrollment_pb2.Money(amount_minor=4900)
    )
    world.enrollment.answers["Enroll"] = lambda _: enrollment_service_pb2.EnrollResponse(enrollment=enrollment)
    body = {"courseId": "c-1", "paymentToken": "tok_ok"}
    answer = await world.http.post("/api/enrollments", json=body, headers=world.as_user())
    assert answer.status_code == 202
    assert answer.headers["location"] == "/api/enrollments/e-1"
    assert answer.json()["enrollment"]["state"] == "ENROLLMENT_STATE_PENDING"
    assert answer.json()["enrollment"]["price"]["amountMinor"] == "4900"
    assert answer.json()["enrollment"]["completedLessonIds"] == []


async def test_a_change_without_a_key_gets_a_fresh_one_each_time(world: World) -> None:
    for _ in range(2):
        await world.http.post("/api/enrollments", json={"courseId": "c-1"}, headers=world.as_user())
    first, second = (asked.request.request_id for asked in world.enrollment.of("Enroll"))
    assert first != second
    assert len(first) == len(second) == 36


async def test_only_the_fields_that_a_patch_gives_are_changed(world: World) -> None:
    body = {"title": "", "price": {"amountMinor": "100", "currencyCode": "EUR"}}
    await world.http.patch("/api/courses/c-1", json=body, headers={**world.as_user(), "If-Match": '"7"'})
    request = world.course.of("UpdateCourse")[0].request
    assert list(request.update_mask.paths) == ["price", "title"]
    assert request.draft.price.amount_minor == 100
    assert request.etag == "7"


async def test_a_draft_takes_nested_lists_and_enums_by_name(world: World) -> None:
    course = course_pb2.Course(id="c-1")
    world.course.answers["CreateCourse"] = lambda _: course_service_pb2.CreateCourseResponse(course=course)
    body = {"title": "Knots", "level": "LEVEL_ADVANCED", "modules": [{"title": "M", "lessons": [{"title": "L"}]}]}
    answer = await world.http.post("/api/courses", json=body, headers=world.as_user())
    assert (answer.status_code, answer.headers["location"]) == (201, "/api/courses/c-1")
    draft = world.course.of("CreateCourse")[0].request.draft
    assert draft.level == course_pb2.LEVEL_ADVANCED
    assert draft.modules[0].lessons[0].title == "L"


async def test_a_parameter_may_be_repeated_where_the_request_takes_many(world: World) -> None:
    answer = await world.http.get("/api/search?q=knots&tag=sea&tag=rope&level=LEVEL_BEGINNER&maxAmountMinor=0")
    assert answer.status_code == 200
    request = world.search.of("Search")[0].request
    assert list(request.tags) == ["sea", "rope"]
    assert request.HasField("max_amount_minor")
    assert request.query == "knots"


async def test_a_service_that_is_not_deployed_is_named(world: World) -> None:
    world.gateway.peers._stubs.pop("search")
    answer = await world.http.get("/api/search?q=knots")
    assert answer.status_code == 503
    assert answer.json()["reason"] == "SERVICE_NOT_DEPLOYED"
    assert answer.json()["metadata"] == {"service": "search"}


async def test_head_tells_what_get_would_without_the_body(world: World) -> None:
    world.search.answers["Suggest"] = lambda _: search_service_pb2.SuggestResponse(suggestions=["knots"])
    got, headed = [await world.http.request(method, "/api/search/suggest?q=k") for method in ("GET", "HEAD")]
    assert headed.content == b""
    assert headed.headers["content-length"] == got.headers["content-length"] == str(len(got.content))


async def test_a_path_variable_is_not_taken_for_a_word_of_the_path(world: World) -> None:
    await world.http.get("/api/enrollments/me", headers=world.as_user())
    assert world.enrollment.asked[-1].request.enrollment_id == "me"
    await world.http.get("/api/users/me", headers=world.as_user())
    assert world.user.asked[-1].request.user_id == ""
