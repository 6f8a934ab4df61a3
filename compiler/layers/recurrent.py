"""Recurrent layers: ``rnn``, ``lstm`` and ``gru``, stacked, in one direction or both."""

from __future__ import annotations

import dataclasses
import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, final

from .. import operators as ops
from ..diagnostics import Diagnostic, DotnnError
from ..diagnostics.recurrent import (
    InitialStateMismatch,
    LengthsMismatch,
    LooksChannelsFirst,
    MergeWithoutDirections,
    RecurrentBiasWithoutBias,
)
from ..diagnostics.shapes import IdsAsSequence, NotASequence, StepAsSequence, UndecidedLastChannels, WrongRank
from ..dims import Dim, DimExpr, decide_equal, format_dim, symbols
from ..graph.tensors import Fan, Initializer
from ..graph.types import DType, TensorType
from ..initializers import Uniform
from ..lazy_imports import np
from ..records import record
from .attributes import Choice, Flag, InitializerKind, Integer, Real, attribute
from .base import NO_DOUBLE_ON_CPU, Difference, KerasTensor, Layer, Operand, Read, Sample, Site, WeightSpec
from .cost import Cost, product
from .reach import WHOLE, Along, Reach
from .recurrent_lowering import OnnxCell, lower_stack
from .recurrent_reference import linear, run_stack, sigmoid
from .recurrent_stack import Stack
from .shape_rules import known, need_float, need_integer, need_known, need_rank

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor
    from .recurrent_reference import States

#: More layers than anybody stacks; the nodes and weights of a stack are made one by one.
MOST_LAYERS = 1000

_SEQUENCE = Operand("x", "The sequence, `[N, T, C]`.")
_INITIAL_H = Operand("initial_h", "The first states, `[layers * D, N, units]`; else zeros.", optional=True)
_INITIAL_C = Operand("initial_c", "The first cell states, as `initial_h`; else zeros.", optional=True)
_LENGTHS = Operand(
    "lengths", "How many steps of each example are valid, `[N]` ints from 0 to T; else all.", optional=True
)

#: Attributes that signatures begin and end with; no order of inheritance gives it.
_FIRST, _LAST = ("units", "activation"), ("dropout", "init", "bias_init")

_PARAMETER = re.compile(r"(weight|bias)_(ih|hh)_l(0|[1-9][0-9]*)(_reverse)?")
_START = "uniform(low=-1/sqrt(units), high=1/sqrt(units))"


def _sample(call: str, **further: str) -> Sample:
    """A call on a sequence of three channels."""
    return Sample(call, {"x": "float32[N, T, 3]", **further})


