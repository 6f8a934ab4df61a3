"""Calls as other frameworks write them: what is said, once, and what is to be written instead."""

from __future__ import annotations

import pytest
from dotnn.compiler.diagnostics import Diagnostic
from dotnn.compiler.diagnostics.fixes import apply_fix

from tests.helpers.fixing import assert_mends
from tests.helpers.language import faults_of, model

IMAGE = "float32[N, 3, 32, 32]"

#: A statement, its code, where it is wrong, and what the fix makes of the statement.
MENDED: list[tuple[str, str, str, str]] = [
    # Modules in front.
    ("h = x -> nn.Conv2d(3, 64, 3, padding=1)", "E203", "nn.Conv2d", "h = x -> conv2d(64, kernel=3, padding=1)"),
    ("h = x -> nn.ReLU", "E203", "nn.ReLU", "h = x -> relu"),
    ("h = x -> a: nn.ReLU()", "E203", "nn.ReLU", "h = x -> a: relu"),
    ("h = x -> flatten -> nn.Linear(3072, 10)", "E203", "nn.Linear", "h = x -> flatten -> dense(10)"),
    ("h = F.relu(x)", "E203", "F.relu", "h = relu(x)"),
    ("h = F.max_pool2d(F.relu(x), 2)", "E203", "F.max_pool2d", "h = max_pool2d(F.relu(x), 2)"),
    ("h = torch.cat([x, x], 1)", "E203", "torch.cat", "h = concat(x, x, axis=1)"),
    ("h = torch.nn.functional.gelu(x)", "E203", "torch.nn.functional.gelu", "h = gelu(x)"),
    ('h = x -> tf.keras.layers.Conv2D(8, (3, 3), activation="relu")', "E203", "tf.keras.layers.Conv2D",
     "h = x -> conv2d(8, kernel=[3, 3]) -> relu"),
    # The arguments of other frameworks.
    ("h = x -> conv2d(3, 64, 3)", "E304", "3, 64, 3", "h = x -> conv2d(64, kernel=3)"),
    ("h = x -> conv2d(16, 3, 1, 1)", "E304", "16, 3, 1, 1", "h = x -> conv2d(16, kernel=3, stride=1, padding=1)"),
    ("h = x -> leaky_relu(0.2)", "E304", "0.2", "h = x -> leaky_relu(slope=0.2)"),
    ("h = conv2d(x, 3, 64, 3)", "E304", "3, 64, 3", "h = conv2d(x, 64, kernel=3)"),
    ("h = x -> conv2d(3, 32, kernel=3)", "E304", "3, 32", "h = x -> conv2d(32, kernel=3)"),
    ("h = x -> conv2d(32, 5)", "E304", "32, 5", "h = x -> conv2d(32, kernel=5)"),
    ("h = x -> batch_norm(3)", "E304", "3", "h = x -> batch_norm"),
    ("h = x -> flatten -> dense(3072, 10)", "E304", "3072, 10", "h = x -> flatten -> dense(10)"),
    ("h = x -> conv2d(in_channels=3, out_channels=8, kernel_size=3)", "E204", "in_channels",
     "h = x -> conv2d(8, kernel=3)"),
    ('h = x -> flatten -> dense(8, activation="relu")', "E204", "activation", "h = x -> flatten -> dense(8) -> relu"),
    ('h = dense(x -> flatten, 8, activation="tanh")', "E204", "activation", "h = tanh(dense(x -> flatten, 8))"),
    ('h = x -> flatten -> Dense(8, name="fc")', "E203", "Dense", "h = x -> flatten -> fc: dense(8)"),
    ('h = x -> conv2d(8, kernel=3, kernel_initializer="glorot_uniform")', "E204", "kernel_initializer",
     "h = x -> conv2d(8, kernel=3, init=xavier_uniform)"),
    ('h = x -> conv2d(8, kernel=3, init="HeNormal")', "E301", '"HeNormal"',
     "h = x -> conv2d(8, kernel=3, init=he_normal)"),
    ('h = x -> conv2d(8, kernel=3, padding="VALID")', "E301", '"VALID"', "h = x -> conv2d(8, kernel=3)"),
    ("h = x -> relu(inplace=True)", "E204", "inplace", "h = x -> relu"),
    ("h = x -> nn.Conv2d(3, 8, kernel_size=(3, 3), padding='same', bias=False)", "E203", "nn.Conv2d",
     'h = x -> conv2d(8, kernel=[3, 3], padding="same", bias=false)'),
    ('h = x -> Conv2DTranspose(8, 3, strides=2, padding="same")', "E203", "Conv2DTranspose",
     'h = x -> conv_transpose2d(8, kernel=3, stride=2, padding="same")'),
    ("h = 2 * x.add(x)", "E140", "add", "h = 2 * (x + x)"),
    ("h = concat([x, x], axis=1)", "E303", "[x, x]", "h = concat(x, x, axis=1)"),
    ("h = x -> GlobalAveragePooling2D()", "E203", "GlobalAveragePooling2D", "h = x -> global_avg_pool2d -> flatten"),
    ('h = x -> flatten -> Dense(8, activation="linear")', "E203", "Dense", "h = x -> flatten -> dense(8)"),
    ('h, _ = x[:, :, 0] -> SimpleRNN(8, activation="relu", batch_first=true)', "E203", "SimpleRNN",
     'h, _ = x[:, :, 0] -> rnn(8, activation="relu")'),
    ("h = x -> Reshape((3072,))", "E203", "Reshape", "h = x -> reshape([N, 3072])"),
    ("h = x -> Reshape((-1, 64))", "E203", "Reshape", "h = x -> reshape([N, -1, 64])"),
    ("h = x -> Reshape([N, 3072])", "E203", "Reshape", "h = x -> reshape([N, 3072])"),
    ("h = x -> Permute((2, 3, 1))", "E203", "Permute", "h = x -> transpose([0, 2, 3, 1])"),
    ("h = x -> conv2d(8, kernel=3, padding=same)", "E201", "same", 'h = x -> conv2d(8, kernel=3, padding="same")'),
    ("h = x -> upsample(2, mode=bilinear)", "E201", "bilinear", 'h = x -> upsample(2, mode="bilinear")'),
    ("input h: float32[batch, 4]", "E201", "batch", "input h: float32[BATCH, 4]"),
    ("h = x -> MaxPooling2D()", "E203", "MaxPooling2D", "h = x -> max_pool2d(2)"),
    ('h = x -> Activation("relu")', "E203", "Activation", "h = x -> relu"),
    ("h = x -> Sequential([Conv2D(8, 3), ReLU()])", "E203", "Sequential", "h = x -> conv2d(8, kernel=3) -> relu"),
    # Methods.
    ("h = x.sqrt()", "E140", "sqrt", "h = x -> sqrt"),
    ("h = x.sqrt().mean(1)", "E140", "sqrt", "h = x -> sqrt -> mean(axis=1)"),
    ("h = 2 * sqrt(x).relu().mean(1)", "E140", "relu", "h = 2 * (sqrt(x) -> relu -> mean(axis=1))"),
    ("h = x -> relu.mean(1)", "E140", "mean", "h = x -> relu -> mean(axis=1)"),
    ("h = x -> transpose(0, 2, 1, 3)", "E304", "0, 2, 1, 3", "h = x -> transpose([0, 2, 1, 3])"),
    ("h = reshape(x, N, -1)", "E304", "N, -1", "h = reshape(x, [N, -1])"),
    ("h = x -> max_pool2d(2, relu)", "E304", "relu", "h = x -> max_pool2d(2) -> relu"),
    ("h = 2 * x.sqrt()", "E140", "sqrt", "h = 2 * (x -> sqrt)"),
    ("h = x.view(-1, 3072)", "E140", "view", "h = x -> reshape([N, 3072])"),
    ("h = x.view(x.shape[0], -1)", "E140", "view", "h = x -> flatten"),
    ("h = x.permute(0, 2, 3, 1)", "E140", "permute", "h = x -> transpose([0, 2, 3, 1])"),
    ("h = x.mean(dim=1)", "E140", "mean", "h = x -> mean(axis=1)"),
    ("h = x.size(1)", "E140", "size", "h = x.shape[1]"),
    ("h = x.add(x)", "E140", "add", "h = x + x"),
    ("h = x -> conv2d(8, kernel=3).relu()", "E140", "relu", "h = x -> conv2d(8, kernel=3) -> relu"),
    # Layers as objects, and called twice.
    ("h = Conv2D(32, 3)(x)", "E219", "(x)", "h = x -> conv2d(32, kernel=3)"),
    ("h = conv2d(32, kernel=3)(x) -> relu", "E219", "(x)", "h = x -> conv2d(32, kernel=3) -> relu"),
    ("h = 2 * relu()(x)", "E219", "(x)", "h = 2 * (x -> relu)"),
    ("h = Concatenate(axis=1)([x, x])", "E219", "([x, x])", "h = concat(x, x, axis=1)"),
    ("h = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())(x)", "E219", "(x)", "h = x -> conv2d(8, kernel=3) -> relu"),
    ("h = Input(shape=[784])", "E221", "Input(shape=[784])", "input h: float32[N, 784]"),
    ("h = Input((28, 28, 1))", "E221", "Input((28, 28, 1))", "input h: float32[N, 1, 28, 28]"),
    # Names with dots.
    ("self.h = 0.5", "E220", "self.h", "h = 0.5"),
]  # fmt: skip


