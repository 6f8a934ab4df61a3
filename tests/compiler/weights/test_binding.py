"""How the names of a weight file are bound to a model's: what fits, what is converted, and what is said of all else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics.render import render
from dotnn.compiler.diagnostics.weight_matching import NotFiniteNumbers
from dotnn.compiler.diagnostics.weights import (
    MisshapenWeights,
    MissingWeights,
    NotFiniteWeights,
    PrefixedNames,
    UnusedWeights,
    WrongElementTypes,
)
from dotnn.compiler.graph.tensors import Fan, Literal, Weight
from dotnn.compiler.graph.types import DType
from dotnn.compiler.weights.binding import bind_weights
from dotnn.compiler.weights.bound_weights import BoundWeights
from dotnn.compiler.weights.matching import Matching
from dotnn.compiler.weights.readers import open_weights
from dotnn.compiler.weights.weight_values import WeightValues

from tests.helpers.weight_helpers import Arrays, arrays_for, diagnostics_of, misfits_of, network, weight, write_file

# Binding ------------------------------------------------------------------------------------------------------------


def bound_from(
    tmp_path: Path, arrays: Arrays, weights: Sequence[Weight], matching: Matching | None = None
) -> BoundWeights:
    """Bound, with every tensor loaded once."""
    with open_weights(write_file(tmp_path / "net.npz", arrays)) as file:
        bound = bind_weights(file, weights, matching)
        for name in bound.names:
            bound.load(name)
        return bound


def test_a_file_that_fits(tmp_path: Path) -> None:
    arrays = arrays_for(network())
    counters = {"bn1.num_batches_tracked": np.array(7), "num_batches_tracked": np.array(7)}
    with open_weights(write_file(tmp_path / "net.safetensors", arrays | counters)) as file:
        bound = bind_weights(file, network())
        assert set(bound.names) == set(arrays)
        assert bound.shape("fc.weight") == (10, 4)
        for name, array in arrays.items():
            np.testing.assert_array_equal(bound.load(name), array)
        assert bound.warnings() == ()


def test_the_counter_is_loaded_where_the_model_has_it(tmp_path: Path) -> None:
    counter = weight("num_batches_tracked", 2, dtype=DType.INT64)
    bound = bound_from(tmp_path, {counter.name: np.array([3, 4])}, [counter])
    assert bound.names == (counter.name,)


def test_literals_may_be_left_out_and_may_be_given(tmp_path: Path) -> None:
    literal = Weight("edges.weight", (2,), DType.FLOAT32, Literal((2,), (1, -1)), Fan(1, 1))
    weights = [literal, weight("fc.bias", 3)]
    arrays = arrays_for(weights)
    for given, expected in ((arrays, arrays[literal.name]), ({"fc.bias": arrays["fc.bias"]}, [1, -1])):
        with open_weights(write_file(tmp_path / "net.npz", given)) as file:
            values = WeightValues(0, bind_weights(file, weights))
            np.testing.assert_array_equal(values.values(literal), expected)
            np.testing.assert_array_equal(values.values(weights[1]), arrays["fc.bias"])
    found = misfits_of(tmp_path, {literal.name: arrays[literal.name]}, weights)
    assert [one.name for one in found[MissingWeights].misfits] == ["fc.bias"]


def test_all_misfits_are_in_one_report(tmp_path: Path) -> None:
    arrays = arrays_for(network())
    del arrays["bn1.running_var"]
    arrays["fc.extra"] = np.ones(2, np.float32)
    arrays["conv1.weight"] = arrays["conv1.weight"][:, :2]
    arrays["fc.bias"] = arrays["fc.bias"].astype(np.int64)
    found = misfits_of(tmp_path, arrays, network())
    assert {kind: [one.name for one in diagnostic.misfits] for kind, diagnostic in found.items()} == {
        MissingWeights: ["bn1.running_var"],
        UnusedWeights: ["fc.extra"],
        MisshapenWeights: ["conv1.weight"],
        WrongElementTypes: ["fc.bias"],
    }
    assert "lacks 1 of the model's 7 tensors" in found[MissingWeights].headline()
    assert "[4, 2, 2, 2] in the file and [4, 3, 2, 2] in the model" in found[MisshapenWeights].notes()[0]
    assert "`fc.bias` [10] holds int64" in found[WrongElementTypes].notes()[0]


def test_hundreds_of_misfits_stay_readable(tmp_path: Path) -> None:
    weights = [weight(f"layer{index}.weight", 3) for index in range(300)]
    arrays = {f"other{index}.kernel": np.ones(3, np.float32) for index in range(400)}
    found = misfits_of(tmp_path, arrays, weights)
    assert "lacks all of the model's 300 tensors" in found[MissingWeights].headline()
    assert "has 400 tensors" in found[UnusedWeights].headline()
    assert found[MissingWeights].notes()[-1] == "and 290 more"
    assert found[UnusedWeights].notes()[-1] == "and 390 more"
    assert len(found[MissingWeights].misfits) == 300
    assert sum(len(render(one).splitlines()) for one in found.values()) < 30


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("fc", "fcc"),
        ("conv_1", "conv1"),
        ("layer1.0.conv1", "layer1.0.conv_1"),
        ("fc", "classifier"),
    ],
)
def test_near_names(tmp_path: Path, ours: str, theirs: str) -> None:
    shared = weight("stem.weight", 7)
    arrays = {f"{theirs}.weight": np.ones((3, 5), np.float32), "stem.weight": np.ones(7, np.float32)}
    arrays["stem.other"] = arrays["far.weight"] = np.ones(9, np.float32)
    found = misfits_of(tmp_path, arrays, [weight(f"{ours}.weight", 3, 5), shared])
    assert found[MissingWeights].misfits[0].near == (f"{theirs}.weight",)
    assert f"did you mean `{theirs}.weight`?" in found[MissingWeights].notes()[0]


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "model.backbone."])
def test_prefixes_of_the_file(tmp_path: Path, prefix: str) -> None:
    arrays = arrays_for(network())
    wrapped = {prefix + name: array for name, array in arrays.items()}
    found = misfits_of(tmp_path, wrapped, network())
    assert set(found) == {PrefixedNames}
    assert f"7 tensors begin with `{prefix}`" in found[PrefixedNames].headline()
    assert f"`--strip-prefix {prefix}`" in found[PrefixedNames].advice()
    assert f'Matching(strip_prefix="{prefix}")' in found[PrefixedNames].advice()
    del wrapped[prefix + "fc.bias"]
    wrapped[prefix + "extra"] = np.ones(3, np.float32)
    found = misfits_of(tmp_path, wrapped, network())
    assert [one.name for one in found[MissingWeights].misfits] == ["fc.bias"]
    assert [one.name for one in found[UnusedWeights].misfits] == [prefix + "extra"]


def test_prefixes_of_the_model(tmp_path: Path) -> None:
    weights = [weight("net." + one.name, *one.shape) for one in network()]
    found = misfits_of(tmp_path, arrays_for(network()), weights)
    assert set(found) == {PrefixedNames}
    assert "`'(.+)' = \"net.$1\"`" in found[PrefixedNames].advice()


@pytest.mark.parametrize(
    ("shape", "found", "words"),
    [
        ((10, 4), (4, 10), "transposed, as Keras"),
        ((8, 4, 3, 3), (3, 3, 4, 8), "[*kernel, channels, filters]"),
        ((8, 4, 3), (3, 4, 8), "[*kernel, channels, filters]"),
        ((8, 4, 3), (4, 8, 3), "another order"),
        ((1000, 4), (10, 4), ""),
    ],
)
def test_layouts_are_recognized(tmp_path: Path, shape: Any, found: Any, words: str) -> None:
    misfits = misfits_of(tmp_path, {"w": np.ones(found, np.float32)}, [weight("w", *shape)])
    diagnostic = misfits[MisshapenWeights]
    assert words in diagnostic.notes()[0]
    assert ("PyTorch's layout" in diagnostic.advice()) == bool(words)


LAYERS = {
    "conv2d(8, kernel=3, bias=false)": ("conv2d(8, kernel=3)", "bias"),
    "batch_norm(bias=false)": ("batch_norm", "bias"),
    "batch_norm(scale=false)": ("batch_norm", "scale"),
    "instance_norm(bias=false)": ("instance_norm", "bias"),
    "group_norm(3, scale=false)": ("group_norm(3)", "scale"),
    "layer_norm(axis=[1, 3], scale=false)": ("layer_norm(axis=[1, 3])", "scale"),
}
RECURRENT = {
    "lstm(4)": ("lstm(4, recurrent_bias=true)", "recurrent_bias=true", "recurrent_bias=false"),
    "rnn(4, bias=false)": ("rnn(4)", "bias=true", "bias=false"),
    "gru(4, reset_after=false)": ("gru(4)", "reset_after=true", "reset_after=false"),
    "lstm(4, bias=false)": ("lstm(4, bidirectional=true, bias=false)", "bidirectional=true", "bidirectional=false"),
    "gru(4)": ("gru(4, layers=3)", "layers=3", "layers=1"),
}
CASES = [
    *((one, other, f"{name}=true", f"{name}=false", "[N, 3, 5, 5]") for one, (other, name) in LAYERS.items()),
    *((one, *facts, "[N, 6, 3]") for one, facts in RECURRENT.items()),
]


@pytest.mark.parametrize(("one", "other", "more", "less", "shape"), CASES, ids=lambda value: str(value))
def test_loading_names_the_attribute_to_write(
    tmp_path: Path, one: str, other: str, more: str, less: str, shape: str
) -> None:
    def weights(layer: str) -> tuple[Weight, ...]:
        text = f"model m() {{ input x: float32{shape}\n output y = x -> part.a: {layer} -> relu }}"
        return compile_source(text).graph.weights()

    for model, file, kind, attribute in (
        (one, other, UnusedWeights, more),
        (other, one, MissingWeights, less),
    ):
        found = misfits_of(tmp_path, arrays_for(weights(file)), weights(model))
        assert set(found) == {kind}
        assert {(misfit.attribute, misfit.layer) for misfit in found[kind].misfits} == {(attribute, "part.a")}
        assert f"write `{attribute}` at `part.a`" in found[kind].notes()[0]
        assert found[kind].span.text == model


def test_the_attribute_that_is_named_makes_the_file_fit(tmp_path: Path) -> None:
    """The advice is taken, and the same file loads."""
    text = "model m() { input x: float32[N, 6, 3]\n output y = x -> rnn: lstm(4) }"
    larger = text.replace("lstm(4)", "lstm(4, recurrent_bias=true)")
    path = write_file(tmp_path / "net.safetensors", arrays_for(compile_source(larger).graph.weights()))
    with open_weights(path) as file:
        (diagnostic,) = diagnostics_of(lambda: bind_weights(file, compile_source(text).graph.weights()))
        assert isinstance(diagnostic, UnusedWeights)
        mended = text.replace("lstm(4)", f"lstm(4, {diagnostic.attribute})")
        assert len(bind_weights(file, compile_source(mended).graph.weights()).names) == 4


# Element types ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stored", ["f2", "f4", "f8"])
@pytest.mark.parametrize("wanted", [DType.FLOAT16, DType.BFLOAT16, DType.FLOAT32, DType.FLOAT64])
def test_floating_point_types_convert(tmp_path: Path, stored: str, wanted: DType) -> None:
    values = np.array([0.1, -2.5, 3.0e-4], stored)
    with open_weights(write_file(tmp_path / "net.safetensors", {"w": values})) as file:
        found = bind_weights(file, [weight("w", 3, dtype=wanted)]).load("w")
    assert found.dtype.name == wanted.value
    np.testing.assert_allclose(found.astype(np.float64), values.astype(np.float64), rtol=2**-8)


@pytest.mark.parametrize(
    ("stored", "wanted", "fits"),
    [
        ("i8", DType.FLOAT32, False),
        (bool, DType.FLOAT32, False),
        ("c8", DType.FLOAT32, False),
        ("f4", DType.INT64, False),
        ("i4", DType.INT64, True),
        ("i8", DType.INT32, False),
        ("u1", DType.INT32, True),
        (bool, DType.BOOL, True),
        ("u1", DType.BOOL, False),
    ],
)
def test_other_types_convert_only_without_loss(tmp_path: Path, stored: Any, wanted: DType, fits: bool) -> None:
    one, values = weight("w", 2, dtype=wanted), np.array([0, 1]).astype(stored)
    if fits:
        assert bound_from(tmp_path, {"w": values}, [one]).names == ("w",)
        return
    found = misfits_of(tmp_path, {"w": values}, [one])
    assert set(found) == {WrongElementTypes}
    assert found[WrongElementTypes].advice().startswith(f"save them as {wanted};")


@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_numbers_that_are_not_finite_are_reported(tmp_path: Path, dtype: DType, value: float) -> None:
    weights = [weight("good", 3, dtype=dtype), weight("bad", 2, 2, dtype=dtype)]
    arrays = {"good": np.array([1.0, 2.0, 3.0]), "bad": np.array([[0, 1], [value, 2]])}
    (error,) = diagnostics_of(lambda: bound_from(tmp_path, arrays, weights))
    assert isinstance(error, NotFiniteNumbers)
    assert error.names == ("bad",)
    assert "1 tensor of" in error.headline()
    (warning,) = bound_from(tmp_path, arrays, weights, Matching(allow_nonfinite=True)).warnings()
    assert isinstance(warning, NotFiniteWeights)
    assert warning.names == ("bad",)
    assert "1 tensor of" in warning.headline()
