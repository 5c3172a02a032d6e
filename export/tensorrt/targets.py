"""`TensorRTConfig`: which TensorRT an engine is for, and which GPUs."""

from dataclasses import dataclass

from engines.tensorrt.flavour import FULL, RTX, RTX_TARGETS, TURING
from pechead_live.errors import InputError

FLAVOURS = {"rtx": RTX, "full": FULL}
"""Name on the command line to the runtime's name in a manifest."""


@dataclass(frozen=True, kw_only=True)
class TensorRTConfig:
    """Settings of a TensorRT build."""

    flavour: str = "rtx"
    """A key of `FLAVOURS`: "rtx" is built anywhere and finished on the user's GPU, "full" is built
    on the GPU that will run it."""

    targets: tuple[str, ...] = ()
    """GPUs such as "sm_89"; () is any of `RTX_TARGETS`, or the GPU at hand of "full"."""

    def __post_init__(self) -> None:
        if self.flavour not in FLAVOURS:
            raise InputError(f"flavour is {self.flavour!r}: use one of {', '.join(FLAVOURS)}")
        if len(set(self.targets)) != len(self.targets):
            raise InputError(f"targets are {', '.join(self.targets)}: name each once")
        if self.flavour == "full":
            return
        for target in self.targets:
            if target not in RTX_TARGETS:
                raise InputError(
                    f"TensorRT-RTX builds no engine for {target!r}: use {', '.join(RTX_TARGETS)} "
                    "or any, or --flavour full on the machine that has that GPU"
                )

    @property
    def runtime(self) -> str:
        """Name in a manifest."""
        return FLAVOURS[self.flavour]


def targets_of(text: str) -> tuple[str, ...]:
    """ "sm_89,sm_120" to its parts, "any" to ()."""
    return () if text.strip() == "any" else tuple(part.strip() for part in text.split(","))


def check_precision(config: TensorRTConfig, precision: str) -> None:
    """`InputError` if a network of ``precision`` cannot be built for the targets."""
    if config.flavour == "rtx" and TURING in config.targets and precision == "fp32":
        raise InputError(
            f"TensorRT-RTX cannot run fp32 on {TURING}: leave that target out, or export the "
            "network with --precision fp16 first"
        )


def runs_on_turing(runtime: str, targets: tuple[str, ...], precision: str) -> bool:
    """Whether an engine must do without float32 matrix products."""
    return runtime == RTX and precision != "fp32" and (not targets or TURING in targets)
