"""Weights in Keras's names, layouts and order, as `.weights.h5`, which `load_weights` of Keras reads.

Format: ``keras/src/saving/saving_lib.py``. A layer lies in ``layers/<class>_<number>``, counted among the layers of its
class in the order of the model; its tensors are ``vars/0``, ``vars/1``, and ``vars`` has its name.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from ..atomic_files import PendingFile, output_errors
from ..diagnostics import DotnnError
from ..diagnostics.weight_matching import FeatureOrderUnknown, NoKerasEnding, NoKerasLayer, NoKerasWriter
from ..graph.graph import Graph
from ..graph.types import DType
from ..layers.base import KerasTensor
from ..weights.feature_order import FeatureOrders, feature_orders
from ..weights.keras_model import snake_case
from ..weights.keras_slots import OwnedLayer, Slot, owned_layers, slots_of
from ..weights.weight_values import WeightValues

if TYPE_CHECKING:
    import numpy as np

ENDING: Final = ".weights.h5"
_PIECE: Final = 1 << 20
#: What Keras calls the layers inside of a layer in files, where that is not what it calls their tensors.
_PARTS: Final = {
    "query": "query_dense",
    "key": "key_dense",
    "value": "value_dense",
    "attention_output": "output_dense",
}
_WITH_CELL: Final = frozenset({"rnn", "lstm", "gru"})


def save_keras_weights(path: Path, graph: Graph, values: WeightValues) -> None:
    """Write the values of a model's weights for a model of Keras with the same layers in the same order.

    Args:
        path: ends in ``.weights.h5``; an existing file survives any failure.
        graph: the layers of the model.
        values: where the values come from.

    Raises:
        DotnnError: another ending, h5py is not installed, weights that Keras has no layer for, or whose order cannot be
            told, or a file that cannot be written.
    """
    if not path.name.lower().endswith(ENDING) or len(path.name) == len(ENDING):
        suggested = f"{path.name.partition('.')[0] or 'net'}{ENDING}"
        raise DotnnError(NoKerasEnding(path=str(path), suggested=suggested))
    try:
        import h5py
    except ImportError as error:
        raise DotnnError(NoKerasWriter(path=str(path))) from error
    owned = tuple(owned_layers(graph))
    _need_counterparts(path, graph, owned)
    orders = feature_orders(graph)
    _need_orders(path, orders)
    with PendingFile(path) as file, output_errors(path), tempfile.TemporaryFile(dir=path.parent) as stream:
        # HDF5 is written here and there, and the file at the destination from beginning to end.
        with h5py.File(stream, "w") as target:
            _write(target, owned, orders, values)
        for piece in _pieces(stream):
            file.write(piece)
        file.commit()


def _need_counterparts(path: Path, graph: Graph, owned: Iterable[OwnedLayer]) -> None:
    written = {one.weights[spec.name].name for one in owned for spec in one.specs if spec.keras}
    alone = [weight for weight in graph.weights() if weight.name not in written]
    if alone:
        names = tuple(weight.name for weight in alone)
        raise DotnnError(NoKerasLayer(span=alone[0].span, path=str(path), names=names))


def _need_orders(path: Path, orders: FeatureOrders) -> None:
    if orders.unknown:
        first = next(iter(orders.unknown.values()))
        raise DotnnError(FeatureOrderUnknown(span=first, path=str(path), names=tuple(orders.unknown)))


def _write(target: Any, owned: Iterable[OwnedLayer], orders: FeatureOrders, values: WeightValues) -> None:
    target.create_group("layers")
    numbers: dict[str, int] = {}
    for layer in owned:
        arrays = _arrays(layer, orders, values)
        for slot in slots_of(layer):
            group = snake_case(slot.class_name)
            number = numbers[group] = numbers.get(group, -1) + 1
            place = f"layers/{group}_{number}" if number else f"layers/{group}"
            target.create_group(f"{place}/vars").attrs["name"] = slot.path
            for tensor, name in _places(slot):
                target.create_dataset(f"{place}/{name}", data=arrays.pop(tensor.key), track_times=False)


def _places(slot: Slot) -> Iterator[tuple[KerasTensor, str]]:
    """The tensors of a layer, and where they lie in its group."""
    counts: dict[str, int] = {}
    cell = "cell/" if slot.owned.node.kind in _WITH_CELL else ""
    for tensor in slot.tensors:
        part = tensor.name.rpartition("/")[0]
        folder = f"{_PARTS.get(part, part)}/{cell}" if part else cell
        counts[folder] = counts.get(folder, -1) + 1
        yield tensor, f"{folder}vars/{counts[folder]}"


def _arrays(layer: OwnedLayer, orders: FeatureOrders, values: WeightValues) -> dict[str, np.ndarray]:
    """The tensors of Keras that a layer is made of, by their keys."""
    import numpy as np

    found: dict[str, np.ndarray] = {}
    for spec in layer.specs:
        weight = layer.weights[spec.name]
        array = values.values(weight)
        for axis, order in orders.of(weight.name).items():
            array = np.take(array, np.argsort(order), axis)
        if weight.dtype is DType.BFLOAT16:
            # HDF5 has no such numbers; every one is one of float32.
            array = array.astype(np.float32)
        for tensor, part in spec.to_keras(array):
            if tensor.row is None:
                found[tensor.key] = part
                continue
            found.setdefault(tensor.key, np.zeros(tensor.shape, part.dtype))[tensor.row] = part
    return found


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    stream.seek(0)
    while piece := stream.read(_PIECE):
        yield piece
