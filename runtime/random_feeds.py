"""Random inputs, to see that a model runs and what it costs: the same for the same seed on every machine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from ..compiler.diagnostics import DotnnError, Report
from ..compiler.diagnostics.feeding import (
    NoRandomElements,
    NoSuchSymbol,
    ShapeNotDeclared,
    SizeNotFound,
    TooManyRandomValues,
)
from ..compiler.diagnostics.running import BadSizeOfSymbol
from ..compiler.diagnostics.suggest import near_names
from ..compiler.diagnostics.terminal_cells import clip
from ..compiler.dims.parsing import Expression
from ..compiler.initializers.random_streams import Stream
from ..compiler.python_arguments import need_seed
from .array_files import MAX_BYTES
from .fed_sizes import read_expression, value_or_none
from .tensor_info import FedDemand, Feeds, Size, TensorInfo, is_symbol

#: The largest size that is tried for a symbolic dimension.
LARGEST_SIZE = 4096
#: The size of a symbolic dimension, but for the number of examples, where nothing asks for another one.
USUAL_SIZE = 8
#: The symbol that stands for the number of examples, in models that have it.
_BATCH = "N"
#: Characters of dimensions that one search evaluates at most: some seconds.
MOST_EFFORT = 2_000_000
#: What an evaluation takes beside, in characters.
_OVERHEAD = 20
#: Values of int32 and int64 inputs if no range is given: every vocabulary has these two ids.
DEFAULT_RANGE = (0, 1)


def random_feeds(
    inputs: Sequence[TensorInfo],
    seed: int = 0,
    sizes: Mapping[str, int] | None = None,
    demands: Sequence[FedDemand] = (),
    ranges: Mapping[str, tuple[float, float | str]] | None = None,
) -> Feeds:
    """Random values for every input.

    Floats are normal with mean 0 and standard deviation 1. Integers and truth values are drawn evenly: from all values
    of their type, those of int32 and int64 from `DEFAULT_RANGE`. Each input has a stream of its own, made of the seed
    and its name, so that one input does not change another.

    Args:
        inputs: what the model reads.
        seed: of the streams.
        sizes: of symbolic dimensions by name. One that is not given is 1 for the number of examples and else
            `USUAL_SIZE`, or the smallest larger size with which the demands are met, searched up to `LARGEST_SIZE`;
            where that is none, the smallest size at all. The result tells the sizes.
        demands: what the layers of the model need of the symbolic dimensions.
        ranges: least and greatest value by input name, both inclusive; floats are then spread evenly. The greatest
            may be the text of a dimension.

    Raises:
        DotnnError: sizes for unknown symbols or below 1, demands that cannot be met, inputs that hold no numbers, or a
            seed of more than 64 bits.
    """
    seed = need_seed(seed)
    ranges = ranges or {}
    chosen = choose_sizes(inputs, demands, sizes or {})
    report = Report()
    arrays: dict[str, NDArray[Any]] = {}
    for tensor in inputs:
        try:
            shape = _shape(tensor, chosen)
            arrays[tensor.name] = _values(tensor, shape, seed, _bounds(ranges.get(tensor.name), chosen))
        except DotnnError as error:
            report.extend(error.diagnostics)
    report.raise_errors()
    return Feeds(arrays, chosen)


def choose_sizes(
    inputs: Sequence[TensorInfo], demands: Sequence[FedDemand], given: Mapping[str, int]
) -> dict[str, int]:
    """A size for every symbol of the inputs: the one given, or one with which the demands are met.

    A demand on several symbols without a given size raises them together, or one alone where that does not help. It
    begins with usual sizes, and where that leads nowhere with 1. A symbol that is to be smaller must be given.

    Raises:
        DotnnError: sizes for unknown symbols or below 1, or demands that no size up to `LARGEST_SIZE` meets.
    """
    names = list(dict.fromkeys(name for tensor in inputs for name in _symbols(tensor)))
    report = Report()
    report.extend(_bad_sizes(names, given))
    report.raise_errors()
    batch = {_BATCH} if _BATCH in names else set(_first_symbols(inputs))
    usual = {name: given.get(name, 1 if name in batch else USUAL_SIZE) for name in names}
    effort = _Effort()
    try:
        return _settled(usual, inputs, demands, given, effort)
    except DotnnError:
        return _settled({name: given.get(name, 1) for name in names}, inputs, demands, given, effort)


def _settled(
    sizes: dict[str, int],
    inputs: Sequence[TensorInfo],
    demands: Sequence[FedDemand],
    given: Mapping[str, int],
    effort: _Effort,
) -> dict[str, int]:
    """The sizes, raised until all demands are met."""
    wanted = [*_sizes_of_inputs(inputs), *demands]
    # What one demand raises may undo another one only if that shrinks with the size; some rounds settle it.
    for _ in wanted:
        unmet = [demand for demand in wanted if not effort.is_met(demand, sizes)]
        if not unmet:
            return sizes
        for demand in unmet:
            if not effort.is_met(demand, sizes):
                _raise(demand, sizes, given, effort)
    for demand in wanted:
        if not effort.is_met(demand, sizes):
            raise DotnnError(_not_found(demand, list(sizes), given))
    return sizes


def _first_symbols(inputs: Iterable[TensorInfo]) -> Iterator[str]:
    """The symbols that are a first axis, which is that of the examples where models of other makers have one."""
    for tensor in inputs:
        first = tensor.shape[0] if tensor.shape else None
        if isinstance(first, str):
            yield first


def _bad_sizes(names: Sequence[str], given: Mapping[str, int]) -> Iterator[NoSuchSymbol | BadSizeOfSymbol]:
    for name, size in given.items():
        if name not in names:
            yield NoSuchSymbol(name=name, names=tuple(names), near=near_names(name, names))
        elif size < 1:
            yield BadSizeOfSymbol(option=name, found=str(size))


def _symbols(tensor: TensorInfo) -> Iterator[str]:
    for size in tensor.shape or ():
        if isinstance(size, str):
            parsed = None if is_symbol(size) else read_expression(size)
            yield from (size,) if parsed is None else parsed.symbols


def _sizes_of_inputs(inputs: Iterable[TensorInfo]) -> Iterator[FedDemand]:
    """Every size of an input is at least 1, that of ``H - 2`` too."""
    for tensor in inputs:
        for size in tensor.shape or ():
            if isinstance(size, str) and not is_symbol(size) and read_expression(size):
                yield FedDemand(size, 1)


@final
class _Effort:
    """What a search may still evaluate: the demands are those of a model file, which may be anybody's."""

    def __init__(self) -> None:
        self._left = MOST_EFFORT
        self._parsed: dict[str, Expression | None] = {}

    def is_met(self, demand: FedDemand, sizes: Mapping[str, int]) -> bool:
        """Whether a demand is met, or cannot be evaluated; raises DotnnError where the search has taken too long."""
        self._left -= len(demand.dim) + len(sizes) + _OVERHEAD
        if self._left < 0:
            raise DotnnError(_not_found(demand, list(sizes), {}))
        if demand.dim not in self._parsed:
            self._parsed[demand.dim] = read_expression(demand.dim)
        parsed = self._parsed[demand.dim]
        value = value_or_none(parsed, sizes) if parsed is not None else None
        return value is None or value >= demand.minimum


