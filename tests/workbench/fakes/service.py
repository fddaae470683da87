"""A small service with the manners of a real one: gRPC health, settings by environment, a clean stop."""

import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc


def main(required: list[str]) -> None:
    behave(required)
    server = grpc.server(ThreadPoolExecutor(2), options=[("grpc.so_reuseport", 0)])
    servicer = health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    server.add_insecure_port(os.environ["LISTEN"])
    status = os.environ.get("STATUS", "SERVING")
    servicer.set("", health_pb2.HealthCheckResponse.ServingStatus.Value(status))
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    server.start()
    say(f"serving on {os.environ['LISTEN']}")
    stopping.wait()
    server.stop(1).wait()
    say("stopped in good order")


def behave(required: list[str]) -> None:
    """Refuses to start as a service does whose settings are missing, or as the test wants."""
    say("environment: " + " ".join(sorted(os.environ)))
    missing = [name for name in required if name not in os.environ]
    if missing:
        sys.exit(f"missing settings: {', '.join(missing)}")
    if "DIE" in os.environ:
        sys.exit(f"cannot go on: {os.environ['DIE']}")
    if "IGNORE_SIGTERM" in os.environ:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
