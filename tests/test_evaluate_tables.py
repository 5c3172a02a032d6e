"""Tables of the evaluation: means, spreads over seeds, sets, and results kept between runs."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from pechead_live.errors import InputError, NoFaceError
from pechead_live.evaluation import ablation, drift, editing, reconstruction, reenactment
from pechead_live.evaluation.ablation import ablation_lines
from pechead_live.evaluation.metrics.names import METRICS
from pechead_live.evaluation.result import REAL, Figures, Result, Row, open_result, save_result
from pechead_live.evaluation.table import (
    Line,
    gathered_notes,
    known_columns,
    markdown,
    mean_figures,
)
from pechead_live.evaluation.work import Done, Task, run_tasks


def result(*rows: tuple[str, Figures], seed: int = 0, away: float = 0.0) -> Result:
    """One row a method, with eFID features ``away`` from the real ones."""
    real = np.random.default_rng(seed).standard_normal((4, 3)).astype(np.float32)
    features = {REAL: real} | {name: real + np.float32(away) for name, _ in rows}
    return Result([Row("a clip", name, found) for name, found in rows], {"notes": []},
                  {"efid": features})  # fmt: skip


def test_every_column_of_every_table_is_explained() -> None:
    tables = (
        *(reconstruction.TABLE, reenactment.TABLE),
        *(editing.TABLE, ablation.TABLE, drift.TABLE),
    )
    assert {name for table in tables for name in table} <= set(METRICS)


def test_the_mean_is_over_the_clips_that_were_measured() -> None:
    results = [result(("a", {"l1": 0.1})), result(("a", {"l1": 0.3})), result(("a", {"l1": None}))]
    assert mean_figures(results, "a", ["l1"])["l1"] == pytest.approx(0.2)
    assert mean_figures(results, "b", ["l1"])["l1"] is None


def test_the_distance_of_a_set_is_taken_over_all_its_clips() -> None:
    apart = [result(("a", {}), seed=i, away=2.0) for i in range(3)]
    assert mean_figures(apart, "a", ["efid"])["efid"] == pytest.approx(3 * 2.0**2, rel=1e-4)
    same = [result(("a", {}), seed=i) for i in range(3)]
    assert mean_figures(same, "a", ["efid"])["efid"] == pytest.approx(0, abs=1e-4)
    assert mean_figures([], "a", ["efid"])["efid"] is None


def test_a_column_that_nobody_has_is_left_out_and_named() -> None:
    lines = [Line("a", {"l1": 0.5, "ssim": None}, {}), Line("b", {"l1": None, "ssim": None}, {})]
    text = markdown("method", lines, ["l1", "ssim"]).splitlines()
    assert text == ["| method | L1 ↓ |", "|---|---|", "| a | 0.5000 |", "| b | - |"]
    assert known_columns(lines, ["l1", "ssim"]) == ["l1"]
    notes = gathered_notes({}, {"x.mp4": "x.mp4 shows no face"}, lines, ["l1", "ssim"])
    assert notes == ["left out: x.mp4 shows no face", "not measured: SSIM"]


def test_an_ablation_has_the_mean_and_the_spread_of_its_seeds() -> None:
    rebuilt = [result(("KP", {"l1": 0.1}), ("KP #2", {"l1": 0.3}), ("Full", {"l1": 0.05}))]
    moved = [result(("KP", {"ard_deg": 1.0}), ("KP #2", {"ard_deg": 1.0}), ("Full", {}))]
    lines = ablation_lines({"KP": ["KP", "KP #2"], "Full": ["Full"]}, rebuilt, moved)
    assert [line.name for line in lines] == ["KP", "Full"]
    assert lines[0].figures["l1"] == pytest.approx(0.2)
    assert lines[0].spread["l1"] == pytest.approx(0.2 / 2**0.5)
    assert lines[0].spread["ard_deg"] == 0 and lines[1].spread == {}
    assert "0.2000 ± 0.1414" in markdown("", lines, ["l1"])


def test_a_result_comes_back_from_its_files_unless_the_settings_differ(tmp_path: Path) -> None:
    kept = result(("a", {"l1": 0.1, "ssim": None}), away=1.0)
    save_result(kept, tmp_path / "v0.mp4", "these")
    found = open_result(tmp_path / "v0.mp4", "these")
    assert found is not None and found.rows == kept.rows and found.facts == kept.facts
    assert (found.features["efid"]["a"] == kept.features["efid"]["a"]).all()
    assert open_result(tmp_path / "v0.mp4", "others") is None
    (tmp_path / "v0.mp4.npz").write_bytes(b"cut off")
    assert open_result(tmp_path / "v0.mp4", "these") is None
    assert open_result(tmp_path / "nothing", "these") is None


def counted(calls: list[str], name: str) -> Result:
    calls.append(name)
    if name == "faceless":
        raise NoFaceError("faceless shows no face")
    return result((name, {"l1": 0.1}))


def test_an_interrupted_run_is_taken_up_where_it_stopped(tmp_path: Path) -> None:
    calls: list[str] = []
    tasks: dict[str, Task] = {n: partial(counted, calls, n) for n in ("a", "b", "faceless")}

    def run(fingerprint: str = "these", *, resume: bool) -> list[Done]:
        calls.clear()
        return list(
            run_tasks(tasks, workers=1, parts=tmp_path, fingerprint=fingerprint, resume=resume)
        )

    stopped = run_tasks(tasks, workers=1, parts=tmp_path, fingerprint="these", resume=False)
    assert next(stopped).name == "a"
    next(stopped)
    stopped.close()  # pyright: ignore
    done = run(resume=True)
    assert calls == ["faceless"] and {one.name for one in done} == {"a", "b", "faceless"}
    assert [one.left_out for one in done if one.result is None] == ["faceless shows no face"]
    run("other settings", resume=True)
    assert calls == ["a", "b", "faceless"]
    run(resume=False)
    assert calls == ["a", "b", "faceless"]


def test_no_worker_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="workers is 0"):
        list(run_tasks({}, workers=0, parts=tmp_path, fingerprint="", resume=False))
