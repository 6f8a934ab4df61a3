"""A mistake of shapes with what lies before it: what candidates for remedies are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeGuard

from ..diagnostics import Diagnostic
from ..diagnostics.fixes import Edit, Fix, Remedy, Safety
from ..diagnostics.tried_remedies import Layers, TriedRemedy
from ..dims import Dim
from ..graph.graph import WrittenCall
from ..graph.types import TensorType
from ..layers.base import Layer
from ..layers.convolution import Convolving
from ..layers.pooling import Pooling
from ..layers.transposed_convolution import TransposedConvolution
from ..layers.windows import axis_windows
from ..measure.shape_history import Made, Passed, ShapeHistory, changes, parted
from ..records import positional_record
from ..source import Source, Span
from .edits import as_number, behind, joined, with_argument, without


@positional_record
class Situation:
    """A mistake, and what lies before it.

    Attributes:
        fault: the mistake.
        history: what the layers before it did.
        source: the text that may be changed.
    """

    fault: Diagnostic
    history: ShapeHistory
    source: Source

    @property
    def layer(self) -> Layer | None:
        """The layer that is at fault; None where it is a declared type."""
        return self.history.layer

    @property
    def call(self) -> WrittenCall:
        """Where it is written."""
        return self.history.call or WrittenCall(self.source.span(0, 0))

    def type_of(self, operand: int) -> TensorType:
        """The type of an operand, which is there."""
        return self.history.type_of(operand)

    def operand(self, index: int) -> Span | None:
        """Where an operand is written, if that is in the text."""
        if self.layer is None:
            return self.fault.span
        written = self.call.arguments.get(self.layer.operand_name(index))
        return None if written is None or written.value.source is not self.source else written.value

    def piped(self, index: int, stage: str) -> Fix | None:
        """The fix that pipes an operand through one more stage before the layer reads it."""
        return behind(self.operand(index), stage, self.call)

    def ways(self) -> list[list[Passed]]:
        """The ways of the axes at fault, from where they part on."""
        return parted([self.history.passed(*axis) for axis in self.fault.faulty_axes])

    def written(self, operand: int, axis: int, name: str) -> str:
        """What is written for an argument of the one layer that changes an axis, where it is no number; else empty."""
        way = changes(self.history.passed(operand, axis))
        calls = [call for _, _, call in self.layers(way) if name in call.arguments]
        text = calls[0].arguments[name].value.text if len(calls) == 1 else ""
        return text if text.isidentifier() else ""

    def layers(self, way: Sequence[Passed]) -> Iterator[tuple[Passed, Layer, WrittenCall]]:
        """The layers on a way that are written in the text, each place of it once, the last one first."""
        seen: set[int] = set()
        for one in reversed(way):
            call, layer = one.made.call, one.made.op
            if call is None or not isinstance(layer, Layer) or call.span.source is not self.source:
                continue
            if call.span.start not in seen:
                seen.add(call.span.start)
                yield one, layer, call

    def remedy(self, phrase: object, fix: Fix | None) -> Iterator[Remedy]:
        """A candidate, if it can be written in the text."""
        if fix is not None and fix.source is self.source:
            yield Remedy(str(phrase), fix)


def padded(situation: Situation, passed: Sequence[Passed]) -> Iterator[Remedy]:
    """Windows that some layers slide, none with a stride, padded so that they keep rows and columns."""
    found = _shrinking(situation, passed)
    if any(max(layer.window.stride) > 1 for layer, _ in found):
        return
    names = named([call for _, call in found]) if found else ""
    fixes = (with_argument(call, "padding", full_padding(layer)) for layer, call in found)
    yield from situation.remedy(TriedRemedy.PAD(layers=names), joined(fixes))


def unstrided(situation: Situation, passed: Sequence[Passed]) -> Iterator[Remedy]:
    """Convolutions, some of which have a stride, without it and padded."""
    found = _shrinking(situation, passed)
    strided = [(layer, call) for layer, call in found if max(layer.window.stride) > 1]
    if not strided:
        return
    if any(isinstance(layer, Pooling) for layer, _ in found):
        return
    padding = (with_argument(call, "padding", full_padding(layer)) for layer, call in found if _lacks_padding(layer))
    names = named([call for _, call in found])
    fix = joined((*(without(call, "stride") for _, call in strided), *padding))
    yield from situation.remedy(TriedRemedy.UNSTRIDE(layers=names), fix)


def _shrinking(situation: Situation, passed: Sequence[Passed]) -> list[tuple[Convolving | Pooling, WrittenCall]]:
    """The layers with windows among some that change the size; a pooling without a stride counts as a convolution."""
    return [
        (layer, call) for one, layer, call in situation.layers(passed) if _is_shrinking(layer) and not one.step.keeps
    ]


def _is_shrinking(layer: Layer) -> TypeGuard[Convolving | Pooling]:
    if isinstance(layer, Pooling):
        return max(layer.window.stride) == 1
    return isinstance(layer, Convolving) and not isinstance(layer, TransposedConvolution)


def multiplying(situation: Situation, way: Sequence[Passed]) -> Iterator[Remedy]:
    """The transposed convolutions on a way, so that they give what the stride makes of the size, and nothing else."""
    found = [
        call
        for _, layer, call in situation.layers(way[1:])
        if isinstance(layer, TransposedConvolution) and max(layer.window.stride) > 1
    ]
    if not found:
        return
    names = named(found)
    for name, value in (("output_padding", "1"), ("padding", '"same"')):
        fix = joined(with_argument(call, name, value) for call in found)
        yield from situation.remedy(TriedRemedy.MULTIPLY(layers=names, written=f"{name}={value}"), fix)


def _lacks_padding(layer: Convolving | Pooling) -> bool:
    return str(layer.declared_padding) != "same" and full_padding(layer) != _uniform(layer)


def _uniform(layer: Convolving | Pooling) -> str:
    padding = layer.declared_padding
    amounts = {amount for pair in padding for amount in pair} if isinstance(padding, tuple) else set()
    return str(amounts.pop()) if len(amounts) == 1 else ""


def full_padding(layer: Convolving | Pooling) -> str:
    """The padding with which a window of stride 1 keeps the size: half of what it spans, or "same"."""
    extents = {one.extent for one in axis_windows(layer.window)}
    extent = extents.pop() if len(extents) == 1 else 0
    return str(extent // 2) if extent % 2 else '"same"'


def named(calls: Sequence[WrittenCall]) -> str:
    """Layers in a sentence: `` `conv2d` in line 4``, or how many."""
    facts = [{"name": (call.label or call.function or call.span).text, "line": call.span.line} for call in calls[::-1]]
    if len(facts) > 2:
        return str(Layers.MANY(count=len(facts)))
    if len(facts) == 2 and facts[0] == facts[1]:
        return str(Layers.BOTH(**facts[0]))
    one, *others = (str(Layers.ONE(**each)) for each in facts)
    return str(Layers.TWO(one=one, other=others[0])) if others else one


def strides(before: Sequence[Dim], after: Sequence[Dim]) -> list[int] | None:
    """The strides of a convolution with kernel 1 from some sizes to others; None where there are none."""
    found: list[int] = []
    for one, other in zip(before, after, strict=True):
        stride = _stride(one, other)
        if stride is None:
            return None
        found.append(stride)
    return found


def _stride(before: Dim, after: Dim) -> int | None:
    if before == after:
        return 1
    for stride in (2, 3, 4, 8, 16, 32):
        if (before + (stride - 1)) // stride == after:
            return stride
    return None


def beginning_with(one: Situation, way: Sequence[Passed], size: int, phrase: TriedRemedy) -> Iterator[Remedy]:
    """The layer in which a size begins, with another number for it."""
    first = way[0]
    name, equals, number = first.step.formula.partition("=")
    call = first.made.call
    if not equals or call is None or call.span.source is not one.source or not number.isdigit():
        return
    fix = as_number(call, name, int(number), size)
    yield from one.remedy(phrase(name=first.step.name, line=call.span.line, size=size), fix)


def averaged(one: Situation, kind: TensorType, operand: int) -> Iterator[Remedy]:
    """The means of all channels, and one axis of them."""
    if 3 <= kind.rank <= 5:
        stage = f"global_avg_pool{kind.rank - 2}d -> flatten"
        yield from one.remedy(TriedRemedy.POOL(stage=stage), one.piped(operand, stage))


def declared(one: Situation, made: Made, found: TensorType, declared: str, phrase: object) -> Iterator[Remedy]:
    """An input with another type than the one that is written for it."""
    span = None if made.call is None else made.call.span
    if span is None or made.op is None or made.op.kind != "input" or span.source is not one.source:
        return
    start = span.text.find(str(found))
    if start >= 0 and declared != str(found):
        at = span.source.span(span.start + start, span.start + start + len(str(found)))
        yield from one.remedy(phrase, Fix((Edit(at, declared),), Safety.UNSAFE))
