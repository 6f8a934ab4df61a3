"""Examples as files of the user's own: under another name, in another place, without the data that is fed to them.

The commands in their comments are those for the copy: its path stands in them, and where they feed data of the
examples, which is not copied, they feed random numbers.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Collection, Iterator
from pathlib import Path

from ..compiler.diagnostics import Report
from ..compiler.limits import Limits
from ..compiler.names.project import reserved
from ..compiler.source import Source
from ..compiler.syntax import tree
from ..compiler.syntax.comments import comments_of, docs_of
from ..compiler.syntax.parse import parse
from ..compiler.syntax.tokens import KEYWORDS
from ..examples import example_files

_FOLDER = "examples/"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_COMMAND = re.compile(r"(?P<start>\s*##? +)(?P<command>dotnn .*)")
_SENTENCE = re.compile(r".+?[.?!](?=\s|$)", re.DOTALL)
#: Options of ``dotnn run`` that name files, those that feed them, and those that say what becomes of images.
_FILES = ("--input", "-i", "--labels")
_FEEDS = ("--input", "-i")
_OF_IMAGES = ("--scale", "--mean", "--std", "--resize", "--layout")
#: Lines of a documentation comment that say nothing, but for one between two that do.
_EMPTY = re.compile(r"^##\n(?=##\n|[^#])", re.MULTILINE)


def copied(example: str, path: Path) -> tuple[str, tuple[str, ...]]:
    """The text of an example for a file, and what its models are called there.

    One alone is called like the file; several keep their names, by which they are told apart.

    Args:
        example: its full name.
        path: of the file.
    """
    source = Source(example, example_files()[example].read_text(encoding="utf-8"))
    file = parse(source, Limits(), Report())
    items = () if file is None else file.items
    models, text = [one.name for one in items if isinstance(one, tree.Model)], source.text
    names = [one.name for one in models]
    if len(models) == 1:
        (old,) = models
        names = [model_name(path.stem, {one for item in items for one in _names(item)} - {old.name}, old.name)]
        text = text[: old.span.start] + names[0] + text[old.span.end :]
    lines = [line for line in _lines(text, f"{_FOLDER}{example}.nn", path) if line is not None]
    return _EMPTY.sub("", "\n".join(lines) + "\n"), tuple(names)


def first_sentence(file: Path) -> str:
    """What the comment of a model begins with."""
    source = Source(str(file), file.read_text(encoding="utf-8"))
    docs = docs_of(source, comments_of(source))
    text = next((doc for offset, doc in sorted(docs.items()) if source.text.startswith("model", offset)), "")
    paragraph = " ".join(text.partition("\n\n")[0].split())
    found = _SENTENCE.match(paragraph)
    return paragraph if found is None else found[0]


def model_name(stem: str, taken: Collection[str], default: str) -> str:
    """What to call a model whose file has this name: the same, or the nearest that a model may be called.

    Args:
        stem: the name of the file, without its ending.
        taken: the names that the file has for others.
        default: the name if nothing of the stem can be in one.
    """
    name = stem
    if not _NAME.fullmatch(stem):
        # Letters without their accents, and a low line for everything else.
        letters = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode("ascii")
        name = re.sub(r"[^A-Za-z0-9_]+", "_", letters).strip("_") or default
        name = name if _NAME.fullmatch(name) else f"net_{name}"
    while name in taken or name in KEYWORDS or reserved(name) is not None:
        name += "_net"
    return name


def _names(item: tree.Item) -> list[str]:
    """What an item of a file brings into it."""
    if isinstance(item, tree.Import | tree.Broken):
        return [name.name for name in (item.names if isinstance(item, tree.Import) else item.targets)]
    return [item.name.name]


def _lines(text: str, old: str, path: Path) -> Iterator[str | None]:
    """The lines of a text that speaks of its new path and no longer of the old one; None for those that go."""
    before = ""
    for line in text.splitlines():
        command = _COMMAND.fullmatch(line)
        if command is None:
            before = ""
            yield line.replace(old, path.as_posix())
            continue
        words = [shell_word(path) if word == old else shlex.quote(word) for word in _without_data(command["command"])]
        said = f"{command['start']}{' '.join(words)}"
        # Two commands on different data have become one.
        is_kept = said != before and not any(word.startswith(_FOLDER) for word in words)
        before = said
        yield said if is_kept else None


def _without_data(command: str) -> list[str]:
    """The words of a command that feeds random numbers where it fed data of the examples."""
    words = shlex.split(command)
    pairs = list(zip(words, [*words[1:], ""], strict=True))
    data = {place for place, (word, value) in enumerate(pairs) if word in _FILES and _FOLDER in value}
    fed = [place for place in data if words[place] in _FEEDS]
    if fed:
        data |= {place for place, word in enumerate(words) if word in _OF_IMAGES}
    gone = data | {place + 1 for place in data}
    kept = [word for place, word in enumerate(words) if place not in gone]
    return [*kept, "--random", "0"] if fed else kept


def shell_word(path: Path) -> str:
    """A path as it is typed: quoted if need be, and none that looks like an option."""
    text = path.as_posix()
    return shlex.quote(f"./{text}" if text.startswith("-") else text)
