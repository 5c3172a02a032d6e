"""The execution providers of ONNX Runtime that this program offers, and how a session is opened."""

import contextlib
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.late_library import reason
from engines.manifest import REBUILD, Manifest
from pechead_live.errors import DeviceError, InputError, MissingDependencyError

QUIET = 4
"""Only what ends the process: everything else comes back as an error and is said once, by us."""


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One way in which ONNX Runtime computes."""

    name: str
    """In ONNX Runtime's own words."""

    install: str
    """What brings a build that has it."""

    driver: str
    """What it needs beside that build."""

    options: tuple[tuple[str, str], ...] = ()
    """Given to the provider."""

    memory: str | None = None
    """Device on which constants and memory are kept, None where they are the host's."""


PROVIDERS: dict[str, Provider] = {
    "cpu": Provider(
        name="CPUExecutionProvider",
        install="run pip install onnxruntime",
        driver="nothing else",
    ),
    "cuda": Provider(
        name="CUDAExecutionProvider",
        install="run pip uninstall onnxruntime, then pip install 'onnxruntime-gpu[cuda,cudnn]'",
        driver="NVIDIA's driver and pip install 'onnxruntime-gpu[cuda,cudnn]'",
        # A float32 graph computes in float32: TF32 keeps ten bits, which shows after some frames.
        options=(("use_tf32", "0"),),
        memory="cuda",
    ),
    "coreml": Provider(
        name="CoreMLExecutionProvider",
        install="use it on a Mac, where onnxruntime has it",
        driver="macOS 12 or newer",
        options=(("ModelFormat", "MLProgram"), ("RequireStaticInputShapes", "1")),
    ),
    "directml": Provider(
        name="DmlExecutionProvider",
        install="on Windows run pip uninstall onnxruntime, then pip install onnxruntime-directml",
        driver="a graphics driver with DirectX 12",
    ),
    "openvino": Provider(
        name="OpenVINOExecutionProvider",
        install="run pip uninstall onnxruntime, then pip install onnxruntime-openvino",
        driver="an Intel processor or graphics driver",
    ),
}
"""By the device of a spec such as "onnxruntime:cuda"."""


def open_session(
    runtime: Any, path: Path, manifest: Manifest, provider: Provider, threads: int
) -> Any:
    """A session in which ``provider`` computes everything.

    `MissingDependencyError` if this build has no such provider, `DeviceError` if it cannot start
    here, `InputError` for a file that is no network or has operators that it cannot compute.
    """
    if provider.name not in runtime.get_available_providers():
        raise MissingDependencyError(
            f"onnxruntime {runtime.__version__} has no {provider.name} here: {provider.install}"
        )
    if provider.memory == "cuda":
        load_cuda(runtime)
    if provider is not PROVIDERS["cpu"]:
        # Providers report through the process's own log, which no session option reaches.
        runtime.set_default_logger_severity(QUIET)
    try:
        session = _session(runtime, path, provider, threads, fall_back=False)
    except Exception as error:  # onnxruntime's errors share no other parent
        if provider is not PROVIDERS["cpu"]:
            _explain_fall_back(runtime, path, manifest, provider)
        raise InputError(
            f"{path} cannot be opened by {provider.name} of onnxruntime {runtime.__version__} "
            f"({reason(error)}): {_advice(manifest)}"
        ) from error
    if session.get_providers()[0] != provider.name:
        raise _not_started(runtime, provider)
    return session


def load_cuda(runtime: Any) -> None:
    """Loads the libraries that pip installs beside onnxruntime-gpu, where nothing else looks."""
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does not find
        runtime.preload_dlls()


def _session(runtime: Any, path: Path, provider: Provider, threads: int, *, fall_back: bool) -> Any:
    settings = runtime.SessionOptions()
    settings.log_severity_level = QUIET
    settings.intra_op_num_threads = threads
    settings.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Threads that spin while they wait for work take the processor from the tracker: two of them,
    # on two cores that do other work as well, use 61 ms of processor time for a picture of 26
    # (lite-s, measured).
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Not "session.x64quantprecision": it keeps sums of 8-bit products from saturating on processors
    # without VNNI (0.4 dB), and takes twice as long on those with it (15.5 ms for 8.5, measured).
    settings.enable_mem_pattern = provider.name != "DmlExecutionProvider"  # as it demands
    if provider is not PROVIDERS["cpu"]:
        if fall_back:
            settings.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        else:
            settings.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    options = dict(provider.options)
    if provider.name == "OpenVINOExecutionProvider":
        options["num_of_threads"] = str(threads)
    return runtime.InferenceSession(
        str(path), settings, providers=[(provider.name, options)], enable_fallback=0
    )


def _explain_fall_back(runtime: Any, path: Path, manifest: Manifest, provider: Provider) -> None:
    """Raises if the file opens as soon as the CPU may take what the provider does not."""
    try:
        session = _session(runtime, path, provider, 1, fall_back=True)
    except Exception:  # noqa: BLE001 - then it is the file, and the first error says more
        return
    if session.get_providers()[0] != provider.name:
        raise _not_started(runtime, provider)
    kinds: Counter[str] = Counter()
    with contextlib.suppress(AttributeError):  # not in releases before 1.24
        for graph in session.get_provider_graph_assignment_info():
            if graph.ep_name == "CPUExecutionProvider":
                kinds.update(node.op_type for node in graph.get_nodes())
    which = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common(4)) or "operators"
    raise InputError(
        f"{path} has {which} that {provider.name} would leave to the CPU: {_advice(manifest)}, or "
        "give the device 'onnxruntime:cpu'"
    )


def _advice(manifest: Manifest) -> str:
    """The standard operator DeformConv is younger than most runtimes."""
    if manifest.form == "deform":
        return "export it again with the form 'decomposed', or update onnxruntime to 1.31 or newer"
    return REBUILD


def _not_started(runtime: Any, provider: Provider) -> DeviceError:
    return DeviceError(
        f"{provider.name} of onnxruntime {runtime.__version__} cannot start on this machine: "
        f"it needs {provider.driver}, or give the device 'onnxruntime:cpu'"
    )
