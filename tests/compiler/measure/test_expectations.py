"""`expect` and everything that it measures."""

from __future__ import annotations

import math
import random

import pytest
from dotnn.compiler import compile_file, compile_source
from dotnn.compiler.compiled import Compiled
from dotnn.compiler.diagnostics import Severity
from dotnn.compiler.graph.operations import Constant, Input, Parameter
from dotnn.compiler.measure import costs as metrics
from dotnn.compiler.measure.receptive_fields import receptive_field, receptive_fields

from tests.helpers.example_facts import example_path, zoo
from tests.helpers.language import compiled, faults, faults_of, model, places, warnings

IMAGE = "float32[N, 3, 32, 32]"

# --- what holds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "condition",
    [
        "params == 8 * 4 + 4",
        "params <= 5M and params >= 36 and params < 37 and params > 35 and params != 0",
        "macs == 32",
        "weights_bytes == 4 * 36",
        "peak_activation_bytes == 4 * (8 + 4)",
        "longest_path == 2",
        "y.shape == [N, 4] and y.rank == 2 and y.channels == 4 and y.dtype == float32",
        "h.shape[1] == x.shape[1] // 2",
        "params // 2 == 18 and params / 8 < 5.0",
        "not params == 3 or macs == 3",
        "max(params, macs) == 36",
        "N >= 1",
        "true",
        "k == 4",
    ],
)
def test_expectations_that_hold(condition: str) -> None:
    assert warnings(f"expect {condition}\n k = 4\n h = x -> dense(k)\n output y = h -> relu") == []


@pytest.mark.parametrize(
    ("condition", "sides"),
    [
        ("params == 61_482", "`params` is 36, not 61,482"),
        ("params >= 1K", "`params` is 36, not at least 1,000"),
        ("params < 36", "`params` is 36, not below 36"),
        ("params > 36", "`params` is 36, not above 36"),
        ("params <= 35", "`params` is 36, not at most 35"),
        ("params != 36", "`params` is 36, not other than 36"),
        ("61_482 == params", "`61_482` is 61,482, not 36"),
        ("h.shape == [N, 5]", "`h.shape` is [N, 4], not [N, 5]"),
        ("h.shape[1] == 5", "`h.shape[1]` is 4, not 5"),
        ("longest_path + 1 == 2", "`longest_path + 1` is 3, not 2"),
        ("false", "it is false"),
    ],
)
def test_a_false_one_shows_both_sides(condition: str, sides: str) -> None:
    (found,) = faults_of(model(f"h = x -> dense(4)\n output y = h -> relu\n expect {condition}"))
    assert (found.code, found.span and found.span.text) == ("E701", condition)
    assert found.headline().endswith(sides)


def test_a_false_shape_shows_the_way_to_it() -> None:
    body = """
        features = x -> stem: conv2d(8, kernel=3, stride=2, padding=1) -> relu -> pool: max_pool2d(2)
        output y = features -> flatten -> dense(2)
        expect features.shape == [N, 8, 16, 16]
    """
    (found,) = faults_of(model(body, image=IMAGE))
    assert "is [N, 8, 8, 8], not [N, 8, 16, 16]" in found.headline()
    assert [label.span.text for label in found.labels()] == ["max_pool2d(2)"]
    assert "`pool` gives float32[N, 8, 8, 8]" in found.labels()[0].text
    assert [note.split(" (")[0] for note in found.notes()] == [
        "`stem` takes [N, 3, 32, 32] to [N, 8, 16, 16]",
        "`pool` takes [N, 8, 16, 16] to [N, 8, 8, 8]",
    ]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("params", ("E703", "params")),
        ("y", ("E703", "y")),
        ("3", ("E703", "3")),
        ("y.shape", ("E703", "y.shape")),
        ("parms == 3", ("E201", "parms")),
        ("params == true", ("E308", "params == true")),
        ("params(y) == 3", ("E304", "params(y)")),
        ("receptive_field == 3", ("E320", "receptive_field")),
        ("receptive_field() == 3", ("E304", "receptive_field()")),
        ("receptive_field(3) == 3", ("E704", "3")),
        ("receptive_field(y) == 3", ("E704", "y")),
        ("(y -> relu).rank == 2", ("E320", "relu")),
        ("(y + 1).rank == 2", ("E320", "y + 1")),
        ("y[0].rank == 1", ("E320", "y[0]")),
        ("(y -> other).rank == 2", ("E320", "other")),
        ("y.shape == [N, 3, N // 0]", ("E309", "N // 0")),
    ],
)
def test_expectations_that_state_nothing(condition: str, expected: tuple[str, str]) -> None:
    head = "block other(x) { return x -> relu }"
    assert faults(f"output y = x -> dense(4)\n expect {condition}", head=head) == [expected]


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("k = params", "params"),
        ("output z = x -> dense(macs)", "macs"),
        ("k = receptive_field(x)", "receptive_field"),
        ("output z = x -> repeat(longest_path) { relu }", "longest_path"),
        ("output z = x -> repeat(0) { dense(weights_bytes) }", "weights_bytes"),
    ],
)
def test_metrics_exist_in_expectations_only(statement: str, place: str) -> None:
    assert faults(f"{statement}\n output y = x") == [("E320", place)]


