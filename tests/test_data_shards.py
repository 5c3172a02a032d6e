"""Shards: what is written is read again, and what is wrong with one is said in one sentence."""

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from data_samples import made_up_chunk

from pechead_live.errors import InputError, OutputError
from pechead_live.training.data.chunk import SIDE, Chunk
from pechead_live.training.data.clip import decode_clip, encode_clip
from pechead_live.training.data.journal import make_folders
from pechead_live.training.data.manifest import FILE, Manifest, read_manifest, write_manifest
from pechead_live.training.data.packing import pack, write_unpacked
from pechead_live.training.data.shard import read_shards
from pechead_live.training.data.shard_members import UNIT, encode_members, entry_of

CHUNKS = (made_up_chunk("v1-00000"), made_up_chunk("v1-00040", 3), made_up_chunk("v2-00000", 4))


def packed(folder: Path, chunks: tuple[Chunk, ...] = CHUNKS, shard_bytes: int = 10**6) -> Manifest:
    """Prepared data of ``chunks`` in ``folder``."""
    make_folders(folder)
    for chunk in chunks:
        write_unpacked(folder, chunk.name, encode_members(chunk))
    entries = [entry_of(chunk) for chunk in chunks]
    empty = Manifest(settings={}, shards=())
    return pack(folder, empty, entries, shard_bytes=shard_bytes, everything=True)[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared data that no test changes."""
    folder = tmp_path_factory.mktemp("made")
    packed(folder)
    return folder


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    folder = tmp_path / "own"
    shutil.copytree(made, folder, ignore=shutil.ignore_patterns("cache"))
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as raised:
        read_shards(folder)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_what_was_written_is_read_again(made: Path):
    read = read_shards(made)
    assert [chunk.name for chunk in read] == [chunk.name for chunk in CHUNKS]
    for before, after in zip(CHUNKS, read, strict=True):
        words = ("identity", "licence", "source", "fps", "portraits")
        assert [getattr(after, w) for w in words] == [getattr(before, w) for w in words]
        assert np.abs(after.points - before.points).max() <= UNIT / 2 + 1e-6
        assert np.abs(after.scores - before.scores).max() < 1e-3
        assert np.array_equal(after.mattes, before.mattes)
        for a, b in zip(after.coefficients, before.coefficients, strict=True):
            assert np.array_equal(a.rotation, b.rotation)
            assert np.array_equal(a.translation, b.translation)
            assert np.array_equal(a.identity, b.identity)
            assert a.captured_at == pytest.approx(b.captured_at)
            assert a.expression == pytest.approx(b.expression, abs=1e-3)


def test_the_frames_are_those_that_were_written_each_in_its_place(made: Path):
    for before, after in zip(CHUNKS, read_shards(made), strict=True):
        assert after.frames.shape == before.frames.shape
        difference = after.frames.astype(int) - before.frames
        assert np.abs(difference.mean(axis=(1, 2))).max() < 0.9  # neither darker nor tinted
        error = np.abs(difference).mean(axis=(1, 2, 3))
        assert error.max() < 1.5
        neighbour = np.abs(after.frames[1:].astype(int) - before.frames[:-1]).mean(axis=(1, 2, 3))
        assert (error[1:] < neighbour).all()


def test_frames_are_decoded_once_and_then_mapped(own: Path, tmp_path: Path):
    first = read_shards(own, tmp_path / "elsewhere")
    (file,) = (tmp_path / "elsewhere").iterdir()
    assert file.stat().st_size == sum(len(c.frames) for c in first) * SIDE * SIDE * 3
    written = file.stat().st_mtime_ns
    again = read_shards(own, tmp_path / "elsewhere")
    assert file.stat().st_mtime_ns == written
    assert isinstance(again[0].frames, np.memmap)
    assert not (own / "cache").exists()


def test_a_cache_that_was_cut_off_is_made_anew(own: Path):
    read_shards(own)
    (file,) = (own / "cache").iterdir()
    file.write_bytes(b"short")
    assert read_shards(own)[0].frames[0].mean() == pytest.approx(CHUNKS[0].frames[0].mean(), abs=1)


def test_frames_that_cannot_be_kept_say_how_much_room_they_need(own: Path, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"need \d+\.\d GB"):
        read_shards(own, tmp_path / "file" / "cache")


def test_reading_needs_neither_mediapipe_nor_torch(made: Path):
    code = (
        "import sys; from pathlib import Path\n"
        "from pechead_live.training.data.shard import read_shards\n"
        f"assert len(read_shards(Path({str(made)!r}))) == {len(CHUNKS)}\n"
        "print({'mediapipe', 'torch'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert run.stdout.strip() == "set()"


def test_shards_are_filled_up_to_their_size_and_keep_the_order(tmp_path: Path):
    sizes = [sum(map(len, encode_members(chunk).values())) for chunk in CHUNKS]
    manifest = packed(tmp_path, shard_bytes=sizes[0] + sizes[1] + 4096)
    assert [len(shard.chunks) for shard in manifest.shards] == [2, 1]
    assert [c.name for c in manifest.chunks] == [chunk.name for chunk in CHUNKS]
    assert list((tmp_path / "unpacked").iterdir()) == []
    assert [chunk.name for chunk in read_shards(tmp_path)] == [chunk.name for chunk in CHUNKS]
    with zipfile.ZipFile(tmp_path / manifest.shards[0].name) as archive:
        assert {info.compress_type for info in archive.infolist()} == {zipfile.ZIP_STORED}


def test_the_same_chunks_make_the_same_shard(tmp_path: Path):
    hashes = [packed(tmp_path / name).shards[0].sha256 for name in ("a", "b")]
    assert hashes[0] == hashes[1]


def test_a_chunk_without_a_portrait_is_read_too(tmp_path: Path):
    chunk = made_up_chunk("turned-00000", 3)
    values = {name: getattr(chunk, name) for name in chunk.__dataclass_fields__}
    values |= {"portraits": (), "mattes": np.zeros((0, 1, 1), np.uint8)}
    packed(tmp_path, (Chunk(**values),))
    (read,) = read_shards(tmp_path)
    assert (read.portraits, len(read.mattes)) == ((), 0)


def test_a_changed_shard_is_refused_by_name(own: Path):
    shard = own / "shard-00000.zip"
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)
    said = refusal(own)
    assert "shard-00000.zip" in said and "SHA-256" in said and "prepare" in said


def test_a_shard_that_is_cut_off_is_refused_by_name(own: Path):
    shard = own / "shard-00000.zip"
    shard.write_bytes(shard.read_bytes()[:-10])
    assert "shard-00000.zip is cut off" in refusal(own)


def test_a_missing_shard_is_refused_by_name(own: Path):
    (own / "shard-00000.zip").unlink()
    said = refusal(own)
    assert "missing" in said and "shard-00000.zip" in said


def with_manifest(folder: Path, **shard: object) -> None:
    """Changes what the manifest says about its shard."""
    content = json.loads((folder / FILE).read_bytes())
    content["shards"][0] |= shard
    (folder / FILE).write_text(json.dumps(content))


def test_a_manifest_that_names_more_frames_than_there_are_is_refused(own: Path):
    chunks = json.loads((own / FILE).read_bytes())["shards"][0]["chunks"]
    chunks[0]["frames"] += 1
    with_manifest(own, chunks=chunks)
    said = refusal(own)
    assert "v1-00000" in said and "5 frames where 6 are named" in said


def test_a_manifest_that_names_a_chunk_which_is_not_there_is_refused(own: Path):
    chunks = json.loads((own / FILE).read_bytes())["shards"][0]["chunks"]
    chunks[0]["name"] = "nobody-00000"
    with_manifest(own, chunks=chunks)
    assert "nobody-00000" in refusal(own)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"format": "pechead-live shards", "version": 1}',
        '{"format": "pechead-live shards", "version": 1, "settings": {}, "shards": [{}]}',
        '{"format": "pechead-live shards", "version": 1, "settings": {}, "shards": [7]}',
    ],
)
def test_a_damaged_manifest_is_refused(tmp_path: Path, text: str):
    (tmp_path / FILE).write_text(text)
    assert FILE in refusal(tmp_path)


def test_a_manifest_of_another_version_says_which(own: Path):
    content = json.loads((own / FILE).read_bytes()) | {"version": 9}
    (own / FILE).write_text(json.dumps(content))
    assert "version 9" in refusal(own)


def test_a_shard_s_name_cannot_lead_out_of_the_folder(own: Path):
    with_manifest(own, name="../shard-00000.zip")
    assert "damaged" in refusal(own)


def test_a_folder_that_was_not_prepared_says_how_to_prepare_it(tmp_path: Path):
    assert "pechead-live data prepare" in refusal(tmp_path)


def test_a_manifest_without_a_chunk_is_refused(tmp_path: Path):
    write_manifest(tmp_path, Manifest(settings={}, shards=()))
    assert read_manifest(tmp_path).chunks == []
    assert "no chunk" in refusal(tmp_path)


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path):
    chunk = made_up_chunk("v3-00000", 3)
    chunk.scores[1, 2] = np.nan
    packed(tmp_path, (chunk,))
    assert "v3-00000" in refusal(tmp_path)


@pytest.mark.parametrize("count", [1, 2, 33])
def test_a_clip_has_as_many_frames_as_were_put_in(count: int):
    frames = np.zeros((count, 64, 64, 3), np.uint8)
    frames[:, :, :, 0] = (np.arange(count) * 7 % 200)[:, None, None]
    decoded = np.empty_like(frames)
    decode_clip(encode_clip(frames, 29.97), decoded)
    assert np.abs(decoded.astype(int) - frames).max() < 12
    with pytest.raises(InputError, match=f"{count} frames where {count + 1}"):
        decode_clip(encode_clip(frames, 29.97), np.empty((count + 1, 64, 64, 3), np.uint8))
    with pytest.raises(InputError, match="cannot be decoded"):
        decode_clip(b"no video", decoded)
