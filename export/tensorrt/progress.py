"""How far a TensorRT build is: one share out of its tree of phases."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any


@dataclass
class _Phase:
    parent: str | None
    steps: int
    done: int = 0


class BuildShare:
    """TensorRT reports phases, each with its steps, nested in the steps of others; from several
    threads."""

    def __init__(self, tell: Callable[[float, str], None]) -> None:
        """``tell`` is given a share in [0, 1] that only grows, by whole percents, and the newest
        phase."""
        self._tell = tell
        self._phases: dict[str, _Phase] = {}
        self._percent = -1
        self._lock = Lock()

    def start(self, name: str, parent: str | None, steps: int) -> None:
        """A phase begins, within the step that ``parent`` is at."""
        with self._lock:
            self._phases[name] = _Phase(parent, max(1, steps))
            self._report(name)

    def step(self, name: str, step: int) -> None:
        """The step number ``step``, from 0, of a phase is done."""
        with self._lock:
            if (phase := self._phases.get(name)) is not None:
                phase.done = min(phase.steps, max(phase.done, step + 1))
                self._report(name)

    def finish(self, name: str) -> None:
        """A phase is over."""
        with self._lock:
            if (phase := self._phases.get(name)) is not None:
                phase.done = phase.steps
                self._report(name)
                del self._phases[name]

    def _report(self, name: str) -> None:
        percent = int(100 * self._share(name))
        if percent > self._percent:
            self._percent = percent
            self._tell(percent / 100, name)

    def _share(self, name: str) -> float:
        """Of the whole: a phase's own share is a part of one step of its parent."""
        phase = self._phases[name]
        share, seen = phase.done / phase.steps, {name}
        while phase.parent in self._phases and phase.parent not in seen:
            seen.add(phase.parent)
            phase = self._phases[phase.parent]
            share = min(1.0, (phase.done + share) / phase.steps)
        return share


def progress_monitor(trt: Any, share: BuildShare) -> Any:
    """``share`` as the monitor that the module ``trt`` asks for."""

    class Monitor(trt.IProgressMonitor):
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)

        def phase_start(self, name: str, parent: str | None, steps: int) -> None:
            share.start(name, parent, steps)

        def step_complete(self, name: str, step: int) -> bool:
            share.step(name, step)
            return True  # False would cancel the build

        def phase_finish(self, name: str) -> None:
            share.finish(name)

    return Monitor()
