"""Learning: lessons done, up to the certificate."""

import secrets
from datetime import UTC, datetime

from services.enrollment import domain
from services.enrollment.domain import Enrollment
from services.enrollment.usecases.finding import own
from services.enrollment.usecases.ports import Unit
from services.enrollment.usecases.seats import save


async def record_progress(unit: Unit, learner_id: str, enrollment_id: str, lesson_id: str) -> Enrollment:
    before = own(await unit.enrollment(enrollment_id), learner_id)
    seats = await unit.seats(before.course_id)
    assert seats is not None  # noqa: S101 - an enrollment's course was kept when the seat was taken
    code = "".join(secrets.choice(domain.CODE_ALPHABET) for _ in range(domain.CODE_LENGTH))
    return await save(unit, before, domain.record_progress(before, seats.course, lesson_id, code, datetime.now(UTC)))
