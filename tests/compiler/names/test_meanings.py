"""What names mean: every name of every example has one definition or use in the tables, where a plain walk finds it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dotnn import library
from dotnn.compiler.diagnostics import Report
from dotnn.compiler.limits import Limits
from dotnn.compiler.names.meanings import FileNames, Kind
from dotnn.compiler.names.project import Project
from dotnn.compiler.names.resolve import resolve
from dotnn.compiler.source import Source

from tests.helpers.paths import EXAMPLES

FILES = sorted([*EXAMPLES.rglob("*.nn"), *library.library_files().values()])
KEYWORDS = frozenset(
    {"import", "from", "const", "model", "block", "input", "output", "parameter", "return", "expect", "freeze"}
    | {"if", "else", "for", "in", "repeat", "reuse", "and", "or", "not", "true", "false"}
)
#: Comments, strings, numbers, labels, paths, and what is left of words.
TOKEN = re.compile(
    r"""(?P<skip>\#.*|"[^"\n]*"|(?<![\w.])\d[\w.]*)
      | (?P<label>(?:(?<=->)|(?<=\{))\s*(?P<text>(?:[\w.]|\{[^{}]*\})+)\s*:(?!=))
      | (?P<path>(?:reuse\(|freeze\b)\s*(?P<place>[\w.{}, ]+))
      | (?P<word>[A-Za-z_]\w*)""",
    re.VERBOSE,
)


def names_of(text: str, name: str = "net.nn", path: Path | None = None) -> FileNames:
    report = Report()
    module = Project(Limits(), report, path.parents[1] if path is not None else None).add(Source(name, text, path))
    assert module is not None
    resolve(module.with_imports(), report)
    assert not report.diagnostics
    return module.names


def printed(names: FileNames) -> list[str]:
    """Every definition of a file with the lines of its uses, as one would note it by hand."""
    made = [*names.definitions, *dict.fromkeys(use.definition for use in names.uses())]
    lines = []
    for definition in dict.fromkeys(one for one in made if one is not None):
        where = "" if definition.span is None else f" in line {definition.span.line}"
        used = ", ".join(str(use.span.line) for use in names.uses_of(definition))
        lines.append(f"{definition.kind} {definition.name}{where}: used in {used or 'none'}")
    return lines


def plain(text: str) -> set[tuple[int, str]]:
    """Where words stand that are names, and which: by a regular expression, without any grammar."""
    found: set[tuple[int, str]] = set()
    for match in TOKEN.finditer(text):
        if match["label"] is not None:
            found |= _computed(match["text"], match.start("text"))
        elif match["path"] is not None:
            found |= _computed(match["place"], match.start("place"))
        elif match["word"] is not None and match["word"] not in KEYWORDS and match["word"] != "_":
            found.add((match.start("word"), match["word"]))
    return found


def _computed(text: str, start: int) -> set[tuple[int, str]]:
    """The names in the computed parts of a label."""
    parts = [(part.start(1), part[1]) for part in re.finditer(r"\{([^{}]*)\}", text)]
    return {(start + at + word.start(), word[0]) for at, part in parts for word in re.finditer(r"[A-Za-z_]\w*", part)}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_name_has_a_definition_or_a_use(path: Path) -> None:
    names = names_of(path.read_text(encoding="utf-8"), path.name, path)
    made = [one.span for one in names.definitions if one.kind is not Kind.LABEL and one.span is not None]
    used = [use.span for use in names.uses() if use.definition is None or use.definition.kind is not Kind.LABEL]
    places = [(span.start, span.text) for span in (*made, *used)]
    assert len(places) == len(set(places))
    assert set(places) == plain(names.source.text)
    for use in names.uses():
        assert use.definition is not None, f"{use.name} in line {use.span.line}"
        assert use.definition.name == use.name


def test_tables_as_one_would_note_them_by_hand() -> None:
    names = names_of(
        """const WIDTH = 4
block twice(x, width: int = WIDTH) {
    y = x -> dense(width)
    return y -> dense(width)
}
model net(classes: int = 3) {
    input a: float32[N, T, 8]
    b = a -> first: twice(width=5) -> for i, _ in [[1, 2]] { {i}: dense(i) }
    output c = b -> reuse(first) -> dense(classes, axis=2)
    expect c.shape == [N, T, classes]
    freeze first
}
"""
    )
    assert printed(names) == [
        "const WIDTH in line 1: used in 2",
        "block twice in line 2: used in 8",
        "argument x in line 2: used in 3",
        "argument width in line 2: used in 3, 4, 8",
        "binding y in line 3: used in 4",
        "model net in line 6: used in none",
        "argument classes in line 6: used in 9, 10",
        "dimension N in line 7: used in 10",
        "dimension T in line 7: used in 10",
        "input a in line 7: used in 8",
        "label first in line 8: used in 9, 11",
        "variable of a loop i in line 8: used in 8, 8",
        "label {i} in line 8: used in none",
        "binding b in line 8: used in 9",
        "output c in line 9: used in 10",
        "type of values int: used in 2, 6",
        "layer dense: used in 3, 4, 8, 9",
        "element type float32: used in 7",
        "argument axis: used in 9",
        "attribute shape: used in 10",
    ]


def test_what_stands_at_a_place() -> None:
    text = "block f(x) { return x -> relu }\nmodel net { input a: float32[N, 8] output y = a -> f }"
    names = names_of(text)
    for at, name in ((text.index("f(x)"), "f"), (text.rindex("f"), "f"), (text.rindex("a ->"), "a")):
        found = names.at(at)
        assert found is not None
        assert found.name == name
    assert names.at(text.index("return")) is None
