"""Numbers from text: `.csv` tables and JSON."""

from __future__ import annotations

import codecs
import csv
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

from numpy.typing import NDArray

from ..compiler.diagnostics import DotnnError
from ..compiler.diagnostics.damage import FileDamage, InputDamage
from ..compiler.diagnostics.feeding import (
    CommaInNumber,
    DamagedFile,
    EmptyCell,
    NoNumberInCell,
    NotANumber,
    NumberDoesNotFit,
    Place,
    RaggedValues,
    TableDoesNotFit,
    TableIsAmbiguous,
)
from ..compiler.diagnostics.phrases import Phrase
from ..compiler.diagnostics.running import ElementTypeNotSupported
from ..compiler.diagnostics.terminal_cells import clip
from .array_files import read_whole
from .feed_conversion import first_unfit, typed
from .tensor_info import Size, TensorInfo, format_sizes

#: Most bytes of text that are read; they take up to 20 times as much memory until they are numbers.
MAX_TEXT_BYTES = 64 * 2**20
#: numpy has no more axes.
MAX_RANK = 32
#: Most characters of a faulty text that a message shows.
LONGEST = 40

Number: TypeAlias = int | float | bool

_INTEGER = re.compile(r"[+-]?[0-9]{1,400}\Z")
_FLOAT = re.compile(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|nan|inf|infinity)\Z", re.ASCII | re.IGNORECASE
)
_TRUTH = {"true": True, "false": False}
_TEXT_TYPES = re.compile(r"u?int(?:8|16|32|64)|float(?:16|32|64)|bool")


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, or in UTF-16 with a byte order mark.

    Raises:
        DotnnError: a file that is no text, or more than `MAX_TEXT_BYTES`.
    """
    return decode(read_whole(path, MAX_TEXT_BYTES), str(path))


def decode(data: bytes, place: str) -> str:
    """Text in UTF-8, or in UTF-16 with a byte order mark; raises DotnnError for bytes that are no text."""
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        reason = InputDamage.BYTE_IS_NOT_UTF8(place=error.start)
        raise DotnnError(DamagedFile(path=place, kind="text", reason=reason)) from error


# Tables -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: list[str]


def table_array(text: str, tensor: TensorInfo, place: str) -> NDArray[Any]:
    """The numbers of a `.csv` text in the shape of an input.

    Cells are parted by commas, semicolons, tabs or blanks, whichever the first line has; empty lines and lines that
    begin with ``#`` are left out, and so is a first line none of whose cells is a number.

    Raises:
        DotnnError: cells that are no numbers of the input's type, rows of unequal length, or a table that does not
            fill the input's shape in exactly one way.
    """
    _check_type(tensor)
    columns = 0
    lines: list[int] = []
    flat: list[Number] = []
    # The texts of a row are let go of before the next one: they take several times as much as the numbers.
    for index, row in enumerate(_rows(text, place)):
        if index == 0 and not any(_number(cell) is not None for cell in row.cells):
            continue
        columns = columns or len(row.cells)
        flat += _cell_values(row, columns, place)
        lines.append(row.line)
    if not lines:
        raise DotnnError(DamagedFile(path=place, kind="table", reason=InputDamage.TABLE_WITHOUT_NUMBERS()))
    index = first_unfit(flat, tensor.dtype)
    if index is not None:
        row, column = divmod(index, columns)
        raise DotnnError(_unfit(flat[index], tensor, _cell_place(lines[row], column), place))
    return typed(flat, tensor.dtype, _table_shape(len(lines), columns, tensor, place))


def _rows(text: str, place: str) -> Iterator[_Row]:
    lines = [line if line.strip() and not line.lstrip().startswith("#") else "" for line in text.splitlines()]
    first = next((line for line in lines if line), "")
    delimiter = next((sign for sign in ";\t," if sign in first), None)
    if delimiter is None:
        yield from (_Row(number, line.split()) for number, line in enumerate(lines, 1) if line)
        return
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    try:
        yield from (_Row(reader.line_num, cells) for cells in reader if cells)
    except csv.Error as error:
        reason = InputDamage.LINE_IS_BAD(line=reader.line_num, reason=str(error))
        raise DotnnError(DamagedFile(path=place, kind="table", reason=reason)) from error


def _cell_values(row: _Row, columns: int, place: str) -> list[Number]:
    if len(row.cells) != columns:
        raise DotnnError(
            RaggedValues(path=place, place=Place.LINE(line=row.line), found=str(len(row.cells)), expected=str(columns))
        )
    values = [_number(cell) for cell in row.cells]
    if None in values:
        column = values.index(None)
        raise DotnnError(_not_a_number(row, column, place))
    return [value for value in values if value is not None]


def _not_a_number(row: _Row, column: int, place: str) -> NotANumber:
    cell = row.cells[column].strip()
    where = _cell_place(row.line, column)
    if not cell:
        return EmptyCell(path=place, place=where)
    kind = CommaInNumber if re.fullmatch(r"[+-]?[0-9]+,[0-9]+", cell) else NoNumberInCell
    return kind(path=place, place=where, found=f"`{clip(cell, LONGEST)}`")


def _cell_place(line: int, column: int) -> Phrase:
    return Place.CELL(line=line, column=column + 1)


def _number(cell: str) -> Number | None:
    cell = cell.strip()
    if _INTEGER.match(cell):
        return int(cell)
    if _FLOAT.match(cell):
        return float(cell)
    return _TRUTH.get(cell.lower())


def _table_shape(rows: int, columns: int, tensor: TensorInfo, place: str) -> tuple[int, ...]:
    if tensor.shape is None:
        return rows, columns
    ways = table_shapes(rows, columns, tensor.shape)
    if len(ways) == 1:
        return ways[0]
    if ways:
        listed = " or ".join(format_sizes(way) for way in ways)
        fault = TableIsAmbiguous(path=place, name=tensor.name, rows=rows, columns=columns, ways=listed)
        raise DotnnError(fault)
    raise DotnnError(
        TableDoesNotFit(
            path=place,
            name=tensor.name,
            rows=rows,
            columns=columns,
            expected=format_sizes(tensor.shape),
            per_example="*".join(str(size) for size in tensor.shape[1:]) or "1",
        )
    )


def table_shapes(rows: int, columns: int, shape: tuple[Size, ...]) -> list[tuple[int, ...]]:
    """The shapes in which a table fills a declared shape: as it stands, a row an example, or all rows one example.

    A table of one row or one column that fits in none of these ways is tried as the plain list of one example.
    """
    ways: list[tuple[int, ...] | None]
    if len(shape) == 2:
        ways = [_filled(shape[:1], rows, shape[1:], columns)]
    elif len(shape) > 2:
        a_row_each = _filled(shape[:1], rows, shape[1:], columns)
        all_rows = _filled(shape[1:-1], rows, shape[-1:], columns) if _fits(shape[0], 1) else None
        ways = [a_row_each, None if all_rows is None else (1, *all_rows)]
    else:
        ways = []
    found = list(dict.fromkeys(way for way in ways if way is not None))
    if found or 1 not in (rows, columns):
        return found
    plain = _fill((1, *shape[1:]) if len(shape) > 1 and _fits(shape[0], 1) else shape, rows * columns)
    return [plain] if plain is not None else []


def _filled(left: tuple[Size, ...], rows: int, right: tuple[Size, ...], columns: int) -> tuple[int, ...] | None:
    above, below = _fill(left, rows), _fill(right, columns)
    return None if above is None or below is None else above + below


def _fill(sizes: tuple[Size, ...], count: int) -> tuple[int, ...] | None:
    """The sizes with the one that is not known, if any, such that their product is the count."""
    unknown = [axis for axis, size in enumerate(sizes) if not isinstance(size, int)]
    known = math.prod(size for size in sizes if isinstance(size, int))
    if len(unknown) > 1 or known == 0 or count % known:
        return None
    if not unknown and known != count:
        return None
    return tuple(size if isinstance(size, int) else count // known for size in sizes)


def _fits(declared: Size, size: int) -> bool:
    return not isinstance(declared, int) or declared == size


# JSON ---------------------------------------------------------------------------------------------------------------


class _RepeatedName(ValueError):
    """An object has a name twice."""


def parse_json(text: str) -> Any:
    """The value of a JSON text; raises ValueError with a reason that can be shown."""
    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise ValueError(InputDamage.JSON_FAULT(reason=error.msg, line=error.lineno, column=error.colno)) from error
    except RecursionError as error:
        raise ValueError(FileDamage.NESTED_TOO_DEEPLY()) from error


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in pairs:
        if name in result:
            raise _RepeatedName(InputDamage.NAME_TWICE(name=clip(name, LONGEST)))
        result[name] = value
    return result


def json_array(value: Any, tensor: TensorInfo, place: str) -> NDArray[Any]:
    """A number, or nested lists of numbers, as an array in the element type of an input.

    Raises:
        DotnnError: lists of unequal length, or items that are no numbers of the input's type.
    """
    _check_type(tensor)
    shape, flat = _flattened(value, place)
    index = next((index for index, item in enumerate(flat) if not isinstance(item, (int, float))), None)
    if index is not None:
        where = _item_place(index, shape)
        raise DotnnError(NotANumber(path=place, place=where, found=_described(flat[index])))
    index = first_unfit(flat, tensor.dtype)
    if index is not None:
        raise DotnnError(_unfit(flat[index], tensor, _item_place(index, shape), place))
    return typed(flat, tensor.dtype, shape)


def _flattened(value: Any, place: str) -> tuple[tuple[int, ...], list[Any]]:
    """Shape and items of nested lists, level by level."""
    shape: tuple[int, ...] = ()
    level: list[Any] = [value]
    while any(isinstance(item, list) for item in level):
        if len(shape) == MAX_RANK:
            raise DotnnError(DamagedFile(path=place, kind="tensor", reason=InputDamage.LISTS_TOO_DEEP(most=MAX_RANK)))
        length = len(level[0]) if isinstance(level[0], list) else None
        for index, item in enumerate(level):
            found = len(item) if isinstance(item, list) else None
            if found != length:
                raise DotnnError(_ragged(index, shape, found, length, place))
        shape = (*shape, length or 0)
        level = list(chain.from_iterable(level))
    return shape, level


def _ragged(index: int, shape: tuple[int, ...], found: int | None, expected: int | None, place: str) -> RaggedValues:
    def count(length: int | None) -> str:
        return "no" if length is None else str(length)

    return RaggedValues(path=place, place=_item_place(index, shape), found=count(found), expected=count(expected))


def _item_place(index: int, shape: Sequence[int]) -> Phrase:
    indices: list[int] = []
    for size in reversed(shape):
        index, place = divmod(index, size)
        indices.append(place)
    if not indices:
        return Place.WHOLE()
    return Place.ITEM(indices="".join(f"[{place}]" for place in reversed(indices)))


def _described(item: Any) -> Phrase | str:
    if item is None:
        return "`null`"
    return "an object" if isinstance(item, dict) else Place.TEXT_ITEM(text=clip(str(item), LONGEST))


# Both ---------------------------------------------------------------------------------------------------------------


def _check_type(tensor: TensorInfo) -> None:
    if not _TEXT_TYPES.fullmatch(tensor.dtype):
        raise DotnnError(ElementTypeNotSupported(name=tensor.name, found=tensor.dtype))


def _unfit(value: Number, tensor: TensorInfo, where: Phrase, place: str) -> NumberDoesNotFit:
    found = json.dumps(value) if isinstance(value, bool) else _shown(value)
    return NumberDoesNotFit(path=place, place=where, name=tensor.name, found=found, expected=tensor.dtype)


def _shown(value: Number) -> Phrase | str:
    # Long ones say nothing, and Python refuses to print thousands of digits.
    if isinstance(value, int) and value.bit_length() > 128:
        return Place.LONG_INTEGER(bits=value.bit_length())
    return str(value)
