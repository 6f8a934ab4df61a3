"""``dotnn run``: numbers from a model."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import click

from ..compiler.diagnostics import Diagnostic
from ..compiler.passes.targets import DEFAULT_TARGET
from ..compiler.visible_text import visible
from . import options
from .base import Argument, Command
from .build import loaded_weights
from .streams import write, write_json
from .terminal import print_note, working

if TYPE_CHECKING:
    from ..compiler.compiled import Compiled
    from ..compiler.graph.types import FloatType
    from ..compiler.passes.targets import Target
    from ..runtime import Session
    from ..runtime.images import ImageOptions
    from ..runtime.providers import Provider

#: Endings of names of models.
_MODELS = (".nn", ".onnx")

Resize: TypeAlias = Literal["stretch", "crop"]
Layout: TypeAlias = Literal["nchw", "nhwc"]


@click.command(cls=Command, context_settings={"allow_extra_args": True})
@click.argument(
    "source",
    cls=Argument,
    metavar="FILE",
    type=click.Path(readable=False),
    about="A .nn or .onnx file; `-` reads .nn text.",
)
@click.option(
    "--input",
    "-i",
    "inputs",
    metavar="[NAME=]FILE",
    type=click.Path(readable=False),
    multiple=True,
    help="An input: .npy .npz .csv .json .png .jpg, JSON text, or `-` for JSON on standard input.",
)
@click.option("--random", metavar="SEED", type=options.Count(min=0), help="Feed random numbers instead.")
@click.option(
    "--size",
    "sizes",
    metavar="NAME=N",
    multiple=True,
    help="The size of a symbolic dimension for --random: `--size H=64`.",
)
@click.option(
    "--provider",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where to compute.",
)
@options.labels
@click.option(
    "--top",
    metavar="N",
    type=options.Count(min=1),
    default=5,
    show_default=True,
    help="How many classes to show.",
)
@click.option("--save", metavar="FILE", type=options.FILE, help="Save the outputs as .npy or .npz instead.")
@click.option("--json", "as_json", is_flag=True, help="Print the outputs as JSON.")
@click.option("--scale", metavar="LOW..HIGH", help="What black and white pixels become: `0..1`.")
@click.option("--mean", metavar="A,B,C", help="Subtracted from the pixels, per channel.")
@click.option("--std", metavar="A,B,C", help="Divides the pixels, per channel.")
@click.option("--resize", type=click.Choice(get_args(Resize)), help="Fit images of another size.")
@click.option("--layout", type=click.Choice(get_args(Layout)), help="Where the channels of an image go.")
@options.target
@options.no_optimize
@options.seed
@options.weights
@options.dtype
@options.keep_io
@options.compilation
def run(
    source: str,
    inputs: Sequence[str],
    random: int | None,
    sizes: Sequence[str],
    provider: Provider,
    labels: Path | None,
    top: int,
    save: Path | None,
    as_json: bool,
    scale: str | None,
    mean: str | None,
    std: str | None,
    resize: Resize | None,
    layout: Layout | None,
    target: Target,
    no_optimize: bool,
    seed: int,
    dtype: FloatType | None,
    keep_io: bool,
    loading: options.Loading,
    model: str | None,
    settings: Sequence[str],
    limits: Sequence[str],
    root: Path | None,
) -> None:
    """Run a model on onnxruntime: on files, on text, or on random numbers.

    A .nn file is built in memory first; an .onnx file is run as it is.
    """
    source, more = _model_first(source, click.get_current_context().args)
    image_options = {"--scale": scale, "--mean": mean, "--std": std, "--resize": resize, "--layout": layout}
    _check_call(source, inputs, random, sizes, [name for name, value in image_options.items() if value])
    _check_results(save, as_json, inputs)
    images = _image_options(scale, mean, std, resize, layout)
    settled = _sizes(sizes)
    names = options.read_labels(labels)
    fed = bool(inputs) or random is not None
    if source.lower().endswith(".onnx"):
        build_options = {
            **dict.fromkeys(loading.given, True),
            "--model": model,
            "--set": settings,
            "--no-optimize": no_optimize,
        }
        build_options |= {"--dtype": dtype, "--keep-io": keep_io}
        retargeted = target != DEFAULT_TARGET
        build_options |= {"--seed": seed, "--target": retargeted, "--limit": limits, "--root": root}
        _refuse([name for name, value in build_options.items() if value])
        session = _session(source, provider)
    else:
        compiled = options.compile_model(source, model, settings, limits, root)
        compiled = options.in_type(compiled, dtype, keep_io)
        # Said before the model is built, which may take long.
        _check_fed(fed, more, {node.name: node.results[0] for node in compiled.graph.inputs})
        with loaded_weights(loading, compiled) as loaded, working(f"building {compiled.name}"):
            build = {"target": target, "optimize": not no_optimize, "seed": seed, "weights": loaded}
            session = _session(_Built(compiled, build), provider)
    _check_fed(fed, more, {one.name: one for one in session.inputs})
    options.judge_labels(names, {output.name: output.shape for output in session.outputs})
    given, notes = _given(session, inputs, random, settled, images)
    feeds = session.prepare(given)
    for note in [*map(_note, session.notes), *notes, *map(_note, feeds.notes)]:
        print_note(note)
    with working(f"running {session.name}"):
        outputs = session.run_prepared(feeds)
    _show(outputs, names or session.labels, top, save, as_json)


@dataclass(frozen=True)
class _Built:
    """A compiled model with the options of its build, as a session takes it."""

    compiled: Compiled
    options: dict[str, Any]

    @property
    def weights_bytes(self) -> int:
        """Bytes of all weights."""
        return self.compiled.weights_bytes

    def to_bytes(self) -> bytes:
        """The whole model as ONNX."""
        return self.compiled.to_bytes(**self.options)

    def save(self, path: Path, /) -> object:
        """Write the model to files."""
        return self.compiled.save(path, **self.options)


def _session(model: str | _Built, provider: Provider) -> Session:
    from ..runtime import Session

    return Session(model, provider=provider)


def _check_call(
    source: str, inputs: Sequence[str], random: int | None, sizes: Sequence[str] | None, image_options: Sequence[str]
) -> None:
    """Refuse options that contradict each other, or that nothing would heed."""
    from ..runtime.images import SUFFIXES

    if inputs and random is not None:
        raise options.wrong_call("--input and --random exclude each other")
    if sizes and random is None:
        raise options.wrong_call("--size goes with --random; the sizes of other inputs are their own")
    if image_options and not any(text.lower().endswith(SUFFIXES) for text in inputs):
        raise options.wrong_call(f"{', '.join(image_options)}: there is no image among the inputs")
    if source == "-" and any(text.rpartition("=")[2] == "-" for text in inputs):
        raise options.wrong_call("standard input cannot hold both the model and its input")


def _check_results(save: Path | None, as_json: bool, inputs: Sequence[str]) -> None:
    if save is None:
        return
    if as_json:
        raise options.wrong_call("--json and --save exclude each other")
    from ..runtime.outputs import check_save_path

    check_save_path(save)
    read = {os.path.realpath(path) for text in inputs for path in (text, text.partition("=")[2])}
    if os.path.realpath(save) in read:
        raise options.wrong_call(f"--save {save}: this file is an input, and would be replaced")


def _refuse(given: Sequence[str]) -> None:
    if given:
        raise options.wrong_call(f"{', '.join(given)}: this is for .nn files; an .onnx file is run as it is")


def _model_first(source: str, more: Sequence[str]) -> tuple[str, list[str]]:
    """The model among the words of a call that are no options, and the others."""
    words = [source, *more]
    found = next((word for word in words if word.lower().endswith(_MODELS)), source)
    words.remove(found)
    models = [word for word in words if word.lower().endswith(_MODELS)]
    if models:
        raise options.wrong_call(f"one model is run at a time, and {models[0]!r} is one more beside {found!r}")
    return found, words


def _check_fed(fed: bool, more: Sequence[str], inputs: Mapping[str, object]) -> None:
    """Refuse a call that feeds nothing to a model that reads something, or has words that nothing would heed."""
    listed = ", ".join(f"{name}: {kind}" for name, kind in inputs.items()) or "nothing"
    if more:
        raise options.wrong_call(
            f"{more[0]!r} belongs to no option: --input takes one file, and a shell makes several words of a pattern "
            f"such as *.png; the model reads {listed}: give each input by an --input of its own"
        )
    if not fed and inputs:
        raise options.wrong_call(f"the model reads {listed}; give it by --input NAME=FILE, or --random SEED")


def _given(
    session: Session, inputs: Sequence[str], random: int | None, sizes: dict[str, int], images: ImageOptions
) -> tuple[Mapping[str, Any], list[str]]:
    """The arrays by input name, and what is to be said of them."""
    from ..runtime import random_feeds, read_feeds

    if random is None:
        read = read_feeds(inputs, session.inputs, images=images)
        return read.arrays, [_note(one) for one in read.notes]
    made = random_feeds(session.inputs, random, sizes, session.demands, session.ranges)
    chosen = ", ".join(f"{name}={size}" for name, size in made.sizes.items())
    return made.arrays, [f"random input with {chosen} (--size changes it)"] if chosen else []


def _note(diagnostic: Diagnostic) -> str:
    advice = f" ({diagnostic.advice()})" if diagnostic.advice() else ""
    return f"{diagnostic.headline()}{advice}"


def _show(outputs: dict[str, Any], labels: Sequence[str] | None, top: int, save: Path | None, as_json: bool) -> None:
    from ..runtime.outputs import not_finite, output_data, render_outputs, save_outputs

    if save is not None:
        save_outputs(save, outputs)
        for note in not_finite(outputs):
            print_note(note)
        write(f"{visible(str(save))}: {', '.join(map(visible, outputs))}", sys.stdout)
    elif as_json:
        write_json(output_data(outputs, labels, top), sys.stdout)
    else:
        write(render_outputs(outputs, labels, top), sys.stdout)


def _sizes(texts: Sequence[str] | None) -> dict[str, int]:
    found: dict[str, int] = {}
    for text in texts or ():
        name, value = options.split_pair(text, "--size")
        if not value.isdecimal() or len(value) > 9:
            raise options.wrong_call(f"--size {name} takes a number, not {value!r}")
        if name in found:
            raise options.wrong_call(f"--size {name} is given twice")
        found[name] = int(value)
    return found


def _image_options(
    scale: str | None, mean: str | None, std: str | None, resize: Resize | None, layout: Layout | None
) -> ImageOptions:
    from ..runtime.images import ImageOptions

    return ImageOptions(
        scale=scale,
        mean=_numbers(mean, "--mean"),
        std=_numbers(std, "--std"),
        resize=resize,
        layout=layout,
    )


def _numbers(text: str | None, option: str) -> tuple[float, ...]:
    if text is None:
        return ()
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise options.wrong_call(f"{option} takes numbers separated by commas, not {text!r}") from None
