"""The FOMM-style baseline in the evaluation: driven by pictures, compared, never edited."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluation_samples import moving_clip
from still_samples import astronaut, astronaut_photo, difference, saved

from engines.torch.baseline import TorchBaseline
from pechead_live.cli import main
from pechead_live.evaluation.baseline import BaselineRenderer
from pechead_live.evaluation.method import PictureDriven
from pechead_live.frame import Frame, Pixels
from pechead_live.model.baseline.dimensions import PRESETS
from pechead_live.model.baseline.network import Baseline
from pechead_live.model.checkpoint import save_checkpoint
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.samples import sample

QUICK = ["--frames", "6", "--without-identity", "--without-perceptual", "--workers", "1"]


def network() -> Baseline:
    """Untrained, but with keypoints that follow the picture and a decoder that shows features."""
    torch.manual_seed(0)
    made = Baseline(PRESETS["baseline-toy"])
    last = made.decoder[-2]
    assert isinstance(last, torch.nn.Conv2d)
    torch.nn.init.normal_(made.detector.heatmap.weight)
    torch.nn.init.normal_(last.weight)
    return made


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("baseline") / "fomm.safetensors"
    save_checkpoint(path, network().state_dict(), "baseline", PRESETS["baseline-toy"])
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, face_landmarker: Path) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "clips").mkdir()
    (folder / "portraits").mkdir()
    moving_clip(folder / "clips", "one.mp4")
    saved(astronaut_photo(), folder / "portraits" / "face.png")
    return folder


def evaluated(protocol: str, data: Path, out: Path, *methods: str) -> int:
    words = [word for method in methods for word in ("--method", method)]
    return main(["evaluate", protocol, "--data", str(data), "-o", str(out), *QUICK, *words])


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    """What stderr says after the bar; one line."""
    lines = [line for line in capsys.readouterr().err.splitlines() if "[" not in line]
    assert len(lines) == 1, lines
    return lines[0]


def frame(pixels: Pixels) -> Frame:
    return Frame(pixels=pixels, captured_at=3.0)


def test_a_driver_s_first_frame_moves_nothing_and_later_ones_do() -> None:
    renderer = BaselineRenderer(astronaut(), 256, TorchBaseline(network()))
    assert isinstance(renderer, PictureDriven)
    coarse = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    noise = coarse.repeat(32, axis=1).repeat(32, axis=2)
    portrait = AnalyticRenderer(astronaut(), 256, 256).portrait()
    by_itself, _ = renderer.render_frame(frame(portrait), renderer.initial_state())
    first, state = renderer.render_frame(frame(noise[0]), renderer.initial_state())
    later, after = renderer.render_frame(frame(noise[1]), state)
    again, _ = renderer.render_frame(frame(noise[0]), after)
    assert first.pixels.shape == (256, 256, 3) and first.captured_at == 3.0
    assert difference(first.pixels, by_itself.pixels) < 0.1
    assert difference(later.pixels, first.pixels) > 1
    assert np.array_equal(again.pixels, first.pixels)  # nothing but the anchor is remembered


def test_it_takes_part_in_the_protocols_that_show_pictures(
    data: Path, tmp_path: Path, checkpoint: Path
) -> None:
    methods = (f"baseline={checkpoint}", "analytic")
    assert evaluated("reconstruction", data, tmp_path, *methods) == 0
    content = json.loads((tmp_path / "table.json").read_text(encoding="utf-8"))
    assert content["means"]["baseline"]["l1"] > content["means"]["analytic"]["l1"]  # untrained
    assert len(content["settings"]["methods"]["baseline"]) == 64


def test_in_the_editing_protocol_it_is_left_out_and_alone_refused(
    data: Path, tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluated("editing", data, tmp_path / "a", f"baseline={checkpoint}", "analytic") == 0
    assert "baseline follows pictures only" in (tmp_path / "a" / "table.md").read_text("utf-8")
    capsys.readouterr()
    assert evaluated("editing", data, tmp_path / "b", f"mine:baseline={checkpoint}") == 2
    assert "mine can only be driven by pictures" in last_line(capsys)
    assert not list((tmp_path / "b").rglob("table.*"))


@pytest.mark.parametrize("command", ["edit", "animate", "run"])
def test_a_command_that_is_driven_otherwise_refuses_it_before_it_begins(
    command: str, tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    talking = str(sample("talking.npz"))
    own = {
        "edit": ["-o", str(tmp_path / "out.png")],
        "animate": ["--driving", talking, "-o", str(tmp_path / "out.mp4")],
        "run": ["--camera", f"replay:{talking}", "--sink", f"file:{tmp_path / 'out.mp4'}"],
    }
    words = ["--source", str(sample("astronaut.avatar")), "--checkpoint", str(checkpoint)]
    capsys.readouterr()
    assert main([command, *own[command], *words, "--model", "baseline"]) == 2
    assert "baseline is driven by pictures" in last_line(capsys)
    assert list(tmp_path.iterdir()) == []


def test_weights_of_another_kind_are_one_sentence(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.safetensors"
    save_checkpoint(other, network().state_dict(), "lite", PRESETS["baseline-toy"])
    capsys.readouterr()
    assert evaluated("reconstruction", data, tmp_path / "out", f"baseline={other}") == 2
    assert "kind 'lite', not 'baseline'" in last_line(capsys)
    assert evaluated("reconstruction", data, tmp_path / "out", "baseline=none.safetensors") == 2
    assert "there is no checkpoint none.safetensors" in last_line(capsys)
