"""Engines for TensorRT-RTX are built here, on a machine without a GPU."""

import argparse
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from onnx import helper
from tensorrt_samples import INPUTS, OUTPUTS, SIDE, write_graph, write_network

import export.cli.tensorrt as command
from engines.manifest import Port, check_file, manifest_path, read_manifest
from engines.tensorrt.library import load_tensorrt
from export.tensorrt.apart import how_it_ended
from export.tensorrt.build import build_engine
from export.tensorrt.progress import BuildShare
from export.tensorrt.targets import TensorRTConfig, targets_of
from pechead_live.errors import InputError, OutputError

X, Y = Port("x", "float32", (1, 4, SIDE, SIDE)), Port("y", "float32", (1, 4, SIDE, SIDE))


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_network(tmp_path_factory.mktemp("network"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def one_sentence(error: Exception) -> str:
    text = str(error)
    assert "\n" not in text and len(text) < 900
    return text


def test_an_engine_is_built_with_a_manifest_that_says_what_it_is(
    network: Path, cache: Path, tmp_path: Path
) -> None:
    config = TensorRTConfig(targets=("sm_89", "sm_120"))
    built = build_engine(network, tmp_path / "engines", config, cache=cache)
    assert built.file == tmp_path / "engines" / "step.engine"
    manifest = read_manifest(built.file)
    check_file(built.file, manifest)
    assert manifest == built.manifest
    source = read_manifest(network)
    assert (manifest.runtime, manifest.targets) == ("tensorrt-rtx", ("sm_89", "sm_120"))
    assert manifest.runtime_version == load_tensorrt("tensorrt_rtx").__version__
    assert (manifest.form, manifest.plugin) == ("none", "")
    assert manifest.onnx_sha256 == source.file_sha256 != manifest.file_sha256
    assert (manifest.inputs, manifest.outputs) == (INPUTS, OUTPUTS)


def test_the_second_build_of_the_same_is_a_copy(network: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = build_engine(network, tmp_path / "a", TensorRTConfig(), cache=cache)
    second = build_engine(network, tmp_path / "b", TensorRTConfig(), cache=cache)
    assert (first.was_cached, second.was_cached) == (False, True)
    assert second.file.read_bytes() == first.file.read_bytes()
    assert second.manifest == first.manifest
    another = write_network(tmp_path / "another", weight=0.2)
    for file, config in (
        (network, TensorRTConfig(targets=("sm_86",))),
        (another, TensorRTConfig()),
    ):
        assert not build_engine(file, tmp_path / "c", config, cache=cache).was_cached


def test_a_damaged_engine_in_the_cache_is_built_again(network: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = build_engine(network, tmp_path, TensorRTConfig(), cache=cache)
    (kept,) = cache.glob("*.engine")
    kept.write_bytes(kept.read_bytes()[:1000])
    second = build_engine(network, tmp_path, TensorRTConfig(), cache=cache)
    assert not second.was_cached
    assert second.file.stat().st_size == first.file.stat().st_size
    check_file(second.file, second.manifest)


def test_a_cache_that_cannot_be_written_to_is_a_line_in_the_log(
    network: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cache").write_text("a file")
    built = build_engine(network, tmp_path, TensorRTConfig(), cache=tmp_path / "cache")
    assert built.file.is_file()
    assert "not kept" in caplog.text


def test_a_standard_deformable_convolution_becomes_the_plugin(cache: Path, tmp_path: Path) -> None:
    network = write_network(tmp_path, form="deform")
    built = build_engine(network, tmp_path, TensorRTConfig(targets=("sm_89",)), cache=cache)
    assert (built.manifest.form, built.manifest.plugin) == ("plugin", "1")
    assert b"DeformIm2Col" in built.file.read_bytes()


def test_progress_is_told_from_the_process_that_builds(network: Path, tmp_path: Path) -> None:
    told: list[tuple[float, str]] = []

    def tell(share: float, phase: str) -> None:
        told.append((share, phase))

    build_engine(network, tmp_path, TensorRTConfig(), tell=tell, cache=None)
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and len(set(shares)) == len(shares) > 5
    assert shares[-1] == 1
    assert "Building engine" in told[-1][1]


def test_a_phase_counts_as_a_part_of_its_parent_s_step() -> None:
    told: list[float] = []
    share = BuildShare(lambda share, _: told.append(share))
    share.start("build", None, 2)
    share.start("parse", "build", 4)
    share.step("parse", 1)
    assert told[-1] == 0.25
    share.finish("parse")
    share.step("build", 0)
    assert told[-1] == 0.5
    share.start("parse", "build", 4)
    share.step("parse", 0)
    assert told[-1] == 0.62
    share.step("build", 1)
    share.finish("build")
    assert told[-1] == 1
    assert told == sorted(told)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no signals")
def test_a_build_that_aborts_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    # TensorRT divides by the size of the block: the process is ended by SIGFPE
    node = helper.make_node("DepthToSpace", ["x"], ["y"], blocksize=0)
    network = write_graph(tmp_path / "in", [node], [], [X], [Y])
    with pytest.raises(InputError) as raised:
        build_engine(network, tmp_path / "out", TensorRTConfig(), cache=tmp_path / "cache")
    text = one_sentence(raised.value)
    assert "was ended by SIGFPE" in text and "[DepthToSpace]" in text
    assert not (tmp_path / "out").exists() and not (tmp_path / "cache").exists()


def test_how_a_process_ended_is_said_in_words() -> None:
    if sys.platform != "win32":
        assert how_it_ended(-signal.SIGABRT) == "was ended by SIGABRT"
        assert "memory ran out" in how_it_ended(-signal.SIGKILL)
    assert how_it_ended(0xC0000005) == "crashed (0xC0000005)"
    assert how_it_ended(3) == "stopped with exit code 3"


def test_an_operator_that_tensorrt_does_not_know_is_named(tmp_path: Path) -> None:
    node = helper.make_node("Mystery", ["x"], ["y"])
    network = write_graph(tmp_path, [node], [], [X], [Y])
    with pytest.raises(InputError, match="operator Mystery"):
        build_engine(network, tmp_path, TensorRTConfig(), cache=None)


def test_a_damaged_onnx_file_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    network = write_network(tmp_path)
    network.write_bytes(network.read_bytes()[:-100])
    with pytest.raises(InputError, match="truncated"):
        build_engine(network, tmp_path, TensorRTConfig(), cache=None)


def test_bytes_that_are_no_onnx_are_refused_though_their_manifest_fits(tmp_path: Path) -> None:
    network = write_graph(tmp_path, [], [], [X], [Y])
    with pytest.raises(InputError) as raised:
        build_engine(network, tmp_path, TensorRTConfig(), cache=None)
    assert str(network) in one_sentence(raised.value)


def test_targets_that_cannot_be_are_refused(network: Path, tmp_path: Path) -> None:
    for targets, said in (
        (("sm_90",), "no engine for 'sm_90'"),
        (("89",), "no engine for '89'"),
        (("sm_89", "sm_89"), "name each once"),
    ):
        with pytest.raises(InputError, match=said):
            TensorRTConfig(targets=targets)
    with pytest.raises(InputError, match="use one of rtx, full"):
        TensorRTConfig(flavour="lean")
    with pytest.raises(InputError, match=r"cannot run fp32 on sm_75.*--precision fp16"):
        build_engine(network, tmp_path, TensorRTConfig(targets=("sm_75",)), cache=None)
    assert targets_of("any") == ()
    assert targets_of("sm_89, sm_120") == ("sm_89", "sm_120")


@pytest.mark.parametrize("targets", [("sm_75",), ("sm_75", "sm_89"), ()])
def test_a_network_in_half_precision_may_keep_float32_products_on_turing(
    targets: tuple[str, ...], tmp_path: Path
) -> None:
    # of TensorRT-RTX 1.7: "FP32 GEMM is not supported" for sm_75
    node = helper.make_node("MatMul", ["x", "x"], ["y"])
    network = write_graph(tmp_path, [node], [], [X], [Y], precision="fp16")
    built = build_engine(network, tmp_path, TensorRTConfig(targets=targets), cache=None)
    assert built.manifest.targets == targets


def test_an_engine_is_no_source_of_another(network: Path, cache: Path, tmp_path: Path) -> None:
    built = build_engine(network, tmp_path, TensorRTConfig(), cache=cache)
    with pytest.raises(InputError, match="is a tensorrt-rtx file"):
        build_engine(built.file, tmp_path, TensorRTConfig(), cache=cache)


def test_a_missing_library_says_what_to_install(network: Path, tmp_path: Path) -> None:
    code = f"""
import sys
sys.modules["tensorrt"] = None  # as Python marks what cannot be imported
from pathlib import Path
from export.tensorrt.build import build_engine
from export.tensorrt.targets import TensorRTConfig
from pechead_live.errors import MissingDependencyError
try:
    build_engine(Path({str(network)!r}), Path({str(tmp_path)!r}), TensorRTConfig(flavour="full"))
except MissingDependencyError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install tensorrt-cu13" in run.stdout and run.stdout.count("\n") == 1


def test_a_folder_that_cannot_be_written_to_is_refused_first(network: Path, tmp_path: Path) -> None:
    (tmp_path / "engines").write_text("a file")
    with pytest.raises(OutputError, match="is a file"):
        build_engine(network, tmp_path / "engines", TensorRTConfig(), cache=None)


def run_command(*given: str | os.PathLike[str]) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(each) for each in given]))


def test_the_command_builds_what_a_gpu_runs_and_prints_a_line_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "CACHE", tmp_path / "cache")
    network = write_network(tmp_path / "in")
    for name in ("encode", "motion"):
        (tmp_path / "in" / f"{name}.onnx").write_bytes(network.read_bytes())
        manifest = manifest_path(network).read_text().replace('"step"', f'"{name}"')
        (tmp_path / "in" / f"{name}.onnx.json").write_text(manifest)
    assert run_command(tmp_path / "in", "-o", tmp_path / "out", "--target", "sm_89") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        str(tmp_path / "out" / name) for name in ("encode.engine", "step.engine")
    ]
    assert all(re.search(r"fp32, for sm_89, \d\.\d MB, ", line) for line in lines)
    assert not (tmp_path / "out" / "motion.engine").exists()


def test_the_command_refuses_before_it_builds(network: Path, tmp_path: Path) -> None:
    folder = network.parent
    for given, said in (
        (("--precision", "fp16"), "is fp32 and not fp16: .*onnx --precision fp16"),
        (("--parts", "step", "nose"), "there is no file .*nose.onnx"),
        (("--target", "sm_75,sm_89"), "fp32 on sm_75"),
    ):
        with pytest.raises(InputError, match=said):
            run_command(folder, "-o", tmp_path / "out", *given)
    with pytest.raises(InputError, match="holds no ONNX file"):
        run_command(tmp_path, "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()
