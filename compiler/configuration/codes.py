"""Codes of rules and warnings, as settings and calls name them: whether there are such."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..diagnostics import Diagnostic, Severity
from ..diagnostics.configuration import ErrorIgnored, RetiredWarning, RetiredWarnings, UnknownRule, WarningSelected
from ..diagnostics.suggest import near_names
from ..lint.index import RULES
from ..lint.retired import RETIRED
from ..source import Span

#: Letters that are taken for digits where these look like them.
_DIGITS = str.maketrans("OIL", "011")


def code_fault(written: str, select: bool, span: Span | None = None) -> Diagnostic | None:
    """What is wrong with a code, or the beginning of some, that is selected or else ignored; None if it is good."""
    code = written.strip().upper()
    if code and any(rule.startswith(code) for rule in RULES):
        return None
    retired = [one for one in RETIRED if code and one.startswith(code)]
    families = {severity for one, severity in _others() if code and one.startswith(code)}
    if len(retired) == 1 and not families:
        return RetiredWarning(span=span, rule=retired[0], now=RETIRED[retired[0]])
    if retired and not families:
        return RetiredWarnings(span=span, rule=code, rules=tuple(RETIRED[one] for one in retired))
    if Severity.WARNING in families:
        return WarningSelected(span=span, rule=code) if select else None
    if families:
        return ErrorIgnored(span=span, rule=code)
    return UnknownRule(span=span, rule=written, near=_near(code))


def _near(code: str) -> tuple[str, ...]:
    """The rules that may be meant: the one that looks the same, or else all that are a few signs apart."""
    respelled = code[:1] + code[1:].translate(_DIGITS)
    return (respelled,) if respelled in RULES else near_names(code, RULES)


def code_faults(select: Iterable[str], ignore: Iterable[str]) -> Iterator[Diagnostic]:
    """What is wrong with the codes of a call."""
    faults = [code_fault(code, select=True) for code in select] + [code_fault(code, select=False) for code in ignore]
    return (one for one in faults if one is not None)


def _others() -> list[tuple[str, Severity]]:
    """The codes that are no rules', which only few ask for."""
    from ..diagnostics.explain import codes

    return [(one.code, one.severity) for one in codes() if one.code not in RULES]
