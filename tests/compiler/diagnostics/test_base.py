"""What every diagnostic has, and every phrase of the tables."""

from __future__ import annotations

import ast
import dataclasses
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from string import Formatter

import dotnn.compiler
import dotnn.runtime
import pytest
from dotnn.compiler.diagnostics import Diagnostic, Severity
from dotnn.compiler.diagnostics.damage import FileDamage
from dotnn.compiler.diagnostics.phrases import Phrases

from tests.helpers.sample_diagnostics import FAMILIES


def members(family: type[Diagnostic]) -> list[type[Diagnostic]]:
    """The mistakes that have the page of a family: its classes but those that only say what others complete."""
    heirs = [one for kind in family.__subclasses__() if "code" not in kind.__dict__ for one in members(kind)]
    return [family, *heirs] if not heirs or (family.message and family.remedy) else heirs


MISTAKES = [kind for family in FAMILIES for kind in members(family)]
#: The tables of phrases by their names.
TABLES: dict[str, type[Phrases]] = {table.__name__: table for table in Phrases.__subclasses__()}


def _template_names(template: str) -> set[str]:
    names = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
    return {re.split(r"[.\[]", name, maxsplit=1)[0] for name in names}


def _facts(kind: type) -> set[str]:
    properties = {
        name
        for base in kind.__mro__
        for name, value in vars(base).items()
        if isinstance(value, property | cached_property)
    }
    return properties | _templates(kind).keys() | {field.name for field in dataclasses.fields(kind)}


def _templates(kind: type[Diagnostic]) -> dict[str, str]:
    """What a class sets as text: its sentences, and parts of them."""
    return {
        name: value
        for base in reversed(kind.__mro__)
        for name, value in vars(base).items()
        if isinstance(value, str) and not name.startswith("__")
    }


@pytest.mark.parametrize("kind", MISTAKES, ids=lambda kind: kind.__name__)
def test_every_diagnostic_is_complete(kind: type[Diagnostic]) -> None:
    letter = "E" if kind.severity is Severity.ERROR else "W"
    # Rules are there if something has loaded them.
    letter = "L" if kind.__module__.startswith("dotnn.compiler.lint.") else letter
    assert re.fullmatch(rf"{letter}\d{{3}}", kind.code)
    # A dataclass without a docstring is given its signature as one.
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}(")
    assert dataclasses.is_dataclass(kind)
    for template in _templates(kind).values():
        assert _template_names(template) <= _facts(kind)
    assert kind.message or kind.headline is not Diagnostic.headline
    if kind.severity is Severity.ERROR:
        assert kind.remedy or kind.advice is not Diagnostic.advice


def _phrases_said(path: Path) -> Iterator[tuple[str, Phrases, set[str] | None]]:
    """The phrases that a file gives: where, which, and the names of its facts, None where they come in a mapping."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(ast.Name(table), name), _, keywords) if table in TABLES:
                names = [one.arg for one in keywords]
                facts = None if None in names else {one for one in names if one is not None}
                yield f"{path}:{node.lineno}", TABLES[table][name], facts


def test_phrases_are_given_the_facts_that_they_say() -> None:
    root = Path(dotnn.compiler.__path__[0])
    files = [one for room in (root, Path(dotnn.runtime.__path__[0])) for one in room.rglob("*.py")]
    said = [one for path in files for one in _phrases_said(path)]
    assert len({kind for _, kind, _ in said}) > 100
    for where, kind, facts in said:
        names = _template_names(kind.says) | _template_names(kind.remedy)
        assert facts is None or facts == names, where


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_no_phrase_stands_twice_in_a_table(table: type[Phrases]) -> None:
    assert table.__doc__
    assert len(table) == len(table.__members__)


def test_phrases_say_their_facts() -> None:
    twice = FileDamage.HOLDS_TWICE(name="a")
    assert (str(twice), f"{twice}", twice.advice()) == ("it has `a` twice", "it has `a` twice", "")
    assert twice == FileDamage.HOLDS_TWICE(name="a") != FileDamage.HOLDS_TWICE(name="b")
    assert FileDamage.IS_OTHER_FORMAT(kind="zip", suggested="a.zip").advice() == "rename it to what it is: `a.zip`"


def test_diagnostics_import_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from dotnn.compiler.diagnostics.explain import load_all\n"
        "load_all()\n"
        "print(sorted({'numpy', 'onnx', 'onnxruntime', 'lark', 'networkx', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
