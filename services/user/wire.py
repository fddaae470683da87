"""Between the domain and the contract."""

import base64

from coursemesh.user.v1 import user_events_pb2 as events
from coursemesh.user.v1 import user_pb2 as pb
from coursemesh.user.v1 import user_service_pb2 as rpc
from services.chassis.paging import Page
from services.chassis.refusals import InvalidArgument
from services.chassis.wire import timestamp
from services.user.domain import Account, Role, SigningKey, UserProfileChanged, UserRegistered
from services.user.usecases.keys import public_bytes
from services.user.usecases.ports import UserFact

_ROLES = {Role.STUDENT: pb.ROLE_STUDENT, Role.INSTRUCTOR: pb.ROLE_INSTRUCTOR, Role.ADMIN: pb.ROLE_ADMIN}
_FROM = {number: role for role, number in _ROLES.items()}


def user(account: Account) -> pb.User:
    return pb.User(
        id=account.id,
        email=account.email,
        display_name=account.display_name,
        role=_ROLES[account.role],
        create_time=timestamp(account.created),
        update_time=timestamp(account.updated),
    )


def role(number: pb.Role) -> Role:
    if number not in _FROM:
        raise InvalidArgument({"role": "give ROLE_STUDENT, ROLE_INSTRUCTOR or ROLE_ADMIN"})
    return _FROM[number]


def fact(happened: UserFact) -> events.UserRegistered | events.UserProfileChanged:
    match happened:
        case UserRegistered(account):
            return events.UserRegistered(user=user(account))
        case UserProfileChanged(account):
            return events.UserProfileChanged(user=user(account))


def jwk(key: SigningKey) -> pb.Jwk:
    x = base64.urlsafe_b64encode(public_bytes(key)).decode().rstrip("=")
    return pb.Jwk(kid=key.id, kty="OKP", crv="Ed25519", x=x, alg="EdDSA", use="sig")


def renamed(account: Account) -> rpc.UpdateProfileResponse:
    return rpc.UpdateProfileResponse(user=user(account))


def given_role(account: Account) -> rpc.SetRoleResponse:
    return rpc.SetRoleResponse(user=user(account))


def rotated(key: SigningKey) -> rpc.RotateSigningKeyResponse:
    return rpc.RotateSigningKeyResponse(key=jwk(key))


def users(page: Page[Account]) -> rpc.ListUsersResponse:
    return rpc.ListUsersResponse(users=map(user, page.rows), next_page_token=page.next_token)
