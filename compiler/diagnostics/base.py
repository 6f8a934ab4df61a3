"""What a diagnostic is: data. How it looks is the renderers' business.

Each kind of diagnostic is one frozen dataclass: its fields are the facts of the case, its class attributes the
sentences made of them, its docstring the page that ``dotnn explain CODE`` shows. Sites that raise one hold no prose.
"""

from __future__ import annotations

import copy
from collections.abc import Hashable
from dataclasses import field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from ..records import positional_record, record
from ..reprs import LONGEST, quoted, several, short_repr
from ..source import Span
from ..visible_text import visible
from .fixes import Fix, Remedy
from .phrases import filled
from .terminal_cells import LONGEST_SENTENCE, clip

if TYPE_CHECKING:
    from .shape_ways import Background


class Severity(StrEnum):
    """How bad it is: for an error there is no model, a warning may be a mistake, a hint could be better."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


@positional_record
class Label:
    """A further place that helps to understand a diagnostic, and what to say of it."""

    span: Span
    text: str

    @classmethod
    def of_call(cls, span: Span, block: str) -> Label:
        """The call of a block on the way to a place."""
        return cls(span, f"in block `{block}`, called here")


#: Every concrete diagnostic class by its code.
CATALOGUE: dict[str, type[Diagnostic]] = {}


@record
class Diagnostic:
    """Base of all diagnostics.

    Subclasses are frozen keyword-only dataclasses that set ``code`` and the templates. A template is text in the form
    of ``str.format``; its names are the fields and properties of the class.

    Mistakes that have one page in common are a family: its base has the code and the page, and what they say alike;
    each of them is a class that inherits these and sets the rest.

    Attributes:
        span: the primary place, or None for faults that lie in no source text (a weight file, an input array).
        trace: places through which the primary place was reached (calls of blocks, imports), innermost first.
        faulty_axes: the axes whose sizes are at fault, each after the index of its operand; negative ones count from
            the end.
        background: what the layers before did, where a layer is the place.
        remedies: what was found to mend it by trying, the nearest first.
    """

    code: ClassVar[str] = ""
    severity: ClassVar[Severity] = Severity.ERROR
    message: ClassVar[str] = ""
    #: What tells apart the mistakes of one code: each class of a family says its own in place of ``{clause}``.
    clause: ClassVar[str] = ""
    label: ClassVar[str] = ""
    remedy: ClassVar[str] = ""
    #: Whether the remedy says something to those who call the block that the primary place lies in.
    advises_callers: ClassVar[bool] = True

    span: Span | None = None
    trace: tuple[Label, ...] = ()
    faulty_axes: tuple[tuple[int, int], ...] = ()
    background: Background | None = field(default=None, compare=False)
    remedies: tuple[Remedy, ...] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "code" not in cls.__dict__:
            return
        other = CATALOGUE.setdefault(cls.code, cls)
        # A dataclass with slots is made twice; anything else is a clash of codes.
        if other.__qualname__ != cls.__qualname__:
            raise TypeError(f"{cls.__name__} takes the code {cls.code} of {other.__name__}")
        CATALOGUE[cls.code] = cls

    def __repr__(self) -> str:
        place = (quoted(str(self.span)),) if self.span is not None else ()
        return short_repr(self, self.code, *place, quoted(self.headline(), 2 * LONGEST))

    def __str__(self) -> str:
        """Place, code, sentence and remedy on a line, and below it, indented, the notes."""
        place = f"{self.span}: " if self.span is not None else ""
        advice = f" ({self.advice()})" if self.advice() else ""
        line = f"{place}{self.severity}[{self.code}]: {_legible(self.headline())}{_legible(advice)}"
        notes = (part for note in self.explanations() for part in note.splitlines())
        return "\n    ".join((line, *map(_legible, notes)))

    def as_error(self) -> Diagnostic:
        """The same with the severity of an error, for those to whom warnings are errors; a hint stays one."""
        if self.severity is Severity.HINT:
            return self
        one = copy.copy(self)
        object.__setattr__(one, "severity", Severity.ERROR)
        return one

    def headline(self) -> str:
        """The one-sentence statement of what is wrong."""
        return filled(self.message.replace("{clause}", self.clause), self)

    def caret(self) -> str:
        """What stands beside the caret; may be empty."""
        return filled(self.label, self)

    def advice(self) -> str:
        """What to do about it; may be empty."""
        return filled(self.remedy, self)

    def labels(self) -> tuple[Label, ...]:
        """Further labelled places."""
        return ()

    def notes(self) -> tuple[str, ...]:
        """Further facts that belong to no place, such as both shapes."""
        return ()

    def explanations(self) -> tuple[str, ...]:
        """The notes, and how the sizes at fault came about, each in lines."""
        return (*self.notes(), *self.history())

    def history(self) -> tuple[str, ...]:
        """How the sizes of the axes at fault came about; nothing where that is plain."""
        if self.background is None or not self.faulty_axes:
            return ()
        from .shape_ways import note

        span = self.span
        source, ways = None if span is None else span.source, self.background.ways(self.faulty_axes)
        is_plain = all(way.is_at(span) for way in ways)
        return () if is_plain else tuple(note(way, source) for way in ways)

    def fix(self) -> Fix | None:
        """The edits that mend the mistake, where the remedy says exactly what to write."""
        return None

    def identities(self) -> tuple[Hashable, ...]:
        """What tells it from others: it is a repetition if one of these was met before."""
        span = self.span
        place = (id(span.source), span.start, span.end) if span is not None else None
        return ((self.code, place, self.headline()),)


class DotnnError(Exception):
    """Diagnostics on their way to the user: the one exception of dotnn for faults of the input.

    Attributes:
        diagnostics: what is wrong, at least one, in the order of the source.
    """

    # What a traceback calls it, and where users import it from.
    __module__ = "dotnn"

    def __init__(self, *diagnostics: Diagnostic) -> None:
        self.diagnostics = diagnostics
        super().__init__(*diagnostics)

    def __str__(self) -> str:
        return "\n".join(map(str, self.diagnostics))

    def __repr__(self) -> str:
        return short_repr(self, *several(diagnostic.code for diagnostic in self.diagnostics))


class DotnnWarning(UserWarning):
    """A diagnostic as one of Python's warnings, for what no result of a call can carry.

    Attributes:
        diagnostic: what may be wrong.
    """

    __module__ = "dotnn"

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(diagnostic)

    def __str__(self) -> str:
        return str(self.diagnostic)


def _legible(text: str) -> str:
    return visible(clip(text, LONGEST_SENTENCE))
