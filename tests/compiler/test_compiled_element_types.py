"""Models of another element type than their text says: `--dtype`, `dtype=`, `in_type`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import ml_dtypes
import numpy as np
import onnx
import pytest
from dotnn import Compiled, DotnnError, DotnnWarning, Matching, Session, compile_source
from dotnn.compiler.diagnostics.precision import NothingInFloat32, NotInThisType, NumbersVanish, WeightsOverflow
from dotnn.compiler.diagnostics.weights import NotFiniteWeights
from dotnn.compiler.diagnostics.writing import NoKernel
from dotnn.compiler.export import verify_model
from dotnn.compiler.graph.graph import Node
from dotnn.compiler.graph.graph_text import format_graph
from dotnn.compiler.graph.types import DType, FloatType
from dotnn.compiler.layers.base import Layer
from dotnn.compiler.passes.pass_pipeline import complete, optimize
from dotnn.compiler.reference_evaluation import evaluate, named_results
from dotnn.compiler.weights.weight_values import WeightValues
from onnx import numpy_helper

from tests.helpers.cli_calls import dotnn as cli
from tests.helpers.harness import error, he_normal_source, random_feeds, run_optimized
from tests.helpers.samples import CASES, Case, compiled, of_elements

TYPES: tuple[FloatType, ...] = ("float16", "bfloat16", "float64")
#: How exact one layer is between an input and an output of float32.
TOLERANCE = {"float16": 5e-3, "bfloat16": 4e-2, "float64": 1e-6}

TINY = "model tiny { input x: float32[N, 4] output y = x -> fc: dense(3) }"


@pytest.fixture(autouse=True)
def strict() -> Iterator[None]:
    """A warning that no test expects is a mistake."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", DotnnWarning)
        yield


def tiny(**arrays: object) -> dict[str, np.ndarray]:
    """Weights of the small model."""
    usual = {"fc.weight": np.full((3, 4), 0.25, "float32"), "fc.bias": np.zeros(3, "float32")}
    return usual | {f"fc.{name}": np.asarray(array) for name, array in arrays.items()}


def stored(model: bytes) -> dict[str, np.ndarray]:
    return {one.name: numpy_helper.to_array(one) for one in onnx.load_from_string(model).graph.initializer}


def interface(model: bytes) -> dict[str, str]:
    graph = onnx.load_from_string(model).graph
    names = onnx.TensorProto.DataType.Name
    return {one.name: names(one.type.tensor_type.elem_type) for one in (*graph.input, *graph.output)}


def types_of(model: Compiled) -> dict[str, str]:
    return {node.name: node.results[0].dtype.value for node in model.graph.nodes()}


# --- every layer ------------------------------------------------------------------------------------------------------


def has_float32(case: Case) -> bool:
    return any(one.dtype is DType.FLOAT32 for node in compiled(case).graph.nodes() for one in node.results)


def in_type(case: Case, dtype: FloatType, *, keep_io: bool = False) -> Compiled:
    with warnings.catch_warnings():
        # What a sample of ints alone is told is tested below.
        warnings.simplefilter("ignore" if not has_float32(case) else "error", DotnnWarning)
        return compiled(case).in_type(dtype, keep_io=keep_io)


def is_of_float32(case: Case) -> bool:
    """Whether the first input, whose elements `of_elements` replaces, is of float32, and the call names no type."""
    return case.kind != "cast" and next(iter(case.sample.inputs.values())).startswith("float32")


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("case", list(filter(is_of_float32, CASES)), ids=str)
def test_a_layer_is_what_it_is_in_a_text_of_this_type(case: Case, dtype: FloatType) -> None:
    """With the same operators, which differ from type to type."""
    written = of_elements(case, dtype)
    assert written is not None
    found = in_type(case, dtype)
    assert format_graph(found.graph) == format_graph(written.graph)
    assert format_graph(found.optimized("onnx").graph) == format_graph(written.optimized("onnx").graph)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_layer_runs_in_this_type_or_is_refused(case: Case, dtype: FloatType) -> None:
    model = in_type(case, dtype, keep_io=True)
    lacking = list(lacking_kernels(model))
    if lacking:
        verify_model(model.to_bytes(target="onnx"))
        with pytest.raises(DotnnError) as caught:
            model.to_bytes()
        (fault,) = caught.value.diagnostics
        assert isinstance(fault, NoKernel)
        assert (fault.element, fault.kind) == (dtype, lacking[0].kind)
        assert fault.others == tuple(node.name for node in lacking[1:])
        assert fault.span is not None
        assert "--target onnx" in fault.advice()
        return
    source = he_normal_source(compiled(case).graph)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DotnnWarning)
        build = model.to_bytes(weights=source)
    feeds = random_feeds(model.graph, case.sample.sizes[-1])
    expected = named_results(model.graph, evaluate(model.graph, feeds, WeightValues(0, source)))
    assert interface(build) == interface(compiled(case).to_bytes())
    for name, array in run_optimized(build, feeds).items():
        assert error(np.asarray(array), expected[name]) <= TOLERANCE[dtype], name


