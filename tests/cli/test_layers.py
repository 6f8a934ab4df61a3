"""`dotnn layers`: lists and pages."""

from __future__ import annotations

import re

import pytest

from tests.helpers.cli_calls import dotnn


@pytest.mark.parametrize("columns", [40, 60, 80])
@pytest.mark.parametrize("call", ["explain", "explain E4", "layers", "layers lstm", "layers conv2d", "explain E413"])
def test_lists_and_pages_break_no_word(call: str, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = dotnn(*call.split()).out.partition("Samples:")[0]
    monkeypatch.setattr(f"dotnn.cli.{call.split()[0]}.prose_width", lambda stream: columns)
    folded = dotnn(*call.split()).out.partition("Samples:")[0]
    assert folded.split() == whole.split()
    # Code stays as it is, and so does what is longer than a line.
    prose = re.sub(r"```.*?```", "", folded, flags=re.DOTALL)
    assert all(len(line) <= columns or len(line.split()) == 1 for line in prose.splitlines())


def test_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    wide, listed = dotnn("layers", "conv2d").out, dotnn("layers").out
    assert wide.startswith("conv2d(x | filters, kernel=")
    assert re.search(r"^lstm +\S", listed, re.MULTILINE)
    monkeypatch.setattr("dotnn.cli.layers.prose_width", lambda stream: 70)
    prose = dotnn("layers", "conv2d").out.partition("Samples:")[0]
    assert max(map(len, prose.splitlines())) <= 70
    assert prose.split() == wide.partition("Samples:")[0].split()
    assert max(map(len, dotnn("layers").out.splitlines())) <= 70
    assert dotnn("layers").out.split() == listed.split()
