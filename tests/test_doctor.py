"""The `doctor` command and its checks."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pechead_live import assets
from pechead_live.cli import doctor, main
from pechead_live.diagnosis import Finding, Verdict, examine
from pechead_live.diagnosis.engine_runtimes import check_cupy, check_openvino, check_tensorrt
from pechead_live.diagnosis.host import check_python, check_system_libraries
from pechead_live.diagnosis.models import check_models
from pechead_live.diagnosis.runtimes import check_onnxruntime, check_opencv, check_pyav
from pechead_live.diagnosis.tiny_network import tiny_network
from pechead_live.errors import MissingDependencyError


def finding(verdict: Verdict) -> Finding:
    advice = "" if verdict == "good" else "do something"
    return Finding(group="host", name=verdict, verdict=verdict, detail="found", advice=advice)


@pytest.mark.parametrize(
    ("verdicts", "code"), [(["good"], 0), (["good", "optional"], 0), (["missing", "good"], 1)]
)
def test_the_exit_code_says_whether_run_would_work(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verdicts: list[Verdict],
    code: int,
):
    monkeypatch.setattr(doctor, "examine", lambda: [finding(v) for v in verdicts])
    assert main(["doctor"]) == code
    assert ("Ready to run" in capsys.readouterr().out) == (code == 0)
    assert main(["doctor", "--json"]) == code
    report = json.loads(capsys.readouterr().out)
    assert report["healthy"] == (code == 0)
    assert [f["verdict"] for f in report["findings"]] == verdicts


def test_every_problem_has_one_sentence_of_advice_and_nothing_else_has():
    with pytest.raises(ValueError, match="advice"):
        Finding(group="host", name="x", verdict="missing", detail="gone")
    with pytest.raises(ValueError, match="advice"):
        Finding(group="host", name="x", verdict="good", detail="fine", advice="why?")


def test_this_machine_can_be_examined_and_what_these_tests_use_is_good():
    findings = {finding.name: finding for finding in examine()}
    for name in ("Python", "platform", "OpenCV", "PyAV"):
        assert findings[name].verdict == "good", findings[name]
    assert {"cameras", "virtual camera", "preview"} <= set(findings)
    assert all("\n" not in finding.advice for finding in findings.values())


def test_an_old_python_is_missing_a_new_one():
    assert check_python((3, 10, 4)).verdict == "missing"
    assert check_python((3, 11, 0)).verdict == "good"


def test_a_missing_system_library_names_the_package(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.platform", "linux")
    (lost,) = check_system_libraries({"libNoSuchThing.so.1": "libnosuchthing1"})
    assert lost.verdict == "missing" and "apt-get install libnosuchthing1" in lost.advice
    monkeypatch.setattr("sys.platform", "darwin")
    assert check_system_libraries() == []


def test_models_are_looked_for_without_a_download(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    def no_network(*_: Any) -> Path:
        raise AssertionError("the doctor must not download")

    monkeypatch.setattr(assets, "_download", no_network)
    monkeypatch.setattr(assets, "CACHE", tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    verdicts = {finding.name: finding.verdict for finding in check_models()}
    assert verdicts["face_landmarker.task"] == "missing"
    assert verdicts["selfie_segmenter.tflite"] == "optional"
    (tmp_path / "face_landmarker.task").write_bytes(b"x" * 2_500_000)
    found = check_models()[0]
    assert found.verdict == "good" and "2.5 MB" in found.detail


def fake_runtime(*, works_on: str, offers: list[str]) -> Any:
    """Something with ONNX Runtime's face that computes on ``works_on`` only."""

    class Session:
        def __init__(self, network: bytes, options: Any, providers: list[str]) -> None:
            assert network == tiny_network()
            if providers == ["BrokenExecutionProvider"]:
                raise RuntimeError("libbroken.so.3:\n cannot open shared object file")

        def get_providers(self) -> list[str]:
            return [works_on]

        def run(self, _: None, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
            return [2 * feed["x"]]

    return SimpleNamespace(
        __version__="1.0",
        get_available_providers=lambda: offers,
        SessionOptions=SimpleNamespace,
        InferenceSession=Session,
        preload_dlls=lambda: None,
    )


def test_an_execution_provider_counts_only_if_it_really_runs(monkeypatch: pytest.MonkeyPatch):
    offers = [f"{name}ExecutionProvider" for name in ("Broken", "CUDA", "Azure", "CPU")]
    runtime = fake_runtime(works_on="CPUExecutionProvider", offers=offers)
    monkeypatch.setitem(sys.modules, "onnxruntime", runtime)
    broken, cuda, cpu = check_onnxruntime()
    assert broken.verdict == "optional" and "cannot open shared object" in broken.detail
    assert cuda.verdict == "optional" and "CPUExecutionProvider runs in its place" in cuda.detail
    assert cpu.verdict == "good"


def test_a_machine_without_onnx_runtime_can_still_run(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (absent,) = check_onnxruntime()
    assert absent.verdict == "optional" and "pip install onnxruntime" in absent.advice


def test_openvino_counts_on_each_device_that_really_runs(monkeypatch: pytest.MonkeyPatch):
    findings = {finding.name: finding for finding in check_openvino()}
    assert findings["OpenVINO CPU"].verdict == "good"
    import openvino

    monkeypatch.setattr(openvino.Core, "available_devices", ["CPU", "TPU.1"])
    _, lost = check_openvino()
    assert lost.name == "OpenVINO TPU.1" and lost.verdict == "optional"
    assert "\n" not in lost.detail


def test_runtimes_that_are_not_installed_say_how_to_get_them(monkeypatch: pytest.MonkeyPatch):
    for name in ("openvino", "cupy"):
        monkeypatch.setitem(sys.modules, name, None)
    (openvino,), cupy = check_openvino(), check_cupy()
    assert openvino.verdict == "optional" and "pechead-live[openvino]" in openvino.advice
    assert cupy.verdict == "optional" and "pechead-live[tensorrt]" in cupy.advice


def test_a_machine_without_tensorrt_can_still_run(monkeypatch: pytest.MonkeyPatch):
    def absent(flavour: str) -> Any:
        raise MissingDependencyError(f"{flavour} cannot be loaded (no such module): install it")

    monkeypatch.setattr("pechead_live.diagnosis.engine_runtimes.load_tensorrt", absent)
    monkeypatch.setattr("sys.platform", "linux")
    (missing,) = check_tensorrt()
    assert missing.verdict == "optional" and "pechead-live[tensorrt]" in missing.advice
    assert missing.detail == "tensorrt_rtx cannot be loaded (no such module)"
    monkeypatch.setattr("sys.platform", "darwin")
    assert check_tensorrt() == []


def test_what_cannot_be_loaded_is_missing(monkeypatch: pytest.MonkeyPatch):
    for name, check in (("cv2", check_opencv), ("av", check_pyav)):
        monkeypatch.setitem(sys.modules, name, None)
        assert check().verdict == "missing"


def test_the_tiny_network_is_one_protobuf_message_of_known_fields():
    network = tiny_network()
    fields: list[int] = []
    position = 0
    while position < len(network):
        field, kind = network[position] >> 3, network[position] & 7
        fields.append(field)
        position += 2 if kind == 0 else 2 + network[position + 1]
    assert position == len(network)
    assert fields == [1, 7, 8]  # ir_version, graph, opset_import
