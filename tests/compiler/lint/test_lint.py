"""The linter: every rule finds its bad sample and leaves its good one alone."""

from __future__ import annotations

import inspect
import re
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest
from dotnn.compiler.checking import check
from dotnn.compiler.diagnostics import Diagnostic, Safety
from dotnn.compiler.diagnostics.machine_readable import github, to_json
from dotnn.compiler.diagnostics.render import render_all
from dotnn.compiler.lint.asking import rule
from dotnn.compiler.lint.base import Lint
from dotnn.compiler.lint.index import RULES

SAMPLE = re.compile(r"^(Bad|Good)(?:, with `([^`\n]+)`)?:\n\n```nn\n(.*?)^```", re.MULTILINE | re.DOTALL)


def samples_of(code: str) -> list[tuple[str, dict[str, str], str]]:
    """The samples of a rule's page: which are bad and which good, the options they are asked with, and their texts."""
    found = SAMPLE.findall(inspect.cleandoc(rule(code).__doc__ or ""))
    return [(kind, dict(re.findall(r"--(\S+) (\S+)", options)), text) for kind, options, text in found]


def settings_of(code: str) -> str:
    """The settings that a rule's page has above its samples; empty for most."""
    return "\n".join(re.findall(r"^```toml\n(.*?)^```", inspect.cleandoc(rule(code).__doc__ or ""), re.M | re.S))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder to work in, so that no settings of this repository count."""
    monkeypatch.chdir(tmp_path)


@cache
def sample_weights() -> Path:
    """The file of weights that samples are held against."""
    path = Path(mkdtemp()) / "weights.npz"
    np.savez(path, **{"fc1.weight": np.zeros((8, 16), np.float32), "fc1.bias": np.zeros(8, np.float32)})
    return path


def found_in(text: str, *select: str, **surroundings: Any) -> list[Diagnostic]:
    """What is said of a text, by the settings of the rules that are selected; for a target, where one is given."""
    Path("dotnn.toml").write_text("".join(map(settings_of, select)), encoding="utf-8")
    weights = sample_weights() if "L412" in select else None
    return list(check(Path("net.nn").resolve(), text=text, select=select, weights=weights, **surroundings).diagnostics)


@pytest.mark.parametrize("code", RULES)
def test_a_rule_finds_its_bad_samples_and_leaves_the_good_ones(code: str) -> None:
    samples = samples_of(code)
    assert {kind for kind, _, _ in samples} == {"Bad", "Good"}
    for kind, options, text in samples:
        needed = set(RULES[code].needs) & {"target", "provider"}
        assert not needed or needed & set(options), "no rule finds what it is not asked for"
        found = [one.code for one in found_in(text, code, **options)]
        assert not any(one.startswith("E") for one in found), found
        assert (code in found) == (kind == "Bad"), f"{kind}: {text}"


@pytest.mark.parametrize("code", RULES)
def test_a_rule_has_a_place_words_and_a_remedy(code: str) -> None:
    kind = rule(code)
    assert issubclass(kind, Lint)
    for options, text in ((options, text) for bad, options, text in samples_of(code) if bad == "Bad"):
        found = [one for one in found_in(text, code, **options) if one.code == code]
        assert all(one.span is not None and one.headline() and one.advice() for one in found)


HINT = """model small {
    input image: float32[N, 3, 32, 32]
    output y = image -> conv2d(16, kernel=3) -> batch_norm -> relu
}
"""


def test_a_hint_is_shown_as_one() -> None:
    (hint,) = found_in(HINT)
    assert ":3:25: hint[L103]: " in str(hint)
    assert hint.as_error() is hint
    assert render_all([hint], color=True).endswith("1 hint\x1b[0m")
    assert github(hint).startswith("::notice ")
    assert to_json(hint)["severity"] == "hint"


def test_a_comment_suppresses_what_is_found_on_its_line() -> None:
    line = "output y = image -> conv2d(16, kernel=3) -> batch_norm -> relu"
    assert not found_in(HINT.replace(line, f"{line}  # dotnn: ignore[L103] the weights have it"))
    above = HINT.replace(line, f"# dotnn: ignore[l103]\n    {line}")
    assert [one.code for one in found_in(above)] == ["L401", "L103"]
    assert [one.span.text for one in found_in(above) if one.span is not None and one.code == "L401"] == ["l103"]


@pytest.mark.parametrize(
    ("comment", "advice"),
    [
        ("noqa: L103", "write `# dotnn: ignore[L103]`"),
        ("dotnn: noqa[l103]", "write `# dotnn: ignore[L103]`"),
        ("dotnn: disable=L103,L109", "write `# dotnn: ignore[L103, L109]`"),
        ("dotnn ignore [L103]", "write `# dotnn: ignore[L103]`"),
        ("Dotnn: Ignore[L103]", "write `# dotnn: ignore[L103]`"),
        ("dotnn: ignore", "write `# dotnn: ignore[L…]`"),
        ("dotnn: ignore[L1]", "write a whole code, such as `L103`, or remove it; `dotnn explain L` lists the rules"),
        ("dotnn: ignore[bias]", "write a whole code, such as `L103`, or remove it; `dotnn explain L` lists the rules"),
        ("dotnn: ignore[L101]", "remove it, or the code from its list"),
    ],
)
def test_a_comment_that_may_be_meant_to_suppress_says_how(comment: str, advice: str) -> None:
    kept, slip = found_in(HINT.replace("-> relu", f"-> relu  # {comment}"))
    assert (kept.code, slip.code, slip.advice()) == ("L103", "L401", advice)
    fix = slip.fix()
    assert (fix is not None) == ("…" not in advice)
    assert fix is None or (fix.safety is Safety.SAFE) == (comment == "dotnn: ignore[L101]")


@pytest.mark.parametrize("comment", ["dotnn ignores the bias", "noqa: E501", "noqa", "as dotnn: see lint.md", "L103"])
def test_a_comment_about_something_else_is_left_alone(comment: str) -> None:
    assert [one.code for one in found_in(HINT.replace("-> relu", f"-> relu  # {comment}"))] == ["L103"]


def test_a_comment_of_a_line_of_its_own_is_told_where_it_belongs() -> None:
    slip, _ = found_in(HINT.replace("    output", "    # dotnn: ignore[L103]\n    output"))
    assert slip.advice() == "put the comment at the end of the line that it is about, or remove it"


def test_what_is_wrong_is_not_suppressed_and_rules_are_not_asked() -> None:
    wrong = HINT.replace("relu", "rlu  # dotnn: ignore[E203]")
    assert [one.code for one in found_in(wrong)] == ["E203"]


def test_what_is_in_the_library_is_left_alone() -> None:
    text = """import vgg_features from "dotnn/vgg"
