"""How layers of Keras are found for the layers of a model, and what is said of those that do not fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
from dotnn import Compiled, Matching, Session, compile_source
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.diagnostics.weight_matching import (
    CollidingNames,
    FeatureOrderUnknown,
    InitializedWeights,
    KerasLayerDiffers,
    KerasLayersUnclear,
    MatchedByOrder,
    OrderDiffers,
)
from dotnn.compiler.diagnostics.weights import (
    MisshapenWeights,
    MissingWeights,
    PrefixedNames,
    UnusedWeights,
    WrongElementTypes,
)
from dotnn.compiler.layers.base import Layer, WeightSpec
from dotnn.compiler.weights.binding import bind_weights
from dotnn.compiler.weights.bound_weights import BoundWeights
from dotnn.compiler.weights.given_keras import GivenKerasModel, is_keras_model
from dotnn.compiler.weights.keras_classes import KERAS_CLASSES

from tests.helpers.keras_fakes import KerasModel, UnnamedFile, batch_norm, conv2d, counted, dense, layer
from tests.helpers.samples import CASES, KINDS
from tests.helpers.samples import compiled as compiled_sample
from tests.helpers.weight_helpers import diagnostic_of, diagnostics_of


def model(stages: str, inputs: str = "float32[N, 3, 2, 2]") -> Compiled:
    return compile_source(f"model m {{ input x: {inputs} output y = x -> {stages} }}")


def bound(
    compiled: Compiled, layers: Sequence[Any], matching: Matching | None = None, *, named: bool = True
) -> BoundWeights:
    found: Any = GivenKerasModel(KerasModel(layers))
    return bind_weights(found if named else UnnamedFile(found), compiled.graph, matching)


def reports(
    compiled: Compiled, layers: Sequence[Any], matching: Matching | None = None, *, named: bool = True
) -> dict[type, Any]:
    found = diagnostics_of(lambda: bound(compiled, layers, matching, named=named))
    assert len({type(one) for one in found}) == len(found)
    return {type(one): one for one in found}


# Layouts --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [True, False])
def test_tensors_are_brought_into_the_layouts_of_the_model(named: bool) -> None:
    compiled = model("a: conv2d(4, kernel=1) -> bn: batch_norm -> flatten -> fc: dense(5)")
    found = bound(compiled, [conv2d("a", 3, 4), batch_norm("bn", 4), dense("fc", 16, 5)], named=named)
    np.testing.assert_array_equal(found.load("a.weight"), counted((3, 4)).T.reshape(4, 3, 1, 1))
    np.testing.assert_array_equal(found.load("bn.running_var"), [1, 2, 3, 4])
    # The columns of position h, w, channel c go to c, h, w.
    columns = counted((16, 5)).reshape(2, 2, 4, 5).transpose(3, 2, 0, 1).reshape(5, 16)
    np.testing.assert_array_equal(found.load("fc.weight"), columns)


def test_gates_are_reordered() -> None:
    arrays = {"lstm_cell/kernel": (3, 8), "lstm_cell/recurrent_kernel": (2, 8), "lstm_cell/bias": (8,)}
    found = bound(model("a: lstm(2)", "float32[N, T, 3]"), [layer("LSTM", "a", arrays)])
    np.testing.assert_array_equal(found.load("a.weight_ih_l0"), counted((3, 8)).T)
    arrays = {"gru_cell/kernel": (3, 6), "gru_cell/recurrent_kernel": (2, 6), "gru_cell/bias": (2, 6)}
    found = bound(model("a: gru(2)", "float32[N, T, 3]"), [layer("GRU", "a", arrays)])
    # Keras has z, r, n.
    np.testing.assert_array_equal(found.load("a.bias_hh_l0"), np.array([9, 10, 7, 8, 11, 12]))


def specs_of(kind: str) -> Iterator[tuple[WeightSpec, ...]]:
    """The weights of the layers of a kind, in all of its samples."""
    for case in CASES:
        graph = compiled_sample(case).graph if case.kind == kind else None
        for node in graph.nodes() if graph is not None else ():
            if node.kind == kind and isinstance(node.op, Layer):
                yield node.op.weights(graph.operand_types(node))


@pytest.mark.parametrize("kind", KINDS)
def test_layers_know_how_keras_has_their_weights(kind: str) -> None:
    """What a layer says of Keras's tensors makes its own, each number once, and back; and has a class there."""
    checked = 0
    for specs in specs_of(kind):
        arrays = {tensor.key: np.zeros(tensor.shape, np.float32) for spec in specs for tensor in spec.keras}
        values = {}
        for number, spec in enumerate(spec for spec in specs if spec.keras):
            assert kind in KERAS_CLASSES
            values[spec.name] = np.arange(spec.elements, dtype=np.float32).reshape(spec.shape) + 10_000 * (number + 1)
            for tensor, part in spec.to_keras(values[spec.name]):
                if tensor.row is None:
                    arrays[tensor.key] = part
                else:
                    arrays[tensor.key][tensor.row] = part
        for tensor_key, array in arrays.items():
            shapes = {tensor.shape for spec in specs for tensor in spec.keras if tensor.key == tensor_key}
            assert shapes == {array.shape}
        if values:
            checked += 1
            total = sorted(number for array in values.values() for number in array.ravel().tolist())
            assert sorted(number for array in arrays.values() for number in array.ravel().tolist()) == total
        for spec in specs:
            if spec.keras:
                np.testing.assert_array_equal(spec.from_keras(arrays), values[spec.name])
    assert (checked > 0) == (kind in KERAS_CLASSES)


