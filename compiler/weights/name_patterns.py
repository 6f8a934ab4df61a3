r"""Patterns of names and what they become, matched in time that grows with pattern times name and no faster.

Patterns are a part of Python's regular expressions: characters, ``.``, classes ``[a-z]``, ``\d \w \s`` and their
opposites, groups, ``|`` and the quantifiers ``* + ? {m,n}``. Python's own engine tries alternatives again and again,
so that ``(a+)+b`` takes hours for a name of forty letters; a file of rules may be anybody's. Here a place of the
pattern is tried once at a place of the name: nothing that these patterns can say depends on how it was reached.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, final

from ..diagnostics.phrases import Phrase
from ..diagnostics.weight_matching import PatternFault
from ..reprs import quantity

#: Longer patterns and names are refused, and patterns that become so many instructions.
LONGEST_PATTERN: Final = 500
LONGEST_NAME: Final = 2_000
_MOST_INSTRUCTIONS: Final = 2_000
_DEEPEST: Final = 30
_MOST_REPEATS: Final = 1_000
#: So many have a number of two digits.
_MOST_GROUPS: Final = 99

_Test: TypeAlias = Callable[[str], bool]
#: ``one test``, ``split first second``, ``jump to``, ``mark number``, ``start``, ``finish``, ``end``.
_Instruction: TypeAlias = tuple[str, Any, Any]
#: The next instruction, the place in the name, and the marks.
_State: TypeAlias = tuple[int, int, tuple[int, ...]]
#: ``one test``, ``row parts``, ``either parts``, ``group number part``, ``repeat low high lazy part``, ``start``...
_Tree: TypeAlias = tuple[Any, ...]


class BadPattern(ValueError):
    """What is wrong with a pattern or a replacement, and at which character."""

    def __init__(self, reason: Phrase, place: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place


@final
class Pattern:
    """A pattern that whole names are matched against.

    Attributes:
        groups: how many groups it has.
        steps: how many places of the pattern were tried at places of names so far.

    Raises:
        BadPattern: it is none.
    """

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST_PATTERN:
            raise BadPattern(PatternFault.PATTERN_TOO_LONG(most=LONGEST_PATTERN), LONGEST_PATTERN)
        reader = _Reader(text)
        self._program = _compiled(reader.read())
        self.groups = reader.groups
        self.steps = 0

    def match(self, name: str) -> tuple[str, ...] | None:
        """The name and what the groups have of it, empty where one takes no part; None if it does not fit as a whole.

        As in Python's ``re.fullmatch``: of several ways, the one that quantifiers and ``|`` prefer.
        """
        if len(name) > LONGEST_NAME:
            return None
        marks, steps = _run(self._program, name, 2 * self.groups)
        self.steps += steps
        if marks is None:
            return None
        pairs = zip(marks[::2], marks[1::2], strict=True)
        return (name, *("" if start < 0 or end < 0 else name[start:end] for start, end in pairs))


@final
class Replacement:
    """What a name becomes: text with ``$1`` or ``${1}`` for groups, ``$0`` for the name and ``$$`` for a ``$``.

    Raises:
        BadPattern: it is none, or names a group that the pattern lacks.
    """

    def __init__(self, text: str, groups: int) -> None:
        self._parts: list[str | int] = []
        place = 0
        while place < len(text):
            if text[place] != "$":
                self._parts.append(text[place])
                place += 1
                continue
            number, place = _dollar(text, place)
            if isinstance(number, int) and number > groups:
                raise BadPattern(PatternFault.NO_SUCH_GROUP(number=number, groups=quantity(groups, "group")), place)
            self._parts.append(number)

    def of(self, found: tuple[str, ...]) -> str:
        """The new name, for what ``Pattern.match`` gives."""
        return "".join(found[part] if isinstance(part, int) else part for part in self._parts)


def _dollar(text: str, place: int) -> tuple[str | int, int]:
    """What ``$`` stands for, and where the text goes on."""
    rest = text[place + 1 :]
    if rest.startswith("$"):
        return "$", place + 2
    braced = rest.startswith("{")
    digits = ""
    for char in rest[braced:]:
        if char not in "0123456789" or len(digits) == 2:
            break
        digits += char
    end = place + 1 + braced + len(digits)
    if not digits or (braced and text[end : end + 1] != "}"):
        raise BadPattern(PatternFault.DOLLAR_WITHOUT_NUMBER(), place)
    return int(digits), end + braced


# Reading ------------------------------------------------------------------------------------------------------------


@final
class _Reader:
    """Reads a pattern into a tree."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.groups = 0
        self._place = 0

    def read(self) -> _Tree:
        tree = self._either(0)
        if self._place < len(self.text):
            raise BadPattern(PatternFault.CLOSES_NOTHING(), self._place)
        return tree

    def _peek(self) -> str:
        return self.text[self._place : self._place + 1]

    def _take(self) -> str:
        char = self._peek()
        self._place += 1
        return char

    def _either(self, depth: int) -> _Tree:
        if depth > _DEEPEST:
            raise BadPattern(PatternFault.PATTERN_GROUPS_TOO_DEEP(), self._place)
        parts = [self._row(depth)]
        while self._peek() == "|":
            self._take()
            parts.append(self._row(depth))
        return parts[0] if len(parts) == 1 else ("either", parts)

    def _row(self, depth: int) -> _Tree:
        parts: list[_Tree] = []
        while self._peek() and self._peek() not in "|)":
            parts.append(self._quantified(self._atom(depth)))
        return ("row", parts)

    def _quantified(self, part: _Tree) -> _Tree:
        place = self._place
        bounds = self._bounds()
        if bounds is None:
            return part
        if part[0] in ("start", "finish"):
            raise BadPattern(PatternFault.NOTHING_TO_REPEAT(), place)
        lazy = self._peek() == "?"
        if lazy:
            self._take()
        if self._peek() and self._peek() in "*+?{":
            raise BadPattern(PatternFault.QUANTIFIER_TWICE(), self._place)
        return ("repeat", *bounds, lazy, part)

    def _bounds(self) -> tuple[int, int | None] | None:
        char = self._peek()
        if not char or char not in "*+?{":
            return None
        self._take()
        if char != "{":
            return {"*": (0, None), "+": (1, None), "?": (0, 1)}[char]
        end = self.text.find("}", self._place)
        low, comma, high = self.text[self._place : end].partition(",")
        if end < 0 or not (low or comma) or not all(_is_count(one) for one in (low, high)):
            raise BadPattern(PatternFault.NO_NUMBER_OF_REPEATS(), end)
        self._place = end + 1
        least = int(low or 0)
        most = least if not comma else int(high) if high else None
        if max(least, most or 0) > _MOST_REPEATS or (most is not None and most < least):
            raise BadPattern(PatternFault.IMPOSSIBLE_REPEATS(), self._place - 1)
        return least, most

    def _atom(self, depth: int) -> _Tree:
        place, char = self._place, self._take()
        if char == "(":
            return self._group(place, depth)
        if char == "[":
            return ("one", self._class(place))
        if char in "*+?{":
            raise BadPattern(PatternFault.NOTHING_BEFORE(char=char), place)
        if char == "\\":
            return ("one", self._escape(place))
        if char == ".":
            return ("one", lambda one: one != "\n")
        if char in "^$":
            return ("start" if char == "^" else "finish",)
        return ("one", char.__eq__)

    def _group(self, place: int, depth: int) -> _Tree:
        number = 0
        if self._peek() == "?":
            if self.text[self._place : self._place + 2] != "?:":
                raise BadPattern(PatternFault.UNKNOWN_KIND_OF_GROUP(), place)
            self._place += 2
        else:
            self.groups += 1
            number = self.groups
            if number > _MOST_GROUPS:
                raise BadPattern(PatternFault.TOO_MANY_GROUPS(most=_MOST_GROUPS), place)
        part = self._either(depth + 1)
        if self._take() != ")":
            raise BadPattern(PatternFault.GROUP_NOT_CLOSED(), place)
        return ("group", number, part) if number else part

    def _escape(self, place: int) -> _Test:
        char = self._take()
        if char in _CLASSES:
            return _CLASSES[char]
        if not char or (char.isalnum() and char.isascii()):
            raise BadPattern(PatternFault.UNKNOWN_ESCAPE(char=char), place)
        return char.__eq__

    def _class(self, place: int) -> _Test:
        negated = self._peek() == "^"
        if negated:
            self._take()
        tests: list[_Test] = []
        # A `]` that comes first is meant.
        while self._peek() != "]" or not tests:
            if not self._peek():
                raise BadPattern(PatternFault.CLASS_NOT_CLOSED(), place)
            tests.append(self._member(place))
        self._take()
        return lambda one: any(test(one) for test in tests) != negated

    def _member(self, place: int) -> _Test:
        low = self._take()
        if low == "\\" and self._peek() and self._peek() in _CLASSES:
            return _CLASSES[self._take()]
        low = self._take_escaped(low, place)
        if self._peek() != "-" or self.text[self._place + 1 : self._place + 2] in ("]", ""):
            return low.__eq__
        self._take()
        high = self._take_escaped(self._take(), place)
        if high < low:
            raise BadPattern(PatternFault.RANGE_IS_EMPTY(low=low, high=high), place)
        return lambda one: low <= one <= high

    def _take_escaped(self, char: str, place: int) -> str:
        if char != "\\":
            return char
        char = self._take()
        if not char or char.isalnum():
            raise BadPattern(PatternFault.UNKNOWN_ESCAPE_IN_CLASS(char=char), place)
        return char


