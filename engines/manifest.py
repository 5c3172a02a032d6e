"""The manifest beside each engine file: what the file is, so that it can be refused before it runs.

``step.onnx`` has ``step.onnx.json`` beside it. Nothing is guessed from a file's name.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pechead_live.errors import InputError
from pechead_live.whole_file import write_whole

FORMAT = "pechead-live engine"
FORMAT_VERSION = 1

NEXT = "next_"
"""An output ``next_NAME`` is the input NAME of the following frame."""

REBUILD = "export it again with 'pechead-export'"
"""What to do about most of what is wrong with an engine file."""


class Port(NamedTuple):
    """An input or output."""

    name: str

    dtype: str
    """"float32", "float16" or "uint8", as numpy names it."""

    shape: tuple[int, ...]
    """All sizes are fixed."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What an engine file holds and what it was made from."""

    kind: str
    """Of the checkpoint: "lite", "pechead" or "reconstructor"."""

    preset: str
    """Of the checkpoint's dimensions: "lite-s", "base", ..."""

    part: str
    """Which function of the network: "encode", "step", ..."""

    precision: str
    """"fp32", "fp16" or "int8"."""

    form: str
    """Of the deformable convolutions: "deform" (the standard operator), "decomposed" (samples and
    products), "plugin" (`pechead::DeformIm2Col`), or "none" where the network has none."""

    runtime: str
    """What opens the file: "onnx" (any that reads ONNX), "tensorrt-rtx" or "tensorrt"."""

    runtime_version: str
    """Of the TensorRT that built the file, "" for ONNX."""

    targets: tuple[str, ...]
    """GPUs that the file was built for, such as "sm_89"; () is any."""

    plugin: str
    """Version of `DeformIm2Col` that the file calls, "" if it calls none."""

    opset: int
    """Of the ONNX graph."""

    version: str
    """Of the program that wrote the file."""

    checkpoint_sha256: str
    """Of the weights."""

    onnx_sha256: str
    """Of the ONNX file that it was built from; of itself if it is one."""

    file_sha256: str
    """Of the file."""

    inputs: tuple[Port, ...]
    """In the file's order."""

    outputs: tuple[Port, ...]
    """In the file's order."""

    @property
    def carried(self) -> dict[str, str]:
        """Output to input: ``next_state_hidden`` to ``state_hidden``."""
        names = {port.name for port in self.inputs}
        pairs = ((port.name, port.name.removeprefix(NEXT)) for port in self.outputs)
        return {given: taken for given, taken in pairs if given != taken and taken in names}


def manifest_path(file: Path) -> Path:
    """Where the manifest of an engine file lies."""
    return file.with_name(file.name + ".json")


def sha256_of(file: Path) -> str:
    """Of the file's content, hexadecimal; `InputError` if it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}): give another file") from error


def write_manifest(file: Path, manifest: Manifest) -> None:
    """Writes it beside ``file``; `OutputError` if that fails."""
    content = {"format": FORMAT, "format_version": FORMAT_VERSION, **dataclasses.asdict(manifest)}
    write_whole(manifest_path(file), (json.dumps(content, indent=2) + "\n").encode())


def read_manifest(file: Path) -> Manifest:
    """The manifest beside ``file``, without a look at the file itself.

    `InputError` if there is none, or it is damaged or of another format.
    """
    path = manifest_path(file)
    try:
        content: Any = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"{file} has no manifest {path.name} beside it ({error.strerror}): "
            f"copy both files, or {REBUILD}"
        ) from error
    except ValueError as error:
        raise InputError(f"{path} is damaged ({error}): {REBUILD}") from error
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        raise InputError(f"{path} describes no engine of this program: {REBUILD}")
    if (version := content.pop("format_version", None)) != FORMAT_VERSION:
        raise InputError(
            f"{path} has format {version}, this program reads {FORMAT_VERSION}: {REBUILD}"
        )
    try:
        for side in ("inputs", "outputs"):
            content[side] = tuple(_port(port) for port in content[side])
        content["targets"] = tuple(str(target) for target in content["targets"])
        return Manifest(**content)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is damaged ({error}): {REBUILD}") from error


def check_file(file: Path, manifest: Manifest) -> None:
    """`InputError` unless ``file`` is, to the byte, the one that its manifest describes."""
    if sha256_of(file) != manifest.file_sha256:
        raise InputError(
            f"{file} is not the file that its manifest describes (truncated, or from another "
            f"export): copy both again, or {REBUILD}"
        )


def _port(given: Any) -> Port:
    name, dtype, shape = given
    return Port(str(name), str(dtype), tuple(int(size) for size in shape))
