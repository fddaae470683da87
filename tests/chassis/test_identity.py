"""Access tokens: a good one tells who calls, and nothing else gets in."""

import base64
import hmac
import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from uuid_utils import uuid7

from services.chassis import identity
from services.chassis.identity import ANONYMOUS, Caller, Tokens
from services.chassis.refusals import PermissionDenied, Unauthenticated
from tests.support.tokens import Signer

ME = str(uuid7())


@pytest.fixture
def own_signer() -> Signer:
    """One whose keys the test may take away."""
    return Signer()


async def reason(tokens: Tokens, token: str) -> str:
    with pytest.raises(Unauthenticated) as refused:
        await tokens.verify(token)
    return refused.value.reason


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


async def test_a_good_token_tells_who_calls(signer: Signer) -> None:
    tokens, token = Tokens(signer), signer.token(ME, "instructor")
    assert await tokens.verify(token) == Caller(ME, "instructor", token)
    assert await tokens.verify(token) == Caller(ME, "instructor", token)  # the remembered one


async def test_an_expired_token_is_refused(signer: Signer) -> None:
    assert await reason(Tokens(signer), signer.token(ME, exp=int(time.time()) - 10)) == "TOKEN_EXPIRED"


async def test_clocks_may_differ_by_a_few_seconds(signer: Signer) -> None:
    now = int(time.time())
    assert await Tokens(signer).verify(signer.token(ME, exp=now - 2, iat=now + 2))


async def test_a_remembered_token_still_expires(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens, token = Tokens(signer), signer.token(ME)
    await tokens.verify(token)
    later = time.time() + 910
    monkeypatch.setattr("services.chassis.identity.time.time", lambda: later)
    assert await reason(tokens, token) == "TOKEN_EXPIRED"


async def test_a_withdrawn_key_takes_remembered_tokens_with_it(own_signer: Signer) -> None:
    tokens, token = Tokens(own_signer), own_signer.token(ME)
    await tokens.verify(token)
    own_signer.kid = "another"
    assert await reason(tokens, token) == "TOKEN_INVALID"


async def test_only_so_many_tokens_are_remembered(signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "_REMEMBERED", 3)
    tokens = Tokens(signer)
    for _ in range(5):
        await tokens.verify(signer.token(str(uuid7())))
    assert len(tokens._verified) == 3


async def test_a_token_of_another_key_is_refused(signer: Signer, own_signer: Signer) -> None:
    own_signer.kid = signer.kid
    assert await reason(Tokens(signer), own_signer.token(ME)) == "TOKEN_INVALID"


async def test_a_token_of_an_unknown_key_is_refused(signer: Signer, own_signer: Signer) -> None:
    assert await reason(Tokens(signer), own_signer.token(ME)) == "TOKEN_INVALID"


async def test_an_unsigned_token_is_refused(signer: Signer) -> None:
    claims = jwt.decode(signer.token(ME, "admin"), options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", algorithm="none", headers={"kid": signer.kid})
    assert await reason(Tokens(signer), unsigned) == "TOKEN_INVALID"


@pytest.mark.parametrize("encoding", [Encoding.Raw, Encoding.DER, Encoding.PEM])
async def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(signer: Signer, encoding: Encoding) -> None:
    shape = PublicFormat.Raw if encoding is Encoding.Raw else PublicFormat.SubjectPublicKeyInfo
    secret = signer.private.public_key().public_bytes(encoding, shape)
    header = {"alg": "HS256", "typ": "JWT", "kid": signer.kid}
    signed = f"{base64url(json.dumps(header).encode())}.{signer.token(ME, 'admin').split('.')[1]}"
    signature = hmac.digest(secret, signed.encode(), "sha256")
    assert await reason(Tokens(signer), f"{signed}.{base64url(signature)}") == "TOKEN_INVALID"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"},
        {"iss": "another"},
        {"nbf": int(time.time()) + 600},
        {"iat": int(time.time()) + 600},
        {"exp": "soon"},
        {"sub": 7},
        *({name: None} for name in ("sub", "role", "exp", "iat", "aud", "iss")),
    ],
    ids=str,
)
async def test_a_token_with_wrong_or_missing_claims_is_refused(signer: Signer, claims: dict[str, Any]) -> None:
    assert await reason(Tokens(signer), signer.token(**{"user_id": ME, **claims})) == "TOKEN_INVALID"


@pytest.mark.parametrize("token", ["x", "..", "a.b.c", "e30.e30.e30", "é.é.é", "." * 500, "null"])
async def test_what_is_no_token_is_refused(signer: Signer, token: str) -> None:
    assert await reason(Tokens(signer), token) == "TOKEN_INVALID"


async def test_a_tampered_token_is_refused(signer: Signer) -> None:
    head, _, signature = signer.token(ME).split(".")
    body = signer.token(ME, "admin").split(".")[1]
    assert await reason(Tokens(signer), f"{head}.{body}.{signature}") == "TOKEN_INVALID"


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic abc", "abc"])
async def test_without_a_token_nobody_is_signed_in(signer: Signer, authorization: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await identity.signed_in(authorization, Tokens(signer))
    assert refused.value.reason == "TOKEN_MISSING"


async def test_the_scheme_may_be_written_in_any_case(signer: Signer) -> None:
    assert (await identity.signed_in(f"bEARER {signer.token(ME)}", Tokens(signer))).id == ME


async def test_a_public_method_does_not_even_look_at_a_token(signer: Signer) -> None:
    method = identity.public(lambda: None)
    assert await method.access("Bearer nonsense", Tokens(signer)) is ANONYMOUS  # type: ignore[attr-defined]


async def test_an_optional_token_must_be_a_good_one(signer: Signer) -> None:
    access = identity.token_optional(lambda: None).access  # type: ignore[attr-defined]
    assert await access("", Tokens(signer)) is ANONYMOUS
    assert (await access(f"Bearer {signer.token(ME)}", Tokens(signer))).id == ME
    with pytest.raises(Unauthenticated):
        await access("Bearer nonsense", Tokens(signer))


@pytest.mark.parametrize("role", ["student", "instructor", "admin"])
async def test_only_the_roles_that_are_named_get_in(signer: Signer, role: str) -> None:
    access = identity.only("instructor", "admin")(lambda: None).access  # type: ignore[attr-defined]
    authorization = f"Bearer {signer.token(ME, role)}"
    if role != "student":
        assert (await access(authorization, Tokens(signer))).role == role
        return
    with pytest.raises(PermissionDenied) as refused:
        await access(authorization, Tokens(signer))
    assert (refused.value.reason, refused.value.metadata) == ("ROLE_NEEDED", {"roles": "instructor,admin"})


async def test_a_method_that_needs_a_role_needs_a_token_first(signer: Signer) -> None:
    access = identity.only("admin")(lambda: None).access  # type: ignore[attr-defined]
    with pytest.raises(Unauthenticated):
        await access("", Tokens(signer))


def test_an_owner_and_an_admin_may_see() -> None:
    assert Caller("a", "student", "").may_see("a")
    assert not Caller("a", "instructor", "").may_see("b")
    assert Caller("a", "admin", "").may_see("b")
