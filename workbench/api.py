"""The public API, as a client of any language would use it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from workbench.refusal import Refusal

Json = dict[str, Any]

_SECONDS = 15
_LOOK_EVERY = 0.02


class Unexpected(Refusal):
    """The system answered otherwise than was told."""


class Api:
    """One person's view of the system: nobody's until `register` or `log_in`."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=_SECONDS, trust_env=False)
        self.user: Json = {}

    def call(self, method: str, path: str, body: Json | None = None, expect: int = 200, key: str = "") -> Json:
        """The answer's JSON; raises Unexpected when its status is another. key: the Idempotency-Key."""
        try:
            answer = self.request(method, path, body, key)
        except httpx.HTTPError as error:
            raise Unexpected(f"{method} {path} was not answered: {type(error).__name__}") from error
        if answer.status_code != expect:
            raise Unexpected(f"{method} {path} answered {answer.status_code} and not {expect}: {answer.text[:500]}")
        found: Json = answer.json() if answer.content else {}
        return found

    def request(self, method: str, path: str, body: Json | None = None, key: str = "") -> httpx.Response:
        """The answer, whatever it is; raises httpx.HTTPError when there is none."""
        headers = {"Idempotency-Key": key} if key else {}
        return self._client.request(method, path, json=body, headers=headers)

    def register(self, email: str, password: str, name: str, key: str = "") -> Json:
        body = {"email": email, "password": password, "displayName": name}
        return self._enter(self.call("POST", "/api/users/register", body, 201, key))

    def log_in(self, email: str, password: str) -> Json:
        return self._enter(self.call("POST", "/api/users/login", {"email": email, "password": password}))

    def enroll(self, course_id: str, token: str, expect: int = 202, key: str = "") -> Json:
        body = {"courseId": course_id, "paymentToken": token}
        answer = self.call("POST", "/api/enrollments", body, expect, key)
        found: Json = answer.get("enrollment", answer)
        return found

    def settled(self, enrollment: Json) -> Json:
        """The enrollment once its payment has answered."""
        path = f"/api/enrollments/{enrollment['id']}"
        answer = self.until(path, lambda it: it["enrollment"]["state"] != "ENROLLMENT_STATE_PENDING")
        found: Json = answer["enrollment"]
        return found

    def until(self, path: str, holds: Callable[[Json], bool], seconds: float = _SECONDS) -> Json:
        """Reads again and again until that holds of the answer."""
        deadline = time.monotonic() + seconds
        while not holds(answer := self.call("GET", path)):
            if time.monotonic() > deadline:
                raise Unexpected(f"{path} did not become what was told within {seconds:g} s: {str(answer)[:500]}")
            time.sleep(_LOOK_EVERY)
        return answer

    @contextmanager
    def stream(self, path: str) -> Iterator[Iterator[str]]:
        """The lines of server-sent events, as they come."""
        with self._client.stream("GET", path) as answer:
            if answer.status_code != 200:
                raise Unexpected(f"GET {path} answered {answer.status_code} and not 200")
            yield answer.iter_lines()

    def close(self) -> None:
        self._client.close()

    @property
    def token(self) -> str:
        """The access token; empty for nobody."""
        return str(self._client.headers.get("Authorization", "")).removeprefix("Bearer ")

    def _enter(self, answer: Json) -> Json:
        self.user = answer["user"]
        self._client.headers["Authorization"] = f"Bearer {answer['token']}"
        return self.user
