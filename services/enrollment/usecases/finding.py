"""Enrollments and certificates: found and read."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.chassis.identity import Caller
from services.chassis.paging import Asked, Page, page
from services.chassis.refusals import NotFound, PermissionDenied, Unavailable
from services.enrollment.domain import CODE_ALPHABET, CODE_LENGTH, Enrollment, Learner
from services.enrollment.usecases.ports import Store


@dataclass(frozen=True, slots=True)
class Certificate:
    enrollment: Enrollment
    learner: Learner


async def get(store: Store, caller: Caller, enrollment_id: str) -> Enrollment:
    async with store.read() as unit:
        found = await unit.enrollment(enrollment_id)
    if found is None or not caller.may_see(found.learner_id):
        raise _unknown()
    return found


async def of_learner(store: Store, caller: Caller, learner_id: str, asked: Asked) -> Page[Enrollment]:
    if not caller.may_see(learner_id):
        raise PermissionDenied("ROLE_NEEDED", "only an admin may list somebody else's enrollments", roles="admin")
    async with store.read() as unit:
        found: Sequence[Enrollment] = await unit.enrollments(learner_id, asked)
    return page(found, asked.size, lambda enrollment: enrollment.id)


async def certificate(store: Store, code: str) -> Certificate:
    code = code.strip().upper()
    looks_right = len(code) == CODE_LENGTH and set(code) <= set(CODE_ALPHABET)
    async with store.read() as unit:
        found = await unit.certified(code) if looks_right else None
    if found is None:
        raise NotFound("CERTIFICATE_UNKNOWN", "there is no certificate with this code")
    enrollment, learner = found
    if learner is None:
        raise Unavailable("NAME_ON_ITS_WAY", "the learner's name is not known here yet; try again", retry_after=1)
    return Certificate(enrollment, learner)


def own(enrollment: Enrollment | None, learner_id: str) -> Enrollment:
    """The enrollment, if it is this learner's: somebody else's is as if it were not there."""
    if enrollment is None or enrollment.learner_id != learner_id:
        raise _unknown()
    return enrollment


def _unknown() -> NotFound:
    return NotFound("ENROLLMENT_UNKNOWN", "there is no such enrollment")
