"""Whether a program accepts work on its port, asked in the protocol it speaks. The standard library only."""

import socket
import struct

from workbench.ports import HOST

TCP = "tcp"
NATS = "nats"
POSTGRES = "postgres"
GRPC = "grpc"
HTTP = "http"

# A PostgreSQL StartupMessage, protocol 3.0. The answer to it tells a server that is open from one that still recovers.
_STARTUP = b"user\0nobody\0database\0postgres\0\0"
_STARTUP = struct.pack("!ii", 8 + len(_STARTUP), 3 << 16) + _STARTUP
_CANNOT_CONNECT_NOW = b"C57P03\0"


def accepts(speaks: str, port: int, timeout: float = 0.5) -> bool:
    """Answers within about twice the timeout, in seconds.

    What greets nobody before it is spoken to accepts work when it lets one connect.
    """
    try:
        with socket.create_connection((HOST, port), timeout=timeout) as line:
            return _greets(speaks, line)
    except OSError:
        return False


def _greets(speaks: str, line: socket.socket) -> bool:
    if speaks == NATS:
        return line.recv(4) == b"INFO"
    if speaks == POSTGRES:
        line.sendall(_STARTUP)
        answer = line.recv(1024)
        return bool(answer) and _CANNOT_CONNECT_NOW not in answer
    return True
