"""`benchmarks.engine`: rows in processes of their own, set against what the machine can do."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.engine import __main__ as engine
from benchmarks.engine.cases import DEFAULT_PRESETS, RUNTIMES, cases_of
from benchmarks.engine.ceiling import Ceiling, highest, measure
from benchmarks.engine.clip import Clip, bundled_clip, read_clip, write_clip
from benchmarks.engine.gpu import gpu_name
from benchmarks.engine.networks import Network
from benchmarks.engine.row import FEWEST, timed
from benchmarks.engine.table import TITLES, head, line, row_of
from benchmarks.own_process import asked
from benchmarks.record import check_record, write_record

WITH, WITHOUT = "onnxruntime:cpu", "openvino:cpu"
"""A runtime that is there, and one whose library is not."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module")
def arguments(cache: Path) -> Any:
    words = f"--presets reconstructor-toy --runtimes {WITH} {WITHOUT} --threads 1 --frames 4"
    return engine.parser().parse_args([*words.split(), "--cache", str(cache)])


@pytest.fixture(scope="module")
def results(arguments: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Of a run in which OpenVINO cannot be imported."""
    broken = tmp_path_factory.mktemp("libraries")
    (broken / "openvino.py").write_text("raise ImportError('no such library')\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(broken))
        patch.setattr(engine, "CEILING_S", 0.1)
        yield engine.run(arguments, None)


def row(results: dict[str, Any], runtime: str) -> dict[str, Any]:
    (found,) = [each for each in results["rows"] if each["runtime"] == runtime]
    return found


def test_a_row_says_what_ran_how_fast_and_with_how_much_memory(results: dict[str, Any]) -> None:
    found = row(results, WITH)
    assert "reason" not in found
    assert found["provider"] == "CPUExecutionProvider"
    assert found["frames"] == 4
    assert 0 < found["p50_ms"] <= found["p95_ms"] <= found["p99_ms"]
    assert 0 < found["memory_before_mb"] <= found["peak_memory_mb"]


def test_the_figures_of_a_row_add_up(results: dict[str, Any]) -> None:
    found = row(results, WITH)
    assert found["gflops"] == pytest.approx(2e3 * found["gmac_frame"] / found["p50_ms"], abs=0.01)
    share = found["gflops"] / found["ceiling_gflops"]
    assert found["share_of_ceiling"] == pytest.approx(share, abs=2e-4)
    assert 0 < share < 1


def test_a_runtime_that_is_not_installed_is_a_row_with_its_reason(results: dict[str, Any]) -> None:
    found = row(results, WITHOUT)
    assert "openvino cannot be loaded" in found["reason"]
    assert "pip install 'pechead-live[openvino]'" in found["reason"]
    assert "p50_ms" not in found
    assert found["reason"] in line(found)


def test_the_ceiling_is_the_highest_that_any_runtime_reached(results: dict[str, Any]) -> None:
    (one,) = [each for each in results["ceilings"] if each["threads"] == 1]
    runs = [each for each in results["ceiling_runs"] if each["threads"] == 1]
    measured = next(each for each in runs if each["runtime"] == WITH)
    assert one["gflops"] == max(measured["sgemm_gflops"], measured["convolution_gflops"])
    assert one["gflops"] == row(results, WITH)["ceiling_gflops"]
    assert one["by"].endswith(WITH)
    assert "reason" in next(each for each in runs if each["runtime"] == WITHOUT)


def test_the_results_make_a_record(
    arguments: Any, results: dict[str, Any], cache: Path, tmp_path: Path
) -> None:
    path = write_record("engine", results, engine.settings(arguments, None), folder=tmp_path)
    content = json.loads(path.read_text(encoding="utf-8"))
    check_record(content)
    assert content["settings"]["weights"] == {"reconstructor-toy": "untrained"}
    assert str(cache.parent) not in path.read_text(encoding="utf-8")


def test_what_was_exported_once_is_not_exported_again(
    arguments: Any, results: dict[str, Any], cache: Path
) -> None:
    files = {path: path.stat().st_mtime_ns for path in cache.rglob("*") if path.is_file()}
    assert {path.suffix for path in files} == {".onnx", ".json", ".npz"}
    (case,) = cases_of(arguments.presets, [WITH], [1])
    assert "reason" not in engine.measured(case, [], arguments)
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*") if path.is_file()} == files


@pytest.mark.parametrize("device", ["onnxruntime:cpu", "torch:cpu"])
def test_a_processor_computes_more_than_one_and_less_than_a_hundred_thousand_gflops(
    device: str,
) -> None:
    told = measure({"device": device, "threads": 1, "seconds": 0.05})
    assert [value for value in told.values() if not 1 < value < 1e5] == []
    best = highest([{"runtime": device, **told}])
    assert best is not None
    assert best.gflops == max(told.values())


def test_without_a_ceiling_a_row_has_no_share_of_it() -> None:
    (case,) = cases_of(["toy"], [WITH], [1])
    found = row_of(case, {"gmac_frame": 0.5}, {"p50_ms": 100.0}, highest([]), None)
    assert found["gflops"] == 10.0
    assert "share_of_ceiling" not in found
    found = row_of(case, {"gmac_frame": 0.5}, {"p50_ms": 100.0}, Ceiling(40.0, "x"), None)
    assert found["share_of_ceiling"] == 0.25


def test_every_line_of_the_table_has_a_cell_for_every_title(results: dict[str, Any]) -> None:
    lines = [*head().splitlines(), *(line(each) for each in results["rows"])]
    assert [each.count("|") for each in lines] == [len(TITLES) + 1] * 4


def test_a_process_that_ends_badly_is_a_reason_and_no_crash() -> None:
    told = asked("benchmarks.engine.row", {"neither": "case nor cache"})
    assert told["reason"] == "ended with code 1: KeyError: 'case'"


def test_gpu_rows_are_planned_beside_those_of_the_cpu() -> None:
    cases = cases_of(DEFAULT_PRESETS, list(RUNTIMES), [1, 2])
    of_gpu = [case for case in cases if RUNTIMES[case.runtime].on_gpu]
    assert {case.precision for case in of_gpu} == {"fp32", "fp16"}
    assert {case.preset for case in of_gpu if case.upscale == 2} == {"base", "paper"}
    assert {case.threads for case in of_gpu} == {1}
    assert {case.threads for case in cases if case not in of_gpu} == {1, 2}
    cut = [case for case in cases if RUNTIMES[case.runtime].split]
    assert {(case.kind, case.precision) for case in cut} == {("lite", "fp32"), ("lite", "int8")}
    assert len(set(cases)) == len(cases)


def test_a_slow_network_draws_few_frames_each_after_the_state_before() -> None:
    def step(source: str, number: int, state: int) -> tuple[None, int]:
        assert (source, number) == ("portrait", state)
        return None, state + 1

    def initial(_source: str) -> int:
        return 0

    network = Network("", lambda: "portrait", initial, step)
    assert len(timed(network, 50, 60.0)[1]) == 50
    assert len(timed(network, 50, 0.0)[1]) == FEWEST


def test_a_clip_is_read_as_it_was_written(tmp_path: Path) -> None:
    clip = bundled_clip("pechead", 64)
    write_clip(tmp_path / "clip.npz", clip)
    found = read_clip(tmp_path / "clip.npz")
    assert (len(found.frames), list(found.frames[0])) == (len(clip.frames), list(clip.frames[0]))
    assert same(Clip(found.source, found.frames[-1:]), Clip(clip.source, clip.frames[-1:]))
    assert clip.source["portrait"].dtype == np.uint8


def same(found: Clip, expected: Clip) -> bool:
    pairs = zip((found.source, *found.frames), (expected.source, *expected.frames), strict=True)
    return all((a[name] == b[name]).all() for a, b in pairs for name in b)


@pytest.mark.gpu
def test_every_row_of_a_gpu_is_measured(cache: Path) -> None:
    names = [name for name, runtime in RUNTIMES.items() if runtime.on_gpu]
    words = ["--presets", "lite-toy", "toy", "--runtimes", *names, "--frames", "5"]
    given = engine.parser().parse_args([*words, "--cache", str(cache)])
    rows = engine.run(given, gpu_name())["rows"]
    assert [(each["runtime"], each["reason"]) for each in rows if "reason" in each] == []
    assert all(each["gpu_memory_mb"] is not None for each in rows)
