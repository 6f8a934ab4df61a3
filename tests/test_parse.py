"""From text to tree: what is built, where it stands, what is said of mistakes, and that every text is answered."""

from __future__ import annotations

import ast
import dataclasses
import gc
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest
from dotnn.compiler.diagnostics import CATALOGUE, Report
from dotnn.compiler.diagnostics.explain import load_all
from dotnn.compiler.limits import Limits
from dotnn.compiler.source import Source
from dotnn.compiler.syntax import tree
from dotnn.compiler.syntax.parse import parse, parse_value
from dotnn.compiler.syntax.read import read_source
from hypothesis import example, given, settings
from hypothesis import strategies as st

MNIST = """\
## The CNN of the lecture: 61,482 parameters.
model mnist_cnn(classes: int = 10) {
    input image: float32[N, 1, 28, 28]

    output probabilities = image
        -> conv2d(32, kernel=3) -> relu
        -> max_pool2d(2)
        -> flatten
        ## The head.
        -> dense(classes) -> softmax   # as logits

    expect params == 61_482
    expect probabilities.shape == [N, classes]
}
"""

RESNET = """\
import stem, head from "blocks/stem.nn"
const mean: float32[3, 1, 1] = [[[0.485]], [[0.456]], [[0.406]],]
const budget = 5M

block bottleneck(x, width: int, stride: int = 1,) {
    out = 4 * width
    main = x
        -> conv1: conv2d(width, kernel=1, bias=false) -> bn1: batch_norm -> relu
        -> conv3: conv2d(out, kernel=1, bias=false) -> bn3: batch_norm
    skip = if stride != 1 or x.channels != out {
        x -> downsample: { 0: conv2d(out, kernel=1, stride=stride, bias=false) -> 1: batch_norm }
    } else if not (width > 3 and true) { -x ** 2 } else { x[:, 0, 1:-1] }
    return main + skip -> relu
}

block stage(x, width: int, blocks: int, stride: int = 1) {
    parameter gamma: float32[width] = constant(1e-6)
    y, h, _ = (x -> 0: bottleneck(width, stride=stride)) * gamma
             -> for i, j in range(1, blocks) { layers.{i}.block{i + j}: bottleneck(width) -> repeat(2) { relu } }
    z: float32[N, 64] = y
    return z -> if.in: reuse(layers.{1}.block0), x.input
}

model resnet(classes: int = 10) {
    input image: float32[N, 3, 224, 224]
    input flag: bool
    output logits = concat(image, f(a, in=3, if="x\\n\\"q\\u{1F600}"), axis=1) -> fc: dense(classes)
    freeze conv1, layer1.0, layer{1 + 1}
    expect params <= 25_557K
}
"""


def parsed(text: str, limits: Limits | None = None) -> tuple[tree.File, Report]:
    report = Report()
    file = parse(Source("test.nn", text), limits or Limits(), report)
    assert file is not None
    return file, report


def items_of(text: str) -> tuple[tree.Item, ...]:
    file, report = parsed(text)
    assert [str(d.span) + d.headline() for d in report.diagnostics] == []
    return file.items


def value_of(text: str) -> tree.Expression:
    report = Report()
    value = parse_value(Source("value", text), Limits(), report)
    assert [d.headline() for d in report.diagnostics] == []
    assert value is not None
    return value


def statement(text: str) -> Any:
    (block,) = items_of("block b(x) { " + text + " }")
    assert isinstance(block, tree.Block)
    (only,) = block.body
    return only


def parts(node: Any) -> Iterator[tree.Node]:
    """The nodes directly below a node, through tuples."""
    below = [getattr(node, f.name) for f in dataclasses.fields(node) if f.name != "source"]
    while below:
        value = below.pop()
        if isinstance(value, tree.Node):
            yield value
        elif isinstance(value, tuple):
            below.extend(value)


def nodes(node: Any) -> Iterator[tree.Node]:
    stack = [*parts(node)]
    while stack:
        top = stack.pop()
        yield top
        stack.extend(parts(top))


def depth(node: Any) -> int:
    return 1 + max(map(depth, parts(node)), default=0)


def bare(value: Any) -> Any:
    """A tree without its places, to compare by."""
    if isinstance(value, tuple):
        return tuple(map(bare, value))
    if not isinstance(value, tree.Node):
        return value
    named = [(f.name, bare(getattr(value, f.name))) for f in dataclasses.fields(value) if "span" not in f.name]
    return type(value).__name__, *named


# --- what is built ---------------------------------------------------------------------------------------------------


