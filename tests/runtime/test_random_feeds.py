"""Random inputs: from seed and name alone, of the sizes that the layers allow."""

from __future__ import annotations

import numpy as np
import pytest
from dotnn.runtime import FedDemand, TensorInfo, random_feeds
from dotnn.runtime.random_feeds import USUAL_SIZE, choose_sizes

from tests.helpers.feeds import IDS, MASK, X, fault


def test_random_inputs_follow_from_seed_and_name_alone():
    first = random_feeds((X, IDS, MASK), seed=3, sizes={"N": 500, "T": 7})
    again = random_feeds((MASK, X), seed=3, sizes={"N": 500})
    np.testing.assert_array_equal(first.arrays["x"], again.arrays["x"], strict=True)
    np.testing.assert_array_equal(first.arrays["mask"], again.arrays["mask"], strict=True)
    other = random_feeds((X,), seed=4, sizes={"N": 500}).arrays["x"]
    assert np.any(other != first.arrays["x"])
    assert first.sizes == {"N": 500, "T": 7}
    assert first.arrays["ids"].shape == (500, 7)


def test_random_values_are_spread_as_documented():
    big = TensorInfo("x", "float32", ("N",))
    values = random_feeds((big,), sizes={"N": 20_000}).arrays["x"]
    assert abs(values.mean()) < 0.03
    assert abs(values.std() - 1) < 0.03
    ids = TensorInfo("ids", "int64", ("N",))
    assert set(random_feeds((ids,), sizes={"N": 100}).arrays["ids"].tolist()) == {0, 1}
    ranged = random_feeds((ids, big), sizes={"N": 3000}, ranges={"ids": (-2, 5), "x": (3, 4)}).arrays
    assert set(ranged["ids"].tolist()) == set(range(-2, 6))
    assert np.bincount(ranged["ids"] + 2).min() > 3000 / 8 * 0.8
    assert 3 <= ranged["x"].min() < 3.01 < 3.99 < ranged["x"].max() <= 4
    mask = random_feeds((TensorInfo("m", "bool", ("N",)),), sizes={"N": 100}).arrays["m"]
    assert mask.dtype == np.bool_
    assert 0 < mask.sum() < 100


def test_sizes_are_the_smallest_that_the_layers_allow():
    image = TensorInfo("image", "float32", ("N", 3, "H", "W"))
    demands = [
        FedDemand("floor((H - 11) / 4) + 1", 3),
        FedDemand("W - 2", 1),
        FedDemand("H - W", 4),
        FedDemand("H + W", 60),
    ]
    sizes = choose_sizes((image,), demands, {})
    assert sizes["N"] == 1
    for demand in demands:
        assert eval(demand.dim.replace("floor((H - 11) / 4)", "((H - 11) // 4)"), dict(sizes)) >= demand.minimum
    alone = choose_sizes((image,), [FedDemand("ceil(H / 32)", 7)], {})
    assert alone == {"N": 1, "H": 193, "W": USUAL_SIZE}
    assert choose_sizes((image,), [FedDemand("ceil(H / 32)", 7)], {"H": 224, "W": 5})["H"] == 224


def test_sizes_of_expressions_are_at_least_one():
    tensor = TensorInfo("x", "float32", ("N", "H - 4", "2*H"))
    feeds = random_feeds((tensor,))
    assert feeds.sizes == {"N": 1, "H": USUAL_SIZE}
    assert feeds.arrays["x"].shape == (1, USUAL_SIZE - 4, 2 * USUAL_SIZE)
    assert choose_sizes((tensor,), [FedDemand("6 - H", 1)], {}) == {"N": 1, "H": 5}


def test_the_first_axis_holds_the_examples_where_no_symbol_says_so():
    inputs = (TensorInfo("x", "float32", ("batch", "time", 3)), TensorInfo("m", "bool", ("batch", "time")))
    assert choose_sizes(inputs, (), {}) == {"batch": 1, "time": USUAL_SIZE}
    assert choose_sizes((TensorInfo("x", "float32", ("T", "N", 3)),), (), {}) == {"T": USUAL_SIZE, "N": 1}


@pytest.mark.parametrize(("dtype", "low", "high"), [("int8", -128, 127), ("uint8", 0, 255), ("int64", 0, 1)])
def test_integers_cover_their_type_where_it_is_narrow(dtype, low, high):
    values = random_feeds((TensorInfo("x", dtype, ("N",)),), sizes={"N": 5000}).arrays["x"]
    assert (values.dtype, values.min(), values.max()) == (dtype, low, high)


def test_a_range_may_end_with_a_dimension():
    lengths = TensorInfo("lengths", "int64", ("N",))
    inputs = (TensorInfo("x", "float32", ("N", "T", 3)), lengths)
    values = random_feeds(inputs, sizes={"N": 500, "T": 6}, ranges={"lengths": (0, "T")}).arrays["lengths"]
    assert set(values.tolist()) == set(range(7))
    assert set(random_feeds((lengths,), sizes={"N": 99}, ranges={"lengths": (0, "T")}).arrays["lengths"]) == {0, 1}


def test_random_inputs_that_cannot_be_made():
    (near,) = fault(lambda: random_feeds((IDS,), sizes={"t": 4}), "E941")
    assert "`T`" in near.advice()
    fault(lambda: random_feeds((IDS,), sizes={"T": 0}), "E908")
    (none,) = fault(lambda: random_feeds((IDS,), demands=[FedDemand("4 - T", 9)]), "E942")
    assert "`T`" in none.headline()
    fault(lambda: random_feeds((IDS,), sizes={"T": 2}, demands=[FedDemand("T", 3)]), "E942")
    text, shapeless = TensorInfo("s", "string", ("N",)), TensorInfo("x", "float32", None)
    fault(lambda: random_feeds((text, shapeless)), "E943", "E943")
    fault(lambda: random_feeds((IDS,), sizes={"N": 2**20, "T": 2**20}), "E943")
