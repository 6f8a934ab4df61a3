"""Saturating activations, one behind the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, NamedTuple, Self

from ..graph.graph import Node
from ..graph.operations import Constant, Parameter
from ..records import record
from .base import LayerGraph, Lint, Subject, is_own, is_written_out, place_of
from .layer_kinds import ACTIVATIONS, LEARNING, NORMALIZING, RECURRENT, SATURATING

#: How many in a row may be: the derivative of `sigmoid` is at most 1/4, that of `tanh` is 1 at 0 and falls off slowly.
#: Networks of nine layers with `tanh` are common where equations of physics are solved (Raissi and others, 2019).
MOST_SIGMOIDS = 2
MOST_SATURATING = 9

_SIGMOIDS = frozenset({"sigmoid", "hard_sigmoid"})
#: Behind these the count begins anew.
_RESTARTING = (ACTIVATIONS - SATURATING) | NORMALIZING | RECURRENT | {"attention", "multi_head_attention", "softmax"}


class Stack(NamedTuple):
    """Saturating activations in a row.

    Attributes:
        sigmoids: how many of them are sigmoids.
        depth: how many there are.
        last: the last one.
        before: those before it.
        first: the name of the first one.
    """

    sigmoids: int = 0
    depth: int = 0
    last: Node | None = None
    before: Stack | None = None
    first: str = ""

    @property
    def is_too_deep(self) -> bool:
        """Whether gradients vanish in it."""
        return self.sigmoids > MOST_SIGMOIDS or self.depth > MOST_SATURATING


@record
class SaturatingStack(Lint):
    """Many layers in a row have activations that saturate, so that gradients vanish on the way back.

    The derivative of `sigmoid` is nowhere above 1/4, so three of them leave the layers before at most 1/64 of the
    gradient; that of `tanh` is 1 at 0 only. More than two sigmoids in a row are too many, and more than nine of any
    kind. Normalization, a shortcut around the layers and a gated recurrent layer keep gradients up, and begin a new
    count. An activation that is an output of the model does not count: its loss makes up for it.

    Bad:

    ```nn
    model deep {
        input x: float32[N, 64]
        output y = x -> repeat(3) { dense(64) -> sigmoid } -> dense(10)
    }
    ```

    Good:

    ```nn
    model deep {
        input x: float32[N, 64]
        output y = x -> repeat(3) { dense(64) -> relu } -> dense(10)
    }
    ```

    ```nn
    model normalized {
        input x: float32[N, 64]
        output y = x -> repeat(3) { dense(64, bias=false) -> batch_norm -> sigmoid } -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L115"
    message: ClassVar[str] = "{count} activations in a row saturate: gradients vanish on the way back through them"
    label: ClassVar[str] = "the last of {count}, from `{first}` on"
    remedy: ClassVar[str] = (
        "use `relu` inside, put `batch_norm` before the activations, or a shortcut around the layers"
    )
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(SATURATING))

    count: int
    first: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """The last activation of every stack that is too deep."""
        for graph in subject.graphs:
            found = deep_stacks(graph)
            inner = {
                stack.before.last.id for stack in found if stack.before is not None and stack.before.last is not None
            }
            for stack in found:
                if stack.last is not None and stack.last.id not in inner and is_own(stack.last):
                    yield cls(span=place_of(stack.last), count=stack.depth, first=stack.first)


def deep_stacks(graph: LayerGraph) -> list[Stack]:
    """For every activation with too many before it, the stack that it ends."""
    stacks: dict[int, Stack] = {}
    found: list[Stack] = []
    for node in graph.layers:
        stacks[node.id] = stack = _stack_of(graph, node, stacks)
        if stack.last is node and stack.is_too_deep:
            found.append(stack)
    return found


def _stack_of(graph: LayerGraph, node: Node, stacks: dict[int, Stack]) -> Stack:
    """The stack that ends at a node, or goes on behind it; of several operands, the one with the least."""
    if node.kind in _RESTARTING or (node.kind in LEARNING and is_written_out(node)):
        return Stack()
    read = [graph.graph.producer(value) for value in node.operands if value is not None]
    operands = [one for one in read if not isinstance(one.op, Parameter | Constant)]
    before = min((stacks.get(one.id, Stack()) for one in operands), key=lambda one: one.depth, default=Stack())
    if node.kind not in SATURATING or graph.is_output(node.value()):
        return before
    sigmoids = before.sigmoids + (node.kind in _SIGMOIDS)
    return Stack(sigmoids, before.depth + 1, node, before if before.last else None, before.first or node.name)
