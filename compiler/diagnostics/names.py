"""Names that are unknown, taken, or used where they mean nothing (E2xx, W2xx)."""

from __future__ import annotations

import re
from collections.abc import Hashable
from enum import StrEnum
from typing import ClassVar

from ..records import record
from ..source import Span
from .base import Diagnostic, Label
from .fixes import Edit, Fix, Safety, replacing, without_argument
from .foreign_layers import layer_note
from .suggest import did_you_mean, is_respelled, listed, one_of
from .suggest_foreign import attribute_note, is_left_out
from .syntax_wording import piece


@record
class _WithNearNames(Diagnostic):
    """Base of diagnostics that suggest names."""

    near: tuple[str, ...] = ()

    def advice(self) -> str:
        """Near names if there are any."""
        return did_you_mean(self.near) or super().advice()

    def _renamed(self, written: str, form: str = "{}") -> Fix | None:
        """The one near name in the place of what is written."""
        if len(self.near) != 1 or self.span is None or self.span.text != written:
            return None
        (name,) = self.near
        return replacing(self.span, form.format(name), _certainty(written.strip('"'), name))


def _certainty(written: str, name: str) -> Safety:
    """How certain it is that a name is meant: names that differ by case or underscores alone are no guess."""
    return Safety.SAFE if is_respelled(written, name) else Safety.UNSAFE


@record
class UndefinedName(_WithNearNames):
    """A name stands for nothing here.

    Bindings, arguments and `const` items are visible from where they are written on; blocks of the same file everywhere
    in it; names of other files after an `import`.

    ```nn
    output y = x -> dense(clases)      # the argument is called `classes`
    ```
    """

    code: ClassVar[str] = "E201"
    message: ClassVar[str] = "`{name}` is not defined"
    label: ClassVar[str] = "nothing here has this name"
    remedy: ClassVar[str] = "define it above, or import it"

    name: str

    def fix(self) -> Fix | None:
        """The near name, if there is one."""
        return self._renamed(self.name)


@record
class DefinedBelow(UndefinedName):
    """A binding that is used above the line where it is made."""

    label: ClassVar[str] = "not defined yet"
    remedy: ClassVar[str] = "move the line that binds it above this one"

    place: Span

    def labels(self) -> tuple[Label, ...]:
        """Where it is bound."""
        return (Label(self.place, f"`{self.name}` is defined here"),)


@record
class DimensionInConst(UndefinedName):
    """A dimension where there are none."""

    remedy: ClassVar[str] = (
        "dimensions belong to the inputs of a model, and no const knows them: bind the value in the model"
    )


@record
class LowerCaseDimension(UndefinedName):
    """A name in lower case in the type of an input, as a size that is open."""

    remedy: ClassVar[str] = "a size that is open has a name in capitals: write `{symbol}`"

    @property
    def symbol(self) -> str:
        """The name of a symbolic dimension."""
        return self.name.upper()

    def fix(self) -> Fix | None:
        """The name in capitals; a value that is not there yet may be meant."""
        return None if self.span is None else replacing(self.span, self.symbol, Safety.UNSAFE)


@record
class WordWithoutQuotes(UndefinedName):
    """A word that an argument takes, written as if it were the name of a value."""

    label: ClassVar[str] = "no quotes"
    remedy: ClassVar[str] = 'the word stands in double quotes: write `"{name}"`'

    def fix(self) -> Fix | None:
        """The word in quotes."""
        return None if self.span is None else replacing(self.span, f'"{self.name}"', Safety.UNSAFE)


@record
class LayerAsValue(UndefinedName):
    """A layer that is not applied."""

    message: ClassVar[str] = "`{name}` is a layer, and layers are no values"
    label: ClassVar[str] = "not applied"
    remedy: ClassVar[str] = "apply it where it is needed: `x -> {name}`"


@record
class UnknownSymbol(_WithNearNames):
    """An upper-case name is not a dimension of any input.

    An upper-case name that nothing else defines is a symbolic dimension, and the types of the inputs introduce them.

    ```nn
    input x: float32[N, 10]
    output y = x -> reshape([M, 2, 5])     # only `N` is a dimension here
    ```
    """

    code: ClassVar[str] = "E202"
    message: ClassVar[str] = "`{name}` is not a dimension of any input"
    label: ClassVar[str] = "not introduced by an input"
    remedy: ClassVar[str] = "introduce it as an axis of its own in the type of an `input` above, or write a number"

    name: str

    def fix(self) -> Fix | None:
        """The near name, if there is one."""
        return self._renamed(self.name)


