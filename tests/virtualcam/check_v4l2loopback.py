"""Runs inside the guest: our sink writes into a v4l2loopback device, PyAV reads it through V4L2.

Each picture is a grid of colours that depends on its number, which is drawn beneath it in black
and white; so a picture that is late, old, torn, mirrored or has its channels swapped shows itself.
"""

import argparse
import sys
import threading
import time
from dataclasses import dataclass

import av
import numpy as np
import numpy.typing as npt

from pechead_live.errors import DeviceError
from pechead_live.frame import Picture, Pixels
from pechead_live.sink.open import open_sink
from pechead_live.sink.virtualcam import named_loopback

CELL = 40
"""Pixels along the side of a cell of the pattern."""

BITS = 12
"""Cells of the bottom row that hold the picture's number."""

INSET = 8
"""Pixels left out around a cell when it is measured: chroma is stored at half the resolution."""

TOLERANCE = 6.0
"""Levels of 255 by which a cell's mean colour may differ: RGB to YUV 4:2:0 and back, rounded."""

OPENING_S = 1.0
"""Seconds at the start in which the reader may still be opening the device: not judged."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """One picture as the reader got it."""

    planes: Pixels
    """Its YUV 4:2:0 planes as PyAV gives them; turned into RGB when the writing is over."""

    at: float
    """When it was read, monotonic seconds."""

    def pixels(self) -> Pixels:
        """(H, W, 3) uint8 RGB."""
        frame = av.VideoFrame.from_ndarray(self.planes, format="yuv420p")
        return frame.to_ndarray(format="rgb24")


def pattern(number: int, height: int, width: int) -> Pixels:
    """(H, W, 3) picture ``number``: a colour a cell, and the number's bits in the bottom row."""
    row, column = np.mgrid[: height // CELL, : width // CELL]
    channels = [37 * row + 11 * number, 29 * column + 7 * number, 53 * (row + column) + number]
    cells = np.stack([40 + channel % 176 for channel in channels], axis=-1)
    bits = (number >> np.arange(BITS)) & 1
    cells[-1, :BITS] = 16 + 219 * bits[:, None]
    return cells.astype(np.uint8).repeat(CELL, axis=0).repeat(CELL, axis=1)


def cell_means(pixels: Pixels) -> npt.NDArray[np.float64]:
    """(rows, columns, 3) mean colour of the inside of each cell."""
    height, width, _ = pixels.shape
    cells = pixels.reshape(height // CELL, CELL, width // CELL, CELL, 3)
    return cells[:, INSET:-INSET, :, INSET:-INSET].mean(axis=(1, 3))


def number_of(pixels: Pixels) -> int:
    """The number that is drawn in the bottom row."""
    bits = cell_means(pixels)[-1, :BITS].mean(axis=-1) > 128
    return int((bits << np.arange(BITS)).sum())


def read(device: str, received: list[Received], stop: threading.Event) -> None:
    """Appends what the device gives until ``stop``, as another program would read it."""
    with av.open(device, format="v4l2") as camera:
        for frame in camera.decode(video=0):
            received.append(Received(planes=frame.to_ndarray(), at=time.monotonic()))
            if stop.is_set():
                return


def write_and_read(
    device: str, width: int, height: int, fps: float, count: int
) -> tuple[list[float], list[Received]]:
    """(time at which each picture was written, what was read), through `open_sink`."""
    pictures = [pattern(number, height, width) for number in range(count)]
    received: list[Received] = []
    written: list[float] = []
    stop = threading.Event()
    reader = threading.Thread(target=read, args=(device, received, stop), daemon=True)
    sink = open_sink("virtualcam", width, height, fps)
    start = time.monotonic()
    while reader.is_alive() or not stop.is_set():
        number = min(len(written), count - 1)
        time.sleep(max(0.0, start + len(written) / fps - time.monotonic()))
        written.append(time.monotonic())
        sink.write(Picture(pixels=pictures[number], captured_at=written[-1]))
        if len(written) == 1:
            reader.start()
        if len(written) == count:
            stop.set()  # the reader waits for one picture more: the last one again
    sink.close()
    return written, received


def faults(
    written: list[float], received: list[Received], width: int, height: int, fps: float
) -> list[str]:
    """What is wrong with the pictures read, a sentence each; prints what was measured."""
    judged = [item for item in received if item.at > written[0] + OPENING_S]
    if len(judged) < 2:
        return [f"only {len(received)} pictures were read"]
    seen = [item.pixels() for item in judged]
    sizes = {(picture.shape[1], picture.shape[0]) for picture in seen}
    if sizes != {(width, height)}:
        return [f"the sizes read are {sizes}, not {width}x{height}"]
    numbers = [number_of(picture) for picture in seen]
    error = max(
        float(np.abs(cell_means(picture) - cell_means(pattern(number, height, width))).max())
        for picture, number in zip(seen, numbers, strict=True)
    )
    steps = np.diff(numbers)
    rate = (len(judged) - 1) / (judged[-1].at - judged[0].at)
    delays = [
        (item.at - written[number]) * 1000 for item, number in zip(judged, numbers, strict=True)
    ]
    missed = int((steps - 1).clip(min=0).sum())
    print(
        f"{width}x{height} at {fps:g} frames/s: {len(judged)} pictures judged, "
        f"{rate:.1f} frames/s, worst cell {error:.1f} levels, {missed} missed, "
        f"write to read {np.median(delays):.0f} ms median, "
        f"{np.percentile(delays, 95):.0f} ms p95 (emulated processor)"
    )
    found: list[str] = []
    if error > TOLERANCE:
        found.append(f"a cell differs by {error:.1f} levels, more than {TOLERANCE}")
    if (steps[:-1] < 1).any():
        found.append("a picture came twice or after its successor")
    if missed > 0.05 * len(judged):
        found.append(f"{missed} pictures were missed, more than 5 %")
    if abs(rate - fps) > 0.1 * fps:
        found.append(f"the rate is {rate:.1f} frames/s, not {fps:g} within 10 %")
    return found


def reopened(width: int, height: int, fps: float) -> str:
    """What happens when a device is opened a second time: it works, or it says why not."""
    try:
        open_sink("virtualcam", width, height, fps).close()
    except DeviceError as error:
        return f"refused with one sentence: {error}"
    return "works"


def main(argv: list[str] | None = None) -> int:
    """Prints what was measured; 0 if nothing is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("device", help="what the sink must find by its card label")
    parser.add_argument("width", type=int, help=f"a multiple of {CELL}")
    parser.add_argument("height", type=int, help=f"a multiple of {CELL}")
    parser.add_argument("fps", type=float)
    parser.add_argument("count", type=int, help=f"pictures to write, at most {2**BITS}")
    given = parser.parse_args(argv)

    if named_loopback() != given.device:
        print(f"FAULT: the label leads to {named_loopback()}, not to {given.device}")
        return 1
    written, received = write_and_read(
        given.device, given.width, given.height, given.fps, given.count
    )
    found = faults(written, received, given.width, given.height, given.fps)
    print(f"opened a second time: {reopened(given.width, given.height, given.fps)}")
    for fault in found:
        print(f"FAULT: {fault}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
