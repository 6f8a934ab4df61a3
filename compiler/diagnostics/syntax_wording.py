"""How syntax errors call what was found and what could stand there.

Words are chosen by the terminals of the grammar, which this module knows by name, and by the text that was found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ..records import record
from ..source import Span
from .base import Diagnostic

#: What to call the terminals of the grammar. Those that are left out are signs, called by their text.
_TERMINALS: Final[Mapping[str, str]] = {
    "NAME": "a name",
    "FIELD": "the name of an attribute",
    "ARGUMENT": "the name of an argument",
    "LABEL": "a label",
    "PATH": "the label of a layer",
    "STRING": "a string",
    "ARROW": "`->`",
    "EQUAL": "`=`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "COMMA": "`,`",
    "COLON": "`:`",
    "FROM": "`from`",
    "IN": "`in`",
    "ELSE": "`else`",
}
_VALUES: Final = frozenset(
    ["NAME", "INTEGER", "FLOAT", "STRING", "TRUE", "FALSE", "LPAR", "LSQB", "IF", "MINUS", "NOT"]
)
_STAGES: Final = frozenset({"NAME", "LABEL", "LBRACE", "REPEAT", "FOR", "REUSE"})
_ITEMS: Final = frozenset({"IMPORT", "CONST", "BLOCK", "MODEL"})
_STATEMENTS: Final = frozenset({"INPUT", "OUTPUT", "PARAMETER", "RETURN", "EXPECT", "FREEZE"})


def expected_words(terminals: frozenset[str]) -> str:
    """What could stand at a place, in plain words, from the terminals that the grammar takes there."""
    rest, words = set(terminals), []
    for group, word in (
        ({"REPEAT", "NAME"}, "a layer, a block or a `{ … }` group"),
        ({"INTEGER", "NAME"}, "a value"),
        (_STATEMENTS, "a statement"),
        (_ITEMS, "`import`, `const`, `block` or `model`"),
    ):
        if group <= rest:
            words.append(word)
            rest -= _VALUES | _STAGES if "NAME" in group else group | {"NAME"}
    if "PLUS" in rest:
        words.append("an operator")
        rest -= {"LPAR", "LSQB", "ARROW", "DOT"}
    words += [word for name, word in _TERMINALS.items() if name in rest]
    return _alternatives(words) or "the end"


def _alternatives(words: list[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else ""


def found_words(text: str) -> str:
    """A piece of source text in plain words; an empty one is the end."""
    if not text:
        return "the end of the text"
    shown = text if len(text) <= 32 else text[:29] + "…"
    if shown[0] == '"':
        return f"the string `{shown}`"
    if shown[0].isdigit():
        return f"the number `{shown}`"
    return f"`{shown}`"


#: Pieces of the text that are longer are not repeated in a sentence.
_LONGEST_PIECE: Final = 80


def piece(text: str) -> str:
    """A piece of the user's text for a sentence: on one line, and not long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_PIECE else line[: _LONGEST_PIECE - 1] + "…"


@record
class FoundDiagnostic(Diagnostic):
    """Base of the syntax errors that name what was found.

    Attributes:
        found: the text found at the place; empty at the end of the text.
    """

    found: str

    @property
    def found_words(self) -> str:
        """What was found, in plain words."""
        return found_words(self.found)


#: What the axes of a tensor of so many are usually called, by their number.
_AXES: Final[Mapping[int, str]] = {1: "N", 2: "NT", 3: "NTC", 4: "NCHW", 5: "NCDHW"}


def axis_name(axis: Span) -> str:
    """A name for an axis of open size in a type; empty where the place is no axis of one."""
    text = axis.source.text
    before = re.search(r"(?<![\w.])\w+\[([^\[\]()={}]*)\Z", text[max(0, axis.start - 200) : axis.start])
    behind = re.match(r"([^\[\]()={}]*)\]", text[axis.end : axis.end + 200])
    if before is None or behind is None:
        return ""
    place = before.group(1).count(",")
    names = _AXES.get(place + behind.group(1).count(",") + 1, "")
    others = set(re.findall(r"\w+", before.group(1) + behind.group(1)))
    return next((name for name in names[place:] if name not in others), "")
