"""The enrollment service's process."""

from dataclasses import dataclass
from datetime import timedelta

from coursemesh.course.v1.course_service_pb2_grpc import CourseServiceStub
from coursemesh.enrollment.v1.enrollment_service_pb2_grpc import add_EnrollmentServiceServicer_to_server
from services.chassis import chassis, migrate
from services.chassis.chassis import Chassis, launch
from services.enrollment.courses import RemoteCourses
from services.enrollment.handlers import HANDLERS
from services.enrollment.servicer import EnrollmentServicer
from services.enrollment.store import EnrollmentStore
from services.enrollment.usecases.seats import expire_due
from services.enrollment.watching import SUBJECTS, Watchers


@dataclass(frozen=True, kw_only=True)
class Settings(chassis.Settings):
    """payment_timeout_seconds: how long a payment may take before its enrollment expires."""

    database_url: str
    course_address: str
    migrate_on_start: bool = False
    payment_timeout_seconds: float = 600.0


async def main(env: Settings) -> None:
    store, watchers = EnrollmentStore(env.database_url), Watchers()
    service = Chassis("enrollment", env)
    if env.migrate_on_start:
        await migrate.ensure(store.engine, "services.enrollment.migrations")
    courses = service.connect(env.course_address, CourseServiceStub, "coursemesh.course.v1.CourseService")
    timeout = timedelta(seconds=env.payment_timeout_seconds)
    servicer = EnrollmentServicer(store, RemoteCourses(courses), watchers, timeout)
    service.serve(add_EnrollmentServiceServicer_to_server, servicer)
    service.consume(HANDLERS, store)
    service.keep(store)
    service.every(1, "expire", lambda: expire_due(store))
    service.run_always("watch", lambda: service.bus.listen(SUBJECTS, watchers.told))
    await service.run()


if __name__ == "__main__":
    launch("enrollment", main, Settings)
