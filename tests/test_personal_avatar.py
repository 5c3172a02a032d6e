"""What was learned of a person: in the avatar's file, and in what draws it."""

import io
import json
import logging
import tracemalloc
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lite_samples import shaken
from personal_samples import WEIGHTS, levels, personal_for
from still_samples import astronaut, difference

from engines.networks.lite import open_lite
from engines.torch.lite import TorchLite
from pechead_live.avatar.file import open_avatar, save_avatar
from pechead_live.avatar.personal import Personal, change_of
from pechead_live.cli import main
from pechead_live.cli.models import factory_of
from pechead_live.coefficients import Coefficients, rotation_from_euler
from pechead_live.errors import InputError
from pechead_live.frame import Pixels
from pechead_live.model.lite.dimensions import LITE_PRESETS
from pechead_live.protocols import Renderer
from pechead_live.renderer.lite import LiteRenderer
from pechead_live.samples import sample
from pechead_live.weights import shipped

TOY = LITE_PRESETS["toy"]


def saved(personal: Personal | None, path: Path) -> Path:
    save_avatar(replace(astronaut(), personal=personal), path)
    return path


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_is_opened_as_it_was_saved_and_the_photo_s_digest_stays(tmp_path: Path) -> None:
    personal = personal_for(TOY)
    again = open_avatar(saved(personal, tmp_path / "a.avatar"))
    assert again.personal is not None and again.digest == astronaut().digest
    assert (again.personal.model, again.personal.weights) == ("lite-toy", WEIGHTS)
    for one, other in zip(levels(again.personal), levels(personal), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(again.personal.features_64.values(), personal.features_64.values())


def test_without_it_a_file_has_the_members_it_always_had(tmp_path: Path) -> None:
    assert set(members(saved(None, tmp_path / "a.avatar"))) == set(
        members(sample("astronaut.avatar"))
    )
    assert open_avatar(sample("astronaut.avatar")).personal is None


def test_numbers_are_rounded_to_a_part_of_their_channel_s_largest() -> None:
    values = np.random.default_rng(0).normal(size=(3, 8, 8)).astype(np.float32)
    values[1] = 0
    change = change_of(values)
    largest = np.abs(values).max(axis=(1, 2), keepdims=True)
    assert (np.abs(change.values() - values) <= largest / 62 + 1e-6).all()


def header(**changed: Any) -> bytes:
    shapes = {"features_64": [8, 16, 16], "features_128": [8, 32, 32]}
    values: dict[str, Any] = {"model": "lite-toy", "weights": WEIGHTS}
    values["shapes"] = {**shapes, "motion_features": [8, 16, 16], **changed.pop("shapes", {})}
    return json.dumps({**values, **changed}).encode()


LENGTH = 4 * 24 + 8 * 16 * 16 + 8 * 32 * 32 + 8 * 16 * 16


def numbers(scale: float = 0.1, length: int = LENGTH) -> bytes:
    scales = np.full(24, scale, "<f4").tobytes()
    return zlib.compress(scales + bytes(length - len(scales)))


@pytest.mark.parametrize(
    "changed",
    [
        {"personal.json": None},
        {"personal.zlib": None},
        {"personal.json": b"[]"},
        {"personal.json": b"[" * 4000},
        {"personal.json": header() + b" " * 5000},
        {"personal.json": header(weights="secret")},
        {"personal.json": header(model="../lite")},
        {"personal.json": header(shapes={"features_64": [8, 16]})},
        {"personal.json": header(shapes={"features_64": [8, 16, 17]})},
        {"personal.json": header(shapes={"features_64": [8, 16.0, 16]})},
        {"personal.json": header(shapes={"features_64": [0, 16, 16]})},
        {"personal.json": header(shapes={"features_64": [9, 16, 16]})},
        {"personal.json": header(shapes={"features_128": [8, 16, 16]})},
        {"personal.json": header(shapes={"features_64": [10**9, 16, 16]})},
        {"personal.json": header(shapes={"features_64": "all"})},
        {"personal.zlib": b"no zlib"},
        {"personal.zlib": numbers()[:-4]},
        {"personal.zlib": numbers() + b"more"},
        {"personal.zlib": numbers(length=LENGTH - 1)},
        {"personal.zlib": numbers(length=LENGTH + 1)},
        {"personal.zlib": numbers(float("nan"))},
        {"personal.zlib": numbers(float("inf"))},
        {"personal.zlib": numbers(-0.1)},
        {"personal.zlib": numbers(1e9)},
    ],
)
def test_a_fault_in_it_is_refused_in_one_sentence(
    tmp_path: Path, changed: dict[str, bytes | None]
) -> None:
    path = tmp_path / "a.avatar"
    whole = members(saved(None, path)) | {"personal.json": header(), "personal.zlib": numbers()}
    assert open_avatar(packed(path, whole)).personal is not None
    with pytest.raises(InputError, match="not an avatar, or it is damaged") as caught:
        open_avatar(packed(path, whole | changed))
    assert "\n" not in str(caught.value)


def packed(path: Path, content: Mapping[str, bytes | None]) -> Path:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in content.items():
            if data is not None:
                archive.writestr(name, data)
    path.write_bytes(buffer.getvalue())
    return path


def test_numbers_that_unpack_to_gigabytes_take_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.avatar"
    squeezer, bomb = zlib.compressobj(9), b""
    bomb = b"".join(squeezer.compress(bytes(1_000_000)) for _ in range(300)) + squeezer.flush()
    whole = members(saved(None, path)) | {"personal.json": header(), "personal.zlib": bomb}
    packed(path, whole)
    tracemalloc.start()
    with pytest.raises(InputError, match="damaged"):
        open_avatar(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60_000_000


def sequence() -> list[Coefficients]:
    rest = astronaut().rest
    return [
        replace(rest, rotation=rotation_from_euler(yaw, 3, 2) @ rest.rotation)
        for yaw in (0.0, 8.0, 4.0)
    ]


def drawn(renderer: Renderer[Any]) -> list[Pixels]:
    state, pictures = renderer.initial_state(), []
    for coefficients in sequence():
        picture, state = renderer.render(coefficients, state)
        pictures.append(picture.pixels)
    return pictures


def farthest(one: list[Pixels], other: list[Pixels]) -> int:
    pairs = zip(one, other, strict=True)
    return max(int(np.abs(a.astype(int) - b.astype(int)).max()) for a, b in pairs)


def test_every_engine_draws_with_it_alike() -> None:
    folder = shipped("lite-s")
    assert folder is not None
    weights = open_lite(folder, "lite-s").weights
    personal = replace(personal_for(LITE_PRESETS["lite-s"], 0.5), model="lite-s", weights=weights)
    avatar = replace(astronaut(), personal=personal)
    pictures = {
        engine: drawn(factory_of("lite-s", None, engine=engine)(avatar, 256, 256))
        for engine in ("torch", "onnxruntime:cpu", "openvino:cpu")
    }
    plain = drawn(factory_of("lite-s", None, engine="onnxruntime:cpu")(astronaut(), 256, 256))
    assert difference(pictures["torch"][0], plain[0]) > 0.3
    assert farthest(pictures["torch"], pictures["onnxruntime:cpu"]) <= 1
    assert farthest(pictures["torch"], pictures["openvino:cpu"]) <= 1
    eight = drawn(factory_of("lite-s", None, quantised=True)(avatar, 256, 256))
    assert difference(eight[0], pictures["torch"][0]) < difference(plain[0], pictures["torch"][0])


def test_with_other_weights_the_portrait_is_drawn_without_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    avatar = replace(astronaut(), personal=personal_for(TOY))
    network = shaken()
    plain = drawn(LiteRenderer(astronaut(), 128, 128, TorchLite(network, "cd" * 32)))
    with caplog.at_level(logging.WARNING):
        other = drawn(LiteRenderer(avatar, 128, 128, TorchLite(network, "cd" * 32)))
    assert farthest(plain, other) == 0
    assert [r.levelname for r in caplog.records] == ["WARNING"]
    assert "avatar personalise' again" in caplog.text
    own = drawn(LiteRenderer(avatar, 128, 128, TorchLite(network, WEIGHTS)))
    assert farthest(plain, own) > 2


def test_shapes_of_another_network_are_refused() -> None:
    folder = shipped("lite-s")
    assert folder is not None
    network = open_lite(folder, "lite-s")
    avatar = replace(astronaut(), personal=replace(personal_for(TOY), weights=network.weights))
    with pytest.raises(InputError, match=r"features_64 has shape .* personalise' again"):
        LiteRenderer(avatar, 256, 256, network)
    wide = replace(astronaut(), personal=personal_for(LITE_PRESETS["lite-s"]))
    with pytest.raises(InputError, match=r"features_64 has shape .* personalise' again"):
        LiteRenderer(wide, 128, 128, TorchLite(shaken(), WEIGHTS))


def test_show_says_what_was_learned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for personal, said in ((None, "nothing learned"), (personal_for(TOY), "learned for lite-toy")):
        path = saved(personal, tmp_path / "a.avatar")
        assert main(["avatar", "show", str(path)]) == 0
        assert said in capsys.readouterr().out
