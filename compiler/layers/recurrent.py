"""Recurrent layers: ``rnn``, ``lstm`` and ``gru``, stacked, in one direction or both."""

from __future__ import annotations

import dataclasses
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, final

from ..diagnostics import DotnnError
from ..diagnostics.recurrent import (
    DropoutWithoutLayers,
    InitialStateMismatch,
    LengthsMismatch,
    LooksChannelsFirst,
    MergeWithoutDirections,
    RecurrentBiasWithoutBias,
)
from ..graph.dims import Dim, DimExpr, decide_equal, format_dim, symbols
from ..graph.tensors import Fan, Initializer
from ..graph.types import DType, TensorType
from ..records import record
from ..weights.initializers import Uniform
from .attributes import Choice, Flag, InitializerKind, Integer, Real, attribute
from .base import NO_DOUBLE_ON_CPU, Emitter, Operand, Sample, Site, WeightSpec
from .reach import WHOLE, Along, Reach
from .recurrent_lowering import OnnxCell, lower_stack
from .recurrent_reference import run_stack, sigmoid
from .recurrent_stack import Stack
from .rules import counted, need_float, need_integer, need_known, need_rank, product_text, required
from .weighted import Weighted

if TYPE_CHECKING:
    import numpy as np

    from .recurrent_reference import States

_T = TypeVar("_T")

#: More layers than anybody stacks; the nodes and weights of a stack are made one by one.
MOST_LAYERS = 1000

_SEQUENCE = Operand("x", "The sequence, `[N, T, C]`.")
_INITIAL_H = Operand("initial_h", "The first states, `[layers * D, N, units]`; else zeros.", optional=True)
_INITIAL_C = Operand("initial_c", "The first cell states, as `initial_h`; else zeros.", optional=True)
_LENGTHS = Operand(
    "lengths", "How many steps of each example are valid, `[N]` ints from 0 to T; else all.", optional=True
)

#: The order of the signatures, which no order of inheritance gives.
_SIGNATURE = (
    "units",
    "activation",
    "layers",
    "bidirectional",
    "merge",
    "return_sequences",
    "bias",
    "recurrent_bias",
    "reset_after",
    "dropout",
    "init",
    "bias_init",
)

_PARAMETER = re.compile(r"(weight|bias)_(ih|hh)_l(0|[1-9][0-9]*)(_reverse)?")

_START = "uniform(low=-1/sqrt(units), high=1/sqrt(units))"

_SIZES = ({"N": 1, "T": 4}, {"N": 2, "T": 5}, {"N": 3, "T": 8})


def _sample(call: str, **further: str) -> Sample:
    """A call on a sequence of three channels; lengths are valid at every size."""
    ranges = {"lengths": (0, 5)} if "lengths" in further else {}
    return Sample(call, {"x": "float32[N, T, 3]", **further}, sizes=_SIZES, ranges=ranges)


