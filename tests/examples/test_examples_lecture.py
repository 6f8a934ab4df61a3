"""Numbers worked out in the lectures, computed by the references and by onnxruntime, as written and optimized."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from dotnn.compiler import compile_file, compile_source
from dotnn.compiler.compiled import Compiled
from dotnn.compiler.reference_evaluation import evaluate, named_results
from dotnn.compiler.weights.weight_values import WeightValues
from dotnn.runtime import Session, read_feeds
from numpy.typing import NDArray

from tests.helpers.example_facts import example_path
from tests.helpers.paths import DATA

Array = NDArray[Any]
#: Computes the outputs of a model by name.
Engine = Callable[[Compiled, dict[str, Array]], dict[str, Array]]


def by_reference(model: Compiled, feeds: dict[str, Array]) -> dict[str, Array]:
    results = named_results(model.graph, evaluate(model.graph, feeds, WeightValues(0), keep=()))
    return {name: results[name] for name in model.graph.outputs}


def by_onnxruntime(model: Compiled, feeds: dict[str, Array]) -> dict[str, Array]:
    return Session(model.to_bytes(optimize=False), provider="cpu").run(feeds)


def optimized(model: Compiled, feeds: dict[str, Array]) -> dict[str, Array]:
    return Session(model.to_bytes(), provider="cpu").run(feeds)


@pytest.fixture(params=[by_reference, by_onnxruntime, optimized])
def run(request: pytest.FixtureRequest) -> Engine:
    return request.param


def pipeline(inputs: str, stages: str) -> Compiled:
    return compile_source(f"model one() {{ input x: {inputs} output y = x -> {stages} }}")


def digits(*rows: str) -> Array:
    """An image of one channel, each digit a pixel."""
    return np.array([[[[int(digit) for digit in row] for row in rows]]], np.float32)


# Convolution and pooling ---------------------------------------------------------------------------------------------

SIX = digits("100001", "010010", "001100", "100010", "010010", "001010")
DIAGONAL = [[3, -1, -3, -1], [-3, 1, 0, -3], [-3, -3, 0, 1], [3, -2, -2, -1]]
VERTICAL = [[-1, -1, -1, -1], [-1, -1, -2, 1], [-1, -1, -2, 1], [-1, 0, -4, 3]]


def test_two_filters_on_6x6(run: Engine) -> None:
    outputs = run(compile_file(example_path("filters_6x6")), {"image": SIX})
    np.testing.assert_array_equal(outputs["feature_maps"], [[DIAGONAL, VERTICAL]])
    np.testing.assert_array_equal(outputs["pooled"], [[[[3, 0], [3, 1]], [[-1, 1], [0, 3]]]])


def test_stride_2_takes_every_second_place(run: Engine) -> None:
    outputs = run(compile_file(example_path("filters_6x6"), arguments={"stride": 2}), {"image": SIX})
    expected = np.array([[DIAGONAL, VERTICAL]])[:, :, ::2, ::2]
    np.testing.assert_array_equal(outputs["feature_maps"], expected)
    np.testing.assert_array_equal(outputs["feature_maps"][0, 0], [[3, -3], [-3, 0]])


def test_the_shipped_6x6_image_is_that_of_the_lecture() -> None:
    session = Session(compile_file(example_path("filters_6x6")).to_bytes(optimize=False), provider="cpu")
    np.testing.assert_array_equal(read_feeds([str(DATA / "six_by_six.csv")], session.inputs).arrays["image"], SIX)


def test_filter_on_5x5(run: Engine) -> None:
    cross = "[[[[1, 0, 1], [0, 1, 0], [1, 0, 1]]]]"
    model = pipeline("float32[N, 1, 5, 5]", f"conv2d(1, kernel=3, weight={cross}, bias=false)")
    outputs = run(model, {"x": digits("11100", "01110", "00111", "00110", "01100")})
    np.testing.assert_array_equal(outputs["y"], [[[[4, 3, 4], [2, 4, 3], [2, 3, 4]]]])


def test_max_pooling(run: Engine) -> None:
    outputs = run(pipeline("float32[N, 1, 4, 4]", "max_pool2d(2)"), {"x": digits("1124", "5678", "3210", "1234")})
    np.testing.assert_array_equal(outputs["y"], [[[[6, 8], [3, 4]]]])


# Recurrent cells: the equations of the lectures, with [h, x] one vector and W one matrix -----------------------------

INPUTS, UNITS, STEPS = 2, 3, 5
X = np.random.default_rng(0).normal(size=(2, STEPS, INPUTS)).astype(np.float32)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def gates(model: Compiled) -> Iterator[tuple[Array, Array]]:
    """Matrix and bias of each gate, in PyTorch's order."""
    values = {weight.name: WeightValues(0).values(weight).astype(float) for weight in model.graph.weights()}
    kind = next(iter(values)).split(".")[0]
    w_x, w_h = values[f"{kind}.weight_ih_l0"], values[f"{kind}.weight_hh_l0"]
    bias = values[f"{kind}.bias_ih_l0"]
    for first in range(0, len(w_x), UNITS):
        rows = slice(first, first + UNITS)
        yield np.hstack([w_h[rows], w_x[rows]]), bias[rows]


