"""A lite network's decode in 8 bits: the same ports and nearly the same pictures."""

import json
import shutil
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import onnx
import pytest
from chunk_samples import astronaut_chunk
from shared_exports import export_once

from engines.manifest import Manifest, manifest_path, read_manifest
from engines.networks.lite import SplitLite
from engines.networks.quantised_decode import FILE, open_quantised
from export.cli import main
from export.graphs.config import ExportConfig
from export.quantised.calibration import LiteEngines, composed, decode_inputs, pictures
from export.quantised.comparison import Quality, compare_quality
from export.quantised.lite_clips import (
    LENGTH,
    LiteClip,
    LiteFrame,
    prepared_footage,
    sample_footage,
)
from export.quantised.quantise import PARTS, open_full, outer_convolutions, quantise
from pechead_live.coefficients import FloatArray
from pechead_live.errors import InputError
from pechead_live.evaluation.metrics.pixels import psnr
from pechead_live.renderer.lite_network import LiteDrawing
from pechead_live.training.data.journal import make_folders
from pechead_live.training.data.manifest import Manifest as ShardManifest
from pechead_live.training.data.packing import pack, write_unpacked
from pechead_live.training.data.shard_members import encode_members, entry_of

SIDE = 64
LIKE_DB = 50.0
"""Of what is painted, 8 bits against full precision; 52 for the trained lite-s."""


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lite network in full precision."""
    folder = tmp_path_factory.mktemp("toy")
    export_once(tmp_path_factory, "lite-toy", folder, ExportConfig(), *PARTS)
    return folder


@pytest.fixture(scope="module")
def full(toy: Path) -> LiteEngines:
    return open_full(toy)[0]


@pytest.fixture(scope="module")
def made(toy: Path, full: LiteEngines) -> Manifest:
    """Written beside the network, calibrated with three clips."""
    return quantise(toy, full, sample_footage(SIDE, 3 * LENGTH, 1).measured)


@pytest.fixture
def own(toy: Path, made: Manifest, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    folder = tmp_path / "own"
    shutil.copytree(toy, folder)
    return folder


def long_clip() -> LiteClip:
    """Twenty frames, none of which calibrated."""
    one, two = islice(sample_footage(SIDE, 1, 2 * LENGTH).judged, 2)
    return one._replace(frames=one.frames + two.frames)


def test_the_ports_are_those_of_full_precision(toy: Path, full: LiteEngines, made: Manifest):
    there = full.decode.manifest
    assert (made.inputs, made.outputs) == (there.inputs, there.outputs)
    graph = onnx.load(toy / FILE).graph
    assert [port.name for port in graph.input] == [port.name for port in there.inputs]
    assert [port.name for port in graph.output] == [port.name for port in there.outputs]


def test_the_manifest_says_what_the_file_is(toy: Path, full: LiteEngines, made: Manifest):
    assert read_manifest(toy / FILE) == made
    there = full.decode.manifest
    assert (made.part, made.precision, made.form) == ("decode", "int8", "none")
    assert made.checkpoint_sha256 == there.checkpoint_sha256
    assert made.file_sha256 != there.file_sha256
    noted = {each.key: each.value for each in onnx.load(toy / FILE).metadata_props}
    assert noted["precision"] == "int8"
    assert noted["preset"] == "lite-toy"


def test_all_but_the_outer_convolutions_take_bytes(toy: Path, made: Manifest):
    whole = onnx.load(toy / "decode.onnx").graph
    outer = outer_convolutions(whole)
    inputs = {node.name: node.input for node in whole.node}
    weights = sorted(inputs[name][1].split("decoder.")[1] for name in outer)
    assert weights == ["guide_128.0.weight", "guide_64.0.weight", "out.weight"]
    quantised = onnx.load(toy / FILE).graph
    given = {name: node.op_type for node in quantised.node for name in node.output}
    convolutions = [node for node in quantised.node if node.op_type == "Conv"]
    floating = [n.name for n in convolutions if given.get(n.input[1]) != "DequantizeLinear"]
    assert len(floating) == len(outer) < len(convolutions) // 2


def test_twenty_frames_with_a_memory_of_its_own_stay_alike(
    toy: Path, full: LiteEngines, made: Manifest
):
    clip = long_clip()
    other = full._replace(decode=open_quantised(toy, full.decode, threads=1))
    likeness: list[float] = []
    astray: list[float] = []
    for (expected, memory), (drawn, own_memory) in zip(
        played(full, clip), played(other, clip), strict=True
    ):
        likeness.append(psnr(drawn.painted, expected.painted))
        astray.append(float(np.abs(own_memory - memory).mean() / memory.std()))
    assert len(likeness) == 2 * LENGTH
    assert LIKE_DB < min(likeness) < 90  # they are two computations
    assert 0 < max(astray) < 0.03
    assert np.mean(astray[LENGTH:]) < 1.5 * np.mean(astray[:LENGTH])


def test_pictures_are_the_moved_guide_under_what_is_painted(full: LiteEngines):
    clip = long_clip()
    frame = clip.frames[3]
    side = frame.guide_picture.shape[0]
    still = np.zeros((16, 16, 2), np.float32)
    red = np.broadcast_to(np.array([255, 0, 0], np.uint8), (side, side, 3))
    alpha = np.ones((side, side), np.float32)
    alpha[:, : side // 2] = 0
    picture = composed(LiteDrawing(still, red, alpha), frame.guide_picture)
    assert (picture[:, : side // 2] == (255, 0, 0)).all()
    assert (picture[:, side // 2 :] == frame.guide_picture[:, side // 2 :]).all()
    drawn = [picture for picture, _ in pictures(full, [clip])]
    assert np.abs(drawn[3].astype(int) - frame.guide_picture).mean() < 20


def test_what_calibrates_is_what_decode_is_given(full: LiteEngines):
    clip = long_clip()
    given = list(decode_inputs(full, [clip]))
    ports = {port.name: port.shape for port in full.decode.manifest.inputs}
    assert [{name: each.shape for name, each in one.items()} for one in given] == [ports] * 20
    first = full.decode.run(given[0])
    assert (given[0]["state_hidden"] == 0).all()
    assert (given[1]["state_hidden"] == first["next_state_hidden"]).all()


def test_sample_clips_that_judge_are_not_among_those_that_calibrate():
    footage = sample_footage(SIDE, 490, 70)
    measured = {frame.condition.tobytes() for frame in frames(footage.measured)}
    judged = {frame.condition.tobytes() for frame in frames(footage.judged)}
    assert (len(measured), len(judged)) == (490, 70)
    assert not measured & judged


def test_prepared_footage_judges_by_people_held_out_and_knows_the_truth(
    tmp_path: Path, toy: Path, full: LiteEngines, made: Manifest
):
    people = [astronaut_chunk(f"v{i}-00000", f"person {i}") for i in range(6)]
    make_folders(tmp_path)
    for chunk in people:
        write_unpacked(tmp_path, chunk.name, encode_members(chunk))
    empty = ShardManifest(settings={}, shards=())
    pack(tmp_path, empty, [entry_of(c) for c in people], shard_bytes=10**7, everything=True)
    footage = prepared_footage(tmp_path, SIDE, LENGTH + 2, 4)
    assert [len(clip.frames) for clip in footage.measured] == [LENGTH, 2]
    clips = list(footage.judged)
    assert len(frames(clips)) == 4
    assert all(frame.truth is not None for frame in frames(clips))
    quality = compare_quality(full, open_quantised(toy, full.decode, threads=1), clips)
    assert quality.pictures == 4
    assert quality.full_db is not None and quality.quantised_db is not None
    assert abs(quality.full_db - quality.quantised_db) < 1
    assert quality.within


def test_data_of_too_few_people_is_one_sentence(tmp_path: Path):
    chunk = astronaut_chunk()
    make_folders(tmp_path)
    write_unpacked(tmp_path, chunk.name, encode_members(chunk))
    empty = ShardManifest(settings={}, shards=())
    pack(tmp_path, empty, [entry_of(chunk)], shard_bytes=10**7, everything=True)
    with pytest.raises(InputError, match="too few people"):
        prepared_footage(tmp_path, SIDE, 10, 10)


def test_a_loss_of_more_than_a_decibel_is_too_much():
    assert Quality(10, 40.0, 27.0, 26.1).within
    assert not Quality(10, 50.0, 27.0, 25.9).within
    assert Quality(10, 50.0, None, None).within
    assert not Quality(10, 44.0, None, None).within


def test_the_command_says_what_the_file_is_worth(own: Path, capsys: pytest.CaptureFixture[str]):
    (own / FILE).unlink()
    assert main(["quantise", str(own), "--frames", "10"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert read_manifest(own / FILE).file_sha256 in said[0]
    assert "70 pictures of the bundled portrait" in said[1] and "dB like fp32" in said[1]
    assert "fp32" in said[2] and "int8" in said[2] and " ms" in said[2]
    assert said[3].startswith(("int8 is worth it here", "int8 is not worth it here"))


def test_the_same_frames_make_the_same_file(own: Path, full: LiteEngines, made: Manifest):
    again = quantise(own, full, sample_footage(SIDE, 3 * LENGTH, 1).measured)
    assert again == made


def _edit(file: Path, **changes: object) -> None:
    path = manifest_path(file)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "pechead"}, "of kind 'pechead'"),
        ({"precision": "fp16"}, "precision fp16"),
        ({"inputs": [["guide_picture", "float32", [64, 64, 3]]]}, "pixels float32"),
    ],
)
def test_a_network_that_cannot_be_quantised_is_one_sentence(
    changes: dict[str, object], reason: str, own: Path, capsys: pytest.CaptureFixture[str]
):
    _edit(own / "decode.onnx", **changes)
    assert main(["quantise", str(own)]) == 2
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nowhere"], "nowhere/decode.onnx has no manifest"),
        (["OWN", "--frames", "0"], "0 frames to calibrate with"),
        (["OWN", "--data", "nowhere"], "nowhere"),
    ],
)
def test_a_wrong_option_is_one_sentence(
    words: list[str], reason: str, own: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["quantise", *(str(own) if word == "OWN" else word for word in words)]) == 2
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1


def test_without_a_frame_nothing_is_written(own: Path, full: LiteEngines):
    before = (own / FILE).read_bytes()
    with pytest.raises(InputError, match="no frame to calibrate with"):
        quantise(own, full, [])
    assert (own / FILE).read_bytes() == before


def played(engines: LiteEngines, clip: LiteClip) -> Iterator[tuple[LiteDrawing, FloatArray]]:
    """Each drawing, and the memory after it."""
    network = SplitLite(*engines)
    source = network.source(clip.portrait, clip.rest)
    state = network.initial_state(source)
    for condition, guide_picture, guide_flow, guide_share, _ in clip.frames:
        drawing, state = network.step(
            source, condition, guide_picture, guide_flow, guide_share, state
        )
        yield drawing, state


def frames(clips: Iterable[LiteClip]) -> list[LiteFrame]:
    return [frame for clip in clips for frame in clip.frames]