def test_items_statements_and_stages():
    imported, mean, budget, bottleneck, stage, model = items_of(RESNET)
    assert isinstance(imported, tree.Import)
    assert [name.name for name in imported.names] == ["stem", "head"]
    assert imported.path.value == "blocks/stem.nn"
    assert isinstance(mean, tree.Const)
    assert mean.type is not None
    assert isinstance(budget, tree.Const)
    assert bare(budget.value) == ("Number", ("value", 5_000_000))
    assert isinstance(bottleneck, tree.Block)
    assert [(f.name.name, f.type and f.type.name, f.default and f.default.span.text) for f in bottleneck.formals] == [
        ("x", None, None),
        ("width", "int", None),
        ("stride", "int", "1"),
    ]
    assert isinstance(stage, tree.Block)
    assert isinstance(model, tree.Model)
    kinds = [type(s).__name__ for s in (*bottleneck.body, *stage.body, *model.body)]
    assert kinds == (
        ["Binding", "Binding", "Binding", "Return"]
        + ["Parameter", "Binding", "Binding", "Return"]
        + ["Input", "Input", "Output", "Freeze", "Expect"]
    )


def test_a_pipeline_keeps_its_stages_side_by_side():
    binding = statement("y = x -> a.0: f(1, k=2) -> relu -> { b: g -> h } -> repeat(2) { f } -> reuse(a.0)")
    pipeline = binding.value
    assert isinstance(pipeline, tree.Pipeline)
    assert [type(stage.operation).__name__ for stage in pipeline.stages] == ["Call", "Call", "Group", "Repeat", "Reuse"]
    first = pipeline.stages[0]
    assert first.label is not None
    assert first.label.components == (("a",), ("0",))
    assert first.span.text == "a.0: f(1, k=2)"
    call = first.operation
    assert isinstance(call, tree.Call)
    assert [argument.name for argument in call.named] == ["k"]


def test_a_loop_has_targets():
    loop = statement("y = x -> for t, c in [[1, 16], [6, 24]] { l{t}: f(c) }").value.stages[0].operation
    assert isinstance(loop, tree.For)
    assert [target.name for target in loop.targets] == ["t", "c"]
    (stage,) = loop.body.stages
    assert bare(stage.label.components) == (("l", ("Name", ("name", "t"))),)


@pytest.mark.parametrize(
    ("text", "components"),
    [
        ("0", (("0",),)),
        ("downsample.0", (("downsample",), ("0",))),
        ("layers.0.1", (("layers",), ("0",), ("1",))),
        ("1e5", (("1e5",),)),
        ("if", (("if",),)),
        ("model.repeat", (("model",), ("repeat",))),
        ("denselayer{i + 1}", (("denselayer", "i + 1"),)),
        ("features.{first + 2 * i}", (("features",), ("first + 2 * i",))),
        ("{i}{j}x.{ k }", (("i", "j", "x"), ("k",))),
        ("a{if c { 1 } else { 2 }}", (("a", "if c { 1 } else { 2 }"),)),
        ("a{f(l[0])}", (("a", "f(l[0])"),)),
    ],
)
def test_labels_are_words_numbers_keywords_and_computed(text: str, components: tuple[tuple[str, ...], ...]):
    def shown(label: tree.Label) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(p if isinstance(p, str) else p.span.text for p in c) for c in label.components)

    after_arrow = statement(f"y = x -> {text} : f").value.stages[0].label
    in_group = statement(f"y = x -> {{ {text}: f }}").value.stages[0].operation.stages[0].label
    in_path = statement(f"y = x -> reuse({text})").value.stages[0].operation.path
    frozen = statement(f"freeze a, {text}").paths[1]
    for label in (after_arrow, in_group, in_path, frozen):
        assert shown(label) == components
        assert label.span.text == text


def test_a_group_may_begin_with_a_brace_of_any_kind():
    group = statement("y = x -> { { f -> g } -> {i}: h }").value.stages[0].operation
    assert isinstance(group.stages[0].operation, tree.Group)
    assert group.stages[0].label is None
    assert group.stages[1].label is not None


def test_keywords_are_attributes_and_argument_names():
    value = value_of("f(in=x.input, if=[y.if.else], true=not z.not)")
    assert isinstance(value, tree.Call)
    assert [argument.name for argument in value.named] == ["in", "if", "true"]
    assert value.named[0].value.span.text == "x.input"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("61_482", 61482),
        ("007", 7),
        ("5K", 5_000),
        ("25_557K", 25_557_000),
        ("2G", 2_000_000_000),
        ("0.5", 0.5),
        ("1e-3", 1e-3),
        ("1_000.5", 1000.5),
        ("2E+3", 2e3),
        ("0e0", 0.0),
        ("1" * 70, int("1" * 70)),
    ],
)
def test_numbers(text: str, value: float):
    number = value_of(text)
    assert isinstance(number, tree.Number)
    assert number.value == value
    assert type(number.value) is type(value)


def test_strings():
    string = value_of(r'"a # \"b\" \\ \n\t\r \u{1F600} é"')
    assert isinstance(string, tree.String)
    assert string.value == 'a # "b" \\ \n\t\r \U0001f600 é'


def test_types_may_be_scalars_tensors_and_tensors_without_axes():
    def type_of(text: str) -> tree.Type:
        return statement(f"input a: {text}").type

    assert type_of("int").shape is None
    assert type_of("float32[]").shape == ()
    assert bare(type_of("float32[N, 2 * H]").shape)[0] == ("Name", ("name", "N"))


