"""Large kernels that a stack of small ones replaces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from ..diagnostics import Severity
from ..graph.graph import Node
from ..graph.types import TensorType
from ..layers.attributes import Pads
from ..layers.convolution import Convolution
from ..records import record
from ..written import value_text
from .base import LayerGraph, Lint, Subject, is_written_out, place_of
from .layer_kinds import ACTIVATIONS, NORMALIZING
from .reading_windows import reading_windows, with_arguments

#: Two layers of 3x3 in place of one of 5x5 save 28 %, three in place of 7x7 save 45 %: less is a matter of taste.
_LEAST_KERNEL = 7


@record
class LargeKernel(Lint):
    """A convolution has a kernel of 7 or more where a stack of layers of kernel 3 sees as much with fewer weights.

    Three layers of 3x3 see 7x7 positions and have, with as many channels, 27 weights where one layer has 49, and two
    more activations between them (Simonyan and Zisserman, 2015). Left alone are layers with a stride, such as the first
    ones of ResNet; those that read few channels, where a stack has more weights; depthwise ones, as in ConvNeXt, whose
    weights are few; a last layer without an activation, or with fewer filters than channels, as those have that draw
    an image; and weights that are written out. A kernel of 5 is a matter of taste.

    Bad:

    ```nn
    model net {
        input image: float32[N, 64, 32, 32]
        output y = image -> conv2d(64, kernel=7, padding=3) -> relu
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 64, 32, 32]
        output y = image -> repeat(3) { conv2d(64, kernel=3, padding=1) -> relu }
    }
    ```
    """

    code: ClassVar[str] = "L208"
    severity: ClassVar[Severity] = Severity.HINT
    message: ClassVar[str] = (
        "`{kind}` with a kernel of {size} has {weights:,} weights; {count} of kernel 3 see as much with {stacked:,}"
    )
    label: ClassVar[str] = "{saved:,} weights more"
    remedy: ClassVar[str] = "write `{stack}`, with the activation that you use"

    kind: str
    size: int
    weights: int
    stacked: int
    count: int
    stack: str

    @property
    def saved(self) -> int:
        """How many weights a stack does without."""
        return self.weights - self.stacked

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every convolution of a large square window that a stack with as large a result replaces."""
        for graph, node, layer, operand in reading_windows(subject):
            if not isinstance(layer, Convolution) or not _is_large_and_plain(layer, node):
                continue
            if node.id not in graph.feeds_learning and _draws(graph, node, layer, operand):
                continue
            size, weights = layer.kernel[0], node.weights["weight"].elements
            count, stacked = size // 2, _weights_of_stack(layer, weights)
            padding = _shared(layer, count)
            if stacked >= weights or _stacked(layer, operand, count, padding) != node.results[0]:
                continue
            facts: dict[str, Any] = {"size": size, "weights": weights, "stacked": stacked, "count": count}
            yield cls(span=place_of(node), kind=node.kind, stack=_text(layer, count, padding), **facts)


def _is_large_and_plain(layer: Convolution, node: Node) -> bool:
    """Whether the window is large and odd, alike along two axes or more, without strides, gaps and written numbers."""
    window = layer.window
    plain = {*window.stride, *window.dilation} == {1} and len(set(layer.kernel)) == 1 < layer.spatial_rank
    return plain and layer.kernel[0] >= _LEAST_KERNEL and layer.kernel[0] % 2 == 1 and not is_written_out(node)


def _draws(graph: LayerGraph, node: Node, layer: Convolution, operand: TensorType) -> bool:
    """Whether a layer has fewer filters than channels that it reads, or nothing behind it bends its result."""
    channels = operand.shape[1]
    readers = graph.readers(node.value())
    if len(readers) == 1 and readers[0].kind in NORMALIZING:
        readers = graph.readers(readers[0].value())
    return (isinstance(channels, int) and layer.filters < channels) or not any(
        one.kind in ACTIVATIONS for one in readers
    )


def _weights_of_stack(layer: Convolution, weights: int) -> int:
    """What layers of kernel 3 have that see as much: the first one reads the channels, the others the filters."""
    rank, size = layer.spatial_rank, layer.kernel[0]
    further = layer.filters * (layer.filters // layer.groups)
    return 3**rank * (weights // size**rank + (size // 2 - 1) * further)


def _shared(layer: Convolution, count: int) -> Pads | str:
    """What each layer of a stack pads, where the large one pads as much as all of them."""
    padding = layer.declared_padding
    return (
        padding if isinstance(padding, str) else tuple((before // count, after // count) for before, after in padding)
    )


def _stacked(layer: Convolution, operand: TensorType, count: int, padding: Pads | str) -> TensorType | None:
    """The type that a stack gives."""
    found: TensorType | None = operand
    for _ in range(count):
        if found is not None:
            found = with_arguments(layer, found, kernel=(3,) * layer.spatial_rank, padding=padding)[1]
    return found


def _text(layer: Convolution, count: int, padding: Pads | str) -> str:
    """The stack as it is written."""
    arguments = [str(layer.filters), "kernel=3"]
    if isinstance(padding, str):
        arguments.append(f"padding={value_text(padding)}")
    elif any(map(any, padding)):
        same = {amount for pair in padding for amount in pair}
        arguments.append(f"padding={value_text(same.pop() if len(same) == 1 else padding)}")
    arguments += [f"groups={layer.groups}"] if layer.groups > 1 else []
    arguments += [] if layer.bias else ["bias=false"]
    return f"repeat({count}) {{ {layer.kind}({', '.join(arguments)}) -> relu }}"
