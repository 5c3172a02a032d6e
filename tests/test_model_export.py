"""A step exported to ONNX with DeformConv, and rewritten for our plugin, draws what torch draws."""

import io

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
import torch
from pechead_samples import drive, network, play, source_of
from torch import Tensor, nn

from engines.dcn.definition import NAME
from export.graphs.plugin_reference import run_rewritten
from export.graphs.plugin_rewrite import rewrite
from pechead_live.model.pechead import Driving, PECHead, Source, State

FRAMES = 5

SOURCE = [f"source_{name}" for name in Source._fields]
DRIVING = [f"driving_{name}" for name in Driving._fields]
STATE = [f"state_{name}" for name in State._fields]
NEXT_STATE = [f"next_{name}" for name in State._fields]


class Step(nn.Module):
    """`PECHead.step` with plain tensors in and out."""

    def __init__(self, network: PECHead) -> None:
        super().__init__()
        self.network = network

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        first, second = len(SOURCE), len(SOURCE) + len(DRIVING)
        output, state = self.network.step(
            Source(*given[:first]), Driving(*given[first:second]), State(*given[second:])
        )
        return output.picture, *state


@pytest.fixture(scope="module")
def toy() -> PECHead:
    return network()


@pytest.fixture(scope="module")
def exported(toy: PECHead) -> bytes:
    source = source_of(toy)
    file = io.BytesIO()
    torch.onnx.export(
        Step(toy).eval(),
        (*source, *drive(1)[0], *toy.initial_state(source)),
        file,
        opset_version=20,
        dynamo=False,
        input_names=SOURCE + DRIVING + STATE,
        output_names=["picture", *NEXT_STATE],
    )
    return file.getvalue()


pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning", "ignore::UserWarning"
)


def test_each_alignment_is_one_standard_operator(exported: bytes):
    graph = onnx.load_from_string(exported).graph
    kinds = [node.op_type for node in graph.node]
    assert kinds.count("DeformConv") == 2
    assert {node.domain for node in graph.node} == {""}


def test_an_exported_step_draws_what_torch_draws_from_frame_to_frame(toy: PECHead, exported: bytes):
    source, clip = source_of(toy), drive(FRAMES)
    expected, last = play(toy, source, clip)
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    wanted = {port.name for port in session.get_inputs()}
    state = [each.numpy() for each in toy.initial_state(source)]
    for driving, output in zip(clip, expected, strict=True):
        given = [each.numpy() for each in (*source, *driving)] + state
        named = dict(zip(SOURCE + DRIVING + STATE, given, strict=True))
        fed = {name: each for name, each in named.items() if name in wanted}
        drawn: list[npt.NDArray[np.float32]] = session.run(None, fed)  # type: ignore[assignment]
        picture, *state = drawn
        assert picture == pytest.approx(output.picture.numpy(), abs=1e-5)
    for ours, theirs in zip(last, state, strict=True):
        assert theirs == pytest.approx(ours.numpy(), abs=1e-5)


def test_rewritten_it_draws_what_the_deform_conv_graph_draws(toy: PECHead, exported: bytes):
    source = source_of(toy)
    given = (*source, *drive(1)[0], *toy.initial_state(source))
    model = onnx.load_from_string(exported)
    rewritten = rewrite(model)
    onnx.checker.check_model(rewritten)
    kinds = [node.op_type for node in rewritten.graph.node]
    assert kinds.count(NAME) == 2 and "DeformConv" not in kinds
    taken = {port.name for port in model.graph.input}
    assert taken == {port.name for port in rewritten.graph.input}
    named = zip(SOURCE + DRIVING + STATE, given, strict=True)
    inputs = {name: each.numpy() for name, each in named if name in taken}
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    expected = session.run(None, inputs)
    for (name, ours), theirs in zip(
        run_rewritten(rewritten, inputs).items(), expected, strict=True
    ):
        assert ours == pytest.approx(theirs, abs=1e-5), name
