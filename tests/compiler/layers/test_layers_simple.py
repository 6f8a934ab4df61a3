"""The simple layers run on onnxruntime as their references say, in the shapes that they infer."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from dotnn.compiler.diagnostics import CATALOGUE, DotnnError, operands, tensor_indices
from dotnn.compiler.driver import compile_source
from dotnn.compiler.graph.types import DType, TensorType
from dotnn.compiler.layers.base import LAYERS
from dotnn.compiler.layers.tensor_arithmetic import Index

from tests.helpers.one_layer import C, H, N, S, T, W, build, check_at_all_sizes, floats, ints, make, run

FAMILIES = {"activations", "dense", "merging", "normalization", "operators", "regularization", "reshaping"}
KINDS = sorted(kind for kind, cls in LAYERS.items() if cls.__module__.rpartition(".")[2] in FAMILIES)

IMAGE = floats(N, C, H, W)
CASES: list[tuple[str, dict[str, object], list[TensorType]]] = [
    ("dense", {"units": 7}, [floats(N, 10)]),
    ("dense", {"units": 7, "bias": False}, [floats(N, 10)]),
    ("dense", {"units": 7}, [floats(N, T, 4)]),
    ("dense", {"units": 7, "bias": False, "axis": -1}, [floats(N, H, W, 4)]),
    ("dense", {"units": 7, "axis": 1}, [floats(N, 4, H, W)]),
    ("dense", {"units": 7, "axis": -2}, [floats(N, 4, T)]),
    ("dense", {"units": 3, "axis": 0}, [floats(5, N)]),
    ("dense", {"units": 3}, [floats(5)]),
    ("embedding", {"vocabulary": 3, "dim": 4}, [ints(N, T)]),
    ("embedding", {"vocabulary": 3, "dim": 1}, [ints(N, dtype=DType.INT32)]),
    ("embedding", {"vocabulary": 3, "dim": 2}, [ints()]),
    ("batch_norm", {}, [floats(N, 3, H, W)]),
    ("batch_norm", {"eps": 0.5}, [floats(N, 3)]),
    ("batch_norm", {"scale": False}, [floats(N, 3, T)]),
    ("batch_norm", {"bias": False}, [floats(N, 3, T, H, W)]),
    ("batch_norm", {"scale": False, "bias": False}, [floats(N, 3, H, W)]),
    ("local_response_norm", {"size": 5}, [IMAGE]),
    ("local_response_norm", {"size": 3, "alpha": 0.7, "beta": 0.4, "k": 2.5}, [IMAGE]),
    ("local_response_norm", {"size": 4, "alpha": 0.7}, [IMAGE]),
    ("local_response_norm", {"size": 1, "alpha": 0.7}, [floats(N, C, T)]),
    ("local_response_norm", {"size": 2, "alpha": 0.7}, [floats(N, C, T)]),
    ("local_response_norm", {"size": 3, "alpha": 0.7}, [floats(N, C, T, H, W)]),
    ("relu", {}, [IMAGE]),
    ("leaky_relu", {}, [IMAGE]),
    ("leaky_relu", {"slope": 0.3}, [IMAGE]),
    ("sigmoid", {}, [IMAGE]),
    ("tanh", {}, [IMAGE]),
    ("step", {}, [IMAGE]),
    ("step", {}, [floats()]),
    ("softmax", {}, [floats(N, T)]),
    ("softmax", {}, [floats(N, T, C)]),
    ("softmax", {"axis": 1}, [IMAGE]),
    ("softmax", {"axis": -4}, [IMAGE]),
    ("log_softmax", {}, [floats(N, T, C)]),
    ("log_softmax", {"axis": 2}, [IMAGE]),
    ("dropout", {"rate": 0.5}, [IMAGE]),
    ("flatten", {}, [IMAGE]),
    ("flatten", {}, [floats(N, T)]),
    ("flatten", {"start": 2}, [IMAGE]),
    ("flatten", {"start": -3, "end": -2}, [IMAGE]),
    ("flatten", {"start": 0}, [IMAGE]),
    ("flatten", {"start": 0, "end": 1}, [ints(N, T, 3)]),
    ("reshape", {"shape": (N, H * W, C)}, [IMAGE]),
    ("reshape", {"shape": (N, -1, W)}, [IMAGE]),
    ("reshape", {"shape": (-1,)}, [IMAGE]),
    ("reshape", {"shape": (2 * N, T, 2, 3)}, [floats(N, T, 12)]),
    ("reshape", {"shape": (N, 1, 28, 28)}, [floats(N, 784)]),
    ("reshape", {"shape": (6, 4)}, [ints(2, 3, 4, dtype=DType.BOOL)]),
    ("reshape", {"shape": ()}, [floats(1, 1)]),
    ("transpose", {"order": (0, 2, 1)}, [floats(N, T, C)]),
    ("transpose", {"order": (3, 0, -2, 1)}, [IMAGE]),
    ("expand", {"shape": (N, 4, C)}, [floats(N, 1, C)]),
    ("expand", {"shape": (2, 3)}, [floats()]),
    ("squeeze", {"axis": (2, -1)}, [floats(N, C, 1, 1)]),
    ("squeeze", {"axis": 1}, [floats(N, 1, T)]),
    ("unsqueeze", {"axis": (2, 3)}, [floats(N, C)]),
    ("unsqueeze", {"axis": (-1, 0, 2)}, [floats(N, C)]),
    ("unsqueeze", {"axis": 0}, [floats()]),
    ("flip", {"axis": 1}, [floats(N, T, C)]),
    ("flip", {"axis": (-1, 0)}, [IMAGE]),
    ("concat", {}, [IMAGE, floats(N, 3, H, W)]),
    ("concat", {"axis": -1}, [floats(N, T, C), floats(N, T, 2), floats(N, T, H)]),
    ("concat", {"axis": 0}, [ints(N, 3), ints(T, 3)]),
    ("split", {"parts": 2}, [floats(N, 6, H, W)]),
    ("split", {"parts": 3, "axis": 1}, [floats(N, 3 * T, C)]),
    ("split", {"parts": (1, 3, 2)}, [floats(N, 6)]),
    ("split", {"parts": (4,), "axis": -1}, [floats(N, T, 4)]),
    ("split", {"parts": 1}, [floats(N, 3)]),
    ("maximum", {}, [IMAGE, IMAGE]),
    ("maximum", {}, [floats(N, 1, W), floats(H, 1)]),
    ("maximum", {}, [ints(N, 3), ints(3)]),
    ("mean", {"axis": 1}, [floats(N, T, C)]),
    ("mean", {"axis": (2, -1), "keepdims": True}, [IMAGE]),
    ("mean", {"axis": (-1, 0)}, [IMAGE]),
    ("mean", {"axis": 0}, [floats(T)]),
]


@pytest.mark.parametrize(("kind", "arguments", "types"), CASES)
def test_onnxruntime_agrees_at_three_sizes(kind: str, arguments: dict[str, object], types: list[TensorType]) -> None:
    check_at_all_sizes(make(kind, **arguments), types)


def test_expand_to_the_shape_of_another_input() -> None:
    check_at_all_sizes(make("expand", shape=(S, N, C, H)), [floats(C, 1)], others=[ints(N, S, H)])


@pytest.mark.parametrize("kind", ["add", "sub", "mul", "div"])
@pytest.mark.parametrize(
    "types",
    [
        [IMAGE, IMAGE],
        [IMAGE, floats(C, 1, 1)],
        [floats(N, 1, W), floats(H, 1)],
        [floats(), floats(N, T)],
        [floats(1), floats(N)],
    ],
)
def test_operators_run_on_onnxruntime(kind: str, types: list[TensorType]) -> None:
    check_at_all_sizes(LAYERS[kind](), types)


@pytest.mark.parametrize("kind", ["add", "sub", "mul"])
@pytest.mark.parametrize("dtype", [DType.INT32, DType.INT64])
def test_operators_take_ints(kind: str, dtype: DType) -> None:
    check_at_all_sizes(LAYERS[kind](), [ints(N, 3, dtype=dtype), ints(3, dtype=dtype)])


@pytest.mark.parametrize("types", [[IMAGE], [floats()], [ints(N)], [ints(N, 2, dtype=DType.INT32)]])
def test_negation_runs_on_onnxruntime(types: list[TensorType]) -> None:
    check_at_all_sizes(LAYERS["neg"](), types)


@pytest.mark.parametrize(
    ("items", "types"),
    [
        (((None, None), 0), [floats(N, T, 5)]),
        ((-1,), [floats(4, N, 5)]),
        ((0, (None, None), -2), [ints(2, N, 4)]),
        (((None, None), (None, None), (0, 3)), [floats(N, C, T)]),
        (((None, None), (1, 99), (-2, None)), [floats(N, 3, T)]),
        (((None, None), (None, -1)), [floats(N, T)]),
        (((None, None), (-3, -1)), [floats(N, T)]),
        (((None, None), (-(10**30), 10**30)), [floats(N, 4)]),
        (((None, None),), [floats(N, T)]),
        ((), [floats(N, T)]),
        ((1, 0, -1), [floats(2, 3, 4)]),
    ],
)
def test_indexing_runs_on_onnxruntime(items: tuple, types: list[TensorType]) -> None:
    check_at_all_sizes(Index(items=items), types)


def test_sharp_values_on_onnxruntime() -> None:
    x = np.array([-1e30, -100, -0.0, 0.0, 1e-30, 100, 1e30], np.float32)
    for kind in ("relu", "leaky_relu", "sigmoid", "tanh", "step", "softmax", "log_softmax"):
        layer = make(kind)
        with np.errstate(all="raise", under="ignore"):
            (wanted,) = layer.reference([x], {})
        (found,) = run(build(layer, [floats(7)], {}), [x])
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-7)


# --- documentation ---


@pytest.mark.parametrize("kind", KINDS)
def test_layers_document_themselves(kind: str) -> None:
    cls = LAYERS[kind]
    assert len(cls.__doc__ or "") > 60
    assert cls.formula
    assert cls.source
    assert cls.samples


@pytest.mark.parametrize("kind", KINDS)
def test_samples_show_every_attribute(kind: str) -> None:
    cls = LAYERS[kind]
    calls = " ".join(sample.call for sample in cls.samples)
    for one in (one for one in cls.attributes() if one.name not in ("init", "bias_init")):
        if one.metadata["positional"]:
            assert re.search(rf"\b{kind}\((?!\w+=)", calls), f"{one.name} by position"
        else:
            assert f"{one.name}=" in calls


@pytest.mark.parametrize("kind", KINDS)
def test_samples_give_every_symbol_three_sizes(kind: str) -> None:
    for sample in LAYERS[kind].samples:
        names = {name for text in sample.inputs.values() for name in re.findall(r"\b[A-Z]\b", text)}
        assert len(sample.sizes) == (3 if names else 1)
        assert all(set(size) == names for size in sample.sizes)
        for name in names:
            assert len({size[name] for size in sample.sizes}) >= 2


FAMILIES = (operands, tensor_indices)
MODULES = {module.__name__ for module in FAMILIES}


def test_codes_are_in_the_range_of_the_family_and_explained() -> None:
    found = [one for module in FAMILIES for one in vars(module).values() if isinstance(one, type)]
    classes = [one for one in found if one.__module__ in MODULES]
    codes = [one.code for one in classes if "code" in vars(one)]
    assert codes == sorted(codes)
    assert all("E430" <= code <= "E469" and CATALOGUE[code].__doc__ for code in codes)


PAGES = [
    (one.code, sample)
    for one in CATALOGUE.values()
    if one.__module__ in MODULES
    for sample in re.findall(r"```nn\n(.*?)```", one.__doc__ or "", re.DOTALL)
]


@pytest.mark.parametrize(("code", "sample"), PAGES)
def test_explained_samples_are_wrong_as_said(code: str, sample: str) -> None:
    with pytest.raises(DotnnError) as caught:
        compile_source(f"model sample() {{\n{sample}\n}}\n")
    assert [one.code for one in caught.value.diagnostics] == [code]
    fine = "\n".join(line for line in sample.splitlines() if "# wrong" not in line)
    if "output" in fine:
        compile_source(f"model sample() {{\n{fine}\n}}\n")


def test_importing_layers_imports_no_numpy() -> None:
    program = "import sys, dotnn.compiler.layers; sys.exit('numpy' in sys.modules or 'onnx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
