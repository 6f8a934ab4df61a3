"""Raising sites hold no prose: what is said of a mistake stands in its diagnostic, where it can be read and changed."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]

#: The rooms that are held to it: all but the diagnostics themselves.
ROOMS = ("api", "cli", "compiler", "runtime")
DIAGNOSTICS = "compiler/diagnostics/"

#: Calls whose text is no diagnostic's, and why.
OTHER_TEXT = {
    "AttributeError": "a mistake of the calling program",
    "AttributeFault": "a constraint of an attribute says itself what it takes",
    "BrokenPass": "a mistake of a pass, which only its tests can meet",
    "ClickException": "what click prints of a command",
    "DimTooComplex": "a limit of the algebra says itself what it is, to callers that have no text",
    "ExpressionError": "a reader of printed dimensions says itself what it does not read",
    "InvalidOperands": "a mistake of whoever builds a graph",
    "TypeError": "a mistake of the calling program",
    "UsageError": "what click prints of a wrong call, with how it is to be",
    "ValueError": "a mistake of the calling program",
    "compile": "a regular expression",
    "need": "a mistake of the calling program, as a TypeError",
    "attribute": "documentation of a layer",
    "wrong_call": "what click prints of a wrong call, with how it is to be",
}

#: Such calls of the commands alone, since their names mean something else elsewhere.
TEXT_OF_COMMANDS = {
    "_print_table": "the title of a table",
    "argument": "the help of a command",
    "command": "the help of a command",
    "option": "the help of a command",
    "print_note": "what was done, beside what is wrong",
    "write": "what was done, or a stream to which nothing can be told",
}

#: Rooms whose modules have documentation among their definitions, so that functions alone are looked at.
DOCUMENTED = ("compiler/layers/",)

_NOT_FUSED = "reasons of the report that says why something is not fused"

#: Files whose text is no diagnostic's, and why.
OTHER_FILES = {
    "compiler/byte_counts.py": "numbers of bytes in words",
    "compiler/graph/verify.py": "mistakes of passes, which only their tests can meet",
    "compiler/layers/attributes.py": "constraints say themselves what they take, to the documentation too",
    "compiler/layers/documentation.py": "the pages of layers",
    "compiler/measure/summary.py": "the texts of a summary",
    "compiler/passes/fold_batch_norm.py": _NOT_FUSED,
    "compiler/passes/fusing_conditions.py": _NOT_FUSED,
    "compiler/passes/fusion/conv_activation.py": _NOT_FUSED,
    "compiler/passes/fusion/conv_add_activation.py": _NOT_FUSED,
    "compiler/passes/fusion/dense_activation.py": _NOT_FUSED,
    "compiler/passes/fusion/fusion_report.py": _NOT_FUSED,
    "compiler/passes/fusion/rule.py": _NOT_FUSED,
    "compiler/passes/infer_types.py": "mistakes of passes, which only their tests can meet",
    "compiler/records.py": "code that is made, and mistakes of the calling program as Python says them",
    "compiler/values/compile_values.py": "what kinds of values are called, once for all",
}

#: Functions and variables of modules whose text is no diagnostic's, and why.
OTHER_PLACES = {
    "cli/app.py:COMMANDS": "the help of the commands",
    "cli/app.py:_said": "what is printed of a wrong call",
    "cli/check.py:_SECTIONS": "titles of sections of a help",
    "cli/completion.py:_STARTS": "lines that a shell reads",
    "cli/completion.py:install": "what was done",
    "cli/fixing.py:_NO_LINE_END": "a line of a diff as other programs write it",
    "cli/run.py:_given": "what was fed, beside what is computed of it",
    "cli/weights.py:_paired": "a cell of a table",
    "compiler/configuration/settings_reader.py:_SETTINGS": "the names of settings",
    "compiler/remedies/candidates.py:_POSITIONS": "stages as they are written",
    "compiler/lint/provider_kernels.py:_CUDA": "names of operators",
    "compiler/remedies/pairs.py:_projected": "a stage as it is written",
    "compiler/weights/rounding_effects.py:summary": "a line of the report of a build",
    "compiler/weights/shards.py:_KIND": "the name of a format",
    "runtime/outputs.py:_rendered_numbers": "what is printed of outputs",
    "runtime/outputs.py:odd": "what is printed of outputs",
    "runtime/session.py:_NO_DATA": "words by which an error of onnxruntime is known",
    "runtime/temporary_folder.py:__init__": "the name of a folder that the system does not tell",
    "runtime/temporary_folder.py:_owned_folder": "an error as the operating system would give it",
}

FILES = {
    name: path.read_text(encoding="utf-8")
    for room in ROOMS
    for path in sorted((ROOT / room).rglob("*.py"))
    if not (name := path.relative_to(ROOT).as_posix()).startswith(DIAGNOSTICS)
}


class Text(NamedTuple):
    """A text in a source file.

    Attributes:
        call: the call among whose arguments it stands, at any depth if that is one of other text; empty for none.
        place: the innermost function or variable of the module that it belongs to; empty for none.
    """

    line: int
    text: str
    call: str
    place: str


class Where(NamedTuple):
    """Where texts are looked for.

    Attributes:
        passed: the variables of the function that are given to calls of other text, and those calls.
    """

    calls: Collection[str]
    call: str = ""
    place: str = ""
    passed: Mapping[str, str] = {}


def texts(source: str, name: str = "") -> Iterator[Text]:
    """All strings but docstrings, what is set in the bodies of classes and what others' texts are compared with.

    In rooms with documentation among their definitions, only those in functions.
    """
    tree = ast.parse(source)
    functions = (one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.Lambda))
    for node in functions if name.startswith(DOCUMENTED) else (tree,):
        yield from _texts(node, Where(other_text(name)))


def other_text(name: str) -> Collection[str]:
    """The calls whose text is no diagnostic's in a file."""
    return {*OTHER_TEXT, *TEXT_OF_COMMANDS} if name.startswith("cli/") else OTHER_TEXT.keys()


