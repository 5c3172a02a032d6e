"""Untrained networks as ONNX files, each part exported once a test session: that takes seconds, and
several files of tests look at the same ones."""

import contextlib
import os
import shutil
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from export_samples import export_parts

from engines.manifest import Manifest, manifest_path, read_manifest
from export.graphs.config import ExportConfig
from export.parts.networks import untrained
from pechead_live.errors import OutputError
from pechead_live.sole_writer import sole_writer

LONGEST_S = 300.0
"""That another process may take for an export."""


def export_once(
    factory: pytest.TempPathFactory, preset: str, folder: Path, config: ExportConfig, *names: str
) -> dict[str, Manifest]:
    """Writes the parts ``names`` of the untrained ``preset``, as copies of what this process or
    another of the same session has exported."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = _session_folder(factory) / f"{preset}-{config.precision}-{config.form}-{config.pixels}"
    for name in names:
        made = kept / name / f"{name}.onnx"
        made.parent.mkdir(parents=True, exist_ok=True)
        with _after_others(made.parent):
            if not manifest_path(made).exists():  # it is written last
                export_parts(untrained(preset), made.parent, config, name)
        for file in (made, manifest_path(made)):
            shutil.copy(file, folder)
    return {name: read_manifest(folder / f"{name}.onnx") for name in names}


def _session_folder(factory: pytest.TempPathFactory) -> Path:
    """The same in all processes that run tests of one session."""
    base = factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "exports"


@contextmanager
def _after_others(folder: Path) -> Generator[None]:
    """`sole_writer`, which refuses, as soon as it does not."""
    until = time.monotonic() + LONGEST_S
    with contextlib.ExitStack() as claims:
        while True:
            try:
                claims.enter_context(sole_writer(folder))
                break
            except OutputError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
        yield
