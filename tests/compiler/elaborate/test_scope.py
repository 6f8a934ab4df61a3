"""Names of layers and parameters: labels, automatic names, scopes."""

from __future__ import annotations

import pytest
from dotnn.compiler import compile_source

from tests.helpers.language import compiled, faults, faults_of, layer_names, model, names, places, weights

# --- automatic names --------------------------------------------------------------------------------------------------


def test_layers_without_labels_are_numbered_by_kind() -> None:
    assert names("output y = x -> dense(8) -> relu -> dense(8) -> relu -> dense(8)") == [
        "dense",
        "relu",
        "dense_1",
        "relu_1",
        "dense_2",
    ]


def test_operators_are_numbered_like_layers() -> None:
    body = "a = x + x\n b = a + x\n c = a * b\n d = -c\n e = d - 1\n output y = e[0] / 2"
    assert names(body) == ["add", "add_1", "mul", "neg", "sub", "index", "div"]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["dense"], ["dense_1", "dense_2"]),
        (["dense_1"], ["dense", "dense_2"]),
        (["dense.a", "dense_2.b"], ["dense_1", "dense_3"]),
        (["dense_1.weight.x"], ["dense", "dense_2"]),
        (["dense1", "densest", "x.dense"], ["dense", "dense_1"]),
    ],
)
def test_automatic_names_step_around_labels_wherever_they_stand(labels: list[str], expected: list[str]) -> None:
    """A label steps in front of a name even from below: names are given when the scope closes."""
    for before in (True, False):
        labelled = "".join(f" -> {label}: relu" for label in labels)
        unlabelled = " -> dense(8) -> dense(8)"
        found = names("output y = x" + (labelled + unlabelled if before else unlabelled + labelled))
        assert [name for name in found if name not in labels] == expected


def test_automatic_names_step_around_each_other() -> None:
    found = names(
        "output y = x -> relu -> relu -> relu_1",
        head="block relu_1(x) { return x -> dense(3) -> dense(3) }",
    )
    assert found == ["relu", "relu_1", "relu_1_1.dense", "relu_1_1.dense_1"]


def test_a_parameter_takes_its_name_from_the_automatic_ones() -> None:
    body = "parameter dense: float32[8] = zeros\n output y = x + dense -> dense(2)"
    assert weights(body) == ["dense", "dense_1.weight", "dense_1.bias"]


def test_names_are_stable_where_layers_with_labels_are_added() -> None:
    before = weights("output y = x -> a: dense(8) -> b: dense(8)")
    after = weights("output y = x -> a: dense(8) -> new: dense(8) -> relu -> b: dense(8)")
    assert [name for name in after if not name.startswith("new")] == before


# --- labels -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("conv1", "conv1"),
        ("0", "0"),
        ("007", "007"),
        ("downsample.0", "downsample.0"),
        ("layers.0.1", "layers.0.1"),
        ("1e5", "1e5"),
        ("{1 + 2}", "3"),
        ("denselayer{i + 1}", "denselayer5"),
        ("features.{first + 2 * i}", "features.18"),
        ('{"left"}_{i}', "left_4"),
        ("{i}{first}.x", "410.x"),
        ("{[7, 8][1]}", "8"),
        ("input", "input"),
        ("for", "for"),
        ("model", "model"),
        ("relu", "relu"),
        ("_", "_"),
    ],
)
def test_labels(label: str, expected: str) -> None:
    body = f"i = 4\n first = 10\n output y = x + i + first -> {label}: dense(2)"
    assert weights(body) == [f"{expected}.weight", f"{expected}.bias"]


@pytest.mark.parametrize("value", ["1.5", "-1", "true", '"a-b"', '"a.b"', '""', '"é"', "x", "[1]", "N", "x.shape"])
def test_a_label_is_computed_from_ints_and_words_only(value: str) -> None:
    assert faults(f"output y = x -> a{{{value}}}: dense(2)") == [("E214", value)]


def test_labels_and_bindings_are_two_namespaces() -> None:
    assert names("a = x -> a: dense(8)\n x1 = a -> x: dense(8)\n output y = x1 -> y: relu") == ["a", "x", "y"]


