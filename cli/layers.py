"""``dotnn layers``: what layers and blocks of the library there are, and everything about one."""

from __future__ import annotations

import sys

import click

from .base import Argument, Command
from .streams import write, write_json
from .terminal import prose_width


@click.command(cls=Command)
@click.argument(
    "name",
    cls=Argument,
    metavar="[NAME]",
    required=False,
    about="A layer or a block of the library; without one, all are listed.",
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def layers(name: str | None, as_json: bool) -> None:
    """List the layers and the blocks of the library, or show one: arguments, shapes, weights, formula, samples."""
    from ..compiler.layers import LAYERS

    kinds = [kind for kind, layer in sorted(LAYERS.items()) if layer.callable]
    if name is None:
        _all_json(kinds) if as_json else _list(kinds)
    elif name in kinds:
        _layer(name, as_json)
    else:
        _block(name, kinds, as_json)


def _all_json(kinds: list[str]) -> None:
    from ..compiler.layers import LAYERS
    from ..compiler.layers.documentation import to_json
    from ..compiler.names import block_documentation

    files = block_documentation.library_pages()
    blocks = [block_documentation.to_json(block) for file in files for block in file.blocks]
    write_json({"layers": [to_json(LAYERS[kind]) for kind in kinds], "blocks": blocks}, sys.stdout)


def _list(kinds: list[str]) -> None:
    from ..compiler.layers import LAYERS
    from ..compiler.layers.documentation import layer_list
    from ..compiler.names.block_documentation import block_list

    width = prose_width(sys.stdout)
    lists = layer_list({kind: LAYERS[kind] for kind in kinds}, width), block_list(width)
    write("\n\n".join(lists), sys.stdout)


def _layer(kind: str, as_json: bool) -> None:
    from ..compiler.layers import LAYERS
    from ..compiler.layers.documentation import layer_page, to_json

    if as_json:
        write_json(to_json(LAYERS[kind]), sys.stdout)
    else:
        write(layer_page(LAYERS[kind], prose_width(sys.stdout)), sys.stdout)


def _block(name: str, kinds: list[str], as_json: bool) -> None:
    from ..compiler.layers.name_suggestions import unknown_layer
    from ..compiler.names.block_documentation import block_page, block_text, to_json
    from ..library.index import BLOCKS

    page = block_page(name)
    if page is None:
        advice = unknown_layer(name, (*kinds, *BLOCKS)).advice()
        raise click.UsageError(f"there is no layer or block of the library {name!r}: {advice}")
    if as_json:
        write_json(to_json(page), sys.stdout)
    else:
        write(block_text(page, prose_width(sys.stdout)), sys.stdout)
