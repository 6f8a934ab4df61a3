"""The rules of docs/architecture.md that a program can check: what may import what, and how files are written."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest
from dotnn.cli.app import COMMANDS

from tests.helpers.paths import ROOT

PACKAGES = ("api", "cli", "compiler", "examples", "grammars", "library", "runtime")
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if path.parent.name != "data")
NAMES = [path.relative_to(ROOT).as_posix() for path in FILES]

#: Tests of sources, by the names of files that they would be beside.
TESTS = ROOT / "tests"
MIRRORS = sorted(path.relative_to(TESTS).as_posix() for package in PACKAGES for path in (TESTS / package).rglob("*.py"))

LONGEST_FILE = 600

#: Rooms of the compiler from the ground up: each imports from those before it, and from itself.
ORDER = (
    ("grammars",),
    ("library",),
    ("examples",),
    (
        "compiler.byte_counts",
        "compiler.deep_calls",
        "compiler.lazy_imports",
        "compiler.limits",
        "compiler.records",
        "compiler.reprs",
        "compiler.source",
        "compiler.toml_errors",
        "compiler.visible_text",
        "compiler.written",
    ),
    ("compiler.diagnostics",),
    ("compiler.python_arguments", "compiler.regular_files"),
    ("compiler.archives",),
    ("compiler.locks",),
    ("compiler.atomic_files",),
    ("compiler.syntax",),
    ("compiler.file_kinds",),
    ("compiler.dims",),
    ("compiler.graph",),
    ("compiler.operators",),
    ("compiler.initializers",),
    ("compiler.layers",),
    ("compiler.weights",),
    ("compiler.lowering",),
    (
        "compiler.measure.costs",
        "compiler.measure.input_ranges",
        "compiler.measure.metric_names",
        "compiler.measure.receptive_fields",
        "compiler.measure.shape_history",
    ),
    ("compiler.names",),
    ("compiler.values",),
    ("compiler.elaborate",),
    ("compiler.measure",),
    ("compiler.passes",),
    ("compiler.reference_evaluation",),
    ("compiler.export",),
    ("compiler.compiled",),
    ("compiler.request", "compiler.model_arguments", "compiler.source_loading"),
    ("compiler.shared_arguments",),
    ("compiler.driver",),
    ("compiler.lint",),
    ("compiler.configuration",),
    ("compiler.remedies",),
    ("compiler.checking",),
    ("compiler.fixing",),
    ("compiler",),
    ("runtime",),
    ("cli",),
    ("api",),
)

#: Names of files that several rooms have, each for what it says of the same subject; any other name is one file's.
SAME_SUBJECT = {
    "activations": ("diagnostics", "layers"),
    "arithmetic": ("diagnostics", "values"),
    "attention": ("diagnostics", "layers"),
    "base": ("cli", "diagnostics", "initializers", "layers", "lint", "operators"),
    "convolution": ("layers", "operators"),
    "expectations": ("diagnostics", "measure"),
    "explain": ("cli", "diagnostics"),
    "fixing": ("cli", "compiler"),
    "index": ("layers", "library", "lint"),
    "limits": ("compiler", "diagnostics"),
    "normalization": ("layers", "operators"),
    "pooling": ("layers", "operators"),
    "recurrent": ("diagnostics", "layers", "operators"),
    "reductions": ("diagnostics", "layers"),
    "resizing": ("diagnostics", "layers", "operators"),
    "shape_rules": ("layers", "operators"),
    "summary": ("cli", "measure"),
    "weights": ("cli", "diagnostics"),
    "windows": ("diagnostics", "layers"),
}

#: Who alone may import a library.
DOORS = {
    "lark": ("compiler/syntax/make_tables.py",),
    "networkx": ("compiler/graph/graph.py",),
    "onnx": ("compiler/export/",),
    "onnxruntime": ("runtime/engine.py",),
    "click": ("cli/",),
    "rich": ("cli/",),
    "PIL": ("runtime/",),
}

#: Libraries that nothing imports when a file is checked.
NOT_FOR_CHECK = ("lark", "numpy", "onnx", "onnxruntime", "rich", "PIL", "safetensors", "torch")

#: What lowering alone needs; the package finds its classes when one is asked for.
OPERATORS = "dotnn.compiler.operators.base"

#: What only lists of the library and messages about it need.
FOR_READERS_OF_THE_LIBRARY = {
    f"dotnn.compiler.{name}"
    for name in ("diagnostics.library_mistakes", "names.block_documentation", "names.library_imports")
}

#: What only mistakes of shapes need, and who asks for the way of one.
FOR_MISTAKES_OF_SHAPES = {
    f"dotnn.compiler.{name}"
    for name in (
        "diagnostics.shape_ways",
        "diagnostics.tried_remedies",
        "measure.shape_history",
        "remedies.offering",
    )
}

#: Never caught, but to clean up and raise it on: it would hide mistakes of ours.
BROAD = {"Exception", "BaseException"}


class Import(NamedTuple):
    """What one line imports: a full name; `lazy` inside of a function, `typing` for type checkers only."""

    module: str
    line: int
    relative: bool
    lazy: bool
    typing: bool


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> list[Import]:
    return list(_imports(ast.parse(path.read_text(encoding="utf-8")), path, lazy=False, typing=False))


def _imports(node: ast.AST, path: Path, *, lazy: bool, typing: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        inner_lazy = lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        inner_typing = typing or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test))
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, child.lineno, False, lazy, typing)
        elif isinstance(child, ast.ImportFrom):
            for module in _targets(child, path):
                yield Import(module, child.lineno, child.level > 0, lazy, typing)
        yield from _imports(child, path, lazy=inner_lazy, typing=inner_typing)


def _targets(node: ast.ImportFrom, path: Path) -> Iterator[str]:
    if node.level == 0:
        yield node.module or ""
        return
    package = path.relative_to(ROOT).parent.parts
    base = package[: len(package) - node.level + 1]
    for alias in node.names:
        whole = (*base, *(node.module.split(".") if node.module else ()), alias.name)
        # `from .graph import Graph` names a thing of a module, `from . import rules` a module.
        is_module = ROOT.joinpath(*whole).is_dir() or ROOT.joinpath(*whole).with_suffix(".py").exists()
        yield ".".join(whole if is_module else whole[:-1])


def level_of(module: str) -> int:
    """The place of a module in the order: that of the longest name in it that it has or lies in."""
    fitting = [
        (len(name), level)
        for level, names in enumerate(ORDER)
        for name in names
        if module == name or module.startswith(f"{name}.")
    ]
    assert fitting, f"{module} has no place in the order of rooms"
    return max(fitting)[1]


ALL_IMPORTS = {name: imports_of(path) for name, path in zip(NAMES, FILES, strict=True)}


@pytest.mark.parametrize("name", NAMES)
def test_imports_point_one_way(name: str):
    here = module_of(ROOT / name)
    wrong = [
        f"{name}:{one.line} imports {one.module}"
        for one in ALL_IMPORTS[name]
        if one.relative and not one.typing and one.module and level_of(one.module) > level_of(here)
    ]
    assert not wrong


@pytest.mark.parametrize("name", NAMES)
def test_packages_import_each_other_relatively(name: str):
    wrong = [one for one in ALL_IMPORTS[name] if not one.relative and one.module.split(".")[0] in ("dotnn", *PACKAGES)]
    assert not wrong


@pytest.mark.parametrize("library", DOORS)
def test_a_library_has_one_door(library: str):
    found = {
        name for name in NAMES for one in ALL_IMPORTS[name] if one.module.split(".")[0] == library and not one.typing
    }
    assert found
    assert {name for name in found if not name.startswith(DOORS[library])} == set()


def test_the_compiler_imports_numpy_only_where_it_is_called():
    eager = {
        name
        for name in NAMES
        for one in ALL_IMPORTS[name]
        if one.module.split(".")[0] == "numpy" and not one.lazy and not one.typing and name.startswith("compiler/")
    }
    # What loads only after a file has been checked may import it as usual.
    drawing = ("compiler/initializers/normal_quantile.py", "compiler/initializers/random_streams.py")
    stored = ("compiler/archives/npz.py", "compiler/weights/", "compiler/export/")
    allowed = (*drawing, *stored, "compiler/reference_evaluation.py", "compiler/passes/")
    assert {name for name in eager if not name.startswith(allowed)} == set()


@pytest.mark.parametrize("name", NAMES)
def test_files_are_short(name: str):
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_caught_broadly_and_nothing_is_asserted(name: str):
    found = [
        f"{name}:{node.lineno}"
        for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8")))
        if isinstance(node, ast.Assert) or (isinstance(node, ast.ExceptHandler) and _is_broad(node))
    ]
    assert not found


def _is_broad(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(one, ast.Name) and one.id in BROAD for one in caught)


def subjects(folder: Path) -> set[str]:
    """What tests of a folder of sources may be named after: its files, its folders, and itself."""
    return {folder.name, *(one.name.partition(".")[0] for one in folder.iterdir())}


@pytest.mark.parametrize("name", MIRRORS)
def test_the_test_of_a_file_is_found_by_its_path(name: str):
    """`test_<file>.py`, or `test_<file>_<topic>.py`, in the folder of the file's name; nothing else stands there."""
    path = Path(name)
    folder = ROOT / path.parent
    assert folder.is_dir(), "there is no such folder of sources"
    if path.name == "__init__.py":
        return
    assert path.name.startswith("test_"), "helpers stand in tests/helpers"
    topic = path.stem.removeprefix("test_")
    assert any(topic == one or topic.startswith(f"{one}_") for one in subjects(folder))


