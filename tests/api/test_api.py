"""The Python API at a prompt: what objects look like, what arguments are taken, and what is said of wrong ones."""

from __future__ import annotations

import pickle  # noqa: TID251  errors cross processes by it
import subprocess
import sys
from collections.abc import Callable, Iterator
from enum import Enum
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dotnn
import numpy as np
import pytest
from dotnn.compiler.diagnostics.render import render
from dotnn.compiler.graph.types import DType

from tests.helpers.cli_calls import dotnn as command
from tests.helpers.paths import EXAMPLES
from tests.helpers.weight_helpers import diagnostic_of, diagnostics_of

TEXT = "model m(classes: int = 3, rate: float = 0.5) { input x: float32[N, 4] output y = x -> fc: dense(classes) }"
BLOCKS = 'model m(sizes: list = [1], tag: string = "a", on: bool = true) { input x: float32[N, 4] output y = x }'

# The module -----------------------------------------------------------------------------------------------------------


def test_version_and_names() -> None:
    assert dotnn.__version__ == version("dotnn")
    assert set(dotnn.__all__) | {"__version__", "__name__"} <= set(dir(dotnn))
    assert not {"annotations", "TYPE_CHECKING", "sys"} & set(dir(dotnn))
    for name in dir(dotnn):
        assert getattr(dotnn, name) is not None or name.startswith("__")
    assert set(dotnn.compiler.__all__) <= set(dir(dotnn.compiler))
    assert dotnn.compiler.compile_file is dotnn.compile_file
    assert dotnn.runtime.Session is dotnn.Session


def test_a_misspelt_name_is_an_error_that_python_can_mend() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'compile_fil'") as caught:
        _ = dotnn.compile_fil  # pyright: ignore[reportAttributeAccessIssue]
    assert (caught.value.name, caught.value.obj) == ("compile_fil", dotnn)


def test_importing_loads_nothing() -> None:
    """Neither a part of dotnn nor what finds its version."""
    program = "import sys; before = set(sys.modules); import dotnn; dir(dotnn); print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    loaded = {name for name in done.stdout.split() if not name.startswith("__editable__")}
    assert {name for name in loaded if name.startswith("dotnn")} == {"dotnn"}
    assert not {"importlib.metadata", "numpy", "networkx", "onnx", "onnxruntime"} & loaded


# What objects look like -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def resnet() -> dotnn.Compiled:
    return dotnn.compile_file(EXAMPLES / "zoo" / "resnet152.nn")


def seen(model: dotnn.Compiled, folder: Path) -> Iterator[object]:
    """Whatever a user meets who looks around at a prompt."""
    small = dotnn.compile_file(EXAMPLES / "mnist_cnn.nn")
    session = dotnn.Session(small, provider="cpu")
    feeds = session.prepare(np.ones((1, 1, 28, 28), np.float32))
    report = dotnn.check(EXAMPLES / "zoo" / "resnet152.nn")
    summary, node = model.summary(), model.graph.nodes()[40]
    optimized = model.optimized("onnx")
    yield from (model, summary, summary.rows[5], summary.rows, summary.count, report, model.network, model.warnings)
    yield from (model.graph, model.graph.outputs, node, node.origins, node.operands, node.op, optimized)
    folded = next(one for one in optimized.graph.nodes() if one.kind == "Conv")
    parts = [optimized.graph.producer(value) for value in folded.operands if value is not None]
    parts += [one for one in optimized.graph.nodes() if one.kind in ("parameter", "constant")]
    yield from (folded, folded.op, *parts, *(one.op for one in parts), model.graph.weights(), folded.origins)
    yield from (optimized.fusions, model.network.module, model.network.model, model.network.module.source)
    yield from (model.network.expectations, session, session.inputs, session.outputs, session.notes, feeds)
    yield small.save(folder / "small.onnx")


def test_every_repr_is_a_short_line(resnet: dotnn.Compiled, tmp_path: Path) -> None:
    for thing in seen(resnet, tmp_path):
        many = max(1, len(thing)) if isinstance(thing, tuple) else 1
        assert "\n" not in repr(thing)
        assert len(repr(thing)) <= 400 * many, type(thing)
        assert " object at 0x" not in repr(thing)


def test_reprs_of_long_names_are_short() -> None:
    label = "a" * 900
    model = dotnn.compile_source(f"model {label} {{ input x: float32[N, 4] output {label}y = x -> {label}: dense(2) }}")
    for thing in (model, model.summary(), model.graph, model.graph.outputs, model.network, model.network.module):
        assert len(repr(thing)) < 300
    assert len(repr(model.summary().rows[1])) < 300
    assert len(repr(model.graph.nodes()[1])) < 300


