"""The printed form of dimensions: deterministic text such as `ceil(H / 2)`, also valid Python arithmetic.

`ceil` exists only here. A floor alone is written with the offset that a reader expects of a window sliding
over a tensor: floor((H + 1) / 2) as `ceil(H / 2)`, floor((H + 1) / 3) as `floor((H - 2) / 3) + 1`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from .algebra import Atom, Dim, DimExpr, Extremum, Floor, Monomial, Symbol, Term, add, constant_of, hand_down, terms_of


@hand_down
def format_dim(dim: Dim) -> str:
    """The canonical text: equal dimensions give equal text."""
    return _format_expression(dim) if isinstance(dim, DimExpr) else str(dim)


def format_forms(forms: Mapping[str, Dim]) -> tuple[tuple[str, str], ...]:
    """Symbols and what to write instead of each, as text, in order."""
    return tuple((name, format_dim(form)) for name, form in sorted(forms.items()))


@lru_cache(maxsize=4096)
def _format_expression(expression: DimExpr) -> str:
    constant = constant_of(expression)
    parts: list[tuple[int, str]] = []
    for monomial, coefficient in expression.terms:
        if monomial:
            text, constant = _format_term((monomial, coefficient), constant)
            parts.append((coefficient, text))
    if constant:
        parts.append((constant, str(abs(constant))))
    return _joined(parts)


def _joined(parts: list[tuple[int, str]]) -> str:
    """The signed parts in order, but a positive one first if there is any."""
    first = next((index for index, part in enumerate(parts) if part[0] > 0), 0)
    ordered = [parts[first], *parts[:first], *parts[first + 1 :]]
    text = ("-" if ordered[0][0] < 0 else "") + ordered[0][1]
    return text + "".join(f" {'-' if sign < 0 else '+'} {part}" for sign, part in ordered[1:])


def _format_term(term: Term, constant: int) -> tuple[str, int]:
    """The term without its sign, and what is left of the constant, of which a lone atom may take some."""
    monomial, coefficient = term
    if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1:
        return _format_alone(monomial[0][0], constant)
    scale = [] if abs(coefficient) == 1 else [str(abs(coefficient))]
    return "*".join(scale + [_format_power(atom, exponent) for atom, exponent in monomial]), constant


def _format_power(atom: Atom, exponent: int) -> str:
    text = _format_atom(atom)
    return text if exponent == 1 else f"{text}**{exponent}"


def _format_alone(atom: Atom, constant: int) -> tuple[str, int]:
    if isinstance(atom, Floor):
        return _format_floor_alone(atom, constant)
    if isinstance(atom, Extremum) and any(isinstance(member, int) for member in atom.members):
        return _format_extremum(atom, constant), 0
    return _format_atom(atom), constant


def _format_floor_alone(atom: Floor, constant: int) -> tuple[str, int]:
    offset = constant_of(atom.numerator)
    if isinstance(atom.divisor, DimExpr):
        if offset == -1 and constant >= 1:
            return _fraction("ceil", add(atom.numerator, 1), atom.divisor), constant - 1
        return _format_atom(atom), constant
    if offset in (0, atom.divisor - 1):
        return _format_atom(atom), constant
    return _fraction("floor", add(atom.numerator, -atom.divisor), atom.divisor), constant + 1


def _format_atom(atom: Atom) -> str:
    if isinstance(atom, Symbol):
        return atom.name
    if isinstance(atom, Extremum):
        return _format_extremum(atom, 0)
    if not isinstance(atom, Floor):
        raise TypeError(f"{type(atom).__name__} has no printed form")
    offset = constant_of(atom.numerator)
    if isinstance(atom.divisor, int) and offset == atom.divisor - 1:
        return _fraction("ceil", add(atom.numerator, -offset), atom.divisor)
    return _fraction("floor", atom.numerator, atom.divisor)


def _fraction(function: str, numerator: Dim, divisor: Dim) -> str:
    above, below = format_dim(numerator), format_dim(divisor)
    if len(terms_of(numerator)) > 1:
        above = f"({above})"
    if isinstance(divisor, DimExpr) and not _is_plain(divisor.terms):
        below = f"({below})"
    return f"{function}({above} / {below})"


def _is_plain(terms: tuple[Term, ...]) -> bool:
    """Whether the divisor is one atom to the first power, which needs no parentheses."""
    monomial: Monomial = terms[0][0]
    return len(terms) == 1 and terms[0][1] == 1 and len(monomial) == 1


def _format_extremum(atom: Extremum, offset: int) -> str:
    members = [add(member, offset) for member in atom.members]
    ordered = [member for member in members if isinstance(member, DimExpr)]
    ordered += [member for member in members if isinstance(member, int)]
    return f"{'max' if atom.largest else 'min'}({', '.join(map(format_dim, ordered))})"
