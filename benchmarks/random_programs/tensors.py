"""Dimensions and tensors as random programs know them: apart from the compiler, whose shapes are held against them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar

T = TypeVar("T")
Sizes = Mapping[str, int]


class Misfit(Exception):
    """What was drawn does not fit; something else is drawn instead."""


@dataclass(frozen=True)
class Dim:
    """A polynomial over symbols and rounded quotients: factors (texts that the language reads) and coefficients."""

    terms: tuple[tuple[tuple[str, ...], int], ...]

    @property
    def number(self) -> int | None:
        """The number that it is; None if it is symbolic."""
        if not self.terms:
            return 0
        return self.terms[0][1] if len(self.terms) == 1 and not self.terms[0][0] else None

    def __str__(self) -> str:
        texts = [
            "*".join(factors) if factors and coefficient == 1 else "*".join([str(coefficient), *factors])
            for factors, coefficient in sorted(self.terms, key=lambda term: (not term[0], term[1] < 0))
        ]
        return " + ".join(texts).replace("+ -", "- ") or "0"

    def __add__(self, other: Dim | int) -> Dim:
        terms = dict(self.terms)
        for factors, coefficient in dim(other).terms:
            terms[factors] = terms.get(factors, 0) + coefficient
        return _polynomial(terms)

    def __sub__(self, other: Dim | int) -> Dim:
        return self + dim(other) * -1

    def __rsub__(self, other: int) -> Dim:
        return dim(other) - self

    def __mul__(self, other: Dim | int) -> Dim:
        terms: dict[tuple[str, ...], int] = {}
        for one, first in self.terms:
            for two, second in dim(other).terms:
                factors = tuple(sorted(one + two))
                terms[factors] = terms.get(factors, 0) + first * second
        return _polynomial(terms)

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, divisor: int) -> Quotient:
        return Quotient(self, divisor)

    def __floordiv__(self, divisor: int) -> Dim:
        terms = dict(self.terms)
        constant = terms.pop((), 0)
        whole = _polynomial({factors: one // divisor for factors, one in terms.items() if one % divisor == 0})
        rest = _polynomial({factors: one for factors, one in terms.items() if one % divisor})
        if not rest.terms:
            return whole + constant // divisor
        quotient = f"(({rest + constant % divisor}) // {divisor})"
        return whole + constant // divisor + symbol(quotient)

    def at(self, sizes: Sizes) -> int:
        """The number for sizes of the symbols."""
        return _evaluated(str(self), tuple(sizes.items()))


@dataclass(frozen=True)
class Quotient:
    """A dimension over a number, which is rounded in the next step."""

    dividend: Dim
    divisor: int

    def rounded_up(self) -> Dim:
        return (self.dividend + (self.divisor - 1)) // self.divisor

    def rounded_down(self) -> Dim:
        return self.dividend // self.divisor


@cache
def _evaluated(text: str, sizes: tuple[tuple[str, int], ...]) -> int:
    return eval(text, {"__builtins__": {}}, dict(sizes))


def _polynomial(terms: Mapping[tuple[str, ...], int]) -> Dim:
    return Dim(tuple(sorted((factors, one) for factors, one in terms.items() if one)))


def symbol(name: str) -> Dim:
    """A symbolic dimension."""
    return Dim((((name,), 1),))


def dim(value: Dim | int) -> Dim:
    """A number as a dimension."""
    return value if isinstance(value, Dim) else _polynomial({(): value})


def read_dim(text: str, symbols: Iterable[str]) -> Dim:
    """A dimension as the compiler prints it: ``ceil(H / 2) - 1``; raises Misfit where it is beyond a ``Dim``."""
    known = {"ceil": Quotient.rounded_up, "floor": Quotient.rounded_down, "__builtins__": {}}
    try:
        return dim(eval(text, known, {name: symbol(name) for name in symbols}))
    except (TypeError, AttributeError, NameError, SyntaxError):
        raise Misfit from None


def product(dims: Iterable[Dim]) -> Dim:
    """The number of elements."""
    return math.prod(dims, start=dim(1))


def written(values: Iterable[object]) -> str:
    """A list of the language."""
    return f"[{', '.join(map(str, values))}]"


@dataclass(frozen=True)
class Tensor:
    """A type: shape and elements."""

    shape: tuple[Dim, ...]
    dtype: str

    def __str__(self) -> str:
        return self.dtype + written(self.shape)

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def is_float(self) -> bool:
        return self.dtype.startswith("float")

    def number(self, axis: int) -> int:
        """The size of an axis that must be known."""
        if not -self.rank <= axis < self.rank:
            raise Misfit
        return need(self.shape[axis].number)

    def of(self, *shape: Dim | int) -> Tensor:
        """The same elements in another shape."""
        return replace(self, shape=tuple(map(dim, shape)))

    def replaced(self, axis: int, size: Dim | int) -> Tensor:
        """One axis of another size."""
        shape = list(self.shape)
        shape[axis] = dim(size)
        return self.of(*shape)


def need(value: T | None) -> T:
    """The value, which must be there."""
    if value is None:
        raise Misfit
    return value


def must(condition: bool) -> None:
    """What must hold."""
    if not condition:
        raise Misfit
