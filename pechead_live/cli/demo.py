"""``pechead-live demo``: the live loop on a recorded motion and a bundled portrait.

No camera and no download: everything but those two ends is what `run` uses.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from pechead_live.avatar.avatar import Avatar
from pechead_live.avatar.file import open_avatar
from pechead_live.camera.replay import ReplayCamera
from pechead_live.cli.image import write_image
from pechead_live.cli.progress import progress
from pechead_live.cli.size import size_from
from pechead_live.clock import monotonic
from pechead_live.coefficients import Coefficients
from pechead_live.destination import check_destination
from pechead_live.errors import OutputError
from pechead_live.facemodel.model import FaceModel, load_face_model, points_of
from pechead_live.frame import Picture, Pixels
from pechead_live.live.config import LoopConfig
from pechead_live.live.loop import run_loop
from pechead_live.live.scene import Scene
from pechead_live.motion import MotionConfig, Overrides
from pechead_live.recording import Recording, read_recording
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.samples import sample
from pechead_live.sink.file import FileSink
from pechead_live.steps import labelled, motion_step
from pechead_live.tracker.replay import ReplayTracker

COLUMNS, CELL = 6, 256
"""Pictures on the contact sheet, and their side in pixels."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `demo`."""
    parser.add_argument(
        "-o", "--output", type=Path, default=Path(), metavar="FOLDER", help="default: this folder"
    )
    parser.add_argument("--size", default="512", metavar="N|WxH", help="default: %(default)s")
    parser.add_argument(
        "--motion-file", type=Path, help="another recorded motion: .npz, .csv or .jsonl"
    )


class _Every:
    """A sink that keeps some pictures for the contact sheet."""

    def __init__(self, seconds: float) -> None:
        self.pictures: list[Picture] = []
        self._interval = seconds

    def write(self, picture: Picture) -> None:
        """Keeps ``picture`` if the interval is over."""
        kept = self.pictures
        if not kept or picture.captured_at >= kept[0].captured_at + len(kept) * self._interval:
            kept.append(picture)

    def close(self) -> None:
        """Keeps what it has."""


def run(arguments: argparse.Namespace) -> int:
    """Runs the loop, writes film and sheet, prints where they are and the latency table."""
    folder: Path = arguments.output
    if not folder.is_dir():
        raise OutputError(f"{folder} is no folder: give one that exists")
    width, height = size_from(arguments.size)
    film, sheet = folder / "demo.mp4", folder / "demo.png"
    check_destination(film)
    check_destination(sheet)
    recording = read_recording(arguments.motion_file or sample("talking.npz"))
    times = [c.captured_at for c in recording.coefficients]
    seconds = times[-1] - times[0]
    avatar = open_avatar(sample("astronaut.avatar"))
    renderer = AnalyticRenderer(avatar, width, height)
    file = FileSink(film, width, height, recording.fps)
    kept = _Every(seconds / COLUMNS)
    bar = progress(range(len(times)), len(times), "live loop")
    drawn = 0
    began = monotonic()

    def watch() -> None:
        nonlocal drawn
        while drawn < min(len(times), (monotonic() - began) * recording.fps):
            next(bar, None)
            drawn += 1

    scene = Scene(renderer=renderer, rest=avatar.rest, output=labelled)
    measurements = run_loop(
        open_camera=lambda: ReplayCamera(recording),
        tracker=ReplayTracker(recording, loop=False, by_time=True),
        scenes=lambda: scene,
        sinks={"demo.mp4": file, "contact sheet": kept},
        motion=motion_step(avatar.rest, MotionConfig(), Overrides()),
        config=LoopConfig(fps=recording.fps),
        watch=watch,
    )
    for _ in bar:
        pass
    write_image(contact_sheet(avatar, recording, kept.pictures), sheet)
    print(measurements.table())
    print(f"film           {film.resolve()}")
    print(f"contact sheet  {sheet.resolve()}")
    return 0


def contact_sheet(avatar: Avatar, recording: Recording, pictures: list[Picture]) -> Pixels:
    """The portrait, then driver (as the face model's mesh) above avatar, moment by moment."""
    model = load_face_model()
    start = pictures[0].captured_at
    first = recording.coefficients[0].captured_at
    blank = np.full((CELL, CELL, 3), 24, np.uint8)
    columns = [np.vstack([blank, _square(_portrait(avatar))])]
    for picture in pictures[:COLUMNS]:
        moment = picture.captured_at - start + first
        driver = min(recording.coefficients, key=lambda c: abs(c.captured_at - moment))
        columns.append(np.vstack([mesh_picture(driver, model, CELL), _square(picture.pixels)]))
    return np.hstack(columns)


def _portrait(avatar: Avatar) -> Pixels:
    share = avatar.matte[..., None] / 255
    whole = avatar.person * share + avatar.background * (1 - share)
    return (whole + 0.5).astype(np.uint8)


def _square(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    middle = pixels[top : top + side, left : left + side]
    return np.asarray(cv2.resize(middle, (CELL, CELL), interpolation=cv2.INTER_AREA), np.uint8)


def mesh_picture(driver: Coefficients, model: FaceModel, side: int) -> Pixels:
    """(side, side, 3) the driver's mesh, centred and of one size."""
    points = (points_of(model, driver) - driver.translation) / driver.scale
    corners = np.round(((points * 0.85 + 1) * side / 2)[model.triangles] * 16).astype(np.int32)
    drawing = np.full((side, side, 3), 24, np.uint8)
    cv2.polylines(drawing, list(corners), True, (90, 150, 190), 1, cv2.LINE_AA, 4)
    return drawing
