"""Libraries that compute: each is really used for a moment."""

import importlib
import importlib.metadata
from typing import Any

import numpy as np

from engines.onnxruntime.providers import load_cuda
from pechead_live.diagnosis.finding import Finding
from pechead_live.diagnosis.tiny_network import tiny_network


def check_opencv() -> Finding:
    """Version, and what it was built to use of this processor."""
    try:
        cv2: Any = importlib.import_module("cv2")
        small = cv2.resize(np.zeros((4, 4, 3), np.uint8), (2, 2))
        assert small.shape == (2, 2, 3)
    except ImportError as error:
        return _cannot_load("OpenCV", error, "sudo apt-get install libgl1 libglib2.0-0")
    # baseline features first, then those it chooses at run time; "?" marks what is not there
    line = str(cv2.getCPUFeaturesLine()).replace("*", "").split()
    features = " ".join(word for word in line if not word.endswith("?"))
    detail = f"{cv2.__version__}, {cv2.getNumThreads()} threads, {features}"
    windows = cv2.currentUIFramework() or "none"
    return Finding(
        group="runtime", name="OpenCV", verdict="good", detail=f"{detail}, windows: {windows}"
    )


def check_pyav() -> Finding:
    """Version, and whether it can write H.264."""
    try:
        av: Any = importlib.import_module("av")
    except ImportError as error:
        return _cannot_load("PyAV", error, "pip install --force-reinstall av")
    encoders = [name for name in ("libx264", "libopenh264") if name in av.codecs_available]
    if not encoders:
        return Finding(
            group="runtime",
            name="PyAV",
            verdict="missing",
            detail=f"{av.__version__} without an H.264 encoder",
            advice="run 'pip install --force-reinstall av' to get the published build",
        )
    detail = f"{av.__version__}, H.264 by {encoders[0]}"
    return Finding(group="runtime", name="PyAV", verdict="good", detail=detail)


def check_mediapipe() -> Finding:
    """Loads its native library, which is where missing system libraries show."""
    try:
        importlib.import_module("mediapipe.tasks.python.vision")
        version = importlib.metadata.version("mediapipe")
    except (ImportError, OSError) as error:
        return _cannot_load("MediaPipe", error, "pip install --force-reinstall mediapipe==1.2.2")
    return Finding(group="runtime", name="MediaPipe", verdict="good", detail=version)


def check_onnxruntime() -> list[Finding]:
    """Runs a tiny network on every execution provider it offers: those that fail say so."""
    try:
        runtime: Any = importlib.import_module("onnxruntime")
    except ImportError as error:
        return [
            Finding(
                group="runtime",
                name="ONNX Runtime",
                verdict="optional",
                detail=f"cannot be loaded: {error}",
                advice="run pip install onnxruntime to draw with a network",
            )
        ]
    return [
        _try_provider(runtime, provider)
        for provider in runtime.get_available_providers()
        if provider != "AzureExecutionProvider"  # a remote service, not this machine
    ]


def _try_provider(runtime: Any, provider: str) -> Finding:
    name = f"ONNX Runtime {provider.removesuffix('ExecutionProvider')}"
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    try:
        if provider == "CUDAExecutionProvider":
            load_cuda(runtime)
        session = runtime.InferenceSession(tiny_network(), options, providers=[provider])
        (doubled,) = session.run(None, {"x": np.array([1.5, 2.0], np.float32)})
        running = session.get_providers()[0]
        failure = "" if doubled.tolist() == [3.0, 4.0] else f"computes 2 x 1.5 = {doubled[0]}"
    except Exception as error:  # noqa: BLE001 - each provider raises kinds of its own
        running, failure = provider, " ".join(str(error).split())[:200]
    if not failure and running != provider:
        failure = f"{running} runs in its place"
    if failure:
        return Finding(
            group="runtime",
            name=name,
            verdict="optional",
            detail=f"{runtime.__version__}: offered, but {failure}",
            advice="install its driver and libraries, or choose another provider",
        )
    return Finding(
        group="runtime", name=name, verdict="good", detail=f"{runtime.__version__}, really runs"
    )


def _cannot_load(name: str, error: Exception, command: str) -> Finding:
    return Finding(
        group="runtime",
        name=name,
        verdict="missing",
        detail=f"cannot be loaded: {error}",
        advice=f"run '{command}'",
    )
