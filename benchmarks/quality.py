"""``python -m benchmarks.quality``: same-identity reconstruction of real clips, measured.

The first frame of each clip becomes the avatar, the coefficients of the others drive it, and the
result is laid over the truth (PECHead, tables 1-2; the metrics as far as they work offline). The
contact sheets show real people: they go to a folder that git ignores.
"""

import argparse
import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.reconstruction import (
    ANALYTIC,
    COPY,
    METHODS,
    ReconstructionConfig,
    reconstruct,
)
from benchmarks.record import write_record
from pechead_live.errors import InputError, NoFaceError, PecheadError

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data" / "test"
SHEETS = ROOT / "out" / "quality"
CLIPS = (".mp4", ".mov", ".webm", ".mkv", ".avi")

COLUMNS = {
    "l1": ("L1", 4),
    "psnr_db": ("PSNR dB", 2),
    "ssim": ("SSIM", 4),
    "ms_ssim": ("MS-SSIM", 4),
    "akd_mp_px": ("AKD-mp px", 2),
    "ard_deg": ("ARD °", 2),
    "csim_dlib": ("CSIM-dlib", 4),
    "distance_dlib": ("dlib distance", 3),
    "jitter_ratio": ("jitter", 2),
    "l1_face": ("L1 face", 4),
    "l1_mouth": ("L1 mouth", 4),
    "l1_eyes": ("L1 eyes", 4),
}
"""Metric to its title and digits."""

LARGEST_AKD_PX, LARGEST_ARD_DEG, LEAST_NEARER = 1.2, 1.2, 0.15
"""The goals; the last is the share of the copy's distance to the truth that must be gone."""


def main(argv: Sequence[str] | None = None) -> int:
    """Measures every clip, prints tables, writes the record and the sheets."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality", description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="folder of clips (%(default)s)")
    parser.add_argument("--clips", nargs="+", metavar="NAME", help="only these, such as v0000")
    parser.add_argument("--frames", type=int, help="only so many frames of each clip")
    parser.add_argument("--stride", type=int, default=4, help="compare every Nth picture")
    parser.add_argument("--sheets", type=Path, default=SHEETS, help="for the pictures")
    parser.add_argument("--workers", type=int, default=2, help="clips measured side by side")
    parser.add_argument("--without-csim", action="store_true", help="needs no dlib")
    parser.add_argument("--no-record", action="store_true", help="for a look; writes no record")
    arguments = parser.parse_args(argv)
    try:
        config = ReconstructionConfig(
            frames=arguments.frames,
            stride=arguments.stride,
            **({"identity_frames": 0} if arguments.without_csim else {}),
        )
        results = measure(
            clips_in(arguments.data, arguments.clips), config, arguments.sheets, arguments.workers
        )
    except (PecheadError, ValueError) as error:
        print(f"benchmarks.quality: {error}", file=sys.stderr)
        return 2
    print(tables(results))
    print(f"\ncontact sheets: {arguments.sheets}")
    if not arguments.no_record:
        print(f"record: {write_record('quality', results, settings_of(config))}")
    return 0


def clips_in(folder: Path, names: Sequence[str] | None) -> list[Path]:
    """The clips of ``folder`` or of its ``clips``, in order of their names."""
    inside = folder / "clips" if (folder / "clips").is_dir() else folder
    found = sorted(p for p in inside.glob("*") if p.suffix.lower() in CLIPS)
    if names is not None:
        found = [path for path in found if path.stem in names or path.name in names]
    if not found:
        raise InputError(f"no such clips in {inside}: give --data a folder of videos")
    return found


def measure(
    clips: Sequence[Path], config: ReconstructionConfig, sheets: Path, workers: int
) -> dict[str, Any]:
    """All clips, in their order whatever finishes first."""
    spawn = multiprocessing.get_context("spawn")  # a forked MediaPipe would hang
    with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
        tasks = [pool.submit(reconstruct, c, config, sheets / f"{c.stem}.png") for c in clips]
        per_clip: list[dict[str, Any]] = []
        left_out: dict[str, str] = {}
        for number, (clip, task) in enumerate(zip(clips, tasks, strict=True), 1):
            try:
                per_clip.append(task.result())
            except NoFaceError as error:
                left_out[clip.name] = str(error)
            print(f"{number}/{len(clips)} {clip.name}", file=sys.stderr)
    if not per_clip:
        raise NoFaceError("no clip shows a face: nothing was measured")
    return summary(per_clip, left_out)


def summary(per_clip: list[dict[str, Any]], left_out: dict[str, str]) -> dict[str, Any]:
    """Means over clips, headline and goals, beside the clips themselves."""
    means = {method: _mean_over_clips(per_clip, method) for method in METHODS}
    headline = min(ANALYTIC, key=lambda method: means[method]["akd_mp_px"])
    return {
        "headline": headline,
        "means": means,
        "goals": goals(means[headline], means[COPY]),
        "clips_nearer": clips_nearer(per_clip, headline),
        "csim_dlib_of_driving": _mean([clip["csim_dlib_of_driving"] for clip in per_clip]),
        "clips": per_clip,
        "left_out": left_out,
    }


def goals(headline: dict[str, Any], copy: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What was asked for and what was reached. "Nearer": the part of copy-source's distance to the
    truth (L1, 1 - SSIM) that is gone, of the means over clips."""
    nearer_l1 = 1 - headline["l1"] / copy["l1"]
    nearer_ssim = 1 - (1 - headline["ssim"]) / (1 - copy["ssim"])
    akd, ard = headline["akd_mp_px"], headline["ard_deg"]
    return {
        "akd_mp_px": {"at most": LARGEST_AKD_PX, "is": akd, "met": akd <= LARGEST_AKD_PX},
        "ard_deg": {"at most": LARGEST_ARD_DEG, "is": ard, "met": ard <= LARGEST_ARD_DEG},
        "nearer_l1": {"at least": LEAST_NEARER, "is": nearer_l1, "met": nearer_l1 >= LEAST_NEARER},
        "nearer_ssim": {
            "at least": LEAST_NEARER,
            "is": nearer_ssim,
            "met": nearer_ssim >= LEAST_NEARER,
        },
    }


