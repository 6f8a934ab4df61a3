"""Commands as click has them, but with help for arguments, and with help that is printed as all else is."""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from typing import Any

import click

from .streams import write


class Argument(click.Argument):
    """An argument that the help of its command describes."""

    def __init__(self, *declarations: Any, about: str = "", **attributes: Any) -> None:
        super().__init__(*declarations, **attributes)
        self.about = about


class Command(click.Command):
    """A command: its help has a section for arguments, and survives an output that cannot be written.

    Attributes:
        sections: titles of sections of its help, with the names of the options in each; all others stand in the last.
    """

    def __init__(
        self, *arguments: Any, sections: Mapping[str, Collection[str]] | None = None, **attributes: Any
    ) -> None:
        super().__init__(*arguments, **attributes)
        self.sections = sections or {}

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
        if not self.sections:
            super().format_options(ctx, formatter)
            return
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        records = {one.name: one.get_help_record(ctx) for one in options}
        lines = {name: record for name, record in records.items() if name is not None and record is not None}
        listed = {name for names in self.sections.values() for name in names}
        others = [name for name in lines if name not in listed]
        for title, names in (*self.sections.items(), ("Options", others)):
            with formatter.section(title):
                formatter.write_dl([lines[name] for name in names])


def _show_help(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    # click's own way of printing it ends in a traceback on a full disk.
    if wanted and not ctx.resilient_parsing:
        write(ctx.get_help(), sys.stdout)
        ctx.exit()
