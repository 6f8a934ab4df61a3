"""``dotnn check``: what is wrong with a file, and nothing else."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path

import click

from ..compiler.diagnostics import Diagnostic, Severity
from ..compiler.visible_text import visible
from . import options
from .base import Argument, Command
from .source_files import source_files
from .streams import write, write_command, write_json
from .terminal import colored, each_once, exit_code, identity, print_diagnostics


@click.command(cls=Command)
@click.argument(
    "sources",
    cls=Argument,
    metavar="FILE...",
    type=click.Path(readable=False),
    nargs=-1,
    required=True,
    about=".nn files, and folders of them; `-` reads standard input.",
)
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "github", "sarif", "junit"]),
    default="text",
    show_default=True,
    help="text for people, json for programs; for CI github (annotations), sarif (code scanning), junit (tests).",
)
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@click.option(
    "--select",
    multiple=True,
    metavar="CODE",
    callback=options.rule_codes,
    help="Ask a rule of the linter, too.",
)
@click.option(
    "--ignore", multiple=True, metavar="CODE", callback=options.rule_codes, help="Do not ask a rule of the linter."
)
@options.compilation
def check(
    sources: Sequence[str],
    output: str,
    strict: bool,
    select: Sequence[str],
    ignore: Sequence[str],
    model: str | None,
    settings: Sequence[str],
    limits: Sequence[str],
    root: Path | None,
) -> None:
    """Check files: names, arguments, types, shapes and expectations of every model, and what may be a mistake."""
    from ..compiler.checking import check as check_file

    bounds = options.read_limits(limits)
    arguments = options.read_settings(settings, bounds)
    files = source_files(sources)
    found: list[Diagnostic] = []
    origins: dict[Hashable, str] = {}
    for file in files:
        of_file = check_file(
            file, arguments=arguments, model=model, limits=bounds, root=root, select=select, ignore=ignore
        ).diagnostics
        found += of_file
        for one in of_file:
            origins.setdefault(identity(one), file)
    diagnostics = [one.as_error() if strict else one for one in each_once(found)]
    if output == "junit":
        _junit(diagnostics, files, origins)
    else:
        _PRINTERS[output](diagnostics, files)
    raise click.exceptions.Exit(exit_code(diagnostics))


def _text(found: list[Diagnostic], files: list[str]) -> None:
    print_diagnostics(found, sys.stdout)
    if not found:
        names = _shown(files[0]) if len(files) == 1 else f"{len(files)} files"
        mark = "\x1b[32mok\x1b[0m" if colored(sys.stdout) else "ok"
        write(f"{mark}: {visible(names)}", sys.stdout)


def _shown(file: str) -> str:
    return "<stdin>" if file == "-" else file


def _json(found: list[Diagnostic], files: list[str]) -> None:
    from ..compiler.diagnostics.machine_readable import to_json

    counts = Counter(one.severity for one in found)
    document = {"diagnostics": [to_json(one) for one in found]}
    document |= {f"{severity}s": counts[severity] for severity in Severity}
    write_json(document, sys.stdout)


def _github(found: list[Diagnostic], files: list[str]) -> None:
    from ..compiler.diagnostics.machine_readable import github

    for one in found:
        write_command(github(one), sys.stdout)


def _sarif(found: list[Diagnostic], files: list[str]) -> None:
    from importlib.metadata import version

    from ..compiler.diagnostics.sarif import to_sarif

    write_json(to_sarif(found, version("dotnn")), sys.stdout)


def _junit(found: list[Diagnostic], files: list[str], origins: Mapping[Hashable, str]) -> None:
    """A test for each file: with what stands in it, or else was found when it was checked."""
    from ..compiler.diagnostics.junit import to_junit

    cases: dict[str, list[Diagnostic]] = {_shown(file): [] for file in files}
    for one in found:
        place = one.span.source.name if one.span is not None else ""
        cases[place if place in cases else _shown(origins[identity(one)])].append(one)
    write(to_junit(cases), sys.stdout)


_PRINTERS = {"text": _text, "json": _json, "github": _github, "sarif": _sarif}
