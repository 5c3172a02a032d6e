"""Cases of `benchmarks.engine` from export to figures, in this process."""

from pathlib import Path

import pytest

from benchmarks.engine.cases import Case
from benchmarks.engine.export import export
from benchmarks.engine.row import measure

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.mark.parametrize(
    ("case", "files"),
    [
        (Case("lite-toy", 1, "torch:cpu", "fp32", 1), set[str]()),
        (Case("toy", 1, "torch:cpu", "fp32", 1), set[str]()),
        (
            Case("lite-toy", 1, "onnxruntime:cpu+split", "int8", 1),
            {"encode", "motion", "decode", "decode-int8"},
        ),
    ],
    ids=lambda given: "-".join(map(str, given)) if isinstance(given, Case) else "",
)
def test_a_case_is_exported_and_measured(case: Case, files: set[str], tmp_path: Path) -> None:
    request = {"case": case._asdict(), "cache": str(tmp_path)}
    assert set(export(request)["exported"]) == files
    assert {path.stem for path in tmp_path.rglob("*.onnx")} == files
    assert export(request)["exported"] == []
    found = measure({**request, "frames": 3, "seconds": 1.0})
    assert found["frames"] == 3
    assert min(found["source_ms"], found["p50_ms"]) > 0
