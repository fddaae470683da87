"""What the gateway reads from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Settings:
    """listen: host:port; port 0 takes a free one. *_address: host:port; empty, the service is not deployed.

    cors_origins, trusted_proxies: separated by commas. rate_*: as `20/second;300/minute`. client_retries: off where a
    mesh retries. max_streams: how many server-sent event streams may be open. drain_seconds: how long running requests
    may take after SIGTERM.
    """

    listen: str
    nats_url: str
    user_address: str = ""
    course_address: str = ""
    enrollment_address: str = ""
    payment_address: str = ""
    notification_address: str = ""
    search_address: str = ""
    log_level: str = "INFO"
    cors_origins: str = ""
    trusted_proxies: str = ""
    rate_per_address: str = "500/second"
    rate_per_user: str = "100/second"
    rate_credentials: str = "20/second;300/minute"
    client_retries: bool = True
    max_streams: int = 200
    drain_seconds: int = 10

    @property
    def addresses(self) -> Mapping[str, str]:
        return {
            "user": self.user_address,
            "course": self.course_address,
            "enrollment": self.enrollment_address,
            "payment": self.payment_address,
            "notification": self.notification_address,
            "search": self.search_address,
        }
