"""Finds the route of a request: a tree over the segments of the path."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from services.gateway.problems import Problem


class Routed(Protocol):
    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...

    @property
    def streams(self) -> bool:
        """Whether the answer has no end, so that HEAD has nothing to tell."""


Target = TypeVar("Target", bound=Routed)

# Longer ones are not ours. What is not ours is not looked at.
_LONGEST_PATH = 512


@dataclass(slots=True)
class _Node(Generic[Target]):
    literal: dict[str, "_Node[Target]"] = field(default_factory=dict)
    variable: "_Node[Target] | None" = None
    targets: dict[str, Target] = field(default_factory=dict)


class Router(Generic[Target]):
    """Literal segments come before variables: /users/me is not the user called `me`."""

    def __init__(self, targets: Iterable[Target]) -> None:
        self._root: _Node[Target] = _Node()
        for target in targets:
            self._add(target)

    def find(self, method: str, path: str) -> tuple[Target, list[str]]:
        """The target, and the values of its path's variables in their order. HEAD finds GET's.

        Raises a Problem: 404 for an unknown path, 405 (with Allow) for a wrong method.
        """
        found = self._look(path)
        if found is None:
            raise Problem(404, "ROUTE_UNKNOWN", "there is nothing here; /docs lists what there is")
        targets, values = found
        target = targets.get("GET" if method == "HEAD" else method)
        if target is None or (method == "HEAD" and target.streams):
            allow = self.allowed(path)
            raise Problem(405, "METHOD_NOT_ALLOWED", f"use one of: {allow}", headers=((b"allow", allow.encode()),))
        return target, values

    def allowed(self, path: str) -> str:
        """The methods of a path, as in the header Allow; empty for an unknown one."""
        found = self._look(path)
        if found is None:
            return ""
        read = found[0].get("GET")
        head = ["HEAD"] if read and not read.streams else []
        return ", ".join(sorted([*found[0], *head, "OPTIONS"]))

    def _look(self, path: str) -> tuple[dict[str, Target], list[str]] | None:
        if len(path) > _LONGEST_PATH:
            return None
        return _walk(self._root, path.split("/")[1:], 0)

    def _add(self, target: Target) -> None:
        node = self._root
        for segment in target.path.split("/")[1:]:
            if segment.startswith("{"):
                node.variable = node.variable or _Node()
                node = node.variable
            else:
                node = node.literal.setdefault(segment, _Node())
        node.targets[target.method] = target


def _walk(node: _Node[Target], segments: list[str], at: int) -> tuple[dict[str, Target], list[str]] | None:
    if at == len(segments):
        return (node.targets, []) if node.targets else None
    literal = node.literal.get(segments[at])
    found = _walk(literal, segments, at + 1) if literal else None
    if found is None and node.variable and segments[at]:
        found = _walk(node.variable, segments, at + 1)
        if found is not None:
            found[1].insert(0, segments[at])
    return found