def _is_count(text: str) -> bool:
    return not text or (text.isascii() and text.isdecimal() and len(text) < 6)


_CLASSES: Final[dict[str, _Test]] = {
    "d": str.isdecimal,
    "D": lambda one: not one.isdecimal(),
    "w": lambda one: one.isalnum() or one == "_",
    "W": lambda one: not (one.isalnum() or one == "_"),
    "s": str.isspace,
    "S": lambda one: not one.isspace(),
}


# Matching -----------------------------------------------------------------------------------------------------------


def _compiled(tree: _Tree) -> list[_Instruction]:
    program: list[_Instruction] = []
    _emit(tree, program)
    program.append(("end", None, None))
    return program


def _emit(tree: _Tree, program: list[_Instruction]) -> None:
    if len(program) > _MOST_INSTRUCTIONS:
        raise BadPattern(PatternFault.REPEATS_TOO_MUCH(), 0)
    match tree:
        case ("one", test):
            program.append(("one", test, None))
        case ("row", []):
            # So that repeats of nothing count among the instructions, too.
            program.append(("jump", len(program) + 1, None))
        case ("row", parts):
            for part in parts:
                _emit(part, program)
        case ("either", parts):
            _emit_either(parts, program)
        case ("group", number, part):
            program.append(("mark", 2 * number - 2, None))
            _emit(part, program)
            program.append(("mark", 2 * number - 1, None))
        case ("repeat", low, high, lazy, part):
            _emit_repeat(low, high, lazy, part, program)
        case _:
            program.append((tree[0], None, None))


