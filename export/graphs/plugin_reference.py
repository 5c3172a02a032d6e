"""`pechead::DeformIm2Col` for onnx's own evaluator, so that a rewritten model runs on a CPU."""

from typing import Any

import onnx
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

from engines.dcn.definition import DOMAIN
from engines.dcn.reference import Array, deform_im2col


class DeformIm2Col(OpRun):
    """The operator under its own name, as the evaluator wants it."""

    op_domain = DOMAIN

    def _run(
        self, x: Array, offset: Array, mask: Array, kernel_size: int, offset_group: int
    ) -> tuple[Array]:
        return (deform_im2col(x, offset, mask, kernel=kernel_size, groups=offset_group),)


def run_rewritten(model: onnx.ModelProto, inputs: dict[str, Array]) -> dict[str, Array]:
    """All inputs to all outputs of a model in the form "plugin", slowly."""
    evaluator: Any = ReferenceEvaluator(model, new_ops=[DeformIm2Col])
    return dict(zip(evaluator.output_names, evaluator.run(None, inputs), strict=True))