def test_two_equal_labels_in_one_scope() -> None:
    (found,) = faults_of(model("output y = x -> a: dense(8) -> relu -> a: dense(8)"))
    assert (found.code, found.span and found.span.text) == ("E205", "dense(8)")
    assert [label.span.line for label in found.labels()] == [4]
    assert "`a`" in found.headline()


def test_equal_labels_in_a_loop_without_a_label_are_one_scope() -> None:
    assert faults("output y = x -> repeat(2) { a: relu }")[0][0] == "E205"
    assert names("output y = x -> for i in [1, 2] { a{i}: relu }") == ["a1", "a2"]


def test_equal_labels_in_different_scopes() -> None:
    body = "output y = x -> a: { b: relu -> c: relu } -> b: { b: relu -> a: relu }"
    assert names(body) == ["a.b", "a.c", "b.b", "b.a"]


def test_equal_labels_in_both_branches_of_a_condition() -> None:
    body = "a = if x.rank == 2 { x -> f: dense(2) } else { x -> f: dense(3) }\n output y = a"
    assert weights(body) == ["f.weight", "f.bias"]


@pytest.mark.parametrize(
    "stages",
    [
        "a.b: dense(8) -> a: { b: dense(8) -> relu }",
        "a: { b: dense(8) -> relu } -> a.b: dense(8)",
        "a: { b.c: dense(8) -> relu } -> a.b: { c: dense(8) -> relu }",
        "a: repeat(2) { relu } -> a.1: relu",
        "a: { dense(8) -> relu } -> a.dense: dense(8)",
    ],
)
def test_equal_full_names(stages: str) -> None:
    """A label with dots may meet what a scope makes."""
    found = faults(f"output y = x -> {stages}")
    assert {code for code, _ in found} == {"E213"}


@pytest.mark.parametrize("name", ["x", "y", "a"])
def test_inputs_and_outputs_and_layers_may_have_one_name(name: str) -> None:
    found = compiled(f"a = x -> {name}: dense(8)\n output y = a -> relu\n output z = a")
    assert layer_names(found) == [name, "relu"]
    assert found.to_bytes()


# --- scopes -----------------------------------------------------------------------------------------------------------

BLOCKS = """
block two(x) { return x -> dense(8) -> relu }
block one(x) { return x -> dense(8) }
block outer(x) { return x -> two -> a: two -> one }
block wrap(x) { return x -> one }
block wrap_two(x) { return x -> two }
block plus(x) { return x + x }
block twice(x) { return x -> repeat(2) { relu } }
block bias(x) {
    parameter b: float32[8] = zeros
    return x + b
}
block same(x) { return x }
"""


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        # A block opens a scope named by its label or by its kind, numbered.
        ("two -> two", "two.dense two.relu two_1.dense two_1.relu"),
        ("a: two -> two", "a.dense a.relu two.dense two.relu"),
        ("two.x: relu -> two", "two.x two_1.dense two_1.relu"),
        ("a.b: two", "a.b.dense a.b.relu"),
        (
            "a: outer",
            "a.two.dense a.two.relu a.a.dense a.a.relu a.one",
        ),
        # A group or a loop opens one only with a label.
        ("{ relu -> relu }", "relu relu_1"),
        ("a: { relu -> relu } -> relu", "a.relu a.relu_1 relu"),
        ("repeat(2) { relu -> relu }", "relu relu_1 relu_2 relu_3"),
        ("a: repeat(2) { relu -> step }", "a.0.relu a.0.step a.1.relu a.1.step"),
        ("for i in [5, 7] { l{i}: relu }", "l5 l7"),
        ("a: for i in [5, 7] { l{i}: relu }", "a.0.l5 a.1.l7"),
        ("a: for i in [5, 7] { relu -> relu }", "a.0.relu a.0.relu_1 a.1.relu a.1.relu_1"),
        ("a: { b: { c: relu -> d: relu } }", "a.b.c a.b.d"),
        # A single stage without a label takes the name of its scope.
        ("one", "one"),
        ("a: one -> one -> one", "a one one_1"),
        ("a: { relu }", "a"),
        ("a: repeat(3) { relu }", "a.0 a.1 a.2"),
        ("a: repeat(1) { relu }", "a.0"),
        ("wrap -> a: wrap", "wrap a"),
        ("a: { wrap }", "a"),
        ("a: { { { relu } } }", "a"),
        ("wrap_two -> a: wrap_two", "wrap_two.dense wrap_two.relu a.dense a.relu"),
        ("a: repeat(2) { two }", "a.0.dense a.0.relu a.1.dense a.1.relu"),
        ("a: repeat(2) { wrap }", "a.0 a.1"),
        ("plus -> a: plus", "plus a"),
        # A label is kept, whether it is single or not.
        ("a: { b: relu }", "a.b"),
        ("a: repeat(2) { b: relu }", "a.0.b a.1.b"),
        ("a: { b: one }", "a.b"),
        # What makes nothing has no name.
        ("same -> a: same -> relu", "relu"),
        ("a: repeat(0) { relu } -> relu", "relu"),
        ("repeat(0) { relu } -> for i in [] { relu } -> step", "step"),
        ("twice -> a: twice", "twice.relu twice.relu_1 a.relu a.relu_1"),
        # A parameter is named by its scope.
        ("bias -> a: bias", "bias.b bias.add a.b a.add"),
    ],
)
def test_scopes(stages: str, expected: str) -> None:
    assert names(f"output y = x -> {stages}", head=BLOCKS) == expected.split()


