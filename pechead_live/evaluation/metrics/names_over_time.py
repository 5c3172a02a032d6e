"""Metrics over time under their names: how calm a film is, and whether it stays as it was."""

from pechead_live.evaluation.metrics.metric import Metric

_PHASE = "of pictures at equal phase of a loop"

OVER_TIME: dict[str, Metric] = {
    "jitter_ratio": Metric(
        "jitter",
        "",
        "near 1",
        2,
        "Mean second difference of the landmarks over time, result over driver.",
        "this project",
    ),
    "warp_error": Metric(
        "warp error",
        "",
        "lower",
        4,
        "Mean absolute difference of a result and the one before, carried along the truth's "
        "optical flow, where both are seen; a still picture has little, so read it beside AKD-mp.",
        "Lai et al. 2018, with DIS flow",
    ),
    "background_flicker_levels": Metric(
        "background flicker",
        "levels",
        "lower",
        3,
        "Mean absolute change from one frame of the result to the next, in levels of 255, where "
        "the truth shows no person and stands still.",
        "this project",
    ),
    "drift_levels": Metric(
        "drift",
        "levels",
        "lower",
        3,
        f"Mean absolute difference {_PHASE} in the first and in the last minute, levels of 255.",
        "this project",
    ),
    "drift_noise_levels": Metric(
        "drift's noise",
        "levels",
        "lower",
        3,
        f"The same {_PHASE} within the first minute, without its first loop, which starts from "
        "the empty memory.",
        "this project",
    ),
    "drift_excess_levels": Metric(
        "drift beyond noise",
        "levels",
        "lower",
        3,
        "Drift without its noise; about 0, or below, where nothing drifts.",
        "this project",
    ),
    "drift_mp_px": Metric(
        "AKD-mp drift",
        "px",
        "lower",
        3,
        f"AKD-mp {_PHASE} in the first and in the last minute.",
        "this project",
    ),
    "drift_noise_mp_px": Metric(
        "AKD-mp drift's noise",
        "px",
        "lower",
        3,
        f"AKD-mp {_PHASE} within the first minute, without its first loop.",
        "this project",
    ),
    "sharpness_ratio": Metric(
        "sharpness",
        "",
        "near 1",
        4,
        "Mean variance of the Laplacian of the last minute's pictures over the first minute's.",
        "Pech-Pacheco et al. 2000",
    ),
    "colour_change_levels": Metric(
        "colour change",
        "levels",
        "lower",
        3,
        "Absolute change of the mean colour from the first to the last minute, mean over the "
        "three channels, levels of 255.",
        "this project",
    ),
}
"""Key, as records and files have it, to metric."""
