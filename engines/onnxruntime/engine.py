"""ONNX Runtime: the default on a CPU, and one way to a GPU."""

import contextlib
from collections.abc import Generator
from pathlib import Path
from typing import Any

from engines.engine import Array, Arrays, Stream
from engines.host_stream import HostStream
from engines.host_threads import host_threads
from engines.late_library import load_library, reason
from engines.manifest import REBUILD, Manifest, Port
from engines.onnxruntime.bound_stream import BoundStream
from engines.onnxruntime.providers import PROVIDERS, Provider, open_session
from engines.ports import check_arrays, check_file_ports, zeros_of
from pechead_live.errors import DeviceError, InputError, PecheadError

WARM_UP_RUNS = 2
"""The first plans the memory, the second uses the plan."""

DTYPES = {"tensor(float)": "float32", "tensor(float16)": "float16", "tensor(uint8)": "uint8"}
"""ONNX Runtime's words for a port's."""


class OnnxRuntimeEngine:
    """`Engine` of a session; several threads may run it at once."""

    def __init__(self, runtime: Any, session: Any, manifest: Manifest, provider: Provider) -> None:
        self._runtime = runtime
        self._session = session
        self._manifest = manifest
        self._device = provider.memory
        self._provider = provider.name
        self._outputs = [port.name for port in manifest.outputs]

    @property
    def manifest(self) -> Manifest:
        """What was opened."""
        return self._manifest

    @property
    def provider(self) -> str:
        """The execution provider that computes every node."""
        return self._provider

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """See `Engine`."""
        return self._compute(check_arrays(self._manifest.inputs, inputs))

    def stream(self, constants: Arrays) -> Stream:
        """See `Engine`; on CUDA the memory is reused in place."""
        if self._device is None:
            return HostStream(self._manifest, self._compute, constants)
        session = self._opened()
        return self._bound(session, constants, self._device)

    def close(self) -> None:
        """See `Engine`; a run that has begun in another thread ends first."""
        self._session = None

    def _bound(self, session: Any, constants: Arrays, device: str) -> BoundStream:
        with self._translated():
            return BoundStream(
                self._runtime,
                session,
                self._manifest,
                constants,
                device=device,
                run=self._run_binding,
                translated=self._translated,
            )

    def _opened(self) -> Any:
        session = self._session
        if session is None:
            raise InputError("this engine is closed: open its file again")
        return session

    def _compute(self, given: dict[str, Array]) -> dict[str, Array]:
        session = self._opened()
        with self._translated():
            found = session.run(self._outputs, given)
        return dict(zip(self._outputs, found, strict=True))

    def _run_binding(self, binding: Any) -> None:
        self._opened().run_with_iobinding(binding)

    @contextlib.contextmanager
    def _translated(self) -> Generator[None]:
        """What onnxruntime raises within becomes a `DeviceError`."""
        try:
            yield
        except PecheadError:
            raise
        except Exception as error:  # onnxruntime's errors share no other parent
            raise DeviceError(
                f"{self._provider} failed in '{self._manifest.part}' of {self._manifest.preset} "
                f"({reason(error)}): give another device, or {REBUILD}"
            ) from error


def open_onnxruntime(
    path: Path, manifest: Manifest, device: str = "cpu", *, threads: int | None = None
) -> OnnxRuntimeEngine:
    """Loads and warms up an ONNX file that its manifest describes.

    ``device``: a key of `PROVIDERS`. ``threads``: as `host_threads`. Raises
    `MissingDependencyError`, `DeviceError` or `InputError`, each with what to do.
    """
    if manifest.form == "plugin":
        raise InputError(
            f"{path} calls the plugin DeformIm2Col, which onnxruntime does not have: "
            "export it again with the form 'deform' or 'decomposed'"
        )
    count = host_threads(threads)
    runtime = load_library("onnxruntime")
    provider = PROVIDERS[device]
    session = open_session(runtime, path, manifest, provider, count)
    check_file_ports(path, manifest, _ports(session.get_inputs()), _ports(session.get_outputs()))
    engine = OnnxRuntimeEngine(runtime, session, manifest, provider)
    for _ in range(WARM_UP_RUNS):
        engine.run(zeros_of(manifest.inputs))
    return engine


def _ports(found: Any) -> list[Port]:
    return [
        Port(str(port.name), DTYPES.get(port.type, str(port.type)), tuple(port.shape))
        for port in found
    ]
