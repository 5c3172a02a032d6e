"""TensorRT for RTX builds engines with the plugin on any processor, each in its own process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import pytest
from dcn_samples import call, deform_conv
from onnx import TensorProto, helper

from engines.dcn.definition import NAME, Sizes
from export.graphs.plugin_rewrite import rewrite

pytestmark = pytest.mark.skipif(
    sys.platform == "darwin", reason="NVIDIA publishes no TensorRT for macOS"
)

ROOT = Path(__file__).resolve().parent.parent

BUILD = """
import json, logging, sys
calls, said = [], []
class Keep(logging.Handler):
    def emit(self, record):
        (calls if record.levelno == logging.DEBUG else said).append(record.getMessage())
logger = logging.getLogger("engines.dcn.plugin")
logger.setLevel(logging.DEBUG)
logger.addHandler(Keep())
from engines.dcn.plugin import last_failure, register
from engines.tensorrt.library import load_tensorrt
trt = load_tensorrt("tensorrt_rtx")
register(trt)
register(trt)
log = trt.Logger(trt.Logger.ERROR)
builder = trt.Builder(log)
network = builder.create_network(0)
parser = trt.OnnxParser(network, log)
parsed = parser.parse(open(sys.argv[1], "rb").read())
layers = [str(network.get_layer(i).type) for i in range(network.num_layers)]
config = builder.create_builder_config()
engine = builder.build_serialized_network(network, config) if parsed else None
failure = last_failure()
print(json.dumps({
    "bytes": engine.nbytes if engine else 0, "calls": calls, "said": said, "layers": layers,
    "failure": str(failure or ""), "then": str(last_failure() or ""),
}))
"""


class Built(NamedTuple):
    """What one build left behind."""

    engine: int
    """Bytes; 0 if there is none."""

    calls: list[str]
    """Callbacks of the plugin."""

    layers: list[str]
    said: list[str]
    failure: str
    then: str


def python(code: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, without a search path for libraries."""
    kept = {name: each for name, each in os.environ.items() if name != "LD_LIBRARY_PATH"}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def build(model: onnx.ModelProto, folder: Path) -> Built:
    path = folder / "model.onnx"
    onnx.save(model, path)
    run = python(BUILD, str(path))
    assert run.returncode == 0, run.stderr[-3000:]
    told: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return Built(
        told["bytes"], told["calls"], told["layers"], told["said"], told["failure"], told["then"]
    )


def aligned(x: Any, offset: Any = None) -> onnx.ModelProto:
    """A rewritten alignment of 16 channels in 4 groups."""
    given = call(Sizes(1, 16, 16, 16, 4, 3), x=x, offset=offset)
    weight = np.random.default_rng(0).standard_normal((8, 16, 3, 3)).astype(x)
    model = deform_conv(given, weight, np.ones(8, x))
    if offset is not None:
        model.graph.input[1].type.tensor_type.elem_type = TensorProto.FLOAT
    return rewrite(model)


def first_seen(calls: list[str]) -> list[str]:
    return list(dict.fromkeys(calls))


@pytest.mark.parametrize(
    ("x", "offset"), [(np.float32, None), (np.float16, None), (np.float16, np.float32)]
)
def test_an_engine_with_the_plugin_is_built_without_a_gpu(x: Any, offset: Any, tmp_path: Path):
    built = build(aligned(x, offset), tmp_path)
    assert built.engine > 1000
    assert built.layers == ["LayerType.PLUGIN_V3", "LayerType.CONVOLUTION"]
    assert built.failure == "" and built.said == []
    assert first_seen(built.calls) == [
        "create_plugin",
        "get_output_data_types",
        "clone",
        "get_output_shapes",
        "supports_format_combination",
        "configure_plugin",
        "get_workspace_size",
        "get_valid_tactics",
        "get_fields_to_serialize",
    ]
    assert built.calls[-1] == "get_fields_to_serialize"


def test_what_goes_wrong_in_a_callback_is_told_and_ends_no_process(tmp_path: Path):
    model = aligned(np.float32)
    for attribute in model.graph.node[0].attribute:
        attribute.i = 2  # groups, and a kernel that is even
    built = build(model, tmp_path)
    assert built.engine == 0
    assert "kernel of 2" in built.failure and built.then == ""
    assert built.said == [f"pechead::{NAME} failed in create_plugin"]


def test_a_node_whose_groups_do_not_fit_its_shapes_builds_no_engine(tmp_path: Path):
    model = aligned(np.float32)
    (groups,) = (each for each in model.graph.node[0].attribute if each.name == "offset_group")
    groups.i = 2
    built = build(model, tmp_path)
    assert built.engine == 0
    assert "offset is (1, 72, 16, 16)" in built.failure


def test_a_node_without_its_attributes_builds_no_engine(tmp_path: Path):
    model = aligned(np.float32)
    del model.graph.node[0].attribute[:]
    built = build(model, tmp_path)
    assert built.engine == 0


