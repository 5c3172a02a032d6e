"""`pechead-export parity`: what exported networks draw against torch, over frames with a memory."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from shared_exports import export_once
from still_samples import astronaut

from export.cli import main
from export.graphs.config import ExportConfig
from export.parity.driving import driving_of
from export.parity.parity import GPU_WAYS, LIMITS, WAYS, Row, Way, parity
from export.parity.reference import lite_pictures
from export.parts.networks import KINDS, untrained
from pechead_live.errors import InputError
from pechead_live.model.lite.network import Lite
from pechead_live.recording import read_recording
from pechead_live.samples import sample

pytestmark = pytest.mark.filterwarnings("default")


def talking():
    return read_recording(sample("talking.npz"))


def row(**changes: float) -> Row:
    figures = {"worst": 0.0, "mean": 0.0, "last": 0.0} | changes
    way = Way(("step",), "fp32", "none", "onnxruntime:cpu")
    return Row(way, "CPUExecutionProvider", 5, **figures)


def test_a_driving_shows_the_portrait_and_moves_it() -> None:
    driving = driving_of(astronaut(), talking(), 64, 12)
    assert len(driving.frames) == 12
    assert driving.portrait.shape == (64, 64, 3) and driving.portrait.max() <= 1
    assert driving.landmarks.shape == (70, 2) and driving.condition.shape == (61,)
    first, last = driving.frames[0], driving.frames[-1]
    assert first.flow.shape == (64, 64, 2) and first.share.shape == (64, 64)
    assert np.abs(first.picture - last.picture).max() > 0.05
    assert np.abs(first.landmarks - last.landmarks).max() > 0.005


def test_a_recording_that_is_too_short_is_refused() -> None:
    with pytest.raises(InputError, match="face in 352 frames, 500 are asked for"):
        driving_of(astronaut(), talking(), 64, 500)


class Compared(NamedTuple):
    """A network in all its ways."""

    folder: Path
    rows: list[Row]
    told: list[str]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    """Eight frames of ``lite-toy``, of which it exports the half precision itself."""
    folder, told = tmp_path_factory.mktemp("parity"), list[str]()
    parts, full = ("encode", "motion", "decode", "step"), ExportConfig(pixels="float32")
    export_once(tmp_path_factory, "lite-toy", folder / "fp32-none", full, *parts)
    driving = driving_of(astronaut(), talking(), 64, 8)
    return Compared(folder, list(parity(untrained("lite-toy"), driving, folder, told.append)), told)


def test_all_ways_of_a_network_hold_their_limits_over_frames_with_a_memory(
    compared: Compared,
) -> None:
    network = untrained("lite-toy")
    assert isinstance(network.module, Lite)
    pictures = list(lite_pictures(network.module, driving_of(astronaut(), talking(), 64, 8)))
    assert np.abs(pictures[0] - pictures[-1]).max() > 0.05  # there is something to differ in
    rows, told = compared.rows, compared.told
    assert [r.way.device for r in rows if r.way.precision == "fp32"][:3] == [
        "onnxruntime:cpu",
        "onnxruntime:cpu",
        "openvino:cpu",
    ]
    assert all(r.holds for r in rows)
    assert all(r.frames == 8 for r in rows)
    exact = [r for r in rows if r.way.precision == "fp32" and not r.way.device.endswith("bf16")]
    assert max(r.worst for r in exact) < 1e-4 < 0.05
    assert any("exporting step" in line for line in told)


def test_a_network_with_other_weights_does_not_hold(compared: Compared) -> None:
    driving = driving_of(astronaut(), talking(), 64, 2)
    mixed = untrained("lite-toy", 0)._replace(module=untrained("lite-toy", 1).module)
    told: list[str] = []
    rows = list(parity(mixed, driving, compared.folder, told.append))
    assert not any("exporting" in line for line in told)  # the other one's files are there
    assert not any(r.holds for r in rows if r.way.precision == "fp32" and "bf" not in r.way.device)


def test_the_limits_are_those_of_the_precision_that_computes() -> None:
    assert row(worst=1e-3).holds and not row(worst=1.1e-3).holds
    half = row(worst=0.5, mean=2 / 255)
    half = half._replace(way=half.way._replace(precision="fp16"))
    assert half.holds and not half._replace(mean=2.1 / 255).holds
    bf16 = row(worst=0.5)
    assert bf16._replace(way=bf16.way._replace(device="openvino:cpu-bf16")).holds
    assert set(LIMITS) == {"fp32", "fp16"}


def test_every_kind_has_ways_with_and_without_a_gpu() -> None:
    assert set(WAYS) == set(GPU_WAYS) == set(KINDS)
    for kind in KINDS:
        assert {way.precision for way in WAYS[kind]} == {"fp32", "fp16"}
        assert {way.device for way in GPU_WAYS[kind]} == {"onnxruntime:cuda", "tensorrt"}


def test_the_command_writes_a_table_and_its_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "parity.md"
    assert main(["parity", "reconstructor-toy", "--frames", "3", "-o", str(table)]) == 0
    assert "all within their limits" in capsys.readouterr().out
    lines = table.read_text().splitlines()
    told = json.loads(table.with_suffix(".json").read_text())
    assert len(lines) == 2 + len(told["rows"]) == 2 + len(WAYS["reconstructor"])
    assert told["rows"][0]["frames"] == 3 and told["rows"][0]["holds"] is True
    assert told["settings"]["driving"] == "talking.npz"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nothing.safetensors"], "nothing.safetensors"),
        (["toy", "--frames", "0"], "--frames is 0"),
        (["toy", "-o", "no/such/folder.md"], "does not exist"),
        (["toy", "--driving", "none.npz"], "none.npz"),
        (["toy", "--source", "none.avatar"], "none.avatar"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(
    words: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["parity", *words]) == 2
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1


@pytest.mark.gpu
def test_a_gpu_draws_what_torch_draws(tmp_path: Path) -> None:
    network = untrained("toy")
    driving = driving_of(astronaut(), talking(), 64, 20)
    rows = list(parity(network, driving, tmp_path, lambda _: None, gpu=True))
    assert any(r.way.device == "tensorrt" for r in rows)
    assert all(r.holds for r in rows)
