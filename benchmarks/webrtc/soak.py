"""``python -m benchmarks.webrtc.soak``: sessions come and go for an hour; does the server grow?

Visitors are aiortc peers that send a moving face; each opens a session, waits for pictures, and
leaves, some without a goodbye. The server is a process of its own; its memory, threads and open
files are read from /proc every few seconds. In every period there is a rest, at the end of which
nobody is there: what the server holds then is what may not grow.
"""

import argparse
import asyncio
import re
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import av
import numpy as np
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from benchmarks.moving_portrait import write_moving_portrait
from benchmarks.record import write_record

FPS = 15
STAYS_S = 1.5
"""How long a visitor looks once there are pictures."""

OPENED, REFUSED, FAILED = "opened", "refused", "failed"
"""What became of a visitor; sessions that were left behind leave no room for one who is refused."""

SAMPLE_S = 5.0
PERIOD_S, REST_S = 300.0, 50.0
"""Visitors come until the rest before a period's end; those who left without a goodbye are let go
within 40 seconds of it."""


class Sample(NamedTuple):
    """The server, seen from outside."""

    minute: float
    memory_mb: float
    threads: int
    files: int


class ClipTrack(MediaStreamTrack):
    """Pictures over and over, in real time."""

    kind = "video"

    def __init__(self, pictures: Sequence[np.ndarray]) -> None:
        super().__init__()
        self._pictures, self._number = pictures, 0

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(1 / FPS)
        frame = av.VideoFrame.from_ndarray(self._pictures[self._number % len(self._pictures)])
        frame.pts, frame.time_base = self._number, Fraction(1, FPS)
        self._number += 1
        return frame


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the soak, prints its end, writes the record."""
    parser = argparse.ArgumentParser(prog="benchmarks.webrtc.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--per-minute", type=float, default=20.0, help="sessions opened")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        clip = write_moving_portrait(Path(folder) / "clip.mp4", 45)
        with av.open(str(clip)) as film:
            pictures = [
                frame.reformat(width=320, height=320).to_ndarray(format="rgb24")
                for frame in film.decode(video=0)
            ]
        command = [sys.executable, "-m", "pechead_live", "serve", "--port", "0", "--sessions", "3"]
        command += ["--gallery", folder, "--recordings", folder]
        with (
            (Path(folder) / "log").open("w") as log,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as server,
        ):
            try:
                assert server.stdout is not None
                found = re.search(r"http://\S+?(?=/$)", server.stdout.readline().strip())
                assert found is not None, "the server says where it is"
                figures = asyncio.run(_soak(found[0], server.pid, pictures, arguments))
            finally:
                server.terminate()
        figures["errors_in_the_log"] = (Path(folder) / "log").read_text().count("ERROR")
    for name, value in figures.items():
        if name not in ("at_rest", "busy"):
            print(f"{name:28} {value}")
    print(write_record("webrtc.soak", figures, vars(arguments)))
    return 0


async def _soak(
    link: str, server: int, pictures: Sequence[np.ndarray], arguments: argparse.Namespace
) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    began, seconds = loop.time(), 60 * arguments.minutes
    busy: list[Sample] = []
    rests: list[Sample] = []
    left: list[int] = []
    came: Counter[str] = Counter()
    async with aiohttp.ClientSession() as http:
        for period in range(max(1, round(seconds / PERIOD_S))):
            start = began + period * PERIOD_S
            while (now := loop.time()) < start + PERIOD_S - REST_S:
                if not busy or now - began >= 60 * busy[-1].minute + SAMPLE_S:
                    busy.append(_sample(server, (now - began) / 60))
                goodbye = came[OPENED] % 4 != 3
                came[await _visit(http, link, pictures, goodbye=goodbye)] += 1
                await asyncio.sleep(max(0.0, now + 60 / arguments.per_minute - loop.time()))
            await asyncio.sleep(max(0.0, start + PERIOD_S - loop.time()))
            left.append(len((await (await http.get(f"{link}/api/v1/sessions")).json())["sessions"]))
            rests.append(_sample(server, (loop.time() - began) / 60))
            print(dict(came), "at rest:", rests[-1], flush=True)
    first, last = rests[min(1, len(rests) - 1)].memory_mb, rests[-1].memory_mb
    return {
        "sessions_opened": came[OPENED],
        "sessions_refused": came[REFUSED],
        "sessions_failed": came[FAILED],
        "sessions_left_at_rest": max(left),
        "memory_mb_at_rest_after_the_second_period": round(first, 1),
        "memory_mb_at_rest_at_the_end": round(last, 1),
        "memory_growth_percent": round(100 * (last - first) / first, 2),
        "memory_mb_busy_median": round(statistics.median(one.memory_mb for one in busy), 1),
        "memory_mb_busy_max": round(max(one.memory_mb for one in busy), 1),
        "threads_at_rest": [one.threads for one in rests],
        "files_at_rest": [one.files for one in rests],
        "at_rest": [list(one) for one in rests],
        "busy": [list(one) for one in busy[:: max(1, len(busy) // 120)]],
    }


async def _visit(
    http: aiohttp.ClientSession, link: str, pictures: Sequence[np.ndarray], *, goodbye: bool
) -> str:
    """One visitor: `OPENED` if it saw pictures, else why not."""
    peer = RTCPeerConnection()
    seen = asyncio.Event()
    tasks: list[asyncio.Task[None]] = []

    async def look(track: MediaStreamTrack) -> None:
        try:
            while True:
                await track.recv()
                seen.set()
        except MediaStreamError:
            return

    peer.on("track", lambda track: tasks.append(asyncio.ensure_future(look(track))))
    peer.addTrack(ClipTrack(pictures))
    name = None
    try:
        await peer.setLocalDescription(await peer.createOffer())
        offer = {"type": "offer", "sdp": peer.localDescription.sdp}
        async with http.post(f"{link}/api/v1/sessions", json={"offer": offer}) as answer:
            told = await answer.json()
        if answer.status != 201:
            return REFUSED if answer.status == 429 else FAILED
        name = told["id"]
        await peer.setRemoteDescription(RTCSessionDescription(**told["answer"]))
        try:
            await asyncio.wait_for(seen.wait(), 15)
        except TimeoutError:
            return FAILED
        await asyncio.sleep(STAYS_S)
        return OPENED
    finally:
        if name is not None and goodbye:
            await http.delete(f"{link}/api/v1/sessions/{name}")
        await peer.close()
        for task in tasks:
            task.cancel()


def _sample(server: int, minute: float) -> Sample:
    status = Path(f"/proc/{server}/status").read_text()
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return Sample(
        minute=round(minute, 2),
        memory_mb=int(fields["VmRSS"].split()[0]) / 1024,
        threads=int(fields["Threads"]),
        files=len(list(Path(f"/proc/{server}/fd").iterdir())),
    )


if __name__ == "__main__":
    raise SystemExit(main())
