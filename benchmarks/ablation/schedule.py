"""`Schedule`: how every setting of a table is trained and looked at, one for each preset."""

from collections.abc import Mapping
from typing import NamedTuple


class Schedule(NamedTuple):
    """The same for all settings and seeds."""

    preset: str

    steps_pairs: int
    """Of stage 1a, on pairs of pictures."""

    batch_pairs: int

    rate_pairs: float | None
    """Learning rate of stage 1a; None is the stage's own, as in stage 2."""

    steps_clips: int
    """Of stage 2, on clips."""

    batch_clips: int

    frames: int
    """Of a clip in stage 2."""

    losses: str | None
    """Set of loss weights; None is the preset's own."""

    changes: Mapping[str, float]
    """Loss weights other than those."""

    machine: tuple[str, ...]
    """Further options of ``pechead-live train``."""

    test_frames: int
    """Of each test clip that are drawn."""

    portraits: int
    """That each test clip moves, for the columns of the reenactment."""


# VGG takes nine tenths of a toy's step with the losses of `base`. Those of `lite` have little of
# it; E's terms and L_w are put back as `base` has them. A discriminator would learn nothing in some
# hundred steps, and `lite` has none.
_E_AND_WARPING = {"spread": 10.0, "equivariance": 10.0, "consistency": 5.0, "warping": 10.0}

# At the stage's own 2e-3 the learned keypoints, which have no stage 0 here, fall together after
# some hundred steps (L_k of 15), and settings that use them are then compared without them.
_RATE = 8e-4

SCHEDULES = {
    "toy": Schedule(
        preset="toy",
        steps_pairs=1200,
        batch_pairs=4,
        rate_pairs=_RATE,
        steps_clips=220,
        batch_clips=2,
        frames=4,
        losses="lite",
        changes=_E_AND_WARPING,
        machine=(),
        test_frames=48,
        portraits=1,
    ),
    "base": Schedule(
        preset="base",
        steps_pairs=8000,
        batch_pairs=48,
        rate_pairs=None,
        steps_clips=3000,
        batch_clips=8,
        frames=4,
        losses=None,
        changes={},
        machine=("--precision", "bf16", "--channels-last"),
        test_frames=100,
        portraits=4,
    ),
}
"""``toy``: 64 pixels, for one core of a CPU. ``base``: 256 pixels, the stages' own steps and
losses, for a GPU."""
