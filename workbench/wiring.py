"""What one system consists of: each service's settings, and the infrastructure it needs."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from workbench import credentials, languages, ports, readiness
from workbench.environment import meant_for
from workbench.infrastructure import documents, mail, nats, postgres
from workbench.place import ROOT, Place
from workbench.plan import Plan, Program
from workbench.ports import HOST

DEFAULT_PORTS = {
    "user": 50051,
    "course": 50052,
    "enrollment": 50053,
    "payment": 50054,
    "notification": 50055,
    "search": 50056,
    "gateway": 8080,
}
SERVICES = tuple(DEFAULT_PORTS)
# The gateway also leads to these; where one is not running, it is told no address and answers for it.
_GATEWAY_CALLS = ("user", "course", "enrollment", "payment", "notification", "search")
# The SQL databases, and the service that opens each. The provider's ledger is the card network's own.
_SQL = {
    "user": "user",
    "enrollment": "enrollment",
    "payment": "payment",
    "provider": "payment",
    "notification": "notification",
}
_SQL_SETTING = {"provider": "PROVIDER_URL"}


@dataclass(frozen=True)
class Wanted:
    """What the caller asked for."""

    auto_ports: bool = False
    without: frozenset[str] = field(default_factory=frozenset)
    servers: bool = False
    restart: bool = True
    # The Python package that the services are modules of.
    package: str = "services"

    @property
    def services(self) -> list[str]:
        return [name for name in SERVICES if name not in self.without]


def build(place: Place, wanted: Wanted, environ: Mapping[str, str] = os.environ) -> Plan:
    """Prepares the infrastructure's files in the place and says what to run. Refuses when a wanted port is taken."""
    service_ports = _service_ports(wanted)
    passwords = credentials.ensure(place, [credentials.NATS, credentials.ADMIN, credentials.CAST, *_SQL])
    infrastructure = _infrastructure(place, wanted, passwords, set(service_ports.values()))
    stores = _stores(place, wanted, passwords, infrastructure)
    settings = _Settings(place, infrastructure, stores, service_ports)
    return Plan(
        infrastructure=list(infrastructure.values()),
        services=[_service(name, wanted, settings, environ) for name in wanted.services],
        restart=wanted.restart,
        stores=stores,
    )


def _service_ports(wanted: Wanted) -> dict[str, int]:
    """Also of those left out, so that who calls them has an address at which nobody answers."""
    if wanted.auto_ports:
        chosen: dict[str, int] = {}
        for name in SERVICES:
            chosen[name] = ports.free(chosen.values())
        return chosen
    ports.check({name: DEFAULT_PORTS[name] for name in wanted.services})
    return DEFAULT_PORTS


def _infrastructure(place: Place, wanted: Wanted, passwords: dict[str, str], taken: set[int]) -> dict[str, Program]:
    def port() -> int:
        taken.add(chosen := ports.free(taken))
        return chosen

    found = {"nats": nats.prepare(place.infrastructure("nats"), port(), passwords[credentials.NATS])}
    if "course" in wanted.services:
        found["documents"] = documents.prepare(place.infrastructure("documents"), port())
    if "notification" in wanted.services:
        found["mail"] = mail.prepare(place.infrastructure("mail"), port())
    if wanted.servers:
        databases = {name: passwords[name] for name in _SQL}
        found["postgres"] = postgres.prepare(place.infrastructure("postgres"), port(), databases)
    return found


def _stores(
    place: Place, wanted: Wanted, passwords: dict[str, str], infrastructure: dict[str, Program]
) -> dict[str, str]:
    """Where each database is, for the services that are wanted."""
    names = [name for name, owner in _SQL.items() if owner in wanted.services]
    if wanted.servers:
        port = infrastructure["postgres"].port
        found = {name: postgres.url(port, name, passwords[name]) for name in names}
    else:
        found = {name: f"sqlite+aiosqlite:///{place.sql / name}.db" for name in names}
    if "documents" in infrastructure:
        found["course"] = f"{infrastructure['documents'].address}/course"
    return found


@dataclass(frozen=True)
class _Settings:
    place: Place
    infrastructure: dict[str, Program]
    stores: dict[str, str]
    ports: dict[str, int]

    def address(self, name: str) -> str:
        return f"{HOST}:{self.ports[name]}"

    def of(self, name: str, wanted: Wanted) -> dict[str, str]:
        common = {"LISTEN": self.address(name), "NATS_URL": self.infrastructure["nats"].address, "LOG_LEVEL": "INFO"}
        if name != "user":
            common["USER_ADDRESS"] = self.address("user")
        return common | self._store(name) | self._own(name, wanted)

    def _store(self, name: str) -> dict[str, str]:
        if name == "course":
            return {"DATABASE_URL": self.stores[name]}
        databases = [database for database, owner in _SQL.items() if owner == name]
        found = {_SQL_SETTING.get(database, "DATABASE_URL"): self.stores[database] for database in databases}
        return found | ({"MIGRATE_ON_START": "1"} if found else {})

    def _own(self, name: str, wanted: Wanted) -> dict[str, str]:
        match name:
            case "user":
                password = str(self.place.admin_password)
                return {"ADMIN_EMAIL": credentials.ADMIN_EMAIL, "ADMIN_PASSWORD_FILE": password}
            case "enrollment":
                return {"COURSE_ADDRESS": self.address("course")}
            case "notification":
                return {"SMTP_URL": self.infrastructure["mail"].address}
            case "search":
                return {"DATA_DIR": str(self.place.infrastructure("search"))}
            case "gateway":
                running = wanted.services
                return {f"{n.upper()}_ADDRESS": self.address(n) if n in running else "" for n in _GATEWAY_CALLS}
        return {}


def _service(name: str, wanted: Wanted, settings: _Settings, environ: Mapping[str, str]) -> Program:
    return Program(
        name=name,
        command=_command(name, wanted),
        port=settings.ports[name],
        speaks=readiness.HTTP if name == "gateway" else readiness.GRPC,
        address=settings.address(name),
        env=settings.of(name, wanted) | meant_for(name, environ),
        cwd=str(ROOT),
    )


def _command(name: str, wanted: Wanted) -> list[str]:
    if wanted.package == "services" and name in languages.SERVICES:
        return languages.command(name)
    return [sys.executable, "-m", f"{wanted.package}.{name}"]
