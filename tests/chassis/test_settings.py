"""Settings come from the environment, and a start without them says all that is wrong in one line."""

from dataclasses import dataclass

import pytest

from services.chassis import settings


@dataclass(frozen=True, kw_only=True)
class Wanted:
    listen: str
    nats_url: str
    replicas: int = 1
    drain_seconds: float = 10.0
    retries: bool = True


GOOD = {"LISTEN": "127.0.0.1:0", "NATS_URL": "nats://here"}


def complaint(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> str:
    """What a refused start writes: one line, and exit status 2."""
    with pytest.raises(SystemExit) as exited:
        settings.read(Wanted, environment)
    assert exited.value.code == 2
    written = capsys.readouterr().err
    assert written.endswith("\n")
    assert written.count("\n") == 1
    return written


def test_each_field_is_read_from_its_variable_in_its_own_type() -> None:
    given = {**GOOD, "REPLICAS": "3", "DRAIN_SECONDS": "2.5", "RETRIES": "off", "UNKNOWN": "ignored"}
    assert settings.read(Wanted, given) == Wanted(
        listen="127.0.0.1:0", nats_url="nats://here", replicas=3, drain_seconds=2.5, retries=False
    )


def test_what_has_a_default_may_be_left_out() -> None:
    assert settings.read(Wanted, GOOD) == Wanted(listen="127.0.0.1:0", nats_url="nats://here")


@pytest.mark.parametrize("text", ["1", "true", "YES", "On"])
def test_these_words_mean_yes(text: str) -> None:
    assert settings.read(Wanted, {**GOOD, "RETRIES": text}).retries is True


@pytest.mark.parametrize("text", ["0", "False", "no", "OFF", ""])
def test_these_words_mean_no(text: str) -> None:
    assert settings.read(Wanted, {**GOOD, "RETRIES": text}).retries is False


def test_every_missing_variable_is_named_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert complaint({}, capsys) == "cannot start: LISTEN is not set; NATS_URL is not set\n"


def test_a_variable_that_is_set_to_nothing_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert complaint({**GOOD, "LISTEN": ""}, capsys) == "cannot start: LISTEN is not set\n"


@pytest.mark.parametrize("variable", ["REPLICAS", "DRAIN_SECONDS"])
@pytest.mark.parametrize("text", ["many", "", "1,5", "nan", "inf"])
def test_a_wrong_number_is_refused(variable: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert f"{variable} is not a number: {text!r}" in complaint({**GOOD, variable: text}, capsys)


def test_a_wrong_boolean_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "RETRIES is neither true nor false: 'perhaps'" in complaint({**GOOD, "RETRIES": "perhaps"}, capsys)


def test_missing_and_wrong_variables_are_told_together(capsys: pytest.CaptureFixture[str]) -> None:
    written = complaint({"NATS_URL": "nats://here", "REPLICAS": "x", "RETRIES": "y"}, capsys)
    assert all(name in written for name in ("LISTEN is not set", "REPLICAS", "RETRIES"))
    assert "NATS_URL" not in written
