"""Whatever is killed in the middle of enrollments, they all settle afterwards, and the books are right."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.system import books
from tests.system.running import System, instructor, person, published, running
from workbench.api import Api, Json

TOKENS = ("tok_ok", "tok_declined", "tok_flaky", "tok_lost", "tok_ok", "tok_slow", "tok_insufficient_funds", "tok_ok")
LEARNERS, ROUNDS = 8, 5


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> System:
    """One system for all faults: each leaves it whole, or the next one tells."""
    slow = {"COURSEMESH_PAYMENT_PROVIDER_SLOW_SECONDS": "0.5"}
    with running(tmp_path_factory.mktemp("faults"), "--empty", **slow) as system:
        yield system


class Rush:
    """Learners who enroll and cancel while something breaks. What is refused or not answered is tried again, with the
    same key, as a client does."""

    def __init__(self, system: System) -> None:
        self.url = system.url
        teacher = instructor(system)
        self.courses = [published(teacher, title=f"Course {n}", capacity=LEARNERS - 2) for n in range(ROUNDS)]
        with ThreadPoolExecutor(4) as pool:
            self.learners = list(pool.map(lambda _: person(self.url), range(LEARNERS)))
        self.asked = 0
        self._half = threading.Event()

    def run(self, fault: Callable[[], None]) -> None:
        """Enrolls everybody everywhere; the fault strikes when some have."""
        with ThreadPoolExecutor(LEARNERS) as pool:
            rushing = [pool.submit(self._learner, n, api) for n, api in enumerate(self.learners)]
            assert self._half.wait(30)
            fault()
            for each in rushing:
                each.result(timeout=90)

    def _learner(self, number: int, api: Api) -> None:
        for turn, course in enumerate(self.courses):
            token = TOKENS[(number + turn) % len(TOKENS)]
            key = f"{course['id']}-{number}"
            enrollment = self._insist(api, course, token, key)
            self.asked += 1
            if self.asked >= LEARNERS:
                self._half.set()
            if enrollment and (number + turn) % 5 == 0:
                self._cancel(api, enrollment)

    def _insist(self, api: Api, course: Json, token: str, key: str) -> Json | None:
        body = {"courseId": course["id"], "paymentToken": token}
        answer = _until_answered(lambda: api.request("POST", "/api/enrollments", body, key))
        assert answer.status_code in (202, 409), answer.text
        return answer.json()["enrollment"] if answer.status_code == 202 else None

    def _cancel(self, api: Api, enrollment: Json) -> None:
        path = f"/api/enrollments/{enrollment['id']}"
        answer = _until_answered(lambda: api.request("DELETE", path, key=f"cancel-{enrollment['id']}"))
        assert answer.status_code in (200, 409), answer.text  # declined meanwhile


def _until_answered(ask: Callable[[], httpx.Response], seconds: float = 60) -> httpx.Response:
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = ask()
            if answer.status_code not in (429, 503, 504):
                return answer
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline, "nobody answers any more"
        time.sleep(0.1)


VICTIMS = ("payment", "enrollment", "nats", "notification", "course", "documents", "user", "gateway")


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_kill_in_the_middle_of_enrollments_loses_nothing(own: System, victim: str) -> None:
    Rush(own).run(lambda: own.kill(victim))
    own.wait_until_serving()
    found = books.quiet(own)
    assert len({each.state for each in found.enrollments}) > 2  # the rush made what it should
    books.check(found)


def test_everything_killed_at_once_loses_nothing(own: System) -> None:
    def all_at_once() -> None:
        for victim in ("nats", "payment", "enrollment", "course"):
            own.kill(victim)

    Rush(own).run(all_at_once)
    own.wait_until_serving()
    books.check(books.quiet(own))


def test_a_payment_that_comes_too_late_is_refunded(folder: Path) -> None:
    settings = {"COURSEMESH_ENROLLMENT_PAYMENT_TIMEOUT_SECONDS": "0.5", "COURSEMESH_PAYMENT_PROVIDER_SLOW_SECONDS": "3"}
    with running(folder, "--empty", **settings) as system:
        course = published(instructor(system))
        learner = person(system.url)
        enrollment = learner.enroll(course["id"], "tok_slow")
        assert learner.settled(enrollment)["state"] == "ENROLLMENT_STATE_EXPIRED"
        found = books.quiet(system)
        books.check(found)
        assert [each.state for each in found.payments] == ["REFUNDED"]
        assert found.seats[course["id"]][0] == 0
