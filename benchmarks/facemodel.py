"""How well the face model fits faces it has never seen, step by step, and how long a fit takes.

    OMP_NUM_THREADS=1 python -m benchmarks.facemodel [--data ../shared/data/test]

The variable keeps numpy to one core, for which the time is meant.
"""

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.record import write_record
from pechead_live.cli.face_files import find_face_files
from pechead_live.cli.face_measuring import FaceMeter, Measured, measure_files
from pechead_live.cli.face_model_card import residual_rows
from pechead_live.cli.progress import progress
from pechead_live.errors import NoFaceError
from pechead_live.facemodel.fit import DEFAULT_FIT, fit, initial_fit_state
from pechead_live.facemodel.model import FaceModel, load_face_model, read_face_model
from pechead_live.facemodel.residual import (
    CALIBRATION_FRAMES,
    SHORTEST,
    STEPS,
    Residual,
    mean_residual,
    residual,
)

DATA = Path("../shared/data/test")


def main(argv: list[str] | None = None) -> int:
    """Measures the clips, fits them, prints the tables and writes the record."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.facemodel", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="a folder of clips")
    parser.add_argument("--model", type=Path, help="another model than the shipped one")
    parser.add_argument("--landmarker", type=Path, help="the face landmarker's .task file")
    parser.add_argument("--no-record", action="store_true", help="for a look; writes no record")
    arguments = parser.parse_args(argv)
    model = load_face_model() if arguments.model is None else read_face_model(arguments.model)

    files = [file for file in find_face_files([arguments.data]) if file.is_clip]
    meter = FaceMeter(arguments.landmarker, stride=1)
    try:
        measured, skipped = measure_files(progress(files, len(files), "measuring"), meter.measure)
    finally:
        meter.close()
    clips = [clip for clip in measured if len(clip.faces) >= SHORTEST]
    left_out = {path.name: reason for path, reason in skipped} | {
        clip.file.path.name: f"shows a face in {len(clip.faces)} frames, fewer than {SHORTEST}"
        for clip in measured
        if len(clip.faces) < SHORTEST
    }
    if not clips:
        raise NoFaceError(f"{arguments.data} holds no clip with a face in {SHORTEST} frames")

    by_step = {step.name: [residual(c.faces, model, step) for c in clips] for step in STEPS}
    mean = {name: mean_residual(found) for name, found in by_step.items()}
    taken = fit_times_ms(clips, model)
    times = {
        f"fit_{clock}_ms_p{p}": round(float(np.percentile(milliseconds, p)), 3)
        for clock, milliseconds in taken.items()
        for p in (50, 95)
    }

    print("\n".join(residual_rows(mean)))
    print(f"\n{len(clips)} clips, {sum(len(c.faces) for c in clips)} frames")
    print("\n| fit of a frame, ms | p50 | p95 |\n|---|---|---|")
    for clock, milliseconds in taken.items():
        p50, p95 = np.percentile(milliseconds, (50, 95))
        print(f"| {clock} | {p50:.2f} | {p95:.2f} |")
    for name, reason in left_out.items():
        print(f"left out: {name} ({reason})")
    if not arguments.no_record:
        results = {
            "residual_percent_of_outer_eye_distance": {n: percent(r) for n, r in mean.items()},
            "clips": {
                clip.file.path.name: {
                    "frames": len(clip.faces),
                    **{name: percent(found[i]) for name, found in by_step.items()},
                }
                for i, clip in enumerate(clips)
            },
            "left_out": left_out,
            **times,
            "fits": len(taken["wall"]),
        }
        settings = {
            "data": arguments.data,
            "model": arguments.model or "shipped",
            "calibration_frames": CALIBRATION_FRAMES,
            "calibration_frames_when_timed": DEFAULT_FIT.calibration_frames,
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "not set"),
        }
        print(f"record: {write_record('facemodel', results, settings)}")
    return 0


def fit_times_ms(clips: Sequence[Measured], model: FaceModel) -> dict[str, list[float]]:
    """Of every fit with the default settings, milliseconds; the first of all only warms up.

    "wall" is the time that passed, "cpu" what this thread had of it: other work on the machine
    adds to the first only.
    """
    wall: list[float] = []
    cpu: list[float] = []
    for clip in clips:
        state = initial_fit_state(model)
        for i, face in enumerate(clip.faces):
            started, cpu_started = time.perf_counter(), time.thread_time()
            _, state = fit(face, model, state, captured_at=i / 25)
            wall.append(1000 * (time.perf_counter() - started))
            cpu.append(1000 * (time.thread_time() - cpu_started))
    return {"wall": wall[1:], "cpu": cpu[1:]}


def percent(value: Residual) -> dict[str, float]:
    """For the record: percent, two decimals."""
    return {"all_478": round(100 * value.points, 2), "inner_51": round(100 * value.inner, 2)}


if __name__ == "__main__":
    raise SystemExit(main())
