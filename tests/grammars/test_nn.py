"""The grammar: LALR(1) without conflicts, no word of it a layer, and run by us as Lark runs it."""

from __future__ import annotations

import functools
import re

import pytest
from dotnn import grammars
from dotnn.compiler.diagnostics import Report
from dotnn.compiler.limits import Limits
from dotnn.compiler.source import Source
from dotnn.compiler.syntax.parse import parse
from dotnn.compiler.syntax.tokens import ITEM_KEYWORDS, KEYWORDS, STATEMENT_KEYWORDS
from hypothesis import given, settings
from hypothesis import strategies as st
from lark import Lark
from lark.exceptions import UnexpectedInput

#: Layers, metrics, initializers and types of the language, as its reference lists them.
REGISTERED = """
    conv conv1d conv2d conv3d conv_transpose2d depthwise_conv2d separable_conv2d max_pool2d avg_pool2d
    sum_pool2d lp_pool2d global_max_pool2d global_avg_pool2d adaptive_avg_pool2d dense embedding one_hot
    batch_norm instance_norm group_norm layer_norm rms_norm local_response_norm relu relu6 sigmoid tanh silu
    mish selu softplus softsign hard_swish hard_sigmoid step elu celu leaky_relu gelu prelu clip softmax
    log_softmax dropout spatial_dropout rnn lstm gru attention multi_head_attention sinusoidal_position cast
    flatten reshape transpose expand squeeze unsqueeze flip pad concat stack split maximum minimum matmul mean
    max min argmax upsample resize pixel_shuffle channel_shuffle params macs weights_bytes peak_activation_bytes
    longest_path receptive_field zeros ones constant normal uniform truncated_normal xavier_uniform he_normal
    lecun_normal orthogonal float32 float16 bfloat16 float64 int64 int32 int8 uint8 int bool string range len
    ceil floor
"""

#: Diagnostics of the builder, which has more to say than the grammar.
BEYOND_THE_GRAMMAR = {"E107", "E109", "E122", "E123", "E132", "E501"}


@functools.cache
def strict_lark() -> Lark:
    return Lark(grammars.text(), parser="lalr", lexer="contextual", start=["file", "value"], strict=True)


def words_of_grammar() -> set[str]:
    text = re.sub(r"^//.*|(?<=\s)//.*$", "", grammars.text(), flags=re.MULTILINE)
    terminals = re.findall(r"^[A-Z_]+(?:\.\d+)?:\s*(.*)$", text, re.MULTILINE)
    literal = [re.sub(r"\[[^\]]*\]", "", terminal) for terminal in terminals]
    return {word for terminal in literal for word in re.findall(r"[a-z_][a-z_0-9]+", terminal)}


def test_the_grammar_is_lalr_without_conflicts_or_colliding_terminals():
    rules = {rule.origin.name for rule in strict_lark().rules}
    assert {"file", "statement", "stage", "operand"} <= rules


def test_a_conflict_would_be_noticed():
    ambiguous = grammars.text().replace("?statement: input_statement", "?statement: expression | input_statement")
    with pytest.raises(Exception, match="conflict"):
        Lark(ambiguous, parser="lalr", start=["file", "value"], strict=True)


def test_no_layer_metric_initializer_or_type_stands_in_the_grammar():
    words = words_of_grammar()
    assert words & set(REGISTERED.split()) == set()
    assert words == KEYWORDS


def test_keywords_are_those_of_the_terminals():
    terminals = {t.pattern.value for t in strict_lark().terminals}
    assert {value.removesuffix(r"\b") for value in terminals if re.fullmatch(r"[a-z]+\\b", value)} == KEYWORDS
    assert ITEM_KEYWORDS | STATEMENT_KEYWORDS < KEYWORDS


WORDS = [
    *sorted(KEYWORDS),
    *["x", "y", "f", "N", "float32", "0", "12", "5M", "0.5", '"s"', "a.0:", "a{i}:", "{i}:", "k="],
    *["->", "=", "==", "<", "+", "-", "*", "//", "**", "(", ")", "[", "]", "{", "}", ",", ":", ".", "# c\n", "\n"],
]

FRAGMENTS = [
    "model m(x) {",
    "block b(x, w: int = 1) {",
    "input x: float32[N, 3]",
    "y = x -> f(1, k=2)",
    "y, _ = x -> a.0: g",
    "output o = (x -> f) + y",
    "return x, y",
    "expect a.b == [N, 1]",
    "if a { b } else { c }",
    "-> for i, j in r { {i}: f -> g }",
    "-> repeat(3) { f }",
    "-> reuse(a.b{i})",
    "freeze a.0, b",
    "const c: float32[2] = [1, 2,]",
    'import a, b from "c.nn"',
    "parameter p: float32[3] = zeros",
    "}",
]


def accepted_by_lark(text: str) -> bool:
    try:
        strict_lark().parse(text, start="file")
    except UnexpectedInput:
        return False
    return True


def accepted_by_us(text: str) -> bool:
    report = Report()
    parse(Source("soup", text), Limits(), report)
    return {d.code for d in report.diagnostics} <= BEYOND_THE_GRAMMAR


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_fragments_are_accepted_as_lark_does(fragment: str):
    for text in (fragment, f"block b(x) {{ {fragment} }}", f"block b(x) {{ y = x {fragment} }}"):
        assert accepted_by_us(text) == accepted_by_lark(text), text


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(WORDS + FRAGMENTS), max_size=14).map(" ".join), st.booleans())
def test_we_accept_exactly_what_lark_accepts(words: str, in_body: bool):
    text = f"block b(x) {{ {words} }}" if in_body else words
    # Computed parts of labels are one token to Lark, which we look into.
    if re.search(r"\{[^{}]*\}\s*:|reuse|freeze", text) is None:
        assert accepted_by_us(text) == accepted_by_lark(text)
