"""`dotnn summary` of several files: which of them have rows, what is said of the others, and how the table reads."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.helpers.cli_calls import MNIST, SEVERAL, TINY, WRONG, codes, dotnn, process, tiny_folder
from tests.helpers.paths import EXAMPLES

tiny = pytest.fixture(tiny_folder)

BLOCK = "block twice(x) {\n    return x -> relu -> relu\n}\n"
ZOO = str(EXAMPLES / "zoo")


def names(out: str) -> list[str]:
    """The first word of each row."""
    return [line.split()[0] for line in out.splitlines()[2:]]


def test_one_file_is_shown_layer_by_layer() -> None:
    assert dotnn("summary", MNIST).out.startswith("model mnist_cnn\n\nlayer ")
    assert "layers" in json.loads(dotnn("summary", MNIST, "--json").out)


def test_several_files_have_a_row_each_as_given(tiny: Path) -> None:
    done = dotnn("summary", MNIST, "tiny.nn", str(EXAMPLES / "char_rnn.nn"))
    assert (done.code, done.err) == (0, "")
    heads, rule, first, *_ = done.out.splitlines()
    assert heads.split() == ["model", "parameters", "MACs", "weights", "activations", "depth", "field"]
    assert set(rule) == {"─"}
    assert first.split() == ["mnist_cnn", "61,482", "1,361,664", "245.9", "kB", "173.1", "kB", "11", "10"]
    assert names(done.out) == ["mnist_cnn", "tiny", "char_rnn"]
    assert not any(line != line.rstrip() for line in done.out.splitlines())


def test_a_folder_has_a_row_for_each_model() -> None:
    done = dotnn("summary", ZOO, "--sort", "params")
    assert (done.code, done.err) == (0, "")
    assert sorted(names(done.out)) == sorted(path.stem for path in (EXAMPLES / "zoo").glob("*.nn"))
    counts = [int(line.split()[1].replace(",", "")) for line in done.out.splitlines()[2:]]
    assert counts == sorted(counts, reverse=True)


def test_files_of_a_folder_come_in_the_order_of_their_names(tiny: Path) -> None:
    Path("wrong.nn").unlink()
    for name in ("b", "a", "c/a"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(f"{name}.nn").write_text(TINY.replace("tiny", name.replace("/", "_")))
    assert names(dotnn("summary", ".").out) == ["a", "b", "c_a", "tiny"]


def test_a_folder_with_one_file_is_a_table_of_one_row(tiny: Path) -> None:
    Path("only").mkdir()
    Path("only/net.nn").write_text(TINY)
    assert names(dotnn("summary", "only").out) == ["tiny"]


def test_numbers_for_programs(tiny: Path) -> None:
    done = dotnn("summary", "tiny.nn", str(EXAMPLES / "zoo" / "text_cnn.nn"), "--json", "--sort", "params")
    first, second = json.loads(done.out)
    assert second == {
        "name": "tiny",
        "file": "tiny.nn",
        "params": 16,
        "macs": 12,
        "weights_bytes": 64,
        "peak_activation_bytes": 28,
        "longest_path": 1,
        "receptive_field": None,
    }
    assert (first["name"], first["macs"]) == ("text_cnn", "49152*T - 155264")
    assert first["peak_activation_bytes"].startswith("256*max(")


def test_every_model_of_a_file_has_a_row(tiny: Path) -> None:
    Path("several.nn").write_text(SEVERAL)
    assert names(dotnn("summary", "several.nn", "tiny.nn").out) == ["one", "two", "tiny"]
    done = dotnn("summary", "several.nn", "tiny.nn", "--model", "two")
    assert (done.code, codes(done.err), names(done.out)) == (2, ["E605"], ["two"])
    # In a folder, files without it are passed over.
    Path("wrong.nn").unlink()
    done = dotnn("summary", ".", "--model", "two")
    assert (done.code, done.err, names(done.out)) == (0, "", ["two"])


def test_models_of_one_name_are_told_apart(tiny: Path) -> None:
    for folder in ("old", "new"):
        Path(folder).mkdir()
        Path(folder, "net.nn").write_text(TINY)
    lines = dotnn("summary", "old", "new/net.nn", MNIST).out.splitlines()[2:]
    assert [re.split(r"\s{2,}", line)[0] for line in lines] == ["tiny (old/net.nn)", "tiny (new/net.nn)", "mnist_cnn"]


def test_a_file_that_is_meant_twice_has_one_row(tiny: Path) -> None:
    assert names(dotnn("summary", "tiny.nn", "./tiny.nn", f"{tiny}/tiny.nn").out) == ["tiny"]


def test_errors_leave_the_other_rows(tiny: Path) -> None:
    done = dotnn("summary", "wrong.nn", "tiny.nn")
    assert (done.code, codes(done.err), names(done.out)) == (1, ["E203"], ["tiny"])
    done = dotnn("summary", ".", "--json")
    assert (done.code, codes(done.err), [row["name"] for row in json.loads(done.out)]) == (1, ["E203"], ["tiny"])
    done = dotnn("summary", "none.nn", "tiny.nn")
    assert (done.code, codes(done.err), names(done.out)) == (2, ["E607"], ["tiny"])
    done = dotnn("summary", "wrong.nn", "wrong.nn")
    assert (done.code, codes(done.err), done.out) == (1, ["E203"], "")
    assert json.loads(dotnn("summary", "wrong.nn", "none.nn", "--json").out) == []


def test_a_file_with_an_error_in_one_model_has_no_row_for_the_others(tiny: Path) -> None:
    Path("half.nn").write_text(TINY + WRONG)
    done = dotnn("summary", "half.nn", MNIST)
    assert (done.code, names(done.out)) == (1, ["mnist_cnn"])


def test_what_is_wrong_with_an_imported_file_is_said_once(tiny: Path) -> None:
    Path("block.nn").write_text("block b(x) {\n    return x -> dens(4)\n}\n")
    for name in ("first", "second"):
        text = 'import b from "block.nn"\nmodel m {\n    input x: float32[N, 3]\n    output y = b(x)\n}\n'
        Path(f"{name}.nn").write_text(text)
    assert codes(dotnn("summary", "first.nn", "second.nn").err) == ["E203"]


def test_files_without_models_are_passed_over_in_folders_only(tiny: Path) -> None:
    Path("lib").mkdir()
    Path("lib/blocks.nn").write_text(BLOCK)
    done = dotnn("summary", "lib", "tiny.nn")
    assert (done.code, done.err, names(done.out)) == (0, "", ["tiny"])
    for named in (["lib/blocks.nn", "tiny.nn"], ["lib", "./lib/blocks.nn", "tiny.nn"]):
        done = dotnn("summary", *named)
        assert (done.code, codes(done.err), names(done.out)) == (2, ["E605"], ["tiny"])
    done = dotnn("summary", "lib")
    assert (done.code, done.out) == (2, "")
    assert "there is no model in 'lib'" in done.err
    done = dotnn("summary", "lib", "--model", "tiny")
    assert done.code == 2
    assert "there is no model 'tiny' in 'lib'" in done.err


def test_warnings_do_not_mix_with_the_table(tiny: Path) -> None:
    done = dotnn("summary", MNIST, "tiny.nn", "--limit", "nodes=100")
    assert (done.code, done.err) == (0, "")
    Path("other.nn").write_text(TINY.replace("output", "expect size == 4\n    output"))
    done = dotnn("summary", "other.nn", "tiny.nn", "--set", "size=5")
    assert (done.code, codes(done.err), names(done.out)) == (0, ["W701"], ["tiny", "tiny"])


def test_no_rule_is_asked(tiny: Path) -> None:
    Path("unused.nn").write_text(TINY.replace("output", "a = x\n    output"))
    done = dotnn("summary", MNIST, "unused.nn")
    assert (done.code, done.err, names(done.out)) == (0, "", ["mnist_cnn", "tiny"])


def test_options_hold_for_all_files(tiny: Path) -> None:
    Path("other.nn").write_text(TINY.replace("tiny", "other").replace("= 4", "= 9"))
    done = dotnn("summary", "tiny.nn", "other.nn", "--set", "size=2")
    assert [line.split()[:2] for line in done.out.splitlines()[2:]] == [["tiny", "8"], ["other", "8"]]
    done = dotnn("summary", "tiny.nn", MNIST, "--set", "size=2")
    assert (done.code, codes(done.err), names(done.out)) == (2, ["E606"], ["tiny"])
    assert dotnn("summary", "tiny.nn", MNIST, "--limit", "nodes=4").code == 1
    inside = 'import t from "../block.nn"\nmodel m {\n    input x: float32[N, 3]\n    output y = t(x)\n}\n'
    Path("deep").mkdir()
    Path("deep/net.nn").write_text(inside)
    Path("block.nn").write_text(BLOCK.replace("twice", "t"))
    assert codes(dotnn("summary", "deep", "tiny.nn").err) == ["E603"]
    assert dotnn("summary", "deep", "tiny.nn", "--root", ".").code == 0


def test_standard_input_is_one_of_the_files(tiny: Path) -> None:
    done = dotnn("summary", "-", MNIST, "--json", stdin=TINY)
    assert [(row["name"], row["file"]) for row in json.loads(done.out)] == [("tiny", "<stdin>"), ("mnist_cnn", MNIST)]


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (["tiny.nn", MNIST, "--explain"], "--explain"),
        ([".", "--explain"], "--explain"),
        (["tiny.nn", "--sort", "params"], "--sort"),
        (["tiny.nn", MNIST, "--sort", "speed"], "activations"),
        (["tiny.nn", MNIST, "--sort"], "--sort"),
        (["empty"], "no .nn file in 'empty'"),
        ([], "FILE"),
    ],
)
def test_wrong_calls(call: list[str], part: str, tiny: Path) -> None:
    Path("empty").mkdir()
    done = dotnn("summary", *call)
    assert (done.code, done.out) == (2, "")
    assert part in done.err
    assert "Error: " in done.err


@pytest.mark.parametrize("columns", [40, 60, 80, 100])
def test_it_folds_on_a_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No number is broken, whatever the width; where columns have no room, rows are lists."""
    names = ("char_rnn", "dogs_vs_cats", "zoo/text_cnn", "zoo/video_cnn", "zoo/alexnet")
    call = ["summary", *(str(EXAMPLES / f"{name}.nn") for name in names)]
    whole = dotnn(*call).out
    monkeypatch.setattr("dotnn.cli.comparing.text_width", lambda stream: columns)
    folded = dotnn(*call).out
    assert max(map(len, folded.splitlines())) <= columns
    numbers = set(re.findall(r"\d{1,3}(?:,\d{3})+", whole))
    assert numbers <= set(re.findall(r"\d{1,3}(?:,\d{3})+", folded))
    if columns == 40:
        first = folded.partition("dogs_vs_cats")[0].splitlines()
        assert first[0] == "char_rnn"
        assert first[1:4] == ["  parameters 33", "  MACs 33*T", "  weights 132 bytes"]


def test_signs_that_the_terminal_lacks(tiny: Path) -> None:
    done = process("summary", "tiny.nn", MNIST, environment={"LC_ALL": "C", "PYTHONIOENCODING": "ascii"})
    assert (done.code, done.err) == (0, "")
    assert set(done.out.splitlines()[1]) == {"-"}


@pytest.mark.skipif(os.name == "nt", reason="shells of POSIX")
def test_a_reader_that_goes_away(tiny: Path) -> None:
    done = process("summary", "tiny.nn", "wrong.nn", script='"$@" 2>/dev/null | true; echo ${PIPESTATUS[0]}')
    assert (done.out, done.err) == ("1\n", "")
    if Path("/dev/full").exists():
        full = process("summary", "tiny.nn", MNIST, script='"$@" > /dev/full')
        assert (full.code, full.err) == (2, "error: cannot write to <stdout>: no space left on device\n")


@pytest.mark.parametrize("name", ["spaces in it", "ünï-çödé", "-dash"])
def test_odd_file_names(name: str, tiny: Path) -> None:
    Path(f"./{name}.nn").write_text(TINY)
    done = dotnn("summary", "tiny.nn", f"./{name}.nn")
    assert done.code == 0
    assert f"tiny (./{name}.nn)" in done.out
