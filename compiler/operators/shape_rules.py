"""Named rules for shapes, which several operators share. All dimensions may be symbolic, and all answers are exact."""

from __future__ import annotations

from collections.abc import Sequence

from ..dims import Dim, DimExpr, decide_equal, decide_less, dim_max, dim_min, exact_div, format_dim, lower_bound
from ..graph.broadcasting import broadcasts, misfit
from ..graph.types import format_shape
from ..graph.window_arithmetic import AxisWindow
from .base import Content, InvalidOperands, Known, Shape

#: From here on, and down to the negative of it, a bound of a slice means the end of the axis, however long that is.
BEYOND_EVERY_AXIS = 2**31 - 1


# --- contents ---------------------------------------------------------------------------------------------------------


def content_of(known: Known, name: str) -> Content:
    """The elements of an operand on which a type depends."""
    if known.content is None:
        raise InvalidOperands(f"the elements of {name} must be known")
    return known.content


def ints_of(known: Known, name: str) -> tuple[int, ...]:
    """The elements of an operand, which must be numbers."""
    return numbers(content_of(known, name), name)


def known_ints(known: Known | None, absent: tuple[int, ...] = ()) -> tuple[int, ...] | None:
    """The elements of an operand, or ``absent`` for one that is absent; None where they are not known as numbers."""
    if known is None:
        return absent
    content = known.content or ()
    found = tuple(dim for dim in content if not isinstance(dim, DimExpr))
    return found if known.content is not None and len(found) == len(content) else None


def numbers(dims: Shape, name: str) -> tuple[int, ...]:
    """The dimensions, all of which must be known."""
    known = tuple(dim for dim in dims if not isinstance(dim, DimExpr))
    if len(known) < len(dims):
        raise InvalidOperands(f"{name} cannot be symbolic: {format_shape(dims)}")
    return known


# --- axes -------------------------------------------------------------------------------------------------------------


def resolve_axis(axis: int, rank: int) -> int:
    """The axis counted from 0; negative ones count from the end."""
    if not -rank <= axis < rank:
        raise InvalidOperands(f"there is no axis {axis} among {rank}")
    return axis % rank


def resolve_axes(axes: Sequence[int], rank: int) -> tuple[int, ...]:
    """The axes counted from 0, in the given order; each once."""
    resolved = tuple(resolve_axis(axis, rank) for axis in axes)
    if len(set(resolved)) < len(resolved):
        raise InvalidOperands(f"an axis stands twice in {list(axes)}")
    return resolved


def need_rank(known: Known, name: str, low: int, high: int | None = None) -> None:
    """Demand a rank from ``low`` to ``high``; no upper bound where that is None."""
    if known.rank < low or (high is not None and known.rank > high):
        wanted = f"{low}" if low == high else f"{low} or more" if high is None else f"{low} to {high}"
        raise InvalidOperands(f"{name} has {known.rank} axes, not {wanted}")


def need_shape(known: Known | None, name: str, *shape: Dim) -> None:
    """Demand exactly this shape of an operand that is there."""
    if known is None:
        return
    fits = len(known.shape) == len(shape) and all(map(decide_equal, known.shape, shape))
    if not fits:
        raise InvalidOperands(f"{name} is {format_shape(known.shape)}, not {format_shape(shape)}")


# --- shapes -----------------------------------------------------------------------------------------------------------


def broadcast(*shapes: Shape) -> Shape:
    """The shape of tensors combined element by element, aligned at the last axis, as in numpy."""
    result = shapes[0]
    for shape in shapes[1:]:
        result = _broadcast_two(result, shape)
    return result


def _broadcast_two(left: Shape, right: Shape) -> Shape:
    if left == right:
        return left
    rank = max(len(left), len(right))
    ones, others = (1,) * (rank - len(left)) + left, (1,) * (rank - len(right)) + right
    if misfit([broadcasts(*pair) for pair in zip(ones, others, strict=True)]) is not None:
        raise InvalidOperands(f"{format_shape(left)} and {format_shape(right)} do not certainly broadcast")
    return tuple(other if one == 1 else one for one, other in zip(ones, others, strict=True))


def reduced(shape: Shape, axes: Sequence[int], keepdims: bool) -> Shape:
    """The shape after a reduction over axes counted from 0."""
    return tuple(1 if axis in axes else dim for axis, dim in enumerate(shape) if keepdims or axis not in axes)


