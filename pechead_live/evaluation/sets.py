"""eFID and eFVD: figures of a whole set of pictures or windows, out of the features of its films.

Each task keeps its films' features; the distance is taken when all are there.
"""

from collections.abc import Sequence

import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.evaluation.clip import Driving
from pechead_live.evaluation.instruments import Instruments
from pechead_live.evaluation.metrics.clip_features import WINDOW, clip_features
from pechead_live.evaluation.metrics.frechet import frechet_distance, gaussian_of
from pechead_live.evaluation.result import REAL, Figures, Result
from pechead_live.frame import Pixels

SETS = ("efid", "fid", "efvd")
"""The columns that have a value for the whole set only."""

MOST_WINDOWS = 4
"""Of one film: a long clip must not be the set, and a window costs half a second."""


def window_features_of(
    film: Sequence[Pixels], driving: Driving, instruments: Instruments
) -> dict[str, FloatArray]:
    """(m, 3 D) features of windows of 16 consecutive frames under "efvd"; nothing without the
    network, or when the clip has no such window."""
    network = instruments.features
    starts = window_starts(driving)
    if network is None or not starts:
        return {}
    rows = [clip_features(network(list(film[i : i + WINDOW]))) for i in starts]
    return {"efvd": np.concatenate(rows)}


def picture_features(pictures: Sequence[Pixels], instruments: Instruments) -> dict[str, FloatArray]:
    """(n, D) features of ``pictures`` under "efid" and "fid", as far as there are networks."""
    networks = {"efid": instruments.features, "fid": instruments.inception}
    return {name: network(pictures) for name, network in networks.items() if network is not None}


def window_starts(driving: Driving) -> list[int]:
    """First frames of at most `MOST_WINDOWS` windows without a gap, evenly spread."""
    places = driving.places
    starts = [
        i
        for i in range(0, len(places) - WINDOW + 1, WINDOW)
        if places[i + WINDOW - 1] - places[i] == WINDOW - 1
    ]
    chosen = np.linspace(0, len(starts) - 1, min(len(starts), MOST_WINDOWS)).round().astype(int)
    return [starts[i] for i in chosen]


def add_features(
    features: dict[str, dict[str, FloatArray]], method: str, found: dict[str, FloatArray]
) -> None:
    """Puts what was ``found`` of a film of ``method`` (or `REAL`) behind what is there."""
    for column, array in found.items():
        methods = features.setdefault(column, {})
        methods[method] = np.concatenate([methods[method], array]) if method in methods else array


def set_figures(results: Sequence[Result], method: str) -> Figures:
    """The distances of ``method`` from the real set; None with fewer than two on either side."""
    figures: Figures = {}
    for column in SETS:
        real, made = (_gathered(results, column, name) for name in (REAL, method))
        if len(real) < 2 or len(made) < 2:
            figures[column] = None
        else:
            figures[column] = frechet_distance(gaussian_of(real), gaussian_of(made))
    return figures


def _gathered(results: Sequence[Result], column: str, method: str) -> FloatArray:
    films = (result.features.get(column, {}).get(method) for result in results)
    rows = [film for film in films if film is not None]
    return np.concatenate(rows) if rows else np.zeros((0, 1), np.float32)
