"""Settings: a dataclass filled from the environment, once, at the start."""

import dataclasses
import math
import sys
from collections.abc import Mapping
from typing import Any, TypeVar, get_type_hints

Settings = TypeVar("Settings")

_TRUE, _FALSE = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off", ""})


def read(kind: type[Settings], environment: Mapping[str, str]) -> Settings:
    """The settings of `kind`, a dataclass: field `nats_url` is the variable NATS_URL. What has no default must be set.

    Exits with status 2 and one line that names every missing or unreadable variable.
    """
    hints = get_type_hints(kind)
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        variable = field.name.upper()
        needed = field.default is dataclasses.MISSING
        # A setting that is needed and set to nothing is missing: that is how an unset one often arrives.
        if variable in environment and (environment[variable] or not needed):
            try:
                values[field.name] = _convert(hints[field.name], environment[variable])
            except ValueError as error:
                problems.append(f"{variable} {error}")
        elif needed:
            problems.append(f"{variable} is not set")
    if problems:
        sys.stderr.write(f"cannot start: {'; '.join(problems)}\n")
        raise SystemExit(2)
    return kind(**values)


def _convert(kind: type, text: str) -> Any:
    if kind is bool:
        return _boolean(text)
    return _number(kind, text) if kind in (int, float) else text


def _number(kind: type, text: str) -> Any:
    try:
        number = kind(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"is not a number: {text!r}")
    return number


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(f"is neither true nor false: {text!r}")
