"""Shape rules that several layers share, each raising its diagnostic at the operand or argument to blame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TypeAlias, TypeVar

from ..diagnostics import Diagnostic, DotnnError
from ..diagnostics.operands import BroadcastUndecided, CannotBroadcast, ElementTypesDiffer, NoAxis, RepeatedAxis
from ..diagnostics.shapes import (
    AxisMustBeWritten,
    AxisOutOfRange,
    NotOfElements,
    ScalarWithoutAxes,
    UndecidedDimension,
    WrongElementType,
    WrongRank,
)
from ..dims import Dim, DimExpr, format_dim, symbols
from ..dims.deciding import decide_equal
from ..dims.formatting import format_forms
from ..dims.linear import equalizing_forms
from ..graph.broadcasting import broadcasts, misfit
from ..graph.types import DType, TensorType
from ..written import number_text, value_text
from .attributes import HIGHEST_RANK
from .base import Site

T = TypeVar("T")

#: Two dimensions, and whether they fit.
_Axis: TypeAlias = tuple[Dim, Dim, bool | None]
_Fault: TypeAlias = Callable[..., Diagnostic]

_INTEGERS = (DType.INT32, DType.INT64)
#: Attributes are floats, which hold larger ints not exactly.
_LARGEST_INT = 2**53 - 1


def need_rank(
    site: Site,
    operand: int,
    found: TensorType,
    low: int,
    high: int,
    form: str = "",
    fault: Callable[..., WrongRank] = WrongRank,
) -> None:
    """Demand a rank from ``low`` to ``high``; ``form`` is what it looks like, unless the fault knows: ``[N, C]``."""
    if low <= found.rank <= high:
        return
    facts = site.about_reader(operand, found) | ({"expected": form} if form else {})
    raise DotnnError(fault(**facts))


def need_float(site: Site, operand: int, found: TensorType) -> None:
    """Demand floating point elements."""
    _need_elements(site, operand, found, found.dtype.is_float, "float32")


def need_integer(site: Site, operand: int, found: TensorType) -> None:
    """Demand int32 or int64 elements."""
    _need_elements(site, operand, found, found.dtype in _INTEGERS, "int64")


def need_number(site: Site, operand: int, found: TensorType) -> None:
    """Demand elements that runtimes add and multiply: floating point, int32 or int64."""
    fits = found.dtype.is_float or found.dtype in _INTEGERS
    _need_elements(site, operand, found, fits, "float32, int32 or int64")


def _need_elements(site: Site, operand: int, found: TensorType, fits: bool, expected: str) -> None:
    if not fits:
        raise DotnnError(WrongElementType(**site.about_operand(operand, found), expected=expected))


def need_element(site: Site, argument: str, number: float, found: TensorType) -> None:
    """Demand that an attribute is a number that the elements of a tensor can be, but for the rounding of floats."""
    least, greatest = _least_and_greatest(found.dtype)
    if least <= number <= greatest and (found.dtype.is_float or number == int(number)):
        return
    facts = {**site.about_argument(argument, found), "name": argument, "element": found.dtype}
    facts |= {"least": number_text(least), "greatest": number_text(greatest)}
    raise DotnnError(NotOfElements(number=number_text(number), is_whole=not found.dtype.is_float, **facts))


def _least_and_greatest(dtype: DType) -> tuple[float, float]:
    """What elements can be, as far as attributes can say it."""
    if dtype.is_float:
        return -dtype.largest, dtype.largest
    if dtype is DType.BOOL:
        return 0, 1
    bits = 8 * dtype.size
    if dtype is DType.UINT8:
        return 0, 2**bits - 1
    half = 2 ** (bits - 1)
    return max(-half, -_LARGEST_INT), min(half - 1, _LARGEST_INT)


def need_same_elements(site: Site, operand: int, first: TensorType, found: TensorType) -> None:
    """Demand that an operand has the element type of the first one."""
    if found.dtype is not first.dtype:
        span = site.operand(operand)
        raise DotnnError(ElementTypesDiffer(span=span, kind=site.kind, left=str(first), right=str(found)))


def known(dim: Dim) -> int:
    """A dimension that ``types`` has found to be a number, for the methods that come after it."""
    if isinstance(dim, DimExpr):
        raise ValueError(f"the dimension {dim} is symbolic")
    return dim


def need_known(site: Site, operand: int, dim: Dim, found: TensorType, fault: Callable[..., UndecidedDimension]) -> int:
    """Demand a dimension that is a number; the fault knows which one it is."""
    if not isinstance(dim, DimExpr):
        return dim
    symbol, facts = "` and `".join(sorted(symbols(dim))), site.about_reader(operand, found)
    facts["faulty_axes"] = ((operand, found.shape.index(dim)),)
    raise DotnnError(fault(**facts, dim=format_dim(dim), symbol=symbol))


def resolve_axis(site: Site, axis: int, found: TensorType, argument: str = "axis") -> int:
    """The axis counted from 0; negative ones count from the end."""
    need_rank(site, 0, found, 1, HIGHEST_RANK, fault=ScalarWithoutAxes)
    if -found.rank <= axis < found.rank:
        return axis % found.rank
    facts = site.about_argument(argument, found)
    raise DotnnError(AxisOutOfRange(**facts, axis=axis, low=-found.rank, high=found.rank - 1))


def axis_or_last(site: Site, axis: int | None, found: TensorType) -> int:
    """The written axis, or the last one, which from rank 4 on must be written."""
    return _axis_or(site, axis, -1, found, found.rank >= 4)


def axis_or_channels(site: Site, axis: int | None, found: TensorType) -> int:
    """The written axis, or axis 1, which on rank 3 must be written."""
    return _axis_or(site, axis, 1, found, found.rank == 3)


def _axis_or(site: Site, axis: int | None, default: int, found: TensorType, must_be_written: bool) -> int:
    if axis is None and must_be_written:
        fault = AxisMustBeWritten(span=site.span, kind=site.kind, found=str(found), rank=found.rank, example=1)
        raise DotnnError(fault)
    return resolve_axis(site, default if axis is None else axis, found)


def resolve_axes(site: Site, axes: Sequence[int], found: TensorType, argument: str = "axis") -> tuple[int, ...]:
    """The axes counted from 0 in ascending order; at least one, and each once."""
    if not axes:
        raise DotnnError(NoAxis(**site.about_argument(argument, found)))
    resolved = tuple(sorted(resolve_axis(site, axis, found, argument) for axis in axes))
    for one, other in pairwise(resolved):
        if one == other:
            facts = site.about_argument(argument, found)
            raise DotnnError(RepeatedAxis(**facts, axis=one, axes=value_text(axes)))
    return resolved


def broadcast(site: Site, a: TensorType, b: TensorType) -> TensorType:
    """The type of ``a`` and ``b`` combined element by element, their shapes broadcast as in numpy.

    Shapes are aligned at their last axes. Two dimensions fit if they are equal for all values of the symbols,
    or if one of them is 1; where that is not certain, it is an error that says what would have to be known.
    """
    need_same_elements(site, 1, a, b)
    rank = max(a.rank, b.rank)
    shapes = ((1,) * (rank - one.rank) + one.shape for one in (a, b))
    axes = [(one, other, broadcasts(one, other)) for one, other in zip(*shapes, strict=True)]
    facts = {"left": str(a), "right": str(b), **_axes_behind(site, a, b)}
    need_fit(site, 1, axes, CannotBroadcast, BroadcastUndecided, **facts)
    return a.with_shape(*(other if one == 1 else one for one, other, _ in axes))


def _axes_behind(site: Site, a: TensorType, b: TensorType) -> dict[str, object]:
    """The shorter tensor and the axes to put behind it, where its shape is in the other's, but not at its end."""
    low, high = sorted((a, b), key=lambda one: one.rank)
    for start in range(high.rank - low.rank):
        if low.shape and low.shape == high.shape[start : start + low.rank]:
            axes = list(range(low.rank, high.rank - start))
            behind = value_text(axes[0] if len(axes) == 1 else axes)
            return {"shorter": str(low), "behind": behind, "low": site.operand(0 if low is a else 1)}
    return {}


