"""A page or document of the gateway's own: what is not an RPC."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from services.gateway.exchange import Answer, Header


@dataclass(frozen=True, slots=True)
class Page:
    """policy: its Content-Security-Policy, where it is not that of data."""

    path: str
    answer: Callable[[], Awaitable[Answer]]
    policy: Header | None = None

    @property
    def method(self) -> str:
        return "GET"

    @property
    def streams(self) -> bool:
        return False

    @property
    def template(self) -> str:
        return f"GET {self.path}"
