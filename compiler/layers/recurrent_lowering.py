"""Recurrent layers as ONNX's ``RNN``, ``LSTM`` and ``GRU``: one operator per layer of the stack.

onnxruntime's CPU provider refuses ``layout=1`` (batch first), so the sequence is transposed once before and
once after the stack; in between it is ``[T, N, C]``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import operators as ops
from ..graph.types import DType
from ..records import positional_record
from .base import WeightSpec
from .recurrent_stack import Stack

if TYPE_CHECKING:
    from ..operators.graph_builder import Builder, Tensor


@positional_record
class OnnxCell:
    """How ONNX knows a cell.

    Attributes:
        operator: what stands for one layer, but for its size and its directions.
        gates: the gates in ONNX's order, by PyTorch's names.
    """

    operator: ops.RNN | ops.LSTM | ops.GRU
    gates: tuple[str, ...]


def lower_stack(
    b: Builder,
    cell: OnnxCell,
    stack: Stack,
    specs: Sequence[WeightSpec],
    x: Tensor,
    initial: Sequence[Tensor | None],
    lengths: Tensor | None,
) -> tuple[Tensor, ...]:
    """Build the operators of a stack; returns the output and the final states.

    Args:
        b: what it builds with.
        cell: which operator stands for one layer.
        stack: its sizes.
        specs: its parameters, in PyTorch's order.
        x: the sequence, ``[N, T, C]``.
        initial: the initial states, one per state of the cell.
        lengths: of the examples, int32.
    """
    direction = "bidirectional" if stack.directions == 2 else "forward"
    operator = dataclasses.replace(cell.operator, hidden_size=stack.units, direction=direction)
    empty = _empty_examples(b, lengths) if lengths is not None and any(initial) else None
    raw, count = x, len(specs) // stack.layers
    finals: list[list[Tensor]] = []
    for layer in range(stack.layers):
        sequence = _merged(b, raw, stack, 1, (0, 2, 1, 3)) if layer else b.op(ops.Transpose(perm=(1, 0, 2)), x)
        starts = [_layer_states(b, state, layer, stack) for state in initial]
        parameters = _parameters(b, cell, stack, specs[layer * count : (layer + 1) * count])
        raw, *ends = b.ops(operator, sequence, *parameters, lengths, *starts)
        finals.append([_kept(b, end, start, empty) for end, start in zip(ends, starts, strict=True)])
    if stack.final_only:
        output = _merged(b, finals[-1][0], stack, 0, (1, 0, 2), stack.summed)
    else:
        output = _batch_first(b, raw, stack)
    return output, *(_joined(b, states) for states in zip(*finals, strict=True))


def _parameters(b: Builder, cell: OnnxCell, stack: Stack, specs: Sequence[WeightSpec]) -> tuple[Tensor | None, ...]:
    """Of one layer: ``[D, rows, C]``, ``[D, rows, units]``, and the biases of input and state, ``[D, 2 * rows]``."""
    kinds = ([spec for spec in specs if spec.name.startswith(kind)] for kind in ("weight_ih", "weight_hh", "bias"))
    return tuple(_in_onnx_layout(b, cell, stack, found) if found else None for found in kinds)


def _in_onnx_layout(b: Builder, cell: OnnxCell, stack: Stack, specs: Sequence[WeightSpec]) -> Tensor:
    """Parameters of one kind of all directions as one tensor, gates in ONNX's order.

    These operators only move elements: they run while a file is written.
    """
    rows, *columns = specs[0].shape
    name = b.weight_name(specs[0].name, "onnx")
    places = [specs[0].gates.index(gate) for gate in cell.gates]
    found = _joined(b, [b.weight(spec.name) for spec in specs])
    if places != sorted(places):
        blocks = b.op(ops.Reshape(), found, b.ints(-1, len(places), stack.units, *columns))
        found = b.op(ops.Gather(axis=1), blocks, b.ints(*places))
    target = b.ints(stack.directions, -1, *columns)
    if columns or len(stack.biases) == 2:
        return b.op(ops.Reshape(), found, target, name=name)
    # Where there is one bias vector, zeros stand for that of the state.
    return b.op(ops.Pad(), b.op(ops.Reshape(), found, target), b.ints(0, 0, 0, rows), name=name)


def _layer_states(b: Builder, states: Tensor | None, layer: int, stack: Stack) -> Tensor | None:
    """The initial states of one layer, ``[D, N, units]``, out of those of all layers."""
    if states is None or stack.layers == 1:
        return states
    start = layer * stack.directions
    return b.op(ops.Slice(), states, b.ints(start), b.ints(start + stack.directions), b.ints(0))


def _empty_examples(b: Builder, lengths: Tensor) -> Tensor:
    """Which examples have no step, ``[N, 1]``."""
    return b.op(ops.Unsqueeze(), b.op(ops.Equal(), lengths, b.constant(0, DType.INT32)), b.ints(1))


def _kept(b: Builder, end: Tensor, start: Tensor | None, empty: Tensor | None) -> Tensor:
    """The final states, which are the initial ones at length 0, where onnxruntime gives zeros."""
    return end if start is None or empty is None else b.op(ops.Where(), empty, start, end)


def _batch_first(b: Builder, raw: Tensor, stack: Stack) -> Tensor:
    """Outputs ``[T, D, N, units]`` of the last layer as ``[N, T, features]``."""
    if stack.directions == 2 and not stack.summed:
        return _merged(b, raw, stack, 1, (2, 0, 1, 3))
    return b.op(ops.Transpose(perm=(1, 0, 2)), _merged(b, raw, stack, 1, (), stack.summed))


def _merged(b: Builder, x: Tensor, stack: Stack, axis: int, order: tuple[int, ...], summed: bool = False) -> Tensor:
    """Without the axis of the directions: they are added, or put in this order before the last one and joined to it."""
    if stack.directions == 2 and not summed:
        ordered = b.op(ops.Transpose(perm=order), x)
        return b.reshape(ordered, (*ordered.shape[:-2], 2 * stack.units))
    return b.op(ops.ReduceSum(keepdims=0) if summed else ops.Squeeze(), x, b.ints(axis))


def _joined(b: Builder, parts: Sequence[Tensor]) -> Tensor:
    """Tensors along axis 0."""
    return parts[0] if len(parts) == 1 else b.op(ops.Concat(axis=0), *parts)
