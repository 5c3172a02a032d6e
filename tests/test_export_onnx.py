"""`pechead-export onnx`: the file and its manifest, whole or not at all; and what it refuses."""

import importlib.metadata
import os
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from export_samples import Running, near, ports

from engines.manifest import Manifest, check_file, read_manifest, sha256_of
from export.cli import main
from export.graphs.config import ExportConfig
from export.graphs.file import write_onnx
from export.parts.networks import load_network, parts_of, untrained
from pechead_live.errors import InputError, OutputError
from pechead_live.model.checkpoint import save_checkpoint
from pechead_live.model.lite.dimensions import LITE_PRESETS
from pechead_live.model.reconstructor import PRESETS, Reconstructor

TOY = PRESETS["toy"]
PART = "reconstructor"
VERSION = importlib.metadata.version("pechead-live")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def checkpoint(folder: Path) -> Path:
    path = folder / "toy.safetensors"
    module = untrained("reconstructor-toy", seed=3).module
    save_checkpoint(path, module.state_dict(), "reconstructor", TOY)
    return path


@pytest.fixture(scope="module")
def file(folder: Path, checkpoint: Path) -> Path:
    """By the command, from a checkpoint."""
    made = folder / "made" / "here"
    assert main(["onnx", str(checkpoint), "-o", str(made)]) == 0
    assert sorted(os.listdir(made)) == [f"{PART}.onnx", f"{PART}.onnx.json"]
    return made / f"{PART}.onnx"


def test_the_manifest_says_what_the_file_is(file: Path, checkpoint: Path):
    manifest = read_manifest(file)
    check_file(file, manifest)
    sha256 = sha256_of(file)
    assert manifest == Manifest(
        kind="reconstructor",
        preset="toy",
        part=PART,
        precision="fp32",
        form="none",
        runtime="onnx",
        runtime_version="",
        targets=(),
        plugin="",
        opset=20,
        version=VERSION,
        checkpoint_sha256=sha256_of(checkpoint),
        onnx_sha256=sha256,
        file_sha256=sha256,
        inputs=manifest.inputs,
        outputs=manifest.outputs,
    )


def test_the_ports_of_the_file_are_those_of_the_manifest(file: Path):
    graph = onnx.load(file).graph
    manifest = read_manifest(file)
    assert [each.name for each in graph.input] == [port.name for port in manifest.inputs]
    assert [each.name for each in graph.output] == [port.name for port in manifest.outputs]
    assert ports(manifest) == {
        "crop": ("uint8", (64, 64, 3)),
        "identity": ("float32", (50,)),
        "expression": ("float32", (52,)),
        "rotation": ("float32", (3, 3)),
        "translation": ("float32", (2,)),
        "scale": ("float32", ()),
        "confidence": ("float32", ()),
    }


def test_the_file_itself_says_what_it_was_made_from(file: Path, checkpoint: Path):
    model = onnx.load(file)
    assert {each.key: each.value for each in model.metadata_props} == {
        "kind": "reconstructor",
        "preset": "toy",
        "part": PART,
        "precision": "fp32",
        "form": "none",
        "version": VERSION,
        "checkpoint_sha256": sha256_of(checkpoint),
    }
    onnx.checker.check_model(model, full_check=True)
    assert not any(each.external_data for each in model.graph.initializer)


def test_the_file_names_no_file_of_the_machine_that_made_it(file: Path):
    assert str(Path(torch.__file__).parent).encode() not in file.read_bytes()
    assert str(Path(__file__).parent.parent).encode() not in file.read_bytes()


def test_a_reconstructor_reads_the_same_off_a_crop(file: Path, checkpoint: Path):
    network = load_network(checkpoint)
    assert isinstance(network.module, Reconstructor)
    crop = torch.randint(0, 256, (64, 64, 3), generator=torch.Generator().manual_seed(1)).byte()
    with torch.no_grad():
        expected = network.module(crop.permute(2, 0, 1)[None] / 255)
    ours = Running(file, read_manifest(file))(crop=crop)
    for name, each in expected._asdict().items():
        assert ours[name] == near(each[0], 1e-5), name
    assert "BatchNormalization" not in {node.op_type for node in onnx.load(file).graph.node}


