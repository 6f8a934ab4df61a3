"""The tables of the parser are shipped: Lark's, of this grammar; no file of the user is read or written for them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from dotnn import grammars
from dotnn.compiler.driver import compile_source
from dotnn.compiler.syntax.make_tables import make_tables
from dotnn.compiler.syntax.parser_tables import Tables
from dotnn.compiler.syntax.shipped_tables import grammar_tables, tables_of

from tests.helpers.paths import ROOT

EXAMPLE = ROOT / "examples" / "mnist_cnn.nn"

#: What is printed: the exit code, and whether Lark was imported.
PROBE = """
import runpy, sys
sys.argv = ["dotnn", "check", sys.argv[1]]
try:
    runpy.run_module("dotnn", run_name="__main__", alter_sys=True)
except SystemExit as ended:
    print(ended.code, "lark" in sys.modules)
"""


def parts(tables: Tables) -> tuple[object, ...]:
    """Everything that tables hold."""
    return tables.starts, tables.methods, tables.actions, tables.gotos, tables.terminals, tables.ignored


@pytest.fixture(scope="module")
def made() -> Tables:
    return make_tables(grammars.text())


def test_shipped_tables_are_those_of_the_grammar(made: Tables):
    """If not: `python -m dotnn.compiler.syntax.make_tables` writes them anew."""
    assert grammars.tables() == made.to_json(grammars.text())
    assert parts(grammar_tables()) == parts(made)


def test_tables_are_the_same_whenever_they_are_made():
    """Lark goes through sets, whose order is another one in every process."""
    program = (
        "from dotnn import grammars; from dotnn.compiler.syntax.make_tables import make_tables; "
        "print(make_tables(grammars.text()).to_json(grammars.text()), end='')"
    )
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", program], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, timeout=60
        )
        assert done.stdout.decode() == grammars.tables()


#: A language in which blocks are called pieces.
PIECES = grammars.text().replace("block\\b", "piece\\b")


def test_another_grammar_has_tables_made_of_it():
    assert dict(tables_of(PIECES, grammars.tables()).terminals)["BLOCK"] == "piece\\b"
    # Even where only a comment differs: what was not made of a text is not taken for it.
    assert Tables.from_json(grammars.tables(), grammars.text() + "\n// a comment\n") is None


def test_a_changed_grammar_is_parsed_by_its_own_tables(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(grammars, "text", lambda: PIECES)
    monkeypatch.setattr("dotnn.compiler.syntax.parse.grammar_tables", grammar_tables.__wrapped__)
    text = "piece b(x) {\n    return x -> relu\n}\nmodel m {\n    input x: float32[2]\n    output y = b(x)\n}\n"
    assert compile_source(text).name == "m"


def test_every_file_beside_the_packages_is_installed():
    with (ROOT / "pyproject.toml").open("rb") as stream:
        patterns = tomllib.load(stream)["tool"]["setuptools"]["package-data"]["dotnn.grammars"]
    found = [path for path in (ROOT / "grammars").iterdir() if path.is_file() and path.suffix != ".py"]
    assert {grammars.GRAMMAR.name, grammars.TABLES.name} == {path.name for path in found}
    assert all(any(path.match(pattern) for pattern in patterns) for path in found)


# Nothing of the user's is touched -------------------------------------------------------------------------------------


def _nothing(place: Path) -> None:
    """The user has no files."""


def _forged(place: Path) -> None:
    """Files stand where tables were once kept, by the digest of the grammar."""
    place.mkdir()
    for name in ("grammar-00000000000000000000000000000000.json", "grammar.json"):
        (place / name).write_text("[]\n[]")


def _pipes(place: Path) -> None:
    """What stands there would never end."""
    os.mkfifo(place)


@pytest.mark.skipif(os.name == "nt", reason="folders and pipes of POSIX")
@pytest.mark.parametrize("before", [_nothing, _forged, _pipes])
def test_nothing_is_read_from_or_written_to_folders_of_the_user(before: Callable[[Path], None], tmp_path: Path):
    home = tmp_path / "home"
    cache = home / ".cache"
    cache.mkdir(parents=True)
    before(cache / "dotnn")
    found = sorted(tmp_path.rglob("*"))
    # A relative folder would be one of the current folder.
    environment = os.environ | {"HOME": str(home), "XDG_CACHE_HOME": ".cache", "LOCALAPPDATA": str(cache)}
    for folder in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        environment[folder] = str(home / folder)
    command = [sys.executable, "-B", "-c", PROBE, str(EXAMPLE)]
    done = subprocess.run(command, env=environment, cwd=home, capture_output=True, encoding="utf-8", timeout=60)
    assert (done.stdout.splitlines(), done.stderr) == ([f"ok: {EXAMPLE}", "0 False"], "")
    assert sorted(tmp_path.rglob("*")) == found


def test_the_file_of_tables_can_be_read_by_people():
    lines = grammars.tables().splitlines()
    assert len(lines) > len(grammar_tables().actions)
    assert json.loads(grammars.tables())["starts"] == {name: list(one) for name, one in grammar_tables().starts.items()}
