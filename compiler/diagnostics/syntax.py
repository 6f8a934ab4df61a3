"""Diagnostics of the grammar at large: brackets, values, calls and conditions.

Codes E101 to E104, E118 to E122, E125 to E128 and E138. What is wrong with items, statements and pipelines is in
``statement_syntax.py``, with characters and words in ``spelling.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from ..records import record
from ..source import Span
from .base import Diagnostic, Label
from .fixes import Edit, Fix, Safety, code_end, inserting, removing, replacing, without_argument
from .syntax_wording import FoundDiagnostic, expected_words

_CLOSING: Final[Mapping[str, str]] = {"(": ")", "[": "]", "{": "}"}


@record
class UnexpectedToken(FoundDiagnostic):
    """Something stands where the grammar has no place for it.

    The message says what could stand there instead.

    ```nn
    const first = [16, 32].0
    ```

    ```nn
    const first = [16, 32][0]
    ```

    Attributes:
        expected: the terminals of the grammar that could stand there.
    """

    code: ClassVar[str] = "E101"
    message: ClassVar[str] = "expected {expected_words}, but found {found_words}"
    label: ClassVar[str] = "not expected here"
    remedy: ClassVar[str] = "write {expected_words} here, or look for a slip just before"

    expected: frozenset[str]

    @property
    def expected_words(self) -> str:
        """What could stand there, in plain words."""
        return expected_words(self.expected)


@record
class ExpectedBehind(UnexpectedToken):
    """Something is missing at the end of a line: it is told there, and not of the line that comes next."""

    label: ClassVar[str] = "missing behind this"
    remedy: ClassVar[str] = "write {expected_words} behind it, or look for a slip just before"


@record
class MissingValue(FoundDiagnostic):
    """A value is missing: after `=`, after an operator, between commas or brackets.

    ```nn
    const width =
    const depth = 4
    ```

    ```nn
    const width = 64
    const depth = 4
    ```

    Attributes:
        after: the text just before the place.
    """

    code: ClassVar[str] = "E102"
    message: ClassVar[str] = "a value is missing: `{after}` is followed by {found_words}"
    label: ClassVar[str] = "a value should stand {side} this"
    remedy: ClassVar[str] = "write a number, a string, a list, a name or a call after `{after}`"

    after: str

    @property
    def side(self) -> str:
        """On which side of the place: at the end of a line, that is the sign before."""
        return "behind" if self.span is not None and self.span.text == self.after else "before"


@record
class UnclosedBracket(FoundDiagnostic):
    """A bracket is opened and never closed.

    The message points at the bracket that was opened; a second place shows where its closing one was missed.

    ```nn
    model tiny() {
        input x: float32[N, 4]
        output y = x -> dense(2
    }
    ```

    ```nn
    model tiny() {
        input x: float32[N, 4]
        output y = x -> dense(2)
    }
    ```

    Attributes:
        opening: the bracket.
        closing: the bracket that would close it.
        noticed: the place where it should have been closed at the latest.
    """

    code: ClassVar[str] = "E103"
    message: ClassVar[str] = "`{opening}` is never closed"
    label: ClassVar[str] = "opened here"
    remedy: ClassVar[str] = "write the missing `{closing}` before {found_words}"

    opening: str
    closing: str
    noticed: Span

    def fix(self) -> Fix | None:
        """The closing bracket where it is missed at the latest; a brace has a line of its own."""
        source = self.noticed.source
        end = code_end(source, self.noticed.start)
        if self.span is None or end < self.span.end:
            return None
        is_apart = self.opening == "{" and "\n" in source.text[self.span.end : end]
        closing = f"\n{_indent(self.span)}}}" if is_apart else " }" if self.opening == "{" else self.closing
        return inserting(source, end, closing, Safety.UNSAFE)

    def labels(self) -> tuple[Label, ...]:
        """Where it was missed."""
        return (Label(self.noticed, f"`{self.closing}` is missing before this"),)

    def notes(self) -> tuple[str, ...]:
        """Blocks do not nest."""
        if self.opening == "{" and self.found in ("model", "block", "const", "import"):
            return (f"`{self.found}` stands at the top level of a file, never inside of braces",)
        return ()


@record
class UnmatchedBracket(FoundDiagnostic):
    """A bracket is closed that was never opened, or was opened as another kind of bracket.

    ```nn
    const sizes = [1, 2, 3)
    ```

    ```nn
    const sizes = [1, 2, 3]
    ```

    Attributes:
        opened: the place of the innermost bracket that is open, if there is one.
    """

    code: ClassVar[str] = "E104"
    message: ClassVar[str] = "`{found}` closes nothing"
    label: ClassVar[str] = "{blame}"
    remedy: ClassVar[str] = "{advice_text}"

    opened: Span | None = None

    @property
    def blame(self) -> str:
        """What stands beside the caret."""
        return "no bracket is open here" if self.opened is None else f"`{self.opened.text}` cannot be closed by this"

    @property
    def advice_text(self) -> str:
        """What to do."""
        if self.opened is None:
            return f"remove this `{self.found}`, or look for one too many above"
        return f"close `{self.opened.text}` with `{_CLOSING[self.opened.text]}`, or remove this `{self.found}`"

    def fix(self) -> Fix | None:
        """The bracket that closes what is open, or none."""
        if self.opened is None:
            return removing(self.span, Safety.UNSAFE)
        return replacing(self.span, _CLOSING[self.opened.text], Safety.UNSAFE)

    def labels(self) -> tuple[Label, ...]:
        """The bracket that is open."""
        return () if self.opened is None else (Label(self.opened, "this bracket is open"),)


@record
class MissingParentheses(FoundDiagnostic):
    """Arguments follow a name without parentheses.

    ```nn
    block feature(x) { return x -> conv2d 32 }
    ```

    ```nn
    block feature(x) { return x -> conv2d(32, kernel=3) }
    ```

    Attributes:
        name: what is called.
    """

    code: ClassVar[str] = "E118"
    message: ClassVar[str] = "the arguments of `{name}` need parentheses"
    label: ClassVar[str] = "an argument without parentheses"
    remedy: ClassVar[str] = "write `{name}({found})`"

    name: str

    def fix(self) -> Fix | None:
        """The parentheses; certain where no further argument follows."""
        if self.span is None:
            return None
        source, text = self.span.source, self.span.source.text
        end = code_end(source, self.span.start)
        follows = text[self.span.end :].lstrip(" \t")[:1]
        edits = Edit(source.span(end, self.span.start), "("), Edit(source.span(self.span.end, self.span.end), ")")
        return Fix(edits, Safety.SAFE if follows in "\r\n-#})" else Safety.UNSAFE)


@record
class AssignmentInCondition(Diagnostic):
    """A condition says `=`, which binds, where it means `==`, which compares.

    ```nn
    model tiny() {
        input x: float32[N, 4]
        output y = x -> dense(2)
        expect params = 10
    }
    ```

    ```nn
    model tiny() {
        input x: float32[N, 4]
        output y = x -> dense(2)
        expect params == 10
    }
    ```

    Attributes:
        keyword: ``expect`` or ``if``.
    """

    code: ClassVar[str] = "E119"
    message: ClassVar[str] = "`{keyword}` compares with `==`; a single `=` binds a name"
    label: ClassVar[str] = "write `==`"
    remedy: ClassVar[str] = "write `==`"

    keyword: str

    def fix(self) -> Fix | None:
        """Double the sign."""
        return replacing(self.span, "==")


@record
class ComparisonAsBinding(Diagnostic):
    """A statement says `==`, which compares, where it means `=`, which binds.

    ```nn
    block double(width: int) { wide == 2 * width return wide }
    ```

    ```nn
    block double(width: int) { wide = 2 * width return wide }
    ```

    Attributes:
        name: the name that was to be bound.
        operator: the comparison.
    """

    code: ClassVar[str] = "E120"
    message: ClassVar[str] = "`{name} {operator} …` compares and does nothing else; a binding has a single `=`"
    label: ClassVar[str] = "a comparison"
    remedy: ClassVar[str] = "write `{name} = …` to bind, or `expect {name} {operator} …` to state that it holds"

    name: str
    operator: str

    def fix(self) -> Fix | None:
        """A single sign, or for the other comparisons the statement that it holds."""
        if self.operator == "==":
            return replacing(self.span, "=", Safety.UNSAFE)
        if self.span is None:
            return None
        start = code_end(self.span.source, self.span.start) - len(self.name)
        return inserting(self.span.source, start, "expect ", Safety.UNSAFE)


@record
class ComparisonChain(FoundDiagnostic):
    """Comparisons do not chain.

    ```nn
    const fine = 0 < 1 < 2
    ```

    ```nn
    const fine = 0 < 1 and 1 < 2
    ```

    Attributes:
        middle: what stands between the two signs.
    """

    code: ClassVar[str] = "E121"
    message: ClassVar[str] = "comparisons do not chain"
    label: ClassVar[str] = "a second comparison"
    remedy: ClassVar[str] = "join two comparisons: `… and {middle} {found} …`"

    middle: str = ""

    def fix(self) -> Fix | None:
        """Two comparisons of what stands between the signs."""
        if self.span is None or not self.middle:
            return None
        return inserting(self.span.source, self.span.start, f"and {self.middle} ")


@record
class PositionalAfterNamed(Diagnostic):
    """An argument without a name follows one with a name.

    ```nn
    block feature(x) { return x -> conv2d(kernel=3, 32) }
    ```

    ```nn
    block feature(x) { return x -> conv2d(32, kernel=3) }
    ```

    Attributes:
        function: what is called.
        named: the argument with a name that stands before.
    """

    code: ClassVar[str] = "E122"
    message: ClassVar[str] = "in `{function}(…)` an argument without a name follows one with a name"
    label: ClassVar[str] = "this argument has no name"
    remedy: ClassVar[str] = "move it before `{named_text}`, or give it its name"

    function: str
    named: Span

    @property
    def named_text(self) -> str:
        """The argument before."""
        text = self.named.text
        return text if len(text) <= 32 else text[:29] + "…"

    def fix(self) -> Fix | None:
        """The argument before the named ones; it may have a name as well."""
        without = without_argument(self.span)
        if self.span is None or without is None:
            return None
        moved = inserting(self.span.source, self.named.start, f"{self.span.text}, ")
        return Fix((*moved.edits, *without.edits), Safety.UNSAFE)

    def labels(self) -> tuple[Label, ...]:
        """The argument before."""
        return (Label(self.named, "named arguments begin here"),)


@record
class ColonForArgument(Diagnostic):
    """A named argument is written with `:` instead of `=`.

    ```nn
    block feature(x) { return x -> conv2d(32, kernel: 3) }
    ```

    ```nn
    block feature(x) { return x -> conv2d(32, kernel=3) }
    ```

    Attributes:
        name: the argument.
    """

    code: ClassVar[str] = "E125"
    message: ClassVar[str] = "a named argument is written with `=`"
    label: ClassVar[str] = "write `=`"
    remedy: ClassVar[str] = "write `{name}=…`"

    name: str

    def fix(self) -> Fix | None:
        """Replace the sign and the blanks around it."""
        if self.span is None:
            return None
        source, text = self.span.source, self.span.source.text
        behind = len(text) - len(text[self.span.end :].lstrip(" \t"))
        return replacing(source.span(code_end(source, self.span.start), behind), "=")


@record
class ColonForBrace(Diagnostic):
    """A colon opens what braces should hold, as in Python.

    ```nn
    model tiny():
        input x: float32[N, 4]
    ```

    ```nn
    model tiny() {
        input x: float32[N, 4]
        output y = x -> dense(2)
    }
    ```
    """

    code: ClassVar[str] = "E126"
    message: ClassVar[str] = "what follows stands in braces, not behind a colon"
    label: ClassVar[str] = "write `{{`"
    remedy: ClassVar[str] = "write `{{` here, and `}}` at the end of the part"

    def fix(self) -> Fix | None:
        """The braces around the lines that are indented further, where nothing else stands on this one."""
        if self.span is None or self.span.source.line(self.span.line)[self.span.column :].partition("#")[0].strip():
            return None
        source = self.span.source
        opening = Edit(source.span(code_end(source, self.span.start), self.span.end), " {")
        end, behind = _part_below(self.span)
        if behind.startswith("}"):
            return Fix((opening,), Safety.UNSAFE)
        return Fix((opening, Edit(source.span(end, end), f"\n{_indent(self.span)}}}")), Safety.UNSAFE)


def _indent(place: Span) -> str:
    """The blanks at the head of the line of a place."""
    line = place.source.line(place.line)
    return line[: len(line) - len(line.lstrip())]


def _part_below(head: Span) -> tuple[int, str]:
    """Where the lines end that are indented further than that of a place, and what stands behind them."""
    first, *lines = head.source.text[head.end :].split("\n")
    end = offset = head.end + len(first)
    for line in lines:
        offset += 1 + len(line)
        if not line.strip():
            continue
        if len(line) - len(line.lstrip()) <= len(_indent(head)):
            return end, line.strip()
        end = offset
    return end, ""


@record
class MissingComma(FoundDiagnostic):
    """Two values stand side by side in brackets.

    ```nn
    const sizes = [16 32]
    ```

    ```nn
    const sizes = [16, 32]
    ```

    Attributes:
        in_list: the brackets hold a list, of values or of arguments, so that nothing but a comma can be meant.
    """

    code: ClassVar[str] = "E127"
    message: ClassVar[str] = "a comma is missing before {found_words}"
    label: ClassVar[str] = "a second value"
    remedy: ClassVar[str] = "{advice_text}"

    in_list: bool = False

    @property
    def advice_text(self) -> str:
        """What to do; `a if c else b` is a condition in Python."""
        either = "; a condition stands first: `if c { a } else { b }`" if self.found == "if" else ""
        return f"write `,` between the two{either}"

    def fix(self) -> Fix | None:
        """The comma, in a list or among the arguments of a call."""
        if self.span is None or not self.in_list or self.found == "if":
            return None
        return inserting(self.span.source, code_end(self.span.source, self.span.start), ",")


@record
class MissingElse(FoundDiagnostic):
    """An `if` lacks its `else`.

    An `if` is a value, so it needs one in either case.

    ```nn
    block choose(x, deep: bool) { return if deep { x -> relu } }
    ```

    ```nn
    block choose(x, deep: bool) { return if deep { x -> relu } else { x } }
    ```
    """

    code: ClassVar[str] = "E128"
    message: ClassVar[str] = "`if` needs an `else`: it is a value, whatever its condition says"
    label: ClassVar[str] = "expected `else`"
    remedy: ClassVar[str] = "{advice_text}"

    @property
    def advice_text(self) -> str:
        """What to do."""
        if self.found in _ELSE_IF:
            return "write `else if`"
        return "add `else { … }`, with `else { x }` where nothing is to change"

    def fix(self) -> Fix | None:
        """Two words for the one of other languages."""
        return replacing(self.span, "else if") if self.found in _ELSE_IF else None


_ELSE_IF: Final = frozenset({"elif", "elseif", "elsif"})


@record
class SliceStep(Diagnostic):
    """A slice has a second colon.

    Slices have a start and an end, and no step.

    ```nn
    block every_second(x) { return x[:, 0:10:2] }
    ```
    """

    code: ClassVar[str] = "E138"
    message: ClassVar[str] = "a slice has no step"
    label: ClassVar[str] = "a second colon"
    remedy: ClassVar[str] = "{advice_text}"

    @property
    def advice_text(self) -> str:
        """What to do; with a step of -1 an axis is reversed."""
        behind = self.span.source.text[self.span.end :].lstrip() if self.span is not None else ""
        reverse = "; an axis is reversed by `-> flip(axis=1)`" if behind.startswith("-1") else ""
        return f"write `start:end`{reverse}"