@pytest.mark.parametrize("name", ["params", "macs", "peak_activation_bytes", "receptive_field"])
def test_metrics_cannot_be_defined(name: str) -> None:
    for text in (
        model("output y = x", head=f"const {name} = 3"),
        model("output y = x", head=f"block {name}(x) {{ return x }}"),
        model("output y = x", head=f"block f(x, {name}: int) {{ return x }}"),
        model("output y = x", arguments=f"{name}: int = 3"),
        model(f"{name} = 3\n output y = x"),
        model(f"output {name} = x"),
        model(f"output y = x -> for {name} in [] {{ relu }}"),
    ):
        assert places(faults_of(text)) == [("E207", name)]
    # As a label it names a layer, as everything else does.
    assert not faults(f"output y = x -> {name}: relu")


def test_expectations_in_blocks_are_judged_for_every_call() -> None:
    head = "block f(x, k: int) {\n    y = x -> dense(k)\n    expect y.shape == [N, 4]\n    return y\n}"
    (found,) = faults_of(model("output y = x -> f(4) -> f(5)", head=head))
    assert "is [N, 5], not [N, 4]" in found.headline()
    assert [label.span.text for label in found.trace] == ["f(5)"]


# --- arguments other than the defaults --------------------------------------------------------------------------------

WITH_ARGUMENTS = model("output y = x -> dense(k)\n expect params == 36", arguments="k: int = 4, unused: bool = false")


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({}, []),
        ({"k": 4}, []),
        ({"unused": True}, []),
        ({"k": 5}, ["W701"]),
        ({"k": 5, "unused": True}, ["W701"]),
    ],
)
def test_with_other_arguments_a_false_one_is_a_warning(given: dict[str, object], codes: list[str]) -> None:
    found = compile_source(WITH_ARGUMENTS, arguments=given)
    assert [one.code for one in found.warnings] == codes
    assert all(one.severity is Severity.WARNING for one in found.warnings)


def test_with_the_defaults_written_out_a_false_one_is_an_error() -> None:
    text = WITH_ARGUMENTS.replace("36", "37")
    assert [one.code for one in faults_of(text)] == ["E701"]
    assert [one.code for one in faults_of(text, arguments={"k": 4})] == ["E701"]
    assert [one.code for one in compile_source(text, arguments={"k": 5}).warnings] == ["W701"]


# --- costs and dimensions ---------------------------------------------------------------------------------------------


def test_costs_are_for_one_example() -> None:
    body = "output y = x -> dense(4)\n expect macs == 32\n expect peak_activation_bytes == 48"
    for image in ("float32[N, 8]", "float32[1, 8]"):
        assert not faults(body, image=image)


@pytest.mark.parametrize("metric", ["macs", "peak_activation_bytes"])
def test_another_dimension_needs_a_number(metric: str) -> None:
    body = f"output y = x -> conv2d(8, kernel=3)\n expect {metric} <= 300M"
    (found,) = faults_of(model(body, image="float32[N, 3, H, W]"))
    assert found.code == "E702"
    assert "`H` and `W`" in found.headline() + found.advice()


def test_params_need_no_number() -> None:
    body = (
        "output y = x -> conv2d(8, kernel=3) -> global_avg_pool2d\n expect params == 224\n expect weights_bytes == 896"
    )
    assert not faults(body + "\n expect longest_path == 2", image="float32[N, 3, H, W]")


def test_statistics_are_no_params() -> None:
    body = "output y = x -> batch_norm -> a: dense(1)\n freeze a\n expect params == 25\n expect weights_bytes == 4 * 41"
    assert not faults(body)


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "vgg16"])
def test_counts_of_published_networks(name: str) -> None:
    """torchvision's own counts, at the size of input that they are stated for."""
    facts = zoo()[name]
    found = compile_file(example_path(name))
    assert metrics.count(found.graph.weights()).params == facts["params"]
    assert metrics.macs(found.graph) == facts["macs_conv_linear"]


