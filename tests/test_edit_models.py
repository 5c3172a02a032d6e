"""`pechead-live edit --model`: the networks draw poses and expressions, too."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from still_samples import astronaut, difference

from pechead_live.cli import main
from pechead_live.cli.models import MODELS, factory_of
from pechead_live.errors import InputError
from pechead_live.frame import Pixels
from pechead_live.model.checkpoint import save_checkpoint
from pechead_live.model.dimensions import PRESETS
from pechead_live.model.lite.dimensions import LITE_PRESETS
from pechead_live.model.lite.network import Lite
from pechead_live.model.pechead import PECHead
from pechead_live.samples import sample

AVATAR = str(sample("astronaut.avatar"))


@pytest.fixture(scope="module")
def lite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("lite") / "lite.safetensors"
    dimensions = LITE_PRESETS["lite-s"]
    save_checkpoint(path, Lite(dimensions).state_dict(), "lite", dimensions, preset="lite-s")
    return path


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("toy") / "toy.safetensors"
    network = PECHead(PRESETS["toy"])
    with torch.no_grad():
        for weight in network.parameters():  # an untrained one draws grey
            weight.add_(0.2 * torch.randn_like(weight))
    save_checkpoint(path, network.state_dict(), "pechead", PRESETS["toy"], preset="toy")
    return path


def edited(folder: Path, *words: str) -> Pixels:
    out = folder / "out.png"
    words = ("--source", AVATAR, "-o", str(out), "--size", "128", "--no-label", *words)
    assert main(["edit", *words]) == 0
    return np.asarray(Image.open(out).convert("RGB"))


def test_an_untrained_lite_draws_what_analytic_draws(lite: Path, tmp_path: Path) -> None:
    words = ("--yaw", "15", "--set", "jawOpen=0.4")
    drawn = edited(tmp_path, "--model", "lite-s", "--checkpoint", str(lite), *words)
    assert difference(drawn, edited(tmp_path, *words)) < 8
    assert difference(drawn, edited(tmp_path)) > difference(drawn, edited(tmp_path, *words))


@pytest.mark.parametrize("model", ["lite-s", "toy"])
def test_the_grid_of_a_network_has_a_column_a_turn_and_a_row_an_expression(
    model: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    checkpoint: Path = request.getfixturevalue("toy" if model == "toy" else "lite")
    sheet = edited(tmp_path, "--model", model, "--checkpoint", str(checkpoint), "--grid")
    assert sheet.shape == (6 * 64, 5 * 64, 3)
    assert difference(sheet[:64, :64], sheet[:64, -64:]) > 0.1  # left and right turn


def test_a_pechead_remembers_from_picture_to_picture(toy: Path) -> None:
    renderer = factory_of("toy", toy)(astronaut(), 128, 128)
    rest = astronaut().rest
    first, state = renderer.render(rest, renderer.initial_state())
    again, _ = renderer.render(rest, renderer.initial_state())
    second, _ = renderer.render(rest, state)
    assert first.pixels.shape == (128, 128, 3)
    assert difference(first.pixels, again.pixels) == 0
    assert difference(first.pixels, second.pixels) > 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--model", "lite-m"], "lite-m needs its weights"),
        (["--model", "base", "--checkpoint", "none.safetensors"], "no checkpoint none"),
        (["--model", "analytic", "--checkpoint", "none.safetensors"], "analytic has no weights"),
        (["--model", "lite-m", "--checkpoint", "LITE"], "'lite-s', not 'lite-m'"),
        (["--model", "base", "--checkpoint", "LITE"], "kind 'lite', not 'pechead'"),
    ],
)
def test_weights_that_do_not_fit_are_one_sentence(
    lite: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], reason: str
) -> None:
    words = [str(lite) if word == "LITE" else word for word in words]
    capsys.readouterr()
    assert main(["edit", "--source", AVATAR, "-o", str(tmp_path / "o.png"), *words]) == 2
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_draws_the_background_takes_no_other(toy: Path) -> None:
    office = np.full((64, 64, 3), 90, np.uint8)
    with pytest.raises(InputError, match="toy draws the background"):
        factory_of("toy", toy, office)


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=", ".join(MODELS)):
        factory_of("magic", None)
