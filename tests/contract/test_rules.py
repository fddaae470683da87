"""Rules of our contracts that no linter knows."""

import re
from pathlib import Path

import pytest
from google.protobuf.descriptor import Descriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from tests.contract.described import SERVICES, facts, files, messages, methods

ROOT = Path(__file__).parents[2]
READS = ("Get", "List", "BatchGet", "Search", "Suggest", "Recommend", "Watch")
# These change something and take no request_id: a session is for whoever holds the password or the token, each time.
WITHOUT_REQUEST_ID = {"LogIn", "RefreshToken", "LogOut"}

DESIGNED_FACTS = {
    "user": {"UserRegistered", "UserProfileChanged"},
    "course": {"CoursePublished", "CourseUpdated", "CourseArchived"},
    "enrollment": {
        *("EnrollmentRequested", "EnrollmentActivated", "EnrollmentDeclined", "EnrollmentCancelled"),
        *("EnrollmentExpired", "LessonCompleted", "CourseCompleted", "CertificateIssued"),
    },
    "payment": {
        *("PaymentCaptured", "PaymentDeclined", "PaymentRefunded"),
        *("SubscriptionStarted", "SubscriptionRenewed", "SubscriptionLapsed"),
    },
    "notification": {"NotificationSent"},
}

each_method = pytest.mark.parametrize("method", methods(), ids=lambda method: method.full_name)


def level(method: MethodDescriptor) -> int:
    return int(method.GetOptions().idempotency_level)


@each_method
def test_a_method_that_reads_says_so(method: MethodDescriptor) -> None:
    assert method.name.startswith(READS) == (level(method) == MethodOptions.NO_SIDE_EFFECTS)


@each_method
def test_a_change_takes_a_request_id_exactly_when_it_may_be_repeated(method: MethodDescriptor) -> None:
    takes_one = "request_id" in method.input_type.fields_by_name
    if method.name in WITHOUT_REQUEST_ID:
        assert not takes_one
    else:
        assert takes_one == (level(method) == MethodOptions.IDEMPOTENT)


@each_method
def test_a_list_is_paged_and_its_results_come_first(method: MethodDescriptor) -> None:
    if method.name.startswith("List") or method.name == "Search":
        assert {"page_size", "page_token"} <= set(method.input_type.fields_by_name)
        assert "next_page_token" in method.output_type.fields_by_name
        assert method.output_type.fields[0].is_repeated


@pytest.mark.parametrize("service", SERVICES)
def test_a_contract_builds_with_nothing_but_googles_own_types(service: str) -> None:
    for file in files(service):
        outside = [each.name for each in file.dependencies if not each.name.startswith(f"coursemesh/{service}/v1/")]
        assert all(name.startswith("google/protobuf/") for name in outside)


def test_there_is_every_fact_of_the_design() -> None:
    designed = {f"coursemesh.{service}.v1.{name}" for service, names in DESIGNED_FACTS.items() for name in names}
    assert {fact.full_name for fact in facts()} == designed


@pytest.mark.parametrize("message", list(messages()), ids=lambda message: message.full_name)
def test_what_is_secret_is_marked_as_such(message: Descriptor) -> None:
    for field in message.fields:
        secret = field.name in {"password", "token", "refresh_token", "payment_token"}
        assert field.GetOptions().debug_redact == secret, field.full_name


REASON = re.compile(
    r"\b(?:NotFound|AlreadyExists|FailedPrecondition|PermissionDenied|Aborted|Unauthenticated|ResourceExhausted)"
    r'\(\s*"([A-Z_]+)"'
)
# Said once in the contract's head or by every service alike, and not with each RPC.
BY_THE_CHASSIS = {"TRY_AGAIN"}


@pytest.mark.parametrize("service", ["user", "course", "enrollment", "payment"])
def test_every_reason_that_a_service_gives_is_in_its_contract(service: str) -> None:
    sources = (ROOT / "services" / service).rglob("*.py")
    given = {reason for path in sources for reason in REASON.findall(path.read_text())}
    contract = (ROOT / "proto" / "coursemesh" / service / "v1" / f"{service}_service.proto").read_text()
    assert given, "the pattern finds nothing any more"
    assert given - BY_THE_CHASSIS <= set(re.findall(r"[A-Z][A-Z_]+", contract))


@pytest.mark.parametrize("service", ["user", "course", "enrollment", "payment"])
def test_every_reason_in_a_contract_is_given_by_somebody(service: str) -> None:
    contract = (ROOT / "proto" / "coursemesh" / service / "v1" / f"{service}_service.proto").read_text()
    promised = {
        reason for group in re.findall(r"\(([A-Z_, \n/]+)\)", contract) for reason in re.findall(r"[A-Z_]+", group)
    }
    sources = (ROOT / "services").rglob("*.py")  # a service passes on what another one refuses
    text = "".join(path.read_text() for path in sources)
    later = {"SUBSCRIBED", "SUBSCRIPTION_UNKNOWN"}  # subscriptions are not served yet
    assert {reason for reason in promised if f'"{reason}"' not in text} - later == set()