# --- longest path -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("output y = x", 0),
        ("output y = x -> relu", 1),
        ("output y = x -> relu -> tanh -> relu", 3),
        ("a = x -> relu\n output y = a + x", 2),
        ("a = x -> relu -> relu -> relu\n b = x -> relu\n output y = a + b * 2", 4),
        ("output y = x\n output z = x -> relu -> relu", 2),
        ("parameter p: float32[8] = zeros\n output y = p * x", 1),
        ("output y = x[0] -> relu", 2),
    ],
)
def test_longest_path(body: str, expected: int) -> None:
    assert not faults(f"{body}\n expect longest_path == {expected}")


def _depth(found: Compiled) -> int:
    """By all paths, one by one."""
    graph = found.graph
    best = 0
    pending = [(graph.producer(value), 0) for value in graph.outputs.values()]
    while pending:
        node, depth = pending.pop()
        depth += not isinstance(node.op, Input | Constant | Parameter)
        best = max(best, depth)
        pending += [(graph.producer(one), depth) for one in node.operands if one is not None]
    return best


# --- peak of the activations ------------------------------------------------------------------------------------------


def _peak(found: Compiled) -> int:
    """Every tensor at every step: alive from the step that makes it to the last that reads it; outputs to the end."""
    graph = found.graph
    nodes = graph.nodes()
    places = {node.id: step for step, node in enumerate(nodes)}
    peak = 0
    for now in range(len(nodes)):
        alive = 0
        for node in nodes:
            if isinstance(node.op, Constant | Parameter) or places[node.id] > now:
                continue
            for index, kind in enumerate(node.results):
                value = node.value(index)
                reads = [places[reader.id] for reader in nodes if value in reader.operands]
                until = len(nodes) if value in graph.outputs.values() else max([places[node.id], *reads])
                sizes = [1 if str(dim) == "N" else int(dim) for dim in kind.shape]  # pyright: ignore[reportArgumentType]
                alive += math.prod(sizes) * kind.dtype.size if now <= until else 0
        peak = max(peak, alive)
    return peak


def _random_network(seed: int) -> str:
    """Layers that read what stands before them, in no order."""
    chance = random.Random(seed)
    names = ["x"]
    lines: list[str] = []
    for number in range(chance.randint(1, 12)):
        one, two = chance.choice(names), chance.choice(names)
        value = chance.choice(
            [f"{one} -> relu", f"{one} + {two}", f"{one} * 2", f"{one} -> dense(8)", f"concat({one}, {two})[:, 0:8]"]
        )
        names.append(f"v{number}")
        lines.append(f"v{number} = {value}")
        if chance.random() < 0.2:
            lines.append(f"a{number}, _ = v{number} -> split([3, 5])")
            lines.append(f"output o{number} = a{number}")
    return model("\n".join([*lines, f"output y = {names[-1]}"]))


@pytest.mark.parametrize("seed", range(30))
def test_peak_and_depth_of_random_networks(seed: int) -> None:
    found = compile_source(_random_network(seed))
    assert metrics.peak_activation_bytes(found.graph) == _peak(found)
    assert metrics.longest_path(found.graph) == _depth(found)


def test_peak_of_two_branches() -> None:
    body = """
        wide = x -> dense(100)
        left = wide -> dense(10)
        right = wide -> dense(20)
        output y = concat(left, right)
    """
    # While `right` is made, `wide` (100), `left` (10) and `right` (20) are alive; x (8) was read last for `wide`.
    assert not faults(f"{body}\n expect peak_activation_bytes == 4 * 130")


# --- receptive field --------------------------------------------------------------------------------------------------


