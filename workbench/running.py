"""The running system that a command is about."""

from workbench import plan as plans
from workbench import state
from workbench.place import Place
from workbench.plan import Plan, Program
from workbench.refusal import Refusal
from workbench.state import State


class NotRunning(Refusal):
    """There is no system in that data directory."""


def plan_of(place: Place) -> Plan:
    if not place.is_held():
        raise NotRunning(f"nothing is running in {place.data}: start it with ./coursemesh up")
    try:
        return plans.loads(place.plan.read_text())
    except FileNotFoundError as error:
        raise NotRunning(f"the system in {place.data} is only just starting: try again in a moment") from error


def state_of(place: Place) -> State:
    found = state.read(place.state)
    if found is None:
        raise NotRunning(f"the system in {place.data} is only just starting, or stopping: try again in a moment")
    return found


def program(plan: Plan, name: str) -> Program:
    for found in plan.programs:
        if found.name == name:
            return found
    known = ", ".join(found.name for found in plan.programs)
    raise Refusal(f"there is no {name} in this system, only {known}")
