"""Weights that callers in Python give to `save`, `to_bytes` and `Session`: paths, mappings of arrays, open sources."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from dotnn import Compiled, DotnnError, DotnnWarning, Matching, Session, compile_source
from dotnn.compiler.diagnostics.weight_matching import NotFiniteNumbers
from dotnn.compiler.diagnostics.weights import (
    MisshapenWeights,
    MissingWeights,
    NotArrays,
    NotFiniteWeights,
    PrefixedNames,
    UnusedWeights,
    WrongElementTypes,
)
from dotnn.compiler.weights.binding import bind_weights
from dotnn.compiler.weights.readers import open_weights
from onnx import numpy_helper

from tests.helpers.weight_helpers import arrays_for, diagnostic_of, diagnostics_of, write_file

TEXT = "model tiny { input x: float32[N, 4] output y = x -> fc: dense(3) -> bn: batch_norm }"


@pytest.fixture
def model() -> Compiled:
    return compile_source(TEXT)


@pytest.fixture
def arrays(model: Compiled) -> dict[str, np.ndarray]:
    found = arrays_for(model.graph.weights(), seed=4)
    return {name: np.abs(array) if name == "bn.running_var" else array for name, array in found.items()}


def built(model: Compiled, weights: Any, matching: Matching | None = None) -> dict[str, np.ndarray]:
    proto = onnx.load_from_string(model.to_bytes(optimize=False, weights=weights, matching=matching))
    return {one.name: numpy_helper.to_array(one) for one in proto.graph.initializer}


def expected(arrays: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """What PyTorch defines: ``(x W^T + b - mean) / sqrt(var + 1e-5) * scale + shift``, in float64."""
    wide = {name: array.astype(np.float64) for name, array in arrays.items()}
    dense = x @ wide["fc.weight"].T + wide["fc.bias"]
    normal = (dense - wide["bn.running_mean"]) / np.sqrt(wide["bn.running_var"] + 1e-5)
    return normal * wide["bn.weight"] + wide["bn.bias"]


class Tensor:
    """What matters of a tensor of PyTorch: it gives numpy nothing before it is detached and on the CPU."""

    def __init__(self, array: np.ndarray, *, free: bool = False, dtype: str = "torch.float32") -> None:
        self.array, self.free, self.dtype = array, free, dtype

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return Tensor(self.array, free=True, dtype=self.dtype)

    def float(self) -> Tensor:
        return Tensor(self.array, free=self.free)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        if not self.free:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        if self.dtype == "torch.bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.array


class Lent:
    """An array that is handed over by DLPack alone."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


FORMS: dict[str, Callable[[np.ndarray], Any]] = {
    "numpy": lambda array: array,
    "lists": lambda array: array.astype(np.float64).tolist(),
    "fortran order": np.asfortranarray,
    "big endian": lambda array: array.astype(">f4"),
    "float64": lambda array: array.astype(np.float64),
    "tensors": Tensor,
    "bfloat16 tensors": lambda array: Tensor(array, dtype="torch.bfloat16"),
    "dlpack": Lent,
    "read-only": lambda array: np.frombuffer(array.tobytes(), np.float32).reshape(array.shape),
}


