"""What a team has settled for its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..diagnostics import Diagnostic
from ..measure.budgets import Budget
from ..records import positional_record
from ..source import Span

if TYPE_CHECKING:
    from .patterns import Pattern


@positional_record
class Settings:
    """What a team has settled.

    Attributes:
        folder: where the patterns begin; None without settings.
        select: codes of rules that are asked beside those that are asked by themselves, or beginnings of codes.
        ignore: likewise of rules that are not asked, and of warnings that are not given.
        strict: whether warnings are errors.
        exclude: patterns of files and folders that are not checked when a folder above them is.
        ignored_in: patterns of files with the codes that are ignored in them.
        budgets: patterns of files with what their models may cost.
        baseline: the file with known findings, and where it is named.
        faults: what is wrong with the settings.
    """

    folder: Path | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = False
    exclude: tuple[Pattern, ...] = ()
    ignored_in: tuple[tuple[Pattern, tuple[str, ...]], ...] = ()
    budgets: tuple[tuple[Pattern, tuple[Budget, ...]], ...] = ()
    baseline: tuple[Path, Span | None] | None = None
    faults: tuple[Diagnostic, ...] = ()

    def ignored_for(self, file: Path | None) -> tuple[str, ...]:
        """The codes that are ignored in a file, or their beginnings."""
        names = self.names_of(file)
        return tuple(code for pattern, codes in self.ignored_in if pattern.covers(names) for code in codes)

    def budgets_for(self, file: Path | None) -> tuple[Budget, ...]:
        """The budgets of the models of a file, of each metric the tightest."""
        names = self.names_of(file)
        tightest: dict[str, Budget] = {}
        for budget in (one for pattern, found in self.budgets if pattern.covers(names) for one in found):
            other = tightest.setdefault(budget.metric, budget)
            tightest[budget.metric] = min(other, budget, key=lambda one: one.most)
        return tuple(tightest.values())

    def names_of(self, path: Path | None) -> tuple[str, ...]:
        """The names on the way from the folder of the settings to a path; none where it does not lie below."""
        if path is None or self.folder is None or not path.is_relative_to(self.folder):
            return ()
        return path.relative_to(self.folder).parts
