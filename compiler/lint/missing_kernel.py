"""Layers that do not run on their elements where the model is to run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from ..diagnostics import Severity
from ..diagnostics.suggest import alike
from ..passes.kernels import lacking_kernels
from ..passes.targets import DEFAULT_TARGET, FEATURES
from ..records import record
from .base import Lint, Subject, place_of


@record
class MissingKernel(Lint):
    """A layer cannot run on elements of this type where the model is to run: `dotnn build` would refuse it (E848).

    It is asked with `--target` or `--provider` alone. The targets `onnxruntime` and `onnxruntime-cpu` are for models
    that run on ONNX Runtime's CPU provider, which has no `float64` kernels for convolutions, recurrent layers and some
    others, and `bfloat16` only for layers that move elements; the page of each layer says what it runs on. The target
    `onnx` builds all of them, for a runtime that has them.

    Bad, with `--target onnxruntime`:

    ```nn
    model net {
        input image: float64[N, 3, 32, 32]
        output y = image -> conv2d(8, kernel=3)
    }
    ```

    Good, with `--target onnxruntime`:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(8, kernel=3)
    }
    ```
    """

    code: ClassVar[str] = "L501"
    severity: ClassVar[Severity] = Severity.ERROR
    message: ClassVar[str] = "`{kind}` does not run on {element} with the {clause}"
    clause: ClassVar[str] = "target `{target}`"
    label: ClassVar[str] = "onnxruntime has no {element} kernel for it on the CPU"
    remedy: ClassVar[str] = (
        "keep the inputs, parameters and constants that it depends on in float32, "
        "or build with `--target onnx` for another runtime"
    )
    needs: ClassVar[tuple[str, ...]] = ("target", "provider")

    kind: str
    element: str
    target: str
    others: tuple[str, ...] = ()

    def notes(self) -> tuple[str, ...]:
        """Further layers that it is true of."""
        return alike(self.others)

    @classmethod
    def find(cls, subject: Subject) -> Iterator[MissingKernel]:
        """The first layer of every element type that ONNX Runtime's CPU provider lacks kernels for."""
        target, on_cpu = subject.surroundings.target or DEFAULT_TARGET, subject.surroundings.provider == "cpu"
        if not (on_cpu or FEATURES[target].cpu):
            return
        kind = MissingKernelOnCpu if on_cpu else MissingKernel
        for graph in subject.graphs:
            for dtype, nodes in lacking_kernels(graph.graph, graph.lowered(target)).items():
                others = tuple(dict.fromkeys(node.name for node in nodes[1:]))
                facts: dict[str, Any] = {"element": str(dtype), "target": target, "others": others}
                yield kind(span=place_of(nodes[0]), kind=nodes[0].kind, **facts)


@record
class MissingKernelOnCpu(MissingKernel):
    """The same of a provider, which no target changes."""

    clause: ClassVar[str] = "provider `cpu`"
    remedy: ClassVar[str] = "keep the inputs, parameters and constants that it depends on in float32"