def text_of(statement: str) -> str:
    return model(f"    {statement}\n    output y = x", image=IMAGE)


def found_in(text: str) -> tuple[Diagnostic, ...]:
    return faults_of(text)


@pytest.mark.parametrize(("statement", "code", "place", "mended"), MENDED, ids=[one[0] for one in MENDED])
def test_what_is_written_elsewhere_has_a_message_and_a_fix(statement: str, code: str, place: str, mended: str) -> None:
    text = text_of(statement)
    found = faults_of(text)
    others = {"E203"} if "F.relu(x), 2" in statement else set[str]()
    first = next(one for one in found if one.code == code and one.span is not None and one.span.text == place)
    assert {one.code for one in found if one is not first} <= others
    fix = first.fix()
    assert fix is not None
    assert apply_fix(text, fix) == text.replace(statement, mended)
    assert_mends([first], found_in)


@pytest.mark.parametrize(
    ("statement", "code", "words"),
    [
        ("conv = conv2d(8, kernel=3)", "E218", ["`-> conv: conv2d(8, kernel=3)`", "`-> reuse(conv)`"]),
        ("fc = nn.Linear(784, 10)", "E218", ["`-> fc: dense(10)`"]),
        ("pool = max_pool2d(2)", "E218", ["`-> max_pool2d(2)`"]),
        ("act = ReLU()", "E218", ["`-> relu`"]),
        ("self.conv1 = conv2d(8, kernel=3)", "E218", ["`-> conv1: conv2d(8, kernel=3)`"]),
        ("net = Sequential(Dense(8), Dense(4))", "E218", ["`-> net: { dense(8) -> dense(4) }`"]),
        ("h = self.fc(x)", "E220", ["`x -> fc: "]),
        ("h = x -> self.fc", "E220", ["`x -> fc: "]),
        ("h = x * self.scale", "E220", ["`self.scale`"]),
        ('h = x.to("cuda")', "E140", ["leave it out"]),
        ("h = x.foo()", "E140", ["by an arrow"]),
        ("h = x -> relu.shape", "E114", ["`.`"]),
        ("h = nn.Foo(x)", "E203", ["`nn.Foo`"]),
        ("w = nn.Parameter(torch.ones(3))", "E203", ["`parameter name: float32[64] = ones`"]),
        ("h = x -> nn.CrossEntropyLoss()", "E203", ["training"]),
        ("h = x -> nn.TransformerEncoderLayer(4, 2)", "E203", ["`import transformer_encoder_layer from "]),
        ("h = x -> TransformerEncoderLayer(d_model=4)", "E203", ["`import transformer_encoder_layer from "]),
        ("h = x -> conv2d(8, kernel=3, padding=sam)", "E201", ["define it above"]),
        ("h = x -> Bidirectional(lstm(8), merge=2)", "E203", ["bidirectional=true"]),
    ],
)
def test_what_is_said_once(statement: str, code: str, words: list[str]) -> None:
    (found,) = faults_of(text_of(statement))
    said = f"{found.headline()} {found.advice()}"
    assert found.code == code
    assert [word for word in words if word not in said] == [], said


