"""Recurrent layers against PyTorch: the same parameters under the same names give the same numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.recurrent import Gru, Lstm, Recurrent, Rnn

torch = pytest.importorskip("torch", reason="needs the extra [parity]")

BATCH, STEPS, CHANNELS, UNITS = 4, 7, 5, 6
X_TYPE = TensorType(DType.FLOAT32, (BATCH, STEPS, CHANNELS))
STACKS = [{"layers": layers, "bidirectional": both} for layers in (1, 3) for both in (False, True)]


def pair(kind: str, bias: bool, layers: int, bidirectional: bool) -> tuple[Recurrent, torch.nn.RNNBase]:
    """A layer with both biases, and PyTorch's module of the same sizes; neither drops when evaluated."""
    shared = {"units": UNITS, "layers": layers, "bidirectional": bidirectional, "bias": bias, "dropout": 0.5}
    made: dict[str, tuple[Recurrent, type, dict]] = {
        "tanh": (Rnn(**shared, recurrent_bias=bias), torch.nn.RNN, {}),
        "relu": (
            Rnn(**shared, recurrent_bias=bias, activation="relu"),
            torch.nn.RNN,
            {"nonlinearity": "relu"},
        ),
        "lstm": (Lstm(**shared, recurrent_bias=bias), torch.nn.LSTM, {}),
        "gru": (Gru(**shared), torch.nn.GRU, {}),
    }
    layer, module, further = made[kind]
    torch.manual_seed(7)
    torch_layer = module(
        CHANNELS,
        UNITS,
        num_layers=layers,
        bidirectional=bidirectional,
        bias=bias,
        batch_first=True,
        dropout=0.5 if layers > 1 else 0.0,
        **further,
    )
    return layer, torch_layer.eval()


def operands(layer: Recurrent, **given: np.ndarray) -> list[np.ndarray | None]:
    return [given.get(operand.name) for operand in layer.operands]


def arrays(module: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in module.state_dict().items()}


def random(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1, shape).astype(np.float32)


def assert_close(found: Sequence[np.ndarray], expected: Sequence[torch.Tensor]) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other.detach().numpy(), rtol=0, atol=1e-5)


def flat(results: tuple) -> list[torch.Tensor]:
    """``(y, h)`` or ``(y, (h, c))`` in a row."""
    y, states = results
    return [y, *states] if isinstance(states, tuple) else [y, states]


@pytest.mark.parametrize("stack", STACKS, ids=str)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", ["tanh", "relu", "lstm", "gru"])
class TestAgainstTorch:
    def test_parameters_are_those_of_the_state_dict(self, kind: str, bias: bool, stack: dict) -> None:
        layer, module = pair(kind, bias, **stack)
        specs = layer.weights([X_TYPE, *[None] * (len(layer.operands) - 1)])
        assert [(spec.name, spec.shape) for spec in specs] == [
            (name, tuple(tensor.shape)) for name, tensor in module.state_dict().items()
        ]
        (bound,) = {spec.initializer.high for spec in specs}
        assert max(tensor.abs().max().item() for tensor in module.parameters()) <= bound

    def test_sequences_and_final_states(self, kind: str, bias: bool, stack: dict) -> None:
        layer, module = pair(kind, bias, **stack)
        x = random(1, BATCH, STEPS, CHANNELS)
        assert_close(layer.reference(operands(layer, x=x), arrays(module)), flat(module(torch.from_numpy(x))))

    def test_initial_states_and_lengths(self, kind: str, bias: bool, stack: dict) -> None:
        layer, module = pair(kind, bias, **stack)
        x = random(2, BATCH, STEPS, CHANNELS)
        start, cell = random(3, 2, layer.stack.states, BATCH, UNITS)
        lengths = np.array([3, 7, 1, 5])
        packed = torch.nn.utils.rnn.pack_padded_sequence(
            torch.from_numpy(x), torch.from_numpy(lengths), batch_first=True, enforce_sorted=False
        )
        states = (torch.from_numpy(start), torch.from_numpy(cell)) if kind == "lstm" else torch.from_numpy(start)
        y, *final = flat(module(packed, states))
        y, _ = torch.nn.utils.rnn.pad_packed_sequence(y, batch_first=True, total_length=STEPS)
        found = layer.reference(operands(layer, x=x, initial_h=start, initial_c=cell, lengths=lengths), arrays(module))
        assert_close(found, [y, *final])


@pytest.mark.parametrize("kind", ["tanh", "lstm", "gru"])
def test_merging_and_final_output_by_hand(kind: str) -> None:
    layer, module = pair(kind, True, layers=2, bidirectional=True)
    x = random(4, BATCH, STEPS, CHANNELS)
    y, h, *_ = flat(module(torch.from_numpy(x)))
    merged = {"concat": torch.cat([h[-2], h[-1]], dim=-1), "sum": h[-2] + h[-1]}
    added = y[..., :UNITS] + y[..., UNITS:]
    both = {} if kind == "gru" else {"recurrent_bias": True}
    for merge, final in merged.items():
        last = type(layer)(units=UNITS, layers=2, bidirectional=True, merge=merge, return_sequences=False, **both)
        assert_close(last.reference(operands(last, x=x), arrays(module))[:1], [final])
    summed = type(layer)(units=UNITS, layers=2, bidirectional=True, merge="sum", **both)
    assert_close(summed.reference(operands(summed, x=x), arrays(module))[:1], [added])


def test_one_bias_vector_is_the_sum_of_two() -> None:
    _, module = pair("lstm", True, layers=1, bidirectional=False)
    weights = arrays(module)
    weights["bias_ih_l0"] = weights["bias_ih_l0"] + weights.pop("bias_hh_l0")
    x = random(5, BATCH, STEPS, CHANNELS)
    single = Lstm(units=UNITS)
    assert_close(single.reference(operands(single, x=x), weights), flat(module(torch.from_numpy(x))))
