"""What is wrong with the patterns of rules for names, and with what names become by them."""

from __future__ import annotations

from typing import ClassVar

from ..records import record
from .phrases import Phrase

# Patterns -----------------------------------------------------------------------------------------------------------


@record
class PatternTooLong(Phrase):
    says: ClassVar[str] = "it has more than {most} characters"

    most: int


@record
class TooManyGroups(Phrase):
    says: ClassVar[str] = "it has more than {most} groups"

    most: int


@record
class PatternGroupsTooDeep(Phrase):
    says: ClassVar[str] = "its groups are nested too deeply"


@record
class RepeatsTooMuch(Phrase):
    says: ClassVar[str] = "it repeats too much"


@record
class TakesTooLong(Phrase):
    says: ClassVar[str] = "it takes too long with so many names"


@record
class ClosesNothing(Phrase):
    says: ClassVar[str] = "a `)` closes nothing; one that is meant is `\\)`"


@record
class GroupNotClosed(Phrase):
    says: ClassVar[str] = "a `(` is not closed; one that is meant is `\\(`"


@record
class UnknownKindOfGroup(Phrase):
    says: ClassVar[str] = "of groups that begin with `(?` there is only `(?:`"


@record
class ClassNotClosed(Phrase):
    says: ClassVar[str] = "a `[` is not closed; one that is meant is `\\[`"


@record
class RangeIsEmpty(Phrase):
    says: ClassVar[str] = "the range `{low}-{high}` is empty"

    low: str
    high: str


@record
class NothingToRepeat(Phrase):
    says: ClassVar[str] = "there is nothing that could be repeated"


@record
class NothingBefore(Phrase):
    says: ClassVar[str] = "there is nothing that `{char}` could repeat"

    char: str


@record
class QuantifierTwice(Phrase):
    says: ClassVar[str] = "a quantifier is quantified itself"


@record
class NoNumberOfRepeats(Phrase):
    says: ClassVar[str] = "`{{` begins a number of repeats, as in `{{2}}` or `{{1,3}}`; one that is meant is `\\{{`"


@record
class ImpossibleRepeats(Phrase):
    says: ClassVar[str] = "so many repeats are not possible"


@record
class UnknownEscape(Phrase):
    says: ClassVar[str] = "`\\{char}` means nothing here; there are `\\d`, `\\w`, `\\s` and their opposites"

    char: str


@record
class UnknownEscapeInClass(Phrase):
    says: ClassVar[str] = "`\\{char}` means nothing at this place of a class"

    char: str


# What names become --------------------------------------------------------------------------------------------------


@record
class DollarWithoutNumber(Phrase):
    says: ClassVar[str] = "`$` is followed by the number of a group, as in `$1` or `${{1}}`; a `$` itself is `$$`"


@record
class NoSuchGroup(Phrase):
    says: ClassVar[str] = "`${number}` stands for a group, and the pattern has {groups}"

    number: int
    count: int

    @property
    def groups(self) -> str:
        """How many there are, in words."""
        return f"{self.count} groups" if self.count != 1 else "1 group"
