"""`dotnn check` as a team uses it: settings, baselines, counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.helpers.cli_calls import codes, dotnn

BIAS = "output y = image -> conv2d(16, kernel=3) -> batch_norm -> relu"
NET = f"model net {{\n    input image: float32[N, 3, 29, 29]\n    {BIAS}\n}}\n"
TWO = NET.replace("output", "spare = image -> relu\n    output")
#: A model for which the compiler itself has a warning, `W701`, with `CHANNELS`.
EXPECTING = """model net(channels: int = 16) {
    input image: float32[N, 3, 29, 29]
    output y = image -> conv2d(channels, kernel=3) -> batch_norm -> relu
    expect params == 480
}
"""
CHANNELS = ("--set", "channels=8")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two files: a bias in both, and an unused binding in one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "one.nn").write_text(NET)
    (tmp_path / "nets" / "two.nn").write_text(TWO)
    return tmp_path


def settle(text: str) -> None:
    Path("dotnn.toml").write_text(text)


def found(*arguments: str) -> list[str]:
    """The codes of what is found, with their files."""
    diagnostics = json.loads(dotnn("check", *(arguments or ("nets",)), "--format", "json").out)["diagnostics"]
    return [f"{one['file']}:{one['code']}" for one in diagnostics]


ALL = ["nets/one.nn:L103", "nets/two.nn:L404", "nets/two.nn:L103"]


def test_settings_and_options_choose_the_rules() -> None:
    assert found() == ALL
    settle("ignore = ['L103']\nper-file-ignores = { '/nets/two.nn' = ['L4'] }")
    assert found() == []
    assert found("nets", "--select", "L103") == ["nets/one.nn:L103", "nets/two.nn:L103"]
    assert found("nets", "--isolated") == ALL
    Path("other.toml").write_text("ignore = ['L4']")
    assert found("nets", "--config", "other.toml") == ["nets/one.nn:L103", "nets/two.nn:L103"]
    assert found("nets", "--isolated", "--ignore", "L404") == ["nets/one.nn:L103", "nets/two.nn:L103"]


def test_settings_and_options_choose_warnings_of_the_compiler() -> None:
    Path("nets/two.nn").write_text(EXPECTING)
    call = ("nets/two.nn", *CHANNELS)
    assert found(*call) == ["nets/two.nn:L103", "nets/two.nn:W701"]
    settle("per-file-ignores = { '/nets/two.nn' = ['W'] }")
    assert found(*call) == ["nets/two.nn:L103"]
    Path("other.toml").write_text("ignore = ['W7', 'L']")
    assert found(*call, "--config", "other.toml") == []
    assert found(*call, "--isolated", "--ignore", "W701") == ["nets/two.nn:L103"]
    assert dotnn("check", *call, "--isolated", "--statistics", "--ignore", "L").out == (
        "1  W701  warning  An `expect` is false for arguments other than the defaults.\n"
    )


def test_settings_may_be_strict() -> None:
    assert dotnn("check", "nets").code == 0
    settle("strict = true")
    done = dotnn("check", "nets")
    assert (done.code, codes(done.out)) == (1, ["L404"])
    assert "error[L404]" in done.out
    assert dotnn("check", "nets", "--isolated").code == 0


def test_mistakes_in_settings_are_told_once_in_the_format_that_is_asked_for() -> None:
    settle("ignore = ['L1O3']")
    done = dotnn("check", "nets", "--format", "json")
    assert done.code == 2
    diagnostics = json.loads(done.out)["diagnostics"]
    assert [
        (one["code"], one["file"], one["line"], one["column"]) for one in diagnostics if one["severity"] == "error"
    ] == [("E964", "dotnn.toml", 1, 11)]
    done = dotnn("check", "nets", "--format", "github")
    assert done.out.startswith("::error file=dotnn.toml,line=1,col=11,")
    assert dotnn("check", "nets", "--isolated").code == 0


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (["--config", "x.toml", "--isolated"], "leave one of them out"),
        (["--select", "L1O3"], "there is no rule `L1O3`: did you mean `L103`?"),
        (["--select", "W701"], "given anyway"),
        (["--ignore", "E203"], "there is no model"),
        (["--statistics", "--format", "github"], "--format text or json, not with github"),
        (["--baseline", "a.json", "--write-baseline", "b.json"], "leave --baseline out"),
    ],
)
def test_calls_that_contradict_themselves_are_wrong(call: list[str], says: str) -> None:
    done = dotnn("check", "nets", *call)
    assert done.code == 2
    assert says in done.err
    assert not Path("b.json").exists()


@pytest.mark.parametrize("name", ["none.toml", "nets"])
def test_settings_that_cannot_be_read_are_told(name: str) -> None:
    done = dotnn("check", "nets", "--config", name)
    assert done.code == 2
    assert "error[E961]: cannot read the settings of" in done.out


def test_excluded_files_are_checked_when_they_are_named() -> None:
    settle("exclude = ['two.nn']")
    assert found() == ["nets/one.nn:L103"]
    assert found("nets/*.nn") == ["nets/one.nn:L103"]
    assert found("nets/two.nn") == ["nets/two.nn:L404", "nets/two.nn:L103"]
    done = dotnn("check", "*/two.nn")
    assert done.code == 2
    assert "`exclude` leaves out 'nets/two.nn'" in done.err


# Budgets --------------------------------------------------------------------------------------------------------------


def test_a_budget_ends_a_check_with_an_error() -> None:
    settle("[budgets]\n'two.nn' = { params = 448 }")
    done = dotnn("check", "nets", "--ignore", "L1", "--ignore", "L4")
    assert done.code == 1
    assert "error[L301]: `params` of `net` is 480, and its budget is 448: 32 too much" in done.out
    assert " ::: dotnn.toml:2:23" in done.out
    assert done.out.count("L301") == 1


# Baselines ------------------------------------------------------------------------------------------------------------


def test_what_is_known_is_not_shown() -> None:
    done = dotnn("check", "nets", "--write-baseline", "known.json")
    assert (done.code, done.out, done.err) == (0, "ok: 2 files\n", "note: known.json: 3 known findings\n")
    done = dotnn("check", "nets", "--baseline", "known.json", "--strict")
    assert (done.code, done.out, done.err) == (0, "ok: 2 files\n", "note: 3 known findings not shown (known.json)\n")
    settle("baseline = 'known.json'")
    assert found() == []
    assert found("nets", "--isolated") == ALL
    Path("nets/one.nn").write_text("# moved\n\n" + NET.replace("net {", "net2 {") + NET)
    assert found() == ["nets/one.nn:L103"]


def test_a_baseline_is_the_same_for_the_same_findings_and_from_any_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    dotnn("check", "nets", "--write-baseline", "known.json")
    first = Path("known.json").read_bytes()
    dotnn("check", "nets/two.nn", "nets/one.nn", "--write-baseline", "known.json")
    assert Path("known.json").read_bytes() == first
    monkeypatch.chdir("nets")
    dotnn("check", ".", "--write-baseline", "../known.json")
    assert Path("../known.json").read_bytes() == first
    assert found(".", "--baseline", "../known.json") == []


def test_known_findings_that_are_gone_are_told_and_taken_out() -> None:
    dotnn("check", "nets", "--write-baseline", "known.json")
    Path("nets/two.nn").write_text(NET)
    done = dotnn("check", "nets", "--baseline", "known.json")
    assert done.err.splitlines() == [
        "note: 2 known findings not shown (known.json)",
        "note: 1 known finding no longer there: L404 in nets/two.nn; "
        "`--write-baseline known.json` writes the file anew",
    ]
    # Nobody knows it of files that are not checked, of rules that are not asked, and of files with errors.
    assert "no longer" not in dotnn("check", "nets/one.nn", "--baseline", "known.json").err
    assert "no longer" not in dotnn("check", "nets", "--baseline", "known.json", "--ignore", "L404").err
    assert "no longer" not in dotnn("check", "nets", "--baseline", "known.json", "--model", "net").err
    Path("nets/two.nn").write_text(NET.replace("relu", "rlu"))
    done = dotnn("check", "nets", "--baseline", "known.json")
    assert (done.code, codes(done.out)) == (1, ["E203"])
    assert "no longer" not in done.err
    Path("nets/two.nn").unlink()
    done = dotnn("check", "nets", "--write-baseline", "known.json")
    assert done.err == "note: known.json: 1 known finding\n"


def test_writing_a_baseline_leaves_what_was_not_looked_for() -> None:
    dotnn("check", "nets", "--write-baseline", "known.json")
    first = Path("known.json").read_bytes()
    dotnn("check", "nets/one.nn", "--write-baseline", "known.json")
    assert Path("known.json").read_bytes() == first
    dotnn("check", "nets", "--ignore", "L4", "--write-baseline", "known.json")
    assert Path("known.json").read_bytes() == first
    # Of one model of several nobody knows what the others have, nor with other arguments what those give.
    Path("nets/two.nn").write_text(TWO + TWO.replace("net {", "net2 {"))
    dotnn("check", "nets", "--write-baseline", "known.json")
    assert Path("known.json").read_bytes() != first
    first = Path("known.json").read_bytes()
    dotnn("check", "nets/two.nn", "--model", "net2", "--write-baseline", "known.json")
    assert Path("known.json").read_bytes() == first


def test_writing_a_baseline_leaves_warnings_of_the_compiler_that_were_not_looked_for() -> None:
    Path("nets/two.nn").write_text(EXPECTING)
    dotnn("check", "nets/two.nn", *CHANNELS, "--write-baseline", "known.json")
    first = Path("known.json").read_bytes()
    assert [one["code"] for one in json.loads(first)["findings"]] == ["L103", "W701"]
    for options in (CHANNELS, ("--ignore", "W"), (*CHANNELS, "--ignore", "W"), ("--set", "channels=16")):
        dotnn("check", "nets/two.nn", *options, "--write-baseline", "known.json")
        assert Path("known.json").read_bytes() == first, options
    assert found("nets/two.nn", *CHANNELS, "--baseline", "known.json") == []


def test_errors_are_never_known() -> None:
    Path("nets/one.nn").write_text(NET.replace("relu", "rlu"))
    done = dotnn("check", "nets", "--write-baseline", "known.json")
    assert (done.code, codes(done.out)) == (1, ["E203"])
    assert [one["file"] for one in json.loads(Path("known.json").read_text())["findings"]] == ["nets/two.nn"] * 2
    assert codes(dotnn("check", "nets", "--baseline", "known.json").out) == ["E203"]


def test_what_an_imported_file_has_is_known_once() -> None:
    block = "block b(x, size: int) {\n    y = x -> dense(size)\n    expect y.shape == [N, 16]\n    return y\n}\n"
    Path("nets/block.nn").write_text(block)
    head = 'import b from "block.nn"\nmodel m(channels: int = 16) {\n'
    for name in ("one", "two"):
        text = f"{head}    input x: float32[N, 3]\n    output y = b(x, size=channels)\n}}\n"
        Path(f"nets/{name}.nn").write_text(text)
    assert found("nets", *CHANNELS) == ["nets/block.nn:W701"]
    note = "note: known.json: 1 known finding\n"
    assert dotnn("check", "nets", *CHANNELS, "--write-baseline", "known.json").err == note
    done = dotnn("check", "nets", *CHANNELS, "--baseline", "known.json")
    assert (done.out, done.err) == ("ok: 3 files\n", "note: 1 known finding not shown (known.json)\n")
    # Nor is it counted again where only those are looked through that import it.
    assert dotnn("check", "nets/one.nn", *CHANNELS, "--write-baseline", "known.json").err == note


def test_more_findings_than_are_shown_are_all_known() -> None:
    lines = "".join(f"    spare{number} = image -> relu\n" for number in range(100))
    Path("nets/two.nn").write_text(NET.replace("    output", f"{lines}    output"))
    biases = NET.replace("model net {", "model net2 {").replace(
        "    output y",
        "".join(
            f"    output y{number} = image -> conv2d(16, kernel=3) -> batch_norm -> relu\n" for number in range(150)
        )
        + "    output y",
    )
    Path("nets/one.nn").write_text(biases)
    assert len(found("nets/one.nn")) == 121
    dotnn("check", "nets", "--write-baseline", "known.json")
    assert found("nets", "--baseline", "known.json") == []


def test_a_baseline_that_is_none_is_told_and_not_overwritten() -> None:
    Path("known.json").write_text("{")
    done = dotnn("check", "nets", "--baseline", "known.json")
    assert done.code == 2
    assert "error[E967]: cannot read the baseline `known.json`: it is no JSON (line 1, column 2" in done.out
    done = dotnn("check", "nets", "--write-baseline", "known.json")
    assert done.code == 2
    assert "E967" in done.err
    assert Path("known.json").read_text() == "{"
    assert dotnn("check", "nets", "--write-baseline", "none/known.json").code == 2
    settle("baseline = 'other.json'")
    done = dotnn("check", "nets")
    assert " --> dotnn.toml:1:12" in done.out
    assert codes(done.out) == ["E967"]
    assert "--write-baseline other.json" in done.out


def test_a_budget_for_no_file_is_told_where_all_files_were_checked() -> None:
    settle("[budgets]\n'net/' = { params = 1 }\n'nets/' = { params = 1_000_000 }\n'none/*.nn' = { macs = '9G' }\n")
    done = dotnn("check", ".")
    assert "note: the budget of `net/` is for no file that was checked (dotnn.toml:2:" in done.err
    assert "`none/*.nn`" in done.err
    assert "`nets/`" not in done.err
    assert "budget" not in dotnn("check", "nets").err
    assert "budget" not in dotnn("check", "nets/one.nn").err
    Path("none").mkdir()
    Path("net").mkdir()
    Path("net/a.nn").write_text(NET)
    done = dotnn("check", ".", "--ignore", "L")
    assert "`net/`" not in done.err
    assert "`none/*.nn`" in done.err


# Counts ---------------------------------------------------------------------------------------------------------------


def test_statistics_count_by_code() -> None:
    done = dotnn("check", "nets", "--statistics")
    assert done.code == 0
    assert done.out.splitlines() == [
        "2  L103  hint     The layer before batch normalization has a bias, which the normalization takes away again.",
        "1  L404  warning  A binding, a variable of a loop or a parameter is never used.",
    ]
    assert dotnn("check", "nets", "--statistics", "--strict").code == 1
    rows = json.loads(dotnn("check", "nets", "--statistics", "--format", "json").out)["statistics"]
    assert [(row["code"], row["severity"], row["count"]) for row in rows] == [
        ("L103", "hint", 2),
        ("L404", "warning", 1),
    ]
    assert dotnn("check", "nets", "--statistics", "--ignore", "L").out == "nothing is found\n"
