"""Weight files that PyTorch and Keras write themselves, read here; and those written here, read by PyTorch."""

from __future__ import annotations

import json
import os
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dotnn.compiler.diagnostics.weight_formats import NoStateDict, SeveralStateDicts, ShardsDoNotFit, WouldRunCode
from dotnn.compiler.diagnostics.weights import DamagedWeightFile
from dotnn.compiler.export.save_weights import save_weights
from dotnn.compiler.graph.tensors import Fan, Literal, Weight
from dotnn.compiler.graph.types import DType
from dotnn.compiler.weights.binding import bind_weights
from dotnn.compiler.weights.readers import open_weights
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.weight_helpers import count_refused, diagnostic_of, network, weight

os.environ.setdefault("KERAS_BACKEND", "torch")
torch = pytest.importorskip("torch", reason="parity tests need the extra [parity]")
keras = pytest.importorskip("keras", reason="parity tests need the extra [parity]")
L = keras.layers

# Keras asks numpy for copies in a way that numpy is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

# PyTorch ------------------------------------------------------------------------------------------------------------


def net() -> torch.nn.Module:
    torch.manual_seed(3)
    return torch.nn.Sequential(
        OrderedDict(conv1=torch.nn.Conv2d(3, 4, 2), bn1=torch.nn.BatchNorm2d(4), fc=torch.nn.Linear(4, 10))
    )


def read_all(path: Path) -> dict[str, np.ndarray]:
    with open_weights(path) as file:
        return {name: np.array(file.load(name)) for name in file.names}


def assert_same(found: dict[str, np.ndarray], state: dict[str, torch.Tensor]) -> None:
    assert list(found) == list(state)
    for name, tensor in state.items():
        assert found[name].shape == tuple(tensor.shape)
        np.testing.assert_array_equal(found[name].astype(np.float64), tensor.detach().double().numpy())


@pytest.mark.parametrize("ending", [".pt", ".pth", ".bin", ".PT"])
@pytest.mark.parametrize("archive", [True, False])
@pytest.mark.parametrize("key", [None, "state_dict", "model", "model_state_dict", "module", "net"])
def test_state_dicts_are_read(tmp_path: Path, ending: str, archive: bool, key: str | None) -> None:
    network, path = net(), tmp_path / f"net{ending}"
    optimizer = torch.optim.Adam(network.parameters())
    network.fc(torch.ones(1, 4)).sum().backward()
    optimizer.step()
    state = network.state_dict()
    whole = state if key is None else {"epoch": 3, "optimizer": optimizer.state_dict(), key: state, "rate": 0.1}
    torch.save(whole, path, _use_new_zipfile_serialization=archive)
    assert_same(read_all(path), state)


@pytest.mark.parametrize(
    "dtype",
    [
        torch.float16,
        torch.bfloat16,
        torch.float64,
        torch.float8_e4m3fn,
        torch.float8_e5m2,
        torch.int8,
        torch.int64,
        torch.bool,
        torch.uint16,
    ],
)
def test_element_types(tmp_path: Path, dtype: torch.dtype) -> None:
    tensors = {"w": torch.tensor([[0.0, 1, 2], [3, 4, 5]]).to(dtype), "s": torch.tensor(1.0).to(dtype)}
    torch.save(tensors, tmp_path / "net.pt")
    with open_weights(tmp_path / "net.pt") as file:
        assert {file.element_type(name) for name in file.names} == {str(dtype).removeprefix("torch.")}
        for name, tensor in tensors.items():
            found = file.load(name)
            assert (found.dtype.name, found.shape) == (file.element_type(name), tuple(tensor.shape))
            np.testing.assert_array_equal(found.astype(np.float32), tensor.float().numpy())
        if dtype.is_floating_point:
            bound = bind_weights(file, [weight("w", 2, 3), weight("s")])
            assert bound.load("w").dtype == np.float32


