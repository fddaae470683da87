"""The RPCs of the payment service."""

from typing import ClassVar, NoReturn

from coursemesh.payment.v1 import payment_service_pb2 as rpc
from coursemesh.payment.v1.payment_service_pb2_grpc import PaymentServiceServicer
from services.chassis.checks import an_id
from services.chassis.guard import Context
from services.chassis.identity import ADMIN, caller, only
from services.chassis.paging import asked
from services.chassis.refusals import Refusal
from services.chassis.requests import once
from services.payment import wire
from services.payment.store import PaymentStore
from services.payment.usecases import payments


class Unserved(Refusal):
    """An RPC of the contract that this version does not serve."""

    code: ClassVar[str] = "UNIMPLEMENTED"


class PaymentServicer(PaymentServiceServicer):
    def __init__(self, store: PaymentStore) -> None:
        self.store = store

    async def GetPayment(self, request: rpc.GetPaymentRequest, context: Context) -> rpc.GetPaymentResponse:
        found = await payments.get(self.store, caller(), an_id("payment_id", request.payment_id))
        return rpc.GetPaymentResponse(payment=wire.payment(found))

    async def ListPayments(self, request: rpc.ListPaymentsRequest, context: Context) -> rpc.ListPaymentsResponse:
        learner_id = an_id("learner_id", request.learner_id or caller().id)
        wanted = asked(request.page_size, request.page_token)
        return wire.payments(await payments.of_learner(self.store, caller(), learner_id, wanted))

    @only(ADMIN)
    async def RefundPayment(self, request: rpc.RefundPaymentRequest, context: Context) -> rpc.RefundPaymentResponse:
        payment_id = an_id("payment_id", request.payment_id)
        return await once(self.store, request, lambda unit: payments.refund(unit, payment_id), wire.refunding)

    # Where a method is missing, the generated one raises, which the guard would show as an error of ours.
    async def Subscribe(self, request: rpc.SubscribeRequest, context: Context) -> NoReturn:
        raise _no_subscriptions()

    async def CancelSubscription(self, request: rpc.CancelSubscriptionRequest, context: Context) -> NoReturn:
        raise _no_subscriptions()

    async def GetSubscription(self, request: rpc.GetSubscriptionRequest, context: Context) -> NoReturn:
        raise _no_subscriptions()


def _no_subscriptions() -> Unserved:
    return Unserved("NOT_SERVED", "this version serves no subscriptions")