def slid(
    sizes: Shape,
    kernel: Sequence[int],
    strides: Sequence[int] | None,
    dilations: Sequence[int] | None,
    pads: Sequence[int] | None,
    ceil: bool = False,
) -> Shape:
    """How many windows there are along each spatial axis; ``pads`` are all the begins, then all the ends."""
    rank = len(sizes)
    strides, dilations, pads = spatial_defaults(rank, strides, dilations, pads)
    if not len(kernel) == len(strides) == len(dilations) == rank or len(pads) != 2 * rank:
        raise InvalidOperands(f"the window has not the {rank} spatial axes of the operand")
    if min((*kernel, *strides, *dilations), default=1) < 1 or min(pads, default=0) < 0:
        raise InvalidOperands("kernels, strides and dilations are at least 1, and pads at least 0")
    windows = map(AxisWindow, kernel, strides, dilations)
    pairs = zip(pads[:rank], pads[rank:], strict=True)
    return tuple(_windows(*one, ceil) for one in zip(windows, sizes, pairs, strict=True))


def spatial_defaults(
    rank: int, strides: Sequence[int] | None, dilations: Sequence[int] | None, pads: Sequence[int] | None
) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
    """Strides, dilations and pads of a window, with what is left out filled in."""
    return strides or (1,) * rank, dilations or (1,) * rank, pads or (0,) * (2 * rank)


def _windows(window: AxisWindow, size: Dim, pads: tuple[int, int], ceil: bool) -> Dim:
    # That a symbolic size is large enough is for layers to demand.
    if isinstance(size, int) and size < window.least_size(pads, ceil):
        raise InvalidOperands(f"a window of {window.extent} positions does not fit into {format_dim(size)}")
    return window.output_size(size, pads, ceil)


def matrix_product(left: Shape, right: Shape) -> Shape:
    """The shape of a product of matrices, or of stacks of them, as in ``numpy.matmul``; vectors lose their axis."""
    if not left or not right:
        raise InvalidOperands("a scalar is no matrix")
    rows, columns = left[-2:-1], right[-1:] if len(right) > 1 else ()
    inner = right[0] if len(right) == 1 else right[len(right) - 2]
    if not decide_equal(left[-1], inner):
        raise InvalidOperands(f"{format_dim(left[-1])} columns meet {format_dim(inner)} rows")
    return (*broadcast(left[:-2], right[:-2]), *rows, *columns)


def sliced(dim: Dim, start: Dim, end: Dim, step: int) -> Dim:
    """How many elements a slice of an axis has; ONNX clamps bounds to the axis, also those of a step back.

    Source: ONNX Slice-13. Unlike in numpy, a start before the first element means that element where the step is
    negative.
    """
    if step == 0:
        raise InvalidOperands("a slice has a step of 0")
    if step > 0:
        first, stop = _clamped(start, dim, 0, dim), _clamped(end, dim, 0, dim)
        return counted(stop - first, step)
    first, stop = _clamped(start, dim, 0, dim - 1), _clamped(end, dim, -1, dim - 1)
    return counted(first - stop, -step)


def counted(span: Dim, step: int) -> Dim:
    """How many there are where every ``step``-th of ``span`` elements is taken, from the first one on; maybe none."""
    return dim_max((span + step - 1) // step, 0)


def _clamped(bound: Dim, dim: Dim, low: Dim, high: Dim) -> Dim:
    if isinstance(bound, int) and not isinstance(dim, int):
        # An axis that is not known is shorter all the same.
        if bound >= BEYOND_EVERY_AXIS:
            return high
        if bound <= -BEYOND_EVERY_AXIS:
            return low
    negative = decide_less(bound, 0)
    if negative is None:
        raise InvalidOperands(f"the bound {format_dim(bound)} of a slice may count from either end")
    return dim_max(low, dim_min(bound + dim if negative else bound, high))


# --- arithmetic of contents -------------------------------------------------------------------------------------------


def quotient(numerator: Dim, divisor: Dim) -> Dim | None:
    """``numerator / divisor`` rounded towards zero, as ONNX divides ints; None where that cannot be said."""
    if isinstance(divisor, int) and divisor < 0:
        return quotient(-numerator, -divisor)
    least = lower_bound(divisor)
    if least is None or least < 1:
        return None
    exact = exact_div(numerator, divisor)
    if exact is not None:
        return exact
    if decide_less(numerator, 0) is False:
        return numerator // divisor
    if decide_less(0, numerator) is False:
        return -(-numerator // divisor)
    return None


def remainder(numerator: Dim, divisor: Dim) -> Dim | None:
    """``numerator`` modulo ``divisor``, with the sign of the divisor; None where that cannot be said."""
    if isinstance(numerator, int) and isinstance(divisor, int):
        return numerator % divisor if divisor else None
    least = lower_bound(divisor)
    return None if least is None or least < 1 else numerator % divisor
