"""Models side by side: the receptive field that is compared, the order of rows, and the table in Python."""

from __future__ import annotations

from collections.abc import Sequence

import dotnn
import pytest
from dotnn.compiler.diagnostics import DotnnError
from dotnn.compiler.driver import compile_source
from dotnn.compiler.measure.comparison import Comparison
from dotnn.compiler.measure.receptive_fields import WHOLE, seen_before_collapse

from tests.helpers.cli_calls import dotnn as command
from tests.helpers.paths import EXAMPLES

IMAGE = "input x: float32[N, 8, 32, 32]"
#: Two convolutions of 3x3 around a pooling of 2x2: 3 + 1 + 2 * 2.
FEATURES = "x -> conv2d(8, kernel=3) -> max_pool2d(2) -> conv2d(8, kernel=3)"
GATED = "{ 0: global_avg_pool2d -> 1: conv2d(8, kernel=1) -> 2: sigmoid }"


def field(text: str) -> object:
    return seen_before_collapse(compile_source(f"model m {{ {text} }}").graph)


@pytest.mark.parametrize(
    ("statements", "seen"),
    [
        # Classifiers: the feature maps, whatever brings them to numbers.
        (f"{IMAGE} output y = {FEATURES} -> flatten -> dense(3)", 8),
        (f"{IMAGE} output y = {FEATURES} -> global_avg_pool2d -> flatten -> dense(9) -> relu -> dense(3)", 8),
        (f"{IMAGE} output y = {FEATURES} -> mean(axis=[2, 3]) -> dense(3)", 8),
        # The one that sees most, of several.
        (f"{IMAGE} a = x -> global_max_pool2d b = {FEATURES} -> global_max_pool2d output y = concat(a, b)", 8),
        # Outputs with positions, and several outputs: the one that sees most, as behind an auxiliary classifier.
        (f"{IMAGE} output y = {FEATURES}", 8),
        (f"{IMAGE} input t: int64[N] output z = t output w = x output y = {FEATURES}", 8),
        (f"{IMAGE} a = x -> conv2d(8, kernel=3) output b = a -> flatten output y = a -> conv2d(8, kernel=3)", 5),
        # The smallest over the axes.
        ("input x: float32[N, 1, 9, 9] output y = x -> conv2d(2, kernel=[5, 3]) -> flatten -> dense(3)", 3),
        ("input x: float32[N, 1, T] output y = x -> conv1d(2, kernel=5) -> global_avg_pool1d", 5),
        # A gate that has seen everything, and tokens that have seen each other.
        (f"{IMAGE} gate = x -> {GATED} output y = x * gate -> {FEATURES.partition('-> ')[2]} -> flatten", WHOLE),
        (
            f"{IMAGE} output y = x -> conv2d(8, kernel=8, stride=8) -> reshape([N, 8, 16]) -> transpose([0, 2, 1])"
            " -> multi_head_attention(2) -> mean(axis=1) -> dense(3)",
            WHOLE,
        ),
        # Nothing local, but where positions are all there is.
        (f"{IMAGE} output y = x / 2.0 -> flatten -> dense(3)", WHOLE),
        (f"{IMAGE} output y = x -> conv2d(4, kernel=1)", 1),
        # No spatial axes.
        ("input x: int64[N, T] output y = x -> embedding(9, dim=4) -> lstm(4)", None),
        ("input x: float32[N, 4] output y = x -> dense(3)", None),
    ],
)
def test_field_before_positions_collapse(statements: str, seen: object) -> None:
    assert field(statements) == seen


def test_field_of_a_metric_is_that_of_the_feature_maps() -> None:
    """As their authors give it: VGG-16 has 212, and `expect` measures the same of the binding."""
    (row,) = dotnn.compare([dotnn.compile_file(EXAMPLES / "zoo" / "vgg16.nn")]).rows
    assert row.receptive_field == 212


def models() -> Sequence[dotnn.Compiled]:
    files = ("mnist_cnn", "mnist_dense", "char_rnn", "sentiment_lstm", "zoo/alexnet")
    return [dotnn.compile_file(EXAMPLES / f"{name}.nn") for name in files]


