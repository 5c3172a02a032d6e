"""A browser draws the same portrait from the same coefficients as Python does."""

import json
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from page_modules import WITH_LIBRARIES
from page_renderer_samples import (
    PAGE,
    STILL,
    files_of,
    numbers_of,
    picture_of,
    poses,
    served,
    told,
    with_shut_openings,
)
from playwright.sync_api import sync_playwright
from still_samples import astronaut

from benchmarks.webrtc.chromium import launch
from engines.networks.lite import open_lite
from pechead_live.facemodel.apertures import follow_of
from pechead_live.facemodel.model import load_face_model
from pechead_live.frame import Pixels
from pechead_live.page_libraries import missing_packages, page_library_files
from pechead_live.renderer.analytic import AnalyticRenderer
from pechead_live.renderer.lite import LiteRenderer
from pechead_live.renderer.page_model import page_model
from pechead_live.weights import shipped

DRAW = f"""async ({{ size, folder, poses }}) => {{
  {STILL}
  const {{ drawGuide }} = await import("/page/guide.js");
  const portrait = await prepared(size, folder);
  return poses.map((pose) => {{
    const {{ pixels, flow, share, landmarks }} = drawGuide(portrait, pose);
    return [pixels, flow, share, landmarks].map(textOf);
  }});
}}"""

REFUSE = f"""async (wrong) => {{
  {STILL}
  const {{ drawAnalytic }} = await import("/page/analytic.js");
  const portrait = await prepared({{ width: 64, height: 64 }});
  return wrong.map((change) => {{
    const numbers = {{ NaN, Infinity }};
    const value = (told) => (Array.isArray(told) ? told.map(value) : numbers[told] ?? told);
    const given = Object.entries(change).map(([name, told]) => [name, value(told)]);
    try {{
      drawAnalytic(portrait, {{ ...portrait.rest, ...Object.fromEntries(given) }});
      return null;
    }} catch (error) {{ return error.message; }}
  }});
}}"""

SIZES = f"""async (sizes) => {{
  {STILL}
  return Promise.all(sizes.map(([width, height]) =>
    prepared({{ width, height }}).then(() => null, (error) => error.message)));
}}"""

BROKEN = f"""async (pose) => {{
  {STILL}
  const {{ drawLite, initialState, openNetwork, prepareLite }} = await import("/page/lite.js");
  const {{ drawAnalytic }} = await import("/page/analytic.js");
  class Tensor {{
    constructor(type, data, dims) {{
      Object.assign(this, {{ type, data, dims, location: "cpu" }});
    }}
    dispose() {{}}
  }}
  const shapes = {{
    ...{{ portrait: [256, 256, 3], condition: [61] }},
    ...{{ guide_share: [64, 64], state_hidden: [1, 4, 2, 2] }},
  }};
  const inputMetadata = Object.entries(shapes).map(([name, shape]) => ({{ name, shape }}));
  let alpha = 0.05;
  const tensor = (value, ...dims) =>
    new Tensor("float32", new Float32Array(dims.reduce((a, b) => a * b)).fill(value), dims);
  const run = async () => ({{
    source_features_64: tensor(0, 64, 64, 32),
    source_features_128: tensor(0, 128, 128, 8),
    flow: tensor(0, 64, 64, 2),
    residual: tensor(0.01, 64, 64, 2),
    painted: tensor(0, 256, 256, 3),
    alpha: tensor(alpha, 256, 256),
    next_state_hidden: tensor(1, 1, 4, 2, 2),
  }});
  const ort = {{ Tensor, InferenceSession: {{ create: async () => ({{ inputMetadata, run }}) }} }};
  const portrait = await prepared({{ width: 96, height: 96 }});
  const lite = await prepareLite(portrait, await openNetwork(ort, {{}}, ["wasm"]));
  const found = [];
  for (alpha of [0.05, NaN, 0.5]) {{
    const {{ pixels, state, failure }} = await drawLite(lite, pose, initialState(lite));
    const drawn = textOf(pixels);
    const analytic = textOf(drawAnalytic(portrait, pose).pixels);
    found.push([failure, drawn === analytic, state.data[0]]);
  }}
  return found;
}}"""

