"""`dotnn explain-shape`: the ways of the dimensions of a layer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from dotnn.compiler import compile_file

from tests.helpers.cli_calls import dotnn
from tests.helpers.paths import EXAMPLES

CNN = str(EXAMPLES / "mnist_cnn.nn")
RESNET = str(EXAMPLES / "zoo" / "resnet18.nn")


def test_a_layer():
    assert dotnn("explain-shape", CNN, "flatten").out.splitlines() == [
        f"flatten: float32[N, 800], {CNN}:21",
        "",
        "axis 0: N",
        "  image    line 10  N",
        "  … 6 layers that keep it …",
        "  flatten  line 21  N",
        "",
        "axis 1: 800",
        "  image         line 10  28",
        "  conv2d        line 14  28 -> 26  28 - 3 + 1 = 26",
        "  relu          line 14  26",
        "  max_pool2d    line 15  26 -> 13  (26 - 2)/2 + 1 = 13",
        "  conv2d_1      line 16  13 -> 11  13 - 3 + 1 = 11",
        "  relu_1        line 16  11",
        "  max_pool2d_1  line 17  11 -> 5   floor((11 - 2) / 2) + 1 = 5",
        "  flatten       line 21  5 -> 800  32*5*5 = 800",
    ]


def test_axes_that_came_about_alike_are_told_once():
    shown = dotnn("explain-shape", RESNET, "layer1.0.conv1").out
    assert "\naxes 2 and 3: 56\n" in shown
    only = dotnn("explain-shape", RESNET, "layer1.0.conv1", "--axis", "-1").out
    assert "axes 2 and 3: 56" in only
    assert "axis 0" not in only
    assert "filters=64" in shown
    assert "filters=64" not in only


def test_an_input_an_output_and_a_layer_of_several_results(tmp_path: Path):
    path = tmp_path / "net.nn"
    path.write_text("model net {\n    input x: float32[N, T, 3]\n    y, last = x -> lstm(4)\n    output z = last\n}\n")
    assert dotnn("explain-shape", str(path), "x", "--axis", "2").out.splitlines()[2:] == ["axis 2: 3", "  x  line 2  3"]
    shown = dotnn("explain-shape", str(path), "z", "--axis", "2").out
    assert shown == dotnn("explain-shape", str(path), "lstm", "--axis", "2").out
    assert shown.count("lstm  line 3  4  units=4") == 3
    assert [line for line in shown.splitlines() if line.startswith("lstm:")] == [
        f"lstm: float32[N, T, 4], {path}:3",
        f"lstm: float32[1, N, 4], {path}:3",
        f"lstm: float32[1, N, 4], {path}:3",
    ]


def test_arguments_of_the_model(tmp_path: Path):
    path = tmp_path / "net.nn"
    path.write_text(
        "model a { input x: float32[N, 3]\n output y = x -> dense(4) }\n"
        "model b(units: int = 5) { input x: float32[N, 3]\n output y = x -> dense(units) }\n"
    )
    shown = dotnn("explain-shape", str(path), "y", "--model", "b", "--set", "units=7").out
    assert "units=7" in shown


@pytest.mark.parametrize("name", ["flatten", "softmax", "image"])
def test_json_holds_the_types_of_the_summary(name: str):
    found = json.loads(dotnn("explain-shape", CNN, name, "--json").out)
    row = next(row for row in compile_file(CNN).summary().rows if row.path == name)
    assert (found["model"], found["layer"], found["kind"]) == ("mnist_cnn", name, row.kind)
    (result,) = found["results"]
    assert [str(size) for size in result["shape"]] == [str(dim) for dim in row.outputs[0].shape]
    assert sorted(axis for one in result["dimensions"] for axis in one["axes"]) == list(range(row.outputs[0].rank))
    for one in result["dimensions"]:
        steps = one["steps"]
        assert steps[0]["before"] is None
        assert [step["before"] for step in steps[1:]] == [step["after"] for step in steps[:-1]]
        assert steps[-1]["after"] == one["size"]
        assert all(step["file"] == CNN for step in steps)


def test_wrong_calls():
    done = dotnn("explain-shape", CNN, "flaten")
    assert done.code == 2
    assert "there is no layer 'flaten' in the model mnist_cnn: did you mean `flatten`?" in done.err
    done = dotnn("explain-shape", CNN, "qqqqqqqqqqqqq")
    assert "`dotnn summary` shows all names" in done.err
    done = dotnn("explain-shape", CNN, "flatten", "--axis", "2")
    assert done.code == 2
    assert "--axis 2: axes of float32[N, 800] are -2 to 1" in done.err
    assert dotnn("explain-shape", "nowhere.nn", "x").code == 2


def test_a_file_with_a_mistake_gets_its_remedies(tmp_path: Path):
    path = tmp_path / "net.nn"
    path.write_text("model net { input x: float32[N, 8, 4, 4]\n output y = x + (x -> conv2d(8, kernel=3)) }\n")
    for command in (["explain-shape", str(path), "y"], ["summary", str(path)], ["check", str(path)]):
        done = dotnn(*command)
        assert done.code == 1
        assert "= help: let `conv2d` in line 2 keep the size by padding" in done.out + done.err
    found = json.loads(dotnn("check", str(path), "--format", "json").out)
    assert found["diagnostics"][0]["fixes"][0]["message"] == "let `conv2d` in line 2 keep the size by padding"
    piped = dotnn("check", "-", stdin=path.read_text())
    assert "keep the size by padding" in piped.out
