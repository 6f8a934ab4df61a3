"""The simple layers' references against PyTorch, in float32."""

from __future__ import annotations

import numpy as np
import pytest
from dotnn.compiler.layers.base import LAYERS
from dotnn.compiler.layers.tensor_arithmetic import Index

torch = pytest.importorskip("torch", reason="needs the extra [parity]")
functional = torch.nn.functional

TOLERANCE = 1e-5


def random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 1.5, shape).astype(np.float32)


def agree(found: np.ndarray, wanted) -> None:
    expected = wanted.detach().numpy()
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    assert np.abs(found - expected).max(initial=0) <= TOLERANCE


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(3, 10), (2, 5, 10), (2, 3, 4, 10), (10,)])
def test_dense(bias: bool, shape: tuple[int, ...]) -> None:
    module = torch.nn.Linear(10, 7, bias=bias)
    weights = {name: value.numpy() for name, value in module.state_dict().items()}
    x = random(*shape)
    (found,) = LAYERS["dense"](units=7, axis=-1, bias=bias).reference([x], weights)
    agree(found, module(torch.from_numpy(x)))


def test_dense_along_channels_is_a_convolution_of_kernel_1() -> None:
    module = torch.nn.Conv2d(3, 7, 1)
    weights = {"weight": module.weight.detach().numpy()[:, :, 0, 0], "bias": module.bias.detach().numpy()}
    x = random(2, 3, 4, 5)
    (found,) = LAYERS["dense"](units=7, axis=1).reference([x], weights)
    agree(found, module(torch.from_numpy(x)))


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 1, 3), ()])
@pytest.mark.parametrize("dtype", ["int64", "int32"])
def test_embedding(shape: tuple[int, ...], dtype: str) -> None:
    module = torch.nn.Embedding(20, 5)
    ids = np.random.default_rng(0).integers(0, 20, shape).astype(dtype)
    (found,) = LAYERS["embedding"](vocabulary=20, dim=5).reference([ids], {"weight": module.weight.detach().numpy()})
    agree(found, module(torch.tensor(ids)))


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("eps", [1e-5, 1e-3])
@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5), (2, 3, 4, 5), (2, 3, 2, 4, 5)])
def test_batch_norm(affine: bool, eps: float, shape: tuple[int, ...]) -> None:
    kinds = {2: torch.nn.BatchNorm1d, 3: torch.nn.BatchNorm1d, 4: torch.nn.BatchNorm2d, 5: torch.nn.BatchNorm3d}
    module = kinds[len(shape)](3, eps=eps, affine=affine).eval()
    state = {
        "weight": random(3, seed=1),
        "bias": random(3, seed=2),
        "running_mean": random(3, seed=3),
        "running_var": np.abs(random(3, seed=4)) + 0.2,
    }
    if not affine:
        del state["weight"], state["bias"]
    module.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()}, strict=False)
    x = random(*shape)
    layer = LAYERS["batch_norm"](eps=eps, scale=affine, bias=affine)
    agree(layer.reference([x], state)[0], module(torch.from_numpy(x)))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 9])
@pytest.mark.parametrize("shape", [(2, 6, 4), (2, 6, 4, 5), (2, 3, 2, 4, 5)])
@pytest.mark.parametrize(("alpha", "beta", "k"), [(1e-4, 0.75, 1.0), (1.3, 0.5, 2.0)])
def test_local_response_norm(size: int, shape: tuple[int, ...], alpha: float, beta: float, k: float) -> None:
    x = random(*shape)
    (found,) = LAYERS["local_response_norm"](size=size, alpha=alpha, beta=beta, k=k).reference([x], {})
    agree(found, functional.local_response_norm(torch.from_numpy(x), size, alpha, beta, k))


@pytest.mark.parametrize(
    ("kind", "arguments", "function"),
    [
        ("relu", {}, functional.relu),
        ("leaky_relu", {}, functional.leaky_relu),
        ("leaky_relu", {"slope": 0.2}, lambda x: functional.leaky_relu(x, 0.2)),
        ("sigmoid", {}, torch.sigmoid),
        ("tanh", {}, torch.tanh),
        ("step", {}, lambda x: torch.heaviside(x, torch.tensor(1.0))),
        ("dropout", {"rate": 0.7}, torch.nn.Dropout(0.7).eval()),
        ("softmax", {"axis": -1}, lambda x: x.softmax(-1)),
        ("softmax", {"axis": 1}, lambda x: x.softmax(1)),
        ("log_softmax", {"axis": -1}, lambda x: x.log_softmax(-1)),
        ("log_softmax", {"axis": 0}, lambda x: x.log_softmax(0)),
    ],
)
@pytest.mark.parametrize("scale", [1, 30])
def test_activations(kind: str, arguments: dict[str, object], function, scale: int) -> None:
    x = random(4, 5, 6) * np.float32(scale)
    x[0, 0, :2] = 0, -0.0
    (found,) = LAYERS[kind](**arguments).reference([x], {})
    agree(found, function(torch.from_numpy(x)))


