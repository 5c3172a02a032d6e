"""How far the Reconstructor reads what MediaPipe and the fit do, and how long each takes a frame.

    OMP_NUM_THREADS=1 python -m benchmarks.tracker --tracker-checkpoint PATH [--data CLIPS]

PATH: the .safetensors file of a training run, or an exported folder. MediaPipe is no truth: it has
noise of its own, and taught the Reconstructor.
"""

import argparse
import math
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.record import write_record
from pechead_live.camera.file import open_video_file
from pechead_live.cli.face_files import find_face_files
from pechead_live.cli.progress import progress
from pechead_live.cli.tracker_options import MEDIAPIPE, RECONSTRUCTOR, tracker_from
from pechead_live.coefficients import Coefficients, FloatArray
from pechead_live.errors import InputError
from pechead_live.expression_groups import BROWS, GAZE, LIDS, MOUTH
from pechead_live.facemodel.measurement import outer_eye_distance
from pechead_live.facemodel.model import load_face_model, points_of
from pechead_live.facemodel.topology import NETWORK_LANDMARKS
from pechead_live.protocols import Tracker
from pechead_live.rotation import angle_between

DATA = Path("../shared/data/test/clips")
TRACKERS = (MEDIAPIPE, RECONSTRUCTOR)
GROUPS = {"brows": BROWS, "lids": LIDS, "gaze": GAZE, "mouth": MOUTH}

MOVING = 0.05
"""Deviation of an expression that moves in a clip."""

Track = list[Coefficients | None]
"""Of a clip's frames."""


class Taken(NamedTuple):
    """Milliseconds of every frame."""

    wall: list[float]
    cpu: list[float]
    """Of this process: other work on the machine adds to the first only."""


def main(argv: list[str] | None = None) -> int:
    """Tracks the clips with both, compares, prints the tables and writes the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tracker", description=__doc__)
    parser.add_argument("--tracker-checkpoint", type=Path, required=True, metavar="PATH")
    parser.add_argument("--data", type=Path, default=DATA, help="a folder of clips")
    parser.add_argument("--frames", type=int, default=250, help="of each clip at most")
    parser.add_argument("--landmarker", type=Path, help="the face landmarker's .task file")
    parser.add_argument("--no-record", action="store_true", help="for a look; writes no record")
    arguments = parser.parse_args(argv)
    clips = [file.path for file in find_face_files([arguments.data]) if file.is_clip]
    if not clips:
        raise InputError(f"{arguments.data} holds no clip: give a folder of video files")
    taken = {name: Taken([], []) for name in TRACKERS}
    compared: dict[str, dict[str, float]] = {}
    for clip in progress(clips, len(clips), "tracking"):
        tracks: dict[str, Track] = {}
        for name in TRACKERS:
            with closing(_opened(name, arguments)) as tracker:
                tracks[name] = tracked(clip, tracker, arguments.frames, taken[name])
        compared[clip.name] = comparison(tracks[MEDIAPIPE], tracks[RECONSTRUCTOR])
    mean = over_clips(list(compared.values()))
    times = {
        f"{name}_{clock}_ms_p{p}": round(float(np.percentile(values, p)), 2)
        for name, both in taken.items()
        for clock, values in both._asdict().items()
        for p in (50, 95)
    }
    print("| clip |", " | ".join(mean), "|\n|---" + "|---" * len(mean) + "|")
    for name, found in (compared | {"mean": mean}).items():
        print(f"| {name} |", " | ".join(f"{found[k]:.4g}" if k in found else "" for k in mean), "|")
    print("\n".join(f"{name}: {value}" for name, value in times.items()))
    if not arguments.no_record:
        settings = {
            "data": arguments.data,
            "weights": arguments.tracker_checkpoint.name,
            "frames_of_each_clip": arguments.frames,
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "not set"),
        }
        results = {"mean": mean, "clips": compared, **times}
        print(f"record: {write_record('tracker', results, settings)}")
    return 0


def tracked(clip: Path, tracker: Tracker, most: int, taken: Taken) -> Track:
    """The first ``most`` frames of ``clip``; the first one's time, which loads, is not counted."""
    found: Track = []
    with closing(open_video_file(clip)) as camera:
        while len(found) < most and (frame := camera.read()) is not None:
            started, cpu_started = time.perf_counter(), time.process_time()
            found.append(tracker.track(frame))
            if len(found) > 1:
                taken.wall.append(1000 * (time.perf_counter() - started))
                taken.cpu.append(1000 * (time.process_time() - cpu_started))
    return found


