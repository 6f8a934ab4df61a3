"""Recurrent operators: one layer, in one direction or both, over sequences ``[T, N, C]``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, final

from ..graph.types import DType
from ..lazy_imports import np
from ..records import record
from .activation_functions import RECURRENT, named
from .base import FLOATS, INT32, InvalidOperands, Known, Operand, Operator, Result, Shape
from .shape_rules import need_rank, need_shape

if TYPE_CHECKING:
    from .activation_functions import Activation

    #: The states of a cell, each ``[N, H]``: h, and c for an LSTM.
    States: TypeAlias = tuple[np.ndarray, ...]

_ALWAYS = (
    Operand("X"),
    Operand("W"),
    Operand("R"),
    Operand("B", optional=True),
    Operand("sequence_lens", "T1", optional=True),
    Operand("initial_h", optional=True),
)


@record
class Recurrent(Operator, ABC):
    """Base of the recurrent operators.

    With D directions, H units and G gates: ``X`` is ``[T, N, C]``, ``W`` ``[D, G*H, C]``, ``R`` ``[D, G*H, H]``, ``B``
    ``[D, 2*G*H]``, of the input and then of the state, ``sequence_lens`` ``[N]`` and initial states ``[D, N, H]``.
    ``Y`` is ``[T, D, N, H]``, aligned with ``X``, and final states are ``[D, N, H]``.

    Past the end of an example ``Y`` is 0. A final state is the one after the last valid step of its direction; of an
    example of length 0 it is 0, as in onnxruntime, whatever the initial one is.

    Left out: ``layout=1``, which onnxruntime refuses on CPU; ``clip``, ``input_forget`` and the peepholes ``P``, which
    no layer has.

    Class attributes:
        gates: blocks of H rows in each weight.
        functions: the activations of one direction where none are given.
        states: how many states a cell has.
    """

    gates: ClassVar[int]
    functions: ClassVar[tuple[str, ...]]
    states: ClassVar[int] = 1
    operands: ClassVar[tuple[Operand, ...]] = _ALWAYS
    results: ClassVar[tuple[Result, ...]] = (Result("Y"), Result("Y_h"))
    elements: ClassVar[Mapping[str, frozenset[DType]]] = {"T": FLOATS, "T1": INT32}
    folds: ClassVar[bool] = False

    hidden_size: int | None = None
    direction: Literal["forward", "reverse", "bidirectional"] = "forward"
    activations: tuple[str, ...] | None = None
    activation_alpha: tuple[float, ...] | None = None
    activation_beta: tuple[float, ...] | None = None

    @property
    def directions(self) -> int:
        """How many directions there are."""
        return 2 if self.direction == "bidirectional" else 1

    def shapes(
        self,
        x: Known,
        w: Known,
        r: Known,
        b: Known | None,
        sequence_lens: Known | None,
        *initial: Known | None,
    ) -> tuple[Shape, ...]:
        """``[T, D, N, H]``, and ``[D, N, H]`` for every state."""
        for name, one in (("X", x), ("W", w), ("R", r)):
            need_rank(one, name, 3, 3)
        if self.direction not in ("forward", "reverse", "bidirectional"):
            raise InvalidOperands(f"there is no direction {self.direction!r}")
        self.chosen_functions()
        (steps, batch, channels), units = x.shape, r.shape[2]
        if self.hidden_size not in (None, units):
            raise InvalidOperands(f"hidden_size {self.hidden_size} is not the {units} of R")
        rows = units * self.gates
        need_shape(w, "W", self.directions, rows, channels)
        need_shape(r, "R", self.directions, rows, units)
        need_shape(b, "B", self.directions, rows * 2)
        need_shape(sequence_lens, "sequence_lens", batch)
        states = (self.directions, batch, units)
        for operand, one in zip(self.operands[5:], initial, strict=True):
            need_shape(one, operand.name, *states)
        return ((steps, self.directions, batch, units), *(states,) * self.states)

    def chosen_functions(self) -> tuple[tuple[Activation, ...], ...]:
        """The activations of every direction.

        Parameters are consumed in the order of the functions, by those that take one.
        """
        names = self.activations or self.functions * self.directions
        if len(names) != len(self.functions) * self.directions:
            raise InvalidOperands(f"{len(names)} activations for {self.directions} directions")
        alphas, betas = iter(self.activation_alpha or ()), iter(self.activation_beta or ())
        found = [_with_next(name, alphas, betas) for name in names]
        count = len(self.functions)
        return tuple(tuple(found[start : start + count]) for start in range(0, len(found), count))

    def compute(
        self,
        x: np.ndarray,
        w: np.ndarray,
        r: np.ndarray,
        b: np.ndarray | None,
        sequence_lens: np.ndarray | None,
        *initial: np.ndarray | None,
    ) -> tuple[Any, ...]:
        """Every direction by itself; a reverse one reads the valid steps of each example from the last to the first."""
        steps, batch, _ = x.shape
        lengths = np.full(batch, steps) if sequence_lens is None else sequence_lens.astype("int64")
        if np.any((lengths < 0) | (lengths > steps)):
            raise InvalidOperands(f"{self.kind}: sequence_lens are not from 0 to {steps}")
        starts = [np.zeros((len(w), batch, r.shape[2]), x.dtype) if one is None else one for one in initial]
        outputs, finals = [], []
        for number, functions in enumerate(self.chosen_functions()):
            backward = self.direction == "reverse" or number == 1
            bias = np.zeros(2 * w.shape[1], x.dtype) if b is None else b[number]
            of_input, of_state = np.split(bias, 2)
            cell = _Cell(w[number], r[number], of_input, of_state, functions, self.gates)
            order = _reading_order(steps, lengths, backward)
            read = np.take_along_axis(x, order[:, :, None], axis=0)
            output, final = self._run(cell, read, lengths, tuple(one[number] for one in starts))
            outputs.append(np.take_along_axis(output, order[:, :, None], axis=0))
            finals.append(final)
        return (np.stack(outputs, axis=1), *(np.stack(states) for states in zip(*finals, strict=True)))

    def _run(self, cell: _Cell, x: np.ndarray, lengths: np.ndarray, states: States) -> tuple[np.ndarray, States]:
        """Outputs ``[T, N, H]`` and final states of sequences that are all read forward."""
        states = tuple(np.where((lengths > 0)[:, None], state, 0) for state in states)
        output = np.zeros((*x.shape[:2], cell.units), x.dtype)
        for step in range(len(x)):
            # Examples that have ended take no part any more.
            active = np.flatnonzero(step < lengths)
            after = self.advance(cell, x[step, active], tuple(state[active] for state in states))
            output[step, active] = after[0]
            for state, new in zip(states, after, strict=True):
                state[active] = new
        return output, states

    @abstractmethod
    def advance(self, cell: _Cell, x: np.ndarray, states: States) -> States:
        """The states after one step, whose input is ``[n, C]``."""


class _Cell:
    """The weights of one direction, taken apart by gates."""

    def __init__(
        self,
        w: np.ndarray,
        r: np.ndarray,
        input_bias: np.ndarray,
        state_bias: np.ndarray,
        functions: tuple[Activation, ...],
        gates: int,
    ) -> None:
        self.units = r.shape[1]
        self.functions = functions
        parts = (np.split(one, gates) for one in (w, r, input_bias, state_bias))
        self._gates = tuple(zip(*parts, strict=True))

    def from_input(self, gate: int, x: np.ndarray) -> np.ndarray:
        """``x W^T + Wb`` of a gate."""
        return x @ self._gates[gate][0].T + self._gates[gate][2]

    def from_state(self, gate: int, h: np.ndarray) -> np.ndarray:
        """``h R^T + Rb`` of a gate."""
        return h @ self._gates[gate][1].T + self._gates[gate][3]

    def total(self, gate: int, x: np.ndarray, h: np.ndarray) -> np.ndarray:
        """What input and state give to a gate."""
        return self.from_input(gate, x) + self.from_state(gate, h)


def _with_next(name: str, alphas: Iterator[float], betas: Iterator[float]) -> Activation:
    function = named(RECURRENT, name)
    pairs = zip((alphas, betas), function.defaults, strict=False)
    return function.with_parameters(*(next(given, default) for given, default in pairs))


def _reading_order(steps: int, lengths: np.ndarray, backward: bool) -> np.ndarray:
    """For each step and example the step that is read, ``[T, N]``; taken twice it is the identity."""
    order = np.repeat(np.arange(steps)[:, None], len(lengths), axis=1)
    return np.where(order < lengths, lengths - 1 - order, order) if backward else order


@final
@record
class RNN(Recurrent):
    """``h = f(x W^T + Wb + h R^T + Rb)``."""

    kind: ClassVar[str] = "RNN"
    gates: ClassVar[int] = 1
    functions: ClassVar[tuple[str, ...]] = ("Tanh",)
    source: ClassVar[str] = "ONNX RNN-22"

    def advance(self, cell: _Cell, x: np.ndarray, states: States) -> States:
        """The formula."""
        (f,) = cell.functions
        return (f(cell.total(0, x, states[0])),)


@final
@record
class LSTM(Recurrent):
    """Gates i, o, f by the first activation, the candidate c by the second; ``C = f*C + i*c``, ``H = o * h(C)``."""

    kind: ClassVar[str] = "LSTM"
    gates: ClassVar[int] = 4
    functions: ClassVar[tuple[str, ...]] = ("Sigmoid", "Tanh", "Tanh")
    states: ClassVar[int] = 2
    operands: ClassVar[tuple[Operand, ...]] = (*_ALWAYS, Operand("initial_c", optional=True))
    results: ClassVar[tuple[Result, ...]] = (Result("Y"), Result("Y_h"), Result("Y_c"))
    source: ClassVar[str] = "ONNX LSTM-22"

    def advance(self, cell: _Cell, x: np.ndarray, states: States) -> States:
        """The formula."""
        h, c = states
        f, g, last = cell.functions
        kept = f(cell.total(2, x, h)) * c + f(cell.total(0, x, h)) * g(cell.total(3, x, h))
        return f(cell.total(1, x, h)) * last(kept), kept


@final
@record
class GRU(Recurrent):
    """Gates z and r by the first activation, the candidate by the second; ``H = (1 - z)*h + z*H``.

    The candidate reads ``r * H``; or, with ``linear_before_reset``, ``r`` times the product with the state, its bias
    included.
    """

    kind: ClassVar[str] = "GRU"
    gates: ClassVar[int] = 3
    functions: ClassVar[tuple[str, ...]] = ("Sigmoid", "Tanh")
    source: ClassVar[str] = "ONNX GRU-22"

    linear_before_reset: int = 0

    def advance(self, cell: _Cell, x: np.ndarray, states: States) -> States:
        """The formula."""
        (h,) = states
        f, g = cell.functions
        update, reset = f(cell.total(0, x, h)), f(cell.total(1, x, h))
        from_state = reset * cell.from_state(2, h) if self.linear_before_reset else cell.from_state(2, reset * h)
        candidate = g(cell.from_input(2, x) + from_state)
        return (candidate + update * (h - candidate),)
