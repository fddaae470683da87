"""The RPCs on a real gRPC server: who may see and do what, and what the answers are."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest

from coursemesh.payment.v1 import payment_pb2 as pb
from coursemesh.payment.v1 import payment_service_pb2 as rpc
from coursemesh.payment.v1.payment_service_pb2_grpc import PaymentServiceStub, add_PaymentServiceServicer_to_server
from services.chassis.facts import new_id
from services.payment.provider import CardNetwork
from services.payment.servicer import PaymentServicer
from services.payment.store import PaymentStore
from tests.payment.world import EUR, Seat, books, comes_to, deliver, opened, payment_of, published, settling
from tests.support.serving import refusal, serving, violations
from tests.support.tokens import Signer, bearer


@dataclass
class Served:
    """The service, with one captured payment of `seat`."""

    stub: Any
    store: PaymentStore
    network: CardNetwork
    signer: Signer
    seat: Seat
    payment_id: str

    @property
    def owner(self) -> Any:
        return bearer(self.signer.caller(user_id=self.seat.learner_id))

    @property
    def somebody(self) -> Any:
        return bearer(self.signer.caller())

    @property
    def admin(self) -> Any:
        return bearer(self.signer.caller("admin"))

    async def get(self, metadata: Any, payment_id: str = "") -> Any:
        request = rpc.GetPaymentRequest(payment_id=payment_id or self.payment_id)
        return (await self.stub.GetPayment(request, metadata=metadata)).payment

    async def list(self, metadata: Any, **asked: Any) -> Any:
        return await self.stub.ListPayments(rpc.ListPaymentsRequest(**asked), metadata=metadata)

    async def refund(self, metadata: Any, request_id: str = "r1", payment_id: str = "") -> Any:
        request = rpc.RefundPaymentRequest(request_id=request_id, payment_id=payment_id or self.payment_id)
        return (await self.stub.RefundPayment(request, metadata=metadata)).payment


@pytest.fixture
async def served(sqlite_url: str, drivers: None, network: CardNetwork, signer: Signer) -> AsyncIterator[Served]:
    store = await opened(sqlite_url)
    seat = Seat()
    async with settling(store, network):
        await deliver(store, seat.requested())
        payment = await comes_to(store, seat, "CAPTURED")
    async with serving(add_PaymentServiceServicer_to_server, PaymentServicer(store), signer) as channel:
        yield Served(PaymentServiceStub(channel), store, network, signer, seat, payment.id)
    await store.close()


async def _refused(call: Any) -> tuple[str, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refusal(refused.value)


async def _violated(call: Any) -> set[str]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    assert refusal(refused.value) == ("INVALID_ARGUMENT", "INVALID_INPUT")
    return set(violations(refused.value))


async def test_a_learner_and_an_admin_see_the_payment(served: Served) -> None:
    seen = await served.get(served.owner)
    assert (seen.id, seen.enrollment_id, seen.learner_id) == (served.payment_id, served.seat.id, served.seat.learner_id)
    assert (seen.course_id, seen.state) == (served.seat.course_id, pb.PAYMENT_STATE_CAPTURED)
    assert (seen.amount.amount_minor, seen.amount.currency_code) == (EUR.amount_minor, EUR.currency)
    assert seen.create_time.ToDatetime() <= seen.update_time.ToDatetime()
    assert await served.get(served.admin) == seen


async def test_somebody_elses_payment_is_as_if_it_were_not_there(served: Served) -> None:
    strange = await _refused(served.get(served.somebody))
    missing = await _refused(served.get(served.somebody, new_id()))
    instructor = await _refused(served.get(bearer(served.signer.caller("instructor"))))
    assert strange == missing == instructor == ("NOT_FOUND", "PAYMENT_UNKNOWN")


async def test_what_nobody_asked_for_is_no_payment_to_anybody(served: Served) -> None:
    free = Seat(learner_id=served.seat.learner_id)
    await deliver(served.store, free.cancelled())
    found = await payment_of(served.store, free)
    assert found is not None
    assert await _refused(served.get(served.owner, found.id)) == ("NOT_FOUND", "PAYMENT_UNKNOWN")
    assert await _refused(served.refund(served.admin, payment_id=found.id)) == ("NOT_FOUND", "PAYMENT_UNKNOWN")
    assert [payment.id for payment in (await served.list(served.owner)).payments] == [served.payment_id]


async def test_payments_are_listed_newest_first_page_by_page(served: Served) -> None:
    for _ in range(4):
        await deliver(served.store, Seat(learner_id=served.seat.learner_id).requested())
    ids, token = [], ""
    for size in (2, 2, 1):
        page = await served.list(served.owner, page_size=2, page_token=token)
        assert len(page.payments) == size
        ids += [payment.id for payment in page.payments]
        token = page.next_page_token
    assert token == ""
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 5
    assert ids[-1] == served.payment_id
    assert len((await served.list(served.owner, page_size=-1)).payments) == 5


async def test_a_list_holds_the_callers_own_and_for_admins_anybodys(served: Served) -> None:
    learner_id = served.seat.learner_id
    assert not (await served.list(served.somebody)).payments
    assert len((await served.list(served.owner, learner_id=learner_id)).payments) == 1
    assert len((await served.list(served.admin, learner_id=learner_id)).payments) == 1
    assert not (await served.list(served.admin)).payments
    strange = await _refused(served.list(served.somebody, learner_id=learner_id))
    assert strange == ("PERMISSION_DENIED", "ROLE_NEEDED")


async def test_a_refunded_payment_is_on_its_way_back_and_then_there(served: Served) -> None:
    assert (await served.refund(served.admin)).state == pb.PAYMENT_STATE_REFUNDING
    assert await published(served.store) == ["PaymentCaptured"]
    async with settling(served.store, served.network):
        await comes_to(served.store, served.seat, "REFUNDED")
    assert (await served.get(served.owner)).state == pb.PAYMENT_STATE_REFUNDED
    assert await published(served.store) == ["PaymentCaptured", "PaymentRefunded"]


async def test_a_refund_asked_for_twice_gives_one_refund_and_one_answer(served: Served) -> None:
    admin = served.admin
    first = await served.refund(admin)
    async with settling(served.store, served.network):
        await comes_to(served.store, served.seat, "REFUNDED")
        assert await served.refund(admin) == first
    assert await books(served.network) == (1, 1)
    assert await published(served.store) == ["PaymentCaptured", "PaymentRefunded"]


async def test_twenty_refunds_at_once_under_one_request_are_one(served: Served) -> None:
    admin = served.admin
    answers = await asyncio.gather(*(served.refund(admin) for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    async with settling(served.store, served.network):
        await comes_to(served.store, served.seat, "REFUNDED")
    assert await books(served.network) == (1, 1)


async def test_a_request_id_of_another_refund_is_refused(served: Served) -> None:
    admin = served.admin
    await served.refund(admin)
    assert await _refused(served.refund(admin, payment_id=new_id())) == ("ABORTED", "REQUEST_REUSED")


async def test_only_what_is_captured_can_be_given_back(served: Served) -> None:
    await deliver(served.store, (pending := Seat()).requested())
    found = await payment_of(served.store, pending)
    assert found is not None
    refused = ("FAILED_PRECONDITION", "NOT_CAPTURED")
    assert await _refused(served.refund(served.admin, payment_id=found.id)) == refused
    await served.refund(served.admin, "first")
    assert await _refused(served.refund(served.admin, "second")) == refused
    assert await _refused(served.refund(served.admin, payment_id=new_id())) == ("NOT_FOUND", "PAYMENT_UNKNOWN")


async def test_only_admins_give_money_back(served: Served) -> None:
    denied = ("PERMISSION_DENIED", "ROLE_NEEDED")
    for metadata in (served.owner, served.somebody, bearer(served.signer.caller("instructor"))):
        assert await _refused(served.refund(metadata)) == denied
    assert (await served.get(served.owner)).state == pb.PAYMENT_STATE_CAPTURED


async def test_nobody_comes_in_without_a_good_token(served: Served) -> None:
    forged = bearer(Signer().token(served.seat.learner_id))
    stale = bearer(served.signer.token(served.seat.learner_id, exp=1))
    for metadata, reason in ((None, "TOKEN_MISSING"), (forged, "TOKEN_INVALID"), (stale, "TOKEN_EXPIRED")):
        for call in (served.get, served.list, served.refund):
            assert await _refused(call(metadata)) == ("UNAUTHENTICATED", reason)


@pytest.mark.parametrize("wrong", ["7", "' OR 1=1 --", "0" * 10_000, "A" * 36])
async def test_bad_input_is_named_and_changes_nothing(served: Served, wrong: str) -> None:
    assert await _violated(served.get(served.owner, wrong)) == {"payment_id"}
    assert await _violated(served.refund(served.admin, payment_id=wrong)) == {"payment_id"}
    assert await _violated(served.refund(served.admin, request_id=wrong * 65)) == {"request_id"}
    assert await _violated(served.refund(served.admin, request_id="\x00")) == {"request_id"}
    assert await _violated(served.list(served.owner, learner_id=wrong)) == {"learner_id"}
    assert await _violated(served.list(served.owner, page_token=wrong)) == {"page_token"}
    assert (await served.get(served.owner)).state == pb.PAYMENT_STATE_CAPTURED


async def test_no_answer_holds_a_payment_token(served: Served) -> None:
    pending = Seat("tok_of_somebody", learner_id=served.seat.learner_id)
    await deliver(served.store, pending.requested())
    assert "tok_" not in str(await served.list(served.owner))


async def test_subscriptions_are_not_served(served: Served) -> None:
    for method, request in (
        (served.stub.Subscribe, rpc.SubscribeRequest(request_id="s1", plan=pb.PLAN_MONTHLY, payment_token="tok_ok")),
        (served.stub.CancelSubscription, rpc.CancelSubscriptionRequest(request_id="s2")),
        (served.stub.GetSubscription, rpc.GetSubscriptionRequest()),
    ):
        assert await _refused(method(request, metadata=served.owner)) == ("UNIMPLEMENTED", "NOT_SERVED")
