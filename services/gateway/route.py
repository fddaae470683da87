"""What a line of the route table says: which HTTP request becomes which RPC, and how the answer comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Auth(Enum):
    """What a route asks of its caller."""

    NONE = "none"  # a token is not even looked at
    OPTIONAL = "optional"  # who comes with a token comes with a good one
    NEEDED = "needed"


class Rate(Enum):
    """Which limits a route falls under, beside those of the address and the user."""

    STANDARD = "standard"
    CREDENTIALS = "credentials"  # where passwords and refresh tokens can be tried out


class Kind(Enum):
    """How a route is answered."""

    CALL = "call"  # one RPC, one answer
    STREAM = "stream"  # one streaming RPC, as server-sent events
    DASHBOARD = "dashboard"  # several RPCs at once


class Cached(Enum):
    """Which catalog read a route is."""

    COURSE = "course"
    LIST = "list"


# The JSON body is the request itself, but for the fields that come from elsewhere.
WHOLE = "*"

# Request fields that come from a header, on every route whose request has them.
HEADERS: Mapping[str, str] = {
    "request_id": "Idempotency-Key",
    "etag": "If-Match",
    "after_notification_id": "Last-Event-ID",
}
# Filled with the names of the fields that the body gives.
MASK = "update_mask"


@dataclass(frozen=True, kw_only=True, eq=False)
class Route:
    """One line of the table.

    path: a variable in it is the request's field of that name, in camelCase.
    rpc: `course.GetCourse` is coursemesh.course.v1.CourseService.GetCourse.
    query: parameter → request field.
    body: the request field that the JSON body fills, WHOLE for the request itself; empty when there is no body.
    unused: request fields that no caller of this route may choose; they stay empty.
    location: a path with the answer's fields in it.
    budget: seconds for everything behind this route; each hop gets what is left of it.
    cached, writes_catalog: how the route meets the catalog cache.
    event: the name of a stream's events, and the path of their ids in the streamed message.
    opening: how many seconds a stream waits for its first event before it is opened without one.
    """

    method: str
    path: str
    rpc: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    unused: tuple[str, ...] = ()
    auth: Auth = Auth.NEEDED
    kind: Kind = Kind.CALL
    success: int = 200
    location: str = ""
    budget: float = 5.0
    rate: Rate = Rate.STANDARD
    cached: Cached | None = None
    writes_catalog: bool = False
    event: tuple[str, str] = ("", "")
    opening: float = 1.0
    summary: str = ""

    @property
    def service(self) -> str:
        return self.rpc.partition(".")[0]

    @property
    def streams(self) -> bool:
        return self.kind is Kind.STREAM

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    @property
    def template(self) -> str:
        """The route's name in logs, traces and the contract."""
        return f"{self.method} {self.path}"