@pytest.mark.parametrize(
    ("column", "order"),
    [
        ("name", "alexnet char_rnn mnist_cnn mnist_dense sentiment_lstm"),
        ("params", "alexnet mnist_dense sentiment_lstm mnist_cnn char_rnn"),
        ("weights", "alexnet mnist_dense sentiment_lstm mnist_cnn char_rnn"),
        ("depth", "alexnet mnist_cnn mnist_dense sentiment_lstm char_rnn"),
        # Formulas, what sees everything and what sees nothing: last, as given.
        ("macs", "alexnet mnist_cnn mnist_dense char_rnn sentiment_lstm"),
        ("activations", "alexnet mnist_cnn mnist_dense char_rnn sentiment_lstm"),
        ("field", "alexnet mnist_cnn mnist_dense char_rnn sentiment_lstm"),
    ],
)
def test_orders(column: str, order: str) -> None:
    table = dotnn.compare(models())
    assert " ".join(row.name for row in table.sorted_by(column).rows) == order
    # The table that was sorted is as it was.
    assert table.rows[0].name == "mnist_cnn"


def test_there_is_no_other_order() -> None:
    with pytest.raises(DotnnError, match="`speed`"):
        dotnn.compare([]).sorted_by("speed")


def test_figures_are_those_of_the_summary() -> None:
    for model in models():
        (row,), summary = dotnn.compare([model]).rows, model.summary()
        found = (row.params, row.macs, row.weights_bytes, row.peak_activation_bytes, row.longest_path)
        wanted = (summary.count.params, summary.macs, summary.weights_bytes, summary.peak_activation_bytes)
        assert found == (*wanted, summary.longest_path)


def test_costs_that_no_expression_can_say() -> None:
    inputs = " ".join(f"input a{i}: float32[N, 1, H{i}]" for i in range(200))
    outputs = " ".join(f"output y{i} = a{i} -> conv1d({i + 1}, kernel=2)" for i in range(200))
    table = dotnn.compare([compile_source(f"model many {{ {inputs} {outputs} }}")])
    (row,) = table.rows
    assert (row.macs, row.peak_activation_bytes) == (None, None)
    assert str(table).count("depends on the dimensions") == 2


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ("32, 32", " 64,800 "),  # 3 * 3 * 8 * 30 * 30
        ("H, 3", " 72*H - 144 "),
        ("W, H", " depends on H, W "),
        ("ROWS_OF_PIXELS, COLUMNS_OF_PIXELS", " depends on the dimensions "),
    ],
)
def test_long_formulas_say_what_they_depend_on(sizes: str, shown: str) -> None:
    model = compile_source(f"model m {{ input x: float32[N, 1, {sizes}] output y = x -> conv2d(8, kernel=3) }}")
    assert shown in str(dotnn.compare([model]))


def test_in_python() -> None:
    table = dotnn.compare(models())
    files = [str(EXAMPLES / f"{name}.nn") for name in ("mnist_cnn", "mnist_dense", "char_rnn")]
    assert str(dotnn.compare(models()[:3])) + "\n" == command("summary", *files).out
    assert repr(table) == "Comparison(5 rows, 'mnist_cnn', 'mnist_dense', 'char_rnn', 'sentiment_lstm', ...)"
    named = dotnn.compile_source("model a { input x: float32[N, 3] output y = x }", name="<b>")
    assert repr(dotnn.compare([named]).rows[0]) == "ModelCosts('a', '<b>', 0 parameters)"
    page = table._repr_html_()
    assert page.count("<tr>") == 6
    for word in ("<th scope=", ">61,482</td>", ">whole</td>", ">alexnet</td>"):
        assert word in page
    assert isinstance(dotnn.compare([]), Comparison)
    assert "a (&lt;b&gt;)" in dotnn.compare([named, models()[0], named])._repr_html_()


@pytest.mark.parametrize("wrong", [None, "net.nn", ["net.nn"], 3])
def test_only_models_are_compared(wrong: object) -> None:
    with pytest.raises(TypeError, match=r"dotnn\.compile_file"):
        dotnn.compare(wrong)  # pyright: ignore[reportArgumentType]