def test_a_bare_stage_is_a_call_without_parentheses():
    bare_call, call = (s.operation for s in statement("y = x -> relu -> relu()").value.stages)
    assert bare(bare_call) == bare(call)
    assert (bare_call.span.text, call.span.text) == ("relu", "relu()")


def test_a_subscript_is_an_operand_or_a_slice():
    index = value_of("x[:, 0, 1:, :-1, a:b]")
    assert isinstance(index, tree.Index)
    assert [type(item).__name__ for item in index.items] == ["Slice", "Number", "Slice", "Slice", "Slice"]
    assert [item.span.text for item in index.items] == [":", "0", "1:", ":-1", "a:b"]


# --- operators, against Python's own parser --------------------------------------------------------------------------

_ATOMS = st.sampled_from(["a", "b", "x.shape", "f(a, b)", "x[0]", "x[1:2, a]", "3", "0.5", "[a, 2]", "f()", "(a)"])
_ARITHMETIC = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), inner),
        st.builds("-{}".format, inner),
        st.builds("({})".format, inner),
        st.builds("g({}, k={})".format, inner, inner),
    ),
    max_leaves=8,
)
_COMPARISONS = st.builds(
    "{} {} {}".format, _ARITHMETIC, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), _ARITHMETIC
)
_LOGIC = st.recursive(
    st.one_of(_ARITHMETIC, _COMPARISONS),
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(["and", "or"]), inner),
        st.builds("not {}".format, inner),
        st.builds("({})".format, inner),
    ),
    max_leaves=5,
)
_SIGNS: dict[type[ast.AST], str] = {
    **{ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**"},
    **{ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="},
    **{ast.And: "and", ast.Or: "or", ast.USub: "-", ast.Not: "not"},
}


def from_python(node: Any) -> Any:
    """What Python reads, in the form of ``ours``."""
    match node:
        case ast.Name():
            return node.id
        case ast.Constant():
            return node.value
        case ast.List():
            return ["list", *map(from_python, node.elts)]
        case ast.Attribute():
            return [".", from_python(node.value), node.attr]
        case ast.BinOp():
            return [_SIGNS[type(node.op)], from_python(node.left), from_python(node.right)]
        case ast.UnaryOp():
            return [_SIGNS[type(node.op)], from_python(node.operand)]
        case ast.Compare():
            return [_SIGNS[type(node.ops[0])], from_python(node.left), from_python(node.comparators[0])]
        case ast.BoolOp():
            folded = from_python(node.values[0])
            for value in node.values[1:]:
                folded = [_SIGNS[type(node.op)], folded, from_python(value)]
            return folded
        case ast.Call():
            named = [[k.arg, from_python(k.value)] for k in node.keywords]
            return ["call", from_python(node.func), [*map(from_python, node.args)], named]
        case ast.Subscript():
            items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
            return ["index", from_python(node.value), *map(from_python, items)]
        case ast.Slice():
            return ["slice", node.lower and from_python(node.lower), node.upper and from_python(node.upper)]
    raise TypeError(node)


def ours(node: Any) -> Any:
    match node:
        case tree.Name():
            return node.name
        case tree.Number():
            return node.value
        case tree.ListExpression():
            return ["list", *map(ours, node.items)]
        case tree.Attribute():
            return [".", ours(node.base), node.name]
        case tree.Binary():
            return [node.operator, ours(node.left), ours(node.right)]
        case tree.Unary():
            return [node.operator, ours(node.operand)]
        case tree.Call():
            return ["call", node.function, [*map(ours, node.positional)], [[k.name, ours(k.value)] for k in node.named]]
        case tree.Index():
            return ["index", ours(node.base), *map(ours, node.items)]
        case tree.Slice():
            return ["slice", node.low and ours(node.low), node.high and ours(node.high)]
    raise TypeError(node)


def _chained(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Compare) and len(n.ops) > 1 for n in ast.walk(node))


@settings(max_examples=300, deadline=None)
@given(_LOGIC)
@example("-a ** -b ** 2")
@example("a - b - a // b * 3")
@example("not a == b and not b or a")
@example("2 ** 3 ** a.b[0] ** -1")
def test_operators_bind_as_in_python(text: str):
    # Folding a chain of Python's `and` from the left gives the tree that we build.
    python = ast.parse(text, mode="eval").body
    report = Report()
    value = parse_value(Source("value", text), Limits(), report)
    if _chained(python):
        assert "E121" in {d.code for d in report.diagnostics}
        return
    assert not report.has_errors
    assert ours(value) == from_python(python)


# --- places ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [MNIST, RESNET])
def test_places_lie_inside_of_each_other_and_read_back_as_the_same_tree(text: str):
    file, _ = parsed(text)
    for node in nodes(file):
        for part in parts(node):
            assert node.span.start <= part.span.start < part.span.end <= node.span.end
        bare_stage = isinstance(node, tree.Call) and "(" not in node.span.text
        if isinstance(node, tree.Expression.__args__) and not bare_stage:  # type: ignore[attr-defined]
            assert bare(value_of(f"({node.span.text})")) == bare(node)
        if isinstance(node, tree.Stage):
            assert bare(statement(f"y = x -> {node.span.text}").value.stages) == (bare(node),)
        if isinstance(node, tree.Item.__args__):  # type: ignore[attr-defined]
            assert [bare(item) for item in items_of(node.span.text)] == [bare(node)]
        if isinstance(node, tree.Statement.__args__):  # type: ignore[attr-defined]
            assert bare(statement(node.span.text)) == bare(node)


def test_places_of_names_signs_and_parts():
    value = value_of(" f(a, k = (b + c) * d.e) ")
    assert isinstance(value, tree.Call)
    assert (value.span.text, value.function_span.text) == ("f(a, k = (b + c) * d.e)", "f")
    (named,) = value.named
    assert (named.span.text, named.name_span.text) == ("k = (b + c) * d.e", "k")
    product = named.value
    assert isinstance(product, tree.Binary)
    assert (product.span.text, product.operator_span.text) == ("(b + c) * d.e", "*")
    # Parentheses belong to what stands around.
    assert product.left.span.text == "b + c"
    assert isinstance(product.right, tree.Attribute)
    assert product.right.name_span.text == "e"


def test_places_of_computed_labels():
    stage = statement("y = x -> a.b{ i + 1 }: f").value.stages[0]
    assert stage.label.components[1][1].span.text == "i + 1"


# --- comments --------------------------------------------------------------------------------------------------------


def test_documentation_is_attached_to_what_follows():
    file, _ = parsed(MNIST)
    head = MNIST.index("dense(classes)")
    assert file.docs == {
        MNIST.index("model"): "The CNN of the lecture: 61,482 parameters.",
        head: "The head.",
    }
    assert [(c.text, c.documentation) for c in file.comments] == [
        ("The CNN of the lecture: 61,482 parameters.", True),
        ("The head.", True),
        ("as logits", False),
    ]


def test_documentation_of_several_lines_and_of_statements():
    text = 'model m() {\n    ## One.\n    # between\n    ##Two "x\n    input x: float32[N]\n    ## nothing follows\n}\n### banner\n'
    file, report = parsed(text)
    assert file.docs == {text.index("input"): 'One.\nTwo "x'}
    assert [c.documentation for c in file.comments] == [True, False, True, True, False]
    assert not report.diagnostics


def test_a_number_sign_in_a_string_is_no_comment():
    file, _ = parsed('const a = "# no \\" # no" # yes')
    assert [c.text for c in file.comments] == ["yes"]


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t.replace("\n", "\r\n"),
        lambda t: t.replace("\n", "\r"),
        lambda t: t.replace("    ", "\t"),
        lambda t: t.rstrip("\n"),
        lambda t: " ".join(line.partition("#")[0] for line in t.splitlines()),
    ],
)
def test_line_ends_tabs_and_layout_do_not_matter(change: Any):
    assert [bare(i) for i in items_of(change(MNIST))] == [bare(i) for i in items_of(MNIST)]