def clips_nearer(per_clip: list[dict[str, Any]], method: str) -> dict[str, int]:
    """In how many clips ``method`` is nearer to the truth than the copy: a mean over clips is
    ruled by those that move much."""
    pairs = [(clip["methods"][method], clip["methods"][COPY]) for clip in per_clip]
    return {
        "l1": sum(mine["l1"] < copy["l1"] for mine, copy in pairs),
        "ssim": sum(mine["ssim"] > copy["ssim"] for mine, copy in pairs),
        "of": len(pairs),
    }


def tables(results: dict[str, Any]) -> str:
    """Markdown: the means of each method, then each method's clips, then the goals."""
    lines = ["### Means over clips", "", *_head("method")]
    for method in METHODS:
        mark = " **(headline)**" if method == results["headline"] else ""
        lines.append(_row(method + mark, results["means"][method]))
    for method in METHODS:
        lines += ["", f"### {method}, per clip", "", *_head("clip")]
        lines += [_row(clip["clip"], clip["methods"][method]) for clip in results["clips"]]
    lines += ["", "### Clips", "", "| clip | crop px | driven frames | without a face | compared |"]
    lines.append("|---|---|---|---|---|")
    for clip in results["clips"]:
        counts = (clip[k] for k in ("crop_px", "driven_frames", "frames_without_face"))
        lines.append(
            f"| {clip['clip']} | {' | '.join(map(str, counts))} | {clip['compared_pictures']} |"
        )
    lines += [f"\nleft out: {reason}" for reason in results["left_out"].values()]
    lines += ["", f"### Goals ({results['headline']})", ""]
    for name, goal in results["goals"].items():
        bound = ", ".join(f"{k} {v}" for k, v in goal.items() if k.startswith("at"))
        lines.append(f"- {name}: {goal['is']:.3f} ({bound}): {'met' if goal['met'] else 'NOT met'}")
    nearer = results["clips_nearer"]
    lines.append(
        f"- clips nearer to the truth than the copy: L1 {nearer['l1']}, SSIM {nearer['ssim']} "
        f"of {nearer['of']}"
    )
    return "\n".join(lines)


def settings_of(config: ReconstructionConfig) -> dict[str, Any]:
    """What the figures depend on besides the code."""
    return {
        "frames": config.frames,
        "stride": config.stride,
        "identity_frames": config.identity_frames,
        "headline": "the analytic mode with the lower AKD-mp",
        "mean": "over frames within a clip, then over clips",
        "coefficients": "unfiltered; identity from the first 30 frames, then frozen",
    }


def _head(first: str) -> list[str]:
    titles = [title for title, _ in COLUMNS.values()]
    return [f"| {first} | {' | '.join(titles)} |", "|---" * (len(titles) + 1) + "|"]


def _row(name: str, values: dict[str, Any]) -> str:
    cells = [
        "-" if values.get(metric) is None else f"{values[metric]:.{digits}f}"
        for metric, (_, digits) in COLUMNS.items()
    ]
    return f"| {name} | {' | '.join(cells)} |"


def _mean_over_clips(per_clip: list[dict[str, Any]], method: str) -> dict[str, Any]:
    rows = [clip["methods"][method] for clip in per_clip]
    return {metric: _mean([row.get(metric) for row in rows]) for metric in COLUMNS}


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


if __name__ == "__main__":
    sys.exit(main())