@record
class Recurrent(Layer, ABC):
    """Base of the recurrent layers.

    The operands are the sequence, the initial states in the order of the results with the final ones, and the lengths.

    Class attributes:
        gates: what the blocks of ``units`` rows in each weight are for, in PyTorch's order.
        second_bias: the attribute by which there is a second bias vector.
        keras_gates: the blocks in Keras's order, where that is another one.
        keras_has_two_biases: whether Keras has the second bias vector, too.
    """

    gates: ClassVar[tuple[str, ...]]
    keras_gates: ClassVar[tuple[str, ...]] = ()
    keras_has_two_biases: ClassVar[bool] = False
    second_bias: ClassVar[str] = "recurrent_bias"
    operands: ClassVar[tuple[Operand, ...]] = (_SEQUENCE, _INITIAL_H, _LENGTHS)
    result_names: ClassVar[tuple[str, ...]] = ("y", "h")
    literal_weights: ClassVar[tuple[str, ...]] = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    cpu_floats: ClassVar[frozenset[DType]] = NO_DOUBLE_ON_CPU

    units: int = attribute(Integer(1), doc="Size of the state.", positional=True)
    layers: int = attribute(
        Integer(1, MOST_LAYERS), 1, doc="How many layers are stacked, each reading the outputs of the one below."
    )
    bidirectional: bool = attribute(Flag(), False, doc="Whether every layer also reads backwards: D is 2.")
    merge: str = attribute(
        Choice("concat", "sum"), "concat", doc="How the last layer's directions are merged; inner layers concatenate."
    )
    return_sequences: bool = attribute(
        Flag(), True, doc="Whether the first result has all steps, or is the final output of each direction."
    )
    bias: bool = attribute(Flag(), True, doc="Whether biases are added.")
    dropout: float = attribute(
        Real(0, 1, below=True), 0.0, doc="Rate of dropout between stacked layers, when training."
    )
    init: Initializer | None = attribute(InitializerKind(), None, doc="How weights start.", shown=_START)
    bias_init: Initializer | None = attribute(InitializerKind(), None, doc="How biases start.", shown=_START)

    @property
    @abstractmethod
    def bias_vectors(self) -> int:
        """How many bias vectors each layer and direction has."""

    @property
    @abstractmethod
    def onnx_cell(self) -> OnnxCell:
        """How ONNX knows the cell."""

    @abstractmethod
    def step(self, projected: np.ndarray, states: States, weight_hh: np.ndarray, bias_hh: np.ndarray | None) -> States:
        """The formula of one step.

        Args:
            projected: ``x W_ih^T + b_ih`` of this step, ``[N, gates * units]``.
            states: the states before the step, each ``[N, units]``.
            weight_hh: ``[gates * units, units]``.
            bias_hh: ``[gates * units]``, where there is a second bias vector.
        """

    @property
    def stack(self) -> Stack:
        """The sizes."""
        return Stack(
            units=self.units,
            layers=self.layers,
            directions=2 if self.bidirectional else 1,
            biases=("bias_ih", "bias_hh")[: self.bias_vectors],
            summed=self.merge == "sum",
            final_only=not self.return_sequences,
        )

    def types(self, site: Site, x: TensorType, *optional: TensorType | None) -> tuple[TensorType, ...]:
        """``y`` is ``[N, T, D * units]`` or ``[N, D * units]``; states are ``[layers * D, N, units]``."""
        self.check_attributes(site)
        check_sequence(x, site)
        stack, (*initial, lengths) = self.stack, optional
        batch, steps, _ = x.shape
        states = x.with_shape(stack.states, batch, self.units)
        dims = dict(zip(("count", "batch", "units"), map(format_dim, states.shape), strict=True))
        for index, found in enumerate(initial, start=1):
            if found is not None:
                facts = {"operand": self.operands[index].name, **dims}
                _need_type(site, index, states, found, InitialStateMismatch, **facts)
        if lengths is not None:
            need_integer(site, len(optional), lengths)
            expected = TensorType(lengths.dtype, (batch,))
            _need_type(site, len(optional), expected, lengths, LengthsMismatch, sequence=str(x))
        shape = (batch, stack.features) if stack.final_only else (batch, steps, stack.features)
        return x.with_shape(*shape), *(states for _ in initial)

    def check_attributes(self, site: Site) -> None:
        """Raise where attributes contradict each other."""
        if self.merge != "concat" and not self.bidirectional:
            raise DotnnError(MergeWithoutDirections(span=site.argument("merge"), kind=self.kind, merge=self.merge))

    def range_of(self, index: int, x: TensorType, *optional: TensorType | None) -> tuple[int, Dim] | None:
        """Lengths are at most that of the sequence."""
        return (0, x.shape[1]) if self.operands[index].name == "lengths" else None

    def specs(self, x: TensorType, *optional: TensorType | None) -> Iterator[WeightSpec]:
        """Per layer and direction ``weight_ih``, ``weight_hh`` and the biases, with rows for all gates."""
        rows, bound = len(self.gates) * self.units, self.units**-0.5
        start = Uniform(low=-bound, high=bound)
        for name, columns in self.stack.parameters(known(x.shape[2])):
            shape = (rows, *columns)
            written = self.init if columns else self.bias_init
            keras = self._keras(name, shape)
            yield WeightSpec(name, shape, written or start, Fan.of(shape), gates=self.gates, keras=keras)

    def _keras(self, name: str, shape: tuple[int, ...]) -> tuple[KerasTensor, ...]:
        """Kernels are transposed; two biases are the rows of one tensor, where Keras has them.

        Each of several layers is one of its own in Keras, and each of two directions one inside of ``Bidirectional``.
        """
        kind, _, place = name.rpartition("_l")
        layer, gates = int(place.removesuffix("_reverse")), self.keras_gates or self.gates
        inside = ("backward_layer/" if name.endswith("_reverse") else "forward_layer/") if self.bidirectional else ""
        if kind.startswith("weight"):
            keras = f"{inside}{'kernel' if kind == 'weight_ih' else 'recurrent_kernel'}"
            return (KerasTensor(keras, shape[::-1], (1, 0), gates, layer=layer),)
        if self.bias_vectors == 1:
            return (KerasTensor(f"{inside}bias", shape, (0,), gates, layer=layer),)
        if not self.keras_has_two_biases:
            return ()
        row = ("bias_ih", "bias_hh").index(kind)
        return (KerasTensor(f"{inside}bias", (2, *shape), (0,), gates, row, layer),)

    @classmethod
    def takes_literal(cls, name: str) -> bool:
        """Names of any layer and direction: ``weight_ih_l0``, ``bias_hh_l1_reverse``."""
        return _PARAMETER.fullmatch(name) is not None

    @classmethod
    def attribute_for(cls, difference: Difference) -> str:
        """A further layer, direction or bias vector that one side has."""
        found, lacking, wanted = _PARAMETER.fullmatch(difference.tensor), difference.lacking, difference.wanted
        rows, units = difference.having.get("weight_hh_l0", (0, 0))
        if found is None or "weight_ih_l0" not in lacking or rows != len(cls.gates) * units:
            return ""
        tensor, vector, layer, reverse = found.groups()
        if f"weight_ih_l{layer}" not in lacking:
            file = difference.having if difference.in_file else lacking
            return f"layers={1 + max(int(one[3]) for one in map(_PARAMETER.fullmatch, file) if one)}"
        if reverse and f"weight_ih_l{layer}_reverse" not in lacking:
            return f"bidirectional={wanted}"
        flags = {("bias", "ih"): "bias", ("bias", "hh"): cls.second_bias}
        return f"{flags[tensor, vector]}={wanted}" if (tensor, vector) in flags else ""

    @classmethod
    def attributes(cls) -> tuple[dataclasses.Field[Any], ...]:
        """The declared attributes, in signature order."""
        return tuple(sorted(super().attributes(), key=lambda one: (one.name in _LAST, one.name not in _FIRST)))

    def params_text(self, specs: Sequence[WeightSpec]) -> str:
        """``4*32*(10+32+1)``: gates, units, and what one row is made of."""
        return " + ".join(one.text for one in self._per_layer(specs[0].shape[1], self.bias_vectors))

    def cost(self, results: tuple[TensorType, ...], x: TensorType, *optional: TensorType | None) -> Cost:
        """The products of the weights with inputs and states, at every step: ``4*32*(10+32)*T``."""
        each, steps = self._per_layer(known(x.shape[2]), 0), product((), x.shape[:2])
        joined = " + ".join(one.text for one in each)
        text = joined if len(each) == 1 else f"({joined})"
        return Cost(steps.number * sum(one.number for one in each), f"{text}*{steps.text}")

    def _per_layer(self, channels: int, biases: int) -> list[Cost]:
        """How many numbers the rows of each layer are made of."""
        factors = [count for count in (self.stack.directions, len(self.gates)) if count > 1]
        rows, text = math.prod(factors) * self.units, "*".join(map(str, [*factors, self.units]))
        bias = f"+{biases}" if biases else ""
        return [
            Cost(rows * (count + self.units + biases), f"{text}*({count}+{self.units}{bias})")
            for count in self.stack.inputs(channels)
        ]

    def positions(self, read: Read, *operands: TensorType | None) -> Reach:
        """The last output has seen every step, and of its example alone; states lie behind the axis of the layers."""
        whole = (WHOLE,) * read.operand.rank
        return whole if read.place or read.number else (Along(0), *whole[1:])

    def compute(
        self, weights: Mapping[str, np.ndarray], x: np.ndarray, *optional: np.ndarray | None
    ) -> tuple[np.ndarray, ...]:
        """The scan over directions, layers and steps; see ``recurrent_reference.run_stack``."""
        *initial, lengths = optional
        return run_stack(self.step, self.stack, x, weights, initial, lengths)

    def lower(self, b: Builder, x: Tensor, *optional: Tensor | None) -> tuple[Tensor, ...]:
        """One ONNX operator per layer; see ``recurrent_lowering``."""
        *initial, lengths = optional
        if lengths is not None and lengths.dtype is not DType.INT32:
            lengths = b.op(ops.Cast(to=DType.INT32), lengths)
        return lower_stack(b, self.onnx_cell, self.stack, tuple(self.specs(x.type)), x, initial, lengths)


