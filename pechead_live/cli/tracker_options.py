"""The options that choose what reads your face."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pechead_live.errors import InputError, MissingDependencyError
from pechead_live.protocols import Tracker
from pechead_live.reachable import is_file, is_folder
from pechead_live.weights import shipped

MEDIAPIPE, RECONSTRUCTOR = "mediapipe", "reconstructor"

THREADS = 1
"""Of the CPU that run R: the renderer needs the others."""


def add_tracker_arguments(parser: argparse.ArgumentParser) -> None:
    """``--tracker``, ``--tracker-checkpoint`` and ``--landmarker``."""
    group = parser.add_argument_group("tracker")
    group.add_argument(
        "--tracker",
        choices=(MEDIAPIPE, RECONSTRUCTOR),
        default=MEDIAPIPE,
        help="what reads your face (default: %(default)s); the reconstructor is one network, "
        "mediapipe only finds the face for it",
    )
    group.add_argument(
        "--tracker-checkpoint",
        type=Path,
        metavar="PATH",
        help="the reconstructor's weights: the .safetensors file of a training run, or the folder "
        "that pechead-export wrote",
    )
    group.add_argument("--landmarker", type=Path, help="the face landmarker's .task file")


def tracker_from(arguments: argparse.Namespace) -> Callable[[], Tracker]:
    """What opens the tracker of `add_tracker_arguments`; weights that are missing are refused at
    once."""
    landmarker: Path | None = arguments.landmarker
    weights: Path | None = arguments.tracker_checkpoint
    if arguments.tracker == MEDIAPIPE:
        if weights is not None:
            raise InputError(
                f"mediapipe brings its own weights: leave out {weights}, or give "
                "--tracker reconstructor"
            )
        return partial(_mediapipe, landmarker)
    weights = weights or shipped(RECONSTRUCTOR)
    if weights is None:
        raise InputError(
            "the reconstructor needs its weights: give --tracker-checkpoint the .safetensors file "
            "of a training run, or the folder that 'pechead-export' wrote"
        )
    if not (is_folder(weights) or is_file(weights)):
        raise InputError(
            f"there is no {weights}: give --tracker-checkpoint the .safetensors file of a training "
            "run, or the folder of an exported network"
        )
    return partial(_reconstructor, weights, landmarker)


def check_untracked(arguments: argparse.Namespace) -> None:
    """`InputError` if a tracker was chosen for a recording, in which everything is tracked."""
    if arguments.tracker != MEDIAPIPE or arguments.tracker_checkpoint is not None:
        raise InputError(
            "a recording is replayed and not tracked: leave out --tracker and --tracker-checkpoint"
        )


def _mediapipe(landmarker: Path | None) -> Tracker:
    from pechead_live.tracker.mediapipe import open_mediapipe_tracker

    return open_mediapipe_tracker(landmarker)


def _reconstructor(weights: Path, landmarker: Path | None) -> Tracker:
    from pechead_live.detector.landmarker import Landmarker
    from pechead_live.facemodel.model import load_face_model
    from pechead_live.tracker.reconstructor import ReconstructorTracker

    if is_folder(weights):
        from engines.networks.reconstructor import open_reconstructor

        network = open_reconstructor(weights, threads=THREADS)
    else:
        try:
            from engines.torch.reconstructor import open_torch_reconstructor
        except ModuleNotFoundError as error:
            raise MissingDependencyError(
                f"the reconstructor from a checkpoint needs {error.name}, which is not installed: "
                "run pip install 'pechead-live[train]'"
            ) from error
        network = open_torch_reconstructor(weights)
    try:
        finder = Landmarker(landmarker, still=True)
    except BaseException:
        network.close()
        raise
    return ReconstructorTracker(network, finder, load_face_model())
