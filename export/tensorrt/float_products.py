"""Matrix products in float32 written as multiplications and sums.

TensorRT-RTX has no float32 matrix product on Turing (sm_75). Those that an fp16 network keeps in
float32, for the sake of coordinates, are a few hundred thousand multiplications: as element-wise
operations they cost little, anywhere.
"""

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper, shape_inference


def without_products(graph: ModelProto) -> ModelProto:
    """A copy of ``graph`` in which float32 `Gemm`, `MatMul` and `Einsum` of two operands are `Mul`
    and `ReduceSum`; others stay. All its shapes must be fixed."""
    made = onnx.ModelProto()
    made.CopyFrom(graph)
    types = _types(shape_inference.infer_shapes(graph))
    del made.graph.node[:]
    for node in graph.graph.node:
        if (letters := _letters(node, types)) is None:
            made.graph.node.append(node)
            continue
        for part in _spelled_out(node, letters):
            if isinstance(part, TensorProto):
                made.graph.initializer.append(part)
            else:
                made.graph.node.append(part)
    return made


def _types(graph: ModelProto) -> dict[str, tuple[int, int]]:
    """Value to its element type and rank."""
    values = [*graph.graph.value_info, *graph.graph.input, *graph.graph.output]
    known = {
        each.name: (each.type.tensor_type.elem_type, len(each.type.tensor_type.shape.dim))
        for each in values
    }
    return known | {each.name: (each.data_type, len(each.dims)) for each in graph.graph.initializer}


def _letters(node: NodeProto, types: dict[str, tuple[int, int]]) -> tuple[str, str, str] | None:
    """A product in float32 as ``einsum`` writes it: both operands and the result; else None."""
    if node.op_type not in ("Gemm", "MatMul", "Einsum") or len(node.input) < 2:
        return None
    (kind, left), (_, right) = (types.get(name, (0, 0)) for name in node.input[:2])
    if kind != TensorProto.FLOAT:
        return None
    given = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    if node.op_type == "Einsum":
        operands, arrow, result = given["equation"].decode().replace(" ", "").partition("->")
        names = operands.split(",")
        plain = arrow and len(names) == 2 and "." not in operands
        return (names[0], names[1], result) if plain else None
    if node.op_type == "Gemm":
        if given.get("alpha", 1.0) != 1 or given.get("beta", 1.0) != 1:
            return None
        return "ki" if given.get("transA") else "ik", "jk" if given.get("transB") else "kj", "ij"
    if min(left, right) < 2:
        return None
    outer = "abcdefgh"[: max(left, right) - 2]
    first, second = outer[len(outer) + 2 - left :], outer[len(outer) + 2 - right :]
    return f"{first}ik", f"{second}kj", f"{outer}ij"


def _spelled_out(
    node: NodeProto, letters: tuple[str, str, str]
) -> Iterator[NodeProto | TensorProto]:
    """Both operands brought to one order of letters, multiplied, and summed over what the result
    has not."""
    *operands, result = letters
    summed = sorted(set("".join(operands)) - set(result))
    order = [*result, *summed]
    out = node.output[0]

    def axes(name: str, values: list[int]) -> TensorProto:
        return numpy_helper.from_array(np.array(values, np.int64), f"{out}_{name}")

    factors: list[str] = []
    for index, (operand, name) in enumerate(zip(operands, node.input, strict=False)):
        turned, spread = f"{out}_turned{index}", f"{out}_factor{index}"
        places = [operand.index(each) for each in order if each in operand]
        yield helper.make_node("Transpose", [name], [turned], perm=places)
        missing = axes(
            f"missing{index}", [at for at, each in enumerate(order) if each not in operand]
        )
        yield missing
        yield helper.make_node("Unsqueeze", [turned, missing.name], [spread])
        factors.append(spread)
    yield helper.make_node("Mul", factors, [f"{out}_products"])
    added = node.op_type == "Gemm" and len(node.input) > 2 and node.input[2]
    over = axes("over", list(range(len(result), len(order))))
    yield over
    total = f"{out}_sum" if added else out
    yield helper.make_node("ReduceSum", [f"{out}_products", over.name], [total], keepdims=0)
    if added:
        yield helper.make_node("Add", [total, node.input[2]], [out])
