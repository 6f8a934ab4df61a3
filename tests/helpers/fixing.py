"""What must be true of every fix, and fixes as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from dotnn.compiler.diagnostics import Diagnostic, Safety, Severity
from dotnn.compiler.diagnostics.fixes import apply_fix

Check: TypeAlias = Callable[[str], Sequence[Diagnostic]]


def assert_mends(found: Sequence[Diagnostic], check: Check) -> None:
    """A fix takes its diagnostic away, and a safe one brings no error."""
    for one in found:
        fix = one.fix()
        if fix is None:
            continue
        text = apply_fix(fix.source.text, fix)
        after = check(text)
        assert text != fix.source.text
        start = one.span.start if one.span is not None else 0
        moved = sum(len(edit.replacement) - len(edit.span.text) for edit in fix.edits if edit.span.end <= start)
        assert _said(one, moved) not in [_said(other) for other in after], text
        if fix.safety is Safety.SAFE:
            assert _errors(after) <= _errors(found), (text, [str(other) for other in after])


def listed(found: Iterable[Diagnostic]) -> str:
    """Every fix with the lines that it changes, before and after."""
    return "\n".join(_listed(one) for one in found if one.fix() is not None)


def _listed(one: Diagnostic) -> str:
    fix = one.fix()
    assert fix is not None
    before, after = fix.source.text.splitlines(), apply_fix(fix.source.text, fix).splitlines()
    gone, new = Counter(before) - Counter(after), Counter(after) - Counter(before)
    lines = [f"- {line}" for line in before if line in gone] + [f"+ {line}" for line in after if line in new]
    return "\n".join([f"{one.code} {fix.safety}", *(line.rstrip() for line in lines)])


def _said(one: Diagnostic, moved: int = 0) -> tuple[str, str, int]:
    return one.code, one.headline(), (one.span.start + moved) if one.span is not None else 0


def _errors(found: Iterable[Diagnostic]) -> Counter[str]:
    return Counter(one.code for one in found if one.severity is Severity.ERROR)
