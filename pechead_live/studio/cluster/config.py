"""What a session's renderer takes of a Ray cluster."""

import math
from dataclasses import dataclass

from pechead_live.errors import InputError

LOCAL = "local"
"""Address of a cluster that is started on this machine, for this server alone."""

AUTO = "auto"
"""Address of the cluster that this machine is a node of."""


@dataclass(frozen=True, kw_only=True)
class ClusterConfig:
    """Where renderers are placed, and how long they may take."""

    address: str = LOCAL
    """`LOCAL`, `AUTO`, or HOST:PORT of the head of a cluster that this machine is a node of."""

    cpus: float = 1.0
    """Of one renderer; Ray counts them and does not enforce them."""

    gpus: float = 0.0
    """Of one renderer; a fraction shares a GPU."""

    start_s: float = 60.0
    """A renderer has its place and its first picture after this long, or it is given up."""

    call_s: float = 4.0
    """A picture that takes longer is not waited for: its renderer counts as lost. A process or node
    that ends is noticed at once; this is for one that hangs, and far above what a machine with too
    much to do takes (0.8 s, p95, with five programs on two cores)."""

    def __post_init__(self) -> None:
        for name, least in (("cpus", 0.0), ("gpus", 0.0)):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= least):
                raise InputError(f"{value} {name} of a renderer: give 0 or more")
        if self.gpus > 1 and not self.gpus.is_integer():
            raise InputError(f"{self.gpus} gpus of a renderer: give a part of one, or whole ones")
        for name in ("start_s", "call_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} is {value}: it must be a number above 0")
        if not self.address.strip():
            raise InputError("the address of Ray is empty: give local, auto or HOST:PORT")
