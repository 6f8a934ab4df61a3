"""Some random programs, each built in every way and held against the numpy references.

``benchmarks/fuzz_programs.py`` does the same with any number of them.
"""

from __future__ import annotations

import re
import sys
from collections import Counter

import onnx
import pytest
from dotnn.compiler.layers.base import LAYERS
from hypothesis import HealthCheck, Phase, given, settings

from tests.helpers.paths import ROOT

sys.path.append(str(ROOT / "benchmarks"))

import fuzz_programs
from fuzz_programs import check_program
from random_programs import Program, random_program
from random_programs.strategies import programs

#: Programs of one test, and how many tests there are; hypothesis draws others.
PART, PARTS = 15, 6
DRAWN = 60
CALLABLE = {kind for kind, layer in LAYERS.items() if layer.__module__.startswith("dotnn.") and layer.callable}


@pytest.mark.parametrize("part", range(PARTS))
def test_every_build_of_random_programs_gives_the_references_numbers(part: int):
    values = 0
    for seed in range(part * PART, (part + 1) * PART):
        program = random_program(seed)
        outcome = check_program(program)
        assert not outcome.differences, f"seed {seed}: {outcome.differences}\n{program.text}"
        assert outcome.counts["refused"] == 0, f"seed {seed}: {outcome.codes}\n{program.text}"
        values += outcome.counts["values"]
    # A few programs are of elements that onnxruntime has not all kernels for.
    assert values > 50 * PART


@settings(max_examples=DRAWN, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs())
def test_every_build_of_drawn_programs_gives_the_references_numbers(program: Program):
    outcome = check_program(program)
    assert not outcome.differences, f"{outcome.differences}\n{program.text}"
    assert outcome.counts["refused"] == 0, f"{outcome.codes}\n{program.text}"


def test_hypothesis_makes_a_program_that_fails_small():
    found: list[str] = []

    @settings(
        max_examples=100,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(programs())
    def no_program_has_a_tanh(program: Program):
        found.append(program.text)
        assert "tanh" not in program.text

    with pytest.raises(AssertionError):
        no_program_has_a_tanh()
    first = next(one for one in found if "tanh" in one)
    # Hypothesis runs the smallest one last.
    assert "tanh" in found[-1]
    assert len(found[-1].splitlines()) <= min(7, len(first.splitlines()))


def test_a_seed_gives_one_program():
    assert random_program(7) == random_program(7)
    assert random_program(7).text != random_program(8).text


def test_random_programs_call_every_layer():
    text = "".join(random_program(seed).text for seed in range(500))
    assert set(re.findall(r"\w+", text)) >= CALLABLE


def test_a_mistake_in_a_build_is_found(monkeypatch: pytest.MonkeyPatch):
    def mistaken(model: bytes) -> bytes:
        proto = onnx.load_from_string(model)
        (node,) = (one for one in proto.graph.node if one.op_type == "Tanh")
        node.op_type = "Sigmoid"
        return proto.SerializeToString()

    text = "model net {\n    input x: float32[N, 4]\n    output y = x -> tanh -> dense(3)\n}\n"
    program = Program(0, text, ({"N": 1}, {"N": 3}), ({}, {}), Counter())
    right = check_program(program)
    session = fuzz_programs.Optimized
    monkeypatch.setattr(fuzz_programs, "Optimized", lambda model: session(mistaken(model)))
    wrong = check_program(program)
    assert right.counts["runs"] == wrong.counts["runs"] > 0
    assert not right.differences
    # The other half of the runs is of the models as they are.
    assert [one.kind for one in wrong.differences] == ["value"] * (wrong.counts["runs"] // 2)
