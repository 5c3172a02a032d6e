"""A killed evaluation takes its workers along."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PROGRAM = """
import functools, sys
from pathlib import Path
from pechead_live.evaluation.work import run_tasks
from test_evaluate_workers import wait_long

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    tasks = {name: functools.partial(wait_long, folder / name) for name in ("one", "two")}
    list(run_tasks(tasks, workers=2, parts=folder, fingerprint="x", resume=False))
"""


def wait_long(note: Path) -> None:
    """A task that says which process runs it and does not end."""
    note.write_text(str(os.getpid()))
    time.sleep(600)


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="reads /proc")
def test_workers_end_when_the_evaluation_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "evaluation.py"
    script.write_text(PROGRAM)
    root = Path(__file__).resolve().parent
    environment = os.environ | {"PYTHONPATH": f"{root}{os.pathsep}{root.parent}"}
    command = [sys.executable, str(script), str(tmp_path)]
    evaluation = subprocess.Popen(command, env=environment)
    notes = [tmp_path / name for name in ("one", "two")]
    until(lambda: all(note.is_file() and note.read_text() for note in notes))
    workers = [int(note.read_text()) for note in notes]
    assert all(runs(worker) for worker in workers)
    evaluation.kill()
    evaluation.wait()
    until(lambda: not any(runs(worker) for worker in workers))


def until(done: Callable[[], bool], seconds: float = 30.0) -> None:
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < seconds
        time.sleep(0.05)


def runs(process: int) -> bool:
    """Whether it is there and not a corpse that nobody has fetched."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