@record
class UntoldSymbol(Diagnostic):
    """The size of a symbolic dimension cannot be told from the shapes that are fed.

    The type of an input, or of an argument of a block, introduces a symbolic dimension `H` by an axis `H`, or by one of
    the form `a * H + b`, where `a` and `b` are numbers and `a` is at least 1: `4 * H`, `2 * H + 1`, `H - 3`. From its
    size that of `H` follows. Once it is introduced, further axes may be any expression of it.

    ```nn
    input half: float32[N, H // 2]             # wrong: 3 may be half of 6 or of 7
    input image: float32[N, 3, 2 * H]          # the size must be even
    input row: float32[N, H // 2]              # `H` is known by now
    output y = image[:, 0]
    ```
    """

    code: ClassVar[str] = "E217"
    message: ClassVar[str] = "the size of `{name}` cannot be told from `{text}`"
    label: ClassVar[str] = "not of the form `a * {name} + b`"
    remedy: ClassVar[str] = (
        "introduce `{name}` by an axis of its own, or by one such as `4 * {name}` or `2 * {name} + 1`, in this type or "
        "in one above"
    )

    name: str
    text: str


@record
class UnknownLayer(_WithNearNames):
    """There is no layer, block or function of this name.

    `dotnn layers` lists the layers. Names follow one form: lower case, words joined by `_`, the number of spatial axes
    at the end (`max_pool2d`). A layer of PyTorch, Keras or ONNX is known by its name there: the message says what it is
    called here, or what to write where there is no such layer. Blocks of the library need an import.
    """

    code: ClassVar[str] = "E203"
    message: ClassVar[str] = "there is no layer or block `{name}`"
    label: ClassVar[str] = "unknown"
    remedy: ClassVar[str] = "`dotnn layers` lists the layers; blocks of other files need an `import`"

    name: str
    known_as: tuple[str, ...] = ()
    block: str = ""  #: a block of the library that may be meant
    import_line: str = ""  #: the import that it takes
    import_edit: Edit | None = None  #: what brings that import into the file
    is_near: bool = False  #: the name of the block is only near
    whole: Span | None = None  #: the call, where it is known how that is written here
    instead: str = ""  #: the call as it is written here

    def advice(self) -> str:
        """What is written here for a layer of another framework, an import, or near names if there are any."""
        if self.block:
            return self._import_advice()
        if self.instead:
            return self._rewritten()
        note = layer_note(self.name)
        if note is not None:
            return note
        if not self.known_as:
            return super().advice()
        return f"`{self.name}` is {one_of(self.known_as)} here"

    def _rewritten(self) -> str:
        written = f"write `{piece(self.instead)}`"
        if not self.known_as:
            return written
        known = f"`{self.name}` is {one_of(self.known_as)} here"
        return known if self._is_renamed else f"{known}: {written}"

    def _import_advice(self) -> str:
        written = f"rite `{self.import_line}` at the head of the file"
        if self.block == self.name:
            return f"w{written}"
        if self.is_near:
            return f"did you mean `{self.block}` of the library? W{written}"
        return f"`{self.name}` is `{self.block}` of the library: w{written}"

    def fix(self) -> Fix | None:
        """The import, with the name of the block if it is another; or the name of the layer, if one is meant."""
        if self.import_edit is not None:
            return self._imported(self.import_edit)
        if self.instead and self.whole is not None:
            return replacing(self.whole, self.instead, self._safety())
        if layer_note(self.name) is not None:
            return None
        if not self.known_as:
            return self._renamed(self.name)
        return self._called(self.known_as)

    def _safety(self) -> Safety:
        """Certain where nothing but the name is written otherwise, and that by capitals and underscores alone."""
        return _certainty(self.name, self.known_as[0]) if self._is_renamed else Safety.UNSAFE

    @property
    def _is_renamed(self) -> bool:
        """Whether nothing but the name is written otherwise; parentheses with nothing in them do not count."""
        text = self.whole.text.removesuffix("()") if self.whole is not None else ""
        return any(text.replace(self.name, kind, 1) == self.instead for kind in self.known_as)

    def _imported(self, line: Edit) -> Fix | None:
        if self.block == self.name:
            return Fix((line,), Safety.SAFE)
        called = self._called((self.block,))
        return Fix((line, *called.edits), Safety.UNSAFE) if called is not None else None

    def _called(self, names: tuple[str, ...]) -> Fix | None:
        """The one name that is meant in place of what is written."""
        if len(names) != 1 or self.span is None or self.span.text != self.name:
            return None
        return replacing(self.span, names[0], _certainty(self.name, names[0]))


