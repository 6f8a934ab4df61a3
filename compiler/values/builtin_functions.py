"""Functions of compile-time values: ``range len min max sum ceil floor abs sqrt exp log``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..diagnostics import DotnnError
from ..diagnostics.arithmetic import (
    BadArithmetic,
    ExtremeOfDimensionsAndFloats,
    ExtremeOfNothing,
    LengthOfOthers,
    LogarithmOfNonPositive,
    NotNumbers,
    NotOneKnownNumber,
    NotOneNumber,
    NotOneNumberOrDimension,
    RangeOfOthers,
    RootOfNegative,
    StepOfZero,
    TooLargeForFloat,
    WrongCall,
)
from ..diagnostics.reductions import ReductionOfSeveral
from ..dims import Dim, DimExpr, dim_max, dim_min
from ..syntax import tree
from .arithmetic import binary, of_dimensions, rounded
from .budget import Budget
from .compile_values import KnownValue, describe, is_int, is_number, is_tensor
from .exact_functions import exponential, logarithm, root

#: Functions of any number of values, whose layers reduce one tensor.
SEVERAL = frozenset({"max", "min", "sum"})


def call_function(call: tree.Call, values: Sequence[KnownValue], budget: Budget) -> KnownValue:
    """The value of a function; raises ``DotnnError``."""
    return _FUNCTIONS[call.function](call, values, budget)


def of_several(call: tree.Call, values: Sequence[KnownValue]) -> DotnnError:
    """The fault of a reduction that is given more than one tensor."""
    found, are_two = ", ".join(map(describe, values[:4])), len(values) == 2 and all(map(is_tensor, values))
    return DotnnError(ReductionOfSeveral(span=call.span, kind=call.function, found=found, are_two=are_two))


def _range(call: tree.Call, values: Sequence[KnownValue], budget: Budget) -> KnownValue:
    bounds = [value for value in values if is_int(value)]
    if not 1 <= len(values) <= 3 or len(bounds) < len(values):
        raise _wrong_call(call, values, RangeOfOthers)
    if len(bounds) == 3 and bounds[2] == 0:
        raise _wrong_call(call, values, StepOfZero)
    if any(bound.bit_length() > 62 for bound in bounds):
        budget.stop("list_length", call.span)
    numbers = range(*bounds)
    budget.reserve(len(numbers), call.span)
    return tuple(numbers)


def _len(call: tree.Call, values: Sequence[KnownValue], budget: Budget) -> KnownValue:
    if len(values) != 1 or not isinstance(values[0], tuple):
        raise _wrong_call(call, values, LengthOfOthers)
    return len(values[0])


def _extreme(call: tree.Call, values: Sequence[KnownValue], budget: Budget) -> KnownValue:
    items = _numbers(call, values)
    if not items:
        raise _wrong_call(call, values, ExtremeOfNothing)
    budget.step(len(items), call.span)
    numbers = [item for item in items if not isinstance(item, DimExpr)]
    if len(numbers) == len(items):
        return max(numbers) if call.function == "max" else min(numbers)
    sizes = [item for item in items if not isinstance(item, float)]
    if len(sizes) < len(items):
        raise _wrong_call(call, values, ExtremeOfDimensionsAndFloats)
    return of_dimensions(dim_max if call.function == "max" else dim_min, *sizes, span=call.span)


def _sum(call: tree.Call, values: Sequence[KnownValue], budget: Budget) -> KnownValue:
    total: KnownValue = 0
    for item in _numbers(call, values):
        budget.step(1, call.span)
        total = binary("+", total, item, call.span, budget)
    return total


def _numbers(call: tree.Call, values: Sequence[KnownValue]) -> Sequence[int | float | DimExpr]:
    items = values[0] if len(values) == 1 and isinstance(values[0], tuple) else values
    if any(map(is_tensor, items)):
        raise of_several(call, values)
    numbers = [item for item in items if is_number(item) or isinstance(item, DimExpr)]
    if len(numbers) < len(items):
        raise _wrong_call(call, values, NotNumbers)
    return numbers


def _rounding(call: tree.Call, values: Sequence[KnownValue], budget: Budget) -> KnownValue:
    if len(values) != 1:
        raise _wrong_call(call, values, NotOneNumber)
    return rounded(values[0], call.function == "ceil", call.span)


def _abs(call: tree.Call, values: Sequence[KnownValue], budget: Budget) -> KnownValue:
    if len(values) == 1 and isinstance(values[0], DimExpr):
        return of_dimensions(_size, values[0], span=call.span)
    return abs(_number(call, values, NotOneNumberOrDimension))


def _size(dim: Dim) -> Dim:
    return dim_max(dim, -dim)


def _real(call: tree.Call, values: Sequence[KnownValue], budget: Budget) -> KnownValue:
    function, outside = _REAL[call.function]
    number = _number(call, values, NotOneKnownNumber)
    try:
        return function(number)
    except ValueError:
        raise DotnnError(outside(span=call.span)) from None
    except OverflowError:
        raise DotnnError(TooLargeForFloat(span=call.span)) from None


def _number(call: tree.Call, values: Sequence[KnownValue], fault: type[WrongCall]) -> int | float:
    if len(values) != 1 or not is_number(values[0]):
        raise _wrong_call(call, values, fault)
    return values[0]


#: Functions that give floats, and the fault of a number for which they have no value, or none but a huge one.
_REAL: Mapping[str, tuple[Callable[[float], float], type[BadArithmetic]]] = {
    "sqrt": (root, RootOfNegative),
    "exp": (exponential, TooLargeForFloat),
    "log": (logarithm, LogarithmOfNonPositive),
}

_FUNCTIONS: Mapping[str, Callable[[tree.Call, Sequence[KnownValue], Budget], KnownValue]] = {
    "range": _range,
    "len": _len,
    "min": _extreme,
    "max": _extreme,
    "sum": _sum,
    "ceil": _rounding,
    "floor": _rounding,
    "abs": _abs,
    **dict.fromkeys(_REAL, _real),
}


def _wrong_call(call: tree.Call, values: Sequence[KnownValue], fault: type[WrongCall]) -> DotnnError:
    return DotnnError(fault(span=call.span, operator=call.function, operands=tuple(map(describe, values[:4]))))
