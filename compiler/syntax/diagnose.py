"""From a mistake to the diagnostic that says what is wrong.

Each rule below knows one mistake by its traces: what was found, what stands before it, which brackets are open. The
rules are asked in order, the surest first; the last one always answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from ..diagnostics import Diagnostic, spelling, statement_syntax, syntax
from ..diagnostics.fixes import code_end
from ..source import Span
from . import tree
from .mistakes import VALUE_KINDS, Found, Mistake, found_at
from .recover import begins_binding, indentation
from .tokens import CLOSING, ITEM_KEYWORDS, KEYWORDS, OPENING, STATEMENT_KEYWORDS, Token

_NUMBER = re.compile(r"[0-9]+(?:_[0-9]+)*(?:[KMG]|(?:\.[0-9]+(?:_[0-9]+)*)?(?:[eE][+-]?[0-9]+)?)")


_OPERATORS: Final = frozenset(["+", "-", "*", "/", "//", "%", "@", "**", "and", "or", "==", "!=", "<", "<=", ">", ">="])
_COMPARISONS: Final = frozenset(["==", "!=", "<", "<=", ">", ">="])
_FOREIGN_OPERATORS: Final = {
    "|>": "->",
    "&&": "and",
    "||": "or",
    "!": "not",
    "^": "**",
    "=>": "->",
    "|": "or",
    "&": "and",
}
#: What stands behind the sign of a pipe, in place of a condition.
_PIPED: Final = re.compile(r"[ \t]*[A-Za-z_]\w*[ \t]*(?:\(|\||->|#|\r?\n|\Z)")
#: Kinds of tokens behind which a value must stand.
_BEFORE_VALUE: Final = frozenset(
    {"EQUAL", "PLUS", "MINUS", "TIMES", "POWER", "COMPARE", "AND", "OR", "NOT", "IF", "RETURN", "EXPECT"}
    | {"LPAR", "LSQB", "COMMA", "IN", "COLON", "LBRACE"}
)

Rule: TypeAlias = Callable[[Mistake], Diagnostic | None]


def diagnose(mistake: Mistake) -> Diagnostic:
    """The diagnostic of a mistake."""
    # What other languages write is known to few files.
    from .foreign import foreign

    for rule in (foreign, *_RULES):
        diagnostic = rule(mistake)
        if diagnostic is not None:
            return diagnostic
    facts = {"found": mistake.found.text, "expected": mistake.expected}
    is_begun = bool(mistake.statement) and not mistake.expected & {"RETURN", "CONST"}
    if is_begun and mistake.on_new_line and mistake.found.kind != "end":
        return syntax.ExpectedBehind(span=mistake.before, **facts)
    return syntax.UnexpectedToken(span=mistake.span, **facts)


# --- what is wrong by itself, wherever it stands ------------------------------------------------------------------


def _malformed_word(m: Mistake) -> Diagnostic | None:
    found = m.found
    if found.kind == "open":
        return spelling.UnterminatedString(span=m.span)
    if found.kind == "number" and _NUMBER.fullmatch(found.text) is None:
        return spelling.MalformedNumber(span=m.span, found=found.text)
    if found.text == ";":
        return spelling.Semicolon(span=m.span)
    if found.text == "|" and _PIPED.match(m.source.text, found.end):
        return spelling.ForeignOperator(span=m.span, found="|", instead="->")
    if found.text in _FOREIGN_OPERATORS:
        return spelling.ForeignOperator(span=m.span, found=found.text, instead=_FOREIGN_OPERATORS[found.text])
    if found.kind == "other" or _is_decorator(m):
        return spelling.UnknownCharacter(span=m.span, found=found.text)
    return None


def _is_decorator(m: Mistake) -> bool:
    return m.found.text == "@" and m.on_new_line and not m.wants_value and not m.after_stage


def _fat_arrow(m: Mistake) -> Diagnostic | None:
    # `x => f`: the sign is cut in two where `=` is taken.
    if m.found.text == ">" and m.top_kind == "EQUAL" and m.top.end == m.found.start:
        span = m.source.span(m.top.start, m.found.end)
        return spelling.ForeignOperator(span=span, found="=>", instead="->")
    return None


def _broken_arrow(m: Mistake) -> Diagnostic | None:
    # `x - > f`, `x --> f`: the sign before is taken for a minus.
    if m.found.text not in (">", "->") or m.top_kind != "MINUS":
        return None
    span = m.source.span(m.top.start, m.found.end)
    is_one = "\n" not in span.text and (m.found.text == ">" or span.text == "-->")
    return spelling.ForeignOperator(span=span, found=span.text, instead="->") if is_one else None


def _is_quotient(m: Mistake) -> bool:
    """Whether one value follows on the line, and no words of a comment."""
    return _ONE_VALUE.fullmatch(m.source.text[m.found.end :].partition("\n")[0]) is not None


_ONE_VALUE: Final = re.compile(r"\s*[\w.]+(?:\([^()]*\))?\s*[)}\],]*")


def _foreign_comment(m: Mistake) -> Diagnostic | None:
    if m.found.text == "/*" or (m.found.text == "//" and not (m.after_stage and _is_quotient(m))):
        return spelling.ForeignComment(span=m.span, found=m.found.text)
    if m.found.kind not in ("word", "sign", "end"):
        return None
    # `width = 64 // the width`: a quotient, until words stand side by side.
    # The second of them may have been read as the beginning of the next statement.
    begun = m.statement[0].start if _is_statement_start(m) and isinstance(m.statement[0], Token) else m.found.start
    line_start = m.source.text.rfind("\n", 0, begun) + 1
    slashes = m.source.text.find("//", line_start, begun)
    words = m.source.text[slashes + 2 : begun]
    if slashes < 0 or '"' in m.source.text[line_start:slashes] or not words.replace(" ", "").isalpha():
        return None
    if m.found.kind == "word" or len(words.split()) > 1:
        return spelling.ForeignComment(span=m.source.span(slashes, slashes + 2), found="//")
    return None


# --- brackets -----------------------------------------------------------------------------------------------------


def _unclosed(m: Mistake, bracket: Token) -> Diagnostic:
    return syntax.UnclosedBracket(
        span=m.span_of(bracket),
        found=m.found.text,
        opening=bracket.text,
        closing=OPENING[bracket.text],
        noticed=m.span,
    )


def _unclosed_at_end(m: Mistake) -> Diagnostic | None:
    if m.found.kind == "end" and m.opened:
        return _unclosed(m, m.opened[-1])
    return None


def _wrong_closing(m: Mistake) -> Diagnostic | None:
    opening = CLOSING.get(m.found.text)
    if opening is None or m.found.kind == "end":
        return None
    if not m.opened:
        return syntax.UnmatchedBracket(span=m.span, found=m.found.text)
    innermost = m.opened[-1]
    if innermost.text == opening:
        return None
    closers = re.match(r"[)\]} \t]*", m.source.text[m.found.start :])
    is_replaced = closers is not None and len(closers.group().replace(" ", "")) >= len(m.opened_here) > 1
    if any(bracket.text == opening for bracket in m.opened) and not is_replaced:
        return _unclosed(m, innermost)
    opened = m.span_of(innermost) if m.opened_here else None
    return syntax.UnmatchedBracket(span=m.span, found=m.found.text, opened=opened)


def _nested_item(m: Mistake) -> Diagnostic | None:
    if m.inside != "statement" or m.opened_here or not m.begins_statement or m.found.text not in ITEM_KEYWORDS:
        return None
    around = next(v for v in reversed(m.values) if isinstance(v, Token) and v.kind in ("BLOCK", "MODEL"))
    if indentation(m.source.text, m.found.start) <= indentation(m.source.text, around.start):
        return None
    return statement_syntax.NestedItem(span=m.span, found=m.found.text)


def _unclosed_before_statement(m: Mistake) -> Diagnostic | None:
    if m.opened and m.begins_statement and m.found.text in ITEM_KEYWORDS:
        return _unclosed(m, m.opened[-1])
    if not m.opened_here or not m.on_new_line:
        return None
    if m.begins_statement or (m.found.kind == "word" and _is_outdented_binding(m)):
        return _unclosed(m, m.opened_here[-1])
    return None


def _unclosed_head(m: Mistake) -> Diagnostic | None:
    if m.found.text == "{" and m.inside == "item" and m.opened_here and "RPAR" in m.expected:
        return _unclosed(m, m.opened_here[-1])
    return None


def _unclosed_before_binding(m: Mistake) -> Diagnostic | None:
    # `f(a` and on the next line `y = …`, or `y: type = …`: the name has been read before its sign shows what it is.
    if m.found.text not in ("=", ":") or not m.opened_here or m.opened_here[-1].text == "{":
        return None
    if m.top_kind not in ("NAME", "ARGUMENT") and not isinstance(m.top, tree.Name):
        return None
    shifted = _moved(m, m.top)
    return _unclosed(shifted, m.opened_here[-1]) if shifted.on_new_line and _is_outdented(shifted) else None


def _moved(m: Mistake, name: Token | tree.Name) -> Mistake:
    """The same mistake, seen at a name before it."""
    span = name.span if isinstance(name, tree.Name) else m.span_of(name)
    found = Found("word", span.text, span.start, span.end)
    return Mistake(m.source, found, m.values, m.expected, m.level, m.inside)


def _is_outdented_binding(m: Mistake) -> bool:
    return begins_binding(m.source.text, m.found.start) and _is_outdented(m)


def _is_outdented(m: Mistake) -> bool:
    """Whether what was found is indented no further than the statement."""
    first = m.statement[0]
    start = first.start if isinstance(first, Token) else _first_node(first).span.start
    text = m.source.text
    return indentation(text, m.found.start) <= indentation(text, start)


def _first_node(value: Any) -> tree.Node:
    while isinstance(value, list):
        value = value[0]
    return value


# --- stages and arrows --------------------------------------------------------------------------------------------


def _wants_stage(m: Mistake) -> bool:
    return "REPEAT" in m.expected


def _no_stage(m: Mistake) -> Diagnostic | None:
    if not _wants_stage(m):
        return None
    missing = m.found.text in ("", "->", ")", "]", "}", ",") or m.begins_statement
    if missing or (m.found.text in STATEMENT_KEYWORDS):
        return statement_syntax.MissingStage(span=m.missing, found=m.found.text, after=m.top.text)
    return statement_syntax.NotAStage(span=m.span, found=m.found.text)


def _binding_as_stage(m: Mistake) -> Diagnostic | None:
    # `x ->` and on the next line `y = …`.
    if m.found.text != "=" or len(m.statement) < 2 or m.top_kind != "NAME":
        return None
    arrow = m.statement[-2]
    if not isinstance(arrow, Token) or arrow.kind != "ARROW":
        return None
    name = _moved(m, m.top)
    if not name.on_new_line:
        return None
    return statement_syntax.MissingStage(span=m.span_of(arrow), found=m.top.text, after="->")


def _binding_in_group(m: Mistake) -> Diagnostic | None:
    """``{ x = block(x) }``."""
    if m.found.text != "=" or len(m.statement) < 2 or m.top_kind != "NAME":
        return None
    brace = m.statement[-2]
    if not isinstance(brace, Token) or brace.kind != "LBRACE":
        return None
    # Habits of other languages are loaded with the first of them.
    from ..diagnostics.foreign_syntax import BindingInGroup

    name = m.span_of(m.top)
    value = found_at(m.source.text, m.found.end, len(m.source.text))
    binding = m.source.span(name.start, value.start)
    return BindingInGroup(span=m.span, found=m.found.text, name=name.text, binding=binding)


def _operator_after_stage(m: Mistake) -> Diagnostic | None:
    if m.after_stage and (m.found.text in _OPERATORS or m.found.text in (".", "[")):
        return statement_syntax.PipelineInOperand(span=m.span, found=m.found.text, pipeline=_pipeline_before(m))
    return None


def _pipeline_before(m: Mistake) -> Span | None:
    """The pipeline whose last stage stands directly before, in the innermost bracket that is open."""
    inner = m.opened_here[-1] if m.opened_here else None
    for before, value in zip(m.statement[-2::-1], m.statement[:0:-1], strict=True):
        if value is inner:
            return None
        if isinstance(value, Token) and value.kind == "ARROW" and isinstance(before, tree.Node):
            return m.source.span(before.span.start, code_end(m.source, m.found.start))
    return None


def _arrow_without_value(m: Mistake) -> Diagnostic | None:
    if m.found.text != "->" or _is_statement_start(m):
        return None
    if m.wants_value or not m.statement or m.top_kind in ("LPAR", "LSQB", "COMMA", "EQUAL", "RETURN"):
        return statement_syntax.ArrowWithoutValue(span=m.span)
    if isinstance(m.top, tree.Type) or (m.top_kind == "RSQB" and m.expected <= _FOLLOWS_STATEMENT):
        return statement_syntax.ArrowWithoutValue(span=m.span)
    return None


_FOLLOWS_STATEMENT: Final = frozenset(
    ["NAME", "RBRACE", "INPUT", "OUTPUT", "PARAMETER", "RETURN", "EXPECT", "FREEZE", "EQUAL", "COMMA", "RPAR", "LSQB"]
)


# --- statements ---------------------------------------------------------------------------------------------------


def _is_statement_start(m: Mistake) -> bool:
    """Whether a name alone has been read of the statement."""
    return m.inside == "statement" and len(m.statement) == 1 and _single_name(m.statement[0]) is not None


def _single_name(value: Any) -> str | None:
    if isinstance(value, Token):
        return value.text if value.kind == "NAME" else None
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], tree.Name):
        return value[0].name
    return None


def _stray_name(m: Mistake) -> Diagnostic | None:
    if not _is_statement_start(m):
        return None
    first = m.statement[0]
    name = _single_name(first) or ""
    place = m.span_of(first) if isinstance(first, Token) else _first_node(first).span
    if m.found.text in _COMPARISONS:
        return syntax.ComparisonAsBinding(span=m.span, name=name, operator=m.found.text)
    foreign = name in ("let", "var", "val", "auto") and m.found.kind == "word"
    augmented = m.found.text in "+-*/%" and m.source.text.startswith("=", m.found.end)
    before = m.values[m.level - 1] if m.level else None
    follows_value = (
        isinstance(before, list)
        and bool(before)
        and isinstance(before[-1], tree.Binding | tree.Output | tree.Return | tree.Expect)
    )
    operator = m.found.text in _OPERATORS or m.found.text in (".", "[")
    if m.found.text == "->" and name in _bound_before(m):
        line = m.source.text[place.start :].partition("\n")[0].partition("#")[0].rstrip()
        return statement_syntax.ValueAlone(span=place, found=m.found.text, start=name, line=line)
    if follows_value and not foreign and not augmented and not operator:
        return statement_syntax.ForgottenArrow(span=place, found=m.found.text, name=name)
    return statement_syntax.NotAStatement(span=place, found=m.found.text + "=" * augmented, start=name)


def _bound_before(m: Mistake) -> set[str]:
    """The names of the inputs and bindings before a statement, and of the arguments of its block."""
    nodes = [node for value in m.values[: m.level] if isinstance(value, list) for node in value]
    targets = [name for node in nodes if isinstance(node, tree.Binding) for name in node.targets]
    names = [node.name for node in nodes if isinstance(node, tree.Input | tree.Formal)]
    return {name.name for name in (*targets, *names)}


def _not_an_item(m: Mistake) -> Diagnostic | None:
    begins = m.expected == {"IMPORT", "CONST", "BLOCK", "MODEL"}
    if m.inside != "item" or (m.statement and not begins) or m.found.kind == "end":
        return None
    return statement_syntax.NotAnItem(span=m.span, found=m.found.text)


def _keyword_statement(m: Mistake) -> Diagnostic | None:
    if m.inside != "statement" or m.statement or m.found.text not in KEYWORDS:
        return None
    behind = found_at(m.source.text, m.found.end, len(m.source.text))
    if behind.text == "=":
        return statement_syntax.KeywordAsName(span=m.span, found=m.found.text)
    return statement_syntax.NotAStatement(span=m.span, found=behind.text, start=m.found.text)


def _keyword_as_name(m: Mistake) -> Diagnostic | None:
    found = m.found.text
    names = "NAME" in m.expected and "RETURN" not in m.expected and not _wants_stage(m)
    if found in KEYWORDS and names and not m.begins_statement:
        return statement_syntax.KeywordAsName(span=m.span, found=found)
    # `input = …`: the keyword has been read as what it is.
    if m.inside != "statement" or len(m.statement) != 1 or not isinstance(m.top, Token):
        return None
    if m.top.text in KEYWORDS and (found in ("=", ",") or (found in (":", ".") and m.top.text != "freeze")):
        return statement_syntax.KeywordAsName(span=m.span_of(m.top), found=m.top.text)
    return None


def _bare_pipeline(m: Mistake) -> Diagnostic | None:
    if m.found.text == "->" and m.after_value and not _is_statement_start(m) and m.expected & {"LBRACE", "RSQB"}:
        return statement_syntax.BarePipeline(span=m.span)
    return None


def _lacks_part(m: Mistake) -> Diagnostic | None:
    if not m.statement or not isinstance(m.statement[0], Token) or m.statement[0].text not in KEYWORDS:
        return None
    if len(m.statement) > 3 or m.wants_value or (m.anchor is not m.statement[0]):
        return None
    keyword = m.statement[0].text
    if keyword in ("return", "expect") or (keyword not in ITEM_KEYWORDS | STATEMENT_KEYWORDS):
        return None
    name = m.span_of(m.top) if m.top_kind == "NAME" and m.found.text == "->" else None
    return statement_syntax.MalformedStatement(
        span=m.missing, found=m.found.text, keyword=keyword, expected=m.expected, value=name
    )


def _lacks_part_of_stage(m: Mistake) -> Diagnostic | None:
    if not m.expected & {"PATH", "LBRACE", "LPAR", "IN", "NAME"}:
        return None
    if len(m.expected) > 3 and "LBRACE" not in m.expected:
        return None
    words = [value.text for value in m.statement[-5:] if isinstance(value, Token) and value.text in _STAGE_WORDS]
    if not words or (m.after_stage and m.top_kind != ""):
        return None
    return statement_syntax.MalformedStatement(span=m.span, found=m.found.text, keyword=words[-1], expected=m.expected)


_STAGE_WORDS: Final = frozenset(["repeat", "for", "reuse", "freeze", "if"])


# --- expressions --------------------------------------------------------------------------------------------------


def _single_equal(m: Mistake) -> Diagnostic | None:
    if m.found.text != "=":
        return None
    for value in reversed(m.statement):
        if not isinstance(value, Token) or value.kind in VALUE_KINDS or value.text in _OPERATORS | {"not"}:
            continue
        if value.kind not in ("EXPECT", "IF"):
            return None
        return syntax.AssignmentInCondition(span=m.span, keyword=value.text)
    return None


def _second_comparison(m: Mistake) -> Diagnostic | None:
    if m.found.text not in _COMPARISONS or m.anchor is None:
        return None
    compared = next((v for v in reversed(m.statement) if isinstance(v, Token) and _weak(v)), None)
    if compared is not None and compared.kind == "COMPARE":
        middle = m.source.text[compared.end : m.found.start].strip()
        return syntax.ComparisonChain(span=m.span, found=m.found.text, middle=middle)
    return None


def _weak(token: Token) -> bool:
    """Whether a token binds no stronger than a comparison."""
    return token.kind not in VALUE_KINDS and token.kind not in ("PLUS", "MINUS", "TIMES", "POWER", "DOT")


def _colon(m: Mistake) -> Diagnostic | None:
    if m.found.text != ":":
        return None
    if "LBRACE" in m.expected and not _wants_stage(m):
        return syntax.ColonForBrace(span=m.span)
    if m.opened_here and m.opened_here[-1].text == "[":
        return syntax.SliceStep(span=m.span)
    if m.top_kind != "NAME" and not isinstance(m.top, tree.Name | tree.Number | tree.Attribute):
        return None
    if m.anchor is not None and m.anchor.text in ITEM_KEYWORDS:
        return None
    span = m.top.span if isinstance(m.top, tree.Node) else m.span_of(m.top)
    name = m.source.text[span.start : m.found.start].strip()
    if m.opened_here and m.opened_here[-1].text == "(" and _is_call(m, m.opened_here[-1]):
        return syntax.ColonForArgument(span=m.span, name=name)
    return statement_syntax.MisplacedLabel(span=m.source.span(span.start, m.found.end), found=m.found.text, name=name)


def _is_call(m: Mistake, bracket: Token) -> bool:
    position = next(i for i, value in enumerate(m.statement) if value is bracket)
    before = m.statement[position - 1] if position else None
    return isinstance(before, Token) and before.kind == "NAME"


def _condition_behind(m: Mistake) -> Diagnostic | None:
    # `a if c else b`
    if m.found.text != "if" or not m.after_value or m.on_new_line:
        return None
    return spelling.ConditionBehind(span=m.span, whole=_value_around(m))


_BEFORE_WHOLE: Final = frozenset({"EQUAL", "LPAR", "LSQB", "COMMA", "RETURN"})


def _value_around(m: Mistake) -> Span | None:
    """The whole of the value in which something was found, up to a sign at which it must end on its line."""
    before = _sign_before(m.statement)
    if before is None or before.kind not in _BEFORE_WHOLE:
        return None
    rest = m.source.text[m.found.start :].partition("\n")[0].partition("#")[0]
    depth = 0
    for index, sign in enumerate(rest):
        depth += (sign in "([{") - (sign in ")]}")
        if depth < 0 or (depth == 0 and sign == ","):
            rest = rest[:index]
            break
    text = m.source.text[before.end : m.found.start + len(rest)]
    start = before.end + len(text) - len(text.lstrip())
    return m.source.span(start, start + len(text.strip()))


def _sign_before(values: Sequence[Any]) -> Token | None:
    """The last sign in front of a pipeline or an operand: none within brackets that are closed, and no arrow."""
    closed = 0
    for value in reversed(values):
        if not isinstance(value, Token):
            continue
        if value.text in CLOSING:
            closed += 1
        elif closed and value.text in OPENING:
            closed -= 1
        elif not closed and value.kind not in VALUE_KINDS and value.kind != "ARROW":
            return value
    return None


def _no_else(m: Mistake) -> Diagnostic | None:
    return syntax.MissingElse(span=m.span, found=m.found.text) if m.expected == {"ELSE"} else None


def _no_value(m: Mistake) -> Diagnostic | None:
    if not m.wants_value or m.top_kind not in _BEFORE_VALUE or (m.begins_value and m.found.kind != "sign"):
        return None
    if m.found.text in KEYWORDS and not m.begins_statement:
        return None
    return syntax.MissingValue(span=m.missing, found=m.found.text, after=m.top.text)


def _side_by_side(m: Mistake) -> Diagnostic | None:
    if not m.begins_value or not m.after_value:
        return None
    name = m.top.name if isinstance(m.top, tree.Name) else m.top.text if m.top_kind == "NAME" else None
    in_list = bool(m.opened_here) and m.opened_here[-1].text == "["
    if name is not None and m.found.kind in ("number", "string") and not m.on_new_line and not in_list:
        return syntax.MissingParentheses(span=m.span, found=m.found.text, name=name)
    if m.opened_here and m.opened_here[-1].text in "([":
        in_list = in_list or _is_call(m, m.opened_here[-1])
        return syntax.MissingComma(span=m.span, found=m.found.text, in_list=in_list)
    return None


_RULES: tuple[Rule, ...] = (
    _malformed_word,
    _fat_arrow,
    _broken_arrow,
    _foreign_comment,
    _unclosed_at_end,
    _wrong_closing,
    _nested_item,
    _unclosed_head,
    _unclosed_before_statement,
    _unclosed_before_binding,
    _not_an_item,
    _keyword_statement,
    _stray_name,
    _no_else,
    _arrow_without_value,
    _no_stage,
    _binding_as_stage,
    _binding_in_group,
    _operator_after_stage,
    _single_equal,
    _colon,
    _second_comparison,
    _keyword_as_name,
    _bare_pipeline,
    _no_value,
    _condition_behind,
    _lacks_part,
    _side_by_side,
    _lacks_part_of_stage,
)
