"""Shape rules that several layers share, each raising its diagnostic at the operand or argument to blame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, TypeVar

from ..diagnostics import DotnnError
from ..diagnostics.operands import (
    BroadcastUndecided,
    CannotBroadcast,
    ElementTypesDiffer,
    NoAxis,
    RepeatedAxis,
)
from ..diagnostics.shapes import (
    AxisMustBeWritten,
    AxisOutOfRange,
    UndecidedDimension,
    WrongElementType,
    WrongRank,
)
from ..graph.broadcasting import broadcasts, misfit
from ..graph.dims import Dim, DimExpr, format_dim, symbols
from ..graph.dims_linear import equalizing_forms
from ..graph.types import DType, TensorType, for_one_example
from .attributes import HIGHEST_RANK
from .base import Site
from .cost import product_text as product_text  # TRANSITION

T = TypeVar("T")


def required(operands: Sequence[T | None], index: int) -> T:
    """The type, or the array, of an operand that is always there; elaboration has checked the signature."""
    found = operands[index]
    if found is None:
        raise ValueError(f"operand {index} is required")
    return found


def need_rank(site: Site, operand: int, found: TensorType, low: int, high: int, form: str, hint: str = "") -> None:
    """Demand a rank from ``low`` to ``high``; ``form`` describes it: ``[N, C, H, W]``."""
    if low <= found.rank <= high:
        return
    fault = WrongRank(span=site.operand(operand), kind=site.kind, expected=form, found=str(found))
    raise DotnnError(replace(fault, hint=hint) if hint else fault)


def need_float(site: Site, operand: int, found: TensorType) -> None:
    """Demand floating point elements."""
    if not found.dtype.is_float:
        raise DotnnError(
            WrongElementType(span=site.operand(operand), kind=site.kind, expected="float32", found=str(found))
        )


def need_integer(site: Site, operand: int, found: TensorType) -> None:
    """Demand int32 or int64 elements."""
    if found.dtype not in (DType.INT32, DType.INT64):
        raise DotnnError(
            WrongElementType(span=site.operand(operand), kind=site.kind, expected="int64", found=str(found))
        )


def need_known(site: Site, operand: int, dim: Dim, what: str, found: TensorType) -> int:
    """Demand a dimension that is a number; ``what`` says which one: ``the number of channels``."""
    if not isinstance(dim, DimExpr):
        return dim
    raise DotnnError(
        UndecidedDimension(
            span=site.operand(operand),
            kind=site.kind,
            what=what,
            dim=format_dim(dim),
            symbol="` and `".join(sorted(symbols(dim))),
            found=str(found),
        )
    )


def resolve_axis(site: Site, axis: int, found: TensorType, argument: str = "axis") -> int:
    """The axis counted from 0; negative ones count from the end."""
    need_rank(site, 0, found, 1, HIGHEST_RANK, "a tensor with at least one axis", "a scalar has no axes")
    if -found.rank <= axis < found.rank:
        return axis % found.rank
    raise DotnnError(
        AxisOutOfRange(
            span=site.argument(argument),
            kind=site.kind,
            axis=axis,
            found=str(found),
            low=-found.rank,
            high=found.rank - 1,
        )
    )


def axis_or_last(site: Site, axis: int | None, found: TensorType) -> int:
    """The written axis, or the last one, which from rank 4 on must be written."""
    if axis is None and found.rank >= 4:
        raise DotnnError(
            AxisMustBeWritten(span=site.span, kind=site.kind, found=str(found), rank=found.rank, example=1)
        )
    return resolve_axis(site, -1 if axis is None else axis, found)


def axis_or_channels(site: Site, axis: int | None, found: TensorType) -> int:
    """The written axis, or axis 1, which on rank 3 must be written."""
    if axis is None and found.rank == 3:
        raise DotnnError(AxisMustBeWritten(span=site.span, kind=site.kind, found=str(found), rank=3, example=1))
    return resolve_axis(site, 1 if axis is None else axis, found)


def resolve_axes(site: Site, axes: Sequence[int], found: TensorType, argument: str = "axis") -> tuple[int, ...]:
    """The axes counted from 0 in ascending order; at least one, and each once."""
    if not axes:
        raise DotnnError(NoAxis(span=site.argument(argument), kind=site.kind, found=str(found)))
    resolved = tuple(sorted(resolve_axis(site, axis, found, argument) for axis in axes))
    for one, other in pairwise(resolved):
        if one == other:
            written = f"[{', '.join(map(str, axes))}]"
            span = site.argument(argument)
            raise DotnnError(RepeatedAxis(span=span, kind=site.kind, axis=one, found=str(found), axes=written))
    return resolved


def need_number(site: Site, operand: int, found: TensorType) -> None:
    """Demand elements that runtimes add and multiply: floating point, int32 or int64."""
    if not found.dtype.is_float and found.dtype not in (DType.INT32, DType.INT64):
        expected = "float32, int32 or int64"
        raise DotnnError(
            WrongElementType(span=site.operand(operand), kind=site.kind, expected=expected, found=str(found))
        )


def need_same_elements(site: Site, operand: int, first: TensorType, found: TensorType) -> None:
    """Demand that an operand has the element type of the first one."""
    if found.dtype is not first.dtype:
        span = site.operand(operand)
        raise DotnnError(ElementTypesDiffer(span=span, kind=site.kind, left=str(first), right=str(found)))


def broadcast(site: Site, a: TensorType, b: TensorType) -> TensorType:
    """The type of ``a`` and ``b`` combined element by element, their shapes broadcast as in numpy.

    Shapes are aligned at their last axes. Two dimensions fit if they are equal for all values of the symbols,
    or if one of them is 1; where that is not certain, it is an error that says what would have to be known.
    """
    need_same_elements(site, 1, a, b)
    rank = max(a.rank, b.rank)
    left = (1,) * (rank - a.rank) + a.shape
    right = (1,) * (rank - b.rank) + b.shape
    wrong = misfit([broadcasts(one, other) for one, other in zip(left, right, strict=True)])
    if wrong is None:
        return a.with_shape(*(other if one == 1 else one for one, other in zip(left, right, strict=True)))
    axis, certain = wrong
    facts: dict[str, Any] = {
        "span": site.operand(1),
        "kind": site.kind,
        "left": str(a),
        "right": str(b),
        "left_dim": format_dim(left[axis]),
        "right_dim": format_dim(right[axis]),
        "axis": axis,
    }
    if certain:
        raise DotnnError(CannotBroadcast(**facts))
    pairs = [(one, other) for one, other in zip(left, right, strict=True) if 1 not in (one, other)]
    raise DotnnError(BroadcastUndecided(**facts, hint=declare_otherwise(equalizing_forms(pairs))))


def alternative(remedy: str) -> str:
    """A remedy to be followed by another one; empty for none."""
    return f"{remedy}, or " if remedy else ""


def declare_otherwise(forms: Mapping[str, Dim]) -> str:
    """What to write for symbols, as a remedy: "write `2*H` for `H` in the types of …"; empty for none."""
    if not forms:
        return ""
    listed = " and ".join(f"`{format_dim(form)}` for `{name}`" for name, form in sorted(forms.items()))
    return f"write {listed} in the types of the inputs and elsewhere in the model"


def moved(rank: int, start: int, end: int) -> tuple[int, ...]:
    """The order of axes for a transposition that moves axis ``start`` to the place ``end``."""
    order = [axis for axis in range(rank) if axis != start]
    order.insert(end, start)
    return tuple(order)


def counted(shape: Iterable[Dim]) -> tuple[Dim, ...]:
    """The dimensions whose product a cost for one example holds; a batch of one is left out."""
    dims = tuple(map(for_one_example, shape))
    return dims[1:] if dims[:1] == (1,) else dims
