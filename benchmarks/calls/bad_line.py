"""``python -m benchmarks.calls.bad_line``: two network namespaces with a bad line between them.

What ``tc netem`` does (rate, delay, loss), done here packet by packet between two TUN devices,
because many kernels come without netem, and because so every packet is seen at the IP level: that
is what bits on the wire are counted by. Needs root and Linux. Until Ctrl-C, for two terminals:

    sudo ip netns exec pechead-a .venv/bin/pechead-live call host --line thin --source A.avatar
    sudo ip netns exec pechead-b .venv/bin/pechead-live call join LINK --line thin --source B.avatar
"""

import argparse
import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

NAMES = ("pechead-a", "pechead-b")
"""Of the namespaces."""

ADDRESSES = ("10.119.0.1", "10.119.0.2")

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_CLONE_NEWNET = 0x40000000
_MTU = 1400
_LONGEST = 2048


class Quality(NamedTuple):
    """Of a line, each way."""

    kbit_s: float = 20.0
    delay_ms: float = 150.0
    """One way: the way there and back takes twice as long."""
    loss: float = 0.05
    queue_bytes: int = 12_000
    """That wait for the line; what comes then is lost (5 s of 20 kbit/s)."""


class Packet(NamedTuple):
    """One at the IP level."""

    at: float
    """When it came to the line, seconds."""
    way: int
    """0 from the first namespace to the second, 1 back."""
    size: int
    """Bytes, IP header included."""
    kind: str
    """Of `kind_of`."""
    delivered: bool


def kind_of(packet: bytes) -> str:
    """What an IPv4 packet carries: "signalling" (TCP), and of UDP by its first byte (RFC 7983)
    "ice", "data" (DTLS), "sound" (RTP), "reports" (RTCP)."""
    if packet[9] != 17:
        return "signalling"
    at = (packet[0] & 15) * 4 + 8
    if len(packet) < at + 2:
        return "ice"
    first, second = packet[at], packet[at + 1]
    if first < 4:
        return "ice"
    if 20 <= first <= 63:
        return "data"
    return "reports" if 192 <= second <= 223 else "sound"


class BadLine:
    """Between two TUN devices, until `close`."""

    def __init__(self, ends: Sequence[int], quality: Quality, seed: int = 1) -> None:
        self._ends, self._quality = ends, quality
        self._seed = seed
        self._closing = threading.Event()
        self.packets: list[Packet] = []
        self._threads = [
            threading.Thread(target=self._carry, args=(way,), daemon=True) for way in (0, 1)
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Cuts the line."""
        self._closing.set()
        for thread in self._threads:
            thread.join(2.0)

    def _carry(self, way: int) -> None:
        source, target = self._ends[way], self._ends[1 - way]
        quality = self._quality
        under_way: list[tuple[float, int, bytes]] = []
        free_at, count = 0.0, 0
        chance = random.Random(2 * self._seed + way)
        while not self._closing.is_set():
            now = time.monotonic()
            wait = under_way[0][0] - now if under_way else 0.2
            ready, _, _ = select.select([source], [], [], min(max(wait, 0.0), 0.2))
            now = time.monotonic()
            while under_way and under_way[0][0] <= now:
                os.write(target, heapq.heappop(under_way)[2])
            if not ready:
                continue
            data = os.read(source, _LONGEST)
            if data[0] >> 4 != 4:  # IPv6's own housekeeping
                continue
            waiting = max(0.0, free_at - now) * quality.kbit_s * 1000 / 8
            lost = chance.random() < quality.loss or waiting > quality.queue_bytes
            self.packets.append(Packet(now, way, len(data), kind_of(data), not lost))
            if waiting > quality.queue_bytes:
                continue
            free_at = max(free_at, now) + len(data) * 8 / (quality.kbit_s * 1000)
            if not lost:  # what is lost behind the bottleneck has taken its time
                count += 1
                heapq.heappush(under_way, (free_at + quality.delay_ms / 1000, count, data))


@contextmanager
def bad_line(quality: Quality, seed: int = 1) -> Iterator[BadLine]:
    """Both namespaces and the line; all of it is gone afterwards."""
    with ExitStack() as stack:
        ends: list[int] = []
        for name, address in zip(NAMES, ADDRESSES, strict=True):
            _ip("netns", "add", name)
            stack.callback(_ip, "netns", "del", name)
            _ip("-n", name, "link", "set", "lo", "up")
            ends.append(_tun(name))
            stack.callback(os.close, ends[-1])
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", "line")
            _ip("-n", name, "link", "set", "line", "mtu", str(_MTU), "up")
        line = BadLine(ends, quality, seed)
        stack.callback(line.close)
        yield line


def in_namespace(end: int, words: Sequence[str]) -> list[str]:
    """``words`` as a command that runs at that ``end``, 0 or 1."""
    return ["ip", "netns", "exec", NAMES[end], *words]


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def _tun(namespace: str) -> int:
    """A descriptor of the TUN device "line" in ``namespace``.

    It belongs to the namespace of the thread that opens it.
    """
    found: list[int] = []

    def enter() -> None:
        with open(f"/var/run/netns/{namespace}") as place:
            os.setns(place.fileno(), _CLONE_NEWNET) if hasattr(os, "setns") else _setns(place)
        descriptor = os.open("/dev/net/tun", os.O_RDWR)
        request = struct.pack("16sH22x", b"line", _IFF_TUN | _IFF_NO_PI)
        fcntl.ioctl(descriptor, _TUNSETIFF, request)
        found.append(descriptor)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return found[0]


def _setns(place: object) -> None:
    """Python has `os.setns` from 3.12 on."""
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    if library.setns(place.fileno(), _CLONE_NEWNET) != 0:  # type: ignore[attr-defined]
        raise OSError(ctypes.get_errno(), "the network namespace cannot be entered: be root")


def main(argv: Sequence[str] | None = None) -> int:
    """Keeps the line until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calls.bad_line")
    add_quality_arguments(parser)
    arguments = parser.parse_args(argv)
    with bad_line(quality_from(arguments)) as line:
        print(f"{NAMES[0]} has {ADDRESSES[0]}, {NAMES[1]} has {ADDRESSES[1]}; in two terminals:")
        for name, action in zip(NAMES, ("host", "join LINK"), strict=True):
            print(
                f"  ip netns exec {name} pechead-live call {action} --line thin --source A.avatar"
            )
        print("Ctrl-C cuts the line")
        try:
            while True:
                time.sleep(5)
                recent = [p for p in line.packets if p.at > time.monotonic() - 5]
                line.packets[:] = recent
                for way in (0, 1):
                    bits = sum(8 * p.size for p in recent if p.way == way)
                    print(f"{NAMES[way]} sends {bits / 5000:.1f} kbit/s", end="  ")
                print(flush=True)
        except KeyboardInterrupt:
            return 0


def add_quality_arguments(parser: argparse.ArgumentParser) -> None:
    """``--kbit``, ``--delay`` and ``--loss``."""
    default = Quality()
    add, text = parser.add_argument, "default: %(default)s"
    add("--kbit", type=float, default=default.kbit_s, help=f"a second, each way ({text})")
    add("--delay", type=float, default=default.delay_ms, help=f"milliseconds, one way ({text})")
    add("--loss", type=float, default=default.loss, help=f"share of the packets ({text})")


def quality_from(arguments: argparse.Namespace) -> Quality:
    """Of `add_quality_arguments`."""
    return Quality(arguments.kbit, arguments.delay, arguments.loss)


if __name__ == "__main__":
    sys.exit(main())