@pytest.mark.parametrize(
    ("kind", "arguments", "shape", "function"),
    [
        ("flatten", {}, (2, 3, 4, 5), lambda x: x.flatten(1)),
        ("flatten", {"start": 2}, (2, 3, 4, 5), lambda x: x.flatten(2)),
        ("flatten", {"start": -3, "end": -2}, (2, 3, 4, 5), lambda x: x.flatten(-3, -2)),
        ("reshape", {"shape": (4, -1, 3)}, (2, 3, 4), lambda x: x.reshape(4, -1, 3)),
        ("transpose", {"order": (2, 0, 1)}, (2, 3, 4), lambda x: x.permute(2, 0, 1)),
        ("expand", {"shape": (5, 2, 3, 4)}, (2, 1, 4), lambda x: x.expand(5, 2, 3, 4)),
        ("squeeze", {"axis": (1, -1)}, (2, 1, 3, 1), lambda x: x.squeeze((1, -1))),
        ("unsqueeze", {"axis": (-1,)}, (2, 3), lambda x: x.unsqueeze(-1)),
        ("unsqueeze", {"axis": (1,)}, (2, 3), lambda x: x.unsqueeze(1)),
        ("flip", {"axis": (1,)}, (2, 3, 4), lambda x: x.flip(1)),
        ("flip", {"axis": (0, -1)}, (2, 3, 4), lambda x: x.flip(0, -1)),
        ("mean", {"axis": (1,)}, (2, 3, 4), lambda x: x.mean(1)),
        ("mean", {"axis": (-1, 0), "keepdims": True}, (2, 3, 4), lambda x: x.mean((-1, 0), keepdim=True)),
        ("neg", {}, (2, 3), torch.neg),
    ],
)
def test_reshaping_and_reducing(kind: str, arguments: dict[str, object], shape: tuple[int, ...], function) -> None:
    x = random(*shape)
    agree(LAYERS[kind](**arguments).reference([x], {})[0], function(torch.from_numpy(x)))


@pytest.mark.parametrize("axis", [None, 0, -1])
def test_concat(axis: int | None) -> None:
    parts = [random(2, 3, 4, 5, seed=seed) for seed in range(3)]
    wanted = torch.cat([torch.from_numpy(part) for part in parts], dim=1 if axis is None else axis)
    agree(LAYERS["concat"](axis=axis).reference(parts, {})[0], wanted)


@pytest.mark.parametrize(("parts", "sizes"), [(3, 2), ((1, 3, 2), [1, 3, 2])])
def test_split(parts: object, sizes: object) -> None:
    x = random(2, 6, 4)
    wanted = torch.from_numpy(x).split(sizes, dim=1)
    for found, part in zip(LAYERS["split"](parts=parts, axis=1).reference([x], {}), wanted, strict=True):
        agree(found, part)


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("add", torch.add),
        ("sub", torch.sub),
        ("mul", torch.mul),
        ("div", torch.div),
        ("maximum", torch.maximum),
    ],
)
@pytest.mark.parametrize(("a", "b"), [((2, 3, 4), (2, 3, 4)), ((2, 1, 4), (3, 1)), ((), (2, 3))])
def test_operators_broadcast(kind: str, function, a: tuple[int, ...], b: tuple[int, ...]) -> None:
    left, right = random(*a, seed=1), random(*b, seed=2)
    left, right = np.asarray(left), np.where(np.abs(right) < 0.1, np.float32(1), right).astype(np.float32)
    (found,) = LAYERS[kind]().reference([left, right], {})
    agree(found, function(torch.from_numpy(left), torch.from_numpy(right)))


@pytest.mark.parametrize(
    "items",
    [(0,), (-1,), ((None, None), 2), ((None, None), (1, 3), -1), ((-2, None), (None, -1), (0, 99)), ()],
)
def test_indexing(items: tuple) -> None:
    x = random(3, 4, 5)
    index = tuple(item if isinstance(item, int) else slice(*item) for item in items)
    agree(Index(items=items).reference([x], {})[0], torch.from_numpy(x)[index])
