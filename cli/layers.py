"""``dotnn layers``: what layers there are, and everything about one."""

from __future__ import annotations

import sys

import click

from .base import Argument, Command
from .printing import prose_width
from .streams import write, write_json


@click.command(cls=Command)
@click.argument(
    "name",
    cls=Argument,
    metavar="[NAME]",
    required=False,
    about="A layer; without one, all are listed.",
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def layers(name: str | None, as_json: bool) -> None:
    """List the layers, or show one: arguments, shapes, weights, formula, source, samples."""
    from ..compiler.layers import LAYERS
    from ..compiler.layers.documentation import layer_list, layer_page, to_json
    from ..compiler.layers.naming import unknown_layer

    callable_layers = {kind: layer for kind, layer in LAYERS.items() if layer.callable}
    width = prose_width(sys.stdout)
    if name is None and as_json:
        write_json([to_json(layer) for _, layer in sorted(callable_layers.items())], sys.stdout)
        return
    if name is None:
        write(layer_list(callable_layers, width), sys.stdout)
        return
    layer = callable_layers.get(name)
    if layer is None:
        raise click.UsageError(f"there is no layer {name!r}: {unknown_layer(name, callable_layers).advice()}")
    if as_json:
        write_json(to_json(layer), sys.stdout)
        return
    write(layer_page(layer, width), sys.stdout)