def _emit_either(parts: list[_Tree], program: list[_Instruction]) -> None:
    leaving: list[int] = []
    for part in parts[:-1]:
        fork = len(program)
        program.append(("split", fork + 1, None))
        _emit(part, program)
        leaving.append(len(program))
        program.append(("jump", None, None))
        program[fork] = ("split", fork + 1, len(program))
    _emit(parts[-1], program)
    for place in leaving:
        program[place] = ("jump", len(program), None)


def _emit_repeat(low: int, high: int | None, lazy: bool, part: _Tree, program: list[_Instruction]) -> None:
    for _ in range(low):
        _emit(part, program)
    forks: list[int] = []
    for _ in range(1 if high is None else high - low):
        forks.append(len(program))
        program.append(("split", None, None))
        _emit(part, program)
    if high is None:
        program.append(("jump", forks[0], None))
    for fork in forks:
        within, behind = fork + 1, len(program)
        program[fork] = ("split", behind, within) if lazy else ("split", within, behind)


def _run(program: list[_Instruction], name: str, marks: int) -> tuple[tuple[int, ...] | None, int]:
    """Where the groups begin and end, -1 where one has no part; None if the name as a whole does not fit.

    And how many steps that took.
    """
    length = len(name)
    seen: set[int] = set()
    waiting: list[_State] = [(0, 0, (-1,) * marks)]
    while waiting:
        at, place, found = waiting.pop()
        key = at * (length + 1) + place
        if key in seen:
            continue
        seen.add(key)
        if program[at][0] == "end" and place == length:
            return found, len(seen)
        waiting += _next(program[at], at, place, found, name)
    return None, len(seen)


def _next(instruction: _Instruction, at: int, place: int, found: tuple[int, ...], name: str) -> tuple[_State, ...]:
    """Where a state goes on; the last one first."""
    match instruction:
        case ("one", test, _):
            return ((at + 1, place + 1, found),) if place < len(name) and test(name[place]) else ()
        case ("split", first, second):
            return (second, place, found), (first, place, found)
        case ("jump", to, _):
            return ((to, place, found),)
        case ("mark", number, _):
            return ((at + 1, place, (*found[:number], place, *found[number + 1 :])),)
        case ("start", _, _):
            return ((at + 1, place, found),) if place == 0 else ()
        case ("finish", _, _):
            return ((at + 1, place, found),) if place == len(name) else ()
    return ()
