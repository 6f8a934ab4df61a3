"""Baselines: what is known by what, and files that are none."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from dotnn.compiler.configuration.baseline import Baseline, Finding, finding_of, read_baseline, written
from dotnn.compiler.diagnostics import Diagnostic
from dotnn.compiler.diagnostics.configuration import BadBaseline
from dotnn.compiler.lint.unused_binding import UnusedBinding
from dotnn.compiler.source import Source, Span


def found(text: str, folder: Path, word: str = "spare", name: str = "a") -> Diagnostic:
    """A warning about a word in a file."""
    start = text.index(word)
    return unused(Source("net.nn", text, folder / "net.nn").span(start, start + len(word)), name)


def unused(span: Span | None, name: str = "a") -> Diagnostic:
    """The warning at a place."""
    return UnusedBinding(span=span, kind="binding", name=name)


TEXT = "model net {\n    spare = 1\n}\n"


def known(folder: Path, *diagnostics: Diagnostic) -> Baseline:
    findings = Counter(one for each in diagnostics if (one := finding_of(each, folder)) is not None)
    (folder / "known.json").write_bytes(written(findings))
    read = read_baseline(folder / "known.json")
    assert isinstance(read, Baseline)
    return read


def test_a_finding_is_known_by_its_line_wherever_that_stands(tmp_path: Path) -> None:
    baseline = known(tmp_path, found(TEXT, tmp_path))
    assert baseline.hides(found(f"# new\n\n{TEXT.replace('    spare', '  spare')}", tmp_path))
    assert baseline.hidden == 1
    for other in (found(TEXT.replace("= 1", "= 2"), tmp_path), found(TEXT, tmp_path, name="b")):
        assert not known(tmp_path, found(TEXT, tmp_path)).hides(other)


def test_one_more_than_is_known_is_new(tmp_path: Path) -> None:
    twice = TEXT + TEXT
    first, second = found(twice, tmp_path), found(twice.replace("spare", "xpare", 1), tmp_path)
    object.__setattr__(second, "span", Source("net.nn", twice, tmp_path / "net.nn").span(43, 48))
    baseline = known(tmp_path, first)
    assert [baseline.hides(one) for one in (first, second)] == [True, False]
    # Met again, as in a file that two others import, it is the same one.
    assert [baseline.hides(one) for one in (first, second)] == [True, False]


def test_what_is_gone_is_told_of_files_and_codes_that_were_looked_for(tmp_path: Path) -> None:
    (tmp_path / "net.nn").touch()
    (tmp_path / "other.nn").touch()
    net, other, removed = (Finding(f"{name}.nn", "L404", "x", "m") for name in ("net", "other", "removed"))
    rule = Finding("net.nn", "L103", "x", "m")
    baseline = Baseline(tmp_path / "known.json", Counter([net, net, other, removed, rule]))
    asked = {tmp_path / "net.nn": lambda code: code == "L404"}
    assert baseline.gone(asked) == Counter([net, net, removed])
    assert baseline.not_looked_for(asked) == Counter([other, rule])


def test_errors_and_what_stands_in_no_file_are_never_known(tmp_path: Path) -> None:
    error = BadBaseline(span=found(TEXT, tmp_path).span, path="x", fault=None)  # pyright: ignore
    assert finding_of(error, tmp_path) is None
    assert finding_of(unused(None), tmp_path) is None
    assert finding_of(unused(Source("<stdin>", TEXT).span(0, 1)), tmp_path) is None
    library = Source("dotnn/vgg", TEXT, tmp_path / "vgg.nn", in_library=True)
    assert finding_of(unused(library.span(0, 1)), tmp_path) is None


def test_paths_lead_from_the_folder_of_the_baseline(tmp_path: Path) -> None:
    assert finding_of(found(TEXT, tmp_path / "nets"), tmp_path / "ci") == Finding(
        "../nets/net.nn", "L404", "spare = 1", "the binding `a` is never used"
    )


def test_what_is_written_is_the_same_for_the_same_findings(tmp_path: Path) -> None:
    one, two = Finding("a.nn", "L1", "é \ud800", "m"), Finding("b.nn", "L1", "l", "m")
    text = written(Counter([one, two, two]))
    assert text == written(Counter([two, one, two]))
    assert [entry["count"] for entry in json.loads(text)["findings"]] == [1, 2]
    assert "é".encode() in text


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no JSON (line 1, column 1"),
        (b'{"dotnn_baseline": 1,\n', "no JSON (line 2"),
        (b"\xff", "no UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 5_000, "a number in it is too long"),
        (b"[]", "no `dotnn_baseline`"),
        (b'{"dotnn_baseline": 1}', "no `dotnn_baseline` with a list of `findings`"),
        (b'{"dotnn_baseline": 2, "findings": []}', "version 2, and this dotnn reads version 1"),
        (b'{"dotnn_baseline": 1, "findings": [5]}', "its finding 1 has no"),
        (b'{"dotnn_baseline": 1, "findings": [{"file": "a", "code": "b", "line": "", "message": "m"}]}', "finding 1"),
        (
            b'{"dotnn_baseline": 1, "findings": [{"file": "a", "code": 5, "line": "", "message": "m", "count": 1}]}',
            "finding 1",
        ),
        (
            b'{"dotnn_baseline": 1, "findings": [{"file": "a", "code": "", "line": "", "message": "", "count": 0}]}',
            "finding 1",
        ),
    ],
)
def test_what_is_no_baseline_says_why(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "known.json"
    path.write_bytes(content)
    fault = read_baseline(path)
    assert isinstance(fault, BadBaseline)
    assert says in fault.headline()
    assert "--write-baseline" in fault.advice()


def test_a_baseline_that_is_not_there_says_how_to_write_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fault = read_baseline(tmp_path / "known.json")
    assert isinstance(fault, BadBaseline)
    assert "`dotnn check … --write-baseline known.json`" in fault.advice()
    fault = read_baseline(tmp_path)
    assert isinstance(fault, BadBaseline)
    assert "a folder" in fault.headline()