def lacking_kernels(model: Compiled) -> Iterator[Node]:
    """The layers that read or give floats for which their classes know no kernel."""
    for node in model.graph.nodes():
        types = (*model.graph.operand_types(node), *node.results)
        floats = {found.dtype for found in types if found is not None and found.dtype.is_float}
        if isinstance(node.op, Layer) and not floats <= node.op.cpu_floats:
            yield node


@pytest.mark.parametrize("dtype", TYPES)
def test_a_whole_network_keeps_its_names(dtype: FloatType) -> None:
    text = """
    const shift: float32[3, 1, 1] = [[[0.5]], [[0.25]], [[1]]]
    block head(x: float32[N, F], units: int) { return x -> dense(units) -> softmax }
    model net {
        input x: float32[N, 3, 8, 8]
        input ids: int64[N, T]
        h = x + shift -> conv2d(4, kernel=3) -> batch_norm -> relu -> flatten -> fc: dense(5)
        e = ids -> embedding(7, dim=5)
        output scores = h + e[:, 0] -> head(3)
        output ids2 = ids -> cast(float32)
    }"""
    model = compile_source(text)
    found = model.in_type(dtype)
    assert types_of(found) == {name: kind.replace("float32", dtype) for name, kind in types_of(model).items()}
    assert [one.name for one in found.graph.weights()] == [one.name for one in model.graph.weights()]
    assert {one.dtype for one in found.graph.weights()} == {DType(dtype)}
    for graph in (model.in_type(dtype, keep_io=True).graph, found.graph):
        optimize(graph, "onnxruntime-cpu", verify=True)
        complete(graph, verify=True)
        verify_model(found.to_bytes(target="onnx"))


def test_float16_is_near_float32_through_a_network() -> None:
    text = """model net {
        input x: float32[N, 3, 16, 16]
        output y = x -> conv2d(8, kernel=3) -> batch_norm -> relu -> max_pool2d(2) -> flatten -> dense(5) -> softmax
    }"""
    model = compile_source(text)
    x = np.random.default_rng(0).normal(size=(2, 3, 16, 16)).astype("float32")
    exact = Session(model).run(x)["y"]
    found = Session(model, dtype="float16", keep_io=True).run(x)["y"]
    assert found.dtype == np.float32
    assert 0 < np.abs(found - exact).max() < 5e-3


# --- what the text says -----------------------------------------------------------------------------------------------


def test_casts_of_floats_stay_as_written_and_those_of_ints_follow() -> None:
    model = compile_source("""model m {
        input x: float32[N, 4]
        input image: uint8[N, 4]
        wide = x -> cast(float32) -> softmax
        output y = (wide -> cast(x.dtype)) + (image -> cast(float32)) * x
    }""")
    found = model.in_type("float16")
    assert types_of(found)["softmax"] == "float32"
    assert found.graph.type_of(found.graph.outputs["y"]).dtype == "float16"
    feeds = {"x": np.ones((2, 4), "float16"), "image": np.full((2, 4), 2, "uint8")}
    assert Session(found).run(feeds)["y"].tolist() == [[2.25] * 4] * 2


def test_other_types_of_the_text_stay() -> None:
    model = compile_source(
        "model m { input x: float32[N, 4] input h: float64[N, 4] output y = x -> relu output z = h -> relu }"
    )
    found = model.in_type("float16")
    assert types_of(found) == {"x": "float16", "h": "float64", "relu": "float16", "relu_1": "float64"}


