"""``pechead-live facemodel``: learning the face model from clips and photos."""

import argparse
import contextlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from pechead_live.cli.face_files import FaceFile, find_face_files
from pechead_live.cli.face_measuring import (
    FaceMeter,
    Measured,
    Skipped,
    measure_files,
    mesh_triangles,
)
from pechead_live.cli.face_model_card import TITLE, HeldOut, card, residual_rows
from pechead_live.cli.progress import progress
from pechead_live.errors import InputError, NoFaceError, OutputError
from pechead_live.facemodel.learn import learn
from pechead_live.facemodel.model import read_face_model, save_face_model
from pechead_live.facemodel.residual import SHORTEST, STEPS, mean_residual, residual

SHOWN = 20
"""Skipped files that are named; the rest is counted."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `facemodel`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = "learn the model from clips and photos of many people"
    fit = actions.add_parser("fit", help=text, description=text[0].upper() + text[1:] + ".")
    fit.add_argument(
        "folders", type=Path, nargs="+", metavar="DIR", help="folders with clips and photos"
    )
    fit.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="MODEL.npz",
        help="what to write; a card of the same name ending in .md goes beside it",
    )
    fit.add_argument(
        "--stride",
        type=int,
        default=2,
        metavar="N",
        help="measure every N-th frame of a clip (default: %(default)s)",
    )
    fit.add_argument(
        "--people",
        type=Path,
        metavar="CSV",
        help="who is in which file: columns 'file', relative to the CSV, and 'identity' "
        "(default: the nearest manifest.csv in or above DIR, else each file is a person)",
    )
    fit.add_argument(
        "--held-out",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="a folder of clips to measure the model's residual on; may be repeated",
    )
    fit.add_argument("--landmarker", type=Path, help="the face landmarker's .task file")


def run(arguments: argparse.Namespace) -> int:
    """Measures the files, learns the model, writes it and its card."""
    output: Path = arguments.output
    check_output(output)
    if arguments.stride < 1:
        raise InputError(f"--stride is {arguments.stride}: it must be a whole number from 1")
    files = find_face_files(arguments.folders, arguments.people)
    tests: list[FaceFile] = []
    if arguments.held_out:
        found = find_face_files(arguments.held_out, arguments.people)
        tests = [file for file in found if file.is_clip]
        check_held_out(files, tests)

    measured, skipped = _measure(files, arguments.landmarker, arguments.stride, "measuring")
    _print_skipped(skipped)
    if not measured:
        raise NoFaceError(
            f"none of the {len(files)} clips and photos shows a face that can be used: "
            "give files in which one face looks at the camera"
        )
    model = learn([m.sequence for m in measured], mesh_triangles())
    save_face_model(model, output)
    held_out = None
    if tests:
        clips, skipped = _measure(tests, arguments.landmarker, 1, "testing")
        _print_skipped(skipped)
        held_out = measure_residual(clips, output)
        print("\n".join(residual_rows(held_out.steps)))
    text = card(
        measured,
        command=command_of(arguments),
        date=datetime.now(UTC).date().isoformat(),
        versions=installed_versions("pechead-live", "mediapipe", "numpy"),
        size=output.stat().st_size,
        held_out=held_out,
    )
    card_of(output).write_text(text, encoding="utf-8")
    frames = sum(len(m.faces) for m in measured)
    people = len({m.file.person for m in measured})
    print(f"{output}: from {len(measured)} files, {frames} frames, {people} people")
    print(f"{card_of(output)}: how it was made")
    return 0


def card_of(output: Path) -> Path:
    """Where the card of the model ``output`` lies."""
    return output.with_suffix(".md")


def check_output(output: Path) -> None:
    """`OutputError` before the work instead of after it."""
    if output.suffix.lower() != ".npz":
        raise OutputError(f"{output} does not end in .npz: name the model MODEL.npz")
    if output.is_dir() or not output.parent.is_dir() or not os.access(output.parent, os.W_OK):
        raise OutputError(
            f"{output} cannot be written: give a file name in a folder that exists and is yours"
        )
    text = card_of(output)
    if text.exists() and not (text.is_file() and text.read_bytes().startswith(TITLE.encode())):
        raise OutputError(f"{text} exists and is no card of a face model: choose another name")


def check_held_out(files: Sequence[FaceFile], tests: Sequence[FaceFile]) -> None:
    """`InputError` if nothing is held out, or something that is learned from."""
    if not tests:
        raise InputError("--held-out holds no clip: give a folder with clips")
    learned = {file.path.resolve() for file in files}
    both = [file.path for file in tests if file.path.resolve() in learned]
    if both:
        raise InputError(f"{both[0]} is learned from and held out: keep the folders apart")


def measure_residual(clips: Sequence[Measured], model: Path) -> HeldOut:
    """The residual of the saved ``model`` on ``clips``, each clip of the same weight."""
    saved = read_face_model(model)
    long = [clip.faces for clip in clips if len(clip.faces) >= SHORTEST]
    if not long:
        raise NoFaceError(f"no held-out clip shows a face in {SHORTEST} frames: give others")
    steps = {
        step.name: mean_residual([residual(faces, saved, step) for faces in long]) for step in STEPS
    }
    return HeldOut(len(long), steps)


def command_of(arguments: argparse.Namespace) -> str:
    """The command as one would repeat it, with names instead of paths."""
    words = ["pechead-live facemodel fit", *(folder.resolve().name for folder in arguments.folders)]
    words += ["-o", arguments.output.name, "--stride", str(arguments.stride)]
    if arguments.people is not None:
        words += ["--people", arguments.people.name]
    for folder in arguments.held_out:
        words += ["--held-out", folder.resolve().name]
    return " ".join(words)


def installed_versions(*names: str) -> dict[str, str]:
    """Package to version; a package that is not installed (a bare checkout) is left out."""
    found: dict[str, str] = {}
    for name in names:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _measure(
    files: Sequence[FaceFile], landmarker: Path | None, stride: int, label: str
) -> tuple[list[Measured], list[Skipped]]:
    meter = FaceMeter(landmarker, stride=stride)
    try:
        return measure_files(progress(files, len(files), label), meter.measure)
    finally:
        meter.close()


def _print_skipped(skipped: Sequence[Skipped]) -> None:
    if skipped:
        print(f"skipped {len(skipped)}:")
    for path, reason in skipped[:SHOWN]:
        print(f"  {path.name}: {reason}")
    if len(skipped) > SHOWN:
        print(f"  and {len(skipped) - SHOWN} more")
