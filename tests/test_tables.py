"""The tables of the parser are kept from run to run, and made anew wherever that fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from dotnn import grammars
from dotnn.compiler.syntax.parse import make_tables
from dotnn.compiler.syntax.tables import Tables, kept_tables


def parts(tables: Tables) -> tuple[object, ...]:
    """Everything that tables hold, with JSON's lists for tuples."""
    starts = {name: list(states) for name, states in tables.starts.items()}
    terminals = [list(terminal) for terminal in tables.terminals]
    return starts, tables.methods, tables.actions, tables.gotos, terminals, tables.ignored


@pytest.fixture(scope="module")
def made() -> Tables:
    return make_tables(grammars.text())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    return tmp_path / "dotnn"


def refuse() -> Tables:
    raise AssertionError("the tables were made though they are kept")


def test_text_and_back_gives_equal_tables(made: Tables):
    assert parts(Tables.from_json(made.to_json())) == parts(made)


def test_tables_are_made_once(made: Tables, folder: Path):
    assert kept_tables("a", lambda: made) is made
    assert parts(kept_tables("a", refuse)) == parts(made)
    assert [path.name.startswith("grammar-") for path in folder.iterdir()] == [True]


def test_another_grammar_has_tables_of_its_own(made: Tables, folder: Path):
    kept_tables("a", lambda: made)
    assert kept_tables("b", lambda: made) is made
    assert len(list(folder.iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe", b"{}", b"[]\n[]"])
def test_damaged_tables_are_made_anew(damage: bytes, made: Tables, folder: Path):
    kept_tables("a", lambda: made)
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    for broken in (damage, whole[:-1], whole.replace(b"NAME", b"NOSE", 1)):
        path.write_bytes(broken)
        assert kept_tables("a", lambda: made) is made
        assert path.read_bytes() == whole


def test_nothing_is_kept_where_nothing_can_be(made: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "file"))
    assert kept_tables("a", lambda: made) is made