@pytest.mark.parametrize("dtype", TYPES)
def test_one_hot_and_embedding_follow_and_are_right(dtype: FloatType) -> None:
    model = compile_source("""model m {
        input ids: int64[N, 2]
        parameter p: float32[3] = [1, 2, 3]
        output y = (ids -> one_hot(3)) * p
        output e = ids -> embedding(3, dim=2, weight=[[1, 2], [3, 4], [5, 6]])
    }""")
    found = model.in_type(dtype, keep_io=True)
    assert types_of(found)["one_hot"] == types_of(found)["embedding"] == dtype
    ids = np.array([[0, 2]])
    if dtype == "bfloat16":
        found = model.in_type(dtype, keep_io=False)
        verify_model(found.to_bytes(target="onnx"))
        oracle = named_results(found.graph, evaluate(found.graph, {"ids": ids}, WeightValues()))
        assert oracle["y"].tolist() == [[[1, 0, 0], [0, 0, 3]]]
        return
    results = Session(found).run(ids)
    assert results["y"].tolist() == [[[1, 0, 0], [0, 0, 3]]]
    assert results["e"].tolist() == [[[1, 2], [5, 6]]]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("output y = x * 1e6", "E308"),
        ("output y = (x -> cast(float32)) + x", "E432"),
        ("parameter p: float32[4] = normal(std=1e5) output y = x * p", "E322"),
        ("parameter p: float32[4] = [1, 2, 3, 1e5] output y = x * p", "E317"),
        ("output y = x -> dense(2, weight=[[1e5, 1, 1, 1], [1, 1, 1, 1]])", "E317"),
    ],
)
def test_what_does_not_fit_the_type_is_an_error_at_its_place(body: str, code: str) -> None:
    text = f"model m {{ input x: float32[N, 4] {body} }}"
    model = compile_source(text)
    with pytest.raises(DotnnError) as caught:
        model.in_type("float16")
    first, *others = caught.value.diagnostics
    assert isinstance(first, NotInThisType)
    assert (first.name, first.dtype) == ("m", "float16")
    assert others
    assert all(one.span is not None for one in others)
    assert [one.code for one in others] == [code]


def test_a_mismatch_of_a_block_names_both_types() -> None:
    text = """
    block b(x: float32[N, 4]) { return x -> relu }
    model m { input x: float32[N, 4] output y = x -> cast(float32) -> b }
    """
    with pytest.raises(DotnnError) as caught:
        compile_source(text).in_type("float16")
    fault = caught.value.diagnostics[1]
    assert "float16[N, 4]" in fault.headline() + " ".join(fault.notes()) + fault.caret()
    assert "float32[N, 4]" in fault.headline() + " ".join(fault.notes()) + fault.caret()


def test_a_model_without_float32_says_that_nothing_changes() -> None:
    model = compile_source("model m { input x: float16[N, 4] output y = x -> dense(3) }")
    with pytest.warns(DotnnWarning) as caught:
        found = model.in_type("bfloat16")
    (fault,) = [one.message.diagnostic for one in caught]  # pyright: ignore[reportAttributeAccessIssue]
    assert isinstance(fault, NothingInFloat32)
    assert format_graph(found.graph) == format_graph(model.graph)


def test_expectations_are_those_of_the_text() -> None:
    text = "model m { input x: float32[N, 4] output y = x -> dense(3) expect y.dtype == float32 }"
    assert types_of(compile_source(text).in_type("float16"))["x"] == "float16"


def test_arguments_of_the_model_are_kept() -> None:
    text = "model m(units: int = 3) { input x: float32[N, 4] output y = x -> fc: dense(units) }"
    found = compile_source(text, arguments={"units": 7}).in_type("float16")
    assert found.graph.weights()[0].shape == (7, 4)


# --- the interface ----------------------------------------------------------------------------------------------------


def test_the_interface_stays_as_written() -> None:
    text = """model m {
        input x: float32[N, 4]
        input ids: int64[N]
        output y = x -> dense(3)
        output twice = y
        output passed = x
        output same = ids
        output h = x -> cast(float16)
    }"""
    model = compile_source(text)
    wanted = interface(model.to_bytes())
    for dtype in TYPES:
        for do_optimize in (True, False):
            build = model.to_bytes(dtype=dtype, keep_io=True, target="onnx", optimize=do_optimize)
            verify_model(build)
            assert interface(build) == wanted
            assert {one.dtype.name for one in stored(build).values()} <= {dtype, "int64"}
    changed = interface(model.to_bytes(dtype="float16"))
    assert changed == {
        name: kind.replace("FLOAT", "FLOAT16") if kind == "FLOAT" else kind for name, kind in wanted.items()
    }


