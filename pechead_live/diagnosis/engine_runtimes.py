"""What runs exported networks beside ONNX Runtime: each is really used for a moment."""

import importlib
import sys
from typing import Any

import numpy as np

from engines.late_library import reason
from engines.tensorrt.library import FLAVOURS, load_tensorrt
from pechead_live.diagnosis.finding import Finding
from pechead_live.diagnosis.tiny_network import tiny_network
from pechead_live.errors import MissingDependencyError


def check_openvino() -> list[Finding]:
    """Runs a tiny network on every device it finds: those that fail say so."""
    try:
        openvino: Any = importlib.import_module("openvino")
        core: Any = openvino.Core()
    except (ImportError, OSError, RuntimeError) as error:
        return [
            _optional(
                "OpenVINO",
                f"cannot be loaded: {reason(error)}",
                "run pip install 'pechead-live[openvino]' to draw faster on Intel's and many other "
                "processors",
            )
        ]
    return [_try_device(openvino, core, str(device)) for device in core.available_devices]


def check_tensorrt() -> list[Finding]:
    """Version of each TensorRT that is installed, and whether it starts; none on a Mac."""
    if sys.platform == "darwin":
        return []
    findings: list[Finding] = []
    failures: list[str] = []
    for flavour in FLAVOURS:
        try:
            library = load_tensorrt(flavour)
        except MissingDependencyError as error:
            failures.append(str(error))
            continue
        try:
            _ = library.Builder(library.Logger(library.Logger.ERROR))
        except Exception as error:  # noqa: BLE001 - raises kinds of its own without a driver
            findings.append(
                _optional(
                    flavour,
                    f"{library.__version__}: installed, but does not start: {reason(error)}",
                    "install NVIDIA's driver, or draw on the processor",
                )
            )
        else:
            findings.append(_good(flavour, f"{library.__version__}, builds engines"))
    if findings:
        return findings
    advice = f"to draw on an NVIDIA GPU {FLAVOURS['tensorrt_rtx'].install}"
    return [_optional("TensorRT", failures[0].rpartition(": ")[0], advice)]


def check_cupy() -> Finding:
    """Adds numbers on the GPU: it carries pictures there for TensorRT."""
    try:
        cupy: Any = importlib.import_module("cupy")
    except (ImportError, OSError) as error:
        return _optional(
            "CuPy",
            f"cannot be loaded: {reason(error)}",
            "run pip install 'pechead-live[tensorrt]' to draw on an NVIDIA GPU",
        )
    try:
        total = float(cupy.arange(4, dtype=np.float32).sum().get())
        name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
        failure = "" if total == 6 else f"adds 0, 1, 2, 3 to {total}"
    except Exception as error:  # noqa: BLE001 - CuPy raises kinds of its own
        name, failure = "", reason(error)
    if failure:
        return _optional(
            "CuPy",
            f"{cupy.__version__}: no GPU can be used: {failure}",
            "install NVIDIA's driver, or draw on the processor",
        )
    return _good("CuPy", f"{cupy.__version__}, computes on {name}")


def _try_device(openvino: Any, core: Any, device: str) -> Finding:
    name = f"OpenVINO {device}"
    try:
        compiled = core.compile_model(core.read_model(tiny_network()), device)
        doubled = compiled({"x": np.array([1.5, 2.0], np.float32)})[0]
        ran = [str(each) for each in compiled.get_property("EXECUTION_DEVICES")]
        failure = "" if doubled.tolist() == [3.0, 4.0] else f"computes 2 x 1.5 = {doubled[0]}"
        if not failure and device not in ran:
            failure = f"{', '.join(ran)} runs in its place"
    except Exception as error:  # noqa: BLE001 - drivers raise kinds of their own
        failure = reason(error)
    version = str(openvino.__version__).partition("-")[0]
    if failure:
        return _optional(
            name, f"{version}: found, but {failure}", "update its driver, or use another device"
        )
    return _good(name, f"{version}, really runs")


def _good(name: str, detail: str) -> Finding:
    return Finding(group="runtime", name=name, verdict="good", detail=detail)


def _optional(name: str, detail: str, advice: str) -> Finding:
    return Finding(group="runtime", name=name, verdict="optional", detail=detail, advice=advice)
