"""The pages of the codes."""

from __future__ import annotations

from dotnn.compiler.diagnostics import CATALOGUE
from dotnn.compiler.diagnostics.explain import codes, explain, load_all

load_all()


def test_explain_knows_every_code() -> None:
    listed = codes()
    assert [one.code for one in listed] == sorted(CATALOGUE)
    for one in listed:
        page = explain(one.code.lower())
        assert page is not None
        assert page.startswith(f"{one.code} {one.name} ({one.severity})\n\n")
        assert one.summary.rstrip(".") in " ".join(page.split())
    assert explain("E9999") is None
    assert explain("") is None