def check_sequence(x: TensorType, site: Site, operand: int = 0) -> None:
    """Demand ``[N, T, C]`` of floating point elements, with a known number of channels."""
    need_rank(site, operand, x, 3, 3, "[N, T, C]", _rank_fault(x))
    need_float(site, operand, x)
    _, middle, last = x.shape
    if isinstance(last, DimExpr) and not isinstance(middle, DimExpr):
        facts, symbol = site.about_operand(operand, x), min(symbols(last))
        raise DotnnError(LooksChannelsFirst(**facts, last=format_dim(last), symbol=symbol))
    need_known(site, operand, last, x, UndecidedLastChannels)


def _rank_fault(x: TensorType) -> type[WrongRank]:
    if x.rank != 2:
        return NotASequence
    return IdsAsSequence if x.dtype.is_integer else StepAsSequence


def _need_type(
    site: Site, index: int, expected: TensorType, found: TensorType, fault: Callable[..., Diagnostic], **facts: str
) -> None:
    """Demand that an operand is certainly of a type."""
    if not _fits(expected, found):
        raise DotnnError(fault(**site.about_operand(index, found), expected=str(expected), **facts))


def _fits(expected: TensorType, found: TensorType) -> bool:
    """Whether the types are certainly the same; what is undecided is not certain."""
    if found.dtype is not expected.dtype or found.rank != expected.rank:
        return False
    pairs = zip(expected.shape, found.shape, strict=True)
    return all(decide_equal(one, other) is True for one, other in pairs)


