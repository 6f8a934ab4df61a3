"""Raising sites hold no prose: what is said of a mistake stands in its diagnostic, where it can be read and changed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]

#: The rooms that are held to it.
ROOMS = (
    "compiler/python_arguments.py",
    "compiler/compiled.py",
    "compiler/dims",
    "compiler/driver.py",
    "compiler/elaborate",
    "compiler/graph",
    "compiler/initializers",
    "compiler/layers",
    "compiler/measure",
    "compiler/names",
    "compiler/request.py",
    "compiler/model_arguments.py",
    "compiler/source_loading.py",
    "compiler/syntax",
    "compiler/values",
)

#: Calls whose text is no diagnostic's, and why.
OTHER_TEXT = {
    "AttributeFault": "a constraint of an attribute says itself what it takes",
    "DimTooComplex": "a limit of the algebra says itself what it is, to callers that have no text",
    "ExpressionError": "a reader of printed dimensions says itself what it does not read",
    "TypeError": "a mistake of the calling program",
    "ValueError": "a mistake of the calling program",
    "compile": "a regular expression",
    "need": "a mistake of the calling program, as a TypeError",
    "sample": "a call that documents a layer",
    "Sample": "a call that documents a layer",
    "attribute": "documentation of a layer",
}

#: Rooms whose modules have documentation among their definitions, so that functions alone are looked at.
DOCUMENTED = ("compiler/layers/",)

#: Files whose text is no diagnostic's, and why.
OTHER_FILES = {
    "compiler/graph/verify.py": "mistakes of passes, which only their tests can meet",
    "compiler/layers/attributes.py": "constraints say themselves what they take, to the documentation too",
    "compiler/layers/documentation.py": "the pages of layers",
    "compiler/measure/summary.py": "the texts of a summary",
    "compiler/values/compile_values.py": "what kinds of values are called, once for all",
}

FILES = sorted(
    path for room in ROOMS for path in ([ROOT / room] if room.endswith(".py") else (ROOT / room).rglob("*.py"))
)
NAMES = [path.relative_to(ROOT).as_posix() for path in FILES]


class Text(NamedTuple):
    """A text in a source file, and the call among whose arguments it stands, empty for none."""

    line: int
    text: str
    call: str


def texts(source: str, *, functions_only: bool = False) -> Iterator[Text]:
    """All strings but docstrings and what is set in the bodies of classes; on demand only those in functions."""
    tree = ast.parse(source)
    functions = (one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.Lambda))
    for node in functions if functions_only else (tree,):
        yield from _texts(node, "")


def _texts(node: ast.AST, call: str) -> Iterator[Text]:
    exempt = _passed(node) if isinstance(node, ast.FunctionDef) else {}
    for child in ast.iter_child_nodes(node):
        is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        is_set_in_class = isinstance(node, ast.ClassDef) and not isinstance(child, ast.FunctionDef | ast.ClassDef)
        if is_docstring or is_set_in_class:
            continue
        if isinstance(child, ast.Assign) and isinstance(child.targets[0], ast.Name):
            yield from _texts(child, exempt.get(child.targets[0].id, call))
            continue
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield Text(child.lineno, child.value, call)
        elif isinstance(child, ast.JoinedStr):
            parts = (one.value if isinstance(one, ast.Constant) else "{}" for one in child.values)
            yield Text(child.lineno, "".join(map(str, parts)), call)
            for one in child.values:
                yield from _texts(one, call) if isinstance(one, ast.FormattedValue) else ()
        else:
            yield from _texts(child, _called(child) if isinstance(child, ast.Call) else call)


def _passed(function: ast.FunctionDef) -> dict[str, str]:
    """The variables of a function that are arguments of a call of other text, and that call."""
    calls = [one for one in ast.walk(function) if isinstance(one, ast.Call) and _called(one) in OTHER_TEXT]
    return {name.id: _called(call) for call in calls for name in call.args if isinstance(name, ast.Name)}


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def is_prose(text: str) -> bool:
    """Whether a text has three words or more, code in backticks and shapes left out."""
    return len(re.findall(r"\b[A-Z]?[a-z]+\b", re.sub(r"`[^`]*`|\[[^\]]*\]", " ", text))) >= 3


def prose(source: str, name: str = "") -> list[str]:
    """The prose in a source file, with its lines, but for that of programs' mistakes and documentation."""
    found = texts(source, functions_only=name.startswith(DOCUMENTED))
    return [f"{one.line}: {one.text}" for one in found if is_prose(one.text) and one.call not in OTHER_TEXT]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OTHER_FILES])
def test_raising_sites_hold_no_prose(name: str):
    assert prose((ROOT / name).read_text(encoding="utf-8"), name) == []


@pytest.mark.parametrize("name", OTHER_FILES)
def test_files_of_other_text_have_some(name: str):
    assert prose((ROOT / name).read_text(encoding="utf-8"))


def test_every_call_of_other_text_has_some():
    found = {one.call for path in FILES for one in texts(path.read_text(encoding="utf-8")) if is_prose(one.text)}
    assert OTHER_TEXT.keys() <= found


@pytest.mark.parametrize(
    "source",
    [
        'raise DotnnError(BadIndex(reason="a list has one axis"))',
        'raise DotnnError(BadIndex(span=span, reason=f"{base} has no elements to index"))',
        'def fail():\n    hint = "write a number instead"\n    raise DotnnError(BadIndex(hint=hint))',
        'def check(self):\n    return f"{self.low} must not exceed {self.high}"',
        'HINTS = {"max": "the greater of two tensors"}',
        'raise DotnnError(BadIndex(hint="call it: " + ("now or never" if late else "")))',
        "raise DotnnError(BadIndex(hint=f\"{'write an int here' if late else ''}\"))",
    ],
)
def test_prose_is_found(source: str):
    assert prose(source)


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring of some words."""',
        'def fail():\n    """A docstring of some words."""\n    raise DotnnError(NoSuchElement(kind="list"))',
        'def texts(value):\n    what = "text must be a str"\n    return need(value, str, what)',
        'raise TypeError("text must be a str")',
        'need_rank(site, 0, x, 2, 4, "[N, C, *spatial] or [N, C]")',
        'class Relu(Layer):\n    formula = "y = x where x is positive"',
        'found = f"{describe(left)} and {describe(right)}"',
    ],
)
def test_other_text_is_let_be(source: str):
    assert not prose(source)
