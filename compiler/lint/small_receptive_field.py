"""Networks whose positions see little of the image before they are averaged."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, ClassVar, Self

from ..diagnostics import Severity
from ..graph.graph import Node, Value
from ..measure.receptive_fields import Trace, last_with_positions
from ..records import record
from .base import LayerGraph, Lint, Subject, is_own, place_of

#: The layers that average all positions and forget where they were; of images and volumes.
_GATHERING = (
    *(f"{kind}{rank}d" for kind in ("global_avg_pool", "adaptive_avg_pool", "avg_pool") for rank in (2, 3)),
    "mean",
)


@record
class SmallReceptiveField(Lint):
    """Each position sees less than half of the image when all are averaged, along an axis at least.

    What lies further apart than that is never looked at together: the network counts textures and parts, and no layer
    knows how they stand to each other. Of several ways to the outputs the one that sees most counts. Strides and
    poolings near the input widen what every later layer sees, and so do larger kernels, dilations and more layers;
    `dotnn summary` of two files or more tells how far each model sees.

    Only networks that average their positions are asked, with images of fixed sizes. The greatest of all positions says
    whether something is there at all, for which a part may be enough; a `flatten` into `dense` reads every position
    with weights of its own. Masks and other outputs with positions, and
    sequences, may be local on purpose.

    Bad:

    ```nn
    model net {
        input image: float32[N, 3, 64, 64]
        features = image -> repeat(4) { conv2d(32, kernel=3, padding=1) -> relu }
        output scores = features -> conv2d(32, kernel=3) -> relu -> global_avg_pool2d -> flatten -> dense(10)
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 3, 64, 64]
        features = image -> repeat(4) { conv2d(32, kernel=3, padding=1) -> relu -> max_pool2d(2) }
        output scores = features -> conv2d(32, kernel=3) -> relu -> global_avg_pool2d -> flatten -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L207"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = (
        "a position of `{values}` sees {size} of the {extent} positions of the input, and `{kind}` takes all together"
    )
    label: ClassVar[str] = "what is further apart is never seen together"
    remedy: ClassVar[str] = "put a stride of 2 or `{pool}` near the input: every layer behind it sees twice as far"
    layers: ClassVar[tuple[str, ...]] = _GATHERING

    kind: str
    values: str
    size: int
    extent: int
    pool: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """In every model the layer that collapses what sees most, if that sees less than half of the image."""
        for graph in subject.graphs:
            gathering = (nodes for nodes in graph.by_class.values() if nodes[0].kind in _GATHERING)
            if not any(_collapses(graph, node) for node in chain.from_iterable(gathering)):
                continue
            values = list(last_with_positions(graph.graph, graph.fields))
            seen = {value: _narrowest(graph.fields[value]) for value in values}
            narrow = {value: one for value, one in seen.items() if one is not None}
            if not narrow or len(narrow) < len(values):
                continue
            value = max(narrow, key=lambda one: narrow[one][0] / narrow[one][1])
            reader = _gathering_reader(graph, value)
            if reader is None:
                continue
            (size, extent), producer = narrow[value], graph.graph.producer(value)
            facts: dict[str, Any] = {
                "values": producer.name,
                "pool": f"max_pool{graph.graph.type_of(value).rank - 2}d(2)",
            }
            yield cls(span=place_of(reader), kind=reader.kind, size=size, extent=extent, **facts)


def _collapses(graph: LayerGraph, node: Node) -> bool:
    """Whether a layer makes one position of the many of an image."""
    found, result = graph.graph.operand_types(node)[0], node.results[0]
    return found is not None and found.rank >= 4 and set(found.shape[2:]) != {1} == {*result.shape[2:], 1}


def _gathering_reader(graph: LayerGraph, value: Value) -> Node | None:
    """The user's layer that takes all positions of a value together, where every one that reads it does."""
    readers = graph.readers(value)
    if not all(node.kind in _GATHERING and _collapses(graph, node) for node in readers):
        return None
    return next((node for node in readers if is_own(node)), None)


def _narrowest(field: tuple[Trace, ...]) -> tuple[int, int] | None:
    """The size and the extent along the axis along which least is seen; None for half, all, a single one or unknown."""
    known = [(one.size, one.extent) for one in field if not one.whole and isinstance(one.extent, int)]
    narrow = [(size, extent) for size, extent in known if size > 1 and 2 * size < extent]
    return min(narrow, key=lambda pair: pair[0] / pair[1], default=None)
