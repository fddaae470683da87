"""Headers that every answer carries, and CORS by an allow-list."""

from services.gateway.exchange import Answer, Header, Visit

_SECURITY: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
# Data is never a page.
_DATA_POLICY: Header = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_TLS_ONLY: Header = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")

_ALLOWED_HEADERS = b"Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, traceparent"
_EXPOSED_HEADERS = b"ETag, Location, Retry-After, X-Trace-Id"
_PREFLIGHT_SECONDS = b"600"


class Headers:
    """origins: scheme://host[:port], separated by commas; pages of these may read answers."""

    def __init__(self, origins: str) -> None:
        self._origins = frozenset(
            origin.strip().rstrip("/").encode() for origin in origins.split(",") if origin.strip()
        )
        self._varies: list[Header] = [(b"vary", b"Origin")] if self._origins else []

    def common(self, visit: Visit, trace_id: str, policy: Header | None = None) -> list[Header]:
        headers = [*_SECURITY, policy or _DATA_POLICY, (b"x-trace-id", trace_id.encode()), *self._varies]
        if visit.secure:
            headers.append(_TLS_ONLY)
        if self._origins:
            headers += self._cross_origin(visit)
        return headers

    def preflight(self, visit: Visit, allowed: str) -> Answer:
        """The answer to OPTIONS. allowed: the methods of the path."""
        headers: list[Header] = [(b"allow", allowed.encode())]
        if b"access-control-request-method" in visit.headers and self._origin(visit):
            headers += [
                (b"access-control-allow-methods", allowed.encode()),
                (b"access-control-allow-headers", _ALLOWED_HEADERS),
                (b"access-control-max-age", _PREFLIGHT_SECONDS),
            ]
        return Answer(204, b"", headers)

    def _cross_origin(self, visit: Visit) -> list[Header]:
        origin = self._origin(visit)
        if not origin:
            return []
        return [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", _EXPOSED_HEADERS)]

    def _origin(self, visit: Visit) -> bytes:
        origin = visit.headers.get(b"origin", b"")
        return origin if origin in self._origins else b""
