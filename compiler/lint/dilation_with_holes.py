"""Dilated windows that step over positions which nothing before them has drawn in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from ..diagnostics import Severity
from ..graph.graph import Value
from ..layers.windows import Sliding, axis_windows
from ..records import record
from .base import LayerGraph, Lint, Subject, is_written_out, place_of
from .reading_windows import reading_windows

#: What puts the results of branches together.
_MERGING = frozenset({"concat", "add"})


@record
class DilationWithHoles(Lint):
    """A dilated window steps further than the positions that it reads see, so that its result misses what lies between.

    Such results are made of every second or fourth pixel, and neighbours of different ones: a grid shows in what the
    network draws (Yu, Koltun and Funkhouser, 2017; Wang et al., 2018). Dilations that grow from layer to layer, 1, 2, 4
    with a kernel of 3, leave no holes: each layer sees all that the next one steps over. Weights that are written out
    are left alone, and so is a branch beside one without a dilation, if their results are joined or added: that one
    reads what lies between.

    Bad:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(8, kernel=3, dilation=2, padding=2) -> relu
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        features = image -> conv2d(8, kernel=3, padding=1) -> relu
        output y = features -> conv2d(8, kernel=3, dilation=2, padding=2) -> relu
    }
    ```
    """

    code: ClassVar[str] = "L209"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = (
        "`{kind}` with a dilation of {dilation} steps over {step} positions of the input, and what it reads sees {seen}"
    )
    label: ClassVar[str] = "misses {missed} of each {step} positions"
    remedy: ClassVar[str] = "write a `dilation=` of at most {most} here, and let dilations grow from layer to layer"

    kind: str
    dilation: int
    step: int
    seen: int
    most: int

    @property
    def missed(self) -> int:
        """Positions between two that are seen."""
        return self.step - self.seen

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every layer that reads positions further apart than what they see is wide, along any axis of the input."""
        merged = {id(graph): _merging(graph) for graph in subject.graphs}
        completed = {id(graph): _completed(graph, merged[id(graph)]) for graph in subject.graphs}
        for graph, node, layer, _ in reading_windows(subject):
            value = node.operands[0]
            if value is None or set(layer.window.dilation) == {1} or is_written_out(node):
                continue
            if merged[id(graph)].get(node.id) in completed[id(graph)].get(value, ()):
                continue
            windows = dict(enumerate(axis_windows(layer.window), start=2))
            for trace in graph.fields[value]:
                window = windows.get(trace.axis) if trace.axis is not None and not trace.whole else None
                if window is None or window.kernel == 1:
                    continue
                step = window.dilation * abs(trace.jump)
                if step > trace.size:
                    facts: dict[str, Any] = {"step": step, "seen": trace.size, "most": trace.size // abs(trace.jump)}
                    yield cls(span=place_of(node), kind=node.kind, dilation=window.dilation, **facts)
                    break


def _merging(graph: LayerGraph) -> dict[int, int]:
    """For each layer whose results go one way, the last of the layers in a row that join or add them: in one walk."""
    last: dict[int, int] = {}
    for node in reversed(graph.layers):
        readers = graph.readers(node.value())
        if len(readers) == 1 and readers[0].id in last:
            last[node.id] = last[readers[0].id]
        elif node.kind in _MERGING:
            last[node.id] = node.id
    return last


def _completed(graph: LayerGraph, merged: dict[int, int]) -> dict[Value, set[int]]:
    """For each value that windows without a dilation read, where the results of these are joined or added."""
    found: dict[Value, set[int]] = {}
    for node in graph.layers:
        value = node.operands[0] if node.operands else None
        is_plain = isinstance(node.op, Sliding) and set(node.op.window.dilation) == {1}
        if is_plain and value is not None and node.id in merged:
            found.setdefault(value, set()).add(merged[node.id])
    return found
