"""A larger lite network that begins as what a smaller one has learned (Net2Net, Chen et al. 2016).

It draws the same pictures up to rounding. Channels that the smaller one lacks keep the weights
into them that they were initialised with, and nothing that was there before reads them: the
weights out of them are zero there, which is where they get their first gradients. A further block
adds nothing to its input until the gain of its last norm has moved from zero.
"""

from dataclasses import fields

from torch import Tensor

from pechead_live.errors import InputError
from pechead_live.model.lite.dimensions import LiteDimensions
from pechead_live.model.lite.network import Lite
from pechead_live.model.lite.wiring import Wire, places_in, wire_of

LAST_NORMS = (".second.norm.", ".body.2.norm.")
"""In the names of the norm that ends a residual block, of the encoder and of the decoder."""


def grown(small: Lite, large: Lite) -> dict[str, Tensor]:
    """State dict, on the CPU, with which ``large``, newly initialised, draws what ``small`` draws.

    The same in training mode too, for normalisation looks at each channel alone. Raises
    `InputError` if a dimension of ``large`` is less than that of ``small``, or its size another:
    a network of another size sees other pictures.
    """
    _check_larger(small.dimensions, large.dimensions)
    learned = small.state_dict()
    result: dict[str, Tensor] = {}
    for name, tensor in large.state_dict().items():
        fresh, wire = tensor.detach().cpu().clone(), wire_of(name)
        if name not in learned:  # of a further block
            added = fresh.zero_() if any(part in name for part in LAST_NORMS) else fresh
            result[name] = added
        elif wire is None or fresh.ndim == 0:
            result[name] = learned[name].detach().cpu().clone()
        else:
            known = learned[name].detach().cpu()
            result[name] = _widened(known, fresh, wire, small.dimensions, large.dimensions)
    return result


def _widened(
    known: Tensor, fresh: Tensor, wire: Wire, small: LiteDimensions, large: LiteDimensions
) -> Tensor:
    """``fresh`` with ``known`` in its places, changed; old outputs read nothing of new inputs."""
    rows = places_in(wire.outputs, small, large)
    if fresh.ndim == 1:
        fresh[rows] = known
        return fresh
    fresh[rows] = 0
    fresh[rows[:, None], places_in(wire.inputs, small, large)] = known
    return fresh


def _check_larger(small: LiteDimensions, large: LiteDimensions) -> None:
    for field in fields(small):
        few, many = getattr(small, field.name), getattr(large, field.name)
        if few > many or (field.name == "size" and few != many):
            raise InputError(
                f"the weights to start from have {field.name} {few}, the network to train {many}: "
                "give weights of the same size of picture and nowhere wider or deeper"
            )
