"""Diagnostics as SARIF: valid against its schema, places and fixes exact, and well-formed whatever the input."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from dotnn.compiler.diagnostics import Diagnostic, Edit, Fix, Label, Safety
from dotnn.compiler.diagnostics.fixes import apply_fix
from dotnn.compiler.diagnostics.sarif import to_sarif
from dotnn.compiler.driver import check
from dotnn.compiler.source import Source
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.sample_diagnostics import ADDITION, FAMILIES, MISSPELT, NET, RENDERINGS, Doubt, Sample
from tests.helpers.sarif_schema import assert_sarif

#: A reference without a scheme: RFC 3986, section 4.2, of characters that need no encoding.
RELATIVE = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=@/-]|%[0-9A-F]{2})+")


def log_of(*found: Diagnostic) -> dict[str, Any]:
    """The run, once the whole log has been held against the schema."""
    log = to_sarif(found, "1.2.3")
    assert_sarif(log)
    assert log == json.loads(json.dumps(log))
    (run,) = log["runs"]
    return run


def rules_of(run: dict[str, Any]) -> list[dict[str, Any]]:
    return run["tool"]["driver"]["rules"]


def stored(name: str, text: str) -> Source:
    return Source(name, text, Path(name).resolve())


@pytest.mark.parametrize("name", RENDERINGS)
def test_every_kind_of_diagnostic_is_valid(name: str) -> None:
    run = log_of(RENDERINGS[name])
    assert len(run["results"]) == (RENDERINGS[name].span is not None)


def test_a_result() -> None:
    (result,) = log_of(MISSPELT)["results"]
    start = NET.text.index("kernal")
    region = {"startLine": 15, "startColumn": 30, "endLine": 15, "endColumn": 36, "charOffset": start, "charLength": 6}
    assert result.pop("partialFingerprints").keys() == {"dotnnLine/v1"}
    (related,) = result.pop("relatedLocations")
    assert related["id"] == 1
    assert related["message"] == {"text": "the input of it"}
    assert related["physicalLocation"]["region"]["startColumn"] == 13
    artifact = {"uri": "net.nn"}
    assert result == {
        "ruleId": "W000",
        "ruleIndex": 0,
        "level": "warning",
        "message": {"text": "`conv2d` has no attribute `kernal`\ndid you mean `kernel`?"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": artifact, "region": region},
                "message": {"text": "not an attribute of `conv2d`"},
            }
        ],
        "fixes": [
            {
                "description": {"text": "did you mean `kernel`?"},
                "artifactChanges": [
                    {
                        "artifactLocation": artifact,
                        "replacements": [{"deletedRegion": region, "insertedContent": {"text": "kernel"}}],
                    }
                ],
                "properties": {"safety": "unsafe"},
            }
        ],
    }


def test_labels_and_trace_are_related_places_and_notes_part_of_the_message() -> None:
    (result,) = log_of(ADDITION)["results"]
    told = [one["message"]["text"] for one in result["relatedLocations"]]
    assert told == [label.text for label in (*ADDITION.labels(), *ADDITION.trace)]
    assert [one["id"] for one in result["relatedLocations"]] == [1, 2, 3, 4]
    assert "axis 2 is 31 on the left" in result["message"]["text"]


def test_levels_and_rules() -> None:
    source = Source("net.nn", "abc")
    run = log_of(Doubt(span=source.span(0, 1)).as_error(), Sample(span=source.span(1, 2)), Sample(span=NET.span(0, 1)))
    assert [rule["id"] for rule in rules_of(run)] == ["E000", "W000"]
    assert [rule["defaultConfiguration"]["level"] for rule in rules_of(run)] == ["error", "warning"]
    assert [(one["ruleId"], one["ruleIndex"], one["level"]) for one in run["results"]] == [
        ("W000", 1, "error"),
        ("E000", 0, "error"),
        ("E000", 0, "error"),
    ]


def test_a_hint_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dotnn.compiler.checking import check as check_file

    monkeypatch.chdir(tmp_path)
    body = "    input x: float32[N, 3, 8, 8]\n    output y = x -> conv2d(4, kernel=3) -> batch_norm\n"
    Path("net.nn").write_text(f"model net {{\n{body}}}\n")
    run = log_of(*check_file("net.nn", select=["L103"], ignore=["L4", "L2", "L3"]).diagnostics)
    assert [(one["ruleId"], one["level"]) for one in run["results"]] == [("L103", "note")]
    (rule,) = rules_of(run)
    assert rule["defaultConfiguration"] == {"level": "note"}
    # The samples are in the help, and not in the description, of which GitHub shows a thousand characters.
    assert "```nn" in rule["help"]["markdown"]
    assert "```" not in rule["fullDescription"]["text"]


def test_the_page_of_every_code_is_a_valid_rule() -> None:
    from dotnn.compiler.diagnostics.sarif import _descriptor  # Not every code has a sample here.

    rules = [_descriptor(kind) for kind in FAMILIES]
    assert_sarif({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "dotnn", "rules": rules}}}]})
    for rule in rules:
        assert rule["shortDescription"]["text"].rstrip("`").endswith((".", ":")), rule["id"]
        assert rule["fullDescription"]["text"].startswith(rule["shortDescription"]["text"]), rule["id"]
        assert "Attributes:" not in rule["fullDescription"]["text"], rule["id"]


def test_what_has_no_place_is_a_notification_and_the_run_has_failed() -> None:
    run = log_of(RENDERINGS["no_place"], MISSPELT)
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    (notice,) = invocation["toolConfigurationNotifications"]
    assert notice["descriptor"] == {"id": "E000", "index": 0}
    assert notice["message"]["text"].startswith("the weights end after 12 bytes\nfile `w.npz`")
    assert [one["id"] for one in run["tool"]["driver"]["notifications"]] == ["E000"]
    assert [one["ruleId"] for one in run["results"]] == ["W000"]
    assert log_of(Doubt(says="odd"))["invocations"][0]["executionSuccessful"] is True
    assert log_of()["invocations"] == [{"executionSuccessful": True}]


# Places -------------------------------------------------------------------------------------------------------------


def test_paths_below_the_folder_are_relative_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = {
        "net.nn": "net.nn",
        "./a/../b c/ü%#?.nn": "b%20c/%C3%BC%25%23%3F.nn",
        str(tmp_path / "c:d.nn"): "c%3Ad.nn",
        "\udcff.nn": "%FF.nn",
    }
    run = log_of(*(Sample(span=stored(name, "x").span(0, 1)) for name in names))
    artifacts = [one["locations"][0]["physicalLocation"]["artifactLocation"] for one in run["results"]]
    assert artifacts == [{"uri": uri, "uriBaseId": "%SRCROOT%"} for uri in names.values()]
    assert list(run["originalUriBaseIds"]) == ["%SRCROOT%"]
    assert str(tmp_path) not in json.dumps(run)


@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
def test_other_paths_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    run = log_of(Sample(span=stored("../out side.nn", "x").span(0, 1)))
    place = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": (tmp_path.resolve() / "out side.nn").as_uri()}
    assert "originalUriBaseIds" not in run


def test_a_text_in_no_file_is_called_by_its_name() -> None:
    run = log_of(Sample(span=Source("<stdin>", "x").span(0, 1)))
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "%3Cstdin%3E"}


def test_places_in_the_library_are_told_from_those_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    head = 'import bottleneck from "dotnn/residual"\n'
    body = "    input x: float32[N, 3]\n    output y = x -> bottleneck(8)\n"
    Path("net.nn").write_text(f"{head}model net {{\n{body}}}\n")
    run = log_of(*check("net.nn").diagnostics)
    places = [one["locations"][0]["physicalLocation"]["artifactLocation"] for one in run["results"]]
    assert places
    assert set(map(str, places)) == {str({"uri": "net.nn", "uriBaseId": "%SRCROOT%"})}
    library = Source("dotnn/residual", "block b", tmp_path / "residual.nn", in_library=True)
    (result,) = log_of(Sample(span=NET.span(0, 1), more=(Label(library.span(0, 5), "here"),)))["results"]
    (related,) = result["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"] == {
        "uri": "residual.nn",
        "uriBaseId": "%DOTNN_LIBRARY%",
    }
    assert related["message"]["text"] == "here: `block b`"


def test_columns_count_code_points() -> None:
    source = Source("net.nn", "a = 1\r\n𝔛é = b\r\n")
    run = log_of(Sample(span=source.span(12, 13)))
    assert run["columnKind"] == "unicodeCodePoints"
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {
        "startLine": 2,
        "startColumn": 6,
        "endLine": 2,
        "endColumn": 7,
        "charOffset": 12,
        "charLength": 1,
    }


# Fixes --------------------------------------------------------------------------------------------------------------


def applied(text: str, fix: dict[str, Any]) -> str:
    """A text after what a log says of a fix, as another program would do it, by lines and columns."""
    lines = text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    (change,) = fix["artifactChanges"]
    for one in sorted(change["replacements"], key=lambda one: -one["deletedRegion"]["charOffset"]):
        region = one["deletedRegion"]
        start = starts[region["startLine"] - 1] + region["startColumn"] - 1
        end = starts[region["endLine"] - 1] + region["endColumn"] - 1
        assert (start, end - start) == (region["charOffset"], region["charLength"])
        text = text[:start] + one["insertedContent"]["text"] + text[end:]
    return text


def test_a_fix_makes_the_text_that_we_would_make() -> None:
    source = Source("net.nn", "first\nsecond\r\nthird")
    edits = (Edit(source.span(0, 0), "0 "), Edit(source.span(3, 8), "\n"), Edit(source.span(19, 19), "!"))
    fix = Fix(edits, Safety.SAFE)
    (result,) = log_of(Sample(span=source.span(0, 5), edit=fix, hint="mend it"))["results"]
    (written,) = result["fixes"]
    assert written["properties"] == {"safety": "safe"}
    assert applied(source.text, written) == apply_fix(source.text, fix)


# Anything -----------------------------------------------------------------------------------------------------------

ANY_TEXT = st.text(st.characters(), max_size=12)


@given(name=ANY_TEXT, text=ANY_TEXT, says=ANY_TEXT)
def test_any_name_and_any_text_make_a_valid_log(name: str, text: str, says: str) -> None:
    source = Source(name, text)
    one = Sample(span=source.span(0, len(text)), says=says, beside=says, hint=says, facts=(says,))
    run = log_of(one, Sample(says=says))
    # Strict readers refuse halves of surrogate pairs.
    json.dumps(run, ensure_ascii=False).encode()
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert not name or RELATIVE.fullmatch(uri)
