"""The command and its subcommands; every failure that is not ours ends in a message and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from ..compiler.diagnostics import Diagnostic, DotnnError
from ..compiler.diagnostics.notices import listening
from ..compiler.diagnostics.terminal_cells import clip
from ..compiler.visible_text import visible
from .base import Command
from .streams import write
from .terminal import exit_code, print_diagnostics

#: What shells set when they ask for completions.
_COMPLETE = "_DOTNN_COMPLETE"

#: Characters of what is said of a wrong call, which quotes what was written and what a model says of itself.
_LONGEST_MESSAGE = 2_000

#: The subcommands and what they do: each is the function of that name in the module of that name.
COMMANDS = {
    "new": "Begin a file, as a copy of an example.",
    "check": "Say what is wrong with files, and nothing else.",
    "summary": "Show every layer: shape, parameters, MACs.",
    "build": "Write an ONNX model.",
    "run": "Run a model, as .nn or .onnx: numbers.",
    "weights": "List, match or convert weight files.",
    "explain": "Say what an error means.",
    "explain-shape": "Show how the shape of a layer came about.",
    "layers": "List the layers, or show one.",
}


class _Commands(Command, click.Group):
    """All commands: a command is imported when it is called, and what stops it becomes an exit code here."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name."""
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command = getattr(import_module(f".{name}", __package__), name)
        command.short_help = COMMANDS[cmd_name]
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that arguments call; a usage error with the nearest names if there is none."""
        if args[0] not in COMMANDS:
            from ..compiler.diagnostics.suggest import did_you_mean, near_names

            near = did_you_mean(near_names(args[0], list(COMMANDS))) or f"there are {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command {args[0]!r}: {near}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands into the help, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def main(self, args: Sequence[str] | None = None, *_: Any, **__: Any) -> NoReturn:
        """Run a command and exit: 0 for success, 1 for errors of the model, 2 for a wrong call.

        Interrupts are left to the caller. Of what click's own ``main`` takes, only the arguments are heeded.
        """
        instruction = os.environ.get(_COMPLETE)
        if instruction:
            from click.shell_completion import shell_complete

            sys.exit(shell_complete(self, {}, "dotnn", _COMPLETE, instruction))
        try:
            code = self._run(list(sys.argv[1:] if args is None else args))
        except click.exceptions.Exit as ended:
            code = ended.exit_code
        sys.exit(code)

    def _run(self, arguments: list[str]) -> int:
        try:
            with listening(_print), self.make_context("dotnn", arguments) as context:
                self.invoke(context)
        except DotnnError as error:
            print_diagnostics(error.diagnostics)
            return exit_code(error.diagnostics)
        except click.ClickException as error:
            write(_said(error, arguments), sys.stderr)
            return error.exit_code
        return 0


def _said(error: click.ClickException, arguments: Sequence[str]) -> str:
    """What is wrong with a call, below how it is to be: in one line, since it quotes what is foreign."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    said, meant = error.format_message(), _file_meant(error, arguments)
    said = f"{said.removesuffix('.')}: {meant}" if meant else said
    message = f"Error: {visible(clip(said, _LONGEST_MESSAGE))}"
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is None:
        return message
    return f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n\n{message}"


def _file_meant(error: click.ClickException, arguments: Sequence[str]) -> str:
    """How a file is named that was taken for an option, as a shell writes `-x.nn` for `*.nn`; empty for none."""
    if not isinstance(error, click.exceptions.NoSuchOption):
        return ""
    from ..compiler.diagnostics.suggest import did_you_mean

    found = next((one for one in arguments if one.startswith(error.option_name) and os.path.isfile(one)), None)
    return "" if found is None else did_you_mean([f"./{found}"])


def _print(diagnostic: Diagnostic) -> None:
    print_diagnostics([diagnostic])


def _show_version(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    write(f"dotnn {version('dotnn')}", sys.stdout)
    ctx.exit()


def _show_completion(ctx: click.Context, option: click.Parameter, shell: str | None) -> None:
    if shell is None or ctx.resilient_parsing:
        return
    from . import completion

    found = completion.Completion(app, _COMPLETE, shell or completion.own_shell())
    write(found.install() if option.name == "install_completion" else found.script(), sys.stdout)
    ctx.exit()


@click.command(
    cls=_Commands,
    epilog="`dotnn COMMAND -h` shows what a command takes. "
    "Exit codes: 0 fine, 1 the model has errors, 2 the call was wrong, 130 interrupted, "
    "143 terminated, 129 hung up.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.option(
    "--install-completion",
    metavar="[SHELL]",
    is_flag=False,
    flag_value="",
    is_eager=True,
    expose_value=False,
    callback=_show_completion,
    help="Install completion for bash, zsh or fish, by default that of $SHELL.",
)
@click.option(
    "--show-completion",
    metavar="[SHELL]",
    is_flag=False,
    flag_value="",
    is_eager=True,
    expose_value=False,
    callback=_show_completion,
    help="Show completion, likewise, to copy it or customize the installation.",
)
def app() -> None:
    """Compile neural networks written as text: checked shapes, optimized ONNX, numbers from onnxruntime."""