@record
class AddedBias(Recurrent, ABC):
    """Base of the recurrent layers whose bias vectors are only ever added to each other."""

    recurrent_bias: bool = attribute(Flag(), False, doc="Whether there is a second bias vector, the state's.")

    @property
    def bias_vectors(self) -> int:
        """None, one, or two."""
        return self.bias + self.recurrent_bias

    def check_attributes(self, site: Site) -> None:
        """Raise where attributes contradict each other."""
        super().check_attributes(site)
        if self.recurrent_bias and not self.bias:
            span = site.argument("recurrent_bias")
            raise DotnnError(RecurrentBiasWithoutBias(span=span, kind=self.kind))


@final
@record
class Rnn(AddedBias):
    """Vanilla (Elman) recurrent layer, ``[N, T, C]`` to ``y`` ``[N, T, D * units]`` and final states ``h``.

    ``D`` is the number of directions. ``y`` holds the outputs of the last layer at every step, forward first, each
    direction aligned with the input's steps; with ``return_sequences=false`` it is ``[N, D * units]``, the final output
    of each direction (the backward one ends at step 0, so this is not ``y[:, -1]``). ``merge="sum"`` adds the
    directions of the last layer: ``[N, T, units]`` or ``[N, units]``.

    ``h`` and ``initial_h`` are ``[layers * D, N, units]``, in the order layer 0 forward, layer 0 backward, layer 1
    forward, and so on.

    With ``lengths``, steps past an example's length give zeros and leave its state alone, and the backward direction
    starts at the last valid step; an example of length 0 keeps its initial state. Lengths beyond T are refused when the
    model runs.

    There is one bias vector, as in Keras; with ``recurrent_bias=true`` there are two, as in PyTorch and ONNX, whose sum
    is the one. Reading backwards only is ``flip(axis=1)`` before and after. onnxruntime computes recurrent layers in
    float32 and float16, not in float64.
    """

    kind: ClassVar[str] = "rnn"
    gates: ClassVar[tuple[str, ...]] = ("h",)
    formula: ClassVar[str] = "h = activation(W_ih x + b_ih + W_hh h + b_hh)"
    foreign_names: ClassVar[tuple[str, ...]] = ("simplernn", "elman")
    source: ClassVar[str] = "Elman, Finding Structure in Time (1990); torch.nn.RNN"
    samples: ClassVar[tuple[Sample, ...]] = (
        _sample("rnn(4)"),
        _sample('rnn(4, activation="relu", bias=false)'),
        _sample("rnn(4, layers=2, bidirectional=true, recurrent_bias=true, dropout=0.1)"),
        _sample('rnn(4, bidirectional=true, merge="sum", return_sequences=false)'),
        _sample("rnn(4, init=orthogonal, bias_init=zeros, return_sequences=false)"),
        _sample("rnn(4, initial_h=start, lengths=lengths)", start="float32[1, N, 4]", lengths="int64[N]"),
        _sample("rnn(2, weight_ih_l0=[[1, -1, 0.5], [0, 2, 1]], weight_hh_l0=[[0.5, -1], [1, 0]], bias=false)"),
    )

    activation: str = attribute(Choice("tanh", "relu"), "tanh", doc="The nonlinearity of the state.")

    @property
    def onnx_cell(self) -> OnnxCell:
        """``RNN``; it needs an activation for every direction."""
        activation = {"tanh": "Tanh", "relu": "Relu"}[self.activation]
        return OnnxCell(ops.RNN(activations=(activation,) * self.stack.directions), self.gates)

    def step(self, projected: np.ndarray, states: States, weight_hh: np.ndarray, bias_hh: np.ndarray | None) -> States:
        """``h = activation(W_ih x + b_ih + W_hh h + b_hh)``."""
        total = projected + linear(states[0], weight_hh, bias_hh)
        return (np.tanh(total) if self.activation == "tanh" else np.maximum(total, 0),)


