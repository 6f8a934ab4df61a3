"""``dotnn check``: what is wrong with a file, and nothing else."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from ..compiler.diagnostics import Diagnostic, Severity
from ..compiler.visible_text import visible
from . import options
from .base import Argument, Command
from .known_findings import KnownFindings
from .source_files import source_files
from .streams import write, write_command, write_json
from .terminal import colored, each_once, exit_code, print_diagnostics


@click.command(cls=Command)
@click.argument(
    "sources",
    cls=Argument,
    metavar="FILE...",
    type=click.Path(readable=False),
    nargs=-1,
    required=True,
    about=".nn files, folders of them and globs; `-` reads standard input.",
)
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="text for people, json for programs, github for annotations in CI.",
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
    "--ignore",
    multiple=True,
    metavar="CODE",
    callback=options.rule_codes,
    help="Do not ask a rule of the linter, or do not give a warning.",
)
@click.option("--config", metavar="FILE", type=options.FILE, help="Heed the settings of this file alone.")
@click.option("--isolated", is_flag=True, help="Heed no settings.")
@click.option("--baseline", metavar="FILE", type=options.FILE, help="Show what this file does not have.")
@click.option("--write-baseline", metavar="FILE", type=options.FILE, help="Write what is found into such a file.")
@click.option("--statistics", "counts", is_flag=True, help="Show how often each code is found, and nothing else.")
@options.compilation
def check(
    sources: Sequence[str],
    output: str,
    strict: bool,
    select: Sequence[str],
    ignore: Sequence[str],
    config: Path | None,
    isolated: bool,
    baseline: Path | None,
    write_baseline: Path | None,
    counts: bool,
    model: str | None,
    settings: Sequence[str],
    limits: Sequence[str],
    root: Path | None,
) -> None:
    """Check files: names, arguments, types, shapes and expectations of every model, and what may be a mistake."""
    from ..compiler.checking import Wish, check_path
    from ..compiler.configuration.finding import Configuration
    from ..compiler.lint.asking import Choice
    from ..compiler.request import request

    if config is not None and isolated:
        raise options.wrong_call("--isolated heeds no settings, and --config names some: leave one of them out")
    if counts and output not in _COUNTED:
        raise options.wrong_call(f"--statistics goes with --format {' or '.join(_COUNTED)}, not with {output}")
    bounds = options.read_limits(limits)
    wanted = request(model, options.read_settings(settings, bounds), bounds, root)
    configuration, known = Configuration(config, isolated), KnownFindings(baseline, write_baseline)
    files = source_files(sources, configuration)
    found: list[Diagnostic] = []
    for file in files:
        settled = configuration.of_file(file)
        wish = Wish(Choice(select, ignore), strict, known.by(settled))
        checked = check_path(file, wanted, settled, wish)
        known.heed(checked)
        found += [*settled.faults, *checked.report.diagnostics]
    diagnostics = each_once([*known.faults, *found])
    (_COUNTED if counts else _PRINTERS)[output](diagnostics, files)
    known.finish(is_whole=model is None and not settings)
    raise click.exceptions.Exit(exit_code(diagnostics))


def _text(found: list[Diagnostic], files: list[str]) -> None:
    print_diagnostics(found, sys.stdout)
    if not found:
        names = files[0] if len(files) == 1 else f"{len(files)} files"
        mark = "\x1b[32mok\x1b[0m" if colored(sys.stdout) else "ok"
        write(f"{mark}: {'<stdin>' if names == '-' else visible(names)}", sys.stdout)


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


_PRINTERS = {"text": _text, "json": _json, "github": _github}


def _counted_text(found: list[Diagnostic], files: list[str]) -> None:
    from .code_counts import code_counts, lines

    write("\n".join(lines(code_counts(found))) if found else "nothing is found", sys.stdout)


def _counted_json(found: list[Diagnostic], files: list[str]) -> None:
    from dataclasses import asdict

    from .code_counts import code_counts

    write_json({"statistics": [asdict(row) for row in code_counts(found)]}, sys.stdout)


_COUNTED = {"text": _counted_text, "json": _counted_json}
