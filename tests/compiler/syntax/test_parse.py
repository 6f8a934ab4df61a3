"""From text to tree: what is built, and where it stands."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from dotnn.compiler.diagnostics import Report
from dotnn.compiler.limits import Limits
from dotnn.compiler.source import Source
from dotnn.compiler.syntax import tree
from dotnn.compiler.syntax.parse import parse_value
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.helpers.trees import MNIST, RESNET, bare, items_of, nodes, parsed, parts, statement, value_of

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
    assert [type(s).__name__ for s in bottleneck.body] == ["Binding", "Binding", "Binding", "Return"]
    assert [type(s).__name__ for s in stage.body] == ["Parameter", "Binding", "Binding", "Return"]
    assert [type(s).__name__ for s in model.body] == ["Input", "Input", "Output", "Freeze", "Expect"]


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


def from_python(node: Any) -> Any:  # noqa: C901
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
    text = (
        'model m() {\n    ## One.\n    # between\n    ##Two "x\n    input x: float32[N]\n'
        "    ## nothing follows\n}\n### banner\n"
    )
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


def test_a_model_without_arguments_needs_no_parentheses():
    file, report = parsed(
        "model a { input x: float32[N] output y = x }\nmodel b() { input x: float32[N] output y = x }"
    )
    assert not report.diagnostics
    assert file is not None
    assert [item.formals for item in file.items if isinstance(item, tree.Model)] == [(), ()]
