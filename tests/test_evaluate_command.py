"""`pechead-live evaluate` from its words to its folder, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from evaluation_samples import moving_clip
from still_samples import astronaut_photo, saved

from pechead_live.cli import main
from pechead_live.cli.evaluation_methods import methods_from
from pechead_live.errors import InputError

QUICK = ["--without-identity", "--without-perceptual", "--workers", "1", "--stride", "6"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, face_landmarker: Path) -> Path:
    """Two clips and a portrait, as `--data` wants them."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "clips").mkdir()
    (folder / "portraits").mkdir()
    moving_clip(folder / "clips", "one.mp4")
    moving_clip(folder / "clips", "two.mp4", first=5)
    saved(astronaut_photo(), folder / "portraits" / "face.png")
    return folder


def table(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "table.json").read_text(encoding="utf-8"))


def test_reconstruction_writes_both_tables_and_a_sheet_a_clip(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "folder"
    words = ["--data", str(data), "-o", str(out), *QUICK]
    assert main(["evaluate", "reconstruction", *words, "--frames", "8"]) == 0
    assert sorted(p.name for p in out.iterdir()) == ["sheets", "table.json", "table.md"]
    assert sorted(p.name for p in (out / "sheets").iterdir()) == ["one.jpg", "two.jpg"]
    said = capsys.readouterr()
    assert "| copy-source |" in said.out and "reconstruction [" in said.err
    text = (out / "table.md").read_text(encoding="utf-8")
    assert "## analytic" in text and "| two |" in text and "not measured: " in text
    content = table(out)
    assert content["settings"]["frames"] == 8 and content["settings"]["stride"] == 6
    assert set(content["means"]) == {"copy-source", "analytic"}
    assert content["columns"]["l1"]["source"] and content["versions"]["numpy"]
    assert len(content["rows"]) == 4
    assert str(tmp_path) not in json.dumps(content) and str(data) not in json.dumps(content)
    ours = [row["l1"] for row in content["rows"] if row["method"] == "analytic"]
    assert content["means"]["analytic"]["l1"] == pytest.approx(sum(ours) / 2)


def test_an_ablation_joins_the_first_two_protocols_and_its_seeds(
    data: Path, tmp_path: Path
) -> None:
    words = ["--data", str(data), "--clips", "one", "--frames", "6", "-o", str(tmp_path), *QUICK]
    methods = ["--method", "still:copy-source", "--method", "moved:analytic"]
    methods += ["--method", "moved:analytic"]
    assert main(["evaluate", "ablation", *words, *methods]) == 0
    content = table(tmp_path)
    assert set(content["means"]) == {"still", "moved"}
    assert content["means"]["moved"]["l1"] is not None
    assert content["means"]["moved"]["ard_deg"] < content["means"]["still"]["ard_deg"]
    assert content["spread_over_seeds"]["moved"]["l1"] == 0  # twice the same
    assert "still" not in content["spread_over_seeds"]
    sheets = {p.relative_to(tmp_path / "sheets").as_posix() for p in tmp_path.rglob("*.jpg")}
    assert sheets == {"reconstruction/one.jpg", "reenactment/one.jpg"}


def test_two_processes_give_the_same_table_as_one(data: Path, tmp_path: Path) -> None:
    words = ["--data", str(data), "--frames", "6", *QUICK[:2], "--stride", "6"]
    rows: list[Any] = []
    for workers in ("1", "2"):
        out = tmp_path / workers
        more = ["-o", str(out), "--workers", workers]
        assert main(["evaluate", "reconstruction", *words, *more]) == 0
        rows.append(table(out)["rows"])
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (["--clips", "nobody"], "no clip nobody"),
        (["--data", "empty"], "no clips in empty"),
        (["--data", "nowhere"], "nowhere cannot be read"),
        (["--method", "magic"], "unknown method 'magic'"),
        (["--method", "lite-s"], "lite-s needs its weights"),
        (["--method", "lite-s=nothing.safetensors"], "no checkpoint nothing.safetensors"),
        (["--method", "analytic=x.safetensors"], "analytic has no weights"),
        (["--method", "analytic", "--method", "analytic"], "two methods are called analytic"),
        (["--method", ":analytic"], "no name before its colon"),
        (["--frames", "2"], "frames is 2"),
        (["--stride", "0"], "stride is 0"),
        (["--workers", "0"], "workers is 0"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence_and_code_2(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    reason: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    words = ["evaluate", "reconstruction", "--data", str(data), "-o", "out", *QUICK, *more]
    assert main(words) == 2
    lines = [x for x in capsys.readouterr().err.splitlines() if "reconstruction [" not in x]
    assert len(lines) == 1 and reason in lines[0], lines
    assert not list(tmp_path.rglob("table.*"))


def test_a_checkpoint_that_is_none_is_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.safetensors"
    wrong.write_bytes(b"hello")
    words = ["--data", str(data), "--clips", "one", "--frames", "4", "-o", str(tmp_path), *QUICK]
    assert main(["evaluate", "reconstruction", *words, "--method", f"lite-s={wrong}"]) == 2
    assert "wrong.safetensors" in capsys.readouterr().err


def test_seeds_of_a_setting_are_numbered_and_only_an_ablation_has_them(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    file.write_bytes(b"weights")
    words = [f"KP:toy={file}", f"KP:toy={file}", "copy-source"]
    groups = methods_from(words, seeds=True)
    assert [m.name for m in groups["KP"]] == ["KP", "KP #2"]
    assert len(groups["KP"][0].checkpoint) == 64 and groups["copy-source"][0].checkpoint == ""
    with pytest.raises(InputError, match="called KP"):
        methods_from(words, seeds=False)


@pytest.mark.shared
def test_a_clip_without_any_face_is_left_out_or_refused_alone(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", "reconstruction", "--data", str(shared_data / "test"), "--frames", "9"]
    words += ["-o", str(tmp_path), *QUICK]
    assert main([*words, "--clips", "v0178"]) == 2
    assert "v0178.mp4" in capsys.readouterr().err
    assert main([*words, "--clips", "v0019", "v0178"]) == 0
    content = table(tmp_path)
    assert list(content["left_out"]) == ["v0178.mp4"]
    copy, drawn = content["means"]["copy-source"], content["means"]["analytic"]
    assert drawn["akd_mp_px"] < copy["akd_mp_px"]  # she blinks in these frames
