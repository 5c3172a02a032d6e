"""Opening and running TensorRT engines; what needs a GPU is marked so."""

import dataclasses
import os
import subprocess
import sys
import weakref
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from tensorrt_samples import (
    HostContext,
    HostDevice,
    config_for_gpu,
    manifest_of,
    write_network,
)

from engines.manifest import Manifest, read_manifest, write_manifest
from engines.open import open_engine
from engines.tensorrt.engine import TensorRTEngine, open_tensorrt
from engines.tensorrt.flavour import check_target
from engines.tensorrt.library import load_tensorrt
from engines.tensorrt.log import LastError
from engines.tensorrt.stream import TensorRTStream
from engines.tensorrt.work import Work
from export.tensorrt.build import build_engine
from export.tensorrt.targets import TensorRTConfig
from pechead_live.errors import DeviceError, InputError

FRAMES = 6

Arrays = dict[str, NDArray[Any]]


@pytest.fixture(scope="module")
def onnx_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_network(tmp_path_factory.mktemp("network"))


@pytest.fixture(scope="module")
def engine_file(onnx_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engines")
    return build_engine(onnx_file, folder, TensorRTConfig(), cache=None).file


def changed(engine_file: Path, folder: Path, **fields: Any) -> Path:
    """A copy whose manifest says something else."""
    copy = folder / engine_file.name
    copy.write_bytes(engine_file.read_bytes())
    write_manifest(copy, dataclasses.replace(read_manifest(engine_file), **fields))
    return copy


def source() -> Arrays:
    return {"source_feature": np.random.default_rng(1).normal(size=(1, 4, 16, 16)).astype("f4")}


def clip() -> list[Arrays]:
    generator = np.random.default_rng(2)
    return [{"frame": generator.integers(0, 256, (16, 16, 3), "u1")} for _ in range(FRAMES)]


# Without a GPU


def test_without_a_gpu_opening_says_so_in_one_sentence(engine_file: Path) -> None:
    code = f"""
from pathlib import Path
from engines.open import open_engine
from pechead_live.errors import DeviceError
try:
    open_engine(Path({str(engine_file)!r}))
except DeviceError as error:
    print(error)
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.count("\n") == 1
    assert "run the ONNX file with onnxruntime:cpu" in run.stdout


def test_an_engine_of_another_version_is_refused(engine_file: Path, tmp_path: Path) -> None:
    old = changed(engine_file, tmp_path, runtime_version="1.2.3")
    installed = load_tensorrt("tensorrt_rtx").__version__
    with pytest.raises(InputError, match=f"by tensorrt-rtx 1.2.3 and {installed} is installed"):
        open_engine(old)


def test_an_engine_with_another_plugin_is_refused(engine_file: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="version 99 of the plugin, this program has 1"):
        open_engine(changed(engine_file, tmp_path, plugin="99"))


def test_a_truncated_engine_is_refused(engine_file: Path, tmp_path: Path) -> None:
    short = changed(engine_file, tmp_path)
    short.write_bytes(short.read_bytes()[:-1])
    with pytest.raises(InputError, match="truncated"):
        open_engine(short)


def test_an_engine_for_another_gpu_is_refused() -> None:
    ada = manifest_of(runtime="tensorrt-rtx", targets=("sm_89", "sm_120"))
    check_target(ada, "sm_89")
    with pytest.raises(InputError, match=r"for sm_89, sm_120 and .* is sm_86: .* --target sm_86"):
        check_target(ada, "sm_86")
    anywhere = manifest_of(runtime="tensorrt-rtx", precision="fp16")
    check_target(anywhere, "sm_75")
    with pytest.raises(InputError, match="sm_90, for which TensorRT-RTX has no engines"):
        check_target(anywhere, "sm_90")
    with pytest.raises(InputError, match="is fp32, which TensorRT-RTX cannot run on sm_75"):
        check_target(manifest_of(runtime="tensorrt-rtx"), "sm_75")
    hopper = manifest_of(runtime="tensorrt", targets=("sm_90",))
    check_target(hopper, "sm_90")
    with pytest.raises(InputError, match="--flavour full --target sm_89"):
        check_target(hopper, "sm_89")


# The commands of a frame, on a device that is the host's memory


def compute(given: Mapping[str, NDArray[Any]]) -> Arrays:
    """A memory that fades, and a picture of it."""
    feature = given["source_feature"].mean(dtype=np.float32)
    frame = given["frame"].astype(np.float32).mean()
    hidden = (0.5 * given["state_hidden"] + feature + frame / 255).astype(np.float32)
    level = int(np.clip(40 * hidden.mean(), 0, 255))
    return {"picture": np.full((16, 16, 3), level, "u1"), "next_state_hidden": hidden}


def stream_on(device: HostDevice, *, graphs: bool = True) -> tuple[TensorRTStream, Work]:
    manifest = manifest_of()
    context = HostContext(device, manifest, compute)
    work = Work(device, context, manifest, source(), manifest.carried, LastError(), graphs)
    return TensorRTStream(work, manifest, ["source_feature"], Lock()), work


def expected() -> list[NDArray[Any]]:
    hidden = np.zeros((1, 4, 16, 16), "f4")
    pictures: list[NDArray[Any]] = []
    for frame in clip():
        found = compute({**source(), **frame, "state_hidden": hidden})
        hidden = found["next_state_hidden"]
        pictures.append(found["picture"])
    return pictures


def play(stream: Any) -> list[Arrays]:
    state = stream.initial_state()
    drawn: list[Arrays] = []
    for frame in clip():
        picture, state = stream.step(frame, state)
        drawn.append(picture)
    return drawn


@pytest.mark.parametrize("graphs", [True, False])
def test_memory_goes_from_frame_to_frame_and_begins_with_zeros(graphs: bool) -> None:
    stream, _ = stream_on(HostDevice(), graphs=graphs)
    wanted = expected()
    assert len({int(picture[0, 0, 0]) for picture in wanted}) > 3
    for _ in range(2):
        drawn = play(stream)
        assert all(set(each) == {"picture"} for each in drawn)
        for found, picture in zip(drawn, wanted, strict=True):
            np.testing.assert_array_equal(found["picture"], picture)


def test_without_graphs_frames_are_enqueued_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stream, _ = stream_on(HostDevice(can_capture=False))
    assert "no CUDA graph can be made" in caplog.text
    for found, picture in zip(play(stream), expected(), strict=True):
        np.testing.assert_array_equal(found["picture"], picture)


def test_an_engine_that_takes_memory_in_each_frame_is_not_captured(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Taking(HostContext):
        def is_stream_capturable(self, stream: int) -> bool:
            return stream != HostDevice.stream

    device, manifest = HostDevice(), manifest_of()
    context = Taking(device, manifest, compute)
    work = Work(device, context, manifest, source(), manifest.carried, LastError(), graphs=True)
    assert "no CUDA graph can be made (the engine takes memory in each frame)" in caplog.text
    stream = TensorRTStream(work, manifest, ["source_feature"], Lock())
    for found, picture in zip(play(stream), expected(), strict=True):
        np.testing.assert_array_equal(found["picture"], picture)


@pytest.mark.parametrize("graphs", [True, False])
def test_a_closed_stream_frees_its_memory_at_once(graphs: bool) -> None:
    stream, work = stream_on(HostDevice(), graphs=graphs)
    play(stream)
    kept = weakref.ref(work)
    del work
    assert kept() is not None
    stream.close()
    assert kept() is None


def test_frames_allocate_nothing_on_the_device() -> None:
    device = HostDevice()
    stream, _ = stream_on(device)
    before = device.allocations
    play(stream)
    assert device.allocations == before > 0


def test_a_picture_that_was_given_stays_as_it_is() -> None:
    stream, _ = stream_on(HostDevice())
    drawn = play(stream)
    assert len({int(each["picture"][0, 0, 0]) for each in drawn}) > 3


def test_a_state_is_used_up_by_its_step() -> None:
    stream, _ = stream_on(HostDevice())
    other, _ = stream_on(HostDevice())
    frame = clip()[0]
    first = stream.initial_state()
    _, second = stream.step(frame, first)
    for stale in (first, other.initial_state()):
        with pytest.raises(InputError, match="used up or of another stream"):
            stream.step(frame, stale)
    stream.step(frame, second)
    stream.initial_state()
    with pytest.raises(InputError, match="used up"):
        stream.step(frame, second)


def test_a_refused_frame_leaves_the_state_as_it_was() -> None:
    stream, _ = stream_on(HostDevice())
    wanted = expected()
    state = stream.initial_state()
    for frame, picture in zip(clip(), wanted, strict=True):
        with pytest.raises(InputError, match="'frame' is float32"):
            stream.step({"frame": frame["frame"].astype("f4")}, state)
        with pytest.raises(InputError, match="'frame' is missing"):
            stream.step({}, state)
        found, state = stream.step(frame, state)
        np.testing.assert_array_equal(found["picture"], picture)


def test_a_closed_stream_says_so() -> None:
    stream, _ = stream_on(HostDevice())
    state = stream.initial_state()
    stream.close()
    with pytest.raises(InputError, match="is closed: open it again"):
        stream.step(clip()[0], state)


def test_all_ports_of_a_run_are_the_host_s() -> None:
    device, manifest = HostDevice(), manifest_of()
    context = HostContext(device, manifest, compute)
    work = Work(device, context, manifest, {}, {}, LastError(), graphs=True)
    given = {**source(), **clip()[0], "state_hidden": np.ones((1, 4, 16, 16), "f4")}
    found = work.run(given, 0)
    for name, array in compute(given).items():
        np.testing.assert_array_equal(found[name], array)


def test_a_network_that_does_not_run_is_a_device_error() -> None:
    class Failing(HostContext):
        def execute_async_v3(self, stream: int) -> bool:
            return False

    error = LastError()
    error.note("out of\nmemory")
    device, manifest = HostDevice(), manifest_of()
    with pytest.raises(DeviceError, match=r"could not run the engine \(out of memory\)"):
        Work(device, Failing(device, manifest, compute), manifest, {}, {}, error, graphs=True)


# On a GPU


@pytest.fixture(scope="module", params=["none", "deform"])
def on_gpu(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, Manifest]:
    """An ONNX file, and an engine of it for the GPU at hand with its manifest."""
    config = config_for_gpu()
    onnx_file = write_network(tmp_path_factory.mktemp("gpu"), form=request.param)
    built = build_engine(onnx_file, onnx_file.parent, config, cache=None)
    return onnx_file, built.file, built.manifest


@pytest.fixture
def engine(on_gpu: tuple[Path, Path, Manifest]) -> TensorRTEngine:
    _, file, manifest = on_gpu
    return open_tensorrt(file, manifest)


@pytest.mark.gpu
def test_the_gpu_draws_what_onnx_runtime_draws_from_frame_to_frame(
    on_gpu: tuple[Path, Path, Manifest], engine: TensorRTEngine
) -> None:
    session = onnxruntime.InferenceSession(on_gpu[0], providers=["CPUExecutionProvider"])
    hidden = np.zeros((1, 4, 16, 16), "f4")
    for frame, drawn in zip(clip(), play(engine.stream(source())), strict=True):
        given = {**source(), **frame, "state_hidden": hidden}
        picture, hidden = session.run(["picture", "next_state_hidden"], given)
        assert np.abs(drawn["picture"].astype(int) - picture.astype(int)).max() <= 1
    assert engine.provider.startswith(engine.manifest.runtime)


@pytest.mark.gpu
def test_cuda_graphs_draw_what_single_steps_draw(
    on_gpu: tuple[Path, Path, Manifest], caplog: pytest.LogCaptureFixture
) -> None:
    _, file, manifest = on_gpu
    with_graphs = play(open_tensorrt(file, manifest, graphs=True).stream(source()))
    assert "no CUDA graph" not in caplog.text
    without = play(open_tensorrt(file, manifest, graphs=False).stream(source()))
    for one, other in zip(with_graphs, without, strict=True):
        np.testing.assert_array_equal(one["picture"], other["picture"])


@pytest.mark.gpu
def test_frames_allocate_nothing_on_the_gpu(engine: TensorRTEngine) -> None:
    import cupy  # type: ignore[import-not-found]

    stream = engine.stream(source())
    play(stream)
    pool = cupy.get_default_memory_pool()
    before = (cupy.cuda.runtime.memGetInfo()[0], pool.total_bytes(), pool.used_bytes())
    for _ in range(10):
        play(stream)
    after = (cupy.cuda.runtime.memGetInfo()[0], pool.total_bytes(), pool.used_bytes())
    assert after == before


@pytest.mark.gpu
def test_two_streams_keep_their_own_memory(engine: TensorRTEngine) -> None:
    alone = play(engine.stream(source()))
    one, other = engine.stream(source()), engine.stream(source())
    state, elsewhere = one.initial_state(), other.initial_state()
    for frame, wanted in zip(clip(), alone, strict=True):
        found, state = one.step(frame, state)
        _, elsewhere = other.step(clip()[0], elsewhere)
        np.testing.assert_array_equal(found["picture"], wanted["picture"])


@pytest.mark.gpu
def test_a_closed_engine_says_so(engine: TensorRTEngine) -> None:
    stream = engine.stream(source())
    state = stream.initial_state()
    engine.close()
    engine.close()
    with pytest.raises(InputError, match="closed: open it again"):
        stream.step(clip()[0], state)
    with pytest.raises(InputError, match="closed: open it again"):
        engine.stream(source())
