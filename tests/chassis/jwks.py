"""A signer's public key as the user service publishes it."""

import base64

from coursemesh.user.v1 import user_pb2 as pb
from tests.support.tokens import Signer


def published(signer: Signer) -> pb.Jwk:
    raw = signer.private.public_key().public_bytes_raw()
    x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return pb.Jwk(kid=signer.kid, kty="OKP", crv="Ed25519", x=x, alg="EdDSA", use="sig")
