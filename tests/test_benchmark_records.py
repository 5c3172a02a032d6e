"""The records of the benchmarks: each keeps to the schema, and a wrong one is refused."""

import json
import platform
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.record import FIELDS, RESULTS, check_record, write_record

RECORDS = sorted(RESULTS.glob("*.json"))


def record(tmp_path: Path, **settings: Any) -> dict[str, Any]:
    path = write_record("example", {"fps": 25.0}, settings, folder=tmp_path)
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.name)
def test_every_committed_record_keeps_to_the_schema(path: Path):
    content = json.loads(path.read_text(encoding="utf-8"))
    check_record(content)
    assert content["benchmark"] == path.stem
    program = RESULTS.parent.joinpath(*path.stem.split("."))
    assert program.with_suffix(".py").is_file() or (program / "__main__.py").is_file()


def test_there_are_records():
    assert RECORDS


def test_a_written_record_has_every_field_and_passes(tmp_path: Path):
    content = record(tmp_path, size=256)
    assert list(content) == list(FIELDS)
    check_record(content)
    assert content["benchmark"] == "example"
    assert content["command"].startswith("python -m benchmarks.example")
    assert content["created"].endswith("+00:00")
    assert content["libraries"]["numpy"] == np.__version__
    assert content["machine"]["cores"] >= 1


def test_numbers_of_numpy_tuples_and_paths_become_plain(tmp_path: Path):
    content = record(
        tmp_path,
        size=np.int64(256),
        share=np.float32(0.5),
        pair=(1, 2),
        curve=np.arange(3),
        data=Path("../shared/data"),
        cache=tmp_path / "cache",
        note=f"read from {tmp_path}/clips, at 1/2 speed, see https://example.org/a/b",
    )
    assert content["settings"] == {
        "size": 256,
        "share": 0.5,
        "pair": [1, 2],
        "curve": [0, 1, 2],
        "data": "../shared/data",
        "cache": "cache",
        "note": "read from clips, at 1/2 speed, see https://example.org/a/b",
    }


def test_neither_folder_nor_host_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.argv", ["x", "--data", str(tmp_path / "clips"), f"--out={tmp_path}"])
    text = json.dumps(record(tmp_path))
    assert str(tmp_path.parent) not in text
    assert str(Path.home()) not in text
    assert "--data clips" in text
    node = platform.node()
    assert not node or f'"{node}"' not in text


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("benchmark", "", "benchmark"),
        ("created", "2026-01-01T00:00:00", "created"),
        ("results", {}, "results"),
        ("results", {"fps": float("nan")}, "results.fps"),
        ("results", {"clips": [{"at": object()}]}, r"results.clips\[0\].at"),
        ("settings", {"data": "/data/clips"}, "settings.data"),
        ("settings", {"data": r"C:\clips\a.mp4"}, "settings.data"),
        ("settings", {"data": "~/clips"}, "settings.data"),
        ("machine", {"cpu": "x"}, "machine"),
        ("libraries", ["numpy"], "libraries"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, field: str, value: Any, named: str):
    content = {**record(tmp_path), field: value}
    with pytest.raises(ValueError, match=named):
        check_record(content)


def test_a_missing_and_an_unknown_field_are_refused(tmp_path: Path):
    content = record(tmp_path)
    with pytest.raises(ValueError, match="fields"):
        check_record({**content, "host": "x"})
    del content["revision"]
    with pytest.raises(ValueError, match="fields"):
        check_record(content)


def test_nothing_is_written_when_a_result_was_not_measured(tmp_path: Path):
    with pytest.raises(ValueError, match=r"results\.fps"):
        write_record("example", {"fps": np.float64("inf")}, {}, folder=tmp_path)
    assert list(tmp_path.iterdir()) == []
