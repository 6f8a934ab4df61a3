"""Random programs in other words: the same numbers, by the references and by a session with the same weights.

``benchmarks/fuzz_rewrites.py`` does the same with any number of them.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from dotnn.compiler.layers.base import LAYERS
from hypothesis import HealthCheck, Phase, given, settings

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from fuzz_rewrites import check_rewritten, rewritten_seed
from random_programs import Program, random_program
from random_programs.rewrites import rules_for
from random_programs.rewriting import Edit, Rewritten, labelled, rewritten
from random_programs.rewriting_values import FORMS, PAIRS
from random_programs.strategies import rewritten_programs

MIXED, DRAWN = 12, 12
RULES = sorted(rules_for(random_program(0)))
TEXT = """model net {
    input x: float32[N, 4]
    a = x -> first: dense(3) -> tanh
    b = x -> dense(3)
    output y = a - b
}
"""
PROGRAM = Program(0, TEXT, ({"N": 1}, {"N": 3}), ({}, {}), Counter())


def held(found: Rewritten) -> None:
    """The rewritten program gives the numbers of the original, in every build."""
    outcome = check_rewritten(found)
    assert not outcome.differences, f"{found.rules}: {outcome.differences}\n{found.original.text}\n{found.text}"


@pytest.mark.parametrize("rule", RULES)
def test_every_rewrite_keeps_the_numbers(rule: str):
    applied = (one for one in (rewritten_seed(seed, rule) for seed in range(400)) if rule in one.rules)
    held(next(applied))


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
