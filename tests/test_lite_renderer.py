"""The lite renderer on the bundled portrait: equal to torch, seamless, and safe when it fails."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from lite_samples import shaken, untrained
from still_samples import astronaut, difference

from engines.torch.lite import TorchLite, open_torch_lite
from pechead_live.coefficients import Coefficients, FloatArray, rotation_from_euler
from pechead_live.errors import InputError
from pechead_live.facemodel.condition import condition_of
from pechead_live.frame import Pixels
from pechead_live.model.checkpoint import save_checkpoint
from pechead_live.model.lite.network import Lite
from pechead_live.model.lite.network import LiteState as Memory
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.renderer.guide import Guide
from pechead_live.renderer.kept import eyes_of, mouth_of
from pechead_live.renderer.lattice import finer, sampled
from pechead_live.renderer.lite import LiteRenderer, LiteState
from pechead_live.renderer.lite_network import LiteDrawing

SIZES = [(256, 256), (512, 512), (1280, 720)]


class Painted(TorchLite):
    """A network whose painting is replaced: ``alpha`` inside, ``colour`` painted."""

    def __init__(self, network: Lite, alpha: float, colour: float, shift: float = 0.0) -> None:
        super().__init__(network)
        self.alpha, self.colour, self.shift = alpha, colour, shift

    def step(self, *given: Any) -> tuple[LiteDrawing, Any]:
        drawing, state = super().step(*given)
        border = self._network.decoder.border.numpy()
        alpha = 1 - border * np.float32(1 - self.alpha)
        painted = np.full_like(drawing.painted, round(255 * self.colour))
        residual = drawing.residual + np.float32(self.shift)
        return LiteDrawing(residual, painted, alpha.astype(np.float32)), state


def moved(yaw: float = 12.0, jaw: float = 0.4) -> Coefficients:
    """The portrait's rest, turned and with the jaw open."""
    rest = astronaut().rest
    turn = rotation_from_euler(yaw, 4, 3)
    return replace(rest, rotation=turn @ rest.rotation).with_expressions({"jawOpen": jaw})


def draw(renderer: LiteRenderer, coefficients: Coefficients) -> Pixels:
    return renderer.render(coefficients, renderer.initial_state())[0].pixels


def analytic(width: int, height: int, coefficients: Coefficients) -> Pixels:
    renderer = AnalyticRenderer(astronaut(), width, height)
    return renderer.render(coefficients, renderer.initial_state())[0].pixels


