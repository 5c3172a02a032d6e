"""Photos as training data: the photo is the truth, drawings of it in other poses the portraits."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from chunk_samples import astronaut_chunk
from data_samples import empty_room

from pechead_live.avatar.photo import read_photo
from pechead_live.cli import main
from pechead_live.coefficients import euler_from_rotation
from pechead_live.samples import sample
from pechead_live.training.batches.examples import Examples
from pechead_live.training.batches.sampling import SamplingConfig, picks, portrait_pool
from pechead_live.training.data.chunk import Chunk
from pechead_live.training.data.shard import read_shards


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of shards, from the bundled portrait and a picture without a face."""
    folder = tmp_path_factory.mktemp("photos")
    shutil.copy(sample("astronaut.jpg"), folder / "ann.jpg")
    import cv2

    cv2.imwrite(str(folder / "room.png"), empty_room(1)[0])
    (folder / "text.jpg").write_text("no picture")
    out = tmp_path_factory.mktemp("shards") / "photos"
    command = ["data", "prepare", str(folder), "-o", str(out), "--layout", "photos"]
    assert main([*command, "--workers", "1"]) == 0
    return out


@pytest.fixture(scope="module")
def chunk(prepared: Path) -> Chunk:
    (chunk,) = read_shards(prepared)
    return chunk


def test_the_photo_is_the_only_truth_and_no_portrait(chunk: Chunk) -> None:
    assert chunk.truths == (0,)
    assert chunk.portraits == tuple(range(1, len(chunk.frames)))
    assert len(chunk.portraits) >= 5
    assert chunk.identity == "ann"


def test_the_drawings_are_turned_and_speak(chunk: Chunk) -> None:
    yaws = [euler_from_rotation(c.rotation)[0] for c in chunk.coefficients]
    assert max(yaws[1:]) - min(yaws[1:]) > 10
    spread = np.std([c.expression for c in chunk.coefficients[1:]], axis=0)
    assert spread.max() > 0.1


def test_the_truth_is_the_photo_itself(chunk: Chunk) -> None:
    photo = read_photo(sample("astronaut.jpg")).astype(float)
    truth = np.asarray(chunk.frames[0], float)
    # the crop's own colours: another cut of the same picture, so the mean skin must agree
    face = chunk.points[0, :, :2].mean(axis=0)
    x, y = ((face + 1) / 2 * 255).astype(int)
    patch = truth[y - 8 : y + 8, x - 8 : x + 8].mean(axis=(0, 1))
    nearest = np.abs(photo - patch).sum(axis=2).min()
    assert nearest < 30


def test_what_is_no_face_or_no_picture_is_reported_and_skipped(prepared: Path) -> None:
    report = (prepared / "report.json").read_text()
    assert "no face was found" in report
    assert "not a picture" in report


def test_only_the_photo_is_driven_to(chunk: Chunk) -> None:
    for still in (1.0, 0.0):
        config = SamplingConfig(batch=4, frames=3, pool=4, still=still)
        for pick in picks([chunk], config, 0):
            assert pick.driving == (0, 0, 0)
            assert pick.sources in ((), (pick.sources[:1] * 3))
            assert 0 not in pick.sources


def test_photos_and_footage_share_the_examples_as_told(chunk: Chunk) -> None:
    chunks = [astronaut_chunk("a-0", "a"), astronaut_chunk("b-0", "b"), chunk]
    for share in (0.0, 0.25, 1.0):
        config = SamplingConfig(batch=1, pool=2000, photos=share)
        found = np.mean([portrait.chunk == 2 for portrait in portrait_pool(chunks, config, 0)])
        assert abs(found - share) < 0.04


def test_footage_alone_is_drawn_as_if_there_were_no_photos() -> None:
    chunks = [astronaut_chunk("a-0", "a"), astronaut_chunk("b-0", "b")]
    config = SamplingConfig(batch=1, pool=50)
    assert portrait_pool(chunks, config, 0) == portrait_pool(chunks, replace(config, photos=0.9), 0)


def test_the_guide_comes_nearer_to_the_photo_than_its_drawing_is(chunk: Chunk) -> None:
    batch = Examples([chunk], SamplingConfig(batch=6, jitter=0.0, pool=6)).batch(0)
    guide = (batch.guide_picture - batch.driving).abs().mean()
    source = (batch.source - batch.driving).abs().mean()
    assert guide < 0.7 * source
