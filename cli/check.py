"""``dotnn check``: what is wrong with a file, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import click

from ..compiler.passes.targets import CheckedProvider, Target
from . import options
from .base import Argument, Command
from .finding_formats import COUNTED, PRINTERS, Findings
from .idle_budgets import IdleBudgets
from .known_findings import KnownFindings
from .source_files import source_files
from .terminal import exit_code

#: The sections of the help.
_SECTIONS = {
    "What is printed": ("output", "counts"),
    "Rules": ("select", "ignore", "strict", "config", "isolated", "baseline", "write_baseline"),
    "Rules about where a model goes": ("target", "provider", "weights"),
    "Fixes": ("fix", "unsafe_fixes", "diff"),
}


@click.command(cls=Command, sections=_SECTIONS)
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
@click.option("--weights", type=options.FILE, metavar="FILE", help="Ask whether the labels are those of a weight file.")
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
    config: Path | None,
    isolated: bool,
    baseline: Path | None,
    write_baseline: Path | None,
    counts: bool,
    weights: Path | None,
    target: Target | None,
    provider: CheckedProvider | None,
    fix: bool,
    unsafe_fixes: bool,
    diff: bool,
    model: str | None,
    settings: Sequence[str],
    limits: Sequence[str],
    root: Path | None,
) -> None:
    """Check files: names, arguments, types, shapes and expectations of every model, and what may be a mistake."""
    from ..compiler.checking import Wish, check_path, known_surroundings
    from ..compiler.configuration.finding import Configuration
    from ..compiler.lint.asking import Choice
    from ..compiler.request import request
    from ..compiler.shared_arguments import SharedArguments

    mends = fix or unsafe_fixes or diff
    if config is not None and isolated:
        raise options.wrong_call("--isolated heeds no settings, and --config names some: leave one of them out")
    if counts and output not in COUNTED:
        raise options.wrong_call(f"--statistics goes with --format {' or '.join(COUNTED)}, not with {output}")
    if mends:
        _need_mendable(model, write_baseline, "text" if counts and diff else output, is_diff=diff)
    bounds = options.read_limits(limits)
    arguments = options.read_settings(settings, bounds)
    wanted = replace(request(model, arguments, bounds, root), is_for_several=True)
    configuration, known = Configuration(config, isolated), KnownFindings(baseline, write_baseline)
    idle = IdleBudgets(sources)
    files = source_files(sources, configuration)
    findings = Findings(files)
    printer = (COUNTED if counts else PRINTERS)[output]
    wish = Wish(Choice(select, ignore), strict, surroundings=known_surroundings(target, provider, weights))
    if mends:
        from .fixing import Mending

        mending = Mending(files, wanted, configuration, wish, known, unsafe=unsafe_fixes)
        code = mending.print_diff() if diff else mending.write(findings, printer)
        raise click.exceptions.Exit(code)
    shared = SharedArguments(wanted)
    for file in files:
        settled = configuration.of_file(file)
        checked = check_path(file, wanted, settled, replace(wish, is_known=known.by(settled)))
        known.heed(checked)
        idle.heed(settled, checked.source.path if checked.source is not None else None)
        shared.heed(checked.module)
        told = options.remedied(checked.report.diagnostics, file, wanted)
        findings.add([*known.faults, *settled.faults, *told], file)
    findings.add(shared.faults(), files[0])
    is_whole = model is None and not settings
    # If it cannot be written, nothing is said to be fine.
    known.write(is_whole)
    printer(findings)
    known.tell(is_whole)
    idle.finish()
    raise click.exceptions.Exit(exit_code(findings.diagnostics))


def _need_mendable(model: str | None, write_baseline: Path | None, output: str, *, is_diff: bool) -> None:
    """Refuse what does not go with fixes."""
    if model is not None:
        raise options.wrong_call("--model: a fix must be right for all models of a file; leave it out")
    if write_baseline is not None:
        raise options.wrong_call("--write-baseline: mend first, then write what remains; leave it out")
    if is_diff and output != "text":
        raise options.wrong_call("--diff is text; leave --format out")
