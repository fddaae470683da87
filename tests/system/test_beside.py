"""What follows from an enrollment beside it: notifications, mail and search; and that enrolling does not need them."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator

import nats
import pytest

from tests.system.running import System, instructor, nobody, person, published, running
from workbench.api import Api, Json


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with running(tmp_path_factory.mktemp("beside"), "--empty") as system:
        yield system


def mails(system: System, to: Api) -> list[str]:
    """The subjects of the mails to somebody, oldest first."""
    listed = json.loads(system.command("mail", "--json").stdout)
    return [each["subject"] for each in reversed(listed) if to.user["email"] in each["to"]]


def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def kinds(api: Api) -> list[str]:
    return sorted(each["kind"] for each in api.call("GET", "/api/notifications")["notifications"])


def enrolled(learner: Api, course: Json) -> Json:
    enrollment = learner.settled(learner.enroll(course["id"], "tok_ok"))
    assert enrollment["state"] == "ENROLLMENT_STATE_ACTIVE"
    return enrollment


def deliver_again(system: System, enrollment: Json, times: int) -> None:
    """Publishes the fact that the enrollment is active again, as a relay does that lost its memory."""

    async def run() -> None:
        connection = await nats.connect(system.status["infrastructure"]["nats"]["url"])
        js = connection.jetstream()
        last = (await js.stream_info("ENROLLMENT")).state.last_seq
        for number in range(1, last + 1):
            message = await js.get_msg("ENROLLMENT", seq=number)
            headers = message.headers or {}
            if headers["ce-subject"] == enrollment["id"] and (message.subject or "").endswith("EnrollmentActivated"):
                for turn in range(times):
                    again = {**headers, "Nats-Msg-Id": f"{headers['ce-id']}-{turn}"}
                    await js.publish(message.subject or "", message.data or b"", headers=again)
        await connection.close()

    asyncio.run(run())


def test_an_enrollment_is_told_once_by_mail_and_once_in_the_app_however_often_the_fact_comes(own: System) -> None:
    course, learner = published(instructor(own)), person(own.url)
    enrollment = enrolled(learner, course)
    wanted = ["KIND_ENROLLMENT_ACTIVATED", "KIND_WELCOME"]
    until(lambda: kinds(learner) == wanted and len(mails(own, learner)) == 2)
    deliver_again(own, enrollment, 5)
    after = person(own.url)
    enrolled(after, course)  # what comes after those five is told, so those five were looked at
    until(lambda: len(mails(own, after)) == 2)
    assert kinds(learner) == wanted
    assert sorted(mails(own, learner)) == sorted(["Welcome to Coursemesh", f"You are enrolled in {course['title']}"])


def test_with_notification_and_search_killed_enrolling_goes_on_and_they_catch_up(own: System) -> None:
    teacher = instructor(own)
    own.command("restart", "notification")
    before = person(own.url)
    until(lambda: kinds(before) == ["KIND_WELCOME"])
    for name in ("notification", "search"):
        own.kill(name)
    course = published(teacher, title="Carpentry by Lamplight")
    learner = person(own.url)
    enrolled(learner, course)
    own.wait_until_serving()
    until(lambda: kinds(learner) == ["KIND_ENROLLMENT_ACTIVATED", "KIND_WELCOME"] and len(mails(own, learner)) == 2)
    found = nobody(own.url).until("/api/search?q=carpentri+lampligt", lambda it: bool(it["hits"]))
    assert found["hits"][0]["course"]["courseId"] == course["id"]


def test_the_dashboard_has_all_five_parts(own: System) -> None:
    learner = person(own.url)
    until(lambda: kinds(learner) == ["KIND_WELCOME"])
    whole = learner.call("GET", "/api/me/dashboard")
    assert whole["notifications"]["notifications"][0]["kind"] == "KIND_WELCOME"
    assert "missing" not in whole["recommendations"]


def test_an_archived_course_is_not_found_any_more(own: System) -> None:
    teacher, anybody = instructor(own), nobody(own.url)
    course = published(teacher, title="Beekeeping in Winter")
    path = "/api/search?q=beekeping"
    anybody.until(path, lambda it: len(it["hits"]) == 1)
    teacher.call("POST", f"/api/courses/{course['id']}/archive")
    anybody.until(path, lambda it: not it["hits"])


def test_notifications_are_streamed_as_they_come(own: System) -> None:
    learner, course = person(own.url), published(instructor(own))
    until(lambda: kinds(learner) == ["KIND_WELCOME"])
    with learner.stream("/api/me/events") as lines:
        enrolled(learner, course)
        data = next(line for line in lines if line.startswith("data: "))
    assert json.loads(data.removeprefix("data: "))["notification"]["kind"] == "KIND_ENROLLMENT_ACTIVATED"
