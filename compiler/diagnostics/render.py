"""Diagnostics as text for people: the place, the facts, and what to do about it.

::

    error[E402]: the kernel does not fit
     --> net.nn:4:30
      |
    2 |     input image: float32[N, 1, 3, 3]
      |                  ------------------- 3 x 3 comes from here
    3 |     output y = image
    4 |         -> conv2d(32, kernel=5)
      |                       ^^^^^^^^ a kernel of 5
      |
      = note: the input is float32[N, 1, 3, 3]
      = help: write `padding=1` or a smaller kernel
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from ..source import Source, Span
from ..visible_text import visible
from .base import Diagnostic, Label, Severity
from .fixes import Edit, Fix
from .terminal_cells import ELLIPSIS, LONGEST_SENTENCE, Excerpt, cell_width, clip, excerpt

#: Width that source lines are fitted into where none is given; prose is wrapped only to a given one.
DEFAULT_WIDTH = 120
NARROWEST = 40
#: A trace longer than this is shown by its ends.
TRACE_HEAD, TRACE_TAIL = 4, 2
#: A fix of more lines than these is not shown.
MOST_MENDED = 3

_RESET = "\x1b[0m"
_PALETTE = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "hint": "\x1b[1;36m",
    "title": "\x1b[1m",
    "frame": "\x1b[1;34m",
    "second": "\x1b[1;34m",
    "help": "\x1b[1;32m",
}

_Paint = Callable[[str, str], str]


def render(diagnostic: Diagnostic, *, color: bool = False, width: int | None = None) -> str:
    """One diagnostic as text without a final line end.

    Args:
        diagnostic: what to show.
        color: whether to colour it with ANSI escape codes.
        width: cells of a line. Without it prose is not wrapped, and source lines are fitted into 120 cells.
    """
    return "\n".join(_Page(diagnostic, _colored if color else _plain, width).lines())


def render_all(diagnostics: Iterable[Diagnostic], *, color: bool = False, width: int | None = None) -> str:
    """All diagnostics, parted by empty lines, and a last line that counts them; empty if there are none."""
    shown = list(diagnostics)
    if not shown:
        return ""
    pages = [render(diagnostic, color=color, width=width) for diagnostic in shown]
    paint = _colored if color else _plain
    return "\n\n".join([*pages, paint("title", count_line(shown))])


def count_line(diagnostics: Iterable[Diagnostic]) -> str:
    """How many there are of each severity, such as ``2 errors, 1 warning``."""
    severities = [diagnostic.severity for diagnostic in diagnostics]
    counts = ((severities.count(severity), severity) for severity in Severity)
    return ", ".join(f"{count} {severity}{'s' if count > 1 else ''}" for count, severity in counts if count)


def _plain(style: str, text: str) -> str:
    return text


def _colored(style: str, text: str) -> str:
    return f"{_PALETTE[style]}{text}{_RESET}" if style and text else text


@dataclass(frozen=True, slots=True)
class _Mark:
    """What to underline in one line, characters ``start`` to ``end`` from 0, and what to say of them."""

    line: int
    start: int
    end: int
    text: str
    style: str

    @property
    def sign(self) -> str:
        return "-" if self.style == "second" else "^"


def _clamped(span: Span) -> tuple[tuple[int, int], tuple[int, int]]:
    """Line, and column from 0, of the first character and of the end, which stands before a line end."""
    source = span.source
    start = min(max(span.start, 0), len(source.text))
    end = min(max(span.end, start), len(source.text))
    first_line, first_column = source.position(start)
    last_line, last_column = source.position(max(start, end - 1))
    return (first_line, first_column - 1), (last_line, last_column - 1 + (end > start))


def _marks(label: Label, style: str) -> list[_Mark]:
    """A place within one line is one mark; a longer one is marked in its first line and in its last."""
    (line, start), (last_line, end) = _clamped(label.span)
    said = label.text.strip()
    head = label.span.source.line(line)
    start = min(start, len(head))
    if last_line == line:
        return [_Mark(line, start, max(start, min(end, len(head))), said, style)]
    tail = label.span.source.line(last_line)
    indent = len(tail) - len(tail.lstrip())
    return [
        _Mark(line, start, len(head), "", style),
        _Mark(last_line, min(indent, end), min(end, len(tail)), said, style),
    ]


def _is_bare(span: Span, said: str) -> bool:
    """Whether a place has nothing to show: no text, as in a file that is none, and no word beside it."""
    return not span.source.text and not said


class _Page:
    """The lines of one rendered diagnostic."""

    def __init__(self, diagnostic: Diagnostic, paint: _Paint, width: int | None) -> None:
        self._diagnostic = diagnostic
        self._paint = paint
        self._wrap_at = max(width, NARROWEST) if width is not None else None
        self._style = str(diagnostic.severity)
        self._mended = _mended_lines(diagnostic, diagnostic.fix())
        self._trace = _shortened(diagnostic.trace)
        self._margin = self._number_width()
        self._budget = (self._wrap_at or DEFAULT_WIDTH) - self._margin - len(" | ")

    def lines(self) -> list[str]:
        """All of them, in order."""
        shown = self._headline()
        shown += self._places()
        remarks, span = self._remarks(), self._diagnostic.span
        if remarks and span is not None and not _is_bare(span, self._diagnostic.caret()):
            shown.append(self._gutter())
        shown += remarks
        for label in self._trace:
            shown += self._frame(label)
        return shown

    def _number_width(self) -> int:
        diagnostic = self._diagnostic
        spans = [label.span for label in (*diagnostic.labels(), *self._trace) if isinstance(label, Label)]
        spans += [diagnostic.span] if diagnostic.span is not None else []
        mended = [_mended_lines(diagnostic, one.fix) for one in diagnostic.remedies] or [self._mended]
        spans += [edits[0].span for lines in mended for edits in lines]
        return max((len(str(_clamped(span)[1][0])) for span in spans), default=1)

    def _headline(self) -> list[str]:
        diagnostic = self._diagnostic
        tag = f"{diagnostic.severity}[{diagnostic.code}]"
        first, *rest = self._prose(f"{tag}: {diagnostic.headline()}", indent=4)
        first = self._paint(self._style, tag) + self._paint("title", first.removeprefix(tag))
        return [first, *(" " * 4 + self._paint("title", line) for line in rest)]

    def _prose(self, text: str, indent: int) -> list[str]:
        """A sentence in lines that have ``indent`` cells before them."""
        text = visible(clip(text, LONGEST_SENTENCE))
        if self._wrap_at is None or indent + cell_width(text) <= self._wrap_at:
            return [text]
        room = self._wrap_at - indent
        # Lines of a table go on below themselves.
        deeper = " " * (len(text) - len(text.lstrip())) * 2
        wrapped = textwrap.wrap(text, room, subsequent_indent=deeper, break_long_words=False, break_on_hyphens=False)
        return wrapped or [""]

    def _places(self) -> list[str]:
        """The source lines of the primary place and of the labels, file by file, the primary one's first."""
        diagnostic = self._diagnostic
        labels = [(label, "second") for label in diagnostic.labels()]
        if diagnostic.span is not None:
            labels.insert(0, (Label(diagnostic.span, diagnostic.caret()), self._style))
        sources: dict[int, list[tuple[Label, str]]] = {}
        for label, style in labels:
            sources.setdefault(id(label.span.source), []).append((label, style))
        shown: list[str] = []
        for group in sources.values():
            first, style = group[0]
            shown.append(self._arrow("-->" if style != "second" else ":::", first.span))
            if all(_is_bare(label.span, label.text) for label, _ in group):
                continue
            shown.append(self._gutter())
            marks = [mark for label, style in group for mark in _marks(label, style)]
            shown += self._source_lines(first.span.source, marks)
        return shown

    def _arrow(self, arrow: str, span: Span) -> str:
        place = visible(clip(str(span.source.name), LONGEST_SENTENCE))
        line, column = _clamped(span)[0]
        return f"{' ' * self._margin}{self._paint('frame', arrow)} {place}:{line}:{column + 1}"

    def _gutter(self, text: str = "", number: int | str = "", sign: str = "|", style: str = "frame") -> str:
        return f"{self._paint(style, f'{number:>{self._margin}} {sign}')} {text}".rstrip()

    def _source_lines(self, source: Source, marks: Sequence[_Mark]) -> list[str]:
        """Every marked line with its marks; one line between two is shown, more are elided."""
        shown: list[str] = []
        previous: int | None = None
        ordered = sorted(marks, key=lambda mark: mark.line)
        for number, group in groupby(ordered, key=lambda mark: mark.line):
            if previous is not None and number == previous + 2:
                between = excerpt(source.line(number - 1), 0, 0, self._budget)
                shown.append(self._gutter(between.text, number - 1))
            elif previous is not None and number > previous + 2:
                shown.append(self._paint("frame", ELLIPSIS))
            shown += self._marked_line(source.line(number), number, list(group))
            previous = number
        return shown

    def _marked_line(self, line: str, number: int, marks: list[_Mark]) -> list[str]:
        start, end = min(mark.start for mark in marks), max(mark.end for mark in marks)
        if end - start > self._budget:
            main = next((mark for mark in marks if mark.sign == "^"), marks[0])
            start, end = main.start, main.end
        window = excerpt(line, start, end, self._budget)
        rows = _underlines(window, marks, self._paint)
        return [self._gutter(window.text, number), *map(self._gutter, rows)]

    def _remarks(self) -> list[str]:
        """Notes, the advice, and the lines as the fix would have them."""
        diagnostic = self._diagnostic
        shown: list[str] = []
        for note in diagnostic.explanations():
            shown += self._remark("note", "title", note)
        if diagnostic.remedies:
            return shown + self._remedies()
        advice = diagnostic.advice()
        if advice:
            shown += self._remark("help", "help", advice)
        if self._mended:
            shown += [self._gutter()] if shown else []
            shown += map(self._mended_line, self._mended)
        return shown

    def _remedies(self) -> list[str]:
        """What was found to mend it, each with the lines as it would have them."""
        shown: list[str] = []
        for number, remedy in enumerate(self._diagnostic.remedies):
            shown += [self._gutter()] if shown else []
            shown += self._remark("help", "help", f"or {remedy.text}" if number else remedy.text)
            mended = _mended_lines(self._diagnostic, remedy.fix)
            shown += [self._gutter(), *map(self._mended_line, mended)] if mended else []
        return shown

    def _remark(self, kind: str, style: str, text: str) -> list[str]:
        head = f"{' ' * self._margin} {self._paint('frame', '=')} {self._paint(style, kind + ':')} "
        indent = self._margin + len(f" = {kind}: ")
        lines = [line for part in text.splitlines() or [""] for line in self._prose(part, indent)]
        return [(head + lines[0]).rstrip(), *((" " * indent + line).rstrip() for line in lines[1:])]

    def _mended_line(self, edits: Sequence[Edit]) -> str:
        """A line with its edits, which are in the order of the line."""
        number, first = _clamped(edits[0].span)[0]
        line = edits[0].span.source.line(number)
        mended, position = "", 0
        for edit in edits:
            (_, start), (_, end) = _clamped(edit.span)
            mended += line[position:start] + edit.replacement
            position = max(start, end)
        window = excerpt(mended + line[position:], first, len(mended), self._budget)
        return self._gutter(window.text, number, sign="+", style="help")

    def _frame(self, label: Label | int) -> list[str]:
        """One step of the trace, the place and its first line; a number stands for steps left out."""
        if isinstance(label, int):
            return [f"{' ' * self._margin}{self._paint('frame', ':::')} {ELLIPSIS} {label} more {ELLIPSIS}"]
        marks = _marks(label, "second")
        mark = replace(marks[0], text=marks[-1].text)
        line = label.span.source.line(mark.line)
        return [self._arrow(":::", label.span), *self._marked_line(line, mark.line, [mark])]


