"""What a service refuses and why, in terms a program can read; errors.py turns each into a gRPC status.

    Refusal                 never raised bare
    ├─ InvalidArgument      INVALID_ARGUMENT, with a violation per field
    ├─ Unauthenticated      UNAUTHENTICATED
    ├─ PermissionDenied     PERMISSION_DENIED
    ├─ NotFound             NOT_FOUND
    ├─ AlreadyExists        ALREADY_EXISTS
    ├─ FailedPrecondition   FAILED_PRECONDITION
    ├─ Aborted              ABORTED
    ├─ ResourceExhausted    RESOURCE_EXHAUSTED
    ├─ DeadlineExceeded     DEADLINE_EXCEEDED
    └─ Unavailable          UNAVAILABLE

This module imports nothing but the standard library, so that a domain may use it.
"""

from collections.abc import Mapping
from typing import ClassVar


class Refusal(Exception):
    """A request that is turned down. Nothing was changed.

    reason: UPPER_SNAKE, part of the contract. message: one sentence for a person. metadata: what a program may need
    to go on, part of the contract as well. Neither may hold a secret or somebody else's data.
    """

    code: ClassVar[str] = "INTERNAL"

    def __init__(self, reason: str, message: str, *, retry_after: float | None = None, **metadata: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.metadata = metadata
        self.retry_after = retry_after  # seconds


class InvalidArgument(Refusal):
    """The input is wrong whatever the state; `violations` maps a field's path to what is wrong with it."""

    code = "INVALID_ARGUMENT"

    def __init__(self, violations: Mapping[str, str]) -> None:
        super().__init__("INVALID_INPUT", "; ".join(f"{field}: {problem}" for field, problem in violations.items()))
        self.violations = dict(violations)


class Unauthenticated(Refusal):
    code = "UNAUTHENTICATED"


class PermissionDenied(Refusal):
    code = "PERMISSION_DENIED"


class NotFound(Refusal):
    code = "NOT_FOUND"


class AlreadyExists(Refusal):
    code = "ALREADY_EXISTS"


class FailedPrecondition(Refusal):
    code = "FAILED_PRECONDITION"


class Aborted(Refusal):
    code = "ABORTED"


class ResourceExhausted(Refusal):
    code = "RESOURCE_EXHAUSTED"


class DeadlineExceeded(Refusal):
    code = "DEADLINE_EXCEEDED"


class Unavailable(Refusal):
    code = "UNAVAILABLE"
