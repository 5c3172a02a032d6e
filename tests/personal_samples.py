"""What was learned of a portrait, and sittings of one, for tests: all drawn."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from lite_samples import shaken
from small_trunk import small_trunk
from still_samples import astronaut

from engines.torch.lite import TorchLite
from pechead_live.avatar.personal import Change, Personal, change_of
from pechead_live.coefficients import Coefficients, rotation_from_euler
from pechead_live.facemodel.measurement import Measurement
from pechead_live.facemodel.model import load_face_model, project
from pechead_live.frame import Pixels
from pechead_live.model.checkpoint import save_checkpoint
from pechead_live.model.lite.dimensions import LITE_PRESETS, LiteDimensions
from pechead_live.model.lite.network import Lite
from pechead_live.renderer.lite import LiteRenderer
from pechead_live.training.personal.config import PersonalConfig
from pechead_live.training.personal.personalise import Personalisation, Wanted, open_network
from pechead_live.training.personal.sitting import Sitting

WEIGHTS = "ab" * 32
"""In place of a checkpoint's SHA-256."""

FRAMES = 60


def personal_for(dimensions: LiteDimensions, size: float = 1.0, seed: int = 0) -> Personal:
    """Smooth random changes, ``size`` large at most."""
    random = torch.Generator().manual_seed(seed)

    def change(channels: int, side: int) -> Change:
        coarse = torch.rand(1, channels, 4, 4, generator=random) * 2 - 1
        smooth = torch.nn.functional.interpolate(coarse, (side, side), mode="bilinear")
        return change_of((size * smooth[0]).numpy())

    d = dimensions
    return Personal(
        model="lite-toy",
        weights=WEIGHTS,
        features_64=change(d.features_64, d.grid),
        features_128=change(d.features_128, 2 * d.grid),
        motion_features=change(d.motion_features, d.grid),
    )


def toy(folder: Path) -> tuple[Lite, Path]:
    """A network as if trained, and its checkpoint."""
    network, path = shaken(), folder / "toy.safetensors"
    save_checkpoint(path, network.state_dict(), "lite", LITE_PRESETS["toy"], preset="toy")
    return network, path


def sitting_of(network: Lite, personal: Personal | None) -> Sitting:
    """The astronaut looks around and talks, drawn by ``network`` with ``personal``."""
    avatar = replace(astronaut(), personal=personal)
    renderer = LiteRenderer(avatar, 256, 256, TorchLite(network, WEIGHTS))
    state, pixels = renderer.initial_state(), list[Pixels]()
    motion = [moved(i) for i in range(FRAMES)]
    for coefficients in motion:
        picture, state = renderer.render(coefficients, state)
        pixels.append(picture.pixels)
    return Sitting(
        pixels=pixels,
        places=list(range(FRAMES)),
        measurements=[measured(c) for c in motion],
        coefficients=motion,
        seen=np.ones((256, 256), np.bool_),
        nearest=0,
        anchor=avatar.rest,
    )


def moved(i: int) -> Coefficients:
    rest = astronaut().rest
    turn = rotation_from_euler(10 * math.sin(0.3 * i), 4 * math.sin(0.2 * i), 0)
    expression = rest.expression.copy()
    changed = replace(rest, rotation=turn @ rest.rotation, expression=expression)
    return changed.with_expressions({"jawOpen": abs(math.sin(0.5 * i))})


def measured(coefficients: Coefficients) -> Measurement:
    """What a perfect landmarker sees of the astronaut."""
    c = coefficients
    shape = astronaut().shape(load_face_model(), c.expression)
    points = np.zeros((478, 3), np.float32)
    points[:, :2] = project(shape, c.rotation, c.translation, c.scale)
    return astronaut().measured._replace(points=points)


def difference(one: Pixels, other: Pixels) -> float:
    """A stand-in for ePD."""
    return float(np.abs(one.astype(np.float32) - other.astype(np.float32)).mean())


QUICK = PersonalConfig(steps=16, learned=16, held_out=4, look_every=4, learning_rate=0.05)


def task(
    sitting: Sitting, checkpoint: Path, folder: Path, config: PersonalConfig = QUICK
) -> Personalisation:
    wanted = Wanted(astronaut(), sitting, "c" * 64, open_network(checkpoint), WEIGHTS, "lite-toy")
    return Personalisation(wanted, config, folder, difference=difference, trunk=small_trunk())


def levels(personal: Personal | None) -> Sequence[np.ndarray]:
    assert personal is not None
    parts = (personal.features_64, personal.features_128, personal.motion_features)
    return [change.levels for change in parts]
