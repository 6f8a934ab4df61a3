"""Tokens with what stands between them: nothing of a text is lost, whatever the text is."""

from __future__ import annotations

from pathlib import Path

import pytest
from dotnn.compiler.limits import Limits
from dotnn.compiler.source import Source
from dotnn.compiler.syntax.written_tokens import UNREAD, WrittenToken, written_tokens
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).parents[3]
FILES = sorted([*ROOT.glob("examples/**/*.nn"), *ROOT.glob("library/*.nn")])


def joined(tokens: tuple[WrittenToken, ...]) -> str:
    return "".join(token.before.text + token.text for token in tokens)


def test_of_a_text() -> None:
    text = "## What it is.\nconst n = (3) # three\n\n\nblock b(x) { return x -> l{n}: relu }\n# end"
    tokens = written_tokens(Source("a.nn", text))
    assert joined(tokens) == text
    texts = ["const", "n", "=", "(", "3", ")", "block", "b", "(", "x", ")", "{", "return", "x", "->", "l{n}", ":"]
    assert [token.text for token in tokens] == [*texts, "relu", "}", ""]
    block = tokens[texts.index("block")]
    assert [comment.text for comment in tokens[0].comments] == ["## What it is."]
    assert ([comment.text for comment in block.comments], block.line_ends) == (["# three"], 3)
    assert (tokens[1].line_ends, tokens[-1].kind, tokens[-1].line_ends) == (0, "END", 1)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_of_a_file_is_lost(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tokens = written_tokens(Source(path.name, text))
    assert joined(tokens) == text
    assert UNREAD not in {token.kind for token in tokens}


@pytest.mark.parametrize("path", FILES[::7], ids=lambda path: path.stem)
def test_nothing_of_a_broken_file_is_lost(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for at in range(0, len(text), max(1, len(text) // 25)):
        for broken in (text[:at], text[:at] + text[at + 3 :], f"{text[:at]} é[ {text[at:]}"):
            assert joined(written_tokens(Source(path.name, broken))) == broken


@given(st.text(alphabet='ab1 \n\r\t(){}[]->=:,#"\\é.'))
def test_nothing_of_any_text_is_lost(text: str) -> None:
    assert joined(written_tokens(Source("a.nn", text))) == text


def test_what_is_behind_a_limit_is_one_piece() -> None:
    text = "const a = 1\nconst b = 2\nconst c = 3\n"
    tokens = written_tokens(Source("a.nn", text), Limits(tokens=5))
    assert joined(tokens) == text
    assert [token.kind for token in tokens if token.kind in (UNREAD, "END")] == [UNREAD, "END"]
