"""Requests that come twice, at once, or for the last seat."""

from concurrent.futures import ThreadPoolExecutor

from tests.system.running import System, nobody, person, published
from workbench.api import Api, Json


def ask(api: Api, course: Json, key: str, token: str = "tok_ok") -> tuple[int, Json]:
    body = {"courseId": course["id"], "paymentToken": token}
    answer = api.request("POST", "/api/enrollments", body, key)
    return answer.status_code, answer.json()


def test_twenty_posts_with_one_key_are_one_enrollment_and_twenty_equal_answers(
    system: System, url: str, teacher: Api
) -> None:
    course, learner = published(teacher), person(url)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: ask(learner, course, "one-key"), range(20)))
    assert answers == [answers[0]] * 20
    assert answers[0][0] == 202
    assert len(learner.call("GET", "/api/enrollments")["enrollments"]) == 1
    for service in ("enrollment", "gateway"):
        system.command("restart", service)
    assert ask(learner, course, "one-key") == answers[0]
    status, problem = ask(learner, course, "one-key", token="tok_declined")
    assert (status, problem["reason"]) == (422, "REQUEST_REUSED")


def test_the_key_of_one_learner_is_nothing_to_another(url: str, teacher: Api) -> None:
    course = published(teacher)
    answers = [ask(person(url), course, "everybodys-key") for _ in range(2)]
    assert [status for status, _ in answers] == [202, 202]
    assert answers[0][1]["enrollment"]["id"] != answers[1][1]["enrollment"]["id"]


def test_of_twenty_learners_after_ten_seats_ten_are_active_and_ten_refused(url: str, teacher: Api) -> None:
    course = published(teacher, capacity=10)
    with ThreadPoolExecutor(4) as pool:
        learners = list(pool.map(lambda _: person(url), range(20)))
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda api: ask(api, course, "a-seat"), learners))
    seated = [(api, body["enrollment"]) for api, (status, body) in zip(learners, answers, strict=True) if status == 202]
    refused = [(status, body["reason"]) for status, body in answers if status != 202]
    assert refused == [(409, "SOLD_OUT")] * 10
    assert [api.settled(enrollment)["state"] for api, enrollment in seated] == ["ENROLLMENT_STATE_ACTIVE"] * 10


def test_somebody_elses_enrollment_is_as_if_it_were_not_there(url: str, teacher: Api) -> None:
    theirs = person(url).enroll(published(teacher)["id"], "tok_ok")
    me, path = person(url), f"/api/enrollments/{theirs['id']}"
    for method, where, body in (
        ("GET", path, None),
        ("DELETE", path, None),
        ("POST", f"{path}/progress", {"lessonId": theirs["courseId"]}),
        ("GET", f"{path}/events", None),
    ):
        answer = me.request(method, where, body)
        assert (answer.status_code, answer.json()["reason"]) == (404, "ENROLLMENT_UNKNOWN"), where
    assert nobody(url).request("GET", path).status_code == 401
