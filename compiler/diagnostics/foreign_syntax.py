"""Diagnostics of what other languages write in another way: tuples, f-strings, lambdas, statements of Python.

Codes E142 to E154.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar, Final

from ..records import record
from ..source import Span
from .base import Diagnostic
from .fixes import Edit, Fix, Safety, removing, replacing
from .other_files import BEGIN
from .removals import without_lines
from .statement_syntax import NotAStage
from .syntax_wording import FoundDiagnostic, piece


@record
class ForeignTuple(Diagnostic):
    """Several values stand in parentheses, as a tuple of Python.

    A list stands in square brackets. Results of a block stand behind `return` without any.

    ```nn
    block feature(x) { return x -> conv2d(8, kernel=(3, 5)) }
    ```

    ```nn
    block feature(x) { return x -> conv2d(8, kernel=[3, 5]) }
    ```

    Attributes:
        closing: the parenthesis at the end.
        returned: they stand behind `return`.
    """

    code: ClassVar[str] = "E142"
    message: ClassVar[str] = "`{written}` is a tuple of Python; {instead}"
    label: ClassVar[str] = "several values in parentheses"
    remedy: ClassVar[str] = "write `{mended}`"

    closing: Span
    returned: bool = False

    @property
    def written(self) -> str:
        """The tuple."""
        return piece(self.span.text) if self.span is not None else ""

    @property
    def mended(self) -> str:
        """What to write in its place."""
        inner = re.sub(r",?\s*\Z", "", self.written[1:-1])
        return inner if self.returned else f"[{inner}]"

    @property
    def instead(self) -> str:
        """What there is in its place."""
        return "results stand without parentheses" if self.returned else "a list stands in square brackets"

    def fix(self) -> Fix | None:
        """The brackets of a list, or none."""
        if self.span is None:
            return None
        source, start = self.span.source, self.span.start
        opening, closing = ("", "") if self.returned else ("[", "]")
        return Fix((Edit(source.span(start, start + 1), opening), Edit(self.closing, closing)), Safety.SAFE)


@record
class ResultType(Diagnostic):
    """The head of a block says of which type its result is, as in Python.

    The compiler infers it. What must hold of it is said by an `expect` in the body.

    ```nn
    block head(x, width: int) -> Tensor { return x -> dense(width) }
    ```

    ```nn
    block head(x, width: int) { return x -> dense(width) }
    ```
    """

    code: ClassVar[str] = "E143"
    message: ClassVar[str] = "a block does not say of which type its result is"
    label: ClassVar[str] = "inferred by the compiler"
    remedy: ClassVar[str] = "remove `{written}`"

    @property
    def written(self) -> str:
        """The arrow and the type."""
        return piece(self.span.text) if self.span is not None else ""

    def fix(self) -> Fix | None:
        """Without it."""
        if self.span is None:
            return None
        text = self.span.source.text
        blanks = len(text[: self.span.start]) - len(text[: self.span.start].rstrip(" \t"))
        return replacing(self.span.source.span(self.span.start - blanks, self.span.end), "")


@record
class QuotedLabel(Diagnostic):
    """A label stands in quotes, as a string or an f-string of Python.

    A label is a word. What is computed in it stands in braces.

    ```nn
    block deep(x) { return x -> for i in range(3) { f"conv{i}": conv2d(8, kernel=3) } }
    ```

    ```nn
    block deep(x) { return x -> for i in range(3) { conv{i}: conv2d(8, kernel=3) } }
    ```

    Attributes:
        name: the label.
    """

    code: ClassVar[str] = "E144"
    message: ClassVar[str] = "a label stands without quotes"
    label: ClassVar[str] = "a label"
    remedy: ClassVar[str] = "write `{name}:`"

    name: str

    def fix(self) -> Fix | None:
        """The label alone."""
        return replacing(self.span, self.name)


@record
class FormattedString(FoundDiagnostic):
    """A string has a letter in front of it, as in Python.

    Strings are plain. Two of them are joined by `+`; only labels take computed parts.

    ```nn
    const MODE = f"{KIND}_padding"
    ```

    ```nn
    const KIND = "reflect"
    const MODE = KIND + "_padding"
    ```

    Attributes:
        string: the place of the string.
    """

    code: ClassVar[str] = "E145"
    message: ClassVar[str] = "a string has no `{found}` in front of it"
    label: ClassVar[str] = "a letter before a string"
    remedy: ClassVar[str] = "{advice_text}"

    string: Span

    @property
    def advice_text(self) -> str:
        """What to do."""
        if "{" not in self.string.text:
            return f"write `{piece(self.string.text)}`"
        return 'strings are joined by `+`: `"a" + b`; a label takes computed parts without quotes: `conv{i}:`'

    def fix(self) -> Fix | None:
        """The string alone, where nothing in it is computed."""
        return None if "{" in self.string.text else removing(self.span)


@record
class AnonymousFunction(Diagnostic):
    """A function without a name is written, as `lambda` in Python.

    Arithmetic of tensors is written where it is needed. What is needed several times is a `block`.

    ```nn
    block scaled(x) { return apply(x, lambda t: t / 255) }
    ```

    ```nn
    block scaled(x) { return x / 255 }
    ```
    """

    code: ClassVar[str] = "E146"
    message: ClassVar[str] = "there are no functions without a name"
    label: ClassVar[str] = "`lambda` is Python's word"
    remedy: ClassVar[str] = "{advice_text}"

    @property
    def advice_text(self) -> str:
        """What to do, with what the function computes."""
        body = self._body
        if not body:
            return "write the arithmetic itself, or a `block name(x) { return … }`"
        argument, value = body
        return (
            f"write `{value}` itself, with your tensor for `{argument}`, or `block f({argument}) {{ return {value} }}`"
        )

    @property
    def _body(self) -> tuple[str, str] | None:
        """The argument of the function and what it computes, where both stand on one line."""
        if self.span is None:
            return None
        line = self.span.source.text[self.span.start :].partition("\n")[0]
        found = re.match(r"lambda[ \t]+(\w+)[ \t]*:[ \t]*([^,\n]+)", line)
        if found is None:
            return None
        return found.group(1), piece(_closed(found.group(2)))


def _closed(text: str) -> str:
    """The text up to a bracket that closes what was not opened in it."""
    depth = 0
    for index, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if depth < 0:
            return text[:index]
    return text


@record
class Comprehension(Diagnostic):
    """A list is made by a loop inside of brackets, as in Python.

    Layers are repeated by a stage, `-> for c in WIDTHS { … }`. A list of numbers is written out, or made by `range`.

    ```nn
    block deep(x) {
        layers = [dense(width) for width in [64, 32]]
        return x -> layers
    }
    ```

    ```nn
    block deep(x) { return x -> for width in [64, 32] { dense(width) -> relu } }
    ```

    Attributes:
        value: what stands before the loop.
        loop: the loop.
    """

    code: ClassVar[str] = "E147"
    message: ClassVar[str] = "a list is not made by a loop"
    label: ClassVar[str] = "a loop in a list"
    remedy: ClassVar[str] = "{advice_text}"

    value: str
    loop: str

    @property
    def advice_text(self) -> str:
        """What to do: what is called is a layer, most likely."""
        if "(" in self.value or self.value.isidentifier():
            return f"layers are repeated by a stage: `x -> {self.loop} {{ {self.value} }}`"
        return "write the elements out, as in `[16, 32, 64]`"


@record
class Dictionary(Diagnostic):
    """Braces stand where a value is wanted, as in JSON, YAML or a dictionary of Python.

    Braces hold the stages of a group and the bodies of models and blocks. Layers and their arguments are written as
    stages of a pipeline.

    ```nn
    const LAYERS = [{"type": "conv2d", "filters": 32, "kernel": 3}]
    ```

    ```nn
    block layers(x) { return x -> conv2d(32, kernel=3) }
    ```
    """

    code: ClassVar[str] = "E148"
    message: ClassVar[str] = "a value does not begin with a brace"
    label: ClassVar[str] = "braces hold stages"
    remedy: ClassVar[str] = (
        "layers are written as stages, with their arguments in parentheses: `x -> conv2d(32, kernel=3)`"
    )


@record
class Unpacking(FoundDiagnostic):
    """Arguments or elements are unpacked from another value, as in Python.

    Each argument of a call is written; lists are joined by `+`.

    ```nn
    block feature(x) { return x -> conv2d(8, **options) }
    ```

    ```nn
    block feature(x) { return x -> conv2d(8, kernel=3) }
    ```
    """

    code: ClassVar[str] = "E151"
    message: ClassVar[str] = "nothing is unpacked by `{found}`"
    label: ClassVar[str] = "a sign of Python"
    remedy: ClassVar[str] = "write every argument, as in `kernel=3`; lists are joined by `+`"


@record
class LineOfAList(Diagnostic):
    """Layers stand in lines that begin with `-`, as in YAML.

    Stages stand behind arrows, and their arguments in parentheses.

    ```nn
    block feature(x) {
        - conv2d: {filters: 8}
        return x
    }
    ```

    ```nn
    block feature(x) {
        return x
            -> conv2d(8, kernel=3)
    }
    ```

    Attributes:
        layer: what stands behind the sign; empty where that is no word.
    """

    code: ClassVar[str] = "E152"
    message: ClassVar[str] = "no statement begins with `-`"
    label: ClassVar[str] = "a line of a list"
    remedy: ClassVar[str] = "{advice_text}"

    layer: str = ""

    @property
    def advice_text(self) -> str:
        """What to write."""
        return f"write it as a stage, with its arguments in parentheses: `x -> {self.layer or 'dense'}(…)`"


@record
class ColonForBinding(Diagnostic):
    """A name is bound by a colon, as in YAML.

    A colon stands before a type. A binding has `=`.

    ```nn
    block feature(x) {
        h: x -> relu
        return h
    }
    ```

    ```nn
    block feature(x) {
        h = x -> relu
        return h
    }
    ```

    Attributes:
        name: what is bound.
        value: how its value begins.
    """

    code: ClassVar[str] = "E153"
    message: ClassVar[str] = "a name is bound by `=`; behind a colon stands a type"
    label: ClassVar[str] = "write `=`"
    remedy: ClassVar[str] = "write `{name} = {value} …`"

    name: str
    value: str

    def fix(self) -> Fix | None:
        """The sign."""
        return replacing(self.span, " =")


@record
class ForeignImport(Diagnostic):
    """A module of Python is imported.

    Layers need no import. Blocks of other files are imported by `import name from "file.nn"`, those of the library by
    `import name from "dotnn/…"`.

    ```nn
    import torch

    block feature(x) { return x -> relu }
    ```

    ```nn
    block feature(x) { return x -> relu }
    ```
    """

    code: ClassVar[str] = "E154"
    message: ClassVar[str] = "layers need no import"
    label: ClassVar[str] = "a module of Python"
    remedy: ClassVar[str] = 'remove the line; blocks of other files are imported by `import name from "file.nn"`'

    def fix(self) -> Fix | None:
        """Without the line."""
        return None if self.span is None else Fix((without_lines(self.span),), Safety.UNSAFE)


class Word(StrEnum):
    """What stands in a body in place of a statement of Python, by the word that begins it."""

    WITH = "nothing is learned here, and no gradients are computed: remove the line, and write what follows without it"
    PRINT = "`dotnn summary FILE` prints the shape of every layer; `expect h.shape == [N, 10]` checks one"
    ASSERT = "what must hold is written `expect condition`"
    RAISE = "what must hold is written `expect condition`"
    SUPER = "a model inherits nothing: remove the line"
    CLASS = "a network is written `model Name { … }`, a part of one `block name(x) { … }`, both at the top level"
    DEF = "a part of a network is written `block name(x) { return … }`, at the top level"
    WHILE = "layers are repeated by a stage: `x -> repeat(3) { … }`, or `x -> for c in [16, 32] { … }`"
    TRY = "everything is checked before anything runs: remove the line"
    PASS = "an empty body means nothing: remove the line"
    DEL = "values are not removed: remove the line"
    GLOBAL = "a `const` is visible in its whole file: remove the line"
    TRAINING = (
        "a file says what a network computes, and nothing of its training: remove the line, train it elsewhere and "
        "load the weights with `--weights`"
    )


#: Words that begin statements of Python.
FOREIGN_WORDS: Final[Mapping[str, Word]] = {
    "with": Word.WITH,
    "print": Word.PRINT,
    "assert": Word.ASSERT,
    "raise": Word.RAISE,
    "super": Word.SUPER,
    "class": Word.CLASS,
    "def": Word.DEF,
    "async": Word.DEF,
    "while": Word.WHILE,
    "try": Word.TRY,
    "except": Word.TRY,
    "finally": Word.TRY,
    "pass": Word.PASS,
    "del": Word.DEL,
    "global": Word.GLOBAL,
    "nonlocal": Word.GLOBAL,
    **dict.fromkeys(
        (
            "compile",
            "fit",
            "train",
            "evaluate",
            "predict",
            "summary",
            "backward",
            "load_weights",
            "load_state_dict",
            "save",
        ),
        Word.TRAINING,
    ),
}


@record
class ForeignStatement(FoundDiagnostic):
    """A line of a body is a statement of Python.

    Statements are `input`, `parameter`, `output`, `return`, `expect`, `freeze` and bindings, `name = value`.

    ```nn
    block feature(x) {
        h = x -> conv2d(8, kernel=3)
        print(h.shape)
        return h
    }
    ```

    ```nn
    block feature(x) {
        h = x -> conv2d(8, kernel=3)
        expect h.shape[1] == 8
        return h
    }
    ```
    """

    code: ClassVar[str] = "E149"
    message: ClassVar[str] = "`{found}` begins no statement here"
    label: ClassVar[str] = "not a statement"
    remedy: ClassVar[str] = "{advice_text}"

    @property
    def advice_text(self) -> str:
        """What to do."""
        return str(FOREIGN_WORDS[self.found])


class Language(StrEnum):
    """What a text may be that is no `.nn` text."""

    PYTHON = "Python"
    YAML = "YAML"
    JSON = "JSON"


@record
class AnotherLanguage(Diagnostic):
    """The text is written in another language, as a whole.

    A `.nn` file is a list of `import`, `const`, `block` and `model` items. `dotnn new` writes a first one, and the
    lessons start from there. A file with a whole program of PyTorch or Keras is known before its text is read (E990).

    ```nn
    class Net(nn.Module):
        def forward(self, x):
            return self.fc(x)
    ```

    ```nn
    model Net {
        input x: float32[N, 784]
        output y = x -> fc: dense(10)
    }
    ```

    Attributes:
        language: which it is.
        name: what it calls the network; empty where it does not.
    """

    code: ClassVar[str] = "E150"
    message: ClassVar[str] = "this is {language}, and no `.nn` text"
    label: ClassVar[str] = "{language}"
    remedy: ClassVar[str] = "{advice_text}"

    language: Language
    name: str = ""

    @property
    def advice_text(self) -> str:
        """How a network is written, under the name that it has."""
        form = f"model {self.name or 'net'} {{ input x: float32[N, 3] … output y = x -> dense(10) }}"
        return f"a network is written `{form}`; {BEGIN}"


@record
class BindingInGroup(NotAStage):
    """A binding in a group or in the body of a loop: `for i in range(3) { x = block(x) }`."""

    message: ClassVar[str] = "a group is made of stages, and binds no name such as `{name}`"
    label: ClassVar[str] = "no stage"
    remedy: ClassVar[str] = (
        "leave `{name} =` out: the first stage reads what comes in, and what the last one makes goes on"
    )

    name: str
    binding: Span  #: the name and the equals sign, with the blanks behind it

    def fix(self) -> Fix | None:
        """The group without the name, also where it is the first argument of the call behind it: that is piped in."""
        source, edits = self.binding.source, [Edit(self.binding, "")]
        given = re.compile(rf"[\w.]+\([ \t]*({re.escape(self.name)}\b[ \t]*(?:,[ \t]*)?)").match(
            source.text, self.binding.end
        )
        if given is not None:
            edits.append(Edit(source.span(*given.span(1)), ""))
        return Fix(tuple(edits), Safety.UNSAFE)
