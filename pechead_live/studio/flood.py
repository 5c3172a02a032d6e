"""How often one client may ask: a token bucket for each, in bounded memory."""

import ipaddress
from collections import OrderedDict
from typing import NamedTuple

MOST_CLIENTS = 4096
"""Remembered at once. Whoever asks from more addresses than this is not stopped by counting."""


class _Bucket(NamedTuple):
    tokens: float
    filled_at: float


class Flood:
    """A bucket of ``burst`` requests for each client, filled again at ``rate`` a second."""

    def __init__(self, rate: float, burst: float, most_clients: int = MOST_CLIENTS) -> None:
        self._rate, self._burst, self._most = rate, burst, most_clients
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        """How many clients are remembered."""
        return len(self._buckets)

    def wait(self, client: str, now: float) -> float:
        """Seconds until ``client`` may ask; 0 if it may now. ``now``: monotonic seconds."""
        return max(0.0, (1.0 - self._level(client, now)) / self._rate)

    def count(self, client: str, now: float) -> None:
        """Takes one request out of the bucket of ``client``."""
        self._buckets[client] = _Bucket(max(0.0, self._level(client, now) - 1.0), now)
        self._buckets.move_to_end(client)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)  # whoever has not asked for longest

    def _level(self, client: str, now: float) -> float:
        bucket = self._buckets.get(client)
        if bucket is None:
            return self._burst
        return min(self._burst, bucket.tokens + (now - bucket.filled_at) * self._rate)


def client_of(remote: str | None) -> str:
    """Whom to count a request for: the address, of IPv6 the network of 64 bits that one house has.

    Behind a proxy all clients are one.
    """
    try:
        address = ipaddress.ip_address((remote or "").partition("%")[0])
    except ValueError:
        return remote or ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address)
