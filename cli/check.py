"""``dotnn check``: what is wrong with a file, and nothing else."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..compiler.diagnostics import Diagnostic, Severity
from ..compiler.visible_text import visible
from . import options
from .base import Argument, Command
from .source_files import source_files
from .streams import write, write_command, write_json
from .terminal import colored, each_once, exit_code, print_diagnostics

if TYPE_CHECKING:
    from .fixing import Outcome


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
    "--ignore", multiple=True, metavar="CODE", callback=options.rule_codes, help="Do not ask a rule of the linter."
)
@click.option("--fix", is_flag=True, help="Mend what can be mended safely, and write the files.")
@click.option("--unsafe-fixes", is_flag=True, help="Mend also where weights or numbers may change, or by a guess.")
@click.option("--diff", is_flag=True, help="Show what would be mended, and write nothing.")
@options.compilation
def check(
    sources: Sequence[str],
    output: str,
    strict: bool,
    select: Sequence[str],
    ignore: Sequence[str],
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
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
    if fix or unsafe_fixes or diff:
        from ..compiler.checking import examine
        from .fixing import fix_and_print, print_diff

        if model is not None:
            raise options.wrong_call("--model: a fix must be right for all models of a file; leave it out")
        if diff and output != "text":
            raise options.wrong_call("--diff is text; leave --format out")
        look = partial(examine, arguments=arguments, limits=bounds, root=root, select=select, ignore=ignore)
        if diff:
            code = print_diff(files, look, unsafe=unsafe_fixes, strict=strict)
        else:
            code = fix_and_print(files, look, _PRINTERS[output], unsafe=unsafe_fixes, strict=strict)
        raise click.exceptions.Exit(code)
    found: list[Diagnostic] = []
    for file in files:
        found += check_file(
            file, arguments=arguments, model=model, limits=bounds, root=root, select=select, ignore=ignore
        ).diagnostics
    diagnostics = [one.as_error() if strict else one for one in each_once(found)]
    _PRINTERS[output](diagnostics, files, None)
    raise click.exceptions.Exit(exit_code(diagnostics))


def _text(found: Sequence[Diagnostic], files: Sequence[str], fixes: Outcome | None) -> None:
    print_diagnostics(found, sys.stdout)
    if not found:
        names = files[0] if len(files) == 1 else f"{len(files)} files"
        mark = "\x1b[32mok\x1b[0m" if colored(sys.stdout) else "ok"
        write(f"{mark}: {'<stdin>' if names == '-' else visible(names)}", sys.stdout)
    if fixes is not None and fixes.summary(len(found)):
        write(fixes.summary(len(found)), sys.stdout)


def _json(found: Sequence[Diagnostic], files: Sequence[str], fixes: Outcome | None) -> None:
    from ..compiler.diagnostics.machine_readable import to_json

    counts = Counter(one.severity for one in found)
    document = {"diagnostics": [to_json(one) for one in found]}
    document |= {f"{severity}s": counts[severity] for severity in Severity}
    document |= {} if fixes is None else {"fixed": fixes.fixed}
    write_json(document, sys.stdout)


def _github(found: Sequence[Diagnostic], files: Sequence[str], fixes: Outcome | None) -> None:
    from ..compiler.diagnostics.machine_readable import github

    for one in found:
        write_command(github(one), sys.stdout)


_PRINTERS = {"text": _text, "json": _json, "github": _github}
