"""The contract of a layer: one class, and everything about the layer is in that class.

A layer is a frozen dataclass. Its fields are its attributes (``layers.attributes``); its class attributes name its
operands and results; its methods are its meaning: types, weights, cost, a numpy reference that defines what it
computes, and the operators that it consists of. Parsing of calls, checking of arguments, documentation, summaries and
tests are derived from it.

``infer``, ``weights``, ``reach`` and ``reference`` are what others call. A layer writes ``types``, ``specs``,
``positions`` and ``compute``, which take its operands one by one: each a type, or an array, and None for an optional
one that is absent.
"""

from __future__ import annotations

import dataclasses
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from .. import operators as ops
from ..diagnostics import DotnnError
from ..diagnostics.demanded import SizeTooSmall
from ..dims import Dim, decide_less_equal
from ..graph.graph import Demand, WrittenCall
from ..graph.tensors import Fan, Initializer, Role
from ..graph.types import DType, TensorType, type_for_one_example
from ..lazy_imports import np
from ..records import positional_record, record
from ..source import Span
from ..written import value_text
from .cost import Cost
from .reach import Reach, aligned
from .registry import Registry

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor
    from .sizes import Asked, Size


@positional_record
class Operand:
    """An operand in a layer's signature.

    Attributes:
        optional: may be left out; an optional operand is given by name.
        variadic: stands for two operands or more (``concat``); only the last one may.
    """

    name: str
    doc: str = ""
    optional: bool = False
    variadic: bool = False


@positional_record
class KerasTensor:
    """A tensor of a Keras layer, as (a part of) one of ours.

    Attributes:
        name: Keras's, within its layer: ``kernel``, ``moving_mean``.
        shape: in Keras's layout.
        axes: where the axes of PyTorch's layout stand in Keras's: ``(1, 0)`` of a kernel ``[inputs, units]``. Two
            neighbours may be one axis in PyTorch: the channels and copies of a depthwise kernel.
        gates: the blocks of rows in Keras's order, by PyTorch's names.
        row: which row of Keras's tensor it is, where that holds several of ours: both biases of a GRU are one ``bias``.
        layer: which one of several layers of Keras it belongs to: stacked recurrent layers are a layer each there.
    """

    name: str
    shape: tuple[int, ...]
    axes: tuple[int, ...]
    gates: tuple[str, ...] = ()
    row: int | None = None
    layer: int = 0

    @property
    def key(self) -> str:
        """What tells it apart among the tensors of all layers of Keras that one of ours is: mostly the name."""
        return f"{self.layer}/{self.name}" if self.layer else self.name


