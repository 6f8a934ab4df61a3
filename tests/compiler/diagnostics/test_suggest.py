from __future__ import annotations

import re

import pytest
from dotnn.compiler import DotnnError, compile_source
from dotnn.compiler.diagnostics.foreign_layers import LAYER_NOTES, layer_note
from dotnn.compiler.diagnostics.suggest import did_you_mean, edit_distance, near_names, suggestions
from dotnn.compiler.diagnostics.suggest_foreign import attribute_note, attribute_words, plain_word
from dotnn.compiler.layers import LAYERS as CLASSES
from dotnn.compiler.layers.name_suggestions import foreign_layers, known_as, unknown_layer
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.language import faults_of, model

LAYER_NAMES = """
    conv1d conv2d conv3d max_pool1d max_pool2d max_pool3d avg_pool2d global_avg_pool2d dense embedding
    batch_norm layer_norm relu leaky_relu sigmoid tanh softmax log_softmax dropout rnn lstm gru
    flatten reshape transpose concat split mean
"""
LAYERS = LAYER_NAMES.split()
ATTRIBUTES = ["filters", "kernel", "stride", "padding", "dilation", "groups", "bias", "init", "weight"]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("maxpool2d", "max_pool2d"),
        ("Conv2D", "conv2d"),
        ("Dense", "dense"),
        ("LeakyReLU", "leaky_relu"),
        ("lsmt", "lstm"),
        ("sofmtax", "softmax"),
        ("conv2", "conv2d"),
        ("max_pool_2", "max_pool2d"),
        ("globalpool", "global_avg_pool2d"),
        ("my_conv2d", "conv2d"),
        ("concatenate", "concat"),
        ("normalisation_layer", "layer_norm"),
    ],
)
def test_near_layers(name: str, first: str) -> None:
    assert near_names(name, LAYERS)[0] == first


def test_another_spelling_is_certain() -> None:
    assert near_names("CONV_1D", LAYERS) == ("conv1d",)


def test_far_names_are_not_suggested() -> None:
    for name in ("zzz", "", "_", "q", "x" * 500, "世界"):
        assert near_names(name, LAYERS) == ()


def test_near_names_are_few_and_do_not_depend_on_the_order() -> None:
    names = [*LAYERS, "conv4d", "conv5d"]
    assert near_names("conv", names) == near_names("conv", names[::-1])
    assert near_names("conv", names) == ("conv1d", "conv2d", "conv3d", "conv4d")
    assert near_names("conv", LAYERS, limit=2) == ("conv1d", "conv2d")
    assert near_names("x1", ["x2", "y1", "x1"]) == ("x2",)


def test_near_names_of_many_candidates() -> None:
    blocks = [f"layer{stage}.{block}" for stage in range(10) for block in range(25)]
    names = [f"{block}.conv{layer}.weight" for block in blocks for layer in range(20)]
    assert near_names("layer9.3.cnov2.weight", names, most_characters=1_000_000)[0] == "layer9.3.conv2.weight"
    # Texts are bounded: only the first candidates are looked at.
    assert "layer9.3.conv2.weight" not in near_names("layer9.3.cnov2.weight", names)


def _alignment_distance(one: str, other: str) -> int:
    """Optimal string alignment distance by its recursive definition."""
    table = {(-1, -1): 0}
    for i in range(-1, len(one)):
        for j in range(-1, len(other)):
            choices = [table[i, j]] if (i, j) in table else []
            if i >= 0:
                choices.append(table[i - 1, j] + 1)
            if j >= 0:
                choices.append(table[i, j - 1] + 1)
            if i >= 0 and j >= 0:
                choices.append(table[i - 1, j - 1] + (one[i] != other[j]))
            if i > 0 and j > 0 and one[i] == other[j - 1] and one[i - 1] == other[j]:
                choices.append(table[i - 2, j - 2] + 1)
            table[i, j] = min(choices)
    return table[len(one) - 1, len(other) - 1]


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("ca", "abc", 3), ("kitten", "sitting", 3), ("ab", "ba", 1), ("", "ab", 2), ("a", "a", 0)],
)
def test_edit_distance_of_textbook_words(one: str, other: str, edits: int) -> None:
    assert edit_distance(one, other, 5) == edits
    assert edit_distance(one, other, edits) == edits
    assert edits == 0 or edit_distance(one, other, edits - 1) is None


