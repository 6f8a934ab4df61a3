"""Symbolic dimensions, the ring part: integer polynomials over atoms, in one canonical order.

An expression is a sum of terms, each an integer coefficient times a monomial, a product of atoms. An atom is
a symbol, a floor division or a min/max that no rule could resolve. What belongs inside an atom is decided in
`canonical`; here atoms are opaque, and sums, products and division with remainder are carried out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from math import gcd
from typing import Any, TypeAlias, TypeVar, final

_Handed = TypeVar("_Handed", bound=Callable[..., Any])

MAX_TERMS = 200
MAX_SIZE = 2000
MAX_DEPTH = 16
MAX_DEGREE = 32
MAX_BITS = 256


_watcher: ContextVar[Callable[[int], None] | None] = ContextVar("watcher", default=None)


@contextmanager
def watched(watcher: Callable[[int], None]) -> Iterator[None]:
    """Tell a function how much work every expression takes, in terms; it may raise to put an end to it."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


def _worked(terms: int) -> None:
    watcher = _watcher.get()
    if watcher is not None:
        watcher(terms)


class DimTooComplex(ValueError):
    """An expression or a number passed a size limit, so that no input text can exhaust the machine."""


class Atom:
    """An indivisible factor. `key` orders atoms and decides their equality; it mirrors the structure."""

    __slots__ = ("_hash", "depth", "key", "size")

    key: tuple
    size: int
    depth: int
    _hash: int

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Atom) and self._hash == other._hash and self.key == other.key

    def __hash__(self) -> int:
        return self._hash

    def _seal(self, key: tuple, parts: Iterable[Dim]) -> None:
        """Record key, hash and extent once; atoms never change afterwards."""
        expressions = [part for part in parts if isinstance(part, DimExpr)]
        self.key = key
        self._hash = hash(key)
        self.size = 1 + sum(expression.size for expression in expressions)
        self.depth = 1 + max((expression.depth for expression in expressions), default=0)
        if self.depth > MAX_DEPTH:
            raise DimTooComplex(f"a dimension nests more than {MAX_DEPTH} divisions, minima and maxima")


