"""What building a model of another element type can show (E870, W844-W846)."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .base import Diagnostic, Severity
from .weights import count, quoted

#: Of the weights that a sentence is about so many are named.
_MOST_NAMED = 4


@record
class NotInThisType(Diagnostic):
    """A model cannot be built of another element type, because its text says something that does not fit it.

    `--dtype float16` compiles the text anew with float16 for every float32 in the types of inputs, parameters, consts
    and arguments. Numbers that are written have to be numbers of that type (the largest float16 is 65504), initializers
    may not exceed it, and what is added has to be of one type: `cast(float32)` of a float stays float32, so what
    follows it is float32 until it is cast back, best by `cast(x.dtype)`. What does not fit is reported below.
    """

    code: ClassVar[str] = "E870"
    message: ClassVar[str] = "the model `{name}` cannot be built in {dtype}, which float32 in its text then means"
    remedy: ClassVar[str] = "mend what follows so that it fits both types, or build without `--dtype`"

    name: str
    dtype: str


@record
class WeightsOverflow(Diagnostic):
    """Weights exceed the range of the element type that a model is built of, and became infinite.

    The largest float16 is 65504, and its outputs become infinite or NaN where such a weight is used. bfloat16 has the
    range of float32, but three digits only.
    """

    code: ClassVar[str] = "W844"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "{numbers} of {tensors} {exceed} {dtype} and became infinite: {shown}"
    remedy: ClassVar[str] = "build in bfloat16 or float32, whose range is larger"

    dtype: str
    number: int
    names: tuple[str, ...]
    change: str

    @property
    def numbers(self) -> str:
        """How many, in words."""
        return _numbers(self.number)

    @property
    def tensors(self) -> str:
        """Of how many tensors, in words."""
        return count(self.names)

    @property
    def exceed(self) -> str:
        """The verb."""
        return "exceeds" if self.number == 1 else "exceed"

    @property
    def shown(self) -> str:
        """The first names."""
        return quoted(self.names, _MOST_NAMED)

    def notes(self) -> tuple[str, ...]:
        """The largest change of the others."""
        return (self.change,)


@record
class NumbersVanish(Diagnostic):
    """Numbers are too small for the element type that a model is built of, and became 0.

    The smallest float16 is 6e-8, and below 6e-5 digits are lost. A few such numbers among larger ones change little;
    where most numbers of a tensor vanish, the model is another one. A number of the text is reported at its place:
    the 1e-12 that keeps a divisor from 0 does so no longer, so write a larger one. bfloat16 has the range of float32.
    """

    code: ClassVar[str] = "W845"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "{numbers} of {tensors} {are} too small for {dtype} and became 0: {shown}"
    label: ClassVar[str] = "0 in {dtype}"
    remedy: ClassVar[str] = "compare the outputs with those of the model in float32; bfloat16 has its range"

    dtype: str
    number: int
    names: tuple[str, ...]
    change: str = ""

    @property
    def numbers(self) -> str:
        """How many, in words."""
        return _numbers(self.number)

    @property
    def tensors(self) -> str:
        """Of how many tensors, in words."""
        return count(self.names)

    @property
    def are(self) -> str:
        """The verb."""
        return "is" if self.number == 1 else "are"

    @property
    def shown(self) -> str:
        """The first names."""
        return quoted(self.names, _MOST_NAMED)

    def notes(self) -> tuple[str, ...]:
        """The largest change of the others, where they are weights."""
        return (self.change,) if self.change else ()


@record
class NothingInFloat32(Diagnostic):
    """A model has nothing of float32, so that building it in another element type changes nothing.

    `--dtype` replaces float32 alone: float16, bfloat16 and float64 are in a text because its author wants them there.
    """

    code: ClassVar[str] = "W846"
    severity: ClassVar[Severity] = Severity.WARNING
    message: ClassVar[str] = "nothing of the model `{name}` is float32, so that building it in {dtype} changes nothing"
    remedy: ClassVar[str] = "write the types that should follow as float32, or leave `--dtype` out"

    name: str
    dtype: str


def _numbers(count_: int) -> str:
    return "1 number" if count_ == 1 else f"{count_:,} numbers"
