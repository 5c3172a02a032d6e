"""Float32 matrix products written as multiplications and sums are the same numbers."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import ModelProto, helper, shape_inference

from export.tensorrt.float_products import without_products

Shape = tuple[int, ...]


def graph_of(
    operator: str, shapes: list[Shape], dtype: str = "float32", **given: Any
) -> ModelProto:
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    names = ["a", "b", "c"][: len(shapes)]
    graph = helper.make_model(
        helper.make_graph(
            [helper.make_node(operator, names, ["y"], **given)],
            "product",
            [
                helper.make_tensor_value_info(name, kind, shape)
                for name, shape in zip(names, shapes, strict=True)
            ],
            [helper.make_tensor_value_info("y", kind, None)],
        ),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )
    return shape_inference.infer_shapes(graph)


def run(graph: ModelProto) -> NDArray[Any]:
    generator = np.random.default_rng(0)
    session = onnxruntime.InferenceSession(
        graph.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    given = {
        port.name: generator.normal(size=port.shape).astype("f4") for port in session.get_inputs()
    }
    (found,) = session.run(None, given)
    return np.asarray(found)


CASES: list[tuple[str, list[Shape], dict[str, Any]]] = [
    ("Gemm", [(1, 5), (7, 5), (7,)], {"transB": 1}),
    ("Gemm", [(5, 2), (5, 7)], {"transA": 1}),
    ("MatMul", [(1, 4, 5), (1, 5, 3)], {}),
    ("MatMul", [(1, 6, 1, 1, 2, 2), (1, 6, 4, 3, 2, 1)], {}),
    ("MatMul", [(4, 5), (2, 3, 5, 6)], {}),
    ("Einsum", [(1, 6, 4, 3), (1, 6, 2)], {"equation": "bkhw,bkc->bhwc"}),
    ("Einsum", [(3, 4), (4, 5)], {"equation": "ij, jk -> ki"}),
]


@pytest.mark.parametrize(("operator", "shapes", "given"), CASES)
def test_the_numbers_stay(operator: str, shapes: list[Shape], given: dict[str, Any]) -> None:
    graph = graph_of(operator, shapes, **given)
    rewritten = without_products(graph)
    onnx.checker.check_model(rewritten, full_check=True)
    assert operator not in {node.op_type for node in rewritten.graph.node}
    np.testing.assert_allclose(run(rewritten), run(graph), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "graph",
    [
        graph_of("MatMul", [(4, 5), (5, 6)], "float16"),
        graph_of("Gemm", [(4, 5), (5, 6)], alpha=0.5),
        graph_of("MatMul", [(5,), (5, 6)]),
        graph_of("Einsum", [(4, 5)], equation="ij->ji"),
        graph_of("Add", [(4, 5), (4, 5)]),
    ],
)
def test_what_is_no_such_product_stays_as_it_is(graph: ModelProto) -> None:
    assert without_products(graph) == graph
