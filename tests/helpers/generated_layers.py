"""Cases for any layer, made from what its registry entry says: samples, operands, and the kinds of its attributes.

A case begins as a sample, of which sizes, ranks, element types, attributes and optional operands are changed at random.
What the layer then refuses is no case. The same kind and number always give the same case.
"""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from random import Random
from typing import Any

import numpy as np
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.dims import Dim, DimExpr, evaluate, substitute, symbol, symbols
from dotnn.compiler.elaborate.layer_nodes import check_initializers, weight_dtype
from dotnn.compiler.graph.graph import Graph, Node
from dotnn.compiler.graph.symbol_sources import symbol_sources
from dotnn.compiler.graph.tensors import numpy_name
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.attributes import REQUIRED, AttributeFault, DimensionList, InitializerKind, Integer
from dotnn.compiler.layers.base import LAYERS, Layer, Site
from dotnn.compiler.source import Source
from dotnn.compiler.weights.weight_values import WeightSource, WeightValues

from tests.helpers.generated_attributes import Drawing, new_items, new_value
from tests.helpers.graphs import add_input, add_layer
from tests.helpers.harness import he_normal_source
from tests.helpers.samples import CASES, compiled

#: So many tries are made for the cases of a layer at most, and so many distinct cases must come of them.
TRIES, LEAST = 200, 12
SIZES = (1, 1, 2, 3, 4, 5, 6, 7, 8, 9)
#: Names of dimensions that no sample has.
SYMBOLS = ("Q", "R")
#: No tensor of a case has more elements.
LARGEST = 4000
#: Where the layers of cases stand.
SOMEWHERE = Source("<case>", "").span(0, 0)
#: How the numbers of float operands are drawn.
CONTENTS = ("normal", "normal", "large", "ties", "extreme")
#: What a few numbers of an operand are otherwise: those of most types, and those of 16 bits, which soon overflow.
EXTREME, EXTREME_16 = (1e4, -1e4, 100.0, -100.0, 1e-30, 0.0, -0.0), (50.0, -50.0, 1e-6, 0.0, -0.0)
#: What is no finite number: runtimes disagree about many, so that only campaigns have it.
CORNERS = (np.inf, -np.inf, np.nan)

