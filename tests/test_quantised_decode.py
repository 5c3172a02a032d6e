"""A decode in 8 bits is used where it is asked for, fits and is faster; else a sentence says so."""

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
from engine_samples import inputs_at, write_engine
from shared_exports import export_once
from still_samples import astronaut

from engines.engine import Engine
from engines.manifest import manifest_path
from engines.networks.lite import SplitLite, open_lite
from engines.networks.quantised_decode import (
    FILE,
    LEAST_RUNS,
    alternately_ms,
    faster_of,
    is_worth_it,
    open_quantised,
)
from engines.open import open_engine
from export.graphs.config import ExportConfig
from export.quantised.lite_clips import sample_footage
from export.quantised.quantise import PARTS, open_full, quantise
from pechead_live.cli import main
from pechead_live.cli.models import drawn_by, factory_of
from pechead_live.errors import InputError
from pechead_live.samples import sample

FULL_MS = [17.6, 17.1, 16.9, 18.0, 17.2, 25.3, 17.4, 17.0, 17.1, 17.3]
QUANTISED_MS = [8.6, 8.4, 8.5, 9.0, 8.4, 8.5, 19.8, 8.5, 8.3, 8.6]
"""As they were measured for lite-s, with other programs at work."""


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lite network whose decode is there in 8 bits, too."""
    folder = tmp_path_factory.mktemp("toy")
    export_once(tmp_path_factory, "lite-toy", folder, ExportConfig(), *PARTS)
    engines, size = open_full(folder)
    quantise(folder, engines, sample_footage(size, 10, 1).measured)
    return folder


@pytest.fixture
def own(toy: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    folder = tmp_path / "own"
    shutil.copytree(toy, folder)
    return folder


def decode(folder: Path) -> Engine:
    return open_engine(folder / "decode.onnx", threads=1)


def test_eight_bits_are_worth_it_from_a_tenth_of_the_time_on():
    assert is_worth_it(FULL_MS, QUANTISED_MS)
    assert not is_worth_it(QUANTISED_MS, FULL_MS)
    assert not is_worth_it(FULL_MS, FULL_MS)
    assert is_worth_it([10.0] * 3, [9.0] * 3)
    assert not is_worth_it([10.0] * 3, [9.1] * 3)


def test_one_run_that_something_held_up_does_not_decide():
    assert is_worth_it(FULL_MS, [*QUANTISED_MS, 500.0])
    assert not is_worth_it([*FULL_MS, 500.0], FULL_MS)


def test_engines_are_timed_in_turns_and_no_longer_than_the_budget(toy: Path, tmp_path: Path):
    tiny = open_engine(write_engine(tmp_path / "tiny.onnx"), threads=1)
    slow_ms, fast_ms = alternately_ms((decode(toy), tiny), 8)
    assert len(slow_ms) == len(fast_ms) == 8
    assert np.median(slow_ms) > np.median(fast_ms) > 0
    assert [len(each) for each in alternately_ms((tiny,), 100, budget_s=0)] == [LEAST_RUNS]


def test_the_faster_engine_is_kept_and_the_other_closed(
    toy: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    tiny = open_engine(write_engine(tmp_path / "tiny.onnx"), threads=1)
    full = decode(toy)
    with caplog.at_level(logging.WARNING):
        assert faster_of(full, tiny) is tiny
    assert caplog.text == ""
    with pytest.raises(InputError, match="closed"):
        full.run({port.name: np.zeros(port.shape, port.dtype) for port in full.manifest.inputs})


def test_a_slower_one_is_not_used_and_both_times_are_told(
    toy: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    tiny = open_engine(write_engine(tmp_path / "tiny.onnx"), threads=1)
    slow = decode(toy)
    with caplog.at_level(logging.WARNING):
        assert faster_of(tiny, slow) is tiny
    assert caplog.text.count(" ms") == 2
    assert "full precision, which is used" in caplog.text
    tiny.run({**inputs_at(0), "state_hidden": np.zeros((1, 2, 6, 6), np.float32)})
    with pytest.raises(InputError, match="closed"):
        slow.run({port.name: np.zeros(port.shape, port.dtype) for port in slow.manifest.inputs})


def test_a_network_runs_with_whatever_is_faster_and_says_which(toy: Path):
    network = open_lite(toy, "lite-toy", quantised=True)
    assert isinstance(network, SplitLite)
    assert network.provider in ("CPUExecutionProvider", "CPUExecutionProvider in int8")
    assert open_lite(toy, "lite-toy").provider == "CPUExecutionProvider"
    full = open_engine(toy / "decode.onnx")
    eight = open_quantised(toy, full)
    encode, motion = (open_engine(toy / f"{part}.onnx") for part in ("encode", "motion"))
    network = SplitLite(encode, motion, eight)
    assert network.provider == "CPUExecutionProvider in int8"


def test_a_renderer_is_asked_for_it_by_name(toy: Path):
    renderer = factory_of("lite-toy", toy, quantised=True)(astronaut(), 64, 64)
    assert drawn_by("lite-toy", renderer).startswith("lite-toy on CPUExecutionProvider")
    picture, _ = renderer.render(astronaut().rest, renderer.initial_state())
    assert picture.pixels.shape == (64, 64, 3)


def _without(folder: Path) -> None:
    (folder / FILE).unlink()


def _cut(folder: Path) -> None:
    (folder / FILE).write_bytes((folder / FILE).read_bytes()[:-10])


def _of_others(folder: Path) -> None:
    path = manifest_path(folder / FILE)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"checkpoint_sha256": "0"}))


def _not_quantised(folder: Path) -> None:
    shutil.copy(folder / "decode.onnx", folder / FILE)
    shutil.copy(manifest_path(folder / "decode.onnx"), manifest_path(folder / FILE))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_without, f"holds no {FILE}: write it with 'pechead-export quantise"),
        (_cut, "not the file that its manifest describes"),
        (_of_others, "other weights"),
        (_not_quantised, "holds 'decode' in fp32"),
    ],
)
def test_a_file_that_is_missing_or_does_not_fit_is_one_sentence(
    spoil: object, reason: str, own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    spoil(own)  # type: ignore[operator]
    words = ["--model", "lite-toy", "--checkpoint", str(own), "--int8"]
    assert _edited(words, tmp_path) == 2
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--model", "analytic"], "analytic does not run in 8 bits: leave out --int8"),
        (["--model", "base", "--checkpoint", "FOLDER"], "base does not run in 8 bits"),
        (["--model", "lite-s", "--engine", "torch"], "a checkpoint does not run in 8 bits"),
        (
            ["--model", "lite-toy", "--checkpoint", "FOLDER", "--engine", "openvino:cpu"],
            "onnxruntime:cpu only",
        ),
    ],
)
def test_what_cannot_run_in_8_bits_says_so(
    words: list[str],
    reason: str,
    toy: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    words = [str(toy) if word == "FOLDER" else word for word in words]
    assert _edited([*words, "--int8"], tmp_path) == 2
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1


def _edited(words: list[str], folder: Path) -> int:
    out = str(folder / "picture.png")
    return main(["edit", "--source", str(sample("astronaut.avatar")), "-o", out, *words])
