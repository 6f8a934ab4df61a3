"""What ``dotnn check`` does with fixes: it makes them, or shows what they would change."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import ClassVar

from ..compiler.atomic_files import replace_atomically
from ..compiler.diagnostics import Diagnostic, DotnnError, Report
from ..compiler.fixing import Examine, Fixed, FixedFile, fix_files
from ..compiler.records import positional_record
from .streams import write, write_bytes
from .terminal import each_once, exit_code, print_diagnostics


@positional_record
class Outcome:
    """What came of fixing.

    Attributes:
        fixed: how many diagnostics were mended, or would be.
        fixable: how many of those that remain have a fix that is not safe, and was not asked for.
    """

    #: What stands behind the numbers, if there is anything to add.
    unsafe: ClassVar[str] = " ({} with --unsafe-fixes)"

    fixed: int
    fixable: int

    def summary(self, remaining: int, verb: str = "") -> str:
        """``3 fixed, 2 remain (1 with --unsafe-fixes)``; empty where there is nothing to tell.

        Args:
            remaining: how many diagnostics there still are.
            verb: stands before ``fixed``: ``would be``.
        """
        if not self.fixed and not remaining:
            return ""
        fixed = " ".join(part for part in (str(self.fixed), verb, "fixed") if part)
        left = f", {remaining} {'remains' if remaining == 1 else 'remain'}" if remaining else ""
        return f"{fixed}{left}{self.unsafe.format(self.fixable) if self.fixable else ''}"


#: How a diff says it of the line above.
_NO_LINE_END = r"\ No newline at end of file"

#: Prints what remains of some files in one of the formats, and what came of fixing.
Printer = Callable[[Sequence[Diagnostic], Sequence[str], Outcome], None]


def fix_and_print(files: Sequence[str], examine: Examine, printer: Printer, *, unsafe: bool, strict: bool) -> int:
    """Mend files, print what remains, and give the exit code.

    The text of standard input goes to standard output as it is then, and all else to standard error.

    Args:
        files: the files; ``-`` is standard input.
        examine: checks one of them.
        printer: prints diagnostics in the wanted format.
        unsafe: whether fixes that are not safe are made as well.
        strict: take warnings for errors.
    """
    found = fix_files(files, examine, unsafe=unsafe)
    faults: list[Diagnostic] = []
    fixed = 0
    for file in found.files:
        try:
            _write(file)
            fixed += len(file.fixed)
        except DotnnError as error:
            faults += [*error.diagnostics, *file.fixed]
    if "-" in files:
        _print_input(found)
    remaining = [*faults, *_remaining(found, strict)]
    # Only what the next program reads is on standard output.
    with redirect_stdout(sys.stderr) if "-" in files else nullcontext():
        printer(remaining, files, Outcome(fixed, found.fixable))
    return exit_code(remaining)


def print_diff(files: Sequence[str], examine: Examine, *, unsafe: bool, strict: bool) -> int:
    """Print what fixes would change, as a unified diff, and give the exit code: 1 if that is anything.

    Arguments are those of ``fix_and_print``. What would remain is only counted: it would stand in other lines than now.
    """
    found = fix_files(files, examine, unsafe=unsafe)
    for file in found.files:
        write("\n".join(_diff(file)), sys.stdout)
    remaining = _remaining(found, strict)
    unread = [one for checked in found.checked.values() if checked.source is None for one in checked.report.diagnostics]
    print_diagnostics(unread)
    outcome = Outcome(sum(len(file.fixed) for file in found.files), found.fixable)
    summary = outcome.summary(len(remaining), "would be")
    if summary:
        write(summary, sys.stderr)
    return exit_code(remaining) or int(bool(found.files))


def _write(file: FixedFile) -> None:
    if file.source.path is not None:
        source = file.source
        replace_atomically(Path(file.name), source.encoded(source.text), source.encoded(file.text))


def _print_input(found: Fixed) -> None:
    """Print standard input with its fixes, or as it is if there are none; nothing if it is no text."""
    source = found.checked["-"].source
    if source is not None:
        write_bytes(source.encoded(source.text), sys.stdout)


def _remaining(found: Fixed, strict: bool) -> list[Diagnostic]:
    """What is said of all files as they are to be, as much as is printed of each."""
    diagnostics: list[Diagnostic] = []
    for checked in found.checked.values():
        report = Report()
        report.extend(checked.report.diagnostics)
        diagnostics += report.diagnostics
    return [one.as_error() if strict else one for one in each_once(diagnostics)]


def _diff(file: FixedFile) -> Iterator[str]:
    """The lines of a unified diff."""
    before, after = _lines(file.source.text), _lines(file.text)
    for line in difflib.unified_diff(before, after, file.source.name, file.source.name):
        yield line.removesuffix("\n")
        if not line.endswith("\n"):
            yield _NO_LINE_END


def _lines(text: str) -> list[str]:
    """The lines of a text; the carriage returns before line ends are not shown."""
    lines = [f"{line}\n" for line in text.replace("\r\n", "\n").split("\n")]
    return [*lines[:-1], *(line.removesuffix("\n") for line in lines[-1:] if line != "\n")]
