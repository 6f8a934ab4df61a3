"""What may mend two tensors that do not fit together: sums of a path and what skips it, tensors laid side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..diagnostics.fixes import Edit, Fix, Remedy, Safety
from ..diagnostics.tried_remedies import TriedRemedy
from ..graph.types import TensorType, format_shape
from ..layers.convolution import Convolving
from ..layers.shape_rules import moved
from ..measure.shape_history import Passed, parted
from .edits import joined, with_argument
from .situation import (
    Situation,
    averaged,
    beginning_with,
    declared,
    multiplying,
    padded,
    strides,
    unstrided,
)


def of_sums(one: Situation) -> Iterator[Remedy]:
    """Sums of a path and what skips it."""
    if not one.fault.faulty_axes or getattr(one.fault, "forms", ()) or getattr(one.fault, "behind", ""):
        return
    left, right = one.type_of(0), one.type_of(1)
    ways = one.ways()
    if left.rank != right.rank:
        yield from _with_axes(one, left, right)
        return
    # What skips is the side with fewer layers.
    sides = [(0, 1), (1, 0)] if _skips(one) == 0 else [(1, 0), (0, 1)]
    is_spatial = left.shape[1] == right.shape[1]
    for way in ways if is_spatial else ():
        yield from padded(one, way[1:])
        yield from multiplying(one, way)
    yield from _transposed(one, left, right)
    # A difference, as that of a loss, skips nothing.
    if one.layer is not None and one.layer.kind == "add":
        projected = [remedy for side in sides for remedy in _projected(one, *side)]
        yield from list(_strided(one, *sides[0])) or projected[:1]
    for way in ways if is_spatial else ():
        yield from unstrided(one, way[1:])
    for skip, main in sides:
        yield from _as_many(one, ways[main], one.type_of(skip), main)
    others = [pair for pair in zip(left.shape, right.shape, strict=True) if pair[0] != pair[1]]
    is_sign = one.layer is not None and one.layer.kind == "add" and one.call.span.text.count("+") == 1
    if is_sign and len(others) == 1 and left.shape[1] != right.shape[1]:
        texts = [one.operand(0), one.operand(1)]
        if None not in texts:
            text = f"concat({', '.join(text.text for text in texts if text is not None)})"
            yield from one.remedy(TriedRemedy.JOIN(), Fix((Edit(one.call.span, text),), Safety.UNSAFE))


def _with_axes(one: Situation, left: TensorType, right: TensorType) -> Iterator[Remedy]:
    """A number for each channel, `[N, C]`, with the axes of the positions behind it."""
    low, high = (0, right) if left.rank < right.rank else (1, left)
    if one.type_of(low).rank != 2:
        return
    behind_it = list(range(2, high.rank))
    stage = f"unsqueeze(axis={behind_it[0] if len(behind_it) == 1 else behind_it})"
    shaped = one.piped(low, stage)
    yield from one.remedy(TriedRemedy.AXES_BEHIND(stage=stage), shaped)
    channels = high.shape[1]
    if isinstance(channels, int):
        for remedy in beginning_with(one, one.history.passed(low, 1), channels, TriedRemedy.AXES_AND_UNITS):
            yield from one.remedy(remedy.text, joined((remedy.fix, shaped)))


def _skips(one: Situation) -> int:
    """Which of two operands has fewer layers since they part; the examples go through all of them."""
    axes = [(0, 0), (1, 0)]
    counts = [len(way) for way in parted([one.history.passed(*axis) for axis in axes])]
    return 0 if counts[0] < counts[1] else 1


def _transposed(one: Situation, left: TensorType, right: TensorType) -> Iterator[Remedy]:
    """The right side with its channels where the left one has them."""
    for start, end in ((right.rank - 1, 1), (1, right.rank - 1)):
        order = moved(right.rank, start, end)
        if right.rank > 2 and tuple(right.shape[axis] for axis in order) == left.shape:
            stage = f"transpose({list(order)})"
            yield from one.remedy(TriedRemedy.TRANSPOSE(stage=stage), one.piped(1, stage))
            return


def _strided(one: Situation, skip: int, main: int) -> Iterator[Remedy]:
    """The convolution that skips, which has the channels already, with the stride of the other side."""
    before, after = one.type_of(skip), one.type_of(main)
    spatial = strides(before.shape[2:], after.shape[2:]) if before.rank > 2 else None
    if spatial is None or max(spatial) == 1 or len({*spatial}) > 1:
        return
    ways = parted([one.history.passed(skip, 2), one.history.passed(main, 2)])
    for _, layer, call in one.layers(ways[0][1:]):
        if isinstance(layer, Convolving) and max(layer.window.stride) == 1:
            text = one.written(main, 2, "stride") or str(spatial[0])
            name = (call.label or call.function or call.span).text
            phrase = TriedRemedy.STRIDE(name=name, line=call.span.line, stride=text)
            yield from one.remedy(phrase, with_argument(call, "stride", text))


def _projected(one: Situation, skip: int, main: int) -> Iterator[Remedy]:
    """The skip brought to the shape of the other side by a convolution with kernel 1, or a dense layer."""
    before, after = one.type_of(skip), one.type_of(main)
    # Of three axes the last holds features where a layer says how many, and else positions.
    first = one.history.passed(main, -1)[0].step
    is_last = before.rank == 2 or (before.rank == 3 and before.shape[1] == after.shape[1] and "=" in first.formula)
    spatial = [] if is_last else strides(before.shape[2:], after.shape[2:])
    channels = after.shape[-1 if is_last else 1]
    if spatial is None or not isinstance(channels, int) or before.rank > 5:
        return
    # In a block, what is written holds for its other calls as well.
    count = one.written(main, -1 if is_last else 1, "filters") or str(channels)
    stage = f"dense({count})"
    if not is_last:
        steps = str(spatial[0] if len({*spatial}) == 1 else spatial)
        steps = one.written(main, 2, "stride") or steps
        stage = f"conv{before.rank - 2}d({count}, kernel=1{f', stride={steps}' if steps != '1' else ''})"
    yield from one.remedy(TriedRemedy.PROJECT(stage=stage), one.piped(skip, stage))


def _as_many(one: Situation, way: Sequence[Passed], wanted: TensorType, operand: int) -> Iterator[Remedy]:
    """The layer in which the size of the axis at fault begins, with the size of the other side."""
    axis = dict(one.fault.faulty_axes).get(operand)
    size = None if axis is None else wanted.shape[axis]
    if isinstance(size, int):
        yield from beginning_with(one, way, size, TriedRemedy.FILTERS)


def of_concat(one: Situation) -> Iterator[Remedy]:
    """Tensors that differ in another axis than the one along which they are joined."""
    if not one.fault.faulty_axes or getattr(one.fault, "expanding", ()) or getattr(one.fault, "forms", ()):
        return
    (left, _), (right, _) = one.fault.faulty_axes
    types = one.type_of(left), one.type_of(right)
    ways = one.ways()
    if len(one.history.operands) > 2:
        axis = one.fault.faulty_axes[0][1]
        everywhere = [one.history.passed(index, axis) for index in range(len(one.history.operands))]
        yield from padded(one, [one for way in everywhere for one in way[_shared(everywhere) :]])
    for way in ways:
        yield from padded(one, way[1:])
        yield from multiplying(one, way)
    yield from _resized(one, left, right, ways)
    pairs = zip(*(kind.shape for kind in types), strict=True)
    differing = [axis for axis, pair in enumerate(pairs) if len({*pair}) > 1]
    if len(differing) == 1:
        axis = str(differing[0])
        yield from one.remedy(TriedRemedy.JOIN_ALONG(axis=axis), with_argument(one.call, "axis", axis))
    yield from wider_inputs(one)


def wider_inputs(one: Situation) -> Iterator[Remedy]:
    """The input that both sides come from, of sizes that can be halved as often as they are."""
    if len(one.fault.faulty_axes) != 2:
        return
    first = one.history.passed(*one.fault.faulty_axes[-1])[0]
    found = first.made.results[first.value.index]
    sizes = [size for size in found.shape[2:] if isinstance(size, int)]
    if not sizes or len(sizes) != found.rank - 2:
        return
    for divisor in (2, 4, 8, 16, 32):
        wider = found.with_shape(*found.shape[:2], *(-(-size // divisor) * divisor for size in sizes))
        phrase = TriedRemedy.WIDER(divisor=divisor, declared=str(wider))
        yield from declared(one, first.made, found, str(wider), phrase)


def _shared(ways: Sequence[list[Passed]]) -> int:
    """How many steps several ways have in common."""
    alike = (len({(one.value, one.axis) for one in steps}) == 1 for steps in zip(*ways, strict=False))
    return next((number for number, is_alike in enumerate(alike) if not is_alike), min(map(len, ways)))


def _resized(one: Situation, left: int, right: int, ways: list[list[Passed]]) -> Iterator[Remedy]:
    """The side with more layers, brought to the rows and columns of the other."""
    longer, shorter = (left, right) if len(ways[0]) > len(ways[-1]) else (right, left)
    for changed, kept in ((longer, shorter), (shorter, longer)):
        kind, other = one.type_of(kept), one.operand(kept)
        if kind.rank < 3 or kind.shape[2:] == one.type_of(changed).shape[2:]:
            return
        is_name = other is not None and other.text.isidentifier()
        size = f"{other.text}.shape[2:]" if is_name and other is not None else format_shape(kind.shape[2:])
        stage = f"resize({size})"
        yield from one.remedy(TriedRemedy.RESIZE(stage=stage), one.piped(changed, stage))


def of_ranks(one: Situation) -> Iterator[Remedy]:
    """Tensors of different ranks that are joined: the one of higher rank flattened."""
    types = [(index, one.type_of(index)) for index, value in enumerate(one.history.operands) if value is not None]
    index, kind = max(types, key=lambda pair: pair[1].rank)
    if min(other.rank for _, other in types) != 2:
        return
    yield from one.remedy(TriedRemedy.FLATTEN(), one.piped(index, "flatten"))
    yield from averaged(one, kind, index)
