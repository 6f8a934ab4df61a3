"""What holds of symbolic dimensions for all values, for none, or cannot be said.

The difference of two dimensions is split by the residues of its symbols: with H = 6*H' - 6 + r for r = 1 to
6, every floor by 2, 3 or 6 of a polynomial in H resolves, and what is left is decided by bounds, one residue
at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from math import lcm, prod
from typing import TypeGuard

from .algebra import (
    Atom,
    Dim,
    DimExpr,
    DimTooComplex,
    Extremum,
    Floor,
    Symbol,
    Term,
    add,
    atoms_of,
    constant_of,
    content,
    from_atom,
    multiply,
    replace_atoms,
    terms_of,
)
from .bounds import Bound, greatest, is_never_negative, least_of_all, lower
from .canonical import dim_max, evaluate, rebuilt, symbol, symbols

MAX_RESIDUES = 128
"""The most combinations of residues looked at."""

MAX_SPLIT_PARTS = 1500
"""The most parts of expressions looked at: the larger an expression, the fewer its residues may be."""

MAX_SOLUTION_BITS = 63
"""`solve_at_least` looks for no solution with more bits than this."""


def is_known(dim: Dim) -> TypeGuard[int]:
    """Whether the dimension is a plain integer."""
    return isinstance(dim, int)


def lower_bound(dim: Dim) -> int | None:
    """The greatest integer found that the dimension never falls below, every symbol being at least 1."""
    return _lower_bound(dim) if isinstance(dim, DimExpr) else dim


def upper_bound(dim: Dim) -> int | None:
    """The least integer found that the dimension never passes, every symbol being at least 1."""
    bound = lower_bound(multiply(dim, -1))
    return None if bound is None else -bound


def decide_equal(left: Dim, right: Dim) -> bool | None:
    """True if equal for all values of the symbols, False if for none, None if it depends or is unknown."""
    if left == right:
        return True
    difference = _difference(left, right)
    if isinstance(difference, DimExpr):
        return _is_zero(difference)
    return None if difference is None else difference == 0


def decide_less_equal(left: Dim, right: Dim) -> bool | None:
    """True if left <= right for all values of the symbols, False if for none, None if neither is known."""
    difference = _difference(right, left)
    if isinstance(difference, DimExpr):
        return _decide_never_negative(difference)
    return None if difference is None else difference >= 0


def decide_less(left: Dim, right: Dim) -> bool | None:
    """True if left < right for all values of the symbols, False if for none, None if neither is known."""
    answer = decide_less_equal(right, left)
    return None if answer is None else not answer


def _difference(left: Dim, right: Dim) -> Dim | None:
    try:
        return add(left, right, -1)
    except DimTooComplex:
        return None


@lru_cache(maxsize=4096)
def _is_zero(difference: DimExpr) -> bool | None:
    values = _samples(difference)
    if 0 in values and any(values):
        return None
    verdicts: set[bool | None] = set()
    try:
        for case in _cases(difference):
            verdicts.add(_is_case_zero(case))
            if None in verdicts or len(verdicts) > 1:
                return None
    except DimTooComplex:
        return None
    return verdicts.pop()


def _is_case_zero(case: Dim) -> bool | None:
    if not isinstance(case, DimExpr):
        return case == 0
    if constant_of(case) % content(case):
        return False
    low, negated_high = lower(case), lower(multiply(case, -1))
    if low == 0 == negated_high:
        return True
    if (low is not None and low > 0) or (negated_high is not None and negated_high > 0):
        return False
    return None


@lru_cache(maxsize=4096)
def _decide_never_negative(difference: DimExpr) -> bool | None:
    values = _samples(difference)
    if min(values) < 0 <= max(values):
        return None
    if min(values) >= 0:
        low = lower_bound(difference)
        return True if low is not None and low >= 0 else None
    negated_high = lower_bound(multiply(difference, -1))
    return False if negated_high is not None and negated_high > 0 else None


def _samples(expression: DimExpr) -> list[int]:
    """Values at a few points: two that contradict each other save every further question."""
    names = sorted(symbols(expression))
    count = len(names)
    points = [
        [1] * count,
        [index + 2 for index in range(count)],
        [count + 2 - index for index in range(count)],
        [1000 + 7 * index for index in range(count)],
    ]
    return [evaluate(expression, dict(zip(names, point, strict=True))) for point in points]


# Residues ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _lower_bound(expression: DimExpr) -> Bound:
    direct = lower(expression)
    try:
        return greatest((direct, least_of_all(map(lower, _cases(expression)))))
    except DimTooComplex:
        return direct


def _cases(expression: DimExpr) -> Iterator[Dim]:
    """One expression per combination of residues, which together take just the values of the given one."""
    unified = _with_maxima(expression)
    moduli = _chosen_moduli(unified)
    names = list(moduli)
    for residues in product(*(range(1, modulus + 1) for modulus in moduli.values())):
        values = {
            name: add(multiply(symbol(name), moduli[name]), residue - moduli[name])
            for name, residue in zip(names, residues, strict=True)
        }
        yield rebuilt(unified, values)


def _with_maxima(expression: DimExpr) -> Dim:
    """The expression with each min(a, b) written as a + b - max(a, b), so that the two can cancel."""
    replacements: dict[Atom, Dim] = {}
    for atom in atoms_of(expression):
        if isinstance(atom, Extremum) and not atom.largest and len(atom.members) == 2:
            first, second = atom.members
            replacements[atom] = add(add(first, second), dim_max(first, second), -1)
    return replace_atoms(expression, replacements)


def _chosen_moduli(dim: Dim) -> dict[str, int]:
    """The symbols worth splitting with their moduli, the small ones first, as many as the limit allows."""
    found: dict[str, int] = {}
    collect_moduli(dim, 1, found)
    limit = min(MAX_RESIDUES, MAX_SPLIT_PARTS // dim.size) if isinstance(dim, DimExpr) else 1
    chosen: dict[str, int] = {}
    for name, modulus in sorted(found.items(), key=lambda item: (item[1], item[0])):
        if modulus > 1 and prod(chosen.values()) * modulus <= limit:
            chosen[name] = modulus
    return chosen


def collect_moduli(dim: Dim, factor: int, found: dict[str, int]) -> None:
    """Gather the common multiple of what each symbol is divided by, times the factor."""
    for atom in atoms_of(dim):
        if isinstance(atom, Symbol):
            found[atom.name] = lcm(found.get(atom.name, 1), factor)
        elif isinstance(atom, Extremum):
            for member in atom.members:
                collect_moduli(member, factor, found)
        elif isinstance(atom, Floor):
            inner = factor * atom.divisor if isinstance(atom.divisor, int) else factor
            collect_moduli(atom.numerator, inner, found)
            collect_moduli(atom.divisor, factor, found)


# Demands ----------------------------------------------------------------------------------------------------


def solve_at_least(dim: Dim, minimum: int) -> tuple[str, int] | None:
    """The symbol and its least value for which dim >= minimum, as ("H", 3) for H - 2 >= 1.

    Given only for a dimension in one symbol that certainly never falls as the symbol grows and that reaches
    the minimum; None otherwise. A value of 1 says that any will do.
    """
    names = symbols(dim)
    if len(names) != 1 or not isinstance(dim, DimExpr):
        return None
    (name,) = names
    if not _never_falls(dim) and not _never_falls_by_step(dim, name):
        return None
    high = 1
    while evaluate(dim, {name: high}) < minimum:
        high *= 2
        if high.bit_length() > MAX_SOLUTION_BITS:
            return None
    below = high // 2
    while high - below > 1:
        middle = (below + high) // 2
        reached = evaluate(dim, {name: middle}) >= minimum
        below, high = (below, middle) if reached else (middle, high)
    return name, high


def spare(dim: Dim, minimum: int) -> Dim:
    """What is never negative just where ``dim >= minimum``: ``H*W - 7`` for ``floor((H*W - 3) / 2) >= 2``.

    From floor(x / d) + c >= m just where x >= d * (m - c), for d at least 1.
    """
    rest = add(dim, minimum, -1)
    while isinstance(rest, DimExpr):
        (monomial, coefficient), *others = rest.terms
        atom = monomial[0][0]
        alone = len(monomial) == 1 and monomial[0][1] == 1 and coefficient == 1
        if not alone or not isinstance(atom, Floor) or any(other for other, _ in others):
            break
        rest = add(atom.numerator, multiply(atom.divisor, constant_of(rest)))
    return rest


def _never_falls(dim: Dim) -> bool:
    """Whether every part grows with the symbols or stays."""
    return all(_term_never_falls(term) for term in terms_of(dim) if term[0])


def _term_never_falls(term: Term) -> bool:
    monomial, coefficient = term
    if coefficient < 0 or not all(_atom_never_falls(atom) for atom, _ in monomial):
        return False
    if len(monomial) == 1 and monomial[0][1] == 1:
        return True
    return all(is_never_negative(from_atom(atom)) for atom, _ in monomial)


def _atom_never_falls(atom: Atom) -> bool:
    if isinstance(atom, Floor):
        return isinstance(atom.divisor, int) and _never_falls(atom.numerator)
    if isinstance(atom, Extremum):
        return all(map(_never_falls, atom.members))
    return True


def _never_falls_by_step(dim: DimExpr, name: str) -> bool:
    try:
        step = add(rebuilt(dim, {name: add(symbol(name), 1)}), dim, -1)
    except DimTooComplex:
        return False
    bound = lower_bound(step)
    return bound is not None and bound >= 0
