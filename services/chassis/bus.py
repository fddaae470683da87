"""The connection to NATS: kept open for ever, and the streams on it."""

import asyncio
import logging
from collections.abc import Callable

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError

from services.chassis import facts
from services.chassis.facts import Fact, Malformed

log = logging.getLogger(__name__)

# Dead letters of every consumer, and letters on their way back to one.
DEAD, REPLAY = "DEAD", "REPLAY"

_GIB = 1024**3
# A relay that was killed between a publish and its mark publishes again: the stream must still know the fact's id.
_DUPLICATE_WINDOW = 30 * 60.0


def fact_stream(service: str) -> StreamConfig:
    """The stream of one service's facts. Kept for ever, since search is rebuilt from them; full, it refuses new ones,
    which then wait in the outbox, and loses none."""
    return StreamConfig(
        name=service.upper(),
        subjects=[f"coursemesh.{service}.v1.>"],
        storage=StorageType.FILE,
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.NEW,
        max_bytes=_GIB,
        duplicate_window=_DUPLICATE_WINDOW,
    )


DEAD_STREAM = StreamConfig(
    name=DEAD, subjects=["dead.>"], discard=DiscardPolicy.NEW, max_bytes=_GIB // 4, duplicate_window=_DUPLICATE_WINDOW
)
REPLAY_STREAM = StreamConfig(
    name=REPLAY,
    subjects=["replay.>"],
    retention=RetentionPolicy.WORK_QUEUE,
    discard=DiscardPolicy.NEW,
    max_bytes=_GIB // 4,
)


class Bus:
    """One process' connection, made in the background and again and again: a broker may come late, and leave."""

    def __init__(self, url: str, name: str, replicas: int = 1) -> None:
        """url: with the credentials in it. replicas: how many brokers keep each stream."""
        self.url, self.name, self.replicas = url, name, replicas
        self.nats = Client()
        self.closing = False
        self._connecting: asyncio.Task[None] | None = None
        self._opened = asyncio.Event()

    @property
    def connected(self) -> bool:
        return self.nats.is_connected

    @property
    def js(self) -> JetStreamContext:
        return self.nats.jetstream(timeout=5.0)

    async def start(self) -> None:
        """Begins to connect, and returns."""
        self._connecting = asyncio.create_task(self._connect(), name="bus")

    async def ready(self) -> None:
        """Waits for the first connection. Later ones are made by the client itself."""
        await self._opened.wait()

    async def listen(self, subject: str, callback: Callable[[Fact], None]) -> None:
        """Hears facts as they are published, on every replica and without a promise: at most once, none while away."""

        async def hear(message: Msg) -> None:
            try:
                callback(facts.parse(message.headers, message.data))
            except Malformed as why:
                log.warning("heard something that is no fact", extra={"subject": message.subject, "why": str(why)})

        await self.ready()
        await self.nats.subscribe(subject, cb=hear)

    async def ensure(self, config: StreamConfig) -> None:
        """Makes the stream, or brings it to this configuration."""
        config = config.evolve(num_replicas=self.replicas)
        try:
            await self.js.add_stream(config)
        except BadRequestError:
            await self.js.update_stream(config)

    async def close(self) -> None:
        self.closing = True
        if self._connecting is not None:
            self._connecting.cancel()
        if self._opened.is_set():
            await self.nats.close()

    async def _connect(self) -> None:
        while not self._opened.is_set():
            try:
                await self.nats.connect(
                    self.url,
                    name=self.name,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.2,  # type: ignore[arg-type]  # seconds, used as a float
                    connect_timeout=2,
                    ping_interval=10,
                    max_outstanding_pings=2,
                    allow_reconnect=True,
                    # While away nothing is stored for later: what must not be lost waits in an outbox.
                    pending_size=0,
                    error_cb=_told,
                    disconnected_cb=self._lost,
                    reconnected_cb=self._found,
                )
                self._opened.set()
            except (OSError, NatsError) as error:
                log.warning("the broker is not there yet", extra={"error": type(error).__name__})
                self.nats = Client()
                await asyncio.sleep(0.2)

    async def _lost(self) -> None:
        if not self.closing:
            log.warning("the broker is away")

    async def _found(self) -> None:
        log.info("the broker is back")


async def _told(error: Exception) -> None:
    # The address in the error may carry credentials.
    log.debug("nats: %s", type(error).__name__)
