"""The inputs of a model as a user gives them: files, values written on the command line, and standard input.

NAME=FILE    .npy  .npz  .csv  .json  .png  .jpg  .jpeg
FILE         the same; NAME may be left out for a model with one input, and for files that hold names
NAME=JSON    a number or nested lists: x=[[1, 2], [3, 4]]
NAME=-  -    JSON from standard input
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, final

from numpy.typing import NDArray

from ..compiler.diagnostics import Diagnostic, DotnnError, Report
from ..compiler.diagnostics.damage import InputDamage
from ..compiler.diagnostics.fed_arrays import InputNameNeeded, UnexpectedInput
from ..compiler.diagnostics.feeding import (
    AddressAsInput,
    ArraysOfNoInput,
    BadInlineValue,
    DamagedFile,
    FolderAsInput,
    InputGivenTwice,
    InputNotReadable,
    NoSuchArray,
    NothingAsInput,
    NumbersWithoutBrackets,
    OtherFileAsInput,
    StandardInputTwice,
    TooManyBytes,
    UnknownFileType,
    WordInValue,
    WordOfPython,
)
from ..compiler.diagnostics.running import FileNotReadable
from ..compiler.diagnostics.suggest import near_names
from ..compiler.diagnostics.terminal_cells import clip
from ..compiler.diagnostics.unreadable_files import Unreadable
from ..compiler.file_kinds import kind_of_file
from ..compiler.regular_files import instead, open_regular, why_not
from . import images as image_files
from .array_files import Archive, open_npz, read_npy
from .feed_checks import listed_inputs
from .images import ImageOptions, read_image
from .tensor_info import Feeds, TensorInfo
from .text_values import MAX_TEXT_BYTES, decode, json_array, parse_json, read_text, table_array

#: Endings of the names of files that are read.
SUFFIXES = (".npy", ".npz", ".csv", ".json", *image_files.SUFFIXES)
_KNOWN = ", ".join(SUFFIXES)
#: What stands for standard input.
STANDARD_INPUT = "-"
#: The name that numpy gives to an array that is saved without one.
_UNNAMED = "arr_0"

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_INLINE = re.compile(rf"\s*(?:[\[{{]|{_NUMBER}\s*\Z|(?:true|false|NaN|-?Infinity)\s*\Z)")
_NUMBERS = re.compile(rf"\s*{_NUMBER}(?:[\s,;]+{_NUMBER})*[\s,;]*\Z")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
#: What other languages call values of JSON.
_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("nan", "+nan", "-nan"), "NaN"),
    **dict.fromkeys(("inf", "+inf", "infinity", "+infinity"), "Infinity"),
    **dict.fromkeys(("-inf", "-infinity"), "-Infinity"),
    "true": "true",
    "false": "false",
}
_WORD = re.compile(r'"[^"]*"|[+-]?[A-Za-z]+')
_TUPLE = re.compile(r"\s*\([\s0-9.,eE+()\[\]-]*\)\s*\Z")
#: Characters of values in which words of other languages are looked for.
LONGEST_SPELLING = 1000
#: Names in a folder beyond this many are not looked at for one that is meant.
MOST_NAMES = 10_000


def read_feeds(
    texts: Sequence[str],
    inputs: Sequence[TensorInfo],
    *,
    images: ImageOptions | None = None,
    stdin: IO[bytes] | None = None,
) -> Feeds:
    """The arrays that command-line texts give for the inputs of a model.

    Numbers of text, and pixels, come in the element types of the inputs; arrays of files as they are, and missing
    inputs stay missing: `Session.run` checks all that.

    Args:
        texts: each ``NAME=FILE``, ``FILE``, ``NAME=JSON``, ``NAME=-`` or ``-``.
        inputs: what the model reads.
        images: how pixels become numbers.
        stdin: where ``-`` reads from, instead of the standard input of the process.

    Raises:
        DotnnError: everything that is wrong with the texts and the files.
    """
    reader = _Reader(inputs, images or ImageOptions(), stdin)
    for text in texts:
        reader.read(text)
    reader.report.raise_errors()
    return Feeds(reader.arrays, {}, tuple(reader.notes))


@dataclass(frozen=True, slots=True)
class _Given:
    """One text of the command line, taken apart."""

    text: str
    name: str | None
    value: str


@final
class _Reader:
    """The arrays read so far, and what was wrong with the others."""

    def __init__(self, inputs: Sequence[TensorInfo], images: ImageOptions, stdin: IO[bytes] | None) -> None:
        self.inputs = {tensor.name: tensor for tensor in inputs}
        self.arrays: dict[str, NDArray[Any]] = {}
        self.notes: list[Diagnostic] = []
        self.report = Report()
        self._images = images
        self._stdin = stdin
        self._origins: dict[str, str] = {}
        self._stdin_reader: str | None = None

    def read(self, text: str) -> None:
        """Take one text in, or record what is wrong with it."""
        given = self._split(text)
        try:
            if given.name is not None:
                self._check_name(given.name)
            for name, array in self._arrays(given):
                self._add(name, array, given.text)
        except DotnnError as error:
            self.report.extend(error.diagnostics)

    def _add(self, name: str, array: NDArray[Any], text: str) -> None:
        if name in self.arrays:
            first, second = self._origins[name], clip(text, 60)
            raise DotnnError(InputGivenTwice(name=name, first=first, second=second, **self._facts))
        self.arrays[name] = array
        self._origins[name] = clip(text, 60)

    def _split(self, text: str) -> _Given:
        # Names of inputs may hold any sign, `=` among them.
        known = [name for name in self.inputs if text.startswith(f"{name}=")]
        if known:
            name = max(known, key=len)
            return _Given(text, name, text[len(name) + 1 :])
        if text == STANDARD_INPUT or text.lstrip().startswith(("[", "{")) or "=" not in text or _is_file(text):
            return _Given(text, None, text)
        name, _, value = text.partition("=")
        return _Given(text, name, value)

    @property
    def _facts(self) -> dict[str, Any]:
        """What messages say of the model."""
        return {"count": len(self.inputs), "inputs": listed_inputs(tuple(self.inputs.values()))}

    def _check_name(self, name: str) -> None:
        if name not in self.inputs:
            near = near_names(name, self.inputs)
            listed = listed_inputs(tuple(self.inputs.values()))
            raise DotnnError(UnexpectedInput(name=name, inputs=listed, near=near))

    def _tensor(self, given: _Given) -> TensorInfo:
        """The input that a text is for; a model with one input needs no name."""
        if given.name is not None:
            return self.inputs[given.name]
        if len(self.inputs) == 1:
            return next(iter(self.inputs.values()))
        listed = listed_inputs(tuple(self.inputs.values()))
        raise DotnnError(InputNameNeeded(text=clip(given.text, 60), inputs=listed))

    def _arrays(self, given: _Given) -> Iterator[tuple[str, NDArray[Any]]]:
        if given.value == STANDARD_INPUT:
            place = "standard input"
            yield from self._json(self._parsed_file(self._standard_input(given), place), given, place)
        elif not given.value.strip():
            raise DotnnError(NothingAsInput(name=given.name, known=_KNOWN, **self._facts))
        elif _INLINE.match(given.value):
            yield from self._json(_parsed_inline(given.value), given, clip(given.value, 60))
        else:
            yield from self._file(given)

    # Files ----------------------------------------------------------------------------------------------------------

    def _file(self, given: _Given) -> Iterator[tuple[str, NDArray[Any]]]:
        path = Path(given.value)
        suffix = path.suffix.lower()
        try:
            open_regular(path).close()
        except (OSError, ValueError) as error:
            raise DotnnError(self._no_file(given.value, error)) from error
        if suffix not in SUFFIXES:
            kind = kind_of_file(path)
            if kind is None:
                raise DotnnError(UnknownFileType(path=str(path), known=_KNOWN))
            raise DotnnError(OtherFileAsInput(path=str(path), known=_KNOWN, kind=kind, **self._facts))
        if suffix == ".npz":
            yield from self._archive(path, given)
        elif suffix == ".json":
            yield from self._json(self._parsed_file(read_text(path), str(path)), given, str(path))
        else:
            yield self._one(path, suffix, self._tensor(given))

    def _no_file(self, value: str, error: OSError | ValueError) -> Diagnostic:
        """What is wrong with a text that is no JSON, and no file that can be read."""
        if isinstance(error, FileNotFoundError):
            words = value.strip()
            if words.casefold() in _WORDS:
                return WordOfPython(text=words, written=_WORDS[words.casefold()])
            if _TUPLE.match(value):
                written = words.replace("(", "[").replace(")", "]")
                return NumbersWithoutBrackets(text=clip(words, 60), written=clip(written, 60), **self._facts)
            if _NUMBERS.match(value):
                written = f"[{', '.join(re.findall(_NUMBER, value))}]"
                return NumbersWithoutBrackets(text=clip(words, 60), written=clip(written, 60), **self._facts)
        facts = {"path": value.replace("\0", "\\0"), "reason": why_not(error), "known": _KNOWN, **self._facts}
        if _ADDRESS.match(value):
            return AddressAsInput(**facts)
        if isinstance(error, OSError) and error.errno == errno.EISDIR:
            return FolderAsInput(**facts, near=tuple(_fed_files(value)[:2]))
        if instead(error):
            return FileNotReadable(path=facts["path"], reason=facts["reason"], hint=instead(error))
        return InputNotReadable(**facts, near=_near_files(value))

    def _one(self, path: Path, suffix: str, tensor: TensorInfo) -> tuple[str, NDArray[Any]]:
        """The array of a file that holds one without a name."""
        if suffix == ".npy":
            return tensor.name, read_npy(path)
        if suffix == ".csv":
            return tensor.name, table_array(read_text(path), tensor, str(path))
        array, notes = read_image(path, tensor, self._images)
        self.notes += notes
        return tensor.name, array

    def _archive(self, path: Path, given: _Given) -> Iterator[tuple[str, NDArray[Any]]]:
        with open_npz(path) as archive:
            if not archive.names:
                reason = InputDamage.ARCHIVE_WITHOUT_ARRAYS()
                raise DotnnError(DamagedFile(path=str(path), kind="`.npz` archive", reason=reason))
            if given.name is not None or (archive.names == (_UNNAMED,) and _UNNAMED not in self.inputs):
                tensor = self._tensor(given)
                yield tensor.name, archive.read(_member(archive, tensor.name, path))
                return
            yield from self._named(archive.names, archive.read, str(path))

    # JSON -----------------------------------------------------------------------------------------------------------

    def _json(self, value: Any, given: _Given, place: str) -> Iterator[tuple[str, NDArray[Any]]]:
        if not isinstance(value, Mapping):
            tensor = self._tensor(given)
            yield tensor.name, json_array(value, tensor, place)
            return
        if given.name is not None:
            if given.name not in value:
                raise DotnnError(_no_such_array(place, given.name, value))
            value = {given.name: value[given.name]}
        yield from self._named(
            value, lambda name: json_array(value[name], self.inputs[name], f"{place}: {name}"), place
        )

    def _named(
        self, names: Mapping[str, Any] | Sequence[str], read: Callable[[str], NDArray[Any]], place: str
    ) -> Iterator[tuple[str, NDArray[Any]]]:
        """Arrays that bring their own names; what is wrong with one does not hide the others."""
        if len(names) > 1 and self.inputs.keys().isdisjoint(names):
            raise DotnnError(ArraysOfNoInput(path=place, found=_listed(names), **self._facts))
        for name in names:
            try:
                self._check_name(name)
                array = read(name)
            except DotnnError as error:
                self.report.extend(error.diagnostics)
            else:
                yield name, array

    def _parsed_file(self, text: str, place: str) -> Any:
        try:
            return parse_json(text)
        except ValueError as error:
            raise DotnnError(DamagedFile(path=place, kind="JSON", reason=str(error))) from error

    def _standard_input(self, given: _Given) -> str:
        if self._stdin_reader is not None:
            raise DotnnError(StandardInputTwice(first=self._stdin_reader, second=given.text))
        self._stdin_reader = given.text
        stream = self._stdin or sys.stdin.buffer
        try:
            data = stream.read(MAX_TEXT_BYTES + 1)
        except OSError as error:
            reason = (error.strerror or str(Unreadable.STREAM_IS_CLOSED())).lower()
            raise DotnnError(FileNotReadable(path="standard input", reason=reason)) from error
        if len(data) > MAX_TEXT_BYTES:
            raise DotnnError(TooManyBytes(path="standard input", limit=MAX_TEXT_BYTES))
        return decode(data, "standard input")


def _parsed_inline(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError as error:
        raise DotnnError(_bad_inline(text, str(error))) from error


def _bad_inline(text: str, reason: str) -> BadInlineValue:
    shown = clip(text, 60)
    for word in _WORD.findall(text[:LONGEST_SPELLING]):
        written = _WORDS.get(word.casefold(), word)
        if written not in (word, f"+{word}"):
            return WordInValue(text=shown, reason=reason, word=word, written=written)
    return BadInlineValue(text=shown, reason=reason)


def _member(archive: Archive, name: str, path: Path) -> str:
    """The array of an archive for a named input: that of the same name, or the only one without a name."""
    if name in archive.names:
        return name
    if archive.names == (_UNNAMED,):
        return _UNNAMED
    raise DotnnError(_no_such_array(str(path), name, archive.names))


def _no_such_array(place: str, name: str, names: Mapping[str, Any] | Sequence[str]) -> NoSuchArray:
    return NoSuchArray(path=place, name=name, found=_listed(names), near=near_names(name, names))


def _listed(names: Mapping[str, Any] | Sequence[str]) -> str:
    shown = [f"`{clip(other, 40)}`" for other in list(names)[:8]]
    more = ["..."] if len(names) > 8 else []
    return ", ".join(shown + more) or "nothing"


def _near_files(path: str) -> tuple[str, ...]:
    """Files that may be meant by a path where nothing is; of `x=~/a.png` shells leave the home folder as it is."""
    home = os.path.expanduser(path)
    if home != path and os.path.isfile(home):
        return (home,)
    folder, name = os.path.split(path)
    beside = {os.path.basename(one): os.path.join(folder, os.path.basename(one)) for one in _fed_files(folder or ".")}
    return tuple(beside[one] for one in near_names(name, sorted(beside)))


def _fed_files(folder: str) -> list[str]:
    """The files of a folder that inputs are read from, in the order of their names; none where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            names = [one.name for one in islice(entries, MOST_NAMES) if one.name.lower().endswith(SUFFIXES)]
    except (OSError, ValueError):
        return []
    return [os.path.join(folder, name) for name in sorted(names)]


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False
