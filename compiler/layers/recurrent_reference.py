"""Recurrent layers in plain numpy: the scan over steps, directions and layers around one cell's formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from ..lazy_imports import np
from .recurrent_stack import Stack, parameter

if TYPE_CHECKING:
    #: The states of a cell, each ``[N, units]``: h, and c for an LSTM.
    States: TypeAlias = tuple[np.ndarray, ...]
    #: One step of a cell: see ``Recurrent.step``.
    Step: TypeAlias = Callable[[np.ndarray, States, np.ndarray, np.ndarray | None], States]


def run_stack(
    step: Step,
    stack: Stack,
    x: np.ndarray,
    weights: Mapping[str, np.ndarray],
    initial: Sequence[np.ndarray | None],
    lengths: np.ndarray | None,
) -> tuple[np.ndarray, ...]:
    """The results of a recurrent layer: the output and the final states.

    Args:
        step: the formula of the cell.
        stack: its sizes.
        x: ``[N, T, C]``.
        weights: by PyTorch's local names.
        initial: one per state of the cell, ``[layers * directions, N, units]``; zeros where None.
        lengths: ``[N]``, how many steps of each example are valid.

    Raises:
        ValueError: a length is negative or larger than T; onnxruntime refuses it as well.
    """
    if lengths is not None and not np.all((lengths >= 0) & (lengths <= x.shape[1])):
        raise ValueError(f"lengths must lie between 0 and the number of steps, {x.shape[1]}")
    zeros = np.zeros((stack.states, x.shape[0], stack.units), x.dtype)
    starts = [zeros if state is None else state for state in initial]
    finals: list[States] = []
    outputs: list[np.ndarray] = []
    for layer in range(stack.layers):
        outputs = []
        for direction in range(stack.directions):
            start = tuple(state[layer * stack.directions + direction] for state in starts)
            own = {
                kind: weights[parameter(kind, layer, direction)] for kind in ("weight_ih", "weight_hh", *stack.biases)
            }
            output, final = _run_direction(step, x, own, start, lengths, backward=direction == 1)
            outputs.append(output)
            finals.append(final)
        x = np.concatenate(outputs, axis=-1)
    last = [final[0] for final in finals[-stack.directions :]] if stack.final_only else outputs
    merged = np.add.reduce(last) if stack.summed else np.concatenate(last, axis=-1)
    return merged, *(np.stack(states) for states in zip(*finals, strict=True))


def sigmoid(x: np.ndarray) -> np.ndarray:
    """``1 / (1 + exp(-x))``, without overflow for large negative numbers."""
    return 0.5 * (1 + np.tanh(0.5 * x))


def linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """``x W^T + b``."""
    product = x @ weight.T
    return product if bias is None else product + bias


def _run_direction(
    step: Step, x: np.ndarray, own: Mapping[str, np.ndarray], states: States, lengths: np.ndarray | None, backward: bool
) -> tuple[np.ndarray, States]:
    """Outputs ``[N, T, units]``, aligned with the input's steps, and the final states.

    Read backwards, invalid steps come first and leave the initial states alone, so that the direction starts
    at the last valid step.
    """
    projected = linear(x, own["weight_ih"], own.get("bias_ih"))
    weight_hh, bias_hh = own["weight_hh"], own.get("bias_hh")
    batch, steps = x.shape[:2]
    outputs = np.zeros((batch, steps, weight_hh.shape[1]), x.dtype)
    for time in reversed(range(steps)) if backward else range(steps):
        valid = np.ones((batch, 1), bool) if lengths is None else (time < lengths)[:, None]
        after = step(projected[:, time], states, weight_hh, bias_hh)
        # Products of bfloat16 with Python's numbers are float32.
        after = tuple(state.astype(x.dtype, copy=False) for state in after)
        states = tuple(np.where(valid, new, old) for new, old in zip(after, states, strict=True))
        outputs[:, time] = np.where(valid, after[0], 0)
    return outputs, states
