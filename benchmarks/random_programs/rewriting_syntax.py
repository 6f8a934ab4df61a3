"""Rewrites of what the text says in other words: groups, blocks, loops, names, arguments and order of statements."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dotnn
from dotnn.compiler.layers import attributes as kinds
from dotnn.compiler.layers.base import LAYERS
from dotnn.compiler.syntax import tree

from .rewriting import Edit, Make, Place, Rule, View, label_text, labels_in, walk
from .tensors import written


def renamed(*path: str) -> Make:
    """The weights that had another path."""
    return lambda get, rest: get(*path, *rest)


def label_of(stage: tree.Stage) -> str:
    """Its label with the colon; empty if it has none."""
    return f"{label_text(stage.label)}: " if stage.label else ""


# --- groups, blocks and loops -----------------------------------------------------------------------------------------


def group_stages(view: View, source: random.Random) -> Edit | None:
    """``a -> b`` as ``{ a -> b }``, perhaps with a label."""
    found = [one for one in view.places if one.index + 1 < len(one.siblings)]
    if not found:
        return None
    place = source.choice(found)
    last = source.randrange(place.index + 1, len(place.siblings))
    inner = place.siblings[place.index : last + 1]
    start, end = inner[0].span.start, inner[-1].span.end
    labelled = place.may_have_label and not view.is_reused(inner) and source.random() < 0.6
    label = f"{view.fresh('zz')}: " if labelled else ""
    return Edit([(start, end, f"{label}{{ {view.text[start:end]} }}")])


def ungroup(view: View, source: random.Random) -> Edit | None:
    """``{ a -> b }`` without a label as ``a -> b``."""
    found = [one for one in view.places if isinstance(one.stage.operation, tree.Group) and one.stage.label is None]
    if not found:
        return None
    stage = source.choice(found).stage
    inner = stage.operation.span.text  # pyright: ignore[reportAttributeAccessIssue]
    return Edit([(stage.span.start, stage.span.end, inner.strip()[1:-1].strip())])


def block_around(view: View, source: random.Random) -> Edit | None:
    """A stage as a block of its own."""
    found = [one for one in view.places if view.is_plain(one.stage) and not view.is_reused(one.stage)]
    if not found:
        return None
    place = source.choice(found)
    span, name = place.stage.span, view.fresh("zb")
    label = f"{view.fresh('zz')}: " if place.may_have_label else ""
    return Edit([(span.start, span.end, f"{label}{name}")], [f"block {name}(x) {{ return x -> {span.text} }}"])


def loop_around(view: View, source: random.Random) -> Edit | None:
    """A stage as a loop of one round."""
    found = [one for one in view.places if not view.is_reused(one.stage) and not view.reuses(one.stage)]
    if not found:
        return None
    place = source.choice(found)
    span, label = place.stage.span, f"{view.fresh('zr')}: " if place.may_have_label else ""
    loop = source.choice(["repeat(1)", f"for {view.fresh('zn')} in [1]", "repeat(2 - 1)"])
    return Edit([(span.start, span.end, f"{label}{loop} {{ {span.text} }}")])


def unroll(view: View, source: random.Random) -> Edit | None:
    """The rounds of a loop one behind the other."""
    found = []
    for one in view.places:
        operation = one.stage.operation
        counted = isinstance(operation, tree.Repeat) and isinstance(operation.count, tree.Number)
        listed = (
            isinstance(operation, tree.For)
            and isinstance(operation.iterable, tree.ListExpression)
            and len(operation.targets) == 1
        )
        if (counted or listed) and not view.is_reused(one.stage):
            found.append(one)
    if not found:
        return None
    stage = source.choice(found).stage
    label = label_text(stage.label) if stage.label else ""
    rounds = [f"{label}.{index}: {body}" if label else body for index, body in enumerate(_rounds(stage.operation))]
    return Edit([(stage.span.start, stage.span.end, " -> ".join(rounds))])


def _rounds(loop: Any) -> list[str]:
    """The body of a loop for each of its rounds."""
    if isinstance(loop, tree.Repeat):
        return [loop.body.span.text] * int(loop.count.value)  # pyright: ignore[reportAttributeAccessIssue]
    (target,) = loop.targets
    return [substituted(loop.body, {target.name: f"({one.span.text})"}) for one in loop.iterable.items]


def substituted(part: tree.Node, texts: Mapping[str, str]) -> str:
    """The text of a node with others for some names."""
    begin, text = part.span.start, part.span.text
    names = [one for one, _ in walk(part) if isinstance(one, tree.Name) and one.name in texts]
    edits = [(one.span.start - begin, one.span.end - begin, texts[one.name]) for one in names]
    return Edit(edits).apply(text)


def take_branch(view: View, source: random.Random) -> Edit | None:
    """The branch that is taken, for ``if x.shape[axis] > number``."""
    found = []
    for one, _ in view.all_of(tree.If):
        condition = one.condition
        if not isinstance(condition, tree.Binary) or not isinstance(condition.left, tree.Index):
            continue
        name, axis = condition.left.base.base.name, condition.left.items[0].value  # pyright: ignore
        size = view.type_of(name).shape[axis]
        if isinstance(size, int):
            found.append((one, one.then if size > condition.right.value else one.otherwise))  # pyright: ignore
    if not found:
        return None
    whole, taken = source.choice(found)
    return Edit(
        [(whole.span.start, whole.span.end, f"({taken.span.text.strip().removeprefix('{').removesuffix('}')})")]
    )


def branch_around(view: View, source: random.Random) -> Edit | None:
    """A value as the branch that is taken."""
    found = [one for one in view.bindings if not isinstance(one.value, tree.If)]
    if not found:
        return None
    value = source.choice(found).value
    other = source.choice([one.name.name for one in view.model.body if isinstance(one, tree.Input)])
    taken, left = f"{{ {value.span.text} }}", f"{{ {other} -> flip(axis=0) }}"
    text = source.choice(
        [f"if true {taken} else {left}", f"if 1 > 2 {left} else {taken}", f"if not true {left} else {taken}"]
    )
    return Edit([(value.span.start, value.span.end, text)])


# --- names ------------------------------------------------------------------------------------------------------------


def rename_value(view: View, source: random.Random) -> Edit | None:
    """Another name for a binding, or for a parameter."""
    found = [one.targets[0] for one in view.bindings]
    found += [one.name for one in view.model.body if isinstance(one, tree.Parameter)]
    if not found:
        return None
    old, new = source.choice(found), view.fresh("zn")
    spans = [old.span, *(one.span for one, _ in view.uses(old.name))]
    return Edit([(one.start, one.end, new) for one in spans], made={new: renamed(old.name)})


def rename_label(view: View, source: random.Random) -> Edit | None:
    """Another label, wherever it stands in paths."""
    labels = [one for one, _ in view.all_of(tree.Label)]
    found = sorted({label_text(one) for one in labels if label_text(one).isalnum()} & labels_in(view.model))
    if not found:
        return None
    old, new = source.choice(found), view.fresh("zm")
    edits = []
    for one in labels:
        parts = label_text(one).split(".")
        if old in parts:
            path = ".".join(new if part == old else part for part in parts)
            edits.append((one.span.start, one.span.end, path))
    return Edit(edits, made={new: renamed(old)})


def split_binding(view: View, source: random.Random) -> Edit | None:
    """``v = x -> a -> b`` as two bindings, the first of which may be an output, too."""
    found = [one for one in view.bindings if isinstance(one.value, tree.Pipeline)]
    found = [one for one in found if len(one.value.stages) > 1]  # pyright: ignore[reportAttributeAccessIssue]
    if not found:
        return None
    value = source.choice(found).value
    stages, name = value.stages, view.fresh("zn")  # pyright: ignore[reportAttributeAccessIssue]
    at = source.randrange(1, len(stages))
    start, middle = value.span.start, stages[at].span.start
    first = view.text[start : stages[at - 1].span.end]
    shown = f"output {view.fresh('zn')} = {name}\n    " * (source.random() < 0.3)
    statement = _statement_start(view, value)
    return Edit([(statement, statement, f"{name} = {first}\n    {shown}"), (start, middle, f"{name} -> ")])


def _statement_start(view: View, part: tree.Node) -> int:
    return next(one.span.start for one in view.model.body if one.span.start <= part.span.start < one.span.end)


def inline_binding(view: View, source: random.Random) -> Edit | None:
    """The expression of a binding wherever it is read."""
    found = []
    for one in view.bindings:
        uses = view.uses(one.targets[0].name)
        may = not any(isinstance(around[-1], tree.Index | tree.Attribute) for _, around in uses)
        named = view.has_weights(one.value) or bool(labels_in(one.value))
        if uses and may and not (named and len(uses) > 1) and not view.is_reused(one.value):
            found.append((one, uses))
    if not found:
        return None
    binding, uses = source.choice(found)
    text = f"({binding.value.span.text})"
    edits = [(one.span.start, one.span.end, text) for one, _ in uses]
    return Edit([(binding.span.start, binding.span.end, ""), *edits])


def swap_statements(view: View, source: random.Random) -> Edit | None:
    """Two statements that do not need each other the other way round."""
    found = []
    for one, other in zip(view.model.body, view.model.body[1:], strict=False):
        if not isinstance(one, tree.Binding) or not isinstance(other, tree.Binding | tree.Parameter):
            continue
        needed = {name.name for name in one.targets} & view.values_in(
            other.value if isinstance(other, tree.Binding) else other
        )
        if not needed and not view.reuses(other):
            found.append((one, other))
    if not found:
        return None
    one, other = source.choice(found)
    return Edit([(one.span.start, one.span.end, other.span.text), (other.span.start, other.span.end, one.span.text)])


def add_output(view: View, source: random.Random) -> Edit | None:
    """A value in the middle as an output, as it is or changed: it must stay what it is."""
    if not view.bindings:
        return None
    binding = source.choice(view.bindings)
    name = binding.targets[0].name
    end = view.model.span.end - 1
    return Edit([(end, end, f"    output {view.fresh('zn')} = {name}{source.choice(['', ' * 2'])}\n")])


# --- sharing ----------------------------------------------------------------------------------------------------------


def write_reused(view: View, source: random.Random) -> Edit | None:
    """What is reused once more, with the same numbers for its weights."""
    found = []
    for one in view.places:
        if not isinstance(one.stage.operation, tree.Reuse):
            continue
        path = label_text(one.stage.operation.path).split(".")
        target = _reused_stage(view, path)
        if target is not None and view.is_plain(target.operation):
            found.append((one.stage, path, target))
    if not found:
        return None
    stage, path, target = source.choice(found)
    label = label_text(stage.label) if stage.label else view.fresh("zm")
    text = f"{label}: {target.operation.span.text}"
    return Edit([(stage.span.start, stage.span.end, text)], made={label: renamed(*path)})


def _reused_stage(view: View, path: Sequence[str]) -> tree.Stage | None:
    """The stage of the model that a path leads to through groups; None if it leads elsewhere."""
    for one in view.places:
        if one.body is not view.model or one.stage.label is None:
            continue
        around = [parent.label for parent in one.parents if isinstance(parent, tree.Stage) and parent.label]
        if not one.is_repeated and [*map(label_text, around), label_text(one.stage.label)] == list(path):
            return one.stage
    return None


# --- arguments --------------------------------------------------------------------------------------------------------


def number_as_constant(view: View, source: random.Random) -> Edit | None:
    """A number, or a list of numbers, as a constant, or as a sum."""
    found = []
    for one, parents in view.all_of(tree.Number) + view.all_of(tree.ListExpression):
        if any(isinstance(parent, tree.Type | tree.Const | tree.Parameter | tree.Formal) for parent in parents):
            continue
        values = [name for name, _ in walk(one) if isinstance(name, tree.Name)]
        if not values and not isinstance(parents[-1], tree.Unary | tree.Slice | tree.ListExpression):
            found.append(one)
    if not found:
        return None
    node = source.choice(found)
    if isinstance(node, tree.Number) and isinstance(node.value, int) and source.random() < 0.5:
        text = source.choice([f"({node.value + 1} - 1)", f"({node.value} * 1)", f"max(0, {node.value})"])
        return Edit([(node.span.start, node.span.end, text)])
    name = view.fresh("zn")
    return Edit([(node.span.start, node.span.end, name)], [f"const {name} = {node.span.text}"])


def write_default(view: View, source: random.Random) -> Edit | None:
    """An attribute with its default written out."""
    found = []
    for one in view.places:
        call = one.call
        if call is None or call.function not in LAYERS or call.function in view.blocks:
            continue
        given = {argument.name for argument in call.named}
        for attribute in LAYERS[call.function].attributes():
            text = default_text(attribute)
            if text and attribute.name not in given and not attribute.metadata["positional"]:
                found.append((call, f"{attribute.name}={text}"))
    if not found:
        return None
    call, text = source.choice(found)
    inside = call.span.text[len(call.function) :].strip()
    arguments = [inside[1:-1].strip()] if inside else []
    called = f"{call.function}({', '.join([one for one in arguments if one] + [text])})"
    return Edit([(call.span.start, call.span.end, called)])


def default_text(attribute: dataclasses.Field[Any]) -> str:
    """A default as it is written; empty where it cannot be."""
    default, kind = attribute.default, attribute.metadata["kind"]
    if default is None or default is dataclasses.MISSING or attribute.metadata["shown"]:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(kind, kinds.Choice):
        return f'"{default}"'
    if isinstance(kind, kinds.Integer | kinds.Real):
        return str(default)
    if isinstance(kind, kinds.PerAxis | kinds.Padding) and isinstance(default, tuple) and len(set(default)) == 1:
        return written(default) if isinstance(default[0], int) else written(map(written, default))
    return ""


def order_arguments(view: View, source: random.Random) -> Edit | None:
    """The named arguments of a call in another order."""
    found = [one for one, _ in view.all_of(tree.Call) if len(one.named) > 1]
    if not found:
        return None
    call = source.choice(found)
    texts = [one.span.text for one in call.named]
    mixed = source.sample(texts, len(texts))
    pairs = zip(call.named, mixed, strict=True)
    return Edit([(one.span.start, one.span.end, text) for one, text in pairs])


def call_form(view: View, source: random.Random) -> Edit | None:
    """``x -> f(a)`` as ``f(x, a)``."""
    found = [one for one in view.places if _may_be_called(view, one)]
    if not found:
        return None
    place = source.choice(found)
    pipeline, call = place.parents[-1], place.call
    inside = call.span.text[len(call.function) :].strip()[1:-1].strip()  # pyright: ignore[reportOptionalMemberAccess]
    head = view.text[pipeline.span.start : pipeline.head.span.end]  # pyright: ignore[reportAttributeAccessIssue]
    # What stands behind the head may be the bracket that closes it.
    arrow = view.text.rindex("->", 0, place.stage.span.start)
    head = view.text[pipeline.span.start : arrow].strip()
    called = f"{call.function}({', '.join(one for one in (head, inside) if one)})"  # pyright: ignore
    return Edit([(pipeline.span.start, place.stage.span.end, called)])


def _may_be_called(view: View, place: Place) -> bool:
    first = place.index == 0 and isinstance(place.parents[-1], tree.Pipeline) and place.stage.label is None
    return first and place.call is not None and not view.has_weights(place.stage.operation)


def numbers_for_sizes(sizes: Sequence[Mapping[str, int]]) -> Callable[[View, random.Random], Edit | None]:
    """Numbers in the place of some symbols."""

    def rule(view: View, source: random.Random) -> Edit | None:
        symbols = sorted({one.name for one, _ in view.all_of(tree.Name) if one.name in sizes[0]})
        if not symbols:
            return None
        size = source.randrange(len(sizes))
        chosen = source.sample(symbols, source.randint(1, len(symbols)))
        names = [one for one, _ in view.all_of(tree.Name) if one.name in chosen]
        edit = Edit([(one.span.start, one.span.end, str(sizes[size][one.name])) for one in names], size=size)
        return None if _looks_turned(edit.apply(view.text)) else edit

    return rule


def _looks_turned(text: str) -> bool:
    """Whether a layer takes its axes for steps and channels, where a number is last that was a symbol before."""
    try:
        dotnn.compile_source(text)
    except dotnn.DotnnError as fault:
        return {one.code for one in fault.diagnostics if one.code.startswith("E")} == {"E416"}
    return False


SYNTAX_RULES: Mapping[str, Rule] = {
    one.__name__: one
    for one in (
        group_stages,
        ungroup,
        block_around,
        loop_around,
        unroll,
        take_branch,
        branch_around,
        rename_value,
        rename_label,
        split_binding,
        inline_binding,
        swap_statements,
        add_output,
        write_reused,
        number_as_constant,
        write_default,
        order_arguments,
        call_form,
    )
}
