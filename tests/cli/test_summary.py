"""`dotnn summary` of one model, on terminals and in pipes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.helpers.cli_calls import MNIST, dotnn, tiny_folder
from tests.helpers.paths import EXAMPLES

tiny = pytest.fixture(tiny_folder)


def test_summary_ends_in_the_parameters() -> None:
    done = dotnn("summary", str(EXAMPLES / "zoo" / "resnet152.nn"))
    assert done.code == 0
    assert done.out.endswith("\nparameters:           60,192,808\n")


def test_summary_explains_each_count() -> None:
    lines = dotnn("summary", MNIST, "--explain").out.splitlines()
    row = next(line for line in lines if line.startswith("conv2d_1 "))
    assert "(3*3*32+1)*32 = 9,248" in row
    assert "3*3*32*32*11*11 = 1,115,136" in row
    assert "(800+1)*64 = 51,264" in next(line for line in lines if line.startswith("dense "))


def test_summary_in_a_pipe_has_whole_rows_and_no_blanks_at_their_ends(tiny: Path) -> None:
    label = "x" * 200
    Path("wide.nn").write_text(f"model wide {{\n input x: float32[N, 3]\n output y = x -> {label}: dense(4)\n}}\n")
    done = dotnn("summary", "wide.nn", "--explain")
    assert re.search(rf"^{label}  dense  \[N, 4\] +\(3\+1\)\*4 = 16 +3\*4 = 12$", done.out, re.MULTILINE)
    assert not any(line != line.rstrip() for line in done.out.splitlines())
    assert "\x1b" not in done.out


def test_summary_json() -> None:
    found = json.loads(dotnn("summary", MNIST, "--json").out)
    assert found["params"] == 61_482
    by_name = {row["name"]: row for row in found["layers"]}
    assert by_name["conv2d_1"]["params_formula"] == "(3*3*32+1)*32"
    assert by_name["conv2d_1"]["outputs"] == [{"dtype": "float32", "shape": ["N", 32, 11, 11]}]


@pytest.mark.parametrize("columns", [40, 60, 80, 120])
@pytest.mark.parametrize("explain", [False, True])
@pytest.mark.parametrize("name", ["zoo/resnet50", "char_rnn", "zoo/video_cnn", "x_or_o", "zoo/gru_tagger"])
def test_summary_breaks_no_word_on_a_terminal(
    name: str, columns: int, explain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ["summary", str(EXAMPLES / f"{name}.nn"), *(["--explain"] if explain else [])]
    whole = dotnn(*call).out
    monkeypatch.setattr("dotnn.cli.summary.text_width", lambda stream: columns)
    folded = dotnn(*call).out
    assert max(map(len, folded.splitlines())) <= columns
    # Where a line may end: behind a dot of a path, an operator of a formula, and where there is a blank.
    words = {piece for word in whole.split() for piece in re.findall(r"[^.*+]+[.*+]*", word)}
    for line in folded.splitlines():
        for word in line.replace("─", " ").split():
            assert all(piece in words for piece in re.findall(r"[^.*+]+[.*+]*", word)), (line, word)
    numbers = set(re.findall(r"\d{1,3}(?:,\d{3})+", whole))
    assert numbers <= set(re.findall(r"\d{1,3}(?:,\d{3})+", folded))


def test_a_table_that_is_a_little_too_wide_breaks_names_behind_dots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dotnn.cli.summary.text_width", lambda stream: 76)
    lines = dotnn("summary", str(EXAMPLES / "zoo" / "resnet18.nn")).out.splitlines()
    row = next(index for index, line in enumerate(lines) if line.startswith("layer1.0.    "))
    assert lines[row].split() == ["layer1.0.", "conv2d", "[N,", "64,", "56,", "56]", "36,864", "115,605,504"]
    assert lines[row + 1] == "conv1"


def test_needs_say_the_most_of_each_dimension() -> None:
    assert [
        line.split()[1:]
        for line in dotnn("summary", str(EXAMPLES / "zoo" / "text_cnn.nn")).out.splitlines()
        if "needs" in line
    ] == [["T", ">=", "5"]]
