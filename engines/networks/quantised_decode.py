"""`decode` of a lite network in 8 bits: opened when it is asked for, kept where it is faster.

Whether it is depends on the processor: one with instructions for bytes (VNNI) takes half the time.
"""

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from engines.engine import Engine
from engines.manifest import REBUILD
from engines.open import open_engine
from engines.ports import zeros_of
from pechead_live.errors import InputError
from pechead_live.reachable import is_file

logger = logging.getLogger(__name__)

FILE = "decode-int8.onnx"
"""Beside the parts in full precision."""

PRECISION = "int8"

ADVICE = "write it with 'pechead-export quantise"
"""And the folder."""

RUNS, LEAST_RUNS, BUDGET_S = 10, 3, 0.4
"""Of each decode when one is chosen: ten, or fewer on a slow machine."""

WORTH = 0.9
"""Share of the time in full precision that 8 bits may take: less gain is noise, and 8 bits cost
some quality."""


def open_quantised(
    folder: Path, decode: Engine, device: str | None = None, *, threads: int | None = None
) -> Engine:
    """`FILE` in ``folder``, whose `decode` in full precision is opened already.

    ``device`` and ``threads``: as `open_engine`. `InputError` if it is missing or not of the same
    network.
    """
    file = folder / FILE
    if not is_file(file):
        raise InputError(f"{folder} holds no {FILE}: {ADVICE} {folder}', or leave out int8")
    quantised = open_engine(file, device, threads=threads)
    here, there = quantised.manifest, decode.manifest
    if here.part != there.part or here.precision != PRECISION:
        quantised.close()
        raise InputError(f"{file} holds '{here.part}' in {here.precision}: {REBUILD}")
    same = (here.inputs, here.outputs, here.checkpoint_sha256)
    if same != (there.inputs, there.outputs, there.checkpoint_sha256):
        quantised.close()
        raise InputError(
            f"{file} was made from other weights or another export than the files beside it: "
            f"{ADVICE} {folder}'"
        )
    return quantised


def faster_of(decode: Engine, quantised: Engine) -> Engine:
    """The one that is worth its time here; the other one is closed."""
    full_ms, quantised_ms = alternately_ms((decode, quantised), RUNS)
    says = f"decode takes {median(quantised_ms):.1f} ms in 8 bits and {median(full_ms):.1f} ms"
    if is_worth_it(full_ms, quantised_ms):
        logger.info("%s in full precision", says)
        decode.close()
        return quantised
    logger.warning("%s in full precision, which is used: 8 bits gain nothing here", says)
    quantised.close()
    return decode


def is_worth_it(full_ms: Sequence[float], quantised_ms: Sequence[float]) -> bool:
    """Whether 8 bits take at most `WORTH` of the time in full precision, median against median."""
    return median(quantised_ms) <= WORTH * median(full_ms)


def alternately_ms(
    engines: Sequence[Engine], runs: int, budget_s: float = BUDGET_S
) -> tuple[list[float], ...]:
    """Milliseconds of ``runs`` runs of each engine, in turns, so that what else the machine does
    hits all of them; fewer after ``budget_s`` seconds, but `LEAST_RUNS`."""
    given = [zeros_of(engine.manifest.inputs) for engine in engines]
    found: tuple[list[float], ...] = tuple([] for _ in engines)
    began = time.perf_counter()
    for run in range(runs):
        if run >= LEAST_RUNS and time.perf_counter() - began > budget_s:
            break
        for engine, inputs, times in zip(engines, given, found, strict=True):
            start = time.perf_counter()
            engine.run(inputs)
            times.append(1000 * (time.perf_counter() - start))
    return found
