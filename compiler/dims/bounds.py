"""Bounds of symbolic dimensions by interval arithmetic and linear relaxation, every symbol being at least 1.

A bound given is always true, though not always the tightest; None says that none was found. Only the ring
part is used here: no atom is built, so that the canonical rules of `canonical` may stand on these
bounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import lcm, prod
from typing import TypeAlias

from ..records import positional_record
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
    constant_of,
    divide,
    from_atom,
    from_terms,
    lone_atoms,
    multiply,
    replace_atoms,
    terms_of,
)

MAX_RELATED = 60
"""Expressions of more parts than this are bounded term by term only, so that the cases below stay few."""

MAX_CASES = 16
"""The most combinations of minimum and maximum members looked at one by one."""

Bound: TypeAlias = int | None


def greatest(bounds: Iterable[Bound]) -> Bound:
    """The greatest of the bounds that are known; None if none is."""
    return max((bound for bound in bounds if bound is not None), default=None)


def least_of_all(bounds: Iterable[Bound]) -> Bound:
    """The least of the bounds, None as soon as one is unknown."""
    least: Bound = None
    for bound in bounds:
        if bound is None:
            return None
        least = bound if least is None else min(least, bound)
    return least


def lower(dim: Dim) -> Bound:
    """The greatest integer found that the dimension never falls below."""
    return _lower(dim) if isinstance(dim, DimExpr) else dim


def upper(dim: Dim) -> Bound:
    """The least integer found that the dimension never passes."""
    return _negated(lower(multiply(dim, -1)))


def _negated(bound: Bound) -> Bound:
    return None if bound is None else -bound


@lru_cache(maxsize=8192)
def _lower(expression: DimExpr) -> Bound:
    try:
        direct = _lower_by_intervals(expression)
    except DimTooComplex:
        direct = None
    if expression.size > MAX_RELATED or all(isinstance(atom, Symbol) for atom in atoms_of(expression)):
        return direct
    try:
        return greatest((direct, *_lower_by_relations(expression)))
    except DimTooComplex:
        return direct


def _lower_by_relations(expression: DimExpr) -> Iterator[Bound]:
    """Bounds that see how divisions, minima and maxima hang together with their own operands."""
    yield _lower_by_pairs(expression)
    yield _lower_by_relaxation(expression)
    yield _lower_by_members(expression)


# Intervals --------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def atom_bounds(atom: Atom) -> tuple[Bound, Bound]:
    """The interval of an atom's values."""
    if isinstance(atom, Floor):
        return floor_bounds(atom.numerator, atom.divisor)
    if isinstance(atom, Extremum):
        return _extremum_bounds(atom)
    return 1, None


def _extremum_bounds(atom: Extremum) -> tuple[Bound, Bound]:
    if atom.largest:
        return greatest(map(lower, atom.members)), least_upper(atom.members)
    negated_uppers = (_negated(upper(member)) for member in atom.members)
    return least_of_all(map(lower, atom.members)), _negated(greatest(negated_uppers))


def least_upper(members: Iterable[Dim]) -> Bound:
    """What no member passes; None if some member has no upper bound."""
    return _negated(least_of_all(_negated(upper(member)) for member in members))


def floor_bounds(numerator: Dim, divisor: Dim) -> tuple[Bound, Bound]:
    """The interval of floor(numerator / divisor) for a divisor that is at least 1."""
    least_divisor = max(lower(divisor) or 1, 1)
    greatest_divisor = upper(divisor)
    low = _quotient(lower(numerator), least_divisor, greatest_divisor)
    high = _quotient(upper(numerator), greatest_divisor, least_divisor)
    if isinstance(divisor, int):
        return low, high
    if is_never_negative(add(numerator, divisor)):
        low = greatest((low, -1))
    if is_never_negative(add(add(divisor, numerator, -1), -1)):
        high = 0 if high is None else min(high, 0)
    return low, high


def is_never_negative(dim: Dim) -> bool:
    """Whether the bounds show that the dimension is 0 or more."""
    bound = lower(dim)
    return bound is not None and bound >= 0


def _quotient(bound: Bound, if_negative: Bound, if_positive: Bound) -> Bound:
    """Floor of the bound by the divisor that its sign makes extreme; None stands for an unbounded divisor."""
    if bound is None:
        return None
    divisor = if_negative if bound < 0 else if_positive
    if divisor is None:
        return -1 if bound < 0 else 0
    return bound // divisor


def _lower_by_intervals(expression: DimExpr) -> Bound:
    """Every atom is written as its bound plus something not negative; then each term has a sign."""
    lone = lone_atoms(expression)
    if len(lone) == sum(1 for monomial, _ in expression.terms if monomial):
        return least_sum((constant_of(expression), *(_scaled_lower(atom, factor) for atom, factor in lone)))
    intervals = {atom: atom_bounds(atom) for atom in atoms_of(expression)}
    shifted = replace_atoms(expression, {atom: _shifted(atom, *pair) for atom, pair in intervals.items()})
    spans = {atom: None if low is None or high is None else high - low for atom, (low, high) in intervals.items()}
    unbounded = {atom for atom, pair in intervals.items() if pair == (None, None)}
    return least_sum(_term_lower(term, spans, unbounded) for term in terms_of(shifted))


def _scaled_lower(atom: Atom, factor: int) -> Bound:
    bound = atom_bounds(atom)[0 if factor > 0 else 1]
    return None if bound is None else bound * factor


