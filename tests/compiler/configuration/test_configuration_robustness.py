"""Texts made to do harm: settings, lists of git and baselines never end in a traceback."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from dotnn.compiler.checking import check
from dotnn.compiler.configuration.baseline import read_baseline
from dotnn.compiler.configuration.ignored_files import GitIgnore

SETTINGS = """# settings
select = ["L201", 'L3']
strict = true
exclude = ["a/", "!b[0-9].nn", "**/c"]
baseline = "known.json"
[per-file-ignores]
"lessons/" = ["L102", "W"]
[budgets]
"*.nn" = { params = "5M", macs = 1_000, weights_bytes = "20 MB" }
[budgets."/net.nn"]
longest_path = 1
"""
NET = "model net {\n    input x: float32[N, 4]\n    output y = x -> dense(2) -> dense(3)\n}\n"
SIGNS = [
    "[",
    "]",
    "{",
    "}",
    '"',
    "'",
    '"""',
    "=",
    ".",
    ",",
    "#",
    "\n",
    "\\",
    "\\u0000",
    "0x",
    "1e999",
    "inf",
    "\ufeff",
    "é",
    "=[]",
    "'''",
]


def damaged(text: str, draw: random.Random) -> str:
    """A text in which a few signs are taken out, put in or doubled."""
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(text))
        kind = draw.randrange(3)
        if kind == 0:
            text = text[:at] + text[at + draw.randint(1, 12) :] or " "
        elif kind == 1:
            text = text[:at] + draw.choice(SIGNS) + text[at:]
        else:
            text = text[:at] + text[at : at + 20] + text[at:]
    return text


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder to work in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    Path("net.nn").write_text(NET, encoding="utf-8")


@pytest.mark.parametrize("name", ["dotnn.toml", "pyproject.toml"])
def test_damaged_settings_are_told_or_heeded(name: str) -> None:
    draw = random.Random(3)
    whole = (
        SETTINGS
        if name == "dotnn.toml"
        else SETTINGS.replace("# settings", "[tool.dotnn]").replace("\n[", "\n[tool.dotnn.")
    )
    told = 0
    for _ in range(150):
        Path(name).write_text(damaged(whole, draw), encoding="utf-8")
        found = check("net.nn").diagnostics
        faults = [one for one in found if one.code.startswith("E96")]
        assert all(one.headline() and one.advice() and str(one) for one in faults)
        told += any(one.span is not None and one.span.source.name == name for one in faults)
    # Most slips are mistakes with a place; in a shared file some hide the table.
    assert told > 75


def test_any_bytes_may_stand_in_lists_of_git() -> None:
    draw = random.Random(4)
    for _ in range(150):
        Path(".gitignore").write_bytes(draw.randbytes(draw.randint(0, 200)) + b"\n*[!/\\].nn\n")
        ignore = GitIgnore.of(Path.cwd())
        assert ignore.ignores(Path.cwd() / "net.nn", False) in (True, False)


def test_any_text_may_stand_for_a_baseline() -> None:
    draw = random.Random(5)
    whole = (
        '{"dotnn_baseline": 1, "findings": [{"file": "net.nn", "code": "L102", "line": "", "message": "", "count": 1}]}'
    )
    for _ in range(300):
        Path("known.json").write_text(damaged(whole, draw), encoding="utf-8")
        assert read_baseline(Path("known.json")) is not None
