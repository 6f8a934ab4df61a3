"""Patterns of paths, as ``.gitignore`` has them.

What a line means is said in gitignore(5), and what its signs match in git's ``wildmatch.c``. The matcher is our own,
since patterns come from anywhere: it takes time in proportion to pattern times path, which expressions of ``re`` with
many stars do not. Signs stand for characters; git, which matches bytes, lets ``?`` stand for a part of ``é``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias, TypeVar

from ..diagnostics.configuration import PathFault
from ..diagnostics.phrases import Phrase
from ..records import positional_record

#: Characters of the longest pattern.
LONGEST: Final = 1_000

_STAR: Final = "*"
_ANY: Final = "?"

_CLASSES: Final[dict[str, Callable[[str], bool]]] = {
    "alnum": str.isalnum,
    "alpha": str.isalpha,
    "blank": lambda char: char in " \t",
    "cntrl": lambda char: char < " " or char == "\x7f",
    "digit": str.isdigit,
    "graph": lambda char: "!" <= char <= "~",
    "lower": str.islower,
    "print": lambda char: " " <= char <= "~",
    "punct": lambda char: "!" <= char <= "~" and not char.isalnum(),
    "space": lambda char: char in " \t\n\r\v\f",
    "upper": str.isupper,
    "xdigit": lambda char: char in "0123456789abcdefABCDEF",
}

_One = TypeVar("_One")
_Other = TypeVar("_Other")


@positional_record
class _Literal:
    """A character that is meant."""

    char: str


@positional_record
class _Set:
    """One character of several, as in ``[a-z_]``."""

    negated: bool
    ranges: tuple[tuple[str, str], ...]
    classes: tuple[str, ...]

    def has(self, char: str) -> bool:
        """Whether it stands for a character."""
        found = any(low <= char <= high for low, high in self.ranges)
        found = found or (char.isascii() and any(_CLASSES[name](char) for name in self.classes))
        return found is not self.negated


_Sign: TypeAlias = _Literal | _Set | str
#: What one name of a path is to be; None stands for any number of names, as `**` does.
_Part: TypeAlias = tuple[_Sign, ...] | None


@positional_record
class Pattern:
    """A pattern of paths.

    Attributes:
        text: as it is written.
        negated: it begins with ``!``: what it matches is taken back.
        folders_only: it ends with ``/``.
        anchored: it has a ``/`` before its end, so that it is matched against whole paths, not names.
        parts: what the names of a path are to be, one after the other.
    """

    text: str
    negated: bool
    folders_only: bool
    anchored: bool
    parts: tuple[_Part, ...]

    def matches(self, path: Sequence[str], is_folder: bool = False) -> bool:
        """Whether it is about this very path, whatever ``negated`` says of it.

        Args:
            path: the names on the way from the folder that the pattern belongs to.
            is_folder: whether a folder stands there.
        """
        if self.folders_only and not is_folder:
            return False
        return _fits(self.parts, path if self.anchored else path[-1:], None, _part_fits)

    def covers(self, path: Sequence[str]) -> bool:
        """Whether it is about a file or about one of the folders in which that lies."""
        ends = range(1, len(path) + 1)
        return any(self.matches(path[:end], is_folder=end < len(path)) for end in ends)

    def backwards(self) -> tuple[str, str] | None:
        """A range whose end stands before its beginning, so that no character is in it; None if there is none."""
        signs = (sign for part in self.parts for sign in part or () if isinstance(sign, _Set))
        return next(((low, high) for sign in signs for low, high in sign.ranges if low > high), None)


def read_pattern(text: str) -> Pattern | Phrase:
    """A pattern, or what is wrong with it."""
    if len(text) > LONGEST:
        return PathFault.TOO_LONG(most=LONGEST)
    body = text[1:] if text.startswith("!") else text
    folders_only = body.endswith("/")
    body = body[:-1] if folders_only else body
    if not body:
        return PathFault.IS_EMPTY()
    signs = _signs(body)
    if isinstance(signs, Phrase):
        return signs
    parts = _parts(signs, anchored := "/" in body)
    return Pattern(text, text.startswith("!"), folders_only, anchored, parts)


def last_word(patterns: Sequence[Pattern], path: Sequence[str], is_folder: bool) -> Pattern | None:
    """The pattern that decides about a path, which is the last one that matches it; None where none does."""
    return next((one for one in reversed(patterns) if one.matches(path, is_folder)), None)


# Matching -----------------------------------------------------------------------------------------------------------


def _fits(pattern: Sequence[_One], text: Sequence[_Other], star: object, fits: Callable[[_One, _Other], bool]) -> bool:
    """Whether a pattern fits a whole text, both sequences, where a star stands for any number of items.

    Where it fails behind a star, that one takes an item more; the stars before it need never be asked again.
    """
    at = place = mark = 0
    last = -1
    while place < len(text):
        if at < len(pattern) and pattern[at] == star:
            last, mark, at = at, place, at + 1
        elif at < len(pattern) and fits(pattern[at], text[place]):
            at, place = at + 1, place + 1
        elif last >= 0:
            mark += 1
            at, place = last + 1, mark
        else:
            return False
    return all(one == star for one in pattern[at:])


def _part_fits(part: _Part, name: str) -> bool:
    return part is not None and _fits(part, name, _STAR, _sign_fits)


def _sign_fits(sign: _Sign, char: str) -> bool:
    if isinstance(sign, _Literal):
        return sign.char == char
    return sign.has(char) if isinstance(sign, _Set) else sign == _ANY


# Reading ------------------------------------------------------------------------------------------------------------


def _parts(signs: Sequence[_Sign], anchored: bool) -> tuple[_Part, ...]:
    """The signs of each name; of stars that stand side by side one is enough."""
    parts = [_part(signs, anchored) for signs in _split(signs)]
    if anchored and parts[0] == ():
        # A slash at the beginning only ties the pattern to its folder.
        del parts[0]
    if parts and parts[-1] is None:
        # `a/**` is what lies in `a`, and not `a` itself.
        parts.insert(len(parts) - 1, (_STAR,))
    return tuple(parts)


def _split(signs: Sequence[_Sign]) -> Iterator[list[_Sign]]:
    names: list[_Sign] = []
    for sign in signs:
        if sign == _Literal("/"):
            yield names
            names = []
        else:
            names.append(sign)
    yield names


def _part(signs: Sequence[_Sign], anchored: bool) -> _Part:
    if anchored and len(signs) > 1 and all(sign == _STAR for sign in signs):
        return None
    pairs = zip(signs, [None, *signs], strict=False)
    return tuple(sign for sign, before in pairs if sign != _STAR or before != _STAR)


def _signs(text: str) -> list[_Sign] | Phrase:
    signs: list[_Sign] = []
    place = 0
    while place < len(text):
        char = text[place]
        if char == "[":
            found = _read_set(text, place)
            if isinstance(found, Phrase):
                return found
            sign, place = found
            signs.append(sign)
            continue
        if char == "\\":
            place += 1
            if place == len(text):
                return PathFault.ENDS_WITH_BACKSLASH()
        signs.append(char if char in (_STAR, _ANY) else _Literal(text[place]))
        place += 1
    return signs


def _read_set(text: str, start: int) -> tuple[_Set, int] | Phrase:
    """The set whose bracket opens at a place, and the place behind it."""
    place = start + 1
    negated = text[place : place + 1] in ("!", "^")
    place += negated
    ranges: list[tuple[str, str]] = []
    classes: list[str] = []
    first, before = place, ""
    while True:
        char = text[place : place + 1]
        if char == "]" and place > first:
            return _Set(negated, tuple(ranges), tuple(classes)), place + 1
        if not char or (char == "\\" and place + 1 == len(text)):
            return PathFault.SET_NOT_CLOSED()
        name = _class_at(text, place)
        if name is not None and name not in _CLASSES:
            return PathFault.UNKNOWN_CLASS(name=name, known=", ".join(_CLASSES))
        if name is not None:
            classes.append(name)
            place, before = place + len(name) + 4, ""
        elif char == "-" and before and text[place + 1 : place + 2] not in ("", "]"):
            place += 1 + (text[place + 1] == "\\")
            if place == len(text):
                return PathFault.SET_NOT_CLOSED()
            ranges.append((before, text[place]))
            place, before = place + 1, ""
        else:
            place += char == "\\"
            before = text[place]
            ranges.append((before, before))
            place += 1


def _class_at(text: str, place: int) -> str | None:
    """The name in ``[:digit:]``; None where no class begins here."""
    end = text.find("]", place + 2) if text.startswith("[:", place) else -1
    return text[place + 2 : end - 1] if end > place + 2 and text[end - 1] == ":" else None
