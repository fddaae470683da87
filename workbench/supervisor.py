"""The process that stays: it runs what the plan in the data directory says until it is told to stop.

Run as `python -m workbench.supervisor --data DIR --lock DESCRIPTOR`.
"""

import argparse
import asyncio
import os
import signal
from pathlib import Path

from workbench import plan
from workbench.place import Place
from workbench.supervision import control
from workbench.supervision.system import System


def main() -> None:
    parser = argparse.ArgumentParser(prog="workbench.supervisor")
    parser.add_argument("--data", type=Path, required=True)
    # The open file that holds the data directory. It is inherited, so that nobody can take the directory in between,
    # and is passed on to nobody, so that the directory is free again the moment this process is gone.
    parser.add_argument("--lock", type=int, required=True)
    args = parser.parse_args()
    os.umask(0o077)
    os.set_inheritable(args.lock, False)
    asyncio.run(_supervise(Place(args.data)))


async def _supervise(place: Place) -> None:
    socket = control.socket_path(place.run)
    system = System(plan.loads(place.plan.read_text()), place, socket)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGCHLD, system.reap)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, system.stopping.set)
    server = await control.serve(socket, system.act, system.events)
    try:
        await system.run()
    finally:
        server.close()
        control.remove(socket, place.run)
        place.state.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
