"""Work in a process of its own: a library that aborts, aborts that one, and we say so."""

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from pechead_live.errors import (
    DeviceError,
    InputError,
    MissingDependencyError,
    OutputError,
    PecheadError,
)

KINDS: dict[str, type[PecheadError]] = {
    kind.__name__: kind for kind in (InputError, OutputError, DeviceError, MissingDependencyError)
}
"""Errors that travel from the other process to this one."""

LAST_LINES = 3
"""Of the log, in the sentence about a process that died."""

LONGEST = 160
"""Characters of one of them."""


@dataclass
class _Heard:
    result: dict[str, Any] | None = None
    error: PecheadError | None = None
    phase: str = ""
    lines: deque[str] = field(default_factory=lambda: deque[str](maxlen=LAST_LINES))


def run_apart(
    module: str, job: dict[str, Any], what: str, tell: Callable[[float, str], None]
) -> dict[str, Any]:
    """Runs ``module`` as a program with ``job`` on its standard input, and returns its result.

    The program writes a JSON object a line: {"share": 0.5, "phase": "..."}, which goes to
    ``tell``, {"line": "..."} of a log, {"error": "...", "kind": "InputError"} or {"result": {...}}.
    An error is raised here; a program that dies without one is an `InputError` that says how it
    died, while doing ``what``, and the last lines of its log.
    """
    heard = _Heard()
    with tempfile.TemporaryFile(mode="w+", encoding="utf-8", errors="replace") as spoken:
        code = _heard_out(module, job, spoken, heard, tell)
        if heard.error is not None:
            raise heard.error
        if code == 0 and heard.result is not None:
            return heard.result
        spoken.seek(0)
        heard.lines.extend(line.strip() for line in spoken if line.strip())
    phase = f" in the phase '{heard.phase}'" if heard.phase else ""
    lines = " / ".join(line[:LONGEST] for line in heard.lines) or "none"
    raise InputError(
        f"{what} {how_it_ended(code)}{phase}, and its last lines were: {lines}; nothing was "
        "written, export the ONNX file again or with another --form"
    )


def how_it_ended(code: int) -> str:
    """An exit code in words: a signal by its name; Windows gives a large number instead."""
    if code < 0:
        name = str(-code)
        with contextlib.suppress(ValueError):
            name = signal.Signals(-code).name
        killed = ", which mostly means that memory ran out" if name == "SIGKILL" else ""
        return f"was ended by {name}{killed}"
    return f"crashed (0x{code:08X})" if code >= 0xC0000000 else f"stopped with exit code {code}"


def _heard_out(
    module: str,
    job: dict[str, Any],
    spoken: IO[str],
    heard: _Heard,
    tell: Callable[[float, str], None],
) -> int:
    """The exit code; ``spoken`` takes what the program says that is no event."""
    command = [sys.executable, "-P", "-m", module]  # -P: no module out of the user's folder
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=spoken,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            with contextlib.suppress(BrokenPipeError), process.stdin as given:
                json.dump(job, given)
            for event in _events(process.stdout):
                _take(event, heard, tell)
            return process.wait()
        finally:
            process.kill()


def _events(lines: IO[str]) -> Iterator[dict[str, Any]]:
    """A line that was cut off by the death of its writer is none."""
    for line in lines:
        with contextlib.suppress(ValueError):
            event = json.loads(line)
            if isinstance(event, dict):
                yield event


def _take(event: dict[str, Any], heard: _Heard, tell: Callable[[float, str], None]) -> None:
    if "share" in event:
        heard.phase = str(event["phase"])
        tell(float(event["share"]), heard.phase)
    elif "line" in event:
        heard.lines.append(str(event["line"]))
    elif "error" in event:
        heard.error = KINDS.get(str(event["kind"]), InputError)(str(event["error"]))
    elif "result" in event:
        heard.result = dict(event["result"])