def both(h: Array, x: Array) -> Array:
    return np.hstack([h, x])


def test_vanilla_rnn(run: Engine) -> None:
    """h = tanh(W_hh h + W_xh x + b)."""
    model = pipeline(f"float32[N, T, {INPUTS}]", f"rnn({UNITS}, bias_init=normal(std=1.0))")
    ((w, b),) = gates(model)
    h, expected = np.zeros((2, UNITS)), []
    for x in X.transpose(1, 0, 2):
        h = np.tanh(both(h, x) @ w.T + b)
        expected.append(h)
    np.testing.assert_allclose(run(model, {"x": X})["y"], np.stack(expected, axis=1), atol=1e-5)


def test_lstm(run: Engine) -> None:
    """f, i, o = sigmoid(W [h, x] + b); C~ = tanh(W_C [h, x] + b_C); C = f C + i C~; h = o tanh(C)."""
    model = pipeline(f"float32[N, T, {INPUTS}]", f"lstm({UNITS}, bias_init=normal(std=1.0))")
    (w_i, b_i), (w_f, b_f), (w_c, b_c), (w_o, b_o) = gates(model)
    h, c, expected = np.zeros((2, UNITS)), np.zeros((2, UNITS)), []
    for x in X.transpose(1, 0, 2):
        hx = both(h, x)
        f, i, o = sigmoid(hx @ w_f.T + b_f), sigmoid(hx @ w_i.T + b_i), sigmoid(hx @ w_o.T + b_o)
        c = f * c + i * np.tanh(hx @ w_c.T + b_c)
        h = o * np.tanh(c)
        expected.append(h)
    np.testing.assert_allclose(run(model, {"x": X})["y"], np.stack(expected, axis=1), atol=1e-5)


def test_gru(run: Engine) -> None:
    """z, r = sigmoid(W [h, x] + b); h~ = tanh(W [r h, x] + b); h = z h + (1 - z) h~."""
    model = pipeline(f"float32[N, T, {INPUTS}]", f"gru({UNITS}, reset_after=false, bias_init=normal(std=1.0))")
    (w_r, b_r), (w_z, b_z), (w_n, b_n) = gates(model)
    h, expected = np.zeros((2, UNITS)), []
    for x in X.transpose(1, 0, 2):
        z, r = sigmoid(both(h, x) @ w_z.T + b_z), sigmoid(both(h, x) @ w_r.T + b_r)
        h = z * h + (1 - z) * np.tanh(both(r * h, x) @ w_n.T + b_n)
        expected.append(h)
    np.testing.assert_allclose(run(model, {"x": X})["y"], np.stack(expected, axis=1), atol=1e-5)


# h e l o -------------------------------------------------------------------------------------------------------------

W_XH = np.array([[0.3, 1, 0.1, 0.5], [-0.1, 0.3, -0.3, 0.1], [-0.1, 0.1, -0.5, -0.5]])
W_HH = np.array([[0.1, 0.4, 0.8], [-0.1, 0.5, -0.2], [0.9, 0.2, 0.6]])
W_HY = np.array([[0.3, 0.9, 0.1], [0.2, -0.6, 0.5], [-0.1, 0.1, 0.5], [-0.1, 1, -0.2]])


def test_hell_predicts_ehee(run: Engine) -> None:
    one_hot = np.eye(4, dtype=np.float32)[["helo".index(letter) for letter in "hell"]]
    outputs = run(compile_file(example_path("char_rnn")), {"letters": one_hot[None]})["next_letter"]
    h, expected = np.zeros(3), []
    for x in one_hot:
        h = np.tanh(W_HH @ h + W_XH @ x)
        scores = np.exp(W_HY @ h)
        expected.append(scores / scores.sum())
    np.testing.assert_allclose(outputs, [expected], atol=1e-6)
    assert "".join("helo"[index] for index in outputs[0].argmax(axis=1)) == "ehee"


def test_the_shipped_text_is_hell() -> None:
    session = Session(compile_file(example_path("char_rnn")).to_bytes(optimize=False), provider="cpu")
    fed = read_feeds([str(DATA / "hell.json")], session.inputs).arrays["letters"]
    assert "".join("helo"[index] for index in fed[0].argmax(axis=1)) == "hell"
    assert (DATA / "letters.txt").read_text(encoding="utf-8").split() == list("helo")


# X or O --------------------------------------------------------------------------------------------------------------


def picture(drawing: str) -> Array:
    """A drawing of 9 rows as an image: 1 for `#`, -1 for `.`."""
    return np.array([[1 if sign == "#" else -1 for sign in row] for row in drawing.split()], np.float32)


def cross(arm: int, row: int, column: int) -> Array:
    """Two diagonals that cross at a pixel."""
    image = np.full((9, 9), -1, np.float32)
    for step in range(-arm, arm + 1):
        image[row + step, column + step] = image[row + step, column - step] = 1
    return image


#: Of every size, wherever they fit.
CROSSES = [
    cross(arm, row, column) for arm in (2, 3, 4) for row in range(arm, 9 - arm) for column in range(arm, 9 - arm)
]


