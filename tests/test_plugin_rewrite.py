"""`DeformConv` as the plugin and a 1x1 convolution: the same numbers, the same ports."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from dcn_samples import Array, Call, call, deform_conv
from onnx import TensorProto, helper

from engines.dcn.definition import DOMAIN, NAME, VERSION, Sizes
from export.graphs.plugin_reference import run_rewritten
from export.graphs.plugin_rewrite import rewrite
from pechead_live.errors import InputError

SIZES = Sizes(1, 6, 5, 8, 3, 3)


def weights(dtype: Any = np.float32, kernel: int = 3) -> tuple[Array, Array]:
    """(4, 6, k, k) and (4,)."""
    draw = np.random.default_rng(1)
    weight = draw.standard_normal((4, 6, kernel, kernel)) / 4
    return weight.astype(dtype), draw.standard_normal(4).astype(dtype)


def fed(given: Call) -> dict[str, Array]:
    return {"x": given.x, "offset": given.offset, "mask": given.mask}


def by_onnxruntime(model: onnx.ModelProto, inputs: dict[str, Array]) -> list[Array]:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return [np.asarray(each) for each in session.run(None, inputs)]


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("biased", [True, False])
def test_the_two_nodes_give_what_deform_conv_gives(kernel: int, biased: bool):
    given = call(SIZES._replace(kernel=kernel, batch=2))
    weight, bias = weights(kernel=kernel)
    model = deform_conv(given, weight, bias if biased else None)
    rewritten = rewrite(model)
    onnx.checker.check_model(rewritten)
    (expected,) = by_onnxruntime(model, fed(given))
    assert run_rewritten(rewritten, fed(given))["y"] == pytest.approx(expected, abs=1e-5)


def test_a_float16_graph_stays_float16_and_near_the_float32_one():
    given = call(SIZES, x=np.float16)
    (weight, bias), (half_weight, half_bias) = weights(), weights(np.float16)
    rewritten = rewrite(deform_conv(given, half_weight, half_bias))
    onnx.checker.check_model(rewritten)
    drawn = run_rewritten(rewritten, fed(given))["y"]
    wide = {name: each.astype(np.float32) for name, each in fed(given).items()}
    (expected,) = by_onnxruntime(deform_conv(given, weight, bias), wide)
    assert drawn.dtype == np.float16
    assert drawn == pytest.approx(expected, abs=2e-2)


def test_nodes_weights_and_the_opset_are_those_of_version_1():
    weight, bias = weights()
    rewritten = rewrite(deform_conv(call(SIZES), weight, bias))
    sampled, product = rewritten.graph.node
    assert (sampled.domain, sampled.op_type) == (DOMAIN, NAME)
    assert {each.name: each.i for each in sampled.attribute} == {
        "kernel_size": 3,
        "offset_group": 3,
    }
    assert (product.domain, product.op_type, product.output[0]) == ("", "Conv", "y")
    held = {each.name: tuple(each.dims) for each in rewritten.graph.initializer}
    assert held == {"bias": (4,), "weight_columns": (4, 54, 1, 1)}
    assert {each.domain: each.version for each in rewritten.opset_import}[DOMAIN] == VERSION
    (columns,) = (each for each in rewritten.graph.value_info if each.name == sampled.output[0])
    shape = [each.dim_value for each in columns.type.tensor_type.shape.dim]
    assert shape == [1, 54, 5, 8]


def test_the_model_that_was_given_is_left_as_it_was():
    weight, bias = weights()
    model = deform_conv(call(SIZES), weight, bias)
    before = model.SerializeToString()
    rewrite(model)
    assert model.SerializeToString() == before


def test_a_model_without_deform_conv_is_copied_as_it_is():
    node = helper.make_node("Relu", ["x"], ["y"])
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    model = helper.make_model(helper.make_graph([node], "g", ports[:1], ports[1:]))
    assert rewrite(model).SerializeToString() == model.SerializeToString()


def test_two_that_share_weights_share_them_still():
    weight, bias = weights()
    model = deform_conv(call(SIZES), weight, bias)
    again = onnx.NodeProto()
    again.CopyFrom(model.graph.node[0])
    again.name, again.output[0] = "again", "z"
    model.graph.node.append(again)
    z = helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 4, 5, 8])
    model.graph.output.append(z)
    rewritten = rewrite(model)
    assert [each.name for each in rewritten.graph.initializer] == ["bias", "weight_columns"]
    drawn = run_rewritten(rewritten, fed(call(SIZES)))
    assert (drawn["y"] == drawn["z"]).all()


def test_a_weight_that_something_else_reads_too_is_kept():
    weight, bias = weights()
    model = deform_conv(call(SIZES), weight, bias)
    model.graph.node.append(helper.make_node("Relu", ["weight"], ["shown"]))
    shown = helper.make_tensor_value_info("shown", TensorProto.FLOAT, weight.shape)
    model.graph.output.append(shown)
    rewritten = rewrite(model)
    onnx.checker.check_model(rewritten)
    drawn = run_rewritten(rewritten, fed(call(SIZES)))["shown"]
    assert (drawn == np.maximum(weight, 0)).all()


def test_a_constant_node_serves_as_weights():
    weight, bias = weights()
    given = call(SIZES)
    model = deform_conv(given, weight, bias)
    expected = run_rewritten(rewrite(model), fed(given))["y"]
    (held,) = (each for each in model.graph.initializer if each.name == "weight")
    model.graph.initializer.remove(held)
    model.graph.node.insert(0, helper.make_node("Constant", [], ["weight"], value=held))
    rewritten = rewrite(model)
    assert [node.op_type for node in rewritten.graph.node] == [NAME, "Conv"]
    assert (run_rewritten(rewritten, fed(given))["y"] == expected).all()


def cast_before(model: onnx.ModelProto, name: str) -> None:
    """The input ``name`` becomes float32 and is cast to float16 in the graph."""
    (port,) = (each for each in model.graph.input if each.name == name)
    port.type.tensor_type.elem_type = TensorProto.FLOAT
    cast = helper.make_node("Cast", [name], [f"{name}_half"], to=TensorProto.FLOAT16)
    for node in model.graph.node:
        for at, each in enumerate(node.input):
            if each == name:
                node.input[at] = f"{name}_half"
    model.graph.node.insert(0, cast)


def test_float32_offsets_are_taken_before_they_are_cast():
    """At 40 pixels a float16 steps by 1/32 pixel."""
    given = call(Sizes(1, 6, 50, 50, 3, 3), x=np.float16, offset=np.float32)
    given.offset[:] = 40.01
    weight, bias = weights(np.float16)
    model = deform_conv(given, weight, bias)
    cast_before(model, "offset")
    rewritten = rewrite(model)
    onnx.checker.check_model(rewritten)
    assert [node.op_type for node in rewritten.graph.node] == [NAME, "Conv"]
    assert list(rewritten.graph.node[0].input) == ["x", "offset", "mask"]
    exact = run_rewritten(rewritten, fed(given))["y"].astype(np.float32)
    rounded = run_rewritten(
        rewrite(deform_conv(given, weight, bias)),
        fed(given) | {"offset": given.offset.astype(np.float16)},
    )["y"].astype(np.float32)
    wide = {name: each.astype(np.float32) for name, each in fed(given).items()}
    (expected,) = by_onnxruntime(deform_conv(given, *(w.astype("f4") for w in weights())), wide)
    assert abs(exact - expected).max() < abs(rounded - expected).max()


def test_a_mask_is_cast_as_before():
    given = call(SIZES, x=np.float16)
    weight, bias = weights(np.float16)
    model = deform_conv(given, weight, bias)
    cast_before(model, "mask")
    kinds = [node.op_type for node in rewrite(model).graph.node]
    assert kinds == ["Cast", NAME, "Conv"]


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"strides": [2, 2]}, r"strides \[2, 2\]"),
        ({"dilations": [2, 2]}, r"dilations \[2, 2\]"),
        ({"pads": [0, 0, 0, 0]}, r"pads \[0, 0, 0, 0\]"),
        ({"group": 2}, "group 2"),
        ({"offset_group": 4}, "6 channels in 4 groups"),
    ],
)
def test_what_the_plugin_does_not_do_is_named(attributes: dict[str, Any], said: str):
    weight, bias = weights()
    with pytest.raises(InputError, match=f"DeformConv align has {said}"):
        rewrite(deform_conv(call(SIZES), weight, bias, attributes=attributes))


def test_pads_that_are_not_given_are_zero():
    weight, bias = weights()
    model = deform_conv(call(SIZES), weight, bias)
    (pads,) = (each for each in model.graph.node[0].attribute if each.name == "pads")
    model.graph.node[0].attribute.remove(pads)
    with pytest.raises(InputError, match="pads"):
        rewrite(model)


def test_kernels_that_are_even_or_not_square_are_refused():
    given = call(SIZES)
    for shape in ((4, 6, 2, 2), (4, 6, 3, 1)):
        weight = np.zeros(shape, np.float32)
        attributes = {"kernel_shape": list(shape[2:]), "pads": [1, 1, 1, 1]}
        with pytest.raises(InputError):
            rewrite(deform_conv(given, weight, None, attributes=attributes))


def test_one_without_a_mask_is_refused():
    weight, bias = weights()
    model = deform_conv(call(SIZES), weight, bias)
    del model.graph.node[0].input[4]
    with pytest.raises(InputError, match="no mask"):
        rewrite(model)


def test_weights_that_the_graph_computes_are_refused():
    weight, bias = weights()
    model = deform_conv(call(SIZES), weight, bias)
    model.graph.node.insert(0, helper.make_node("Neg", ["weight"], ["computed"]))
    model.graph.node[1].input[1] = "computed"
    with pytest.raises(InputError, match="fold its constants"):
        rewrite(model)


def test_one_within_a_branch_is_refused():
    weight, bias = weights()
    model = deform_conv(call(SIZES), weight, bias)
    inner = helper.make_graph(list(model.graph.node), "branch", [], list(model.graph.output))
    del model.graph.node[:]
    model.graph.input.append(helper.make_tensor_value_info("asked", TensorProto.BOOL, []))
    branches = {"then_branch": inner, "else_branch": inner}
    model.graph.node.append(helper.make_node("If", ["asked"], ["y"], **branches))
    with pytest.raises(InputError, match="within a subgraph"):
        rewrite(model)