def _texts(node: ast.AST, where: Where) -> Iterator[Text]:
    if isinstance(node, ast.FunctionDef):
        where = where._replace(place=node.name, passed=_passed(node, where.calls))
    for child in ast.iter_child_nodes(node):
        is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        is_set_in_class = isinstance(node, ast.ClassDef) and not isinstance(child, ast.FunctionDef | ast.ClassDef)
        if is_docstring or is_set_in_class or isinstance(child, ast.Compare):
            continue
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield Text(child.lineno, child.value, where.call, where.place)
        elif isinstance(child, ast.JoinedStr):
            parts = (one.value if isinstance(one, ast.Constant) else "{}" for one in child.values)
            yield Text(child.lineno, "".join(map(str, parts)), where.call, where.place)
            for one in child.values:
                yield from _texts(one, where) if isinstance(one, ast.FormattedValue) else ()
        else:
            yield from _texts(child, _inside(child, where))


def _inside(node: ast.AST, where: Where) -> Where:
    """Where the texts inside of a node stand."""
    if isinstance(node, ast.Call):
        return where if where.call in where.calls else where._replace(call=_called(node))
    target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(target, ast.Name):
        return where
    return where._replace(call=where.passed.get(target.id, where.call), place=where.place or target.id)


def _passed(function: ast.FunctionDef, calls: Collection[str]) -> dict[str, str]:
    """The variables of a function that are arguments of a call of other text, or in its text, and that call."""
    found = [one for one in ast.walk(function) if isinstance(one, ast.Call) and _called(one) in calls]
    return {name.id: _called(call) for call in found for one in call.args for name in _variables(one)}


def _variables(argument: ast.expr) -> Iterator[ast.Name]:
    parts = ast.walk(argument) if isinstance(argument, ast.JoinedStr) else (argument,)
    return (one for one in parts if isinstance(one, ast.Name))


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def is_prose(text: str) -> bool:
    """Whether a text has three words or more; code in backticks, shapes, and names with dots are none."""
    plain = re.sub(r"`[^`]*`|\[[^\]]*\]", " ", text)
    return len(re.findall(r"(?<![\w.])[A-Z]?[a-z]+(?![\w]|\.\w)", plain)) >= 3


def prose(source: str, name: str = "") -> list[str]:
    """The prose in a source file, with its lines, but for that of programs' mistakes and documentation."""
    calls = other_text(name)
    found = (one for one in texts(source, name) if is_prose(one.text) and one.call not in calls)
    return [f"{one.line}: {one.text}" for one in found if f"{name}:{one.place}" not in OTHER_PLACES]


@pytest.mark.parametrize("name", [name for name in FILES if name not in OTHER_FILES])
def test_raising_sites_hold_no_prose(name: str):
    assert prose(FILES[name], name) == []


@pytest.mark.parametrize("name", OTHER_FILES)
def test_files_of_other_text_have_some(name: str):
    assert prose(FILES[name])


def test_every_call_and_place_of_other_text_has_some():
    found = [(name, one) for name, source in FILES.items() for one in texts(source, name) if is_prose(one.text)]
    assert OTHER_PLACES.keys() <= {f"{name}:{one.place}" for name, one in found}
    assert {*OTHER_TEXT, *TEXT_OF_COMMANDS} <= {one.call for _, one in found}


@pytest.mark.parametrize(
    "source",
    [
        'raise DotnnError(BadIndex(reason="a list has one axis"))',
        'raise DotnnError(BadIndex(span=span, reason=f"{base} has no elements to index"))',
        'def fail():\n    hint = "write a number instead"\n    raise DotnnError(BadIndex(hint=hint))',
        'def check(self):\n    return f"{self.low} must not exceed {self.high}"',
        'def fail():\n    if late:\n        hint: str = "write a number instead"',
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
        "raise TypeError(f\"{name}: {what or clip('it is no text at all')}\")",
        'def texts(value):\n    if not value:\n        what = "text must be a str"\n        need(value, str, what)',
        'def texts(value):\n    hint = near or "write a text"\n    raise TypeError(f"no text: {hint}")',
        'is_known = "no such file here" in said',
        'ENDING = ".safetensors.index.json"',
    ],
)
def test_other_text_is_let_be(source: str):
    assert not prose(source)