@settings(deadline=None)
@given(st.text("abc", max_size=9), st.text("abc", max_size=9), st.integers(0, 6))
def test_edit_distance_is_the_definition(one: str, other: str, most: int) -> None:
    distance = _alignment_distance(one, other)
    assert edit_distance(one, other, most) == (distance if distance <= most else None)


def test_did_you_mean() -> None:
    assert did_you_mean(()) == ""
    assert did_you_mean(["a"]) == "did you mean `a`?"
    assert did_you_mean(["a", "b"]) == "did you mean `a` or `b`?"
    assert did_you_mean(["a", "b", "c"]) == "did you mean `a`, `b` or `c`?"


@pytest.mark.parametrize(
    ("kind", "name", "word"),
    [
        ("layer", "nn.Linear", "dense"),
        ("layer", "MaxPooling2D", "max_pool2d"),
        ("layer", "maxpool", "max_pool2d"),
        ("layer", "GlobalAveragePooling2D", "global_avg_pool2d"),
        ("layer", "BatchNormalization", "batch_norm"),
        ("attribute", "kernel_size", "kernel"),
        ("attribute", "out_channels", "filters"),
        ("attribute", "use_bias", "bias"),
        ("attribute", "num_embeddings", "vocabulary"),
    ],
)
def test_words_of_other_frameworks(kind: str, name: str, word: str) -> None:
    assert (foreign_layers(name) if kind == "layer" else attribute_words(name))[0] == word


def test_of_layers_for_several_dimensions_that_of_images_comes_first() -> None:
    assert foreign_layers("Pool") == ("max_pool2d", "max_pool1d", "max_pool3d")
    assert foreign_layers("keras.layers.AveragePooling3D") == ("avg_pool3d",)
    assert foreign_layers("Convolution2D") == ("conv2d",)


def test_what_layers_are_called_elsewhere_stands_in_their_classes_alone() -> None:
    for layer in CLASSES.values():
        for name in layer.foreign_names:
            word = name.format(rank=getattr(layer, "spatial_rank", 0))
            assert word == plain_word(word)
            assert layer.kind in foreign_layers(word)
            assert layer_note(word) is None


def test_words_without_a_counterpart_have_a_note() -> None:
    assert attribute_words("in_channels") == ()
    assert "leave it out" in (attribute_note("in_channels") or "")
    assert "-> relu" in (attribute_note("activation") or "")
    assert attribute_note("kernel_size") is None


def answer(call: str) -> str:
    """What the one error of a call advises."""
    (found,) = faults_of(model(f"    output y = x -> {call}", image="float32[N, 8, 16]"))
    return found.advice()


@pytest.mark.parametrize(
    ("call", "advice"),
    [
        # What is meant would be another function, or is written otherwise: names that are merely near mislead.
        ('conv1d(8, kernel=3, padding_mode="reflect")', "it pads zeros; for others write `-> pad("),
        ("dropout(keep_prob=0.9)", "`rate` is the part that is set to 0: write 1 minus this number"),
        ("multi_head_attention(4, key_dim=4)", "query, key and value have one width"),
        ("multi_head_attention(4, key_padding_mask=x)", "`mask=` is true for what counts"),
        ("local_response_norm(depth_radius=2)", "`size` counts all channels of the window: 2 * depth_radius + 1"),
        ("upsample(2, align_corners=true)", "pixels are centred here; `resize` takes `align_corners=`"),
        # A layer that has the word, or its counterpart.
        ('pad(1, padding_mode="reflect")', "did you mean `mode`?"),
        ('rnn(8, Activation="relu")', "did you mean `activation`?"),
        ("clip(clip_value_min=0, high=1)", "did you mean `low`?"),
    ],
)
def test_words_for_arguments(call: str, advice: str) -> None:
    assert answer(call).startswith(advice)


