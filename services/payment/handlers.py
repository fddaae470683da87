"""What the payment service does about facts of enrollments. They come in any order, and PENDING may follow the end."""

from coursemesh.enrollment.v1.enrollment_events_pb2 import EnrollmentCancelled, EnrollmentExpired, EnrollmentRequested
from services.chassis.consumer import Handlers
from services.payment import wire
from services.payment.usecases import payments
from services.payment.usecases.ports import Unit


async def charge(unit: Unit, fact: EnrollmentRequested) -> None:
    """A seat is held and waits for its payment."""
    await payments.request(unit, wire.asked(fact))


async def call_off(unit: Unit, fact: EnrollmentCancelled | EnrollmentExpired) -> None:
    """The seat is released, so nothing may be charged for it, or stay charged."""
    await payments.call_off(unit, fact.enrollment_id, fact.learner_id, fact.course_id)


HANDLERS: Handlers = {EnrollmentRequested: charge, EnrollmentCancelled: call_off, EnrollmentExpired: call_off}
