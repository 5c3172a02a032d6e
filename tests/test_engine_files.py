"""Opening an engine's file: what is wrong with it is said in one sentence, before anything runs."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from engine_samples import INPUTS, MORE, OUTPUTS, deformed, network, write_engine

from engines.manifest import Port, manifest_path, read_manifest
from engines.onnxruntime.providers import PROVIDERS, Provider, open_session
from engines.open import ONNX_DEVICES, open_engine
from pechead_live.errors import DeviceError, InputError, MissingDependencyError, PecheadError

CPU = ("onnxruntime:cpu", "openvino:cpu")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_engine(tmp_path / "step.onnx")


def refusal(
    path: Path, device: str | None = None, kind: type[PecheadError] = InputError, **given: Any
) -> str:
    """The one sentence with which ``path`` is refused."""
    with pytest.raises(kind) as refused:
        open_engine(path, device, **given)
    said = str(refused.value)
    assert "\n" not in said and len(said) < 600
    return said


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    assert f"no file {tmp_path / 'step.onnx'}" in refusal(tmp_path / "step.onnx")
    assert "no file" in refusal(tmp_path / ("x" * 300))


def test_a_folder_is_no_engine(tmp_path: Path):
    assert f"no file {tmp_path}" in refusal(tmp_path)


def test_a_file_without_its_manifest_is_refused(file: Path):
    manifest_path(file).unlink()
    said = refusal(file)
    assert "has no manifest step.onnx.json" in said and "pechead-export" in said


def test_a_manifest_without_its_file_is_refused(file: Path):
    file.unlink()
    assert f"{file} cannot be read" in refusal(file)


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format": "pechead-live engine"}'])
def test_a_manifest_that_is_none_is_refused(file: Path, content: str):
    manifest_path(file).write_text(content)
    assert str(manifest_path(file)) in refusal(file)


@pytest.mark.parametrize("device", CPU)
@pytest.mark.parametrize("harm", [lambda b: b[:-9], lambda b: b + b"\0", lambda b: b""])
def test_another_file_than_the_manifest_describes_is_refused(
    file: Path, device: str, harm: Callable[[bytes], bytes]
):
    file.write_bytes(harm(file.read_bytes()))
    said = refusal(file, device)
    assert "is not the file that its manifest describes" in said and "copy both again" in said


def test_an_unknown_device_is_answered_with_those_there_are(file: Path):
    for device in ("onnxruntime:tpu", "cuda", "", "openvino:", "tensorrt:cpu"):
        said = refusal(file, device)
        assert f"no device '{device}'" in said
        assert all(known in said for known in (*ONNX_DEVICES, "tensorrt"))


def test_a_file_is_opened_by_its_own_runtime_only(tmp_path: Path, file: Path):
    for device in ("tensorrt", "tensorrt:1"):
        assert f"is an ONNX file, which {device} does not open" in refusal(file, device)
    built = write_engine(
        tmp_path / "step.engine", b"not opened", runtime="tensorrt-rtx", runtime_version="1.7"
    )
    for device in ONNX_DEVICES:
        assert f"is a TensorRT engine, which {device} does not open" in refusal(built, device)


GARBAGE = {
    "random bytes": np.random.default_rng(3).bytes(4000),
    "nothing": b"",
    "half a network": network().SerializeToString()[: len(network().SerializeToString()) // 2],
    "the start of one": network().SerializeToString()[:40],
    "text": b"<?xml version='1.0'?><net name='x' version='11'><layers/></net>",
    "another graph": onnx.helper.make_model(
        onnx.helper.make_graph([], "empty", [], [])
    ).SerializeToString(),
    "an operator that nobody has": network(
        onnx.helper.make_node("Nonsense", ["warped"], ["more"])
    ).SerializeToString(),
    "an operator of another domain": network(
        onnx.helper.make_node("Nonsense", ["warped"], ["more"], domain="pechead")
    ).SerializeToString(),
    "an operator that takes what is not there": network(
        onnx.helper.make_node("Relu", ["nowhere"], ["more"])
    ).SerializeToString(),
}


@pytest.mark.parametrize("device", CPU)
@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_whose_manifest_was_made_to_fit_is_refused(
    tmp_path: Path, what: str, device: str, capfd: pytest.CaptureFixture[str]
):
    outputs = (*OUTPUTS, MORE) if what.startswith("an operator") else OUTPUTS
    file = write_engine(tmp_path / "step.onnx", GARBAGE[what], outputs=outputs)
    said = refusal(file, device)
    assert str(file) in said and "export it again" in said
    assert capfd.readouterr() == ("", ""), "the runtime speaks for itself"


def test_an_operator_without_what_it_takes_is_refused(tmp_path: Path):
    """OpenVINO ends the process here; only a file that was made for that passes its hash."""
    lame = network(onnx.helper.make_node("Conv", ["warped"], [MORE.name])).SerializeToString()
    file = write_engine(tmp_path / "step.onnx", lame, outputs=(*OUTPUTS, MORE))
    assert "export it again" in refusal(file, "onnxruntime:cpu")


@pytest.mark.parametrize("device", CPU)
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"inputs": (INPUTS[0]._replace(shape=(1, 2, 6, 7)), *INPUTS[1:])}, "'source_feature' is"),
        ({"inputs": (*INPUTS[:1], INPUTS[1]._replace(dtype="float32"), *INPUTS[2:])}, "'portrait'"),
        ({"inputs": (*INPUTS, Port("mouth", "float32", (3,)))}, "'mouth' is absent in the file"),
        ({"inputs": INPUTS[1:]}, "'source_feature' is in the file but not in its manifest"),
        ({"outputs": OUTPUTS[:2]}, "'next_state_hidden' is in the file but not"),
        ({"outputs": (OUTPUTS[0]._replace(name="frame"), *OUTPUTS[1:])}, "'frame' is absent"),
        ({"outputs": ()}, "without outputs"),
    ],
)
def test_ports_that_differ_from_the_manifest_are_named(
    file: Path, device: str, changes: dict[str, Any], said: str
):
    write_engine(file, **changes)
    refused = refusal(file, device)
    assert said in refused and "export it again" in refused


@pytest.mark.parametrize("device", CPU)
def test_a_memory_that_changes_its_shape_is_refused(file: Path, device: str):
    """`alpha` is handed on as if it were the portrait of the next frame."""
    model = network()
    model.graph.output[1].name = "next_portrait"
    for node in model.graph.node:
        node.output[:] = ["next_portrait" if name == "alpha" else name for name in node.output]
    outputs = (OUTPUTS[0], OUTPUTS[1]._replace(name="next_portrait"), OUTPUTS[2])
    write_engine(file, model.SerializeToString(), outputs=outputs)
    said = refusal(file, device)
    assert "'next_portrait' is float32 (6, 6) but becomes input 'portrait', uint8" in said


def test_openvino_names_the_form_that_it_can_compute(tmp_path: Path):
    outputs = (*OUTPUTS, MORE)
    content = deformed().SerializeToString()
    honest = write_engine(tmp_path / "a.onnx", content, form="deform", outputs=outputs)
    assert "the form 'decomposed'" in refusal(honest, "openvino:cpu")
    open_engine(honest, "onnxruntime:cpu").close()
    lying = write_engine(tmp_path / "b.onnx", content, form="none", outputs=outputs)
    assert "DeformConv" in refusal(lying, "openvino:cpu")


@pytest.mark.parametrize("device", CPU)
def test_a_graph_with_our_plugin_is_for_tensorrt(file: Path, device: str):
    write_engine(file, form="plugin")
    assert "export it again with the form" in refusal(file, device)


@pytest.mark.parametrize(
    ("device", "words"), [(CPU[0], "onnxruntime"), (CPU[1], "'pechead-live[openvino]'")]
)
def test_a_library_that_is_missing_is_named_with_what_brings_it(
    file: Path, device: str, words: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, device.partition(":")[0], None)
    said = refusal(file, device, MissingDependencyError)
    assert f"run pip install {words}" in said


@pytest.mark.parametrize(
    ("device", "package"),
    [
        ("onnxruntime:cuda", "onnxruntime-gpu[cuda,cudnn]"),
        ("onnxruntime:directml", "onnxruntime-directml"),
        ("onnxruntime:openvino", "onnxruntime-openvino"),
        ("onnxruntime:coreml", "on a Mac"),
    ],
)
def test_a_provider_that_this_build_lacks_is_named_with_its_package(
    file: Path, device: str, package: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    said = refusal(file, device, MissingDependencyError)
    assert PROVIDERS[device.partition(":")[2]].name in said and package in said


def test_a_provider_that_leaves_nodes_to_the_cpu_is_refused(file: Path):
    """Azure's calls a remote service and computes nothing itself."""
    idle = Provider(name="AzureExecutionProvider", install="", driver="")
    with pytest.raises(InputError, match=r"2 Conv.* would leave to the CPU.* 'onnxruntime:cpu'"):
        open_session(onnxruntime, file, read_manifest(file), idle, 1)


def test_openvino_without_a_gpu_says_what_it_has(file: Path, monkeypatch: pytest.MonkeyPatch):
    import openvino

    monkeypatch.setattr(openvino.Core, "available_devices", ["CPU"])
    said = refusal(file, "openvino:gpu", DeviceError)
    assert "finds no GPU here, only CPU" in said and "openvino:cpu" in said


def test_what_one_frame_draws_does_not_depend_on_a_manifest_s_key_order(file: Path):
    content: dict[str, Any] = json.loads(manifest_path(file).read_text())
    manifest_path(file).write_text(json.dumps(dict(reversed(content.items()))))
    engine = open_engine(file)
    assert engine.manifest == replace(engine.manifest)
    assert [port.name for port in engine.manifest.inputs] == [port.name for port in INPUTS]
