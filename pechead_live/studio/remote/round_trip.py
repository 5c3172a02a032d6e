"""How old a picture is when it comes back.

No clock is shared with the server, and RTP does not say which frame a picture answers, so it is a
sum: the network's round trip, which RTCP measures (RFC 3550, sec. 6.4.1), and the median that the
server measured from a frame's arrival to its picture's handing on. Encoding and decoding the two
videos, some milliseconds each, are not in it.
"""

import asyncio
import logging
from typing import Any

from aiortc import RTCPeerConnection

from pechead_live.live.measurements import Measurements
from pechead_live.studio.remote.client import RefusedError, StudioClient, UnreachableError
from pechead_live.studio.remote.downlink import Downlink

logger = logging.getLogger(__name__)

WHAT = "network round trip (RTCP) plus the server's own median; without encoding and decoding"
"""What the latency of a remote run is."""


async def keep_measuring(
    client: StudioClient,
    place: str,
    peer: RTCPeerConnection,
    downlink: Downlink,
    measurements: Measurements,
    every_s: float,
) -> None:
    """Tells ``downlink`` how old its pictures are, until it is cancelled."""
    while True:
        await asyncio.sleep(every_s)
        try:
            status: dict[str, Any] = await client.ask("GET", f"{place}/status")
        except (RefusedError, UnreachableError) as error:
            logger.debug("no status: %s", error)
            continue
        latency, trip = status["latency_ms"], await _round_trip(peer)
        if latency is None or trip is None:
            continue
        server = latency["p50"] / 1000
        measurements.add("network round trip", trip)
        measurements.add("server, median", server)
        downlink.age_s = trip + server


async def _round_trip(peer: RTCPeerConnection) -> float | None:
    """Seconds, of the video that is sent; None before the first report of its receiver."""
    for sender in peer.getSenders():
        for stats in (await sender.getStats()).values():
            if stats.type == "remote-inbound-rtp":
                return getattr(stats, "roundTripTime", None)
    return None
