"""Loading TensorRT for RTX, or the full TensorRT: the same calls, other packages.

On Linux their ONNX parser opens the main library a second time, as it runs, by a name without
version, which the published packages do not hold; when it is not found the process is ended
("terminate called ..."), no exception can be caught. So the libraries are first loaded from a
folder of links that has both names: the parser looks beside itself.
"""

import atexit
import contextlib
import ctypes
import functools
import hashlib
import importlib
import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import platformdirs

from pechead_live.errors import MissingDependencyError

CACHE = Path(platformdirs.user_cache_dir("pechead-live")) / "tensorrt"
"""Where the links are kept, a folder for each installation."""


class Flavour(NamedTuple):
    """One of the two TensorRTs."""

    libraries: str
    """Package that holds the libraries; it imports nothing."""

    bindings: str
    """Package that loads them."""

    main: str
    """Of the libraries, without ending."""

    parser: str
    """Of ONNX."""

    install: str
    """What to do where it is missing."""


FLAVOURS = {
    "tensorrt_rtx": Flavour(
        libraries="tensorrt_rtx_libs",
        bindings="tensorrt_rtx_bindings",
        main="libtensorrt_rtx",
        parser="libtensorrt_onnxparser_rtx",
        install="run pip install 'pechead-live[tensorrt]' (Windows and Linux)",
    ),
    "tensorrt": Flavour(
        libraries="tensorrt_libs",
        bindings="tensorrt_bindings",
        main="libnvinfer",
        parser="libnvonnxparser",
        install="run pip install tensorrt-cu13 on the machine with the GPU (Windows and Linux)",
    ),
}
"""Module name to what it is made of."""


@functools.cache
def load_tensorrt(flavour: str) -> Any:
    """The module "tensorrt_rtx" or "tensorrt", with a parser that may be used.

    `MissingDependencyError` says what is missing, or that the module had been imported otherwise
    and its parser would end the process.
    """
    kind = FLAVOURS[flavour]
    try:
        _load_beside_each_other(flavour, kind)
        module: Any = importlib.import_module(flavour)
        _ = module.Builder, module.OnnxParser
    except (ImportError, OSError, AttributeError) as error:
        raise MissingDependencyError(
            f"{flavour} cannot be loaded ({error}): {kind.install}"
        ) from error
    return module


def _load_beside_each_other(flavour: str, kind: Flavour) -> None:
    """Loads the main library and the parser from a folder where the parser finds the former."""
    if not sys.platform.startswith("linux") or _can_open(kind.main):
        return
    if kind.bindings in sys.modules:
        raise MissingDependencyError(
            f"{flavour} was imported before this program could prepare it, and its ONNX parser "
            f"would end the process: call engines.tensorrt.library.load_tensorrt first"
        )
    if (package := importlib.util.find_spec(kind.libraries)) is None:
        return  # installed for the whole system; the import says so if it is not
    given = [Path(place) for place in package.submodule_search_locations or ()]
    libraries = [library for place in given for library in sorted(place.glob("*.so.*"))]
    if any((place / f"{kind.main}.so").exists() for place in given):
        return
    digest = hashlib.sha256("\n".join(map(str, libraries)).encode()).hexdigest()[:16]
    folder = CACHE / digest
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _link(libraries, folder)
    except OSError:  # no such place to keep them: for this process only
        folder = Path(tempfile.mkdtemp(prefix="pechead-tensorrt-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        _link(libraries, folder)
    for name in (kind.main, kind.parser):
        ctypes.CDLL(str(folder / f"{name}.so"))


def _link(libraries: list[Path], folder: Path) -> None:
    """Each under its own name and without its version, unless another process was faster."""
    for library in libraries:
        for name in {library.name, library.name.partition(".so")[0] + ".so"}:
            with contextlib.suppress(FileExistsError):
                (folder / name).symlink_to(library)


def _can_open(library: str) -> bool:
    """Is it found without help, say through LD_LIBRARY_PATH?"""
    try:
        ctypes.CDLL(f"{library}.so")
    except OSError:
        return False
    return True
