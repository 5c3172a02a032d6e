"""A step between tracker and renderer: coefficients and its own memory in, both out."""

from collections.abc import Callable
from typing import Any, NamedTuple

from pechead_live.coefficients import Coefficients


class Step(NamedTuple):
    """A pure function with its state spelt out: a filter, a retargeting, anything of that shape."""

    initial: Callable[[], Any]
    """The state before the first coefficients."""

    apply: Callable[[Coefficients, Any], tuple[Coefficients | None, Any]]
    """Coefficients and state to new coefficients and the next state; None: as if there were no
    face."""


def _unchanged(coefficients: Coefficients, state: Any) -> tuple[Coefficients | None, Any]:
    return coefficients, state


IDENTITY = Step(tuple, _unchanged)
"""Changes nothing."""
