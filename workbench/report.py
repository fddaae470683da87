"""What `status` tells about a running system, for people and for programs."""

from dataclasses import asdict
from typing import Any

from workbench import credentials, health, memory, state
from workbench.memory import Memory
from workbench.place import Place
from workbench.plan import Plan
from workbench.state import Running, State

Report = dict[str, Any]


def describe(place: Place, plan: Plan) -> Report:
    """Everything a tool or a test needs, passwords included."""
    found = state.read(place.state)
    statuses = health.ask_all(plan.services)
    return {
        "gateway": {"url": gateway_url(plan)},
        "services": {
            program.name: {
                "address": program.address,
                "status": statuses[program.name],
                "pid": _of(found, program.name).pid,
                "restarts": _of(found, program.name).restarts,
            }
            for program in plan.services
        },
        "infrastructure": {
            program.name: {"url": program.address, "pid": _of(found, program.name).pid}
            for program in plan.infrastructure
        },
        "memory": asdict(memory_of(found)),
        "stores": plan.stores,
        "data": str(place.data),
        "admin": {
            "email": credentials.ADMIN_EMAIL,
            "password": credentials.read(place).get(credentials.ADMIN),
        },
    }


def memory_of(found: State | None) -> Memory:
    """Of every process of the system, its supervisor included."""
    pids = [found.pid, *(program.pid for program in found.programs.values())] if found else []
    return memory.of(pids)


def gateway_url(plan: Plan) -> str | None:
    return next((f"http://{program.address}" for program in plan.services if program.name == "gateway"), None)


def _of(found: State | None, name: str) -> Running:
    return found.programs.get(name, Running()) if found else Running()
