"""An output that is called probabilities and is none, or scores and is probabilities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from ..graph.graph import Node
from ..records import record
from .base import LayerGraph, Lint, Subject, is_own, place_of
from .layer_kinds import ACTIVATIONS, ARRANGING, DROPPING, LEARNING, NORMALIZING, PROBABILITIES, RECTIFYING

_PROBABILITY = re.compile(r"(^|_)(probability|probabilities|probs?)($|_)")
_LOGITS = re.compile(r"(^|_)logits?($|_)")
_SCORES = re.compile(r"(^|_)scores($|_)")
_LOGARITHM = re.compile(r"(^|_)log($|_)")
_SEEN_THROUGH = ARRANGING | DROPPING
#: Numbers from 0 to 1 come of the rest, or may.
_NO_PROBABILITIES = (LEARNING | ACTIVATIONS | NORMALIZING) - {"sigmoid", "hard_sigmoid", "clip", "step"}


@record
class OutputName(Lint):
    """The name of an output says that it is probabilities, and nothing makes them; or that it is logits, and it is not.

    Probabilities come from `softmax` or `sigmoid`. What a layer that learns gives, or `relu`, is any number, and does
    not add up to 1. Logits are the numbers before that, which many a loss wants: one that takes logits and is given
    probabilities applies softmax a second time. What `relu` and its kin leave of logits or scores is no longer all that
    the last layer says: below 0 one class is like another, and none of them learns.

    Bad:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output probabilities = pixels -> dense(10)
    }
    ```

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output logits = pixels -> dense(10) -> softmax
    }
    ```

    Good:

    ```nn
    model digits {
        input pixels: float32[N, 784]
        output logits = pixels -> dense(10)
        output probabilities = logits -> softmax
    }
    ```
    """

    code: ClassVar[str] = "L118"
    message: ClassVar[str] = "the output `{name}` is the result of `{kind}`, {clause}"
    layers: ClassVar[tuple[str, ...]] = tuple(sorted(LEARNING))

    name: str
    kind: str

    @classmethod
    def find(cls, subject: Subject) -> Iterator[OutputName]:
        """Every output whose name contradicts the layer that makes it."""
        for graph in subject.graphs:
            for name, value in graph.graph.outputs.items():
                made = graph.graph.producer(value)
                node = graph.through(made, _SEEN_THROUGH) if made.kind in _SEEN_THROUGH else made
                if node is None or not is_own(node):
                    continue
                if _PROBABILITY.search(name) and not _LOGARITHM.search(name) and node.kind in _NO_PROBABILITIES:
                    yield NotProbabilities(span=place_of(node), name=name, kind=node.kind)
                elif _LOGITS.search(name) and node.kind in PROBABILITIES - {"log_softmax"}:
                    yield NotLogits(span=place_of(node), name=name, kind=node.kind)
                elif _is_cut(graph, name, node):
                    yield CutScores(span=place_of(node), name=name, kind=node.kind)


@record
class NotProbabilities(OutputName):
    """Nothing makes probabilities."""

    clause: ClassVar[str] = "which is no probability"
    label: ClassVar[str] = "any number comes of it"
    remedy: ClassVar[str] = (
        "write `-> softmax` for one class of several, `-> sigmoid` for each by itself, or name it `logits`"
    )


@record
class NotLogits(OutputName):
    """Something makes probabilities."""

    clause: ClassVar[str] = "so it is probabilities, and no logits"
    label: ClassVar[str] = "numbers from 0 to 1"
    remedy: ClassVar[str] = "leave `{kind}` out, or name the output `probabilities`"


@record
class CutScores(OutputName):
    """Something cuts or bends the scores of the last layer."""

    clause: ClassVar[str] = "which keeps little of those below 0"
    label: ClassVar[str] = "behind the last layer that learns"
    remedy: ClassVar[str] = "leave `{kind}` out: the last layer gives the `{name}`"


def _is_cut(graph: LayerGraph, name: str, node: Node) -> bool:
    """Whether an activation of hidden layers stands behind the layer that makes logits, or a dense one's scores."""
    if node.kind not in RECTIFYING:
        return False
    before = graph.through(node, _SEEN_THROUGH | NORMALIZING)
    if before is None:
        return False
    is_logits = _LOGITS.search(name) is not None and before.kind in LEARNING
    return is_logits or (_SCORES.search(name) is not None and before.kind == "dense")
