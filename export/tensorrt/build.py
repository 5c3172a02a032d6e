"""An exported ONNX file to a TensorRT engine beside its manifest."""

import dataclasses
import hashlib
import logging
import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from engines.dcn.definition import VERSION
from engines.manifest import Manifest, check_file, read_manifest, write_manifest
from engines.tensorrt.cuda_device import open_cuda_device
from engines.tensorrt.flavour import FULL, module_of
from engines.tensorrt.library import load_tensorrt
from export.tensorrt.apart import run_apart
from export.tensorrt.cache import CACHE, cache_key, cached, keep
from export.tensorrt.network import BuildJob
from export.tensorrt.targets import TensorRTConfig, check_precision, runs_on_turing
from pechead_live.destination import check_folder, make_folder
from pechead_live.errors import InputError
from pechead_live.whole_file import write_whole

logger = logging.getLogger(__name__)

PROCESS = "export.tensorrt.process"
"""The program that builds."""

Tell = Callable[[float, str], None]
"""Is given how far a build is, in [0, 1], and what it is doing."""


class Built(NamedTuple):
    """An engine file that was written."""

    file: Path

    manifest: Manifest

    seconds: float
    """That it took."""

    was_cached: bool
    """True for a copy of an engine that was built before."""


class _Gpu(NamedTuple):
    """Of the full TensorRT, which builds on the GPU that is to run the engine."""

    name: str
    target: str


def build_engine(
    onnx_file: Path,
    folder: Path,
    config: TensorRTConfig,
    *,
    tell: Tell | None = None,
    cache: Path | None = CACHE,
) -> Built:
    """Builds ``folder``/PART.engine of ``onnx_file``, which has its manifest beside it.

    Precision is that of the ONNX file; a standard `DeformConv` becomes our plugin. ``cache``: the
    folder of engines that were built before, None is none. Raises `InputError` for a file that is
    no whole export or that TensorRT refuses (also by ending the process that builds: this one goes
    on), `MissingDependencyError` without TensorRT, and `DeviceError` where the full one has no GPU.
    """
    began = time.monotonic()
    source = read_manifest(onnx_file)
    if source.runtime != "onnx":
        raise InputError(f"{onnx_file} is a {source.runtime} file: give the ONNX file it is of")
    check_file(onnx_file, source)
    check_precision(config, source.precision)
    check_folder(folder)
    version = str(load_tensorrt(module_of(config.runtime)).__version__)
    gpu = _gpu(config)
    manifest = dataclasses.replace(
        source,
        form="plugin" if source.form == "deform" else source.form,
        runtime=config.runtime,
        runtime_version=version,
        targets=(gpu.target,) if gpu else config.targets,
        plugin=str(VERSION) if source.form in ("deform", "plugin") else "",
    )
    key = cache_key(manifest, gpu.name if gpu else "")
    content = cached(cache, key) if cache is not None else None
    was_cached = content is not None
    if content is None:
        timings = "" if cache is None or gpu is None else str(_timings(cache, version, gpu))
        content = _content(onnx_file, manifest, source.form, timings, tell)
    manifest = dataclasses.replace(manifest, file_sha256=hashlib.sha256(content).hexdigest())
    if cache is not None and not was_cached:
        keep(cache, key, content, manifest)
    make_folder(folder)
    file = folder / f"{source.part}.engine"
    write_whole(file, content)
    write_manifest(file, manifest)
    seconds = time.monotonic() - began
    logger.info("%s: %.1f MB in %.1f s", file, len(content) / 1e6, seconds)
    return Built(file, manifest, seconds, was_cached)


def _gpu(config: TensorRTConfig) -> _Gpu | None:
    """The one at hand, for a full build; it must be the one that is asked for."""
    if config.runtime != FULL:
        return None
    device = open_cuda_device()
    gpu = _Gpu(device.name, device.target)
    if config.targets not in ((), (gpu.target,)):
        raise InputError(
            f"the full TensorRT builds for the GPU at hand, {gpu.target}, and not for "
            f"{', '.join(config.targets)}: leave --target out, or build on the machine with that "
            "GPU"
        )
    return gpu


def _timings(cache: Path, version: str, gpu: _Gpu) -> Path:
    """Where the times of kernels are kept that were measured on this GPU."""
    make_folder(cache)
    name = re.sub(r"[^a-z0-9]+", "-", f"{gpu.name} {version}".lower())
    return cache / f"{name}.timings"


def _content(
    onnx_file: Path, manifest: Manifest, form: str, timings: str, tell: Tell | None
) -> bytes:
    """The engine, built in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="pechead-export-") as folder:
        engine = Path(folder) / "built.engine"
        job = BuildJob(
            onnx=str(onnx_file.absolute()),
            form=form,
            engine=str(engine),
            runtime=manifest.runtime,
            targets=[] if manifest.runtime == FULL else list(manifest.targets),
            turing=runs_on_turing(manifest.runtime, manifest.targets, manifest.precision),
            timing_cache=timings,
        )
        what = f"the build of {onnx_file} by {manifest.runtime} {manifest.runtime_version}"
        run_apart(PROCESS, job._asdict(), what, tell or (lambda _share, _phase: None))
        return engine.read_bytes()