# Names ----------------------------------------------------------------------------------------------------------------


def test_labels_are_names_of_keras_whatever_the_order() -> None:
    compiled = model("b1.conv: conv2d(3, kernel=1) -> b2: { conv: conv2d(3, kernel=1) -> relu }")
    layers = [conv2d("b2_conv", 3, 3), conv2d("b1_conv", 3, 3)]
    layers[0].weights[1].value = np.array([7, 8, 9], np.float32)
    found = bound(compiled, layers)
    np.testing.assert_array_equal(found.load("b2.conv.bias"), [7, 8, 9])
    np.testing.assert_array_equal(found.load("b1.conv.bias"), [1, 2, 3])


def test_unnamed_layers_are_counted_in_the_order_in_which_they_were_made() -> None:
    compiled = model("conv2d(3, kernel=1) -> relu -> conv2d(3, kernel=1) -> fc: dense(3, axis=1)")
    layers = [conv2d("conv2d_7", 3, 3), dense("fc", 3, 3), conv2d("conv2d_10", 3, 3)]
    layers[2].weights[1].value = np.array([7, 8, 9], np.float32)
    found = bound(compiled, layers)
    np.testing.assert_array_equal(found.load("conv2d_1.bias"), [7, 8, 9])


def test_the_order_of_the_file_where_only_that_fits() -> None:
    """``Conv2D(2, 1)(Conv2D(8, 1)(x))`` makes the second layer first."""
    compiled = model("conv2d(8, kernel=1) -> conv2d(2, kernel=1)")
    found = bound(compiled, [conv2d("conv2d_1", 3, 8), conv2d("conv2d", 8, 2)])
    assert found.shape("conv2d_1.weight") == (2, 8, 1, 1)
    # One class tells for the others.
    compiled = model("conv2d(4, kernel=1) -> batch_norm -> conv2d(4, kernel=1) -> batch_norm -> conv2d(2, kernel=1)")
    layers = [
        conv2d("conv2d_1", 3, 4),
        batch_norm("batch_normalization_1", 4),
        conv2d("conv2d_2", 4, 4),
        batch_norm("batch_normalization", 4),
        conv2d("conv2d", 4, 2),
    ]
    layers[3].weights[1].value = np.array([5, 6, 7, 8], np.float32)
    np.testing.assert_array_equal(bound(compiled, layers).load("batch_norm_1.bias"), [5, 6, 7, 8])


