"""Who comes: tokens, limits per address and user, proxies, CORS, and the headers that every answer carries."""

import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.gateway.limits import Windows
from services.gateway.visitors import Visitors, grouped
from tests.gateway import world as worlds
from tests.gateway.world import World
from tests.support.tokens import Signer
from workbench.infrastructure.server import Server

MINE = "/api/enrollments"


def foreign(signer: Signer) -> str:
    """A token with our key's id, signed by another key."""
    other = Signer()
    other.kid = signer.kid
    return other.token("u-1", "admin")


def unsigned(signer: Signer) -> str:
    claims = jwt.decode(signer.token("u-1", "admin"), options={"verify_signature": False})
    return jwt.encode(claims, None, algorithm="none", headers={"kid": signer.kid})


def symmetric(signer: Signer) -> str:
    """A token signed with the public key as if it were a shared secret."""
    claims = jwt.decode(signer.token("u-1", "admin"), options={"verify_signature": False})
    secret = signer.private.public_key().public_bytes_raw()
    return jwt.encode(claims, secret, algorithm="HS256", headers={"kid": signer.kid})


async def test_no_bad_token_is_let_through_and_no_service_is_asked(world: World) -> None:
    signer = world.signer
    stranger = jwt.encode({"sub": "u-1"}, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": "other"})
    bad = {
        "Bearer nonsense": "TOKEN_INVALID",
        f"Bearer {foreign(signer)}": "TOKEN_INVALID",
        f"Bearer {unsigned(signer)}": "TOKEN_INVALID",
        f"Bearer {symmetric(signer)}": "TOKEN_INVALID",
        f"Bearer {stranger}": "TOKEN_INVALID",
        f"Bearer {signer.token('u-1', aud='elsewhere')}": "TOKEN_INVALID",
        f"Bearer {signer.token('u-1', exp=int(time.time()) - 60)}": "TOKEN_EXPIRED",
        f"Basic {signer.token('u-1')}": "TOKEN_MISSING",
        "Bearer": "TOKEN_MISSING",
        "": "TOKEN_MISSING",
    }
    for path in (MINE, "/api/me/dashboard", "/api/me/events"):
        for authorization, reason in bad.items():
            answer = await world.http.get(path, headers={"Authorization": authorization})
            assert (answer.status_code, answer.json()["reason"]) == (401, reason), authorization
            assert answer.headers["www-authenticate"] == "Bearer"
    assert world.asked == []
    assert (await world.http.get(MINE, headers=world.as_user())).status_code == 200


async def test_a_route_that_is_open_to_all_does_not_look_at_the_token(world: World) -> None:
    answer = await world.http.get("/api/certificates/abc", headers={"Authorization": "Bearer nonsense"})
    assert answer.status_code == 200
    assert world.enrollment.asked[0].caller == ""


async def test_keys_that_cannot_be_had_are_not_the_tokens_fault(world: World) -> None:
    await world.user.stop()
    answer = await world.http.get(MINE, headers=world.as_user())
    assert (answer.status_code, answer.json()["metadata"]) == (503, {"service": "user"})


async def test_an_address_that_asks_too_often_is_told_when_to_come_back(broker: Server, signer: Signer) -> None:
    async with worlds.world(broker, signer, rate_per_address="3/minute") as world:
        for path in ("/api/jwks", "/nonsense", "/api/jwks"):
            assert (await world.http.get(path)).status_code != 429
        answer = await world.http.get("/api/jwks")
        assert (answer.status_code, answer.json()["reason"]) == (429, "TOO_MANY_REQUESTS")
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        # Probes are let through, whoever else shares their address.
        assert (await world.http.get("/health")).status_code == 200


async def test_a_user_is_limited_wherever_they_come_from(broker: Server, signer: Signer) -> None:
    async with worlds.world(broker, signer, rate_per_user="2/minute") as world:
        statuses = [(await world.http.get(MINE, headers=world.as_user("busy"))).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        assert (await world.http.get(MINE, headers=world.as_user("calm"))).status_code == 200


@pytest.mark.parametrize("path", ["register", "login", "refresh", "logout"])
async def test_passwords_cannot_be_tried_out_quickly(broker: Server, signer: Signer, path: str) -> None:
    async with worlds.world(broker, signer, rate_credentials="2/minute;100/hour") as world:
        statuses = [(await world.http.post(f"/api/users/{path}", json={})).status_code for _ in range(3)]
        assert statuses[2] == 429
        assert len(world.asked) == 2
        assert (await world.http.get("/api/courses")).status_code == 200


def test_the_windows_that_are_counted_are_bounded() -> None:
    windows = Windows(most=3)
    for name in "abcd":
        windows.incr(name, 60)
    assert len(windows._windows) == 3
    assert (windows.get("a"), windows.incr("d", 60), windows.get("d")) == (0, 2, 2)


def visited(trusted: str, client: str, **headers: str) -> tuple[str, bool]:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "client": (client, 1), "headers": raw, "method": "GET", "path": "/"}

    async def receive() -> dict[str, object]:
        return {}

    visit = Visitors(trusted).visit(scope, receive)
    return visit.address, visit.secure


@pytest.mark.parametrize(
    ("trusted", "client", "forwarded", "address"),
    [
        ("", "10.0.0.1", "1.2.3.4", "10.0.0.1"),
        ("10.0.0.0/8", "192.0.2.1", "1.2.3.4", "192.0.2.1"),
        ("10.0.0.0/8", "10.0.0.1", "1.2.3.4", "1.2.3.4"),
        ("10.0.0.0/8", "10.0.0.1", "9.9.9.9, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.0/8", "10.0.0.1", "9.9.9.9, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("10.0.0.1", "10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "::ffff:10.0.0.1", "1.2.3.4", "1.2.3.4"),
    ],
)
def test_only_trusted_proxies_say_who_the_client_is(trusted: str, client: str, forwarded: str, address: str) -> None:
    assert visited(trusted, client, x_forwarded_for=forwarded, x_forwarded_proto="https") == (
        address,
        client in ("10.0.0.1", "::ffff:10.0.0.1") and bool(trusted),
    )


def test_one_network_of_ipv6_is_one_address() -> None:
    assert grouped("2001:db8::1") == grouped("2001:db8::ffff") != grouped("2001:db8:0:1::1")


@pytest.mark.parametrize("path", ["/", "/docs", "/health", "/api/jwks", "/nonsense", "/api/enrollments"])
async def test_every_answer_carries_the_security_headers(world: World, path: str) -> None:
    headers = (await world.http.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert len(headers["x-trace-id"]) == 32
    assert "strict-transport-security" not in headers
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


async def test_only_behind_tls_browsers_are_told_to_keep_to_it(broker: Server, signer: Signer) -> None:
    async with worlds.world(broker, signer, trusted_proxies="127.0.0.1") as world:
        answer = await world.http.get("/api/jwks", headers={"X-Forwarded-Proto": "https"})
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert "strict-transport-security" not in (await world.http.get("/api/jwks")).headers


async def test_pages_of_allowed_origins_may_read_answers_and_no_others(broker: Server, signer: Signer) -> None:
    async with worlds.world(broker, signer, cors_origins="https://a.example, https://b.example/") as world:
        for origin in ("https://a.example", "https://b.example"):
            answer = await world.http.get("/api/jwks", headers={"Origin": origin})
            assert answer.headers["access-control-allow-origin"] == origin
            assert "ETag" in answer.headers["access-control-expose-headers"]
        for origin in ("https://evil.example", "null", "https://a.example.evil.example"):
            answer = await world.http.get("/api/jwks", headers={"Origin": origin})
            assert "access-control-allow-origin" not in answer.headers
            assert answer.headers["vary"] == "Origin"
        problem = await world.http.get("/nonsense", headers={"Origin": "https://a.example"})
        assert problem.headers["access-control-allow-origin"] == "https://a.example"


async def test_a_preflight_is_answered_for_allowed_origins(broker: Server, signer: Signer) -> None:
    async with worlds.world(broker, signer, cors_origins="https://a.example") as world:
        asks = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
        answer = await world.http.options("/api/enrollments", headers=asks)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-methods"] == "GET, HEAD, OPTIONS, POST"
        assert "Idempotency-Key" in answer.headers["access-control-allow-headers"]
        refused = await world.http.options("/api/enrollments", headers={**asks, "Origin": "https://evil.example"})
        assert "access-control-allow-methods" not in refused.headers
        plain = await world.http.options("/api/enrollments")
        assert (plain.status_code, plain.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