def test_an_output_is_rounded_through_the_type() -> None:
    model = compile_source("model m { input x: float32[N] output y = x output z = x + x }")
    x = np.array([1 + 2.0**-12, 3], "float32")
    found = Session(model, dtype="float16", keep_io=True).run({"x": x})
    assert found["y"].tolist() == [1, 3]
    assert found["z"].tolist() == [2, 6]


def test_types_are_those_of_the_text_each_time() -> None:
    model = compile_source(TINY)
    half = model.in_type("float16")
    assert half.in_type("float64") is model.in_type("float64")
    assert half is model.in_type("float16")
    assert model.in_type("float16", keep_io=True) is not half
    assert types_of(model)["fc"] == "float32"


# --- weights ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float64"])
def test_initial_weights_are_those_of_float32_rounded_once(name: FloatType) -> None:
    model = compile_source("model m { input x: float32[N, 90] output y = x -> fc: dense(80, init=normal) }")
    wide = stored(model.to_bytes(target="onnx", seed=3, optimize=False))
    found = stored(model.to_bytes(target="onnx", seed=3, optimize=False, dtype=name))
    for key, array in wide.items():
        narrow, exact = (found[key].astype("float32"), array) if name == "float64" else (found[key], array.astype(name))
        assert np.array_equal(narrow, exact), key


def test_bfloat16_weights_of_a_text_are_initialized() -> None:
    text = """model m {
        input x: bfloat16[N, 4]
        parameter p: bfloat16[3] = he_normal
        output y = x -> fc: dense(3, init=orthogonal) * p
    }"""
    narrow = stored(compile_source(text.replace("* p", "")).to_bytes(target="onnx"))
    assert {array.dtype.name for array in narrow.values()} == {"bfloat16"}
    wide = stored(compile_source(text.replace("* p", "").replace("bfloat16", "float32")).to_bytes(target="onnx"))
    assert set(wide) == set(narrow)
    assert all(np.array_equal(array, wide[key].astype("bfloat16")) for key, array in narrow.items())


@pytest.mark.parametrize("elements", ["float16", "float32", "float64"])
def test_loaded_weights_are_rounded(elements: str) -> None:
    model, numbers = compile_source(TINY), np.linspace(-1, 1, 12).reshape(3, 4).astype(elements)
    for dtype in TYPES:
        found = stored(model.to_bytes(target="onnx", optimize=False, dtype=dtype, weights=tiny(weight=numbers)))
        exact = numbers if dtype == "float64" else numbers.astype("float32")
        assert np.array_equal(found["fc.weight"], exact.astype(dtype))


def diagnostics_of(
    model: Compiled, dtype: FloatType, weights: dict[str, np.ndarray], matching: Matching | None = None
) -> list[object]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DotnnWarning)
        model.to_bytes(dtype=dtype, weights=weights, target="onnx", matching=matching)
    return [one.message.diagnostic for one in caught]  # pyright: ignore[reportAttributeAccessIssue]


def test_overflow_and_underflow_are_told_by_name() -> None:
    model, weight = compile_source(TINY), np.full((3, 4), 0.1, "float32")
    weight[0, :2] = 65520, -1e30
    weight[1, 0] = 1e-9
    overflow, vanish = diagnostics_of(model, "float16", tiny(weight=weight, bias=np.array([1e5, 1, 2], "float32")))
    assert isinstance(overflow, WeightsOverflow)
    assert (overflow.number, overflow.names, overflow.dtype) == (3, ("fc.weight", "fc.bias"), "float16")
    assert isinstance(vanish, NumbersVanish)
    assert (vanish.number, vanish.names) == (1, ("fc.weight",))
    assert "1 number of 1 tensor is too small for float16 and became 0: `fc.weight`" in str(vanish)
    change = abs(float(np.float32(0.1)) - float(np.float16(0.1)))
    assert f"{change:.2g} (`fc.weight`)" in vanish.notes()[0]
    assert diagnostics_of(model, "bfloat16", tiny(weight=weight)) == []
    assert diagnostics_of(model, "float64", tiny(weight=weight)) == []


