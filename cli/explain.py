"""``dotnn explain``: what a code means."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .printing import write


def explain(
    code: Annotated[
        str | None, typer.Argument(help="A code, such as E401; without one, all are listed.", show_default=False)
    ] = None,
) -> None:
    """Explain the code of an error or warning: what it means, and how to mend it."""
    from ..compiler.diagnostics.explain import codes
    from ..compiler.diagnostics.explain import explain as page_of
    from ..compiler.diagnostics.suggest import did_you_mean, near_names

    if code is None:
        for one in codes():
            write(f"{one.code}  {one.summary}", sys.stdout)
        return
    page = page_of(code.strip().upper())
    if page is None:
        near = did_you_mean(near_names(code.upper(), [one.code for one in codes()]))
        hint = near or "`dotnn explain` lists all codes"
        raise typer.BadParameter(f"there is no code {code!r}: {hint}")
    write(page, sys.stdout)
