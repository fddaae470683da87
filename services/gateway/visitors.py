"""Who comes: the client's address behind the proxies that are trusted, and whether it came over TLS."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from services.gateway.exchange import Receive, Scope, Visit

_FORWARDED_FOR, _FORWARDED_PROTO = b"x-forwarded-for", b"x-forwarded-proto"
# More hops than any path has.
_MOST_HOPS = 20

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Visitors:
    """What proxies say is believed only from those named: anybody can send the header."""

    def __init__(self, trusted_proxies: str) -> None:
        """trusted_proxies: addresses and networks, separated by commas."""
        self._trusted = [_network(text) for text in trusted_proxies.split(",") if text.strip()]

    def visit(self, scope: Scope, receive: Receive) -> Visit:
        client = scope["client"][0] if scope.get("client") else ""
        if not self._trusted or not self._trusts(_address(client)):
            return Visit(scope, receive, grouped(client), secure=False)
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        secure = headers.get(_FORWARDED_PROTO, b"").strip().lower() == b"https"
        return Visit(scope, receive, grouped(self._behind(client, scope)), secure)

    def _behind(self, client: str, scope: Scope) -> str:
        """The nearest hop that is not one of ours: what stands before it, the client may have made up."""
        values = [value.decode("latin-1") for name, value in scope["headers"] if name == _FORWARDED_FOR]
        hops = ",".join(values).split(",")[-_MOST_HOPS:]
        nearest = client
        for hop in reversed(hops):
            found = _address(hop.strip())
            if found is None:
                break
            nearest = str(found)
            if not self._trusts(found):
                break
        return nearest

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


@lru_cache(maxsize=10_000)
def grouped(address: str) -> str:
    """The address limits count by. One customer has a whole /64 of IPv6 to choose from."""
    found = _address(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 64), strict=False))
    return str(found)


@lru_cache(maxsize=1_000)
def _address(text: str) -> Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _network(text: str) -> Network:
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        raise SystemExit(f"cannot start: TRUSTED_PROXIES holds no address or network: {text.strip()!r}") from None
