"""What accounts, attempts and keys may become: values in, values out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.chassis.refusals import FailedPrecondition, InvalidArgument, ResourceExhausted
from services.user import domain
from services.user.domain import Account, Attempts, Role, SigningKey, UserProfileChanged

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
ADA = Account("u1", "ada@example.org", "Ada", Role.STUDENT, "hash", NOW, NOW)

GOOD = [
    "a@b.co",
    "ada.lovelace+x@sub.example.org",
    "o'neil@example.org",
    "üñí@example.org",
    "1@2.example",
    "a" * 64 + "@b.co",
]
BAD = [
    "", "a", "@", "a@", "@b.co", "a@b", "a@@b.co", "a b@c.co", "a@b..co", "a@.co", "a@b.co.", "a@-b.co", "a@b-.co",
    "a@b.c", "a@b.co\n", "a@b.co x", "a\x00@b.co", "<a@b.co>", "a,b@c.co", "a@b_c.co", "a@1.2.3.4", "a" * 65 + "@b.co",
    "a@" + "b" * 64 + ".co", "a@" + "b." * 126 + "co", "javascript:alert(1)@b.co", "a\\@b.co", '"a"@b.co',
]  # fmt: skip


def violations(email: str = "a@b.co", password: str = "12345678", name: str = "Ada") -> list[str]:
    try:
        domain.check_registration(domain.email_of(email), password, name)
    except InvalidArgument as refused:
        return list(refused.violations)
    return []


@pytest.mark.parametrize("email", GOOD)
def test_these_are_addresses(email: str) -> None:
    assert domain.is_address(email)
    assert violations(email=email) == []


@pytest.mark.parametrize("email", BAD)
def test_these_are_no_addresses(email: str) -> None:
    assert not domain.is_address(email)


def test_an_address_is_compared_without_its_case_and_the_space_around_it() -> None:
    assert domain.email_of("  Ada@Example.ORG ") == "ada@example.org"


@pytest.mark.parametrize(
    ("password", "fine"), [("", False), ("1234567", False), ("12345678", True), ("é" * 8, True), ("x" * 128, True)]
)
def test_a_password_has_8_characters_or_more(password: str, fine: bool) -> None:
    assert (violations(password=password) == []) is fine


def test_a_password_has_128_characters_at_most() -> None:
    assert violations(password="x" * 129) == ["password"]


def test_everything_wrong_is_told_at_once() -> None:
    assert violations("x", "short", "\x07") == ["email", "password", "display_name"]


def test_everybody_begins_as_a_student() -> None:
    made = domain.register("u1", "ada@example.org", "hash", " Ada ", NOW)
    assert made == ADA


def test_a_new_name_is_checked_and_told() -> None:
    changed, fact = domain.rename(ADA, "  Countess ", LATER)
    assert changed == replace(ADA, display_name="Countess", updated=LATER)
    assert fact == UserProfileChanged(changed)
    with pytest.raises(InvalidArgument):
        domain.rename(ADA, " ", LATER)


def test_a_new_role_is_told() -> None:
    changed, fact = domain.give_role(ADA, Role.INSTRUCTOR, 1, LATER)
    assert changed == replace(ADA, role=Role.INSTRUCTOR, updated=LATER)
    assert fact == UserProfileChanged(changed)


def test_the_last_admin_stays_one() -> None:
    admin = replace(ADA, role=Role.ADMIN)
    with pytest.raises(FailedPrecondition) as refused:
        domain.give_role(admin, Role.STUDENT, 1, LATER)
    assert refused.value.reason == "LAST_ADMIN"
    assert domain.give_role(admin, Role.STUDENT, 2, LATER)[0].role is Role.STUDENT
    assert domain.give_role(admin, Role.ADMIN, 1, LATER)[0].role is Role.ADMIN


def test_ten_attempts_may_fail_within_the_window() -> None:
    attempts: Attempts | None = None
    for _ in range(domain.FAILURES_AT_MOST):
        attempts = domain.attempt(attempts, NOW)
    assert attempts == Attempts(10, NOW)
    with pytest.raises(ResourceExhausted) as refused:
        domain.attempt(attempts, NOW + timedelta(minutes=5))
    assert (refused.value.reason, refused.value.retry_after) == ("TOO_MANY_ATTEMPTS", 600)


def test_when_the_window_is_over_attempts_count_from_one() -> None:
    over = NOW + domain.FAILURE_WINDOW
    assert domain.attempt(Attempts(10, NOW), over) == Attempts(1, over)


def test_a_retired_key_is_shown_until_its_tokens_are_over() -> None:
    key = SigningKey("k", b"", NOW, retired=NOW)
    assert key.shown(NOW + domain.ACCESS_TOKEN_LASTS)
    assert not key.shown(NOW + domain.RETIRED_KEY_LASTS)
    assert replace(key, retired=None).shown(NOW + timedelta(days=3650))
