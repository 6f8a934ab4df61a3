"""Near names: what somebody who wrote an unknown name may have meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

#: Names longer than this are compared for equality only.
LONGEST_NAME = 80
#: Characters of candidates beyond this many are not looked at, unless the caller says so: a text may have a hundred
#: thousand names, and as many unknown ones.
MOST_CHARACTERS = 10_000
#: Names beyond this many are not listed.
MOST_LISTED = 20
#: What prefixes and shared words count for, in halves of an edit.
PREFIX_COST, WORDS_COST = 1, 3
#: What one edit counts for.
ONE_EDIT = 2
#: Words of a name beyond this many are not compared.
MOST_WORDS = 12
#: Parts of names shorter than this say nothing.
SHORTEST_PART = 3
#: Candidates worse than the best by more than this are noise.
SPREAD = 2

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+[A-Za-z]?|[^\W\da-zA-Z_]+")


def near_names(
    name: str, candidates: Iterable[str], limit: int = 4, most_characters: int = MOST_CHARACTERS
) -> tuple[str, ...]:
    """The candidates that are near a name, the best first, at most ``limit`` of them.

    Upper and lower case and underscores make no difference (``Conv2D``, ``maxpool2d``). Beyond that a
    candidate is near if few edits part the two (insert, delete, replace, swap neighbours), if one is the
    beginning of the other, or if one has all words of the other. The order depends on the names alone.
    """
    wanted = _Form.of(name)
    ranked: list[tuple[int, int, bool, str]] = []
    worst = 2 * LONGEST_NAME
    for candidate in _first(candidates, most_characters) - {name}:
        form = _Form.of(candidate)
        cost = _cost(wanted, form, worst)
        if cost is None or cost > worst:
            continue
        worst = min(worst, cost + SPREAD if cost else 0)
        length_change = abs(len(form.key) - len(wanted.key))
        ranked.append((cost, length_change, form.key[:1] != wanted.key[:1], candidate))
    near = [(cost, candidate) for cost, *_, candidate in sorted(ranked) if cost <= worst]
    # A name that is one edit away, and no other that is, is what was meant.
    surest = [candidate for cost, candidate in near if cost <= ONE_EDIT]
    return tuple(surest if len(surest) == 1 else [candidate for _, candidate in near])[:limit]


def _first(candidates: Iterable[str], room: int) -> set[str]:
    """The first candidates, as many as are looked at."""
    first = set[str]()
    for candidate in candidates:
        room -= len(candidate)
        if room < 0:
            break
        first.add(candidate)
    return first


def is_respelled(name: str, other: str) -> bool:
    """Whether two names differ by upper and lower case and underscores alone."""
    return _Form.of(name).key == _Form.of(other).key


def suggestions(name: str, candidates: Iterable[str], words: Sequence[str] = (), limit: int = 4) -> tuple[str, ...]:
    """What an unknown layer or attribute may have meant, of the names known here, at most ``limit`` of them.

    The name itself in another spelling comes first; then the dotnn words for a word of another framework;
    then near names.

    Args:
        name: how it is called.
        candidates: what is known.
        words: what a word of another framework stands for, the likeliest first.
        limit: at most so many.
    """
    known = list(candidates)
    near = near_names(name, known, limit)
    if near and _Form.of(near[0]).key == _Form.of(name).key:
        return near
    meant = tuple(word for word in words if word in known)
    return meant[:limit] or near


def listed(names: Iterable[str]) -> str:
    """The names in a row, `a`, `b`, `c`; where there are many, the first ones and how many more."""
    quoted = [f"`{name}`" for name in names]
    more = len(quoted) - MOST_LISTED
    return ", ".join(quoted) if more <= 0 else f"{', '.join(quoted[:MOST_LISTED])} and {more} more"


def alike(names: Sequence[str]) -> tuple[str, ...]:
    """The note that something is true of others as well; none where there are no others."""
    return (f"the same is true of {listed(names)}",) if names else ()


def one_of(names: Iterable[str]) -> str:
    """The names as alternatives, `a`, `b` or `c`; empty where there are none."""
    quoted = [f"`{name}`" for name in names]
    return " or ".join(part for part in (", ".join(quoted[:-1]), *quoted[-1:]) if part)


def did_you_mean(names: Iterable[str]) -> str:
    """The question ``did you mean `a`, `b` or `c`?``, or nothing where there are no names."""
    alternatives = one_of(names)
    return f"did you mean {alternatives}?" if alternatives else ""


class _Form:
    """A name in the forms that are compared; made once for each name."""

    __slots__ = ("key", "letters", "stems", "words")

    def __init__(self, name: str) -> None:
        self.key = name.replace("_", "").casefold()
        self.letters = frozenset(self.key)
        self.words = tuple(word.casefold() for word in _WORD.findall(name)[:MOST_WORDS])
        self.stems = frozenset(word[:SHORTEST_PART] for word in self.words if len(word) >= SHORTEST_PART)

    @staticmethod
    @lru_cache(maxsize=16_384)
    def of(name: str) -> _Form:
        return _Form(name)


def _cost(name: _Form, candidate: _Form, worst: int) -> int | None:
    """How far a candidate is from a name, in halves of an edit; None if it is not near or over ``worst``."""
    if name.key == candidate.key:
        return 0
    if not name.key or not candidate.key or max(len(name.key), len(candidate.key)) > LONGEST_NAME:
        return None
    costs = []
    if _begins(name.key, candidate.key):
        costs.append(PREFIX_COST)
    if _share_words(name, candidate):
        costs.append(WORDS_COST)
    edits = _few_edits(name, candidate, worst // 2)
    if edits is not None:
        costs.append(2 * edits)
    return min(costs, default=None)


def _few_edits(name: _Form, candidate: _Form, most: int) -> int | None:
    """The edits between two names if they are few; what is certainly far apart is told without counting."""
    most = min(most, _most_edits(name.key, candidate.key))
    if abs(len(name.key) - len(candidate.key)) > most:
        return None
    # One edit takes at most one letter out of one name's set and puts one into it.
    if len(name.letters ^ candidate.letters) > 2 * most:
        return None
    return edit_distance(name.key, candidate.key, most)


def _begins(name: str, candidate: str) -> bool:
    """Whether the name begins the candidate, or the candidate at least half of the name."""
    if candidate.startswith(name):
        return len(name) >= SHORTEST_PART
    return len(candidate) >= max(SHORTEST_PART, len(name) / 2) and name.startswith(candidate)


def _share_words(name: _Form, candidate: _Form) -> bool:
    """Whether one of two names has all words of the other."""
    if name.stems.isdisjoint(candidate.stems):
        return False
    return _has_words(name.words, candidate.words) or _has_words(candidate.words, name.words)


def _has_words(words: Sequence[str], others: Sequence[str]) -> bool:
    """Whether each of the words is among the others, or a beginning or an extension of one of them."""
    if max(map(len, words)) < SHORTEST_PART:
        return False
    return all(any(_same_word(word, other) for other in others) for word in words)


def _same_word(word: str, other: str) -> bool:
    if word == other:
        return True
    return min(len(word), len(other)) > SHORTEST_PART and (word.startswith(other) or other.startswith(word))


def _most_edits(name: str, candidate: str) -> int:
    """How many edits may part two names that are near: about one in three characters of a short name."""
    length = max(len(name), len(candidate))
    if length <= 2:
        return int(length == 2 and name[0] == candidate[0])
    return 1 if length <= 4 else min(length // 4 + 1, 4) if length > 7 else 2


@lru_cache(maxsize=4096)
def edit_distance(one: str, other: str, most: int) -> int | None:
    """Optimal string alignment distance, or None if it is over ``most``.

    The fewest insertions, deletions, replacements and swaps of neighbours that turn one text into the other,
    no part being edited twice. Only cells within ``most`` of the diagonal are computed (Ukkonen 1985).
    """
    if abs(len(one) - len(other)) > most:
        return None
    parted = (index for index, (left, right) in enumerate(zip(one, other, strict=False)) if left != right)
    start = next(parted, min(len(one), len(other)))
    one, other = one[start:], other[start:]
    far = most + 1
    before: list[int] = []
    above = [min(column, far) for column in range(len(other) + 1)]
    for row, char in enumerate(one, 1):
        current = [far] * (len(other) + 1)
        current[0] = min(row, far)
        for column in range(max(1, row - most), min(len(other), row + most) + 1):
            beside = other[column - 1]
            cost = min(above[column] + 1, current[column - 1] + 1, above[column - 1] + (char != beside))
            if row > 1 and column > 1 and char == other[column - 2] and beside == one[row - 2]:
                cost = min(cost, before[column - 2] + 1)
            current[column] = min(cost, far)
        if min(current) > most:
            return None
        before, above = above, current
    return above[-1] if above[-1] <= most else None
