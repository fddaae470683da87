"""A change that breaks those who use the contracts is refused, and one that does not is let through."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUF = Path(sys.executable).parent / "buf"


def compared(proto: Path) -> "subprocess.CompletedProcess[str]":
    """buf breaking of a copy of the contracts against the contracts, with the rules of buf.yaml."""
    command = [BUF, "breaking", proto.parent, "--against", ROOT, "--config", ROOT / "buf.yaml"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def proto(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "buf.yaml", tmp_path)
    return Path(shutil.copytree(ROOT / "proto", tmp_path / "proto"))


def change(proto: Path, file: str, before: str, after: str) -> None:
    path = proto / "coursemesh" / file
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


BREAKS = {
    "a field is gone": ("user/v1/user.proto", "  string email = 2;\n", ""),
    "a field has another type": ("course/v1/course.proto", "int32 capacity = 10;", "string capacity = 10;"),
    "a field has another number": ("payment/v1/payment_events.proto", "Money amount = 4;", "Money amount = 14;"),
    "a field has another name in JSON": ("user/v1/user.proto", "string display_name = 3;", "string name = 3;"),
    "a field became one of many": ("search/v1/search.proto", "double score = 2;", "repeated double score = 2;"),
    "a state is gone": (
        "enrollment/v1/enrollment.proto",
        "  ENROLLMENT_STATE_EXPIRED = 6;\n",
        "",
    ),
    "an RPC is gone": (
        "notification/v1/notification_service.proto",
        "rpc ListNotifications(ListNotificationsRequest)",
        "rpc TellNotifications(ListNotificationsRequest)",
    ),
    "an RPC answers otherwise": (
        "user/v1/user_service.proto",
        "rpc LogOut(LogOutRequest) returns (LogOutResponse)",
        "rpc LogOut(LogOutRequest) returns (LogInResponse)",
    ),
    "an RPC streams": (
        "enrollment/v1/enrollment_service.proto",
        "rpc GetCertificate(GetCertificateRequest) returns (",
        "rpc GetCertificate(GetCertificateRequest) returns (stream ",
    ),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_copy_of_the_contracts_is_refused(what: str, proto: Path) -> None:
    change(proto, *BREAKS[what])
    result = compared(proto)
    assert result.returncode != 0, what
    assert BREAKS[what][0].rpartition("/")[2] in result.stdout + result.stderr


def test_the_contracts_as_they_are_break_nothing(proto: Path) -> None:
    assert compared(proto).returncode == 0


def test_a_new_field_is_no_break(proto: Path) -> None:
    added = "  string email = 2;\n  // The phone.\n  string phone = 7;\n"
    change(proto, "user/v1/user.proto", "  string email = 2;\n", added)
    assert compared(proto).returncode == 0, compared(proto).stdout
