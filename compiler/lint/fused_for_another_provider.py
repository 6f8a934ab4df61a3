"""Fused operators that the provider refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from ..diagnostics import Severity
from ..diagnostics.suggest import alike
from ..graph.graph import Node
from ..operators.fused import FusedConv
from ..passes.targets import DEFAULT_TARGET, FEATURES
from ..records import record
from .base import LayerGraph, Lint, Subject, place_of


@record
class FusedForAnotherProvider(Lint):
    """The target fuses a convolution with an activation that ONNX Runtime's CUDA provider refuses, so that it fails.

    It is asked with `--provider cuda` alone. `onnxruntime-cpu` builds for the CPU provider only: there `FusedConv`
    takes several activations and a further addend, and on CUDA ReLU alone. The target `onnxruntime`, the default,
    builds what both run.

    Bad, with `--target onnxruntime-cpu --provider cuda`:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(16, kernel=3) -> sigmoid
    }
    ```

    Good, with `--target onnxruntime --provider cuda`:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(16, kernel=3) -> sigmoid
    }
    ```
    """

    code: ClassVar[str] = "L504"
    severity: ClassVar[Severity] = Severity.ERROR
    message: ClassVar[str] = (
        "the target `{target}` fuses this `{kind}` with {activation}, which the provider `cuda` does not load"
    )
    label: ClassVar[str] = "becomes `FusedConv`"
    remedy: ClassVar[str] = "build with `--target onnxruntime`, which fuses what both providers run"
    needs: ClassVar[tuple[str, ...]] = ("provider",)

    kind: str
    target: str
    activation: str
    others: tuple[str, ...]

    def notes(self) -> tuple[str, ...]:
        """Further layers that it is true of."""
        return alike(self.others)

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """The first convolution of every model that is fused for the CPU alone."""
        target = subject.surroundings.target or DEFAULT_TARGET
        if subject.surroundings.provider != "cuda" or FEATURES[target] == FEATURES[DEFAULT_TARGET]:
            return
        for graph in subject.graphs:
            fused = list(_for_the_cpu(graph, graph.lowered(target).nodes()))
            if fused:
                (layer, op), others = fused[0], tuple(dict.fromkeys(other.name for other, _ in fused[1:]))
                facts: dict[str, Any] = {
                    "activation": f"`{op.activation}`" if op.activation else "a sum",
                    "target": target,
                }
                yield cls(span=place_of(layer), kind=layer.kind, others=others, **facts)


def _for_the_cpu(graph: LayerGraph, operators: tuple[Node, ...]) -> Iterator[tuple[Node, FusedConv]]:
    """The layers that become a fused convolution which the default target does not build."""
    both = FEATURES[DEFAULT_TARGET].conv_activations
    for node in operators:
        if not isinstance(node.op, FusedConv):
            continue
        layer, is_sum = graph.layer_of(node), len(node.operands) > 3 and node.operands[3] is not None
        if layer is not None and (is_sum or node.op.activation not in both):
            yield layer, node.op
