"""Functions of compile-time values: ``range len min max sum ceil floor abs sqrt exp log``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..diagnostics import DotnnError
from ..diagnostics.values import BadArithmetic, ReductionOfSeveral, WrongOperands
from ..dims import Dim, DimExpr, dim_max, dim_min
from ..syntax import tree
from .arithmetic import binary, of_dimensions, rounded
from .budget import Budget
from .exact import exponential, logarithm, root
from .kinds import KnownValue, describe, is_int, is_number, is_tensor

#: Functions of any number of values, whose layers reduce one tensor, and what is meant of several tensors.
SEVERAL: Mapping[str, str] = {
    "max": "the greater of two tensors, element by element, is `maximum(a, b)`",
    "min": "the smaller of two tensors, element by element, is `minimum(a, b)`",
    "sum": "the sum of tensors is `a + b`",
}


def call_function(call: tree.Call, values: Sequence[KnownValue], budget: Budget) -> KnownValue:
    """The value of a function; raises ``DotnnError``."""
    return _FUNCTIONS[call.function](call, values, budget)


def of_several(call: tree.Call, values: Sequence[KnownValue]) -> DotnnError:
    """The fault of a reduction that is given more than one tensor."""
    hint, found = SEVERAL[call.function], _listed(values)
    return DotnnError(ReductionOfSeveral(span=call.span, kind=call.function, found=found, hint=hint))


def _range(call: tree.Call, values: Sequence[KnownValue], budget: Budget) -> KnownValue:
    bounds = [value for value in values if is_int(value)]
    if not 1 <= len(values) <= 3 or len(bounds) < len(values):
        raise _wrong_call(call, "one to three ints", values)
    if len(bounds) == 3 and bounds[2] == 0:
        raise _wrong_call(call, "a step that is not 0", values)
    if any(bound.bit_length() > 62 for bound in bounds):
        budget.stop("list_length", call.span)
    numbers = range(*bounds)
    budget.reserve(len(numbers), call.span)
    return tuple(numbers)


def _len(call: tree.Call, values: Sequence[KnownValue], budget: Budget) -> KnownValue:
    if len(values) != 1 or not isinstance(values[0], tuple):
        raise _wrong_call(call, "one list", values)
    return len(values[0])


def _extreme(call: tree.Call, values: Sequence[KnownValue], budget: Budget) -> KnownValue:
    items = _numbers(call, values)
    if not items:
        raise _wrong_call(call, "at least one number", values)
    budget.step(len(items), call.span)
    numbers = [item for item in items if not isinstance(item, DimExpr)]
    if len(numbers) == len(items):
        return max(numbers) if call.function == "max" else min(numbers)
    sizes = [item for item in items if not isinstance(item, float)]
    if len(sizes) < len(items):
        raise _wrong_call(call, "ints and dimensions, or numbers", values)
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
        raise _wrong_call(call, "numbers, or one list of numbers", values)
    return numbers


def _rounding(call: tree.Call, values: Sequence[KnownValue], budget: Budget) -> KnownValue:
    if len(values) != 1:
        raise _wrong_call(call, "one number", values)
    return rounded(values[0], call.function == "ceil", call.span)


def _abs(call: tree.Call, values: Sequence[KnownValue], budget: Budget) -> KnownValue:
    if len(values) == 1 and isinstance(values[0], DimExpr):
        return of_dimensions(_size, values[0], span=call.span)
    return abs(_number(call, values, "one number or dimension"))


def _size(dim: Dim) -> Dim:
    return dim_max(dim, -dim)


def _real(call: tree.Call, values: Sequence[KnownValue], budget: Budget) -> KnownValue:
    function, domain = _REAL[call.function]
    number = _number(call, values, "one number; a symbolic dimension is none before the model is fed")
    try:
        return function(number)
    except ValueError:
        raise DotnnError(BadArithmetic(span=call.span, reason=domain)) from None
    except OverflowError:
        raise DotnnError(BadArithmetic(span=call.span, reason="the number is too large for a float")) from None


def _number(call: tree.Call, values: Sequence[KnownValue], expected: str) -> int | float:
    if len(values) != 1 or not is_number(values[0]):
        raise _wrong_call(call, expected, values)
    return values[0]


#: Functions that give floats, and what is wrong with a number for which they have no value.
_REAL: Mapping[str, tuple[Callable[[float], float], str]] = {
    "sqrt": (root, "a root of a negative number"),
    "exp": (exponential, ""),
    "log": (logarithm, "a logarithm of a number that is not above 0"),
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


def _wrong_call(call: tree.Call, expected: str, values: Sequence[KnownValue]) -> DotnnError:
    hint = f"`{call.function}` takes {expected}"
    return DotnnError(WrongOperands(span=call.span, operator=call.function, found=_listed(values), hint=hint))


def _listed(values: Sequence[KnownValue]) -> str:
    return ", ".join(describe(value) for value in values[:4]) or "nothing"
