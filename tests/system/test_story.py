"""What a newcomer does first, and what stays when the system is stopped and started again."""

from pathlib import Path

import pytest

from tests.system import books
from tests.system.running import System, admin, nobody, password_of, person, running
from workbench.demo import Story


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> System:
    """A system as a first start makes it, with its catalog."""
    with running(tmp_path_factory.mktemp("filled")) as system:
        yield system


def test_the_first_start_fills_a_believable_catalog(filled: System) -> None:
    courses = nobody(filled.url).call("GET", "/api/courses?pageSize=100")["courses"]
    assert len(courses) == 30
    assert len({course["instructorId"] for course in courses}) == 5
    assert {course["level"] for course in courses} == {"LEVEL_BEGINNER", "LEVEL_INTERMEDIATE", "LEVEL_ADVANCED"}
    assert 3 <= sum(course["price"]["amountMinor"] == "0" for course in courses) <= 10
    nearly_full = [course for course, (taken, seats) in books.read(filled.status).seats.items() if taken == seats - 1]
    assert len(nearly_full) == 1


def test_the_demo_comes_out_as_told_and_can_be_told_again(filled: System) -> None:
    for _ in range(2):
        told = filled.command("demo").stdout
        assert "9. anybody can verify Ada's certificate" in told
        assert "Every step came out as told." in told
    books.check(books.quiet(filled))


def test_a_story_that_comes_out_otherwise_is_a_failure(filled: System) -> None:
    status = filled.status
    story = Story(status["gateway"]["url"], {**status["admin"], "password": "not the password"}, lambda _: None)
    with pytest.raises(Exception, match="answered 401"):
        story.play()


def test_a_second_up_on_the_same_data_keeps_everything(filled: System) -> None:
    learner, before = person(filled.url), filled.status
    roomy = next(each for each in learner.call("GET", "/api/courses")["courses"] if each["capacity"] > 3)
    body = {"courseId": roomy["id"], "paymentToken": "tok_ok"}
    asked = learner.request("POST", "/api/enrollments", body, "kept")
    enrollment = learner.settled(asked.json()["enrollment"])
    filled.down()
    filled.up()
    again = nobody(filled.url)
    again.log_in(learner.user["email"], password_of(learner))
    assert again.call("GET", f"/api/enrollments/{enrollment['id']}")["enrollment"] == enrollment
    assert len(again.call("GET", "/api/courses?pageSize=100")["courses"]) >= 30
    answer = again.request("POST", "/api/enrollments", body, "kept")
    assert (answer.status_code, answer.json()) == (asked.status_code, asked.json()) == (202, asked.json())
    assert filled.status["admin"] == before["admin"]
    assert admin(filled).user["role"] == "ROLE_ADMIN"


def test_the_password_of_the_admin_is_for_its_owner_alone(filled: System) -> None:
    for name in ("admin-password", "secrets.json"):
        assert (filled.data / name).stat().st_mode & 0o777 == 0o600
    assert filled.data.stat().st_mode & 0o777 == 0o700


def test_no_secret_and_no_address_of_anybody_is_in_a_log(filled: System) -> None:
    password = filled.status["admin"]["password"]
    logs = "".join(path.read_text() for path in (filled.data / "logs").glob("*.log"))
    assert password not in logs
    assert "@coursemesh.example" not in logs
    assert "tok_ok" not in logs
    assert "eyJ" not in logs  # the beginning of every JWT


def test_fresh_forgets_what_was_there(folder: Path) -> None:
    with running(folder, "--empty") as system:
        learner = person(system.url)
        system.down()
        fresh = System(folder, "--empty", "--fresh")
        fresh.up()
        body = {"email": learner.user["email"], "password": password_of(learner)}
        assert nobody(fresh.url).request("POST", "/api/users/login", body).status_code == 401