# --- bytes -----------------------------------------------------------------------------------------------------------


def read(data: bytes, limits: Limits | None = None) -> tuple[Source | None, list[Any]]:
    report = Report()
    return read_source(data, "test.nn", None, limits or Limits(), report), list(report.diagnostics)


def test_bytes_become_text_without_a_byte_order_mark():
    source, diagnostics = read(b"\xef\xbb\xbfconst a = 1\r\n")
    assert source is not None
    assert source.text == "const a = 1\r\n"
    assert diagnostics == []


@pytest.mark.parametrize(
    ("data", "code", "place", "words"),
    [
        (b"const a = 1\n# caf\xe9\n", "E134", (2, 6), ["0xE9", "offset 17", "Latin-1"]),
        (b"\xef\xbb\xbf# \xff", "E134", (1, 3), ["0xFF", "offset 5"]),
        ("const a = 1".encode("utf-16"), "E134", (1, 1), ["UTF-16"]),
        ("const a = 1".encode("utf-16-le"), "E135", (1, 2), ["U+0000", "11 control"]),
        (b"const a = 1 \x1b[0m", "E135", (1, 13), ["U+001B"]),
        (b"x" * 1_000_001, "E501", (1, 1), ["source_bytes", "1,000,000", "--limit source_bytes=N"]),
    ],
)
def test_bytes_that_are_no_text(data: bytes, code: str, place: tuple[int, int], words: list[str]):
    source, (diagnostic,) = read(data)
    assert source is None
    assert diagnostic.code == code
    assert (diagnostic.span.line, diagnostic.span.column) == place
    assert [w for w in words if w not in diagnostic.headline() + diagnostic.advice()] == []


def test_a_text_that_is_too_long_is_not_read():
    report = Report()
    assert parse(Source("long", "#" * 100), Limits(source_bytes=99), report) is None
    assert [d.code for d in report.diagnostics] == ["E501"]


# --- limits ----------------------------------------------------------------------------------------------------------

