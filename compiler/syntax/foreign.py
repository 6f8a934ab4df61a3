"""What is written as in another language and cannot be read on: each rule knows one construct by its traces."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from ..diagnostics import Diagnostic
from ..diagnostics.fixes import closing_bracket
from ..diagnostics.foreign_syntax import (
    FOREIGN_WORDS,
    AnonymousFunction,
    AnotherLanguage,
    ColonForBinding,
    Comprehension,
    Dictionary,
    ForeignImport,
    ForeignStatement,
    FormattedString,
    Language,
    LineOfAList,
    Unpacking,
)
from ..diagnostics.spelling import ForeignOperator
from ..diagnostics.syntax_wording import piece
from ..source import Source, Span
from . import tree
from .mistakes import Mistake, found_at
from .repair import STRING_PREFIXES
from .tokens import Token

_OWN_ITEM: Final = re.compile(r"^[ \t]*(?:model|block)[ \t]+\w+[ \t]*[({]", re.MULTILINE)

#: Lines of Python, and how sure each of them makes that all of a text is Python.
_PYTHON: Final = (
    (re.compile(r"^[ \t]*class[ \t]+(?P<name>\w+)[ \t]*(?:\([^()\n]*\))?[ \t]*:", re.MULTILINE), 2),
    (re.compile(r"^[ \t]*(?:(?P<name>\w+)[ \t]*=[ \t]*)?(?:\w+\.)*Sequential\(", re.MULTILINE), 2),
    (re.compile(r"^[ \t]*import[ \t]+[\w.]+(?:[ \t]+as[ \t]+\w+)?[ \t]*$", re.MULTILINE), 1),
    (re.compile(r"^[ \t]*from[ \t]+[\w.]+[ \t]+import\b", re.MULTILINE), 1),
    (re.compile(r"^[ \t]*def[ \t]+\w+[ \t]*\(", re.MULTILINE), 1),
    (re.compile(r"^[ \t]*(?:self|model)\.\w+", re.MULTILINE), 1),
)
_SURE: Final = 2
_YAML_LINE: Final = re.compile(r"[ \t]*(?:-[ \t]+\S.*|[\w.-]+:(?:[ \t]+[^=\n]*)?)")
_COMMENT_OR_NOTHING: Final = re.compile(r"[ \t\r]*(?:#.*)?|---[ \t\r]*")


def another_language(m: Mistake) -> Diagnostic | None:
    """The diagnostic of a text that is written in another language as a whole; asked at its first mistake."""
    if _OWN_ITEM.search(m.source.text):
        return None
    return _python(m.source) or _json(m.source) or _yaml(m.source)


def _python(source: Source) -> AnotherLanguage | None:
    found = [(match, weight) for pattern, weight in _PYTHON for match in pattern.finditer(source.text)]
    if sum(weight for _, weight in found) < _SURE:
        return None
    first = min(match.start() for match, _ in found)
    names = (match["name"] for match, weight in found if weight == _SURE and match["name"] not in (None, "model"))
    return AnotherLanguage(span=_line_at(source, first), language=Language.PYTHON, name=next(names, ""))


def _json(source: Source) -> AnotherLanguage | None:
    start = len(source.text) - len(source.text.lstrip())
    if not re.match(r'[\[{]\s*(?:[\[{"\]}]|\Z)', source.text[start : start + 80]):
        return None
    return AnotherLanguage(span=source.span(start, start + 1), language=Language.JSON)


def _yaml(source: Source) -> AnotherLanguage | None:
    lines = [line for line in source.text.splitlines() if not _COMMENT_OR_NOTHING.fullmatch(line)]
    if not lines or not all(_YAML_LINE.fullmatch(line) for line in lines):
        return None
    return AnotherLanguage(span=_line_at(source, source.text.index(lines[0])), language=Language.YAML)


def _line_at(source: Source, offset: int) -> Span:
    line = source.text[offset:].lstrip().partition("\n")[0].rstrip()
    start = source.text.index(line, offset)
    return source.span(start, start + len(line))


# --- constructs -------------------------------------------------------------------------------------------------------


def _word_before(m: Mistake) -> str:
    return m.top.name if isinstance(m.top, tree.Name) else m.top.text if m.top_kind == "NAME" else ""


def _anonymous_function(m: Mistake) -> Diagnostic | None:
    if _word_before(m) != "lambda" or (m.found.kind != "word" and m.found.text not in (":", "*")):
        return None
    start = m.top.span.start if isinstance(m.top, tree.Name) else m.top.start
    return AnonymousFunction(span=m.source.span(start, start + len("lambda")))


def _comprehension(m: Mistake) -> Diagnostic | None:
    if m.found.text != "for" or not m.opened_here or m.opened_here[-1].text not in "[(" or m.on_new_line:
        return None
    opening = m.opened_here[-1]
    closing = closing_bracket(m.span_of(opening))
    end = m.source.text.find("\n", m.found.start) if closing is None else closing.start
    value = m.source.text[opening.end : m.found.start]
    loop = m.source.text[m.found.start : end if end >= 0 else len(m.source.text)]
    return Comprehension(span=m.span, value=piece(value), loop=piece(loop))


def _dictionary(m: Mistake) -> Diagnostic | None:
    in_brackets = bool(m.opened_here) and m.opened_here[-1].text in "[("
    if m.found.text != "{" or not m.wants_value or (m.on_new_line and not in_brackets):
        return None
    return Dictionary(span=m.span)


def _unpacked(m: Mistake) -> Diagnostic | None:
    # `f(x, *rest)`, `f(x, **options)`
    if m.found.text not in ("*", "**") or not m.wants_value or m.top_kind not in ("LPAR", "COMMA", "LSQB"):
        return None
    return Unpacking(span=m.span, found=m.found.text)


def _line_of_a_list(m: Mistake) -> Diagnostic | None:
    if m.found.text != "-" or m.inside != "statement" or not m.on_new_line or m.opened_here:
        return None
    line = m.source.text[m.found.end :].partition("\n")[0].strip()
    return LineOfAList(span=m.span, layer=re.split(r"[^A-Za-z0-9_]", line, maxsplit=1)[0])


def _colon_for_binding(m: Mistake) -> Diagnostic | None:
    # `features: image -> conv2d(8)`: what stands behind the colon has been read as a type.
    if m.found.text not in ("->", "(") or m.inside != "statement" or len(m.statement) != 3:
        return None
    targets, colon, written = m.statement
    if not isinstance(colon, Token) or colon.kind != "COLON" or not isinstance(targets, list | Token):
        return None
    name = targets[0].name if isinstance(targets, list) else targets.text
    value = written.span.text if isinstance(written, tree.Node) else written.text
    return ColonForBinding(span=m.span_of(colon), name=name, value=value)


def _walrus(m: Mistake) -> Diagnostic | None:
    if m.found.text == "=" and m.top_kind == "COLON" and m.top.end == m.found.start:
        return ForeignOperator(span=m.source.span(m.top.start, m.found.end), found=":=", instead="=")
    return None


def _angles(m: Mistake) -> Diagnostic | None:
    # `a <> b`
    if m.found.text == ">" and m.top_kind == "COMPARE" and m.top.text == "<" and m.top.end == m.found.start:
        return ForeignOperator(span=m.source.span(m.top.start, m.found.end), found="<>", instead="!=")
    return None


def _import_of_python(m: Mistake) -> Diagnostic | None:
    if m.inside != "item" or not m.statement or not isinstance(m.statement[0], Token):
        return None
    first = m.statement[0]
    line = m.source.text[first.start :].partition("\n")[0].partition("#")[0].rstrip()
    if first.kind != "IMPORT" or not _MODULE.fullmatch(line):
        return None
    return ForeignImport(span=m.source.span(first.start, first.start + len(line)))


_MODULE: Final = re.compile(
    r"import[ \t]+(?:torch|torchvision|tensorflow|keras|numpy|jax|math|os|sys|typing)\b[\w.]*(?:[ \t]+as[ \t]+\w+)?"
)


def _formatted_string(m: Mistake) -> Diagnostic | None:
    if m.found.text in STRING_PREFIXES and m.source.text.startswith('"', m.found.end):
        behind = found_at(m.source.text, m.found.end, len(m.source.text))
        string = m.source.span(behind.start, behind.end)
        return FormattedString(span=m.span, found=m.found.text, string=string)
    if m.found.kind != "string" or m.top_kind != "NAME" or m.top.end != m.found.start:
        return None
    if m.top.text not in STRING_PREFIXES:
        return None
    return FormattedString(span=m.span_of(m.top), found=m.top.text, string=m.span)


def _statement_of_python(m: Mistake) -> Diagnostic | None:
    if m.inside != "statement" or len(m.statement) != 1 or m.found.text in ("=", ","):
        return None
    first = m.statement[0][0] if isinstance(m.statement[0], list) and m.statement[0] else m.statement[0]
    if isinstance(first, Token) and first.kind == "NAME":
        name, span = first.text, m.span_of(first)
    elif isinstance(first, tree.Name):
        name, span = first.name, first.span
    else:
        return None
    return ForeignStatement(span=span, found=name) if name in FOREIGN_WORDS else None


def _shift_operator(m: Mistake) -> Diagnostic | None:
    # `x >> f`: two signs of comparison.
    if m.found.text == ">" and m.after_stage and m.source.text.startswith(">", m.found.end):
        span = m.source.span(m.found.start, m.found.end + 1)
        return ForeignOperator(span=span, found=">>", instead="->")
    if m.found.text not in (">", ">=") or m.top_kind != "COMPARE" or m.top.end != m.found.start or m.top.text != ">":
        return None
    span = m.source.span(m.top.start, m.found.start + 1)
    return ForeignOperator(span=span, found=">>", instead="->")


_RULES: Final[tuple[Callable[[Mistake], Diagnostic | None], ...]] = (
    _anonymous_function,
    _comprehension,
    _formatted_string,
    _dictionary,
    _unpacked,
    _line_of_a_list,
    _colon_for_binding,
    _walrus,
    _angles,
    _import_of_python,
    _statement_of_python,
    _shift_operator,
)


def foreign(m: Mistake) -> Diagnostic | None:
    """The diagnostic of a construct of another language; None if it is none that is known."""
    return next(filter(None, (rule(m) for rule in _RULES)), None)
