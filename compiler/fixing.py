"""Fixing files: what a diagnostic says exactly how to mend is mended, and each fix is checked before it is kept.

A file is checked with the fix in it, together with those of the same call that import it. The fix is kept if its
diagnostic is gone and no other is new. A safe one of files that compile must leave their networks the same as well:
graph, names, weights and their first values. All fixes of a file are tried at once; only where that fails, halves of
them are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from .checking import Checked
from .diagnostics import Diagnostic, Edit, Fix, Safety
from .diagnostics.fingerprints import identity
from .diagnostics.fixes import apply_fix, without_overlaps
from .diagnostics.removals import joined
from .graph.same_graph import is_same
from .records import positional_record
from .source import Source

#: Checks a file, given what it is to hold, None for what it holds, and what others are; see ``checking.examine``.
Examine: TypeAlias = Callable[[str, bytes | None, Mapping[Path | None, bytes]], Checked]

#: What a fix writes and where, by which it is known again when a file is checked anew.
_Edits: TypeAlias = tuple[Path | None, tuple[tuple[int, int, str], ...]]

#: How often the files are gone through: what a fix makes possible is done in the next round.
_ROUNDS = 20
#: How many further fixes in a row one may need: the import that only a removed block used, and so on.
_CHAIN = 20


@positional_record
class FixedFile:
    """A file that was changed.

    Attributes:
        name: as it was called.
        source: the text as it was.
        text: the text as it is to be.
        fixed: what was mended.
    """

    name: str
    source: Source
    text: str
    fixed: tuple[Diagnostic, ...]


@positional_record
class Fixed:
    """What came of fixing some files.

    Attributes:
        files: those that were changed, in the order in which they were named.
        checked: for each name, what is said of the file as it is to be.
        fixable: by their ``identity``, those of these diagnostics whose fix is unsafe, and was not asked for.
    """

    files: tuple[FixedFile, ...]
    checked: Mapping[str, Checked]
    fixable: Collection[Hashable]


def fix_files(names: Iterable[str], examine: Examine, *, unsafe: bool = False) -> Fixed:
    """Mend what can be mended in some files; nothing is written.

    What lies in other files is left alone: in imported ones that were not named, and in the library.

    Args:
        names: the files; ``-`` is standard input. Of several names of one file, the first counts.
        examine: checks a file.
        unsafe: whether fixes that are not safe are made as well.
    """
    return _Fixing(names, examine, unsafe).run()


class _Verdict(Enum):
    """What comes of a text with fixes."""

    KEPT = "it may be kept"
    DIFFERENT = "a network is another one"
    WORSE = "a diagnostic is still there, or a new one"


@positional_record
class _Trial:
    """A file with fixes in it.

    Attributes:
        text: the text of the file.
        checked: what is said of it and of the files that import it, by name.
        fixed: the diagnostics that are mended.
    """

    verdict: _Verdict
    text: str = ""
    checked: Mapping[str, Checked] = field(default_factory=dict)
    fixed: tuple[Diagnostic, ...] = ()


@dataclass(eq=False)
class _File:
    """A file that may be changed.

    Attributes:
        source: the text as it was.
        fixed: what has been mended so far.
        refused: fixes that make something worse, of the text as it is.
        demoted: those of safe ones that change a network, likewise.
    """

    name: str
    source: Source
    fixed: list[Diagnostic] = field(default_factory=list)
    refused: set[_Edits] = field(default_factory=set)
    demoted: set[_Edits] = field(default_factory=set)


class _Fixing:
    """The files of a call, while they are fixed."""

    def __init__(self, names: Iterable[str], examine: Examine, unsafe: bool) -> None:
        self._examine, self._unsafe = examine, unsafe
        self._contents: dict[Path | None, bytes] = {}
        self._checked: dict[str, Checked] = {}
        #: By path, the names of the files that this one is or was a part of, so that nobody goes through all of them.
        self._parts: dict[Path | None, dict[str, None]] = {}
        self._paths: dict[str, Path | None] = {}
        self._files: dict[Path | None, _File] = {}
        for name in names:
            self._take(name)

    def _take(self, name: str) -> None:
        checked = self._examine(name, None, {})
        source = checked.source
        if source is not None and source.path in self._files:
            return
        self._heed(name, checked)
        if source is not None:
            self._files[source.path], self._paths[name] = _File(name, source), source.path
            # What is fixed is what was read, whatever becomes of the file meanwhile.
            self._contents[source.path] = source.encoded(source.text)

    def _heed(self, name: str, checked: Checked) -> None:
        """Take note of what is said of a file now."""
        self._checked[name] = checked
        for source in checked.sources:
            self._parts.setdefault(source.path, {})[name] = None

    def _checked_with(self, path: Path | None) -> dict[str, Checked]:
        """What is said of a file and of those that import it, by name."""
        found = {name: self._checked[name] for name in self._parts.get(path, ())}
        return {name: one for name, one in found.items() if _has(one, path)}

    def run(self) -> Fixed:
        """Go through the files until nothing changes any more."""
        safeties = (Safety.SAFE, Safety.UNSAFE) if self._unsafe else (Safety.SAFE,)
        for _ in range(_ROUNDS):
            # All are gone through, also behind one that changed.
            changes = [self._fix(file, safety) for safety in safeties for file in self._files.values()]
            if not any(changes):
                break
        files = (
            FixedFile(file.name, file.source, self._now(file).text, tuple(file.fixed))
            for file in self._files.values()
            if file.fixed
        )
        return Fixed(tuple(files), self._checked, set() if self._unsafe else self._fixable())

    def _fix(self, file: _File, safety: Safety) -> bool:
        """Make the fixes of a file that may be kept; whether there are any."""
        wanted = without_overlaps(self._wanted(file, safety))
        trial = self._keep(file, wanted, safety) if wanted else None
        if trial is None:
            return False
        self._contents[file.source.path] = file.source.encoded(trial.text)
        for name, checked in trial.checked.items():
            self._heed(name, checked)
        file.fixed += trial.fixed
        for path in {source.path for checked in trial.checked.values() for source in checked.sources}:
            # What was wrong in the files that belong together may be right now.
            if path in self._files:
                self._files[path].refused.clear()
                self._files[path].demoted.clear()
        return True

    def _keep(self, file: _File, wanted: Sequence[Fix], safety: Safety) -> _Trial | None:
        """The file with those of the wanted fixes that may be kept, all at once or halves of them; None without any."""
        kept: list[Fix] = []
        best: _Trial | None = None
        pending = [wanted]
        while pending:
            part = pending.pop()
            trial = self._try(file, [*kept, *part], safety)
            if trial.verdict is _Verdict.KEPT:
                kept, best = [*kept, *part], trial
            elif len(part) == 1:
                refused = file.demoted if trial.verdict is _Verdict.DIFFERENT else file.refused
                refused.add(_edits_of(part[0]))
            else:
                middle = len(part) // 2
                pending += [part[middle:], part[:middle]]
        return best

    def _try(self, file: _File, fixes: Sequence[Fix], safety: Safety) -> _Trial:
        """What comes of some fixes of a file, and of those that these make necessary."""
        now = self._now(file)
        before = self._checked_with(file.source.path)
        made = {_edits_of(fix) for fix in fixes}
        left = {name: _said(one, made) for name, one in before.items()}
        fixed = _fixed(before.values(), made)
        text = _text_with(now, fixes)
        for _ in range(_CHAIN):
            contents = {**self._contents, file.source.path: file.source.encoded(text)}
            after = {name: self._examine(name, contents[self._paths[name]], contents) for name in before}
            fresh = [one for name in after for one in _fresh(after[name], before[name], left[name])]
            if not fresh:
                is_same = safety is Safety.UNSAFE or all(_is_same(before[name], after[name]) for name in before)
                return _Trial(_Verdict.KEPT if is_same else _Verdict.DIFFERENT, text, after, fixed)
            further = self._further(file, fresh, safety)
            source = after[file.name].source
            if not further or source is None:
                break
            fixed += tuple(fresh)
            text = _text_with(source, further)
        return _Trial(_Verdict.WORSE)

    def _further(self, file: _File, fresh: Sequence[Diagnostic], safety: Safety) -> tuple[Fix, ...]:
        """The fixes of all diagnostics that other fixes have brought; none where one of them has no such fix."""
        fixes = [one.fix() for one in fresh]
        safeties = (Safety.SAFE,) if safety is Safety.SAFE else (Safety.SAFE, Safety.UNSAFE)
        found = [fix for fix in fixes if fix is not None and any(self._is_wanted(file, fix, one) for one in safeties)]
        return without_overlaps(found) if len(found) == len(fixes) else ()

    def _wanted(self, file: _File, safety: Safety) -> Iterator[Fix]:
        """The fixes of a file that are asked for and were not refused, each once."""
        seen: set[_Edits] = set()
        checks = self._checked_with(file.source.path).values()
        found = [one for checked in checks for one in checked.report.diagnostics]
        text = self._now(file).text
        for fix in (one.fix() for one in found):
            if fix is None or not self._is_wanted(file, fix, safety):
                continue
            # Where it changed on the disk meanwhile, those that import it were checked with another text.
            if fix.source.text == text and _edits_of(fix) not in seen:
                seen.add(_edits_of(fix))
                yield fix

    def _is_wanted(self, file: _File, fix: Fix, safety: Safety) -> bool:
        source, edits = fix.source, _edits_of(fix)
        if source.path != file.source.path or source.in_library or edits in file.refused:
            return False
        is_safe = fix.safety is Safety.SAFE and edits not in file.demoted
        return is_safe == (safety is Safety.SAFE)

    def _now(self, file: _File) -> Source:
        """The text of a file as it is to be so far."""
        source = self._checked[file.name].source
        return file.source if source is None else source

    def _fixable(self) -> set[Hashable]:
        found = (one for checked in self._checked.values() for one in checked.report.diagnostics)
        fixes = ((identity(one), one.fix()) for one in found)
        return {one for one, fix in fixes if fix is not None and self._is_unsafe(fix)}

    def _is_unsafe(self, fix: Fix) -> bool:
        file = self._files.get(fix.source.path)
        return file is not None and self._is_wanted(file, fix, Safety.UNSAFE)


def _edits_of(fix: Fix) -> _Edits:
    edits = ((edit.span.start, edit.span.end, edit.replacement) for edit in fix.edits)
    return fix.source.path, tuple(edits)


def _text_with(source: Source, fixes: Iterable[Fix]) -> str:
    """A text with some fixes, in its own line ends."""
    has_returns = "\r\n" in source.text
    # Whoever imports a file reads a text of its own, with the same places.
    edits = [Edit(source.span(one.span.start, one.span.end), one.replacement) for fix in fixes for one in fix.edits]
    if has_returns:
        edits = [Edit(one.span, re.sub(r"\r?\n", "\r\n", one.replacement)) for one in edits]
    return apply_fix(source.text, Fix(tuple(joined(edits)), Safety.UNSAFE)) if edits else source.text


def _has(checked: Checked, path: Path | None) -> bool:
    """Whether a file is one of those of which something was said."""
    return any(source.path == path for source in checked.sources)


def _key(one: Diagnostic) -> tuple[str, str]:
    return one.code, one.headline()


def _said(checked: Checked, made: Collection[_Edits]) -> Counter[tuple[str, str]]:
    """What may still be said of a file when some fixes are made."""
    return Counter(_key(one) for one in checked.report.diagnostics if not _is_made(one, made))


def _is_made(one: Diagnostic, made: Collection[_Edits]) -> bool:
    fix = one.fix()
    return fix is not None and _edits_of(fix) in made


def _fixed(checked: Iterable[Checked], made: Collection[_Edits]) -> tuple[Diagnostic, ...]:
    """What some fixes mend, each once: of an imported file the same may be said of several files."""
    found: dict[Hashable, Diagnostic] = {}
    for one in (one for checks in checked for one in checks.report.diagnostics):
        if _is_made(one, made):
            found.setdefault(identity(one), one)
    return tuple(found.values())


def _fresh(after: Checked, before: Checked, left: Counter[tuple[str, str]]) -> list[Diagnostic]:
    """What is said of a file that must not be said: what should be gone, and what is new.

    Of a file with errors nothing else was asked before, so that only an error can be new.
    """
    found = after.report.errors if before.report.has_errors else after.report.diagnostics
    open_: Counter[tuple[str, str]] = Counter(left)
    fresh: list[Diagnostic] = []
    for one in found:
        if open_[_key(one)] > 0:
            open_[_key(one)] -= 1
        else:
            fresh.append(one)
    return fresh


def _is_same(before: Checked, after: Checked) -> bool:
    """Whether the networks of a file that compiled are the same."""
    if before.report.has_errors:
        return True
    pairs = zip(before.networks, after.networks, strict=False)
    return len(before.networks) == len(after.networks) and all(is_same(one.graph, other.graph) for one, other in pairs)