@pytest.mark.parametrize("form", FORMS)
def test_mapping_of_arrays(form: str, model: Compiled, arrays: dict[str, np.ndarray]) -> None:
    given = OrderedDict((name, FORMS[form](array)) for name, array in arrays.items())
    found = built(model, given)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], array)
    x = np.random.default_rng(5).normal(size=(6, 4)).astype(np.float32)
    session = Session(model, weights=given, provider="cpu")
    assert session.notes == ()
    np.testing.assert_allclose(session.run(x)["y"], expected(arrays, x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("suffix", [".safetensors", ".npz"])
@pytest.mark.parametrize("kind", [str, Path])
def test_paths(
    suffix: str, kind: type, tmp_path: Path, model: Compiled, arrays: dict[str, np.ndarray], monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    write_file(Path(f"w{suffix}"), {**arrays, "bn.num_batches_tracked": np.array(7)})
    path = kind(f"w{suffix}")
    with open_weights(path) as file:
        data = model.to_bytes(weights=bind_weights(file, model.graph.weights()))
        # An open file is bound by whoever takes it, and stays open.
        assert model.to_bytes(weights=file) == data
        assert model.to_bytes(weights=file) == data
    assert model.to_bytes(weights=path) == data
    written = model.save(Path("tiny.onnx"), weights=path)
    assert written.path.read_bytes() == data
    x = np.ones((2, 4), np.float32)
    one, other = Session(model, weights=path, provider="cpu"), Session("tiny.onnx", provider="cpu")
    np.testing.assert_array_equal(one.run(x)["y"], other.run(x)["y"])


def test_an_archive_of_numpy_is_a_mapping(tmp_path: Path, model: Compiled, arrays: dict[str, np.ndarray]) -> None:
    path = write_file(tmp_path / "w.npz", arrays)
    with np.load(path) as archive:
        assert model.to_bytes(weights=archive) == model.to_bytes(weights=path)


def test_large_models_take_weights_too(
    model: Compiled, arrays: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those go through files."""
    monkeypatch.setattr("dotnn.runtime.session.LARGEST_IN_MEMORY", 0)
    x = np.ones((2, 4), np.float32)
    found = Session(model, weights=arrays, provider="cpu").run(x)["y"]
    np.testing.assert_allclose(found, expected(arrays, x), rtol=1e-4, atol=1e-5)


def test_the_counter_of_pytorch_is_dropped(model: Compiled, arrays: dict[str, np.ndarray]) -> None:
    counted = {**arrays, "bn.num_batches_tracked": np.array(3)}
    assert model.to_bytes(weights=counted) == model.to_bytes(weights=arrays)


def test_seed_and_target_of_a_session(model: Compiled) -> None:
    x = np.ones((1, 4), np.float32)
    runs = {seed: Session(model, seed=seed, provider="cpu").run(x)["y"].tolist() for seed in (0, 1)}
    assert runs[0] == Session(model, provider="cpu").run(x)["y"].tolist()
    assert runs[0] != runs[1]
    session = Session(model, target="onnx", seed=3, provider="cpu")
    assert session.metadata["dotnn.target"] == "onnx"
    assert session.metadata["dotnn.seed"] == "3"


# Mistakes -------------------------------------------------------------------------------------------------------------


def test_every_misfit_is_in_one_error(model: Compiled, arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    path = tmp_path / "never.onnx"
    given: dict[Any, Any] = {
        "fcc.weight": arrays["fc.weight"],
        "fc.bias": None,
        "bn.weight": np.ones(3, np.int8),
        "bn.bias": np.ones(2, np.float32),
        "bn.running_mean": arrays["bn.running_mean"],
        "bn.running_var": [[1.0], [2.0, 3.0]],
        7: 1.0,
    }
    for action in (
        lambda: model.to_bytes(weights=given),
        lambda: model.save(path, weights=given),
        lambda: Session(model, weights=given),
    ):
        found = {type(one): one for one in diagnostics_of(action)}
        assert set(found) == {NotArrays, MissingWeights, UnusedWeights, MisshapenWeights, WrongElementTypes}
    assert not path.exists()
    assert "did you mean `fcc.weight`?" in found[MissingWeights].notes()[0]
    assert len(found[MissingWeights].notes()) == 1
    assert "not in the mapping" in found[MissingWeights].caret()
    said = "\n".join(found[NotArrays].notes())
    assert "`fc.bias`: it is a NoneType" in said
    assert "`7`: the name is an int" in said
    assert "`bn.running_var`: it cannot be read" in said
    assert not any("file" in one.advice() + one.headline() for one in found.values())


def test_the_error_as_text_names_what_is_meant(model: Compiled, arrays: dict[str, np.ndarray]) -> None:
    arrays["fcc.weight"] = arrays.pop("fc.weight")
    with pytest.raises(DotnnError, match=r"(?s)`fc\.weight` \[3, 4\]; did you mean `fcc\.weight`"):
        model.to_bytes(weights=arrays)


def test_prefixes(model: Compiled, arrays: dict[str, np.ndarray]) -> None:
    (found,) = diagnostics_of(lambda: model.to_bytes(weights={f"module.{k}": v for k, v in arrays.items()}))
    assert isinstance(found, PrefixedNames)
    argument = found.advice().partition("`matching=dotnn.")[2].rstrip("`")
    weights = {f"module.{name}": array for name, array in arrays.items()}
    assert built(model, weights, eval(argument, {"Matching": Matching})).keys() == arrays.keys()


def test_a_checkpoint_names_the_entry_to_give(model: Compiled, arrays: dict[str, np.ndarray]) -> None:
    with pytest.raises(DotnnError, match=r"give `weights\['state_dict'\]`"):
        model.to_bytes(weights={"state_dict": arrays, "epoch": 3})


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        object(),
        np.array([None, 1]),
        np.array(["a"]),
        [[1.0], [1.0, 2.0]],
        np.ma.masked_array([1.0, 2.0, 3.0], [True, False, False]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_array(value: Any, model: Compiled, arrays: dict[str, np.ndarray]) -> None:
    found = diagnostic_of(lambda: model.to_bytes(weights={**arrays, "fc.bias": value}))
    assert isinstance(found, NotArrays)
    assert found.faults[0][0] == "fc.bias"


@pytest.mark.parametrize(
    "value", [5, 1.5, ["w.npz"], b"w.npz", np.ones(3), object(), True], ids=lambda value: type(value).__name__
)
def test_what_is_no_weights(value: Any, model: Compiled, tmp_path: Path) -> None:
    for action in (
        lambda: model.to_bytes(weights=value),
        lambda: model.save(tmp_path / "m.onnx", weights=value),
        lambda: Session(model, weights=value),
    ):
        with pytest.raises(TypeError, match=r"file, a mapping from names to arrays, or a model of Keras"):
            action()


def test_an_archive_that_is_damaged(model: Compiled, arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    path = write_file(tmp_path / "w.npz", arrays)
    content = path.read_bytes()
    at = content.index(arrays["fc.weight"].tobytes())
    path.write_bytes(content[:at] + b"\0" + content[at + 1 :])
    with np.load(path) as archive:
        found = diagnostic_of(lambda: model.to_bytes(weights=archive))
    assert isinstance(found, NotArrays)
    assert found.faults[0][0] == "fc.weight"


@pytest.mark.parametrize("second", [None, np.ones((4, 3), np.float32)], ids=["none", "other shape"])
def test_arrays_that_change_while_they_are_read(second: Any, model: Compiled, arrays: dict[str, np.ndarray]) -> None:
    class Fickle(dict[str, Any]):
        asked = 0

        def __getitem__(self, name: str) -> Any:
            self.asked += name == "fc.weight"
            return second if name == "fc.weight" and self.asked > 1 else super().__getitem__(name)

    assert isinstance(diagnostic_of(lambda: model.to_bytes(weights=Fickle(arrays))), NotArrays)


def test_too_little_memory_for_the_arrays(model: Compiled, arrays: dict[str, np.ndarray]) -> None:
    class Huge:
        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
            raise MemoryError

    assert diagnostic_of(lambda: model.to_bytes(weights={**arrays, "fc.bias": Huge()})).code == "E847"


def test_a_module_of_pytorch_has_a_state_dict(model: Compiled) -> None:
    class Module:
        def state_dict(self) -> dict[str, Any]:
            return {}

    with pytest.raises(TypeError, match=r"state_dict\(\)"):
        model.to_bytes(weights=Module())  # pyright: ignore[reportArgumentType]


def test_files_that_cannot_be_read(model: Compiled, tmp_path: Path) -> None:
    (tmp_path / "cut.npz").write_bytes(b"PK")
    for name, code in (
        ("none.npz", "E802"),
        ("net.ckpt", "E801"),
        ("cut.npz", "E803"),
        ("", "E801"),
        ("\0.npz", "E802"),
    ):
        path = tmp_path / name if "\0" not in name else name
        assert diagnostic_of(lambda path=path: model.to_bytes(weights=path)).code == code
        assert diagnostic_of(lambda path=path: model.save(tmp_path / "m.onnx", weights=path)).code == code
    assert not (tmp_path / "m.onnx").exists()


def test_a_built_model_takes_no_weights(model: Compiled, arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    path = tmp_path / "tiny.onnx"
    model.save(path)
    for built_model in (path, str(path), path.read_bytes()):
        found = diagnostic_of(lambda one=built_model: Session(one, weights=arrays, seed=3))
        assert found.code == "E920"
        assert "`weights`, `seed`" in found.headline()
        assert diagnostic_of(lambda one=built_model: Session(one, target="onnx")).code == "E920"


def test_nothing_is_replaced_that_a_model_is_made_from(tmp_path: Path, arrays: dict[str, np.ndarray]) -> None:
    from dotnn import compile_file

    weights = write_file(tmp_path / "w.npz", arrays)
    (tmp_path / "blocks.nn").write_text("block end(x) { return x -> bn: batch_norm }")
    (tmp_path / "tiny.nn").write_text(
        'import end from "blocks.nn"\nmodel tiny { input x: float32[N, 4] output y = x -> fc: dense(3) -> end }'
    )
    (tmp_path / "link.npz").symlink_to(weights)
    model = compile_file(tmp_path / "tiny.nn")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for path in before:
        assert diagnostic_of(lambda path=path: model.save(path, weights=weights)).code == "E849"
    assert before == {path: path.read_bytes() for path in tmp_path.iterdir()}


# Warnings -------------------------------------------------------------------------------------------------------------


def test_numbers_that_are_not_finite_are_an_error_and_a_warning_at_the_call_where_they_are_allowed(
    model: Compiled, arrays: dict[str, np.ndarray], tmp_path: Path
) -> None:
    arrays["fc.bias"] = np.array([1, np.nan, 2], np.float32)
    path = write_file(tmp_path / "w.npz", arrays)
    actions: list[Callable[..., object]] = [
        lambda **options: model.to_bytes(weights=arrays, **options),
        lambda **options: model.save(tmp_path / "m.onnx", weights=path, **options),
        lambda **options: Session(model, weights=arrays, provider="cpu", **options),
    ]
    for action in actions:
        found = diagnostic_of(action)
        assert isinstance(found, NotFiniteNumbers)
        assert found.names == ("fc.bias",)
        assert sorted(one.name for one in tmp_path.iterdir()) == ["w.npz"]
    for action in actions:
        with pytest.warns(DotnnWarning, match="`fc.bias`") as caught:
            action(matching=Matching(allow_nonfinite=True))
        (one,) = caught
        assert one.filename == __file__
        assert isinstance(one.message, DotnnWarning)
        assert isinstance(one.message.diagnostic, NotFiniteWeights)


def test_all_tensors_that_are_not_finite_are_in_one_report(model: Compiled, arrays: dict[str, np.ndarray]) -> None:
    for name in ("fc.weight", "bn.running_var"):
        arrays[name].flat[1] = np.inf
    found = diagnostic_of(lambda: model.to_bytes(weights=arrays))
    assert isinstance(found, NotFiniteNumbers)
    assert set(found.names) == {"fc.weight", "bn.running_var"}


def test_whoever_binds_weights_has_their_warnings(
    model: Compiled, arrays: dict[str, np.ndarray], tmp_path: Path
) -> None:
    arrays["fc.bias"] = np.array([1, np.inf, 2], np.float32)
    with open_weights(write_file(tmp_path / "w.npz", arrays)) as file, warnings.catch_warnings():
        warnings.simplefilter("error")
        bound = bind_weights(file, model.graph.weights(), Matching(allow_nonfinite=True))
        model.to_bytes(weights=bound)
    assert [one.code for one in bound.warnings()] == ["W801"]


def test_numbers_beyond_the_element_type(arrays: dict[str, np.ndarray]) -> None:
    half = compile_source("model h { input x: float16[N, 4] output y = x -> fc: dense(3, bias=false) }")
    found = diagnostic_of(lambda: half.to_bytes(weights={"fc.weight": np.full((3, 4), 1e6)}))
    assert isinstance(found, NotFiniteNumbers)
    brain = {"fc.weight": arrays["fc.weight"].astype(ml_dtypes.bfloat16)}
    assert built(half, brain)["fc.weight"].dtype == np.float16


# Matching -------------------------------------------------------------------------------------------------------------


def test_matching_goes_with_weights(model: Compiled, arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="none are given"):
        model.to_bytes(matching=Matching(allow_missing=True))
    with pytest.raises(TypeError, match=r"must be a dotnn\.Matching, not dict"):
        model.to_bytes(weights=arrays, matching={"match": "order"})  # pyright: ignore[reportArgumentType]
    with open_weights(write_file(tmp_path / "w.npz", arrays)) as file:
        bound = bind_weights(file, model.graph)
        with pytest.raises(TypeError, match="matched already"):
            model.to_bytes(weights=bound, matching=Matching())
    model.save(tmp_path / "tiny.onnx")
    assert diagnostic_of(lambda: Session(tmp_path / "tiny.onnx", matching=Matching())).code == "E920"


def test_rules_are_not_replaced_by_the_model(model: Compiled, arrays: dict[str, np.ndarray], tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("'(.+)' = \"$1\"\n")
    found = diagnostic_of(lambda: model.save(rules, weights=arrays, matching=Matching(rename=rules)))
    assert found.code == "E849"