def test_what_goes_without_a_name() -> None:
    assert answer("elu(true)") == "name it: `alpha=`"
    assert answer("mean(x)") == "leave it out"
    assert answer("dense(x, 3)") == "leave it out"
    assert answer("mean(true)") == "name it: `axis=` or `keepdims=`"
    assert answer("transpose(1, 0)") == "write `transpose([1, 0])`"
    assert answer("mean(0, 1)") == "write `mean(axis=[0, 1])`"
    assert answer("dense(3, relu)") == "write `dense(3) -> relu`"
    assert answer("relu(1)") == "it takes nothing more"
    assert answer("embedding(9, x)").startswith("only `vocabulary` goes without a name; name the others: `dim=`")
    assert answer("elu(0.3)") == "write `elu(alpha=0.3)`"
    assert answer("mean(1)") == "write `mean(axis=1)`"
    assert answer("embedding(9, 4)") == "write `embedding(9, dim=4)`"
    assert answer("multi_head_attention(4, x)").endswith("`bias_init=`, `key=`, `value=`, `mask=`")


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("LayerNormalization", "`LayerNormalization` is `layer_norm` here"),
        ("GroupNorm", "`GroupNorm` is `group_norm` here"),
        ("Convolution", "`Convolution` is `conv2d`, `conv1d` or `conv3d` here"),
        ("GLU", "write `a, b = x -> split(2, axis=-1)` and `a * (b -> sigmoid)`"),
        ("CrossEntropyLoss", "a loss belongs to training"),
        ("dens", "did you mean `dense`?"),
        ("nothing_like_it", "`dotnn layers` lists the layers"),
    ],
)
def test_an_unknown_layer_is_never_answered_with_another_function(name: str, advice: str) -> None:
    assert unknown_layer(name, CLASSES).advice().startswith(advice)


def test_suggestions_are_known_names() -> None:
    assert known_as("Linear", LAYERS) == ("dense",)
    assert known_as("Conv2D", LAYERS) == ("conv2d",)
    assert known_as("LazyBatchNorm2d", LAYERS) == ("batch_norm",)
    assert known_as("dens", LAYERS) == ()
    assert suggestions("out_channels", ATTRIBUTES, attribute_words("out_channels")) == ("filters",)
    assert suggestions("out_channels", ["units"], attribute_words("out_channels")) == ()
    assert suggestions("kernal", ATTRIBUTES, attribute_words("kernal")) == ("kernel",)


#: What the code of a sentence may read: images, sequences, vectors, ids.
READ = ("float32[N, 4, 8, 8]", "float32[N, 6, 8]", "float32[N, 64]", "float32[N, C]", "float32[4, 4]", "int64[N, 6]")
FORMS = (
    "output y = {code}",
    "output y = x {code}",
    "output y = x -> {code}",
    "output y = x\nexpect {code} == [N, 64]",
    "{code}\noutput y = a",
    "a, b = x -> split(2, axis=-1)\noutput y = {code}",
)


@pytest.mark.parametrize("sentence", sorted(set(LAYER_NOTES.values())))
def test_code_in_a_sentence_about_a_layer_compiles(sentence: str) -> None:
    """Or it is the name of a layer, or of something that the language has."""
    for code in re.findall(r"`([^`]+)`", sentence):
        if re.fullmatch(r"\w+=?|\+", code) or "…" in code:
            continue
        forms = ("output y = x\n}} {code}\nblock other(x) {{ return x",)
        forms = forms if code.startswith("import ") else FORMS
        assert any(compiles(code, form, kind) for form in forms for kind in READ), code


def compiles(code: str, form: str, kind: str) -> bool:
    further = (
        ""
        if form.count("a, b") or "a, b" in code
        else f"input a: {kind} input b: {kind} input mask: {kind} input w: {kind} input h: {kind}"
    )
    text = "model m(classes: int = 4, scale: float = 2.0, offset: float = 1.0, std: float = 2.0, mean: float = 1.0) {"
    body = form.format(code=code)
    try:
        compile_source(f"{text}\ninput x: {kind} {further}\n{body}\n}}")
    except DotnnError:
        return False
    return True
