"""Settings as they are read, and every mistake in them at its place."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from dotnn.compiler.configuration.settings import Settings
from dotnn.compiler.configuration.settings_reader import read_settings
from dotnn.compiler.diagnostics import Diagnostic
from dotnn.compiler.diagnostics import configuration as family
from dotnn.compiler.diagnostics.render import render
from dotnn.compiler.source import Source

FOLDER = Path("/work")


def settings(text: str, is_shared: bool = False) -> Settings:
    found = read_settings(Source("dotnn.toml", text), FOLDER, is_shared)
    assert found is not None
    return found


GOOD = """
select = ["L2", "l201"]
ignore = ["L103", "W7"]
strict = true
exclude = ["old/", "!old/new.nn"]
baseline = "ci/known.json"

[per-file-ignores]
"lessons/" = ["L1", "L4"]
"*.draft.nn" = ["L402"]

[budgets]
"nets/" = { params = "5M", macs = 1e9 }
"/nets/tiny*.nn" = { params = 1_000, weights_bytes = "20 kB", peak_activation_bytes = "1 MiB", longest_path = 7 }
"""


def test_settings_are_read() -> None:
    found = settings(GOOD)
    assert not found.faults
    assert (found.select, found.ignore, found.strict) == (("L2", "L201"), ("L103", "W7"), True)
    assert found.baseline is not None
    assert found.baseline[0] == FOLDER / "ci/known.json"
    assert [one.text for one in found.exclude] == ["old/", "!old/new.nn"]
    assert found.ignored_for(FOLDER / "lessons/a.draft.nn") == ("L1", "L4", "L402")
    assert found.ignored_for(FOLDER / "a.nn") == ()
    assert found.ignored_for(Path("/elsewhere/lessons/a.nn")) == ()
    assert found.ignored_for(None) == ()


def test_the_smallest_budget_counts() -> None:
    found = settings(GOOD)
    budgets = {one.metric: (one.most, one.pattern) for one in found.budgets_for(FOLDER / "nets" / "tiny2.nn")}
    assert budgets == {
        "params": (1_000, "/nets/tiny*.nn"),
        "macs": (10**9, "nets/"),
        "weights_bytes": (20_000, "/nets/tiny*.nn"),
        "peak_activation_bytes": (2**20, "/nets/tiny*.nn"),
        "longest_path": (7, "/nets/tiny*.nn"),
    }
    places = [one.place for one in found.budgets_for(FOLDER / "nets" / "a.nn")]
    assert [place.text for place in places if place is not None] == ['"5M"', "1e9"]
    assert not found.budgets_for(FOLDER / "a.nn")


def test_a_shared_file_has_them_in_a_table() -> None:
    text = "[project]\nselect = 3\n[tool.dotnn]\nselect = ['L2']\n[tool.dotnn.budgets]\n'a' = { macs = 1 }\n"
    found = settings(text, is_shared=True)
    assert (found.select, found.faults) == (("L2",), ())
    assert found.budgets_for(FOLDER / "a")[0].most == 1
    assert read_settings(Source("pyproject.toml", "[tool]\nx = 1\n"), FOLDER, True) is None


class Wrong(NamedTuple):
    """A text with one mistake: the class that tells it, where, and words of what is said."""

    kind: type[Diagnostic]
    text: str
    place: str
    words: tuple[str, ...]


WRONG = [
    Wrong(family.BadConfiguration, "ignore = [\n'L1',\n'L2'\nx = 1\n", "x", ("no TOML", "dotnn.toml", "--isolated")),
    Wrong(family.BadConfiguration, "a = '\u2028'\r\nb = ]\r\n", "]", ("no TOML: invalid value",)),
    Wrong(family.BadConfiguration, "strict = true\nstrict = true\n", "\n", ("overwrite",)),
    Wrong(family.BadConfiguration, f"a = {'9' * 5000}", "", ("number", "too long")),
    Wrong(family.BadConfiguration, f"a = {'[' * 5000}{']' * 5000}", "", ("nested too deeply",)),
    Wrong(family.UnknownSetting, "per-file-ignore = {}", "per-file-ignore", ("did you mean `per-file-ignores`",)),
    Wrong(family.UnknownSetting, "per_file_ignores = {}", "per_file_ignores", ("did you mean `per-file-ignores`",)),
    Wrong(family.UnknownSetting, "[lint]\nselect = ['L2']", "lint", ("there are `select`, `ignore`", "`budgets`")),
    Wrong(family.SettingsBelowTable, "[tool.dotnn]\nstrict = true", "tool", ("at the top",)),
    Wrong(family.UnknownBudget, "[budgets]\n'a' = { parameters = 1 }", "parameters", ("did you mean `params`?",)),
    Wrong(family.UnknownBudget, "[budgets.a]\ndepth = 1", "depth", ("did you mean `longest_path`?",)),
    Wrong(family.UnknownBudget, "[budgets.a]\nweights-bytes = 1", "weights-bytes", ("`weights_bytes`",)),
    Wrong(family.UnknownBudget, "[budgets.a]\nqqq = 1", "qqq", ("there are `params`, `macs`",)),
    Wrong(family.WrongSetting, "ignore = 'L103'", "'L103'", ("a list of codes", "a text", '`ignore = ["L103", "L2"]`')),
    Wrong(family.WrongSetting, "ignore = ['L1', 3]", "3", ("`ignore`", "a number")),
    Wrong(family.WrongSetting, "strict = 1", "1", ("`strict` takes true or false",)),
    Wrong(family.WrongSetting, "exclude = 'a/'", "'a/'", ("patterns of paths",)),
    Wrong(family.WrongSetting, "exclude = [true]", "true", ("patterns of paths", "true or false")),
    Wrong(family.WrongSetting, "per-file-ignores = ['a']", "['a']", ("`per-file-ignores` takes a table", "a list")),
    Wrong(family.WrongSetting, "per-file-ignores = { a = 1.5 }", "1.5", ("`per-file-ignores.a`", "a number")),
    Wrong(family.WrongSetting, "budgets = 2020-01-01", "2020-01-01", ("`budgets`", "a date")),
    Wrong(family.WrongSetting, "budgets = { a = 5 }", "5", ("`budgets.a`", "a table from metrics")),
    Wrong(family.WrongSetting, "baseline = true", "true", ("the path of a file",)),
    Wrong(family.WrongSetting, "baseline = ''", "''", ("no path",)),
    Wrong(family.WrongSetting, 'baseline = "\\u0000"', '"\\u0000"', ("no path",)),
    Wrong(family.UnknownRule, "select = ['L1O3']", "'L1O3'", ("no rule `L1O3`", "did you mean `L103`?")),
    Wrong(family.UnknownRule, "ignore = ['']", "''", ("`dotnn explain L`",)),
    Wrong(family.UnknownRule, "ignore = ['unused']", "'unused'", ("`dotnn explain L`",)),
    Wrong(family.ErrorIgnored, "ignore = ['E4']", "'E4'", ("there is no model", "`exclude`")),
    Wrong(family.RetiredWarning, "select = ['W201']", "'W201'", ("the rule `L404` now", "write `L404`")),
    Wrong(family.RetiredWarning, "ignore = ['w470']", "'w470'", ("the rule `L142` now", "write `L142`")),
    Wrong(family.RetiredWarning, "ignore = ['W3']", "'W3'", ("the warning `W301`", "write `L405`")),
    Wrong(family.RetiredWarnings, "ignore = ['W2']", "'W2'", ("the warnings `W2…`", "write `L404`, `L140`")),
    Wrong(family.WarningSelected, "select = ['W701']", "'W701'", ("given anyway", "leave it out")),
    Wrong(family.BadPathPattern, "exclude = ['net[0-9.nn']", "'net[0-9.nn'", ("not closed",)),
    Wrong(family.BadPathPattern, "exclude = ['../a']", "'../a'", ("nor upwards",)),
    Wrong(family.BadPathPattern, "exclude = ['[b-a]']", "'[b-a]'", ("the range `b-a` is empty",)),
    Wrong(family.BadPathPattern, "per-file-ignores = { '!a' = ['L1'] }", "'!a'", ("takes back",)),
    Wrong(family.BadPathPattern, "[budgets]\n'' = { params = 1 }", "''", ("empty",)),
    Wrong(family.BadAmount, "[budgets.a]\nparams = '5 million'", "'5 million'", ("`params`", '`5_000_000` or `"5M"`')),
    Wrong(family.BadAmount, "[budgets.a]\nweights_bytes = -1", "-1", ("negative", '"20 MB"')),
]


@pytest.mark.parametrize("one", WRONG, ids=lambda one: f"{one.kind.__name__}-{one.text[:30]}")
def test_a_mistake_is_told_at_its_place(one: Wrong) -> None:
    (fault,) = settings(one.text).faults
    assert type(fault) is one.kind
    assert (fault.span.text if fault.span is not None else "") == one.place
    page = render(fault)
    assert all(word in page for word in one.words), page
    assert fault.advice()


def test_every_class_is_met() -> None:
    """But for what is wrong with baselines, which have tests of their own."""
    declared = {one for one in vars(family).values() if isinstance(one, type) and one.__module__ == family.__name__}
    mistakes = {one for one in declared if issubclass(one, Diagnostic) and one is not family.BadBaseline}
    assert {one.kind for one in WRONG} == mistakes


def test_all_mistakes_are_told_and_the_rest_is_taken() -> None:
    found = settings("selekt = []\nignore = ['L1', 'L9999']\nexclude = ['a/', '[']\n[budgets.a]\nparams = 1\nx = 2\n")
    assert [one.code for one in found.faults] == ["E962", "E964", "E965", "E962"]
    assert (found.ignore, [one.text for one in found.exclude]) == (("L1",), ["a/"])
    assert len(found.budgets_for(FOLDER / "a")) == 1


def test_a_table_that_is_none_is_told() -> None:
    (fault,) = settings("[tool]\ndotnn = 5\n", is_shared=True).faults
    assert isinstance(fault, family.WrongSetting)
    assert fault.headline() == "`tool.dotnn` takes a table, and this is a number"
    assert "[tool.dotnn]" in fault.advice()
