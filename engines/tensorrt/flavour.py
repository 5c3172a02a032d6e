"""The two TensorRTs: what a manifest calls them, and which GPUs they run on."""

from engines.manifest import Manifest
from pechead_live.errors import InputError

RTX = "tensorrt-rtx"
"""TensorRT for RTX: engines are built anywhere, and finished on the user's GPU."""

FULL = "tensorrt"
"""The full TensorRT: engines are built on the model of GPU that runs them."""

RTX_TARGETS = ("sm_75", "sm_80", "sm_86", "sm_89", "sm_120", "sm_121")
"""Generations of GPUs that TensorRT-RTX knows: Turing, Ampere (data centre and desktop), Ada,
Blackwell. Hopper, sm_90, is none of them."""

TURING = "sm_75"
"""TensorRT-RTX has no float32 matrix product there."""


def module_of(runtime: str) -> str:
    """Name of the Python module."""
    return runtime.replace("-", "_")


def check_version(manifest: Manifest, installed: str) -> None:
    """`InputError` unless the installed TensorRT is the one that built the engine: another one
    cannot read it."""
    if manifest.runtime_version != installed:
        raise InputError(
            f"the engine of '{manifest.part}' was built by {manifest.runtime} "
            f"{manifest.runtime_version} and {installed} is installed: build it again with "
            f"'pechead-export tensorrt', or install {manifest.runtime_version}"
        )


def check_target(manifest: Manifest, target: str) -> None:
    """`InputError` unless the engine runs on a GPU of generation ``target``, such as "sm_89"."""
    flavour = "rtx" if manifest.runtime == RTX else "full"
    if manifest.runtime == RTX and target not in RTX_TARGETS:
        raise InputError(
            f"the GPU at hand is {target}, for which TensorRT-RTX has no engines: build one with "
            "'pechead-export tensorrt --flavour full' on this machine"
        )
    if manifest.targets and target not in manifest.targets:
        raise InputError(
            f"the engine of '{manifest.part}' was built for {', '.join(manifest.targets)} and the "
            f"GPU at hand is {target}: build it again with "
            f"'pechead-export tensorrt --flavour {flavour} --target {target}'"
        )
    if manifest.runtime == RTX and target == TURING and manifest.precision == "fp32":
        raise InputError(
            f"the engine of '{manifest.part}' is fp32, which TensorRT-RTX cannot run on {TURING}: "
            "export the network with --precision fp16 and build it again"
        )
