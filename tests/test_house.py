"""The house rules that a machine can keep, and the outside: commands, public names, README."""

import ast
import importlib
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import export.cli
import pechead_live
from pechead_live.cli import COMMANDS
from pechead_live.cli import main as live_main

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("pechead_live", "engines", "export")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
HEAVY = {"av", "cv2", "matplotlib", "mediapipe", "onnxruntime", "PIL", "pyvirtualcam", "torch"}
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "base", "manager", "wrapper"}
LONGEST_FILE = 300
"""Lines; the aim is 200, beyond this a file holds more than one idea."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def packages_in_process(code: str) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after ``code``."""
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in run.stdout.split()}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_loads_and_explains_itself(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        live_main([command, "--help"])
    assert ended.value.code == 0
    assert f"pechead-live {command}" in capsys.readouterr().out


def test_the_overview_lists_every_command_and_needs_no_heavy_library(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        live_main(["--help"])
    shown = capsys.readouterr().out
    assert [command for command in COMMANDS if command not in shown] == []
    code = "from pechead_live.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    assert packages_in_process(code) & HEAVY == set()


def test_an_unknown_command_is_refused_with_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        live_main(["dance"])
    assert ended.value.code == 2
    assert "dance" in capsys.readouterr().err


@pytest.mark.parametrize("command", export.cli.COMMANDS)
def test_every_command_of_export_loads_and_explains_itself(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        export.cli.main([command, "--help"])
    assert ended.value.code == 0
    assert f"pechead-export {command}" in capsys.readouterr().out


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_what_the_package_offers(package: str) -> None:
    module = importlib.import_module(package)
    names: list[str] = module.__all__
    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert [name for name in names if not hasattr(module, name)] == []
    assert [name for name in names if name.startswith("_") and name != "__version__"] == []
    taken = {}
    exec(f"from {package} import *", taken)
    assert set(names) == set(taken) - {"__builtins__"}


def test_every_public_name_has_a_text() -> None:
    bare = [
        name
        for name in pechead_live.__all__
        if callable(value := getattr(pechead_live, name)) and not (value.__doc__ or "").strip()
    ]
    assert bare == []


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_says_that_it_is_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.parametrize(
    "module", ["pechead_live", "pechead_live.protocols", "pechead_live.live", "engines", "export"]
)
def test_importing_it_loads_no_heavy_library(module: str) -> None:
    assert packages_in_process(f"import {module}") & HEAVY == set()


def test_the_live_rooms_load_without_heavy_libraries_too() -> None:
    rooms = ("live", "recording")
    names = [module_name(path) for path in SOURCES if path.parent.name in rooms]
    assert len(names) > len(rooms)
    assert packages_in_process("\n".join(f"import {name}" for name in names)) & HEAVY == set()


def test_no_file_is_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    long = {module_name(path): lines for path, lines in lengths.items() if lines > LONGEST_FILE}
    assert long == {}, f"files over {LONGEST_FILE} lines hold more than one idea: split them"


def test_no_module_has_a_name_that_says_nothing() -> None:
    paths = {part for path in SOURCES for part in path.relative_to(ROOT).with_suffix("").parts}
    assert {part for part in paths if set(part.split("_")) & FORBIDDEN_NAMES} == set()


def test_every_module_says_what_it_is_for() -> None:
    bare = [module_name(path) for path in SOURCES if not ast.get_docstring(parsed(path))]
    assert bare == []


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def configs(tree: ast.Module) -> list[ast.ClassDef]:
    """The settings of a module: its classes named ...Config."""
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return [node for node in classes if node.name.endswith("Config")]


def fields_of(config: ast.ClassDef) -> list[str]:
    return [
        statement.target.id
        for statement in config.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    ]


def reads(node: ast.AST) -> Counter[str]:
    """How often each attribute name is read below ``node``."""
    return Counter(
        below.attr
        for below in ast.walk(node)
        if isinstance(below, ast.Attribute) and isinstance(below.ctx, ast.Load)
    )


def unread_fields(trees: list[ast.Module]) -> list[str]:
    """``Class.field`` of each config field that only its own class, to check it, reads."""
    everywhere = Counter[str]()
    for tree in trees:
        everywhere.update(reads(tree))
    return [
        f"{config.name}.{name}"
        for tree in trees
        for config in configs(tree)
        for inside in [reads(config)]
        for name in fields_of(config)
        if everywhere[name] <= inside[name]
    ]


def test_every_config_is_a_frozen_keyword_only_dataclass() -> None:
    loose: list[str] = []
    found = [config for path in SOURCES for config in configs(parsed(path))]
    for config in found:
        decorators = [node for node in config.decorator_list if isinstance(node, ast.Call)]
        given = {
            word.arg
            for node in decorators
            if ast.unparse(node.func) == "dataclass"
            for word in node.keywords
            if ast.unparse(word.value) == "True"
        }
        if not {"frozen", "kw_only"} <= given:
            loose.append(config.name)
    assert found
    assert loose == []


def test_every_setting_is_read_outside_its_own_definition() -> None:
    assert unread_fields([parsed(path) for path in SOURCES]) == []


def test_a_setting_that_nobody_reads_would_be_found() -> None:
    code = """
@dataclass(frozen=True, kw_only=True)
class GainConfig:
    head: float = 1.0
    mouth: float = 1.0
    def __post_init__(self): assert self.head > self.mouth
def use(config): return config.head
"""
    assert unread_fields([ast.parse(code)]) == ["GainConfig.mouth"]


def test_every_field_of_a_config_has_a_sentence_under_it() -> None:
    bare: list[str] = []
    for path in SOURCES:
        for config in configs(parsed(path)):
            for statement, below in zip(config.body, [*config.body[1:], None], strict=True):
                explained = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
                if isinstance(statement, ast.AnnAssign) and not explained:
                    bare.append(f"{config.name}.{ast.unparse(statement.target)}")
    assert bare == []


def test_the_readme_s_first_python_block_runs(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"^```python\n(.*?)^```", readme, re.DOTALL | re.MULTILINE)
    assert block is not None, "README.md has no python block"
    run = subprocess.run(
        [sys.executable, "-c", block[1]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