def _raise(demand: FedDemand, sizes: dict[str, int], given: Mapping[str, int], effort: _Effort) -> None:
    """Raise the symbols of a demand that are not given until it is met: all together, or else one of them alone."""
    parsed = read_expression(demand.dim)
    free = [name for name in parsed.symbols if name in sizes and name not in given] if parsed is not None else []
    for names in (free, *([name] for name in free if len(free) > 1)):
        for size in range(min(sizes[name] for name in names) + 1, LARGEST_SIZE + 1) if names else ():
            tried = {**sizes, **{name: max(size, sizes[name]) for name in names}}
            if effort.is_met(demand, tried):
                sizes.update(tried)
                return
    raise DotnnError(_not_found(demand, free or list(sizes), given))


def _not_found(demand: FedDemand, names: Sequence[str], given: Mapping[str, int]) -> SizeNotFound:
    free = [name for name in names if name not in given] or list(names)
    listed = ", ".join(f"`{clip(name, 40)}`" for name in names[:8]) + (", ..." if len(names) > 8 else "")
    return SizeNotFound(
        symbols=listed or "the inputs",
        example=free[0] if free else "H",
        dim=clip(demand.dim, 80),
        minimum=demand.minimum,
    )


def _shape(tensor: TensorInfo, sizes: Mapping[str, int]) -> tuple[int, ...]:
    if tensor.shape is None:
        raise DotnnError(ShapeNotDeclared(name=tensor.name))
    shape = tuple(_size(size, sizes) for size in tensor.shape)
    # Eight bytes hold an element of any type.
    needed = math.prod(shape) * 8
    if needed > MAX_BYTES:
        raise DotnnError(TooManyRandomValues(name=tensor.name, size=needed))
    return shape


def _size(size: Size, sizes: Mapping[str, int]) -> int:
    if isinstance(size, int):
        return size
    if size is None:
        return 1
    parsed = None if size in sizes else read_expression(size)
    value = value_or_none(parsed, sizes) if parsed is not None else sizes[size]
    return 1 if value is None else value


def _bounds(found: tuple[float, float | str] | None, sizes: Mapping[str, int]) -> tuple[float, float] | None:
    """A range in numbers; None where there is none, or where its end depends on a size that is not known."""
    if found is None or not isinstance(found[1], str):
        return found  # pyright: ignore[reportReturnType]
    parsed = read_expression(found[1])
    high = value_or_none(parsed, sizes) if parsed is not None else None
    return None if high is None or high < found[0] else (found[0], high)


def _values(tensor: TensorInfo, shape: tuple[int, ...], seed: int, bounds: tuple[float, float] | None) -> NDArray[Any]:
    # No parameter has a colon in its name, so no input shares the stream of a parameter.
    stream = Stream(seed, f"input:{tensor.name}")
    dtype = tensor.dtype
    if dtype in ("float16", "float32", "float64"):
        if bounds is not None:
            return stream.uniform(shape, dtype, *bounds)
        return stream.normal(shape, dtype, 0.0, 1.0)
    if dtype != "bool" and "int" not in dtype:
        raise DotnnError(NoRandomElements(name=tensor.name, dtype=dtype))
    low, high = bounds or _default_range(dtype)
    count = math.floor(high) - math.ceil(low) + 1
    steps = np.floor(stream.uniform(shape, "float64", 0.0, 1.0) * count)
    return (np.minimum(steps, count - 1) + math.ceil(low)).astype(dtype)


def _default_range(dtype: str) -> tuple[int, int]:
    """All values of a narrow type; indices and lengths are int32 or int64."""
    if dtype == "bool" or dtype.endswith(("32", "64")):
        return DEFAULT_RANGE
    limits = np.iinfo(dtype)
    return int(limits.min), int(limits.max)
