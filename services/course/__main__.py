"""The course service's process."""

from dataclasses import dataclass

from coursemesh.course.v1.course_service_pb2_grpc import add_CourseServiceServicer_to_server
from services.chassis import chassis
from services.chassis.chassis import Chassis, launch
from services.course.servicer import CourseServicer
from services.course.store import CourseStore


@dataclass(frozen=True, kw_only=True)
class Settings(chassis.Settings):
    """database_url: `mongodb://host:port/name`."""

    database_url: str


async def main(env: Settings) -> None:
    store = CourseStore(env.database_url)
    service = Chassis("course", env)
    service.serve(add_CourseServiceServicer_to_server, CourseServicer(store))
    service.keep(store)
    await service.run()


if __name__ == "__main__":
    launch("course", main, Settings)
