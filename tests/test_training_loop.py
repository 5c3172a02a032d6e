"""The training loop: its steps, what it skips, what it writes, and how it goes on."""

import json
import math
from pathlib import Path

import pytest
import torch
from PIL import Image
from training_samples import (
    ALONE,
    SIZE,
    Spoilt,
    TinyRecipe,
    tiny_config,
    tiny_run,
    tiny_source,
)

from pechead_live.errors import InputError
from pechead_live.training.average import average_of, decay_at, update_average
from pechead_live.training.learner import Learner
from pechead_live.training.optimiser import learning_rate
from pechead_live.training.run.folder import average_path, best_path, state_path
from pechead_live.training.run.metrics_log import LOOK_FIELDS, STEP_FIELDS, read_metrics
from pechead_live.training.run.state_file import read_state


def weights_of(run: Path) -> dict[str, torch.Tensor]:
    return read_state(state_path(run), preset="toy").tensors


def curve(run: Path) -> list[float]:
    return [line["loss"] for line in read_metrics(run / "metrics.jsonl") if "loss" in line]


def largest_difference(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)


def test_a_tiny_network_learns(tmp_path: Path):
    reports = tiny_run(tiny_config(tmp_path, steps=60))
    assert [report.step for report in reports] == list(range(1, 61))
    assert reports[-1].loss < 0.3 * reports[0].loss
    assert reports[-1].samples_per_second > 0


@pytest.mark.parametrize("judged", [False, True])
@pytest.mark.parametrize("workers", [0, 1])
def test_a_run_cut_in_two_is_the_unbroken_run(tmp_path: Path, judged: bool, workers: int):
    settings = {"steps": 12, "workers": workers}
    whole = tiny_run(
        tiny_config(tmp_path / "whole", **settings), TinyRecipe(judged=judged, noise=0.1)
    )
    config = tiny_config(tmp_path / "cut", checkpoint_seconds=0.0, **settings)
    tiny_run(config, TinyRecipe(judged=judged, noise=0.1), until=5)
    rest = tiny_run(config, TinyRecipe(judged=judged, noise=0.1))
    assert rest[0].step == 6
    assert [r.loss for r in rest] == pytest.approx([r.loss for r in whole[5:]], rel=1e-6)
    assert curve(tmp_path / "cut") == pytest.approx(curve(tmp_path / "whole"), rel=1e-6)
    difference = largest_difference(weights_of(tmp_path / "whole"), weights_of(tmp_path / "cut"))
    assert difference < 1e-6


def test_steps_after_the_last_checkpoint_are_done_again_and_logged_once(tmp_path: Path):
    tiny_run(tiny_config(tmp_path, steps=4))
    assert read_state(state_path(tmp_path), preset="toy").counts.step == 4
    tiny_run(tiny_config(tmp_path, steps=9), until=3)  # without a checkpoint in between
    assert [line["step"] for line in read_metrics(tmp_path / "metrics.jsonl")][-1] == 7
    reports = tiny_run(tiny_config(tmp_path, steps=9))
    assert reports[0].step == 5
    logged = [line["step"] for line in read_metrics(tmp_path / "metrics.jsonl") if "loss" in line]
    assert logged == list(range(1, 10))


def test_a_finished_run_has_nothing_left_to_do(tmp_path: Path):
    tiny_run(tiny_config(tmp_path, steps=3))
    assert tiny_run(tiny_config(tmp_path, steps=3)) == []


def test_minutes_end_a_sitting_and_the_next_goes_on(tmp_path: Path):
    config = tiny_config(tmp_path, steps=5, minutes=1e-9)
    assert [report.step for report in tiny_run(config)] == [1]
    assert [report.step for report in tiny_run(config)] == [2]


def test_a_step_that_is_not_finite_teaches_nothing_and_is_counted(tmp_path: Path):
    source = Spoilt(tiny_source(), lambda step: step == 3)
    recipe = TinyRecipe(judged=True)
    reports = tiny_run(tiny_config(tmp_path, steps=6), recipe, source=source)
    assert math.isnan(reports[3].loss)
    assert reports[-1].bad_steps == 1
    assert all(math.isfinite(report.loss) for report in reports[4:])
    for tensor in weights_of(tmp_path).values():
        assert bool(torch.isfinite(tensor).all())
    line = next(line for line in read_metrics(tmp_path / "metrics.jsonl") if line["step"] == 4)
    assert line["loss"] is None


def test_a_bad_step_leaves_weights_statistics_and_average_as_they_were(tmp_path: Path):
    learner = Learner(TinyRecipe(judged=True), tiny_config(tmp_path), ALONE)
    learner.learn(tiny_source().batch(0), 0)
    before = {name: tensor.clone() for name, tensor in learner.tensors().items()}
    spoilt = Spoilt(tiny_source(), lambda step: True)
    assert not learner.learn(spoilt.batch(1, 0, 1), 1).good
    assert largest_difference(before, learner.tensors()) == 0


