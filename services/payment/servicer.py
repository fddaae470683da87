"""The RPCs of the payment service."""

from coursemesh.payment.v1 import payment_service_pb2 as rpc
from coursemesh.payment.v1.payment_service_pb2_grpc import PaymentServiceServicer
from services.chassis.checks import an_id
from services.chassis.guard import Context
from services.chassis.identity import ADMIN, caller, only
from services.chassis.paging import asked
from services.chassis.requests import once
from services.payment import wire
from services.payment.store import PaymentStore
from services.payment.usecases import payments


class PaymentServicer(PaymentServiceServicer):
    """Subscriptions are not served yet: the generated methods say so."""

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
