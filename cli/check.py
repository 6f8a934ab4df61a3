"""``dotnn check``: what is wrong with a file, and nothing else."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import click

from ..compiler.diagnostics import Diagnostic, Severity
from ..compiler.passes.targets import CheckedProvider, Target
from ..compiler.visible_text import visible
from . import options
from .base import Argument, Command
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
@click.option(
    "--target",
    type=click.Choice(get_args(Target)),
    help="Ask whether the models can be built and run for a target, as `dotnn build` would build them.",
)
@click.option(
    "--provider",
    type=click.Choice(get_args(CheckedProvider)),
    help="Ask what an execution provider of onnxruntime lacks of what the models need.",
)
@options.compilation
def check(
    sources: Sequence[str],
    output: str,
    strict: bool,
    select: Sequence[str],
    ignore: Sequence[str],
    target: Target | None,
    provider: CheckedProvider | None,
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
    for file in files:
        found += check_file(
            file,
            arguments=arguments,
            model=model,
            limits=bounds,
            root=root,
            select=select,
            ignore=ignore,
            target=target,
            provider=provider,
        ).diagnostics
    diagnostics = [one.as_error() if strict else one for one in each_once(found)]
    _PRINTERS[output](diagnostics, files)
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