Sizes = Mapping[str, int]
Types = tuple[TensorType | None, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class LayerCase:
    """A layer on operands that it takes.

    Attributes:
        operands: their types, None for an optional one that is absent.
        results: the inferred types.
        sizes: of the symbols, run by run.
        contents: how the numbers of its operands are drawn.
    """

    kind: str
    number: int
    layer: Layer
    operands: Types
    results: tuple[TensorType, ...]
    sizes: tuple[Sizes, ...]
    contents: str

    def __str__(self) -> str:
        return f"{self.kind}-{self.number}"

    def __repr__(self) -> str:
        types = ", ".join(map(str, self.operands))
        return f"{self}: {self.layer!r} of {self.contents} {types} at {[dict(one) for one in self.sizes]}"

    @property
    def floats(self) -> set[DType]:
        """The floating point types that it reads or gives."""
        return {one.dtype for one in (*self.operands, *self.results) if one is not None and one.dtype.is_float}

    @property
    def key(self) -> tuple[object, ...]:
        """What tells cases apart."""
        return self.layer, self.operands, tuple(self.sizes[0].items())

    @cached_property
    def node(self) -> Node:
        (node,) = (node for node in self.graph.nodes() if isinstance(node.op, Layer))
        return node

    @cached_property
    def graph(self) -> Graph:
        """The layer between inputs named as its operands, and outputs named as its results."""
        graph = Graph(self.kind)
        values = [
            None if found is None else add_input(graph, name, found)
            for name, found in zip(self.names, self.operands, strict=True)
        ]
        for name in self.untold:
            add_input(graph, f"of_{name}", TensorType(DType.FLOAT32, (symbol(name),)))
        first = add_layer(graph, "layer", self.layer, *values, element=weight_dtype(self.results))
        for index in range(len(self.results)):
            graph.outputs[f"out{index}"] = dataclasses.replace(first, index=index)
        return graph

    @property
    def names(self) -> list[str]:
        return [f"in{index}" for index in range(len(self.operands))]

    @property
    def untold(self) -> list[str]:
        """Symbols of the attributes, which no operand tells: a further input does."""
        told = {name for one in self.operands if one is not None for name in one.symbols}
        return sorted({name for one in self.results for name in one.symbols} - told)

    @cached_property
    def source(self) -> WeightSource:
        """Weights that show mistakes."""
        return he_normal_source(self.graph, zlib.crc32(str(self).encode()))

    @cached_property
    def weights(self) -> dict[str, np.ndarray]:
        """The values of the weights by their local names."""
        values = WeightValues(0, self.source)
        return {name: values.values(weight) for name, weight in self.node.weights.items()}

    def arrays(self, run: int) -> list[np.ndarray | None]:
        """An array for every operand that is there."""
        sizes = self.sizes[run]
        generator = np.random.default_rng([zlib.crc32(str(self).encode()), run])
        return [
            None if found is None else self._array(index, found, sizes, generator)
            for index, found in enumerate(self.operands)
        ]

    def _array(self, index: int, found: TensorType, sizes: Sizes, generator: np.random.Generator) -> np.ndarray:
        shape = tuple(evaluate(dim, sizes) for dim in found.shape)
        dtype, bounds = numpy_name(found.dtype), self.layer.operand_range(index, self.operands)
        if bounds is not None:
            return generator.integers(bounds[0], evaluate(bounds[1], sizes) + 1, shape).astype(dtype)
        if found.dtype is DType.BOOL:
            return np.asarray(generator.random(shape) < 0.5)
        if not found.dtype.is_float:
            return generator.integers(0 if found.dtype is DType.UINT8 else -5, 6, shape).astype(dtype)
        if self.contents == "ties":
            return generator.integers(-2, 3, shape).astype(dtype)
        array = np.asarray(generator.normal(0, 8 if self.contents == "large" else 1, shape))
        if self.contents in ("extreme", "corners"):
            extreme = EXTREME if found.dtype.size > 2 else EXTREME_16
            few = (*extreme, *CORNERS) if self.contents == "corners" else extreme
            np.copyto(array, generator.choice(few, shape), where=generator.random(shape) < 0.2)
        return array.astype(dtype)

    def feeds(self, run: int) -> dict[str, np.ndarray]:
        """The arrays by the names of the inputs."""
        arrays = zip(self.names, self.arrays(run), strict=True)
        others = {f"of_{name}": np.zeros(self.sizes[run][name], np.float32) for name in self.untold}
        return {name: array for name, array in arrays if array is not None} | others


@cache
def cases(kind: str, count: int, tries: int | None = None) -> tuple[LayerCase, ...]:
    """So many distinct cases of a layer, fewer where so many tries give no more: ten for each unless it is said."""
    found: dict[tuple[object, ...], LayerCase] = {}
    for number in range(10 * count if tries is None else tries):
        if len(found) == count:
            break
        case = case_of(kind, number)
        if case is not None:
            found.setdefault(case.key, case)
    return tuple(found.values())


def case_of(kind: str, number: int) -> LayerCase | None:
    """The case of that number; None where the layer refuses what is drawn."""
    draw = Random(f"{kind}-{number}")
    template = draw.choice(templates(kind))
    attempt = Attempt(draw, template)
    operands = attempt.operands()
    try:
        layer = attempt.layer(operands)
        case = accepted(kind, number, layer, operands, draw.choice(CONTENTS))
    except (AttributeFault, DotnnError):
        return None
    return None if case is None else _with_sizes(case, draw)


def accepted(kind: str, number: int, layer: Layer, operands: Types, contents: str) -> LayerCase | None:
    """The case without its sizes; None where a file could not tell its symbols."""
    results = layer.infer(operands, Site.nowhere(kind))
    check_initializers(layer.weights(operands), weight_dtype(results), SOMEWHERE)
    case = LayerCase(kind, number, layer, operands, results, ({},), contents)
    readable = symbol_sources(case.graph).keys()
    return case if all(one.symbols <= readable for one in operands if one is not None) else None


def _with_sizes(case: LayerCase, draw: Random) -> LayerCase | None:
    """With sizes of its symbols for one run or two, which meet what the layer demands."""
    types = (*case.operands, *case.results)
    names = sorted({name for found in types if found is not None for name in found.symbols})
    drawn = [{name: draw.choice(SIZES) for name in names} for _ in range(8)]
    fitting = [sizes for sizes in drawn if meets(case, sizes)]
    distinct = [one for index, one in enumerate(fitting) if one not in fitting[:index]]
    return dataclasses.replace(case, sizes=tuple(distinct[:2])) if distinct else None


def meets(case: LayerCase, sizes: Sizes) -> bool:
    """Whether these sizes meet the demands of the layer, and no tensor becomes large."""
    site = Site.nowhere(case.kind)
    results = case.layer.infer(case.operands, site)
    if any(evaluate(demand.dim, sizes) < demand.minimum for demand in site.demands):
        return False
    types = [one for one in (*case.operands, *results) if one is not None]
    return all(evaluate(one.elements, sizes) <= LARGEST for one in types)


# --- templates --------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Template:
    """A sample as its layer sees it."""

    layer: Layer
    operands: Types


@cache
def templates(kind: str) -> tuple[Template, ...]:
    """The samples of a layer."""
    found = []
    for sample in (case for case in CASES if case.kind == kind):
        graph = compiled(sample).graph
        node = [node for node in graph.nodes() if node.kind == kind][-1]
        found.append(Template(node.op, tuple(graph.operand_types(node))))  # pyright: ignore[reportArgumentType]
    return tuple(found)


def known_values(kind: str, name: str) -> list[Any]:
    """The values of an attribute in the samples."""
    return [getattr(template.layer, name) for template in templates(kind)]


def written(cls: type[Layer]) -> Iterator[tuple[str, Any, Any]]:
    """Name, kind and default of what a layer is given beside operands; an index, no attribute, has no kind."""
    for one in cls.attributes():
        yield one.name, one.metadata["kind"], one.default
    for one in dataclasses.fields(cls):
        if "kind" not in one.metadata and one.default is REQUIRED:
            yield one.name, None, one.default


# --- one try ----------------------------------------------------------------------------------------------------------


class Attempt:
    """New operands and attributes, made of a sample's; equal sizes stay equal, and so do attributes that name them."""

    def __init__(self, draw: Random, template: Template) -> None:
        self._draw, self._template = draw, template
        self._cls = type(template.layer)
        self._numbers: dict[int, Dim] = {}
        self._symbols: dict[str, Dim] = {}
        self._free = list(SYMBOLS)
        self._keep, self._symbolic = draw.choice((0.15, 0.5, 0.9)), draw.choice((0.0, 0.6, 0.9))

    def operands(self) -> Types:
        """New types of the operands."""
        found = [None if one is None else self._resized(one) for one in self._template.operands]
        self._change_count(found)
        if self._draw.random() < 0.3:
            self._change_rank(found)
        if self._draw.random() < 0.15:
            self._change_one(found)
        if self._draw.random() < 0.5:
            self._change_elements(found)
        return tuple(found)

    def _resized(self, found: TensorType) -> TensorType:
        return found.with_shape(*map(self._new_dim, found.shape))

    def _new_dim(self, dim: Dim) -> Dim:
        if isinstance(dim, DimExpr):
            names = {name: self._symbols.setdefault(name, self._new_symbol(name)) for name in sorted(symbols(dim))}
            return substitute(dim, names)
        return self._numbers.setdefault(dim, self._new_number(dim))

    def _new_symbol(self, name: str) -> Dim:
        return symbol(name) if self._draw.random() < self._symbolic else self._draw.choice(SIZES)

    def _new_number(self, size: int) -> Dim:
        draw = self._draw
        # What is 1 often has to be.
        if draw.random() < (max(self._keep, 0.8) if size == 1 else self._keep):
            return size
        if self._free and draw.random() < self._symbolic / 3:
            return symbol(self._free.pop())
        return draw.choice(SIZES)

    def _change_count(self, found: list[TensorType | None]) -> None:
        """Leave out optional operands; give more or fewer of those that there may be any number of."""
        draw, declared = self._draw, self._cls.operands
        for index, operand in enumerate(declared[: len(found)]):
            if operand.optional and draw.random() < 0.3:
                found[index] = None
        if declared[-1].variadic and draw.random() < 0.4:
            found.append(found[-1])

    def _change_rank(self, found: list[TensorType | None]) -> None:
        """Insert an axis, or remove one, in the first operand and in those of the same rank."""
        draw, first = self._draw, found[0]
        assert first is not None
        for _ in range(draw.choice((1, 1, 2))):
            rank = found[0].rank if found[0] is not None else 0
            place, size = draw.randint(0, rank), draw.choice(SIZES)
            removes = rank > 0 and draw.random() < 0.5
            for index, one in enumerate(found):
                if one is None or one.rank != rank:
                    continue
                dims = list(one.shape)
                dims[place : place + removes] = [] if removes else [size]
                found[index] = one.with_shape(*dims)

    def _change_one(self, found: list[TensorType | None]) -> None:
        """Change one size of one operand, or take its first axis away."""
        draw = self._draw
        index = draw.choice([index for index, one in enumerate(found) if one is not None])
        one = found[index]
        if one is None or not one.shape:
            return
        dims = list(one.shape)
        if draw.random() < 0.3:
            del dims[0]
        else:
            dims[draw.randrange(len(dims))] = draw.choice((1, 1, 2, 5))
        found[index] = one.with_shape(*dims)

    def _change_elements(self, found: list[TensorType | None]) -> None:
        """Other elements for the first operand, and for all that have the same."""
        old = found[0].dtype if found[0] is not None else None
        new = self._draw.choice(list(DType))
        for index, one in enumerate(found):
            if one is not None and one.dtype is old:
                found[index] = TensorType(new, one.shape)

    def layer(self, operands: Types) -> Layer:
        """The layer with new attributes; raises ``AttributeFault``."""
        values = {name: self._value(name, kind, default, operands) for name, kind, default in written(self._cls)}
        return self._cls(**values)

    def _value(self, name: str, kind: Any, default: Any, operands: Types) -> Any:
        """As in the sample, the default, or a new value."""
        draw, old = self._draw, getattr(self._template.layer, name)
        first = operands[0]
        assert first is not None
        drawing = Drawing(draw, self._cls, first.shape, known_values(self._template.layer.kind, name))
        choice = draw.random()
        if kind is None:
            return old if choice < 0.3 else new_items(drawing)
        if choice < 0.15 and default is not REQUIRED:
            return default
        if choice < 0.5:
            new = new_value(kind, drawing)
            return None if new is None else kind.convert(new, self._cls)
        return self._renamed(old, kind)

    def _renamed(self, value: Any, kind: Any) -> Any:
        """A value that names sizes, with the new ones."""
        if isinstance(kind, Integer) and isinstance(value, int):
            new = self._numbers.get(value, value)
            return kind.convert(new, self._cls) if isinstance(new, int) and self._draw.random() < 0.7 else value
        if isinstance(kind, DimensionList):
            dims = (self._numbers.get(one, one) if isinstance(one, int) else self._new_dim(one) for one in value)
            return kind.convert(tuple(dims), self._cls)
        return value


def signature(case: LayerCase) -> dict[str, Any]:
    """The attributes of a case by name."""
    return {name: getattr(case.layer, name) for name, *_ in written(LAYERS[case.kind])}


def has_attribute_values(kind: str, name: str) -> bool:
    """Whether new values of an attribute are drawn, or the samples have several."""
    values = {name: value for name, value, _ in written(LAYERS[kind])}
    return type(values[name]) is not InitializerKind or len(set(map(str, known_values(kind, name)))) > 1