def rings() -> Iterator[Array]:
    """Diamonds, circles and squares of all sizes and positions, thin and thick, around an empty middle."""
    rows, columns = np.mgrid[0:9, 0:9]
    halves = np.arange(3, 5.1, 0.5)
    for radius in np.arange(2, 4.3, 0.25):
        for row in halves[(halves - radius >= -0.5) & (halves + radius <= 8.5)]:
            for column in halves[(halves - radius >= -0.5) & (halves + radius <= 8.5)]:
                for power in (1, 2, 4, 50):
                    distance = (abs(rows - row) ** power + abs(columns - column) ** power) ** (1 / power)
                    for width in (0.5, 0.75, 1):
                        image = np.where(abs(distance - radius) <= width, 1, -1).astype(np.float32)
                        if image[int(row), int(column)] < 0:
                            yield image


DEFORMED = [
    # one arm bent
    "......... ......#.. .#...#... ..##.#... ....#.... ...#.##.. ...#...#. ..#...... .........",
    "......... .##....#. ...#..#.. ....##... ....#.... ...#.#... ..#...#.. .#.....#. .........",
    # a short arm, arms of unequal steepness
    "......... .#....... ..#...#.. ...#.#... ....#.... ...#.#... ..#...#.. .......#. .........",
    "......... .#.....## .##..##.. ..#.##... ...##.... ...#.#... ..#..#... .#...#... .........",
    # bold
    "......... .##...##. .###.###. ..#####.. ...###... ..#####.. .###.###. .##...##. .........",
    # a gap, and specks
    "......... .#.....#. ..#...#.. ...#..... ....#.... ...#.#... ..#...#.. .#.....#. .........",
    "#.......# .#.....#. ..#...#.. ...#.#... ....#.... ...#.#... ..#...#.. .#.....#. ....#....",
]
ROUND = [
    "......... ...###... ..#...#.. .#.....#. .#.....#. .#.....#. ..#...#.. ...###... .........",
    "......... ..#####.. .#.....#. .#.....#. .#.....#. .#.....#. .#.....#. ..#####.. .........",
    "......... ...###... ..#..##.. .##...#.. .#.....#. .#....##. ..#...#.. ...####.. .........",
    "......... ..####... .#....#.. .#....#.. .#....#.. ..####... ......... ......... .........",
    "..#####.. .#.....#. #.......# #.......# #.......# #.......# #.......# .#.....#. ..#####..",
    "......... ...###... ..#####.. .###.###. .##...##. .###.###. ..#####.. ...###... .........",
    # not closed
    "......... ...##.... ..#...#.. .#.....#. .#.....#. .#.....#. ..#...#.. ...###... .........",
]


def is_x(run: Engine, images: list[Array]) -> list[bool]:
    """Which ones are an X, by the classes of the example."""
    assert (DATA / "x_or_o.txt").read_text(encoding="utf-8").split() == ["X", "O"]
    outputs = run(compile_file(example_path("x_or_o")), {"image": np.stack(images)[:, None]})
    return list(outputs["probabilities"].argmax(axis=1) == 0)


def test_the_x_of_the_lecture(run: Engine) -> None:
    assert is_x(run, [cross(3, 4, 4)]) == [True]


def test_the_shipped_images_are_an_x_and_an_o(run: Engine) -> None:
    session = Session(compile_file(example_path("x_or_o")).to_bytes(optimize=False), provider="cpu")
    images = [read_feeds([str(DATA / name)], session.inputs).arrays["image"][0, 0] for name in ("x.csv", "o.csv")]
    np.testing.assert_array_equal(images[0], cross(3, 4, 4))
    assert is_x(run, images) == [True, False]


def test_shifted_and_scaled_xs(run: Engine) -> None:
    assert len(CROSSES) == 25 + 9 + 1
    assert all(is_x(run, CROSSES))


@pytest.mark.parametrize("drawing", DEFORMED)
def test_deformed_xs(drawing: str) -> None:
    """Each shifted by one pixel in every direction too; what leaves the image comes in on the other side."""
    image = picture(drawing)
    shifted = [np.roll(image, (row, column), axis=(0, 1)) for row in (-1, 0, 1) for column in (-1, 0, 1)]
    assert all(is_x(by_onnxruntime, [image, *shifted]))


def test_any_pixel_of_an_x_may_be_wrong() -> None:
    wrong = []
    for image in CROSSES:
        for index in np.ndindex(image.shape):
            other = image.copy()
            other[index] *= -1
            wrong.append(other)
    assert all(is_x(by_onnxruntime, wrong))


@pytest.mark.parametrize("drawing", ROUND)
def test_os(drawing: str) -> None:
    assert is_x(by_onnxruntime, [picture(drawing)]) == [False]


def test_rings_of_all_kinds(run: Engine) -> None:
    images = list(rings())
    assert len(images) > 1000
    assert not any(is_x(run, images))


def test_an_empty_image_is_no_x(run: Engine) -> None:
    assert is_x(run, [np.full((9, 9), -1, np.float32)]) == [False]
