"""Runs the gateway: `python -m services.gateway`, configured by the environment."""

import os

import uvloop

from services.chassis import logs, settings, telemetry
from services.gateway.gateway import Gateway
from services.gateway.server import Server, listening
from services.gateway.settings import Settings


async def main(env: Settings) -> None:
    gateway = Gateway(env)
    server = Server(gateway.app, env.drain_seconds, gateway.streams.close)
    with listening(env.listen) as at:
        await gateway.start()
        try:
            await server.run_at(at)
        finally:
            await gateway.close()


if __name__ == "__main__":
    env = settings.read(Settings, os.environ)
    logs.configure("gateway", env.log_level)
    telemetry.configure("gateway")
    uvloop.run(main(env))