def _shifted(atom: Atom, low: Bound, high: Bound) -> Dim:
    if low is not None:
        return add(from_atom(atom), low)
    if high is not None:
        return add(high, from_atom(atom), -1)
    return from_atom(atom)


def _term_lower(term: Term, spans: dict[Atom, Bound], unbounded: set[Atom]) -> Bound:
    monomial, coefficient = term
    if not monomial:
        return coefficient
    if any(atom in unbounded for atom, _ in monomial):
        return None
    if coefficient > 0:
        return 0
    powers = [(spans[atom], exponent) for atom, exponent in monomial]
    if any(span == 0 for span, _ in powers):
        return 0
    if any(span is None for span, _ in powers):
        return None
    return coefficient * prod((span or 0) ** exponent for span, exponent in powers)


def least_sum(bounds: Iterable[Bound]) -> Bound:
    """The sum of the bounds, None as soon as one is unknown."""
    total = 0
    for bound in bounds:
        if bound is None:
            return None
        total += bound
    return total


# Relations --------------------------------------------------------------------------------------------------


def _never_negative(monomial: Monomial) -> bool:
    return all(is_never_negative(from_atom(atom)) for atom, _ in monomial)


def _without(monomial: Monomial, atom: Atom) -> Monomial:
    return tuple(item for item in monomial if item[0] != atom)


def _lower_by_pairs(expression: DimExpr) -> Bound:
    """floor(a / d) - floor(b / d) >= floor((a - b) / d), for the first such pair with a - b bounded."""
    floors = [(atom, value) for atom, value in lone_atoms(expression) if isinstance(atom, Floor)]
    raised = [(atom, value) for atom, value in floors if value > 0]
    lowered = [(atom, value) for atom, value in floors if value < 0]
    for first, gain in raised:
        for second, loss in lowered:
            if first.divisor != second.divisor:
                continue
            gap, _ = floor_bounds(add(first.numerator, second.numerator, -1), first.divisor)
            if gap is not None:
                count = min(gain, -loss)
                pair = add(from_atom(second), from_atom(first), -1)
                return lower(add(add(expression, pair, count), gap * count))
    return None


@positional_record
class _Relaxable:
    """A monomial that is rest * d * floor(x / (scale * d)), the rest never negative."""

    atom: Floor
    rest: Monomial
    scale: int


def _lower_by_relaxation(expression: DimExpr) -> Bound:
    """Of all floors at once, x - b + 1 <= b * floor(x / b) <= x, times the common multiple."""
    found = {monomial: _relaxable(monomial) for monomial, _ in expression.terms}
    scale = lcm(*(part.scale for part in found.values() if part))
    if not any(found.values()):
        return None
    total: Dim = 0
    for monomial, coefficient in expression.terms:
        total = add(total, _relaxed(monomial, coefficient, scale, found[monomial]))
    bound = lower(total)
    return None if bound is None else -(-bound // scale)


def _relaxable(monomial: Monomial) -> _Relaxable | None:
    """The first floor whose divisor, but for an integer, stands beside it as a factor."""
    for atom, exponent in monomial:
        if exponent > 1 or not isinstance(atom, Floor) or len(terms_of(atom.divisor)) > 1:
            continue
        factors, scale = terms_of(atom.divisor)[0]
        beside = from_terms({_without(monomial, atom): 1})
        rest, remainder = divide(beside, from_terms({factors: 1}))
        if remainder == 0 and scale > 0 and _never_negative(terms_of(rest)[0][0]):
            return _Relaxable(atom, terms_of(rest)[0][0], scale)
    return None


def _relaxed(monomial: Monomial, coefficient: int, scale: int, part: _Relaxable | None) -> Dim:
    """`scale` times the term, its floor replaced by the fraction on the side that makes the term least."""
    if part is None:
        return from_terms({monomial: coefficient * scale})
    factor = from_terms({part.rest: coefficient * (scale // part.scale)})
    slack = add(part.atom.divisor, -1) if coefficient > 0 else 0
    return multiply(factor, add(part.atom.numerator, slack, -1))


def _lower_by_members(expression: DimExpr) -> Bound:
    """One minimum or maximum is replaced by each of its members, since its value is always one of them.

    Where it only ever raises the sum, a maximum is at least each member, and one good member is enough; so
    too for a minimum that only ever lowers it.
    """
    extrema = sorted((atom for atom in atoms_of(expression) if isinstance(atom, Extremum)), key=lambda atom: atom.key)
    if not extrema or prod(len(atom.members) for atom in extrema) > MAX_CASES:
        return None
    return greatest(_lower_by_members_of(atom, expression) for atom in extrema)


def _lower_by_members_of(atom: Extremum, expression: DimExpr) -> Bound:
    bounds = [lower(replace_atoms(expression, {atom: member})) for member in atom.members]
    if _moves_only(expression, atom, upwards=atom.largest):
        return greatest(bounds)
    return least_of_all(bounds)


def _moves_only(expression: DimExpr, atom: Extremum, upwards: bool) -> bool:
    """Whether every term with the atom rises (or falls) with it."""
    holding = [term for term in expression.terms if any(item[0] == atom for item in term[0])]
    return all(
        (coefficient > 0) == upwards and (atom, 1) in monomial and _never_negative(_without(monomial, atom))
        for monomial, coefficient in holding
    )