model net {
    input image: float32[N, 3, 32, 32]
    output y = image -> vgg_features([1, 1, 1, 1, 1], norm=true)
}
"""
    assert not found_in(text)


def test_rules_are_selected_and_ignored_by_beginnings_of_codes() -> None:
    text = "model net {\n    input x: float32[N, 3, 29, 29]\n    output y = x -> max_pool2d(2)\n}\n"
    path = Path("net.nn").resolve()
    assert not check(path, text=text).diagnostics
    assert [one.code for one in check(path, text=text, select=["L2"]).diagnostics] == ["L201"]
    assert not check(path, text=text, select=["L2"], ignore=["L201"]).diagnostics
    assert not check(path, text=HINT, ignore=["L1"]).diagnostics


def test_a_suppression_of_a_rule_that_is_not_asked_is_left_alone() -> None:
    text = (
        "model net {\n    input x: float32[N, 3, 29, 29]\n    output y = x -> max_pool2d(2)  # dotnn: ignore[L201]\n}\n"
    )
    path = Path("net.nn").resolve()
    assert not check(path, text=text).diagnostics
    assert not check(path, text=text, select=["L201"]).diagnostics
    other = text.replace("L201", "L999")
    assert [one.code for one in check(path, text=other).diagnostics] == ["L401"]
    assert not check(path, text=other, ignore=["L401"]).diagnostics


def test_a_layer_that_is_read_twice_keeps_its_bias() -> None:
    text = HINT.replace("image -> conv2d(16, kernel=3) -> batch_norm -> relu", "a -> batch_norm -> relu")
    text = text.replace("    output", "    a = image -> conv2d(16, kernel=3)\n    output z = a\n    output")
    assert not found_in(text)


def test_rules_walk_through_long_chains_without_deep_calls() -> None:
    text = """model net {
    input x: float32[N, 8]
    output y = x -> relu -> repeat(5_000) { dropout(0.1) } -> relu -> dense(2)
}
"""
    assert sorted(one.code for one in found_in(text)) == ["L101", "L120"]
