"""Diagnostics for programs: as JSON, and as annotations of GitHub."""

from __future__ import annotations

from dotnn.compiler.diagnostics.machine_readable import github, to_json
from dotnn.compiler.source import Source

from tests.helpers.sample_diagnostics import MISSPELT, NET, RENDERINGS, Sample


def test_json_form() -> None:
    form = to_json(MISSPELT)
    start = NET.text.index("kernal")
    where = {
        "file": "net.nn",
        "line": 15,
        "column": 30,
        "end_line": 15,
        "end_column": 36,
        "offsets": [start, start + 6],
    }
    label = {
        "file": "net.nn",
        "line": 15,
        "column": 13,
        "end_line": 15,
        "end_column": 15,
        "offsets": [381, 383],
    }
    expected = {
        "code": "W000",
        "severity": "warning",
        "message": "`conv2d` has no attribute `kernal`",
        **where,
        "label": "not an attribute of `conv2d`",
        "labels": [{**label, "message": "the input of it"}],
        "notes": [],
        "remedy": "did you mean `kernel`?",
        "fix": {"safety": "unsafe", "edits": [{**where, "replacement": "kernel"}]},
        "fixes": [],
        "trace": [],
    }
    assert form == expected
    assert list(form) == list(expected)


def test_json_form_without_a_place() -> None:
    form = to_json(RENDERINGS["no_place"])
    assert form["file"] is form["line"] is form["offsets"] is form["fix"] is None
    assert form["notes"] == ["file `w.npz`"]


def test_github_form() -> None:
    assert github(MISSPELT) == (
        "::warning file=net.nn,line=15,col=30,endColumn=36,title=W000::`conv2d` has no attribute `kernal`"
        "%0Anot an attribute of `conv2d`%0Adid you mean `kernel`?%0Anet.nn:15:13: the input of it"
    )
    assert github(Sample(says="no place")) == "::error title=E000::no place"


def test_github_form_escapes() -> None:
    source = Source("a,b:c%d\n.nn", "x = 1")
    assert github(Sample(span=source.span(0, 1), says="100% :: a,b\r\nc\x1b")) == (
        "::error file=a%2Cb%3Ac%25d%0A.nn,line=1,col=1,endColumn=2,title=E000::100%25 :: a,b%0D%0Ac\\x1b"
    )


def test_github_form_of_several_lines_has_no_columns() -> None:
    assert github(RENDERINGS["multi_line"]).startswith("::error file=net.nn,line=17,endLine=19,title=E000::")
