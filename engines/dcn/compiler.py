"""From the kernel's source to what a GPU loads: by NVRTC at first use, or by nvcc for all GPUs.

Neither needs a GPU. NVRTC is CuPy's, which finds it in the package nvidia-cuda-nvrtc or in an
installed CUDA toolkit.
"""

import importlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from engines.dcn.source import SOURCE, source_text
from pechead_live.errors import InputError, MissingDependencyError
from pechead_live.whole_file import write_whole

TARGETS = ("sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120")
"""GPUs that a fatbin holds code for: Turing to Blackwell."""

NEWEST = "compute_120"
"""Of the PTX that a fatbin holds besides, which the driver compiles for later GPUs."""

OPTIONS = ("--std=c++17",)

INSTALL = "run pip install 'pechead-live[tensorrt]'"


def compile_for(target: str) -> bytes:
    """The kernel for a GPU: a cubin for "sm_89", PTX for "compute_89".

    `MissingDependencyError` without CuPy or NVRTC, `InputError` for a target it does not know.
    """
    nvrtc = load_nvrtc()
    real = target.removeprefix("sm_")
    known = [str(each) for each in nvrtc.getSupportedArchs()]
    if target.removeprefix("compute_") not in known and real not in known:
        raise InputError(
            f"{target} is no GPU that NVRTC {version_of(nvrtc)} compiles for: give one of "
            f"{', '.join('sm_' + each for each in known)}"
        )
    program = nvrtc.createProgram(source_text(), SOURCE.name, (), ())
    try:
        nvrtc.compileProgram(program, (f"--gpu-architecture={target}", *OPTIONS))
        made: str | bytes = (nvrtc.getPTX if real == target else nvrtc.getCUBIN)(program)
    except Exception as error:
        said = " ".join(str(nvrtc.getProgramLog(program)).split())[:300] or error
        raise InputError(
            f"{SOURCE.name} cannot be compiled for {target} ({said}): reinstall this package"
        ) from error
    finally:
        nvrtc.destroyProgram(program)
    return made.encode() if isinstance(made, str) else made


def target_for(capability: str) -> str:
    """What to compile for a GPU of compute capability "89": itself where NVRTC knows it, otherwise
    PTX of the newest before it. `InputError` for a GPU older than all."""
    known = sorted(int(each) for each in load_nvrtc().getSupportedArchs())
    wanted = int(capability)
    if wanted in known:
        return f"sm_{wanted}"
    before = [each for each in known if each < wanted]
    if not before:
        raise InputError(
            f"a GPU of compute capability {wanted / 10:.1f} is too old for {SOURCE.name} "
            f"(it needs {known[0] / 10:.1f}): open an engine without the plugin on another runtime"
        )
    return f"compute_{before[-1]}"


def build_fatbin(output: Path) -> None:
    """Writes the kernel for all of `TARGETS`, and PTX of `NEWEST`, with nvcc.

    `MissingDependencyError` without nvcc, `OutputError` if ``output`` cannot be written.
    """
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        raise MissingDependencyError(
            "nvcc is not on the PATH: install NVIDIA's CUDA toolkit, or leave the kernel to NVRTC, "
            "which compiles it at first use"
        )
    code = [f"--generate-code=arch=compute_{each[3:]},code={each}" for each in TARGETS]
    code.append(f"--generate-code=arch={NEWEST},code={NEWEST}")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "kernel.fatbin"
        command = [nvcc, "--fatbin", *OPTIONS, *code, str(SOURCE), "--output-file", str(made)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            said = " ".join(run.stderr.split())[:300]
            raise MissingDependencyError(
                f"nvcc cannot compile {SOURCE.name} ({said}): install CUDA 13 or newer"
            )
        write_whole(output, made.read_bytes())


def load_nvrtc() -> Any:
    """CuPy's binding of NVRTC, tried; `MissingDependencyError` says what to install."""
    try:
        nvrtc = importlib.import_module("cupy.cuda").nvrtc
        nvrtc.getVersion()
    except Exception as error:
        said = " ".join(str(error).split())[:300]
        raise MissingDependencyError(
            f"the CUDA compiler NVRTC cannot be loaded ({said}): {INSTALL}"
        ) from error
    return nvrtc


def version_of(nvrtc: Any) -> str:
    """Such as "13.5"."""
    return ".".join(str(part) for part in nvrtc.getVersion())
