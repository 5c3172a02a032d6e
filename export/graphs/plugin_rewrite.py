"""`DeformConv` to `pechead::DeformIm2Col` and a 1x1 convolution: the form "plugin".

The weights (O, C, k, k) become (O, C · k², 1, 1) as they lie, because the columns are in the order
of their last three sizes.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import onnx
from onnx import helper, numpy_helper

from engines.dcn.definition import (
    DOMAIN,
    KERNEL_SIZE,
    NAME,
    OFFSET_GROUP,
    VERSION,
    check_attributes,
)
from pechead_live.errors import InputError

KIND = "DeformConv"
"""Operator that is replaced."""

MASK = 4
"""Place of the mask among its inputs: x, weights, offset, bias, mask."""

ELSEWHERE = "export it in the form 'deform' or 'decomposed'"


class Given(NamedTuple):
    """What a graph says about its tensors."""

    weights: dict[str, onnx.TensorProto]
    """Constants by name."""

    producers: dict[str, onnx.NodeProto]
    """Nodes by the name of what they make."""

    types: dict[str, onnx.TypeProto.Tensor]
    """Element type and shape, where they could be inferred."""


def rewrite(model: onnx.ModelProto) -> onnx.ModelProto:
    """A copy with every `DeformConv` as two nodes, in float32 or float16 as they were; the model
    itself is not changed.

    A float32 offset that was cast to float16 only for its `DeformConv` is taken before that cast:
    the plugin reads float32 offsets beside float16 features. `InputError` for strides, dilations,
    groups or kernels that the plugin does not do, for a `DeformConv` without a mask, for weights
    that are no constants, and for one within a subgraph or function.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    _check_nested(made)
    given = _given(made)
    before = list(graph.node)
    if not any(node.op_type == KIND for node in before):
        return made
    del graph.node[:]
    for node in before:
        graph.node.extend(_replaced(node, graph, given) if node.op_type == KIND else [node])
    _drop_unused(graph)
    if all(each.domain != DOMAIN for each in made.opset_import):
        made.opset_import.append(helper.make_opsetid(DOMAIN, VERSION))
    return made


def _replaced(
    node: onnx.NodeProto, graph: onnx.GraphProto, given: Given
) -> tuple[onnx.NodeProto, onnx.NodeProto]:
    """The two nodes; adds the second's weights to ``graph``."""
    label = node.name or node.output[0]
    x, weight_name, offset = node.input[:3]
    bias = node.input[3] if len(node.input) > 3 else ""
    mask = node.input[MASK] if len(node.input) > MASK else ""
    if not mask:
        raise InputError(f"{KIND} {label} has no mask, which the plugin needs: {ELSEWHERE}")
    if weight_name not in given.weights:
        raise InputError(
            f"the weights {weight_name} of {KIND} {label} are computed in the graph: "
            "fold its constants first"
        )
    weight = numpy_helper.to_array(given.weights[weight_name])
    groups = _checked(node, label, weight)
    outputs, channels, kernel, _ = weight.shape

    flat = f"{weight_name}_columns"
    if all(each.name != flat for each in graph.initializer):
        shaped = weight.reshape(outputs, channels * kernel * kernel, 1, 1)
        graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(shaped), flat))
    columns = f"{node.output[0]}_columns"
    if (known := given.types.get(x)) is not None:
        sizes = [each.dim_value or None for each in known.shape.dim]
        if len(sizes) == 4:
            sizes[1] = channels * kernel * kernel
            graph.value_info.append(helper.make_tensor_value_info(columns, known.elem_type, sizes))
    sampled = helper.make_node(
        NAME, [x, _as_it_was(offset, given), mask], [columns], f"{label}_columns", domain=DOMAIN
    )
    for name, value in ((KERNEL_SIZE, kernel), (OFFSET_GROUP, groups)):
        sampled.attribute.append(helper.make_attribute(name, value))
    product = helper.make_node(
        "Conv",
        [columns, flat, bias] if bias else [columns, flat],
        list(node.output),
        name=f"{label}_product",
        kernel_shape=[1, 1],
    )
    return sampled, product


