"""An initializer that is made for another activation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from ..diagnostics import Severity
from ..graph.graph import Node
from ..initializers import HeNormal, HeUniform, LecunNormal, XavierNormal, XavierUniform
from ..records import record
from .base import LayerGraph, Lint, Subject, is_own
from .layer_kinds import CONVOLUTIONS, RECTIFYING, SATURATING

_LAYERS = CONVOLUTIONS | {"dense"}


@record
class InitializerAndActivation(Lint):
    """The weights start by a rule that is made for another activation than the one behind the layer.

    Each rule keeps the spread of numbers from layer to layer: He's (`he_normal`) reckons with `relu`, which sets half
    of them to 0, Glorot's (`xavier_uniform`) with a function that is nearly the identity around 0, such as `tanh`, and
    LeCun's (`lecun_normal`) with `selu`, or `tanh` as well. In a deep network the wrong one makes numbers grow or
    vanish layer by layer. Nothing is said where none is written, where a `gain` is, where a normalization follows, and
    of the last layer.

    Sources: He and others, Delving Deep into Rectifiers (2015); Glorot and Bengio, Understanding the Difficulty of
    Training Deep Feedforward Neural Networks (2010); Klambauer and others, Self-Normalizing Neural Networks (2017).

    Bad:

    ```nn
    model net {
        input x: float32[N, 64]
        output y = x -> dense(64, init=he_normal) -> tanh -> dense(10)
    }
    ```

    Good:

    ```nn
    model net {
        input x: float32[N, 64]
        output y = x -> dense(64, init=xavier_normal) -> tanh -> dense(64, init=he_normal) -> relu -> dense(10)
    }
    ```
    """

    code: ClassVar[str] = "L117"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = "`{initializer}` is not made for the `{activation}` behind this `{kind}`"
    label: ClassVar[str] = "`{name}` comes next"
    remedy: ClassVar[str] = "write `{fitting}`"
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(_LAYERS))

    initializer: str
    activation: str
    kind: str
    name: str
    fitting: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every layer with an initializer that is written, and one activation directly behind it."""
        for graph, node in subject.of_kinds(_LAYERS):
            written = node.origin.arguments.get("init")
            following = _only_reader(graph, node)
            if written is None or following is None or not is_own(node) or graph.is_output(following.value()):
                continue
            initializer = node.weights["weight"].initializer
            fitting = _fitting(initializer, following.kind)
            if fitting:
                yield cls(
                    span=written.value,
                    initializer=str(initializer),
                    activation=following.kind,
                    kind=node.kind,
                    name=following.name,
                    fitting=fitting,
                )


def _only_reader(graph: LayerGraph, node: Node) -> Node | None:
    readers = graph.readers(node.value()) if graph.is_read_once(node) else ()
    return readers[0] if readers else None


def _fitting(initializer: object, activation: str) -> str:
    """The name of the initializer that fits an activation, with the same distribution; empty where this one does."""
    shape = "uniform" if isinstance(initializer, HeUniform | XavierUniform) else "normal"
    if isinstance(initializer, XavierUniform | XavierNormal) and initializer.gain != 1:
        return ""
    if activation in RECTIFYING and isinstance(initializer, XavierUniform | XavierNormal | LecunNormal):
        return f"he_{shape}"
    if activation in SATURATING and isinstance(initializer, HeUniform | HeNormal):
        return f"xavier_{shape}"
    is_other = isinstance(initializer, HeUniform | HeNormal | XavierUniform | XavierNormal)
    return "lecun_normal" if activation == "selu" and is_other else ""