def field_of(*windows: tuple[int, int]) -> int:
    """r += (k - 1) * j, then j *= s, over kernels and strides in order (Araujo, Norris, Sim 2019)."""
    size, jump = 1, 1
    for kernel, stride in windows:
        size += (kernel - 1) * jump
        jump *= stride
    return size


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ("relu", 1),
        ("conv2d(8, kernel=3)", 3),
        ("conv2d(8, kernel=1)", 1),
        ("conv2d(8, kernel=3) -> conv2d(8, kernel=3)", 5),
        ("conv2d(8, kernel=3, dilation=2)", 5),
        ("conv2d(8, kernel=3, stride=2) -> conv2d(8, kernel=3)", 7),
        ("conv2d(8, kernel=[3, 5])", 3),
        ("max_pool2d(2) -> max_pool2d(2)", 4),
        ("avg_pool2d(3, stride=2, padding=1) -> batch_norm -> relu -> conv2d(8, kernel=3)", 7),
        ("global_avg_pool2d", 32),
        ("flatten -> dense(4)", 32),
        ("conv2d(8, kernel=3) -> global_max_pool2d -> flatten", 32),
    ],
)
def test_receptive_fields(stages: str, expected: int) -> None:
    body = f"y0 = x -> {stages}\n output y = y0\n expect receptive_field(y0) == {expected}"
    assert not faults(body, image=IMAGE)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("output y = (x -> conv2d(3, kernel=3, padding=1)) + x", 3),
        ("output y = concat(x -> conv2d(3, kernel=3, padding=1), x -> conv2d(3, kernel=5, padding=2))", 5),
        ("output y = x", 1),
        ("a = x -> global_avg_pool2d\n output y = x * a", 32),
        ("input z: float32[N, 3, 40, 20]\n output w = z\n output y = x -> conv2d(3, kernel=3)", 3),
        ("input z: float32[N, 3, 40, 20]\n output w = z\n output y = x -> flatten", 32),
        ("parameter p: float32[3, 1, 1] = zeros\n output y = (x -> conv2d(3, kernel=3)) * p", 3),
    ],
)
def test_receptive_fields_of_merges(body: str, expected: int) -> None:
    assert not faults(f"{body}\n expect receptive_field(y) == {expected}", image=IMAGE)


def test_receptive_fields_of_vgg16() -> None:
    stage = "for n, c in [[2, 4], [2, 4], [3, 4], [3, 4], [3, 4]]"
    body = f"""
        before = x -> for n, c in [[2, 4], [2, 4], [3, 4], [3, 4]] {{
            repeat(n) {{ conv2d(c, kernel=3, padding=1) -> relu }} -> max_pool2d(2)
        }} -> repeat(3) {{ conv2d(4, kernel=3, padding=1) -> relu }}
        output y = before -> max_pool2d(2)
        output z = x -> {stage} {{ repeat(n) {{ conv2d(c, kernel=3, padding=1) }} -> max_pool2d(2) }}
        expect receptive_field(before) == 196
        expect receptive_field(y) == 212
        expect receptive_field(z) == 212
    """
    assert not faults(body, image="float32[N, 3, 224, 224]")
    windows = [(3, 1)] * 2 + [(2, 2)] + [(3, 1)] * 2 + [(2, 2)] + ([(3, 1)] * 3 + [(2, 2)]) * 3
    assert field_of(*windows) == 212
    assert field_of(*windows[:-1]) == 196


def test_receptive_fields_of_resnet50() -> None:
    """Of every stage, by the recurrence over the main path; the shortcuts see less."""
    windows = [(7, 2), (3, 2)]
    expected = []
    for blocks, stride in [(3, 1), (4, 2), (6, 2), (3, 2)]:
        for number in range(blocks):
            windows += [(1, 1), (3, stride if number == 0 else 1), (1, 1)]
        expected.append(field_of(*windows))
    assert expected == [35, 91, 267, 427]
    found = compile_file(example_path("resnet50"))
    # A stage ends in the relu of its last block: the first layer behind it reads what the stage gives.
    fields = receptive_fields(found.graph)
    ends = dict(zip(["layer1", "layer2", "layer3", "layer4"], [2, 3, 5, 2], strict=True))
    for (stage, last), size in zip(ends.items(), expected, strict=True):
        nodes = [node for node in found.graph.nodes() if node.name.startswith(f"{stage}.{last}.")]
        assert receptive_field(nodes[-1].value(), fields) == size


def test_a_receptive_field_of_open_dimensions() -> None:
    body = "output y = x -> global_avg_pool2d\n expect receptive_field(y) == {}"
    assert not faults(body.format("H"), image="float32[N, 3, H, H]")
    assert faults(body.format(7), image="float32[N, 3, H, H]") == [("E310", "receptive_field(y) == 7")]


def test_models_of_one_file_have_their_own_expectations() -> None:
    text = model("output y = x -> dense(1)\n expect params == 9") + model(
        "output y = x -> dense(2)\n expect params == 9"
    ).replace("model net", "model other")
    assert not faults_of(text, model="net")
    assert [one.code for one in faults_of(text, model="other")] == ["E701"]


def test_no_expectation_is_judged_beside_other_errors() -> None:
    body = "output y = x -> dense(4)\n z = x -> dens(3)\n expect params == 1"
    assert faults(body) == [("E203", "dens")]
    assert faults("output y = x -> f\n expect params == 1", head="block f(x) { y = x }") == [("E321", "f")]


def test_expectations_are_collected() -> None:
    found = faults("output y = x -> dense(4)\n expect params == 1\n expect macs == 1\n expect y.rank == 1")
    assert [code for code, _ in found] == ["E701"] * 3
    assert compiled("output y = x").warnings == ()
