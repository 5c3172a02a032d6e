"""OpenVINO: Intel's processors and graphics; on many a CPU faster than ONNX Runtime."""

from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from engines.engine import Array, Arrays, Stream
from engines.host_stream import HostStream
from engines.host_threads import host_threads
from engines.late_library import load_library, reason
from engines.manifest import REBUILD, Manifest, Port
from engines.ports import check_arrays, check_file_ports, zeros_of
from pechead_live.errors import DeviceError, InputError

DEVICES = {"cpu": "CPU", "cpu-bf16": "CPU", "gpu": "GPU"}
"""Device of a spec such as "openvino:gpu" to OpenVINO's."""

BF16 = "cpu-bf16"
"""Numbers of 16 bits, 8 of them digits: faster on processors that have instructions for them."""


class OpenVinoEngine:
    """`Engine` of a compiled model; threads that share it take turns."""

    def __init__(
        self, compiled: Any, manifest: Manifest, outputs: list[Port], provider: str
    ) -> None:
        """``outputs``: in the order of the compiled model."""
        self._request = compiled.create_infer_request()
        self._outputs = [port.name for port in outputs]
        self._manifest = manifest
        self._provider = provider
        self._lock = Lock()

    @property
    def manifest(self) -> Manifest:
        """What was opened."""
        return self._manifest

    @property
    def provider(self) -> str:
        """The device that computes, "OpenVINO CPU" or "OpenVINO GPU.0", as OpenVINO reports it."""
        return self._provider

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """See `Engine`."""
        return self._compute(check_arrays(self._manifest.inputs, inputs))

    def stream(self, constants: Arrays) -> Stream:
        """See `Engine`."""
        return HostStream(self._manifest, self._compute, constants)

    def close(self) -> None:
        """See `Engine`; a run that has begun in another thread ends first."""
        with self._lock:
            self._request = None

    def _compute(self, given: dict[str, Array]) -> dict[str, Array]:
        with self._lock:
            if self._request is None:
                raise InputError("this engine is closed: open its file again")
            try:
                # the arrays are read where they lie; the results are the request's own, so copied
                self._request.infer(given, share_inputs=True, share_outputs=True)
                return {
                    name: self._request.get_output_tensor(index).data.copy()
                    for index, name in enumerate(self._outputs)
                }
            except Exception as error:  # a RuntimeError, or what the driver raises
                raise DeviceError(
                    f"{self._provider} failed in '{self._manifest.part}' of "
                    f"{self._manifest.preset} ({reason(error)}): give another device, or {REBUILD}"
                ) from error


def open_openvino(
    path: Path, manifest: Manifest, device: str = "cpu", *, threads: int | None = None
) -> OpenVinoEngine:
    """Loads, compiles and warms up an ONNX file that its manifest describes.

    ``device``: a key of `DEVICES`. ``threads``: of the CPU, as `host_threads`. Raises
    `MissingDependencyError`, `DeviceError` or `InputError`, each with what to do.
    """
    if manifest.form in ("deform", "plugin"):
        raise InputError(
            f"{path} has deformable convolutions of the form '{manifest.form}', which OpenVINO "
            "does not have: export it again with the form 'decomposed'"
        )
    count = host_threads(threads)
    openvino = load_library("openvino", "openvino")
    core = _core(openvino)
    wanted = DEVICES[device]
    there = [str(name) for name in core.available_devices]
    if not any(name.partition(".")[0] == wanted for name in there):
        raise DeviceError(
            f"OpenVINO finds no {wanted} here, only {', '.join(there) or 'nothing'}: install its "
            "driver (on Debian or Ubuntu 'sudo apt-get install intel-opencl-icd'), or give the "
            "device 'openvino:cpu'"
        )
    # Unless asked otherwise, a graph keeps the precision that it was exported with: left to itself,
    # a GPU would draw in half precision, and so would some processors.
    settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "EXECUTION_MODE_HINT": "ACCURACY"}
    if device == BF16:
        _check_bf16(core)
        settings["EXECUTION_MODE_HINT"] = "PERFORMANCE"
        settings["INFERENCE_PRECISION_HINT"] = "bf16"
    if wanted == "CPU":
        settings["INFERENCE_NUM_THREADS"] = count
    readers = load_library("openvino.frontend", "openvino")
    try:
        # by its name: asked to guess, OpenVINO tries the readers of other formats, which are loud
        frontend: Any = readers.FrontEndManager().load_by_framework("onnx")
        model = frontend.convert(frontend.load(str(path)))
        # before it is compiled: a port then goes by the names of fused operators as well
        inputs, outputs = _ports(model.inputs), _ports(model.outputs)
        compiled = core.compile_model(model, wanted, settings)
    except Exception as error:  # a RuntimeError, or what the reader raises
        raise InputError(
            f"{path} cannot be opened by OpenVINO ({_first_cause(error)}): {REBUILD}, or give the "
            "device 'onnxruntime:cpu'"
        ) from error
    check_file_ports(path, manifest, inputs, outputs)
    running = [str(name) for name in compiled.get_property("EXECUTION_DEVICES")]
    if [name.partition(".")[0] for name in running] != [wanted]:
        raise DeviceError(
            f"OpenVINO computes {path.name} on {', '.join(running)} in place of {wanted}: give the "
            "device 'openvino:cpu'"
        )
    shown = f"OpenVINO {running[0]}{' in bf16' if device == BF16 else ''}"
    engine = OpenVinoEngine(compiled, manifest, outputs, shown)
    engine.run(zeros_of(manifest.inputs))
    return engine


@cache
def _core(openvino: Any) -> Any:
    """One for the process: with the last of them OpenVINO unloads libraries that its threads still
    need, and the next fork or thread that ends takes the process with it."""
    return openvino.Core()


def _check_bf16(core: Any) -> None:
    if "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise DeviceError(
            "this processor has no instructions for bf16: give the device 'openvino:cpu'"
        )


def _ports(found: Any) -> list[Port]:
    return [Port(port.any_name, _dtype(port), _shape(port)) for port in found]


def _dtype(port: Any) -> str:
    try:
        return str(port.element_type.to_dtype().name)
    except Exception:  # noqa: BLE001 - a type that numpy does not have, which no manifest names
        return str(port.element_type)


def _shape(port: Any) -> tuple[int, ...]:
    shape = port.partial_shape
    return tuple(-1 if size.is_dynamic else size.get_length() for size in shape)


def _first_cause(error: Exception) -> str:
    """Without the places in its source that OpenVINO puts first."""
    lines = [line for line in str(error).splitlines() if line and "Exception from" not in line]
    return reason(RuntimeError(" ".join(lines) or str(error)))
