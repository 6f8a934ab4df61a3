"""Budgets of ``dotnn check`` that are for no file: a slip in a pattern would let every model pass unseen."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .terminal import print_note

if TYPE_CHECKING:
    from ..compiler.configuration.settings import Settings


class IdleBudgets:
    """The patterns of budgets that no checked file has matched, where all files that they may be for were checked.

    Args:
        sources: what the command was given: only below folders all files are checked.
    """

    def __init__(self, sources: Sequence[str]) -> None:
        self._roots = [Path(one).resolve() for one in sources if os.path.isdir(one)]
        self._idle: dict[Path, dict[str, str]] = {}

    def heed(self, settings: Settings, file: Path | None) -> None:
        """Take note that a file, given by its whole path, has been checked with some settings."""
        if settings.folder is None or not any(settings.folder.is_relative_to(root) for root in self._roots):
            return
        if settings.folder not in self._idle:
            self._idle[settings.folder] = {
                pattern.text: str(found[0].place) for pattern, found in settings.budgets if found
            }
        idle, names = self._idle[settings.folder], settings.names_of(file)
        for pattern in [one for one, _ in settings.budgets if one.text in idle and one.covers(names)]:
            del idle[pattern.text]

    def finish(self) -> None:
        """When all files have been checked: say which patterns none of them has matched."""
        for pattern, place in (item for idle in self._idle.values() for item in idle.items()):
            print_note(f"the budget of `{pattern}` is for no file that was checked ({place})")
