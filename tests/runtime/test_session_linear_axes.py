"""Feeding axes such as `4 * H`: what fits, what is said of what does not, and models of older and newer versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.dims.linear import LinearForm
from dotnn.compiler.dims.parsing import expression
from dotnn.compiler.export.metadata import FORMAT
from dotnn.runtime import Session
from dotnn.runtime.session import READABLE
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from tests.helpers.cli_calls import dotnn

Shapes = Mapping[str, tuple[int, ...]]
#: What this version writes, and what version 1 wrote, where the shape alone says what `4*H` is.
NEW = {
    "dotnn.format": "2",
    "dotnn.symbols": json.dumps([{"symbol": "H", "input": "x", "axis": 1, "factor": 4, "offset": 0}]),
    "dotnn.demands": json.dumps([{"dim": "4*H", "minimum": 8, "reason": "it says so"}]),
}
OLD = {key: text for key, text in NEW.items() if key != "dotnn.symbols"} | {"dotnn.format": "1"}


def session(*inputs: str) -> Session:
    lines = [f"input x{number}: float32[{shape}]\noutput y{number} = x{number}" for number, shape in enumerate(inputs)]
    return Session(compile_source("model m {\n" + "\n".join(lines) + "\n}"))


def fed(found: Session, *shapes: tuple[int, ...]) -> str:
    """The sizes of the symbols, or everything that is wrong."""
    try:
        feeds = {f"x{number}": np.zeros(shape, np.float32) for number, shape in enumerate(shapes)}
        return str(dict(sorted(found.prepare(feeds).sizes.items())))
    except DotnnError as error:
        return str(error)


def model_bytes(shape: list[str | int], metadata: Mapping[str, str]) -> bytes:
    """A model made by onnx alone, as a file of some version would be."""
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "tiny", info[:1], info[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    helper.set_model_props(model, dict(metadata))
    return model.SerializeToString()


# What fits ------------------------------------------------------------------------------------------------------------


def test_what_fits_tells_the_symbols() -> None:
    found = session("N, 3, 4 * H, 2 * W - 1", "H, W + 2")
    assert fed(found, (2, 3, 32, 5), (8, 5)) == "{'H': 8, 'N': 2, 'W': 3}"


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (30, "sizes that fit are 28 (`H` = 7) and 32 (`H` = 8)"),
        (5, "sizes that fit are 4 (`H` = 1) and 8 (`H` = 2)"),
        (3, "the least size that fits is 4 (`H` = 1)"),
    ],
)
def test_what_does_not_fit_is_told_the_nearest_sizes(size: int, said: str) -> None:
    found = fed(session("N, 4 * H"), (1, size))
    assert f"axis 1 of `x0` has size {size}, and the model reads 4*H ({said})" in found


@pytest.mark.parametrize(
    ("form", "size", "said"),
    [
        ("H + 3", 3, "the least size that fits is 4 (`H` = 1)"),
        ("4 * H + 1", 1, "the least size that fits is 5 (`H` = 1)"),
        ("4 * H + 1", 12, "sizes that fit are 9 (`H` = 2) and 13 (`H` = 3)"),
        ("3 * H - 8", 2, "sizes that fit are 1 (`H` = 3) and 4 (`H` = 4)"),
    ],
)
def test_offsets_count(form: str, size: int, said: str) -> None:
    assert said in fed(session(form), (size,))


def test_every_axis_that_does_not_fit_is_named() -> None:
    found = fed(session("N, 4 * H, 4 * W"), (1, 30, 33))
    assert "28 (`H` = 7) and 32 (`H` = 8)" in found
    assert "32 (`W` = 8) and 36 (`W` = 9)" in found


def test_axes_that_disagree_say_so() -> None:
    found = fed(session("4 * H, 2 * H"), (28, 16))
    assert "axis 1 of `x0` makes `H` 8, and axis 0 of `x0` makes it 7" in found
    assert "with `H` = 7 axis 1 of `x0` has size 14" in found
    found = fed(session("4 * H", "H"), (32,), (7,))
    assert "axis 0 of `x0` makes `H` 8, and axis 0 of `x1` makes it 7" in found
    assert "has size 28" in found


def test_further_axes_are_held_against_the_symbol() -> None:
    found = session("4 * H, H // 2")
    assert fed(found, (32, 4)) == "{'H': 8}"
    assert "axis 1 of `x0` has size 3, and the model reads floor(H / 2) = 4" in fed(found, (32, 3))


def test_demands_speak_of_the_symbol(tmp_path: Path) -> None:
    text = "model m { input x0: float32[N, 3, 4 * H, 4 * W] output y = x0 -> conv2d(2, kernel=7) }"
    compiled = compile_source(text)
    assert compiled.summary().demands == ("H >= 2", "W >= 2")
    compiled.save(tmp_path / "m.onnx")
    found = fed(Session(tmp_path / "m.onnx"), (1, 3, 4, 8))
    assert "with H = 1 it follows that `4*H = 4`, and the model needs at least 7 (give a larger `H`)" in found


def test_the_division_inside_of_the_model_is_exact() -> None:
    body = "output y = x[0] -> unsqueeze(axis=[0, 1]) -> expand([H, N, 3 * H + 2])"
    found = Session(compile_source(f"model m {{ input x: float32[N, 3 * H + 2] {body} }}"))
    for n, h in [(1, 1), (3, 2), (2, 7)]:
        assert found.run(np.ones((n, 3 * h + 2), np.float32))["y"].shape == (h, n, 3 * h + 2)


# The command ----------------------------------------------------------------------------------------------------------


def test_the_command_on_a_file(tmp_path: Path) -> None:
    (tmp_path / "m.nn").write_text("model m {\n    input x: float32[N, 4 * H]\n    output y = x -> relu\n}\n")
    assert dotnn("build", str(tmp_path / "m.nn"), "-o", str(tmp_path / "m.onnx")).code == 0
    for name in ("m.nn", "m.onnx"):
        path = str(tmp_path / name)
        done = dotnn("run", path, "--random", "0", "--size", "H=8", "--save", str(tmp_path / "y.npy"))
        assert done.code == 0, done
        assert np.load(tmp_path / "y.npy").shape == (1, 32)
        np.save(tmp_path / "x.npy", np.zeros((1, 30), np.float32))
        done = dotnn("run", path, "--input", str(tmp_path / "x.npy"))
        assert done.code == 2
        assert "28 (`H` = 7) and 32 (`H` = 8)" in " ".join(done.err.split())


# Versions of the metadata ---------------------------------------------------------------------------------------------


def shown(shape: list[str | int], metadata: Mapping[str, str], *fed_shape: int) -> str:
    found = Session(model_bytes(shape, metadata))
    try:
        return str(dict(found.prepare(np.zeros(fed_shape, np.float32)).sizes))
    except DotnnError as error:
        return str(error)


def test_the_version_that_is_written_is_the_last_one_that_is_read() -> None:
    assert int(FORMAT) == READABLE[-1]


@pytest.mark.parametrize("metadata", [OLD, NEW])
def test_old_and_new_files_are_checked_alike(metadata: Mapping[str, str]) -> None:
    assert shown(["N", "4*H"], metadata, 1, 32) == "{'H': 8, 'N': 1}" or shown(["N", "4*H"], metadata, 1, 32) == (
        "{'N': 1, 'H': 8}"
    )
    assert "28 (`H` = 7) and 32 (`H` = 8)" in shown(["N", "4*H"], metadata, 1, 30)
    assert "E917" in shown(["N", "4*H"], metadata, 1, 4)
    assert "E918" in shown(["N", "4*H"], metadata, 0, 8)


@pytest.mark.parametrize("shape", [["N", 32], ["N", "width"], ["N", "unk__3"]])
def test_a_new_file_tells_its_dimensions_whatever_tools_call_them(shape: list[str | int]) -> None:
    assert "'H': 8" in shown(shape, NEW, 1, 32)
    if isinstance(shape[1], str):
        assert "28 (`H` = 7) and 32 (`H` = 8)" in shown(shape, NEW, 1, 30)


def test_a_newer_file_runs_and_says_that_it_is_newer() -> None:
    newer = dict.fromkeys(NEW, "what may this mean?") | {"dotnn.format": "3", "dotnn.labels": "[1]"}
    found = Session(model_bytes(["N", 4], newer), provider="cpu")
    assert [note.code for note in found.notes] == ["W909"]
    assert "version 3" in found.notes[0].headline()
    assert "2 is the last one known" in found.notes[0].headline()
    assert (found.labels, found.demands, found.sources) == (None, (), ())
    assert found.run(np.ones((0, 4), np.float32))["y"].shape == (0, 4)


@pytest.mark.parametrize("version", ["", "0", "-1", "2.0", "two", "²", "1" * 40, " 2"])
def test_a_version_that_is_none(version: str) -> None:
    with pytest.raises(DotnnError) as raised:
        Session(model_bytes(["N", 4], {"dotnn.format": version}))
    assert [one.code for one in raised.value.diagnostics] == ["E909"]


@pytest.mark.parametrize(
    "entries",
    [
        "{}",
        "[3]",
        "[{}]",
        "[[[",
        '[{"symbol": "H", "input": "x", "axis": 1, "factor": 0, "offset": 0}]',
        '[{"symbol": "H", "input": "x", "axis": -1, "factor": 1, "offset": 0}]',
        '[{"symbol": "H", "input": "x", "axis": true, "factor": 1, "offset": 0}]',
        '[{"symbol": "H", "input": "x", "axis": 1, "factor": 1.5, "offset": 0}]',
        '[{"symbol": "H", "input": "x", "axis": 1, "factor": 1, "offset": 99999999999999999999}]',
        '[{"symbol": 3, "input": "x", "axis": 1, "factor": 1, "offset": 0}]',
    ],
)
def test_symbols_that_are_none(entries: str) -> None:
    with pytest.raises(DotnnError) as raised:
        Session(model_bytes(["N", "4*H"], {**NEW, "dotnn.symbols": entries}))
    assert [one.code for one in raised.value.diagnostics] == ["E909"]


@pytest.mark.parametrize("changed", [{"input": "other"}, {"axis": 7}, {"factor": 10**15}, {"offset": -(10**15)}])
def test_symbols_of_what_is_not_there_leave_the_shapes(changed: dict[str, Any]) -> None:
    (entry,) = json.loads(NEW["dotnn.symbols"])
    metadata = {**NEW, "dotnn.symbols": json.dumps([{**entry, **changed}])}
    text = shown(["N", "4*H"], metadata, 1, 32)
    assert "'H': 8" in text or "error[E914]" in text or "error[E915]" in text


def test_expressions_that_are_linear_forms() -> None:
    sizes = {"N": 3}
    forms = {
        "4*H": (4, 0),
        "2*(2*H)+1": (4, 1),
        "H*4 - 3": (4, -3),
        "N*H + N": (3, 3),
        "H**1": (1, 0),
        "2*H - H": (1, 0),
    }
    for text, form in forms.items():
        assert expression(text).linear_form("H", sizes) == LinearForm("H", *form), text
    none = ("ceil(H / 2)", "min(H, 3000)", "H / 2", "H**2", "H*H", "H - H", "7", "M*H", "H // 1", "H % 5", "3 - 2*H")
    for text in none:
        assert expression(text).linear_form("H", sizes) is None, text


# By plain integers ----------------------------------------------------------------------------------------------------

forms = st.tuples(st.sampled_from("HW"), st.integers(1, 6), st.integers(-6, 6))


@settings(max_examples=250, deadline=None)
@given(axes=st.lists(forms, min_size=1, max_size=4), data=st.data())
def test_random_forms_and_sizes(axes: list[tuple[str, int, int]], data: st.DataObject) -> None:
    """A feed is taken just where one size of each symbol, at least 1, gives every axis; the sizes are those."""
    split = data.draw(st.integers(1, len(axes)))
    parts = [part for part in (axes[:split], axes[split:]) if part]
    written = [", ".join(f"{factor} * {name} + {offset}" for name, factor, offset in part) for part in parts]
    found = session(*written)
    wanted = {name: data.draw(st.integers(1, 6)) for name in "HW"}
    exact = [factor * wanted[name] + offset for name, factor, offset in axes]
    sizes = [max(size + data.draw(st.sampled_from([0, 0, 0, 0, 1, -1, 2])), 1) for size in exact]
    shapes = [tuple(sizes[:split]), tuple(sizes[split:])][: len(parts)]
    names = sorted({name for name, _, _ in axes})
    pairs = list(zip(axes, sizes, strict=True))
    solutions = {
        name: [
            value
            for value in range(1, 60)
            if all(axis[1] * value + axis[2] == size for axis, size in pairs if axis[0] == name)
        ]
        for name in names
    }
    text = fed(found, *shapes)
    if all(len(values) == 1 for values in solutions.values()):
        assert text == str({name: values[0] for name, values in solutions.items()})
    else:
        assert "error[E914]" in text or "error[E915]" in text
        assert "Traceback" not in text


def test_the_shape_of_the_file_is_what_onnx_infers() -> None:
    body = "output y = x -> max_pool2d(2) -> conv2d(2, kernel=3, padding=1)"
    found = compile_source(f"model m {{ input x: float32[N, 3, 4 * H, 4 * W] {body} }}")
    model = onnx.load_from_string(found.to_bytes())
    onnx.checker.check_model(model, full_check=True)
    (pooled,) = (info for info in model.graph.value_info if info.name == "max_pool2d")
    assert [one.dim_param or one.dim_value for one in pooled.type.tensor_type.shape.dim] == ["N", 3, "2*H", "2*W"]
