"""Measures one case of `benchmarks.engine`: how fast, and how much memory this process took."""

import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.engine.cases import RUNTIMES, Case
from benchmarks.engine.clip import read_clip
from benchmarks.engine.files import clip_file
from benchmarks.engine.gpu import gpu_memory_mb
from benchmarks.engine.networks import Network, open_network
from benchmarks.own_process import answer
from benchmarks.process_memory import peak_memory_mb

WARM_UP = 5
"""Frames at most that are not counted: memory is taken, kernels are compiled."""

FEWEST = 3
"""Frames that are counted of a network however slow."""


def main() -> int:
    """Answers `benchmarks.engine`."""
    return answer(measure)


def measure(request: dict[str, Any]) -> dict[str, Any]:
    """Opens the network of a case and drives it."""
    case, cache = Case(**request["case"]), Path(request["cache"])
    cv2.setNumThreads(case.threads)
    clip = read_clip(clip_file(case, cache))
    memory_before = peak_memory_mb()
    gpu_before = gpu_memory_mb() if RUNTIMES[case.runtime].on_gpu else None
    began = time.perf_counter()
    network = open_network(case, clip, cache)
    opened_s = time.perf_counter() - began
    source_ms, frames_ms = timed(network, int(request["frames"]), float(request["seconds"]))
    gpu_after = gpu_memory_mb() if RUNTIMES[case.runtime].on_gpu else None
    return {
        "provider": network.provider,
        "open_s": round(opened_s, 2),
        "source_ms": round(source_ms, 2) if clip.source else None,
        **{f"p{p}_ms": round(float(np.percentile(frames_ms, p)), 3) for p in (50, 95, 99)},
        "frames": len(frames_ms),
        "peak_memory_mb": _rounded(peak_memory_mb()),
        "memory_before_mb": _rounded(memory_before),
        "gpu_memory_mb": (
            None if gpu_before is None or gpu_after is None else gpu_after - gpu_before
        ),
    }


def timed(network: Network, frames: int, seconds: float) -> tuple[float, list[float]]:
    """Milliseconds of the source, prepared a second time, and of each frame: ``frames`` of them, or
    as many as ``seconds`` allow."""
    network.source()  # the first call takes memory and, by torch, chooses kernels
    began = time.perf_counter()
    source = network.source()
    source_ms = 1000 * (time.perf_counter() - began)
    state, number, taken = network.initial_state(source), 0, list[float]()
    ends = time.perf_counter() + seconds / 4
    while number < 1 or (number < WARM_UP and time.perf_counter() < ends):
        _, state = network.step(source, number, state)
        number += 1
    ends = time.perf_counter() + seconds
    while len(taken) < min(FEWEST, frames) or (len(taken) < frames and time.perf_counter() < ends):
        began = time.perf_counter()
        _, state = network.step(source, number, state)
        taken.append(1000 * (time.perf_counter() - began))
        number += 1
    return source_ms, taken


def _rounded(size: float | None) -> int | None:
    return None if size is None else round(size)


if __name__ == "__main__":
    raise SystemExit(main())
