"""The catalog that a new system starts with: made through the public API, and safe to begin again when cut off."""

import hashlib
import tomllib
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from workbench.api import Api, Json

CATALOG = Path(__file__).with_name("catalog.toml")
# Hashing passwords keeps the cores busy; more at once would only queue.
_AT_ONCE = 4


def seed(url: str, admin: Json, secret: str) -> int:
    """Makes instructors, their courses and the first learners. secret: their passwords are derived from it.

    Returns how many courses there are. What is there already is found again by its idempotency key.
    """
    catalog = tomllib.loads(CATALOG.read_text())
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        taught = pool.map(lambda instructor: _teach(url, admin, secret, instructor), catalog["instructor"])
        made = [course for courses in taught for course in courses]
        nearly_full = next(course for course in made if course["title"] == catalog["nearly_full"])
        list(pool.map(lambda name: _learn(url, secret, name, nearly_full), catalog["learners"]))
    return len(made)


def _teach(url: str, admin: Json, secret: str, instructor: dict[str, Any]) -> list[Json]:
    api, chief = _person(url, secret, instructor["name"]), Api(url)
    if api.user["role"] == "ROLE_STUDENT":
        chief.log_in(admin["email"], admin["password"])
        path, role = f"/api/users/{api.user['id']}/role", {"role": "ROLE_INSTRUCTOR"}
        chief.call("PUT", path, role, key=f"seed-role-{api.user['id']}")
        api.log_in(_email(instructor["name"]), _password(secret, instructor["name"]))
    made = [_publish(api, draft) for draft in instructor["course"]]
    api.close()
    chief.close()
    return made


def _publish(api: Api, course: dict[str, Any]) -> Json:
    key = hashlib.sha256(course["title"].encode()).hexdigest()[:32]
    made = api.call("POST", "/api/courses", _draft(course), 201, key=f"seed-create-{key}")["course"]
    published: Json = api.call("POST", f"/api/courses/{made['id']}/publish", key=f"seed-publish-{key}")["course"]
    return published


def _draft(course: dict[str, Any]) -> Json:
    modules = [
        {"title": title, "lessons": [{"title": lesson, "durationMinutes": 20} for lesson in lessons]}
        for title, lessons in course["modules"].items()
    ]
    return {
        "title": course["title"],
        "summary": course["summary"],
        "description": course["summary"],
        "level": f"LEVEL_{course['level'].upper()}",
        "language": course["language"],
        "tags": course["tags"],
        "price": {"amountMinor": str(course["price"]), "currencyCode": "EUR"},
        "capacity": course["capacity"],
        "modules": modules,
    }


def _learn(url: str, secret: str, name: str, course: Json) -> None:
    api = _person(url, secret, name)
    api.settled(api.enroll(course["id"], "tok_ok", key=f"seed-enroll-{api.user['id']}"))
    api.close()


def _person(url: str, secret: str, name: str) -> Api:
    """Registered at the first time, found again by the same key at any other."""
    api = Api(url)
    api.register(_email(name), _password(secret, name), name, key=f"seed-{_email(name)}"[:64])
    return api


def _email(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return f"{plain.lower().replace(' ', '.')}@coursemesh.example"


def _password(secret: str, name: str) -> str:
    return hashlib.sha256(f"{secret}:{name}".encode()).hexdigest()[:32]
