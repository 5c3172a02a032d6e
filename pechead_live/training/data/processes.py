"""Work spread over processes, of which one may die without taking the run with it."""

import contextlib
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, TypeVar

import cv2
from threadpoolctl import threadpool_limits

from pechead_live.errors import PecheadError

Item = TypeVar("Item")
Result = TypeVar("Result")

PATIENCE_S = 5.0
"""For a process to end after it was asked to."""


class _Worker(NamedTuple):
    process: BaseProcess
    pipe: "Connection[Any, Any]"


def in_processes(
    work: Callable[[Item], Result],
    items: Sequence[Item],
    workers: int,
    died: Callable[[Item, str], Result],
) -> Iterator[Result]:
    """``work(item)`` of each item, in the order in which they are done.

    A `PecheadError` of ``work`` ends the run. Where a process dies (a decoder may crash, or the
    system may take its memory back) the result is ``died(item, how)`` and another takes its place.
    ``work`` and items must be importable from a new process. One worker works in this process.
    """
    if workers == 1:
        yield from map(work, items)
        return
    waiting = deque(items)
    busy: dict[int, tuple[_Worker, Item]] = {}
    try:
        while waiting or busy:
            while waiting and len(busy) < workers:
                _give(_start(work), waiting.popleft(), busy)
            for pipe in wait([worker.pipe for worker, _ in busy.values()]):
                key = next(k for k, (worker, _) in busy.items() if worker.pipe is pipe)
                worker, item = busy.pop(key)
                try:
                    answer: Any = worker.pipe.recv()
                except (EOFError, OSError):
                    worker.process.join()
                    yield died(item, f"exit code {worker.process.exitcode}")
                    continue
                if isinstance(answer, PecheadError):
                    _end(worker)
                    raise answer
                if waiting:
                    _give(worker, waiting.popleft(), busy)
                else:
                    _end(worker)
                yield answer
    finally:
        for worker, _ in busy.values():
            worker.process.terminate()
        for worker, _ in busy.values():
            worker.process.join(PATIENCE_S)


def _start(work: Callable[[Any], Any]) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, work), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _give(worker: _Worker, item: Any, busy: dict[int, tuple[_Worker, Any]]) -> None:
    with contextlib.suppress(OSError):  # it died; that is seen when its answer is waited for
        worker.pipe.send(item)
    busy[id(worker.pipe)] = worker, item


def _end(worker: _Worker) -> None:
    worker.pipe.close()
    worker.process.join(PATIENCE_S)


def _serve(pipe: "Connection[Any, Any]", work: Callable[[Any], Any]) -> None:
    """A process's whole life: ends when the other end of ``pipe`` is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process decides
    cv2.setNumThreads(1)
    with threadpool_limits(1, user_api="blas"), contextlib.suppress(EOFError, OSError):
        while True:
            item = pipe.recv()
            try:
                answer: Any = work(item)
            except PecheadError as error:
                answer = error
            pipe.send(answer)
