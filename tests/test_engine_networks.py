"""Renderers on exported networks: the shipped lite-s, and a toy PECHead exported here."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from shared_exports import export_once
from still_samples import astronaut, difference

from engines.networks.files import open_parts
from engines.networks.lite import SplitLite, WholeLite, open_lite
from engines.networks.pechead import open_pechead
from engines.networks.quantised_decode import open_quantised
from export.graphs.config import ExportConfig
from export.parts.networks import untrained
from pechead_live.cli import main
from pechead_live.cli.models import drawn_by, factory_of
from pechead_live.coefficients import Coefficients, rotation_from_euler
from pechead_live.errors import InputError
from pechead_live.frame import Pixels
from pechead_live.protocols import Renderer
from pechead_live.renderer.lite import LiteRenderer
from pechead_live.samples import sample
from pechead_live.weights import shipped

pytestmark = pytest.mark.filterwarnings("default")

AVATAR = str(sample("astronaut.avatar"))


def lite_s() -> Path:
    folder = shipped("lite-s")
    assert folder is not None
    return folder


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    export_once(tmp_path_factory, "toy", folder, ExportConfig(), "source", "step")
    return folder


def sequence() -> list[Coefficients]:
    rest = astronaut().rest
    turns = ((0, 0.0), (8, 0.4), (16, 0.7), (4, 0.1))
    return [
        replace(rest, rotation=rotation_from_euler(yaw, 3, 2) @ rest.rotation).with_expressions(
            {"jawOpen": jaw, "eyeBlinkLeft": jaw}
        )
        for yaw, jaw in turns
    ]


def drawn(renderer: Renderer) -> list[Pixels]:
    state, pictures = renderer.initial_state(), []
    for coefficients in sequence():
        picture, state = renderer.render(coefficients, state)
        pictures.append(picture.pixels)
    return pictures


def farthest(one: list[Pixels], other: list[Pixels]) -> int:
    return max(
        int(np.abs(a.astype(int) - b.astype(int)).max()) for a, b in zip(one, other, strict=True)
    )


def test_the_shipped_lite_s_draws_alike_on_every_engine() -> None:
    factories = {
        engine: factory_of("lite-s", None, engine=engine)
        for engine in ("torch", "onnxruntime:cpu", "openvino:cpu")
    }
    pictures = {name: drawn(factory(astronaut(), 256, 256)) for name, factory in factories.items()}
    analytic = drawn(factory_of("analytic", None)(astronaut(), 256, 256))
    assert min(difference(a, b) for a, b in zip(pictures["torch"], analytic, strict=True)) > 0.3
    assert farthest(pictures["torch"], pictures["onnxruntime:cpu"]) <= 1
    assert farthest(pictures["torch"], pictures["openvino:cpu"]) <= 1


def test_a_cpu_runs_the_network_cut_at_its_warps_and_others_run_it_whole() -> None:
    assert isinstance(open_lite(lite_s(), "lite-s"), SplitLite)
    assert isinstance(open_lite(lite_s(), "lite-s", "openvino:cpu"), WholeLite)
    renderer = factory_of("lite-s", None)(astronaut(), 128, 128)
    assert drawn_by("lite-s", renderer) == "lite-s on CPUExecutionProvider"


def test_the_shipped_decode_in_8_bits_draws_nearly_the_same() -> None:
    encode, motion, decode = open_parts(lite_s(), ("encode", "motion", "decode"), "lite", "lite-s")
    quantised = open_quantised(lite_s(), decode)
    wanted, found = (
        drawn(LiteRenderer(astronaut(), 256, 256, SplitLite(encode, motion, each)))
        for each in (decode, quantised)
    )
    assert 0 < max(difference(a, b) for a, b in zip(wanted, found, strict=True)) < 0.5


def test_an_exported_pechead_draws_what_torch_draws(toy: Path, tmp_path: Path) -> None:
    from engines.torch.pechead import TorchPechead
    from pechead_live.model.pechead import PECHead
    from pechead_live.renderer.pechead import PecheadRenderer

    module = untrained("toy").module
    assert isinstance(module, PECHead)
    wanted = drawn(PecheadRenderer(astronaut(), 128, 128, TorchPechead(module)))
    found = drawn(factory_of("toy", toy)(astronaut(), 128, 128))
    assert difference(wanted[0], wanted[2]) > 0.1
    assert farthest(wanted, found) <= 2  # a level of the network's, enlarged


def test_an_exported_pechead_remembers_from_picture_to_picture(toy: Path) -> None:
    assert open_pechead(toy, "toy").size == 64
    renderer = factory_of("toy", toy)(astronaut(), 64, 64)
    fresh, remembered = renderer.render(sequence()[1], renderer.initial_state())
    anew, _ = renderer.render(sequence()[1], renderer.initial_state())
    later, _ = renderer.render(sequence()[1], remembered)
    assert difference(fresh.pixels, anew.pixels) == 0
    assert difference(fresh.pixels, later.pixels) > 0


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "decode.onnx").unlink(), "holds no decode"),
        (lambda folder: (folder / "motion.onnx.json").unlink(), "no manifest"),
        (lambda folder: _cut(folder / "decode.onnx"), "not the file that its manifest describes"),
        (lambda folder: _edit(folder / "motion.onnx.json", checkpoint_sha256="0"), "different"),
        (lambda folder: _edit(folder / "motion.onnx.json", part="decode"), "holds 'decode'"),
        (lambda folder: _edit(folder / "encode.onnx.json", preset="lite-m"), "not 'lite-s'"),
        (lambda folder: _edit(folder / "encode.onnx.json", kind="pechead"), "not 'lite-s'"),
    ],
)
def test_an_incomplete_or_mixed_folder_is_one_sentence(
    spoil: object, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "lite-s"
    shutil.copytree(lite_s(), folder)
    spoil(folder)  # type: ignore[operator]
    out = str(tmp_path / "o.png")
    words = ["--model", "lite-s", "--checkpoint", str(folder)]
    assert main(["edit", "--source", AVATAR, "-o", out, *words]) == 2
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--model", "lite-m"], "lite-m needs its weights"),
        (["--model", "lite-s", "--engine", "magic"], "no device 'magic'"),
        (["--model", "analytic", "--engine", "torch"], "leave out torch"),
        (["--model", "lite-s", "--engine", "tensorrt"], "holds no encode.engine"),
        (["--model", "lite-s", "--checkpoint", "WEIGHTS", "--engine", "openvino"], "exported"),
        (["--model", "base", "--checkpoint", "FOLDER"], "holds no source"),
    ],
)
def test_an_engine_that_does_not_fit_is_one_sentence(
    words: list[str], reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = {"WEIGHTS": str(lite_s() / "lite-s.safetensors"), "FOLDER": str(lite_s())}
    words = [named.get(word, word) for word in words]
    assert main(["edit", "--source", AVATAR, "-o", str(tmp_path / "o.png"), *words]) == 2
    said = capsys.readouterr().err
    assert reason in said and said.count("\n") == 1


def test_the_shipped_files_are_of_the_shipped_weights() -> None:
    from engines.manifest import check_file, read_manifest, sha256_of

    weights = sha256_of(lite_s() / "lite-s.safetensors")
    files = sorted(lite_s().glob("*.onnx"))
    assert {file.stem for file in files} == {"decode", "decode-int8", "encode", "motion", "step"}
    for file in files:
        manifest = read_manifest(file)
        check_file(file, manifest)
        assert manifest.checkpoint_sha256 == weights


def test_run_draws_a_motion_with_the_shipped_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, film = tmp_path / "report.json", tmp_path / "film.mp4"
    words = ["--model", "lite-s", "--camera", f"replay:{sample('talking.npz')}"]
    words += ["--sink", f"file:{film}", "--size", "128", "--seconds", "1.5", "--no-int8"]
    assert main(["run", "--source", AVATAR, "--report", str(report), *words]) == 0
    told = json.loads(report.read_text())
    assert told["drawn_by"] == "lite-s on CPUExecutionProvider"
    assert told["sinks"]["film.mp4"]["pictures"] > 5
    assert "drawn by lite-s on CPUExecutionProvider" in capsys.readouterr().out


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def _edit(file: Path, **changes: str) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_a_pechead_that_lost_its_memory_shows_the_analytic_picture_and_begins_anew(
    toy: Path,
) -> None:
    renderer = factory_of("toy", toy)(astronaut(), 64, 64)
    fresh = renderer.initial_state()
    lost = {name: np.full_like(array, np.nan) for name, array in fresh.memory.memory.items()}
    state = fresh._replace(memory=fresh.memory._replace(memory=lost))
    picture, state = renderer.render(sequence()[1], state)
    analytic = factory_of("analytic", None)(astronaut(), 64, 64)
    assert farthest([picture.pixels], [drawn(analytic)[1]]) == 0
    again, _ = renderer.render(sequence()[1], state)
    assert farthest([again.pixels], [renderer.render(sequence()[1], fresh)[0].pixels]) == 0


def test_built_engines_are_preferred_to_halves_for_a_cpu(tmp_path: Path) -> None:
    folder = tmp_path / "lite-s"
    shutil.copytree(lite_s(), folder)
    (folder / "step.engine").write_bytes(b"built for a GPU")
    with pytest.raises(InputError, match=r"step\.engine"):
        open_lite(folder, "lite-s")
    assert isinstance(open_lite(folder, "lite-s", "onnxruntime:cpu"), SplitLite)
