"""The RPCs of the enrollment service."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta

from coursemesh.enrollment.v1 import enrollment_service_pb2 as rpc
from coursemesh.enrollment.v1.enrollment_service_pb2_grpc import EnrollmentServiceServicer
from services.chassis.checks import an_id
from services.chassis.guard import Context
from services.chassis.identity import caller, public
from services.chassis.paging import asked
from services.chassis.requests import once, once_after
from services.enrollment import wire
from services.enrollment.domain import Course, Enrollment
from services.enrollment.store import EnrollmentStore, EnrollmentUnit
from services.enrollment.usecases import finding, learning, seats
from services.enrollment.usecases.ports import Courses
from services.enrollment.watching import Watchers


class EnrollmentServicer(EnrollmentServiceServicer):
    def __init__(self, store: EnrollmentStore, courses: Courses, watchers: Watchers, timeout: timedelta) -> None:
        """timeout: how long a payment may take."""
        self.store, self.courses, self.watchers, self.timeout = store, courses, watchers, timeout

    async def Enroll(self, request: rpc.EnrollRequest, context: Context) -> rpc.EnrollResponse:
        course_id, learner_id = an_id("course_id", request.course_id), caller().id

        async def take(unit: EnrollmentUnit, course: Course) -> Enrollment:
            return await seats.enroll(unit, course, learner_id, request.payment_token, self.timeout)

        return await once_after(lambda: self.courses.get(course_id), self.store, request, take, wire.enrolled)

    async def GetEnrollment(self, request: rpc.GetEnrollmentRequest, context: Context) -> rpc.GetEnrollmentResponse:
        found = await finding.get(self.store, caller(), an_id("enrollment_id", request.enrollment_id))
        return rpc.GetEnrollmentResponse(enrollment=wire.enrollment(found))

    async def ListEnrollments(
        self, request: rpc.ListEnrollmentsRequest, context: Context
    ) -> rpc.ListEnrollmentsResponse:
        learner_id = an_id("learner_id", request.learner_id or caller().id)
        page = asked(request.page_size, request.page_token)
        return wire.enrollments(await finding.of_learner(self.store, caller(), learner_id, page))

    async def CancelEnrollment(
        self, request: rpc.CancelEnrollmentRequest, context: Context
    ) -> rpc.CancelEnrollmentResponse:
        enrollment_id, learner_id = an_id("enrollment_id", request.enrollment_id), caller().id
        return await once(
            self.store, request, lambda unit: seats.cancel(unit, learner_id, enrollment_id), wire.cancelled
        )

    async def RecordProgress(self, request: rpc.RecordProgressRequest, context: Context) -> rpc.RecordProgressResponse:
        enrollment_id, lesson_id = an_id("enrollment_id", request.enrollment_id), an_id("lesson_id", request.lesson_id)
        learner_id = caller().id
        return await once(
            self.store,
            request,
            lambda unit: learning.record_progress(unit, learner_id, enrollment_id, lesson_id),
            wire.progressed,
        )

    @public
    async def GetCertificate(self, request: rpc.GetCertificateRequest, context: Context) -> rpc.GetCertificateResponse:
        return wire.certificate(await finding.certificate(self.store, request.code))

    async def WatchEnrollment(
        self, request: rpc.WatchEnrollmentRequest, context: Context
    ) -> AsyncIterator[rpc.WatchEnrollmentResponse]:
        enrollment_id = an_id("enrollment_id", request.enrollment_id)
        async with aclosing(self.watchers.watch(self.store, caller(), enrollment_id)) as states:
            async for state in states:
                yield rpc.WatchEnrollmentResponse(enrollment=wire.enrollment(state))
