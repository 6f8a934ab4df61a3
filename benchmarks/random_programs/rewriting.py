"""Programs in other words: rewrites of their text that must leave the numbers as they are.

A rewrite is made of edits of the text, at places that the compiler's own parser finds. Weights keep their numbers: what
has weights gets a label before anything else, and names of weights are led back to the names of the original. Labels
that a rewrite adds begin with ``zz`` and count for nothing in names; where a tensor is made of others, as by a
convolution that is split, the rewrite says how.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, partial
from typing import Any, TypeAlias, TypeVar

import dotnn
import numpy as np
from dotnn.compiler.diagnostics import Report
from dotnn.compiler.graph.graph import Graph, Node
from dotnn.compiler.graph.types import TensorType
from dotnn.compiler.layers.base import LAYERS
from dotnn.compiler.limits import Limits
from dotnn.compiler.source import Source
from dotnn.compiler.syntax import tree
from dotnn.compiler.syntax.parse import parse

from .statements import Program

T = TypeVar("T", bound=tree.Node)
#: Gives a tensor of the original by the components of its name, beginning in the scope where the rewrite stands.
Get: TypeAlias = Callable[..., np.ndarray]
#: Makes a tensor: of what ``Get`` gives, for the components behind the label of the rewrite.
Make: TypeAlias = Callable[[Get, tuple[str, ...]], np.ndarray]
#: Layers that own weights.
WEIGHTED = re.compile(r"conv|dense|norm|rnn|lstm|gru|embedding|prelu|multi_head")


@dataclass(frozen=True)
class Edit:
    """A rewrite of one place.

    Attributes:
        replacements: start, end and new text of the places that change.
        head: items to write before all others.
        made: how the weights under new labels, and new parameters, are made.
        exact: whether the numbers are the same but for the rounding of float64.
        size: which of the program's sizes is written in numbers; None if none is.
    """

    replacements: Sequence[tuple[int, int, str]]
    head: Sequence[str] = ()
    made: Mapping[str, Make] = field(default_factory=dict)
    exact: bool = True
    size: int | None = None

    def apply(self, text: str) -> str:
        """The text with the edit."""
        for start, end, new in sorted(self.replacements, reverse=True):
            text = text[:start] + new + text[end:]
        return "".join(f"{one}\n" for one in self.head) + text


#: Finds a place for a rewrite; None where there is none.
Rule: TypeAlias = Callable[["View", random.Random], Edit | None]


@dataclass(frozen=True)
class Rewritten:
    """A program in other words.

    Attributes:
        names: of all weights of the original, by those that they have once everything has a label.
        rules: that were applied.
        exact: whether the numbers differ by the rounding of float64 alone.
    """

    original: Program
    text: str
    names: Mapping[str, str]
    sizes: tuple[int, ...]
    made: Mapping[str, Make] = field(default_factory=dict)
    rules: tuple[str, ...] = ()
    exact: bool = True

    @property
    def program(self) -> Program:
        """The new text with what is needed to run it."""
        chosen = {name: tuple(getattr(self.original, name)[one] for one in self.sizes) for name in ("sizes", "ranges")}
        return replace(self.original, text=self.text, **chosen)

    def array(self, name: str, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        """A weight of the new program, of those of the original."""
        return self._made_of(tuple(name.split(".")), arrays)

    def _made_of(self, path: tuple[str, ...], arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        path = _without_added(path)
        for index, label in enumerate(path):
            if label in self.made:
                return self.made[label](partial(self._around, path[:index], arrays), path[index + 1 :])
        return arrays[self.names[".".join(path)]]

    def _around(self, scope: tuple[str, ...], arrays: Mapping[str, np.ndarray], *rest: str) -> np.ndarray:
        return self._made_of((*scope, *rest), arrays)

    def edited(self, rule: str, edit: Edit) -> Rewritten:
        """The program with one more rewrite."""
        return replace(
            self,
            text=edit.apply(self.text),
            made={**self.made, **edit.made},
            rules=(*self.rules, rule),
            exact=self.exact and edit.exact,
            sizes=self.sizes if edit.size is None else (edit.size,),
        )


def _without_added(path: Sequence[str]) -> tuple[str, ...]:
    """A name without the labels that rewrites have added: ``zz1``, and ``zr1`` with the number of its round."""
    kept = [one for index, one in enumerate(path) if not (index and _is_added(path[index - 1], "zr"))]
    return tuple(one for one in kept if not _is_added(one, "z[zr]"))


def _is_added(label: str, prefix: str) -> bool:
    return re.fullmatch(rf"{prefix}\d+", label) is not None


def rewritten(program: Program, source: random.Random, rules: Mapping[str, Rule], count: int) -> Rewritten:
    """The program with labels, and so many rewrites."""
    found = labelled(program)
    for _ in range(count):
        view = View(found.text)
        for _ in range(12):
            name = source.choice(list(rules))
            edit = rules[name](view, source)
            if edit is not None and (edit.size is None or len(found.sizes) > 1):
                found = found.edited(name, edit)
                break
    return found


def labelled(program: Program) -> Rewritten:
    """The program with a label at everything that has weights."""
    view = View(program.text)
    edits: list[tuple[int, int, str]] = []
    numbers = iter(range(1_000_000))
    for node, parents in view.everything():
        if isinstance(node, tree.Stage) and node.label is None and view.has_weights(node.operation):
            if not isinstance(node.operation, tree.Group):
                edits.append((node.span.start, node.span.start, f"q{next(numbers)}: "))
        elif isinstance(node, tree.Call) and node.function in view.blocks and not isinstance(parents[-1], tree.Stage):
            # A call has no place for a label; a stage has.
            first, end = node.positional[0].span, node.span.end
            rest = view.text[first.end : end].removeprefix(",")
            called = f"{first.text} -> q{next(numbers)}: {node.function}({rest.lstrip()}"
            edits.append((node.span.start, end, called))
    text = Edit(edits).apply(program.text)
    before, after = (View(one).graph.weights() for one in (program.text, text))
    if [one.shape for one in before] != [one.shape for one in after]:
        raise AssertionError(f"labels change the weights of\n{text}")
    names = {new.name: old.name for old, new in zip(before, after, strict=True)}
    return Rewritten(program, text, names, tuple(range(len(program.sizes))), rules=("label",))


@dataclass(frozen=True)
class Place:
    """A stage and where it stands.

    Attributes:
        index: which stage of its pipeline, group or loop it is.
        body: the model or block around it.
        parents: what stands around it, the outermost first.
    """

    stage: tree.Stage
    siblings: tuple[tree.Stage, ...]
    index: int
    body: tree.Model | tree.Block
    parents: tuple[tree.Node, ...]

    @property
    def call(self) -> tree.Call | None:
        """The call that the stage is, if it is one."""
        return self.stage.operation if isinstance(self.stage.operation, tree.Call) else None

    @property
    def is_repeated(self) -> bool:
        """Whether it stands in a loop."""
        return any(isinstance(one, tree.Repeat | tree.For) for one in self.parents)

    @property
    def may_have_label(self) -> bool:
        """Whether a label is there once: the rounds of a loop have scopes of their own if it has a label."""
        stages = [one for one in self.parents if isinstance(one, tree.Stage)]
        return all(one.label for one in stages if isinstance(one.operation, tree.Repeat | tree.For))


class View:
    """What rules see of a text."""

    def __init__(self, text: str) -> None:
        self.text = text
        file = parse(Source("program", text), Limits(), Report())
        if file is None:
            raise AssertionError(f"this is no program:\n{text}")
        self.items = file.items
        self.blocks = {one.name.name: one for one in file.items if isinstance(one, tree.Block)}
        self.consts = {one.name.name: one for one in file.items if isinstance(one, tree.Const)}
        (self.model,) = (one for one in file.items if isinstance(one, tree.Model))
        self._next = max((int(one) for one in re.findall(r"\bz[a-z](\d+)", text)), default=-1) + 1

    def fresh(self, prefix: str) -> str:
        """A name that nothing has: ``zz`` for labels, ``zr`` for labels of loops, ``zn`` for values, ``zb`` for blocks,
        ``zl`` for layers whose weights are written."""
        self._next += 1
        return f"{prefix}{self._next - 1}"

    # --- walks --------------------------------------------------------------------------------------------------------

    def everything(self) -> Iterator[tuple[tree.Node, tuple[tree.Node, ...]]]:
        """Every node with those around it."""
        for item in self.items:
            yield from walk(item)

    def all_of(self, kind: type[T]) -> list[tuple[T, tuple[tree.Node, ...]]]:
        """The nodes of a kind with those around them."""
        return [(one, parents) for one, parents in self.everything() if isinstance(one, kind)]

    @cached_property
    def places(self) -> list[Place]:
        """Every stage."""
        found = []
        for node, parents in self.everything():
            if isinstance(node, tree.Pipeline | tree.Group):
                body = next(one for one in parents if isinstance(one, tree.Model | tree.Block))
                around = (*parents, node)
                found += [Place(one, node.stages, index, body, around) for index, one in enumerate(node.stages)]
        return found

    def layers(self, *kinds: str) -> list[Place]:
        """The stages that call one of some layers."""
        return [one for one in self.places if one.call is not None and one.call.function in kinds]

    @property
    def bindings(self) -> list[tree.Binding]:
        """The bindings of one name in the model."""
        return [one for one in self.model.body if isinstance(one, tree.Binding) and len(one.targets) == 1]

    def uses(self, name: str) -> list[tuple[tree.Name, tuple[tree.Node, ...]]]:
        """Where a value of the model is read."""
        found = [(one, around) for one, around in walk(self.model) if isinstance(one, tree.Name) and one.name == name]
        return [(one, around) for one, around in found if not _is_target(one, around[-1])]

    # --- what is known ------------------------------------------------------------------------------------------------

    @cached_property
    def graph(self) -> Graph:
        """The graph, with every value of the model among the outputs, under ``zt_`` and its name."""
        names = [one.name for binding in self.model.body for one in _targets(binding) if one.name != "_"]
        outputs = "".join(f"    output zt_{name} = {name}\n" for name in names)
        end = self.model.span.end - 1
        return dotnn.compile_source(self.text[:end] + outputs + self.text[end:]).graph

    def type_of(self, name: str) -> TensorType:
        """The type of a value of the model."""
        return self.graph.type_of(self.graph.outputs[f"zt_{name}"])

    def nodes(self, label: str) -> list[Node]:
        """The layers under a label, one for each way that leads to it."""
        return [one for one in self.graph.nodes() if one.name.split(".")[-1] == label]

    def operand(self, label: str) -> TensorType | None:
        """The first operand of the layers under a label; None if they differ in rank or elements."""
        found = [self.graph.operand_types(one)[0] for one in self.nodes(label)]
        kinds = {(one.rank, one.dtype) for one in found if one is not None}
        return found[0] if len(kinds) == 1 else None

    def has_weights(self, operation: Any) -> bool:
        """Whether a stage makes weights, or parameters."""
        for one, _ in walk(operation):
            if isinstance(one, tree.Call):
                called = self.blocks.get(one.function)
                if called is None and WEIGHTED.search(one.function) and one.function in LAYERS:
                    return True
                if called is not None and self.has_weights(called):
                    return True
        return isinstance(operation, tree.Block) and any(isinstance(one, tree.Parameter) for one in operation.body)

    @cached_property
    def reused(self) -> set[str]:
        """The labels that paths of ``reuse`` name."""
        return {part for one, _ in self.all_of(tree.Reuse) for part in label_text(one.path).split(".")}

    def is_reused(self, part: object) -> bool:
        """Whether a ``reuse`` names a label in it."""
        return bool(labels_in(part) & self.reused)

    def reuses(self, part: object) -> bool:
        """Whether there is a ``reuse`` in it."""
        return any(isinstance(one, tree.Reuse) for one, _ in walk(part))

    def values_in(self, part: object) -> set[str]:
        """Names of values in it that not the whole file sees."""
        return {one.name for one, _ in walk(part) if isinstance(one, tree.Name) and one.name not in self.consts}

    def is_plain(self, part: object) -> bool:
        """Whether it may stand in any block: it reads nothing but constants."""
        return not self.values_in(part) and not self.reuses(part)


def walk(part: Any, parents: tuple[tree.Node, ...] = ()) -> Iterator[tuple[tree.Node, tuple[tree.Node, ...]]]:
    """A node and all in it, each with the nodes around it."""
    if isinstance(part, tuple):
        for one in part:
            yield from walk(one, parents)
    elif isinstance(part, tree.Node):
        yield part, parents
        for one in fields(part):
            yield from walk(getattr(part, one.name), (*parents, part))


def _targets(statement: Any) -> tuple[tree.Name, ...]:
    if isinstance(statement, tree.Binding):
        return statement.targets
    return (statement.name,) if isinstance(statement, tree.Input | tree.Parameter) else ()


def _is_target(name: tree.Name, parent: tree.Node) -> bool:
    if isinstance(parent, tree.Output):
        return name is parent.name
    return any(name is one for one in _targets(parent))


def label_text(label: tree.Label) -> str:
    """The label as it is written."""
    return label.span.text


def labels_in(part: object) -> set[str]:
    """The components of all labels in it."""
    labels = [one.label for one, _ in walk(part) if isinstance(one, tree.Stage) and one.label is not None]
    return {component for one in labels for component in label_text(one).split(".")}
