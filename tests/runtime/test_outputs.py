"""Outputs as text, as plain values, and as files."""

from __future__ import annotations

import json

import numpy as np
import pytest
from dotnn.compiler.diagnostics import DotnnError
from dotnn.runtime import render_outputs, save_outputs, top_k
from dotnn.runtime.outputs import MOST_PRINTED, class_kind, not_finite, output_data

PROBABILITIES = np.array([[0.1, 0.7, 0.2], [0.5, 0.25, 0.25]], np.float32)
LABELS = ("cat", "dog", "fish")


def codes(action):
    with pytest.raises(DotnnError) as raised:
        action()
    assert all(one.headline() and one.advice() for one in raised.value.diagnostics)
    return [one.code for one in raised.value.diagnostics]


def test_the_best_classes_come_first_and_equals_in_order():
    best, ties = top_k(PROBABILITIES, 2, LABELS)
    assert [(score.index, score.label) for score in best] == [(1, "dog"), (2, "fish")]
    assert [score.index for score in ties] == [0, 1]
    assert best[0].value == pytest.approx(0.7)
    assert [score.index for score in top_k(np.array([1, np.nan, 3.0, -np.inf]), 9)[0]] == [2, 0, 3, 1]
    assert [score.label for score in top_k(PROBABILITIES, 3, ("cat",))[0]] == [None, None, "cat"]
    assert codes(lambda: top_k(PROBABILITIES, 0)) == ["E908"]


@pytest.mark.parametrize(
    ("name", "array", "labels", "kind"),
    [
        ("y", PROBABILITIES, None, "probabilities"),
        ("y", PROBABILITIES[None], None, "probabilities"),
        ("y", PROBABILITIES * 2, None, None),
        ("y", PROBABILITIES * 2, LABELS, "scores"),
        ("logits", PROBABILITIES - 1, None, "scores"),
        ("y", PROBABILITIES[0], None, None),
        ("y", np.ones((2, 1), np.float32), None, None),
        ("y", np.array([[np.nan, 1]]), None, None),
        ("y", np.array([[0, 1]]), None, None),
        ("y", np.zeros((0, 3), np.float32), LABELS, None),
    ],
)
def test_what_is_shown_as_classes(name, array, labels, kind):
    assert class_kind(name, array, labels) == kind


def test_probabilities_are_printed_with_labels_and_bars():
    assert render_outputs({"p": PROBABILITIES}, LABELS, 2) == (
        "p: float32[2, 3], probabilities of 3 classes\n"
        "  example 0\n"
        "   70.000 %  ##############------  dog (class 1)\n"
        "   20.000 %  ####----------------  fish (class 2)\n"
        "  example 1\n"
        "   50.000 %  ##########----------  cat (class 0)\n"
        "   25.000 %  #####---------------  dog (class 1)"
    )


def test_each_step_of_a_sequence_has_its_best_class():
    text = render_outputs({"p": PROBABILITIES[None]}, ("h", "e", "l"))
    assert text.splitlines()[1:] == ["  step 0    70.000 %  e (class 1)", "  step 1    50.000 %  h (class 0)"]


def test_scores_are_printed_as_they_are():
    text = render_outputs({"logits": np.array([[-4.0, 6.0, 1.0]])}, None, 3)
    lines = [line.split() for line in text.splitlines()[1:]]
    assert [line[0] for line in lines] == ["6", "1", "-4"]
    assert [line[1].count("#") for line in lines] == [20, 10, 0]


def test_small_tensors_are_printed_completely_and_large_ones_in_short():
    small = render_outputs({"y": np.array([[1, 2], [3, 4]])})
    assert small == "y: int64[2, 2]\n  min 1, mean 2.5, max 4\n  [[1 2]\n   [3 4]]"
    large = render_outputs({"y": np.arange(100_000, dtype=np.float32)})
    assert "..." in large
    assert "mean 49999.5" in large
    assert len(large) < 300
    assert render_outputs({"y": np.float32(2.5).reshape(())}) == "y: float32[]\n  2.5"
    many = render_outputs({"p": np.tile(PROBABILITIES, (500, 1))})
    assert "990 more examples" in many


