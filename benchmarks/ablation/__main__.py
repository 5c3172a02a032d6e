"""``python -m benchmarks.ablation``: table 4 of the paper, on equal training.

For each setting and seed two trainings, pairs and then clips (`pechead_live.evaluation.ablation`),
equal in everything else; then all of them on test clips, means and spread over seeds, and whether
the paper's order holds. Each training is a ``pechead-live train`` of its own. The same command goes
on where it was left: after Ctrl-C, after ``--minutes``; what is finished is not done again.
"""

import argparse
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.ablation.evaluation import evaluate_all, table_folder, table_of
from benchmarks.ablation.order import claims, neighbours, shown
from benchmarks.ablation.schedule import SCHEDULES, Schedule
from benchmarks.ablation.sitting import Look, train_all
from benchmarks.ablation.trainings import (
    TITLES,
    Training,
    done_of,
    held_out_l1,
    is_finished,
    trainings_of,
)
from benchmarks.own_process import ROOT
from benchmarks.record import write_record
from pechead_live.cli.interrupt import INTERRUPTED, stop_on_signals
from pechead_live.cli.progress import progress
from pechead_live.errors import PecheadError


def main(argv: Sequence[str] | None = None) -> int:
    """Trains what is left, evaluates, prints the tables and writes the record; 0 also when the
    minutes end before that."""
    arguments = parser().parse_args(argv)
    stop = threading.Event()
    try:
        with stop_on_signals(stop):
            table = work(arguments, stop)
    except PecheadError as error:
        print(f"benchmarks.ablation: {error}", file=sys.stderr)
        return 2
    if table is None:
        print("not finished; the same command goes on from here")
        return INTERRUPTED if stop.is_set() else 0
    results = results_of(table, trainings_from(arguments))
    print(f"\n{shown(results['pairs'], results['cap'])}")
    print(f"\n{table_folder(arguments.runs)}: table.md, table.json, sheets/")
    if not arguments.no_record:
        results["pairs"] = [pair._asdict() for pair in results["pairs"]]
        print(f"record: {write_record('ablation', results, settings_of(arguments))}")
    return 0


def parser() -> argparse.ArgumentParser:
    """The options."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ablation", description=__doc__)
    add = parser.add_argument
    text = "default: %(default)s"
    add("--data", type=Path, default=ROOT / "out/shards/train", metavar="SHARDS", help=text)
    add("--test", type=Path, default=ROOT.parent / "shared/data/test", metavar="DIR", help=text)
    add("--runs", type=Path, metavar="DIR", help="default: out/ablation/PRESET")
    text = "toy for one core of a CPU, base for a GPU (default: %(default)s)"
    add("--preset", choices=SCHEDULES, default="toy", help=text)
    add("--settings", nargs="+", choices=TITLES, default=list(TITLES), help="default: all six")
    add("--seeds", nargs="+", type=int, default=[0, 1, 2], metavar="N", help="default: 0 1 2")
    told = " and ".join(f"{s.steps_pairs} of {name}" for name, s in SCHEDULES.items())
    add("--steps-pairs", type=int, metavar="N", help=f"of each stage 1a (default: {told})")
    told = " and ".join(f"{s.steps_clips} of {name}" for name, s in SCHEDULES.items())
    add("--steps-clips", type=int, metavar="N", help=f"of each stage 2 (default: {told})")
    text = "of each test clip, 0 takes all (default: the preset's)"
    add("--test-frames", type=int, metavar="N", help=text)
    add("--minutes", type=float, metavar="M", help="for this sitting")
    add("--threads", type=int, default=1, metavar="N", help="of a training (default: 1)")
    add("--no-record", action="store_true", help="for a look; writes no record")
    return parser


def work(arguments: argparse.Namespace, stop: threading.Event) -> dict[str, Any] | None:
    """The table's JSON; None when ``stop`` or the minutes came first."""
    if arguments.runs is None:
        arguments.runs = ROOT / "out" / "ablation" / arguments.preset
    for name in ("data", "test", "runs"):  # each command runs in the project's folder
        setattr(arguments, name, getattr(arguments, name).absolute())
    minutes = arguments.minutes
    deadline = None if minutes is None else time.monotonic() + 60 * minutes
    schedule, trainings = schedule_from(arguments), trainings_from(arguments)
    limits: dict[str, Any] = {"threads": arguments.threads, "stop": stop, "deadline": deadline}
    looks = told(train_all(trainings, schedule, arguments.data, **limits), len(trainings))
    pictures = sum(training.pictures for training in trainings)
    for _ in progress(looks, pictures, "pictures", _beside, lambda look: look.pictures):
        pass
    if not all(is_finished(training, schedule.preset) for training in trainings):
        return None
    place = (trainings, schedule, arguments.test)
    if table_of(*place, arguments.runs) is None:
        for _ in progress(evaluate_all(*place, **limits), None, "evaluation, looks"):
            pass
    return table_of(*place, arguments.runs)


