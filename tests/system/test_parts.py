"""A system without some of its services: what is there works, and what is not is named."""

from pathlib import Path

from tests.system.running import nobody, person, running


def test_without_a_service_the_rest_starts_and_its_routes_name_it(folder: Path) -> None:
    with running(folder, "--empty", "--without", "course", "--without", "payment") as system:
        learner = person(system.url)
        for path, service in (("/api/payments", "payment"), ("/api/courses", "course")):
            answer = learner.request("GET", path)
            assert (answer.status_code, answer.json()["reason"]) == (503, "SERVICE_NOT_DEPLOYED")
            assert answer.json()["metadata"] == {"service": service}
        dashboard = learner.call("GET", "/api/me/dashboard")
        assert dashboard["payments"] == {"missing": True, "reason": "SERVICE_NOT_DEPLOYED"}
        assert dashboard["user"]["user"]["id"] == learner.user["id"]


def test_a_service_that_is_down_is_missed_in_its_part_alone(folder: Path) -> None:
    with running(folder, "--empty", "--no-restart") as system:
        learner = person(system.url)
        system.kill("payment")
        answer = learner.request("GET", "/api/payments")
        assert (answer.status_code, answer.json()["reason"]) == (503, "SERVICE_UNAVAILABLE")
        assert "127.0.0.1" not in answer.text
        dashboard = learner.call("GET", "/api/me/dashboard")
        assert dashboard["payments"]["missing"] is True
        assert dashboard["enrollments"] == {"enrollments": [], "nextPageToken": ""}
        assert nobody(system.url).call("GET", "/health")["status"] == "ALIVE"
