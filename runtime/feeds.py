"""The inputs of a model as a user gives them: files, values written on the command line, and standard input.

NAME=FILE    .npy  .npz  .csv  .json  .png  .jpg  .jpeg
FILE         the same; NAME may be left out for a model with one input, and for files that hold names
NAME=JSON    a number or nested lists: x=[[1, 2], [3, 4]]
NAME=-  -    JSON from standard input
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, final

from numpy.typing import NDArray

from ..compiler.diagnostics import Diagnostic, DotnnError, Report
from ..compiler.diagnostics.damage import InputDamage
from ..compiler.diagnostics.fed_arrays import InputNameNeeded, UnexpectedInput
from ..compiler.diagnostics.feeding import (
    BadInlineValue,
    DamagedFile,
    InputGivenTwice,
    NoSuchArray,
    StandardInputTwice,
    TooManyBytes,
    UnknownFileType,
)
from ..compiler.diagnostics.running import FileNotReadable
from ..compiler.diagnostics.suggest import near_names
from ..compiler.diagnostics.terminal_cells import clip
from ..compiler.diagnostics.unreadable_files import Unreadable
from . import images as image_files
from .array_files import Archive, open_npz, opened, read_npy
from .feed_checks import listed_inputs
from .images import ImageOptions, read_image
from .tensor_info import Feeds, TensorInfo
from .text_values import MAX_TEXT_BYTES, decode, json_array, parse_json, read_text, table_array

#: Endings of the names of files that are read.
SUFFIXES = (".npy", ".npz", ".csv", ".json", *image_files.SUFFIXES)
#: What stands for standard input.
STANDARD_INPUT = "-"
#: The name that numpy gives to an array that is saved without one.
_UNNAMED = "arr_0"

_INLINE = re.compile(r"\s*(?:[\[{]|[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?\s*\Z|(?:true|false|NaN|-?Infinity)\s*\Z)")


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
            raise DotnnError(InputGivenTwice(name=name, first=self._origins[name], second=clip(text, 60)))
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
        elif _INLINE.match(given.value):
            yield from self._json(_parsed_inline(given.value), given, clip(given.value, 60))
        else:
            yield from self._file(given)

    # Files ----------------------------------------------------------------------------------------------------------

    def _file(self, given: _Given) -> Iterator[tuple[str, NDArray[Any]]]:
        path = Path(given.value)
        suffix = path.suffix.lower()
        if suffix not in SUFFIXES:
            # What is no file at all has no format either.
            opened(path).close()
            raise DotnnError(UnknownFileType(path=str(path), known=", ".join(SUFFIXES)))
        if suffix == ".npz":
            yield from self._archive(path, given)
        elif suffix == ".json":
            yield from self._json(self._parsed_file(read_text(path), str(path)), given, str(path))
        else:
            yield self._one(path, suffix, self._tensor(given))

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
            yield from self._named(archive.names, archive.read)

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
        yield from self._named(value, lambda name: json_array(value[name], self.inputs[name], f"{place}: {name}"))

    def _named(
        self, names: Mapping[str, Any] | Sequence[str], read: Callable[[str], NDArray[Any]]
    ) -> Iterator[tuple[str, NDArray[Any]]]:
        """Arrays that bring their own names; what is wrong with one does not hide the others."""
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
        raise DotnnError(BadInlineValue(text=clip(text, 60), reason=str(error))) from error


def _member(archive: Archive, name: str, path: Path) -> str:
    """The array of an archive for a named input: that of the same name, or the only one without a name."""
    if name in archive.names:
        return name
    if archive.names == (_UNNAMED,):
        return _UNNAMED
    raise DotnnError(_no_such_array(str(path), name, archive.names))


def _no_such_array(place: str, name: str, names: Mapping[str, Any] | Sequence[str]) -> NoSuchArray:
    shown = [f"`{clip(other, 40)}`" for other in list(names)[:8]]
    more = ["..."] if len(names) > 8 else []
    listed = ", ".join(shown + more) or "nothing"
    return NoSuchArray(path=place, name=name, found=listed, near=near_names(name, names))


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False
