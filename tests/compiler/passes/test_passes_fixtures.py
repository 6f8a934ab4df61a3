"""Every pass by itself, on the cases of ``tests/golden/passes/<pass>/``: the operators before and after, as text.

A case starts as its section ``== source``, and ``== target`` for another one than onnxruntime-cpu, which has the most
fusions; the other sections are written by ``DOTNN_UPDATE_GOLDEN=1 pytest``. ``unchanged`` stands for the graph after a
pass that finds nothing to do, as in every case named ``noop``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from dotnn.compiler.graph.graph_text import format_graph
from dotnn.compiler.lowering import lower
from dotnn.compiler.passes.contract import Pass, PassContext
from dotnn.compiler.passes.fusion.fusion_report import FusionReport, format_report
from dotnn.compiler.passes.pass_pipeline import PASSES, run_verified
from dotnn.compiler.passes.targets import FEATURES, Target

from tests.helpers.golden import assert_golden
from tests.helpers.networks import assert_same_meaning, graph_of
from tests.helpers.paths import GOLDEN

CASES = sorted((GOLDEN / "passes").glob("*/*.txt"))
BY_NAME: dict[str, Pass] = {one.name: one for one in PASSES}
UNCHANGED = "unchanged\n"


def sections(path: Path) -> dict[str, str]:
    parts = re.split(r"^== (\w+)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def target_of(case: dict[str, str]) -> Target:
    wanted = case.get("target", "onnxruntime-cpu").strip()
    return next(target for target in FEATURES if target == wanted)


def test_every_pass_has_cases() -> None:
    names = {path.parent.name for path in CASES}
    noops = {path.parent.name for path in CASES if path.stem.startswith("noop")}
    assert names == noops == BY_NAME.keys()


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_case(path: Path) -> None:
    case, one = sections(path), BY_NAME[path.parent.name]
    layers = graph_of(case["source"])
    before, after = lower(layers), lower(layers)
    context = PassContext(target_of(case), FusionReport(), layers)
    changed = run_verified(one, after, context)
    text = {name: case[name] for name in ("target", "source") if name in case}
    text["before"] = format_graph(before)
    text["after"] = format_graph(after) if changed else UNCHANGED
    if context.report.fused or context.report.refused:
        text["report"] = format_report(context.report)
    assert_golden(str(path.relative_to(GOLDEN)), "".join(f"== {name}\n{section}" for name, section in text.items()))
    assert changed != path.stem.startswith("noop")
    assert_same_meaning(layers, after)
    again = PassContext(context.target, FusionReport(), layers)
    assert not run_verified(one, after, again), "it is not done at once"
