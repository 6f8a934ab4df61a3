"""Commands as click has them, but with help for arguments, and with help that is printed as all else is."""

from __future__ import annotations

import sys
from typing import Any

import click

from .streams import write


class Argument(click.Argument):
    """An argument that the help of its command describes."""

    def __init__(self, *declarations: Any, about: str = "", **attributes: Any) -> None:
        super().__init__(*declarations, **attributes)
        self.about = about


class Command(click.Command):
    """A command: its help has a section for arguments, and survives an output that cannot be written."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option that shows the help."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.callback = _show_help
        return option

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what the command takes: arguments, then options."""
        arguments = [one for one in self.get_params(ctx) if isinstance(one, Argument)]
        if arguments:
            with formatter.section("Arguments"):
                formatter.write_dl([(one.human_readable_name, one.about) for one in arguments])
        super().format_options(ctx, formatter)


def _show_help(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    # click's own way of printing it ends in a traceback on a full disk.
    if wanted and not ctx.resilient_parsing:
        write(ctx.get_help(), sys.stdout)
        ctx.exit()