def test_what_is_no_number_is_pointed_out():
    array = np.array([[np.nan, 2, np.inf], [4, 6, -np.inf]], np.float32)
    text = render_outputs({"y": array}, LABELS)
    assert "1 NaN and 2 infinite among 6 values" in text
    (data,) = output_data({"y": array})
    assert (data["nan"], data["infinite"], data["min"], data["mean"], data["max"]) == (1, 2, 2.0, 4.0, 6.0)
    assert data["values"] == [[None, 2.0, None], [4.0, 6.0, None]]
    nothing = output_data({"y": np.full(3, np.nan)})[0]
    assert (nothing["nan"], nothing["mean"]) == (3, None)


def test_labels_cannot_command_the_terminal():
    text = render_outputs({"p": PROBABILITIES}, ("\x1b[31mred", "a\nb", "c"))
    assert "\x1b" not in text
    assert r"a\nb" in text


def test_plain_values_are_json():
    outputs = {
        "p": PROBABILITIES,
        "big": np.zeros(1000, np.float16),
        "flags": np.array([True]),
        "texts": np.array(["a"], object),
        "sequence": [np.zeros(2)],
        "none": np.zeros((0, 3), np.float32),
    }
    data = json.loads(json.dumps(output_data(outputs, LABELS, 1), allow_nan=False))
    assert [entry["name"] for entry in data] == list(outputs)
    assert data[0]["top"][1] == [{"index": 0, "value": 0.5, "label": "cat"}]
    assert data[1]["values"] == [0.0] * 1000
    assert data[2]["values"] == [True]
    assert data[3]["values"] == ["a"]
    assert (data[4]["dtype"], data[4]["values"]) == ("list", [[0.0, 0.0]])
    assert render_outputs(outputs, LABELS).count("\n\n") == 5


def test_outputs_that_are_no_arrays_are_json_too():
    outputs = {"map": [{"a": 0.25, "b": np.float32(np.inf)}, {1: 2}]}
    assert output_data(outputs)[0]["values"] == [{"a": 0.25, "b": None}, {"1": 2}]


@pytest.mark.parametrize("value", [np.zeros(MOST_PRINTED + 1, np.int8), [np.zeros(MOST_PRINTED), {"a": 1.0}]])
def test_too_many_values_for_json_are_an_error_that_names_the_way_out(value):
    with pytest.raises(DotnnError) as caught:
        output_data({"y": value})
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E954"
    assert "1,000,001" in diagnostic.headline()
    assert "--save" in diagnostic.advice()


def test_what_is_not_finite_is_told_of_every_output():
    outputs = {"a": np.array([np.nan, 1, np.inf]), "b": np.ones(2), "c": [np.array([np.nan])], "d\n": np.array(-np.inf)}
    assert not_finite(outputs) == [
        "`a` has 1 NaN and 1 infinite among 3 values",
        r"`d\n` has 0 NaN and 1 infinite among 1 values",
    ]


def test_saved_outputs_are_what_numpy_reads(tmp_path):
    outputs = {
        "p": PROBABILITIES,
        "a/b": np.arange(6).reshape(2, 3),
        "t": np.array(["x", "yz"], object),
        "file": np.ones(1),
    }
    save_outputs(tmp_path / "o.npz", outputs)
    with np.load(tmp_path / "o.npz") as archive:
        assert archive.files == list(outputs)
        for name in ("p", "a/b", "file"):
            np.testing.assert_array_equal(archive[name], outputs[name], strict=True)
        assert archive["t"].tolist() == ["x", "yz"]
    save_outputs(str(tmp_path / "o.npy"), {"p": PROBABILITIES})
    np.testing.assert_array_equal(np.load(tmp_path / "o.npy"), PROBABILITIES, strict=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o.npy", "o.npz"]


def test_equal_outputs_give_equal_bytes(tmp_path):
    for name in ("a.npz", "b.npz"):
        save_outputs(tmp_path / name, {"p": PROBABILITIES})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_outputs_that_cannot_be_saved(tmp_path):
    path = tmp_path / "o.npz"
    save_outputs(path, {"p": PROBABILITIES})
    before = path.read_bytes()
    assert codes(lambda: save_outputs(tmp_path / "o.txt", {"p": PROBABILITIES})) == ["E951"]
    assert codes(lambda: save_outputs(tmp_path / "o.npy", {"p": PROBABILITIES, "q": PROBABILITIES})) == ["E952"]
    assert codes(lambda: save_outputs(path, {"p": [PROBABILITIES]})) == ["E953"]
    assert codes(lambda: save_outputs(path, {"p": np.array([{}], object)})) == ["E953"]
    with pytest.raises(DotnnError):
        save_outputs(tmp_path / "none" / "o.npz", {"p": PROBABILITIES})
    assert path.read_bytes() == before
