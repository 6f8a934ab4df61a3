"""``dotnn explain``: what a code means."""

from __future__ import annotations

import sys

import click

from .base import Argument, Command
from .printing import hanging, prose_width
from .streams import write


@click.command(cls=Command)
@click.argument(
    "code",
    cls=Argument,
    metavar="[CODE]",
    required=False,
    about="A code, such as E401; without one, all are listed.",
)
def explain(code: str | None) -> None:
    """Explain the code of an error or warning: what it means, and how to mend it."""
    from ..compiler.diagnostics.explain import codes
    from ..compiler.diagnostics.explain import explain as page_of
    from ..compiler.diagnostics.paragraphs import fill_paragraphs
    from ..compiler.diagnostics.suggest import did_you_mean, near_names

    width = prose_width(sys.stdout)
    if code is None:
        lines = [f"{one.code}  {one.summary}" for one in codes()]
        write("\n".join(line if width is None else hanging(line, width, 6) for line in lines), sys.stdout)
        return
    page = page_of(code.strip().upper())
    if page is None:
        near = did_you_mean(near_names(code.upper(), [one.code for one in codes()]))
        hint = near or "`dotnn explain` lists all codes"
        raise click.BadParameter(f"there is no code {code!r}: {hint}")
    write(page if width is None else fill_paragraphs(page, width), sys.stdout)
