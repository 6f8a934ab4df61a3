"""Parsing again after an edit gives what parsing anew gives, and takes over what the edit left alone."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from dotnn.compiler.diagnostics import Report
from dotnn.compiler.limits import Limits
from dotnn.compiler.source import Source
from dotnn.compiler.syntax import tree
from dotnn.compiler.syntax.parse import parse
from dotnn.compiler.syntax.parse_again import parse_again
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.trees import everything

ROOT = Path(__file__).parents[3]
FILES = sorted([*ROOT.glob("examples/**/*.nn"), *ROOT.glob("library/*.nn")])

TEXT = """## First.
const a = 3  # three
block b(x) { return x -> relu }

model m {
    input x: float32[N, 8]
    output y = x -> b -> dense(a)
}
const last = "end"
"""


def tree_of(text: str) -> tuple[tree.File, list[str]]:
    report = Report()
    file = parse(Source("a.nn", text), Limits(), report)
    assert file is not None
    return file, list(map(str, report.diagnostics))


def agrees(before: str, after: str) -> tree.File:
    """Parse one text, then another one again and anew; the trees, their places and the diagnostics must be equal."""
    earlier, report = tree_of(before)[0], Report()
    again = parse_again(earlier, Source("a.nn", after), Limits(), report)
    assert again is not None
    anew, diagnostics = tree_of(after)
    assert list(map(str, report.diagnostics)) == diagnostics
    assert everything(again) == everything(anew)
    return again


def kept(before: str, after: str) -> list[bool]:
    """Which items of a text are taken over."""
    earlier = tree_of(before)[0]
    identities = [id(item) for item in earlier.items]
    again = parse_again(earlier, Source("a.nn", after), Limits(), Report())
    assert again is not None
    left = {id(item) for item in again.items}
    return [one in left for one in identities]


def test_an_edit_in_an_item_leaves_the_others() -> None:
    after = TEXT.replace("dense(a)", "dense(a) -> softmax")
    agrees(TEXT, after)
    assert kept(TEXT, after) == [True, True, False, True]


def test_a_place_in_an_item_that_moved_is_where_it_stands_now() -> None:
    after = TEXT.replace("const a = 3  # three", "const a = 3\nconst c = 4\n")
    earlier = tree_of(TEXT)[0]
    model = earlier.items[2]
    assert isinstance(model, tree.Model)
    output = model.body[1]
    assert output.span.line == 7
    parse_again(earlier, Source("a.nn", after), Limits(), Report())
    assert (output.span.line, output.span.text) == (9, "output y = x -> b -> dense(a)")
    assert output.span.source.text == after


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("const a", "# const a"),
        ("= 3 ", "= 3 + 4 "),
        ("= 3 ", "= 34"),
        ("# three\n", "# three "),
        ("relu }", "relu"),
        ('"end"', '"end'),
        ("\n\nmodel", "\n\n)model"),
        ("const last", "const a = 2 const last"),
        ("## First.\n", "\n\n"),
        (TEXT, ""),
    ],
)
def test_edits_that_reach_beyond_their_place(old: str, new: str) -> None:
    agrees(TEXT, TEXT.replace(old, new))
    agrees(TEXT.replace(old, new), TEXT)


def test_a_comment_hides_what_follows_on_its_line() -> None:
    text = "const a = 1  block b(x) { return x }"
    assert [type(item) for item in agrees(text, f"# {text}").items] == []
    assert len(agrees(f"# {text}", text).items) == 2


WORDS = ["", " ", "\n", "x", "3", "#", '"', "}", "{", "const q = 1", "\nblock q(x) { return x }\n"]


@pytest.mark.parametrize("path", FILES[::5], ids=lambda path: path.stem)
def test_edits_of_files(path: Path) -> None:
    text, random = path.read_text(encoding="utf-8"), Random(path.stem)
    for _ in range(12):
        start = random.randrange(len(text))
        end = min(len(text), start + random.choice([0, 0, 1, 3, 40]))
        word = random.choice(
            ["", " ", "\n", "x", "3", "#", '"', "}", "{", "const q = 1", "\nblock q(x) { return x }\n"]
        )
        agrees(text, text[:start] + word + text[end:])


@given(st.lists(st.sampled_from(["const a = 1", "\n", " ", "#", "block b(x) { return x }", "}", '"', "+ 2", "x"])))
def test_edits_of_any_text(pieces: list[str]) -> None:
    for cut in range(len(pieces) + 1):
        agrees("".join(pieces), "".join([*pieces[:cut], *pieces[cut + 1 :]]))