def schedule_from(arguments: argparse.Namespace) -> Schedule:
    """The preset's, with what was given."""
    given = {
        "steps_pairs": arguments.steps_pairs,
        "steps_clips": arguments.steps_clips,
        "test_frames": arguments.test_frames,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    return SCHEDULES[arguments.preset]._replace(**changes)


def trainings_from(arguments: argparse.Namespace) -> list[Training]:
    """All that the options name, each once."""
    settings = [setting for setting in TITLES if setting in arguments.settings]
    seeds = list(dict.fromkeys(arguments.seeds))
    return trainings_of(schedule_from(arguments), settings, seeds, arguments.runs)


def told(looks: Iterator[Look], total: int) -> Iterator[Look]:
    """``looks``, with a printed line for each training that has ended."""
    finished = 0
    for look in looks:
        if look.finished > finished and look.steps == look.training.steps:
            print(f"{_ended(look)}, {look.finished} of {total}, {_left(look)}", flush=True)
        finished = look.finished
        yield look


def results_of(table: dict[str, Any], trainings: Sequence[Training]) -> dict[str, Any]:
    """The results of the record; "pairs" as `Pair`."""
    means, spreads = table["means"], table["spread_over_seeds"]
    return {
        "means": means,
        "spread_over_seeds": spreads,
        "pairs": neighbours(means, spreads, list(table["columns"])),
        "cap": claims(means, spreads),
        "trainings": [
            {
                "training": training.title,
                "seconds": round(done_of(training).seconds, 1),
                "held_out_l1": held_out_l1(training),
            }
            for training in trainings
        ],
        "clips": len([name for name in table["looked_at"] if name.startswith("reconstruction")]),
        "notes": table["notes"],
    }


def settings_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """What the figures depend on."""
    return {
        **schedule_from(arguments)._asdict(),
        "seeds": arguments.seeds,
        "threads": arguments.threads,
        "data": arguments.data.name,
        "note": "spread: standard deviation over seeds; a pair holds where its gain is above the "
        "root of the sum of both variances, and does not hold where it is as far below 0; "
        "printed_better: in how many of the paper's two sets of videos the later one is better; "
        "a still or blurred picture has little warp error, so read it beside AKD-mp",
    }


def _beside(look: Look) -> str:
    steps = f"{look.steps} of {look.training.steps} steps"
    return f"{look.training.title}: {steps}, {_left(look)}"


def _ended(look: Look) -> str:
    seconds, looks = done_of(look.training).seconds, held_out_l1(look.training)
    seen = f", held-out L1 {looks[-1][1]:.4f}" if looks else ""
    return f"{look.training.title}: {look.steps} steps in {seconds:.0f} s{seen}"


def _left(look: Look) -> str:
    seconds = look.seconds_left
    return "? left" if seconds is None else f"{timedelta(seconds=round(seconds))} left"


if __name__ == "__main__":
    sys.exit(main())
