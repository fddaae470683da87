"""Payments: asked for, called off, read, given back."""

from datetime import UTC, datetime

from services.chassis.facts import new_id
from services.chassis.identity import ADMIN, Caller
from services.chassis.paging import Asked as PageAsked
from services.chassis.paging import Page, page
from services.chassis.refusals import NotFound, PermissionDenied
from services.payment import domain
from services.payment.domain import Asked, Payment
from services.payment.usecases.ports import Store, Unit


async def request(unit: Unit, asked: Asked) -> None:
    """An enrollment is to be paid. One that has a payment already keeps it."""
    now = datetime.now(UTC)
    if not await unit.add(domain.request(new_id(), asked, now)):
        there = _there(await unit.hold_for(asked.enrollment_id))
        await unit.save(domain.request_late(there, asked, now))


async def call_off(unit: Unit, enrollment_id: str, learner_id: str, course_id: str) -> None:
    """An enrollment is over, asked to be paid or not: facts come out of order."""
    now = datetime.now(UTC)
    if not await unit.add(domain.never_charge(new_id(), enrollment_id, learner_id, course_id, now)):
        there = _there(await unit.hold_for(enrollment_id))
        await unit.save(domain.call_off(there, now))


async def refund(unit: Unit, payment_id: str) -> Payment:
    """On its way back; the provider follows."""
    payment = domain.refund(_asked_for(await unit.hold(payment_id)), datetime.now(UTC))
    await unit.save(payment)
    return payment


async def get(store: Store, caller: Caller, payment_id: str) -> Payment:
    async with store.read() as unit:
        found = await unit.payment(payment_id)
    return _asked_for(found if found and caller.may_see(found.learner_id) else None)


async def of_learner(store: Store, caller: Caller, learner_id: str, asked: PageAsked) -> Page[Payment]:
    if not caller.may_see(learner_id):
        raise PermissionDenied("ROLE_NEEDED", "this needs the role of admin", roles=ADMIN)
    async with store.read() as unit:
        return page(await unit.payments(learner_id, asked), asked.size, lambda payment: payment.id)


def _asked_for(payment: Payment | None) -> Payment:
    payment = _there(payment)
    return payment if payment.asked_for else _there(None)


def _there(payment: Payment | None) -> Payment:
    if payment is None:
        raise NotFound("PAYMENT_UNKNOWN", "there is no such payment")
    return payment