def test_tests_stand_where_contributing_says():
    folders = {path.relative_to(TESTS).parts[0] for path in TESTS.rglob("*.py") if path.parent != TESTS}
    assert folders == {*PACKAGES, "helpers", "parity", "whole"}
    assert {path.name for path in TESTS.glob("*.py")} == {"__init__.py", "conftest.py"}
    assert not list((TESTS / "helpers").rglob("test_*.py"))
    assert all(path.name.startswith(("test_", "__init__")) for path in (TESTS / "whole").rglob("*.py"))


@pytest.mark.parametrize("folder", [*PACKAGES, "helpers", "whole"])
def test_tests_import_no_tests(folder: str):
    found = {one.module for path in (TESTS / folder).rglob("*.py") for one in imports_of(path)}
    assert {one for one in found if one.startswith("tests.") and not one.startswith("tests.helpers")} == set()


def test_files_of_one_name_are_about_one_subject():
    rooms: dict[str, list[str]] = {}
    for path in FILES:
        if not path.stem.startswith("__"):
            rooms.setdefault(path.stem, []).append(path.parent.name)
    shared = {name: tuple(sorted(found)) for name, found in rooms.items() if len(found) > 1}
    assert shared == SAME_SUBJECT


def test_every_package_is_installed():
    with (ROOT / "pyproject.toml").open("rb") as stream:
        listed = set(tomllib.load(stream)["tool"]["setuptools"]["packages"])
    folders = {path.parent.relative_to(ROOT) for path in FILES if path.name == "__init__.py"}
    found = {".".join(("dotnn", *folder.parts)) for folder in folders if folder.parts != ("api",)}
    assert listed == found | {"dotnn"}


