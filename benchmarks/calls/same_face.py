"""Test clips as a 256 x 256 camera of 25 frames a second would have them, and how near a film comes
to one: the figures of `pechead-live evaluate reconstruction`, in fewer frames."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from benchmarks.calls.motions import FPS, SHORTEST
from pechead_live.coefficients import FloatArray
from pechead_live.detector.landmarker import Landmarker
from pechead_live.errors import NoFaceError
from pechead_live.evaluation.clip import Driving, open_clip
from pechead_live.evaluation.film import mean_known
from pechead_live.evaluation.metrics.efficientnet_trunk import EfficientNetLite0, load_efficientnet
from pechead_live.evaluation.metrics.features import pictures_tensor
from pechead_live.evaluation.metrics.motion import akd
from pechead_live.evaluation.metrics.perceptual import map_distance
from pechead_live.evaluation.metrics.pixels import l1, psnr
from pechead_live.evaluation.watched import landmarks
from pechead_live.frame import Frame, Pixels

LOOKED_AT, COMPARED = 2, 10
"""Faces are measured in every second frame (the landmarker follows them, as in the evaluation),
pictures compared in every tenth."""

LONGEST_GAP_S = 0.2
"""Where no face is seen for longer, the clip ends."""


class Film(NamedTuple):
    """What the camera gave."""

    name: str
    frames: list[Frame]
    """(256, 256, 3) each, at i / `FPS` seconds."""


class Nearness(NamedTuple):
    """How near a film is to the truth; means over its frames."""

    akd_px: float | None
    """AKD-mp, over the frames in which a face was found; None if in none."""
    epd: float
    l1: float
    psnr_db: float
    looked_at: int
    """Frames in which a face was looked for; there was one in the truth."""
    faceless: int
    """Of these, those in which none was found: they are left out of AKD-mp."""


def films_of(paths: Sequence[Path], frames: int, landmarker: Path | None) -> tuple[list[Film], int]:
    """The first ``frames`` of each clip, and how many clips were left out: without a face, or with
    one for less than two seconds."""
    found: list[Film] = []
    for path in paths:
        try:
            driving = open_clip(path, math.ceil(1.25 * frames), landmarker)
        except NoFaceError:
            continue
        film = at_25(driving)[:frames]
        if len(film) >= min(SHORTEST, frames):
            found.append(Film(path.stem, film))
    return found, len(paths) - len(found)


def at_25(driving: Driving) -> list[Frame]:
    """The newest frame at each 25th of a second, until the face goes."""
    began = driving.frames[0].captured_at
    taken: list[Frame] = []
    place = 0
    while True:
        time = len(taken) / FPS
        while (
            place + 1 < len(driving.frames)
            and driving.frames[place + 1].captured_at - began <= time + 1e-6
        ):
            place += 1
        newest = driving.frames[place]
        late = time - (newest.captured_at - began)
        if late > (1 / FPS if place + 1 == len(driving.frames) else LONGEST_GAP_S):
            return taken
        taken.append(Frame(pixels=newest.pixels, captured_at=time))


class Eye:
    """Follows the face of one film after another: to start MediaPipe takes longer than a film."""

    def __init__(self, landmarker: Path | None) -> None:
        self._tracker, self._began = Landmarker(landmarker, faces=1), 0.0

    def look(self, film: Sequence[Pixels]) -> list[FloatArray | None]:
        """(68, 2) pixels in every `LOOKED_AT`-th frame."""
        found: list[FloatArray | None] = []
        self._tracker.measure(np.zeros_like(film[0]), self._began)  # it forgets the film before
        self._began += 1
        for i in range(0, len(film), LOOKED_AT):
            measured = self._tracker.measure(film[i], self._began + i / FPS)
            found.append(None if measured is None else landmarks(measured))
        self._began += len(film) / FPS + 1
        return found

    def close(self) -> None:
        """Frees the landmarker."""
        self._tracker.close()


class Truth:
    """A film that others are held against."""

    def __init__(self, film: Film, eye: Eye) -> None:
        self._pixels = [frame.pixels for frame in film.frames]
        self._eye = eye
        self._network = load_efficientnet()
        self._faces = eye.look(self._pixels)
        self._maps = {
            i: _maps(self._network, self._pixels[i]) for i in range(1, len(self._pixels), COMPARED)
        }

    def nearness(self, film: Sequence[Pixels]) -> Nearness:
        """Of a film as long as the truth; the first frame does not count, it is the portrait."""
        assert len(film) == len(self._pixels)
        seen = self._eye.look(film)
        pairs = [(a, b) for a, b in zip(self._faces[1:], seen[1:], strict=True) if a is not None]
        found = [akd(a, b) for a, b in pairs if b is not None]
        rows = [(self._pixels[i], film[i]) for i in self._maps]
        return Nearness(
            akd_px=mean_known(found),
            epd=_mean([self._epd(i, film[i]) for i in self._maps]),
            l1=_mean([l1(drawn, true) for true, drawn in rows]),
            psnr_db=_mean([psnr(drawn, true) for true, drawn in rows]),
            looked_at=len(pairs),
            faceless=len(pairs) - len(found),
        )

    def _epd(self, i: int, pixels: Pixels) -> float:
        """`metrics.perceptual.epd`, with what the network makes of the truth kept."""
        with torch.inference_mode():
            pairs = zip(self._maps[i], _maps(self._network, pixels), strict=True)
            return float(torch.stack([map_distance(a, b) for a, b in pairs]).mean())


def _maps(network: EfficientNetLite0, pixels: Pixels) -> list[torch.Tensor]:
    with torch.inference_mode():
        return [each[0] for each in network.maps(pictures_tensor([pixels]))]


def _mean(values: Sequence[float]) -> float:
    """0 dB more is not infinitely more: a frame without any error is left out (PSNR)."""
    found = mean_known(values)
    assert found is not None
    return found
