"""What a payment provider promises, whichever it is; and what the built-in one's tokens do."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from services.chassis.facts import new_id
from services.payment.provider import CardNetwork
from services.payment.usecases.ports import Charged, Declined, Provider, ProviderUnavailable, Refunded
from tests.payment.world import books

SLOW = 0.2


@pytest.fixture
async def built_in(database_url: str, drivers: None) -> AsyncIterator[CardNetwork]:
    """On SQLite and on PostgreSQL."""
    made = CardNetwork(database_url, SLOW)
    await made.open()
    yield made
    await made.close()


@pytest.fixture
def provider(built_in: CardNetwork) -> Provider:
    """Every provider there is; the suite knows no more of it than the port."""
    return built_in


async def test_a_good_card_is_charged_and_a_bad_one_declined(provider: Provider) -> None:
    assert isinstance(await provider.charge(new_id(), 4900, "EUR", "tok_ok"), Charged)
    assert await provider.charge(new_id(), 4900, "EUR", "tok_declined") == Declined("CARD_DECLINED")


@pytest.mark.parametrize("token", ["tok_ok", "tok_declined"])
async def test_the_same_key_gives_the_first_outcome_again(provider: Provider, token: str) -> None:
    key = new_id()
    first = await provider.charge(key, 4900, "EUR", token)
    assert await provider.charge(key, 4900, "EUR", token) == first


async def test_another_key_is_another_charge(provider: Provider) -> None:
    one = await provider.charge(new_id(), 4900, "EUR", "tok_ok")
    assert one != await provider.charge(new_id(), 4900, "EUR", "tok_ok")


@pytest.mark.parametrize(("amount", "currency"), [(4901, "EUR"), (4900, "USD")])
async def test_the_same_key_with_another_amount_is_a_defect(provider: Provider, amount: int, currency: str) -> None:
    key = new_id()
    first = await provider.charge(key, 4900, "EUR", "tok_ok")
    with pytest.raises(ValueError, match="another amount"):
        await provider.charge(key, amount, currency, "tok_ok")
    assert await provider.charge(key, 4900, "EUR", "tok_ok") == first


async def test_many_at_once_with_one_key_get_one_charge(provider: Provider) -> None:
    key = new_id()
    answers = await asyncio.gather(*(provider.charge(key, 4900, "EUR", "tok_ok") for _ in range(20)))
    assert len(set(answers)) == 1


async def test_a_refund_asked_for_twice_is_the_same_refund(provider: Provider) -> None:
    charged = await provider.charge(key := new_id(), 4900, "EUR", "tok_ok")
    assert isinstance(charged, Charged)
    for _ in range(2):
        assert await provider.refund(f"{key}:refund", charged.charge_id) == Refunded()


async def test_a_charge_is_given_back_once_whatever_the_key(provider: Provider) -> None:
    charged = await provider.charge(new_id(), 4900, "EUR", "tok_ok")
    assert isinstance(charged, Charged)
    await provider.refund(new_id(), charged.charge_id)
    with pytest.raises(ValueError, match="refund"):
        await provider.refund(new_id(), charged.charge_id)


async def test_what_was_not_charged_is_not_given_back(provider: Provider) -> None:
    key = new_id()
    await provider.charge(key, 4900, "EUR", "tok_declined")
    for charge_id in (f"ch_{key}", "ch_made_up"):
        with pytest.raises(ValueError, match="no charge"):
            await provider.refund(new_id(), charge_id)


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("tok_declined", "CARD_DECLINED"),
        ("tok_insufficient_funds", "INSUFFICIENT_FUNDS"),
        ("tok_nobody", "INVALID_TOKEN"),
        ("", "INVALID_TOKEN"),
    ],
)
async def test_the_reason_is_in_the_token(built_in: CardNetwork, token: str, reason: str) -> None:
    assert await built_in.charge(new_id(), 4900, "EUR", token) == Declined(reason)
    assert await books(built_in) == (0, 0)


async def test_a_flaky_card_is_not_charged_by_the_call_that_fails(built_in: CardNetwork) -> None:
    key = new_id()
    with pytest.raises(ProviderUnavailable):
        await built_in.charge(key, 4900, "EUR", "tok_flaky")
    assert await books(built_in) == (0, 0)
    assert isinstance(await built_in.charge(key, 4900, "EUR", "tok_flaky"), Charged)
    assert await books(built_in) == (1, 0)


async def test_a_lost_answer_is_found_under_the_same_key(built_in: CardNetwork) -> None:
    key = new_id()
    with pytest.raises(ProviderUnavailable):
        await built_in.charge(key, 4900, "EUR", "tok_lost")
    assert await books(built_in) == (1, 0)
    assert isinstance(await built_in.charge(key, 4900, "EUR", "tok_lost"), Charged)
    assert await books(built_in) == (1, 0)


async def test_a_slow_card_is_charged_before_the_answer_comes(built_in: CardNetwork) -> None:
    started = time.monotonic()
    asked = asyncio.create_task(built_in.charge(key := new_id(), 4900, "EUR", "tok_slow"))
    assert isinstance(await asked, Charged)
    assert time.monotonic() - started >= SLOW
    assert await built_in.charge(key, 4900, "EUR", "tok_slow") == asked.result()


async def test_the_ledger_outlives_the_process(built_in: CardNetwork, database_url: str) -> None:
    flaky, lost = new_id(), new_id()
    for key, token in ((flaky, "tok_flaky"), (lost, "tok_lost")):
        with pytest.raises(ProviderUnavailable):
            await built_in.charge(key, 4900, "EUR", token)
    again = CardNetwork(database_url, SLOW)
    await again.open()
    assert isinstance(await again.charge(flaky, 4900, "EUR", "tok_flaky"), Charged)
    assert isinstance(await again.charge(lost, 4900, "EUR", "tok_lost"), Charged)
    assert await books(again) == (2, 0)
    await again.close()


async def test_replicas_may_open_a_new_ledger_at_once(database_url: str) -> None:
    replicas = [CardNetwork(database_url, SLOW) for _ in range(4)]
    await asyncio.gather(*(replica.open() for replica in replicas))
    assert [await books(replica) for replica in replicas] == [(0, 0)] * 4
    for replica in replicas:
        await replica.close()


async def test_a_ledger_that_is_away_is_no_answer() -> None:
    nowhere = CardNetwork("postgresql+psycopg://nobody@127.0.0.1:1/nowhere", SLOW)
    with pytest.raises(ProviderUnavailable):
        await nowhere.charge(new_id(), 4900, "EUR", "tok_ok")
    await nowhere.close()
