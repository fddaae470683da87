"""The payment service's process."""

from dataclasses import dataclass

from coursemesh.payment.v1.payment_service_pb2_grpc import add_PaymentServiceServicer_to_server
from services.chassis import chassis, migrate
from services.chassis.chassis import Chassis, launch
from services.payment.handlers import HANDLERS
from services.payment.provider import CardNetwork
from services.payment.servicer import PaymentServicer
from services.payment.store import PaymentStore
from services.payment.usecases.settle import Settling


@dataclass(frozen=True, kw_only=True)
class Settings(chassis.Settings):
    """provider_url: the ledger of the built-in provider. provider_slow_seconds: how long tok_slow takes to answer."""

    database_url: str
    provider_url: str
    migrate_on_start: bool = False
    provider_slow_seconds: float = 2.0


async def main(env: Settings) -> None:
    store, provider = PaymentStore(env.database_url), CardNetwork(env.provider_url, env.provider_slow_seconds)
    service = Chassis("payment", env)
    if env.migrate_on_start:
        await migrate.ensure(store.engine, "services.payment.migrations")
    await provider.open()
    service.serve(add_PaymentServiceServicer_to_server, PaymentServicer(store))  # type: ignore[abstract]
    service.keep(store)
    service.consume(HANDLERS, store)
    service.run_always("settle", Settling(store, provider).run)
    await service.run()
    await provider.close()


if __name__ == "__main__":
    launch("payment", main, Settings)
