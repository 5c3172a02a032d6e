"""Which preset is trained in which stages, and what a stage is given unless told otherwise."""

from dataclasses import dataclass, replace

from pechead_live.errors import InputError

STAGES_OF: dict[str, tuple[str, ...]] = {
    "lite-s": ("3",),
    "lite-m": ("3",),
    "base": ("1a", "1b", "2", "0"),
    "paper": ("1a", "1b", "2", "0"),
    "toy": ("3", "1a", "1b", "2", "0"),
    "reconstructor": ("0",),
    "reconstructor-128": ("0",),
    "baseline": ("1a",),
    "baseline-toy": ("1a",),
}
"""Preset to its stages, the usual one first. ``toy`` is a lite in stage 3, else a PECHead."""


@dataclass(frozen=True, kw_only=True)
class StageDefaults:
    """Of one stage."""

    steps: int
    """Of the whole run."""

    batch: int
    """Examples of a step."""

    learning_rate: float
    """Before the first milestone."""

    frames: int = 1
    """T of a clip."""

    still: float = 1.0
    """Share of steps whose source stands still, as a photo does."""


_STAGES: dict[str, StageDefaults] = {
    "0": StageDefaults(steps=4_000, batch=128, learning_rate=4e-4),
    "1a": StageDefaults(steps=8_000, batch=48, learning_rate=2e-4),
    "1b": StageDefaults(steps=4_000, batch=48, learning_rate=1e-4),
    "2": StageDefaults(steps=3_000, batch=8, learning_rate=2e-4, frames=4, still=0.5),
    # two frames: a network with a memory must see what it has drawn before
    "3": StageDefaults(steps=8_000, batch=16, learning_rate=5e-4, frames=2),
}


def stage_for(preset: str, stage: str | None) -> str:
    """``stage``, or the usual one if None; `InputError` if ``preset`` has no such stage."""
    if preset not in STAGES_OF:
        raise InputError(f"there is no preset '{preset}': use one of {', '.join(STAGES_OF)}")
    stages = STAGES_OF[preset]
    if stage is None:
        return stages[0]
    if stage not in stages:
        raise InputError(
            f"preset '{preset}' has no stage {stage}: use {' or '.join(sorted(stages))}"
        )
    return stage


def defaults_for(preset: str, stage: str) -> StageDefaults:
    """What the stage is given; a toy learns from little, and quickly."""
    defaults = _STAGES[stage]
    if preset == "toy":
        # of clips the statistics stand still, and what is learned fast runs away from them
        rate = 2e-4 if stage == "2" else 2e-3
        return replace(defaults, steps=300, batch=8, learning_rate=rate)
    return defaults
