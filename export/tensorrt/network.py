"""An ONNX file as an engine, by TensorRT; to be done in a process of its own."""

import contextlib
import importlib
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, NamedTuple

from engines.dcn.plugin import register
from engines.late_library import load_library, reason
from engines.tensorrt.flavour import module_of
from engines.tensorrt.library import load_tensorrt
from engines.tensorrt.log import LastError
from export.tensorrt.progress import BuildShare, progress_monitor
from pechead_live.errors import InputError
from pechead_live.whole_file import write_whole

Tell = Callable[[dict[str, Any]], None]
"""Sends an event to the process that waits, as `export.tensorrt.apart.run_apart` reads them."""


class BuildJob(NamedTuple):
    """One engine to build."""

    onnx: str
    """The graph, a file."""

    form: str
    """Of its deformable convolutions, as in its manifest."""

    engine: str
    """The file to write."""

    runtime: str
    """As in a manifest: "tensorrt-rtx" or "tensorrt"."""

    targets: list[str]
    """For TensorRT-RTX: GPUs, [] is any."""

    turing: bool
    """Float32 products are written as multiplications and sums, see `float_products`."""

    timing_cache: str
    """For the full TensorRT: the file that keeps the measured times of kernels; "" is none."""


def build(job: BuildJob, tell: Tell) -> None:
    """Writes ``job.engine``; `InputError` says what TensorRT refuses."""
    trt = load_tensorrt(module_of(job.runtime))
    error = LastError()
    log = _log(trt, tell, error)
    if job.form in ("deform", "plugin"):
        register(trt)
    try:
        builder = trt.Builder(log)
    except TypeError as failed:  # the binding's word for a null pointer
        raise InputError(f"{job.runtime} cannot build here ({error})") from failed
    network = builder.create_network(_flags(trt))
    parser = trt.OnnxParser(network, log)
    if not parser.parse(_graph(job)):
        raise InputError(f"{job.onnx} cannot be read by {job.runtime}: {_refused(parser)}")
    config = builder.create_builder_config()
    monitor = progress_monitor(
        trt, BuildShare(lambda share, phase: tell({"share": share, "phase": phase}))
    )
    config.progress_monitor = monitor
    # TF32 keeps no more digits than float16: what is still float32 is so to be exact.
    config.clear_flag(trt.BuilderFlag.TF32)
    if hasattr(trt.BuilderFlag, "REQUIRE_USER_ALLOCATION"):  # or RTX lets no frame be captured
        config.set_flag(trt.BuilderFlag.REQUIRE_USER_ALLOCATION)
    if job.targets:
        config.num_compute_capabilities = len(job.targets)
        for index, target in enumerate(job.targets):
            wanted = getattr(trt.ComputeCapability, target.upper().replace("_", ""))
            config.set_compute_capability(wanted, index)
    with _timing_cache(config, job.timing_cache):
        engine = builder.build_serialized_network(network, config)
    if engine is None:
        raise InputError(
            f"{job.onnx} cannot be built by {job.runtime} {trt.__version__} ({error}): "
            "try another --precision, --form or --target"
        )
    write_whole(Path(job.engine), bytes(engine))


def _flags(trt: Any) -> int:
    """Strongly typed: the graph's own types are kept. The only kind where the flag is gone."""
    flag = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    return 0 if flag is None else 1 << int(flag)


def _graph(job: BuildJob) -> bytes:
    """The ONNX file; its `DeformConv` rewritten as our plugin and a product, and other products as
    Turing needs them."""
    content = Path(job.onnx).read_bytes()
    if job.form != "deform" and not job.turing:
        return content
    graph = load_library("onnx", "train").load_from_string(content)
    if job.form == "deform":
        graph = importlib.import_module("export.graphs.plugin_rewrite").rewrite(graph)
    if job.turing:
        graph = importlib.import_module("export.tensorrt.float_products").without_products(graph)
    return graph.SerializeToString()


def _log(trt: Any, tell: Tell, error: LastError) -> Any:
    """A logger that sends what would help to know, should the next call be the last."""

    class Log(trt.ILogger):
        def __init__(self) -> None:
            trt.ILogger.__init__(self)

        def log(self, severity: Any, message: str) -> None:
            if severity in (self.ERROR, self.INTERNAL_ERROR):
                error.note(message)
            # of the thousands of harmless lines, those that say which node is being read
            harmless = severity in (self.INFO, self.VERBOSE)
            if not harmless or message.startswith("Parsing node"):
                tell({"line": message})

    return Log()


def _refused(parser: Any) -> str:
    """The first node that TensorRT has no layer for."""
    if not parser.num_errors:
        return "it gave no reason, export it again"
    error = parser.get_error(0)
    said = reason(RuntimeError(error.desc()))
    if not (operator := error.node_operator()):
        return f"{said}: export it again"
    return f"operator {operator} ({said}): export it again with another --form"


@contextlib.contextmanager
def _timing_cache(config: Any, path: str) -> Generator[None]:
    """Kernels that were timed before are not timed again; in TensorRT-RTX there is no timing."""
    if not path:
        yield
        return
    file = Path(path)
    cache = config.create_timing_cache(file.read_bytes() if file.is_file() else b"")
    config.set_timing_cache(cache, ignore_mismatch=False)
    yield
    if (kept := config.get_timing_cache()) is not None:  # None: it was another driver's
        write_whole(file, bytes(kept.serialize()))
