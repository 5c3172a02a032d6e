r"""Ablation (PECHead, table 4): any named methods through protocols 1 and 2, spread over seeds.

L1, SSIM, AKD, eFID, jitter and warp error are those of the reconstruction; CSIM, ARD and eFVD, as
in the paper, those of the reenactment. Jitter and warp error are what the context of CAP is to
lower.

The table compares settings that were trained alike: the same data, stages, steps, batches and
seeds, each from its own untrained weights. With B a batch, for each SETTING of kp, lmk, direct,
featcat, mmfa and full, and for each SEED of 0, 1 and 2, two runs, pairs and then clips::

    pechead-live train --preset base --stage 1a --setting SETTING --seed SEED --batch B \
        --data DATA --run runs/SETTING-SEED-pairs
    pechead-live train --preset base --stage 2 --setting SETTING --seed SEED --batch B \
        --data DATA --run runs/SETTING-SEED \
        --init runs/SETTING-SEED-pairs/checkpoints/ema.safetensors

Then all of them on clips and portraits of people who are not in DATA; the setting is read from the
checkpoint, a row's name comes before the colon, and a name that comes again is another seed::

    pechead-live evaluate ablation --data TEST -o out/ablation \
        --method KP:base=runs/kp-0/checkpoints/ema.safetensors \
        --method KP:base=runs/kp-1/checkpoints/ema.safetensors \
        ... --method full:base=runs/full-2/checkpoints/ema.safetensors

On a CPU ``toy`` in place of ``base`` compares the settings at 64 pixels. ``python -m
benchmarks.ablation`` runs all of this, and goes on where it was left. The preset's own switches
(prior flow, pose Jacobians) are in all settings alike; ``paper`` has none of them.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from pechead_live.evaluation.film import mean_known
from pechead_live.evaluation.result import Figures, Result
from pechead_live.evaluation.table import Line, mean_figures

RECONSTRUCTED = ("l1", "efid", "fid", "akd_mp_px", "ssim", "jitter_ratio", "warp_error")
REENACTED = ("csim_dlib", "csim_arcface", "ard_deg", "auh", "efvd")

TABLE = (
    "l1",
    "efid",
    "fid",
    "csim_dlib",
    "csim_arcface",
    "ard_deg",
    "efvd",
    "akd_mp_px",
    "ssim",
    "auh",
    "jitter_ratio",
    "warp_error",
)
"""The paper's columns in its order, then ours."""


def ablation_lines(
    groups: Mapping[str, Sequence[str]],
    reconstructed: Sequence[Result],
    reenacted: Sequence[Result],
) -> list[Line]:
    """One line a setting. ``groups``: setting to the names of its methods, one a seed."""
    lines: list[Line] = []
    for setting, seeds in groups.items():
        found: list[Figures] = [
            {
                **mean_figures(reconstructed, seed, RECONSTRUCTED),
                **mean_figures(reenacted, seed, REENACTED),
            }
            for seed in seeds
        ]
        means = {name: mean_known(figures[name] for figures in found) for name in TABLE}
        lines.append(Line(setting, means, _spread(found) if len(found) > 1 else {}))
    return lines


def _spread(found: Sequence[Figures]) -> Figures:
    """Standard deviation of a sample; None where it is known of fewer than two seeds."""
    spread: Figures = {}
    for name in TABLE:
        values = [value for figures in found if (value := figures[name]) is not None]
        spread[name] = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return spread
