"""The ports of the exported `toy` PECHead, and a clip played through it."""

import torch
from export_samples import Running, carried
from pechead_samples import drive, play, source_of
from torch import Tensor

from pechead_live.model.pechead import Output, PECHead, Source

FRAMES = 4
SIDE, GRID, LOW = 64, 16, 8

SOURCE = {
    "source_feature": ("float32", (1, 32, GRID, GRID)),
    "source_low": ("float32", (1, 64, LOW, LOW)),
    "source_thumbnail": ("float32", (1, 3, GRID, GRID)),
    "source_condition": ("float32", (1, 61)),
    "source_keypoints": ("float32", (1, 10, 2)),
    "source_landmarks": ("float32", (1, 70, 2)),
}
DRIVING = {"condition": ("float32", (61,)), "landmarks": ("float32", (70, 2))}
STATE = {
    "state_feature": ("float32", (1, 32, GRID, GRID)),
    "state_hidden": ("float32", (1, 8, GRID, GRID)),
    "state_landmarks": ("float32", (1, 70, 2)),
}
STEP = {
    **SOURCE,
    **DRIVING,
    "prior_flow": ("float32", (64, 64, 2)),
    **STATE,
    "picture": ("float32", (SIDE, SIDE, 3)),
    "memory_level": ("float32", ()),
    **{f"next_{name}": port for name, port in STATE.items()},
}


def known(source: Source) -> dict[str, Tensor]:
    return {f"source_{name}": each for name, each in source._asdict().items()}


def played(step: Running, source: Source, frames: int) -> tuple[list[Tensor], dict[str, Tensor]]:
    """Pictures of `drive` and the last state."""
    state = {name: torch.zeros(shape) for name, (_, shape) in STATE.items()}
    pictures: list[Tensor] = []
    for driving in drive(frames):
        given = {name: each[0] for name, each in driving._asdict().items()}
        drawn = step(**known(source), **given, **state)
        pictures.append(drawn["picture"])
        state = carried(drawn)
    return pictures, state


def expected(toy: PECHead) -> tuple[Source, list[Output], dict[str, Tensor]]:
    source = source_of(toy)
    outputs, last = play(toy, source, drive(FRAMES))
    return source, outputs, {f"state_{name}": each for name, each in last._asdict().items()}
