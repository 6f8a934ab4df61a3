"""``dotnn build``: from text to an ONNX file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..compiler.weights.formats import WRITTEN_ENDINGS
from . import options
from .base import Command
from .streams import write
from .terminal import print_diagnostics, print_file, print_note, working

if TYPE_CHECKING:
    from ..compiler.compiled import Compiled
    from ..compiler.graph.types import FloatType
    from ..compiler.passes.targets import Target
    from ..compiler.weights.weight_values import WeightSource


@click.command(cls=Command)
@options.source
@click.option(
    "--output", "-o", metavar="FILE", type=options.FILE, help="The ONNX file; by default the model's name, here."
)
@options.target
@options.no_optimize
@options.seed
@options.weights
@click.option("--save-weights", metavar="FILE", type=options.FILE, help=f"Also write the weights ({WRITTEN_ENDINGS}).")
@options.dtype
@options.keep_io
@click.option("--keras-names", is_flag=True, help="Write them for Keras, as .weights.h5 in its names and layouts.")
@options.labels
@click.option("--explain-fusion", is_flag=True, help="Say what was fused, and why the rest was not.")
@options.compilation
def build(
    source: str,
    output: Path | None,
    target: Target,
    no_optimize: bool,
    seed: int,
    loading: options.Loading,
    save_weights: Path | None,
    dtype: FloatType | None,
    keep_io: bool,
    keras_names: bool,
    labels: Path | None,
    explain_fusion: bool,
    model: str | None,
    settings: Sequence[str],
    limits: Sequence[str],
    root: Path | None,
) -> None:
    """Build an ONNX model: check, optimize, fuse, export with weights. An existing file survives any failure."""
    compiled = options.compile_model(source, model, settings, limits, root)
    compiled = options.in_type(compiled, dtype, keep_io)
    path = output or Path(f"{compiled.name}.onnx")
    names = options.read_labels(labels)
    texts = [module.source.path for module in compiled.network.module.with_imports()]
    if keras_names and save_weights is None:
        raise options.wrong_call("--keras-names goes with --save-weights")
    _check_outputs(path, save_weights, loading, [labels, *texts])
    types = {name: compiled.graph.type_of(value) for name, value in compiled.graph.outputs.items()}
    options.judge_labels(names, {name: kind.shape for name, kind in types.items()})
    with loaded_weights(loading, compiled) as loaded, working(f"building {path.name}"):
        if save_weights is not None:
            _save_weights(save_weights, compiled, seed, loaded, keras_names)
        written = compiled.save(path, target=target, optimize=not no_optimize, seed=seed, weights=loaded, labels=names)
    if written.rounding is not None:
        print_note(written.rounding.summary())
    if explain_fusion:
        _explain_fusion(compiled, target, no_optimize)
    print_file(written.path, written.size)
    if written.data is not None:
        print_file(written.data, written.data_size)
    if save_weights is not None:
        print_file(save_weights, save_weights.stat().st_size)


def _check_outputs(
    output: Path, save_weights: Path | None, loading: options.Loading, inputs: Sequence[Path | None]
) -> None:
    """Refuse, before anything takes long, what cannot be written, and what would replace a file that is read.

    Weights may go into the file that they were loaded from.
    """
    from ..compiler.atomic_files import require_replaceable

    if output.suffix == ".nn":
        raise options.wrong_call(f"-o {output}: a .nn file holds the text of a model; name an .onnx file")
    taken = {os.path.realpath(path) for path in (*inputs, *loading.files) if path not in (None, loading.path)}
    if save_weights is not None and os.path.realpath(save_weights) in taken:
        raise options.wrong_call(f"--save-weights {save_weights}: this file is read, and would be replaced")
    taken |= {os.path.realpath(path) for path in (loading.path, save_weights) if path is not None}
    if os.path.realpath(output) in taken:
        raise options.wrong_call(f"-o {output}: another option names this file, too, or the model imports it")
    for path in (output, save_weights):
        if path is not None:
            require_replaceable(path)


@contextmanager
def loaded_weights(loading: options.Loading, compiled: Compiled) -> Iterator[WeightSource | None]:
    """The weights of ``--weights``, bound to the model; None without the option."""
    if loading.path is None:
        yield None
        return
    from ..compiler.weights.binding import bind_weights
    from ..compiler.weights.readers import open_weights

    with open_weights(loading.path) as found:
        bound = bind_weights(found, compiled.loaded_graph, loading.matching)
        print_diagnostics(bound.notes)
        yield bound
        # What the numbers themselves are is known only once they have been read.
        print_diagnostics(bound.warnings()[len(bound.notes) :])


def _save_weights(path: Path, compiled: Compiled, seed: int, loaded: WeightSource | None, keras_names: bool) -> None:
    from ..compiler.weights.weight_values import WeightValues

    values = WeightValues(seed, loaded)
    if keras_names:
        from ..compiler.export.keras_weights import save_keras_weights

        save_keras_weights(path, compiled.loaded_graph, values)
        return
    from ..compiler.export.save_weights import save_weights

    save_weights(path, compiled.weights, values)


def _explain_fusion(compiled: Compiled, target: Target, no_optimize: bool) -> None:
    from ..compiler.passes.fusion.fusion_report import format_report

    if no_optimize:
        write("nothing was fused: --no-optimize leaves the graph as it was written", sys.stdout)
        return
    write(format_report(compiled.optimized(target).fusions), sys.stdout)
