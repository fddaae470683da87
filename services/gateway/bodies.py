"""JSON bodies in: how large, how long, of which type, and whether it is JSON at all."""

import asyncio
import json
from typing import Any

from services.gateway.exchange import Gone, Visit
from services.gateway.problems import Problem
from services.gateway.values import Object

LARGEST = 10 * 1024
# A body of that size that takes longer than this many seconds is not coming.
_PATIENCE = 10.0


async def read(visit: Visit) -> Object:
    """The JSON object in the body; an empty one when there is no body. Raises a Problem: 400, 408, 413 or 415."""
    _declared(visit)
    raw = await _received(visit)
    if not raw:
        return Object()
    _is_json(visit)
    return parse(raw)


def parse(raw: bytes) -> Object:
    try:
        found = json.loads(raw.decode(), object_pairs_hook=_object, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise _malformed("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _malformed(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise _malformed("it is nested too deep") from None
    except ValueError:
        raise _malformed("it holds a number that is none, or is too long") from None
    if not isinstance(found, Object):
        raise _malformed("give an object")
    return found


def _declared(visit: Visit) -> None:
    length = visit.header("content-length")
    if length.isdecimal() and int(length[:20]) > LARGEST:
        raise _too_large()
    if visit.header("content-encoding") not in ("", "identity"):
        raise Problem(415, "ENCODING_UNSUPPORTED", "send the body without Content-Encoding", lingers=True)


async def _received(visit: Visit) -> bytes:
    raw = bytearray()
    try:
        async with asyncio.timeout(_PATIENCE):
            more = True
            while more:
                message = await visit.receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                raw += message.get("body", b"")
                if len(raw) > LARGEST:
                    raise _too_large()
                more = message.get("more_body", False)
    except TimeoutError:
        raise Problem(408, "BODY_TOO_SLOW", "the body did not come in time", lingers=True) from None
    return bytes(raw)


def _is_json(visit: Visit) -> None:
    media, _, parameters = visit.header("content-type").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if media.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise Problem(415, "MEDIA_TYPE_UNSUPPORTED", "send JSON, with Content-Type: application/json")


def _object(pairs: list[tuple[str, Any]]) -> Object:
    made = Object(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        made.repeated = frozenset(name for name in names if names.count(name) > 1)
    return made


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _malformed(why: str) -> Problem:
    return Problem(400, "MALFORMED_JSON", f"the body is not what was expected: {why}")


def _too_large() -> Problem:
    return Problem(413, "BODY_TOO_LARGE", f"send at most {LARGEST:,} bytes", lingers=True)
