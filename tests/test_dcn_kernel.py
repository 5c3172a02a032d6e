"""The kernel's arithmetic, by the same source on this processor, and its compilers."""

import ctypes
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from dcn_samples import (
    Array,
    Call,
    call,
    compile_for_processor,
    deform_conv,
    kind_of,
    run_on_processor,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.dcn import kernel
from engines.dcn.compiler import NEWEST, TARGETS, build_fatbin, compile_for, target_for
from engines.dcn.definition import Sizes, sizes_of
from engines.dcn.kernel import ELEMENT, MOST_BLOCKS, compiled, launch_of, may_pair
from engines.dcn.reference import deform_im2col
from engines.dcn.source import SHIM, SOURCE
from pechead_live.errors import InputError, MissingDependencyError
from pechead_live.model.deformable import sampled_deform_conv2d

TOLERANCE = {"f32": 1e-5, "f16": 4e-3, "f16_offset_f32": 4e-3}
"""Of columns of about 1: a float16 near 4 is 2e-3 from its neighbour's middle."""

DTYPES = {
    "f32": (np.float32, np.float32),
    "f16": (np.float16, np.float16),
    "f16_offset_f32": (np.float16, np.float32),
}

KINDS = st.sampled_from(sorted(ELEMENT))


@pytest.fixture(scope="module")
def gpp() -> str:
    found = shutil.which("g++")
    if found is None and "CI" not in os.environ:
        pytest.skip("g++ is not installed: the kernel's arithmetic is not tested here")
    assert found is not None, "CI has no g++"
    return found


@pytest.fixture(scope="module")
def library(gpp: str, tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    loaded = ctypes.CDLL(str(compile_for_processor(tmp_path_factory.mktemp("kernel"))))
    loaded.widen_half.restype = ctypes.c_float
    loaded.narrow_float.argtypes = [ctypes.c_float]
    loaded.narrow_float.restype = ctypes.c_uint16
    return loaded


@st.composite
def calls(draw: st.DrawFn) -> Call:
    """Of every kind; pictures of at least two pixels each way, offsets far beyond them."""
    groups, size = draw(st.integers(1, 3)), st.integers(2, 13)
    channels = groups * draw(st.integers(1, 10))
    side = draw(st.sampled_from([1, 3, 5]))
    sizes = Sizes(draw(st.integers(1, 2)), channels, draw(size), draw(size), groups, side)
    x, offset = DTYPES[draw(KINDS)]
    spread = draw(st.sampled_from([0.0, 0.6, 3.0, 300.0]))
    return call(sizes, seed=draw(st.integers(0, 999)), spread=spread, x=x, offset=offset)


def in_torch(made: Call) -> Array:
    """Columns (B, C · k², H, W) of the torch form in float64, which multiplies by the identity."""
    rows = made.sizes.columns[1]
    side, channels = made.sizes.kernel, made.sizes.channels
    weight = torch.eye(rows, dtype=torch.float64).reshape(rows, channels, side, side)
    x, offset, mask = (torch.from_numpy(each.astype(np.float64)) for each in made[1:])
    bias = torch.zeros(rows, dtype=torch.float64)
    return sampled_deform_conv2d(x, weight, bias, offset, mask, made.sizes.groups).numpy()


def in_numpy(made: Call) -> Array:
    sizes = made.sizes
    return deform_im2col(*made[1:], kernel=sizes.kernel, groups=sizes.groups)


@settings(max_examples=30, deadline=None)
@given(made=calls())
def test_the_kernel_samples_what_the_torch_form_samples(library: ctypes.CDLL, made: Call):
    near = TOLERANCE[kind_of(made)]
    assert run_on_processor(library, made) == pytest.approx(in_torch(made), abs=near, rel=near)


@settings(max_examples=25, deadline=None)
@given(made=calls())
def test_the_kernel_and_the_numpy_reference_agree(library: ctypes.CDLL, made: Call):
    near = TOLERANCE[kind_of(made)]
    assert run_on_processor(library, made) == pytest.approx(in_numpy(made), abs=near, rel=near)


@pytest.mark.parametrize("grid", [(1, 1, 1), (2, 7, 2), (9, 99, 9)])
@pytest.mark.parametrize("width", [23, 24])
def test_any_grid_covers_every_column_alike(
    library: ctypes.CDLL, width: int, grid: tuple[int, int, int]
):
    made = call(Sizes(3, 20, 29, width, 2, 3))
    assert (run_on_processor(library, made, grid=grid) == run_on_processor(library, made)).all()


@pytest.mark.parametrize("height", [7, 8])
@pytest.mark.parametrize("spread", [0.5, 4.0, 100.0])
def test_with_a_1x1_convolution_it_is_onnx_runtime_s_deform_conv(
    library: ctypes.CDLL, height: int, spread: float
):
    sizes = Sizes(2, 6, height, 10, 3, 3)
    made = call(sizes, spread=spread)
    draw = np.random.default_rng(5)
    weight = draw.standard_normal((4, 6, 3, 3)).astype(np.float32) / 4
    bias = draw.standard_normal(4).astype(np.float32)
    model = deform_conv(made, weight, bias).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    fed = {"x": made.x, "offset": made.offset, "mask": made.mask}
    columns = run_on_processor(library, made)
    product = np.einsum("or,brhw->bohw", weight.reshape(4, -1), columns) + bias[:, None, None]
    (expected,) = session.run(None, fed)
    assert product == pytest.approx(np.asarray(expected), abs=1e-5)


@pytest.mark.parametrize("kind", ELEMENT)
@pytest.mark.parametrize("nowhere", [np.nan, np.inf, -np.inf, 60000.0, -60000.0])
def test_an_offset_that_leads_nowhere_samples_zero(library: ctypes.CDLL, kind: str, nowhere: float):
    x, offset = DTYPES[kind]
    made = call(Sizes(1, 4, 4, 6, 2, 3), x=x, offset=offset)
    plain = run_on_processor(library, made)
    made.offset[:, 2 * 9 + 2 * 4] = nowhere  # dy of the second group's middle tap
    columns = run_on_processor(library, made)
    lost = [2 * 9 + 4, 3 * 9 + 4]
    assert (columns[:, lost] == 0).all() and (plain[:, lost] != 0).any()
    kept = [row for row in range(4 * 9) if row not in lost]
    assert (columns[:, kept] == plain[:, kept]).all()
    assert (in_numpy(made)[:, lost] == 0).all()


def test_a_mask_of_zero_hides_its_tap(library: ctypes.CDLL):
    made = call(Sizes(1, 4, 4, 6, 2, 3))
    made.mask[:, 3] = 0
    columns = run_on_processor(library, made).reshape(4, 9, -1)
    assert (columns[:2, 3] == 0).all() and (columns[2:, 3] != 0).any()


def test_a_sample_at_the_very_border_counts_and_one_pixel_beyond_does_not(library: ctypes.CDLL):
    """Of ones: at -1/4 three quarters are left of it, at -1 nothing is."""
    made = call(Sizes(1, 1, 2, 4, 1, 1), spread=0)
    made.x[:] = 1
    made.mask[:] = 1
    made.offset[0, 0, 0] = [-0.25, -1.0, 1.75, 2.0]
    columns = run_on_processor(library, made)
    assert columns[0, 0, 0].tolist() == [0.75, 0.0, 0.25, 0.0]


def test_what_is_outside_counts_zero_even_beside_a_feature_that_is_infinite(library: ctypes.CDLL):
    made = call(Sizes(1, 1, 2, 4, 1, 1), spread=0)
    made.x[:] = np.inf
    made.mask[:] = 1
    made.offset[:] = -5
    assert (run_on_processor(library, made) == 0).all()


def test_a_picture_of_one_pixel_has_its_only_pixel_in_the_middle(library: ctypes.CDLL):
    made = call(Sizes(1, 2, 1, 1, 1, 3), spread=0)
    columns = run_on_processor(library, made).reshape(2, 9)
    assert (columns[:, 4] != 0).all() and np.count_nonzero(columns) == 2
    assert (columns == in_numpy(made).reshape(2, 9)).all()


def test_pairs_are_taken_only_where_rows_and_pointers_are_whole_pairs():
    even, odd = Sizes(1, 4, 3, 6, 2, 3), Sizes(1, 4, 6, 3, 2, 3)
    assert may_pair(even, "f32", (256, 512, 1024, 2048))
    assert not may_pair(odd, "f32", (256, 512, 1024, 2048))
    assert not may_pair(even, "f32", (256, 512, 1024, 2044))
    assert may_pair(even, "f16", (4, 4, 4, 4)) and not may_pair(even, "f16", (4, 2, 4, 4))
    assert not may_pair(even, "f16_offset_f32", (4, 4, 4, 4))


@pytest.mark.parametrize("kind", ELEMENT)
def test_pairs_and_single_places_give_the_same_columns(library: ctypes.CDLL, kind: str):
    x, offset = DTYPES[kind]
    even = call(Sizes(1, 9, 5, 8, 3, 3), x=x, offset=offset)
    wider = Sizes(1, 9, 5, 9, 3, 3)
    padded = [np.pad(each, ((0, 0),) * 3 + ((0, 1),)) for each in even[1:]]
    odd = Call(wider, *padded)
    # what leaves the picture on the right differs by the added column of zeros, which counts 0
    narrow = run_on_processor(library, odd)[..., :-1]
    assert (run_on_processor(library, even) == narrow).all()


def test_a_grid_stays_within_what_every_gpu_allows():
    huge = launch_of(Sizes(70000, 8192, 8, 8, 1024, 11), "f16", pairs=True)
    assert huge.grid == (1, MOST_BLOCKS, MOST_BLOCKS)
    assert launch_of(Sizes(1, 256, 64, 64, 8, 3), "f16", pairs=True).grid == (16, 8 * 4 * 9, 1)


@pytest.mark.parametrize(
    ("x", "offset", "mask", "groups", "said"),
    [
        ((1, 5, 4, 4), (1, 36, 4, 4), (1, 18, 4, 4), 2, "5 channels"),
        ((1, 4, 4, 4), (1, 18, 4, 4), (1, 18, 4, 4), 2, "offset"),
        ((1, 4, 4, 4), (1, 36, 4, 4), (1, 18, 4, 5), 2, "mask"),
        ((4, 4, 4), (1, 36, 4, 4), (1, 18, 4, 4), 2, "four sizes"),
        ((1, 4, 4, 4), (1, 36, 4, 4), (1, 18, 4, 4), 0, "0 groups"),
    ],
)
def test_shapes_that_do_not_fit_are_named(
    x: tuple[int, ...], offset: tuple[int, ...], mask: tuple[int, ...], groups: int, said: str
):
    with pytest.raises(InputError, match=said):
        sizes_of(x, offset, mask, kernel=3, groups=groups)


def test_float16_is_widened_and_rounded_as_numpy_does(library: ctypes.CDLL):
    every = np.arange(65536, dtype=np.uint16)
    known = every.view(np.float16).astype(np.float32)
    widened = np.array([library.widen_half(int(each)) for each in every], np.float32)
    assert np.array_equal(widened, known, equal_nan=True)
    finite = known[np.isfinite(known)]
    nudged = np.concatenate([np.nextafter(finite, np.float32(to)) for to in (-1e9, 1e9)])
    between = (finite[:-1] + finite[1:]) / 2
    for value in np.concatenate([nudged[::7], between[::5], [65519.9, 65520.0, 1e9, -1e9, np.inf]]):
        with np.errstate(over="ignore"):
            wanted = np.float32(value).astype(np.float16)
        assert library.narrow_float(value) == int(wanted.view(np.uint16)), value
    assert np.isnan(np.uint16(library.narrow_float(np.nan)).view(np.float16))


GUARDED = """
import ctypes, sys
sys.path.insert(0, "tests")
from dcn_samples import *
library = ctypes.CDLL(sys.argv[1])
for width in (1, 5, 8):
    for x, offset in ((np.float32,) * 2, (np.float16,) * 2, (np.float16, np.float32)):
        for spread in (1.0, 1e4):
            made = call(Sizes(2, 10, 3, width, 2, 3), spread=spread, x=x, offset=offset)
            made.offset[0, 0] = np.nan
            run_on_processor(library, made)
print("all within their arrays")
"""


def test_the_kernel_reads_and_writes_within_its_arrays_only(gpp: str, tmp_path: Path):
    """By the compiler's own guards around every array (address and undefined behaviour)."""
    flags = ("-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    guarded = compile_for_processor(tmp_path, *flags)
    guards = [
        subprocess.run(
            [gpp, f"-print-file-name={name}"], capture_output=True, text=True, check=True
        )
        for name in ("libasan.so", "libubsan.so")
    ]
    run = subprocess.run(
        [sys.executable, "-c", GUARDED, str(guarded)],
        cwd=Path(__file__).resolve().parent.parent,
        env=os.environ
        | {
            "LD_PRELOAD": " ".join(each.stdout.strip() for each in guards),
            "ASAN_OPTIONS": "detect_leaks=0",
            "PYTHONMALLOC": "malloc",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.strip() == "all within their arrays", run.stderr[-3000:]


@pytest.mark.parametrize("target", TARGETS)
def test_nvrtc_compiles_every_entry_point_for_every_target(target: str):
    code = compile_for(target)
    assert code.startswith(b"\x7fELF")
    for kind in ELEMENT:
        assert f".text.deform_im2col_{kind}\0".encode() in code
        assert f".text.deform_im2col_{kind}_pairs\0".encode() in code


def test_ptx_is_made_for_gpus_to_come_and_moves_pairs_at_once():
    text = compile_for(NEWEST).decode()
    assert f".target sm_{NEWEST.removeprefix('compute_')}" in text
    assert "st.global.v2.f32" in text or "st.global.v2.b32" in text
    assert "cvt.rn.f16.f32" in text


def test_a_target_that_nvrtc_does_not_know_is_named_with_those_it_knows():
    with pytest.raises(InputError, match=r"sm_12 .*sm_89"):
        compile_for("sm_12")


def test_a_gpu_newer_than_the_compiler_gets_the_newest_ptx_and_one_too_old_an_error():
    assert target_for("89") == "sm_89"
    assert target_for("999").startswith("compute_1")
    with pytest.raises(InputError, match=r"7\.0 is too old"):
        target_for("70")


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="nvcc is not installed")
def test_nvcc_puts_every_target_and_ptx_into_one_file(tmp_path: Path):
    fatbin = tmp_path / "kernel.fatbin"
    build_fatbin(fatbin)
    content = fatbin.read_bytes()
    assert content[:4] == b"\x50\xed\x55\xba"  # the magic number of a fatbin
    assert content.count(b"\x7fELF") == len(TARGETS)


def test_without_nvcc_a_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="nvcc is not on the PATH"):
        build_fatbin(tmp_path / "kernel.fatbin")


def test_a_kernel_is_compiled_once_and_then_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kernel, "CACHE", tmp_path / "kernels")
    code, kept = compiled("89")
    assert kept.parent == tmp_path / "kernels" and kept.read_bytes() == code
    kept.write_bytes(b"kept")
    assert compiled("89") == (b"kept", kept)
    other, elsewhere = compiled("86")
    assert elsewhere != kept and other != code


def test_a_fatbin_in_the_cache_needs_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kernel, "CACHE", tmp_path)
    kernel.fatbin_path().write_bytes(b"fatbin")
    assert compiled("89") == (b"fatbin", kernel.fatbin_path())


def test_a_cache_that_cannot_be_written_costs_a_warning_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "file").touch()
    monkeypatch.setattr(kernel, "CACHE", tmp_path / "file" / "kernels")
    assert compiled("89")[0].startswith(b"\x7fELF")
    assert "is not kept" in caplog.text


def test_the_source_and_its_shim_lie_in_the_package():
    assert SOURCE.is_file() and SHIM.is_file()
    assert "#include" not in SOURCE.read_text(encoding="utf-8")  # NVRTC is given no header
