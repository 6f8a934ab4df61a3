"""A bias that batch normalization takes away again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Edit, Severity
from ..diagnostics.fixes import code_end, without_argument
from ..graph.graph import Node
from ..layers.normalization import BatchNorm
from ..layers.weight_attributes import Weighted
from ..records import record
from ..source import Span
from .base import LayerGraph, Lint, Subject, is_own, place_of
from .layer_kinds import NORMALIZING


@record
class BiasBeforeBatchNorm(Lint):
    """The layer before batch normalization has a bias, which the normalization takes away again.

    It subtracts the mean of each channel, and a bias is part of that mean; what a bias would do, the normalization's
    own one does. So its numbers are stored, trained and loaded for nothing. Leaving them out changes the count of
    parameters and the names in weight files: the published weights of networks that have them, such as the VGGs with
    normalization, load with them only.

    Bad:

    ```nn
    model small {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(16, kernel=3) -> batch_norm -> relu
    }
    ```

    Good:

    ```nn
    model small {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(16, kernel=3, bias=false) -> batch_norm -> relu
    }
    ```
    """

    code: ClassVar[str] = "L103"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = "the bias of this `{kind}` has no effect: batch normalization subtracts it"
    label: ClassVar[str] = "{numbers} numbers for nothing"
    remedy: ClassVar[str] = "write `bias=false`, unless a file of weights has the bias"
    layers: ClassVar[tuple[str, ...]] = ("batch_norm",)

    kind: str
    numbers: int

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every layer with a bias whose result goes to batch normalization alone."""
        read = ((graph, graph.before(node)) for graph, node, _ in subject.all_of(BatchNorm))
        found = [(graph, one) for graph, one in read if one is not None and _has_effectless_bias(one, graph)]
        always = subject.always(node for _, node in found)
        for graph, node in found:
            bias = node.weights["bias"]
            is_certain = node.origins[-1].span in always and bias.name not in graph.shared
            edits = _without_bias(node) if is_certain else ()
            yield cls(span=place_of(node), kind=node.kind, numbers=bias.elements, edits=edits)


def _has_effectless_bias(node: Node, graph: LayerGraph) -> bool:
    # Of a normalization that is normalized again a rule of its own speaks.
    has_bias = "bias" in node.weights and isinstance(node.op, Weighted) and node.kind not in NORMALIZING
    return has_bias and is_own(node) and graph.is_read_once(node)


def _without_bias(node: Node) -> tuple[Edit, ...]:
    """The edits that write ``bias=false``, and leave out how the bias would begin."""
    call = node.origins[-1].call
    if call is None or call.function is None or call.function.start != call.span.start:
        return ()
    written, begun = call.arguments.get("bias"), call.arguments.get("bias_init")
    dropped = None if begun is None else without_argument(begun.value, "bias_init")
    if begun is not None and dropped is None:
        return ()
    rest = () if dropped is None else dropped.edits
    if written is not None:
        return (Edit(written.value, "false"), *rest)
    places = (one.span for one in call.arguments.values() if call.span.start < one.span.start < call.span.end)
    last = max(places, key=lambda place: place.end, default=None)
    return () if last is None else (*_with_argument(call.span, last, "bias=false"), *rest)


def _with_argument(call: Span, last: Span, argument: str) -> tuple[Edit, ...]:
    """The edits that write one more argument behind the last one of a call, on a line of its own if that has one."""
    source = call.source
    indent = source.text[source.text.rfind("\n", 0, last.start) + 1 : last.start]
    end = code_end(source, call.end - 1)
    is_closed = source.text[end - 1] == ","
    if indent.strip():
        behind = code_end(source, end - 1) if is_closed else end
        return (Edit(source.span(behind, behind), f", {argument}"),)
    line = re.compile(r"[^\r\n]*").match(source.text, end)
    if line is None or line.end() >= call.end:
        # The bracket stands behind the last argument.
        return (Edit(source.span(end, end), f",\n{indent}{argument}"),)
    written = Edit(source.span(line.end(), line.end()), f"\n{indent}{argument}{',' if is_closed else ''}")
    return (written,) if is_closed else (Edit(source.span(end, end), ","), written)
