"""How ``dotnn check`` prints what it finds: for people, for programs, and as what CI systems read."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import ClassVar

from ..compiler.diagnostics import Diagnostic, Severity
from ..compiler.diagnostics.fingerprints import identity
from ..compiler.records import positional_record
from ..compiler.visible_text import visible
from .streams import write, write_command, write_json
from .terminal import colored, print_diagnostics


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


class Findings:
    """What is found in some files, each thing once, though it be found in all files that import another.

    Attributes:
        files: the files that are checked.
        fixes: what came of fixing; None where nothing was to be mended.
    """

    def __init__(self, files: Sequence[str]) -> None:
        self.files = files
        self.fixes: Outcome | None = None
        self._found: dict[Hashable, tuple[Diagnostic, str]] = {}

    def add(self, found: Iterable[Diagnostic], file: str) -> None:
        """Take what is found while a file is checked."""
        for one in found:
            self._found.setdefault(identity(one), (one, file))

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """All that is found, in the order of the files."""
        return [one for one, _ in self._found.values()]

    def by_file(self) -> dict[str, list[Diagnostic]]:
        """The findings of each file: what stands in it, or else was found while it was checked."""
        found: dict[str, list[Diagnostic]] = {_shown(file): [] for file in self.files}
        # An import may name a file in another way than the call does.
        names = {os.path.realpath(file): file for file in self.files if file != "-" and "\0" not in file}
        for one, file in self._found.values():
            place = one.span.source.path if one.span is not None else None
            found[_shown(names.get(str(place), file))].append(one)
        return found


def _shown(file: str) -> str:
    return "<stdin>" if file == "-" else file


def _text(findings: Findings) -> None:
    found, files = findings.diagnostics, findings.files
    print_diagnostics(found, sys.stdout)
    if not found:
        names = visible(_shown(files[0])) if len(files) == 1 else f"{len(files)} files"
        mark = "\x1b[32mok\x1b[0m" if colored(sys.stdout) else "ok"
        write(f"{mark}: {names}", sys.stdout)
    if findings.fixes is not None and findings.fixes.summary(len(found)):
        write(findings.fixes.summary(len(found)), sys.stdout)


def _json(findings: Findings) -> None:
    from ..compiler.diagnostics.machine_readable import to_json

    found = findings.diagnostics
    counts = Counter(one.severity for one in found)
    document = {"diagnostics": [to_json(one) for one in found]}
    document |= {f"{severity}s": counts[severity] for severity in Severity}
    document |= {} if findings.fixes is None else {"fixed": findings.fixes.fixed}
    write_json(document, sys.stdout)


def _github(findings: Findings) -> None:
    from ..compiler.diagnostics.machine_readable import github

    for one in findings.diagnostics:
        write_command(github(one), sys.stdout)


def _sarif(findings: Findings) -> None:
    from importlib.metadata import version

    from ..compiler.diagnostics.sarif import to_sarif

    write_json(to_sarif(findings.diagnostics, version("dotnn")), sys.stdout)


def _junit(findings: Findings) -> None:
    from ..compiler.diagnostics.junit import to_junit

    write(to_junit(findings.by_file()), sys.stdout)


def _counted_text(findings: Findings) -> None:
    from .code_counts import code_counts, lines

    found = findings.diagnostics
    write("\n".join(lines(code_counts(found))) if found else "nothing is found", sys.stdout)


def _counted_json(findings: Findings) -> None:
    from dataclasses import asdict

    from .code_counts import code_counts

    write_json({"statistics": [asdict(row) for row in code_counts(findings.diagnostics)]}, sys.stdout)


Printer = Callable[[Findings], None]

#: How each ``--format`` prints findings.
PRINTERS: Mapping[str, Printer] = {"text": _text, "json": _json, "github": _github, "sarif": _sarif, "junit": _junit}

#: How ``--statistics`` prints them.
COUNTED: Mapping[str, Printer] = {"text": _counted_text, "json": _counted_json}
