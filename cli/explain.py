"""``dotnn explain``: what a code means."""

from __future__ import annotations

import sys

import click

from .base import Argument, Command
from .streams import write
from .terminal import hanging, prose_width


@click.command(cls=Command)
@click.argument(
    "code",
    cls=Argument,
    metavar="[CODE]",
    required=False,
    about="A code, such as E401, or the beginning of some, such as E4, which are listed; without one, all are.",
)
def explain(code: str | None) -> None:
    """Explain the code of an error, a warning or a rule: what it means, and how to mend it."""
    from ..compiler.diagnostics.explain import codes
    from ..compiler.diagnostics.explain import explain as page_of
    from ..compiler.diagnostics.paragraphs import fill_paragraphs
    from ..compiler.diagnostics.suggest import did_you_mean, near_names
    from ..compiler.lint.asking import load_all
    from ..compiler.lint.retired import RETIRED

    load_all()
    width = prose_width(sys.stdout)
    wanted = (code or "").strip().upper()
    page = page_of(RETIRED.get(wanted, wanted))
    if wanted in RETIRED:
        write(f"The warning {wanted} is the rule {RETIRED[wanted]} now.\n", sys.stdout)
    if page is not None:
        write(page if width is None else fill_paragraphs(page, width), sys.stdout)
        return
    group = [one for one in codes() if one.code.startswith(wanted)]
    if not group or (code is not None and not wanted):
        near = did_you_mean(near_names(wanted, [one.code for one in codes()]))
        hint = near or "`dotnn explain` lists all codes"
        raise click.UsageError(f"there is no code {code!r}: {hint}")
    lines = [f"{one.code}  {one.summary}" for one in group]
    write("\n".join(line if width is None else hanging(line, width, 6) for line in lines), sys.stdout)
