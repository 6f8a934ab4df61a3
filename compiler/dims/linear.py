"""Linear forms of one symbol, `a*H + b`: how an axis tells a symbol, and what to write for one so that sizes divide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..records import positional_record
from .algebra import Dim, DimTooComplex, Symbol, add, constant_of, lone_atoms, multiply
from .canonical import exact_div, floor_div, rebuilt, symbol, symbols
from .deciding import MAX_RESIDUES, collect_moduli, decide_equal

#: Of multiples up to this one the odd forms are tried, too: `2*H - 1` for what is right for odd sizes only.
MAX_ODD = 64


@positional_record
class LinearForm:
    """`factor * name + offset`, the factor at least 1."""

    name: str
    factor: int
    offset: int

    def size(self, value: int) -> int:
        """The size for a value of the symbol."""
        return self.factor * value + self.offset

    def value(self, size: int) -> int | None:
        """The value of the symbol, at least 1, that gives a size; None if there is none."""
        value, rest = divmod(size - self.offset, self.factor)
        return value if rest == 0 and value >= 1 else None

    def nearest(self, size: int) -> tuple[int, ...]:
        """The values next to a size, from below and above, that give a size of at least 1; else the least such."""
        least = max(1, -(-(1 - self.offset) // self.factor))
        below = (size - self.offset) // self.factor
        return (below, below + 1) if below >= least else (least,)


@positional_record
class SymbolSource:
    """What tells a symbol when a model is fed: an axis of an input, whose size is a linear form of it."""

    input: str
    axis: int
    form: LinearForm


def linear_form(dim: Dim) -> LinearForm | None:
    """The dimension as a linear form of its only symbol; None for any other."""
    names = symbols(dim)
    if len(names) != 1:
        return None
    (name,) = names
    parts = split_linear(dim, name)
    return LinearForm(name, parts[0], constant_of(parts[1])) if parts is not None else None


def split_linear(dim: Dim, name: str) -> tuple[int, Dim] | None:
    """Factor and rest of `factor * name + rest`, the factor at least 1 and the rest free of the symbol; else None."""
    factor = next((value for atom, value in lone_atoms(dim) if isinstance(atom, Symbol) and atom.name == name), 0)
    rest = add(dim, symbol(name), -factor)
    return (factor, rest) if factor >= 1 and name not in symbols(rest) else None


def decide_divisible(dim: Dim, divisor: int) -> bool | None:
    """Whether an integer divides a dimension for all values of the symbols: True; for none: False; else None."""
    if exact_div(dim, divisor) is not None:
        return True
    try:
        return decide_equal(multiply(floor_div(dim, divisor), divisor), dim)
    except DimTooComplex:
        return None


# What to write for a symbol -------------------------------------------------------------------------------------


def deciding_forms(dims: Iterable[Dim], holds: Callable[[Mapping[str, Dim]], bool]) -> dict[str, Dim]:
    """What to write for symbols so that something holds for all of their values: ``{"H": 2*H}``.

    The simplest forms that are found; empty where there are none.

    Args:
        dims: the dimensions that the question depends on; their divisions tell what is worth trying.
        holds: whether it holds when symbols are replaced.
    """
    moduli: dict[str, int] = {}
    for dim in dims:
        collect_moduli(dim, 1, moduli)
    for values in _candidates({name: modulus for name, modulus in sorted(moduli.items()) if modulus > 1}):
        try:
            if holds(values):
                return values
        except DimTooComplex:
            continue
    return {}


def _candidates(moduli: Mapping[str, int]) -> Iterator[dict[str, Dim]]:
    """Multiples of single symbols, the least first, then of all together."""
    for name, modulus in moduli.items():
        for factor in _divisors(modulus):
            one = multiply(symbol(name), factor)
            yield {name: one}
            for below in range(1, factor if factor <= MAX_ODD else 1):
                yield {name: add(one, -below)}
    if len(moduli) > 1:
        yield {name: multiply(symbol(name), modulus) for name, modulus in moduli.items()}


def _divisors(modulus: int) -> list[int]:
    found = [factor for factor in range(2, min(modulus, MAX_RESIDUES) + 1) if modulus % factor == 0]
    return found if modulus <= MAX_RESIDUES else [*found, modulus]


def dividing_forms(dim: Dim, divisor: Dim) -> dict[str, Dim]:
    """What to write for symbols so that a dimension divides evenly; empty where nothing is found."""

    def holds(values: Mapping[str, Dim]) -> bool:
        return exact_div(rebuilt(dim, values), rebuilt(divisor, values)) is not None

    try:
        return deciding_forms((floor_div(dim, divisor),), holds)
    except DimTooComplex:
        return {}


def equalizing_forms(pairs: Iterable[tuple[Dim, Dim]]) -> dict[str, Dim]:
    """What to write for symbols so that the dimensions of every pair are equal; empty where nothing is found."""
    try:
        return _equalizing_all(pairs)
    except DimTooComplex:
        return {}


def _equalizing_all(pairs: Iterable[tuple[Dim, Dim]]) -> dict[str, Dim]:
    found: dict[str, Dim] = {}
    for pair in pairs:
        left, right = (rebuilt(dim, found) for dim in pair)
        if decide_equal(left, right):
            continue
        forms = _equalizing(left, right)
        if not forms:
            return {}
        found = {name: rebuilt(form, forms) for name, form in ({name: symbol(name) for name in forms} | found).items()}
    return found


def _equalizing(left: Dim, right: Dim) -> dict[str, Dim]:
    def holds(values: Mapping[str, Dim]) -> bool:
        return decide_equal(rebuilt(left, values), rebuilt(right, values)) is True

    return deciding_forms((left, right), holds)


__all__ = [
    "LinearForm",
    "SymbolSource",
    "decide_divisible",
    "deciding_forms",
    "dividing_forms",
    "equalizing_forms",
    "linear_form",
    "split_linear",
]