LITE = f"""async ({{ sides, poses, urls }}) => {{
  {STILL}
  const {{ drawLite, initialState, openNetwork, prepareLite }} = await import("/page/lite.js");
  const ort = await import("/ort/ort.wasm.min.mjs");
  ort.env.wasm.wasmPaths = "/ort/";
  ort.env.wasm.numThreads = 1;
  const network = await openNetwork(ort, urls, ["wasm"]);
  const pictures = [];
  for (const [index, side] of sides.entries()) {{
    const lite = await prepareLite(await prepared({{ width: side, height: side }}), network);
    let state = initialState(lite);
    pictures.push([]);
    for (const pose of poses[index]) {{
      const drawn = await drawLite(lite, pose, state);
      if (drawn.failure) throw new Error(drawn.failure);
      state = drawn.state;
      pictures[index].push(textOf(drawn.pixels));
    }}
  }}
  return pictures;
}}"""


@pytest.fixture(scope="module")
def page(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Of a server that has the modules, the model, two portraits and the shipped network."""
    weights = shipped("lite-s")
    assert weights is not None
    shut = {
        f"/shut{path}": data for path, data in files_of(with_shut_openings(astronaut())).items()
    }
    ort = tmp_path_factory.mktemp("ort")
    if not missing_packages():
        for name, file in page_library_files().items():
            (ort / name).write_bytes(file.read())
    folders = {"page": PAGE, "weights": weights, "ort": ort}
    with served({**files_of(astronaut()), **shut}, folders) as address, sync_playwright() as player:
        browser = launch(player, chromium, None)
        opened = browser.new_page()
        opened.goto(f"{address}/empty.html")
        yield opened
        browser.close()


def test_the_model_file_is_small_and_says_what_the_model_says() -> None:
    data, model = page_model(), load_face_model()
    assert len(data) < 600_000
    magic, version, length = struct.unpack_from("<4sII", data)
    assert (magic, version) == (b"PHFM", 1)
    directory = json.loads(data[12 : 12 + length])

    def read(name: str) -> np.ndarray:
        kind, shape, offset, steps = directory["arrays"][name]
        assert offset % 4 == 0
        count = int(np.prod(shape))
        array = np.frombuffer(data, np.dtype(kind).newbyteorder("<"), count, 12 + length + offset)
        array = array.reshape(shape)
        if steps is None:
            return array
        return array * np.array(steps).reshape(-1, *[1] * (array.ndim - 1))

    np.testing.assert_allclose(read("identity_basis"), model.identity_basis, atol=1e-5, rtol=0)
    np.testing.assert_allclose(read("expression_basis"), model.expression_basis, atol=1e-5, rtol=0)
    upper_lip = follow_of(model).lips[0]
    np.testing.assert_allclose(read("follow_upper_lip").T, upper_lip, atol=2e-5, rtol=0)
    np.testing.assert_array_equal(read("triangles"), model.triangles)
    np.testing.assert_array_equal(read("mean"), model.mean)


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(256, 256), (320, 180)])
def test_the_page_draws_what_python_draws(page: Any, width: int, height: int) -> None:
    renderer = AnalyticRenderer(astronaut(), width, height)
    wanted = poses(astronaut().rest)
    if width != height:
        wanted = {name: wanted[name] for name in ("rest", "tilted", "near")}
    size = {"width": width, "height": height}
    given = {"size": size, "folder": "", "poses": [told(pose) for pose in wanted.values()]}
    for (name, pose), found in zip(wanted.items(), page.evaluate(DRAW, given), strict=True):
        guide = renderer.guide(pose)
        check_alike(picture_of(found[0], width, height), guide.picture, name)
        flow = np.abs(numbers_of(found[1]).reshape(64, 64, 2) - guide.flow)
        assert flow.mean() < 5e-4, name
        assert np.percentile(flow, 99.5) < 5e-3, name
        assert np.abs(numbers_of(found[2]).reshape(64, 64) - guide.share).mean() < 2e-3, name
        landmarks = numbers_of(found[3]).reshape(70, 2)
        np.testing.assert_allclose(landmarks, guide.landmarks, atol=1e-4, err_msg=name)


@pytest.mark.browser
def test_the_page_invents_what_a_photo_does_not_show(page: Any) -> None:
    avatar = with_shut_openings(astronaut())
    renderer = AnalyticRenderer(avatar, 256, 256)
    opens = {"jawOpen": 0.7, "eyeWideLeft": 1.0, "eyeWideRight": 1.0, "eyeLookUpLeft": 0.5}
    pose = avatar.rest.with_expressions({"eyeBlinkLeft": 0.0, "eyeBlinkRight": 0.0, **opens})
    size = {"width": 256, "height": 256}
    given = {"size": size, "folder": "/shut", "poses": [told(pose)]}
    (found,) = page.evaluate(DRAW, given)
    drawn = renderer.guide(pose).picture
    check_alike(picture_of(found[0], 256, 256), drawn, "shut")


@pytest.mark.browser
def test_the_page_refuses_what_is_no_number(page: Any) -> None:
    rest = told(astronaut().rest)
    wrong: list[dict[str, Any]] = [
        {},
        {"scale": "NaN"},
        {"scale": 0},
        {"translation": ["Infinity", 0]},
        {"rotation": [*rest["rotation"][:8], "NaN"]},
        {"rotation": rest["rotation"][:8]},
        {"expression": ["NaN", *rest["expression"][1:]]},
        {"expression": []},
    ]
    found = page.evaluate(REFUSE, wrong)
    assert found[0] is None
    for change, message in zip(wrong[1:], found[1:], strict=True):
        assert message is not None, change
        assert next(iter(change)) in message, change
    sizes = page.evaluate(SIZES, [[64, 64], [63, 63], [128, 256], [512, 64], [100.5, 100]])
    assert [message is None for message in sizes] == [True, False, False, False, False]


@pytest.mark.browser
def test_a_network_that_is_lost_leaves_the_guide_and_begins_anew(page: Any) -> None:
    lost, broken, used = page.evaluate(BROKEN, told(astronaut().rest))
    assert lost == ["Error: mean alpha 0.05, at least 0.15", True, 0]
    assert broken == ["Error: alpha is not finite", True, 0]
    assert used == [None, False, 1]


@WITH_LIBRARIES
def test_the_page_runs_the_lite_network_as_python_does(page: Any) -> None:
    weights = shipped("lite-s")
    assert weights is not None
    network = open_lite(weights, "lite-s", threads=1)
    known = poses(astronaut().rest)
    driven = {256: ("rest", "tilted", "open", "shut eyes"), 320: ("rest", "to the left")}
    given = {
        "sides": list(driven),
        "poses": [[told(known[name]) for name in names] for names in driven.values()],
        "urls": {part: f"/weights/{part}.onnx" for part in ("encode", "motion", "decode")},
    }
    pictures = page.evaluate(LITE, given)
    for (side, names), texts in zip(driven.items(), pictures, strict=True):
        renderer = LiteRenderer(astronaut(), side, side, network)
        state = renderer.initial_state()
        for name, text in zip(names, texts, strict=True):
            picture, state = renderer.render(known[name], state)
            check_alike(picture_of(text, side, side), picture.pixels, f"{name} at {side}")


def check_alike(found: Pixels, wanted: Pixels, name: str) -> None:
    difference = np.abs(found.astype(int) - wanted.astype(int))
    assert difference.mean() < 0.3, name
    assert np.percentile(difference, 99.9) <= 16, name
