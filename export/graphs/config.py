"""`ExportConfig`: what form of a network is written."""

from dataclasses import dataclass

from export.parts.pixels import PIXELS
from pechead_live.errors import InputError

PRECISIONS = ("fp32", "fp16")
FORMS = ("deform", "decomposed", "plugin")


@dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """Settings of an ONNX export."""

    precision: str = "fp32"
    """Of weights and activations, one of `PRECISIONS`; coordinates are float32 in both."""

    form: str = "deform"
    """Of deformable convolutions, one of `FORMS`: the standard operator, samples and products for
    runtimes without it, or the operator of our TensorRT plugin."""

    pixels: str = "uint8"
    """Of picture ports: bytes, or float32 in [0, 1] to compare numbers with."""

    def __post_init__(self) -> None:
        for name, choices in (("precision", PRECISIONS), ("form", FORMS), ("pixels", PIXELS)):
            if (value := getattr(self, name)) not in choices:
                raise InputError(f"{name} is {value!r}: use one of {', '.join(choices)}")