def test_reprs_say_the_facts(resnet: dotnn.Compiled) -> None:
    assert repr(resnet) == "Compiled('resnet152', 516 nodes, 60,192,808 parameters, 0 warnings)"
    assert repr(resnet.graph) == "Graph('resnet152', 516 nodes, 1 output)"
    assert repr(resnet.summary()).startswith("Summary('resnet152', 516 rows, 60,192,808 parameters, MACs: 11,513,")
    assert repr(resnet.graph.outputs) == "Outputs('logits')"
    text = "model m(k: int = 4) { input x: float32[N, 4] output y = x -> relu expect y.shape == [N, k] }"
    model = dotnn.compile_source(text, arguments={"k": 5})
    assert repr(model) == "Compiled('m', 2 nodes, 0 parameters, 1 warning)"
    assert repr(model.warnings).startswith("(ExpectationFailedOtherwise(W701, '<string>:1:74', ")
    assert repr(dotnn.check(EXAMPLES / "mnist_cnn.nn")) == "Report(0 errors, 0 warnings)"


def test_report(tmp_path: Path) -> None:
    path = tmp_path / "m.nn"
    path.write_text("model m { input x: float32[N, 4] a = x -> relu output y = x -> dnse(3) output z = y -> dense(0) }")
    report = dotnn.check(path)
    assert repr(report) == "Report(2 errors, 0 warnings, E203, E301)"
    lines = str(report).splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"{path}:1:") for line in lines)
    assert str(dotnn.check(EXAMPLES / "mnist_cnn.nn")) == "no errors, no warnings"


# The summary ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mnist_cnn", "zoo/resnet50", "sentiment_lstm", "zoo/video_cnn", "zoo/gru_tagger"])
def test_summary_as_text_is_what_the_command_prints(name: str) -> None:
    path = EXAMPLES / f"{name}.nn"
    assert f"{dotnn.compile_file(path).summary()}\n" == command("summary", str(path)).out


