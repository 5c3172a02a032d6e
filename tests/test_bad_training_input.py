"""Training and its data refuse what they cannot use, and leave what is there as it was."""

from pathlib import Path

import pytest
import torch
from chunk_samples import astronaut_chunk
from data_samples import talking_pictures, write_clip

from pechead_live.camera.file import open_video_file
from pechead_live.cli import main
from pechead_live.cli.models import factory_of
from pechead_live.destination import check_folder
from pechead_live.errors import InputError, OutputError
from pechead_live.evaluation.config import EvaluationConfig
from pechead_live.model.warp import warp
from pechead_live.sole_writer import sole_writer
from pechead_live.training.batches.sampling import split_by_identity
from pechead_live.training.data.earlier import check_new, names_of, still_true, without_lost
from pechead_live.training.data.journal import VideoRecord, file_stamp, make_folders
from pechead_live.training.data.manifest import ChunkEntry, Manifest, chunk_entry
from pechead_live.training.run.metrics_log import read_metrics
from pechead_live.training.run.state_file import Counts, RunState, write_state


def entry() -> ChunkEntry:
    return ChunkEntry(
        name="a-00000", identity="a", licence="", source="a.mp4", fps=25, frames=20, portraits=()
    )


def test_a_flow_that_is_no_number_makes_a_loss_that_is_none_and_does_not_end_the_process():
    flow = torch.full((1, 8, 8, 2), float("nan"), requires_grad=True)
    feature = torch.rand(1, 3, 16, 16, requires_grad=True)
    loss = warp(feature, flow).sum()
    loss.backward()
    assert not torch.isfinite(loss)


def test_a_second_writer_is_refused_until_the_first_is_done(tmp_path: Path):
    with sole_writer(tmp_path), pytest.raises(OutputError, match="another program"):
        sole_writer(tmp_path).__enter__()
    with sole_writer(tmp_path):
        pass


@pytest.mark.parametrize("name", ["x" * 300, "file", "file/below"])
def test_what_cannot_be_a_folder_is_refused(tmp_path: Path, name: str):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="give another"):
        check_folder(tmp_path / name)
    check_folder(tmp_path / "new" / "folder")


@pytest.mark.parametrize(
    "words",
    [
        ("--shard-mb", "nan"),
        ("--shard-mb", "inf"),
        ("--shard-mb", "-1"),
        ("-o", "x" * 300),
        ("--manifest", "null.csv"),
    ],
)
def test_prepare_refuses_in_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, str],
):
    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / "clips" / "ann.mp4", talking_pictures(3))
    Path("null.csv").write_text("file,identity,licence\nclips/ann.mp4\0,ann,\n")
    assert main(["data", "prepare", "clips", "-o", "out", *words]) == 2
    assert capsys.readouterr().err.startswith("pechead-live: ")
    assert not Path("out").exists()


@pytest.mark.parametrize("words", [("data", "show"), ("train", "--preset", "toy", "--data")])
def test_a_name_that_no_file_can_have_is_just_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
):
    more = () if words[0] == "data" else ("--run", str(tmp_path / "run"), "--loss", "perceptual=0")
    assert main([*words, "x" * 300, *more]) == 2
    assert "holds no manifest.json" in capsys.readouterr().err
    with pytest.raises(InputError, match="there is no checkpoint"):
        factory_of("lite-s", Path("x" * 300))
    with pytest.raises(InputError, match="cannot be read"):
        open_video_file(Path("x" * 300))


def test_a_folder_with_other_files_is_no_place_for_shards(tmp_path: Path):
    make_folders(tmp_path)
    check_new(tmp_path)
    (tmp_path / "shard-00000.zip").touch()
    with pytest.raises(OutputError, match=r"holds shard-00000\.zip and no manifest\.json"):
        check_new(tmp_path)


def test_a_video_keeps_its_name_when_another_of_the_same_name_comes():
    records = {"a": VideoRecord(name="a", source="a.mp4")}
    first, second = names_of(["a.mp4", "b/a.mp4"], records)
    assert first == "a"
    assert second.startswith("a-")


def test_chunks_of_another_video_of_the_same_name_are_not_taken_for_its_own(tmp_path: Path):
    video = tmp_path / "a.mp4"
    video.write_bytes(b"one")
    record = VideoRecord(name="a", source="a.mp4", chunks=(entry(),), stamp=file_stamp(video))
    assert still_true(tmp_path, {"a": video}, {"a": record}) == {"a": record}
    video.write_bytes(b"another")
    with pytest.raises(InputError, match=r"another a\.mp4"):
        still_true(tmp_path, {"a": video}, {"a": record})


def test_a_video_whose_waiting_chunks_are_gone_is_done_again(tmp_path: Path):
    make_folders(tmp_path)
    record = VideoRecord(name="a", source="a.mp4", chunks=(entry(),))
    empty = Manifest(settings={}, shards=())
    assert without_lost(tmp_path, {"a": record}, empty) == ({}, ())


def test_a_manifest_cannot_ask_for_more_memory_than_a_chunk_takes():
    words = {"name": "a", "identity": "a", "licence": "", "source": "a", "fps": 25, "portraits": []}
    assert chunk_entry({**words, "frames": 4096}).frames == 4096
    with pytest.raises(ValueError, match="chunk"):
        chunk_entry({**words, "frames": 4097})


def test_people_named_by_files_of_no_known_encoding_can_be_held_out():
    chunks = [astronaut_chunk(f"{number}-00000", who) for number, who in enumerate(["a", "\udcff"])]
    learned, held_out = split_by_identity(chunks, 0.5)
    assert len(learned) == len(held_out) == 1


def test_weights_that_are_not_finite_do_not_replace_the_last_checkpoint(tmp_path: Path):
    path = tmp_path / "state.safetensors"
    ones = {"network.a": torch.ones(2)}
    write_state(path, RunState(preset="toy", stage="3", counts=Counts(step=1), tensors=ones))
    before = path.read_bytes()
    lost = {"network.a": torch.ones(2) / 0}
    with pytest.raises(InputError, match=r"network\.a is not finite"):
        write_state(path, RunState(preset="toy", stage="3", counts=Counts(step=2), tensors=lost))
    assert path.read_bytes() == before


def test_counts_of_no_run_are_refused():
    with pytest.raises(ValueError, match="at least 0"):
        Counts(step=-1)


def test_lines_that_are_no_metrics_end_the_log(tmp_path: Path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n[]\n{"step": 2}\n')
    assert read_metrics(path) == [{"step": 1}]


def test_a_run_does_not_go_into_prepared_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "manifest.json").write_text("{}")
    place = ["--data", str(tmp_path), "--run", str(tmp_path)]
    assert main(["train", "--preset", "toy", *place]) == 2
    assert "a folder of its own" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["steps", "batch", "frames"])
def test_slips_of_the_keyboard_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str
):
    place = ["--data", str(tmp_path), "--run", str(tmp_path / "run")]
    assert main(["train", "--preset", "toy", *place, f"--{option}", "9" * 20]) == 2
    assert f"{option} is 999" in capsys.readouterr().err


def test_no_more_expressions_are_asked_for_than_memory_holds():
    with pytest.raises(InputError, match="1 to 10000"):
        EvaluationConfig(expressions_per_portrait=10**20)
