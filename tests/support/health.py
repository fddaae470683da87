"""A client of a service's health."""

from typing import Any

import grpc
from grpc_health.v1 import health_pb2_grpc


def health_stub(channel: grpc.aio.Channel) -> Any:
    """The published types know this stub for servers only."""
    return health_pb2_grpc.HealthStub(channel)
