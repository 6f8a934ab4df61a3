"""Sessions on onnxruntime: loading, providers, checked feeds, runs. Models are built by onnx itself."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
from dotnn.compiler import compile_source
from dotnn.compiler.diagnostics import DotnnError
from dotnn.runtime import Session, providers
from dotnn.runtime import session as session_module
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
FEEDS_OK = np.array([[1, -2], [-3, 4]], np.float32)


def model_bytes(inputs, nodes, outputs, metadata=None, initializers=()):
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(*one) for one in inputs],
        [helper.make_tensor_value_info(*one) for one in outputs],
        initializer=list(initializers),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    helper.set_model_props(model, metadata or {})
    return model.SerializeToString()


def relu_bytes(shape=("N", 2), metadata=None):
    node = helper.make_node("Relu", ["x"], ["y"])
    return model_bytes([("x", FLOAT, shape)], [node], [("y", FLOAT, shape)], metadata)


def add_bytes(left=("N", 4), right=("N", 4), metadata=None, kind=FLOAT):
    node = helper.make_node("Add", ["a", "b"], ["y"])
    return model_bytes([("a", kind, left), ("b", kind, right)], [node], [("y", kind, None)], metadata)


def own(**metadata):
    return {"dotnn.format": "1", **{f"dotnn.{key}": value for key, value in metadata.items()}}


def demands(*entries):
    return own(demands=json.dumps([dict(zip(("dim", "minimum", "reason"), entry, strict=True)) for entry in entries]))


def codes(raised):
    return [diagnostic.code for diagnostic in raised.value.diagnostics]


def fault(action, *expected):
    """The diagnostics of a refusal, whose codes must be these; their sentences must hold together."""
    with pytest.raises(DotnnError) as raised:
        action()
    assert codes(raised) == list(expected)
    for diagnostic in raised.value.diagnostics:
        assert diagnostic.headline()
        assert diagnostic.advice() or diagnostic.notes()
    return raised.value.diagnostics


# Loading ------------------------------------------------------------------------------------------------------------


def test_a_model_is_loaded_from_bytes_path_and_object(tmp_path):
    data = relu_bytes()
    path = tmp_path / "relu.onnx"
    path.write_bytes(data)
    compiled = SimpleNamespace(to_bytes=lambda: data, save=lambda path: path.write_bytes(data))
    for model in (data, path, str(path), compiled):
        session = Session(model, provider="cpu")
        np.testing.assert_array_equal(session.run({"x": FEEDS_OK})["y"], np.maximum(FEEDS_OK, 0))
        assert session.name == (str(path) if model in (path, str(path)) else "tiny")


def test_inputs_and_outputs_are_told_as_declared():
    session = Session(relu_bytes(("N", 3, "ceil(H / 2)", 7)), provider="cpu")
    (tensor,) = session.inputs
    assert (tensor.name, tensor.dtype, tensor.shape) == ("x", "float32", ("N", 3, "ceil(H / 2)", 7))
    assert str(session.outputs[0]) == "float32[N, 3, ceil(H / 2), 7]"
    assert session.provider == "cpu"
    assert session.notes == ()
    assert session.labels is None


def test_a_large_object_goes_through_files_that_are_removed(tmp_path, monkeypatch):
    saved = []

    def save(path: Path):
        saved.append(path)
        weight = numpy_helper.from_array(np.array([3, 5], np.float32), "w")
        node = helper.make_node("Mul", ["x", "w"], ["y"])
        data = model_bytes([("x", FLOAT, ("N", 2))], [node], [("y", FLOAT, ("N", 2))], initializers=[weight])
        external = onnx.load_from_string(data)
        onnx.save(external, path, save_as_external_data=True, location="w.data", size_threshold=0)
        assert (path.parent / "w.data").stat().st_size

    def refuse():
        raise AssertionError("too large for a message")

    compiled = SimpleNamespace(to_bytes=refuse, save=save, weights_bytes=session_module.LARGEST_IN_MEMORY + 1)
    for session in (Session(compiled, provider="cpu"), Session.from_save(save, provider="cpu")):
        np.testing.assert_array_equal(session.run(FEEDS_OK)["y"], FEEDS_OK * np.array([3, 5], np.float32))
        assert not saved[-1].parent.exists()
    assert len(saved) == 2


def test_files_that_are_no_models_are_refused(tmp_path):
    empty, text, source, cut = (tmp_path / name for name in ("e.onnx", "t.onnx", "net.nn", "cut.onnx"))
    empty.write_bytes(b"")
    text.write_text("this is no model")
    source.write_text("model m {}")
    cut.write_bytes(relu_bytes()[:40])
    assert "empty" in fault(lambda: Session(empty), "E902")[0].headline()
    fault(lambda: Session(text), "E902")
    fault(lambda: Session(cut), "E902")
    fault(lambda: Session(b""), "E902")
    fault(lambda: Session(b"junk"), "E902")
    assert "dotnn build" in fault(lambda: Session(source), "E902")[0].advice()
    assert "folder" in fault(lambda: Session(tmp_path), "E901")[0].headline()
    assert "no such file" in fault(lambda: Session(tmp_path / "none.onnx"), "E901")[0].headline()
    fault(lambda: Session("a\0b.onnx"), "E901")


def test_an_unknown_operator_is_a_diagnostic_with_the_version():
    node = helper.make_node("Frobnicate", ["x"], ["y"], domain="com.nobody")
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", FLOAT, ["N"])],
        [helper.make_tensor_value_info("y", FLOAT, ["N"])],
    )
    opsets = [helper.make_opsetid("", 22), helper.make_opsetid("com.nobody", 1)]
    data = helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString()
    (diagnostic,) = fault(lambda: Session(data, provider="cpu"), "E903")
    assert "Frobnicate" in diagnostic.headline()
    assert onnxruntime.__version__ in diagnostic.headline()
    assert "[ONNXRuntimeError]" not in diagnostic.headline()


DOUBLE = TensorProto.DOUBLE


def pooled_bytes(operator, domain="", elements=DOUBLE, **attributes):
    """A model with one operator for which onnxruntime has no kernel on these elements."""
    node = helper.make_node(operator, ["x"] if domain == "" else ["x", "x"], ["y"], domain=domain, **attributes)
    inputs, outputs = [("x", elements, (2, 2))], [("y", elements, (2, 2))]
    proto = onnx.load_from_string(model_bytes(inputs, [node], outputs))
    if domain:
        proto.opset_import.append(helper.make_opsetid(domain, 1))
    return proto.SerializeToString()


@pytest.mark.parametrize(
    ("data", "advised"),
    [
        (pooled_bytes("LeakyRelu"), False),
        (pooled_bytes("FusedGemm", "com.microsoft", activation="Relu"), True),
        (pooled_bytes("Frobnicate", "com.microsoft", FLOAT), False),
    ],
)
def test_another_target_is_advised_where_the_target_is_to_blame(data, advised):
    """Standard operators without a kernel would lack it with every target."""
    (diagnostic,) = fault(lambda: Session(data, provider="cpu"), "E903")
    assert ("--target onnx" in diagnostic.advice()) == advised
    assert ("float32" in diagnostic.advice()) == ("LeakyRelu" in diagnostic.headline())


@pytest.mark.parametrize(
    ("layers", "code"), [("conv1d(2, kernel=2)", "E903"), ("transpose([0, 2, 1]) -> lstm(2)", "E907")]
)
def test_what_was_built_for_every_runtime_is_not_advised_to_be_so(layers, code):
    model = compile_source(f"model m {{ input x: float64[1, 3, 4] output y = x -> {layers} }}")
    data = model.to_bytes(target="onnx")
    (diagnostic,) = fault(lambda: Session(data, provider="cpu").run(np.zeros((1, 3, 4))), code)
    assert "--target" not in diagnostic.advice()
    assert "float32" in diagnostic.advice()


def test_missing_weights_beside_the_model(tmp_path):
    weight = numpy_helper.from_array(np.arange(64, dtype=np.float32).reshape(8, 8), "w")
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    data = model_bytes([("x", FLOAT, ("N", 8))], [node], [("y", FLOAT, ("N", 8))], initializers=[weight])
    path = tmp_path / "m.onnx"
    onnx.save(onnx.load_from_string(data), path, save_as_external_data=True, location="w.data", size_threshold=0)
    assert Session(path, provider="cpu").run(np.ones((1, 8), np.float32))["y"].shape == (1, 8)
    (tmp_path / "w.data").unlink()
    fault(lambda: Session(path, provider="cpu"), "E904")


@pytest.mark.parametrize("text", ["{", "[1]", '[{"dim": "H -", "minimum": 1}]', '{"dim": 1}', "[" * 100_000])
def test_broken_metadata_is_a_diagnostic(text):
    fault(lambda: Session(relu_bytes(metadata=own(demands=text)), provider="cpu"), "E909")


def test_labels_and_the_state_of_the_weights_come_from_the_metadata():
    session = Session(relu_bytes(metadata=own(labels='["X", "O"]', weights="initial")), provider="cpu")
    assert session.labels == ("X", "O")
    assert [note.code for note in session.notes] == ["W902"]
    assert Session(relu_bytes(metadata=own(weights="loaded")), provider="cpu").notes == ()
    fault(lambda: Session(relu_bytes(metadata=own(labels='["X", 1]')), provider="cpu"), "E909")


# Providers and options ----------------------------------------------------------------------------------------------


def test_options_out_of_range():
    fault(lambda: Session(relu_bytes(), provider="gpu"), "E908")  # pyright: ignore[reportArgumentType]
    fault(lambda: Session(relu_bytes(), threads=0), "E908")


def test_threads_and_optimization_reach_onnxruntime(monkeypatch):
    seen = []
    real = onnxruntime.InferenceSession

    def create(source, options, **arguments):
        seen.append((options.intra_op_num_threads, options.graph_optimization_level))
        return real(source, options, **arguments)

    monkeypatch.setattr(onnxruntime, "InferenceSession", create)
    Session(relu_bytes(), provider="cpu", threads=1, optimize=False)
    Session(relu_bytes(), provider="cpu")
    levels = onnxruntime.GraphOptimizationLevel
    assert seen == [(1, levels.ORT_DISABLE_ALL), (0, levels.ORT_ENABLE_ALL)]


@pytest.fixture
def without_cuda(monkeypatch):
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])


@pytest.fixture
def with_broken_cuda(monkeypatch):
    """The package is there and onnxruntime runs on the CPU without a word, as it does where a library is missing."""
    real = onnxruntime.InferenceSession
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [providers.CUDA, providers.CPU])
    monkeypatch.setattr(session_module, "cuda_failure", lambda: "libcublasLt.so.13: cannot open shared object file")
    asked = []

    def create(source, options, providers, **arguments):
        asked.append(providers)
        return real(source, options, providers=["CPUExecutionProvider"], **arguments)

    monkeypatch.setattr(onnxruntime, "InferenceSession", create)
    return asked


def test_cuda_that_is_not_installed_is_an_error_with_what_is(without_cuda):
    (diagnostic,) = fault(lambda: Session(relu_bytes(), provider="cuda"), "E905")
    assert onnxruntime.__version__ in diagnostic.headline()
    assert "CPU" in diagnostic.headline()
    assert 'pip install "dotnn[gpu]"' in diagnostic.advice()


def test_auto_without_cuda_runs_on_the_cpu_which_needs_no_word(without_cuda):
    session = Session(relu_bytes(), provider="auto")
    assert session.provider == "cpu"
    assert session.notes == ()
    assert session.run(FEEDS_OK)["y"].shape == (2, 2)


def test_a_silent_fallback_to_the_cpu_is_noticed(with_broken_cuda):
    (diagnostic,) = fault(lambda: Session(relu_bytes(), provider="cuda"), "E906")
    assert "libcublasLt" in diagnostic.headline()
    session = Session(relu_bytes(), provider="auto")
    assert session.provider == "cpu"
    assert "libcublasLt" in session.notes[0].headline()
    assert with_broken_cuda == [[providers.CUDA, providers.CPU]] * 2


def test_a_provider_that_raises_falls_back_too(monkeypatch):
    real = onnxruntime.InferenceSession
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [providers.CUDA, providers.CPU])

    def create(source, options, providers, **arguments):
        if len(providers) > 1:
            raise RuntimeError("CUDA failure 100: no CUDA-capable device is detected")
        return real(source, options, providers=providers, **arguments)

    monkeypatch.setattr(onnxruntime, "InferenceSession", create)
    assert "CUDA failure 100" in fault(lambda: Session(relu_bytes(), provider="cuda"), "E906")[0].headline()
    session = Session(relu_bytes(), provider="auto")
    assert "CUDA failure 100" in session.notes[0].headline()
    assert session.run(FEEDS_OK)["y"].shape == (2, 2)


def test_a_working_cuda_is_told(monkeypatch):
    real = onnxruntime.InferenceSession
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [providers.CUDA, providers.CPU])

    class OnGpu:
        def __init__(self, source, options, providers, **arguments):
            self.session = real(source, options, providers=["CPUExecutionProvider"], **arguments)

        def get_providers(self):
            return [providers.CUDA, providers.CPU]

        def __getattr__(self, name):
            return getattr(self.session, name)

    monkeypatch.setattr(onnxruntime, "InferenceSession", OnGpu)
    for choice in ("auto", "cuda"):
        session = Session(relu_bytes(), provider=choice)
        assert session.provider == "cuda"
        assert session.notes == ()
    assert Session(relu_bytes(), provider="cpu").name == "tiny"


def test_preloading_does_not_print_among_the_results(monkeypatch, capsys):
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: print("Failed to load libcublas"), raising=False)
    providers.preload_cuda()
    assert capsys.readouterr().out == ""


# Feeds --------------------------------------------------------------------------------------------------------------


def test_one_array_will_do_for_one_input():
    session = Session(relu_bytes(), provider="cpu")
    np.testing.assert_array_equal(session.run(FEEDS_OK)["y"], np.maximum(FEEDS_OK, 0))
    fault(lambda: Session(add_bytes(), provider="cpu").run(np.zeros((1, 4))), "E919")


def test_all_wrong_names_are_one_report_with_near_names():
    session = Session(add_bytes(), provider="cpu")
    wrong, missing = fault(lambda: session.run({"a": np.zeros((1, 4), np.float32), "bb": 0}), "E912", "E911")
    assert "`b`" in wrong.advice()
    assert "float32[N, 4]" in missing.headline()


def test_faults_of_several_inputs_are_one_report():
    session = Session(add_bytes(("N", 4), ("N", 4)), provider="cpu")
    feeds = {"a": np.zeros(4, np.float32), "b": np.zeros((2, 5), np.uint8)}
    rank, size, kind = fault(lambda: session.run(feeds), "E913", "E914", "E916")
    assert "x[None]" in rank.advice()
    assert rank.notes() == ("given: [4]", "the model reads: [N, 4]")
    assert "axis 1" in size.headline()
    assert "/ 255" in kind.advice()


def test_a_symbol_has_one_size():
    session = Session(add_bytes(("N", 4), ("N", 4)), provider="cpu")
    feeds = {"a": np.zeros((2, 4), np.float32), "b": np.zeros((3, 4), np.float32)}
    (diagnostic,) = fault(lambda: session.run(feeds), "E915")
    assert diagnostic.headline() == "axis 0 of `b` makes `N` 3, and axis 0 of `a` makes it 2"


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [((2, 7), (7, 2), None), ((2, 7), (8, 2), "E914"), ((2, 4), (4, 2), "E914"), ((2, 1), (1, 2), "E914")],
)
def test_sizes_that_are_expressions_give_their_symbol(left, right, expected):
    node = helper.make_node("MatMul", ["a", "b"], ["y"])
    data = model_bytes([("a", FLOAT, ("N", "2*H + 1")), ("b", FLOAT, ("2*H + 1", "N"))], [node], [("y", FLOAT, None)])
    session = Session(data, provider="cpu")
    feeds = {"a": np.zeros(left, np.float32), "b": np.zeros(right, np.float32)}
    if expected is None:
        assert session.prepare(feeds).sizes == {"N": 2, "H": 3}
        return
    with pytest.raises(DotnnError) as raised:
        session.run(feeds)
    assert set(codes(raised)) == {expected}


def test_dimensions_of_other_makers_are_names_whatever_they_hold():
    session = Session(add_bytes(("batch size", "seq + past"), ("batch size", "seq + past")), provider="cpu")
    feeds = {"a": np.zeros((2, 4), np.float32), "b": np.zeros((2, 4), np.float32)}
    assert session.run(feeds)["y"].shape == (2, 4)
    feeds["b"] = np.zeros((1, 4), np.float32)
    fault(lambda: session.run(feeds), "E915")


def test_a_shape_that_is_not_declared_is_left_to_onnxruntime():
    data = model_bytes([("x", FLOAT, None)], [helper.make_node("Relu", ["x"], ["y"])], [("y", FLOAT, None)])
    session = Session(data, provider="cpu")
    for shape in ((), (3,), (2, 3, 4)):
        assert session.run(np.ones(shape, np.float32))["y"].shape == shape


def test_demands_are_checked_with_the_sizes_that_are_fed():
    metadata = demands(
        ("H - 2", 0, "of less"),
        ("H - 2", 1, "the window of `conv2d` spans 3 rows"),
        ("floor((W - 3) / 2) + 1", 2, "pool"),
        ("Q", 9, ""),
    )
    session = Session(relu_bytes(("N", "H", "W"), metadata), provider="cpu")
    height, width = fault(lambda: session.run(np.zeros((1, 2, 4), np.float32)), "E917", "E917")
    assert height.headline() == "with H = 2 it follows that `H - 2 = 0`, and the model needs at least 1"
    assert height.notes() == ("because the window of `conv2d` spans 3 rows",)
    assert "W = 4" in width.headline()
    alone = Session(relu_bytes(("N", "H"), demands(("H", 3, ""), ("H", 5, ""), ("H", 4, ""))), provider="cpu")
    (least,) = fault(lambda: alone.run(np.zeros((1, 2), np.float32)), "E917")
    assert least.headline() == "`H = 2` is given, and the model needs at least 5"
    assert session.run(np.zeros((1, 3, 5), np.float32))["y"].shape == (1, 3, 5)


def test_empty_axes_are_refused_for_our_models_only():
    empty = np.zeros((0, 2), np.float32)
    assert Session(relu_bytes(), provider="cpu").run(empty)["y"].shape == (0, 2)
    fault(lambda: Session(relu_bytes(metadata=own()), provider="cpu").run(empty), "E918")


@pytest.mark.parametrize(
    ("array", "kind", "converted"),
    [
        (np.array([[0.5, 1.5]]), FLOAT, True),
        (np.array([[1, -2]]), FLOAT, True),
        (np.array([[1, 2]], ">f4"), FLOAT, False),
        (np.array([[1, 2]], np.float16), FLOAT, True),
        (np.array([[1, 2]], np.int32), INT64, True),
        (np.array([[1, 2]], np.uint8), INT64, True),
        (np.array([[1, 2]]), TensorProto.INT32, True),
        (np.array([[1, 2]]), TensorProto.DOUBLE, True),
        ([[1, 2]], FLOAT, True),
        (np.array([[1, 2]], order="F", dtype=np.float32), FLOAT, False),
    ],
)
def test_conversions_that_lose_nothing_are_done_and_said(array, kind, converted):
    session = Session(add_bytes(("N", 2), ("N", 2), kind=kind), provider="cpu")
    zeros = np.zeros((1, 2), helper.tensor_dtype_to_np_dtype(kind))
    prepared = session.prepare({"a": array, "b": zeros})
    assert [note.code for note in prepared.notes] == (["W903"] if converted else [])
    np.testing.assert_array_equal(session.run_prepared(prepared)["y"], np.asarray(array, np.float64))


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (np.array([[1, 2]], np.uint8), FLOAT),
        (np.array([[1, 2]], np.int32), FLOAT),
        (np.array([[1, 2**24 + 1]]), FLOAT),
        (np.array([[1e300, 2]]), FLOAT),
        (np.array([[1, 2**31]]), TensorProto.INT32),
        (np.array([[1.0, 2.0]]), INT64),
        (np.array([[1.0, 2.0]], np.float32), TensorProto.FLOAT16),
        (np.array([[True, False]]), FLOAT),
        (np.array([[1, 2]], np.uint64), INT64),
        (np.array([[1, 2j]]), FLOAT),
        (np.array([["a", "b"]]), FLOAT),
        (np.array([[None, {}]]), FLOAT),
        ([[1, 2], [3]], FLOAT),
        (np.array([["2020-01-01", "2020-01-02"]], "datetime64[D]"), INT64),
    ],
)
def test_conversions_that_change_values_are_refused(array, kind):
    node = helper.make_node("Identity", ["x"], ["y"])
    session = Session(model_bytes([("x", kind, ("N", 2))], [node], [("y", kind, None)]), provider="cpu")
    (diagnostic,) = fault(lambda: session.run({"x": array}), "E916")
    assert session.inputs[0].dtype in diagnostic.headline()


def test_values_that_are_no_numbers_are_pointed_out():
    session = Session(relu_bytes(), provider="cpu")
    (note,) = session.prepare(np.array([[np.nan, np.inf]], np.float32)).notes
    assert note.headline() == "`x` holds 2 of 2 values that are NaN or infinite"


def test_what_numpy_cannot_hold_is_refused_before_the_run():
    half = TensorProto.BFLOAT16
    read = model_bytes([("x", half, ("N",))], [helper.make_node("Identity", ["x"], ["y"])], [("y", half, ("N",))])
    fault(lambda: Session(read, provider="cpu").run(np.zeros(2, np.float32)), "E910")
    cast = helper.make_node("Cast", ["x"], ["y"], to=half)
    gives = model_bytes([("x", FLOAT, ("N",))], [cast], [("y", half, ("N",))])
    fault(lambda: Session(gives, provider="cpu").run(np.zeros(2, np.float32)), "E910")


def test_texts_and_scalars_are_exchanged():
    node = [helper.make_node("Identity", ["s"], ["t"]), helper.make_node("Identity", ["x"], ["y"])]
    data = model_bytes(
        [("s", TensorProto.STRING, ("N",)), ("x", FLOAT, ())],
        node,
        [("t", TensorProto.STRING, ("N",)), ("y", FLOAT, ())],
    )
    results = Session(data, provider="cpu").run({"s": np.array(["a", "bc"]), "x": 2.5})
    assert results["t"].tolist() == ["a", "bc"]
    assert results["y"] == np.float32(2.5)
    fault(lambda: Session(data, provider="cpu").run({"s": np.zeros(2), "x": 2.5}), "E916")


def test_a_failure_while_running_is_a_diagnostic_without_noise(capfd):
    node = helper.make_node("Reshape", ["x", "shape"], ["y"])
    data = model_bytes([("x", FLOAT, ("N", 4)), ("shape", INT64, (2,))], [node], [("y", FLOAT, None)])
    session = Session(data, provider="cpu")
    feeds = {"x": np.zeros((2, 4), np.float32), "shape": np.array([3, 3])}
    (diagnostic,) = fault(lambda: session.run(feeds), "E907")
    assert "Reshape" in diagnostic.headline()
    assert "requested shape:{3,3}" in diagnostic.headline()
    assert "/onnxruntime_src" not in diagnostic.headline()
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""
