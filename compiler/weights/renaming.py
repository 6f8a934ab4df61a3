"""Names of a weight file made names of a model, by a prefix that is taken off and by rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, final

from ..diagnostics import Diagnostic, DotnnError
from ..diagnostics.weight_matching import BadRenameRule, CollidingNames, PatternFault, UnmatchedRules
from .matching import Matching
from .name_patterns import BadPattern, Pattern, Replacement
from .rename_rules import RenameRule

#: Places of patterns that are tried at places of names, in all: a second or two.
_MOST_STEPS: Final = 2_000_000


@final
class Renaming:
    """The names of a file as the model is to know them.

    Attributes:
        names: the names of the file by their new ones, in the order of the file.
        notes: rules that match nothing.

    Raises:
        DotnnError: a rule is none, or two names become one.
    """

    def __init__(self, path: str, names: Iterable[str], matching: Matching) -> None:
        self._rules = [(rule, *_compiled(rule)) for rule in matching.rules()]
        self._used: set[int] = set()
        self._steps = 0
        names = tuple(names)
        prefix = _whole_prefix(matching.strip_prefix, names)
        renamed = [self._renamed(name.removeprefix(prefix)) for name in names]
        self.names = dict(zip(renamed, names, strict=True))
        if len(self.names) < len(names):
            raise DotnnError(CollidingNames(path=path, names=_collisions(renamed, names)))
        idle = [rule.pattern for index, (rule, *_) in enumerate(self._rules) if index not in self._used]
        if prefix and not any(name.startswith(prefix) for name in names):
            idle.insert(0, matching.strip_prefix)
        self.notes: tuple[Diagnostic, ...] = (UnmatchedRules(path=path, rules=tuple(idle)),) if idle else ()

    def _renamed(self, name: str) -> str:
        """What the first rule that fits makes of a name."""
        for index, (rule, pattern, replacement) in enumerate(self._rules):
            before = pattern.steps
            found = pattern.match(name)
            self._steps += pattern.steps - before
            if self._steps > _MOST_STEPS:
                reason = PatternFault.TAKES_TOO_LONG()
                raise DotnnError(BadRenameRule(span=rule.pattern_span, pattern=rule.pattern, reason=reason))
            if found is not None:
                self._used.add(index)
                return replacement.of(found)
        return name


def _whole_prefix(prefix: str, names: Iterable[str]) -> str:
    """A prefix with the dot that ends it in the file, if it was left out."""
    dotted = f"{prefix}."
    return dotted if prefix and any(name.startswith(dotted) for name in names) else prefix


def _collisions(renamed: Iterable[str], names: Iterable[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    sources: dict[str, list[str]] = {}
    for new, name in zip(renamed, names, strict=True):
        sources.setdefault(new, []).append(name)
    return tuple((new, tuple(found)) for new, found in sources.items() if len(found) > 1)


def _compiled(rule: RenameRule) -> tuple[Pattern, Replacement]:
    try:
        pattern = Pattern(rule.pattern)
    except BadPattern as fault:
        raise DotnnError(BadRenameRule(span=rule.at(fault.place), pattern=rule.pattern, reason=fault.reason)) from fault
    try:
        return pattern, Replacement(rule.replacement, pattern.groups)
    except BadPattern as fault:
        span = rule.replacement_span
        raise DotnnError(BadRenameRule(span=span, pattern=rule.replacement, reason=fault.reason)) from fault
