"""`repeat` and `for`."""

from __future__ import annotations

import pytest
from dotnn.compiler import compile_source

from tests.helpers.language import compiled, faults, faults_of, layer_names, model, names, shape, weights


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ("repeat(0) { relu }", ""),
        ("repeat(1) { relu }", "relu"),
        ("repeat(3) { relu }", "relu relu_1 relu_2"),
        ("repeat(2) { relu -> tanh }", "relu tanh relu_1 tanh_1"),
        ("repeat(2 * 2 - 3) { relu }", "relu"),
        ("repeat(x.channels // 4) { relu }", "relu relu_1"),
        ("repeat(2) { repeat(2) { relu } }", "relu relu_1 relu_2 relu_3"),
        ("l: repeat(2) { m: repeat(2) { relu } }", "l.0.m.0 l.0.m.1 l.1.m.0 l.1.m.1"),
        ("l: repeat(2) { repeat(2) { relu } }", "l.0.relu l.0.relu_1 l.1.relu l.1.relu_1"),
        ("for i in [] { relu }", ""),
        ("for i in [1, 2] { relu }", "relu relu_1"),
        ("for i in range(2) { b{i}: relu }", "b0 b1"),
        ("for i in range(4, 0, -2) { b{i}: relu }", "b4 b2"),
        ("for _ in [1, 2] { relu }", "relu relu_1"),
        ("for i in range(2) { for j in range(i + 1) { b{i}{j}: relu } }", "b00 b10 b11"),
        ("for i in range(2) { for j in [i, 5] { b{i}{j}: relu } }", "b00 b05 b11 b15"),
        ("for i, j in [[1, 2], [3, 4]] { b{i}{j}: relu }", "b12 b34"),
        ("for _, j in [[1, 2], [3, 4]] { b{j}: relu }", "b2 b4"),
        ('for n, k in [["a", true], ["b", false]] { {n}: relu }', "a b"),
        ("for i in (if x.rank == 2 { [1] } else { [2] }) { b{i}: relu }", "b1"),
        ("for i in x.shape[1:] { b{i}: relu }", "b8"),
        ("l: for i in [5, 6] { a{i}: relu }", "l.0.a5 l.1.a6"),
        ("for i in [1] { relu } -> for i in [2] { b{i}: relu }", "relu b2"),
    ],
)
def test_loops(stages: str, expected: str) -> None:
    assert names(f"output y = x -> {stages}") == expected.split()


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ("for c in [3, 4, 5] { dense(c) }", "[N, 5]"),
        ("for c in [3, 4] + [6] { dense(c) -> relu }", "[N, 6]"),
        ("for n, c in [[1, 3], [2, 4]] { repeat(n) { dense(c) } }", "[N, 4]"),
        ("repeat(0) { dense(3) }", "[N, 8]"),
        ("repeat(3) { unsqueeze(axis=1) }", "[N, 1, 1, 1, 8]"),
        ("for c in [3, 4] { { dense(c) -> relu } -> tanh }", "[N, 4]"),
    ],
)
def test_every_round_reads_the_round_before(stages: str, expected: str) -> None:
    assert shape(f"output y = x -> {stages}") == expected


def test_vgg_from_a_table() -> None:
    stages = """
        for count, width in [[1, 64], [1, 128], [2, 256], [2, 512], [2, 512]] {
            repeat(count) { conv2d(width, kernel=3, padding=1) -> relu } -> max_pool2d(2)
        }
    """
    found = compiled(f"output y = x -> {stages}", image="float32[N, 3, 224, 224]")
    assert str(found.graph.type_of(found.graph.outputs["y"])) == "float32[N, 512, 7, 7]"
    assert sum(name.startswith("conv2d") for name in layer_names(found)) == 8


def test_several_results_of_the_last_round() -> None:
    body = "_, h, c = x -> repeat(2) { lstm(4) }\n output y = h + c"
    assert shape(body, image="float32[N, T, 4]") == "[1, N, 4]"


