"""Rate limits, per address and per user: 429 with Retry-After. In memory, per replica, and bounded."""

import time
from collections import OrderedDict

from limits import RateLimitItem, parse_many
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from services.gateway.problems import Problem, retry_after

# How many windows are counted at once. Beyond it the oldest are forgotten: memory comes before exactness.
_WINDOWS = 20_000


class Windows(Storage):
    """Counts requests in fixed windows. The library's own memory store starts a thread for each clean-up and keeps as
    many keys as come."""

    # The library registers stores by name as the class is made.
    STORAGE_SCHEME = ["coursemesh-windows"]  # noqa: RUF012

    def __init__(self, most: int = _WINDOWS) -> None:
        super().__init__()
        self.most = most
        self._windows: OrderedDict[str, tuple[int, float]] = OrderedDict()

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        count, ends = self._windows.get(key, (0, 0.0))
        if ends <= now:
            # Taken out first, so that the order is that of the windows' beginnings.
            self._windows.pop(key, None)
            count, ends = 0, now + expiry
        self._windows[key] = (count + amount, ends)
        if len(self._windows) > self.most:
            self._windows.popitem(last=False)
        return count + amount

    def get(self, key: str) -> int:
        count, ends = self._windows.get(key, (0, 0.0))
        return count if ends > time.time() else 0

    def get_expiry(self, key: str) -> float:
        return self._windows.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        count = len(self._windows)
        self._windows.clear()
        return count

    def clear(self, key: str) -> None:
        self._windows.pop(key, None)


class Limits:
    """The limits of one gateway, in the notation of the limits library: `20/second;300/minute`."""

    def __init__(self, per_address: str, per_user: str, credentials: str) -> None:
        self._limiter = FixedWindowRateLimiter(Windows())
        self._address = _parsed("RATE_PER_ADDRESS", per_address)
        self._user = _parsed("RATE_PER_USER", per_user)
        self._credentials = _parsed("RATE_CREDENTIALS", credentials)

    def of_address(self, address: str) -> None:
        self._hit(self._address, "address", address)

    def of_user(self, user_id: str) -> None:
        self._hit(self._user, "user", user_id)

    def of_credentials(self, address: str) -> None:
        self._hit(self._credentials, "credentials", address)

    def _hit(self, items: list[RateLimitItem], whose: str, who: str) -> None:
        for item in items:
            if not self._limiter.hit(item, whose, who):
                ends = self._limiter.get_window_stats(item, whose, who).reset_time
                raise Problem(
                    429,
                    "TOO_MANY_REQUESTS",
                    f"at most {item} for each {'user' if whose == 'user' else 'address'} here; wait and try again",
                    headers=(retry_after(ends - time.time()),),
                )


def _parsed(variable: str, text: str) -> list[RateLimitItem]:
    try:
        return parse_many(text)
    except ValueError:
        raise SystemExit(f"cannot start: {variable} is no rate such as 20/second;300/minute: {text!r}") from None
