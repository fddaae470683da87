"""Stands in for the gateway."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

from tests.workbench.fakes.service import behave


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path in ("/health", "/health/ready") else 404)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


CALLS = ["USER", "COURSE", "ENROLLMENT", "PAYMENT", "NOTIFICATION", "SEARCH"]
behave(["LISTEN", "NATS_URL", "LOG_LEVEL", *(f"{name}_ADDRESS" for name in CALLS)])
host, _, port = os.environ["LISTEN"].rpartition(":")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
HTTPServer((host, int(port)), Ready).serve_forever()
