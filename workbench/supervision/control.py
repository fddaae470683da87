"""The supervisor's control socket: one request a connection, a line of JSON each way."""

import asyncio
import json
import os
import socket
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from workbench.supervision.events import Events

Answer = dict[str, object]
# The kernel's field for a socket's path has 108 bytes on Linux and 104 elsewhere, with the closing zero.
_LONGEST_PATH = 100
_SECONDS = 5
_LIMIT = 64 * 1024


def socket_path(run: Path) -> Path:
    """In the run folder; where that path is too long for a socket, in a short folder of its own."""
    own = run / "control.sock"
    if len(os.fsencode(own)) <= _LONGEST_PATH:
        return own
    return Path(tempfile.mkdtemp(prefix="coursemesh-", dir="/tmp")) / "control.sock"


def remove(path: Path, run: Path) -> None:
    path.unlink(missing_ok=True)
    if path.parent != run:
        path.parent.rmdir()


async def serve(path: Path, act: Callable[[Answer], Awaitable[Answer]], events: Events) -> asyncio.Server:
    """Answers every request by `act`, except `watch`, which is told the events until there are no more."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await asyncio.wait_for(reader.readline(), _SECONDS))
            if request.get("do") == "watch":
                await _watch(writer, events)
            else:
                await _send(writer, await act(request))
        except (OSError, ValueError, AttributeError):
            pass  # Whoever asked has gone, or did not ask in our words: there is nobody to answer.
        finally:
            writer.close()

    return await asyncio.start_unix_server(connected, sock=_listening(path), limit=_LIMIT)


def _listening(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.bind(str(path))
    path.chmod(0o600)
    return line


async def _watch(writer: asyncio.StreamWriter, events: Events) -> None:
    with events.watched() as queue:
        await _send(writer, {"event": "watching"})
        while (event := await queue.get()) is not None:
            await _send(writer, dict(event))


async def _send(writer: asyncio.StreamWriter, answer: Answer) -> None:
    writer.write(json.dumps(answer).encode() + b"\n")
    await asyncio.wait_for(writer.drain(), _SECONDS)
