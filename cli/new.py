"""``dotnn new``: a file to start from, a copy of an example."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from ..compiler.visible_text import visible
from . import options
from .base import Argument, Command
from .streams import write
from .terminal import hanging, prose_width

_ENDING = ".nn"
#: What a file is a copy of, unless the call says so: short, and every kind of statement is in it, explained.
_DEFAULT = "mnist_cnn"


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from ..examples import example_files

    return [CompletionItem(name) for name in example_files() if name.startswith(incomplete)]


@click.command(cls=Command)
@click.argument(
    "name",
    cls=Argument,
    metavar="[NAME]",
    type=click.Path(readable=False),
    required=False,
    about="The file, with or without `.nn`; a model that is alone in it is called like it.",
)
@click.option(
    "--from",
    "example",
    metavar="EXAMPLE",
    default=_DEFAULT,
    show_default=True,
    shell_complete=_complete,
    help="What to copy, as in `--from zoo/resnet18`.",
)
@click.option("--list", "wants_list", is_flag=True, help="List the examples instead.")
def new(name: str | None, example: str, wants_list: bool) -> None:
    """Write a model to start from: a small one that explains itself, or a copy of a network that is known.

    A file that is there already is never replaced.
    """
    if wants_list:
        if name is not None:
            raise options.wrong_call("--list writes no file; leave out the name")
        _print_examples()
        return
    from ..compiler.atomic_files import create_atomically
    from .example_copies import copied, shell_word

    path, example = _path(name), _known(example)
    text, models = copied(example, path)
    create_atomically(path, text.encode("utf-8"))
    word = visible(shell_word(path))
    noun, choice = ("model", "") if len(models) == 1 else ("models", f" --model {models[0]}")
    write(f"{visible(str(path))}: the {noun} {', '.join(models)}, from {example}", sys.stdout)
    write(f"next: dotnn check {word} && dotnn summary {word}{choice}", sys.stdout)


def _path(name: str | None) -> Path:
    """The file that is meant; a usage error where the name is that of none."""
    if not name:
        raise options.wrong_call("name the file to write, such as `net.nn`; --list shows what there is to copy")
    if not name.isprintable():
        raise options.wrong_call(f"{name!r} has characters that no line can show; name another file")
    stem = os.path.basename(name).removesuffix(_ENDING)
    if not stem.strip("."):
        raise options.wrong_call(f"{name!r} names no file; write {os.path.join(os.path.dirname(name), 'net.nn')!r}")
    if name == "-":
        raise options.wrong_call("`-` is no file; name one, such as `net.nn`")
    return Path(name if name.endswith(_ENDING) else name + _ENDING)


def _known(written: str) -> str:
    """The full name of an example, of which the last part is enough; a usage error if there is none, or several."""
    from ..compiler.diagnostics.suggest import did_you_mean, near_names, one_of
    from ..examples import example_files

    names = {name: name.rpartition("/")[2] for name in example_files()}
    wanted = written.removeprefix("examples/").removesuffix(_ENDING)
    found = [wanted] if wanted in names else [name for name, last in names.items() if last == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        raise options.wrong_call(f"--from {written}: that may be {one_of(found)}")
    last = wanted.rpartition("/")[2]
    near = [last] if last in names.values() else near_names(last, names.values())
    hint = did_you_mean(name for one in near for name in names if names[name] == one)
    raise options.wrong_call(f"--from: there is no example {written!r}: {hint or '`dotnn new --list` lists all'}")


def _print_examples() -> None:
    from ..examples import example_files
    from .example_copies import first_sentence

    files, width = example_files(), prose_width(sys.stdout)
    longest = max(map(len, files))
    lines = [f"{name:<{longest}}  {first_sentence(file)}" for name, file in files.items()]
    write("\n".join(one if width is None else hanging(one, width, longest + 2) for one in lines), sys.stdout)