def need_fit(
    site: Site, operand: int, axes: Sequence[_Axis], cannot: _Fault, undecided: _Fault, **facts: object
) -> None:
    """Demand that an operand fits on every axis: two dimensions and whether they do, None where that is not certain.

    Where one certainly does not it is the first fault that is raised, with the facts.
    """
    wrong = misfit([fits for *_, fits in axes])
    if wrong is None:
        return
    axis, certain = wrong
    left, right, _ = axes[axis]
    facts |= {"span": site.operand(operand), "kind": site.kind, "axis": axis}
    facts |= {"faulty_axes": ((0, axis - len(axes)), (operand, axis - len(axes)))}
    facts |= {"left_dim": format_dim(left), "right_dim": format_dim(right)}
    if certain:
        raise DotnnError(cannot(**facts))
    forms = format_forms(equalizing_forms((one, other) for one, other, fits in axes if not fits))
    raise DotnnError(undecided(**facts, forms=forms, never_equal=decide_equal(left, right) is False))


def last_swapped(rank: int) -> str:
    """The ``transpose`` that swaps the last two axes: ``[0, 2, 1]``."""
    return value_text([*range(rank - 2), rank - 1, rank - 2])


def moved(rank: int, start: int, end: int) -> tuple[int, ...]:
    """The order of axes for a transposition that moves axis ``start`` to the place ``end``."""
    order = [axis for axis in range(rank) if axis != start]
    order.insert(end, start)
    return tuple(order)