def beside_kept(width: int, height: int, coefficients: Coefficients) -> np.ndarray:
    """(height, height): all but eyes, mouth and what is near on the renderer's coarse lattice."""
    landmarks = guide_of(width, height, coefficients).landmarks
    mask = np.maximum(eyes_of(landmarks, height), mouth_of(landmarks, height))
    return cv2.dilate(mask, np.ones((height // 7, height // 7), np.uint8)) == 0


def guide_of(width: int, height: int, coefficients: Coefficients) -> Guide:
    return AnalyticRenderer(astronaut(), width, height).guide(coefficients)


def farthest(one: Pixels, other: Pixels) -> int:
    return int(np.abs(one.astype(int) - other.astype(int)).max())


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_an_untrained_network_leaves_the_analytic_picture(width: int, height: int) -> None:
    renderer = LiteRenderer(astronaut(), width, height, TorchLite(untrained()))
    drawn = draw(renderer, moved())
    assert drawn.shape == (height, width, 3)
    assert farthest(drawn, analytic(width, height, moved())) <= 2


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_what_is_painted_has_no_seam_and_fills_the_middle(width: int, height: int) -> None:
    network = Painted(untrained(), alpha=0.3, colour=1.0)
    drawn = draw(LiteRenderer(astronaut(), width, height, network), moved()).astype(int)
    plain = analytic(width, height, moved()).astype(int)
    change = drawn - plain
    left = (width - height) // 2
    assert not change[:, :left].any() and not change[:, left + height :].any()
    square = change[:, left : left + height]
    steps = max(np.abs(np.diff(square, axis=axis, prepend=0, append=0)).max() for axis in (0, 1))
    detail = max(np.abs(np.diff(plain, axis=axis)).max() for axis in (0, 1))
    assert np.abs(square[[0, -1]]).max() <= 8 and np.abs(square[:, [0, -1]]).max() <= 8
    assert steps <= detail
    middle = slice(height // 4, 3 * height // 4)
    wanted = 0.7 * (255 - plain[:, left : left + height])
    beside = beside_kept(width, height, moved())[middle, middle]
    assert np.abs(square - wanted)[middle, middle][beside].max() < 2


@pytest.mark.parametrize("kept", [eyes_of, mouth_of])
def test_eyes_and_teeth_are_the_guide_s(kept: Callable[[FloatArray, int], FloatArray]) -> None:
    network = Painted(untrained("lite-s"), alpha=0.3, colour=1.0, shift=0.02)
    blink = moved(jaw=0.8).with_expressions({"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0})
    drawn = draw(LiteRenderer(astronaut(), 256, 256, network), blink)
    mask = kept(guide_of(256, 256, blink).landmarks, 256)
    inside = cv2.erode(mask, np.ones((11, 11), np.uint8)) > 0.99
    assert 60 < inside.sum() < 3000
    assert np.array_equal(drawn[inside], analytic(256, 256, blink)[inside])


def test_where_the_network_lets_it_stand_a_large_picture_keeps_its_detail() -> None:
    network = Painted(untrained(), alpha=1.0, colour=0.0)
    drawn = draw(LiteRenderer(astronaut(), 720, 720, network), moved())
    assert np.array_equal(drawn, analytic(720, 720, moved()))


def test_the_residual_moves_the_full_size_picture() -> None:
    shift = 20 / 359.5  # pixels of 720 in picture coordinates
    network = Painted(untrained("lite-s"), alpha=1.0, colour=0.0, shift=shift)
    drawn = draw(LiteRenderer(astronaut(), 720, 720, network), moved())
    plain = analytic(720, 720, moved())
    moved_square, wanted = drawn[100:600, 100:600], plain[120:620, 120:620]
    beside = beside_kept(720, 720, moved())[100:600, 100:600]
    assert farthest(moved_square[beside], wanted[beside]) <= 1


def sequence() -> list[Coefficients]:
    return [moved(yaw, jaw) for yaw, jaw in ((0, 0.0), (6, 0.3), (12, 0.6), (3, 0.2))]


def test_the_pictures_are_torch_s_own() -> None:
    network = shaken("lite-s")
    renderer = LiteRenderer(astronaut(), 256, 256, TorchLite(network))
    guides = AnalyticRenderer(astronaut(), 256, 256)
    state = renderer.initial_state()
    with torch.no_grad():
        rest = torch.from_numpy(condition_of(astronaut().rest))[None]
        source = network.encode(tensor(guides.portrait()), rest)
        memory = network.initial_state(1)
        for coefficients in sequence():
            picture, state = renderer.render(coefficients, state)
            guide = guides.guide(coefficients)
            output, memory = network.step(
                source,
                torch.from_numpy(condition_of(coefficients))[None],
                tensor(guide.picture),
                torch.from_numpy(guide.flow)[None],
                torch.from_numpy(guide.share)[None],
                memory,
            )
            wanted = (output.picture[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
            assert difference(wanted, guide.picture) > 5
            beside = beside_kept(256, 256, coefficients)
            assert farthest(picture.pixels[beside], wanted[beside]) <= 2


def tensor(pixels: Pixels) -> torch.Tensor:
    return torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1)[None]


def test_its_memory_goes_in_and_comes_out() -> None:
    renderer = LiteRenderer(astronaut(), 256, 256, TorchLite(shaken()))
    first, second = sequence()[1:3]
    start = renderer.initial_state()
    assert not start.memory.hidden.any()
    _, state = renderer.render(first, start)
    assert state.memory.hidden.any() and not start.memory.hidden.any()
    carried = renderer.render(second, state)[0].pixels
    assert np.array_equal(carried, renderer.render(second, state)[0].pixels)
    assert not np.array_equal(carried, draw(renderer, second))


def test_a_background_is_the_analytic_renderer_s() -> None:
    green = np.full((90, 160, 3), (0, 255, 0), np.uint8)
    renderer = LiteRenderer(astronaut(), 320, 256, TorchLite(untrained()), background=green)
    assert (draw(renderer, moved())[:4, :4] == (0, 255, 0)).all()


def test_coefficients_that_are_not_finite_are_refused() -> None:
    renderer = LiteRenderer(astronaut(), 256, 256, TorchLite(untrained()))
    with pytest.raises(InputError, match="finite"):
        draw(renderer, replace(moved(), translation=np.array([np.nan, 0], np.float32)))


@pytest.mark.parametrize(
    ("alpha", "shift", "said"),
    [
        (float("nan"), 0.0, "alpha"),
        (0.0, 0.0, "alpha"),
        (1.0, 0.3, "residual"),
        (1.0, float("nan"), "residual"),
    ],
)
def test_a_lost_network_shows_the_analytic_picture_and_says_so_once(
    alpha: float, shift: float, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    network = Painted(shaken(), alpha=alpha, colour=0.0, shift=shift)
    renderer = LiteRenderer(astronaut(), 256, 256, network)
    state = LiteState(Memory(torch.ones_like(renderer.initial_state().memory.hidden)))
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            picture, state = renderer.render(moved(), state)
            assert np.array_equal(picture.pixels, analytic(256, 256, moved()))
            assert not state.memory.hidden.any()
    assert len(caplog.records) == 1
    assert said in caplog.text


def test_a_memory_that_is_not_finite_is_dropped() -> None:
    renderer = LiteRenderer(astronaut(), 256, 256, TorchLite(shaken()))
    lost = Memory(torch.full_like(renderer.initial_state().memory.hidden, torch.nan))
    picture, state = renderer.render(moved(), LiteState(lost))
    assert np.array_equal(picture.pixels, analytic(256, 256, moved()))
    assert not state.memory.hidden.any()


def test_a_checkpoint_opens_as_the_network_that_was_saved(tmp_path: Path) -> None:
    network, path = shaken(), tmp_path / "lite.safetensors"
    save_checkpoint(path, network.state_dict(), "lite", network.dimensions, preset="toy")
    opened = LiteRenderer(astronaut(), 256, 256, open_torch_lite(path, "lite-toy"))
    kept = LiteRenderer(astronaut(), 256, 256, TorchLite(network))
    assert np.array_equal(draw(opened, moved()), draw(kept, moved()))
    with pytest.raises(InputError, match="'toy', not 'lite-s'"):
        open_torch_lite(path, "lite-s")
    with pytest.raises(InputError, match="no lite network 'huge'"):
        open_torch_lite(path, "huge")


def test_the_lattice_lies_where_torch_has_it() -> None:
    random = np.random.default_rng(5)
    field = random.random((16, 16, 2), np.float32)
    x, y = finer(field, 100)
    wanted = torch.nn.functional.interpolate(
        torch.from_numpy(field).permute(2, 0, 1)[None],
        size=(100, 100),
        mode="bilinear",
        align_corners=True,
    )[0].numpy()
    assert max(np.abs(x - wanted[0]).max(), np.abs(y - wanted[1]).max()) < 1e-5


def test_features_are_sampled_as_torch_samples_them() -> None:
    random = np.random.default_rng(6)
    features: FloatArray = cv2.GaussianBlur(random.random((32, 32, 12), np.float32), (0, 0), 2)
    flow = (random.random((20, 20, 2), np.float32) * 2.4 - 1.2).astype(np.float32)  # also outside
    wanted = torch.nn.functional.grid_sample(
        torch.from_numpy(features).permute(2, 0, 1)[None],
        torch.from_numpy(flow)[None],
        padding_mode="border",
        align_corners=True,
    )[0].permute(1, 2, 0)
    found = sampled(
        features, np.ascontiguousarray(flow[..., 0]), np.ascontiguousarray(flow[..., 1])
    )
    assert found.shape == (20, 20, 12)
    assert np.abs(found - wanted.numpy()).max() < 1e-5
