"""Budgets: what is held against them, what is said, and what cannot be decided."""

from __future__ import annotations

from pathlib import Path

import pytest
from dotnn.compiler.checking import check
from dotnn.compiler.diagnostics import Diagnostic, Severity
from dotnn.compiler.diagnostics.render import render

DENSE = "input x: float32[N, 10]\n    output y = x -> dense(20) -> relu -> head: dense(5)"
SEQUENCE = "input x: float32[N, T, 8]\n    output y = x -> lstm(16) -> head: dense(3)"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder to work in."""
    monkeypatch.chdir(tmp_path)


def judged(body: str, budget: str, head: str = "") -> list[Diagnostic]:
    """What is said of a model with a budget."""
    Path("dotnn.toml").write_text(f"[budgets]\n'*.nn' = {{ {budget} }}\n", encoding="utf-8")
    Path("net.nn").write_text(f"{head}model net {{\n    {body}\n}}\n", encoding="utf-8")
    return list(check("net.nn", ignore=["W", "L1", "L2", "L4"]).diagnostics)


@pytest.mark.parametrize(
    ("metric", "cost", "largest"),
    [
        ("params", 325, "`dense` has most: 220"),
        ("macs", 300, "`dense` has most: 200"),
        ("weights_bytes", 1_300, "`dense` has most: 880 bytes"),
        ("peak_activation_bytes", 160, "`dense` has most: 80 bytes"),
        ("longest_path", 3, ""),
    ],
)
def test_a_model_may_have_its_budget_and_no_more(metric: str, cost: int, largest: str) -> None:
    assert not judged(DENSE, f"{metric} = {cost}")
    (found,) = judged(DENSE, f"{metric} = {cost - 1}")
    assert (found.code, found.severity) == ("L301", Severity.ERROR)
    assert found.span is not None
    assert found.span.text == "net"
    assert f"{cost:,}" in found.headline()
    assert found.headline().endswith("1 bytes too much" if metric.endswith("bytes") else ": 1 too much")
    labels = [(label.span.text, label.text) for label in found.labels()]
    assert labels[-1] == (str(cost - 1), "this budget")
    assert [text for _, text in labels[:-1]] == ([largest] if largest else [])
    assert ("`dense` first" in found.advice()) == bool(largest)


def test_a_budget_is_shown_where_it_is_written() -> None:
    (found,) = judged(DENSE, 'params = "0.1K"')
    assert "::: dotnn.toml:2:21" in render(found)
    assert "raise the budget of `*.nn`" in found.advice()


def test_a_layer_of_the_library_is_shown_where_it_is_called() -> None:
    head = 'import vgg_features from "dotnn/vgg"\n'
    body = "input image: float32[N, 3, 32, 32]\n    output y = image -> vgg_features([1, 1, 1, 1, 1])"
    (found,) = judged(body, "params = 1000", head)
    assert [label.span.source.name for label in found.labels()] == ["net.nn", "dotnn.toml"]


def test_a_cost_by_a_dimension_is_decided_where_that_is_possible() -> None:
    assert not judged(SEQUENCE, 'longest_path = 2, params = "2K"')
    (always,) = judged(SEQUENCE, "macs = 1000")
    assert always.severity is Severity.ERROR
    assert "`1584*T`" in always.headline()
    assert "for every size" in always.headline()
    (open_,) = judged(SEQUENCE, "macs = 2000")
    assert (open_.code, open_.severity) == ("L301", Severity.WARNING)
    assert "whether it is within its budget, 2,000, is open" in open_.headline()
    assert "give the dimension a number" in open_.advice()


def test_every_model_of_a_file_is_judged() -> None:
    text = "".join(
        f"model {name} {{\n    {DENSE.replace('20', size)}\n}}\n" for name, size in (("a", "20"), ("b", "30"))
    )
    Path("dotnn.toml").write_text("[budgets]\n'/net.nn' = { params = 400 }\n", encoding="utf-8")
    Path("net.nn").write_text(text, encoding="utf-8")
    found = [one for one in check("net.nn").diagnostics if one.code == "L301"]
    assert [one.span.text for one in found if one.span is not None] == ["b"]


def test_no_comment_suppresses_it() -> None:
    text = f"model net {{  # dotnn: ignore[L301]\n    {DENSE}\n}}\n"
    Path("dotnn.toml").write_text("[budgets]\n'*.nn' = { params = 1 }\n", encoding="utf-8")
    Path("net.nn").write_text(text, encoding="utf-8")
    assert [one.code for one in check("net.nn").diagnostics] == ["L301", "L401"]
    assert not check("net.nn", ignore=["L3", "L4"]).diagnostics
