"""How the size of an axis came about, layer by layer, as lines below a diagnostic and as a table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from itertools import groupby

from ..records import positional_record
from ..source import Source, Span

#: A way longer than this is shown by its ends.
MOST_STEPS = 8
_HEAD, _TAIL = 3, 4
_GAP = "  "


@positional_record
class Step:
    """What one layer did to the size of an axis.

    Attributes:
        name: its label, or what it is.
        kind: what it is.
        place: where it is written, outside of the library where it can be; None for what no text stands for.
        before: the size that it read; empty where the size begins with it.
        after: the size that it gave.
        formula: how the one becomes the other, with numbers, or what was written; may be empty.
    """

    name: str
    kind: str
    place: Span | None
    before: str
    after: str
    formula: str

    @property
    def keeps(self) -> bool:
        """Whether the size is what it was."""
        return self.before == self.after

    @property
    def sizes(self) -> str:
        """``28 -> 26``, or where the size begins, or stays, that alone."""
        return self.after if self.keeps or not self.before else f"{self.before} -> {self.after}"

    @property
    def arithmetic(self) -> str:
        """The formula with its value, ``28 - 3 + 1 = 26``, or what was written, ``units=128``."""
        is_sum = self.formula and "=" not in self.formula and self.formula != self.after
        return f"{self.formula} = {self.after}" if is_sum else "" if self.formula == self.after else self.formula


@positional_record
class Way:
    """How the size of an axis of a tensor came about.

    Attributes:
        axes: which ones, all of which came about alike.
        found: the type of the tensor.
        steps: from the input, or the layer where the size begins, to the layer that made the tensor.
    """

    axes: tuple[int, ...]
    found: str
    steps: tuple[Step, ...]

    @property
    def which(self) -> str:
        """``axis 2``, ``axes 2 and 3``."""
        *others, last = map(str, self.axes)
        return f"axes {', '.join(others)} and {last}" if others else f"axis {last}"

    @property
    def title(self) -> str:
        """``axis 2 of float32[N, 8, 26, 26]``."""
        return f"{self.which} of {self.found}"

    @property
    def is_written(self) -> bool:
        """Whether the size is that of an input, and nothing was done to it."""
        return len(self.steps) == 1 and not self.steps[0].formula

    def is_at(self, span: Span | None) -> bool:
        """Whether the size begins on the line of a place, and nothing was done to it since."""
        place = self.steps[0].place
        is_near = span is not None and place is not None and place.source is span.source and place.line == span.line
        return is_near and len(self.steps) == 1


class Background(ABC):
    """What layers did before the place of a mistake, as whoever raised it could see it."""

    @abstractmethod
    def ways(self, axes: Sequence[tuple[int, int]]) -> tuple[Way, ...]:
        """How the sizes of some axes came about, each of an operand by its index."""

    @abstractmethod
    def maker(self, operand: int) -> Step | None:
        """The layer or input that made an operand; None where nothing did."""


def note(way: Way, source: Source | None) -> str:
    """A way as a note of a diagnostic: its title, and a line for each step, or a line for one."""
    if len(way.steps) == 1:
        (step,) = way.steps
        place = f" in {_place(step.place, source)}" if step.place is not None else ""
        if step.formula:
            return f"{way.title} is {step.after}: `{step.formula}` of `{step.name}`{place}"
        return f"{way.title} is {step.after} since `{step.name}`{place}"
    return "\n".join([f"how {way.title} came about:", *(f"  {line}" for line in step_lines(way.steps, source))])


def step_lines(steps: Sequence[Step], source: Source | None, most: int = MOST_STEPS) -> list[str]:
    """A line for each step, in columns.

    Neighbours that keep the size are one line, but for the last step; and of many lines those at both ends are shown.

    Args:
        steps: in their order, at least one.
        source: the text that is spoken of anyway, so that only others are named.
        most: how many lines there may be.
    """
    *before, last = steps
    runs = [list(run) for _, run in groupby(before, key=lambda one: one.keeps)]
    groups = [*(group for run in runs for group in _groups(run)), [last]]
    left_out = groups[_HEAD:-_TAIL] if len(groups) > most else []
    shown = [*groups[:_HEAD], *groups[-_TAIL:]] if left_out else groups
    rows = [(one.name, _place(one.place, source), one.sizes, one.arithmetic) for (one, *more) in shown if not more]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    table = iter([_line(row, widths) for row in rows])
    lines = [next(table) if len(group) == 1 else f"… {len(group)} layers that keep it …" for group in shown]
    if left_out:
        lines.insert(_HEAD, f"… {sum(map(len, left_out))} more layers …")
    return lines


def _groups(run: list[Step]) -> list[list[Step]]:
    """Several neighbours that keep the size as one group, all others each by itself."""
    return [run] if run[0].keeps else [[one] for one in run]


def _line(row: Iterable[str], widths: Sequence[int]) -> str:
    *columns, last = row
    cells = [one.ljust(width) for one, width in zip(columns, widths, strict=True)]
    return _GAP.join([*cells, last]).rstrip()


def _place(place: Span | None, source: Source | None) -> str:
    if place is None:
        return ""
    return f"line {place.line}" if place.source is source else f"{place.source.name}:{place.line}"