@record
class UnknownArgument(_WithNearNames):
    """A layer or block has no argument of this name.

    Nothing is ignored: a misspelt argument would silently build another network.
    """

    code: ClassVar[str] = "E204"
    message: ClassVar[str] = "`{kind}` has no argument `{name}`"
    label: ClassVar[str] = "unknown argument"
    remedy: ClassVar[str] = "{hint}"

    kind: str
    name: str
    known: tuple[str, ...] = ()
    argument: Span | None = None  #: the argument with its value

    def fix(self) -> Fix | None:
        """The near name, if there is one; no argument where it is to be left out."""
        if not self.near and is_left_out(self.name):
            return without_argument(self.argument)
        return self._renamed(self.name)

    @property
    def hint(self) -> str:
        """What stands here for a word of another framework, or what it does take."""
        note = attribute_note(self.name)
        if note:
            return note
        if not self.known:
            return f"`{self.kind}` takes no named arguments"
        return f"`{self.kind}` takes {listed(self.known)}"


@record
class _OfPlace(Diagnostic):
    """Base of what is one mistake at one place, even if a loop makes several labels there."""

    def identities(self) -> tuple[Hashable, ...]:
        """The place, whatever the label."""
        return ((self.code, self.span),)


@record
class _Taken(_OfPlace):
    """Base of clashes of names."""

    name: str
    earlier: Span | None = None

    def labels(self) -> tuple[Label, ...]:
        """Where the name was taken first."""
        return () if self.earlier is None else (Label(self.earlier, "first here"),)


@record
class DuplicateLabel(_Taken):
    """Two layers in one scope have the same label.

    Labels name weights, so they must be unique within a block, a labelled group or the model. Loops without a label
    open no scope: give the loop a label, or compute the label (`conv{i}:`).
    """

    code: ClassVar[str] = "E205"
    message: ClassVar[str] = "the label `{name}` is taken"
    label: ClassVar[str] = "again here"
    remedy: ClassVar[str] = "choose another label; in a loop compute it, as in `{name}_{{i}}:`"


@record
class DuplicateName(_Taken):
    """A name is bound twice.

    Bindings are single-assignment: a name means one thing from its line on.

    ```nn
    y = x -> dense(10)
    y = y -> relu          # wrong: write z = y -> relu, or one pipe
    ```
    """

    code: ClassVar[str] = "E206"
    message: ClassVar[str] = "`{name}` is already defined"
    label: ClassVar[str] = "again here"
    remedy: ClassVar[str] = "{advice_text}"

    @property
    def advice_text(self) -> str:
        """What to do; what goes on from itself may be a longer pipe."""
        other, stages = f"choose another name, such as `{self.name}2`", self._stages
        if stages:
            return f"go on in one pipe where it is bound first, `{stages}`, or {other}"
        return f"{other}, or go on in one pipe"

    @property
    def _stages(self) -> str:
        """What follows the name itself in what it is bound to again, on its line."""
        if self.span is None:
            return ""
        line = self.span.source.text[self.span.end :].partition("\n")[0].partition("#")[0]
        found = re.fullmatch(rf"[ \t]*=[ \t]*{re.escape(self.name)}[ \t]*(->.*)", line.rstrip())
        return piece(found.group(1)) if found is not None else ""


@record
class ReservedName(Diagnostic):
    """The name belongs to the language.

    Layers, functions, element types, initializers and the metrics of `expect` keep their names; a block, model or const
    cannot take them.
    """

    code: ClassVar[str] = "E207"
    message: ClassVar[str] = "`{name}` is the name of {owner}"
    label: ClassVar[str] = "cannot be defined"
    remedy: ClassVar[str] = "choose another name, such as `my_{name}`"

    name: str
    kind: str  #: what it names: `layer`, `function`, `element type`, `initializer`, `metric`

    @property
    def owner(self) -> str:
        """What it names, as a phrase."""
        if self.kind == "metric":
            return "a metric of `expect`"
        return f"{'an' if self.kind[0] in 'aeiou' else 'a'} {self.kind}"


@record
class UnknownPath(_WithNearNames):
    """No layer or block with this label can be seen from here.

    `reuse` takes labels: of this scope, of the scopes around it up to the block, with dots those inside. Only what
    stands before can be reused. A layer that has no label cannot be named: give it one.
    """

    code: ClassVar[str] = "E208"
    message: ClassVar[str] = "no layer or block is labelled `{path}` here"
    label: ClassVar[str] = "unknown label"
    remedy: ClassVar[str] = "label the layer, as in `-> {last}: dense(10)`, before it is used here"

    path: str

    def fix(self) -> Fix | None:
        """The near label, if there is one."""
        return self._renamed(self.path)

    @property
    def last(self) -> str:
        """The label itself; those before it are of what it stands in."""
        return self.path.rpartition(".")[2]


