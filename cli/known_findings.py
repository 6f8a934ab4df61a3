"""Baselines as ``dotnn check`` heeds and writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TYPE_CHECKING

from ..compiler.diagnostics import Diagnostic, DotnnError
from ..compiler.diagnostics.fingerprints import identity
from ..compiler.reprs import quantity
from ..compiler.source import Span
from . import options
from .terminal import print_note

if TYPE_CHECKING:
    from ..compiler.checking import Checked
    from ..compiler.configuration.baseline import Baseline, Finding
    from ..compiler.configuration.settings import Settings

#: Findings that a note lists.
_MOST_LISTED = 5


class KnownFindings:
    """The findings that a call does not show, because a baseline has them, or because it is to be written.

    Attributes:
        faults: what is wrong with the baselines.
    """

    def __init__(self, read: Path | None, write: Path | None) -> None:
        if read is not None and write is not None:
            raise options.wrong_call("--write-baseline writes all that is found; leave --baseline out")
        self.faults: list[Diagnostic] = []
        self._read = read
        self._write = write
        self._baselines: dict[Path, Baseline | None] = {}
        self._found: dict[Hashable, Finding] = {}
        self._asked: dict[Path, Callable[[str], bool]] = {}

    def by(self, settings: Settings) -> Callable[[Diagnostic], bool]:
        """Whether a finding in a file of these settings is not shown."""
        from ..compiler.checking import nothing_is_known

        if self._write is not None:
            return self._note
        named = (self._read, None) if self._read is not None else settings.baseline
        if named is None:
            return nothing_is_known
        baseline = self._baseline(*named)
        # Nobody knows what is new; all that is known would hide the one error.
        return _is_untold if baseline is None else baseline.hides

    def heed(self, checked: Checked) -> None:
        """Take note that a file has been checked."""
        if checked.source is not None and checked.source.path is not None and checked.asked is not None:
            self._asked[checked.source.path] = checked.asked

    def write(self, is_whole: bool) -> None:
        """When all files have been checked: write the baseline, where one is wanted.

        Args:
            is_whole: whether all models were looked at as they are, so that what was not found is not there.

        Raises:
            DotnnError: it cannot be written, or what is to be replaced is none.
        """
        if self._write is not None:
            self._write_to(self._write, is_whole)

    def tell(self, is_whole: bool) -> None:
        """Say what the baselines that were read have hidden; see ``write``."""
        for baseline in self._baselines.values():
            if baseline is not None:
                _tell(baseline, baseline.gone(self._asked) if is_whole else Counter())

    def _baseline(self, path: Path, named: Span | None) -> Baseline | None:
        from ..compiler.configuration.baseline import Baseline, read_baseline

        if path not in self._baselines:
            found = read_baseline(path, named)
            self._baselines[path] = found if isinstance(found, Baseline) else None
            self.faults += () if isinstance(found, Baseline) else (found,)
        return self._baselines[path]

    def _note(self, found: Diagnostic) -> bool:
        """Take a finding for the baseline; one that can be known by nothing is shown."""
        from ..compiler.configuration.baseline import finding_of

        finding = finding_of(found, self._folder)
        if finding is not None:
            # Where two files import a third one, what is in it is found twice.
            self._found[identity(found)] = finding
        return finding is not None

    @property
    def _folder(self) -> Path:
        return (self._write or Path()).parent.resolve()

    def _write_to(self, path: Path, is_whole: bool) -> None:
        from ..compiler.atomic_files import write_atomically
        from ..compiler.configuration.baseline import Baseline, read_baseline, written

        findings = Counter(self._found.values())
        if path.exists():
            before = read_baseline(path)
            if not isinstance(before, Baseline):
                raise DotnnError(before)
            # Not the sum: what stands in an imported file may be found without that file having been looked through.
            findings |= before.not_looked_for(self._asked if is_whole else {})
        write_atomically(path, written(findings))
        print_note(f"{path}: {quantity(findings.total(), 'known finding')}")


def _is_untold(found: Diagnostic) -> bool:
    return True


def _tell(baseline: Baseline, gone: Counter[Finding]) -> None:
    from ..compiler.configuration.finding import shown_path

    path = shown_path(baseline.path)
    if baseline.hidden:
        print_note(f"{quantity(baseline.hidden, 'known finding')} not shown ({path})")
    if not gone:
        return
    listed = [f"{one.code} in {one.file}" for one in sorted(gone)]
    listed = [f"{text} ({count})" if count > 1 else text for text, count in Counter(listed).items()]
    more = f" and {len(listed) - _MOST_LISTED} more" if len(listed) > _MOST_LISTED else ""
    over = f"{quantity(gone.total(), 'known finding')} no longer there: {', '.join(listed[:_MOST_LISTED])}{more}"
    print_note(f"{over}; `--write-baseline {path}` writes the file anew")
