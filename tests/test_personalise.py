"""Personalisation: what is learned, on what, and that it can be stopped."""

import threading
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from personal_samples import QUICK, levels, measured, moved, personal_for, sitting_of, task, toy
from still_samples import astronaut

from pechead_live.errors import InputError
from pechead_live.model.lite.dimensions import LITE_PRESETS
from pechead_live.model.lite.network import Lite
from pechead_live.training.personal.likeness import in_portrait_colours, likeness_of
from pechead_live.training.personal.personalise import Personalisation
from pechead_live.training.personal.sitting import Sitting, anchor_at, placed
from pechead_live.training.personal.windows import Windows, windows_of

DIMENSIONS = LITE_PRESETS["toy"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lite, Path, Sitting]:
    """A toy network, its checkpoint, and a person who looks otherwise than it thinks."""
    network, checkpoint = toy(tmp_path_factory.mktemp("toy"))
    return network, checkpoint, sitting_of(network, personal_for(DIMENSIONS))


def learn(task: Personalisation, steps: int | None = None) -> None:
    stop = threading.Event()
    for report in task.reports(stop):
        if report.step == steps:
            stop.set()


def test_held_out_frames_come_nearer_and_what_did_it_is_what_is_kept(
    made: tuple[Lite, Path, Sitting], tmp_path: Path
) -> None:
    _, checkpoint, sitting = made
    learning = task(sitting, checkpoint, tmp_path / "run")
    learn(learning)
    before, after = learning.counts.before, learning.counts.after
    assert set(before) == {"L1", "L1 mouth", "L1 eyes", "ePD"}
    assert after["ePD"] < 0.92 * before["ePD"] and after["L1"] < 0.92 * before["L1"]
    assert learning.finished
    kept = learning.personal()
    assert kept is not None and (kept.model, kept.weights[:2]) == ("lite-toy", "ab")
    assert all(np.abs(part).max() > 0 for part in levels(kept))
    learning.forget()
    assert list(tmp_path.iterdir()) == []


def test_nothing_changes_where_the_portrait_shows_no_person(
    made: tuple[Lite, Path, Sitting], tmp_path: Path
) -> None:
    _, checkpoint, sitting = made
    learning = task(sitting, checkpoint, tmp_path / "run", replace(QUICK, steps=4))
    learn(learning)
    kept = learning.personal()
    assert kept is not None
    matte = astronaut().matte
    left = (matte.shape[1] - matte.shape[0]) // 2
    square = np.ascontiguousarray(matte[:, left : left + matte.shape[0]])
    person = cv2.resize(square, (32, 32), interpolation=cv2.INTER_AREA)
    beyond = cv2.dilate(person, np.ones((7, 7), np.uint8)) == 0
    change = kept.features_128.levels
    assert beyond.sum() > 50 and not change[:, beyond].any()
    assert change[:, person == 255].any()


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not(
    made: tuple[Lite, Path, Sitting], tmp_path: Path
) -> None:
    _, checkpoint, sitting = made
    whole, first = (task(sitting, checkpoint, tmp_path / name) for name in ("whole", "cut"))
    learn(whole)
    learn(first, steps=5)
    assert first.counts.step == 5 and not first.finished
    second = task(sitting, checkpoint, tmp_path / "cut")
    assert second.counts == first.counts
    learn(second)
    assert second.counts == whole.counts
    for one, other in zip(levels(second.personal()), levels(whole.personal()), strict=True):
        assert np.array_equal(one, other)


def test_a_state_of_something_else_is_refused(
    made: tuple[Lite, Path, Sitting], tmp_path: Path
) -> None:
    _, checkpoint, sitting = made
    learn(task(sitting, checkpoint, tmp_path, replace(QUICK, steps=1)))
    with pytest.raises(InputError, match="begun with another settings: remove it"):
        task(sitting, checkpoint, tmp_path)
    (tmp_path / "state.safetensors").write_bytes(b"nonsense")
    with pytest.raises(InputError, match="not a safetensors file"):
        task(sitting, checkpoint, tmp_path)


def test_where_nothing_comes_nearer_nothing_is_kept(
    made: tuple[Lite, Path, Sitting], tmp_path: Path
) -> None:
    network, checkpoint, _ = made
    own = sitting_of(network, None)  # the network knows this person already
    config = replace(QUICK, learning_rate=100.0, look_every=1, patience=2)
    learning = task(own, checkpoint, tmp_path, config)
    learn(learning)
    assert learning.counts.step == 2 and learning.finished
    assert learning.personal() is None


def windows(sitting: Sitting) -> Windows:
    return windows_of(sitting, astronaut(), 64, 30, 4)[0]


def landmarks() -> torch.Tensor:
    from pechead_live.facemodel.topology import NETWORK_LANDMARKS

    return torch.from_numpy(astronaut().points[list(NETWORK_LANDMARKS)].astype(np.float32))


def test_another_light_is_taken_back_and_another_place_leaves_the_face_only(
    made: tuple[Lite, Path, Sitting],
) -> None:
    plain = windows(made[2])
    plain = plain._replace(truth=plain.guide)
    everywhere = torch.ones(1, 1, 64, 64)
    same = likeness_of(plain, landmarks(), everywhere)
    assert not same.face_only and same.beside < 0.01
    darker = plain._replace(truth=(plain.truth.float() * 0.7 + 20).round().to(torch.uint8))
    found = likeness_of(darker, landmarks(), everywhere)
    assert found.gain.tolist() == pytest.approx([1 / 0.7] * 3, rel=0.05)
    restored = in_portrait_colours(darker, found).truth.float() - plain.truth.float()
    assert restored.abs().mean() < 3 and not found.face_only
    elsewhere = plain.truth.clone()
    elsewhere[..., :12] = 255 - elsewhere[..., :12]
    elsewhere[..., 52:] = 255 - elsewhere[..., 52:]
    assert likeness_of(plain._replace(truth=elsewhere), landmarks(), everywhere).face_only


def test_what_is_held_out_is_the_end_of_the_clip(made: tuple[Lite, Path, Sitting]) -> None:
    learned, looked_at = windows_of(made[2], astronaut(), 64, 1000, 1000)
    assert len(learned.truth) == 47 and len(looked_at.truth) == 11  # pairs of 48, of 12 frames
    gaps = made[2]._replace(places=list(range(0, 120, 2)))
    with pytest.raises(InputError, match="never in two neighbouring frames"):
        windows_of(gaps, astronaut(), 64, 8, 4)


def test_the_anchor_brings_the_portrait_to_where_the_clip_shows_it() -> None:
    c = moved(0)
    nearer = replace(c, scale=1.3 * c.scale, translation=c.translation + np.float32(0.2))
    zoom, shift = placed(astronaut().points, measured(nearer).points[:, :2])
    again = zoom * astronaut().points + shift
    assert np.abs(again - measured(nearer).points[:, :2]).max() < 0.05
    anchor = anchor_at(nearer, measured(nearer), astronaut())
    rest = astronaut().rest
    drawn_scale = rest.scale * nearer.scale / anchor.scale
    drawn_place = rest.translation + (nearer.translation - anchor.translation) * (
        rest.scale / anchor.scale
    )
    assert drawn_scale == pytest.approx(nearer.scale, rel=0.02)
    assert drawn_place == pytest.approx(nearer.translation, abs=0.02)