def test_two_orders_that_fit_are_not_guessed() -> None:
    compiled = model("conv2d(3, kernel=1) -> a: relu -> { conv2d(3, kernel=1) }")
    found = reports(compiled, [conv2d("conv2d_4", 3, 3), conv2d("conv2d_3", 3, 3)])
    assert set(found) == {KerasLayersUnclear}
    assert "the 2 of `Conv2D` fit in two orders" in found[KerasLayersUnclear].headline()


@pytest.mark.parametrize("allow", [True, False])
def test_other_numbers_of_unnamed_layers(allow: bool) -> None:
    compiled = model("conv2d(3, kernel=1) -> conv2d(3, kernel=1) -> fc: dense(3, axis=1)")
    layers = [conv2d(f"conv2d_{number}", 3, 3) for number in range(3)]
    found = reports(compiled, [*layers, dense("fc", 3, 3)], Matching(allow_missing=allow))
    assert set(found) == {KerasLayersUnclear}
    assert "3 of `Conv2D` in the file and 2 in the model" in found[KerasLayersUnclear].headline()


def test_literals_need_no_layer_of_keras() -> None:
    compiled = model("conv2d(1, kernel=1, weight=[[[[1]], [[2]], [[3]]]], bias=false) -> conv2d(2, kernel=1)")
    found = bound(compiled, [conv2d("conv2d", 1, 2)])
    assert set(found.names) == {"conv2d_1.weight", "conv2d_1.bias"}


def test_names_of_layers_of_other_classes() -> None:
    compiled = model("a: conv2d(3, kernel=1) -> b: conv2d(2, kernel=1)")
    found = reports(compiled, [conv2d("b", 3, 2), dense("a", 3, 3)])
    assert set(found) == {KerasLayerDiffers}
    assert "`a` is `Dense` in the file and `Conv2D` in the model" in found[KerasLayerDiffers].headline()
    own = layer("MyConvolution", "a", {"kernel": (1, 1, 3, 3), "bias": (3,)})
    assert len(bound(compiled, [conv2d("b", 3, 2), own]).names) == 4


def test_layers_around_layers() -> None:
    compiled = model("a: dense(4)", "float32[N, T, 3]")
    wrapped = layer("TimeDistributed", "a", {"dense/kernel": (3, 4), "dense/bias": (4,)})
    np.testing.assert_array_equal(bound(compiled, [wrapped]).load("a.weight"), counted((3, 4)).T)


def test_models_inside_of_models_and_prefixes() -> None:
    compiled = model("body: { a: conv2d(3, kernel=1) -> bn: batch_norm } -> fc: dense(2, axis=1)")
    inner = KerasModel([conv2d("a", 3, 3), batch_norm("bn", 3)], "body")
    assert len(bound(compiled, [inner, dense("fc", 3, 2)]).names) == 8
    outer = KerasModel([inner, dense("fc", 3, 2)], "wrapper")
    found = reports(compiled, [outer])
    assert set(found) == {PrefixedNames}
    assert 'Matching(strip_prefix="wrapper.")' in found[PrefixedNames].advice()
    assert len(bound(compiled, [outer], Matching(strip_prefix="wrapper.")).names) == 8
    bare = reports(model("body: { a: conv2d(3, kernel=1) -> bn: batch_norm }"), inner.layers)
    assert set(bare) == {PrefixedNames}
    assert '"body.$1"' in bare[PrefixedNames].advice()


def test_rules_rename_layers() -> None:
    compiled = model("body.a: conv2d(3, kernel=1) -> fc: dense(2, axis=1)")
    layers = [conv2d("block1_conv", 3, 3), dense("predictions", 3, 2)]
    found = bound(compiled, layers, Matching(rename={"block1_conv": "body.a", "predictions": "fc"}))
    assert len(found.names) == 4
    rules = Matching(rename={".+": "fc"})
    assert isinstance(diagnostic_of(lambda: bound(compiled, layers, rules)), CollidingNames)


