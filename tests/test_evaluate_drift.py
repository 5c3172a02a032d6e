"""The protocol of drift: a looped clip, what is kept of it, and methods that drift or do not."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from evaluation_samples import FRAMES, MIRROR, moving_clip
from PIL import Image
from still_samples import astronaut_photo, saved

from pechead_live.avatar.avatar import Avatar
from pechead_live.cli import main
from pechead_live.coefficients import Coefficients
from pechead_live.errors import InputError
from pechead_live.evaluation import drift
from pechead_live.evaluation.clip import Driving, open_clip
from pechead_live.evaluation.config import EvaluationConfig
from pechead_live.evaluation.drift import CELL, measure_drift
from pechead_live.evaluation.looping import (
    FEWEST_LOOPS,
    MOST_LOOPS,
    PHASES,
    draw_loops,
    looping_of,
)
from pechead_live.evaluation.method import ANALYTIC, Method
from pechead_live.evaluation.result import Figures
from pechead_live.evaluation.sheet import MARGIN
from pechead_live.frame import Picture, Pixels
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.samples import sample

SHORT = EvaluationConfig(minutes=0.2)
"""12 s, 10 loops of 1.1 s."""

SLOW = 30
"""Pictures in which a fading renderer loses one level."""


class Age(NamedTuple):
    """How many pictures were drawn."""

    pictures: int


class Fading:
    """Draws as `AnalyticRenderer` does, one level darker every `SLOW` pictures."""

    def __init__(self, avatar: Avatar, width: int, height: int) -> None:
        self._inner = AnalyticRenderer(avatar, width, height)
        self._drawn: dict[bytes, Pixels] = {}

    def initial_state(self) -> Age:
        return Age(0)

    def render(self, coefficients: Coefficients, state: Age) -> tuple[Picture, Age]:
        c = coefficients
        asked = np.hstack([c.expression, c.rotation.ravel(), c.translation, c.scale]).tobytes()
        if asked not in self._drawn:  # the loop asks for the same again
            picture, _ = self._inner.render(c, self._inner.initial_state())
            self._drawn[asked] = picture.pixels
        darker = np.clip(self._drawn[asked].astype(int) - state.pictures // SLOW, 0, 255)
        pixels = darker.astype(np.uint8)
        return Picture(pixels=pixels, captured_at=c.captured_at), Age(state.pictures + 1)


class Counting:
    """Draws how many pictures came before, and notes the motion that it was asked for."""

    def __init__(self) -> None:
        self.asked: list[Coefficients] = []

    def initial_state(self) -> Age:
        return Age(0)

    def render(self, coefficients: Coefficients, state: Age) -> tuple[Picture, Age]:
        self.asked.append(coefficients)
        pixels = np.full((1, 1, 3), state.pictures % 256, np.uint8)
        return Picture(pixels=pixels, captured_at=coefficients.captured_at), Age(state.pictures + 1)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, face_landmarker: Path) -> Path:
    return moving_clip(tmp_path_factory.mktemp("clips"))


@pytest.fixture(scope="module")
def driving(clip: Path) -> Driving:
    return open_clip(clip)


def known(figures: Figures, name: str) -> float:
    value = figures[name]
    assert value is not None, name
    return value


def steps(order: Sequence[int]) -> set[int]:
    """How far it is from each frame to the next, around the loop."""
    return {abs(b - a) for a, b in zip(order, [*order[1:], order[0]], strict=True)}


def test_a_loop_goes_forwards_and_backwards_without_a_jump_or_a_stop(driving: Driving) -> None:
    looping = looping_of(driving, SHORT.minutes)
    assert steps(looping.order) == {1}
    assert set(looping.order) == set(range(FRAMES)) and len(looping.order) == 2 * FRAMES - 2
    assert looping.pictures == pytest.approx(60 * SHORT.minutes * looping.rate, abs=1)


def test_what_is_kept_lies_in_the_first_and_last_minute_and_never_in_the_first_loop(
    driving: Driving,
) -> None:
    looping = looping_of(driving, 5)
    period, minute = len(looping.order), 60 * looping.rate
    assert len(looping.phases) == PHASES and len(looping.first) == len(looping.last) == MOST_LOOPS
    assert min(looping.first) >= 1 and (max(looping.first) + 1) * period <= minute
    assert min(looping.last) * period >= looping.pictures - minute
    assert (max(looping.last) + 1) * period <= looping.pictures


def test_the_motion_is_drawn_on_with_one_memory_and_times_that_go_on(driving: Driving) -> None:
    looping, renderer = looping_of(driving, SHORT.minutes), Counting()
    kept = draw_loops(renderer, driving.coefficients, driving.frames, looping)
    assert len(renderer.asked) == looping.pictures
    assert (np.diff([c.captured_at for c in renderer.asked]) > 0).all()
    period = len(looping.order)
    for loops, numbers in ((kept.first, looping.first), (kept.last, looping.last)):
        drawn = [[int(pixels[0, 0, 0]) for pixels in loop] for loop in loops]
        assert drawn == [[(n * period + p) % 256 for p in looping.phases] for n in numbers]
    again = [c.expression.tobytes() for c in renderer.asked]
    assert again[:period] == again[period : 2 * period]


def test_a_film_in_which_the_loop_does_not_repeat_is_refused(driving: Driving) -> None:
    shortest = 2 * FEWEST_LOOPS * (2 * FRAMES - 2) / 60
    rate = looping_of(driving, SHORT.minutes).rate
    assert looping_of(driving, 1.01 * shortest / rate).first == [1, 2]
    with pytest.raises(InputError, match=r"talk\.mp4 .* fewer --frames"):
        looping_of(driving, 0.99 * shortest / rate)


def test_a_method_that_fades_drifts_and_those_without_a_memory_do_not(
    clip: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "sheet.png"
    fading = Method("fading", Fading)
    methods = (ANALYTIC, MIRROR, fading)
    result = measure_drift(sample("astronaut.jpg"), clip, methods, SHORT, sheet)
    still, mirrored, faded = (row.figures for row in result.rows)
    assert set(still) == set(drift.TABLE)
    for figures in (still, mirrored):
        assert known(figures, "drift_levels") == known(figures, "drift_noise_levels") == 0
        assert known(figures, "drift_mp_px") == known(figures, "colour_change_levels") == 0
        assert known(figures, "sharpness_ratio") == 1
    pictures: int = result.facts["drawn_pictures"]
    lost = pictures / 2 / SLOW  # from the middle of the first half to that of the second
    assert 0.6 * lost < known(faded, "drift_levels") < 1.2 * lost
    assert known(faded, "colour_change_levels") == pytest.approx(known(faded, "drift_levels"))
    noise = known(faded, "drift_noise_levels")
    assert 0 < noise < 0.7 * known(faded, "drift_levels")
    assert known(faded, "drift_excess_levels") == known(faded, "drift_levels") - noise
    with Image.open(sheet) as picture:
        assert picture.size == (PHASES * CELL, 3 * len(methods) * (CELL + MARGIN))


def test_the_command_takes_the_first_portraits_and_writes_both_tables(
    clip: Path, tmp_path: Path
) -> None:
    (tmp_path / "faces").mkdir()
    for name in ("a.png", "b.png"):
        saved(astronaut_photo(), tmp_path / "faces" / name)
    out = tmp_path / "out"
    words = ["evaluate", "drift", "--data", str(clip.parent), "--portraits"]
    words += [str(tmp_path / "faces"), "-o", str(out), "--workers", "1", "--method", "copy-source"]
    assert main([*words, "--portraits-count", "1", "--minutes", "0.2"]) == 0
    assert [path.name for path in (out / "sheets").iterdir()] == ["a.jpg"]
    content = json.loads((out / "table.json").read_text(encoding="utf-8"))
    assert content["means"]["copy-source"]["drift_levels"] == 0
    assert content["settings"]["minutes"] == 0.2
    assert [row["name"] for row in content["rows"]] == ["talk → a"]
    assert "| copy-source |" in (out / "table.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--minutes", "0"], "minutes is 0"),
        (["--minutes", "0.01"], "take more --minutes"),
        (["--portraits-count", "-1"], "portraits count of -1"),
    ],
)
def test_what_cannot_be_looped_is_one_sentence_and_code_2(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], reason: str
) -> None:
    saved(astronaut_photo(), tmp_path / "face.png")
    words = ["evaluate", "drift", "--data", str(clip.parent), "--portraits", str(tmp_path)]
    words += ["-o", str(tmp_path / "out"), "--workers", "1", "--method", "copy-source"]
    assert main([*words, *more]) == 2
    lines = [x for x in capsys.readouterr().err.splitlines() if "drift [" not in x]
    assert len(lines) == 1 and reason in lines[0], lines
