"""Arithmetic, comparisons and functions that have no value, or do not take what they are given (E308 to E310)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic
from .forms import declare_otherwise_or, ticked
from .phrases import filled

# --- what an operator takes -------------------------------------------------------------------------------------------


@record
class WrongOperands(Diagnostic):
    """An operator does not take these two.

    Arithmetic takes numbers and dimensions, or tensors; comparisons take values of one kind; `and`, `or`, `not` take
    bools.
    """

    code: ClassVar[str] = "E308"
    message: ClassVar[str] = "`{operator}` does not take {found}"
    label: ClassVar[str] = "{found}"
    remedy: ClassVar[str] = "arithmetic is between numbers, or between tensors"

    operator: str
    operands: tuple[str, ...]  #: what each of them is, as phrases

    @property
    def found(self) -> str:
        """What it is given."""
        return " and ".join(self.operands)


@record
class MatrixProductOfValues(WrongOperands):
    """`@` between numbers."""

    remedy: ClassVar[str] = "`@` multiplies matrices, which are tensors; between numbers write `*`"


@record
class QuotientAsOperand(WrongOperands):
    """A quotient of dimensions that is neither rounded up nor down."""

    remedy: ClassVar[str] = (
        "a quotient of a dimension is of use to `ceil` and `floor` only: write `ceil(H / 2)`, or `H // 2`"
    )


@record
class UnlikeValues(WrongOperands):
    """A comparison of values of different kinds."""

    remedy: ClassVar[str] = "{advice_text}"

    @property
    def advice_text(self) -> str:
        """What to do: the name of an element type needs no quotes."""
        if {"an element type", "a string"} == set(self.operands):
            return "element types stand without quotes: `x.dtype == float32`"
        return "compare two numbers, or two values of the same kind"


@record
class DimensionWithOthers(WrongOperands):
    """A symbolic dimension with something that is neither an int nor a dimension."""

    remedy: ClassVar[str] = "a symbolic dimension is computed with ints only, `//` among them"


@record
class NotABool(WrongOperands):
    """A condition that is no bool."""

    remedy: ClassVar[str] = "compare it with something, as in `x == 1`"


@record
class NotBetweenTensors(WrongOperands):
    """An operator that tensors do not have, such as a comparison."""

    remedy: ClassVar[str] = (
        "between tensors there are `+ - * / @ **`; a condition may ask for `x.shape`, not for the numbers"
    )


@record
class NumberOutOfElementType(WrongOperands):
    """A tensor and a number that its element type does not hold."""

    remedy: ClassVar[str] = "the number takes the element type of the tensor, {dtype}, and this one does not fit"

    operands: tuple[str, ...] = ()
    dtype: str
    number: str

    @property
    def found(self) -> str:
        """The tensor and the number."""
        return f"a tensor of {self.dtype} and {self.number}"


# --- what a function takes --------------------------------------------------------------------------------------------


@record
class WrongCall(WrongOperands):
    """Base of functions that are given what they do not take; ``takes`` says what they do."""

    remedy: ClassVar[str] = "`{operator}` takes {takes}"
    takes: ClassVar[str] = ""

    @property
    def found(self) -> str:
        """What is given."""
        return ", ".join(self.operands) or "nothing"


@record
class RangeOfOthers(WrongCall):
    """`range` of something other than ints, or of too many."""

    takes: ClassVar[str] = "one to three ints"


@record
class StepOfZero(WrongCall):
    """`range` that would never end."""

    takes: ClassVar[str] = "a step that is not 0"


@record
class LengthOfOthers(WrongCall):
    """`len` of something other than a list."""

    takes: ClassVar[str] = "one list"


@record
class ExtremeOfNothing(WrongCall):
    """`min` or `max` of no number."""

    takes: ClassVar[str] = "at least one number"


@record
class ExtremeOfDimensionsAndFloats(WrongCall):
    """`min` or `max` of dimensions and floats."""

    takes: ClassVar[str] = "ints and dimensions, or numbers"


@record
class NotNumbers(WrongCall):
    """A function of numbers that is given something else."""

    takes: ClassVar[str] = "numbers, or one list of numbers"


@record
class NotOneNumber(WrongCall):
    """`ceil` or `floor` of none, or of several."""

    takes: ClassVar[str] = "one number"


@record
class NotOneNumberOrDimension(WrongCall):
    """`abs` of something else."""

    takes: ClassVar[str] = "one number or dimension"


@record
class NotOneKnownNumber(WrongCall):
    """`sqrt`, `exp` or `log` of something else, such as a dimension."""

    takes: ClassVar[str] = "one number; a symbolic dimension is none before the model is fed"


# --- arithmetic without a result --------------------------------------------------------------------------------------


@record
class BadArithmetic(Diagnostic):
    """The arithmetic has no result: a division by zero, an overflow, a negative dimension."""

    code: ClassVar[str] = "E309"
    message: ClassVar[str] = "this has no value: {reason}"
    label: ClassVar[str] = "{reason}"
    remedy: ClassVar[str] = "change the numbers"

    @property
    def reason(self) -> str:
        """Why it has none."""
        return filled(self.clause, self)


@record
class DivisionByZero(BadArithmetic):
    """A division by zero."""

    clause: ClassVar[str] = "division by zero"


@record
class TooLargeForFloat(BadArithmetic):
    """An overflow."""

    clause: ClassVar[str] = "the number is too large for a float"


@record
class RootOfNegative(BadArithmetic):
    """A root of a negative number."""

    clause: ClassVar[str] = "a root of a negative number"


@record
class LogarithmOfNonPositive(BadArithmetic):
    """A logarithm of a number that is not above 0."""

    clause: ClassVar[str] = "a logarithm of a number that is not above 0"


@record
class DivisorNotPositive(BadArithmetic):
    """A division of a dimension by what may be zero or negative."""

    clause: ClassVar[str] = "the divisor {divisor} may be zero or negative"
    remedy: ClassVar[str] = "divide by a positive number"

    divisor: str


@record
class PowerOfDimension(BadArithmetic):
    """A power of a dimension whose exponent is too large, or no number."""

    clause: ClassVar[str] = "a power of a dimension needs an exponent from 0 to {largest}"
    remedy: ClassVar[str] = "simplify the dimension"

    largest: int


@record
class DimensionTooComplex(BadArithmetic):
    """A dimension that has more parts than dotnn computes with."""

    clause: ClassVar[str] = "{limit}"
    remedy: ClassVar[str] = "simplify the dimension"

    limit: str  #: the limit that it exceeds, in the words of what keeps it


@record
class ResultTooComplex(DimensionTooComplex):
    """A dimension of what a layer gives that has more parts than dotnn computes with."""

    clause: ClassVar[str] = "a dimension becomes too complex ({limit})"
    remedy: ClassVar[str] = "give the dimension a number in the type of the input"


# --- conditions -------------------------------------------------------------------------------------------------------


@record
class Undecided(Diagnostic):
    """A condition cannot be decided, because it depends on a symbolic dimension.

    The compiler never guesses: it would have to know the dimension.

    ```nn
    input x: float32[N, 3, H, W]
    y = if x.shape[2] > 32 { x -> max_pool2d(2) } else { x }     # H may be anything
    ```
    """

    code: ClassVar[str] = "E310"
    message: ClassVar[str] = "this cannot be decided: {left} {operator} {right}"
    label: ClassVar[str] = "depends on {symbols}"
    remedy: ClassVar[str] = "{otherwise}give {symbols} a number in the type of the input"

    left: str
    operator: str
    right: str
    names: tuple[str, ...]  #: the symbols that it depends on
    forms: tuple[tuple[str, str], ...] = ()  #: forms of symbols that would decide it

    @property
    def symbols(self) -> str:
        """What would have to be known."""
        return ticked(self.names) or "a dimension"

    @property
    def otherwise(self) -> str:
        """Forms of symbols, as a remedy before another one."""
        return declare_otherwise_or(self.forms)
