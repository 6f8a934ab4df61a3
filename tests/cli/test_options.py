"""Options beside `--weights`: what they load, what they say, and one report for each file that does not fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest

from tests.helpers.cli_calls import Done, dotnn
from tests.helpers.golden import assert_golden
from tests.helpers.weight_helpers import write_file

NET = """
model net {
    input x: float32[N, 3, 6, 6]
    features = x -> conv1: conv2d(4, kernel=3) -> bn1: batch_norm -> relu
    output y = features -> conv2: conv2d(2, kernel=3, bias=false) -> flatten -> fc: dense(5)
}
"""
SHAPES: Mapping[str, tuple[int, ...]] = {
    "conv1.weight": (4, 3, 3, 3),
    "conv1.bias": (4,),
    "bn1.weight": (4,),
    "bn1.bias": (4,),
    "bn1.running_mean": (4,),
    "bn1.running_var": (4,),
    "conv2.weight": (2, 4, 3, 3),
    "fc.weight": (5, 8),
    "fc.bias": (5,),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.nn").write_text(NET)
    return tmp_path


def arrays() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(2)
    return {name: np.abs(generator.normal(size=shape)).astype(np.float32) for name, shape in SHAPES.items()}


def initializers(path: str = "net.onnx") -> dict[str, np.ndarray]:
    return {one.name: onnx.numpy_helper.to_array(one) for one in onnx.load(path).graph.initializer}


def build(*options: str) -> Done:
    return dotnn("build", "net.nn", "--no-optimize", *options)


def assert_loaded(expected: Mapping[str, np.ndarray]) -> None:
    found = initializers()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


# What is loaded -------------------------------------------------------------------------------------------------------


def test_a_prefix_and_rules(folder: Path) -> None:
    changed = {f"module.{name.replace('bn1.', 'norm_')}": array for name, array in arrays().items()}
    write_file(folder / "w.safetensors", changed)
    Path("rules.toml").write_text("'norm_(.+)' = \"bn1.$1\"\n")
    done = build("--weights", "w.safetensors", "--strip-prefix", "module.", "--rename", "rules.toml")
    assert (done.code, done.err) == (0, "")
    assert_loaded(arrays())


def test_every_pair_is_shown_where_the_order_decides(folder: Path) -> None:
    write_file(folder / "w.npz", {f"p{place}": array for place, array in enumerate(arrays().values())})
    done = build("--weights", "w.npz", "--match", "order", "--save-weights", "named.npz")
    assert done.code == 0
    assert all(
        f"`{name}` {list(shape)} <- `p{place}`" in done.err for place, (name, shape) in enumerate(SHAPES.items())
    )
    assert_loaded(arrays())
    assert build("--weights", "named.npz").err == ""


def test_what_is_missing_is_named(folder: Path) -> None:
    given = arrays()
    del given["fc.weight"], given["fc.bias"]
    write_file(folder / "w.npz", given)
    done = build("--weights", "w.npz", "--allow-missing")
    assert done.code == 0
    assert "W849" in done.err
    assert "`fc.weight`" in done.err
    assert "`fc.bias`" in done.err
    assert_loaded(given)


def test_nothing_is_written_where_numbers_are_not_finite(folder: Path) -> None:
    given = arrays()
    given["fc.bias"][2] = np.nan
    write_file(folder / "w.npz", given)
    before = sorted(one.name for one in folder.iterdir())
    for options in ((), ("--save-weights", "again.npz"), ("-o", "other.onnx")):
        done = build("--weights", "w.npz", *options)
        assert done.code == 2
        assert "E867" in done.err
        assert sorted(one.name for one in folder.iterdir()) == before
    done = build("--weights", "w.npz", "--allow-nonfinite")
    assert done.code == 0
    assert "W801" in done.err
    assert_loaded(given)


def test_run_takes_them_too(folder: Path) -> None:
    write_file(folder / "w.npz", {f"module.{name}": array for name, array in arrays().items()})
    run = ("run", "net.nn", "--random", "1", "--size", "N=1", "--weights", "w.npz")
    assert dotnn(*run).code == 2
    done = dotnn(*run, "--strip-prefix", "module.")
    assert done.code == 0
    write_file(folder / "plain.npz", arrays())
    assert dotnn("run", "net.nn", "--random", "1", "--size", "N=1", "--weights", "plain.npz").out == done.out


# Calls ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        ("--strip-prefix", "module."),
        ("--rename", "rules.toml"),
        ("--match", "order"),
        ("--allow-missing",),
        ("--allow-nonfinite",),
    ],
)
def test_options_that_need_weights(folder: Path, options: tuple[str, ...]) -> None:
    for done in (build(*options), dotnn("run", "net.nn", "--random", "1", *options)):
        assert done.code == 2
        assert options[0] in done.err
        assert "--weights" in done.err


def test_an_onnx_file_takes_none(folder: Path) -> None:
    build()
    done = dotnn("run", "net.onnx", "--random", "1", "--weights", "w.npz", "--allow-missing")
    assert done.code == 2
    assert "--weights, --allow-missing: this is for .nn files" in done.err


def test_rules_are_not_replaced(folder: Path) -> None:
    write_file(folder / "w.npz", arrays())
    Path("rules.toml").write_text("'a' = 'b'\n")
    for option in ("-o", "--save-weights"):
        done = build("--weights", "w.npz", "--rename", "rules.toml", option, "rules.toml")
        assert done.code == 2
        assert Path("rules.toml").read_text() == "'a' = 'b'\n"


def test_names_of_keras_go_with_a_file_of_keras(folder: Path) -> None:
    done = build("--keras-names")
    assert done.code == 2
    assert "--save-weights" in done.err
    for name in ("w.safetensors", "w.h5", ".weights.h5"):
        done = build("--save-weights", name, "--keras-names")
        assert done.code == 2
        assert "E869" in done.err
        assert not Path(name).exists()


# Reports --------------------------------------------------------------------------------------------------------------


def _near() -> dict[str, np.ndarray]:
    """Names that are near, a layer too many, one attribute, another size, and another type."""
    found = arrays()
    found["conv_1.weight"], found["conv_1.bias"] = found.pop("conv1.weight"), found.pop("conv1.bias")
    found["conv2.bias"] = np.zeros(2, np.float32)
    found["fc.weight"] = np.zeros((7, 8), np.float32)
    found["fc.bias"] = np.zeros(5, np.int8)
    found["aux.weight"] = np.zeros((3, 3), np.float32)
    return found


def _not_finite() -> dict[str, np.ndarray]:
    found = arrays()
    found["fc.bias"][1] = np.inf
    found["conv1.weight"][0] = np.nan
    return found


def _shuffled() -> dict[str, np.ndarray]:
    names = ["conv1.weight", "conv1.bias", "bn1.weight", "conv2.weight", "fc.weight"]
    return {f"layer{place}.w": arrays()[name] for place, name in enumerate(names)}


#: What files hold, and the options with which they are loaded.
WRONG: dict[str, tuple[Callable[[], Mapping[str, np.ndarray]], tuple[str, ...]]] = {
    "near_names": (_near, ()),
    "prefix": (lambda: {f"module.{name}": array for name, array in arrays().items()}, ()),
    "prefix_and_more": (lambda: {f"module.{name}": array for name, array in arrays().items() if name != "fc.bias"}, ()),
    "names_cut_off": (lambda: {n.removeprefix("conv"): a for n, a in arrays().items()}, ()),
    "order": (lambda: {f"p{place}": array for place, array in enumerate(arrays().values())}, ()),
    "layout": (lambda: {name: _as_keras(array) for name, array in arrays().items()}, ()),
    "other_model": (lambda: {"embedding.weight": np.zeros((9, 4), np.float32)}, ()),
    "not_finite": (_not_finite, ()),
    "order_differs": (_shuffled, ("--match", "order")),
    "prefix_that_is_none": (lambda: {f"module.{n}": a for n, a in arrays().items()}, ("--strip-prefix", "net.")),
    "collision": (lambda: {**arrays(), "module.fc.bias": np.zeros(5, np.float32)}, ("--strip-prefix", "module.")),
    "rule_too_general": (arrays, ("--rename", "general.toml")),
    "rule_is_none": (arrays, ("--rename", "bad.toml")),
    "rules_are_no_toml": (arrays, ("--rename", "quotes.toml")),
    "rules_that_match_nothing": (_near, ("--rename", "idle.toml")),
    "no_rules": (arrays, ("--rename", "none.toml")),
}
RULES = {
    "general.toml": "'(.+)\\.(.+)' = \"fc.$2\"\n",
    "bad.toml": "# a comment\n'conv(\\d' = \"conv.$1\"\n",
    "quotes.toml": '"conv(\\d)\\.(.+)" = "conv.$1.$2"\n',
    "idle.toml": "'fc' = \"head\"\n'conv_1\\.(.+)' = \"conv1.$1\"\n",
}


def _as_keras(array: np.ndarray) -> np.ndarray:
    return np.moveaxis(array, (0, 1), (-1, -2)) if array.ndim > 1 else array


@pytest.mark.parametrize("name", WRONG)
def test_reports_of_files_that_do_not_fit(folder: Path, name: str) -> None:
    made, options = WRONG[name]
    for rules, text in RULES.items():
        Path(rules).write_text(text)
    write_file(folder / "w.npz", made())
    before = sorted(one.name for one in folder.iterdir())
    done = build("--weights", "w.npz", *options)
    assert done.code == 2
    assert done.out == ""
    assert sorted(one.name for one in folder.iterdir()) == before
    assert_golden(f"weights/{name}.txt", done.err)
