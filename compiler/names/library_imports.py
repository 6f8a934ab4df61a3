"""What was meant for the library: a call of one of its blocks without an import, and imports that miss it."""

from __future__ import annotations

import dataclasses

from ...library import ENDING, PREFIX, import_line, library_files
from ...library.index import BLOCKS
from ..diagnostics import Edit
from ..diagnostics.foreign_layers import LIBRARY_NAMES, layer_note
from ..diagnostics.names import UnknownLayer
from ..diagnostics.suggest import near_names
from ..diagnostics.suggest_foreign import plain_word
from ..syntax import tree


def with_import(found: UnknownLayer, text: tree.File) -> UnknownLayer:
    """The diagnostic of an unknown layer, with the import that it lacks if a block of the library may be meant."""
    name = _meant(found)
    if name is None:
        return found
    file = BLOCKS[name].file
    written, edit = _import_edit(name, file, text)
    is_near = plain_word(name) != plain_word(found.name) and plain_word(found.name) not in LIBRARY_NAMES
    return dataclasses.replace(found, block=name, import_line=written, import_edit=edit, is_near=is_near)


def _meant(found: UnknownLayer) -> str | None:
    """The block that is called so, or elsewhere; a near one only where nothing else is nearer."""
    if found.name in BLOCKS:
        return found.name
    spelled = block_called(found.name)
    if spelled in BLOCKS and not found.known_as:
        return spelled
    if found.known_as or layer_note(found.name) is not None:
        return None
    nearest = next(iter(near_names(found.name, (*found.near, *BLOCKS))), None)
    return nearest if nearest in BLOCKS and nearest not in found.near else None


def block_called(name: str) -> str | None:
    """The block of the library that a name means, spelled otherwise or as it is called elsewhere; None if none."""
    word = plain_word(name)
    return next((block for block in BLOCKS if plain_word(block) == word), LIBRARY_NAMES.get(word))


def _import_edit(name: str, file: str, text: tree.File) -> tuple[str, Edit]:
    """The import as it should be written, and the edit: of the one that the file has of that file, or a line more."""
    imports = [item for item in text.items if isinstance(item, tree.Import)]
    for item in imports:
        if item.path.value == file:
            last = item.names[-1].span
            names = ", ".join([*(one.name for one in item.names), name])
            return import_line(names, file), Edit(last.source.span(last.end, last.end), f", {name}")
    start = imports[-1].span.start if imports else 0
    line = import_line(name, file)
    return line, Edit(text.source.span(start, start), f"{line}\n")


def home_of(item: tree.Import) -> str:
    """The file of the library that an import may mean: by the blocks that it names, or by its path; else empty."""
    homes = {BLOCKS[name.name].file for name in item.names if name.name in BLOCKS}
    if len(homes) == 1:
        return homes.pop()
    stem = item.path.value.rpartition("/")[2].removesuffix(ENDING)
    return PREFIX + stem if PREFIX + stem in library_files() else ""


def home_of_block(name: str) -> str:
    """The file of the library that has a public block; empty if there is none."""
    return BLOCKS[name].file if name in BLOCKS else ""


def public_names(file: str) -> list[str]:
    """The public blocks of a file of the library."""
    return [name for name, block in BLOCKS.items() if block.file == file]