def _checked(node: onnx.NodeProto, label: str, weight: np.ndarray) -> int:
    """Groups of the offsets; `InputError` for what the plugin does not do."""
    if weight.ndim != 4 or weight.shape[2] != weight.shape[3]:
        raise InputError(
            f"{KIND} {label} has weights of {weight.shape}, the plugin does square kernels of two "
            f"dimensions: {ELSEWHERE}"
        )
    kernel = int(weight.shape[2])
    attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    wanted: dict[str, list[int] | int] = {
        "strides": [1, 1],
        "dilations": [1, 1],
        "group": 1,
        "pads": [kernel // 2] * 4,
        "kernel_shape": [kernel, kernel],
    }
    assumed = {"pads": [0, 0, 0, 0]}
    for name, does in wanted.items():
        asked = attributes.get(name, assumed.get(name, does))
        asked = asked if isinstance(does, int) else list(asked)
        if asked != does:
            raise InputError(
                f"{KIND} {label} has {name} {asked}, the plugin does {does} only: {ELSEWHERE}"
            )
    groups = int(attributes.get("offset_group", 1))
    check_attributes(kernel, groups)
    if weight.shape[1] % groups:
        raise InputError(
            f"{KIND} {label} has {weight.shape[1]} channels in {groups} groups of offsets: "
            "use a number of groups that divides them"
        )
    return groups


def _as_it_was(offset: str, given: Given) -> str:
    """The float32 tensor that ``offset`` was cast to float16 from, or itself."""
    cast = given.producers.get(offset)
    if cast is None or cast.op_type != "Cast":
        return offset
    known = given.types.get(cast.input[0])
    before = known is not None and known.elem_type == onnx.TensorProto.FLOAT
    after = helper.get_attribute_value(cast.attribute[0]) == onnx.TensorProto.FLOAT16
    return cast.input[0] if before and after else offset


def _given(model: onnx.ModelProto) -> Given:
    graph = model.graph
    weights = {each.name: each for each in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            weights[node.output[0]] = node.attribute[0].t
    producers = {name: node for node in graph.node for name in node.output}
    inferred = onnx.shape_inference.infer_shapes(model).graph
    known = (*inferred.input, *inferred.value_info, *inferred.output)
    return Given(weights, producers, {each.name: each.type.tensor_type for each in known})


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Without the weights and casts that nothing reads any more."""
    used = {each.name for each in (*graph.output, *graph.input)}
    kept: list[onnx.NodeProto] = []
    for node in reversed(graph.node):
        if node.op_type in ("Cast", "Constant") and not used & set(node.output):
            continue
        used |= _read_by(node)
        kept.append(node)
    del graph.node[:]
    graph.node.extend(reversed(kept))
    initializers = [each for each in graph.initializer if each.name in used]
    del graph.initializer[:]
    graph.initializer.extend(initializers)


def _read_by(node: onnx.NodeProto) -> set[str]:
    """Names of inputs, those that its subgraphs read from outside as well."""
    below = (name for graph in _subgraphs(node) for each in graph.node for name in _read_by(each))
    shown = (each.name for graph in _subgraphs(node) for each in graph.output)
    return {*node.input, *below, *shown}


def _subgraphs(node: onnx.NodeProto) -> Iterable[onnx.GraphProto]:
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            yield attribute.g
        elif attribute.type == onnx.AttributeProto.GRAPHS:
            yield from attribute.graphs


def _check_nested(model: onnx.ModelProto) -> None:
    """`InputError` if a `DeformConv` lies where it is not replaced."""
    within = [graph for node in model.graph.node for graph in _subgraphs(node)]
    bodies = [*(list(each.node) for each in within), *(list(f.node) for f in model.functions)]
    while bodies:
        for node in bodies.pop():
            if node.op_type == KIND:
                raise InputError(
                    f"{KIND} {node.name or node.output[0]} lies within a subgraph or function: "
                    "inline it first"
                )
            bodies.extend(list(graph.node) for graph in _subgraphs(node))
