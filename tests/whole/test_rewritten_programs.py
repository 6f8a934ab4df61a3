"""Random programs in other words: the same numbers, by the references and by a session with the same weights.

``benchmarks/fuzz_rewrites.py`` does the same with any number of them.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from dataclasses import replace

import pytest
from dotnn.compiler.layers.base import LAYERS
from hypothesis import HealthCheck, Phase, given, settings

from tests.helpers.paths import ROOT

sys.path.append(str(ROOT / "benchmarks"))

from fuzz_rewrites import check_rewritten, rewritten_seed
from random_programs import Program
from random_programs.rewrites import rules_for
from random_programs.rewriting import Edit, Rewritten, labelled, rewritten
from random_programs.rewriting_catalogue import CATALOGUE_RULES
from random_programs.rewriting_values import FORMS, PAIRS
from random_programs.strategies import rewritten_programs

MIXED, DRAWN = 12, 12
#: A program with a place for every rule; those of the catalogue have theirs in another one.
EVERYTHING = """const k: float32[4, 1] = [[0.5], [-1.0], [0.25], [2.0]]
block scaled(x, width: int = 3) {
    main = x -> inner: dense(width) -> tanh
    parameter gain: float32[1] = ones
    return (main) * gain -> relu
}
model everything() {
    input x: float32[N, 4, 2 * T]
    input y: float32[N, 4]
    a = x -> l0: conv1d(4, kernel=3, padding=1, groups=2) -> l1: batch_norm -> { relu -> tanh } -> l2: avg_pool1d(2)
    b = a -> conv1d(6, kernel=1) -> relu -> conv1d(4, kernel=[3], padding="same", bias=false)
    c = (a + b) + b * 2 -> repeat(2) { relu -> conv1d(4, kernel=3, padding=1) }
    d = y -> scaled(width=5) -> for w in [3, 4] { dense(w) -> leaky_relu(slope=0.5) }
    e = y -> l3: dense(6, bias=false) -> l5: dense(4) -> l4: dense(4) -> sigmoid
    f = d - e -> reuse(l4)
    g = if y.shape[1] > 3 { y -> relu } else { y -> tanh }
    h = maximum(e, g)
    output out = c * k
    output pooled = c -> global_avg_pool1d -> flatten
    output joined = (e + f) + h
}
"""
MORE = """block named(x) { return x -> layer_norm(eps=1e-3) -> group_norm(2) -> rms_norm }
model more() {
    input x: float32[N, 6, 4]
    a = x -> named -> instance_norm -> softmax -> depthwise_conv1d(kernel=3, padding=1)
    b = a -> separable_conv1d(6, kernel=3, padding=1) -> mean(axis=-1, keepdims=true)
    c = x + b -> tanh
    d = attention(c, a, c)
    e = stack(d, c, axis=1)
    output out = c @ (d -> transpose([0, 2, 1]))
    output y = e
}
"""


def program(text: str) -> Program:
    return Program(0, text, ({"N": 1, "T": 2}, {"N": 3, "T": 3}), ({}, {}), Counter())


#: Whether the layers are there that rules of the catalogue are about.
IS_COMPLETE = {"matmul", "stack", "attention", "exp", "sum", "max", "sqrt", "layer_norm", "group_norm"} <= set(LAYERS)
RULES = sorted(rules_for(program(EVERYTHING)).keys() - CATALOGUE_RULES.keys())
TEXT = """model net {
    input x: float32[N, 4]
    a = x -> first: dense(3) -> tanh
    b = x -> dense(3)
    output y = a - b
}
"""


PROGRAM = program(TEXT)


def held(found: Rewritten) -> None:
    """The rewritten program gives the numbers of the original, in every build."""
    outcome = check_rewritten(found)
    assert not outcome.differences, f"{found.rules}: {outcome.differences}\n{found.original.text}\n{found.text}"


def applied(original: Program, rule: str, seed: int) -> Rewritten:
    """The program with this rule, at several places."""
    found = rewritten(original, random.Random(seed), {rule: rules_for(original)[rule]}, 3)
    assert rule in found.rules
    return found


@pytest.mark.parametrize("rule", RULES)
def test_every_rewrite_keeps_the_numbers(rule: str):
    for seed in range(2):
        held(applied(program(EVERYTHING), rule, seed))


def test_rewrites_of_the_catalogue_keep_the_numbers():
    for rule in CATALOGUE_RULES if IS_COMPLETE else ():
        for seed in range(4):
            held(applied(program(MORE), rule, seed))


@pytest.mark.parametrize("seed", range(MIXED))
def test_several_rewrites_keep_the_numbers(seed: int):
    held(rewritten_seed(seed))


# Making one that fails small takes minutes: add `Phase.shrink` where it is worth that.
@settings(max_examples=DRAWN, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(rewritten_programs())
def test_rewrites_of_drawn_programs_keep_the_numbers(found: Rewritten):
    held(found)


def test_a_program_that_is_not_the_same_is_found():
    same = labelled(PROGRAM)
    assert not check_rewritten(same).differences
    other = replace(same, text=same.text.replace("a - b", "b - a"))
    assert {one.kind for one in check_rewritten(other).differences} == {"other numbers"}


def test_weights_of_another_layer_are_found():
    """Both dense layers have the same shapes: only the numbers tell them apart."""
    same = labelled(PROGRAM)
    mixed = replace(same, made={"first": lambda get, rest: get("q0", *rest)})
    assert {one.kind for one in check_rewritten(mixed).differences} == {"other numbers"}


def test_a_program_that_is_refused_is_found():
    broken = labelled(PROGRAM).edited("none", Edit([(0, 0, "# ")]))
    assert {one.kind for one in check_rewritten(broken).differences} == {"refused"}


def test_weights_follow_through_rewrites_of_rewrites():
    """Rewrites that split layers, again and again, leave every number of the original somewhere."""
    rules = {name: rule for name, rule in rules_for(PROGRAM).items() if name in ("split_outputs", "block_around")}
    found = rewritten(PROGRAM, random.Random(0), rules, 6)
    assert found.rules.count("split_outputs") >= 3
    held(found)


def test_a_seed_gives_one_rewritten_program():
    assert rewritten_seed(5).text == rewritten_seed(5).text


def test_forms_are_of_layers():
    missing = {kind for kind in (*FORMS, *PAIRS) if kind not in LAYERS}
    # To come with the rest of the catalogue.
    assert missing <= {
        "silu",
        "relu6",
        "softsign",
        "softplus",
        "hard_sigmoid",
        "hard_swish",
        "mish",
        "abs",
        "exp",
        "spatial_dropout",
        "minimum",
    }