def test_tensors_that_share_their_numbers(tmp_path: Path) -> None:
    base = torch.arange(12.0).reshape(3, 4)
    tensors = {"a": base, "t": base.T, "part": base[1:, ::2], "p": torch.nn.Parameter(base), "e": base[:, :0]}
    torch.save(tensors, tmp_path / "net.pt")
    assert_same(read_all(tmp_path / "net.pt"), tensors)


def test_numbers_are_mapped(tmp_path: Path) -> None:
    torch.save({"w": torch.ones(1 << 20, 2)}, tmp_path / "net.pt")
    maps = Path("/proc/self/maps")
    with open_weights(tmp_path / "net.pt") as file:
        if maps.is_file():
            assert str(tmp_path / "net.pt") in maps.read_text()
        found = file.load("w")
    del file
    assert found.sum() == 2 << 20, "an array outlives the file that it was loaded from"


CHECKPOINTS: dict[str, tuple[Callable[[], Any], type, str]] = {
    "a network": (net, WouldRunCode, "whole network"),
    "a list": (lambda: [torch.ones(2)], NoStateDict, "a list"),
    "a tensor": (lambda: torch.ones(2), NoStateDict, "Tensor"),
    "nothing": (dict, NoStateDict, "empty"),
    "no tensors": (lambda: {"a": 1, "b": {"c": 2}}, NoStateDict, "no entry of it is a tensor"),
    "more than tensors": (lambda: {"a": torch.ones(2), "epoch": 3}, NoStateDict, "'epoch' is an int"),
    "numbers for names": (lambda: {1: torch.ones(2)}, NoStateDict, "no names"),
    "two networks": (lambda: {"g": net().state_dict(), "d": net().state_dict()}, SeveralStateDicts, "`g`, `d`"),
    "two usual names": (
        lambda: {"model": net().state_dict(), "module": net().state_dict()},
        SeveralStateDicts,
        "`model`, `module`",
    ),
    "a tensor beside": (lambda: {"w": torch.ones(2), "b": {"x": torch.ones(2)}}, SeveralStateDicts, "`b`, `w`"),
    "sparse": (lambda: {"w": torch.eye(3).to_sparse()}, NoStateDict, "sparse"),
    "without numbers": (lambda: {"w": torch.ones(3, device="meta")}, NoStateDict, "without numbers"),
    "one number for many": (lambda: {"w": torch.ones(1).expand(1 << 40)}, DamagedWeightFile, "more bytes"),
    "code": (lambda: {"w": torch.ones(2), "f": os.system}, WouldRunCode, "system"),
}


@pytest.mark.parametrize("archive", [True, False])
@pytest.mark.parametrize("case", CHECKPOINTS)
def test_what_is_no_state_dict(tmp_path: Path, case: str, archive: bool) -> None:
    make, kind, words = CHECKPOINTS[case]
    torch.save(make(), tmp_path / "net.pt", _use_new_zipfile_serialization=archive)
    diagnostic = diagnostic_of(lambda: open_weights(tmp_path / "net.pt"))
    assert isinstance(diagnostic, kind)
    assert words in diagnostic.headline()


def test_a_usual_name_is_preferred(tmp_path: Path) -> None:
    state = net().state_dict()
    checkpoint = {"ema": net().state_dict(), "state_dict": state, "step": torch.tensor(3), "extra": {}}
    torch.save(checkpoint, tmp_path / "net.pt")
    assert_same(read_all(tmp_path / "net.pt"), state)


def test_an_index_of_several_files(tmp_path: Path) -> None:
    state = net().state_dict()
    names = list(state)
    parts = {"pytorch_model-00001-of-00002.bin": names[:3], "pytorch_model-00002-of-00002.bin": names[3:]}
    for part, held in parts.items():
        torch.save({name: state[name] for name in held}, tmp_path / part)
    places = {name: part for part, held in parts.items() for name in held}
    path = tmp_path / "pytorch_model.bin.index.json"
    path.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    assert_same(read_all(path), state)
    diagnostic = diagnostic_of(lambda: open_weights(tmp_path / "pytorch_model-00001-of-00002.bin"))
    assert "pytorch_model.bin.index.json" in diagnostic.advice()
    (tmp_path / "pytorch_model-00002-of-00002.bin").unlink()
    assert isinstance(diagnostic_of(lambda: open_weights(path)), ShardsDoNotFit)


