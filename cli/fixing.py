"""What ``dotnn check`` does with fixes: it makes them, or shows what they would change."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from pathlib import Path

from ..compiler.atomic_files import replace_atomically
from ..compiler.checking import Checked, Wish, examine
from ..compiler.configuration.finding import Configuration
from ..compiler.diagnostics import DotnnError, Report
from ..compiler.diagnostics.fingerprints import identity
from ..compiler.fixing import Fixed, FixedFile, fix_files
from ..compiler.records import positional_record
from ..compiler.request import Request
from ..compiler.shared_arguments import SharedArguments
from .finding_formats import Findings, Outcome, Printer
from .known_findings import KnownFindings
from .options import remedied
from .streams import write, write_bytes
from .terminal import exit_code, print_diagnostics

#: How a diff says it of the line above.
_NO_LINE_END = r"\ No newline at end of file"


@positional_record
class Mending:
    """A call of ``dotnn check`` that mends.

    Attributes:
        files: the files; ``-`` is standard input.
        wanted: what is asked of the compiler.
        configuration: finds the settings of each file.
        wish: what the call says of the rules.
        known: the baselines; what they know may be mended like all else, but what remains of it is not shown.
        unsafe: whether fixes that are not safe are made as well.
    """

    files: Sequence[str]
    wanted: Request
    configuration: Configuration
    wish: Wish
    known: KnownFindings
    unsafe: bool

    def write(self, findings: Findings, printer: Printer) -> int:
        """Mend files, print what remains, and give the exit code.

        The text of standard input goes to standard output as it is then, and all else to standard error.

        Args:
            findings: takes what remains.
            printer: prints it.
        """
        found = fix_files(self.files, self._examine, unsafe=self.unsafe)
        fixed = 0
        for file in found.files:
            try:
                _write(file)
                fixed += len(file.fixed)
            except DotnnError as error:
                findings.add([*error.diagnostics, *file.fixed], file.name)
        if "-" in self.files:
            _print_input(found)
        self._add_remaining(found, findings, are_shown=True)
        findings.fixes = _outcome(fixed, found, findings)
        # Only what the next program reads is on standard output.
        with redirect_stdout(sys.stderr) if "-" in self.files else nullcontext():
            printer(findings)
        return exit_code(findings.diagnostics)

    def print_diff(self) -> int:
        """Print what fixes would change, as a unified diff, and give the exit code: 1 if that is anything.

        What would remain is only counted: it would stand in other lines than now.
        """
        found = fix_files(self.files, self._examine, unsafe=self.unsafe)
        for file in found.files:
            write("\n".join(_diff(file)), sys.stdout)
        unread = [one.report for one in found.checked.values() if one.source is None]
        print_diagnostics([one for report in unread for one in report.diagnostics])
        findings = Findings(self.files)
        self._add_remaining(found, findings, are_shown=False)
        outcome = _outcome(sum(len(file.fixed) for file in found.files), found, findings)
        summary = outcome.summary(len(findings.diagnostics), "would be")
        if summary:
            write(summary, sys.stderr)
        return exit_code(findings.diagnostics) or int(bool(found.files))

    def _examine(self, file: str, data: bytes | None, contents: Mapping[Path | None, bytes]) -> Checked:
        settings = self.configuration.of_file(file)
        return examine(file, data, contents, wanted=self.wanted, settings=settings, wish=self.wish)

    def _add_remaining(self, found: Fixed, findings: Findings, *, are_shown: bool) -> None:
        """What is said of all files as they are to be, as much as is printed of each, but for what is known.

        What mends a mistake is tried only where that is shown.
        """
        shared = SharedArguments(self.wanted)
        for name, checked in found.checked.items():
            settings, report = self.configuration.of_file(name), Report()
            is_known = self.known.by(settings)
            report.extend(one for one in checked.report.diagnostics if not is_known(one))
            told = remedied(report.diagnostics, name, self.wanted) if are_shown else report.diagnostics
            findings.add([*self.known.faults, *settings.faults, *told], name)
            shared.heed(checked.module)
        findings.add(shared.faults(), self.files[0])


def _outcome(fixed: int, found: Fixed, remaining: Findings) -> Outcome:
    return Outcome(fixed, sum(identity(one) in found.fixable for one in remaining.diagnostics))


def _write(file: FixedFile) -> None:
    if file.source.path is not None:
        source = file.source
        replace_atomically(Path(file.name), source.encoded(source.text), source.encoded(file.text))


def _print_input(found: Fixed) -> None:
    """Print standard input with its fixes, or as it is if there are none; nothing if it is no text."""
    source = found.checked["-"].source
    if source is not None:
        write_bytes(source.encoded(source.text), sys.stdout)


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
