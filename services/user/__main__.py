"""The user service's process."""

from dataclasses import dataclass
from pathlib import Path

from coursemesh.user.v1.user_service_pb2_grpc import add_UserServiceServicer_to_server
from services.chassis import chassis, migrate
from services.chassis.chassis import Chassis, launch
from services.user.passwords import Argon2
from services.user.servicer import UserServicer
from services.user.store import UserStore
from services.user.usecases.accounts import ensure_admin
from services.user.usecases.keys import KeyRing, rotate_if_due


@dataclass(frozen=True, kw_only=True)
class Settings(chassis.Settings):
    """admin_email, admin_password_file: the first admin, made when there is no such account."""

    database_url: str
    migrate_on_start: bool = False
    admin_email: str = ""
    admin_password_file: str = ""


async def main(env: Settings) -> None:
    store, passwords = UserStore(env.database_url), Argon2()
    ring = KeyRing(store)
    service = Chassis("user", env, keys=ring)
    if env.migrate_on_start:
        await migrate.ensure(store.engine, "services.user.migrations")
    await rotate_if_due(store)
    if env.admin_email:
        password = Path(env.admin_password_file).read_text().strip()  # noqa: ASYNC240 - before anything is served
        await ensure_admin(store, passwords, env.admin_email, password)
    service.serve(add_UserServiceServicer_to_server, UserServicer(store, passwords, ring))
    service.keep(store)
    service.every(3600, "rotate", lambda: rotate_if_due(store))
    await service.run()


if __name__ == "__main__":
    launch("user", main, Settings)
