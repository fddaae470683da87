"""Ports on 127.0.0.1: which are free, and a clear line for one that is taken."""

import secrets
import socket
from collections.abc import Iterable

from workbench.refusal import Refusal

HOST = "127.0.0.1"
# Below the range that systems give to outgoing connections: a chosen port must still be free when its program starts,
# and again each time that program is restarted.
_CHOICE = range(20_000, 32_000)
_ATTEMPTS = 1_000


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of an earlier run that are still in TIME_WAIT do not make a port taken; a listener does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free(taken: Iterable[int] = ()) -> int:
    """A port that nobody listens on now and that is not one of the taken."""
    refused = set(taken)
    for _ in range(_ATTEMPTS):
        port = secrets.choice(_CHOICE)
        if port not in refused and is_free(port):
            return port
    raise Refusal(f"no free port between {_CHOICE.start} and {_CHOICE.stop} on {HOST}: stop some programs first")


def check(wanted: dict[str, int]) -> None:
    """Refuses when a wanted port is taken, naming each one that is."""
    taken = [f"port {port} ({name})" for name, port in wanted.items() if not is_free(port)]
    if taken:
        verb = "is taken by another program: stop it" if len(taken) == 1 else "are taken by other programs: stop them"
        raise Refusal(f"{', '.join(taken)} {verb}, or use --ports auto")
