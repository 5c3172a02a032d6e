"""Features of 16-frame windows out of features of pictures, for eFVD.

FVD (Unterthiner et al. 2018) takes I3D's features of such windows. Here a window is described by
what it shows, how much that varies and how fast it changes, from a network for pictures: a stand-in
whose values compare with each other only and must always be called *eFVD*.
"""

import numpy as np

from pechead_live.coefficients import FloatArray
from pechead_live.errors import InputError

WINDOW = 16
"""Frames, as FVD takes them."""


def window_features(features: FloatArray) -> FloatArray:
    """(16, D) features of consecutive pictures to (3 D,): mean, standard deviation over time and
    mean absolute difference of neighbours. Played backwards, a window gives the same."""
    if features.ndim != 2 or len(features) != WINDOW:
        raise InputError(f"features of shape {features.shape}: a window is {WINDOW} pictures")
    wide = features.astype(np.float64)
    change = np.abs(np.diff(wide, axis=0)).mean(axis=0)
    return np.concatenate([wide.mean(axis=0), wide.std(axis=0), change]).astype(np.float32)


def clip_features(features: FloatArray) -> FloatArray:
    """(T, D) features of one clip's consecutive pictures to (T // 16, 3 D), a row a window; what
    is left at the end is not used. Raises `InputError` if the clip has fewer than 16."""
    windows = len(features) // WINDOW
    if windows == 0:
        raise InputError(
            f"a clip of {len(features)} pictures: eFVD needs at least {WINDOW} consecutive ones"
        )
    return np.stack([window_features(features[i * WINDOW :][:WINDOW]) for i in range(windows)])