def test_parameters_of_the_source_are_tensors_by_their_names() -> None:
    text = "model m { input x: float32[N, 3] parameter shift: float32[3] = zeros output y = x + shift }"
    found = bound(compile_source(text), [layer("Shift", "shift", {"value": (3,)})])
    np.testing.assert_array_equal(found.load("shift"), [1, 2, 3])


# Order ----------------------------------------------------------------------------------------------------------------


def test_layers_are_paired_by_their_order() -> None:
    compiled = model("a: conv2d(3, kernel=1) -> b: conv2d(3, kernel=1) -> bn: batch_norm")
    layers = [conv2d("x", 3, 3), conv2d("y", 3, 3), batch_norm("z", 3)]
    found = reports(compiled, layers)
    assert "`--match order`" in found[MissingWeights].advice()
    done = bound(compiled, layers, Matching(match="order"))
    (note,) = done.notes
    assert isinstance(note, MatchedByOrder)
    assert note.pairs[1] == "`b` (Conv2D: [1, 1, 3, 3], [3]) <- `y` (Conv2D: [1, 1, 3, 3], [3])"
    assert len(done.names) == 8
    for wrong, words in (
        ([layers[0], layers[2], layers[1]], "number 2 is `z`"),
        (layers[:2], "2 layers and the model 3; `bn`"),
        ([*layers, dense("w", 3, 2)], "4 layers and the model 3; `w`"),
    ):
        fault = diagnostic_of(lambda wrong=wrong: bound(compiled, wrong, Matching(match="order")))
        assert isinstance(fault, OrderDiffers)
        assert words in fault.headline()


# Misfits --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [True, False])
def test_a_bias_that_one_side_has(named: bool) -> None:
    here = reports(model("a: conv2d(4, kernel=1)"), [conv2d("a", 3, 4, bias=False)], named=named)
    assert "write `bias=false` at `a`" in here[MissingWeights].notes()[0]
    there = reports(model("a: conv2d(4, kernel=1, bias=false)"), [conv2d("a", 3, 4)], named=named)
    assert "write `bias=true` at `a`" in there[UnusedWeights].notes()[0]


def test_second_biases_of_recurrent_layers() -> None:
    arrays = {"gru_cell/kernel": (3, 6), "gru_cell/recurrent_kernel": (2, 6)}
    one, two = ({**arrays, "gru_cell/bias": shape} for shape in ((6,), (2, 6)))
    found = reports(model("a: gru(2)", "float32[N, T, 3]"), [layer("GRU", "a", one)])
    assert "write `reset_after=false` at `a`" in found[MisshapenWeights].notes()[0]
    found = reports(model("a: gru(2, reset_after=false)", "float32[N, T, 3]"), [layer("GRU", "a", two)])
    assert "write `reset_after=true` at `a`" in found[MisshapenWeights].notes()[0]
    lstm = {"lstm_cell/kernel": (3, 8), "lstm_cell/recurrent_kernel": (2, 8), "lstm_cell/bias": (8,)}
    found = reports(model("a: lstm(2, recurrent_bias=true)", "float32[N, T, 3]"), [layer("LSTM", "a", lstm)])
    assert "write `recurrent_bias=false` at `a`" in found[MissingWeights].notes()[0]


def test_tensors_without_names_are_not_guessed() -> None:
    """Three of a batch normalization's four tensors, all of one shape."""
    three = batch_norm("bn", 3, ("beta", "moving_mean", "moving_variance"))
    named = reports(model("bn: batch_norm"), [three])
    assert [one.name for one in named[MissingWeights].misfits] == ["bn.weight"]
    assert "`scale=false`" in named[MissingWeights].notes()[0]
    found = reports(model("bn: batch_norm"), [three], named=False)
    assert len(found[MissingWeights].misfits) == 4
    assert len(found[UnusedWeights].misfits) == 3
    assert len(bound(model("bn: batch_norm(scale=false)"), [three], named=False).names) == 3


