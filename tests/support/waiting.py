"""Waiting for what must come true, with a deadline."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any


async def eventually(condition: Callable[[], Any], seconds: float = 15) -> Any:
    """The first true value of the condition, which may be a coroutine function; fails when it does not come in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        value = await value if inspect.isawaitable(value) else value
        if value:
            return value
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.01)
