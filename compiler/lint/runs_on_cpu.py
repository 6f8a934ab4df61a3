"""Operators that the provider lacks, so that they run on the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from ..diagnostics.suggest import alike, listed
from ..graph.graph import Node
from ..operators.base import Operator
from ..operators.fused import DOMAIN
from ..passes.targets import DEFAULT_TARGET, CheckedProvider, Target
from ..records import record
from .base import LayerGraph, Lint, Subject, place_of
from .provider_kernels import CUDA, elements_of, runs_with


@record
class RunsOnCpu(Lint):
    """The provider has no kernel for an operator that a layer becomes, or none for its element type.

    It is asked with `--provider` alone. ONNX Runtime then runs that operator on the CPU: what it reads is copied there,
    and what it gives is copied back, which takes longer than most layers. Of CUDA all kernels are known. CoreML, NNAPI
    and QNN have none of ONNX Runtime's own operators, which the targets `onnxruntime` and `onnxruntime-cpu` build;
    whether they take a standard one depends on the device, and is not told.

    Bad, with `--provider cuda`:

    ```nn
    model net {
        input x: float32[N, 64]
        output y = x -> dense(64) -> celu -> dense(8)
    }
    ```

    Good, with `--provider cuda`:

    ```nn
    model net {
        input x: float32[N, 64]
        output y = x -> dense(64) -> elu -> dense(8)
    }
    ```
    """

    code: ClassVar[str] = "L502"
    message: ClassVar[str] = "`{kind}` runs on the CPU: the provider `{provider}` has no `{operator}`{clause}"
    label: ClassVar[str] = "is copied to the CPU and back"
    remedy: ClassVar[str] = "use another layer, or put up with the copies"
    needs: ClassVar[tuple[str, ...]] = ("provider",)

    kind: str
    provider: str
    operator: str
    element: str
    elements: tuple[str, ...]
    others: tuple[str, ...]

    def notes(self) -> tuple[str, ...]:
        """Further layers that it is true of."""
        return alike(self.others)

    @classmethod
    def find(cls, subject: Subject) -> Iterator[RunsOnCpu]:
        """Every operator and element type that the provider lacks, at the first layer that needs it."""
        provider = subject.surroundings.provider
        if provider is None or provider == "cpu":
            return
        for graph in subject.graphs:
            for (domain, operator, element), nodes in _lacking(
                graph, subject.surroundings.target or DEFAULT_TARGET, provider
            ).items():
                others = tuple(dict.fromkeys(node.name for node in nodes if node is not nodes[0]))
                has = tuple(sorted(CUDA[operator])) if provider == "cuda" else ()
                facts: dict[str, Any] = {"provider": provider, "operator": operator, "element": element}
                facts |= {"kind": nodes[0].kind, "elements": has, "others": others}
                kind = FusedRunsOnCpu if domain == DOMAIN else ElementsRunOnCpu if has else RunsOnCpu
                yield kind(span=place_of(nodes[0]), **facts)


@record
class FusedRunsOnCpu(RunsOnCpu):
    """An operator of onnxruntime alone, which only some targets build."""

    remedy: ClassVar[str] = "build with `--target onnx`, without the operators of onnxruntime alone"


@record
class ElementsRunOnCpu(RunsOnCpu):
    """An operator that the provider has for other element types."""

    clause: ClassVar[str] = " for {element}"
    remedy: ClassVar[str] = "it has {has}; use one of these, another layer, or put up with the copies"

    @property
    def has(self) -> str:
        """The element types in a row."""
        return listed(self.elements)


def _lacking(graph: LayerGraph, target: Target, provider: CheckedProvider) -> dict[tuple[str, str, str], list[Node]]:
    """The layers whose operators the provider lacks, by domain and kind of these and their element type."""
    lowered, found = graph.lowered(target), dict[tuple[str, str, str], list[Node]]()
    for node in lowered.nodes():
        layer = graph.layer_of(node)
        if not isinstance(node.op, Operator) or node.stored or layer is None:
            continue
        elements = elements_of(node.op, lowered.operand_types(node), node.results)
        if not runs_with(provider, node.op, elements):
            found.setdefault((node.op.domain, node.op.kind, str(elements)), []).append(layer)
    return found
