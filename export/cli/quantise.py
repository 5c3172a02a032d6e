"""``pechead-export quantise``: the decode of an exported lite network in 8 bits."""

import argparse
import importlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pechead_live.destination import check_folder
from pechead_live.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    from export.quantised.comparison import Quality, Speed

LIBRARIES = ("torch", "onnx", "onnxruntime")
"""Needed to quantise; the file runs with onnxruntime alone."""

MOST_FRAMES = 100_000
"""More is a slip of the keyboard."""

JUDGED = 120
"""Frames by which the result is judged."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `quantise`."""
    text = "where 'pechead-export onnx' wrote a lite network; decode-int8.onnx is added to it"
    parser.add_argument("folder", type=Path, metavar="FOLDER", help=text)
    text = (
        "footage that 'pechead-live data prepare' wrote, to calibrate and judge with "
        "(default: the bundled portrait and its motions)"
    )
    parser.add_argument("--data", type=Path, metavar="SHARDS", help=text)
    text = "how many to calibrate with (default: %(default)s)"
    parser.add_argument("--frames", type=int, default=500, metavar="N", help=text)


def run(arguments: argparse.Namespace) -> int:
    """Writes the file and prints what it is worth here."""
    frames: int = arguments.frames
    if not 1 <= frames <= MOST_FRAMES:
        raise InputError(f"{frames} frames to calibrate with: give 1 to {MOST_FRAMES}")
    _check_libraries()
    from engines.networks.quantised_decode import FILE, open_quantised
    from export.quantised.comparison import compare_quality, compare_speed
    from export.quantised.lite_clips import prepared_footage, sample_footage
    from export.quantised.quantise import open_full, quantise

    folder: Path = arguments.folder
    check_folder(folder)
    engines, size = open_full(folder)
    shards: Path | None = arguments.data
    footage = (
        sample_footage(size, frames, JUDGED)
        if shards is None
        else prepared_footage(shards, size, frames, JUDGED)
    )
    began = time.perf_counter()
    manifest = quantise(folder, engines, footage.measured)
    took, file = time.perf_counter() - began, folder / FILE
    megabytes = f"{file.stat().st_size / 1e6:.2f} MB"
    print(f"{file}: {megabytes}, {took:.1f} s, sha256 {manifest.file_sha256}", flush=True)
    quantised = open_quantised(folder, engines.decode, threads=1)
    quality = compare_quality(engines, quantised, footage.judged)
    print(_quality_text(quality, footage.people), flush=True)
    speed = compare_speed(engines.decode, quantised)
    print(_speed_text(speed))
    print(_verdict(speed, quality))
    return 0


def _quality_text(quality: "Quality", people: str) -> str:
    text = f"{quality.pictures} pictures of {people}: {quality.likeness_db:.1f} dB like fp32"
    if quality.full_db is None or quality.quantised_db is None:
        return text
    lost = quality.full_db - quality.quantised_db
    return (
        f"{text}; like the truth fp32 {quality.full_db:.2f} dB, "
        f"int8 {quality.quantised_db:.2f} dB, which is {lost:.3f} dB less"
    )


def _speed_text(speed: "Speed") -> str:
    return (
        f"decode on one thread, p50: fp32 {speed.full_ms:.1f} ms, int8 {speed.quantised_ms:.1f} ms"
    )


def _verdict(speed: "Speed", quality: "Quality") -> str:
    if speed.faster and quality.within:
        return "int8 is worth it here: run with --int8"
    reasons = [
        *(() if speed.faster else ("it is not a tenth faster on this machine",)),
        *(() if quality.within else ("its pictures lose too much",)),
    ]
    return f"int8 is not worth it here: {' and '.join(reasons)}"


def _check_libraries() -> None:
    for name in LIBRARIES:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            raise MissingDependencyError(
                f"quantising needs {error.name}, which is not installed: "
                "run pip install 'pechead-live[train]'"
            ) from error