def test_numbers_of_the_text_that_vanish_are_told_at_their_place() -> None:
    text = "model m { input x: float32[N, 4] output y = x / (x + 1e-12) output z = x * 3e-8 }"
    model = compile_source(text)
    with pytest.warns(DotnnWarning) as caught:
        model.in_type("float16")
    (fault,) = [one.message.diagnostic for one in caught]  # pyright: ignore[reportAttributeAccessIssue]
    assert isinstance(fault, NumbersVanish)
    assert fault.span is not None
    assert fault.span.text == "1e-12"
    model.in_type("bfloat16")
    model.in_type("float64")


@pytest.mark.parametrize("dtype", [one for one in DType if one.is_float])
def test_half_of_the_smallest_number_is_0(dtype: DType) -> None:
    smallest = np.array(dtype.smallest).astype(dtype.value)
    assert smallest == dtype.smallest
    assert np.array(dtype.smallest / 2).astype(dtype.value) == 0
    if dtype is not DType.FLOAT64:
        assert np.array(dtype.smallest * 0.51).astype(dtype.value) != 0


def test_what_is_computed_of_weights_may_overflow_where_they_do_not() -> None:
    text = "model m { input x: float32[N, 1, 4] output y = x -> c: conv1d(1, kernel=1, bias=false) -> b: batch_norm }"
    model = compile_source(text)
    arrays = {"c.weight": [[[3000]]], "b.weight": [1], "b.bias": [0], "b.running_mean": [0], "b.running_var": [0]}
    weights = {name: np.array(values, "float32") for name, values in arrays.items()}
    (fault,) = diagnostics_of(model, "float16", weights)
    assert isinstance(fault, WeightsOverflow)
    assert fault.names == ("c.weight:folded",)


def test_the_largest_number_of_the_type_does_not_overflow() -> None:
    model = compile_source(TINY)
    for largest, found in ((65504.0, 0), (65519.0, 0), (65520.0, 1)):
        assert len(diagnostics_of(model, "float16", tiny(bias=np.array([largest, 0, -0.0], "float32")))) == found


def test_what_the_file_has_is_told_as_that() -> None:
    """Numbers that are not finite in float32 have not become so by the type."""
    weights, matching = tiny(bias=np.array([np.inf, np.nan, 0], "float32")), Matching(allow_nonfinite=True)
    (fault,) = diagnostics_of(compile_source(TINY), "float16", weights, matching)
    assert isinstance(fault, NotFiniteWeights)


def test_the_changes_are_known_after_saving(tmp_path: Path) -> None:
    model, path = compile_source(TINY), tmp_path / "net.onnx"
    weight = np.full((3, 4), 0.1, "float32")
    weight[2, 3] = 1000.3
    rounding = model.save(path, dtype="float16", weights=tiny(weight=weight)).rounding
    assert rounding is not None
    one = rounding.changes["fc.weight"]
    assert one.absolute == abs(float(np.float32(1000.3)) - float(np.float16(1000.3)))
    assert one.relative == pytest.approx(abs(float(np.float32(0.1)) - float(np.float16(0.1))) / float(np.float32(0.1)))
    assert rounding.changes["fc.bias"].absolute == 0
    assert model.save(path, dtype="float64").rounding is None
    assert model.save(path).rounding is None
    unchanged = model.save(path, dtype="float16", weights=tiny()).rounding
    assert unchanged is not None
    assert unchanged.summary() == "rounding to float16 changes no weight"


def test_changes_of_large_tensors_are_compared_piece_by_piece(tmp_path: Path) -> None:
    model = compile_source("model m { input x: float32[N, 700] output y = x -> fc: dense(500, bias=false) }")
    weight = np.random.default_rng(0).normal(size=(500, 700)).astype("float32")
    rounding = model.save(
        tmp_path / "net.onnx", dtype="bfloat16", target="onnx", weights={"fc.weight": weight}
    ).rounding
    assert rounding is not None
    wide, narrow = weight.astype("float64"), weight.astype(ml_dtypes.bfloat16).astype("float64")
    assert rounding.changes["fc.weight"].absolute == np.abs(wide - narrow).max()
    assert rounding.changes["fc.weight"].relative == pytest.approx((np.abs(wide - narrow) / np.abs(wide)).max())


