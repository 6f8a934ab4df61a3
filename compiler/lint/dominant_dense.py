"""A dense layer behind a flattened image that holds most of the parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from ..diagnostics import Severity
from ..graph.graph import Node
from ..graph.tensors import Role
from ..graph.types import TensorType
from ..layers.dense import Dense
from ..layers.reshaping import Flatten
from ..measure.costs import params
from ..records import record
from .base import LayerGraph, Lint, Subject, is_own, place_of

#: Below it parameters cost nothing worth a hint.
_LEAST = 1_000_000


@record
class DominantDense(Lint):
    """A `dense` layer behind a flattened image holds more than half of the parameters, and a million at least.

    It has a weight for every position of every channel, and learns anew at each of them what the convolutions before it
    knew everywhere. A global pooling takes the mean of each channel instead (Lin, Chen and Yan, 2013), as most networks
    since GoogLeNet and ResNet do; it lets images have any size, too. VGG and AlexNet hold most of their parameters so,
    as published: where weights are to be loaded, the layer stays. If positions see little of the image before they are
    averaged, L207 tells of it.

    Bad:

    ```nn
    model net {
        input image: float32[N, 3, 64, 64]
        features = image -> repeat(4) { conv2d(64, kernel=3, padding=1) -> relu -> max_pool2d(2) }
        output scores = features -> flatten -> dense(1024) -> relu -> dense(10)
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 3, 64, 64]
        features = image -> repeat(4) { conv2d(64, kernel=3, padding=1) -> relu -> max_pool2d(2) }
        output scores = features -> global_avg_pool2d -> flatten -> dense(1024) -> relu -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L302"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = "this `dense` holds {own:,} of the {total:,} parameters, {percent} %"
    label: ClassVar[str] = "reads {found}, flattened"
    remedy: ClassVar[str] = (
        "write `{pool} -> flatten` in place of `flatten`: then it has {pooled:,}, and the model {left:,}"
    )
    layers: ClassVar[tuple[str, ...]] = ("dense",)

    own: int
    total: int
    pooled: int
    found: str
    pool: str

    @property
    def percent(self) -> int:
        """The layer's share of all parameters."""
        return 100 * self.own // self.total

    @property
    def left(self) -> int:
        """The parameters of the model with the pooling."""
        return self.total - self.own + self.pooled

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """The layer that reads a flattened image and has more parameters than all others together."""
        for graph in subject.graphs:
            flat = [(node, found) for node in graph.by_class.get(Dense, ()) if (found := _flattened(graph, node))]
            if not flat:
                continue
            node, found = max(flat, key=lambda pair: _learned(pair[0]))
            own, total = _learned(node), params(graph.graph)
            if own < _LEAST or 2 * own <= total or not is_own(node) or not isinstance(node.op, Dense):
                continue
            specs = node.op.weights((found.with_shape(*found.shape[:2]),))
            facts: dict[str, Any] = {"own": own, "total": total, "pooled": sum(one.elements for one in specs)}
            yield cls(span=place_of(node), found=str(found), pool=f"global_avg_pool{found.rank - 2}d", **facts)


def _learned(node: Node) -> int:
    """How many parameters a layer has."""
    return sum(one.elements for one in node.owned if one.role is Role.PARAMETER)


def _flattened(graph: LayerGraph, node: Node) -> TensorType | None:
    """The type of the image that a layer reads flattened; None where it reads anything else, or single positions."""
    before = graph.before(node, passing=True)
    if before is None or not isinstance(before.op, Flatten) or (before.op.start, before.op.end) != (1, -1):
        return None
    found = graph.graph.operand_types(before)[0]
    return found if found is not None and found.rank >= 4 and set(found.shape[2:]) != {1} else None
