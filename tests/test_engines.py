"""Engines compute what numpy computes, frame after frame, and refuse what does not fit."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import openvino
import pytest
from engine_samples import (
    INPUTS,
    OUTPUTS,
    Floats,
    constants,
    inputs_at,
    moving_at,
    picture_by_hand,
    write_engine,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engines import host_threads as host_threads_module
from engines.engine import Engine, Stream, StreamState
from engines.host_threads import MOST, host_threads
from engines.manifest import Manifest, Port, read_manifest
from engines.onnxruntime.engine import OnnxRuntimeEngine
from engines.onnxruntime.providers import PROVIDERS, open_session
from engines.open import open_engine
from engines.ports import check_arrays
from pechead_live.errors import DeviceError, InputError

FRAMES = 6
Drawn = dict[str, NDArray[Any]]


def bound_on_the_host(path: Path) -> Engine:
    """What CUDA does, with the host as the device: buffers bound once, memory written in place."""
    manifest, provider = read_manifest(path), PROVIDERS["cpu"]
    session = open_session(onnxruntime, path, manifest, provider, 1)
    return OnnxRuntimeEngine(onnxruntime, session, manifest, replace(provider, memory="cpu"))


OPENERS = {
    "onnxruntime": lambda path: open_engine(path, threads=1),
    "bound": bound_on_the_host,
    "openvino": lambda path: open_engine(path, "openvino:cpu", threads=1),
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_engine(tmp_path_factory.mktemp("engine") / "step.onnx")


@pytest.fixture(scope="module", params=list(OPENERS))
def engine(request: pytest.FixtureRequest, file: Path):
    opened = OPENERS[request.param](file)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def bound(file: Path):
    opened = bound_on_the_host(file)
    yield opened
    opened.close()


def hidden_at_first() -> Floats:
    return np.zeros(INPUTS[3].shape, np.float32)


def by_hand(frames: range, hidden: Floats) -> tuple[list[Drawn], Floats]:
    drawn: list[Drawn] = []
    for frame in frames:
        found = picture_by_hand(inputs_at(frame), hidden)
        hidden = found.pop("next_state_hidden")
        drawn.append(found)
    return drawn, hidden


def by_stream(stream: Stream, frames: range, state: StreamState) -> tuple[list[Drawn], StreamState]:
    drawn: list[Drawn] = []
    for frame in frames:
        found, state = stream.step(moving_at(frame), state)
        drawn.append(found)
    return drawn, state


def assert_same(drawn: list[Drawn], wanted: list[Drawn]) -> None:
    for ours, theirs in zip(drawn, wanted, strict=True):
        assert set(ours) == set(theirs)
        # a level that falls between two is rounded either way
        assert np.abs(ours["picture"].astype(int) - theirs["picture"]).max() <= 1
        assert ours["alpha"] == pytest.approx(theirs["alpha"], abs=1e-5)


def test_it_computes_what_numpy_computes_from_frame_to_frame(engine: Engine):
    hidden = hidden_at_first()
    for frame in range(FRAMES):
        given = {**inputs_at(frame), "state_hidden": hidden}
        found, wanted = engine.run(given), picture_by_hand(inputs_at(frame), hidden)
        assert {name: (array.dtype.name, array.shape) for name, array in found.items()} == {
            port.name: (port.dtype, port.shape) for port in OUTPUTS
        }
        hidden = found.pop("next_state_hidden")
        assert hidden == pytest.approx(wanted.pop("next_state_hidden"), abs=1e-5)
        assert_same([found], [wanted])


def test_a_stream_draws_the_same_and_keeps_its_memory_to_itself(engine: Engine):
    stream = engine.stream(constants())
    drawn, _ = by_stream(stream, range(FRAMES), stream.initial_state())
    assert set(drawn[0]) == {"picture", "alpha"}
    assert_same(drawn, by_hand(range(FRAMES), hidden_at_first())[0])
    assert any(
        np.abs(a["alpha"] - b["alpha"]).max() > 0.01
        for a, b in zip(drawn, by_hand(range(1), hidden_at_first())[0] * FRAMES, strict=True)
    ), "every frame is alike, so that a lost memory would not show"


@given(cut=st.integers(0, FRAMES), start=st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_a_stream_cut_anywhere_draws_what_run_draws(engine: Engine, cut: int, start: int):
    first, second = range(start, start + cut), range(start + cut, start + FRAMES)
    stream = engine.stream(constants())
    before, state = by_stream(stream, first, stream.initial_state())
    after, _ = by_stream(stream, second, state)
    assert_same(before + after, by_hand(range(start, start + FRAMES), hidden_at_first())[0])


def test_the_future_changes_no_picture_that_was_handed_out(engine: Engine):
    stream = engine.stream(constants())
    first, state = stream.step(moving_at(0), stream.initial_state())
    kept = {name: array.copy() for name, array in first.items()}
    by_stream(stream, range(1, 4), state)
    assert_same([first], [kept])
    assert all(np.array_equal(first[name], kept[name]) for name in kept)


def test_a_stream_has_its_own_copy_of_what_stays_the_same(engine: Engine):
    given = constants()
    stream = engine.stream(given)
    for array in given.values():
        array[...] = 0
    drawn, _ = by_stream(stream, range(2), stream.initial_state())
    assert_same(drawn, by_hand(range(2), hidden_at_first())[0])


def test_streams_of_one_engine_do_not_disturb_each_other(engine: Engine):
    one, other = engine.stream(constants()), engine.stream(constants())
    _, state = by_stream(one, range(3), one.initial_state())
    by_stream(other, range(7, 12), other.initial_state())
    drawn, _ = by_stream(one, range(3, FRAMES), state)
    _, hidden = by_hand(range(3), hidden_at_first())
    assert_same(drawn, by_hand(range(3, FRAMES), hidden)[0])


def test_an_engine_may_be_used_by_two_threads_at_once(engine: Engine):
    def play(start: int) -> list[Drawn]:
        stream = engine.stream(constants())
        return by_stream(stream, range(start, start + 40), stream.initial_state())[0]

    starts = (0, 500)
    with ThreadPoolExecutor(2) as pool:
        for drawn, start in zip(pool.map(play, starts), starts, strict=True):
            assert_same(drawn, by_hand(range(start, start + 40), hidden_at_first())[0])


@pytest.mark.parametrize("opener", OPENERS)
def test_a_closed_engine_says_so_and_may_be_closed_again(file: Path, opener: str):
    engine = OPENERS[opener](file)
    stream = engine.stream(constants())
    state = stream.initial_state()
    engine.close()
    engine.close()
    with pytest.raises(InputError, match="closed"):
        engine.run({**inputs_at(0), "state_hidden": hidden_at_first()})
    with pytest.raises(InputError, match="closed"):
        stream.step(moving_at(0), state)


def test_a_state_that_is_a_value_may_be_used_twice(file: Path):
    stream = open_engine(file).stream(constants())
    state = stream.initial_state()
    first, _ = by_stream(stream, range(3), state)
    again, _ = by_stream(stream, range(3), state)
    assert_same(first, again)


def test_a_memory_written_over_is_refused_not_drawn(bound: Engine):
    stream = bound.stream(constants())
    begun = stream.initial_state()
    _, newest = stream.step(moving_at(0), begun)
    with pytest.raises(InputError, match="used up"):
        stream.step(moving_at(1), begun)
    drawn, _ = stream.step(moving_at(1), newest)
    assert_same([drawn], by_hand(range(2), hidden_at_first())[0][1:])
    restarted = stream.initial_state()
    with pytest.raises(InputError, match="used up"):
        stream.step(moving_at(2), newest)
    assert_same(by_stream(stream, range(3), restarted)[0], by_hand(range(3), hidden_at_first())[0])


def test_after_a_refused_frame_a_memory_in_place_is_still_good(bound: Engine):
    stream = bound.stream(constants())
    _, state = stream.step(moving_at(0), stream.initial_state())
    with pytest.raises(InputError, match="grid"):
        stream.step({"grid": np.zeros((1, 2, 2, 2), np.float32)}, state)
    drawn, _ = stream.step(moving_at(1), state)
    assert_same([drawn], by_hand(range(2), hidden_at_first())[0][1:])


def test_a_state_of_another_stream_is_refused(bound: Engine, file: Path):
    in_place, values = bound.stream(constants()), open_engine(file).stream(constants())
    in_place.initial_state()
    for stream, state in (
        (in_place, values.initial_state()),
        (in_place, bound.stream(constants()).initial_state()),
        (values, in_place.initial_state()),
    ):
        with pytest.raises(InputError, match="another stream"):
            stream.step(moving_at(0), state)


FULL = {**inputs_at(0), "state_hidden": hidden_at_first()}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"grid": np.zeros((1, 5, 6, 2), np.float32)}, r"'grid' is float32 \(1, 5, 6, 2\): give"),
        ({"grid": FULL["grid"].astype(np.float64)}, r"'grid' is float64 .* give float32"),
        ({"portrait": np.zeros((6, 6, 3), np.float32)}, r"'portrait' is float32 .* give uint8"),
        ({"mouth": np.zeros(3)}, "no input 'mouth'"),
        ({"grid": None}, "'grid' is object"),
    ],
)
def test_an_input_that_does_not_fit_is_named(engine: Engine, changed: dict[str, Any], said: str):
    with pytest.raises(InputError, match=said):
        engine.run({**FULL, **changed})


def test_an_input_that_is_absent_is_named(engine: Engine):
    with pytest.raises(InputError, match=r"'state_hidden' is missing: give float32 \(1, 2, 6, 6\)"):
        engine.run(inputs_at(0))


def test_arrays_need_not_be_contiguous(engine: Engine):
    turned = {name: np.asfortranarray(array) for name, array in FULL.items()}
    assert_same([engine.run(turned)], [engine.run(FULL)])


def test_a_stream_takes_each_input_once(engine: Engine):
    with pytest.raises(InputError, match="'state_hidden' cannot stay the same"):
        engine.stream({"state_hidden": hidden_at_first()})
    with pytest.raises(InputError, match="'mouth' cannot stay the same"):
        engine.stream({"mouth": hidden_at_first()})
    stream = engine.stream(constants())
    with pytest.raises(InputError, match="no input 'portrait' to give here: give grid"):
        stream.step({**moving_at(0), "portrait": FULL["portrait"]}, stream.initial_state())
    with pytest.raises(InputError, match="'grid' is missing"):
        stream.step({}, stream.initial_state())


def test_only_a_half_precision_port_takes_another_precision():
    half, full = Port("feature", "float16", (2,)), Port("feature", "float32", (2,))
    (taken,) = check_arrays([half], {"feature": np.array([0.5, 1], np.float32)}).values()
    assert taken.dtype == np.float16 and taken.tolist() == [0.5, 1.0]
    with pytest.raises(InputError, match="'feature' is float16"):
        check_arrays([full], {"feature": np.zeros(2, np.float16)})
    with pytest.raises(InputError, match="'feature' is float64"):
        check_arrays([half], {"feature": np.zeros(2, np.float64)})


def test_a_scalar_port_takes_a_scalar():
    port = Port("scale", "float32", ())
    assert check_arrays([port], {"scale": np.float32(2)})["scale"].shape == ()  # pyright: ignore


def test_an_engine_says_what_it_is_and_what_computes(file: Path):
    for device, provider in (
        ("onnxruntime", "CPUExecutionProvider"),
        ("openvino:cpu", "OpenVINO CPU"),
    ):
        engine = open_engine(file, device)
        assert engine.provider == provider
        assert engine.manifest == read_manifest(file)
        assert isinstance(engine.manifest, Manifest)


@pytest.mark.parametrize(
    ("processors", "threads"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (64, MOST)]
)
def test_a_processor_is_left_to_the_tracker_where_there_are_more_than_two(
    processors: int, threads: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(host_threads_module, "_processors", lambda: processors)
    assert host_threads(None) == threads
    assert host_threads(7) == 7


@pytest.mark.parametrize("device", ["onnxruntime", "openvino"])
def test_an_engine_on_no_thread_is_refused(file: Path, device: str):
    with pytest.raises(InputError, match="0 threads"):
        open_engine(file, device, threads=0)


@pytest.mark.parametrize("opener", OPENERS)
def test_a_memory_in_half_precision_stays_so(tmp_path: Path, opener: str):
    """1/3 added again and again, rounded to half precision each time."""
    half = [Port(name, "float16", (2,)) for name in ("source", "state", "next_state", "total")]
    values = [onnx.helper.make_tensor_value_info(p.name, 10, p.shape) for p in half]
    nodes = [
        onnx.helper.make_node("Add", ["source", "state"], ["next_state"]),
        onnx.helper.make_node("Neg", ["next_state"], ["total"]),
    ]
    graph = onnx.helper.make_graph(nodes, "sum", values[:2], values[2:])
    opsets = [onnx.helper.make_opsetid("", 20)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=9)
    ports = {"inputs": tuple(half[:2]), "outputs": tuple(half[2:])}
    file = write_engine(tmp_path / "sum.onnx", model.SerializeToString(), precision="fp16", **ports)
    stream = OPENERS[opener](file).stream({"source": np.full(2, 1 / 3, np.float32)})
    state, wanted = stream.initial_state(), np.float16(0)
    for _ in range(20):
        drawn, state = stream.step({}, state)
        wanted = np.float16(wanted + np.float16(1 / 3))
        assert drawn["total"].dtype == np.float16
        assert drawn["total"].tolist() == [-float(wanted)] * 2


@pytest.mark.gpu
def test_cuda_draws_the_same_with_its_memory_on_the_gpu(file: Path):
    engine = open_engine(file, "onnxruntime:cuda")
    assert engine.provider == "CUDAExecutionProvider"
    stream = engine.stream(constants())
    begun = stream.initial_state()
    drawn, _ = by_stream(stream, range(FRAMES), begun)
    assert_same(drawn, by_hand(range(FRAMES), hidden_at_first())[0])
    with pytest.raises(InputError, match="used up"):
        stream.step(moving_at(0), begun)
    engine.close()


@pytest.mark.gpu
def test_intel_s_graphics_draw_the_same(file: Path):
    if not any(each.startswith("GPU") for each in openvino.Core().available_devices):
        pytest.skip("OpenVINO finds no graphics of Intel's")
    engine = open_engine(file, "openvino:gpu")
    assert engine.provider.startswith("GPU")
    stream = engine.stream(constants())
    drawn, _ = by_stream(stream, range(FRAMES), stream.initial_state())
    assert_same(drawn, by_hand(range(FRAMES), hidden_at_first())[0])


def test_bf16_is_refused_where_the_processor_has_no_instructions_for_it(file: Path):
    if "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        assert open_engine(file, "openvino:cpu-bf16").provider == "OpenVINO CPU in bf16"
    else:
        with pytest.raises(DeviceError, match="no instructions for bf16"):
            open_engine(file, "openvino:cpu-bf16")
