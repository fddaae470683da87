"""Accounts: seen by their owner and by admins, changed by their owner, given roles by admins."""

import asyncio

import grpc
import pytest
from uuid_utils import uuid7

from coursemesh.user.v1 import user_pb2 as pb
from coursemesh.user.v1 import user_service_pb2 as rpc
from coursemesh.user.v1.user_events_pb2 import UserProfileChanged
from services.user.store import UserUnit
from services.user.usecases.accounts import ensure_admin
from tests.support.serving import refusal, violations
from tests.support.tokens import bearer
from tests.user.people import ADMIN, PASSWORD, Cheap, Service


async def refused(call: object) -> tuple[str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call  # type: ignore[misc]
    return refusal(failed.value)


async def test_one_sees_oneself_and_an_admin_sees_anybody(service: Service) -> None:
    made, admin = await service.register(), await service.admin()
    for asked, token in (("", made.token), (made.user.id, made.token), (made.user.id, admin)):
        answer = await service.stub.GetUser(rpc.GetUserRequest(user_id=asked), metadata=bearer(token))
        assert answer.user == made.user


async def test_somebody_elses_account_looks_like_none(service: Service) -> None:
    made, other = await service.register(), await service.register()
    answers = [
        await refused(service.stub.GetUser(rpc.GetUserRequest(user_id=user_id), metadata=bearer(made.token)))
        for user_id in (other.user.id, str(uuid7()))
    ]
    assert answers == [("NOT_FOUND", "USER_UNKNOWN")] * 2


@pytest.mark.parametrize("user_id", ["x", "\x00", "' OR 1=1", "0" * 37])
async def test_what_is_no_id_is_refused(service: Service, user_id: str) -> None:
    admin = await service.admin()
    asked = service.stub.GetUser(rpc.GetUserRequest(user_id=user_id), metadata=bearer(admin))
    assert await refused(asked) == ("INVALID_ARGUMENT", "INVALID_INPUT")
    assert await refused(service.set_role(admin, user_id, pb.ROLE_ADMIN)) == ("INVALID_ARGUMENT", "INVALID_INPUT")


async def test_a_new_name_is_seen_and_told_once_for_a_request(service: Service) -> None:
    made = await service.register()
    asked = rpc.UpdateProfileRequest(request_id="r1", display_name=" Countess ")
    answers = [await service.stub.UpdateProfile(asked, metadata=bearer(made.token)) for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0].user.display_name == "Countess"
    assert answers[0].user.update_time.ToDatetime() > made.user.update_time.ToDatetime()
    assert [fact.data for fact in await service.store.unsent(0, 10)][1:] == [UserProfileChanged(user=answers[0].user)]
    asked.display_name = "Another"
    again = service.stub.UpdateProfile(asked, metadata=bearer(made.token))
    assert await refused(again) == ("ABORTED", "REQUEST_REUSED")


async def test_a_bad_name_changes_nothing_and_the_request_id_stays_free(service: Service) -> None:
    made = await service.register()
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await service.stub.UpdateProfile(rpc.UpdateProfileRequest(request_id="r1"), metadata=bearer(made.token))
    assert set(violations(failed.value)) == {"display_name"}
    good = rpc.UpdateProfileRequest(request_id="r1", display_name="Countess")
    assert (await service.stub.UpdateProfile(good, metadata=bearer(made.token))).user.display_name == "Countess"


async def test_everybody_is_listed_once_oldest_first(service: Service) -> None:
    admin = await service.admin()
    made = [(await service.register()).user.id for _ in range(6)]
    seen, token = [], ""
    while True:
        asked = rpc.ListUsersRequest(page_size=3, page_token=token)
        page = await service.stub.ListUsers(asked, metadata=bearer(admin))
        seen += [user.id for user in page.users]
        token = page.next_page_token
        if not token:
            break
    assert seen[1:] == made
    everybody = await service.stub.ListUsers(rpc.ListUsersRequest(page_size=-1), metadata=bearer(admin))
    assert [user.id for user in everybody.users] == seen


async def test_a_page_token_that_was_made_up_is_refused(quick: Service) -> None:
    asked = quick.stub.ListUsers(rpc.ListUsersRequest(page_token="made up"), metadata=bearer(await quick.admin()))
    assert await refused(asked) == ("INVALID_ARGUMENT", "INVALID_INPUT")


async def test_a_role_that_is_given_counts_from_the_next_token_on(service: Service) -> None:
    admin, made = await service.admin(), await service.register("ada@example.org")
    given = await service.set_role(admin, made.user.id, pb.ROLE_ADMIN)
    assert given.user.role == pb.ROLE_ADMIN
    assert [fact.data for fact in await service.store.unsent(0, 10)][-1] == UserProfileChanged(user=given.user)
    list_users = rpc.ListUsersRequest()
    asked = service.stub.ListUsers(list_users, metadata=bearer(made.token))
    assert await refused(asked) == ("PERMISSION_DENIED", "ROLE_NEEDED")
    fresh = await service.refresh(made.refresh_token)
    assert await service.stub.ListUsers(list_users, metadata=bearer(fresh.token))


@pytest.mark.parametrize("role", [0, 4, 99])
async def test_a_role_that_is_none_is_refused(quick: Service, role: int) -> None:
    admin, made = await quick.admin(), await quick.register()
    assert await refused(quick.set_role(admin, made.user.id, role)) == ("INVALID_ARGUMENT", "INVALID_INPUT")


async def test_an_account_that_is_not_there_gets_no_role(quick: Service) -> None:
    asked = quick.set_role(await quick.admin(), str(uuid7()), pb.ROLE_ADMIN)
    assert await refused(asked) == ("NOT_FOUND", "USER_UNKNOWN")


async def test_the_last_admin_stays_one(service: Service) -> None:
    admin = await service.admin()
    me = await service.me(admin)
    asked = service.set_role(admin, me, pb.ROLE_STUDENT)
    assert await refused(asked) == ("FAILED_PRECONDITION", "LAST_ADMIN")


async def test_of_two_admins_who_step_down_at_once_one_remains(service: Service) -> None:
    admin, other = await service.admin(), (await service.register()).user.id
    await service.set_role(admin, other, pb.ROLE_ADMIN)
    me = await service.me(admin)
    ends = await asyncio.gather(
        *(service.set_role(admin, each, pb.ROLE_STUDENT) for each in (me, other)), return_exceptions=True
    )
    refusals = [refusal(end) for end in ends if isinstance(end, grpc.aio.AioRpcError)]
    assert refusals == [("FAILED_PRECONDITION", "LAST_ADMIN")]


async def test_the_first_admin_is_made_once_and_stays_as_it_is(service: Service) -> None:
    await ensure_admin(service.store, service.passwords, ADMIN, PASSWORD)
    admin = (await service.log_in(ADMIN)).user
    await ensure_admin(service.store, service.passwords, f" {ADMIN.upper()}", "another password")
    assert (await service.log_in(ADMIN)).user == admin
    assert admin.role == pb.ROLE_ADMIN


async def test_replicas_that_make_the_first_admin_at_once_make_one(service: Service) -> None:
    ends = await asyncio.gather(
        *(ensure_admin(service.store, Cheap(), ADMIN, PASSWORD) for _ in range(4)), return_exceptions=True
    )
    assert ends == [None] * 4
    assert (await service.log_in(ADMIN)).user.role == pb.ROLE_ADMIN


async def test_a_first_admin_who_is_cut_off_in_the_making_is_made_at_the_next_start(
    quick: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut_off(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(UserUnit, "save", cut_off)
        with pytest.raises(ConnectionError):
            await ensure_admin(quick.store, quick.passwords, ADMIN, PASSWORD)
    await ensure_admin(quick.store, quick.passwords, ADMIN, PASSWORD)
    assert (await quick.log_in(ADMIN)).user.role == pb.ROLE_ADMIN