@final
@record
class Lstm(AddedBias):
    """Long short-term memory, ``[N, T, C]`` to ``y`` ``[N, T, D * units]`` and final states ``h`` and ``c``.

    ``D`` is the number of directions. The states ``h``, ``c``, ``initial_h`` and ``initial_c`` are ``[layers * D, N,
    units]``, layer 0 forward first. With ``return_sequences=false``, ``y`` is the final output of each direction, ``[N,
    D * units]``. Directions, merging, lengths, the order of states and the number of bias vectors are as in ``rnn``.

    The rows of the weights are the gates i, f, g, o, ``units`` rows each, as in PyTorch; ONNX has i, o, f, c, and the
    gates are reordered when a model is built. Keras starts the forget bias at 1; here all biases start alike, as in
    PyTorch.
    """

    kind: ClassVar[str] = "lstm"
    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")
    operands: ClassVar[tuple[Operand, ...]] = (_SEQUENCE, _INITIAL_H, _INITIAL_C, _LENGTHS)
    result_names: ClassVar[tuple[str, ...]] = ("y", "h", "c")
    formula: ClassVar[str] = (
        "i, f, o = sigmoid(W_ih x + b_ih + W_hh h + b_hh); g = tanh(likewise); c = f*c + i*g; h = o*tanh(c)"
    )
    source: ClassVar[str] = (
        "Hochreiter and Schmidhuber, Long Short-Term Memory (1997), with the forget gate of Gers, "
        "Schmidhuber and Cummins (2000); torch.nn.LSTM"
    )
    samples: ClassVar[tuple[Sample, ...]] = (
        _sample("lstm(4)"),
        _sample("lstm(4, bias=false, return_sequences=false)"),
        _sample("lstm(4, layers=2, bidirectional=true, recurrent_bias=true, dropout=0.1)"),
        _sample('lstm(4, bidirectional=true, merge="sum", init=xavier_uniform, bias_init=ones)'),
        _sample(
            "lstm(4, initial_h=start, initial_c=cell, lengths=lengths)",
            start="float32[1, N, 4]",
            cell="float32[1, N, 4]",
            lengths="int64[N]",
        ),
        _sample("lstm(4, bidirectional=true, lengths=lengths, return_sequences=false)", lengths="int32[N]"),
        _sample("lstm(1, weight_hh_l0=[[0.5], [-1], [1], [2]], bias_ih_l0=[0.5, 1, -1, 0.25])"),
    )

    @property
    def onnx_cell(self) -> OnnxCell:
        """``LSTM``; it calls the candidate c."""
        return OnnxCell(ops.LSTM(), ("i", "o", "f", "g"))

    def step(self, projected: np.ndarray, states: States, weight_hh: np.ndarray, bias_hh: np.ndarray | None) -> States:
        """``c = f*c + i*g`` and ``h = o*tanh(c)``."""
        hidden, memory = states
        total = projected + linear(hidden, weight_hh, bias_hh)
        take_in, keep, candidate, give_out = np.split(total, 4, axis=-1)
        memory = sigmoid(keep) * memory + sigmoid(take_in) * np.tanh(candidate)
        return sigmoid(give_out) * np.tanh(memory), memory


