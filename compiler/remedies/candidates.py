"""What may mend a mistake of shapes, by the kind of the mistake, the nearest first; none of it is tried here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from ..diagnostics import Diagnostic
from ..diagnostics.attention import AttentionMismatch, HeadsNotEven
from ..diagnostics.fixes import Edit, Fix, Remedy, Safety
from ..diagnostics.library_mistakes import InLibrary
from ..diagnostics.operands import (
    CannotBroadcast,
    CannotConcatenate,
    ElementCounts,
    RanksDiffer,
    SplitNotEven,
    SplitSizes,
    SqueezedAxis,
    UndecidedFit,
)
from ..diagnostics.resizing import ChannelsMakeNoBlocks
from ..diagnostics.shapes import AxisMustBeWritten, SpatialRank, UndecidedDimension, WrongRank
from ..diagnostics.tried_remedies import TriedRemedy
from ..diagnostics.values import WrongType
from ..diagnostics.windows import ChannelsNotDivisible, FiltersNotDivisible, WindowTooLarge
from ..dims import Dim, exact_div, format_dim
from ..graph.types import TensorType
from ..layers.convolution import Convolving
from ..layers.pooling import Pooling
from ..layers.recurrent import Recurrent
from ..layers.windows import Sliding
from .edits import as_number, joined, renamed, with_argument, without_stage
from .pairs import of_concat, of_ranks, of_sums, wider_inputs
from .situation import (
    Situation,
    averaged,
    beginning_with,
    declared,
    full_padding,
    multiplying,
    padded,
)


def candidates(situation: Situation) -> Iterator[Remedy]:
    """What may mend a mistake; nothing for mistakes of which no kind of remedy is known."""
    if isinstance(situation.fault, InLibrary):
        yield from wider_inputs(situation)
        return
    for kind, found in _BY_KIND:
        if isinstance(situation.fault, kind):
            yield from found(situation)
            return


# --- windows ----------------------------------------------------------------------------------------------------------


def _of_windows(one: Situation) -> Iterator[Remedy]:
    """A window that is larger than what it slides over."""
    layer, found = one.layer, one.type_of(0)
    if not isinstance(layer, Sliding) or getattr(one.fault, "order", ""):
        return
    sizes = [size for size in found.shape[2:] if isinstance(size, int)]
    least = min(sizes, default=0)
    # A single position with padding around it is hardly what is wanted.
    widened = list(_widened(one, layer))
    yield from widened if least > 1 else ()
    if 1 < least < max(layer.kernel) and max(layer.window.dilation) == 1:
        fix = with_argument(one.call, "kernel", str(least))
        yield from one.remedy(TriedRemedy.SMALLER_KERNEL(kernel=least), fix)
    if isinstance(layer, Pooling):
        yield from _left_out(one, layer.kind, one.call)
    way = one.history.passed(*one.fault.faulty_axes[0])
    yield from padded(one, way[1:])
    pooled = [(before.kind, call) for _, before, call in one.layers(way) if "pool" in before.kind]
    for kind, call in pooled[:1]:
        yield from _left_out(one, kind, call)
    yield from widened if least <= 1 else ()


def _widened(one: Situation, layer: Sliding) -> Iterator[Remedy]:
    """The convolution itself, padded."""
    if isinstance(layer, Convolving):
        padding = full_padding(layer)
        yield from one.remedy(TriedRemedy.SAME_PADDING(padding=padding), with_argument(one.call, "padding", padding))


def _left_out(one: Situation, kind: str, call: Any) -> Iterator[Remedy]:
    yield from one.remedy(TriedRemedy.LEAVE_OUT(name=kind, line=call.span.line), without_stage(call))


# --- ranks ------------------------------------------------------------------------------------------------------------


def _of_rank(one: Situation) -> Iterator[Remedy]:
    """A tensor of another number of axes than a layer reads."""
    place = getattr(one.fault, "place", 0)
    found = one.type_of(place)
    yield from _without_flatten(one, place)
    steps = list(_all_steps(one, place))
    yield from steps
    if isinstance(one.fault, SpatialRank):
        yield from _as_image(one, found, place)
    elif one.fault.__class__.__name__ in _SEQUENCES and not steps:
        if found.rank == 4:
            yield from one.remedy(TriedRemedy.SEQUENCE(stage=_POSITIONS), one.piped(place, _POSITIONS))
        if found.rank == 2:
            for axis, phrase in ((1, TriedRemedy.ONE_STEP), (2, TriedRemedy.ONE_NUMBER)):
                stage = f"unsqueeze(axis={axis})"
                yield from one.remedy(phrase(stage=stage), one.piped(place, stage))


#: The stages that lay the positions of an image out one behind the other.
_POSITIONS = "flatten(start=2) -> transpose([0, 2, 1])"
#: Mistakes of layers that read sequences.
_SEQUENCES = ("NotASequence", "StepAsSequence")


def _without_flatten(one: Situation, place: int) -> Iterator[Remedy]:
    """Without the `flatten` that made the operand, or with it further behind."""
    made = one.history.find(one.history.value(place).node)
    call = made.call
    if made.op is None or made.op.kind != "flatten" or call is None or call.span.source is not one.source:
        return
    kind = "" if one.layer is None else one.layer.kind
    dropped = without_stage(call)
    yield from one.remedy(TriedRemedy.LEAVE_OUT_MAKER(name="flatten", kind=kind), dropped)
    text, end = one.source.text, one.call.span.end
    dense = text.find("-> dense", end)
    if dense >= 0:
        moved = Fix((Edit(one.source.span(dense, dense), f"-> {call.span.text} "),), Safety.UNSAFE)
        yield from one.remedy(TriedRemedy.MOVE_FLATTEN(), joined((dropped, moved)))


def _all_steps(one: Situation, place: int) -> Iterator[Remedy]:
    """The recurrent layer that made the operand, with the results of all its steps."""
    made = one.history.find(one.history.value(place).node)
    call = made.call
    if not isinstance(made.op, Recurrent) or made.op.return_sequences or call is None or one.layer is None:
        return
    phrase = TriedRemedy.ALL_STEPS(name=made.op.kind, line=call.span.line, kind=one.layer.kind)
    yield from one.remedy(phrase, with_argument(call, "return_sequences", "true"))


def _as_image(one: Situation, found: TensorType, place: int) -> Iterator[Remedy]:
    """What lacks the examples, the channels or rows and columns, as the layer reads it."""
    fault = one.fault
    batch, sibling = getattr(fault, "batch", ""), getattr(fault, "sibling", "")
    if batch:
        yield from _with_batch(one, found, batch, place)
        return
    if getattr(fault, "lacks_channels", False):
        yield from one.remedy(TriedRemedy.ADD_AXIS(stage="unsqueeze(axis=1)"), one.piped(place, "unsqueeze(axis=1)"))
    if sibling:
        yield from one.remedy(TriedRemedy.SIBLING(sibling=sibling), renamed(one.call, sibling))
    if found.rank == 2 and one.layer is not None and one.layer.kind.endswith("2d"):
        for stage in _images(found):
            yield from one.remedy(TriedRemedy.IMAGE(stage=stage), one.piped(place, stage))


def _with_batch(one: Situation, found: TensorType, batch: str, place: int) -> Iterator[Remedy]:
    made = one.history.find(one.history.value(place).node)
    name = made.call.label.text if made.call is not None and made.call.label is not None else ""
    yield from declared(one, made, found, batch, TriedRemedy.BATCH(name=name, declared=batch))


def _images(found: TensorType) -> Iterator[str]:
    """Square images of one or three channels of as many numbers."""
    count = found.shape[1]
    for channels in (1, 3):
        side = math.isqrt(count // channels) if isinstance(count, int) and count % channels == 0 else 0
        if side > 1 and side * side * channels == count:
            yield f"reshape([{format_dim(found.shape[0])}, {channels}, {side}, {side}])"


def _of_axis(one: Situation) -> Iterator[Remedy]:
    """A layer that must say which axis it means."""
    found = one.type_of(0)
    if one.layer is not None and one.layer.kind == "dense":
        yield from one.remedy(TriedRemedy.FLATTEN(), one.piped(0, "flatten"))
        yield from averaged(one, found, 0)
    yield from one.remedy(TriedRemedy.WRITE_AXIS(axis=1), with_argument(one.call, "axis", "1"))


# --- numbers ----------------------------------------------------------------------------------------------------------


def _of_groups(one: Situation) -> Iterator[Remedy]:
    """Groups, heads or parts that do not divide, and channels that are not divided."""
    fault: Any = one.fault
    name, number, total = next(
        (name, getattr(fault, name), total)
        for name, total in (("groups", "channels"), ("groups", "filters"), ("heads", "channels"), ("parts", "dim"))
        if hasattr(fault, name) and hasattr(fault, total)
    )
    whole = getattr(fault, total)
    divisors = [one for one in range(1, min(whole, 256) + 1) if whole % one == 0]
    nearest = sorted(divisors, key=lambda divisor: (abs(divisor - number), -divisor))[:2]
    if name != "parts":
        for divisor in nearest:
            fix = with_argument(one.call, name, str(divisor))
            yield from one.remedy(TriedRemedy.NUMBER(argument=name, number=divisor), fix)
    for multiple in _multiples(whole, number):
        if total == "filters":
            fix = as_number(one.call, total, whole, multiple)
            yield from one.remedy(TriedRemedy.NUMBER(argument=total, number=multiple), fix)
        elif fault.faulty_axes:
            way = one.history.passed(*fault.faulty_axes[0])
            yield from beginning_with(one, way, multiple, TriedRemedy.UNITS)


def _of_blocks(one: Situation) -> Iterator[Remedy]:
    """Channels that are no multiple of the positions of a block."""
    fault: Any = one.fault
    block, way = fault.factor**2, one.history.passed(*fault.faulty_axes[0])
    for multiple in _multiples(fault.channels, block):
        yield from beginning_with(one, way, multiple, TriedRemedy.UNITS)


def _multiples(whole: int, number: int) -> list[int]:
    """The two multiples of a number around another one, the nearer one first."""
    below = whole // number * number
    return sorted({max(below, number), below + number}, key=lambda multiple: abs(multiple - whole))


def _of_element_counts(one: Situation) -> Iterator[Remedy]:
    """A shape with another number in one place, so that it has as many elements."""
    written = one.call.arguments.get("shape")
    if written is None or written.value.text[:1] != "[":
        return
    parts = [part.strip() for part in written.value.text[1:-1].split(",")]
    total, shape = one.type_of(0).elements, getattr(one.layer, "shape", ())
    if len(parts) != len(shape) or -1 in shape:
        return
    found: list[tuple[float, str]] = []
    for place, part in enumerate(parts):
        others: Dim = 1
        for index, dim in enumerate(shape):
            others = others * dim if index != place else others
        rest = exact_div(total, others)
        if part.isdigit() and isinstance(rest, int) and rest > 0:
            text = f"[{', '.join((*parts[:place], str(rest), *parts[place + 1 :]))}]"
            found.append((abs(math.log(rest / int(part))), text))
    for _, text in sorted(found)[:2]:
        yield from one.remedy(TriedRemedy.SIZE_OF_SHAPE(shape=text), with_argument(one.call, "shape", text))
    yield from multiplying(one, one.history.passed(*one.fault.faulty_axes[0]))
    if not found and len(parts) > 1:
        text = f"[{', '.join((*parts[:-1], '-1'))}]"
        yield from one.remedy(TriedRemedy.REST(), with_argument(one.call, "shape", text))


def _of_parts(one: Situation) -> Iterator[Remedy]:
    """Parts that do not add up: one of them with what is lacking, or without what is too much."""
    fault: Any = one.fault
    parts = getattr(one.layer, "parts", ())
    for place in reversed(range(len(parts))):
        changed = parts[place] + fault.dim - fault.total
        if changed > 0:
            text = str([*parts[:place], changed, *parts[place + 1 :]])
            yield from one.remedy(TriedRemedy.PARTS(parts=text), with_argument(one.call, "parts", text))


def _of_symbols(one: Situation) -> Iterator[Remedy]:
    """Features whose number depends on the size of an image, because it was flattened: the means of the channels."""
    place = one.fault.faulty_axes[0][0]
    made = one.history.find(one.history.value(place).node)
    call, read = made.call, made.operands[0] if made.operands else None
    if (
        made.op is None
        or made.op.kind != "flatten"
        or call is None
        or read is None
        or call.span.source is not one.source
    ):
        return
    rank = one.history.find(read.node).results[read.index].rank
    if 3 <= rank <= 5:
        stage = f"global_avg_pool{rank - 2}d"
        fix = Fix((Edit(call.span, f"{stage} -> {call.span.text}"),), Safety.UNSAFE)
        yield from one.remedy(TriedRemedy.POOL_FIRST(stage=stage), fix)


def _of_squeeze(one: Situation) -> Iterator[Remedy]:
    """Axes of an image that have a size: the means along them."""
    rank = one.type_of(0).rank
    if 3 <= rank <= 5:
        stage = f"global_avg_pool{rank - 2}d"
        yield from one.remedy(TriedRemedy.POOL(stage=stage), one.piped(0, stage))


def _of_channels(one: Situation) -> Iterator[Remedy]:
    """Queries, keys and values of other widths."""
    if not one.fault.faulty_axes or getattr(one.fault, "order", ""):
        return
    (first, axis), (second, _) = one.fault.faulty_axes
    width = one.type_of(first).shape[axis]
    if axis == -1 and isinstance(width, int):
        stage = f"dense({width})"
        yield from one.remedy(TriedRemedy.WIDTH(stage=stage), one.piped(second, stage))


# --- declared types ---------------------------------------------------------------------------------------------------


def _of_declared(one: Situation) -> Iterator[Remedy]:
    """A value of another type than was declared for it."""
    fault: Any = one.fault
    place, found = fault.declared_at, one.type_of(0)
    if place is None or place.source is not one.source:
        return
    for _, axis in fault.faulty_axes:
        way = one.history.passed(0, axis)
        wanted = _declared_sizes(fault.declared)
        if len(wanted) == found.rank and wanted[axis].isdigit():
            yield from beginning_with(one, way, int(wanted[axis]), TriedRemedy.UNITS)
    if fault.faulty_axes:
        way = one.history.passed(*fault.faulty_axes[-1])
        yield from padded(one, way[1:])
        yield from multiplying(one, way)
    elif found.rank > 2 and len(_declared_sizes(fault.declared)) == 2:
        yield from one.remedy(TriedRemedy.FLATTEN(), one.piped(0, "flatten"))
        yield from averaged(one, found, 0)
    yield from one.remedy(TriedRemedy.DECLARE(declared=str(found)), Fix((Edit(place, str(found)),), Safety.UNSAFE))


def _declared_sizes(declared: str) -> list[str]:
    return [part.strip() for part in declared.partition("[")[2].rstrip("]").split(",")]


_Kinds: TypeAlias = type[Diagnostic] | tuple[type[Diagnostic], ...]

#: What finds candidates for which mistakes; the first that fits is asked.
_BY_KIND: tuple[tuple[_Kinds, Callable[[Situation], Iterator[Remedy]]], ...] = (
    (CannotConcatenate, of_concat),
    (CannotBroadcast, of_sums),
    (UndecidedFit, of_sums),
    (RanksDiffer, of_ranks),
    (WindowTooLarge, _of_windows),
    (WrongRank, _of_rank),
    (AxisMustBeWritten, _of_axis),
    ((ChannelsNotDivisible, FiltersNotDivisible, HeadsNotEven, SplitNotEven), _of_groups),
    (ElementCounts, _of_element_counts),
    (SplitSizes, _of_parts),
    (UndecidedDimension, _of_symbols),
    (SqueezedAxis, _of_squeeze),
    (ChannelsMakeNoBlocks, _of_blocks),
    (AttentionMismatch, _of_channels),
    (WrongType, _of_declared),
)
