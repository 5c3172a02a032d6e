"""``python -m benchmarks.avatar``: how long a portrait takes to prepare, to open and to draw first.

On the bundled portrait, or on every photo of ``--photos``.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.record import write_record
from pechead_live.avatar import open_avatar, prepare_avatar, read_photo, save_avatar
from pechead_live.detector.landmarker import Landmarker
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.samples import sample

SIZES = ((256, 256), (512, 512), (1280, 720))
OPENINGS = 20
PICTURES = 50


def main() -> None:
    """Measures, prints a table and writes the record."""
    parser = argparse.ArgumentParser(prog="benchmarks.avatar", description=__doc__)
    parser.add_argument("--photos", type=Path, help="a folder of photos")
    arguments = parser.parse_args()
    photos = (
        [sample("astronaut.jpg")]
        if arguments.photos is None
        else sorted(arguments.photos.iterdir())
    )
    figures: dict[str, list[float]] = {}
    sizes: list[int] = []
    with threadpool_limits(1, user_api="blas"), Landmarker(still=True) as landmarker:
        for photo in photos:
            _measure(photo, landmarker, figures, sizes)
    results = {
        name: {
            "p50_ms": round(float(np.percentile(values, 50)), 2),
            "p95_ms": round(float(np.percentile(values, 95)), 2),
            "count": len(values),
        }
        for name, values in figures.items()
    }
    print("| step | p50 ms | p95 ms | count |\n|---|---|---|---|")
    for name, row in results.items():
        print(f"| {name} | {row['p50_ms']} | {row['p95_ms']} | {row['count']} |")
    path = write_record(
        "avatar",
        {"steps": results, "largest_file_kb": max(sizes) // 1000},
        {"photos": len(photos), "blas_threads": 1},
    )
    print(path)


def _measure(
    photo: Path, landmarker: Landmarker, figures: dict[str, list[float]], sizes: list[int]
) -> None:
    def timed(name: str, began: float) -> None:
        figures.setdefault(name, []).append((time.perf_counter() - began) * 1e3)

    began = time.perf_counter()
    avatar = prepare_avatar(
        read_photo(photo), consent="benchmark", name=photo.stem, landmarker=landmarker
    )
    timed("prepare", began)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.avatar"
        save_avatar(avatar, path)
        sizes.append(path.stat().st_size)
        for _ in range(OPENINGS):
            began = time.perf_counter()
            open_avatar(path)
            timed("open", began)
    for width, height in SIZES:
        began = time.perf_counter()
        renderer = AnalyticRenderer(avatar, width, height)
        timed(f"renderer {width}x{height}", began)
        for _ in range(PICTURES):
            began = time.perf_counter()
            renderer.render(avatar.rest, renderer.initial_state())
            timed(f"picture {width}x{height}", began)


if __name__ == "__main__":
    main()
