"""Statements and values that stand where they have no meaning, or are missing where they must stand (E320, E321)."""

from __future__ import annotations

import re
from typing import ClassVar

from ..records import record
from .base import Diagnostic
from .fixes import Fix, Safety, replacing
from .syntax_wording import piece

#: An output, up to its value.
_BEFORE_VALUE = re.compile(r"output\s+\w+\s*(?::[^=]*)?=\s*")
_END_OF_BODY = re.compile(r"(?:\s++|#[^\n]*+)*+\}")

# --- what stands where it cannot --------------------------------------------------------------------------------------


@record
class Misplaced(Diagnostic):
    """A statement or value stands where it has no meaning."""

    code: ClassVar[str] = "E320"
    label: ClassVar[str] = "not here"


@record
class LabelBeforeFunction(Misplaced):
    """A label of what makes no tensor."""

    message: ClassVar[str] = "a label cannot stand before a function"
    remedy: ClassVar[str] = (
        "`{function}` makes a value of the compiler, which has no name in the network: remove the label"
    )

    function: str


@record
class MetricMisplaced(Misplaced):
    """A metric outside of `expect`."""

    message: ClassVar[str] = "the metric `{name}` cannot stand here"
    remedy: ClassVar[str] = (
        "metrics are known when the whole model is: write `expect` for them in the body of the model"
    )

    name: str


@record
class MetricWithoutTensor(Misplaced):
    """A metric of a tensor that is not given one."""

    message: ClassVar[str] = "`{name}` without a tensor cannot stand here"
    remedy: ClassVar[str] = "ask it of a tensor: `{name}(features)`"

    name: str


@record
class BlockAsValue(Misplaced):
    """A block that is not called."""

    message: ClassVar[str] = "the name of a block cannot stand as a value"
    remedy: ClassVar[str] = "call it: `x -> {name}` or `{name}(x)`"

    name: str


@record
class ValueAsCall(Misplaced):
    """A value that is called."""

    message: ClassVar[str] = "the value `{name}` cannot stand as a call"
    remedy: ClassVar[str] = (
        "what is called must be a layer, a block or a function; an arrow leads to a layer, not to a value"
    )

    name: str


@record
class LabelAsCall(Misplaced):
    """A label that is called."""

    message: ClassVar[str] = "the label `{name}` cannot stand as a call"
    remedy: ClassVar[str] = "`-> reuse({name})` applies what has this label again, with the same weights"

    name: str


@record
class LayerOutsideBody(Misplaced):
    """A layer or an operator of tensors where no network is described, as in a `const`."""

    message: ClassVar[str] = "`{kind}` cannot stand here"
    remedy: ClassVar[str] = "layers stand in the bodies of models and blocks; bind the tensor to a name there"

    kind: str


@record
class InputInBlock(Misplaced):
    """An `input` in a block."""

    message: ClassVar[str] = "`input` cannot stand in a block"
    remedy: ClassVar[str] = "inputs stand in models; a block takes arguments: `block f(x) {{ … }}`"


@record
class OutputInBlock(Misplaced):
    """An `output` in a block."""

    message: ClassVar[str] = "`output` cannot stand in a block"
    remedy: ClassVar[str] = "outputs stand in models; a block ends with `return`"

    def fix(self) -> Fix | None:
        """The value is returned, if the body ends with it."""
        written = None if self.span is None else _BEFORE_VALUE.match(self.span.text)
        if self.span is None or written is None or not _END_OF_BODY.match(self.span.source.text, self.span.end):
            return None
        start = self.span.start
        return replacing(self.span.source.span(start, start + written.end()), "return ", Safety.UNSAFE)


@record
class FreezeInBlock(Misplaced):
    """A `freeze` in a block."""

    message: ClassVar[str] = "`freeze` cannot stand in a block"
    remedy: ClassVar[str] = "write `freeze` in the model, with the whole path"


@record
class ReturnInModel(Misplaced):
    """A `return` in a model."""

    message: ClassVar[str] = "`return` cannot stand in a model"
    remedy: ClassVar[str] = "blocks return; a model names its results: `output y = {value}`"

    @property
    def value(self) -> str:
        """What is returned, where that is one value."""
        text = self.span.text.removeprefix("return").strip() if self.span is not None else ""
        return piece(text) if text and "," not in text else "…"

    def fix(self) -> Fix | None:
        """The output; another name may be better."""
        if self.span is None or self.value == "…" or re.search(r"\boutput\s+y\b", self.span.source.text):
            return None
        start = self.span.start
        return replacing(self.span.source.span(start, start + len("return")), "output y =", Safety.UNSAFE)


# --- what is missing --------------------------------------------------------------------------------------------------


@record
class MissingStatement(Diagnostic):
    """A model without an output, or a block without a `return`."""

    code: ClassVar[str] = "E321"
    label: ClassVar[str] = "gives nothing"


@record
class BlockWithoutReturn(MissingStatement):
    """A block without a `return`."""

    message: ClassVar[str] = "the block `{name}` has no `return`"
    remedy: ClassVar[str] = "end the body with `return`, as in `return x -> relu`"

    name: str


@record
class ModelWithoutOutput(MissingStatement):
    """A model without an `output`."""

    message: ClassVar[str] = "the model `{name}` has no `output`"
    remedy: ClassVar[str] = "name what the model computes, as in `output y = x -> dense(10)`"

    name: str
