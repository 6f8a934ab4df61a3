"""Rewrites of arithmetic, of functions of every element, and by what changes nothing."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping

from dotnn.compiler.graph.types import TensorType
from dotnn.compiler.layers.base import LAYERS
from dotnn.compiler.syntax import tree

from .rewriting import Edit, Rule, View
from .rewriting_syntax import label_of
from .tensors import written

#: Where an expression is no tensor, or may be none.
NO_TENSOR = (tree.Type, tree.ListExpression, tree.Argument, tree.Call, tree.Slice, tree.Const, tree.Parameter)

#: Stages of layers as expressions of their operand, `x`, and of their arguments by name; each with what it needs.
FORMS: Mapping[str, tuple[str, ...]] = {
    "relu": ("maximum(x, 0 * x)", "x * (x -> step)", "x -> leaky_relu(slope=0.0)"),
    "tanh": ("(x * 2 -> sigmoid) * 2 - 1", "-(-x -> tanh)"),
    "sigmoid": ("((x / 2 -> tanh) + 1) / 2", "1 - (-x -> sigmoid)", "1 / (exp(-x) + 1)"),
    "dropout": ("x", "x -> dropout(0.125)"),
    "silu": ("x * (x -> sigmoid)",),
    "relu6": ("x -> clip(low=0.0, high=6.0)", "minimum(x -> relu, 0 * x + 6)"),
    "softsign": ("x / (abs(x) + 1)",),
    "softplus": ("-(-x -> sigmoid -> log)",),
    "hard_sigmoid": ("x / 6 + 0.5 -> clip(low=0.0, high=1.0)",),
    "hard_swish": ("x * (x -> hard_sigmoid)",),
    "mish": ("x * (x -> softplus -> tanh)",),
    "abs": ("maximum(x, -x)", "(x -> relu) + (-x -> relu)"),
    "exp": ("1 / exp(-x)",),
    "spatial_dropout": ("x",),
}
#: The same for two tensors.
PAIRS: Mapping[str, tuple[str, ...]] = {
    "maximum": ("-minimum(-{0}, -{1})", "{1} + ({0} - {1} -> relu)"),
    "minimum": ("-maximum(-{0}, -{1})",),
}


# --- arithmetic -------------------------------------------------------------------------------------------------------


def _sums(view: View, *operators: str) -> list[tree.Binary]:
    """Arithmetic between tensors."""
    found = [(one, parents) for one, parents in view.all_of(tree.Binary) if one.operator in operators]
    found = [(one, parents) for one, parents in found if not any(isinstance(around, NO_TENSOR) for around in parents)]
    return [one for one, parents in found if not any(isinstance(around, tree.If) for around in parents)]


def _sides(view: View, binary: tree.Binary) -> tuple[str, str]:
    """Both operands with the brackets around them."""
    left = view.text[binary.span.start : binary.operator_span.start].strip()
    return left, view.text[binary.operator_span.end : binary.span.end].strip()


def commute(view: View, source: random.Random) -> Edit | None:
    """``b + a``, ``b * a``."""
    found = _sums(view, "+", "*")
    if not found:
        return None
    node = source.choice(found)
    left, right = _sides(view, node)
    # A sum to the right of another sign keeps its brackets; one to the left of it does not need any.
    new = f"({right}) {node.operator} ({left})"
    return Edit([(node.span.start, node.span.end, new)])


def commute_call(view: View, source: random.Random) -> Edit | None:
    """``maximum(b, a)``."""
    found = [one for one, _ in view.all_of(tree.Call) if one.function in PAIRS and len(one.positional) == 2]
    if not found:
        return None
    call = source.choice(found)
    one, other = _operands(view, call)
    texts = [f"{call.function}({other}, {one})"]
    if _is_float(view, call.positional[0]):
        texts += [form.format(one, other) for form in _possible(PAIRS[call.function])]
    return Edit([(call.span.start, call.span.end, f"({source.choice(texts)})")])


def _is_float(view: View, operand: tree.Node) -> bool:
    """Whether it is certainly a tensor of floats: a value of the model."""
    known = {one.targets[0].name for one in view.bindings}
    return isinstance(operand, tree.Name) and operand.name in known and view.type_of(operand.name).dtype.is_float


def _operands(view: View, call: tree.Call) -> tuple[str, str]:
    """Both operands in brackets, if they need any."""
    return tuple(one.span.text if isinstance(one, tree.Name) else f"({_whole(view, one)})" for one in call.positional)  # pyright: ignore


def _whole(view: View, part: tree.Node) -> str:
    """The text of an expression; an open bracket within it is closed behind it."""
    text, end = part.span.text, part.span.end
    while text.count("(") > text.count(")"):
        end = view.text.index(")", end) + 1
        text = view.text[part.span.start : end]
    return text


def reassociate(view: View, source: random.Random) -> Edit | None:
    """``(a + b) + c`` as ``a + (b + c)``, and products likewise."""
    found = []
    for one in _sums(view, "+", "*"):
        left = one.left
        if isinstance(left, tree.Binary) and left.operator == one.operator:
            found.append(one)
    if not found:
        return None
    node = source.choice(found)
    inner: tree.Binary = node.left  # pyright: ignore[reportAssignmentType]
    first, second = _sides(view, inner)
    _, third = _sides(view, node)
    sign = node.operator
    return Edit([(node.span.start, node.span.end, f"{first} {sign} ({second} {sign} {third})")])


def rewrite_difference(view: View, source: random.Random) -> Edit | None:
    """``a - b`` as ``a + (-b)``."""
    found = _sums(view, "-")
    if not found:
        return None
    node = source.choice(found)
    left, right = _sides(view, node)
    text = source.choice([f"{left} + (-({right}))", f"-(({right}) - ({left}))", f"{left} + ({right}) * -1"])
    return Edit([(node.span.start, node.span.end, f"({text})")])


def rewrite_number(view: View, source: random.Random) -> Edit | None:
    """``x * 2`` as ``x + x``, ``x / 4`` as ``x * 0.25``."""
    found = []
    for one in _sums(view, "*", "/"):
        if isinstance(one.right, tree.Number) and isinstance(one.left, tree.Name):
            name, number = one.left.name, one.right.value
            if one.operator == "*" and number == 2:
                found.append((one, [f"({name} + {name})", f"(2 * {name})", f"({name} + 1 * {name})"]))
            if one.operator == "/" and number in (2, 4, 8):
                found.append((one, [f"({name} * {1 / number})"]))
    if not found:
        return None
    node, texts = source.choice(found)
    return Edit([(node.span.start, node.span.end, source.choice(texts))])


# --- functions --------------------------------------------------------------------------------------------------------


def function_as_expression(view: View, source: random.Random) -> Edit | None:
    """``relu`` as ``maximum(x, 0 * x)``, and others likewise: a block in the place of the stage."""
    found = []
    for one in view.places:
        call = one.call
        if call is not None and call.function in FORMS and call.function not in view.blocks:
            found += [(one.stage, form) for form in _possible(FORMS[call.function]) if not call.named]
        if call is not None and call.function == "leaky_relu":
            slope = f"({call.named[0].value.span.text})" if call.named else "0.01"
            found += [
                (one.stage, form) for form in (f"maximum(x, {slope} * x)", f"(x -> relu) - {slope} * (-x -> relu)")
            ]
    if not found:
        return None
    stage, form = source.choice(found)
    name = view.fresh("zb")
    edit = (stage.span.start, stage.span.end, f"{label_of(stage)}{name}")
    # Others have sums of what cancels, or a slope that is rounded to the element type of the tensor.
    stage_is_exact = re.search(r"\b(relu|dropout|abs)\b", stage.span.text) is not None
    return Edit([edit], [f"block {name}(x) {{ return {form} }}"], exact=stage_is_exact)


def _possible(forms: tuple[str, ...]) -> list[str]:
    """The forms whose layers there are."""
    words = ("clip", "exp", "log", "abs", "minimum", "maximum", "softplus", "hard_sigmoid")
    return [form for form in forms if all(word in LAYERS for word in words if word in form)]


# --- what changes nothing ---------------------------------------------------------------------------------------------


def add_identity(view: View, source: random.Random) -> Edit | None:
    """What changes nothing behind a binding."""
    if not view.bindings:
        return None
    binding = source.choice(view.bindings)
    found = view.type_of(binding.targets[0].name)
    name, others = view.fresh("zn"), [view.fresh("zn"), view.fresh("zn")]
    forms = [*_identities(name, found, source), *_with_statements(name, found, others, source)]
    lines, form, head = source.choice([one for one in forms if _is_possible(one[1] + "".join(one[0]))])
    start, value = binding.span.start, binding.value.span
    statements = "".join(f"{line}\n    " for line in [f"{name} = {value.text}", *lines])
    # The references round where numbers are cast.
    exact = "cast" not in form
    return Edit([(start, start, statements), (value.start, value.end, form)], head, exact=exact)


def _is_possible(text: str) -> bool:
    words = ("cast", "pad", "stack", "minimum", "sum", "max(", "matmul", "@")
    kinds = {"max(": "max", "@": "matmul"}
    return all(kinds.get(word, word) in LAYERS for word in words if word in text)


def _identities(x: str, found: TensorType, source: random.Random) -> Iterator[tuple[list[str], str, list[str]]]:
    """Expressions that are the tensor itself: statements before, the expression, and items."""
    rank, dtype = found.rank, found.dtype.value
    dims = written(found.shape)
    forms = [
        "{x} * 1",
        "1 * {x}",
        "{x} + 0",
        "0 + {x}",
        "maximum({x}, {x})",
        "minimum({x}, {x})",
        "{x} -> reshape({x}.shape)",
    ]
    forms += [
        f"{{x}} -> reshape({dims})",
        "{x} -> unsqueeze(axis=0) -> squeeze(axis=0)",
        "if 1 == 1 {{ {x} }} else {{ {x} }}",
    ]
    forms += ["{x} -> unsqueeze(axis=-1) -> squeeze(axis=-1)", "{x} -> expand({x}.shape)", f"{{x}} -> expand({dims})"]
    if found.dtype.is_float:
        forms += [
            "{x} - 0",
            "{x} / 1",
            "-(-{x})",
            "0 - (-{x})",
            "maximum({x}, {x} - 1)",
            "{x} * 2 / 2",
            "{x} -> dropout(0.5)",
        ]
        forms += ["{x} -> unsqueeze(axis=0) -> mean(axis=0)", "{x} -> unsqueeze(axis=-1) -> sum(axis=-1)"]
        forms += ["{x} -> leaky_relu(slope=1.0)", "({x} -> relu) - (-{x} -> relu)"]
        forms += ["{x} -> cast(float64) -> cast(float32)"] * (dtype == "float32")
        forms += ["{x} -> cast(float32) -> cast(float16)"] * (dtype == "float16")
    if rank:
        axis, other = source.randrange(-rank, rank), source.randrange(rank)
        order = source.sample(range(rank), rank)
        back = [order.index(one) for one in range(rank)]
        forms += [f"{{x}} -> flip(axis={axis}) -> flip(axis={axis})", "{x} -> flatten(start=0) -> reshape({x}.shape)"]
        forms += [f"{{x}} -> transpose({order}) -> transpose({back})", f"{{x}} -> transpose({[*range(rank)]})"]
        forms += [f"{{x}} -> repeat(2) {{{{ flip(axis={other}) }}}}", "{x}[0:]"]
    yield from (([], form.format(x=x), []) for form in forms)


def _with_statements(
    x: str, found: TensorType, names: list[str], source: random.Random
) -> Iterator[tuple[list[str], str, list[str]]]:
    """The same, with statements before or items."""
    one, other = names
    block = one.replace("zn", "zb")
    dims = written(["2", *map(str, found.shape)])
    yield [], f"{x} -> {block}", [f"block {block}(x) {{ return x }}"]
    yield [f"{one} = {x} -> unsqueeze(axis=0) -> expand({dims})"], f"{one}[{source.choice([0, 1, -1])}]", []
    yield [f"{one} = stack({x}, {x}, axis=0)"], f"{one}[1]", []
    if found.dtype.is_float:
        yield (
            [f"parameter {one.replace('zn', 'zl')}: {found.dtype.value}[] = 1.0"],
            f"{x} * {one.replace('zn', 'zl')}",
            [],
        )
        yield [], f"{x} + {one}", [f"const {one}: {found.dtype.value}[] = 0.0"]
    sizes = [(axis, size) for axis, size in enumerate(found.shape) if isinstance(size, int)]
    if not sizes:
        return
    axis, size = source.choice(sizes)
    colons = ":, " * axis
    yield [f"{one} = concat({x}, {x}, axis={axis})"], f"{one}[{colons}:{size}]", []
    yield [f"{one} = concat({x}, {x}, axis={axis})"], f"{one}[{colons}-{size}:]", []
    yield [f"{one}, {other} = concat({x}, {x}, axis={axis}) -> split(2, axis={axis})"], f"maximum({one}, {other})", []
    if size > 1:
        cut = source.randrange(1, size)
        split = f"{one}, {other} = {x} -> split([{cut}, {size - cut}], axis={axis})"
        yield [split], f"concat({one}, {other}, axis={axis})", []
        yield [], f"concat({x}[{colons}:{cut}], {x}[{colons}{cut}:], axis={axis})", []
    if size <= 6 and found.dtype.is_float:
        eye = written(written(float(row == column) for column in range(size)) for row in range(size))
        layer = f"{one.replace('zn', 'zl')}: dense({size}, axis={axis}, weight={eye}, bias=false)"
        yield [], f"{x} -> {layer}", []


VALUE_RULES: Mapping[str, Rule] = {
    one.__name__: one
    for one in (
        commute,
        commute_call,
        reassociate,
        rewrite_difference,
        rewrite_number,
        function_as_expression,
        add_identity,
    )
}
