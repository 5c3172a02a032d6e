"""What the tests of remote renderers draw; a process of Ray's imports it, too."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pechead_live.cli.models import factory_of
from pechead_live.coefficients import Coefficients, rotation_from_euler
from pechead_live.frame import Pixels
from pechead_live.studio.prepared import Factory


def plain_factory_of(model: str, engine: str | None, background: Pixels | None) -> Factory:
    """Shipped weights in full precision: whether 8 bits are faster is measured anew each time."""
    return factory_of(model, None, background, engine, quantised=False)


def moves(rest: Coefficients, count: int) -> Iterator[Coefficients]:
    """A head that turns and talks."""
    for i in range(count):
        turn = rotation_from_euler(12 * np.sin(i / 5), 4 * np.cos(i / 7), 3 * np.sin(i / 9))
        turned = replace(rest, rotation=turn @ rest.rotation, captured_at=i / 25)
        yield turned.with_expressions({"jawOpen": 0.3 + 0.3 * float(np.sin(i / 3))})
