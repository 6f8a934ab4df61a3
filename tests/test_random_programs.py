"""Some random programs, each built in every way and held against the numpy references.

``benchmarks/fuzz_programs.py`` does the same with any number of them.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

import onnx
import pytest
from dotnn.compiler.layers.base import LAYERS

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

import fuzz_programs
from fuzz_programs import check_program
from random_programs import Program, random_program

#: Programs of one test, and how many tests there are.
PART, PARTS = 15, 6
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


def test_a_seed_gives_one_program():
    assert random_program(7) == random_program(7)
    assert random_program(7).text != random_program(8).text


def test_random_programs_call_every_layer():
    text = "".join(random_program(seed).text for seed in range(400))
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
