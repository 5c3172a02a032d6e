"""Table 4 of the paper, as printed: six settings by five metrics on two sets of videos."""

SETTINGS = ("KP", "LMK", "Direct", "FeatCat", "MMFA", "Full")
"""In the paper's order, each said to be better than the one before."""

PRINTED: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "l1": (
        (0.0446, 0.0426, 0.0439, 0.0430, 0.0375, 0.0357),
        (0.0491, 0.0485, 0.0474, 0.0462, 0.0448, 0.0435),
    ),
    "fid": ((35.82, 37.30, 35.58, 34.96, 31.27, 30.10), (37.8, 36.6, 32.9, 32.0, 31.0, 31.2)),
    "csim": (
        (0.726, 0.717, 0.730, 0.732, 0.764, 0.779),
        (0.712, 0.709, 0.724, 0.733, 0.782, 0.789),
    ),
    "ard": ((1.41, 1.29, 1.37, 1.34, 0.81, 0.79), (1.40, 1.37, 1.33, 1.09, 0.85, 0.84)),
    "fvd": (
        (215.8, 213.9, 212.7, 208.2, 206.8, 199.6),
        (218.5, 217.9, 217.8, 213.9, 209.9, 201.6),
    ),
}
"""Column to its values in the left and the right half of the table, in the order of `SETTINGS`."""

HIGHER_IS_BETTER = {"csim"}

COLUMN_OF = {
    "l1": "l1",
    "fid": "fid",
    "efid": "fid",
    "csim_dlib": "csim",
    "csim_arcface": "csim",
    "ard_deg": "ard",
    "efvd": "fvd",
}
"""Our metric to the paper's column that it is, or stands in for."""


def printed_better(metric: str, earlier: str, later: str) -> str | None:
    """In how many of the paper's two sets ``later`` is better than ``earlier``, such as "1 of 2";
    None for a metric that table 4 lacks."""
    column = COLUMN_OF.get(metric)
    if column is None:
        return None
    i, j = SETTINGS.index(earlier), SETTINGS.index(later)
    sign = -1 if column in HIGHER_IS_BETTER else 1
    better = sum(sign * (half[i] - half[j]) > 0 for half in PRINTED[column])
    return f"{better} of {len(PRINTED[column])}"
