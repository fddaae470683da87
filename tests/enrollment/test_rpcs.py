"""The RPCs on a real server: what they answer, what they refuse and why."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from coursemesh.enrollment.v1 import enrollment_pb2 as pb
from coursemesh.enrollment.v1 import enrollment_service_pb2 as rpc
from coursemesh.enrollment.v1.enrollment_service_pb2_grpc import EnrollmentServiceStub
from coursemesh.payment.v1.payment_events_pb2 import PaymentCaptured, PaymentRefunded
from coursemesh.user.v1.user_events_pb2 import UserProfileChanged, UserRegistered
from coursemesh.user.v1.user_pb2 import User
from services.chassis.facts import new_id
from services.chassis.identity import Caller
from services.chassis.wire import timestamp
from services.enrollment.domain import Course
from services.enrollment.store import EnrollmentStore
from services.enrollment.watching import Watchers
from tests.enrollment.conftest import Catalog, a_course
from tests.enrollment.test_saga import deliver
from tests.support.serving import refusal, violations
from tests.support.tokens import Signer, bearer


def asks(course: Course, request_id: str = "", token: str = "tok_ok") -> rpc.EnrollRequest:
    return rpc.EnrollRequest(request_id=request_id or new_id(), course_id=course.id, payment_token=token)


async def enroll(stub: EnrollmentServiceStub, course: Course, who: Caller, request_id: str = "") -> pb.Enrollment:
    return (await stub.Enroll(asks(course, request_id), metadata=bearer(who))).enrollment


async def refused(call: Any) -> tuple[str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return refusal(caught.value)


async def pay(store: EnrollmentStore, enrollment: pb.Enrollment) -> None:
    await deliver(store, PaymentCaptured(payment_id=new_id(), enrollment_id=enrollment.id))


async def progress(stub: EnrollmentServiceStub, who: Caller, enrollment_id: str, lesson_id: str) -> pb.Enrollment:
    request = rpc.RecordProgressRequest(request_id=new_id(), enrollment_id=enrollment_id, lesson_id=lesson_id)
    return (await stub.RecordProgress(request, metadata=bearer(who))).enrollment


async def test_a_learner_goes_from_the_seat_to_the_certificate(
    stub: EnrollmentServiceStub, store: EnrollmentStore, catalog: Catalog, signer: Signer
) -> None:
    course, learner = catalog.add(a_course(lessons=2)), signer.caller()
    now = datetime.now(UTC)
    user = User(id=learner.id, display_name="Ada Lovelace", update_time=timestamp(now))
    await deliver(store, UserRegistered(user=user))
    enrollment = await enroll(stub, course, learner)
    assert enrollment.state == pb.ENROLLMENT_STATE_PENDING
    assert enrollment.price == pb.Money(amount_minor=4900, currency_code="EUR")
    await pay(store, enrollment)
    for lesson_id in course.lesson_ids:
        enrollment = await progress(stub, learner, enrollment.id, lesson_id)
    assert enrollment.state == pb.ENROLLMENT_STATE_COMPLETED
    answer = await stub.GetCertificate(rpc.GetCertificateRequest(code=enrollment.certificate_code.lower()))
    assert answer.certificate.learner_name == "Ada Lovelace"
    assert answer.certificate.course_title == course.title


async def test_a_certificate_bears_the_name_of_today_whatever_order_the_names_came_in(
    stub: EnrollmentServiceStub, store: EnrollmentStore, catalog: Catalog, signer: Signer
) -> None:
    course, learner = catalog.add(a_course(lessons=1, amount_minor=0)), signer.caller()
    enrollment = await enroll(stub, course, learner)
    enrollment = await progress(stub, learner, enrollment.id, course.lesson_ids[0])
    request = rpc.GetCertificateRequest(code=enrollment.certificate_code)
    assert await refused(stub.GetCertificate(request)) == ("UNAVAILABLE", "NAME_ON_ITS_WAY")
    late, early = datetime(2026, 2, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    renamed = User(id=learner.id, display_name="New Name", update_time=timestamp(late))
    await deliver(store, UserProfileChanged(user=renamed))
    first = User(id=learner.id, display_name="Old Name", update_time=timestamp(early))
    await deliver(store, UserRegistered(user=first))
    assert (await stub.GetCertificate(request)).certificate.learner_name == "New Name"


async def test_a_refund_takes_the_certificate_back(
    stub: EnrollmentServiceStub, store: EnrollmentStore, catalog: Catalog, signer: Signer
) -> None:
    course, learner = catalog.add(a_course(lessons=1)), signer.caller()
    enrollment = await enroll(stub, course, learner)
    await pay(store, enrollment)
    enrollment = await progress(stub, learner, enrollment.id, course.lesson_ids[0])
    await deliver(store, PaymentRefunded(payment_id=new_id(), enrollment_id=enrollment.id))
    request = rpc.GetCertificateRequest(code=enrollment.certificate_code)
    assert await refused(stub.GetCertificate(request)) == ("NOT_FOUND", "CERTIFICATE_UNKNOWN")


async def test_a_code_that_is_made_up_verifies_nothing(stub: EnrollmentServiceStub) -> None:
    for code in ("", "A" * 20, "' OR 1=1 --", "\x00", "x" * 10_000):
        call = stub.GetCertificate(rpc.GetCertificateRequest(code=code))
        assert await refused(call) == ("NOT_FOUND", "CERTIFICATE_UNKNOWN")


async def test_somebody_elses_enrollment_is_as_if_it_were_not_there(
    stub: EnrollmentServiceStub, catalog: Catalog, signer: Signer
) -> None:
    course = catalog.add(a_course(amount_minor=0))
    theirs = await enroll(stub, course, signer.caller())
    me, unknown = bearer(signer.caller()), ("NOT_FOUND", "ENROLLMENT_UNKNOWN")
    cancel = rpc.CancelEnrollmentRequest(request_id="1", enrollment_id=theirs.id)
    learn = rpc.RecordProgressRequest(request_id="1", enrollment_id=theirs.id, lesson_id=course.lesson_ids[0])
    watch = stub.WatchEnrollment(rpc.WatchEnrollmentRequest(enrollment_id=theirs.id), metadata=me)
    get = rpc.GetEnrollmentRequest(enrollment_id=theirs.id)
    assert await refused(stub.GetEnrollment(get, metadata=me)) == unknown
    assert await refused(stub.CancelEnrollment(cancel, metadata=me)) == unknown
    assert await refused(stub.RecordProgress(learn, metadata=me)) == unknown
    assert await refused(watch.read()) == unknown
    admin = bearer(signer.caller("admin"))
    assert (await stub.GetEnrollment(get, metadata=admin)).enrollment == theirs
    assert await refused(stub.CancelEnrollment(cancel, metadata=admin)) == unknown


async def test_only_an_admin_lists_somebody_elses_enrollments(
    stub: EnrollmentServiceStub, catalog: Catalog, signer: Signer
) -> None:
    learner = signer.caller()
    theirs = await enroll(stub, catalog.add(a_course()), learner)
    request = rpc.ListEnrollmentsRequest(learner_id=learner.id)
    call = stub.ListEnrollments(request, metadata=bearer(signer.caller("instructor")))
    assert await refused(call) == ("PERMISSION_DENIED", "ROLE_NEEDED")
    listed = await stub.ListEnrollments(request, metadata=bearer(signer.caller("admin")))
    assert list(listed.enrollments) == [theirs]


async def test_pages_hold_every_enrollment_once_newest_first(
    stub: EnrollmentServiceStub, catalog: Catalog, signer: Signer
) -> None:
    learner = signer.caller()
    made = [(await enroll(stub, catalog.add(a_course()), learner)).id for _ in range(5)]
    seen: list[str] = []
    token = ""
    for _ in range(3):
        request = rpc.ListEnrollmentsRequest(page_size=2, page_token=token)
        page = await stub.ListEnrollments(request, metadata=bearer(learner))
        seen += [each.id for each in page.enrollments]
        token = page.next_page_token
    assert (seen, token) == (made[::-1], "")


async def test_bad_input_names_the_field_and_changes_nothing(
    stub: EnrollmentServiceStub, catalog: Catalog, signer: Signer
) -> None:
    course, me = catalog.add(a_course()), bearer(signer.caller())
    calls = {
        "course_id": stub.Enroll(rpc.EnrollRequest(request_id="1", course_id="\x00"), metadata=me),
        "request_id": stub.Enroll(rpc.EnrollRequest(course_id=course.id, payment_token="tok_ok"), metadata=me),
        "payment_token": stub.Enroll(asks(course, token=""), metadata=me),
        "enrollment_id": stub.GetEnrollment(rpc.GetEnrollmentRequest(enrollment_id="1' OR '1'='1"), metadata=me),
        "page_token": stub.ListEnrollments(rpc.ListEnrollmentsRequest(page_token="made-up"), metadata=me),
        "learner_id": stub.ListEnrollments(rpc.ListEnrollmentsRequest(learner_id="nobody"), metadata=me),
    }
    for field, call in calls.items():
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        assert refusal(caught.value) == ("INVALID_ARGUMENT", "INVALID_INPUT")
        assert list(violations(caught.value)) == [field]
    listed = await stub.ListEnrollments(rpc.ListEnrollmentsRequest(), metadata=me)
    assert not listed.enrollments


async def test_twenty_equal_requests_at_once_take_one_seat_and_get_one_answer(
    stub: EnrollmentServiceStub, store: EnrollmentStore, catalog: Catalog, signer: Signer
) -> None:
    course, learner = catalog.add(a_course()), signer.caller()
    request, me = asks(course, "the-same"), bearer(signer.caller(user_id=learner.id))
    answers = await asyncio.gather(*(stub.Enroll(request, metadata=me) for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    await pay(store, answers[0].enrollment)
    catalog.courses.clear()  # the first answer needs nobody any more
    assert await stub.Enroll(request, metadata=me) == answers[0]
    other = asks(course, "the-same", token="tok_other")
    assert await refused(stub.Enroll(other, metadata=me)) == ("ABORTED", "REQUEST_REUSED")


async def test_a_course_that_is_closed_or_not_there_takes_nobody(
    stub: EnrollmentServiceStub, catalog: Catalog, signer: Signer
) -> None:
    me = bearer(signer.caller())
    assert await refused(stub.Enroll(asks(a_course()), metadata=me)) == ("NOT_FOUND", "COURSE_UNKNOWN")
    closed = catalog.add(replace(a_course(), is_open=False))
    assert await refused(stub.Enroll(asks(closed), metadata=me)) == ("FAILED_PRECONDITION", "COURSE_CLOSED")


async def test_a_learner_pays_the_price_of_the_moment(
    stub: EnrollmentServiceStub, catalog: Catalog, signer: Signer
) -> None:
    course = catalog.add(a_course())
    await enroll(stub, course, signer.caller())
    catalog.change(course, price=replace(course.price, amount_minor=9900))
    assert (await enroll(stub, course, signer.caller())).price.amount_minor == 9900


async def test_every_rpc_but_the_certificate_needs_a_token(stub: EnrollmentServiceStub) -> None:
    calls = [
        stub.Enroll(rpc.EnrollRequest()),
        stub.GetEnrollment(rpc.GetEnrollmentRequest()),
        stub.ListEnrollments(rpc.ListEnrollmentsRequest()),
        stub.CancelEnrollment(rpc.CancelEnrollmentRequest()),
        stub.RecordProgress(rpc.RecordProgressRequest()),
        stub.WatchEnrollment(rpc.WatchEnrollmentRequest()).read(),
    ]
    for call in calls:
        assert await refused(call) == ("UNAUTHENTICATED", "TOKEN_MISSING")


async def test_a_watcher_sees_each_change_and_the_end(
    stub: EnrollmentServiceStub, store: EnrollmentStore, catalog: Catalog, watchers: Watchers, signer: Signer
) -> None:
    course, learner = catalog.add(a_course()), signer.caller()
    # Stands in for the broker's fan-out: whatever is committed is told.
    store.committed = lambda committed: [watchers.told(fact) for fact in committed] and None
    enrollment = await enroll(stub, course, learner)
    call = stub.WatchEnrollment(rpc.WatchEnrollmentRequest(enrollment_id=enrollment.id), metadata=bearer(learner))
    states = [(await call.read()).enrollment.state]
    await pay(store, enrollment)
    states.append((await call.read()).enrollment.state)
    cancel = rpc.CancelEnrollmentRequest(request_id="1", enrollment_id=enrollment.id)
    await stub.CancelEnrollment(cancel, metadata=bearer(learner))
    states.append((await call.read()).enrollment.state)
    assert await call.read() is grpc.aio.EOF
    names = [pb.EnrollmentState.Name(state).rpartition("_")[2] for state in states]
    assert names == ["PENDING", "ACTIVE", "CANCELLED"]


async def test_a_watcher_who_leaves_leaves_nothing_behind(
    stub: EnrollmentServiceStub, catalog: Catalog, watchers: Watchers, signer: Signer
) -> None:
    learner = signer.caller()
    enrollment = await enroll(stub, catalog.add(a_course()), learner)
    watch = rpc.WatchEnrollmentRequest(enrollment_id=enrollment.id)
    calls = [stub.WatchEnrollment(watch, metadata=bearer(learner)) for _ in range(5)]
    for call in calls:
        await call.read()
    assert watchers.count == 5
    for call in calls:
        call.cancel()
    async with asyncio.timeout(5):
        while watchers.count:
            await asyncio.sleep(0.01)
