"""A command of ``pechead-live`` as a process of its own, that is told to stop when time is up."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from pathlib import Path

from benchmarks.own_process import ROOT
from pechead_live.errors import PecheadError

POLL_S = 1.0
"""Between two looks at whether it has ended."""


class CommandError(PecheadError):
    """A command that ended with an error of its own."""


def command(
    words: Sequence[str], log: Path, *, threads: int, stop: threading.Event, deadline: float | None
) -> Generator[None]:
    """Runs ``pechead-live`` with ``words``; yields every `POLL_S` until it has
    ended, and once after that.

    What it says is added to ``log``. It is asked to stop, as by Ctrl-C, when ``stop`` is set, at
    ``deadline`` (``time.monotonic()``), and when this generator is closed; what it has done is on
    the disk then. Raises `CommandError` with its last line if it ends with an error before that.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    with log.open("ab") as said:
        child = subprocess.Popen(
            [sys.executable, "-m", "pechead_live", *words],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C for this program reaches it once, through us
        )
        asked = False
        try:
            while child.poll() is None:
                late = deadline is not None and time.monotonic() >= deadline
                if not asked and (late or stop.is_set()):
                    asked = True
                    interrupt(child)
                yield
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(POLL_S)
        finally:
            if child.poll() is None:
                interrupt(child)
                child.wait()
    if child.returncode and not asked:
        raise CommandError(
            f"pechead-live {words[0]} ended with code {child.returncode}: {last_line(log)}"
        )
    yield  # what it did between the last look and its end is to be seen too


def interrupt(child: "subprocess.Popen[bytes]") -> None:
    """Ctrl-C, for it and for the processes that it has started."""
    if sys.platform == "win32":
        child.terminate()
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGINT)


def last_line(log: Path) -> str:
    """What was said last."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "without a word")