def test_names_of_one_block_do_not_step_around_labels_of_another() -> None:
    body = "output y = x -> dense: relu -> a: two"
    assert names(body, head=BLOCKS) == ["dense", "a.dense", "a.relu"]


def test_call_form_and_pipe_form_have_the_same_names() -> None:
    pipe = names("output y = x -> dense(8) -> two", head=BLOCKS)
    call = names("output y = two(dense(x, 8))", head=BLOCKS)
    assert pipe == call == ["dense", "two.dense", "two.relu"]


def test_every_node_knows_its_calls() -> None:
    found = compiled("output y = x -> a: outer", head=BLOCKS)
    node = next(node for node in found.graph.nodes() if node.name == "a.a.dense")
    (origin,) = node.origins
    assert origin.path == "a.a.dense"
    assert origin.span is not None
    assert origin.span.text == "dense(8)"
    assert [span.text for span in origin.calls] == ["two", "outer"]


def test_resnet_keys_from_labels() -> None:
    """The names of a PyTorch module come out of labels, blocks and loops."""
    text = """
    block basic(x, width: int) {
        main = x -> conv1: conv2d(width, kernel=3, padding=1, bias=false) -> bn1: batch_norm -> relu
        skip = if x.channels != width {
            x -> downsample: { 0: conv2d(width, kernel=1, bias=false) -> 1: batch_norm }
        } else { x }
        return main + skip -> relu
    }
    block stage(x, width: int, blocks: int) {
        return x -> 0: basic(width) -> for i in range(1, blocks) { {i}: basic(width) }
    }
    model net { input x: float32[N, 3, 8, 8] output y = x -> layer1: stage(4, 2) }
    """
    layers = ["bn1.running_mean", "downsample.0.weight", "downsample.1.weight", "conv1.weight"]
    found = {weight.name for weight in compile_source(text).graph.weights()}
    assert {f"layer1.0.{name}" for name in layers} <= found
    assert {name for name in found if "downsample" in name and name.startswith("layer1.1")} == set()
    assert "layer1.1.conv1.weight" in found


def test_a_label_before_a_function_means_nothing() -> None:
    assert faults("output y = x -> dense([3] -> n: len)") == [("E320", "len")]


def test_duplicate_labels_are_reported_with_everything_else() -> None:
    body = "a = x -> l: dense(8) -> l: dense(8)\n output y = a -> dens(3)"
    assert places(faults_of(model(body))) == [("E205", "dense(8)"), ("E203", "dens")]


@pytest.mark.parametrize(
    ("stages", "name"),
    [
        ("x -> a: dense(4) -> a.weight: relu", "a.weight"),
        ("x -> unsqueeze(axis=1) -> r: lstm(4) -> r.h: tanh -> squeeze(axis=1) -> relu", "r.h"),
    ],
)
def test_a_layer_cannot_be_named_like_a_weight_or_a_further_result(stages: str, name: str):
    found = faults_of(f"model m {{ input x: float32[N, 4] output y = {stages} }}")
    assert [(one.code, getattr(one, "name", None)) for one in found] == [("E213", name)]
