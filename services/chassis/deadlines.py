"""Deadlines: what is left of the caller's time, carried through the task and passed on with every call."""

import contextvars
import time

# What a call gets when its caller set no deadline, in seconds.
DEFAULT = 10.0

_deadline: contextvars.ContextVar[float | None] = contextvars.ContextVar("deadline", default=None)


def begin(budget: float | None) -> float:
    """Sets the deadline of the current task, `budget` seconds from now; None for the default. Returns the budget."""
    budget = DEFAULT if budget is None else budget
    _deadline.set(time.monotonic() + budget)
    return budget


def remaining() -> float:
    """Seconds left; the default where no deadline was set. Not positive when it has passed."""
    deadline = _deadline.get()
    return DEFAULT if deadline is None else deadline - time.monotonic()
