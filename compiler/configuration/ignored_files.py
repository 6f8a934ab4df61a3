"""Which files git ignores, and which the settings exclude.

Read are the files ``.gitignore`` of a folder and of those above it up to the root of its repository, and
``.git/info/exclude`` there; the list that a user keeps for all repositories is not, since two people would see two
results. Letters of names are compared as they are, as git does where ``core.ignoreCase`` is off.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..records import positional_record
from ..regular_files import read_regular
from .finding import REPOSITORY
from .patterns import Pattern, last_word, read_pattern

_IGNORE_FILE: Final = ".gitignore"
_EXCLUDE_FILE: Final = os.path.join(REPOSITORY, "info", "exclude")
_MOST_BYTES: Final = 1_000_000
_BYTE_ORDER_MARK: Final = "\ufeff"


@positional_record
class _List:
    """The patterns of one file, and the folder that they belong to."""

    folder: Path
    patterns: tuple[Pattern, ...]


@positional_record
class GitIgnore:
    """What git ignores in a folder.

    Attributes:
        lists: the patterns that count there, the nearest last: what these say overrules those before.
    """

    lists: tuple[_List, ...] = ()

    @staticmethod
    def of(folder: Path) -> GitIgnore:
        """That of a folder, given by its whole path, with what the folders above it say."""
        above: list[Path] = []
        for place in (folder, *folder.parents):
            above.append(place)
            if os.path.lexists(place / REPOSITORY):
                break
        else:
            # In no repository, what stands above is about something else.
            above = [folder]
        found = GitIgnore()
        for place in reversed(above):
            found = found.inside(place)
        return found

    def inside(self, folder: Path) -> GitIgnore:
        """That of a folder in the one that this is of; a repository of its own begins anew."""
        is_root = os.path.lexists(folder / REPOSITORY)
        names = (_EXCLUDE_FILE, _IGNORE_FILE) if is_root else (_IGNORE_FILE,)
        own = tuple(_List(folder, patterns) for name in names if (patterns := _patterns_of(folder / name)))
        if not is_root and not own:
            return self
        return GitIgnore(own if is_root else (*self.lists, *own))

    def ignores(self, path: Path, is_folder: bool) -> bool:
        """Whether git ignores what stands at a path in the folder, unless it is tracked already."""
        for one in reversed(self.lists):
            found = last_word(one.patterns, path.relative_to(one.folder).parts, is_folder)
            if found is not None:
                return not found.negated
        return False


def excludes(patterns: Sequence[Pattern], names: Sequence[str], is_folder: bool) -> bool:
    """Whether some patterns exclude a path, given by the names on the way from their folder."""
    found = last_word(patterns, names, is_folder) if names else None
    return found is not None and not found.negated


def _patterns_of(file: Path) -> tuple[Pattern, ...]:
    """The patterns of a file; none where it cannot be read, as for git."""
    try:
        # What a link leads to would be read from elsewhere, so git does not follow it.
        if os.path.islink(file):
            return ()
        text = os.fsdecode(read_regular(file, _MOST_BYTES)).removeprefix(_BYTE_ORDER_MARK)
    except (OSError, ValueError):
        return ()
    found = (read_pattern(line) for one in text.split("\n") if (line := _line(one)))
    return tuple(one for one in found if isinstance(one, Pattern))


def _line(text: str) -> str:
    """What a line says: empty for a comment; blanks at its end are none of it, unless the last has a backslash."""
    text = text.removesuffix("\r")
    if text.startswith("#"):
        return ""
    stripped = text.rstrip(" ")
    backslashes = len(stripped) - len(stripped.rstrip("\\"))
    kept = backslashes % 2 == 1 and len(stripped) < len(text)
    return f"{stripped} " if kept else stripped
