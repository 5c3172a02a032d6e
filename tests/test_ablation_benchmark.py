"""`benchmarks.ablation`: which trainings a table has, how they go on, how its orders are judged."""

import argparse
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from chunk_samples import astronaut_chunk

from benchmarks.ablation import child
from benchmarks.ablation.__main__ import main, results_of
from benchmarks.ablation.child import CommandError, command
from benchmarks.ablation.evaluation import table_folder, table_of
from benchmarks.ablation.evaluation import words_of as words_of_table
from benchmarks.ablation.order import claims, neighbours, shown, verdict_of
from benchmarks.ablation.paper import PRINTED, SETTINGS, printed_better
from benchmarks.ablation.schedule import SCHEDULES, Schedule
from benchmarks.ablation.sitting import seconds_left, train_all
from benchmarks.ablation.trainings import (
    CLIPS,
    PAIRS,
    TITLES,
    Done,
    Training,
    check_alike,
    done_of,
    held_out_l1,
    is_finished,
    trainings_of,
    words_of,
)
from benchmarks.record import write_record
from pechead_live.cli import main as live_main
from pechead_live.cli.evaluate import add_arguments as add_evaluate_arguments
from pechead_live.cli.evaluation_methods import methods_from
from pechead_live.cli.train_options import add_train_arguments, config_from
from pechead_live.errors import InputError
from pechead_live.training.data.journal import make_folders
from pechead_live.training.data.manifest import Manifest
from pechead_live.training.data.packing import pack, write_unpacked
from pechead_live.training.data.shard_members import encode_members, entry_of
from pechead_live.training.run.folder import average_path
from pechead_live.training.run.metrics_log import read_metrics

RUNS, DATA = Path("runs"), Path("shards")
TOY = SCHEDULES["toy"]

NO_TRUNK = {"perceptual": 0.0, "detail": 0.0, "warping_perceptual": 0.0}
QUICK = TOY._replace(
    steps_pairs=1,
    batch_pairs=1,
    steps_clips=120,
    batch_clips=1,
    frames=1,
    changes=NO_TRUNK,
    machine=("--log-every", "1"),
)
"""A step takes a moment."""


def config_of(training: Training, schedule: Schedule) -> tuple[argparse.Namespace, Any]:
    parser = argparse.ArgumentParser()
    add_train_arguments(parser)
    given = parser.parse_args(words_of(training, schedule, DATA)[1:])
    return given, config_from(given)


def test_each_setting_and_seed_learns_from_pairs_and_then_from_clips() -> None:
    trainings = trainings_of(TOY, ["kp", "full"], [0, 2], RUNS)
    assert [t.run.name for t in trainings] == (
        "kp-0-pairs kp-0 full-0-pairs full-0 kp-2-pairs kp-2 full-2-pairs full-2".split()
    )
    assert [t.stage for t in trainings] == [PAIRS, CLIPS] * 4
    assert all(t.start is None for t in trainings[::2])
    assert [t.start for t in trainings[1::2]] == [average_path(t.run) for t in trainings[::2]]
    assert trainings[-1].title == "Full, seed 2, clips"


