"""`open_engine`: an exported file and its manifest to a loaded network."""

from pathlib import Path

from engines.engine import Engine
from engines.manifest import Manifest, check_file, manifest_path, read_manifest
from pechead_live.errors import InputError
from pechead_live.reachable import is_file

ONNX_DEVICES = (
    "onnxruntime:cpu",
    "onnxruntime:cuda",
    "onnxruntime:coreml",
    "onnxruntime:directml",
    "onnxruntime:openvino",
    "openvino:cpu",
    "openvino:cpu-bf16",
    "openvino:gpu",
)
"""What runs an ONNX file, the default first."""

TENSORRT = "tensorrt"
"""What runs a TensorRT engine; "tensorrt:1" does so on the second GPU."""

SHORT = {"onnxruntime": "onnxruntime:cpu", "openvino": "openvino:cpu"}
"""A runtime without a device is on the CPU."""


def open_engine(path: Path, device: str | None = None, *, threads: int | None = None) -> Engine:
    """Opens an exported file whose manifest lies beside it, and warms it up.

    ``device``: ``RUNTIME[:DEVICE]``, one of `ONNX_DEVICES` or `TENSORRT`; by default
    "onnxruntime:cpu" for an ONNX file. ``threads``: of the CPU, by default as `host_threads`.

    Raises `InputError` for a file that is missing, damaged, or not for that device,
    `MissingDependencyError` for a library that is not installed, and `DeviceError` for a device
    that cannot be used; each says what to do.
    """
    if device is not None:
        device = _known(device)
    if not is_file(path) and not is_file(manifest_path(path)):
        raise InputError(f"there is no file {path}: give one that 'pechead-export' wrote")
    manifest = read_manifest(path)
    if manifest.runtime == "onnx":
        device = device or ONNX_DEVICES[0]
        if device not in ONNX_DEVICES:
            raise InputError(
                f"{path} is an ONNX file, which {device} does not open: build an engine of it with "
                f"'pechead-export tensorrt', or give one of {', '.join(ONNX_DEVICES)}"
            )
        check_file(path, manifest)
        return _open_onnx(path, manifest, device, threads)
    device = device or TENSORRT
    if device in ONNX_DEVICES:
        raise InputError(
            f"{path} is a TensorRT engine, which {device} does not open: give the device "
            f"'{TENSORRT}', or the ONNX file it was built from"
        )
    check_file(path, manifest)
    from engines.tensorrt.engine import open_tensorrt

    return open_tensorrt(path, manifest, device)


def _known(device: str) -> str:
    device = SHORT.get(device, device)
    runtime, _, number = device.partition(":")
    numbered = runtime == TENSORRT and number.isdecimal()
    if device not in (*ONNX_DEVICES, TENSORRT) and not numbered:
        raise InputError(
            f"there is no device '{device}': give one of {', '.join((*ONNX_DEVICES, TENSORRT))}"
        )
    return device


def _open_onnx(path: Path, manifest: Manifest, device: str, threads: int | None) -> Engine:
    runtime, _, where = device.partition(":")
    if runtime == "openvino":
        from engines.openvino_engine import open_openvino

        return open_openvino(path, manifest, where, threads=threads)
    from engines.onnxruntime.engine import open_onnxruntime

    return open_onnxruntime(path, manifest, where, threads=threads)