@record
class Recurrent(Weighted, ABC):
    """Base of the recurrent layers.

    Class attributes:
        gates: blocks of ``units`` rows in each weight.
        cell_states: operands with the initial states, in the order of the results with the final ones.
    """

    gates: ClassVar[int]
    cell_states: ClassVar[tuple[str, ...]] = ("initial_h",)
    operands: ClassVar[tuple[Operand, ...]] = (_SEQUENCE, _INITIAL_H, _LENGTHS)
    result_names: ClassVar[tuple[str, ...]] = ("y", "h")
    literal_weights: ClassVar[tuple[str, ...]] = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    cpu_floats: ClassVar[frozenset[DType]] = NO_DOUBLE_ON_CPU

    units: int = attribute(Integer(1), doc="Size of the state.", positional=True)
    layers: int = attribute(
        Integer(1, MOST_LAYERS),
        1,
        doc="How many layers are stacked, each reading the outputs of the one below.",
    )
    bidirectional: bool = attribute(Flag(), False, doc="Whether every layer also reads backwards: D is 2.")
    merge: str = attribute(
        Choice("concat", "sum"),
        "concat",
        doc="How the last layer's directions are merged; inner layers concatenate.",
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
        """The formula of one step; see ``recurrent_reference.Step``."""

    @property
    def stack(self) -> Stack:
        """The sizes."""
        return Stack(
            units=self.units,
            gates=self.gates,
            layers=self.layers,
            directions=2 if self.bidirectional else 1,
            bias_vectors=self.bias_vectors,
            summed=self.merge == "sum",
            final_only=not self.return_sequences,
        )

    def infer(self, operands: Sequence[TensorType | None], site: Site) -> tuple[TensorType, ...]:
        """``y`` is ``[N, T, D * units]`` or ``[N, D * units]``; states are ``[layers * D, N, units]``."""
        self.check_attributes(site)
        x = required(operands, 0)
        _check_sequence(x, site)
        stack = self.stack
        batch, steps, _ = x.shape
        states = x.with_shape(stack.states, batch, self.units)
        for index, (operand, found) in enumerate(zip(self.operands, operands, strict=True)):
            if found is not None and operand.name == "lengths":
                _check_lengths(x, found, site, index)
            elif found is not None and index > 0:
                _check_state(operand.name, states, found, site, index)
        sequence = x.with_shape(batch, steps, stack.features)
        output = x.with_shape(batch, stack.features) if stack.final_only else sequence
        return output, *(states for _ in self.cell_states)

    def check_attributes(self, site: Site) -> None:
        """Raise where attributes contradict each other, and warn where one has no effect."""
        if self.merge != "concat" and not self.bidirectional:
            raise DotnnError(MergeWithoutDirections(span=site.argument("merge"), kind=self.kind, merge=self.merge))
        if self.dropout and self.layers == 1:
            site.warnings.append(DropoutWithoutLayers(span=site.argument("dropout"), kind=self.kind))

    def operand_range(self, index: int, operands: Sequence[TensorType | None]) -> tuple[int, Dim] | None:
        """Lengths are at most that of the sequence."""
        return (0, required(operands, 0).shape[1]) if self.operands[index].name == "lengths" else None

    def weights(self, operands: Sequence[TensorType | None]) -> tuple[WeightSpec, ...]:
        """Per layer and direction ``weight_ih``, ``weight_hh`` and the biases, with rows for all gates."""
        weight, bias = self.weight_initializer(), self.bias_initializer()
        return tuple(
            WeightSpec(name, shape, weight if len(shape) == 2 else bias, Fan.of(shape))
            for name, shape in self.stack.shapes(_channels(operands))
        )

    def weight_initializer(self) -> Initializer:
        """How weights start: as written, or as in PyTorch."""
        return self.init or self._start

    def bias_initializer(self) -> Initializer:
        """How biases start: as written, or as in PyTorch."""
        return self.bias_init or self._start

    @property
    def _start(self) -> Initializer:
        bound = self.units**-0.5
        return Uniform(low=-bound, high=bound)

    @classmethod
    def takes_literal(cls, name: str) -> bool:
        """Names of any layer and direction: ``weight_ih_l0``, ``bias_hh_l1_reverse``."""
        return _PARAMETER.fullmatch(name) is not None

    @classmethod
    def attributes(cls) -> tuple[dataclasses.Field[Any], ...]:
        """The declared attributes, in signature order."""
        return tuple(sorted(super().attributes(), key=lambda one: _SIGNATURE.index(one.name)))

    def macs(self, operands: Sequence[TensorType | None], results: Sequence[TensorType]) -> Dim:
        """The products of the weights with inputs and states, at every step."""
        batch, steps, _ = required(operands, 0).shape
        stack, channels = self.stack, _channels(operands)
        per_step = sum(
            stack.directions * stack.rows * (stack.inputs(layer, channels) + self.units) for layer in range(self.layers)
        )
        return batch * steps * per_step

    def explain_params(self, operands: Sequence[TensorType | None]) -> str:
        """``4*32*(10+32+1)``: gates, units, and what one row is made of."""
        return " + ".join(self._per_layer(operands, self.bias_vectors))

    def explain_macs(self, operands: Sequence[TensorType | None], results: Sequence[TensorType]) -> str:
        """``(4*32*(10+32))*T``."""
        per_step = self._per_layer(operands, 0)
        batch, steps, _ = required(operands, 0).shape
        joined = per_step[0] if len(per_step) == 1 else f"({' + '.join(per_step)})"
        return f"{joined}*{product_text(counted((batch, steps)))}"

    def _per_layer(self, operands: Sequence[TensorType | None], biases: int) -> list[str]:
        stack = self.stack
        counts = [count for count in (stack.directions, stack.gates) if count > 1]
        factors = "*".join(map(str, [*counts, self.units]))
        bias = f"+{biases}" if biases else ""
        inputs = (stack.inputs(layer, _channels(operands)) for layer in range(self.layers))
        return [f"{factors}*({count}+{self.units}{bias})" for count in inputs]

    def reach(
        self, operands: Sequence[TensorType | None], results: Sequence[TensorType], operand: int = 0, result: int = 0
    ) -> Reach:
        """The last output has seen every step, and of its example alone; states lie behind the axis of the layers."""
        rank = required(operands, operand).rank
        if operand or result:
            return (WHOLE,) * rank
        return (Along(0), *(WHOLE,) * (rank - 1))

    def reference(
        self, operands: Sequence[np.ndarray | None], weights: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """The scan over directions, layers and steps; see ``recurrent_reference.run_stack``."""
        x, named = required(operands, 0), self._by_name(operands)
        initial = [named[name] for name in self.cell_states]
        return run_stack(self.step, self.stack, x, weights, initial, named["lengths"])

    def lower(self, e: Emitter) -> tuple[str, ...]:
        """One ONNX node per layer; see ``recurrent_lowering``."""
        named = self._by_name(e.operands)
        lengths, found = named["lengths"], self._by_name(e.operand_types)["lengths"]
        if lengths is not None and found is not None and found.dtype is not DType.INT32:
            lengths = e.op("Cast", lengths, to=DType.INT32)
        initial = [named[name] for name in self.cell_states]
        return lower_stack(e, self.onnx_cell, self.stack, _channels(e.operand_types), initial, lengths)

    def _by_name(self, operands: Sequence[_T]) -> dict[str, _T]:
        return {operand.name: found for operand, found in zip(self.operands, operands, strict=True)}


def _channels(operands: Sequence[TensorType | None]) -> int:
    """Channels of the sequence, known since ``infer`` has passed."""
    channels = required(operands, 0).shape[2]
    if isinstance(channels, DimExpr):
        raise ValueError(f"channels must be known, not {format_dim(channels)}")
    return channels


def _check_sequence(x: TensorType, site: Site) -> None:
    need_rank(site, 0, x, 3, 3, "[N, T, C]", _rank_hint(x))
    need_float(site, 0, x)
    _, middle, last = x.shape
    if isinstance(last, DimExpr) and not isinstance(middle, DimExpr):
        raise DotnnError(
            LooksChannelsFirst(
                span=site.operand(0),
                kind=site.kind,
                found=str(x),
                last=format_dim(last),
                symbol=min(symbols(last)),
            )
        )
    need_known(site, 0, last, "the number of channels, the last axis", x)


def _rank_hint(x: TensorType) -> str:
    if x.rank == 2 and x.dtype.is_integer:
        return "look ids up first: `-> embedding(vocabulary, dim=...)` gives [N, T, C]"
    if x.rank == 2:
        return "`-> unsqueeze(axis=1)` reads it as sequences of one step"
    return (
        "`reshape` it to three axes first; where they are [N, C, L], as `conv1d` gives, "
        "`-> transpose([0, 2, 1])` makes them [N, T, C]"
    )


def _check_lengths(x: TensorType, found: TensorType, site: Site, index: int) -> None:
    need_integer(site, index, found)
    expected = TensorType(found.dtype, x.shape[:1])
    if not _fits(expected, found):
        raise DotnnError(
            LengthsMismatch(
                span=site.operand(index),
                kind=site.kind,
                sequence=str(x),
                expected=str(expected),
                found=str(found),
            )
        )


def _check_state(operand: str, expected: TensorType, found: TensorType, site: Site, index: int) -> None:
    if not _fits(expected, found):
        count, batch, units = map(format_dim, expected.shape)
        raise DotnnError(
            InitialStateMismatch(
                span=site.operand(index),
                kind=site.kind,
                operand=operand,
                expected=str(expected),
                found=str(found),
                count=count,
                batch=batch,
                units=units,
            )
        )


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

    ``D`` is the number of directions. ``y`` holds the outputs of the last layer at every step, forward first,
    each direction aligned with the input's steps; with ``return_sequences=false`` it is ``[N, D * units]``,
    the final output of each direction (the backward one ends at step 0, so this is not ``y[:, -1]``).
    ``merge="sum"`` adds the directions of the last layer: ``[N, T, units]`` or ``[N, units]``.

    ``h`` and ``initial_h`` are ``[layers * D, N, units]``, in the order layer 0 forward, layer 0 backward,
    layer 1 forward, and so on.

    With ``lengths``, steps past an example's length give zeros and leave its state alone, and the backward
    direction starts at the last valid step; an example of length 0 keeps its initial state. Lengths beyond T
    are refused when the model runs.

    There is one bias vector, as in Keras; with ``recurrent_bias=true`` there are two, as in PyTorch and ONNX,
    whose sum is the one. Reading backwards only is ``flip(axis=1)`` before and after. onnxruntime computes
    recurrent layers in float32 and float16, not in float64.
    """

    kind: ClassVar[str] = "rnn"
    gates: ClassVar[int] = 1
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
        return OnnxCell("RNN", (0,), {"activations": (activation,) * self.stack.directions})

    def step(self, projected: np.ndarray, states: States, weight_hh: np.ndarray, bias_hh: np.ndarray | None) -> States:
        """``h = activation(W_ih x + b_ih + W_hh h + b_hh)``."""
        import numpy as np

        total = projected + _recurrent(states[0], weight_hh, bias_hh)
        return (np.tanh(total) if self.activation == "tanh" else np.maximum(total, 0),)


@final
@record
class Lstm(AddedBias):
    """Long short-term memory, ``[N, T, C]`` to ``y`` ``[N, T, D * units]`` and final states ``h`` and ``c``.

    ``D`` is the number of directions. The states ``h``, ``c``, ``initial_h`` and ``initial_c`` are ``[layers
    * D, N, units]``, layer 0 forward first. With ``return_sequences=false``, ``y`` is the final output of
    each direction, ``[N, D * units]``. Directions, merging, lengths, the order of states and the number of
    bias vectors are as in ``rnn``.

    The rows of the weights are the gates i, f, g, o, ``units`` rows each, as in PyTorch; ONNX has i, o, f, c,
    and the gates are reordered when a model is built. Keras starts the forget bias at 1; here all biases
    start alike, as in PyTorch.
    """

    kind: ClassVar[str] = "lstm"
    gates: ClassVar[int] = 4
    cell_states: ClassVar[tuple[str, ...]] = ("initial_h", "initial_c")
    operands: ClassVar[tuple[Operand, ...]] = (_SEQUENCE, _INITIAL_H, _INITIAL_C, _LENGTHS)
    result_names: ClassVar[tuple[str, ...]] = ("y", "h", "c")
    formula: ClassVar[str] = (
        "i, f, o = sigmoid(W_ih x + b_ih + W_hh h + b_hh); g = tanh(likewise); c = f*c + i*g; h = o*tanh(c)"
    )
    foreign_names: ClassVar[tuple[str, ...]] = ("lstmcell",)
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
        """``LSTM``, with gates i, o, f, c."""
        return OnnxCell("LSTM", (0, 3, 1, 2), {})

    def step(self, projected: np.ndarray, states: States, weight_hh: np.ndarray, bias_hh: np.ndarray | None) -> States:
        """``c = f*c + i*g`` and ``h = o*tanh(c)``."""
        import numpy as np

        hidden, memory = states
        gates = np.split(projected + _recurrent(hidden, weight_hh, bias_hh), 4, axis=-1)
        take_in, keep, candidate, give_out = gates
        memory = sigmoid(keep) * memory + sigmoid(take_in) * np.tanh(candidate)
        return sigmoid(give_out) * np.tanh(memory), memory


@final
@record
class Gru(Recurrent):
    """Gated recurrent unit, ``[N, T, C]`` to ``y`` ``[N, T, D * units]`` and the final states ``h``.

    ``D`` is the number of directions. The states ``h`` and ``initial_h`` are ``[layers * D, N, units]``,
    layer 0 forward first. With ``return_sequences=false``, ``y`` is the final output of each direction, ``[N,
    D * units]``. Directions, merging, lengths and the order of states are as in ``rnn``.

    The rows of the weights are the gates r, z, n, ``units`` rows each, as in PyTorch; ONNX has z, r, h, and
    the gates are reordered when a model is built. With ``reset_after=true`` the reset gate acts on the
    product with the state, as in PyTorch, cuDNN and Keras, whose formula has two bias vectors. With
    ``reset_after=false`` it acts on the state itself, as in the paper, with one bias vector: ``n = tanh(W_in
    x + b_in + W_hn (r*h))``.
    """

    kind: ClassVar[str] = "gru"
    gates: ClassVar[int] = 3
    formula: ClassVar[str] = (
        "r, z = sigmoid(W_ih x + b_ih + W_hh h + b_hh); n = tanh(W_in x + b_in + r*(W_hn h + b_hn)); "
        "h = z*h + (1 - z)*n"
    )
    foreign_names: ClassVar[tuple[str, ...]] = ("grucell",)
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
        """``GRU``, with gates z, r, h."""
        return OnnxCell("GRU", (1, 0, 2), {"linear_before_reset": int(self.reset_after)})

    def step(self, projected: np.ndarray, states: States, weight_hh: np.ndarray, bias_hh: np.ndarray | None) -> States:
        """``h = z*h + (1 - z)*n``."""
        import numpy as np

        hidden, split = states[0], 2 * self.units
        gates = projected[:, :split] + _recurrent(hidden, weight_hh[:split], _part(bias_hh, slice(split)))
        reset, update = np.split(sigmoid(gates), 2, axis=-1)
        weight_hn, bias_hn = weight_hh[split:], _part(bias_hh, slice(split, None))
        if self.reset_after:
            from_state = reset * _recurrent(hidden, weight_hn, bias_hn)
        else:
            from_state = _recurrent(reset * hidden, weight_hn, bias_hn)
        candidate = np.tanh(projected[:, split:] + from_state)
        return (update * hidden + (1 - update) * candidate,)


def _recurrent(hidden: np.ndarray, weight_hh: np.ndarray, bias_hh: np.ndarray | None) -> np.ndarray:
    product = hidden @ weight_hh.T
    return product if bias_hh is None else product + bias_hh


def _part(bias: np.ndarray | None, rows: slice) -> np.ndarray | None:
    return None if bias is None else bias[rows]