def test_a_layer_that_is_an_object_is_written_where_it_is_applied() -> None:
    body = """
    encoder = dense(16)
    act = relu()
    a = x -> encoder -> act
    b = encoder(x -> relu)
    output y = act(a + b)
"""
    text = model(body)
    first, second = faults_of(text)
    assert (first.code, second.code) == ("E218", "E218")
    for fault, mended in (
        (
            first,
            "    act = relu()\n    a = x -> encoder: dense(16) -> act\n    b = (x -> relu -> reuse(encoder))\n",
        ),
        (second, "    encoder = dense(16)\n    a = x -> encoder -> relu\n    b = encoder(x -> relu)\n"),
    ):
        fix = fault.fix()
        assert fix is not None
        assert mended in apply_fix(text, fix)
    last = first.fix()
    assert last is not None
    (left,) = faults_of(apply_fix(text, last))
    final = left.fix()
    assert final is not None
    assert faults_of(apply_fix(left.span.source.text if left.span else "", final)) == ()


@pytest.mark.parametrize(
    "body",
    [
        # It is used as something else, too, or nowhere.
        "fc = dense(4)\n both = concat(fc, x)\n output y = x",
        "fc = dense(4)\n output y = x",
        "fc, other = dense(4)\n output y = x",
    ],
)
def test_a_layer_that_is_an_object_is_left_where_it_is_used_otherwise(body: str) -> None:
    (found, *_) = faults_of(model(body))
    assert found.code == "E218"
    assert found.fix() is None