def test_the_parts_of_a_split_are_not_lost_in_a_loop() -> None:
    body = "a, b = x -> repeat(2) { split(2, axis=1) }\n output y = a + b"
    assert faults(body) == [("E319", "repeat(2) { split(2, axis=1) }")]
    body = "a, b = x -> repeat(1) { split(2, axis=1) }\n output y = a + b"
    assert shape(body) == "[N, 4]"


def test_the_variable_is_known_in_the_body_only() -> None:
    assert faults("output y = x -> for i in [3] { dense(i) } -> dense(i)") == [("E201", "i")]
    assert faults("i = 4\n output y = x -> for i in [3] { dense(i) } -> dense(i)") == [("E206", "i")]
    assert faults("output y = x -> for i in [3] { for i in [4] { dense(i) } }") == [("E206", "i")]
    assert faults("output y = x -> for a, a in [[3, 4]] { dense(a) }") == [("E206", "a")]
    assert faults("output y = x -> for x in [3] { dense(3) }") == [("E206", "x")]
    assert faults("output y = x -> for N in [3] { dense(N) }") == [("E206", "N")]
    assert faults("output y = x -> for macs in [3] { dense(macs) }") == [("E207", "macs")]


@pytest.mark.parametrize("count", ["-1", "1.0", "true", '"2"', "x", "[2]", "N"])
def test_repeat_counts_by_an_int(count: str) -> None:
    assert faults(f"output y = x -> repeat({count}) {{ relu }}") == [("E323", count)]


@pytest.mark.parametrize("values", ["3", '"ab"', "x", "N", "true", "float32"])
def test_for_runs_over_a_list(values: str) -> None:
    assert faults(f"output y = x -> for i in {values} {{ dense(i) }}") == [("E323", values)]


@pytest.mark.parametrize("values", ["[1, 2]", "[[1, 2], [3]]", "[[1, 2, 3]]", "[[1, 2], 3]"])
def test_rows_have_as_many_elements_as_there_are_names(values: str) -> None:
    assert faults(f"output y = x -> for a, b in {values} {{ dense(a + b) }}") == [("E323", values)]


def test_a_mistake_in_a_loop_is_one_mistake() -> None:
    assert faults("output y = x -> repeat(50) { dens(3) }") == [("E203", "dens")]
    assert faults("output y = x -> for i in range(50) { dense(k) }") == [("E201", "k")]


def test_a_mistake_in_a_body_that_never_runs() -> None:
    assert faults("output y = x -> repeat(0) { dens(3) }") == [("E203", "dens")]
    assert faults("output y = x -> for i in [] { dense(j) }") == [("E201", "j")]


def test_rounds_may_have_other_shapes() -> None:
    found = faults_of(model("output y = x -> for c in [8, 4] { reshape([N, c, 8 // c]) -> flatten -> dense(8) }"))
    assert found == ()
    found = faults_of(model("output y = x -> for c in [2, 3] { reshape([N, c, 8 // c]) -> flatten }"))
    assert len(found) == 1


def test_densenet_by_a_block() -> None:
    text = """
    block layer(x, growth: int) {
        new = x -> norm1: batch_norm -> relu -> conv1: conv2d(growth, kernel=3, padding=1, bias=false)
        return concat(x, new)
    }
    model net {
        input x: float32[N, 4, 8, 8]
        output y = x -> denseblock1: for i in range(3) { layer(2) }
                     -> denseblock2.{"x"}: for i in range(2) { denselayer{i + 1}: layer(2) }
    }
    """
    found = compile_source(text)
    assert str(found.graph.type_of(found.graph.outputs["y"])) == "float32[N, 14, 8, 8]"
    convolutions = [name for name in layer_names(found) if name.endswith("conv1")]
    assert convolutions == [
        "denseblock1.0.conv1",
        "denseblock1.1.conv1",
        "denseblock1.2.conv1",
        "denseblock2.x.0.denselayer1.conv1",
        "denseblock2.x.1.denselayer2.conv1",
    ]


def test_weights_of_rounds_are_their_own() -> None:
    assert weights("output y = x -> l: repeat(2) { dense(8) }") == ["l.0.weight", "l.0.bias", "l.1.weight", "l.1.bias"]
