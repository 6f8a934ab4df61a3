"""The canonical rules of floor division, minimum and maximum: the only place where atoms are built.

Every rule holds for all integers that the operands can take while every symbol is at least 1; the tests
evaluate both sides in plain Python integers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from math import gcd

from .algebra import (
    Atom,
    Dim,
    DimExpr,
    DimTooComplex,
    Extremum,
    Floor,
    Monomial,
    Symbol,
    Term,
    add,
    atoms_of,
    checked_int,
    content,
    divide,
    from_atom,
    from_terms,
    hand_down,
    lone_atoms,
    multiply,
    replace_atoms,
    sort_key,
    terms_of,
)
from .bounds import floor_bounds, is_never_negative, lower

MAX_MEMBERS = 16


@lru_cache(maxsize=4096)
def symbol(name: str) -> DimExpr:
    """The symbolic dimension of that name, at least 1; ValueError for a name that is no identifier."""
    if not name.isidentifier():
        raise ValueError(f"{name!r} cannot name a dimension")
    return from_atom(Symbol(name))


# Division ---------------------------------------------------------------------------------------------------


@hand_down
def floor_div(numerator: Dim, divisor: Dim) -> Dim:
    """`floor(numerator / divisor)`; ValueError for a divisor not certain to be at least 1."""
    least = lower(divisor)
    if least is None or least < 1:
        raise ValueError(f"cannot divide by {divisor}, which may be less than 1")
    if isinstance(numerator, int) and isinstance(divisor, int):
        return checked_int(numerator) // divisor
    return _floor_div(numerator, divisor)


def ceil_div(numerator: Dim, divisor: Dim) -> Dim:
    """`ceil(numerator / divisor)`; ValueError for a divisor not certain to be at least 1."""
    return floor_div(add(add(numerator, divisor), -1), divisor)


def exact_div(numerator: Dim, divisor: Dim) -> Dim | None:
    """The dimension q with q * divisor == numerator as expressions, None where there is none.

    Unlike `floor_div` it needs no certainty that the divisor is positive: (H - 2)*W divides exactly by H - 2.
    """
    if divisor == 0:
        return None
    quotient, remainder = divide(numerator, divisor)
    return quotient if remainder == 0 else None


@lru_cache(maxsize=8192)
def _floor_div(numerator: Dim, divisor: Dim) -> Dim:
    if isinstance(numerator, DimExpr) and all(value < 0 for monomial, value in numerator.terms if monomial):
        # floor(-x / d) = -ceil(x / d): so that -(-H // 2), the idiom for rounding up, is ceil(H / 2)
        opposite = add(add(divisor, -1), numerator, -1)
        return multiply(_floor_div(opposite, divisor), -1)
    total: Dim = 0
    while True:
        quotient, numerator = divide(numerator, divisor)
        total = add(total, quotient)
        reduced = _cancelled(numerator, divisor) or _unnested(numerator, divisor)
        if reduced is None:
            return add(total, _irreducible_floor(numerator, divisor))
        numerator, divisor = reduced


def _irreducible_floor(numerator: Dim, divisor: Dim) -> Dim:
    low, high = floor_bounds(numerator, divisor)
    if low is not None and low == high:
        return low
    # An extremum of the divisor comes back with every division of the members, without end.
    held = atoms_of(divisor)
    spread = _spread_members(numerator, True, held)
    if spread is not None:
        return dim_max(*(floor_div(member, divisor) for member in spread))
    spread = _spread_members(numerator, False, held)
    if spread is not None:
        return dim_min(*(floor_div(member, divisor) for member in spread))
    return from_atom(Floor(numerator, divisor))


def _cancelled(numerator: Dim, divisor: Dim) -> tuple[Dim, Dim] | None:
    """The fraction without a common factor: floor((g*x + c) / (g*d)) = floor((x + floor(c / g)) / d).

    The constant c need not be a multiple of an integer factor g; a factor of atoms must divide every term.
    """
    if numerator == 0:
        return None
    factor = gcd(content(numerator), *(coefficient for _, coefficient in terms_of(divisor)))
    if factor > 1:
        return divide(numerator, factor)[0], divide(divisor, factor)[0]
    common = _common_monomial((*terms_of(numerator), *terms_of(divisor)))
    if not common:
        return None
    shared = from_terms({common: 1})
    return divide(numerator, shared)[0], divide(divisor, shared)[0]


def _common_monomial(terms: Iterable[Term]) -> Monomial:
    """The greatest monomial, of factors at least 1, that divides every term."""
    powers = [dict(monomial) for monomial, _ in terms]
    common = {
        atom: min(others.get(atom, 0) for others in powers) for atom in powers[0] if (lower(from_atom(atom)) or 0) >= 1
    }
    return tuple(item for item in common.items() if item[1])


def _unnested(numerator: Dim, divisor: Dim) -> tuple[Dim, Dim] | None:
    """floor((floor(x / a) + c) / b) = floor((x + a*c) / (a*b)), for the only floor alone in the numerator."""
    inner_floors = [atom for atom, factor in lone_atoms(numerator) if factor == 1 and isinstance(atom, Floor)]
    if len(inner_floors) != 1:
        return None
    inner = inner_floors[0]
    rest = add(numerator, from_atom(inner), -1)
    return add(inner.numerator, multiply(inner.divisor, rest)), multiply(inner.divisor, divisor)


# Minimum and maximum ----------------------------------------------------------------------------------------


def dim_min(*dims: Dim) -> Dim:
    """The least of one or more dimensions."""
    return _extremum(False, dims)


def dim_max(*dims: Dim) -> Dim:
    """The greatest of one or more dimensions."""
    return _extremum(True, dims)


@lru_cache(maxsize=4096)
def _extremum(largest: bool, dims: tuple[Dim, ...]) -> Dim:
    if not dims:
        raise ValueError("the minimum and maximum of no dimensions are undefined")
    if len(set(dims)) == 1:
        return dims[0]
    members = _undominated(_flattened(dims, largest), largest)
    if len(members) == 1:
        return members[0]
    if all(_falls(member) for member in members):
        return multiply(_extremum(not largest, tuple(multiply(member, -1) for member in members)), -1)
    shift = _common_part(members)
    members = [add(member, shift, -1) for member in members]
    factor = gcd(*(coefficient for member in members for _, coefficient in terms_of(member)))
    members = sorted((divide(member, factor)[0] for member in members), key=sort_key)
    return add(shift, from_atom(Extremum(largest, tuple(members))), factor)


def _flattened(dims: Iterable[Dim], largest: bool) -> list[Dim]:
    """The members with those that are themselves such a minimum or maximum opened, distinct and in order."""
    waiting, found = list(dims), set[Dim]()
    while waiting:
        member = waiting.pop()
        spread = _spread_members(member, largest)
        if spread is None:
            found.add(member)
        else:
            waiting.extend(spread)
        if len(found) + len(waiting) > MAX_MEMBERS:
            raise DimTooComplex(f"a minimum or maximum has more than {MAX_MEMBERS} members")
    return sorted(found, key=sort_key)


def _spread_members(dim: Dim, largest: bool, held: Collection[Atom] = ()) -> list[Dim] | None:
    """c*max(a, b) + rest as [c*a + rest, c*b + rest], if just one term is a maximum or a falling minimum.

    What is held stays as it is.
    """
    fitting = [
        (atom, coefficient)
        for atom, coefficient in lone_atoms(dim)
        if isinstance(atom, Extremum) and atom.largest == (largest == (coefficient > 0))
    ]
    if len(fitting) != 1 or fitting[0][0] in held:
        return None
    atom, coefficient = fitting[0]
    rest = add(dim, from_atom(atom), -coefficient)
    return [add(rest, member, coefficient) for member in atom.members]


def _undominated(members: list[Dim], largest: bool) -> list[Dim]:
    """The members without those that another one reaches always."""
    sign = 1 if largest else -1
    kept: list[Dim] = []
    for member in members:
        if any(_never_below(other, member, sign) for other in kept):
            continue
        kept = [other for other in kept if not _never_below(member, other, sign)]
        kept.append(member)
    return kept


def _never_below(dim: Dim, other: Dim, sign: int) -> bool:
    return is_never_negative(multiply(add(dim, other, -1), sign))


def _falls(member: Dim) -> bool:
    """Whether the member is a constant or begins with a negative coefficient."""
    return not isinstance(member, DimExpr) or member.terms[0][1] < 0


def _common_part(members: list[Dim]) -> Dim:
    """What every member holds: of each monomial the least coefficient, so that none stays negative."""
    tables = [dict(terms_of(member)) for member in members]
    monomials = {monomial for table in tables for monomial in table}
    return from_terms({monomial: min(table.get(monomial, 0) for table in tables) for monomial in monomials})


# Evaluation and substitution --------------------------------------------------------------------------------


def evaluate(dim: Dim, values: Mapping[str, int]) -> int:
    """The exact integer for the symbols' values.

    KeyError names a missing symbol; ValueError: a value below 1.
    """
    if not isinstance(dim, DimExpr):
        return dim
    return sum(coefficient * _monomial_value(monomial, values) for monomial, coefficient in dim.terms)


def _monomial_value(monomial: Monomial, values: Mapping[str, int]) -> int:
    product = 1
    for atom, exponent in monomial:
        product *= _atom_value(atom, values) ** exponent
    return product


def _atom_value(atom: Atom, values: Mapping[str, int]) -> int:
    if isinstance(atom, Floor):
        return evaluate(atom.numerator, values) // evaluate(atom.divisor, values)
    if isinstance(atom, Extremum):
        choose = max if atom.largest else min
        return choose(evaluate(member, values) for member in atom.members)
    name = symbol_name(atom)
    value = checked_int(values[name])
    if value < 1:
        raise ValueError(f"{name} = {value}, but a dimension is at least 1")
    return value


def symbol_name(atom: Atom) -> str:
    """The name of a symbol; TypeError for another atom."""
    if not isinstance(atom, Symbol):
        raise TypeError(f"{type(atom).__name__} is no symbol")
    return atom.name


def substitute(dim: Dim, values: Mapping[str, Dim]) -> Dim:
    """The canonical dimension with symbols replaced; ValueError for a value not certain to be at least 1."""
    for name, value in values.items():
        least = lower(value)
        if least is None or least < 1:
            raise ValueError(f"{name} cannot be {value}, which may be less than 1")
    numbers = {name: value for name, value in values.items() if isinstance(value, int)}
    return evaluate(dim, numbers) if symbols(dim) <= numbers.keys() else rebuilt(dim, values)


def rebuilt(dim: Dim, values: Mapping[str, Dim]) -> Dim:
    """`substitute` for values already known to be at least 1."""
    if not isinstance(dim, DimExpr) or values.keys().isdisjoint(symbols(dim)):
        return dim
    return replace_atoms(dim, {atom: _rebuilt_atom(atom, values) for atom in atoms_of(dim)})


def _rebuilt_atom(atom: Atom, values: Mapping[str, Dim]) -> Dim:
    if isinstance(atom, Floor):
        return _floor_div(rebuilt(atom.numerator, values), rebuilt(atom.divisor, values))
    if isinstance(atom, Extremum):
        return _extremum(atom.largest, tuple(rebuilt(member, values) for member in atom.members))
    return values.get(symbol_name(atom), from_atom(atom))


def symbols(dim: Dim) -> frozenset[str]:
    """The names of all symbols in the dimension, those inside divisions, minima and maxima included."""
    return _symbols(dim) if isinstance(dim, DimExpr) else frozenset()


@lru_cache(maxsize=4096)
def _symbols(expression: DimExpr) -> frozenset[str]:
    return frozenset().union(*(_atom_symbols(atom) for atom in atoms_of(expression)))


def _atom_symbols(atom: Atom) -> frozenset[str]:
    if isinstance(atom, Floor):
        return symbols(atom.numerator) | symbols(atom.divisor)
    if isinstance(atom, Extremum):
        return frozenset().union(*map(symbols, atom.members))
    return frozenset((symbol_name(atom),))
