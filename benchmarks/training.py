"""How long a step of training takes and how much memory it needs.

    python -m benchmarks.training [--presets toy lite-s] [--data FOLDER]

Batches are synthetic and made beforehand, so that the figures are the network's. ``--data`` also
times the making of an example from prepared data. Each preset has a process of its own.
"""

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.process_memory import peak_memory_mb
from benchmarks.record import write_record
from pechead_live.training.batches.examples import Examples
from pechead_live.training.batches.prefetch import on_device
from pechead_live.training.batches.sampling import SamplingConfig
from pechead_live.training.batches.synthetic import SyntheticBatches
from pechead_live.training.config import TrainConfig
from pechead_live.training.data.shard import read_shards
from pechead_live.training.distributed import Processes, processes
from pechead_live.training.learner import Learner
from pechead_live.training.recipes.chosen import recipe_for
from pechead_live.training.stages import STAGES_OF, defaults_for, stage_for

ON_CPU, ON_GPU = ("toy", "lite-s"), ("lite-s", "base")
"""Presets by default."""

WARM_UP = 3
"""Steps that are not counted: kernels are chosen, memory is taken."""

EXAMPLES = 128
"""That are made to time their making."""


def main(argv: list[str] | None = None) -> int:
    """Measures each preset, prints the table and writes the record."""
    cuda = torch.cuda.is_available()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument(
        "--presets", nargs="+", choices=STAGES_OF, default=ON_GPU if cuda else ON_CPU
    )
    parser.add_argument("--stage", help="of all presets (default: the usual one of each)")
    parser.add_argument("--steps", type=int, default=50 if cuda else 10, help="that are timed")
    parser.add_argument("--batch", type=int, help="examples a step (default: the stage's)")
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="bf16" if cuda else "fp32")
    parser.add_argument("--compile", action="store_true", help="compile the network's parts")
    parser.add_argument("--data", type=Path, help="time the making of examples from it, too")
    parser.add_argument("--no-record", action="store_true", help="for a look; writes no record")
    arguments = parser.parse_args(argv)

    context = multiprocessing.get_context("spawn")
    results: dict[str, dict[str, Any]] = {}
    print("| preset | stage | batch x frames | ms a step | samples/s | peak memory, MB |")
    print("|---|---|---|---|---|---|")
    for preset in arguments.presets:
        with context.Pool(1) as alone:
            found = alone.apply(measure, (preset, arguments))
        results[preset] = found
        rows = (found["stage"], f"{found['batch']} x {found['frames']}", found["step_ms_p50"])
        cells = (preset, *rows, found["samples_per_second"], found["peak_memory_mb"])
        print(f"| {' | '.join(map(str, cells))} |", flush=True)
    told: dict[str, Any] = {"steps": results}
    if arguments.data is not None:
        told["example_ms"] = example_ms(arguments.data)
        print(f"\nan example from prepared data: {told['example_ms']} ms on one core")
    if not arguments.no_record:
        settings = {
            "timed_steps": arguments.steps,
            "precision": arguments.precision,
            "compiled": arguments.compile,
            "device": torch.cuda.get_device_name() if cuda else "CPU",
            "threads": torch.get_num_threads(),
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "not set"),
        }
        print(f"record: {write_record('training', told, settings)}")
    return 0


def measure(preset: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Time and memory of one preset, in a process of its own."""
    stage = stage_for(preset, arguments.stage)
    usual = defaults_for(preset, stage)
    batch_size = arguments.batch or usual.batch
    recipe, size = recipe_for(preset, stage)
    with processes() as here, tempfile.TemporaryDirectory() as folder:
        cuda = here.device.type == "cuda"
        config = TrainConfig(
            preset=preset,
            stage=stage,
            data=Path(folder),
            run=Path(folder),
            steps=1000,
            batch=batch_size,
            frames=usual.frames,
            precision=arguments.precision,
            channels_last=cuda,
            compiled=arguments.compile,
        )
        learner = Learner(recipe, config, here)
        source = SyntheticBatches(batch_size, frames=usual.frames, size=size)
        batch = on_device(source.batch(0), here.device)
        taken: list[float] = []
        for step in range(WARM_UP + arguments.steps):
            _finish(here)
            started = time.perf_counter()
            learner.learn(batch, step)
            _finish(here)
            taken.append(1000 * (time.perf_counter() - started))
    kept = taken[WARM_UP:]
    memory = torch.cuda.max_memory_allocated() / 1e6 if cuda else peak_memory_mb()
    weights = sum(parameter.numel() for parameter in recipe.network.parameters())
    return {
        "stage": stage,
        "batch": batch_size,
        "frames": usual.frames,
        "picture_size": size,
        "weights_million": round(weights / 1e6, 3),
        "step_ms_p50": round(statistics.median(kept), 1),
        "step_ms_p95": round(float(np.percentile(kept, 95)), 1),
        "samples_per_second": round(1000 * batch_size / statistics.median(kept), 2),
        "peak_memory_mb": None if memory is None else round(memory),
        "peak_memory_of": "GPU" if cuda else "process",
    }


def example_ms(data: Path) -> float:
    """Milliseconds that an image pair takes, its portraits among them; mean over some steps."""
    steps = 8
    source = Examples(read_shards(data), SamplingConfig(batch=EXAMPLES // steps))
    started = time.perf_counter()
    for step in range(steps):
        source.batch(step)
    return round(1000 * (time.perf_counter() - started) / EXAMPLES, 1)


def _finish(here: Processes) -> None:
    """Waits for the GPU."""
    if here.device.type == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    raise SystemExit(main())
