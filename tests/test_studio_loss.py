"""A line that loses, delays and reorders packets: the avatar stays alive and recovers."""

import asyncio
from pathlib import Path

import numpy as np
import pytest
from studio_line import BadLine
from studio_visitor import ClipTrack, Visitor, asked, studio_at, visited

RECOVERY_S = 2.0
"""After the line is good again pictures come at their usual rate within this long."""


@pytest.mark.parametrize(("loss", "jitter_s"), [(0.05, 0.0), (0.2, 0.0), (0.02, 0.2)])
def test_pictures_come_through_a_bad_line_and_at_once_after_it(
    loss: float, jitter_s: float, tmp_path: Path
) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (12, 16, 3), np.uint8)
    frames = [np.kron(np.roll(noise, n, axis=1), np.ones((10, 10, 1), np.uint8)) for n in range(16)]

    async def visit() -> None:
        async with visited(studio_at(tmp_path)) as client:
            visitor = Visitor([ClipTrack(frames)])
            opened = await asked(client, "POST", "/sessions", {"offer": await visitor.offer()})
            await visitor.accept(opened["answer"])
            await visitor.wait_for(lambda: len(visitor.pictures) > 10, "pictures")
            line = BadLine(visitor.peer)
            line.loss, line.jitter_s = loss, jitter_s
            before = visitor.received
            await asyncio.sleep(3.0)
            assert line.lost > 0 or loss == 0
            during = visitor.received - before
            assert during >= 3, "the avatar has died on the bad line"
            line.loss = line.jitter_s = 0.0
            await asyncio.sleep(RECOVERY_S)
            before = visitor.received
            await asyncio.sleep(1.0)
            assert visitor.received - before >= 5, "the line is good and the avatar is not back"
            assert visitor.peer.connectionState == "connected"
            line.close()
            await visitor.close()

    asyncio.run(visit())