MANY = 100_000
DEEP = {
    "parentheses": "const a = " + "(" * MANY,
    "closed parentheses": "const a = " + "(" * 300 + "1" + ")" * 300,
    "lists": "const a = " + "[" * 300 + "]" * 300,
    "minus": "const a = " + "-" * MANY + "1",
    "sum": "const a = 1" + " + 1" * MANY,
    "not": "const a = " + "not " * MANY + "b",
    "power": "const a = 2" + " ** 2" * MANY,
    "attributes": "const a = b" + ".c" * MANY,
    "else if": "const a = " + "if c { 1 } else " * (MANY // 2) + "{ 2 }",
    "calls": "const a = " + "f(" * MANY,
    "groups": "block b(x) { y = x " + "-> { f " * MANY,
    "loops": "block b(x) { y = x -> " + "a: for i in l { " * (MANY // 2),
    "indices": "const a = b" + "[0]" * 300,
    "computed labels": "block b(x) { y = x -> a{" + "-" * MANY + "1}: f }",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_what_is_too_deep_is_said_once(text: str):
    _, report = parsed(text + "\nconst last = 1")
    (diagnostic,) = [d for d in report.diagnostics if d.code == "E501"]
    assert "200" in diagnostic.headline()
    assert "--limit nesting=N" in diagnostic.advice()


def test_two_deep_statements_are_one_error_and_the_others_remain():
    deep = "-" * 300 + "1"
    file, report = parsed(f"const a = {deep}\nconst b = {deep}\nconst c = 3")
    assert [d.code for d in report.diagnostics] == ["E501"]
    assert [item.span.text for item in file.items] == ["const c = 3"]


@pytest.mark.parametrize("make", [lambda n: "-" * n + "1", lambda n: "1" + "+1" * n, lambda n: "[" * n + "1" + "]" * n])
def test_no_tree_is_deeper_than_the_limit(make: Any):
    limits = Limits(nesting=50)
    accepted = 0
    for levels in range(40, 60):
        file, report = parsed("block b(x) { y = " + make(levels) + " }", limits)
        assert depth(file) - 1 <= limits.nesting
        accepted += not report.has_errors
    assert accepted in (7, 8)


def test_a_limit_can_be_raised():
    text = "const a = " + "(" * 250 + "1" + ")" * 250
    assert not parsed(text, Limits(nesting=300))[1].has_errors


def test_tokens_are_limited():
    file, report = parsed("const a = 1\n" * 10, Limits(tokens=21))
    assert [d.code for d in report.diagnostics] == ["E501"]
    assert "--limit tokens=N" in report.diagnostics[0].advice()
    assert len(file.items) == 5
    assert not parsed("const a = 1\n" * 5, Limits(tokens=20))[1].diagnostics


@pytest.mark.parametrize("text", ["9" * 500_000, "1_0" * 100_000, "9" * 77 + "G", "1" + "0" * 78])
def test_integers_are_limited_before_they_are_made(text: str):
    _, report = parsed(f"const a = {text}\nconst b = 2")
    assert [d.code for d in report.diagnostics] == ["E501"]
    assert "integer_bits" in report.diagnostics[0].advice()


def test_integers_of_many_digits_are_made_when_allowed():
    digits = "123456789" * 1000
    report = Report()
    value = parse_value(Source("value", digits), Limits(integer_bits=40_000), report)
    assert isinstance(value, tree.Number)
    assert value.value % 10**18 == 123456789123456789
    assert 10**8999 <= value.value < 10**9000


def test_lists_and_strings_are_limited():
    assert parsed("const a = [1, 2, 3]", Limits(list_length=2))[1].diagnostics[0].code == "E501"
    assert parsed('const a = "abc"', Limits(list_length=2))[1].diagnostics[0].code == "E501"
    assert not parsed('const a = ["ab", 2]', Limits(list_length=2))[1].diagnostics


def test_many_errors_are_cut_short():
    _, report = parsed("const a = ;\n" * 1000)
    assert len(report.diagnostics) == 101
    assert report.diagnostics[-1].code == "E136"


def test_powers_are_not_taken():
    assert bare(value_of("10 ** (10 ** 7)"))[0] == "Binary"


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_is_left_as_it_was(enabled: bool):
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        parsed("const a = (")
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


def test_time_grows_linearly():
    def seconds(statements: int) -> float:
        text = "block b(x) {\n" + "    y = x -> a{1}: conv2d(32, kernel=3) -> relu\n" * statements + "}"
        start = time.process_time()
        _, report = parsed(text)
        assert not report.diagnostics
        return time.process_time() - start

    seconds(100)
    assert seconds(20_000 // 2) / min(seconds(5_000 // 2) for _ in range(2)) < 10


# --- mistakes --------------------------------------------------------------------------------------------------------

#: A statement of a block (its place counts from its own start, lines from 1), the code, where, and words that must be said.
STATEMENTS: list[tuple[str, str, tuple[int, int], list[str]]] = [
    ("y = x\n    conv2d(32) -> relu", "E111", (2, 5), ["`->` seems to be missing before `conv2d`", "`-> conv2d`"]),
    ("y = x -> conv2d(32) relu\n    z = y", "E111", (1, 21), ["missing before `relu`"]),
    ("return x -> f + y", "E114", (1, 15), ["`+` cannot follow a stage", "(x -> f)"]),
    ("return x -> f(2) and y", "E114", (1, 18), ["`and` cannot follow a stage"]),
    ("y = x -> f[0]", "E114", (1, 11), ["`[`"]),
    ("y = x -> conv2d(32, kernel=3\n    z = y\n    return z", "E103", (1, 16), ["`(` is never closed"]),
    ("y = f(x, [1, 2)", "E103", (1, 10), ["`[` is never closed", "before `)`"]),
    ("y = f(x, [1, 2\n    z = 3", "E103", (1, 10), ["`[` is never closed", "before `z`"]),
    ("y = x -> { f -> g\n    z = 3", "E103", (1, 10), ["`{` is never closed"]),
    ("y = f(x))", "E104", (1, 9), ["`)` closes nothing"]),
    ("expect params = 3", "E119", (1, 15), ["`expect` compares with `==`"]),
    ("y = if a = 3 { x } else { y }", "E119", (1, 10), ["`if` compares with `==`"]),
    ("y == 3", "E120", (1, 3), ["single `=`", "expect y == …"]),
    ("y = a < b <= c", "E121", (1, 11), ["do not chain", "and b <= c"]),
    ("y = a == b == c", "E121", (1, 12), ["do not chain"]),
    ("input = 3", "E110", (1, 1), ["`input` is a keyword"]),
    ("y = in + 3", "E110", (1, 5), ["`in` is a keyword"]),
    ("y = x § 3", "E105", (1, 7), ["U+00A7", "SECTION SIGN"]),
    ("y = 'same'", "E105", (1, 5), ["double quotes"]),
    ("y = “same”", "E105", (1, 5), ["LEFT DOUBLE QUOTATION MARK", "plain double quote"]),
    ("y = x → f", "E105", (1, 7), ["`->`"]),
    ("y = x -> café", "E105", (1, 13), ["ASCII letters"]),
    ('y = "abc\n    z = 3', "E106", (1, 5), ["not closed before the end of its line"]),
    (r'y = "a\q"', "E107", (1, 7), [r"`\q` means nothing"]),
    (r'y = "\u{110000}"', "E107", (1, 6), ["u{110000}"]),
    ("y = .5", "E108", (1, 5), ["write `0.5`"]),
    ("y = 1.", "E108", (1, 5), ["write `1.0`"]),
    ("y = 1.5M", "E108", (1, 5), ["only whole numbers", "1500K"]),
    ("y = 3k", "E108", (1, 5), ["`3K`"]),
    ("y = 0x10", "E108", (1, 5), ["decimal"]),
    ("y = 1e999", "E109", (1, 5), ["64-bit"]),
    ("y = 1e-999", "E109", (1, 5), ["64-bit"]),
    ("y = conv2d 32", "E118", (1, 12), ["`conv2d` need parentheses", "`conv2d(32)`"]),
    ('y = x -> dense "a"', "E118", (1, 16), ['`dense("a")`']),
    ("y = x // a comment here\n    z = 3", "E131", (1, 7), ["begins no comment", "`#`"]),
    ("y = x -> f(bias=False)", "E132", (1, 17), ["write `false`"]),
    ("y = f(None)", "E132", (1, 7), ["leave the argument out"]),
    ("y = a && b", "E133", (1, 7), ["write `and`"]),
    ("y = !a", "E133", (1, 5), ["write `not`"]),
    ("y = x => f", "E133", (1, 7), ["write `->`"]),
    ("y = a: conv2d(x, 3)", "E124", (1, 5), ["a label cannot stand here: `a:`", "x -> a: layer(…)"]),
    ("y = x -> add: + y", "E116", (1, 15), ["`+` is no stage", "carry no label"]),
    ("y = x -> 3", "E116", (1, 10), ["the number `3` is no stage"]),
    ("y = x -> (f)", "E116", (1, 10), ["`(` is no stage", "braces"]),
    ("y = x -> if a { f } else { g }", "E116", (1, 10), ["a value, not a stage"]),
    ("y = x -> f(kernel: 3)", "E125", (1, 18), ["written with `=`", "`kernel=…`"]),
    ("y = if a: b", "E126", (1, 9), ["braces"]),
    ("y = x ->\n    output z = 3", "E115", (2, 5), ["`->` is followed by `output`"]),
    ("y = x ->\n    z = 3", "E115", (2, 5), ["`->` is followed by `z`"]),
    ("y = x -> -> f", "E115", (1, 10), ["`->` is followed by `->`"]),
    ("y = x -> { }", "E115", (1, 12), ["`{` is followed by `}`"]),
    ("f(x)", "E112", (1, 1), ["no statement begins like this", "output name = …"]),
    ("let a = 3", "E112", (1, 1), ["no keyword"]),
    ("x += 1", "E112", (1, 1), ["bound once"]),
    ("if a { b } else { c }", "E112", (1, 1), ["`if` is a value"]),
    ("for i in x { f }", "E112", (1, 1), ["`for` is a stage"]),
    ("y = if a { b } elif c { d }", "E128", (1, 16), ["needs an `else`", "`else if`"]),
    ("y = [1 2]", "E127", (1, 8), ["a comma is missing"]),
    ("y = f(a,\n      k=3\n      stride=2)", "E127", (3, 7), ["a comma is missing before `stride`"]),
    ("y = f(a=1, b)", "E122", (1, 12), ["without a name follows one with a name", "`a=1`"]),
    ("y = x -> loop(3)", "E123", (1, 10), ["`loop` is reserved"]),
    ("y = x -> a: scan", "E123", (1, 13), ["`scan` is reserved"]),
    ("input x = 3", "E129", (1, 9), ["input name: float32[N, 3]", "`:`"]),
    ("output x -> f", "E129", (1, 10), ["output name = value"]),
    ("y = x -> repeat { f }", "E129", (1, 17), ["repeat(n) { … }"]),
    ("y = x -> reuse()", "E129", (1, 16), ["reuse(label)"]),
    ("input a: float32[N]\n        -> f", "E117", (2, 9), ["on the left of this arrow"]),
    ("-> f", "E117", (1, 1), ["on the left of this arrow"]),
    ("y = 3 +\n    return y", "E102", (2, 5), ["a value is missing: `+`"]),
    ("y = [1,,2]", "E102", (1, 8), ["a value is missing: `,`"]),
    ("y = x -> a{1 +}: f", "E102", (1, 15), ["a value is missing: `+` is followed by `}`"]),
    ("y = x -> a{}: f", "E101", (1, 12), ["expected a value, but found `}`"]),
    ("y = x[0:2:1]", "E138", (1, 10), ["no step"]),
    ("y = x[a -> b]", "E139", (1, 9), ["needs parentheses"]),
    ("y = x.3", "E101", (1, 7), ["the name of an attribute"]),
    ("a = 1;\n    b = 2", "E130", (1, 6), ["no separator"]),
    ("const n = 3", "E137", (1, 1), ["without a keyword"]),
    ('import a from "b.nn"', "E137", (1, 1), ["top level"]),
    ("block g(x) { return x }", "E137", (1, 1), ["top level"]),
    ("block g(x) {\n        y = { }\n    }", "E137", (1, 1), ["top level"]),
]

#: Whole files.
FILES: list[tuple[str, str, tuple[int, int], list[str]]] = [
    ("block f(x) {\n    y = x\n\nblock g(x) { return x }", "E103", (1, 12), ["`{` is never closed", "before `block`"]),
    ("block f(x) {\n    return x", "E103", (1, 12), ["before the end of the text"]),
    ("model a(x: int\n", "E103", (1, 8), ["`(` is never closed"]),
    ("const a = (1\nconst b = 2", "E103", (1, 11), ["`(` is never closed", "before `const`"]),
    ("const a = 3\n}\nconst b = 4", "E104", (2, 1), ["one too many above"]),
    ("block model(x) { return x }", "E110", (1, 7), ["`model` is a keyword"]),
    ("block f(input) { return 1 }", "E110", (1, 9), ["`input` is a keyword"]),
    ("def f(x):\n    return x", "E113", (1, 1), ["block name(x"]),
    ("x = 3", "E113", (1, 1), ["const name = value"]),
    ("Model a() { return x }", "E113", (1, 1), ["small letters"]),
    ("from a import b", "E113", (1, 1), ["import name from"]),
    ("model a():\n    input x: int\n", "E126", (1, 10), ["braces"]),
    ("model a { return x }", "E129", (1, 9), ["model name(classes: int = 10) { … }"]),
    ("import a", "E129", (1, 9), ["import name"]),
    ("const é = 3", "E105", (1, 7), ["U+00E9"]),
    ("const 3d = 3", "E108", (1, 7), ["begins with a letter"]),
    ("// comment\nconst a = 1", "E131", (1, 1), ["begins no comment"]),
    ("const a = 1 // the first one\nconst b = 2", "E131", (1, 13), ["begins no comment"]),
    ("/* comment */", "E131", (1, 1), ["begins no comment"]),
]


def check_single(text: str, code: str, place: tuple[int, int], words: list[str]) -> tree.File:
    file, report = parsed(text)
    diagnostics = report.diagnostics
    assert [d.code for d in diagnostics] == [code], [d.headline() for d in diagnostics]
    (diagnostic,) = diagnostics
    assert diagnostic.span is not None
    assert (diagnostic.span.line, diagnostic.span.column) == place
    said = f"{diagnostic.headline()} {diagnostic.caret()} {diagnostic.advice()}"
    assert [word for word in words if word not in said] == [], said
    return file


@pytest.mark.parametrize(("text", "code", "place", "words"), STATEMENTS, ids=[s[0] for s in STATEMENTS])
def test_mistakes_in_statements(text: str, code: str, place: tuple[int, int], words: list[str]):
    line, column = place
    shifted = (line + 1, column + 4 if line == 1 else column)
    file = check_single(f"block b(x) {{\n    {text}\n    last = 1\n}}\nconst more = 2", code, shifted, words)
    block, more = file.items
    assert isinstance(block, tree.Block)
    assert block.body[-1].span.text == "last = 1"
    assert more.span.text == "const more = 2"


@pytest.mark.parametrize(("text", "code", "place", "words"), FILES, ids=[f[0] for f in FILES])
def test_mistakes_in_files(text: str, code: str, place: tuple[int, int], words: list[str]):
    check_single(text, code, place, words)


def test_every_mistake_of_a_file_is_reported_and_the_rest_is_kept():
    text = """\
const a = [1 2]
block f(x, input) {
    y = conv2d 32
    z = x -> g(1,
        2 -> h
    w: int = 3
    return x -> f + y
}
const ok = 1
model m(a: ) {
    input x: float32[N]
    output y == x
    expect params = 3
"""
    file, report = parsed(text)
    assert [(d.code, d.span.line) for d in report.diagnostics if d.span] == [
        ("E127", 1),
        ("E110", 2),
        ("E118", 3),
        ("E103", 4),
        ("E114", 7),
        ("E101", 10),
        ("E129", 12),
        ("E119", 13),
    ]
    assert [type(item).__name__ for item in file.items] == ["Block", "Const", "Model"]


def test_a_fix_mends_the_mistake():
    for text in ["expect a = 3", "y = f(k: 3)", "y = 1;", "y = True", "y = a && b", "y = x => f"]:
        _, report = parsed(f"block b(x) {{ {text} }}")
        (diagnostic,) = report.diagnostics
        fix = diagnostic.fix()
        assert fix is not None
        whole = fix.span.source.text
        assert items_of(whole[: fix.span.start] + fix.replacement + whole[fix.span.end :])


def test_every_code_of_the_text_has_a_page_with_a_sample_that_shows_it():
    load_all()
    families = [kind for code, kind in CATALOGUE.items() if "E101" <= code <= "E149"]
    assert len(families) >= 35
    for kind in families:
        page = kind.__doc__ or ""
        samples = [part.split("```")[0] for part in page.split("```nn")[1:]]
        if not samples:
            assert kind.code in {"E134", "E135", "E136"}
            continue
        bad, *good = (parsed("\n".join(line[4:] for line in s.splitlines()) + "\n")[1] for s in samples)
        assert kind.code in {d.code for d in bad.diagnostics}, (kind.code, [d.code for d in bad.diagnostics])
        for report in good:
            assert not report.diagnostics, kind.code


# --- every text is answered ------------------------------------------------------------------------------------------

PIECES = [
    *["model", "block", "input", "output", "expect", "return", "if", "else", "for", "in", "repeat", "reuse", "freeze"],
    *[
        "import",
        "from",
        "const",
        "not",
        "and",
        "true",
        "None",
        "loop",
        "x",
        "f(",
        "a.0:",
        "{i}:",
        "b{",
        "k=",
        "->",
        "=",
    ],
    *[
        "==",
        "<",
        "+",
        "-",
        "*",
        "**",
        "//",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        ".",
        ";",
        '"s"',
        '"',
        "\\",
        "1",
        "2.5",
    ],
    *[
        "9M",
        "1.",
        "#",
        "##",
        "\n",
        "\n    ",
        " ",
        "\t",
        "\r\n",
        "é",
        "\x00",
        "\ud800",
        "'",
        "/*",
        "&&",
        "block b(x) {\n",
    ],
]


def answered(text: str) -> None:
    file, report = parsed(text)
    for diagnostic in report.diagnostics:
        span = diagnostic.span
        assert span is not None
        assert 0 <= span.start <= span.end <= len(text)
        assert diagnostic.headline()
        assert diagnostic.advice()
        diagnostic.caret(), diagnostic.labels(), diagnostic.notes(), diagnostic.fix()
    if not report.diagnostics:
        # What has been accepted is all of the text: its items read again, one by one, are the same.
        again = [bare(item) for item in items_of("\n".join(item.span.text for item in file.items))]
        assert again == [bare(item) for item in file.items]


@settings(max_examples=250, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_any_soup_of_tokens_is_answered(text: str):
    answered(text)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_answered(data: bytes):
    source, diagnostics = read(data)
    assert (source is None) == bool(diagnostics)
    if source is not None:
        answered(source.text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=100))
def test_any_text_is_answered(text: str):
    answered(text)


def test_every_prefix_and_every_text_with_a_piece_missing_is_answered():
    generator = random.Random(7)
    for _ in range(300):
        start, length = generator.randrange(len(RESNET)), generator.randrange(1, 12)
        answered(RESNET[:start])
        answered(RESNET[:start] + RESNET[start + length :])


def test_a_broken_text_gives_an_error_or_a_tree_of_it():
    for length in range(0, len(MNIST), 3):
        file, report = parsed(MNIST[:length])
        whole = MNIST[:length].strip() == "" or length <= MNIST.index("model")
        assert report.has_errors or whole or len(file.items) == 1
