"""``dotnn weights``: what is in a weight file, how it fits a model, and the same in another format."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..compiler.byte_counts import exact_bytes
from ..compiler.visible_text import visible
from ..compiler.weights.formats import WRITTEN_ENDINGS
from . import options
from .base import Argument, Command
from .streams import shows, write, write_json
from .terminal import colored, print_diagnostics, print_file, print_note, working

if TYPE_CHECKING:
    from ..compiler.compiled import Compiled
    from ..compiler.diagnostics import Diagnostic
    from ..compiler.weights.bound_weights import BoundWeights
    from ..compiler.weights.matching import Matching
    from ..compiler.weights.weight_file import WeightFile

#: The word that stands before two files.
_CONVERT = "convert"
_LONGEST_NAME = 120
_LISTED = ("tensor", "type", "shape", "mean", "std", "min", "max", "zeros", "not finite")
_PAIRED = ("weight", "shape", "tensor", "type")
_ITS_NUMBERS = frozenset(_LISTED[3:])


@click.command(cls=Command)
@click.argument(
    "files",
    cls=Argument,
    metavar="FILE | convert FROM TO",
    nargs=-1,
    required=True,
    type=options.FILE,
    about=f"A file of weights; or the word `convert`, such a file, and a new one ({WRITTEN_ENDINGS}).",
)
@click.option("--for", "source", metavar="NET", type=click.Path(readable=False), help="Show how it fits this .nn file.")
@options.matching
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@options.compilation
def weights(
    files: Sequence[Path],
    source: str | None,
    matching: Matching,
    given: tuple[str, ...],
    as_json: bool,
    model: str | None,
    settings: Sequence[str],
    limits: Sequence[str],
    root: Path | None,
) -> None:
    """List a weight file, show how it fits a model, or convert it to another format."""
    about_models = {"--model": model, "--set": settings, "--limit": limits, "--root": root}
    beside = (*given, *(name for name, value in about_models.items() if value))
    if beside and source is None:
        raise options.wrong_call(f"{', '.join(beside)}: this says how a file fits a model; give it by --for")
    if files[0] == Path(_CONVERT):
        if source is not None or as_json:
            raise options.wrong_call(f"`{_CONVERT}` takes no options")
        if len(files) != 3:
            raise options.wrong_call(f"`{_CONVERT}` takes two files: the one to read, and the one to write")
        _convert(files[1], files[2])
        return
    if len(files) > 1:
        raise options.wrong_call(f"only one file is listed at a time; `{_CONVERT} FROM TO` is what takes two")
    if source is None:
        _list(files[0], as_json)
        return
    compiled = options.compile_model(source, model, settings, limits, root)
    _show_match(files[0], compiled, matching, as_json)


# List ---------------------------------------------------------------------------------------------------------------


def _list(path: Path, as_json: bool) -> None:
    from ..compiler.weights.readers import open_weights

    # One of several files can be listed by itself.
    with open_weights(path, whole=False) as file, working(f"reading {path.name}"):
        tensors = [_tensor(file, name) for name in file.names]
    sums = {
        "tensors": len(tensors),
        "elements": sum(one["elements"] for one in tensors),
        "bytes": sum(one["bytes"] for one in tensors),
        "zeros": sum(one["zeros"] or 0 for one in tensors),
        "not_finite": sum(one["not_finite"] or 0 for one in tensors),
    }
    if as_json:
        write_json({"file": str(path), "tensors": tensors, "totals": sums}, sys.stdout)
        return
    lines = [("tensors", f"{sums['tensors']:,}"), ("numbers", f"{sums['elements']:,}")]
    lines.append(("bytes", exact_bytes(sums["bytes"], unit="")))
    lines.append(("zeros", _share(sums["zeros"], sums["elements"])))
    lines.append(("not finite", f"{sums['not_finite']:,}"))
    _print_table(f"weights {path}", _LISTED, [_listed(one) for one in tensors], lines)


def _tensor(file: WeightFile, name: str) -> dict[str, Any]:
    """What there is to say of a tensor, which is read and let go."""
    from ..compiler.weights.numpy_dtypes import numpy_dtype
    from ..compiler.weights.statistics import statistics_of

    shape, kind = file.shape(name), file.element_type(name)
    found = statistics_of(file.load(name))
    return {
        "name": name,
        "dtype": kind,
        "shape": list(shape),
        "elements": math.prod(shape),
        "bytes": math.prod(shape) * numpy_dtype(kind).itemsize,
        "mean": found and found.mean,
        "std": found and found.deviation,
        "min": found and found.least,
        "max": found and found.greatest,
        "zeros": found and found.zeros,
        "not_finite": found and found.not_finite,
    }


def _listed(one: dict[str, Any]) -> tuple[str, ...]:
    numbers = ("" if one[key] is None else f"{one[key]:.4g}" for key in ("mean", "std", "min", "max"))
    zeros = "" if not one["zeros"] else _share(one["zeros"], one["elements"])
    not_finite = f"{one['not_finite']:,}" if one["not_finite"] else ""
    return _name(one["name"]), one["dtype"], str(one["shape"]), *numbers, zeros, not_finite


def _share(part: int, whole: int) -> str:
    """A share in percent, in which neither none nor all is rounded to."""
    if not part:
        return "0%"
    percent = 100 * part / whole
    if part < whole and percent > 99.9:
        return ">99.9%"
    return "<0.1%" if percent < 0.1 else f"{percent:.3g}%"


# Match --------------------------------------------------------------------------------------------------------------


def _show_match(path: Path, compiled: Compiled, matching: Matching, as_json: bool) -> None:
    from ..compiler.weights.binding import bind_weights
    from ..compiler.weights.readers import open_weights

    with open_weights(path) as file, working(f"reading {path.name}"):
        bound = bind_weights(file, compiled.loaded_graph, matching)
        for name in bound.names:
            # What a build finds in the numbers is found here, too.
            bound.load(name)
        pairs = list(_pairs(file, bound, compiled))
        used = {stored for sources in bound.stored.values() for stored in sources}
        left = [name for name in file.names if name not in used]
        noted = [one for one in bound.warnings() if not _shows_pairs(one)]
    print_diagnostics(noted)
    if as_json:
        facts = {"file": str(path), "model": compiled.name, "weights": pairs, "not_read": left}
        write_json(facts, sys.stdout)
        return
    lines = [("loaded", f"{len(bound.names):,} of {len(pairs):,} weights")]
    if left:
        lines.append(("not read", f"{len(left):,}: {', '.join(map(_name, left[:4]))}{', …' if len(left) > 4 else ''}"))
    _print_table(f"weights {path} for model {compiled.name}", _PAIRED, [_paired(one) for one in pairs], lines)


def _shows_pairs(note: Diagnostic) -> bool:
    """Whether a note says what the table says."""
    from ..compiler.diagnostics.weight_matching import MatchedByOrder

    return isinstance(note, MatchedByOrder)


def _pairs(file: WeightFile, bound: BoundWeights, compiled: Compiled) -> Iterator[dict[str, Any]]:
    """Every weight of the model, with the tensors that it is made of."""
    from ..compiler.graph.tensors import Literal

    for weight in compiled.weights:
        sources = [
            {"name": name, "dtype": file.element_type(name), "shape": list(file.shape(name))}
            for name in bound.stored.get(weight.name, ())
        ]
        otherwise = "text" if isinstance(weight.initializer, Literal) else "initializer"
        yield {
            "name": weight.name,
            "dtype": weight.dtype.value,
            "shape": list(weight.shape),
            "values": "file" if sources else otherwise,
            "from": sources,
        }


def _paired(pair: dict[str, Any]) -> tuple[str, ...]:
    sources, own = pair["from"], pair["dtype"]
    if not sources:
        there = "(as the text says)" if pair["values"] == "text" else "(missing: initialized)"
        return _name(pair["name"]), str(pair["shape"]), there, own
    shapes = (f" {one['shape']}" if one["shape"] != pair["shape"] else "" for one in sources)
    names = (f"{_name(one['name'])}{shape}" for one, shape in zip(sources, shapes, strict=True))
    types = " + ".join(dict.fromkeys(one["dtype"] for one in sources))
    return _name(pair["name"]), str(pair["shape"]), " + ".join(names), own if types == own else f"{types} as {own}"


# Convert ------------------------------------------------------------------------------------------------------------


def _convert(path: Path, destination: Path) -> None:
    from ..compiler.atomic_files import require_replaceable
    from ..compiler.export.weight_conversion import WRITTEN_TYPES, convert_weights, unwritten_types
    from ..compiler.weights.readers import open_weights

    require_replaceable(destination)
    with open_weights(path) as file, working(f"writing {destination.name}"):
        if any(_is_same(Path(one), destination) for one in (path, *file.parts)):
            raise options.wrong_call(f"{_CONVERT} {path} {destination}: this file is read, and would be replaced")
        unwritten = unwritten_types(file)
        if unwritten:
            name, found = next(iter(unwritten.items()))
            known = ", ".join(WRITTEN_TYPES)
            raise options.wrong_call(f"`{name}` of {path} has elements of type {found}; what is written is {known}")
        widened = [name for name in file.names if file.element_type(name) == "bfloat16"]
        convert_weights(file, destination)
    if widened and destination.name.lower().endswith(".npz"):
        print_note(f"{len(widened):,} bfloat16 tensors became float32, which holds them exactly: .npz has no bfloat16")
    print_file(destination, destination.stat().st_size)


def _is_same(one: Path, other: Path) -> bool:
    """Whether two paths are one file, by links or under several names."""
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


# Tables -------------------------------------------------------------------------------------------------------------


def _print_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], sums: Sequence[tuple[str, str]]
) -> None:
    from ..compiler.measure.summary import RULE, VALUES, table_lines

    head = visible(title)
    rule = RULE if shows(RULE, sys.stdout) else "-"
    lines = [f"\x1b[1m{head}\x1b[0m" if colored(sys.stdout) else head, ""]
    lines += [*table_lines(rows, rule, columns, _ITS_NUMBERS), ""]
    lines += [f"{name + ':':<{VALUES}}{value}" for name, value in sums]
    write("\n".join(lines), sys.stdout)


def _name(name: str) -> str:
    from ..compiler.diagnostics.terminal_cells import clip

    return visible(clip(name, _LONGEST_NAME))