class _Tables(HTMLParser):
    """The cells of each row, and what is not well-formed."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert {name for name, _ in attrs} <= {"scope", "style"}
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("th", "td"):
            self.rows[-1][-1] += data
        else:
            assert not data.strip() or self.open[-1] == "caption"


@pytest.mark.parametrize("name", ["mnist_cnn", "zoo/gru_tagger"])
def test_summary_as_html_has_the_words_of_the_text(name: str) -> None:
    summary = dotnn.compile_file(EXAMPLES / f"{name}.nn").summary()
    tables = _Tables()
    tables.feed(summary._repr_html_())
    assert tables.open == []
    text = str(summary)
    words = [word for row in tables.rows for cell in row for word in cell.split()]
    assert words == [word.removesuffix(":") for word in text.replace("─", "").split()][2:]


def test_html_is_escaped() -> None:
    model = dotnn.compile_source("model m { input x: float32[N, 4, H] output y = x -> conv1d(2, kernel=5) }")
    assert "needs:                H >= 5" in str(model.summary())
    page = model.summary()._repr_html_()
    assert "H &gt;= 5" in page
    assert ">=" not in page


def test_the_report_of_fusions_as_text(tmp_path: Path) -> None:
    path = EXAMPLES / "mnist_cnn.nn"
    done = command("build", str(path), "--explain-fusion", "-o", str(tmp_path / "m.onnx"))
    assert f"{dotnn.compile_file(path).optimized().fusions}\n" in done.out


# Errors ---------------------------------------------------------------------------------------------------------------


def test_errors_as_text() -> None:
    text = "model m { input x: float32[N, 4] input z: float32[N, 5] output y = x + z output w = x -> dnse(3) }"
    with pytest.raises(dotnn.DotnnError) as caught:
        dotnn.compile_source(text, name="net.nn")
    lines = str(caught.value).splitlines()
    assert [line for line in lines if not line.startswith("    ")] == lines[:1] + lines[-1:]
    assert lines[0].startswith("net.nn:1:72: error[E430]: ")
    assert lines[-1] == "net.nn:1:90: error[E203]: there is no layer or block `dnse` (did you mean `dense`?)"
    assert repr(caught.value) == "DotnnError(E430, E203)"
    assert (type(caught.value).__module__, dotnn.DotnnWarning.__module__) == ("dotnn", "dotnn")


def test_notes_are_part_of_the_text() -> None:
    session = dotnn.Session(dotnn.compile_source(TEXT), provider="cpu")
    with pytest.raises(dotnn.DotnnError, match=r"(?s)\n    given: \[2, 3, 1\]\n    the model reads: \[N, 4\]"):
        session.run(np.ones((2, 3, 1), np.float32))


def test_what_cannot_be_seen_is_escaped_and_long_texts_are_cut() -> None:
    with pytest.raises(dotnn.DotnnError) as caught:
        dotnn.compile_file("\x1b[31m\n" + "a" * 5000)
    assert "\x1b" not in str(caught.value)
    assert "\\x1b[31m\\n" in str(caught.value)
    assert len(str(caught.value)) < 1500
    assert len(repr(caught.value.diagnostics)) < 300


def test_errors_can_be_pickled() -> None:
    with pytest.raises(dotnn.DotnnError) as caught:
        dotnn.compile_file("none.nn")
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is dotnn.DotnnError
    assert str(again) == str(caught.value)


# Arguments ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "units"),
    [(np.int64(2), 2), (np.uint8(5), 5), (np.array(2), 2), (DType.FLOAT32, None), (True, None), (2, 2)],
    ids=repr,
)
def test_integers_of_numpy(value: Any, units: int | None) -> None:
    if units is None:
        assert diagnostic_of(lambda: dotnn.compile_source(TEXT, arguments={"classes": value})).code == "E606"
        return
    model = dotnn.compile_source(TEXT, arguments={"classes": value})
    assert model.summary().rows[-1].outputs[0].shape[1] == units


class Color(str, Enum):  # noqa: UP042  their `str` is not their value
    RED = "red"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sizes", [1, 2]),
        ("sizes", (1, [2, 3])),
        ("sizes", np.array([[1, 2], [3, 4]])),
        ("sizes", [np.float32(0.5), np.int8(1), "a", True]),
        ("tag", "text"),
        ("tag", np.str_("text")),
        ("tag", Color.RED),
        ("on", np.bool_(False)),
    ],
    ids=repr,
)
def test_values_of_python(name: str, value: Any) -> None:
    dotnn.compile_source(BLOCKS, arguments={name: value})


def _endless() -> list[Any]:
    values: list[Any] = []
    values.append(values)
    return values


@pytest.mark.parametrize(
    "value",
    [
        None,
        object(),
        {1},
        {"a": 1},
        1j,
        iter([1]),
        range(3),
        b"2",
        float("nan"),
        float("inf"),
        10**1000,
        [10**1000],
        [None],
        _endless(),
        "a" * 300_000,
        [[0] * 150_000, [0] * 150_000],
        int,
        np.array([1 + 2j]),
        np.datetime64("2020-01-01"),
        np.float32,
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("name", ["sizes", "tag", "on"])
def test_what_is_no_value_of_the_language(name: str, value: Any) -> None:
    found = diagnostic_of(lambda: dotnn.compile_source(BLOCKS, arguments={name: value}))
    assert found.code == "E606"
    assert f"`{name}`" in found.headline()
    assert "initializer" not in found.headline()
    assert len(render(found)) < 2000


def test_all_wrong_values_are_in_one_report(tmp_path: Path) -> None:
    given = {"sizes": None, "on": 1j, "tug": "a"}
    found = diagnostics_of(lambda: dotnn.compile_source(BLOCKS, arguments=given))
    assert [one.code for one in found] == ["E606"] * 3
    path = tmp_path / "m.nn"
    path.write_text(BLOCKS)
    assert [one.headline() for one in dotnn.check(path, arguments=given).errors] == [one.headline() for one in found]


#: Calls with an argument of a wrong type, and what the error says must be there.
WRONG_TYPES: list[tuple[Callable[[], object], str]] = [
    *((lambda value=value: dotnn.compile_file(value), "path must be a path") for value in (None, b"m.nn", 5, 1.5, [])),
    *((lambda value=value: dotnn.check(value), "path must be a path") for value in (None, b"m.nn", 5)),
    *(
        (lambda value=value: dotnn.compile_source(value), "text must be a str")
        for value in (None, b"", 5, Path("m.nn"))
    ),
    (lambda: dotnn.compile_source(TEXT, name=None), "name must be a str"),  # pyright: ignore
    (lambda: dotnn.compile_source(TEXT, model=5), "model must be a str"),  # pyright: ignore
    (lambda: dotnn.compile_source(TEXT, limits={"nodes": 5}), "limits must be a dotnn.Limits"),  # pyright: ignore
    (lambda: dotnn.compile_source(TEXT, limits={}), "limits must be a dotnn.Limits"),  # pyright: ignore
    (lambda: dotnn.compile_source(TEXT, root=5), "root must be a path"),  # pyright: ignore
    (lambda: dotnn.compile_source(TEXT, arguments=[("classes", 3)]), "arguments must be a mapping"),  # pyright: ignore
    (lambda: dotnn.compile_source(TEXT, arguments=""), "arguments must be a mapping"),  # pyright: ignore
    (lambda: dotnn.compile_source(TEXT, arguments={1: 2}), "the names in arguments must be str"),  # pyright: ignore
    (lambda: dotnn.Limits(nodes="many"), "nodes must be an int"),  # pyright: ignore
    (lambda: tiny().save(None), "path must be a path"),  # pyright: ignore
    (lambda: tiny().save(b"m.onnx"), "path must be a path"),  # pyright: ignore
    (lambda: tiny().to_bytes(seed="1"), "seed must be an int"),  # pyright: ignore
    (lambda: tiny().to_bytes(seed=1.5), "seed must be an int"),  # pyright: ignore
    (lambda: tiny().to_bytes(labels="abc"), "labels must be a list of str"),
    (lambda: tiny().to_bytes(labels=[1, 2]), "labels must be a list of str"),  # pyright: ignore
    (lambda: dotnn.Session(None), "model must be the path"),  # pyright: ignore
    (lambda: dotnn.Session(5), "model must be the path"),  # pyright: ignore
    (lambda: dotnn.Session(tiny(), threads="2"), "threads must be an int"),  # pyright: ignore
    (lambda: dotnn.Session(tiny(), threads=1.5), "threads must be an int"),  # pyright: ignore
]


def tiny() -> dotnn.Compiled:
    return dotnn.compile_source(TEXT)


@pytest.mark.parametrize(("call", "said"), WRONG_TYPES, ids=[said for _, said in WRONG_TYPES])
def test_wrong_types(call: Callable[[], object], said: str) -> None:
    with pytest.raises(TypeError, match=f"^{said}.*, not "):
        call()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: tiny().to_bytes(target="tensorrt"), "`target` is `tensorrt`"),  # pyright: ignore
        (lambda: tiny().to_bytes(target=None), "`onnx`, `onnxruntime` or"),  # pyright: ignore
        (lambda: tiny().optimized("x"), "`target` is `x`"),  # pyright: ignore
        (lambda: dotnn.Session(tiny(), target="x"), "`target` is `x`"),  # pyright: ignore
        (lambda: tiny().to_bytes(target=np.ones(3)), "`target` is a ndarray"),  # pyright: ignore
        (lambda: tiny().to_bytes(seed=-1), "`seed` is -1"),
        (lambda: tiny().to_bytes(seed=2**64), "`seed` is 18,446,744,073,709,551,616"),
        (lambda: tiny().to_bytes(seed=-(10**5000)), "`seed` is an int of 16,610 bits"),
        (lambda: dotnn.Session(tiny(), threads=0), "`threads` is 0"),
        (lambda: dotnn.Session(tiny(), threads=2**40), "`threads` is 1,099,511,627,776"),
        (lambda: dotnn.Session(tiny(), provider="gpu"), "`provider` is `gpu`"),  # pyright: ignore
        (lambda: dotnn.Session(tiny(), provider=None), "`provider` is a NoneType"),  # pyright: ignore
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values_out_of_range(call: Callable[[], object], said: str) -> None:
    found = diagnostic_of(call)
    assert found.code == "E908"
    assert said in found.headline()


def test_numbers_of_numpy_are_seeds(tmp_path: Path) -> None:
    assert tiny().to_bytes(seed=np.int64(3)) == tiny().to_bytes(seed=3)  # pyright: ignore
    assert len(tiny().to_bytes(seed=2**64 - 1)) > 0
    assert tiny().to_bytes(labels=["a", "b", "c"]) == tiny().to_bytes(labels=("a", "b", "c"))


@pytest.mark.parametrize("path", ["", ".", "none.nn", "a\0b.nn", "a" * 5000])
def test_paths_that_are_none(path: str) -> None:
    assert diagnostic_of(lambda: dotnn.compile_file(path)).code == "E607"
    assert [one.code for one in dotnn.check(path).errors] == ["E607"]


def test_paths_are_named_as_they_were_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("m.nn").write_text(TEXT.replace("dense", "dnse"))
    assert str(diagnostic_of(lambda: dotnn.compile_file("./m.nn")).span).startswith("./m.nn:1:")


def test_a_text_in_the_place_of_a_path() -> None:
    found = diagnostic_of(lambda: dotnn.compile_file(TEXT))
    assert "compile_source" in found.advice()


def test_the_text_of_a_model_is_no_session(tmp_path: Path) -> None:
    path = tmp_path / "m.nn"
    path.write_text(TEXT)
    assert "compile_file" in diagnostic_of(lambda: dotnn.Session(path)).headline()