_PROBE = """
import json, runpy, sys
sys.argv = ["dotnn", *sys.argv[1:]]
try:
    runpy.run_module("dotnn", run_name="__main__", alter_sys=True)
except SystemExit as ended:
    print(json.dumps({"code": ended.code, "modules": sorted(sys.modules)}))
"""


def loaded(*call: str, code: int = 0) -> set[str]:
    """The modules that a command has imported when it ends."""
    ended = subprocess.run([sys.executable, "-c", _PROBE, *call], capture_output=True, text=True, timeout=60, cwd=ROOT)
    answer = json.loads(ended.stdout.splitlines()[-1])
    assert (answer["code"] or 0) == code, ended
    return set(answer["modules"])


@pytest.mark.parametrize("name", ["zoo/resnet152.nn", "char_rnn.nn", "x_or_o.nn"])
def test_checking_a_file_loads_no_heavy_library(name: str):
    modules = loaded("check", f"examples/{name}")
    assert {"networkx", "dotnn.compiler.driver"} <= modules
    assert not {*NOT_FOR_CHECK, OPERATORS} & modules
    # What there is to print was one line.
    assert "dotnn.compiler.diagnostics.render" not in modules
    # Nor is there a shape that does not fit.
    assert not FOR_MISTAKES_OF_SHAPES & modules
    # What is known of the library is for those who miss something.
    assert not {"dotnn.library.index", *FOR_READERS_OF_THE_LIBRARY} & modules


def test_a_summary_loads_no_heavy_library():
    modules = loaded("summary", "examples/zoo/resnet18.nn")
    assert not set(NOT_FOR_CHECK) & modules
    assert not {one for one in modules if one.startswith(("dotnn.compiler.export", "dotnn.compiler.passes.fusion"))}


@pytest.mark.parametrize(
    ("call", "code"), [(["--help"], 0), (["--version"], 0), ([], 2), (["chek"], 2), (["--show-completion", "zsh"], 0)]
)
def test_what_names_no_command_loads_no_work_of_one(call: list[str], code: int):
    modules = loaded(*call, code=code)
    assert not {*NOT_FOR_CHECK, "lark", "networkx"} & modules
    rooms = ("syntax", "graph", "layers", "elaborate", "passes", "export", "weights", "driver")
    assert not {one for one in modules if one.startswith(tuple(f"dotnn.compiler.{room}" for room in rooms))}
    commands = tuple(f"dotnn.cli.{name.replace('-', '_')}" for name in COMMANDS)
    assert not {one for one in modules if one.startswith(commands)}
    assert not {one for one in modules if one.startswith("dotnn.runtime")}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_loads_no_library_of_its_work(command: str):
    assert not {*NOT_FOR_CHECK, "lark", "networkx"} & loaded(command, "--help")


def test_modules_import_each_other_in_no_circle():
    """Not even late, nor for type checkers only."""
    modules = {module_of(path): name for name, path in zip(NAMES, FILES, strict=True)}
    edges = {
        module: {one.module for one in ALL_IMPORTS[name] if one.relative and one.module in modules} - {module}
        for module, name in modules.items()
    }
    # A package is loaded before its modules, and imports some of them for the names that it offers.
    graph = {module: {to for to in found if not module.startswith(f"{to}.")} for module, found in edges.items()}
    assert list(TopologicalSorter(graph).static_order())
