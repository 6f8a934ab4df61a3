"""Recurrent layers as ONNX ``RNN``, ``LSTM`` and ``GRU`` nodes: one per layer of the stack.

onnxruntime's CPU provider refuses ``layout=1`` (batch first), so the sequence is transposed once before and
once after the stack; in between it is ``[T, N, C]``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..graph.types import DType
from ..records import positional_record
from .base import Emitter
from .recurrent_stack import Stack, parameter

if TYPE_CHECKING:
    import numpy as np


@positional_record
class OnnxCell:
    """How ONNX knows a cell.

    Attributes:
        op_type: ``RNN``, ``LSTM`` or ``GRU``.
        gate_order: for each gate in ONNX's order, its place in PyTorch's order.
        attributes: what the node needs beside ``hidden_size`` and ``direction``.
    """

    op_type: str
    gate_order: tuple[int, ...]
    attributes: Mapping[str, Any]


@positional_record
class StackedWeights:
    """Weights of each direction, ``[rows, columns]``, as ONNX's ``[directions, rows, columns]``."""

    gate_order: tuple[int, ...]

    def __call__(self, *arrays: np.ndarray) -> np.ndarray:
        """The stacked weights, gates in ONNX's order."""
        import numpy as np

        return np.stack([_reordered(array, self.gate_order) for array in arrays])


@positional_record
class StackedBiases:
    """Biases of each direction as ``[directions, 2 * gates * units]``: of the input, then of the state.

    Attributes:
        vectors: vectors per direction: 1, the one of the input, where zeros stand for the other; or 2.
    """

    gate_order: tuple[int, ...]
    vectors: int

    def __call__(self, *arrays: np.ndarray) -> np.ndarray:
        """The stacked biases, gates in ONNX's order."""
        import numpy as np

        ordered = [_reordered(array, self.gate_order) for array in arrays]
        if self.vectors == 1:
            return np.stack([np.concatenate([bias, np.zeros_like(bias)]) for bias in ordered])
        return np.stack([np.concatenate(pair) for pair in zip(ordered[::2], ordered[1::2], strict=True)])


def _reordered(array: np.ndarray, gate_order: Sequence[int]) -> np.ndarray:
    blocks = array.reshape(len(gate_order), -1, *array.shape[1:])
    return blocks[list(gate_order)].reshape(array.shape)


def lower_stack(
    e: Emitter,
    cell: OnnxCell,
    stack: Stack,
    channels: int,
    initial: Sequence[str | None],
    lengths: str | None,
) -> tuple[str, ...]:
    """Emit the nodes of a stack that reads the first operand; returns the output and the final states.

    Args:
        e: the node's view of the ONNX graph.
        cell: which ONNX node stands for one layer.
        stack: its sizes.
        channels: channels of the sequence.
        initial: value names of the initial states, one per state of the cell.
        lengths: value name of the lengths, int32.
    """
    sequence = e.op("Transpose", e.operands[0], perm=[1, 0, 2])
    empty = _empty_examples(e, lengths) if any(initial) else None
    raw = ""
    finals: list[list[str]] = []
    for layer in range(stack.layers):
        sequence = sequence if layer == 0 else _concatenated(e, raw, stack)
        starts = [_layer_states(e, state, layer, stack) for state in initial]
        raw, *ends = e.ops(
            cell.op_type,
            sequence,
            *_layer_parameters(e, cell, stack, layer, channels),
            lengths,
            *starts,
            outputs=1 + len(starts),
            hidden_size=stack.units,
            direction="bidirectional" if stack.directions == 2 else "forward",
            **cell.attributes,
        )
        finals.append([_kept(e, end, start, empty) for end, start in zip(ends, starts, strict=True)])
    output = _final_output(e, finals[-1][0], stack) if stack.final_only else _batch_first(e, raw, stack)
    return output, *(_joined(e, states) for states in zip(*finals, strict=True))