def test_any_number_of_plugins_may_follow_each_other(tmp_path: Path):
    model = aligned(np.float32)
    _, offset, mask = (port.name for port in model.graph.input)
    sampled, product = model.graph.node
    rows = [
        helper.make_node("Concat", ["y", "y"], ["wide"], axis=1),
        helper.make_node(NAME, ["wide", offset, mask], ["more"], "second", domain=sampled.domain),
        helper.make_node("Conv", ["more", *product.input[1:]], ["z"]),
    ]
    rows[1].attribute.extend(sampled.attribute)
    model.graph.node.extend(rows)
    z = helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 8, 16, 16])
    model.graph.output.append(z)
    built = build(model, tmp_path)
    assert built.engine > 1000 and built.layers.count("LayerType.PLUGIN_V3") == 2


CALLBACKS = """
import sys
from engines.dcn.plugin import NAME, last_failure, register
from engines.tensorrt.library import load_tensorrt
import numpy as np
trt = load_tensorrt("tensorrt_rtx")
register(trt)
creator = trt.get_plugin_registry().get_creator(NAME, "1", "pechead")
def fields(**numbers):
    kept.extend(np.array([each], np.int32) for each in numbers.values())
    made = [trt.PluginField(name, each, trt.PluginFieldType.INT32)
            for name, each in zip(numbers, kept[-len(numbers):])]
    return trt.PluginFieldCollection(made)
kept = []
phase = trt.TensorRTPhase.RUNTIME
plugin = creator.create_plugin("", fields(kernel_size=3, offset_group=4, version=1), phase)
copy = plugin.attach_to_context(None)
assert copy is not plugin
written = {f.name: int(f.data[0]) for f in copy.get_fields_to_serialize()}
assert written == {"kernel_size": 3, "offset_group": 4, "version": 1}, written
def described(dims, kind):
    one = trt.PluginTensorDesc()
    one.dims, one.type, one.format = dims, kind, trt.TensorFormat.LINEAR
    return one
inputs = [described(dims, trt.float32) for dims in ((1, 16, 8, 8), (1, 72, 8, 8), (1, 35, 8, 8))]
for call in (
    lambda: copy.on_shape_change(inputs, []),
    lambda: creator.create_plugin("", fields(kernel_size=3, offset_group=4, version=2), phase),
    lambda: copy.enqueue([described((1,), trt.int32)] * 3, [], [0, 0, 0], [0], 0, 0),
):
    try:
        call()
    except Exception as error:
        assert last_failure() is error
        print(error)
"""


def test_at_run_time_a_plugin_is_what_its_fields_say_and_refuses_what_does_not_fit():
    run = python(CALLBACKS)
    assert run.returncode == 0, run.stderr[-3000:]
    shapes, version, kinds = run.stdout.splitlines()
    assert "mask is (1, 35, 8, 8) where (1, 36, 8, 8) is wanted" in shapes
    assert "calls version 2 of DeformIm2Col, this program has 1" in version
    assert "takes float32 or float16" in kinds


LOAD = """
import sys
{before}
from engines.tensorrt.library import load_tensorrt
from pechead_live.errors import PecheadError
try:
    print("loaded", load_tensorrt("{flavour}").__name__)
except PecheadError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux's parser needs help")
def test_an_import_that_this_program_could_not_prepare_is_an_error_and_no_crash():
    run = python(LOAD.format(before="import tensorrt_rtx", flavour="tensorrt_rtx"))
    assert run.stdout.startswith("MissingDependencyError tensorrt_rtx was imported before")
    assert run.returncode == 0


@pytest.mark.parametrize("flavour", ["tensorrt_rtx", "tensorrt"])
def test_a_tensorrt_that_is_not_there_is_named_with_how_to_install_it(flavour: str):
    missing = f"sys.modules['{flavour}'] = None"
    run = python(LOAD.format(before=missing, flavour=flavour))
    assert run.stdout.startswith(f"MissingDependencyError {flavour} cannot be loaded")
    assert "run pip install" in run.stdout


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux's parser needs help")
def test_links_to_the_libraries_are_made_once_and_nothing_is_left_elsewhere(tmp_path: Path):
    cache, scratch = tmp_path / "cache", tmp_path / "scratch"
    scratch.mkdir()
    for _ in range(2):
        run = python(
            LOAD.format(before="", flavour="tensorrt_rtx"),
            XDG_CACHE_HOME=str(cache),
            TMPDIR=str(scratch),
        )
        assert run.stdout == "loaded tensorrt_rtx\n", run.stderr
    (folder,) = (cache / "pechead-live" / "tensorrt").iterdir()
    assert (folder / "libtensorrt_rtx.so").is_symlink()
    assert list(scratch.iterdir()) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux's parser needs help")
def test_where_no_cache_can_be_written_the_links_last_as_long_as_the_process(tmp_path: Path):
    (tmp_path / "file").touch()
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    model = tmp_path / "model.onnx"
    onnx.save(aligned(np.float32), model)
    run = python(BUILD, str(model), XDG_CACHE_HOME=str(tmp_path / "file"), TMPDIR=str(scratch))
    assert json.loads(run.stdout.splitlines()[-1])["bytes"] > 1000
    assert list(scratch.iterdir()) == []