@pytest.mark.parametrize("archive", [True, False])
def test_changed_bytes_of_torch_never_crash(tmp_path: Path, archive: bool) -> None:
    path = tmp_path / "net.pt"
    torch.save(net().state_dict(), path, _use_new_zipfile_serialization=archive)
    whole = path.read_bytes()
    assert count_refused(path, whole, 150, 20) > 20


@pytest.mark.parametrize("archive", [True, False])
def test_no_prefix_of_a_file_of_torch_is_read_as_a_whole(tmp_path: Path, archive: bool) -> None:
    path = tmp_path / "net.pt"
    torch.save(net().state_dict(), path, _use_new_zipfile_serialization=archive)
    whole = path.read_bytes()
    for length in range(0, len(whole), 101):
        path.write_bytes(whole[:length])
        assert isinstance(diagnostic_of(lambda: open_weights(path)), DamagedWeightFile)


@pytest.mark.parametrize("ending", [".pt", ".pth", ".bin"])
def test_torch_reads_what_is_written(tmp_path: Path, ending: str) -> None:
    types = (DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16, DType.FLOAT64, DType.INT64, DType.BOOL)
    literals = [Weight(f"n.{one}", (5,), one, Literal((5,), (0, 1, 0, 1, 1)), Fan(1, 1)) for one in types]
    weights = [*network(), *literals]
    path, values = tmp_path / f"net{ending}", WeightValues(3)
    save_weights(path, weights, values)
    state = torch.load(path, weights_only=True)
    assert list(state) == [one.name for one in weights]
    for one in weights:
        assert str(state[one.name].dtype) == f"torch.{one.dtype}"
        expected = values.values(one).astype(np.float64)
        np.testing.assert_array_equal(state[one.name].double().numpy(), expected)
    with open_weights(path) as file:
        bound = bind_weights(file, weights)
        assert all(bound.load(one.name).tobytes() == values.values(one).tobytes() for one in weights)
    before = path.read_bytes()
    save_weights(path, weights, values)
    assert path.read_bytes() == before, "the same weights give the same bytes"


# Keras --------------------------------------------------------------------------------------------------------------


