"""An SMTP server that delivers nothing: it keeps what comes as files, the newest of them only.

Run as `python -m workbench.infrastructure.catcher --port PORT --folder DIR`.
"""

import argparse
import asyncio
import signal
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

from workbench.ports import HOST

# More mails than these, and the oldest go.
_AT_MOST = 1_000
_LARGEST = 1_000_000


class Catcher:
    """Keeps each mail as NUMBER.eml; a higher number is newer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        kept = [int(path.stem) for path in folder.glob("*.eml")]
        self._next = max(kept, default=0) + 1

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        path = self.folder / f"{self._next}.eml"
        fresh = path.with_suffix(".part")
        fresh.write_bytes(envelope.original_content or b"")
        fresh.chmod(0o600)
        fresh.rename(path)  # a reader sees whole mails only
        (self.folder / f"{self._next - _AT_MOST}.eml").unlink(missing_ok=True)
        self._next += 1
        return "250 OK: kept"


async def serve(port: int, catcher: Catcher) -> None:
    """Until SIGTERM or SIGINT."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)

    def made() -> SMTP:
        return SMTP(catcher, hostname="coursemesh", data_size_limit=_LARGEST, enable_SMTPUTF8=True, timeout=60)

    server = await loop.create_server(made, HOST, port)
    async with server:
        await stopping.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="workbench.infrastructure.catcher")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    args = parser.parse_args()
    args.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    asyncio.run(serve(args.port, Catcher(args.folder)))


if __name__ == "__main__":
    main()
