"""Inputs from files and from the command line."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from dotnn.compiler.diagnostics import DotnnError
from dotnn.runtime import TensorInfo
from dotnn.runtime import array_files as arrays_module
from dotnn.runtime.text_values import table_shapes
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.feeds import IDS, IMAGE, MASK, X, fault, read, write

# The text of an input -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["x=[[1,2,3,4]]", " [[1, 2, 3, 4]]", '{"x": [[1, 2, 3, 4]]}', "x= [[1e0,2.0,3,4]]"])
def test_values_stand_on_the_command_line(text):
    arrays = read(text)
    np.testing.assert_array_equal(arrays["x"], np.array([[1, 2, 3, 4]], np.float32))
    assert arrays["x"].dtype == np.float32


def test_scalars_and_truth_values_stand_on_the_command_line():
    inputs = (TensorInfo("a", "float32", ()), TensorInfo("b", "bool", ()), TensorInfo("c", "int8", ()))
    arrays = read("a=-1.5", "b=true", "c=7", inputs=inputs)
    assert {name: (array.item(), array.dtype.name) for name, array in arrays.items()} == {
        "a": (-1.5, "float32"),
        "b": (True, "bool"),
        "c": (7, "int8"),
    }


def test_names_of_other_makers_may_hold_any_sign(tmp_path):
    inputs = (TensorInfo("a=b", "float32", ("N",)), TensorInfo("a", "float32", ("N",)))
    path = tmp_path / "v=1.npy"
    np.save(path, np.float32([5]))
    arrays = read("a=b=[1]", f"a={path}", inputs=inputs)
    assert arrays["a=b"].tolist() == [1]
    assert arrays["a"].tolist() == [5]


def test_a_file_whose_name_has_an_equals_sign_needs_no_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save(tmp_path / "lr=1.npy", np.float32([[5]]))
    assert read("lr=1.npy")["x"].tolist() == [[5]]


def test_standard_input_is_json_and_read_once():
    assert read("-", stdin=b"[[1,2,3,4]]")["x"].shape == (1, 4)
    assert read("x=-", stdin=b'{"x": [[1,2,3,4]], "other": 0}')["x"].shape == (1, 4)
    both = read("-", stdin=b'{"x": [[1,2,3,4]], "ids": [[1]]}', inputs=(X, IDS))
    assert list(both) == ["x", "ids"]
    fault(lambda: read("x=-", "ids=-", stdin=b"[[1,2,3,4]]", inputs=(X, IDS)), "E938")
    fault(lambda: read("-", stdin=b"[[1,"), "E922")
    fault(lambda: read("-", stdin=b"\xff\xfe\xff"), "E922")


def test_all_faults_of_all_texts_are_one_report(tmp_path):
    texts = ("y=[1]", "x=[[1,2", f"ids={tmp_path / 'none.npy'}", "[1]")
    unknown, inline, missing, nameless = fault(lambda: read(*texts, inputs=(X, IDS)), "E912", "E935", "E901", "E919")
    assert "`x: float32[N, 4]`" in unknown.advice()
    assert "column" in inline.headline()
    assert "no such file" in missing.headline()
    assert "`ids: int64[N, T]`" in nameless.headline()


def test_near_names_and_inputs_given_twice():
    (near,) = fault(lambda: read("imagee=[1]", inputs=(IMAGE, IDS)), "E912")
    assert "did you mean `image`?" in near.advice()
    (twice,) = fault(lambda: read("x=[[1,2,3,4]]", "x=[[4,3,2,1]]"), "E936")
    assert "[[4,3,2,1]]" in twice.headline()


def test_paths_that_are_no_files(tmp_path):
    (folder,) = fault(lambda: read(f"x={tmp_path}"), "E901")
    assert "folder" in folder.headline()
    (kind,) = fault(lambda: read(f"x={write(tmp_path / 'a.bmp', b'BM')}"), "E921")
    assert ".npz" in kind.advice()
    fault(lambda: read("x=a\0b.npy"), "E901")
    fault(lambda: read("x=" + "a" * 5000 + ".npy"), "E901")
    fault(lambda: read("x=/dev/zero" if os.path.exists("/dev/zero") else f"x={tmp_path}"), "E901")


def test_what_is_no_input_says_what_one_may_be_and_what_the_model_reads(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for texts, code in ((["text"], "E901"), (["x="], "E991"), ([""], "E991"), (["."], "E901"), ([".."], "E901")):
        (one,) = fault(lambda texts=texts: read(*texts), code)
        assert ".npz" in one.advice()
        assert "JSON" in one.advice()
        assert one.notes() == ("the model reads one input: `x: float32[N, 4]`",)
    (one,) = fault(lambda: read("x=", inputs=(X, IDS)), "E991")
    assert one.headline() == "nothing is given behind `x=`"
    assert one.notes() == ("the model reads 2 inputs: `x: float32[N, 4]`, `ids: int64[N, T]`",)


def test_files_that_may_be_meant_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "data").mkdir()
    for name in ("digit.png", "data/left.npy", "data/right.npy", "notes.txt"):
        write(tmp_path / name, b"")
    assert fault(lambda: read("digit.pgn"), "E901")[0].advice() == "did you mean `digit.png`?"
    assert fault(lambda: read("digit"), "E901")[0].advice() == "did you mean `digit.png`?"
    assert fault(lambda: read("x=data/lefft.npy"), "E901")[0].advice() == f"did you mean `{Path('data/left.npy')}`?"
    if os.name != "nt":
        assert fault(lambda: read("x=~/digit.png"), "E901")[0].advice() == f"did you mean `{tmp_path}/digit.png`?"
    (folder,) = fault(lambda: read("x=data"), "E901")
    assert f"give one file of it, `{Path('data/left.npy')}` or `{Path('data/right.npy')}`; an" in folder.advice()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1,2,3", "[1, 2, 3]"),
        ("1 -2.5; 3e4", "[1, -2.5, 3e4]"),
        ("nan", "`NaN`"),
        ("x=-inf", "`-Infinity`"),
        ("x=True", "`true`"),
        ("(1, 2)", "[1, 2]"),
        ("((1, 2), (3, -4.5))", "[[1, 2], [3, -4.5]]"),
    ],
)
def test_values_in_another_spelling_are_spelt_right(tmp_path, monkeypatch, text, written):
    monkeypatch.chdir(tmp_path)
    (one,) = fault(lambda: read(text), "E935")
    assert f"write {written}" in one.advice() or f"--input '{written}'" in one.advice()
    # A file of that name is a file.
    write(tmp_path / text.removeprefix("x="), b"")
    fault(lambda: read(text), "E921")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("[[nan]]", "`NaN`"),
        ("[1, -inf]", "`-Infinity`"),
        ("[True, False]", "`true`"),
        ('{"nan": [false, False]}', "`false`"),
    ],
)
def test_words_of_python_in_lists_are_spelt_right(text, written):
    (one,) = fault(lambda: read(text), "E935")
    assert one.advice() == f"write {written}"
    assert "at line 1" in one.headline()


def test_nothing_is_downloaded():
    (one,) = fault(lambda: read("x=https://example.com/x.png"), "E901")
    assert one.headline() == "cannot read `https://example.com/x.png`: nothing is downloaded"


@pytest.mark.parametrize(
    ("name", "content", "kind", "instead"),
    [
        ("w.onnx", b"\x08\x0a\x12\x05dotnn\x00\x92", "an ONNX model", "`dotnn run w.onnx`"),
        ("w.pt", b"PK\x03\x04" + bytes(22) + b"\x0a\x00\x00\x00x/data.pkl", "a file of PyTorch", "--weights w.pt"),
        ("net.nn", "model net { }", "the text of a model", "`dotnn run net.nn`"),
        ("x.gif", b"GIF89a", "an image that is neither PNG nor JPEG", "PNG or JPEG"),
        ("a.tsv", "1\t2\n", "a table", "rename it to `a.csv`"),
        ("train.py", "import os\n", "a Python program", "`dotnn new net.nn`"),
    ],
)
def test_other_kinds_of_files_are_told_what_takes_them(tmp_path, monkeypatch, name, content, kind, instead):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / name, content)
    (one,) = fault(lambda: read(name), "E921")
    assert one.headline() == f"`{name}` is {kind}, and no input is read from it"
    assert instead in one.advice()
    assert "inputs are read from .npy" in one.advice()


def test_an_archive_of_other_arrays_is_one_mistake(tmp_path):
    np.savez(tmp_path / "w.npz", weight=np.zeros(4), bias=np.zeros(4))
    (one,) = fault(lambda: read(str(tmp_path / "w.npz"), inputs=(X, IDS)), "E937")
    assert "`weight`, `bias`" in one.headline()
    assert "--weights" in one.advice()
    (one,) = fault(lambda: read('{"a": [1], "b": [2]}', inputs=(X, IDS)), "E937")
    assert "2 inputs" in one.notes()[0]


# Arrays -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "array",
    [
        np.arange(8, dtype=np.float32).reshape(2, 4),
        np.asfortranarray(np.arange(8.0).reshape(2, 4)),
        np.arange(8, dtype=">i4").reshape(2, 4),
        np.array(3.5),
        np.zeros((0, 4), np.float32),
        np.array(["a", "bc"]),
        np.array([[True, False]]),
    ],
)
def test_npy_and_npz_files_come_back_as_numpy_wrote_them(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    np.savez(tmp_path / "named.npz", x=array, ids=array)
    np.savez_compressed(tmp_path / "unnamed.npz", array)
    for text in ("a.npy", "x=a.npy", "x=named.npz", "unnamed.npz", "x=unnamed.npz"):
        name, _, file = text.rpartition("=")
        given = f"{name}={tmp_path / file}" if name else str(tmp_path / file)
        result = read(given)["x"]
        assert result.dtype == array.dtype
        np.testing.assert_array_equal(result, array)
    assert set(read(str(tmp_path / "named.npz"), inputs=(X, IDS))) == {"x", "ids"}


def test_arrays_of_an_archive_are_taken_by_name(tmp_path):
    np.savez(tmp_path / "a.npz", xx=np.zeros(4), ids=np.zeros(4))
    (near,) = fault(lambda: read(f"x={tmp_path / 'a.npz'}"), "E937")
    assert "`xx`" in near.advice()
    fault(lambda: read(f"{tmp_path / 'a.npz'}", inputs=(X, IDS)), "E912")
    np.savez(tmp_path / "none.npz")
    fault(lambda: read(str(tmp_path / "none.npz")), "E922")


def npy(header, data=b"", version=(1, 0)):
    text = header.encode("latin1") + b"\n"
    size = len(text).to_bytes(2 if version == (1, 0) else 4, "little")
    return b"\x93NUMPY" + bytes(version) + size + text + data


BOMB = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 1000000000)}"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "E922"),
        (b"\x93NUMPY", "E922"),
        (b"PK\x03\x04", "E922"),
        (npy(BOMB), "E923"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1000,)}", b"\0" * 10), "E922"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}"), "E922"),
        (npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"cos\nsystem\n."), "E924"),
        (npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", b"\0" * 4), "E924"),
        (npy("{'descr': '<M8[D]', 'fortran_order': False, 'shape': (1,)}", b"\0" * 8), "E924"),
        (npy("{'descr': '<U0', 'fortran_order': False, 'shape': (9,)}"), "E922"),
        (npy("{'descr': 'f4'"), "E922"),
        (npy("(" * 9000), "E922"),
        (npy("x" * 60_000), "E922"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", b"\0" * 4, (3, 0)), "E924"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", b"\0" * 4, (9, 0)), "E922"),
    ],
)
def test_damaged_and_dangerous_arrays_are_refused(tmp_path, content, code):
    path = write(tmp_path / "a.npy", content)
    fault(lambda: read(str(path)), code)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", content)
    fault(lambda: read(str(tmp_path / "a.npz")), code)


def test_nothing_is_unpickled(tmp_path):
    class Dangerous:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "made"),)

    np.save(tmp_path / "a.npy", np.array([Dangerous()], object))
    fault(lambda: read(str(tmp_path / "a.npy")), "E924")
    assert not (tmp_path / "made").exists()


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays_module, "MAX_BYTES", 1000)
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros((100, 4), np.float32))
    fault(lambda: read(str(tmp_path / "a.npz")), "E923")


@pytest.mark.parametrize(
    "shape", ["(3, True)", "(True, 4)", f"(0, {2**70})", f"({2**62}, 4)", "(" + "1, " * 70 + ")", "(-1, 4)", "(1.0, 4)"]
)
def test_impossible_shapes_are_refused(tmp_path, shape):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    content = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(48)
    fault(lambda: read(f"x={write(tmp_path / 'a.npy', content)}"), "E922")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", content)
    fault(lambda: read(str(tmp_path / "a.npz")), "E922")


def test_an_array_that_stands_twice_in_an_archive_is_refused(tmp_path):
    stream = io.BytesIO()
    np.save(stream, np.zeros((1, 4), np.float32))
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", stream.getvalue())
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("x.npy", stream.getvalue())
    (twice,) = fault(lambda: read(str(tmp_path / "a.npz")), "E922")
    assert "`x` twice" in twice.headline()


def test_compressed_arrays_are_bounded_together(tmp_path, monkeypatch):
    monkeypatch.setattr(arrays_module, "MAX_UNPACKED", 100)
    arrays = {"x": np.zeros((3, 4), np.float32), "ids": np.zeros((3, 3), np.int64)}
    np.savez_compressed(tmp_path / "packed.npz", **arrays)
    fault(lambda: read(str(tmp_path / "packed.npz"), inputs=(X, IDS)), "E923")
    np.savez(tmp_path / "plain.npz", **arrays)
    assert list(read(str(tmp_path / "plain.npz"), inputs=(X, IDS))) == ["x", "ids"]


@pytest.mark.parametrize("seed", range(3))
def test_no_damage_leads_to_a_traceback(tmp_path, seed):
    stream = io.BytesIO()
    np.savez_compressed(stream, x=np.zeros((9, 4), np.float32))
    plain = io.BytesIO()
    np.save(plain, np.zeros((2, 4)))
    seeds = {"a.npz": stream.getvalue(), "a.npy": plain.getvalue(), "a.csv": b"a,b\n1,2\n", "a.json": b'{"x": [[1]]}'}
    generator = np.random.default_rng(seed)
    refused = 0
    for name, content in seeds.items():
        for _ in range(40):
            damaged = bytearray(content)
            damaged[generator.integers(len(damaged))] = generator.integers(256)
            path = write(tmp_path / name, bytes(damaged[: generator.integers(1, len(damaged) + 1)]))
            try:
                read(f"x={path}")
            except DotnnError:
                refused += 1
    assert refused > 30


# Tables -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "1,2,3,4\n5,6,7,8\n",
        "a,b,c,d\n1,2,3,4\n5,6,7,8",
        "\ufeff1;2;3;4\r\n5;6;7;8\r\n",
        "1\t2\t3\t4\n\n5\t6\t7\t8\n",
        "# numpy's savetxt\n1 2 3.0e0 4\n 5  6 7 8\n",
        '"a","b, with a comma","c","d"\n1,2,3,4\n5,6,7,8\n',
        " 1, 2, 3, 4\n 5, 6, 7, 8.\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_tables_of_every_usual_form_are_read(tmp_path, text, encoding):
    if encoding == "utf-16":
        text = text.removeprefix("\ufeff")
    path = write(tmp_path / "a.csv", text.encode(encoding))
    np.testing.assert_array_equal(read(str(path))["x"], np.arange(1, 9, dtype=np.float32).reshape(2, 4))


def test_a_row_is_an_example_in_row_major_order(tmp_path):
    path = write(tmp_path / "a.csv", "1,2,3,4,5,6\n7,8,9,10,11,12\n")
    expected = np.arange(1, 13, dtype=np.float32).reshape(2, 1, 2, 3)
    np.testing.assert_array_equal(read(str(path), inputs=(IMAGE,))["image"], expected)
    path = write(tmp_path / "b.csv", "1,2,3\n4,5,6\n")
    np.testing.assert_array_equal(read(str(path), inputs=(IMAGE,))["image"], expected[:1])


@pytest.mark.parametrize(
    ("rows", "columns", "shape", "ways"),
    [
        (5, 784, ("N", 784), [(5, 784)]),
        (28, 28, ("N", 1, 28, 28), [(1, 1, 28, 28)]),
        (5, 784, ("N", 1, 28, 28), [(5, 1, 28, 28)]),
        (784, 1, ("N", 1, 28, 28), [(1, 1, 28, 28)]),
        (84, 28, ("N", 3, 28, 28), [(1, 3, 28, 28)]),
        (7, 3, ("N", "T"), [(7, 3)]),
        (7, 3, (7, 3), [(7, 3)]),
        (1, 7, ("N",), [(7,)]),
        (7, 1, ("N",), [(7,)]),
        (1, 1, (), [()]),
        (4, 1, ("N", 4), [(1, 4)]),
        (2, 6, ("N", "T", 3), [(2, 2, 3)]),
        (5, 3, ("N", "T", 3), [(5, 1, 3), (1, 5, 3)]),
        (1, 3, ("N", "T", 3), [(1, 1, 3)]),
        (5, 783, ("N", 784), []),
        (5, 784, (4, 784), []),
        (2, 2, ("N",), []),
        (2, 9, ("N", 1, "H", "W"), [(1, 1, 2, 9)]),
        (2, 9, ("N", "C", "H", "W"), []),
        (2, 2, (), []),
    ],
)
def test_the_shapes_that_a_table_fills(rows, columns, shape, ways):
    assert table_shapes(rows, columns, shape) == ways
    for way in ways:
        assert np.zeros((rows, columns)).reshape(way).shape == way


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", "E922", "no numbers"),
        ("a,b,c,d\n", "E922", "no numbers"),
        ("1,2,3,4\n1,2,3\n", "E926", "line 2"),
        ("1,2,3,4\n1,2,x,4\n", "E925", "line 2, column 3"),
        ("1,2,,4\n", "E925", "empty"),
        ("1;2,5;3;4\n", "E925", "2,5"),
        ("1_000,2,3,4\n", "E925", "1_000"),
        ("1,2,3,٤\n", "E925", "column 4"),
        ("1,2,3\n", "E927", "[N, 4]"),
        ("1,2,3,1e99\n", "E929", "1e+99"),
        ("1,2,3,true\n", "E929", "true"),
        ("1,2,3," + "9" * 300 + "\n", "E929", "bits"),
        (b"\xff1,2", "E922", "UTF-8"),
    ],
)
def test_tables_that_are_refused(tmp_path, text, code, said):
    path = write(tmp_path / "a.csv", text)
    (diagnostic,) = fault(lambda: read(str(path)), code)
    assert said in diagnostic.headline()


def test_an_ambiguous_table_names_both_readings(tmp_path):
    sequence = TensorInfo("s", "float32", ("N", "T", 3))
    path = write(tmp_path / "a.csv", "1,2,3\n4,5,6\n")
    (diagnostic,) = fault(lambda: read(str(path), inputs=(sequence,)), "E928")
    assert "[2, 1, 3] or [1, 2, 3]" in diagnostic.headline()


@pytest.mark.parametrize(
    ("dtype", "text", "values"),
    [
        ("int64", "3,4.0,-5,9007199254740993", [3, 4, -5, 2**53 + 1]),
        ("uint8", "0,1,255,7", [0, 1, 255, 7]),
        ("bool", "true,False,1,0", [True, False, True, False]),
        ("float16", "1.5,nan,inf,-2", [1.5, np.nan, np.inf, -2]),
    ],
)
def test_numbers_take_the_type_of_the_input(tmp_path, dtype, text, values):
    tensor = TensorInfo("x", dtype, ("N", 4))
    array = read(str(write(tmp_path / "a.csv", text)), inputs=(tensor,))["x"]
    assert array.dtype.name == dtype
    np.testing.assert_array_equal(array, np.array([values], dtype))


@pytest.mark.parametrize(
    ("dtype", "text"),
    [("uint8", "256"), ("uint8", "-1"), ("int64", "1.5"), ("bool", "2"), ("int64", "nan"), ("float16", "65520")],
)
def test_numbers_that_the_type_cannot_hold_are_refused(tmp_path, dtype, text):
    tensor = TensorInfo("x", dtype, ("N",))
    (diagnostic,) = fault(lambda: read(str(write(tmp_path / "a.csv", text)), inputs=(tensor,)), "E929")
    assert dtype in diagnostic.headline()


def test_types_that_text_cannot_give_are_refused():
    fault(lambda: read("x=[1]", inputs=(TensorInfo("x", "bfloat16", ("N",)),)), "E910")


# JSON ---------------------------------------------------------------------------------------------------------------


def test_json_files_hold_one_tensor_or_several_by_name(tmp_path):
    one, several = tmp_path / "a.json", tmp_path / "b.json"
    one.write_text("[[1, 2, 3, 4]]")
    several.write_text(json.dumps({"ids": [[1, 2]], "x": [[1, 2, 3, 4]]}))
    assert read(str(one))["x"].shape == (1, 4)
    assert read(str(several), inputs=(X, IDS))["ids"].dtype == np.int64
    assert list(read(f"x={several}", inputs=(X, IDS))) == ["x"]
    fault(lambda: read(f"mask={several}", inputs=(X, IDS, MASK)), "E937")
    fault(lambda: read(str(several), inputs=(X,)), "E912")


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("[[1, 2, 3, 4], [1, 2]]", "E926", "item [1]"),
        ("[[[1], [2]], [[3], [4, 5]]]", "E926", "item [1][1]"),
        ("[[1, 2, 3], 4]", "E926", "item [1]"),
        ("[4, [1, 2, 3]]", "E926", "item [1]"),
        ("[[1, 2, null, 4]]", "E925", "item [0][2]"),
        ('[[1, 2, "3", 4]]', "E925", "3"),
        ('[{"a": 1}]', "E925", "object"),
        ("[[1, 2, 3, true]]", "E929", "item [0][3]"),
        ("[[1, 2, 3, 1e999999]]", None, ""),
        ("[1" + "0" * 5000 + "]", "E935", ""),
        ("[" * 100_000, "E935", "deep"),
        ("[" * 40 + "]" * 40, "E922", "32 deep"),
        ('{"x": [1], "x": [2]}', "E935", "twice"),
        ("[1,]", "E935", "line 1"),
    ],
)
def test_json_that_is_refused(text, code, said):
    if code is None:
        assert np.isinf(read(f"x={text}")["x"][0, 3])
        return
    (diagnostic,) = fault(lambda: read(text), code)
    assert said in diagnostic.headline()


@given(
    st.integers(0, 3).flatmap(lambda rank: st.lists(st.integers(1, 3), min_size=rank, max_size=rank).map(tuple)),
    st.sampled_from(["float32", "float64", "int8", "bool"]),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_what_numpy_writes_as_lists_is_read_back(shape, dtype, random):
    array = np.array([random.randint(0, 1) for _ in range(int(np.prod(shape)))], dtype).reshape(shape)
    tensor = TensorInfo("x", dtype, ("N",) * len(shape))
    result = read("x=" + json.dumps(array.tolist()), inputs=(tensor,))["x"]
    np.testing.assert_array_equal(result, array, strict=True)