class Block(keras.Model):
    """A model whose layers are attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = L.Dense(4)
        self.blocks = [L.Dense(3), L.Dense(2)]
        self.norm = L.LayerNormalization(name="normal")

    def call(self, x: Any) -> Any:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


def functional() -> keras.Model:
    """Models in models, layers in layers, and more than ten layers of a class."""
    encoder = keras.Sequential(
        [keras.Input((8, 8, 3)), L.Conv2D(4, 3, name="conv1"), L.BatchNormalization(), L.Dropout(0.5)], name="encoder"
    )
    entry = keras.Input((8, 8, 3))
    x = L.Reshape((36, 4))(encoder(entry))
    x = L.Bidirectional(L.LSTM(5, return_sequences=True))(x)
    x = L.MultiHeadAttention(2, 4, name="att")(x, x)
    x = L.GRU(5)(L.TimeDistributed(L.Dense(3, name="inner"))(x))
    x = L.Dense(2, name="fc")(x)
    for _ in range(11):
        x = L.Dense(2)(x)
    model = keras.Model(entry, L.SeparableConv1D(3, 1, name="sep")(L.Reshape((2, 1))(x)), name="net")
    model.compile("adam", "mse")
    model.fit(np.zeros((2, 8, 8, 3)), np.zeros((2, 2, 3)), verbose=0)
    return model


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(3)
    keras.backend.clear_session()
    return functional()


def leaves(model: keras.Model, path: tuple[str, ...] = ()) -> dict[str, list[np.ndarray]]:
    """The weights of all layers that have any, by their paths, as Keras orders them."""
    found: dict[str, list[np.ndarray]] = {}
    for layer in model.layers:
        here = (*path, layer.name)
        if isinstance(layer, keras.Model):
            found |= leaves(layer, here)
            continue
        arrays = [keras.ops.convert_to_numpy(one) for one in layer.weights if "seed" not in one.name]
        if arrays:
            found[".".join(here)] = arrays
    return found


def save(model: keras.Model, path: Path) -> Path:
    if path.name.endswith(".weights.h5"):
        model.save_weights(path)
    else:
        model.save(path)
    return path


@pytest.mark.parametrize("ending", [".keras", ".weights.h5", ".h5"])
def test_keras_files_have_the_layers_of_the_model(tmp_path: Path, model: keras.Model, ending: str) -> None:
    expected = leaves(model)
    with open_weights(save(model, tmp_path / f"net{ending}")) as file:
        layers = file.keras.layers  # pyright: ignore[reportAttributeAccessIssue]
        paths = [layer.path for layer in layers]
        assert paths == list(expected), "in the order of the model"
        for layer in layers:
            arrays = [file.load(one.full) for one in layer.tensors]
            assert [array.shape for array in arrays] == [one.shape for one in layer.tensors]
            for found, wanted in zip(arrays, expected[layer.path], strict=True):
                np.testing.assert_array_equal(found, wanted)
        automatic = {layer.name for layer in layers if layer.automatic}
        assert automatic.isdisjoint({"conv1", "att", "fc", "sep"})
        assert {"batch_normalization", "gru", "dense", "dense_10", "bidirectional"} <= automatic


def test_packed_archives_are_read(tmp_path: Path, model: keras.Model) -> None:
    save(model, tmp_path / "net.keras")
    with zipfile.ZipFile(tmp_path / "net.keras") as stored:
        assert all(one.compress_type == zipfile.ZIP_STORED for one in stored.infolist())
        members = {one.filename: stored.read(one) for one in stored.infolist()}
    with zipfile.ZipFile(tmp_path / "packed.keras", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    expected = read_all(tmp_path / "net.keras")
    found = read_all(tmp_path / "packed.keras")
    assert list(found) == list(expected)
    assert all(np.array_equal(found[name], expected[name]) for name in found)


def test_layers_that_are_attributes(tmp_path: Path) -> None:
    block = Block()
    block(np.zeros((1, 5), np.float32))
    block.save_weights(tmp_path / "net.weights.h5")
    with open_weights(tmp_path / "net.weights.h5") as file:
        found = {layer.path: [one.shape for one in layer.tensors] for layer in file.keras.layers}  # pyright: ignore[reportAttributeAccessIssue]
    # Keras lists the layers that are attributes, and a list of layers has the attribute's name.
    first, second, third = (block.stem.name, *(one.name for one in block.blocks))
    assert found == {
        first: [(5, 4), (4,)],
        "normal": [(2,), (2,)],
        f"blocks.{second}": [(4, 3), (3,)],
        f"blocks.{third}": [(3, 2), (2,)],
    }


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_element_types_of_keras(tmp_path: Path, dtype: str) -> None:
    model = keras.Sequential([keras.Input((3,)), L.Dense(2, dtype=dtype, name="fc")])
    model.save_weights(tmp_path / "net.weights.h5")
    with open_weights(tmp_path / "net.weights.h5") as file:
        assert [file.element_type(name) for name in file.names] == [dtype] * 2
        for name, wanted in zip(file.names, model.weights, strict=True):
            expected = keras.ops.convert_to_numpy(wanted.value.float() if dtype == "bfloat16" else wanted)
            np.testing.assert_array_equal(file.load(name).astype(np.float64), expected.astype(np.float64))
