"""An input whose channels stand last, read by a layer that takes them from axis 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

from ..diagnostics import Edit, Label
from ..graph.graph import Node
from ..graph.operations import Input
from ..graph.types import TensorType
from ..layers.channels import channels_first_order
from ..layers.windows import Sliding
from ..records import record
from ..source import Span
from ..syntax import tree
from .base import LayerGraph, Lint, Subject, place_of
from .layer_kinds import ACTIVATIONS, DROPPING, NORMALIZING

#: Grey, RGB and RGBA; as many features have many a signal, and points.
_CHANNELS = frozenset({1, 3, 4})
#: How many positions an axis has at least that is one of an image, unless the image is square, and of a sequence.
_POSITIONS, _STEPS = 16, 32
#: How often the longer side of an image has the shorter one; feature maps of many channels are longer.
_RATIO = 4
_SEEN_THROUGH = ACTIVATIONS | DROPPING | NORMALIZING | {"add", "sub", "mul", "div", "cast"}


@record
class ChannelsLastInput(Lint):
    """An input looks as if its channels stood last, and a convolution or a pooling takes them from axis 1.

    Images are `[N, C, H, W]` here, as in PyTorch and ONNX. Keras and most image files have them as `[N, H, W, C]`: then
    the rows are taken for channels, and the window slides over columns and colours. It is said of an input whose last
    axis is 1, 3 or 4, where the axes before it are those of an image: two of one size, or of 16 and more. Of sequences,
    `[N, T, C]`, it is said from 32 steps on.

    Bad:

    ```nn
    model net {
        input image: float32[N, 224, 224, 3]
        output y = image -> conv2d(16, kernel=3) -> relu
    }
    ```

    Good:

    ```nn
    model net {
        input image: float32[N, 3, 224, 224]
        output y = image -> conv2d(16, kernel=3) -> relu
    }
    ```

    ```nn
    model net {
        input image: float32[N, 224, 224, 3]
        output y = image -> transpose([0, 3, 1, 2]) -> conv2d(16, kernel=3) -> relu
    }
    ```
    """

    code: ClassVar[str] = "L129"
    message: ClassVar[str] = (
        "the channels of `{name}` seem to stand last, and `{reader}` takes the {size} of axis 1 for them"
    )
    label: ClassVar[str] = "the last axis has {last}, as channels do"
    remedy: ClassVar[str] = "write `{wanted}`, or `transpose({order})` before `{reader}`"

    name: str
    reader: str
    size: int
    last: int
    wanted: str
    order: str
    place: Span | None = None

    def labels(self) -> tuple[Label, ...]:
        """The layer that reads it."""
        return (Label(self.place, f"reads {self.size} channels"),) if self.place is not None else ()

    @classmethod
    def find(cls, subject: Subject) -> Iterator[Self]:
        """Every such input, at its type, with the first layer that reads it so."""
        declared = {
            network.graph: {one.name.name: one.type for one in network.model.body if isinstance(one, tree.Input)}
            for network in subject.networks
        }
        told: set[tuple[LayerGraph, str]] = set()
        for graph, node, layer in subject.all_of(Sliding):
            made = graph.through(node, _SEEN_THROUGH)
            if made is None or not isinstance(made.op, Input) or (graph, made.name) in told or layer.spreads:
                continue
            found, written = graph.graph.operand_types(node)[0], declared[graph.graph].get(made.name)
            if found is None or written is None or found.shape != made.results[0].shape:
                continue
            if not _stand_last(found) or _reads_one_column(layer, found):
                continue
            told.add((graph, made.name))
            yield cls(span=written.span, name=made.name, **_facts(made.results[0], node, written))


def _facts(kind: TensorType, reader: Node, written: tree.Type) -> dict[str, Any]:
    """What is said of an input of a type, and how to write it with the channels first."""
    sizes = [one.span.text for one in written.shape or ()]
    shape = ", ".join((sizes[0], sizes[-1], *sizes[1:-1]))
    wanted = f"{written.name}[{shape}]"
    facts = {"reader": reader.kind, "size": kind.shape[1], "last": kind.shape[-1], "place": place_of(reader)}
    return facts | {"wanted": wanted, "order": channels_first_order(kind.rank), "edits": (Edit(written.span, wanted),)}


def _stand_last(found: TensorType) -> bool:
    """Whether the last axis is likely to be that of the channels."""
    sizes = [size for size in found.shape[1:] if isinstance(size, int)]
    if len(sizes) < found.rank - 1 or sizes[-1] not in _CHANNELS:
        return False
    if found.rank == 3:
        return sizes[0] >= _STEPS
    short, long = sorted(sizes[-3:-1])
    is_image = short == long or (short >= _POSITIONS and long <= _RATIO * short)
    return is_image and min(sizes[:-1]) > sizes[-1]


def _reads_one_column(layer: Sliding, found: TensorType) -> bool:
    """Whether windows of one column slide over a single one, as over channels of signals below each other."""
    return found.shape[-1] == 1 and layer.window.kernel[-1] == 1