def _mended_lines(diagnostic: Diagnostic, fix: Fix | None) -> list[list[Edit]]:
    """The edits of a fix line by line, if it mends the file of the primary place within few lines, each by itself."""
    span = diagnostic.span
    if fix is None or span is None or fix.source is not span.source:
        return []
    lines: dict[int, list[Edit]] = {}
    for edit in sorted(fix.edits, key=lambda one: (one.span.start, one.span.end)):
        (first, _), (last, _) = _clamped(edit.span)
        if first != last or "\n" in edit.replacement + edit.span.text:
            return []
        lines.setdefault(first, []).append(edit)
    return list(lines.values()) if len(lines) <= MOST_MENDED else []


def _shortened(trace: Sequence[Label]) -> list[Label | int]:
    """A trace, or both its ends with the number of the steps between them."""
    left_out = len(trace) - TRACE_HEAD - TRACE_TAIL
    if left_out <= 1:
        return list(trace)
    return [*trace[:TRACE_HEAD], left_out, *trace[-TRACE_TAIL:]]


def _underlines(window: Excerpt, marks: Sequence[_Mark], paint: _Paint) -> list[str]:
    """The rows below a source line: all underlines, the last text beside them, the other texts hanging."""
    placed = [(*window.spread(mark.start, mark.end), mark) for mark in marks]
    placed.sort(key=lambda item: (item[0], item[2].sign == "^", item[1]))
    edge = max(end for _, end, _ in placed)
    cells = [(" ", "")] * edge
    # Shorter underlines lie on longer ones, and the primary one on its equals.
    for start, end, mark in sorted(placed, key=lambda item: (item[0] - item[1], item[2].sign == "^")):
        cells[start:end] = [(mark.sign, mark.style)] * (end - start)
    runs = groupby(cells, key=lambda cell: cell[1])
    row = "".join(paint(style, "".join(sign for sign, _ in run)) for style, run in runs)
    texts = [item for item in placed if item[2].text]
    ending = [item for item in texts if item[1] == edge]
    if ending:
        beside = next((item for item in ending if item[2].sign == "^"), ending[-1])
        texts.remove(beside)
        row += " " + paint(beside[2].style, _sentence(beside[2]))
    return [row, *_hanging(texts, paint)]


def _hanging(texts: Sequence[tuple[int, int, _Mark]], paint: _Paint) -> list[str]:
    """Texts below their underlines, the rightmost first, with strokes that lead down to the others."""
    if not texts:
        return []
    rows = [_strokes(texts, paint)]
    for count in range(len(texts) - 1, -1, -1):
        start, _, mark = texts[count]
        before = [item for item in texts[:count] if item[0] < start]
        strokes = _strokes(before, paint)
        used = before[-1][0] + 1 if before else 0
        rows.append(strokes + " " * (start - used) + paint(mark.style, _sentence(mark)))
    return rows


def _strokes(texts: Sequence[tuple[int, int, _Mark]], paint: _Paint) -> str:
    row, used = "", 0
    for start, _, mark in texts:
        if start < used:
            continue
        row += " " * (start - used) + paint(mark.style, "|")
        used = start + 1
    return row


def _sentence(mark: _Mark) -> str:
    return visible(clip(mark.text, LONGEST_SENTENCE))
