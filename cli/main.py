"""The command and its subcommands; every failure that is not ours ends in a message and an exit code."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from ..compiler.diagnostics import DotnnError
from .build import build
from .check import check
from .explain import explain
from .layers import layers
from .printing import exit_code, print_diagnostics
from .run import run
from .summary import summary

app = typer.Typer(
    name="dotnn",
    help="Compile neural networks written as text: checked shapes, optimized ONNX, numbers from onnxruntime.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _command in (check, summary, build, run, explain, layers):
    app.command()(_command)


def _show_version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import version

    typer.echo(f"dotnn {version('dotnn')}")
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
    try:
        app(standalone_mode=True)
    except DotnnError as error:
        print_diagnostics(error.diagnostics)
        sys.exit(exit_code(error.diagnostics))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader went away, as `head` does; what is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
