"""The command and its subcommands; every failure that is not ours ends in a message and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ..compiler.diagnostics import DotnnError
from .build import build
from .check import check
from .explain import explain
from .layers import layers
from .printing import exit_code, open_closed_streams, print_diagnostics, write
from .run import run
from .summary import summary

#: What shells say of a program that Ctrl-C has ended.
_INTERRUPTED = 130


class _Commands(TyperGroup):
    """All commands: what stops one of them becomes a message and an exit code here."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except DotnnError as error:
            print_diagnostics(error.diagnostics)
            raise typer.Exit(exit_code(error.diagnostics)) from None
        except KeyboardInterrupt:
            # Left to typer it would be exit code 1, which says that the model has errors.
            write("interrupted", sys.stderr)
            raise typer.Exit(_INTERRUPTED) from None


app = typer.Typer(
    name="dotnn",
    cls=_Commands,
    help="Compile neural networks written as text: checked shapes, optimized ONNX, numbers from onnxruntime.",
    epilog="`dotnn COMMAND -h` shows what a command takes. "
    "Exit codes: 0 fine, 1 the model has errors, 2 the call was wrong, 130 interrupted.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _command, _summary in (
    (check, "Say what is wrong with files, and nothing else."),
    (summary, "Show every layer: shape, parameters, MACs."),
    (build, "Write an ONNX model."),
    (run, "Run a model, as .nn or .onnx: numbers."),
    (explain, "Say what an error means."),
    (layers, "List the layers, or show one."),
):
    app.command(short_help=_summary)(_command)


def _show_version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import version

    write(f"dotnn {version('dotnn')}", sys.stdout)
    raise typer.Exit


@app.callback()
def _dotnn(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Compile neural networks written as text: checked shapes, optimized ONNX, numbers from onnxruntime."""


def main() -> None:
    """Run the command line; the exit code is 0 for success, 1 for errors of the model, 2 for a wrong call."""
    open_closed_streams()
    app()
