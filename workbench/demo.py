"""The story that proves the system: told step by step, and at an end when a step comes out otherwise than told."""

import secrets
from collections.abc import Callable
from contextlib import ExitStack

from workbench.api import Api, Json, Unexpected

# The cast registers anew each time, so that the story can be told again on the same data.
_PASSWORD_BYTES = 12
_PRICE = {"amountMinor": "4900", "currencyCode": "EUR"}
# Courses of the same title are about, when the story was told before.
_SEARCHED = 100
_LESSONS = ("Wind and water", "Knots that hold", "Out of the harbor")


class Story:
    """The cast, the stage and what has happened so far. url: of the gateway."""

    def __init__(self, url: str, admin: Json, tell: Callable[[str], None]) -> None:
        self.url, self.admin_account, self.tell = url, admin, tell
        self._open = ExitStack()
        self._run = secrets.token_hex(4)
        self.course: Json = {}
        self.people: dict[str, Api] = {}
        self.enrollments: dict[str, Json] = {}

    def play(self) -> None:
        """Plays every step; raises Unexpected at the first that comes out otherwise."""
        with self._open:
            for number, step in enumerate(STEPS, 1):
                self.tell(f"{number}. {step(self)}")
            there = self.anybody().call("GET", "/health/ready")["services"]
            for service, step in BESIDE.items():
                known = there[service] == "SERVING"
                self.tell(f"+  {step(self)}" if known else f"-  {service} does not run, so its part is left out")

    def person(self, name: str) -> Api:
        """Somebody of the cast, registered when first needed."""
        if name not in self.people:
            api = self._api()
            email = f"{name.lower()}.{self._run}@coursemesh.example"
            api.register(email, secrets.token_urlsafe(_PASSWORD_BYTES), name)
            self.people[name] = api
        return self.people[name]

    def admin(self) -> Api:
        api = self._api()
        api.log_in(self.admin_account["email"], self.admin_account["password"])
        return api

    def anybody(self) -> Api:
        return self._api()

    def enrolls(self, name: str, token: str) -> str:
        """The state that the enrollment settles in."""
        person = self.person(name)
        pending = person.enroll(self.course["id"], token)
        expect(pending["state"], "ENROLLMENT_STATE_PENDING", f"{name}'s enrollment at once")
        self.enrollments[name] = person.settled(pending)
        return str(self.enrollments[name]["state"])

    def _api(self) -> Api:
        api = Api(self.url)
        self._open.callback(api.close)
        return api


def expect(found: object, told: object, what: str) -> None:
    if found != told:
        raise Unexpected(f"{what} is {found!r} and not {told!r}, as told")


def teach(story: Story) -> str:
    """Registration, and a role given by the admin."""
    grace = story.anybody()
    email, password = f"grace.{secrets.token_hex(4)}@coursemesh.example", secrets.token_urlsafe(_PASSWORD_BYTES)
    user = grace.register(email, password, "Grace")
    expect(user["role"], "ROLE_STUDENT", "the role after registration")
    story.admin().call("PUT", f"/api/users/{user['id']}/role", {"role": "ROLE_INSTRUCTOR"})
    expect(grace.log_in(email, password)["role"], "ROLE_INSTRUCTOR", "the role after the admin gave it")
    story.people["Grace"] = grace
    return "Grace registers, and the admin makes her an instructor"


def publish(story: Story) -> str:
    grace = story.person("Grace")
    lessons = [{"title": title, "durationMinutes": 20} for title in _LESSONS]
    draft = {
        "title": "Sailing for Beginners",
        "summary": "From the first knot to the first trip out of the harbor.",
        "level": "LEVEL_BEGINNER",
        "language": "en",
        "tags": ["sailing", "outdoors"],
        "price": _PRICE,
        "capacity": 2,
        "modules": [{"title": "On board", "lessons": lessons}],
    }
    made = grace.call("POST", "/api/courses", draft, 201)["course"]
    expect(made["state"], "COURSE_STATE_DRAFT", "the course that was written")
    story.anybody().call("GET", f"/api/courses/{made['id']}", expect=404)
    story.course = grace.call("POST", f"/api/courses/{made['id']}/publish")["course"]
    expect(story.course["state"], "COURSE_STATE_PUBLISHED", "the course that was published")
    return "Grace writes a course with three lessons and two seats, and publishes it"


def find(story: Story) -> str:
    listed = story.anybody().call("GET", "/api/courses?tag=sailing&level=LEVEL_BEGINNER")["courses"]
    expect(story.course["id"] in [course["id"] for course in listed], True, "finding the course in the catalog")
    return "the course is in the catalog, for anybody to find"


