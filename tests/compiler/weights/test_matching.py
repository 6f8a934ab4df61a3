"""How names of a weight file become those of a model, by a prefix, by rules and by order, and what may be missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dotnn import Matching, compile_source
from dotnn.compiler.diagnostics import Diagnostic
from dotnn.compiler.diagnostics.weight_matching import (
    BadRenameFile,
    BadRenameRule,
    CollidingNames,
    InitializedWeights,
    MatchedByOrder,
    OrderDiffers,
    UnmatchedRules,
)
from dotnn.compiler.diagnostics.weights import MisshapenWeights, MissingWeights, PrefixedNames, UnusedWeights
from dotnn.compiler.graph.tensors import Fan, Literal, Weight
from dotnn.compiler.graph.types import DType
from dotnn.compiler.weights.binding import bind_weights
from dotnn.compiler.weights.bound_weights import BoundWeights
from dotnn.compiler.weights.readers import open_weights
from dotnn.compiler.weights.weight_values import WeightState, WeightValues

from tests.helpers.weight_helpers import Arrays, arrays_for, diagnostic_of, diagnostics_of, network, weight, write_file


def bound(
    tmp_path: Path, arrays: Arrays, matching: Matching, weights: Sequence[Weight] | None = None, name: str = "net.npz"
) -> BoundWeights:
    with open_weights(write_file(tmp_path / name, arrays)) as file:
        found = bind_weights(file, network() if weights is None else weights, matching)
        loaded = {one: found.load(one).copy() for one in found.names}
    found.load = loaded.__getitem__  # pyright: ignore[reportAttributeAccessIssue]
    return found


def renamed(arrays: Arrays, change: Callable[[str], str]) -> dict[str, np.ndarray]:
    return {change(name): array for name, array in arrays.items()}


def assert_all(found: BoundWeights, arrays: Arrays) -> None:
    assert set(found.names) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found.load(name), array)


# Prefixes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["module.", "module"])
def test_a_prefix_is_taken_off(tmp_path: Path, given: str) -> None:
    arrays = arrays_for(network())
    found = bound(tmp_path, renamed(arrays, "module.{}".format), Matching(strip_prefix=given))
    assert_all(found, arrays)
    assert found.notes == ()


def test_a_prefix_is_taken_off_where_it_stands(tmp_path: Path) -> None:
    arrays = arrays_for(network())
    some = renamed(arrays, lambda name: f"net.{name}" if name.startswith("fc") else name)
    assert_all(bound(tmp_path, some, Matching(strip_prefix="net.")), arrays)


def test_a_prefix_that_no_name_has_is_told(tmp_path: Path) -> None:
    arrays = arrays_for(network())
    (note,) = bound(tmp_path, arrays, Matching(strip_prefix="module.")).notes
    assert isinstance(note, UnmatchedRules)
    assert note.rules == ("module.",)


def test_counters_of_pytorch_are_dropped_behind_a_prefix(tmp_path: Path) -> None:
    arrays = arrays_for(network())
    wrapped = renamed({**arrays, "bn1.num_batches_tracked": np.array(3)}, "module.{}".format)
    assert_all(bound(tmp_path, wrapped, Matching(strip_prefix="module.")), arrays)


def test_names_that_become_one(tmp_path: Path) -> None:
    arrays = arrays_for(network())
    both = {**arrays, "module.fc.bias": np.zeros(10, np.float32)}
    found = diagnostic_of(lambda: bound(tmp_path, both, Matching(strip_prefix="module.")))
    assert isinstance(found, CollidingNames)
    assert found.names == (("fc.bias", ("fc.bias", "module.fc.bias")),)


# Rules ----------------------------------------------------------------------------------------------------------------

RULES = {r"features\.0\.(.+)": "conv1.$1", r"norm_(\d)_(.+)": "bn$1.$2", "head_(w|b)[a-z]*": "fc.$1"}


def foreign(arrays: Arrays) -> dict[str, np.ndarray]:
    return renamed(
        arrays, lambda name: name.replace("conv1.", "features.0.").replace("bn1.", "norm_1_").replace("fc.", "head_")
    )


def test_rules_from_python_and_from_a_file(tmp_path: Path) -> None:
    arrays = arrays_for(network())
    rules = {**RULES, "head_(.+)": "fc.$1"}
    del rules["head_(w|b)[a-z]*"]
    path = tmp_path / "rules.toml"
    path.write_text("# how they were called\r\n" + "\r\n".join(f"'{one}' = \"{new}\"" for one, new in rules.items()))
    for given in (rules, path, str(path)):
        found = bound(tmp_path, foreign(arrays), Matching(rename=given))
        assert_all(found, arrays)
        assert found.notes == ()


def test_rules_come_behind_the_prefix_and_the_first_decides(tmp_path: Path) -> None:
    arrays = arrays_for(network())
    wrapped = renamed(foreign(arrays), "module.{}".format)
    rules = {r"head_(.+)": "fc.$1", r"features\.0\.(.+)": "conv1.$1", r"norm_(\d)_(.+)": "bn$1.$2", "head_.*": "never"}
    found = bound(tmp_path, wrapped, Matching(strip_prefix="module.", rename=rules))
    assert_all(found, arrays)
    (note,) = found.notes
    assert isinstance(note, UnmatchedRules)
    assert note.rules == ("head_.*",)


def test_patterns_fit_whole_names(tmp_path: Path) -> None:
    arrays = arrays_for(network())
    found = bound(tmp_path, arrays, Matching(rename={"fc": "head", "weight": "kernel"}))
    assert_all(found, arrays)
    assert [note.code for note in found.notes] == ["W847"]


FILES: dict[str, tuple[str, str, str]] = {
    "a pattern in double quotes": ('"b(\\d)_(.+)" = "b$1.$2"', "1:6", "single quotes"),
    "no TOML": ("'a' = \"b\"\n'c' = \n", "2:7", "no TOML"),
    "a table": ("[conv]\n'a' = \"b\"\n", "1:2", "leave out headings"),
    "a bare dotted name": ("conv1.weight = 'x'\n", "1:1", "quote the pattern"),
    "a number": ("'a' = \"b\"\n'c' = 3\n", "2:1", "no text"),
    "twice": ("'a' = \"b\"\n'a' = \"c\"\n", "2:10", "no TOML"),
    "a bad pattern": ("\n  'b(\\d_(.+)' = \"b$1.$2\"", "2:5", "is not closed"),
    "a bad replacement": ("'a' = \"b\"\n'b(.)' = \"c$2\"", "2:1", "1 group"),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_file_of_rules(tmp_path: Path, name: str) -> None:
    text, place, words = FILES[name]
    path = tmp_path / "rules.toml"
    path.write_text(text)
    found = diagnostic_of(lambda: bound(tmp_path, arrays_for(network()), Matching(rename=path)))
    assert isinstance(found, BadRenameFile | BadRenameRule)
    assert str(found.span) == f"{path}:{place}"
    assert words in str(found)


def test_files_of_rules_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes("'é' = \"e\"".encode("latin-1"))
    (tmp_path / "large.toml").write_text("#" * 1_000_001)
    (tmp_path / "many.toml").write_text("".join(f"'a{number}' = \"b\"\n" for number in range(1001)))
    (tmp_path / "deep.toml").write_text("'a' = " + "[" * 100_000)
    for name in ("none.toml", "latin.toml", "large.toml", "many.toml", "deep.toml", "", "zero\0.toml"):
        path = str(tmp_path / name) if "\0" not in name else name
        found = diagnostic_of(lambda path=path: bound(tmp_path, arrays_for(network()), Matching(rename=path)))
        assert isinstance(found, BadRenameFile), name
    many = {f"a{number}": "b" for number in range(1001)}
    assert diagnostic_of(lambda: bound(tmp_path, {}, Matching(rename=many), [])).code == "E860"


def test_rules_for_many_names_do_not_take_long(tmp_path: Path) -> None:
    arrays = {f"{'a' * 400}{number}": np.zeros(1, np.float32) for number in range(400)}
    found = diagnostic_of(lambda: bound(tmp_path, arrays, Matching(rename={"(a|a|a)+(a|a|a)+b{300}": "x"}), []))
    assert isinstance(found, BadRenameRule)
    assert "too long" in found.headline()


# Order ----------------------------------------------------------------------------------------------------------------


def test_tensors_are_paired_by_their_order(tmp_path: Path) -> None:
    arrays = arrays_for(network())
    numbered = {f"t{place}": array for place, array in enumerate(arrays.values())}
    with_counter = {**numbered, "norm.num_batches_tracked": np.array(1)}
    found = bound(tmp_path, with_counter, Matching(match="order"))
    assert_all(found, arrays)
    (note,) = found.notes
    assert isinstance(note, MatchedByOrder)
    assert note.pairs == tuple(
        f"`{one.name}` {list(one.shape)} <- `t{place}` {list(one.shape)}" for place, one in enumerate(network())
    )


def test_literals_may_be_absent_from_the_order(tmp_path: Path) -> None:
    literal = Weight("edges.weight", (2,), DType.FLOAT32, Literal((2,), (1, -1)), Fan(1, 1))
    weights = [weight("a", 3), literal, weight("b", 2)]
    numbers = {"x": np.ones(3, np.float32), "y": np.full(2, 5, np.float32)}
    found = bound(tmp_path, numbers, Matching(match="order"), weights)
    assert found.names == ("a", "b")
    whole = {"x": np.ones(3, np.float32), "y": np.full(2, 5, np.float32), "z": np.zeros(2, np.float32)}
    assert bound(tmp_path, whole, Matching(match="order"), weights).names == ("a", "edges.weight", "b")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda arrays: arrays.pop("t2"), "6 tensors and the model 7 weights"),
        (lambda arrays: arrays.update(t9=np.zeros(3, np.float32)), "8 tensors and the model 7 weights"),
        (lambda arrays: arrays.update(t5=np.zeros((4, 10), np.float32)), "number 6 is `t5` [4, 10] in the file and"),
    ],
)
def test_the_first_that_differs_in_order_is_explained(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], words: str
) -> None:
    arrays = {f"t{place}": array for place, array in enumerate(arrays_for(network()).values())}
    change(arrays)
    found = diagnostic_of(lambda: bound(tmp_path, arrays, Matching(match="order")))
    assert isinstance(found, OrderDiffers)
    assert words in found.headline()
    assert len(found.notes()) >= 3


def test_a_sorted_file_has_lost_its_order(tmp_path: Path) -> None:
    arrays = arrays_for(network())
    found = diagnostic_of(lambda: bound(tmp_path, arrays, Matching(match="order"), None, "net.safetensors"))
    assert isinstance(found, OrderDiffers)
    assert "sorted by name" in found.notes()[-1]


def test_the_remedy_is_the_order_where_that_explains_all(tmp_path: Path) -> None:
    arrays = {f"t{place}": array for place, array in enumerate(arrays_for(network()).values())}
    with open_weights(write_file(tmp_path / "net.npz", arrays)) as file:
        found = {type(one): one for one in diagnostics_of(lambda: bind_weights(file, network()))}
    assert set(found) == {MissingWeights, UnusedWeights}
    assert "`--match order`" in found[MissingWeights].advice()
    arrays["t0"] = arrays["t0"][:2]
    with open_weights(write_file(tmp_path / "net.npz", arrays)) as file:
        missing, *_ = diagnostics_of(lambda: bind_weights(file, network()))
    assert "--match" not in missing.advice()


# What may be missing --------------------------------------------------------------------------------------------------


def test_missing_weights_are_initialized_and_named(tmp_path: Path) -> None:
    arrays = arrays_for(network())
    del arrays["fc.weight"], arrays["fc.bias"]
    found = bound(tmp_path, arrays, Matching(allow_missing=True))
    assert set(found.names) == set(arrays)
    (note,) = found.notes
    assert isinstance(note, InitializedWeights)
    assert note.names == ("fc.weight", "fc.bias")
    values = WeightValues(3, found)
    by_name = {one.name: one for one in network()}
    np.testing.assert_array_equal(values.values(by_name["fc.bias"]), WeightValues(3).values(by_name["fc.bias"]))
    assert values.state(network()) is WeightState.INITIAL


def test_nothing_else_is_allowed_with_what_may_be_missing(tmp_path: Path) -> None:
    arrays = arrays_for(network())
    arrays["fc2.bias"] = arrays.pop("fc.bias")
    arrays["bn1.weight"] = arrays["bn1.weight"][:3]
    with open_weights(write_file(tmp_path / "net.npz", arrays)) as file:
        found = diagnostics_of(lambda: bind_weights(file, network(), Matching(allow_missing=True)))
    assert {type(one) for one in found} == {UnusedWeights, MisshapenWeights}


def test_a_prefix_is_not_taken_for_missing_weights(tmp_path: Path) -> None:
    arrays = renamed(arrays_for(network()), "module.{}".format)
    found = diagnostic_of(lambda: bound(tmp_path, arrays, Matching(allow_missing=True)))
    assert isinstance(found, PrefixedNames)


# Arguments ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"strip_prefix": 3}, "strip_prefix must be a str"),
        ({"rename": 3}, "rename must be the path"),
        ({"rename": {"a": 3}}, "rename must map str to str"),
        ({"rename": {3: "a"}}, "rename must map str to str"),
        ({"allow_missing": 1}, "allow_missing must be a bool"),
        ({"allow_nonfinite": "no"}, "allow_nonfinite must be a bool"),
    ],
)
def test_arguments_of_a_matching(arguments: Mapping[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        Matching(**arguments)


def test_there_are_two_ways_to_match() -> None:
    found: Diagnostic = diagnostic_of(lambda: Matching(match="shape"))  # pyright: ignore[reportArgumentType]
    assert "`name` or `order`" in str(found)


def test_a_built_model_has_the_numbers(tmp_path: Path) -> None:
    model = compile_source("model m { input x: float32[N, 4] output y = x -> fc: dense(3) }")
    arrays = {"module.head_weight": np.eye(3, 4, dtype=np.float32), "module.head_bias": np.ones(3, np.float32)}
    matching = Matching(strip_prefix="module.", rename={"head_(.+)": "fc.$1"})
    plain = {"fc.weight": arrays["module.head_weight"], "fc.bias": arrays["module.head_bias"]}
    assert model.to_bytes(weights=arrays, matching=matching) == model.to_bytes(weights=plain)
    model.save(tmp_path / "m.onnx", weights=write_file(tmp_path / "w.safetensors", arrays), matching=matching)
    assert (tmp_path / "m.onnx").read_bytes() == model.to_bytes(weights=plain)
