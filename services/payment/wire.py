"""Between the domain and the contract."""

import re

from coursemesh.enrollment.v1.enrollment_events_pb2 import EnrollmentRequested
from coursemesh.payment.v1 import payment_events_pb2 as events
from coursemesh.payment.v1 import payment_pb2 as pb
from coursemesh.payment.v1 import payment_service_pb2 as rpc
from services.chassis.checks import Checks
from services.chassis.facts import Malformed
from services.chassis.paging import Page
from services.chassis.refusals import InvalidArgument
from services.chassis.wire import timestamp
from services.payment.domain import (
    NOTHING,
    Asked,
    Money,
    Payment,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    State,
)
from services.payment.usecases.ports import PaymentFact

_STATES = {
    State.PENDING: pb.PAYMENT_STATE_PENDING,
    State.CAPTURED: pb.PAYMENT_STATE_CAPTURED,
    State.DECLINED: pb.PAYMENT_STATE_DECLINED,
    State.REFUNDING: pb.PAYMENT_STATE_REFUNDING,
    State.REFUNDED: pb.PAYMENT_STATE_REFUNDED,
    State.VOIDED: pb.PAYMENT_STATE_VOIDED,
}
_CURRENCY = re.compile(r"[A-Z]{3}")


def payment(found: Payment) -> pb.Payment:
    return pb.Payment(
        id=found.id,
        enrollment_id=found.enrollment_id,
        learner_id=found.learner_id,
        course_id=found.course_id,
        amount=_money(found.amount),
        state=_STATES[found.state],
        decline_reason=found.decline_reason,
        create_time=timestamp(found.created),
        update_time=timestamp(found.updated),
    )


def payments(page: Page[Payment]) -> rpc.ListPaymentsResponse:
    return rpc.ListPaymentsResponse(payments=map(payment, page.rows), next_page_token=page.next_token)


def refunding(found: Payment) -> rpc.RefundPaymentResponse:
    return rpc.RefundPaymentResponse(payment=payment(found))


def asked(fact: EnrollmentRequested) -> Asked:
    """What the fact asks to be paid; raises Malformed for what no enrollment asks, which only a defect can send."""
    price = Money(fact.price.amount_minor, fact.price.currency_code)
    try:
        with Checks() as checks:
            for field in ("enrollment_id", "learner_id", "course_id"):
                checks.id(field, getattr(fact, field))
            checks.that(price.amount_minor > 0, "price.amount_minor", "give a positive number")
            known = _CURRENCY.fullmatch(price.currency) is not None and price.currency != NOTHING.currency
            checks.that(known, "price.currency_code", "give three upper-case letters")
    except InvalidArgument as wrong:
        raise Malformed(wrong.message) from None
    return Asked(fact.enrollment_id, fact.learner_id, fact.course_id, price, fact.payment_token)


def fact(happened: PaymentFact) -> events.PaymentCaptured | events.PaymentDeclined | events.PaymentRefunded:
    paid = happened.payment
    common = {"payment_id": paid.id, "enrollment_id": paid.enrollment_id, "learner_id": paid.learner_id}
    match happened:
        case PaymentCaptured():
            return events.PaymentCaptured(**common, amount=_money(paid.amount))
        case PaymentDeclined():
            return events.PaymentDeclined(**common, amount=_money(paid.amount), decline_reason=paid.decline_reason)
        case PaymentRefunded():
            return events.PaymentRefunded(**common, amount=_money(paid.amount))


def _money(money: Money) -> pb.Money:
    return pb.Money(amount_minor=money.amount_minor, currency_code=money.currency)
