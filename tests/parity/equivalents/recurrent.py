"""What recurrent layers are in PyTorch and Keras."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from dotnn.compiler.graph.types import TensorType

Tensor = torch.Tensor
Weights = Mapping[str, Tensor]


def module_of(layer: Any, channels: int) -> torch.nn.RNNBase:
    """PyTorch's stack of the same sizes; where it has biases, it has two in every layer."""
    kinds = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
    further = {"nonlinearity": layer.activation} if layer.kind == "rnn" else {}
    return kinds[layer.kind](
        channels,
        layer.units,
        num_layers=layer.layers,
        bias=layer.bias,
        bidirectional=layer.bidirectional,
        batch_first=True,
        **further,
    )


def recurrent(layer: Any, weights: Weights, x: Tensor, *optional: Tensor | None) -> tuple[Tensor, ...]:
    """All examples of one length at a time: PyTorch packs no sequences of no steps."""
    *initial, lengths = optional
    count, steps, _ = x.shape
    lengths = torch.full((count,), steps) if lengths is None else lengths
    directions = 2 if layer.bidirectional else 1
    stack = stack_before if layer.kind == "gru" and not layer.reset_after else stack_of_module
    run = stack(layer, weights, x)
    zeros = x.new_zeros(layer.layers * directions, count, layer.units)
    final = [zeros.clone() if one is None else one.clone() for one in initial]
    y = x.new_zeros(count, steps, directions * layer.units)
    for length in {*lengths.tolist()} - {0}:
        rows = (lengths == length).nonzero().flatten()
        found, states = run(x[rows, :length], [one[:, rows].contiguous() for one in final])
        y[rows, :length] = found
        for one, state in zip(final, states, strict=True):
            one[:, rows] = state
    if not layer.return_sequences:
        y = final[0][-directions:].transpose(0, 1).flatten(1)
    if layer.merge == "sum":
        y = y[..., : layer.units] + y[..., layer.units :]
    return y, *final


#: ``f(x [N, T, C], states [layers * D, N, units]) -> (y [N, T, D * units], final states)``.
Run = Callable[[Tensor, list[Tensor]], tuple[Tensor, list[Tensor]]]


def stack_of_module(layer: Any, weights: Weights, x: Tensor) -> Run:
    """PyTorch's own module; a bias that the layer has not is zero."""
    module = module_of(layer, x.shape[2]).to(x.dtype)
    missing = {name: torch.zeros_like(one) for name, one in module.state_dict().items() if name not in weights}
    module.load_state_dict({**missing, **weights})

    def run(x: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        y, final = module(x, tuple(states) if layer.kind == "lstm" else states[0])
        return y, list(final) if layer.kind == "lstm" else [final]

    return run


def stack_before(layer: Any, weights: Weights, x: Tensor) -> Run:
    """A GRU whose reset gate acts before the product, which PyTorch has not: its cells, step by step."""
    directions = ("", "_reverse")[: 2 if layer.bidirectional else 1]

    def run(x: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        below, final = x.transpose(0, 1), []
        for number in range(layer.layers):
            outputs = []
            for suffix in directions:
                names = [f"{name}_l{number}{suffix}" for name in ("weight_ih", "weight_hh", "bias_ih")]
                steps = below.flip(0) if suffix else below
                found = torch.stack(list(gru_steps(steps, states[0][len(final)], *map(weights.get, names))))
                final.append(found[-1])
                outputs.append(found.flip(0) if suffix else found)
            below = torch.cat(outputs, dim=-1)
        return below.transpose(0, 1), [torch.stack(final)]

    return run


def gru_steps(
    steps: Tensor, state: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor | None
) -> Iterator[Tensor]:
    """The states ``[N, units]`` after each step."""
    hidden_r, hidden_z, hidden_n = (one.T for one in weight_hh.chunk(3))
    for projected in torch.nn.functional.linear(steps, weight_ih, bias):
        r, z, n = projected.chunk(3, dim=-1)
        reset, update = torch.sigmoid(r + state @ hidden_r), torch.sigmoid(z + state @ hidden_z)
        state = update * state + (1 - update) * torch.tanh(n + (reset * state) @ hidden_n)
        yield state


def module(layer: Any, x: TensorType, *optional: TensorType | None) -> torch.nn.RNNBase:
    return module_of(layer, int(x.shape[2]))  # pyright: ignore[reportArgumentType]


KINDS: Sequence[str] = ("rnn", "lstm", "gru")
PYTORCH: dict[str, Callable[..., Any]] = dict.fromkeys(KINDS, recurrent)
MODULES: dict[str, Callable[..., Any]] = dict.fromkeys(KINDS, module)


def keras_layer(name: str, *arguments: Any, **options: Any) -> Any:
    """A layer of Keras, which is imported where it is wanted."""
    import keras

    return getattr(keras.layers, name)(*arguments, **options)


SEQUENCES = (2, 7, 5)

KERAS: dict[str, tuple[dict[str, Any], Callable[[], Any], tuple[int, ...]]] = {
    "rnn": ({"kind": "rnn", "units": 4}, lambda: keras_layer("SimpleRNN", 4, return_sequences=True), SEQUENCES),
    "rnn of relu without bias": (
        {"kind": "rnn", "units": 4, "activation": "relu", "bias": False, "return_sequences": False},
        lambda: keras_layer("SimpleRNN", 4, activation="relu", use_bias=False),
        SEQUENCES,
    ),
    "lstm": (
        {"kind": "lstm", "units": 4, "return_sequences": False},
        lambda: keras_layer("LSTM", 4),
        SEQUENCES,
    ),
    "lstm of one unit": (
        {"kind": "lstm", "units": 1},
        lambda: keras_layer("LSTM", 1, return_sequences=True),
        (1, 1, 1),
    ),
    "gru": ({"kind": "gru", "units": 4}, lambda: keras_layer("GRU", 4, return_sequences=True), SEQUENCES),
    "gru that resets before": (
        {"kind": "gru", "units": 4, "reset_after": False},
        lambda: keras_layer("GRU", 4, reset_after=False, return_sequences=True),
        SEQUENCES,
    ),
    "gru without bias": (
        {"kind": "gru", "units": 4, "bias": False},
        lambda: keras_layer("GRU", 4, use_bias=False, return_sequences=True),
        SEQUENCES,
    ),
}
