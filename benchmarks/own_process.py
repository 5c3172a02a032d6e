"""A measurement in a process of its own: its memory, its threads and its end are its own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pechead_live.errors import PecheadError

ROOT = Path(__file__).resolve().parent.parent

LONGEST_S = 3600.0
"""For one process; an export of the largest network takes minutes."""


def asked(module: str, request: Mapping[str, Any], threads: int = 1) -> dict[str, Any]:
    """What ``python -m module`` answers to ``request``, or ``{"reason": a sentence}`` if it does
    not, however it ends.

    ``threads``: of torch and OpenMP. Products of numpy have one, as in the live path.
    """
    environment = {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", module, json.dumps(request)],
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"reason": f"no answer after {LONGEST_S:.0f} s"}
    if done.returncode == 0:
        return json.loads(done.stdout.splitlines()[-1])
    said = [line for line in done.stderr.splitlines() if line.strip()]
    return {"reason": f"ended with code {done.returncode}: {said[-1] if said else 'no word'}"}


def answer(compute: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """The other side: computes what was asked and prints it; an error of ours is the reason."""
    try:
        found = compute(json.loads(sys.argv[1]))
    except PecheadError as error:
        found = {"reason": " ".join(str(error).split())}
    print(json.dumps(found))
    return 0