def comparison(truth: Track, track: Track) -> dict[str, float]:
    """Of the frames in which both saw a face: mean differences; and how many saw one."""
    both = [(t, s) for t, s in zip(truth, track, strict=True) if t is not None and s is not None]
    counts = {
        "frames": len(truth),
        "mediapipe_faces": sum(each is not None for each in truth),
        "reconstructor_faces": sum(each is not None for each in track),
        "both": len(both),
    }
    if not both:
        return {name: float(value) for name, value in counts.items()}
    expected = np.stack([t.expression for t, _ in both])
    found = np.stack([s.expression for _, s in both])
    away = np.abs(found - expected)
    marks = [_landmark_difference(t, s) for t, s in both]
    return {
        **counts,
        "rotation_degrees": _mean([angle_between(t.rotation, s.rotation) for t, s in both]),
        "place_percent": _mean(
            [100 * float(np.linalg.norm(t.translation - s.translation)) / t.scale for t, s in both]
        ),
        "size_percent": _mean([100 * abs(math.log(s.scale / t.scale)) for t, s in both]),
        "landmarks_percent": _mean(marks),
        "mediapipe_shake_percent": shake([t for t, _ in both]),
        "reconstructor_shake_percent": shake([s for _, s in both]),
        **followed(expected, found),
        "expression": _mean(away.mean(axis=1)),
        "expression_of_a_still_face": _mean(np.abs(expected - np.median(expected, 0)).mean(axis=1)),
        **{
            f"expression_{name}": _mean(away[:, list(g)].mean(axis=1)) for name, g in GROUPS.items()
        },
    }


def followed(expected: FloatArray, found: FloatArray) -> dict[str, float]:
    """Mean correlation over time of the expressions that move in a clip, both (frames, 52): 1 is
    followed whatever the offset, 0 is not seen at all. Nothing where none moves."""
    moving = np.flatnonzero((expected.std(axis=0) > MOVING) & (found.std(axis=0) > 0))
    if not len(moving):
        return {}
    pairs = [np.corrcoef(expected[:, i], found[:, i])[0, 1] for i in moving]
    return {"expression_correlation": _mean([float(pair) for pair in pairs])}


def over_clips(found: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Counts added up, differences averaged over the clips that have any."""
    names = list(dict.fromkeys(name for each in found for name in each))
    counts = ("frames", "mediapipe_faces", "reconstructor_faces", "both")
    values = {name: [each[name] for each in found if name in each] for name in names}
    return {n: float(sum(v)) if n in counts else _mean(v) for n, v in values.items()}


def shake(track: Sequence[Coefficients]) -> float:
    """Mean second difference of the 70 landmarks from frame to frame, per cent of the outer-eye
    distance: what a picture trembles by, and what a face really does between two frames."""
    if len(track) < 3:
        return 0.0
    model, marks = load_face_model(), list(NETWORK_LANDMARKS)
    points = np.stack([points_of(model, each)[marks] for each in track])
    size = outer_eye_distance(points_of(model, track[0]))
    return round(100 * float(np.linalg.norm(np.diff(points, 2, axis=0), axis=-1).mean()) / size, 4)


def _landmark_difference(truth: Coefficients, seen: Coefficients) -> float:
    """Mean distance of the 70 landmarks, per cent of the outer-eye distance."""
    model, marks = load_face_model(), list(NETWORK_LANDMARKS)
    expected, found = points_of(model, truth), points_of(model, seen)
    distance = np.linalg.norm(expected[marks] - found[marks], axis=1).mean()
    return 100 * float(distance) / outer_eye_distance(expected)


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4)


def _opened(name: str, arguments: argparse.Namespace) -> Tracker:
    weights = arguments.tracker_checkpoint if name == RECONSTRUCTOR else None
    return tracker_from(
        argparse.Namespace(
            tracker=name, tracker_checkpoint=weights, landmarker=arguments.landmarker
        )
    )()


if __name__ == "__main__":
    raise SystemExit(main())
