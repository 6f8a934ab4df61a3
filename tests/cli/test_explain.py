"""`dotnn explain`: pages and lists of codes."""

from __future__ import annotations

import re

import pytest

from tests.helpers.cli_calls import dotnn


def test_explain(monkeypatch: pytest.MonkeyPatch) -> None:
    page = dotnn("explain", "e203").out
    assert page.startswith("E203 ")
    listed = dotnn("explain").out
    assert re.match(r"E1\d\d  ", listed)
    monkeypatch.setattr("dotnn.cli.explain.prose_width", lambda stream: 60)
    for code in re.findall(r"^[EW]\d+", listed, re.MULTILINE)[::7]:
        prose = re.sub(r"```.*?```", "", dotnn("explain", code).out, flags=re.DOTALL)
        words = dotnn("explain", code).out.split()
        assert words
        assert all(len(line) <= 60 for line in prose.splitlines() if not line.startswith((" ", "*", "-", "|"))), code
    assert max(map(len, dotnn("explain").out.splitlines())) <= 60


def test_explain_lists_groups() -> None:
    listed = dotnn("explain").out.splitlines()
    for group in ("E4", "e43", "W", "E"):
        found = dotnn("explain", group).out.splitlines()
        assert found == [line for line in listed if line.startswith(group.upper())]
        assert 1 < len(found) < len(listed)


def test_explain_keeps_every_word(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = dotnn("explain", "E413").out
    monkeypatch.setattr("dotnn.cli.explain.prose_width", lambda stream: 50)
    narrow = dotnn("explain", "E413").out
    assert narrow != wide
    assert narrow.split() == wide.split()
    fence = re.compile(r"```nn\n.*?\n```", re.DOTALL)
    assert fence.findall(narrow) == fence.findall(wide)


def test_a_warning_that_is_a_rule_leads_to_it() -> None:
    before, _, page = dotnn("explain", "w201").out.partition("\n\n")
    assert before == "The warning W201 is the rule L404 now."
    assert page == dotnn("explain", "L404").out