@pytest.mark.parametrize("preset", SCHEDULES)
def test_trainings_differ_in_setting_and_seed_only(preset: str) -> None:
    schedule = SCHEDULES[preset]
    trainings = trainings_of(schedule, list(TITLES), [0, 1], RUNS)
    for stage, steps in ((PAIRS, schedule.steps_pairs), (CLIPS, schedule.steps_clips)):
        rates = {PAIRS: {schedule.rate_pairs or 2e-4}, CLIPS: {2e-4}}
        told: list[dict[str, Any]] = []
        for training in trainings:
            if training.stage != stage:
                continue
            given, config = config_of(training, schedule)
            assert (config.preset, config.stage, config.steps) == (preset, stage, steps)
            assert (config.setting, config.seed) == (training.setting, training.seed)
            assert (config.run, config.start) == (training.run, training.start)
            assert config.learning_rate in rates[stage]
            own = {"setting", "seed", "run", "init"}
            told.append({name: value for name, value in vars(given).items() if name not in own})
        assert len(told) == 12 and all(words == told[0] for words in told)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared data of two people."""
    folder = tmp_path_factory.mktemp("data")
    make_folders(folder)
    chunks = [astronaut_chunk(f"{who}-00000", who) for who in ("ann", "bob")]
    for chunk in chunks:
        write_unpacked(folder, chunk.name, encode_members(chunk))
    entries = [entry_of(chunk) for chunk in chunks]
    pack(folder, Manifest(settings={}, shards=()), entries, shard_bytes=10**6, everything=True)
    return folder


@pytest.fixture(scope="module")
def begun(data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Training]:
    """Pairs that are finished, and clips that are not begun."""
    trainings = trainings_of(QUICK, ["lmk"], [0], tmp_path_factory.mktemp("runs"))
    assert live_main(words_of(trainings[0], QUICK, data)) == 0
    return trainings


def test_a_sitting_skips_what_is_finished_and_goes_on_with_what_was_interrupted(
    begun: list[Training], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "POLL_S", 0.2)  # an interruption is seen sooner
    pairs, clips = begun
    assert is_finished(pairs, "toy") and not is_finished(clips, "toy")
    ended = time.monotonic() - 1
    stop = threading.Event()
    common: dict[str, Any] = {"threads": 1, "stop": stop}
    assert list(train_all(begun, QUICK, data, deadline=ended, **common)) == []
    assert not clips.run.exists()
    interrupted = train_all(begun, QUICK, data, deadline=None, **common)
    look = next(interrupted)
    for look in interrupted:
        assert look.training == clips
        if look.steps:
            stop.set()
    stop.clear()
    earlier = done_of(clips).steps
    assert 0 < earlier < QUICK.steps_clips and not is_finished(clips, "toy")
    assert look.finished == 1 and look.pictures >= pairs.pictures + earlier  # of batches of 1
    assert live_main(words_of(clips, QUICK, data)) == 0
    assert is_finished(clips, "toy")
    steps = [line["step"] for line in read_metrics(clips.run / "metrics.jsonl") if "loss" in line]
    assert steps == list(range(1, QUICK.steps_clips + 1))
    starts = json.loads((clips.run / "config.json").read_text())["starts"]
    assert [start["step"] for start in starts] == [0, earlier]
    assert list(train_all(begun, QUICK, data, deadline=None, **common)) == []


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"steps_pairs": 2}, "steps 1, not 2"),
        ({"batch_pairs": 2}, "batch 1, not 2"),
        ({"rate_pairs": None}, "learning_rate 0.0008, not 0.002"),
        ({"losses": None}, "pixel"),
        ({"changes": {**NO_TRUNK, "spread": 3.0}}, "spread 0.0, not 3.0"),
    ],
)
def test_a_folder_of_another_training_is_refused(
    begun: list[Training], data: Path, other: dict[str, Any], named: str
) -> None:
    check_alike(begun[0], QUICK, data)
    schedule = QUICK._replace(**other)
    pairs = trainings_of(schedule, ["lmk"], [0], begun[0].run.parent)[0]
    with pytest.raises(InputError, match=named):
        check_alike(pairs, schedule, data)
    with pytest.raises(InputError, match="data"):
        check_alike(begun[0], QUICK, data / "others")


def test_a_command_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    running = command(["dance"], tmp_path / "log", threads=1, stop=threading.Event(), deadline=None)
    with pytest.raises(CommandError, match=r"dance ended with code 2: .*invalid choice"):
        list(running)


def test_the_time_left_is_at_the_pace_of_what_is_alike() -> None:
    kp, kp_clips, full, full_clips = trainings_of(TOY, ["kp", "full"], [0], RUNS)
    untouched = Done(0, 0.0)
    done = dict.fromkeys((kp, kp_clips, full, full_clips), untouched)
    assert seconds_left(done) is None
    done[kp] = Done(kp.steps // 2, 100.0)
    a_picture = 100 / (kp.pictures / 2)
    everything = sum(t.pictures for t in done)
    assert seconds_left(done) == pytest.approx(a_picture * (everything - kp.pictures / 2))
    done = {kp: Done(kp.steps, 200.0), kp_clips: untouched, full: Done(full.steps, 400.0),
            full_clips: Done(full.steps, 0.0)}  # fmt: skip
    done[full_clips] = Done(full_clips.steps // 2, 50.0)
    assert seconds_left(done) == pytest.approx(50 + 100)  # clips are like the other's clips


@pytest.mark.parametrize(
    ("gain", "spread", "verdict"),
    [
        (0.3, 0.2, "holds"),
        (0.1, 0.2, "within the spread"),
        (-0.2, 0.2, "within the spread"),
        (-0.3, 0.2, "does not hold"),
        (0.3, None, "spread unknown"),
        (None, 0.1, "not measured"),
    ],
)
def test_an_order_holds_where_the_gain_is_above_the_spread(
    gain: float | None, spread: float | None, verdict: str
) -> None:
    assert verdict_of(gain, spread) == verdict


def table_with(**settings: dict[str, float]) -> tuple[dict[str, Any], dict[str, Any]]:
    spreads = {name: dict.fromkeys(figures, 0.01) for name, figures in settings.items()}
    return dict(settings), spreads


def test_better_is_lower_higher_or_nearer_to_1_as_the_metric_says() -> None:
    means, spreads = table_with(
        MMFA={"l1": 0.3, "ssim": 0.5, "jitter_ratio": 0.5},
        Full={"l1": 0.1, "ssim": 0.9, "jitter_ratio": 1.2},
    )
    for pair in neighbours(means, spreads, ["l1", "ssim", "jitter_ratio"]):
        assert pair.verdict == "holds", pair
    (pair,) = neighbours(means, spreads, ["l1"])
    assert pair.gain == pytest.approx(0.2) and pair.spread == pytest.approx(0.01 * 2**0.5)
    smoother, rougher = claims(means, spreads)[0], claims(means, {})[0]
    assert smoother["verdict"] == "does not hold"  # 0.5 to 1.2 is nearer to 1, and not less
    assert smoother["lower_by"] == pytest.approx(-0.7) and rougher["verdict"] == "spread unknown"


def test_neighbours_are_those_of_the_settings_that_are_there() -> None:
    means, spreads = table_with(Full={"l1": 0.1}, KP={"l1": 0.4}, Direct={"l1": 0.3})
    pairs = neighbours(means, spreads, ["l1", "ssim"])
    names = [("KP", "Direct"), ("Direct", "Full")]
    assert [(pair.earlier, pair.later) for pair in pairs] == names * 2
    assert [pair.verdict for pair in pairs] == ["holds"] * 2 + ["not measured"] * 2
    assert claims(means, spreads) == []
    text = shown(pairs, [])
    assert "| L1 | holds (paper 2 of 2) | holds (paper 2 of 2) |" in text


def test_the_paper_s_own_order_is_not_kept_everywhere() -> None:
    assert tuple(TITLES.values()) == SETTINGS
    assert all(len(half) == len(SETTINGS) for halves in PRINTED.values() for half in halves)
    assert printed_better("l1", "LMK", "Direct") == "1 of 2"  # 0.0426, then 0.0439
    assert printed_better("csim_dlib", "KP", "LMK") == "0 of 2"
    assert printed_better("efvd", "MMFA", "Full") == "2 of 2"
    assert printed_better("warp_error", "MMFA", "Full") is None


def test_the_table_s_command_has_a_row_for_each_setting_and_a_method_for_each_seed(
    tmp_path: Path,
) -> None:
    trainings = trainings_of(TOY, ["kp", "full"], [0, 1], tmp_path)
    for training in trainings:
        average_path(training.run).parent.mkdir(parents=True)
        average_path(training.run).write_bytes(training.title.encode())
    words = words_of_table(trainings, TOY, Path("test"), tmp_path / "table")
    parser = argparse.ArgumentParser()
    add_evaluate_arguments(parser)
    given = parser.parse_args(words[1:])
    assert given.protocol == "ablation" and given.resume and given.frames == TOY.test_frames
    groups = methods_from(given.method, seeds=True)
    assert {name: len(seeds) for name, seeds in groups.items()} == {"KP": 2, "Full": 2}


def test_a_table_counts_only_with_these_checkpoints_clips_and_settings(tmp_path: Path) -> None:
    (training,) = [t for t in trainings_of(TOY, ["kp"], [0], tmp_path) if t.stage == CLIPS]
    weights = average_path(training.run)
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"weights")
    test = tmp_path / "test"
    for name in ("clips/a.mp4", "portraits/b.png"):
        (test / name).parent.mkdir(parents=True)
        (test / name).write_bytes(b"12345")
    (method,) = methods_from([f"KP:toy={weights}"], seeds=True)["KP"]
    settings = {"methods": {"KP": method.checkpoint}, "files": {"a.mp4": 5, "b.png": 5}}
    settings |= {"frames": TOY.test_frames, "portraits_per_clip": TOY.portraits}
    assert table_of([training], TOY, test, tmp_path) is None
    table_folder(tmp_path).mkdir()
    (table_folder(tmp_path) / "table.json").write_text(json.dumps({"settings": settings}))
    assert table_of([training], TOY, test, tmp_path) is not None
    assert table_of([training], TOY._replace(portraits=9), test, tmp_path) is None
    weights.write_bytes(b"other weights")
    assert table_of([training], TOY, test, tmp_path) is None
    (table_folder(tmp_path) / "table.json").write_text("{")
    assert table_of([training], TOY, test, tmp_path) is None


def test_the_record_keeps_to_the_schema(begun: list[Training], tmp_path: Path) -> None:
    means, spreads = table_with(MMFA={"warp_error": 0.3}, Full={"warp_error": 0.1})
    table = {"means": means, "spread_over_seeds": spreads, "columns": {"warp_error": {}},
             "looked_at": {"reconstruction a.mp4": {}, "reenactment a.mp4": {}},
             "notes": []}  # fmt: skip
    results = results_of(table, begun[:1])
    assert results["clips"] == 1
    assert [claim["verdict"] for claim in results["cap"]] == ["not measured", "holds"]
    assert results["trainings"][0]["held_out_l1"] == held_out_l1(begun[0])
    results["pairs"] = [pair._asdict() for pair in results["pairs"]]
    written = write_record("ablation", results, TOY._asdict(), folder=tmp_path)
    (pair,) = json.loads(written.read_text())["results"]["pairs"]
    assert (pair["earlier"], pair["later"], pair["verdict"]) == ("MMFA", "Full", "holds")


def test_minutes_that_are_over_leave_everything_for_the_next_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--runs", str(tmp_path / "runs"), "--data", str(tmp_path), "--minutes", "1e-9"]
    assert main([*words, "--no-record"]) == 0
    assert "the same command goes on" in capsys.readouterr().out
    assert not (tmp_path / "runs").exists()