@positional_record
class WeightSpec:
    """A tensor that a layer owns.

    Attributes:
        name: local name, PyTorch's: ``weight``, ``bias_ih_l0``.
        shape: in PyTorch's layout.
        initializer: how its first values are made, unless the source says otherwise.
        fan: what the initializer scales by.
        gates: of a recurrent layer: what its rows are for, in blocks of one size, in PyTorch's order.
        keras: the tensors of Keras's layer that it consists of, one behind the other along its first axis; empty where
            Keras has none.
        argument: what it is called where a call gives its numbers, if not ``name``.
    """

    name: str
    shape: tuple[int, ...]
    initializer: Initializer
    fan: Fan = Fan(1, 1)
    role: Role = Role.PARAMETER
    gates: tuple[str, ...] = ()
    keras: tuple[KerasTensor, ...] = ()
    argument: str = ""

    def from_keras(self, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """The tensor in PyTorch's layout, made of Keras's, by their keys within the layer."""
        parts = [self._from_keras(one, arrays[one.key]) for one in self.keras]
        return np.concatenate(parts).reshape(self.shape)

    def to_keras(self, array: np.ndarray) -> Iterator[tuple[KerasTensor, np.ndarray]]:
        """The tensors of Keras that this one consists of, or the rows of theirs that it is; ``from_keras`` back."""
        shapes = [one.shape if one.row is None else one.shape[1:] for one in self.keras]
        rows = [[shape[axis] for axis in one.axes] for one, shape in zip(self.keras, shapes, strict=True)]
        if not rows:
            return
        whole = array.reshape(sum(row[0] for row in rows), *rows[0][1:])
        start = 0
        for one, (count, *_) in zip(self.keras, rows, strict=True):
            part = whole[start : start + count]
            start += count
            if one.gates:
                blocks = dict(zip(self.gates, np.split(part, len(self.gates)), strict=True))
                part = np.concatenate([blocks[gate] for gate in one.gates])
            yield one, part.transpose(np.argsort(one.axes))

    def _from_keras(self, one: KerasTensor, array: np.ndarray) -> np.ndarray:
        if array.shape != one.shape:
            raise ValueError(f"{one.name}: {list(array.shape)} instead of {list(one.shape)}")
        part = array if one.row is None else array[one.row]
        rows = part.transpose(one.axes)
        if not one.gates:
            return rows
        blocks = dict(zip(one.gates, np.split(rows, len(one.gates)), strict=True))
        return np.concatenate([blocks[gate] for gate in self.gates])

    @property
    def elements(self) -> int:
        """How many numbers."""
        return math.prod(self.shape)


#: What the symbolic dimensions of samples are, run by run; from the second run on all differ.
USUAL_SIZES: Mapping[str, tuple[int, ...]] = {
    "N": (1, 2, 3),
    "C": (1, 7, 5),
    "T": (1, 4, 8),
    "L": (2, 1, 6),
    "D": (3, 6, 7),
    "H": (1, 3, 4),
    "W": (4, 5, 2),
}


@positional_record
class Sample:
    """A call that documents and tests a layer.

    The test harness compiles ``y = x -> call`` on inputs of the given types, runs it on onnxruntime at every one of
    ``sizes``, and compares values with the reference and shapes with the inferred expressions.

    Attributes:
        call: the stage as written: ``conv2d(8, kernel=3)``, where further operands are named by the input names, or a
            whole expression that names its first input, too: ``concat(a, b, axis=1)``.
        inputs: types by input name, in order; the first one is piped into a stage.
        unusual: sizes of symbolic dimensions, one per run, where those of ``USUAL_SIZES`` do not do.
    """

    call: str
    inputs: Mapping[str, str]
    unusual: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def expression(self) -> str:
        """The call as an expression of the inputs: ``x -> relu``, ``concat(a, b)``."""
        first = next(iter(self.inputs))
        return self.call if re.search(rf"\b{first}\b", self.call) else f"{first} -> {self.call}"

    @property
    def sizes(self) -> tuple[Mapping[str, int], ...]:
        """Sizes of the symbolic dimensions, one mapping per run; one run where all are numbers."""
        known = {**USUAL_SIZES, **self.unusual}
        symbols = sorted(set(re.findall(r"\b[A-Z]\b", " ".join(self.inputs.values()))))
        runs = zip(*(known[symbol] for symbol in symbols), strict=True)
        return tuple(dict(zip(symbols, run, strict=True)) for run in runs) or ({},)


@positional_record
class Window:
    """The sliding window of a layer, one int per spatial axis; spatial axes start at axis 2."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]


@positional_record
class Read:
    """Which result is asked for how it depends on which operand.

    Attributes:
        place: the index of the operand.
        operand: its type.
        number: the index of the result.
        result: its type.
    """

    place: int
    operand: TensorType
    number: int
    result: TensorType


#: Tensors of one layer by their local names, each with its shape.
Scope: TypeAlias = Mapping[str, tuple[int, ...]]


@positional_record
class Difference:
    """A tensor that a file has and a model has not, or the other way round, and what else both have of the layer.

    Attributes:
        tensor: its local name.
        having: the layer's tensors on the side that has it.
        lacking: the layer's tensors on the other side, where there are some.
        in_file: whether it is the file that has it.
    """

    tensor: str
    having: Scope
    lacking: Scope
    in_file: bool

    @property
    def wanted(self) -> str:
        """What a flag must be so that the model has the tensor exactly if the file has it."""
        return value_text(self.in_file)


@positional_record
class Site:
    """The place where a layer stands while its types are inferred: spans for errors, and the book of demands.

    ``Site.nowhere()`` serves where there is no text, as when a pass infers anew.
    """

    kind: str
    call: WrittenCall | None
    demands: list[Demand] = field(default_factory=list)

    @classmethod
    def nowhere(cls, kind: str = "") -> Site:
        """A place in no text."""
        return cls(kind, None)

    @property
    def span(self) -> Span | None:
        """The call."""
        return None if self.call is None else self.call.span

    def argument(self, name: str) -> Span | None:
        """The value written for an attribute or an operand, or the call where it was left out."""
        found = None if self.call is None else self.call.arguments.get(name)
        return self.span if found is None else found.value

    def operand(self, index: int) -> Span | None:
        """An operand as written, or the call."""
        return None if self.call is None else self.argument(LAYERS[self.kind].operand_name(index))

    def about_operand(self, index: int, found: TensorType) -> dict[str, Any]:
        """What most diagnostics begin with: where, which layer, and the type that does not fit."""
        return {"span": self.operand(index), "kind": self.kind, "found": str(found)}

    def about_reader(self, index: int, found: TensorType) -> dict[str, Any]:
        """The same where the layer cannot read the operand: at its name, where that stands behind the operand."""
        operand, call = self.operand(index), self.call
        facts = self.about_operand(index, found) | {"place": index}
        if operand is None or call is None or call.function is None:
            return facts
        name, span = call.function, call.span
        # The name that `reuse` repeats stands elsewhere.
        is_piped = name.source is span.source and max(span.start, operand.end) <= name.start < span.end
        return facts | {"span": name, "at_layer": True} if is_piped else facts

    def about_argument(self, name: str, found: TensorType) -> dict[str, Any]:
        """The same of an argument that does not fit the type."""
        return {"span": self.argument(name), "kind": self.kind, "found": str(found)}

    def at_least(self, dim: Dim, minimum: int, otherwise: SizeTooSmall) -> None:
        """Demand ``dim >= minimum``: certain, it passes; impossible, ``otherwise`` is raised; else kept for feeding."""
        holds = decide_less_equal(minimum, dim)
        if holds is False:
            raise DotnnError(otherwise)
        if holds is None:
            self.demands.append(Demand(dim, minimum, self.span, otherwise.demand))


#: What onnxruntime's CPU provider computes most layers in.
COMPUTED_ON_CPU = frozenset({DType.FLOAT32, DType.FLOAT16, DType.FLOAT64})
#: It has no double precision for some, and bfloat16 only for those that move elements.
NO_DOUBLE_ON_CPU = COMPUTED_ON_CPU - {DType.FLOAT64}
MOVED_ON_CPU = COMPUTED_ON_CPU | {DType.BFLOAT16}

#: Layer classes by kind.
LAYERS: Registry[type[Layer]] = Registry()


@record
class Layer(ABC):
    """Base of all layers. Concrete classes set ``kind``; a class is abstract or final.

    Class attributes:
        kind: the name in the language.
        callable: False for arithmetic and indexing, which the source writes with signs.
        operands: the signature.
        result_names: names of the results in their fixed order.
        take_all_results: whether every result must be bound (``split``).
        formula: what it computes, in one line of mathematics.
        source: where the definition comes from.
        foreign_names: what other frameworks call it, without capitals and underscores, `{rank}` for its spatial axes.
        samples: calls that document and test it.
        literal_weights: names of the weights that may be written as literal arguments.
        keeps_values: whether every element of the results is one of the operands', wherever it stands.
        cpu_floats: floating point elements for which onnxruntime has kernels on the CPU, for all that ``lower`` builds.
    """

    kind: ClassVar[str]
    callable: ClassVar[bool] = True
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x"),)
    result_names: ClassVar[tuple[str, ...]] = ("y",)
    take_all_results: ClassVar[bool] = False
    formula: ClassVar[str] = ""
    source: ClassVar[str] = ""
    foreign_names: ClassVar[tuple[str, ...]] = ()
    samples: ClassVar[tuple[Sample, ...]] = ()
    literal_weights: ClassVar[tuple[str, ...]] = ()
    keeps_values: ClassVar[bool] = False
    cpu_floats: ClassVar[frozenset[DType]] = COMPUTED_ON_CPU

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "kind" in cls.__dict__:
            LAYERS.add(cls.kind, cls)

    @classmethod
    def operand_name(cls, index: int) -> str:
        """What an operand is called; the tensors of a variadic one are numbered: ``parts.0``."""
        last = len(cls.operands) - 1
        operand = cls.operands[min(index, last)]
        return f"{operand.name}.{index - last}" if operand.variadic else operand.name

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """Types of the results; raises ``DotnnError`` where the operands do not fit."""
        found = self.types(site, *operands)
        return found if isinstance(found, tuple) else (found,)

    def in_floats(self, operands: Sequence[TensorType | None], floats: DType) -> Layer:
        """The layer in a model whose float32 is another type, which most layers learn from their operands."""
        return self

    @abstractmethod
    def types(self, site: Site, *operands: Any, **unused: Any) -> TensorType | tuple[TensorType, ...]:
        """The type of the result, or of all results, from those of the operands; see ``infer``."""

    def weights(self, operands: Sequence[TensorType | None]) -> tuple[WeightSpec, ...]:
        """The tensors that the layer owns, for operands that ``infer`` has accepted."""
        return tuple(self.specs(*operands))

    def specs(self, *operands: Any, **unused: Any) -> Iterable[WeightSpec]:
        """The tensors that the layer owns, from the types of its operands; see ``weights``."""
        return ()

    @classmethod
    def attribute_for(cls, difference: Difference) -> str:
        """What to write at such a layer so that both sides have a tensor: ``bias=true``; empty if it cannot be told."""
        return ""

    @classmethod
    def takes_literal(cls, name: str) -> bool:
        """Whether an argument of this name is a weight written as a literal."""
        return name in cls.literal_weights

    def macs(self, operands: Sequence[TensorType | None], results: Sequence[TensorType]) -> Dim:
        """Multiply-accumulates, as an expression in the symbolic dimensions."""
        return self.cost(tuple(results), *operands).number

    def explain_macs(self, operands: Sequence[TensorType | None], results: Sequence[TensorType]) -> str:
        """How the multiply-accumulates for one example come about, as numbers; empty where there are none."""
        one = [None if found is None else type_for_one_example(found) for found in operands]
        return self.cost(tuple(map(type_for_one_example, results)), *one).text

    def cost(self, results: tuple[TensorType, ...], *operands: Any, **unused: Any) -> Cost:
        """Multiply-accumulates, from the types of the results and the operands."""
        return Cost(0, "")

    def explain_params(self, operands: Sequence[TensorType | None]) -> str:
        """How the parameter count comes about, as numbers: ``(3*3*32+1)*32``; empty without parameters."""
        specs = [spec for spec in self.weights(operands) if spec.role is Role.PARAMETER]
        return self.params_text(specs)

    def params_text(self, specs: Sequence[WeightSpec]) -> str:
        """How the numbers of learned tensors add up."""
        return " + ".join("*".join(map(str, spec.shape)) or "1" for spec in specs)

    def reach(
        self, operands: Sequence[TensorType | None], results: Sequence[TensorType], operand: int = 0, result: int = 0
    ) -> Reach:
        """How the positions of a result depend on those of an operand, which is there, along each axis of the operand.

        The types are those that ``infer`` has accepted, and what it made of them; ``operand`` and ``result`` are
        indices. What cannot be told is ``reach.WHOLE``: a receptive field may come out too large, never too small.
        """
        found = operands[operand]
        return () if found is None else self.positions(Read(operand, found, result, results[result]), *operands)

    def positions(self, read: Read, *operands: Any, **unused: Any) -> Reach:
        """See ``reach``; unless a layer says otherwise, position by position, shapes broadcasting as in numpy."""
        return aligned(read.operand.shape, read.result.shape)

    def size_of(self, asked: Asked, *operands: Any, **unused: Any) -> Size | None:
        """How the size of an axis of a result comes about, by a formula of the layer; else None, and it is found.

        See ``size_origins``, which finds out what an axis is kept or multiplied from, and which attribute it is.
        """
        return None

    def operand_range(self, index: int, operands: Sequence[TensorType | None]) -> tuple[int, Dim] | None:
        """The least and the greatest integer that an operand may hold; None where the layer takes any numbers."""
        return self.range_of(index, *operands)

    def range_of(self, index: int, *operands: Any, **unused: Any) -> tuple[int, Dim] | None:
        """The bounds of an operand's integers, from the types of the operands; see ``operand_range``."""
        return None

    def bind(self, sizes: Mapping[str, int]) -> Layer:
        """The layer as ``reference`` wants it: with numbers for the symbols among its attributes (``reshape``)."""
        return self

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """What the layer computes, in plain numpy: the executable definition.

        Computes in the element type of the operands, so that float64 operands give a float64 oracle.
        """
        given = [None if one is None else np.asarray(one) for one in operands]
        found = self.compute(weights, *given)
        return found if isinstance(found, tuple) else (found,)

    @abstractmethod
    def compute(self, weights: Mapping[str, np.ndarray], *arrays: Any, **unused: Any) -> Any:
        """The array of the result, or those of all results, from those of the operands; see ``reference``."""

    def lower(self, b: Builder, *operands: Any, **unused: Any) -> Tensor | tuple[Tensor, ...]:
        """Build the operators that the layer consists of, and return the result, or all results.

        Unless a layer says otherwise, one operator, that of its class's name.

        Args:
            b: what it builds with.
            operands: the tensors that it reads, None for an absent one.
            unused: nothing; it lets heirs name their operands, here and in the other methods.
        """
        return b.op(getattr(ops, type(self).__name__)(), *operands)

    @classmethod
    def attributes(cls) -> tuple[dataclasses.Field[Any], ...]:
        """The declared attributes, in signature order."""
        return _attributes_of(cls)


@cache
def _attributes_of(kind: type[Layer]) -> tuple[dataclasses.Field[Any], ...]:
    """Asked for by every call of a layer."""
    return tuple(one for one in dataclasses.fields(kind) if "kind" in one.metadata)


@record
class Rearranging(Layer, ABC):
    """Base of layers that give elements other places, and compute none."""

    keeps_values: ClassVar[bool] = True
    cpu_floats: ClassVar[frozenset[DType]] = MOVED_ON_CPU
    operands: ClassVar[tuple[Operand, ...]] = (Operand("x", "any shape and element type"),)
