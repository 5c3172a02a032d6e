"""Smoothing a whole recording without lag: the live filter, run forwards and backwards."""

import math
from collections.abc import Sequence
from dataclasses import replace

from pechead_live.coefficients import Coefficients
from pechead_live.rotation import turn_between, turned
from pechead_live.tracker.filter import FilterConfig, filter_coefficients, initial_filter_state


def smooth_recording(
    coefficients: Sequence[Coefficients], config: FilterConfig | None = None
) -> tuple[Coefficients, ...]:
    """Filters a whole recording without lag: forwards and backwards, in both orders, averaged."""
    forwards_first = _backwards(_forwards(coefficients, config), config)
    backwards_first = _forwards(_backwards(coefficients, config), config)
    return tuple(
        replace(
            first,
            expression=(first.expression + second.expression) / 2,
            rotation=turned(first.rotation, turn_between(first.rotation, second.rotation) / 2),
            translation=(first.translation + second.translation) / 2,
            scale=math.sqrt(first.scale * second.scale),
        )
        for first, second in zip(forwards_first, backwards_first, strict=True)
    )


def _forwards(
    coefficients: Sequence[Coefficients], config: FilterConfig | None
) -> list[Coefficients]:
    state = initial_filter_state()
    smooth: list[Coefficients] = []
    for frame in coefficients:
        filtered, state = filter_coefficients(frame, state, config)
        smooth.append(filtered)
    return smooth


def _backwards(
    coefficients: Sequence[Coefficients], config: FilterConfig | None
) -> list[Coefficients]:
    mirrored = [replace(c, captured_at=-c.captured_at) for c in reversed(coefficients)]
    smooth = _forwards(mirrored, config)
    return [replace(c, captured_at=-c.captured_at) for c in reversed(smooth)]