def test_shapes_are_told_in_the_layout_of_keras() -> None:
    found = reports(model("a: conv2d(4, kernel=3)", "float32[N, 3, 5, 5]"), [conv2d("a", 3, 8, kernel=3)])
    assert found[MisshapenWeights].notes() == (
        "`a/kernel` is [3, 3, 3, 8] in the Keras model and must be [3, 3, 3, 4] for `a.weight`",
        "`a/bias` is [8] in the Keras model and must be [4] for `a.bias`",
    )


def test_element_types() -> None:
    wrong = layer("Dense", "fc", {"kernel": np.zeros((3, 2), np.int8), "bias": np.zeros(2, np.float16)})
    found = reports(model("fc: dense(2)", "float32[N, 3]"), [wrong])
    assert [one.name for one in found[WrongElementTypes].misfits] == ["fc.weight"]


def test_missing_and_unused_layers_and_near_names() -> None:
    compiled = model("conv_1: conv2d(3, kernel=1) -> bn: batch_norm -> fc: dense(2, axis=1)")
    layers = [conv2d("conv1", 3, 3), dense("head", 3, 2), dense("fc", 3, 2)]
    found = reports(compiled, layers)
    assert set(found) == {MissingWeights, UnusedWeights}
    assert "did you mean `conv1`?" in found[MissingWeights].notes()[0]
    assert [one.name for one in found[UnusedWeights].misfits] == [
        "conv1/kernel",
        "conv1/bias",
        "head/kernel",
        "head/bias",
    ]
    allowed = bound(compiled, [conv2d("conv_1", 3, 3), dense("fc", 3, 2)], Matching(allow_missing=True))
    (note,) = allowed.notes
    assert isinstance(note, InitializedWeights)
    assert note.names == ("bn.weight", "bn.bias", "bn.running_mean", "bn.running_var")


def test_features_whose_order_cannot_be_told() -> None:
    compiled = model("a: conv2d(4, kernel=1) -> reshape([N, 8, 2]) -> flatten -> fc: dense(5)")
    found = reports(compiled, [conv2d("a", 3, 4), dense("fc", 16, 5)])
    assert set(found) == {FeatureOrderUnknown}
    assert found[FeatureOrderUnknown].names == ("fc.weight",)
    assert "dense(5)" in found[FeatureOrderUnknown].span.text


# Models as they are given ---------------------------------------------------------------------------------------------


def test_models_of_keras_are_weights() -> None:
    compiled = model("fc: dense(2)", "float32[N, 3]")
    x = np.ones((1, 3), np.float32)
    (found,) = Session(compiled, weights=KerasModel([dense("fc", 3, 2)]), provider="cpu").run(x).values()
    np.testing.assert_allclose(found, [[1 + 3 + 5 + 1, 2 + 4 + 6 + 2]])


def test_what_is_a_model_of_keras() -> None:
    assert is_keras_model(KerasModel([dense("fc", 3, 2)]))
    assert is_keras_model(KerasModel([]))
    for other in ({}, [], object(), {"layers": []}, type("Stack", (), {"layers": []})(), np.zeros(3)):
        assert not is_keras_model(other)


def test_the_state_of_random_numbers_is_no_weight() -> None:
    state = layer("Dropout", "dropout", {"seed_generator/seed_generator_state": np.zeros(2, np.uint32)})
    compiled = model("dropout(0.5) -> fc: dense(2)", "float32[N, 3]")
    assert len(bound(compiled, [state, dense("fc", 3, 2)]).names) == 2


def test_weights_alone_do_not_do_for_keras() -> None:
    compiled = model("fc: dense(2)", "float32[N, 3]")
    with pytest.raises(TypeError, match="give the model's graph"):
        bind_weights(GivenKerasModel(KerasModel([dense("fc", 3, 2)])), compiled.graph.weights())


def test_tensors_that_cannot_be_read() -> None:
    broken = dense("fc", 3, 2)
    broken.weights[0].value = np.array([None, 1])
    with pytest.raises(DotnnError, match="no array of numbers"):
        model("fc: dense(2)", "float32[N, 3]").to_bytes(weights=KerasModel([broken]))
