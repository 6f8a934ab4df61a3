"""Diagnostics of items, statements, pipelines and labels that the grammar does not take.

Codes E110 to E117, E123, E124, E129, E137 and E139.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Final

from ..records import record
from ..source import Span
from .base import Diagnostic
from .fixes import Edit, Fix, Safety, closing_bracket, code_end, enclosing, inserting, replacing
from .syntax_wording import FoundDiagnostic, expected_words, piece


@record
class KeywordAsName(FoundDiagnostic):
    """A keyword of the language stands where a name is needed.

    Keywords may be labels, attributes and names of arguments, nothing else. They are: `import from const model block
    input output parameter return expect freeze if else for in repeat reuse and or not true false`.

    ```nn
    block twice(input) { return input -> relu -> relu }
    ```

    ```nn
    block twice(x) { return x -> relu -> relu }
    ```
    """

    code: ClassVar[str] = "E110"
    message: ClassVar[str] = "`{found}` is a keyword and cannot be used as a name here"
    label: ClassVar[str] = "a keyword"
    remedy: ClassVar[str] = "choose another name, such as `{found}_` or `x`"


@record
class ForgottenArrow(FoundDiagnostic):
    """A layer follows a value without an arrow between them.

    No separators stand between statements, so the layer looks like the start of a new statement, and only the sign
    after it shows that it is none.

    ```nn
    model tiny() {
        input x: float32[N, 4]
        output y = x
            dense(2) -> softmax
    }
    ```

    ```nn
    model tiny() {
        input x: float32[N, 4]
        output y = x
            -> dense(2) -> softmax
    }
    ```

    Attributes:
        name: what stands without an arrow.
    """

    code: ClassVar[str] = "E111"
    message: ClassVar[str] = "`->` seems to be missing before `{name}`"
    label: ClassVar[str] = "neither a stage nor a statement"
    remedy: ClassVar[str] = (
        "write `-> {name}` to go on from the value before it, or `some_name = {name}…` to bind a new value"
    )

    name: str

    def fix(self) -> Fix | None:
        """The arrow; a new value may be meant as well."""
        return None if self.span is None else inserting(self.span.source, self.span.start, "-> ", Safety.UNSAFE)


@record
class NotAStatement(FoundDiagnostic):
    """A line of a body is no statement.

    Statements are `input`, `parameter`, `output`, `return`, `expect`, `freeze` and bindings, `name = value`. A value
    alone does nothing.

    ```nn
    model tiny() {
        input x: float32[N, 4]
        x -> dense(2)
    }
    ```

    ```nn
    model tiny() {
        input x: float32[N, 4]
        output y = x -> dense(2)
    }
    ```

    Attributes:
        start: the word with which the line begins.
    """

    code: ClassVar[str] = "E112"
    message: ClassVar[str] = "no statement begins like this: `{start}` is followed by {found_words}"
    label: ClassVar[str] = "not a statement"
    remedy: ClassVar[str] = "{advice_text}"

    start: str

    @property
    def advice_text(self) -> str:
        """What to do."""
        if self.start == "if":
            condition = self._line if re.fullmatch(r"if .+", self._line) else "if c"
            return f"`if` is a value with both branches: `y = {condition} {{ a }} else {{ b }}`"
        if self.start in ("for", "repeat"):
            return f"`{self.start}` is a stage: `y = x -> {self._loop} {{ … }}`"
        if self.start in _FOREIGN_DECLARATIONS:
            return "a binding needs no keyword: `name = value`"
        if self.found in _AUGMENTED:
            return f"names are bound once: give the new value a new name, `{self._sum}`, and go on with that"
        return "bind the value with `name = …`, or give it out with `output name = …` or `return …`"

    @property
    def _line(self) -> str:
        """The rest of the line, without what opens a body."""
        if self.span is None:
            return self.start
        line = self.span.source.text[self.span.start :].partition("\n")[0].partition("#")[0]
        return piece(line.partition("{")[0].rstrip().removesuffix(":"))

    @property
    def _loop(self) -> str:
        """The head of the loop as it is written, or as one is."""
        return self._line if re.fullmatch(r"(?:for [\w, ]+ in|repeat ?\().*", self._line) else f"{self.start} …"

    @property
    def _sum(self) -> str:
        """`x += y` as a binding of a new name."""
        _, sign, added = self._line.partition(self.found)
        return f"new_{self.start} = {self.start} {sign[0]} {added.strip()}" if sign and added.strip() else "y = x + 1"

    def fix(self) -> Fix | None:
        """The binding without a keyword."""
        return _without_word(self.span) if self.start in _FOREIGN_DECLARATIONS else None


@record
class ValueAlone(NotAStatement):
    """A pipeline stands alone, so that its result has no name: `x -> relu`."""

    message: ClassVar[str] = "the result of this pipeline has no name"
    label: ClassVar[str] = "a value alone"
    remedy: ClassVar[str] = "write `name = {written}`, or `output name = {written}`"

    line: str

    @property
    def written(self) -> str:
        """The pipeline, as far as it stands on the line."""
        return piece(self.line) or f"{self.start} -> …"


_FOREIGN_DECLARATIONS: Final = frozenset({"let", "var", "val", "auto"})
_AUGMENTED: Final = frozenset(["+=", "-=", "*=", "/=", "%="])


def _without_word(word: Span | None) -> Fix | None:
    """The fix that takes a word out, with the blanks behind it."""
    if word is None:
        return None
    behind = word.source.text[word.end :]
    return replacing(word.source.span(word.start, word.end + len(behind) - len(behind.lstrip())), "")


#: How other languages begin what is a block or a model here.
_FOREIGN_ITEMS: Final = frozenset(
    ["def", "class", "func", "function", "fn", "fun", "module", "network", "net", "layer", "struct"]
)


@record
class NotAnItem(FoundDiagnostic):
    """Something stands at the top level of a file that belongs inside of a model or block, or nowhere.

    A file is a list of `import`, `const`, `block` and `model` items.

    ```nn
    width = 64
    ```

    ```nn
    const width = 64
    ```
    """

    code: ClassVar[str] = "E113"
    message: ClassVar[str] = "{found_words} cannot stand at the top level of a file"
    label: ClassVar[str] = "expected `import`, `const`, `block` or `model`"
    remedy: ClassVar[str] = "{advice_text}"

    @property
    def advice_text(self) -> str:
        """What to do."""
        if self.found in _FOREIGN_ITEMS:
            return self._item
        if self.found == "from":
            return f"an import is written `{self._import}`"
        if self.found in _FOREIGN_DECLARATIONS:
            return "a value for the whole file is written `const name = value`"
        if self.found.lower() in ("import", "const", "block", "model"):
            return f"write `{self.found.lower()}`, in small letters"
        return "statements stand inside of `model name() { … }`; a value for the whole file is `const name = value`"

    @property
    def _import(self) -> str:
        """The import with the names and the file that are written."""
        behind = self.span.source.text[self.span.end :].partition("\n")[0] if self.span is not None else ""
        parts = re.match(r"[ \t]+([\w.]*\w)[ \t]+import[ \t]+(\w+(?:[ \t]*,[ \t]*\w+)*)[ \t]*(?:#|\r|\Z)", behind)
        if parts is None:
            return 'import name from "file.nn"'
        return f'import {parts.group(2)} from "{parts.group(1).replace(".", "/")}.nn"'

    @property
    def _item(self) -> str:
        """How a function or a class is written, under its name and with its arguments."""
        block, model = "block name(x, width: int) { return … }", "model name() { … }"
        behind = self.span.source.text[self.span.end :].partition("\n")[0] if self.span is not None else ""
        head = re.match(r"[ \t]+(\w+)[ \t]*(\([^()]*\))?", behind)
        if head is not None and self.found in _FOREIGN_FUNCTIONS and head.group(2):
            arguments = re.sub(r"\A\([ \t]*self[ \t]*,?[ \t]*", "(", head.group(2))
            block = f"block {head.group(1)}{piece(arguments)} {{ return … }}"
        elif head is not None and self.found not in _FOREIGN_FUNCTIONS:
            model = f"model {head.group(1)} {{ … }}"
        return f"a reusable part is written `{block}`, a network `{model}`"

    def fix(self) -> Fix | None:
        """The word of this language for that of another, or the one that a value for the whole file lacks."""
        if self.span is None:
            return None
        behind = self.span.source.text[self.span.end :].partition("\n")[0]
        if self.found in _FOREIGN_DECLARATIONS:
            return replacing(self.span, "const")
        if self.found.lower() in ("import", "const", "block", "model"):
            return replacing(self.span, self.found.lower())
        head = re.match(r"[ \t]+\w+[ \t]*\((?P<receiver>[ \t]*self[ \t]*,?[ \t]*)?", behind)
        if self.found in _FOREIGN_FUNCTIONS and head is not None:
            source, end = self.span.source, self.span.end
            receiver = source.span(end + head.start("receiver"), end + head.end("receiver"))
            edits = (Edit(self.span, "block"), Edit(receiver, "")) if head["receiver"] else (Edit(self.span, "block"),)
            return Fix(edits, Safety.UNSAFE)
        if re.match(r"[ \t]*(?::[^=]*)?=(?!=)", behind) and "->" not in behind and self.found.isidentifier():
            return inserting(self.span.source, self.span.start, "const ", Safety.UNSAFE)
        return None


#: Those of the words above that begin what has arguments.
_FOREIGN_FUNCTIONS: Final = frozenset(["def", "func", "function", "fn", "fun"])


@record
class NestedItem(FoundDiagnostic):
    """An item stands inside of a block or model.

    Blocks, models, constants and imports stand side by side at the top level of a file.

    ```nn
    block outer(x) {
        block inner(y) { return y -> relu }
        return x -> inner
    }
    ```

    ```nn
    block inner(y) { return y -> relu }
    block outer(x) { return x -> inner }
    ```
    """

    code: ClassVar[str] = "E137"
    message: ClassVar[str] = "`{found}` cannot stand inside of a block or model"
    label: ClassVar[str] = "belongs at the top level of the file"
    remedy: ClassVar[str] = "{advice_text}"

    @property
    def advice_text(self) -> str:
        """What to do."""
        if self.found == "const":
            return "inside of a body a value is bound without a keyword, `name = value`"
        return "move it to the top level of the file, or close what stands before it with `}`"

    def fix(self) -> Fix | None:
        """The binding without a keyword."""
        return _without_word(self.span) if self.found == "const" else None


#: How the statements and items are written.
_FORMS: Final[Mapping[str, str]] = {
    "import": 'import name, other from "file.nn"',
    "const": "const name = value",
    "block": "block name(x, width: int) { … }",
    "model": "model name(classes: int = 10) { … }",
    "input": "input name: float32[N, 3]",
    "output": "output name = value",
    "parameter": "parameter name: float32[3] = constant(1.0)",
    "return": "return value",
    "expect": "expect params <= 5M",
    "freeze": "freeze label, label",
    "for": "for name in list { … }",
    "repeat": "repeat(n) { … }",
    "reuse": "reuse(label)",
    "if": "if condition { a } else { b }",
}


@record
class MalformedStatement(FoundDiagnostic):
    """A statement or an item lacks a part.

    The message shows how it is written.

    ```nn
    model tiny() {
        input x
        output x -> dense(2)
    }
    ```

    ```nn
    model tiny() {
        input x: float32[N, 4]
        output y = x -> dense(2)
    }
    ```

    Attributes:
        keyword: with which it begins.
        expected: the terminals of the grammar that could stand there.
    """

    code: ClassVar[str] = "E129"
    message: ClassVar[str] = "`{keyword}` is written `{form}`, but {found_words} stands where {expected_words} should"
    label: ClassVar[str] = "expected {expected_words}{behind}"
    remedy: ClassVar[str] = "{advice_text}"

    keyword: str
    expected: frozenset[str]
    value: Span | None = None  #: what begins a pipeline in the place of a name

    @property
    def behind(self) -> str:
        """On which side of the place, where that is the last thing before the mistake."""
        return " behind this" if self.span is not None and self.span.text != self.found else ""

    def fix(self) -> Fix | None:
        """A name for what an output is."""
        if self.value is None or self.keyword != "output":
            return None
        return inserting(self.value.source, self.value.start, "y = ", Safety.UNSAFE)

    @property
    def advice_text(self) -> str:
        """How the statement is written with what there is of it already."""
        before = "" if self.span is None else self.span.source.text[: self.span.start]
        written = before[max(before.rfind(self.keyword), 0) :].strip()
        if re.fullmatch(r"parameter\s+\w+\s*:\s*\w+\[[^\]\n]*\]", written):
            return f"write how it begins, as in `{written} = normal(std=0.02)`"
        output = re.fullmatch(r"output\s+(\w+)", written)
        if output is not None and self.found != "->":
            name = output[1]
            return f"write `output {name} = …` where the value is made, or `output y = {name}` if it has that name"
        return f"write `{self.form}`"

    @property
    def form(self) -> str:
        """How it is written."""
        return _FORMS[self.keyword]

    @property
    def expected_words(self) -> str:
        """What could stand there, in plain words."""
        return expected_words(self.expected)


@record
class PipelineInOperand(FoundDiagnostic):
    """An operator, an index or an attribute follows a stage of a pipeline.

    The arrow binds weakest of all, so a pipeline that takes part in a larger expression stands in parentheses.

    ```nn
    block residual(x) { return x -> relu + x }
    ```

    ```nn
    block residual(x) { return (x -> relu) + x }
    ```

    Attributes:
        pipeline: the pipeline that it follows, where its beginning is known.
    """

    code: ClassVar[str] = "E114"
    message: ClassVar[str] = "{found_words} cannot follow a stage of a pipeline"
    label: ClassVar[str] = "the arrow binds weaker than this"
    remedy: ClassVar[str] = "put the pipeline in parentheses, `(x -> f) {found} …`, or bind it to a name first"

    pipeline: Span | None = None

    def fix(self) -> Fix | None:
        """The parentheses."""
        return None if self.pipeline is None else enclosing(self.pipeline, "(", ")")


@record
class BarePipeline(Diagnostic):
    """A pipeline stands where it needs parentheses: in a subscript, a condition, or the list of a loop.

    ```nn
    block wide(x) { return if x -> f { x } else { x -> relu } }
    ```
    """

    code: ClassVar[str] = "E139"
    message: ClassVar[str] = "a pipeline needs parentheses here"
    label: ClassVar[str] = "an arrow cannot go on from here"
    remedy: ClassVar[str] = "write `(x -> f)`, or bind the pipeline to a name first"


@record
class MissingStage(FoundDiagnostic):
    """An arrow, or a label, is not followed by a layer, a block or a group.

    ```nn
    model tiny() {
        input x: float32[N, 4]
        output y = x -> dense(2) ->
    }
    ```

    Attributes:
        after: the arrow, or the sign before the missing stage.
    """

    code: ClassVar[str] = "E115"
    message: ClassVar[str] = "a stage is missing: `{after}` is followed by {found_words}"
    label: ClassVar[str] = "a layer, a block or a group should stand {side} this"
    remedy: ClassVar[str] = "name a layer or a block there, or remove `{after}`"

    after: str

    @property
    def side(self) -> str:
        """On which side of the place: at the end of a line, that is the sign before."""
        return "behind" if self.span is not None and self.span.text == self.after else "before"

    def fix(self) -> Fix | None:
        """No arrow."""
        if self.span is None or self.after != "->":
            return None
        source = self.span.source
        end = self.span.end if self.side == "behind" else code_end(source, self.span.start)
        start = code_end(source, end - len(self.after))
        return replacing(source.span(start, end), "", Safety.UNSAFE) if source.text[start:end].strip() == "->" else None


@record
class NotAStage(FoundDiagnostic):
    """An arrow leads into something that is no layer, block or group.

    Stages are `name`, `name(arguments)`, `{ … }`, `repeat(n) { … }`, `for c in list { … }` and `reuse(label)`,
    each with a label before it if wanted. Operators, `if` and values are no stages.

    ```nn
    block choose(x, deep: bool) {
        return x -> if deep { dense(64) -> relu } else { relu }
    }
    ```

    ```nn
    block choose(x, deep: bool) {
        return if deep { x -> dense(64) -> relu } else { x -> relu }
    }
    ```
    """

    code: ClassVar[str] = "E116"
    message: ClassVar[str] = "{found_words} is no stage"
    label: ClassVar[str] = "expected a layer, a block or a group"
    remedy: ClassVar[str] = "{advice_text}"

    @property
    def advice_text(self) -> str:
        """What to do."""
        if self.found == "if":
            return (
                "`if` is a value, not a stage: `y = if c { x -> f } else { x -> g }`; "
                "within a loop or a group, call a block that returns this"
            )
        if self.found in ("+", "-", "*", "/", "//", "%", "**"):
            return f"operators are no stages and carry no label: write `(x -> f) {self.found} y`"
        if self.found == "(":
            return "an arrow leads into the name of a layer or block; a group of stages stands in braces `{ … }`"
        return "an arrow leads into the name of a layer or block, with its arguments in parentheses: `x -> dense(64)`"

    def fix(self) -> Fix | None:
        """Braces for the parentheses of a group."""
        closing = closing_bracket(self.span) if self.found == "(" and self.span is not None else None
        if self.span is None or closing is None:
            return None
        return Fix((Edit(self.span, "{ "), Edit(closing, " }")), Safety.UNSAFE)


@record
class ArrowWithoutValue(Diagnostic):
    """An arrow has no value on its left.

    ```nn
    model tiny() {
        input x: float32[N, 4]
            -> dense(2)
    }
    ```

    ```nn
    model tiny() {
        input x: float32[N, 4]
        output y = x -> dense(2)
    }
    ```
    """

    code: ClassVar[str] = "E117"
    message: ClassVar[str] = "nothing stands on the left of this arrow"
    label: ClassVar[str] = "what flows in here?"
    remedy: ClassVar[str] = "begin with the value that flows in: `y = x -> …`"


@record
class ReservedStage(FoundDiagnostic):
    """`loop` and `scan` are kept for later versions of the language.

    Folding a group a fixed number of times is `repeat(n) { … }`, over a list `for c in list { … }`; running over the
    steps of a sequence is what the recurrent layers do.

    ```nn
    block deep(x) { return x -> loop(3) }
    ```
    """

    code: ClassVar[str] = "E123"
    message: ClassVar[str] = "`{found}` is reserved and names no layer or block"
    label: ClassVar[str] = "reserved"
    remedy: ClassVar[str] = "use `repeat(n) {{ … }}` or `for c in list {{ … }}`, or choose another name for a block"


@record
class MisplacedLabel(FoundDiagnostic):
    """A label stands where none can stand.

    A label stands before a stage: after an arrow, or at the start of a group. The head of an expression carries none,
    nor do operators, so a merge is labelled by writing its first operand before the arrow.

    ```nn
    block merge(q, k) { return mix: concat(q, k) }
    ```

    ```nn
    block merge(q, k) { return q -> mix: concat(k) }
    ```

    Attributes:
        name: what looks like a label.
    """

    code: ClassVar[str] = "E124"
    message: ClassVar[str] = "a label cannot stand here: `{name}:`"
    label: ClassVar[str] = "labels stand after `->` or at the start of a group"
    remedy: ClassVar[str] = (
        "write `x -> {name}: layer(…)`, the first operand before the arrow; operators carry no label"
    )

    name: str