@record
class UnknownFrozenPath(_WithNearNames):
    """Nothing in the model has the full name that `freeze` gives.

    It takes full names of layers, blocks, groups, loops and parameters, as the summary and weight files have them:
    `layer1.conv1`, `fc.weight`. A layer that has no label has a name that may change; give it one.

    ```nn
    output y = x -> fc: dense(4)
    freeze fc.weigth                   # wrong: it is called `fc.weight`
    ```
    """

    code: ClassVar[str] = "E216"
    message: ClassVar[str] = "there is nothing named `{path}` to freeze"
    label: ClassVar[str] = "unknown name"
    remedy: ClassVar[str] = "{known}"

    path: str
    outer: str = ""
    inside: tuple[str, ...] = ()

    def fix(self) -> Fix | None:
        """The near name, if there is one."""
        return self._renamed(self.path)

    @property
    def known(self) -> str:
        """What there is at the same place."""
        if not self.inside:
            return "give the full name of a layer, block or parameter; `dotnn summary` lists the layers"
        return f"in `{self.outer}` there is {listed(self.inside)}"


@record
class ReuseDiffers(Diagnostic):
    """What is reused turns out different on the new value.

    `reuse` applies the same layers with the same weights; if a condition in the block asks for the shape, another shape
    may take the other branch, and then there are no weights to share.
    """

    code: ClassVar[str] = "E209"
    message: ClassVar[str] = "reusing `{path}` takes another course here than where it was defined"
    label: ClassVar[str] = "no counterpart"
    remedy: ClassVar[str] = "feed it a tensor of the same shape, or write a second block"

    path: str


@record
class ReuseShapes(Diagnostic):
    """The weights of a reused layer do not fit the new value.

    ```nn
    input x: float32[N, 4]
    input z: float32[N, 5]
    a = x -> a: dense(8)
    output b = z -> reuse(a)      # wrong: the weight is [8, 4], and [8, 5] would be needed
    ```
    """

    code: ClassVar[str] = "E210"
    message: ClassVar[str] = "`{weight}` is {owned}, and here {wanted} would be needed"
    label: ClassVar[str] = "weights do not fit"
    remedy: ClassVar[str] = "reuse it on a tensor with as many channels, and of the element type, as before"

    weight: str
    owned: str
    wanted: str


class Obstacle(StrEnum):
    """Why what has a label cannot be applied to another value."""

    UNFINISHED = "it is not finished here"
    SEVERAL_TENSORS = "it was given more than one tensor"
    NO_TENSOR = "it was given no tensor"
    PARAMETER = "it is a parameter, which is a value"


@record
class CannotReuse(Diagnostic):
    """What is named cannot be applied again to another value by `reuse`.

    `reuse(path)` pipes one value into what it names. A layer or block that was given further tensors would have to be
    given them anew, and `reuse` has no place to write them; something that is not finished yet cannot be reused inside
    of itself.
    """

    code: ClassVar[str] = "E211"
    message: ClassVar[str] = "`{path}` cannot be reused: {obstacle}"
    label: ClassVar[str] = "not reusable here"
    remedy: ClassVar[str] = "make the shared part a labelled layer or block of one tensor and reuse that"

    path: str
    obstacle: Obstacle


@record
class RecursiveBlock(Diagnostic):
    """A block calls itself, directly or through others.

    Blocks are pieces of a graph without cycles. For repetition use `repeat` or `for`.
    """

    code: ClassVar[str] = "E212"
    message: ClassVar[str] = "the block `{name}` calls itself"
    label: ClassVar[str] = "called inside of `{name}`"
    remedy: ClassVar[str] = "use `repeat(n) {{ … }}` or `for i in range(n) {{ … }}`"

    name: str


@record
class SameFullName(_Taken):
    """Two things have the same full name.

    Full names are made of the labels of the scopes, joined by dots, so that a label with dots may meet a scope:
    `a.0: dense(1)` and, in a block labelled `a`, `0: dense(2)`. A file has one namespace for layers, weights and
    further results, so a label may also meet the weight `weight` of `a` (`a.weight`) or the final state `h` of `r`
    (`r.h`).
    """

    code: ClassVar[str] = "E213"
    message: ClassVar[str] = "two things are named `{name}`"
    label: ClassVar[str] = "again here"
    remedy: ClassVar[str] = "change one of the labels"


@record
class BadLabel(_OfPlace):
    """A computed part of a label is no word.

    What stands in braces must be an int of at least 0, or a string of letters, digits and `_`.
    """

    code: ClassVar[str] = "E214"
    message: ClassVar[str] = "a label cannot be made of {found}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "compute an int of at least 0, or a string of letters, digits and `_`"

    found: str


@record
class CircularConst(Diagnostic):
    """A `const` is defined by itself, directly or through others."""

    code: ClassVar[str] = "E215"
    message: ClassVar[str] = "`{name}` is defined by itself"
    label: ClassVar[str] = "needs its own value"
    remedy: ClassVar[str] = "give it a value that does not depend on it"

    name: str
