"""The recipe of a preset in a stage, with the loss weights that belong to it."""

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TypeVar, cast

import torch

from pechead_live.errors import InputError
from pechead_live.model import reconstructor
from pechead_live.model.baseline import dimensions as baseline_dimensions
from pechead_live.model.checkpoint import dimensions_of, load_checkpoint
from pechead_live.model.dimensions import PRESETS, Dimensions
from pechead_live.model.lite.dimensions import LITE_PRESETS
from pechead_live.model.pechead import PECHead
from pechead_live.model.tensor_file import load_into
from pechead_live.training.data.chunk import SIDE as PICTURE_SIZE
from pechead_live.training.losses.trunk import load_trunk
from pechead_live.training.losses.weights import LOSSES, LossConfig, ReconstructionConfig
from pechead_live.training.recipes.baseline import baseline_recipe
from pechead_live.training.recipes.lite import lite_recipe
from pechead_live.training.recipes.pechead import PecheadStage, pechead_recipe
from pechead_live.training.recipes.recipe import Recipe
from pechead_live.training.recipes.reconstructor import reconstructor_recipe

RECONSTRUCTORS = {"reconstructor": "lite0", "reconstructor-128": "lite0-128"}
"""What is trained to the preset of R that it is."""

Weights = TypeVar("Weights", LossConfig, ReconstructionConfig)


def recipe_for(
    preset: str,
    stage: str,
    *,
    setting: str | None = None,
    seed: int = 0,
    losses: str | None = None,
    changes: Mapping[str, float] | None = None,
    teacher: Path | None = None,
    trunk: Path | None = None,
) -> tuple[Recipe, int]:
    """The recipe and the size of its pictures in pixels; ``stage`` is one of the preset's.

    ``setting``: one of table 4 for a PECHead, the preset's own if None; ``seed``: of the untrained
    weights (torch's random numbers begin anew with it). ``losses``: a key of `LOSSES`, the preset's
    own if None; ``changes``: single weights other than those. ``teacher``: checkpoint of a PECHead
    that a lite learns from. ``trunk``: file of the perceptual loss, else one is found.
    """
    if teacher is not None and stage != "3":
        raise InputError(f"stage {stage} has no teacher: leave out {teacher}")
    pechead = preset in PRESETS and stage != "3"
    if setting is not None and not pechead:
        raise InputError(
            f"preset '{preset}' has no settings in stage {stage}: leave out '{setting}'"
        )
    torch.manual_seed(seed)
    if preset in RECONSTRUCTORS:
        if losses is not None:
            raise InputError(f"a reconstructor has losses of its own: leave out '{losses}'")
        reads = reconstructor.PRESETS[RECONSTRUCTORS[preset]]
        weighed = changed(ReconstructionConfig(), changes or {})
        return reconstructor_recipe(reads, weighed), PICTURE_SIZE
    weights = changed(LOSSES[losses or usual_losses(preset, stage)], changes or {})
    given = None if trunk is None else load_trunk(trunk)
    if stage == "3":
        small = LITE_PRESETS[preset]
        taught_by = None if teacher is None else read_teacher(teacher, small.size)
        return lite_recipe(small, weights, taught_by, given), small.size
    if preset in baseline_dimensions.PRESETS:
        plain = baseline_dimensions.PRESETS[preset]
        return baseline_recipe(plain, weights, given), plain.size
    dimensions = PRESETS[preset]
    if setting is not None:
        dimensions = replace(dimensions, setting=setting)
    return pechead_recipe(dimensions, cast(PecheadStage, stage), weights, given), dimensions.size


def usual_losses(preset: str, stage: str) -> str:
    """Key in `LOSSES` of the weights that a preset has in a stage."""
    if stage == "3":
        return "lite"
    if preset in baseline_dimensions.PRESETS:
        return "baseline"
    return "paper" if preset == "paper" else "base"


def changed(weights: Weights, changes: Mapping[str, float]) -> Weights:
    """``weights`` with some numbers replaced; `InputError` names one that there is not."""
    known = {field.name for field in fields(weights) if field.type is float}
    for name in changes:
        if name not in known:
            raise InputError(f"there is no loss weight {name!r}: use {', '.join(sorted(known))}")
    return replace(weights, **changes)


def read_teacher(path: Path, size: int) -> PECHead:
    """A trained PECHead for pictures of ``size`` pixels; `InputError` if it is something else."""
    checkpoint = load_checkpoint(path, "pechead")
    dimensions = dimensions_of(checkpoint, Dimensions)
    if dimensions.size != size:
        raise InputError(
            f"the teacher {path} draws {dimensions.size} pixels and the pupil {size}: "
            "give another teacher"
        )
    teacher = PECHead(dimensions)
    load_into(teacher, checkpoint.tensors)
    return teacher
