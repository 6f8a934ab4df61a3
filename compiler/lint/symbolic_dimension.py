"""Symbolic dimensions where the provider wants fixed sizes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, ClassVar, Self

from ..diagnostics.suggest import alike, listed
from ..dims import symbols
from ..graph.types import BATCH, TensorType
from ..passes.targets import CheckedProvider
from ..records import record
from .base import Lint, Subject, place_of

#: Those that take no layer whose sizes are not numbers, or take it with loss: so say onnxruntime's pages of NNAPI and
#: CoreML (docs/tutorials/mobile/helpers/make-dynamic-shape-fixed) and its change #22066 of QNN.
_FIXED: tuple[CheckedProvider, ...] = ("coreml", "nnapi", "qnn")


@record
class SymbolicDimension(Lint):
    """An input has a symbolic dimension, and the provider wants sizes that are numbers.

    It is asked with `--provider coreml`, `nnapi` or `qnn` alone. NNAPI and QNN leave every layer of such a model to the
    CPU; CoreML may take it, and is slower. Phones mostly see one image at a time: the batch is 1. ONNX Runtime has a
    tool that fixes a dimension of a built model, so that the text can stay as it is.

    Bad, with `--provider qnn --target onnx`:

    ```nn
    model net {
        input image: float32[N, 3, 32, 32]
        output y = image -> conv2d(8, kernel=3) -> relu
    }
    ```

    Good, with `--provider qnn --target onnx`:

    ```nn
    model net {
        input image: float32[1, 3, 32, 32]
        output y = image -> conv2d(8, kernel=3) -> relu
    }
    ```
    """

    code: ClassVar[str] = "L503"
    message: ClassVar[str] = "the provider `{provider}` wants fixed sizes, and `{name}` is {found}"
    label: ClassVar[str] = "{which} symbolic"
    remedy: ClassVar[str] = (
        "write numbers in place of {names}, or fix the built model: "
        "`python -m onnxruntime.tools.make_dynamic_shape_fixed --dim_param {first} --dim_value {size} "
        "{model}.onnx fixed.onnx`"
    )
    needs: ClassVar[tuple[str, ...]] = ("provider",)

    provider: str
    name: str
    found: str
    model: str
    symbols: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def names(self) -> str:
        """The symbols in a row."""
        return listed(self.symbols)

    @property
    def which(self) -> str:
        """The symbols, with the verb."""
        return f"{self.names} {'is' if len(self.symbols) == 1 else 'are'}"

    @property
    def first(self) -> str:
        """The symbol that is fixed first."""
        return self.symbols[0]

    @property
    def size(self) -> str:
        """What it is: one example, or a number that only the author knows."""
        return "1" if self.first == BATCH else "NUMBER"

    def notes(self) -> tuple[str, ...]:
        """Further inputs of the model that it is true of."""
        return alike(self.others)

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """The first input of every model with a dimension that is no number."""
        provider = subject.surroundings.provider
        if provider not in _FIXED:
            return
        for graph in subject.graphs:
            found = [node for node in graph.graph.inputs if _symbols(node.results[0])]
            for first in found[:1]:
                names = chain.from_iterable(_symbols(node.results[0]) for node in found)
                facts: dict[str, Any] = {"found": str(first.results[0]), "model": graph.graph.name, "name": first.name}
                facts |= {"symbols": tuple(dict.fromkeys(names)), "others": tuple(node.name for node in found[1:])}
                yield cls(span=place_of(first), provider=provider, **facts)


def _symbols(found: TensorType) -> tuple[str, ...]:
    """The symbols of a shape, in the order of its axes."""
    return tuple(dict.fromkeys(name for dim in found.shape for name in sorted(symbols(dim))))
