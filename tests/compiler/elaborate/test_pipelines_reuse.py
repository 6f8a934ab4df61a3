"""Sharing weights by `reuse`, and holding them by `freeze`."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from dotnn.compiler.measure.costs import count

from tests.helpers.language import compiled, faults, faults_of, model, names, weight_names

HEAD = """
block two(x, width: int = 8) { return x -> in: dense(width) -> relu -> out: dense(8) }
block one(x) { return x -> dense(8) }
block gated(x, gate) { return x -> fc: dense(8) -> maximum(gate) }
block pair(x) {
    h = x -> first: dense(8)
    return h, h -> second: dense(4)
}
block bias(x) {
    parameter b: float32[8] = normal(std=0.5)
    return x + b
}
block by_shape(x) {
    return if x.channels == 8 { x -> fc: dense(4) } else { x -> relu -> fc: dense(8) }
}
block deep(x) { return x -> a: { fc: dense(8) -> relu } -> b: reuse(a) }
"""


def owners(body: str) -> str:
    """What has weights, and the layer or parameter that they are named after: `fc<fc again<fc`."""
    found = []
    for node in compiled(body, head=HEAD).graph.nodes():
        weights = node.owned
        local = {"weight", "bias"}
        prefixes = {w.name.rpartition(".")[0] if w.name.rpartition(".")[2] in local else w.name for w in weights}
        found += [f"{node.name}<{prefix}" for prefix in prefixes]
    return " ".join(found)


# --- what can be reused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ("fc: dense(8) -> reuse(fc) -> again: reuse(fc)", "fc<fc dense<fc again<fc"),
        ("r: relu -> reuse(r)", ""),
        # Blocks, with what they contain.
        ("t: two -> reuse(t)", "t.in<t.in t.out<t.out two.in<t.in two.out<t.out"),
        ("t: two -> u: reuse(t)", "t.in<t.in t.out<t.out u.in<t.in u.out<t.out"),
        ("t: two(16) -> u: reuse(t)", "t.in<t.in t.out<t.out u.in<t.in u.out<t.out"),
        ("t: two -> reuse(t.in)", "t.in<t.in t.out<t.out dense<t.in"),
        ("t: one -> reuse(t) -> one", "t<t one<t one_1<one_1"),
        ("t: deep -> u: reuse(t)", "t.a.fc<t.a.fc t.b.fc<t.a.fc u.a.fc<t.a.fc u.b.fc<t.a.fc"),
        ("t: bias -> u: reuse(t)", "t.b<t.b u.b<t.b"),
        # Groups and loops with labels.
        ("t: { a: dense(8) -> relu } -> reuse(t)", "t.a<t.a group.a<t.a"),
        (
            "t: { dense(8) -> dense(8) } -> u: reuse(t)",
            "t.dense<t.dense t.dense_1<t.dense_1 u.dense<t.dense u.dense_1<t.dense_1",
        ),
        ("t: { dense(8) } -> u: reuse(t)", "t<t u<t"),
        ("t: repeat(2) { dense(8) } -> u: reuse(t)", "t.0<t.0 t.1<t.1 u.0<t.0 u.1<t.1"),
        ("t: repeat(2) { dense(8) } -> reuse(t)", "t.0<t.0 t.1<t.1 loop.0<t.0 loop.1<t.1"),
        (
            "t: for w in [4, 8] { fc: dense(w) } -> u: reuse(t)",
            "t.0.fc<t.0.fc t.1.fc<t.1.fc u.0.fc<t.0.fc u.1.fc<t.1.fc",
        ),
        # One round of a loop, also in a later round.
        ("t: repeat(2) { a: dense(8) -> relu } -> u: reuse(t.1)", "t.0.a<t.0.a t.1.a<t.1.a u.a<t.1.a"),
        ("t: repeat(2) { dense(8) } -> u: reuse(t.0)", "t.0<t.0 t.1<t.1 u<t.0"),
        ("a: dense(8) -> t: for i in [0, 1] { reuse(a) }", "a<a t.0<a t.1<a"),
        # Labels with dots and computed parts.
        ("a.b: dense(8) -> reuse(a.b)", "a.b<a.b dense<a.b"),
        ("a.b: { c: dense(8) } -> reuse(a.b.c)", "a.b.c<a.b.c dense<a.b.c"),
        ("a{1 + 1}: dense(8) -> reuse(a{4 - 2})", "a2<a2 dense<a2"),
        # What is reused can be reused, in whole and in part.
        ("a: dense(8) -> b: reuse(a) -> c: reuse(b)", "a<a b<a c<a"),
        ("t: two -> u: reuse(t) -> v: reuse(u.out)", "t.in<t.in t.out<t.out u.in<t.in u.out<t.out v<t.out"),
        ("t: { a: dense(8) -> b: reuse(a) } -> u: reuse(t)", "t.a<t.a t.b<t.a u.a<t.a u.b<t.a"),
    ],
)
def test_reuse(stages: str, expected: str) -> None:
    assert owners(f"output y = x -> {stages}") == expected


def test_reuse_counts_once() -> None:
    found = compiled("output y = x -> fc: dense(8) -> reuse(fc) -> reuse(fc)")
    assert weight_names(found) == ["fc.weight", "fc.bias"]
    assert count(found.graph.weights()).params == 72
    assert [weight.name for node in found.graph.nodes() for weight in node.owned] == ["fc.weight", "fc.bias"] * 3


def test_reuse_of_several_results() -> None:
    body = "a, b = x -> p: pair\n c, d = a -> reuse(p)\n output y = c\n output z = concat(b, d)"
    assert owners(body) == "p.first<p.first p.second<p.second pair.first<p.first pair.second<p.second"


def test_reuse_of_a_recurrent_layer() -> None:
    found = compiled(
        "a, h, c = x -> l: lstm(4)\n b, g, d = a -> reuse(l)\n output y = b\n output z = h + g + c + d",
        image="float32[N, T, 4]",
    )
    assert len(weight_names(found)) == 3
    assert all(name.startswith("l.") for name in weight_names(found))


def test_weights_with_numbers_are_shared_too() -> None:
    found = compiled(
        "output y = x -> a: dense(1, weight=[[1,2,3,4,5,6,7,8]], bias=false) -> expand([N, 8]) -> reuse(a)"
    )
    assert weight_names(found) == ["a.weight"]


def test_a_siamese_net_gives_equal_features_for_equal_inputs() -> None:
    found = compiled(
        """
        input z: float32[N, 8]
        a = x -> tower: { fc1: dense(16) -> relu -> fc2: dense(4) }
        b = z -> reuse(tower)
        output y = a - b
        """
    )
    session = onnxruntime.InferenceSession(found.to_bytes(), providers=["CPUExecutionProvider"])
    feed = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
    (same,) = session.run(None, {"x": feed, "z": feed})
    (other,) = session.run(None, {"x": feed, "z": -feed})
    assert np.array_equal(np.asarray(same), np.zeros((3, 4), np.float32))
    assert np.abs(np.asarray(other)).max() > 0.1


def test_other_sizes_that_the_weights_do_not_depend_on() -> None:
    body = "input z: float32[N, 3, 9, 7]\n a = x -> c: conv2d(4, kernel=3)\n output b = z -> reuse(c)\n output y = a"
    found = compiled(body, image="float32[N, 3, 32, 32]")
    assert str(found.graph.type_of(found.graph.outputs["b"])) == "float32[N, 4, 7, 5]"


# --- which labels are seen --------------------------------------------------------------------------------------------


def test_labels_of_the_scopes_around_are_seen() -> None:
    body = "output y = x -> a: dense(8) -> t: { u: { reuse(a) } -> b: dense(8) } -> reuse(t.b)"
    assert owners(body) == "a<a t.u<a t.b<t.b dense<t.b"


def test_the_nearest_label_is_meant() -> None:
    body = "output y = x -> a: dense(8) -> t: { a: dense(8) -> reuse(a) }"
    assert owners(body) == "a<a t.a<t.a t.dense<t.a"


def test_what_is_reused_sees_the_labels_where_it_was_written() -> None:
    """Elsewhere, another layer may have the label."""
    body = "h = x -> a: dense(8) -> t: { r: reuse(a) -> relu }\n output y = h -> q: { a: dense(8) -> u: reuse(t) }"
    assert owners(body) == "a<a t.r<a q.a<q.a q.u.r<a"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ("output y = x -> reuse(a)", "a"),
        ("output y = x -> reuse(a) -> a: dense(8)", "a"),
        ("output y = x -> t: { a: dense(8) } -> reuse(a)", "a"),
        ("output y = x -> t: two -> reuse(in)", "in"),
        ("output y = x -> dense(8) -> reuse(dense)", "dense"),
        ("output y = x -> a: dense(8) -> reuse(a.weight)", "a.weight"),
        ("output y = x -> t: repeat(2) { dense(8) } -> reuse(t.2)", "t.2"),
    ],
)
def test_labels_that_are_not_seen(body: str, path: str) -> None:
    assert faults(body, head=HEAD) == [("E208", path)]


def test_labels_of_the_caller_are_not_seen_in_a_block() -> None:
    head = "block inner(x) { return x -> reuse(a) }"
    assert faults("output y = x -> a: dense(8) -> inner", head=head) == [("E208", "a")]


def test_a_near_label_is_suggested() -> None:
    (found,) = faults_of(model("output y = x -> encoder: dense(8) -> reuse(encodr)"))
    assert found.advice() == "did you mean `encoder`?"


def test_a_label_that_is_called_is_to_be_reused() -> None:
    (found,) = faults_of(model("h = x -> tower: dense(8) -> relu\n output y = h -> tower"))
    assert found.headline() == "the label `tower` cannot stand as a call"
    assert found.advice() == "`-> reuse(tower)` applies what has this label again, with the same weights"


@pytest.mark.parametrize("body", ["output y = x -> tower: tower", "output y = x -> tower: dense(8) -> tower(8)"])
def test_a_label_explains_neither_its_own_stage_nor_a_call_with_arguments(body: str) -> None:
    (found,) = faults_of(model(body))
    assert (found.code, "reuse" in found.advice()) == ("E203", False)


# --- what cannot be reused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        # Further tensors would have to be given anew.
        "output y = x -> a: maximum(x) -> reuse(a)",
        "output y = x -> a: gated(x) -> reuse(a)",
        "s = x -> unsqueeze(axis=1)\n h = x -> unsqueeze(axis=0)\n output y = s -> a: rnn(8, initial_h=h) -> reuse(a)",
        # It is not finished.
        "output y = x -> a: { relu -> reuse(a) }",
        "output y = x -> a: repeat(2) { reuse(a) }",
        "output y = x -> a: maximum(x -> reuse(a))",
    ],
)
def test_what_cannot_be_reused(body: str) -> None:
    assert faults(body, head=HEAD) == [("E211", "a")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("output y = x -> a: maximum(x) -> reuse(a)", "it was given more than one tensor"),
        ("output y = x -> a: { relu -> reuse(a) }", "it is not finished here"),
        ("parameter a: float32[8] = zeros\n output y = x + a -> reuse(a)", "it is a parameter, which is a value"),
    ],
)
def test_why_it_cannot_be_reused(body: str, reason: str) -> None:
    (found,) = faults_of(model(body, head=HEAD))
    assert found.headline() == f"`a` cannot be reused: {reason}"


@pytest.mark.parametrize(
    ("shape", "stages", "weight"),
    [
        ("float32[N, 5]", "dense(4)", "weight"),
        ("float16[N, 8]", "dense(4)", "weight"),
        ("float32[N, 5]", "two", "weight"),
        ("float32[N, 5]", "{ relu -> batch_norm }", "weight"),
        ("float32[N, 5]", "repeat(2) { relu -> batch_norm }", "weight"),
    ],
)
def test_weights_that_do_not_fit(shape: str, stages: str, weight: str) -> None:
    """Both types are said, and where."""
    body = f"input z: {shape}\n output y = x -> a: {stages}\n output v = z -> reuse(a)"
    (found, *others) = faults_of(model(body, head=HEAD))
    assert (found.code, others) == ("E210", [])
    assert f"`{weight}` is float32[" in found.headline()
    assert found.span is not None


def test_a_block_that_takes_another_course() -> None:
    body = "input z: float32[N, 5]\n output y = x -> a: by_shape\n output v = z -> reuse(a)"
    assert faults(body, head=HEAD) == [("E209", "relu")]


# --- freeze -----------------------------------------------------------------------------------------------------------


def frozen(body: str) -> list[str]:
    return [weight.name for weight in compiled(body, head=HEAD).graph.weights() if weight.frozen]


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ("a", "a.weight a.bias"),
        ("t", "t.in.weight t.in.bias t.out.weight t.out.bias"),
        ("t.out", "t.out.weight t.out.bias"),
        ("a, t.in", "a.weight a.bias t.in.weight t.in.bias"),
        ("a, a, t, t.in", "a.weight a.bias t.in.weight t.in.bias t.out.weight t.out.bias"),
        ("l", "l.0.weight l.0.bias l.1.weight l.1.bias"),
        ("l.1", "l.1.weight l.1.bias"),
        ("l.{3 - 2}", "l.1.weight l.1.bias"),
        ("g", "g"),
        ("again", "a.weight a.bias"),
        ("u", "t.in.weight t.in.bias t.out.weight t.out.bias"),
        ("u.in", "t.in.weight t.in.bias"),
        ("n", "n.weight n.bias n.running_mean n.running_var"),
        ("a.weight", "a.weight"),
        ("a.bias, n.weight", "a.bias n.weight"),
        ("again.weight", "a.weight"),
        ("u.in.bias, t.out", "t.in.bias t.out.weight t.out.bias"),
        ("l.1.bias, l.{0}.weight", "l.0.weight l.1.bias"),
        ("b.b", "b.b"),
    ],
)
def test_freeze(paths: str, expected: str) -> None:
    """Of a label, everything below; of something reused, the weights that it shares. It may stand before the layers."""
    body = f"""
        freeze {paths}
        parameter g: float32[8] = zeros
        output y = x * g -> a: dense(8) -> t: two -> l: repeat(2) {{ dense(8) }}
            -> again: reuse(a) -> u: reuse(t) -> n: batch_norm -> ab: dense(8) -> b: bias
    """
    assert frozen(body) == expected.split()


def test_frozen_numbers_are_counted_apart() -> None:
    found = compiled("output y = x -> a: dense(8) -> b: dense(2)\n freeze a\n expect params == 90")
    counted = count(found.graph.weights())
    assert (counted.trainable, counted.frozen, counted.statistics) == (18, 72, 0)
    assert counted.params == 90


@pytest.mark.parametrize("path", ["b", "a.wieght", "a.bias", "t.in.weight.x", "t.x", "A", "x", "weight"])
def test_freezing_what_is_not_there(path: str) -> None:
    body = f"output y = x -> a: dense(8, bias=false) -> t: two\n freeze {path}"
    assert faults(body, head=HEAD) == [("E216", path)]


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("a.wieght", "did you mean `a.weight`?"),
        ("t.inn", "did you mean `t.in`?"),
        ("a.zzz", "in `a` there is `bias`, `weight`"),
        ("t.zzz", "in `t` there is `in`, `out`, `relu`"),
        ("zzz", "give the full name of a layer, block or parameter; `dotnn summary` lists the layers"),
    ],
)
def test_what_could_be_frozen_is_said(path: str, advice: str) -> None:
    (fault,) = faults_of(model(f"output y = x -> a: dense(8) -> t: two\n freeze {path}", head=HEAD))
    assert fault.advice() == advice


def test_one_parameter_of_a_layer_is_counted_apart() -> None:
    found = compiled("output y = x -> a: dense(8) -> b: dense(2)\n freeze a.weight, b.bias")
    counted = count(found.graph.weights())
    assert (counted.trainable, counted.frozen) == (8 + 16, 64 + 2)
    rows = {row.path: row.count for row in found.summary().rows}
    assert (rows["a"].trainable, rows["a"].frozen) == (8, 64)


def test_frozen_layers_keep_their_names() -> None:
    assert names("output y = x -> a: dense(8)\n freeze a") == ["a"]