def test_too_many_bad_steps_in_a_row_end_the_run_with_its_checkpoint_intact(tmp_path: Path):
    tiny_run(tiny_config(tmp_path, steps=4))
    before = state_path(tmp_path).read_bytes()
    source = Spoilt(tiny_source(), lambda step: step != 5)
    with pytest.raises(InputError, match=r"not finite in 3 steps in a row, up to step 9"):
        tiny_run(tiny_config(tmp_path, steps=20, bad_limit=3), source=source)
    assert state_path(tmp_path).read_bytes() == before
    assert tiny_run(tiny_config(tmp_path, steps=6))[-1].step == 6


def test_the_average_follows_the_weights_by_its_formula():
    network, start = TinyRecipe().network, TinyRecipe().network
    average = average_of(network)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1.0)
        for buffer in network.buffers():
            buffer.fill_(3)
    update_average(average, network, 0.9)
    for mine, before in zip(average.parameters(), start.parameters(), strict=True):
        torch.testing.assert_close(mine, before + 0.1)
    assert all(bool((buffer == 3).all()) for buffer in average.buffers())
    assert not average.training
    assert network.training


def test_the_average_forgets_faster_at_the_start():
    assert decay_at(0, 0.999) == pytest.approx(0.1)
    assert decay_at(90, 0.999) == pytest.approx(0.91)
    assert decay_at(10**6, 0.999) == 0.999


def test_the_learning_rate_warms_up_and_falls_to_a_tenth_twice(tmp_path: Path):
    config = tiny_config(tmp_path, steps=1000, warm_up=200, learning_rate=1e-3)
    rates = {step: learning_rate(step, config) for step in (0, 99, 199, 599, 600, 899, 900)}
    assert rates == pytest.approx(
        {0: 5e-6, 99: 5e-4, 199: 1e-3, 599: 1e-3, 600: 1e-4, 899: 1e-4, 900: 1e-5}
    )


def test_the_run_folder_tells_what_was_asked_and_how_it_went(tmp_path: Path):
    tiny_run(tiny_config(tmp_path, steps=4, probe_seconds=0.0), TinyRecipe(judged=True))
    told = json.loads((tmp_path / "config.json").read_text())
    assert told["config"]["preset"] == "toy"
    assert told["losses"]["pixel"] == 10.0
    assert [start["step"] for start in told["starts"]] == [0]
    assert {"command", "revision", "packages", "python", "at"} <= told["starts"][0].keys()
    assert told["starts"][0]["packages"]["torch"] == torch.__version__
    lines = read_metrics(tmp_path / "metrics.jsonl")
    steps = [line for line in lines if "loss" in line]
    looks = [line for line in lines if "validation" in line]
    assert [tuple(line) for line in steps] == [STEP_FIELDS] * 4
    assert [tuple(line) for line in looks] == [LOOK_FIELDS] * len(looks)
    assert [line["step"] for line in looks] == [0, 1, 2, 3, 4]
    terms = steps[0]["terms"]
    assert set(terms) == {"pixel", "square", "adversarial", "discriminator"}
    assert steps[0]["loss"] == pytest.approx(
        sum(value for name, value in terms.items() if name != "discriminator")
    )
    assert set(looks[0]["validation"]) == {"l1", "guide_l1"}
    with Image.open(tmp_path / "probe" / "step-000004.jpg") as grid:
        assert grid.size == (4 * SIZE, 4 * SIZE)  # four columns, a row for each of four examples
    assert average_path(tmp_path).is_file() and best_path(tmp_path).is_file()
    assert list((tmp_path / "tensorboard").iterdir())


def test_bfloat16_channels_last_and_compiled_parts_learn_the_same(tmp_path: Path):
    plain = tiny_run(tiny_config(tmp_path / "plain", steps=4))
    settings = {"precision": "bf16", "channels_last": True}
    other = tiny_run(tiny_config(tmp_path / "other", steps=4, **settings))
    assert [r.loss for r in other] == pytest.approx([r.loss for r in plain], rel=0.05)
    kinds = {tensor.dtype for tensor in weights_of(tmp_path / "other").values()}
    assert torch.bfloat16 not in kinds


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"stage": "4"}, "stage is '4'"),
        ({"steps": 0}, "steps is 0"),
        ({"learning_rate": float("nan")}, "learning rate is nan"),
        ({"minutes": -1.0}, "minutes is -1"),
        ({"precision": "fp16"}, "precision is 'fp16'"),
        ({"validation": 1.0}, "validation is 1"),
        ({"still": 2.0}, "still is 2"),
        ({"milestones": (0.9, 0.6)}, "milestones are"),
    ],
)
def test_senseless_settings_are_refused(tmp_path: Path, settings: dict[str, object], said: str):
    with pytest.raises(InputError, match=said):
        tiny_config(tmp_path, **settings)