def test_a_layer_that_is_an_object_is_told_once_however_often_it_is_called() -> None:
    body = """
    conv = conv2d(8, kernel=3)
    self.pool = max_pool2d(2)
    a = conv(x) -> self.pool
    b = self.pool(x -> conv) -> conv
    output y = a
    output z = b
    """
    found = faults_of(model(body, image=IMAGE))
    assert [(one.code, one.span.text) for one in found if one.span] == [
        ("E218", "conv2d(8, kernel=3)"),
        ("E218", "max_pool2d(2)"),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        # What is called is looked for among what the file defines first.
        "h = x -> conv2d(8, kernel=3, bias=false)",
        "h = concat(x, x, axis=1)",
        "h = maximum(x, x -> relu)",
        "h = max([1, 2])",
        "h = x -> embed(3)",
        "h = embed(x, 3)",
        'h = x -> conv2d(8, kernel=3, init=he_normal, padding="same")',
    ],
)
def test_what_is_right_is_left_alone(statement: str) -> None:
    head = "block embed(x, k: int) { return x -> conv2d(k, kernel=3) }"
    assert faults_of(model(f"    {statement}\n    output y = x", image=IMAGE, head=head)) == ()


@pytest.mark.parametrize("item", ["const = [3, 4]", "block (x) { return x -> relu }"])
def test_a_name_that_an_item_lost_is_not_missed(item: str) -> None:
    text = f"{item}\nmodel m {{ input x: float32[N, 8] output y = x -> dense(LOST) -> lost }}"
    (found,) = faults_of(text)
    assert found.span is not None
    assert found.span.line == 1


def test_an_argument_that_a_broken_head_lost_is_not_missed() -> None:
    text = (
        "model m(classes: int = 2, : int = 64) {\n input x: float32[N, 8]\n output y = x -> dense(width) -> dens(3)\n}"
    )
    assert [one.code for one in faults_of(text)] == ["E101", "E203"]
