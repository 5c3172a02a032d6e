"""Libraries that a page of ours loads: npm's packages, found, checked and read, never unpacked.

Order of places as in `assets`: a folder that is given, the user's cache, a download. A package is
used only if its SHA-512 is the one that npm published.
"""

import base64
import hashlib
import io
import logging
import os
import tarfile
import threading
import urllib.error
import urllib.request
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pechead_live import assets
from pechead_live.errors import InputError, MissingAssetError
from pechead_live.whole_file import write_whole

logger = logging.getLogger(__name__)

CACHE = assets.CACHE.with_name("page")
"""Where packages are kept; one put here by hand is found as well."""

LARGEST_PACKAGE, LARGEST_FILE = 64 << 20, 32 << 20
"""Bytes; the largest of ours have 33 and 27 MB."""

_REGISTRY = "https://registry.npmjs.org"


@dataclass(frozen=True, kw_only=True)
class Library:
    """One package of npm."""

    package: str
    """What npm calls it, with its version."""

    file: str
    """As `npm pack` names it."""

    url: str
    """Where it is published."""

    integrity: str
    """SHA-512 of the file as npm's ``dist.integrity`` has it."""

    members: tuple[str, ...]
    """What a page may load of it, below ``package/``; the last part is the name to load it by."""

    licence: str
    """Its licence."""


LIBRARIES = {
    # Its wasm-only build, and the one for WebGPU; each loads the .mjs and .wasm under it.
    "onnxruntime-web": Library(
        package="onnxruntime-web@1.30.0",
        file="onnxruntime-web-1.30.0.tgz",
        url=f"{_REGISTRY}/onnxruntime-web/-/onnxruntime-web-1.30.0.tgz",
        integrity="sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7Qm"
        "RMDs1SigqR4CXAfKYQ==",
        members=(
            "dist/ort.wasm.min.mjs",
            "dist/ort-wasm-simd-threaded.mjs",
            "dist/ort-wasm-simd-threaded.wasm",
            "dist/ort.webgpu.min.mjs",
            "dist/ort-wasm-simd-threaded.asyncify.mjs",
            "dist/ort-wasm-simd-threaded.asyncify.wasm",
        ),
        licence="MIT",
    ),
    # The last release without telemetry: from 1.0.0 on it reports its use to odml.pa.googleapis.com
    # every minute. The `module` files are for workers of type module, the others for a page.
    "tasks-vision": Library(
        package="@mediapipe/tasks-vision@0.10.35",
        file="mediapipe-tasks-vision-0.10.35.tgz",
        url=f"{_REGISTRY}/@mediapipe/tasks-vision/-/tasks-vision-0.10.35.tgz",
        integrity="sha512-HOvadwVRE6JC+45nyYhmnywnr5h/J8KZvOeUNVOG9q/0875pZgItznFB9bRTvLc264YS"
        "JqiZ1NsIpCStJw/egg==",
        members=(
            "vision_bundle.mjs",
            "wasm/vision_wasm_internal.js",
            "wasm/vision_wasm_internal.wasm",
            "wasm/vision_wasm_module_internal.js",
            "wasm/vision_wasm_module_internal.wasm",
        ),
        licence="Apache-2.0",
    ),
}
"""Name to package."""


@dataclass(frozen=True, kw_only=True)
class LibraryFile:
    """A file that a page may load; its bytes are read when they are first asked for."""

    library: str
    """A key of `LIBRARIES`."""

    member: str
    """One of its `members`."""

    folder: Path | None
    """Where the packages lie; None looks them up."""

    @property
    def content_type(self) -> str:
        """For the answer's header."""
        return "application/wasm" if self.member.endswith(".wasm") else "text/javascript"

    def read(self) -> bytes:
        """Its bytes, kept from then on. Raises as `find_library` does."""
        return _content(self)


def page_library_files(folder: Path | None = None) -> dict[str, LibraryFile]:
    """Name to file of everything that a page may load; nothing is looked up or read yet."""
    return {
        member.rpartition("/")[2]: LibraryFile(library=library, member=member, folder=folder)
        for library, package in LIBRARIES.items()
        for member in package.members
    }


def find_library(name: str, folder: Path | None = None, *, download: bool = True) -> Path:
    """Path of the package ``name`` (a key of `LIBRARIES`), which is not checked yet.

    ``folder`` wins and must hold it (`InputError`). Raises `MissingAssetError` saying what to do
    when no place has it and it cannot be downloaded.
    """
    library = LIBRARIES[name]
    if folder is not None:
        if not (folder / library.file).is_file():
            raise InputError(
                f"there is no {library.file} in {folder}: run 'npm pack {library.package}' there"
            )
        return folder / library.file
    cached = CACHE / library.file
    if cached.is_file():
        return cached
    if download and not os.environ.get("PECHEAD_OFFLINE"):
        try:
            return _download(library, cached)
        except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
            logger.warning("%s could not be downloaded: %s", library.url, error)
    raise MissingAssetError(
        f"{library.file} is missing: run 'npm pack {library.package}' and put the file into {CACHE}"
    )


def missing_packages() -> list[str]:
    """The packages that the cache lacks, as `npm pack` takes them."""
    return [each.package for each in LIBRARIES.values() if not (CACHE / each.file).is_file()]


def _download(library: Library, target: Path) -> Path:
    logger.info("fetching %s", library.url)
    with urllib.request.urlopen(library.url, timeout=30) as answer:
        data: bytes = answer.read(LARGEST_PACKAGE + 1)
    _check(library, data, library.url)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, data)
    return target


def _check(library: Library, data: bytes, place: str | Path) -> None:
    found = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
    if found != library.integrity:
        raise MissingAssetError(
            f"{place} is not what npm published ({found}, expected {library.integrity}): delete "
            f"it, run 'npm pack {library.package}' and put the file into {CACHE}"
        )


_reading = threading.Lock()
"""Several files of one package are asked for at once."""


def _content(file: LibraryFile) -> bytes:
    with _reading:
        return _kept_content(file)


@cache
def _kept_content(file: LibraryFile) -> bytes:
    library = LIBRARIES[file.library]
    path = find_library(file.library, file.folder)
    with path.open("rb") as opened:
        data = opened.read(LARGEST_PACKAGE + 1)
    _check(library, data, path)
    return _member(data, f"package/{file.member}", path)


def _member(package: bytes, name: str, path: Path) -> bytes:
    """The plain file ``name`` of a .tgz."""
    try:
        with tarfile.open(fileobj=io.BytesIO(package), mode="r:gz") as archive:
            for member in archive:
                if member.name == name and member.isreg() and member.size <= LARGEST_FILE:
                    content = archive.extractfile(member)
                    assert content is not None  # it is a plain file
                    return content.read()
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise MissingAssetError(f"{path} cannot be read ({error}): fetch it anew") from error
    raise MissingAssetError(f"{path} holds no plain file {name} of a fair size: fetch it anew")