@final
@record
class Gru(Recurrent):
    """Gated recurrent unit, ``[N, T, C]`` to ``y`` ``[N, T, D * units]`` and the final states ``h``.

    ``D`` is the number of directions. The states ``h`` and ``initial_h`` are ``[layers * D, N, units]``, layer 0
    forward first. With ``return_sequences=false``, ``y`` is the final output of each direction, ``[N, D * units]``.
    Directions, merging, lengths and the order of states are as in ``rnn``.

    The rows of the weights are the gates r, z, n, ``units`` rows each, as in PyTorch; ONNX has z, r, h, and the gates
    are reordered when a model is built. With ``reset_after=true`` the reset gate acts on the product with the state, as
    in PyTorch, cuDNN and Keras, whose formula has two bias vectors. With ``reset_after=false`` it acts on the state
    itself, as in the paper, with one bias vector: ``n = tanh(W_in x + b_in + W_hn (r*h))``.
    """

    kind: ClassVar[str] = "gru"
    gates: ClassVar[tuple[str, ...]] = ("r", "z", "n")
    second_bias: ClassVar[str] = "reset_after"
    keras_gates: ClassVar[tuple[str, ...]] = ("z", "r", "n")
    keras_has_two_biases: ClassVar[bool] = True
    formula: ClassVar[str] = (
        "r, z = sigmoid(W_ih x + b_ih + W_hh h + b_hh); n = tanh(W_in x + b_in + r*(W_hn h + b_hn)); "
        "h = z*h + (1 - z)*n"
    )
    source: ClassVar[str] = "Cho et al., Learning Phrase Representations using RNN Encoder-Decoder (2014); torch.nn.GRU"
    samples: ClassVar[tuple[Sample, ...]] = (
        _sample("gru(4)"),
        _sample("gru(4, reset_after=false)"),
        _sample("gru(4, bias=false, return_sequences=false)"),
        _sample("gru(4, layers=2, bidirectional=true, dropout=0.1)"),
        _sample('gru(4, bidirectional=true, merge="sum", reset_after=false)'),
        _sample("gru(4, init=orthogonal, bias_init=zeros)"),
        _sample("gru(4, initial_h=start, lengths=lengths)", start="float32[1, N, 4]", lengths="int64[N]"),
        _sample("gru(1, weight_hh_l0=[[0.5], [-1], [1]], bias_ih_l0=[0.5, 1, -1], bias_hh_l0=[0.25, -1, 2])"),
    )

    reset_after: bool = attribute(
        Flag(), True, doc="Whether the reset gate acts after the product with the state: two bias vectors."
    )

    @property
    def bias_vectors(self) -> int:
        """None; one with ``reset_after=false``; two with ``reset_after=true``."""
        return self.bias + (self.bias and self.reset_after)

    @property
    def onnx_cell(self) -> OnnxCell:
        """``GRU``; it calls the candidate h."""
        return OnnxCell(ops.GRU(linear_before_reset=int(self.reset_after)), ("z", "r", "n"))

    def step(self, projected: np.ndarray, states: States, weight_hh: np.ndarray, bias_hh: np.ndarray | None) -> States:
        """``h = z*h + (1 - z)*n``."""
        hidden, place = states[0], [2 * self.units]
        of_gates, of_candidate = np.split(projected, place, axis=-1)
        weight, weight_hn = np.split(weight_hh, place)
        bias, bias_hn = (None, None) if bias_hh is None else np.split(bias_hh, place)
        reset, update = np.split(sigmoid(of_gates + linear(hidden, weight, bias)), 2, axis=-1)
        if self.reset_after:
            from_state = reset * linear(hidden, weight_hn, bias_hn)
        else:
            from_state = linear(reset * hidden, weight_hn, bias_hn)
        candidate = np.tanh(of_candidate + from_state)
        return (update * hidden + (1 - update) * candidate,)
