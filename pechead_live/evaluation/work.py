"""Tasks side by side in processes of their own, kept one by one, so that a run can be taken up."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

import cv2
from threadpoolctl import threadpool_limits

from pechead_live.errors import InputError, NoFaceError
from pechead_live.evaluation.result import Result, open_result, save_result

Task = Callable[[], Result]
"""A `functools.partial` of a module's function; `NoFaceError` leaves it out of the tables."""


class Done(NamedTuple):
    """One finished task."""

    name: str
    """Of its clip or portrait."""

    result: Result | None
    """None when it was left out."""

    left_out: str
    """Why, one sentence; empty otherwise."""


def run_tasks(
    tasks: Mapping[str, Task], *, workers: int, parts: Path, fingerprint: str, resume: bool
) -> Iterator[Done]:
    """Runs ``tasks`` by name, in any order; each is kept in ``parts`` as soon as it is done.

    With ``resume`` what was kept under the same ``fingerprint`` is not done again.
    """
    if workers < 1:
        raise InputError(f"workers is {workers}: at least 1")
    left: dict[str, Task] = {}
    for name, task in tasks.items():
        kept = open_result(parts / name, fingerprint) if resume else None
        if kept is None:
            left[name] = task
        else:
            yield Done(name, kept, "")
    for done in _finished(left, min(workers, max(1, len(left)))):
        if done.result is not None:
            save_result(done.result, parts / done.name, fingerprint)
        yield done


def _finished(tasks: Mapping[str, Task], workers: int) -> Iterator[Done]:
    if workers == 1:
        for name, task in tasks.items():
            yield _run(name, task)
        return
    spawn = multiprocessing.get_context("spawn")  # a forked MediaPipe would hang
    pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_begin_worker)
    try:
        futures = [pool.submit(_run, name, task) for name, task in tasks.items()]
        for future in as_completed(futures):
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _run(name: str, task: Task) -> Done:
    with threadpool_limits(1, user_api="blas"):
        try:
            return Done(name, task(), "")
        except NoFaceError as error:
            return Done(name, None, str(error))


def _begin_worker() -> None:
    """Clips run side by side, and threads may add up in another order: one each. A worker ends with
    the process that wants its results: where that is killed, its workers would wait for ever."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ["OMP_NUM_THREADS"] = "1"  # torch is loaded later, and reads it then
    cv2.setNumThreads(1)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
