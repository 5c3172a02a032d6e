"""The v4l2loopback devices of a Linux machine, looked at without becoming their writer.

With v4l2loopback 0.12 and exclusive_caps=1 a device takes one writer per loading of the module, so
a check that opened it as `run` does would use it up. Asking for its capabilities does not.
"""

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

DRIVER = b"v4l2 loopback"

QUERY_CAPABILITIES = 0x80685600
"""VIDIOC_QUERYCAP of linux/videodev2.h."""

CAPABILITIES = struct.Struct("16s32s32sIII12x")
"""struct v4l2_capability: driver, card, bus, version, capabilities, those of this device."""

CAPTURE, OUTPUT = 0x1, 0x2
"""Bits of a device's capabilities."""

State = Literal["ready", "written", "used up"]
"""``written``: a program sends pictures to it; ``used up``: neither camera nor output."""

Query = Callable[[Path], bytes]
"""What a device answers to `QUERY_CAPABILITIES`; OSError if it does not."""


class Loopback(NamedTuple):
    """One device."""

    device: str
    """Such as ``/dev/video9``."""

    name: str
    """Its card label, as other programs show it."""

    state: State
    """How it stands."""


def query_capabilities(device: Path) -> bytes:
    """Asks the device; OSError if it is none."""
    import fcntl  # not on Windows

    answer = bytearray(CAPABILITIES.size)
    handle = os.open(device, os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.ioctl(handle, QUERY_CAPABILITIES, answer)
    finally:
        os.close(handle)
    return bytes(answer)


def loopback_devices(
    folder: Path = Path("/dev"), query: Query = query_capabilities
) -> list[Loopback]:
    """Every v4l2loopback device that may be opened, by its number."""
    found: list[Loopback] = []
    numbers = [p.name.removeprefix("video") for p in folder.glob("video*")]
    for number in sorted(int(n) for n in numbers if n.isdecimal()):
        device = folder / f"video{number}"
        try:
            driver, card, _, _, _, able = CAPABILITIES.unpack(query(device))
        except OSError:
            continue  # somebody else's camera, or not allowed
        if driver.rstrip(b"\0") != DRIVER:
            continue
        state: State = "ready" if able & OUTPUT else "written" if able & CAPTURE else "used up"
        name = card.rstrip(b"\0").decode(errors="replace")
        found.append(Loopback(str(device), name, state))
    return found
