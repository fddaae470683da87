"""What a learner sees first: five services at once. One that is down leaves its part missing, and no more."""

import asyncio
from typing import Any

from services.gateway import answers
from services.gateway.contract import rpc
from services.gateway.exchange import JSON, PRIVATE, Answer, typed
from services.gateway.peers import Peers
from services.gateway.problems import Problem
from services.gateway.routes import DASHBOARD

# Each part has so many seconds: a slow one is missing, and holds up nobody.
_PART_SECONDS = 2.0


async def answer(peers: Peers) -> Answer:
    parts = await asyncio.gather(*(_part(peers, short) for short in DASHBOARD.values()))
    content = dict(zip(DASHBOARD, parts, strict=True))
    return Answer(200, answers.encoded(content), [typed(JSON), PRIVATE])


async def _part(peers: Peers, short: str) -> dict[str, Any]:
    asked = rpc(short)
    try:
        return answers.plain(await peers.call(asked, asked.request({}), timeout=_PART_SECONDS))
    except Problem as problem:
        return {"missing": True, "reason": problem.reason}
