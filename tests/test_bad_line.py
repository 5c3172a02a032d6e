"""The line between two namespaces, tried between two sockets: no root, no namespace."""

import os
import socket
import time

import pytest

from benchmarks.calls.bad_line import BadLine, Quality, kind_of


def packet(size: int, payload: bytes = b"", protocol: int = 17) -> bytes:
    """IPv4 with a UDP header."""
    head = bytes([0x45]) + bytes(8) + bytes([protocol]) + bytes(10) + bytes(8)
    return (head + payload).ljust(size, b"\0")


def carried(quality: Quality, sizes: list[int], wait_s: float) -> tuple[BadLine, list[float]]:
    """The line, and when each packet that came did, seconds from the first on."""
    (near, left), (right, far) = (socket.socketpair(type=socket.SOCK_DGRAM) for _ in range(2))
    line = BadLine([left.fileno(), right.fileno()], quality)
    began = time.monotonic()
    for size in sizes:
        os.write(near.fileno(), packet(size))
    far.settimeout(wait_s)
    came: list[float] = []
    try:
        while len(came) < len(sizes):
            far.recv(2048)
            came.append(time.monotonic() - began)
    except TimeoutError:
        pass
    line.close()
    for end in (near, left, right, far):
        end.close()
    return line, came


def test_packets_take_the_time_that_rate_and_delay_say() -> None:
    _, came = carried(Quality(kbit_s=80, delay_ms=50, loss=0.0), [100] * 10, 2.0)
    assert len(came) == 10
    assert came[0] >= 0.05 + 0.01
    assert came[-1] >= 0.05 + 10 * 0.01
    assert came[-1] < 1.0


def test_what_is_lost_has_taken_its_time_and_is_counted() -> None:
    line, came = carried(Quality(kbit_s=10_000, delay_ms=1, loss=0.5), [100] * 60, 0.5)
    lost = [p for p in line.packets if not p.delivered]
    assert len(came) == 60 - len(lost) and 10 < len(lost) < 50
    assert sum(p.size for p in line.packets) == 6000 and {p.way for p in line.packets} == {0}


def test_a_full_queue_lets_nothing_in() -> None:
    line, came = carried(Quality(100, 1, 0.0, queue_bytes=500), [100] * 20, 0.6)
    assert 5 <= len(came) <= 8
    assert sum(not p.delivered for p in line.packets) == 20 - len(came)


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [(1, 0, "ice"), (22, 254, "data"), (0x80, 96, "sound"), (0x80, 201, "reports")],
)
def test_packets_are_told_apart_by_their_first_bytes(first: int, second: int, kind: str) -> None:
    assert kind_of(packet(60, bytes([first, second]))) == kind
    assert kind_of(packet(60, bytes([first, second]), protocol=6)) == "signalling"