# --- Python and the command -------------------------------------------------------------------------------------------


def test_a_session_takes_the_type() -> None:
    model = compile_source(TINY)
    x = np.ones((2, 4), "float32")
    assert Session(model, dtype="float16", keep_io=True, weights=tiny()).run(x)["y"].tolist() == [[1.0] * 3] * 2
    assert Session(model, dtype="float64", weights=tiny()).run(x)["y"].dtype == np.float64
    assert Session(model.in_type("float16"), weights=tiny()).run(x.astype("float16"))["y"].dtype == np.float16
    build = model.to_bytes()
    with pytest.raises(DotnnError, match="E920"):
        Session(build, dtype="float16")


@pytest.mark.parametrize("dtype", ["float32", "half", 16])
def test_another_word_is_refused(dtype: object) -> None:
    with pytest.raises(DotnnError, match="`float16`, `bfloat16` or `float64`"):
        compile_source(TINY).in_type(dtype)  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match="keep_io must be a bool"):
        compile_source(TINY).to_bytes(dtype="float16", keep_io="yes")  # pyright: ignore[reportArgumentType]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.nn").write_text(TINY)
    return tmp_path


def test_build_states_the_largest_change(here: Path) -> None:
    done = cli("build", "net.nn", "--dtype", "float16", "--keep-io", "--save-weights", "w.safetensors")
    assert done.code == 0
    assert "note: rounding to float16 changes weights by up to" in done.err
    assert interface(Path("tiny.onnx").read_bytes()) == {"x": "FLOAT", "y": "FLOAT"}
    first = Path("tiny.onnx").read_bytes()
    again = cli("build", "net.nn", "--dtype", "float16", "--keep-io", "--weights", "w.safetensors")
    assert again.code == 0
    numbers = stored(Path("tiny.onnx").read_bytes())
    assert all(np.array_equal(array, numbers[name]) for name, array in stored(first).items())


@pytest.mark.parametrize(("dtype", "saved"), [("float16", "float32"), ("float64", "float64")])
def test_saved_weights_lose_nothing(here: Path, dtype: str, saved: str) -> None:
    assert cli("build", "net.nn", "--dtype", dtype, "--save-weights", "w.npz").code == 0
    assert {array.dtype.name for array in np.load("w.npz").values()} == {saved}


def test_build_warns_of_what_became_infinite(here: Path) -> None:
    np.savez("w.npz", **{"fc.weight": np.full((3, 4), 1e6, "float32"), "fc.bias": np.zeros(3, "float32")})  # pyright: ignore[reportArgumentType]
    done = cli("build", "net.nn", "--dtype", "float16", "--weights", "w.npz")
    assert done.code == 0
    assert "warning[W844]: 12 numbers of 1 tensor exceed float16 and became infinite: `fc.weight`" in done.err


def test_run_takes_the_type(here: Path) -> None:
    done = cli("run", "net.nn", "--dtype", "float16", "--random", "1", "--json")
    assert done.code == 0
    assert '"dtype": "float16"' in done.out
    done = cli("run", "net.nn", "--dtype", "float16", "--keep-io", "--random", "1", "--json")
    assert '"dtype": "float32"' in done.out


def test_wrong_calls(here: Path) -> None:
    for command in ("build", "run"):
        done = cli(command, "net.nn", "--keep-io")
        assert done.code == 2
        assert "--keep-io goes with --dtype" in done.err
    assert cli("build", "net.nn", "--dtype", "float32").code == 2
    cli("build", "net.nn")
    done = cli("run", "tiny.onnx", "--dtype", "float16", "--random", "1")
    assert done.code == 2
    assert "--dtype: this is for .nn files" in done.err


def test_a_text_that_does_not_fit_ends_with_2_and_writes_nothing(here: Path) -> None:
    Path("net.nn").write_text("model tiny { input x: float32[N, 4] output y = x * 1e6 }")
    done = cli("build", "net.nn", "--dtype", "float16")
    assert done.code == 2
    assert "E870" in done.err
    assert not Path("tiny.onnx").exists()
