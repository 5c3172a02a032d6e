"""Packages of npm: where they are found, what is refused, and that a page can start them."""

import base64
import hashlib
import io
import tarfile
import urllib.error
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_modules import WITH_LIBRARIES, opened_page

from pechead_live import page_libraries
from pechead_live.errors import InputError, MissingAssetError
from pechead_live.page_libraries import (
    LIBRARIES,
    find_library,
    missing_packages,
    page_library_files,
)

NAME = "tasks-vision"
FILE = LIBRARIES[NAME].file
BUNDLE = "package/vision_bundle.mjs"


def package(*members: tuple[str, bytes], link: str | None = None) -> bytes:
    """A .tgz of ``members``; ``link`` is a name that leads out of it."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if link is not None:
            info = tarfile.TarInfo(link)
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(info)
    return file.getvalue()


def integrity(data: bytes) -> str:
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no network."""
    monkeypatch.setattr(page_libraries, "CACHE", tmp_path / "page")
    monkeypatch.setenv("PECHEAD_OFFLINE", "1")
    page_libraries._kept_content.cache_clear()
    return tmp_path / "page"


def put(folder: Path, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """``data`` as what npm has published."""
    folder.mkdir(exist_ok=True)
    (folder / FILE).write_bytes(data)
    known = replace(LIBRARIES[NAME], integrity=integrity(data))
    monkeypatch.setitem(LIBRARIES, NAME, known)


def test_a_package_in_the_cache_is_read_member_by_member(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, package(("package/README.md", b"no"), (BUNDLE, b"export {};")), monkeypatch)
    file = page_library_files()["vision_bundle.mjs"]
    assert file.read() == b"export {};"
    assert file.content_type == "text/javascript"
    assert page_library_files()["vision_wasm_internal.wasm"].content_type == "application/wasm"
    (folder / FILE).unlink()
    assert file.read() == b"export {};", "it is kept"


def test_a_given_folder_wins_and_must_hold_the_package(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder, package((BUNDLE, b"cached")), monkeypatch)
    put(tmp_path, package((BUNDLE, b"given")), monkeypatch)
    assert page_library_files(tmp_path)["vision_bundle.mjs"].read() == b"given"
    with pytest.raises(InputError, match=r"npm pack onnxruntime-web@"):
        find_library("onnxruntime-web", tmp_path)


def test_a_missing_package_is_an_error_that_says_what_to_do(folder: Path) -> None:
    with pytest.raises(MissingAssetError, match=f"npm pack .*tasks-vision@.*{folder}"):
        page_library_files()["vision_bundle.mjs"].read()
    assert missing_packages() == [library.package for library in LIBRARIES.values()]


def test_a_download_that_is_another_file_is_not_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PECHEAD_OFFLINE")
    asked: list[str] = []

    def answer(url: str, timeout: float) -> io.BytesIO:
        asked.append(url)
        return io.BytesIO(b"something else")

    monkeypatch.setattr(page_libraries.urllib.request, "urlopen", answer)
    with pytest.raises(MissingAssetError, match="not what npm published"):
        find_library(NAME)
    assert asked == [LIBRARIES[NAME].url]
    assert not folder.exists()


def test_a_download_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PECHEAD_OFFLINE")
    data = package((BUNDLE, b"fetched"))
    monkeypatch.setitem(LIBRARIES, NAME, replace(LIBRARIES[NAME], integrity=integrity(data)))
    monkeypatch.setattr(page_libraries.urllib.request, "urlopen", lambda *_, **__: io.BytesIO(data))
    assert page_library_files()["vision_bundle.mjs"].read() == b"fetched"
    assert (folder / FILE).read_bytes() == data


def test_without_a_network_the_error_names_npm(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PECHEAD_OFFLINE")

    def refuse(*_: Any, **__: Any) -> None:
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(page_libraries.urllib.request, "urlopen", refuse)
    with pytest.raises(MissingAssetError, match="npm pack"):
        find_library(NAME)


def test_a_changed_package_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(folder, package((BUNDLE, b"export {};")), monkeypatch)
    (folder / FILE).write_bytes(package((BUNDLE, b"steal();")))
    with pytest.raises(MissingAssetError, match="not what npm published"):
        page_library_files()["vision_bundle.mjs"].read()


@pytest.mark.parametrize(
    "data",
    [
        package(),
        package(link=BUNDLE),
        package((BUNDLE, b"x" * 200)),
        package((BUNDLE, b"x"))[:-30],
        b"no archive",
    ],
    ids=["empty", "a link", "too large", "cut short", "no archive"],
)
def test_only_a_plain_file_of_a_fair_size_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    put(folder, data, monkeypatch)
    monkeypatch.setattr(page_libraries, "LARGEST_FILE", 100)
    with pytest.raises(MissingAssetError):
        page_library_files()["vision_bundle.mjs"].read()


RUN = """async (build) => {
  const ort = await import(`/library/ort.${build}.min.mjs`);
  ort.env.wasm.wasmPaths = "/library/";
  ort.env.wasm.numThreads = 1;
  const model = await (await fetch("/double.onnx")).arrayBuffer();
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  const x = new ort.Tensor("float32", Float32Array.from([1, 2, 3]), [3]);
  return [...(await session.run({ x })).y.data];
}"""


def double() -> bytes:
    """A network that adds its input to itself."""
    from onnx import TensorProto, helper

    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [3]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "double", [x], [y])
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=8).SerializeToString()


@pytest.fixture(scope="module")
def page(chromium: str) -> Iterator[Any]:
    try:
        find_library("onnxruntime-web", download=False)
    except MissingAssetError as error:
        pytest.skip(str(error))
    with opened_page(chromium, {"/double.onnx": double}) as opened:
        yield opened


@WITH_LIBRARIES
@pytest.mark.parametrize("build", ["wasm", "webgpu"])
def test_the_page_runs_a_network_under_our_policy(page: Any, build: str) -> None:
    assert np.array_equal(page.evaluate(RUN, build), [2, 4, 6])