@final
class Symbol(Atom):
    """A dimension known by name only, at least 1."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name
        self._seal((0, name), ())


@final
class Floor(Atom):
    """`floor(numerator / divisor)`, the divisor at least 1 whatever the symbols are."""

    __slots__ = ("divisor", "numerator")

    def __init__(self, numerator: Dim, divisor: Dim) -> None:
        self.numerator = numerator
        self.divisor = divisor
        self._seal((1, sort_key(divisor), sort_key(numerator)), (numerator, divisor))


@final
class Extremum(Atom):
    """The greatest (`largest`) or the least of two or more members, in canonical order."""

    __slots__ = ("largest", "members")

    def __init__(self, largest: bool, members: tuple[Dim, ...]) -> None:
        self.largest = largest
        self.members = members
        self._seal((2, largest, tuple(sort_key(member) for member in members)), members)


Monomial: TypeAlias = tuple[tuple[Atom, int], ...]
"""Atoms with their powers (at least 1), ordered by atom; the empty monomial stands for the constant."""

Term: TypeAlias = tuple[Monomial, int]


@final
@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DimExpr:
    """A dimension that is no plain integer: an immutable, hashable integer expression in canonical form.

    `terms` are ordered by degree, then by atom, the constant last; coefficients are never zero, and at least
    one term is not constant. Build expressions with `symbol`, the operators and the functions of `dims`.
    """

    terms: tuple[Term, ...]
    size: int = field(init=False)
    depth: int = field(init=False)
    _hash: int = field(init=False)

    def __post_init__(self) -> None:
        atoms = [atom for monomial, _ in self.terms for atom, _ in monomial]
        object.__setattr__(self, "size", len(self.terms) + sum(atom.size for atom in atoms))
        object.__setattr__(self, "depth", max(atom.depth for atom in atoms))
        object.__setattr__(self, "_hash", hash(self.terms))
        _worked(1 + len(self.terms))
        if self.size > MAX_SIZE:
            raise DimTooComplex(f"a dimension has more than {MAX_SIZE} parts")

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, DimExpr) and self._hash == other._hash and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"DimExpr({self})"

    def __str__(self) -> str:
        return _ABOVE["format_dim"](self)

    def __neg__(self) -> Dim:
        return multiply(self, -1)

    def __pos__(self) -> Dim:
        return self

    def __add__(self, other: Dim) -> Dim:
        return add(self, other) if isinstance(other, (int, DimExpr)) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Dim) -> Dim:
        return add(self, other, -1) if isinstance(other, (int, DimExpr)) else NotImplemented

    def __rsub__(self, other: Dim) -> Dim:
        return add(other, self, -1) if isinstance(other, (int, DimExpr)) else NotImplemented

    def __mul__(self, other: Dim) -> Dim:
        return multiply(self, other) if isinstance(other, (int, DimExpr)) else NotImplemented

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Dim:
        return power(self, exponent) if isinstance(exponent, int) else NotImplemented

    def __floordiv__(self, other: Dim) -> Dim:
        return _floor_div(self, other) if isinstance(other, (int, DimExpr)) else NotImplemented

    def __rfloordiv__(self, other: Dim) -> Dim:
        return _floor_div(other, self) if isinstance(other, (int, DimExpr)) else NotImplemented

    def __mod__(self, other: Dim) -> Dim:
        return self - other * _floor_div(self, other) if isinstance(other, (int, DimExpr)) else NotImplemented

    def __rmod__(self, other: Dim) -> Dim:
        return other - self * _floor_div(other, self) if isinstance(other, (int, DimExpr)) else NotImplemented


Dim: TypeAlias = int | DimExpr
"""A dimension: a plain integer where it is known, an expression where it is not."""


#: The rules of division and the printed form, which operators of expressions need and modules above this one have.
_ABOVE: dict[str, Callable[..., Any]] = {}


def hand_down(function: _Handed) -> _Handed:
    """Let the operators of expressions call a function that is defined above this module."""
    _ABOVE[function.__name__] = function
    return function


def _floor_div(numerator: Dim, divisor: Dim) -> Dim:
    return _ABOVE["floor_div"](numerator, divisor)


def terms_of(dim: Dim) -> tuple[Term, ...]:
    """The terms of any dimension; an integer is one constant term, zero has none."""
    if isinstance(dim, DimExpr):
        return dim.terms
    return (((), dim),) if dim else ()


def constant_of(dim: Dim) -> int:
    """The constant term."""
    if not isinstance(dim, DimExpr):
        return dim
    monomial, coefficient = dim.terms[-1]
    return 0 if monomial else coefficient


def atoms_of(dim: Dim) -> frozenset[Atom]:
    """The atoms that stand in the terms themselves, not those inside other atoms."""
    return frozenset(atom for monomial, _ in terms_of(dim) for atom, _ in monomial)


def lone_atoms(dim: Dim) -> list[tuple[Atom, int]]:
    """The terms that are a coefficient times one atom to the first power, as pairs (atom, coefficient)."""
    return [
        (monomial[0][0], coefficient)
        for monomial, coefficient in terms_of(dim)
        if len(monomial) == 1 and monomial[0][1] == 1
    ]


def from_atom(atom: Atom) -> DimExpr:
    """The expression that is one atom."""
    return DimExpr(((((atom, 1),), 1),))


def sort_key(dim: Dim) -> tuple:
    """A total, structural order of dimensions that does not depend on hashes."""
    return tuple((monomial_key(monomial), coefficient) for monomial, coefficient in terms_of(dim))


def monomial_key(monomial: Monomial) -> tuple:
    """Graded lexicographic order, the highest degree first. It is admissible, as division needs it."""
    degree = sum(exponent for _, exponent in monomial)
    return (-degree, tuple((atom.key, -exponent) for atom, exponent in monomial))


def checked_int(value: int) -> int:
    """The value itself, or DimTooComplex if it has more than MAX_BITS bits."""
    if value.bit_length() > MAX_BITS:
        raise DimTooComplex(f"a number in a dimension has more than {MAX_BITS} bits")
    return value


def from_terms(coefficients: Mapping[Monomial, int]) -> Dim:
    """The canonical dimension of a sum: zero terms dropped, a constant returned as int, limits checked."""
    terms = [(monomial, checked_int(value)) for monomial, value in coefficients.items() if value]
    if not terms:
        return 0
    if len(terms) == 1 and not terms[0][0]:
        return terms[0][1]
    if len(terms) > MAX_TERMS:
        raise DimTooComplex(f"a dimension has more than {MAX_TERMS} terms")
    if len(terms) > 1:
        terms.sort(key=lambda term: monomial_key(term[0]))
    return DimExpr(tuple(terms))


def add(left: Dim, right: Dim, factor: int = 1) -> Dim:
    """`left + factor * right`."""
    coefficients = dict(terms_of(left))
    for monomial, coefficient in terms_of(right):
        coefficients[monomial] = coefficients.get(monomial, 0) + factor * coefficient
    return from_terms(coefficients)


def multiply(left: Dim, right: Dim) -> Dim:
    """The product, expanded."""
    coefficients: dict[Monomial, int] = {}
    _worked(len(terms_of(left)) * len(terms_of(right)) // 4)
    for left_monomial, left_coefficient in terms_of(left):
        for right_monomial, right_coefficient in terms_of(right):
            monomial = _multiply_monomials(left_monomial, right_monomial)
            product = left_coefficient * right_coefficient
            coefficients[monomial] = coefficients.get(monomial, 0) + product
        if len(coefficients) > 2 * MAX_TERMS:
            raise DimTooComplex(f"a product of dimensions has more than {MAX_TERMS} terms")
    return from_terms(coefficients)


def _multiply_monomials(left: Monomial, right: Monomial) -> Monomial:
    if not left or not right:
        return left or right
    powers = dict(left)
    for atom, exponent in right:
        powers[atom] = powers.get(atom, 0) + exponent
    if sum(powers.values()) > MAX_DEGREE:
        raise DimTooComplex(f"a product of dimensions has more than {MAX_DEGREE} factors")
    return tuple(sorted(powers.items(), key=lambda item: item[0].key))


def power(base: Dim, exponent: int) -> Dim:
    """The base times itself; ValueError for a negative exponent."""
    if exponent < 0:
        raise ValueError("a dimension has no negative power")
    if exponent > MAX_BITS:
        raise DimTooComplex(f"a product of dimensions has more than {MAX_DEGREE} factors")
    result: Dim = 1
    for _ in range(exponent):
        result = multiply(result, base)
    return result


def replace_atoms(dim: Dim, replacements: Mapping[Atom, Dim]) -> Dim:
    """The sum with atoms of its own terms replaced; what stands inside other atoms stays as it is."""
    if not any(atom in replacements for atom in atoms_of(dim)):
        return dim
    total: dict[Monomial, int] = {}
    for monomial, coefficient in terms_of(dim):
        kept = tuple(item for item in monomial if item[0] not in replacements)
        value = from_terms({kept: coefficient})
        for atom, exponent in monomial:
            if atom in replacements:
                value = multiply(value, power(replacements[atom], exponent))
        for part, amount in terms_of(value):
            total[part] = total.get(part, 0) + amount
    return from_terms(total)


def divide(numerator: Dim, divisor: Dim) -> tuple[Dim, Dim]:
    """Polynomial division: (q, r) with numerator == q * divisor + r, r the same for all numerators q apart.

    ZeroDivisionError for a divisor of zero.
    """
    if not isinstance(divisor, DimExpr):
        parts = [(monomial, divmod(value, divisor)) for monomial, value in terms_of(numerator)]
        quotient = from_terms({monomial: pair[0] for monomial, pair in parts})
        return quotient, from_terms({monomial: pair[1] for monomial, pair in parts})
    quotient, remainder = 0, numerator
    while True:
        step = _division_step(remainder, divisor.terms[0])
        if step == 0:
            return quotient, remainder
        quotient = add(quotient, step)
        remainder = add(remainder, multiply(step, divisor), -1)


def _division_step(remainder: Dim, leading: Term) -> Dim:
    """How often the divisor's leading term goes into the first term it goes into, 0 if into none."""
    divisor_powers, divisor_coefficient = dict(leading[0]), leading[1]
    for monomial, coefficient in terms_of(remainder):
        count = coefficient // divisor_coefficient
        powers = dict(monomial)
        if count and all(powers.get(atom, 0) >= exponent for atom, exponent in divisor_powers.items()):
            left = {atom: exponent - divisor_powers.get(atom, 0) for atom, exponent in monomial}
            return from_terms({tuple(item for item in left.items() if item[1]): count})
    return 0


def content(dim: Dim) -> int:
    """The greatest common divisor of the coefficients that are not the constant's; 0 for an integer."""
    return gcd(*(coefficient for monomial, coefficient in terms_of(dim) if monomial))
