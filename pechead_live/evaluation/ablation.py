"""Ablation (PECHead, table 4): any named methods through protocols 1 and 2, spread over seeds.

L1, SSIM, AKD and eFID are those of the reconstruction; CSIM, ARD and eFVD, as in the paper, those
of the reenactment.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from pechead_live.evaluation.film import mean_known
from pechead_live.evaluation.result import Figures, Result
from pechead_live.evaluation.table import Line, mean_figures

RECONSTRUCTED = ("l1", "efid", "fid", "akd_mp_px", "ssim")
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