def enroll(story: Story) -> str:
    expect(story.enrolls("Ada", "tok_ok"), "ENROLLMENT_STATE_ACTIVE", "Ada's enrollment, once paid")
    payment = story.person("Ada").call("GET", "/api/payments")["payments"][0]
    expect(payment["state"], "PAYMENT_STATE_CAPTURED", "Ada's payment")
    return "Ada enrolls and pays 49.00 EUR: PENDING, then ACTIVE"


def decline(story: Story) -> str:
    expect(story.enrolls("Ben", "tok_declined"), "ENROLLMENT_STATE_DECLINED", "Ben's enrollment")
    expect(story.enrollments["Ben"]["declineReason"], "CARD_DECLINED", "why")
    return "Ben's card is declined: DECLINED, and his seat is released"


def sell_out(story: Story) -> str:
    expect(story.enrolls("Cleo", "tok_ok"), "ENROLLMENT_STATE_ACTIVE", "Cleo's enrollment in the released seat")
    problem = story.person("Dan").enroll(story.course["id"], "tok_ok", expect=409)
    expect(problem["reason"], "SOLD_OUT", "why Dan gets no seat")
    return "Cleo takes that seat, and for Dan the course is sold out"


def cancel(story: Story) -> str:
    cleo = story.person("Cleo")
    ended = cleo.call("DELETE", f"/api/enrollments/{story.enrollments['Cleo']['id']}")["enrollment"]
    expect(ended["state"], "ENROLLMENT_STATE_CANCELLED", "Cleo's enrollment")
    refunded = cleo.until("/api/payments", lambda it: it["payments"][0]["state"] == "PAYMENT_STATE_REFUNDED")
    expect(len(refunded["payments"]), 1, "the number of Cleo's payments")
    expect(story.enrolls("Dan", "tok_ok"), "ENROLLMENT_STATE_ACTIVE", "Dan's enrollment in the seat given back")
    return "Cleo cancels and gets her money back; now Dan has a seat"


def learn(story: Story) -> str:
    ada, path = story.person("Ada"), f"/api/enrollments/{story.enrollments['Ada']['id']}/progress"
    percents = []
    for lesson in story.course["modules"][0]["lessons"]:
        story.enrollments["Ada"] = ada.call("POST", path, {"lessonId": lesson["id"]})["enrollment"]
        percents.append(story.enrollments["Ada"]["progressPercent"])
    expect(percents, [33, 66, 100], "Ada's progress")
    expect(story.enrollments["Ada"]["state"], "ENROLLMENT_STATE_COMPLETED", "Ada's enrollment")
    return "Ada does the lessons: 33 %, 66 %, 100 %, COMPLETED"


def certify(story: Story) -> str:
    code = story.enrollments["Ada"]["certificateCode"]
    certificate = story.anybody().call("GET", f"/api/certificates/{code}")["certificate"]
    expect(certificate["learnerName"], "Ada", "the name on the certificate")
    expect(certificate["courseTitle"], story.course["title"], "the course on the certificate")
    return f"anybody can verify Ada's certificate by its code, {code}"


def tell(story: Story) -> str:
    """Notifications follow from the facts: nobody asked for one."""
    ada, wanted = story.person("Ada"), ["KIND_CERTIFICATE_ISSUED", "KIND_ENROLLMENT_ACTIVATED", "KIND_WELCOME"]
    path = "/api/notifications"
    told = ada.until(path, lambda it: len(it["notifications"]) >= len(wanted))["notifications"]
    expect(sorted(each["kind"] for each in told), wanted, "what Ada was told")
    return "Ada was told of her welcome, her seat and her certificate, once each, in the app and by email"


def search(story: Story) -> str:
    path = f"/api/search?q=Sailng+for+Beginers&pageSize={_SEARCHED}"
    found = story.anybody().until(
        path, lambda it: story.course["id"] in [hit["course"]["courseId"] for hit in it["hits"]]
    )
    expect(
        found["hits"][0]["course"]["title"], story.course["title"], "the first course that a misspelled search finds"
    )
    return "a search with two typing errors finds the course first"


STEPS: tuple[Callable[[Story], str], ...] = (teach, publish, find, enroll, decline, sell_out, cancel, learn, certify)
# What services beside the enrollment do; a system may run without them.
BESIDE: dict[str, Callable[[Story], str]] = {"notification": tell, "search": search}
