"""``pechead-live train``: from prepared data to weights, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from chunk_samples import astronaut_chunk
from still_samples import astronaut

from pechead_live.cli import main
from pechead_live.cli.models import factory_of
from pechead_live.errors import InputError
from pechead_live.model.baseline.network import Baseline
from pechead_live.model.checkpoint import dimensions_of, load_checkpoint, load_into
from pechead_live.model.dimensions import Dimensions
from pechead_live.model.lite.dimensions import LITE_PRESETS
from pechead_live.model.lite.network import Lite
from pechead_live.model.reconstructor import Reconstructor
from pechead_live.training.batches.shrunk import shrink
from pechead_live.training.data.journal import make_folders
from pechead_live.training.data.manifest import Manifest
from pechead_live.training.data.packing import pack, write_unpacked
from pechead_live.training.data.shard_members import encode_members, entry_of
from pechead_live.training.recipes.chosen import recipe_for
from pechead_live.training.run.folder import average_path, best_path, state_path
from pechead_live.training.run.metrics_log import read_metrics
from pechead_live.training.stages import STAGES_OF, defaults_for, stage_for

QUICK = ("--loss", "perceptual=0", "--batch", "2", "--warm-up", "0", "--log-every", "1")
"""No trunk is needed, and a step takes a moment."""


NO_TRUNK = {"perceptual": 0.0, "warping_perceptual": 0.0}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared data of two people."""
    folder = tmp_path_factory.mktemp("data")
    make_folders(folder)
    chunks = [astronaut_chunk(f"{who}-00000", who) for who in ("ann", "bob")]
    for chunk in chunks:
        write_unpacked(folder, chunk.name, encode_members(chunk))
    entries = [entry_of(chunk) for chunk in chunks]
    pack(folder, Manifest(settings={}, shards=()), entries, shard_bytes=10**6, everything=True)
    return folder


def train(*words: object) -> int:
    return main(["train", *map(str, words)])


def run_toy(data: Path, run: Path, *words: object) -> int:
    place = ("--preset", "toy", "--data", data, "--run", run, "--validation", 0.5)
    return train(*place, *QUICK, *words)


def sentence(capsys: pytest.CaptureFixture[str]) -> str:
    """What stderr says last, without logs; it must be one line."""
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("pechead-live: ")
    return lines[-1]


def test_prepared_data_becomes_weights_and_the_same_command_goes_on(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    run = tmp_path / "run"
    assert run_toy(data, run, "--steps", 3, "--minutes", 1e-9) == 0
    said = capsys.readouterr()
    assert "step 1 of 3; the same command goes on from there" in said.out
    assert run_toy(data, run, "--steps", 3, "--resume") == 0
    said = capsys.readouterr()
    assert "trained for 3 steps" in said.out
    assert "3/3" in said.err and "samples/s" in said.err and "loss" in said.err
    lines = read_metrics(run / "metrics.jsonl")
    assert [line["step"] for line in lines if "loss" in line] == [1, 2, 3]
    looks = [line["validation"] for line in lines if "validation" in line]
    assert looks[0]["l1"] == pytest.approx(
        looks[0]["guide_l1"], rel=0.1
    )  # untrained it is the guide
    told = json.loads((run / "config.json").read_text())
    assert [start["step"] for start in told["starts"]] == [0, 1]
    checkpoint = load_checkpoint(average_path(run), "lite", "toy")
    assert checkpoint.extra["step"] == "3"
    load_into(Lite(LITE_PRESETS["toy"]), checkpoint.tensors)
    assert best_path(run).is_file()


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("--stage", "0"), "pechead"),
        (("--stage", "1b", "--init", "WEIGHTS"), "pechead"),
        (("--stage", "2", "--frames", 2), "pechead"),
    ],
)
def test_every_stage_of_a_pechead_runs(
    data: Path, tmp_path: Path, words: tuple[object, ...], kind: str
):
    first = tmp_path / "first"
    if "WEIGHTS" in words:
        assert run_toy(data, first, "--stage", "1a", "--steps", 1) == 0
        words = tuple(average_path(first) if word == "WEIGHTS" else word for word in words)
    assert run_toy(data, tmp_path / "run", *words, "--steps", 1) == 0
    assert load_checkpoint(average_path(tmp_path / "run"), kind, "toy").extra["step"] == "1"


def test_a_lite_learns_from_a_teacher(data: Path, tmp_path: Path):
    first = tmp_path / "first"
    assert run_toy(data, first, "--stage", "1a", "--steps", 1) == 0
    assert run_toy(data, tmp_path / "run", "--steps", 1, "--teacher", average_path(first)) == 0
    (line,) = (li for li in read_metrics(tmp_path / "run" / "metrics.jsonl") if "loss" in li)
    assert {"teacher_pixel", "teacher_flow"} <= line["terms"].keys()