def _layer_parameters(
    e: Emitter, cell: OnnxCell, stack: Stack, layer: int, channels: int
) -> tuple[str, str, str | None]:
    directions = range(stack.directions)
    inputs = stack.inputs(layer, channels)
    weights = StackedWeights(cell.gate_order)
    of_input = e.derived(
        [parameter("weight_ih", layer, direction) for direction in directions],
        "onnx",
        (stack.directions, stack.rows, inputs),
        weights,
    )
    of_state = e.derived(
        [parameter("weight_hh", layer, direction) for direction in directions],
        "onnx",
        (stack.directions, stack.rows, stack.units),
        weights,
    )
    if not stack.biases:
        return of_input, of_state, None
    bias = e.derived(
        [parameter(kind, layer, direction) for direction in directions for kind in stack.biases],
        "onnx",
        (stack.directions, 2 * stack.rows),
        StackedBiases(cell.gate_order, stack.bias_vectors),
    )
    return of_input, of_state, bias


def _layer_states(e: Emitter, states: str | None, layer: int, stack: Stack) -> str | None:
    """The initial states of one layer, ``[directions, N, units]``, out of those of all layers."""
    if states is None or stack.layers == 1:
        return states
    start = layer * stack.directions
    bounds = (e.constant([edge], DType.INT64) for edge in (start, start + stack.directions, 0))
    return e.op("Slice", states, *bounds)


def _empty_examples(e: Emitter, lengths: str | None) -> str | None:
    """Which examples have no step, ``[N, 1]``."""
    if lengths is None:
        return None
    empty = e.op("Equal", lengths, e.constant(0, DType.INT32))
    return e.op("Unsqueeze", empty, e.constant([1], DType.INT64))


def _kept(e: Emitter, end: str, start: str | None, empty: str | None) -> str:
    """The final states, which are the initial ones at length 0, where onnxruntime gives zeros."""
    if start is None or empty is None:
        return end
    return e.op("Where", empty, start, end)


def _concatenated(e: Emitter, raw: str, stack: Stack) -> str:
    """Outputs ``[T, D, N, units]`` of a layer as the sequence ``[T, N, D * units]`` of the next one."""
    if stack.directions == 1:
        return e.op("Squeeze", raw, e.constant([1], DType.INT64))
    return _features_last(e, e.op("Transpose", raw, perm=[0, 2, 1, 3]), stack)


def _batch_first(e: Emitter, raw: str, stack: Stack) -> str:
    """Outputs ``[T, D, N, units]`` of the last layer as ``[N, T, features]``."""
    if stack.summed:
        added = e.op("ReduceSum", raw, e.constant([1], DType.INT64), keepdims=0)
        return e.op("Transpose", added, perm=[1, 0, 2])
    if stack.directions == 1:
        return e.op("Transpose", e.op("Squeeze", raw, e.constant([1], DType.INT64)), perm=[1, 0, 2])
    return _features_last(e, e.op("Transpose", raw, perm=[2, 0, 1, 3]), stack)


def _final_output(e: Emitter, states: str, stack: Stack) -> str:
    """Final states ``[D, N, units]`` of the last layer as ``[N, features]``."""
    if stack.summed:
        return e.op("ReduceSum", states, e.constant([0], DType.INT64), keepdims=0)
    if stack.directions == 1:
        return e.op("Squeeze", states, e.constant([0], DType.INT64))
    shape = e.constant([0, stack.features], DType.INT64)
    return e.op("Reshape", e.op("Transpose", states, perm=[1, 0, 2]), shape)


def _features_last(e: Emitter, value: str, stack: Stack) -> str:
    """``[A, B, D, units]`` as ``[A, B, D * units]``; a 0 in the shape of ``Reshape`` keeps the axis."""
    return e.op("Reshape", value, e.constant([0, 0, stack.directions * stack.units], DType.INT64))


def _joined(e: Emitter, states: Sequence[str]) -> str:
    """The states of all layers along axis 0."""
    return states[0] if len(states) == 1 else e.op("Concat", *states, axis=0)
