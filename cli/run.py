"""``dotnn run``: numbers from a model."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..compiler.diagnostics import Diagnostic
from . import options
from .build import loaded_weights
from .printing import write

if TYPE_CHECKING:
    from ..compiler.driver import Compiled
    from ..runtime import Feeds, Session
    from ..runtime.images import ImageOptions

#: A model with more weights goes to the session through files, so that they are not held twice.
_LARGEST_IN_MEMORY = 256_000_000


class ProviderName(StrEnum):
    """Where to compute."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class Resize(StrEnum):
    """How an image of another size is made to fit."""

    STRETCH = "stretch"
    CROP = "crop"


class Layout(StrEnum):
    """Where the channels of an image go."""

    NCHW = "nchw"
    NHWC = "nhwc"


def run(
    source: Annotated[str, typer.Argument(help="A .nn or .onnx file.", show_default=False)],
    inputs: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            "-i",
            metavar="[NAME=]FILE",
            help="An input: .npy .npz .csv .json .png .jpg, JSON text, or `-` for JSON on standard input.",
        ),
    ] = None,
    random: Annotated[
        int | None, typer.Option("--random", metavar="SEED", min=0, help="Feed random numbers instead.")
    ] = None,
    sizes: Annotated[
        list[str] | None,
        typer.Option("--size", metavar="NAME=N", help="The size of a symbolic dimension for --random: `--size H=64`."),
    ] = None,
    provider: Annotated[ProviderName, typer.Option("--provider", help="Where to compute.")] = ProviderName.AUTO,
    labels: options.Labels = None,
    top: Annotated[int, typer.Option("--top", min=1, help="How many classes to show.")] = 5,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Save the outputs as .npy or .npz instead.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outputs as JSON.")] = False,
    scale: Annotated[
        str | None, typer.Option("--scale", metavar="LOW..HIGH", help="What black and white pixels become: `0..1`.")
    ] = None,
    mean: Annotated[
        str | None, typer.Option("--mean", metavar="A,B,C", help="Subtracted from the pixels, per channel.")
    ] = None,
    std: Annotated[str | None, typer.Option("--std", metavar="A,B,C", help="Divides the pixels, per channel.")] = None,
    resize: Annotated[Resize | None, typer.Option("--resize", help="Fit images of another size.")] = None,
    layout: Annotated[Layout | None, typer.Option("--layout", help="Where the channels of an image go.")] = None,
    target: options.Target = options.TargetName.ONNXRUNTIME,
    no_optimize: options.NoOptimize = False,
    seed: options.Seed = 0,
    weights: options.Weights = None,
    model: options.Model = None,
    settings: options.Settings = None,
    limits: options.LimitOptions = None,
    root: options.Root = None,
) -> None:
    """Run a model on onnxruntime: on files, on text, or on random numbers."""
    if inputs and random is not None:
        raise options.wrong_call("--input and --random exclude each other")
    images = _image_options(scale, mean, std, resize, layout)
    names = options.read_labels(labels)
    settled = _sizes(sizes)

    @contextmanager
    def opened() -> Iterator[Session]:
        if source.endswith(".onnx"):
            _refuse_compile_options(weights, model, settings, no_optimize)
            yield _onnx_session(source, provider)
            return
        compiled = options.compile_model(source, model, settings, limits, root)
        with loaded_weights(weights, compiled) as loaded:
            build = {"target": target.value, "optimize": not no_optimize, "seed": seed, "weights": loaded}
            yield _compiled_session(compiled, build, provider)

    with opened() as session:
        _say(session.notes)
        feeds = session.prepare(_feeds(session, inputs, random, settled, images))
        _say(feeds.notes)
        outputs = session.run_prepared(feeds)
    _show(outputs, names or session.labels, top, save, as_json)


def _onnx_session(path: str, provider: ProviderName) -> Session:
    from ..runtime import Session

    return Session(path, provider=provider.value)


def _compiled_session(compiled: Compiled, build: dict[str, Any], provider: ProviderName) -> Session:
    from ..runtime import Session

    if compiled.weights_bytes > _LARGEST_IN_MEMORY:
        return Session.from_save(lambda path: compiled.save(path, **build), provider=provider.value)
    return Session(compiled.to_bytes(**build), provider=provider.value)


def _refuse_compile_options(
    weights: Path | None, model: str | None, settings: Sequence[str] | None, no_optimize: bool
) -> None:
    given = {"--weights": weights, "--model": model, "--set": settings, "--no-optimize": no_optimize}
    for option, value in given.items():
        if value:
            raise options.wrong_call(f"{option} is for .nn files; an .onnx file is run as it is")


def _feeds(
    session: Session,
    inputs: Sequence[str] | None,
    random: int | None,
    sizes: dict[str, int],
    images: ImageOptions,
) -> dict[str, Any]:
    from ..runtime import random_feeds, read_feeds

    if random is not None:
        made = random_feeds(session.inputs, random, sizes, session.demands)
        _say_sizes(made)
        return dict(made.arrays)
    if sizes:
        raise options.wrong_call("--size goes with --random; the sizes of other inputs are their own")
    if not inputs:
        wanted = ", ".join(f"{one.name} ({one})" for one in session.inputs)
        raise options.wrong_call(f"give the inputs by --input NAME=FILE, or --random SEED; the model reads {wanted}")
    read = read_feeds(inputs, session.inputs, images=images)
    _say(read.notes)
    return dict(read.arrays)


def _say_sizes(made: Feeds) -> None:
    if made.sizes:
        chosen = ", ".join(f"{name}={size}" for name, size in made.sizes.items())
        write(f"random input with {chosen} (--size changes it)", sys.stderr)


def _say(notes: Sequence[Diagnostic]) -> None:
    for note in notes:
        advice = f" ({note.advice()})" if note.advice() else ""
        write(f"note: {note.headline()}{advice}", sys.stderr)


def _show(outputs: dict[str, Any], labels: Sequence[str] | None, top: int, save: Path | None, as_json: bool) -> None:
    from ..runtime.outputs import output_data, render_outputs, save_outputs

    if save is not None:
        save_outputs(save, outputs)
        write(f"{save}: {', '.join(outputs)}", sys.stdout)
    elif as_json:
        write(json.dumps(output_data(outputs, labels, top), indent=2), sys.stdout)
    else:
        write(render_outputs(outputs, labels, top), sys.stdout)


def _sizes(texts: Sequence[str] | None) -> dict[str, int]:
    found: dict[str, int] = {}
    for text in texts or ():
        name, value = options.split_pair(text, "--size")
        if not value.isdecimal() or len(value) > 9:
            raise options.wrong_call(f"--size {name} takes a number, not {value!r}")
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
        resize=None if resize is None else resize.value,
        layout=None if layout is None else layout.value,
    )


def _numbers(text: str | None, option: str) -> tuple[float, ...]:
    if text is None:
        return ()
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise options.wrong_call(f"{option} takes numbers separated by commas, not {text!r}") from None