def test_a_setting_of_table_4_is_trained_kept_and_drawn(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    words = ("--stage", "1a", "--steps", 1)
    assert run_toy(data, tmp_path / "kp", *words, "--setting", "kp") == 0
    weights = average_path(tmp_path / "kp")
    checkpoint = load_checkpoint(weights, "pechead", "toy")
    assert dimensions_of(checkpoint, Dimensions).setting == "kp"
    renderer = factory_of("toy", weights)(astronaut(), 64, 64)
    picture, _ = renderer.render(astronaut().rest, renderer.initial_state())
    assert picture.pixels.shape == (64, 64, 3)
    clips = ("--stage", "2", "--frames", 2, "--init", weights, "--steps", 1)
    assert run_toy(data, tmp_path / "clips", *clips, "--setting", "kp") == 0
    another = (*words, "--setting", "mmfa")
    for folder, start in (
        (tmp_path / "kp", ()),
        (tmp_path / "next", ("--init", weights)),
        (tmp_path / "next", ("--init", state_path(tmp_path / "kp"))),
    ):
        assert run_toy(data, folder, *another, *start) == 2
        assert "has setting kp, the one to train mmfa" in sentence(capsys)
    assert run_toy(data, tmp_path / "lite", "--steps", 1, "--setting", "kp") == 2
    assert "preset 'toy' has no settings in stage 3" in sentence(capsys)


def test_seeds_are_runs_from_other_weights():
    def first_weight(seed: int) -> torch.Tensor:
        recipe, _ = recipe_for("toy", "1a", seed=seed, changes=NO_TRUNK)
        return next(recipe.network.parameters()).detach()

    assert torch.equal(first_weight(1), first_weight(1))
    assert not torch.equal(first_weight(1), first_weight(2))


def test_a_missing_shard_and_missing_data_are_one_sentence(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    own = tmp_path / "own"
    own.mkdir()
    assert run_toy(own, tmp_path / "run", "--steps", 1) == 2
    assert str(own) in sentence(capsys)
    (own / "manifest.json").write_bytes((data / "manifest.json").read_bytes())
    assert run_toy(own, tmp_path / "run", "--steps", 1) == 2
    assert "shard-00000.zip is missing" in sentence(capsys)
    assert not (tmp_path / "run").exists()


def test_a_damaged_checkpoint_is_refused_and_kept(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = state_path(tmp_path)
    path.parent.mkdir()
    path.write_bytes(b"\x80\x04pickle")
    assert run_toy(data, tmp_path, "--steps", 1) == 2
    assert "is a pickle" in sentence(capsys)
    assert path.read_bytes() == b"\x80\x04pickle"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--resume",), "holds no checkpoint to go on from"),
        (("--steps", 0), "steps is 0"),
        (("--stage", "3", "--preset", "base"), "preset 'base' has no stage 3"),
        (("--loss", "beauty=1"), "no loss weight 'beauty'"),
        (("--loss", "pixel"), "give NAME=NUMBER"),
        (("--device", "abacus"), "device is 'abacus'"),
        (("--device", "cuda:99"), "cuda:99 is asked for"),
        (("--init", "absent.safetensors"), "absent.safetensors cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[object, ...],
    said: str,
):
    assert run_toy(data, tmp_path / "run", *words) == 2
    assert said in sentence(capsys)


def test_without_torch_one_sentence_says_what_to_install(tmp_path: Path):
    code = (
        "import sys; sys.modules['torch'] = None\n"  # as if it were not installed
        "from pechead_live.cli import main\n"
        f"sys.exit(main(['train', '--preset', 'toy', '--data', 'x', '--run', {str(tmp_path)!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.startswith("pechead-live: training needs torch: run pip install")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("preset", "stage"),
    [(preset, stage) for preset in ("toy", "lite-s", "lite-m") for stage in STAGES_OF[preset]],
)
def test_every_small_preset_has_a_recipe_and_sensible_defaults(preset: str, stage: str):
    assert stage_for(preset, stage) == stage
    usual = defaults_for(preset, stage)
    assert usual.steps >= 100 and usual.frames >= (2 if stage in ("2", "3") else 1)
    recipe, size = recipe_for(preset, stage, changes=NO_TRUNK)
    assert size == (64 if preset == "toy" else 256)
    assert recipe.kind == ("lite" if stage == "3" else "pechead")
    assert (recipe.discriminator is not None) == (stage in ("1b", "2"))


def test_reconstructor_and_baseline_have_recipes():
    recipe, size = recipe_for("reconstructor", "0", changes={"landmarks": 10.0})
    assert (recipe.kind, size) == ("reconstructor", 256)
    assert isinstance(recipe.network, Reconstructor)
    small, _ = recipe_for("reconstructor-128", "0")
    assert isinstance(small.network, Reconstructor) and small.network.dimensions.size == 128
    recipe, size = recipe_for("baseline", "1a", changes={"perceptual": 0.0})
    assert (recipe.kind, size) == ("baseline", 256)
    assert isinstance(recipe.network, Baseline)


def test_a_teacher_that_cannot_teach_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="stage 1a has no teacher"):
        recipe_for("toy", "1a", teacher=tmp_path / "base.safetensors")


def test_pictures_shrink_to_the_mean_of_their_squares():
    clips = torch.rand(2, 1, 3, 8, 8)
    small = shrink(clips, 4)
    assert small.shape == (2, 1, 3, 4, 4)
    torch.testing.assert_close(small[0, 0, :, 1, 2], clips[0, 0, :, 2:4, 4:6].mean((1, 2)))
    assert shrink(clips, 8) is clips