def test_the_same_weights_give_the_same_file(file: Path, checkpoint: Path, tmp_path: Path):
    network = load_network(checkpoint)
    (part,) = parts_of(network)
    assert write_onnx(part, tmp_path, network).file_sha256 == sha256_of(file)


def test_a_line_for_each_file_is_printed(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    given = ["onnx", str(checkpoint), "-o", str(tmp_path), "--pixels", "float32"]
    assert main([*given, "--parts", PART]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.count("\n") == 1
    for word in (f"{PART}.onnx", "1 ports in, 6 out", "MB", sha256_of(tmp_path / f"{PART}.onnx")):
        assert word in said.out


def test_where_its_manifest_cannot_be_written_there_is_no_file(tmp_path: Path):
    network = untrained("reconstructor-toy")
    (part,) = parts_of(network)
    (tmp_path / f"{PART}.onnx.json").mkdir()
    with pytest.raises(OutputError, match=r"onnx\.json is a folder"):
        write_onnx(part, tmp_path, network)
    assert os.listdir(tmp_path) == [f"{PART}.onnx.json"]


def closed(tmp_path: Path) -> Path:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    return folder


def a_file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_text("text")
    return path


def refused(arguments: list[str | Path], capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence."""
    assert main(["onnx", *map(str, arguments)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("pechead-export: ")
    assert said.err.count("\n") == 1
    return said.err


def test_a_folder_that_cannot_be_written_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    toy = ["--untrained", "reconstructor-toy", "-o"]
    assert "write-protected" in refused([*toy, closed(tmp_path) / "new"], capsys)
    assert "is a file" in refused([*toy, a_file(tmp_path)], capsys)


def test_what_is_no_checkpoint_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = ["-o", tmp_path / "out"]
    assert "cannot be read" in refused([tmp_path / "none.safetensors", *out], capsys)
    assert "not a safetensors file" in refused([a_file(tmp_path), *out], capsys)
    other = tmp_path / "d.safetensors"
    tensors = {"weight": torch.zeros(1)}
    save_checkpoint(other, tensors, "discriminator", TOY)
    assert "kind 'discriminator', which is not exported" in refused([other, *out], capsys)
    save_checkpoint(other, tensors, "lite", LITE_PRESETS["toy"])
    assert "the weights lack" in refused([other, *out], capsys)
    assert not (tmp_path / "out").exists()


def test_an_unknown_preset_part_or_setting_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = ["-o", tmp_path]
    assert "no preset 'huge': use one of paper" in refused(["--untrained", "huge", *out], capsys)
    toy = ["--untrained", "reconstructor-toy", *out]
    assert "no part 'step': use reconstructor" in refused([*toy, "--parts", "step"], capsys)
    assert "precision is 'fp8': use" in refused([*toy, "--precision", "fp8"], capsys)
    assert "form is 'dcn': use" in refused([*toy, "--form", "dcn"], capsys)
    assert "pixels is 'int16': use" in refused([*toy, "--pixels", "int16"], capsys)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("given", [[], ["onnx"], ["onnx", "a", "--untrained", "toy", "-o", "b"]])
def test_half_a_command_is_refused(given: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        main(given)
    assert ended.value.code == 2
    assert capsys.readouterr().out == ""


def test_pixels_of_no_known_kind_have_no_parts():
    with pytest.raises(InputError, match="pixels is 'float64'"):
        parts_of(untrained("reconstructor-toy"), "float64")
    with pytest.raises(InputError, match="pixels"):
        ExportConfig(pixels="float64")


def test_a_checkpoint_in_parts_is_exported_too(tmp_path: Path, checkpoint: Path):
    whole = load_network(checkpoint)
    path = tmp_path / "cut.safetensors"
    save_checkpoint(path, whole.module.state_dict(), "reconstructor", TOY, part_bytes=300_000)
    index = tmp_path / "cut.safetensors.index.json"
    cut = load_network(index)
    assert cut.checkpoint_sha256 == sha256_of(index)
    for name, tensor in whole.module.state_dict().items():
        assert np.array_equal(tensor, cut.module.state_dict()[name])
