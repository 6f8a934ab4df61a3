"""Layers of a Keras file, or of a model of Keras, for the layers of a model, and their tensors in its layouts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

from ..diagnostics import Diagnostic, DotnnError
from ..diagnostics.weight_matching import (
    FeatureOrderUnknown,
    InitializedWeights,
    KerasLayerDiffers,
    KerasLayersUnclear,
)
from ..diagnostics.weights import (
    MOST_SHOWN,
    Misfit,
    MisshapenWeights,
    MissingWeights,
    PrefixedNames,
    UnusedWeights,
    WrongElementTypes,
)
from ..graph.graph import Graph
from ..graph.tensors import Literal, Weight
from ..layers.base import KerasTensor, WeightSpec
from .accepted_dtypes import converts
from .bound_weights import BoundWeights
from .feature_order import FeatureOrders, feature_orders
from .keras_classes import plain_class
from .keras_model import KerasLayer, KerasModel, KerasVariable
from .keras_pairs import Pairs, pairs_by_name, pairs_by_order
from .keras_slots import OwnedLayer, Slot, owned_layers, parameters, slots_of
from .matching import Matching
from .name_hints import attribute_for, common_prefix, near_tensors
from .renaming import Renaming
from .weight_file import WeightFile

if TYPE_CHECKING:
    import numpy as np


def bind_keras(file: WeightFile, graph: Graph, keras: KerasModel, matching: Matching) -> BoundWeights:
    """The tensors of a Keras file, or of a model of Keras, as the values of a model's weights.

    Layers are found by their names, those without names by the order of their class; their tensors by Keras's names or
    by its order. What is indexed by features that Keras has in another order is permuted.

    Args:
        file: an open file, or a model of Keras.
        graph: the layers of the model.
        keras: what the file says of its layers.
        matching: how names of layers become those of the model, and what may be missing.

    Raises:
        DotnnError: all that does not fit, one diagnostic for each kind of misfit.
    """
    by_path = {one.path: one for one in keras.layers}
    renaming = Renaming(file.path, (one.path for one in keras.layers), matching)
    renamed = {name: by_path[path] for name, path in renaming.names.items()}
    owned = tuple(owned_layers(graph))
    slots = tuple(slot for one in owned for slot in slots_of(one))
    notes: tuple[Diagnostic, ...] = renaming.notes
    if matching.match == "order":
        pairs, shown = pairs_by_order(file.path, slots, tuple(renamed.values()))
        notes = (*notes, shown)
    else:
        pairs = pairs_by_name(slots, renamed)
    found = _Comparison(file, graph, owned, renamed, pairs, matching)
    problems = tuple(found.problems())
    if problems:
        raise DotnnError(*problems, *renaming.notes)
    if found.missing:
        names = tuple(weight.name for weight in found.missing)
        notes = (*notes, InitializedWeights(path=file.path, names=names))
    reads = {name: partial(source.read, file) for name, source in found.sources.items()}
    stored = {name: tuple(source.stored.values()) for name, source in found.sources.items()}
    return BoundWeights(file.path, found.weights, reads, notes, allow_nonfinite=matching.allow_nonfinite, stored=stored)


@dataclass(frozen=True)
class _Source:
    """Of which tensors of a file a weight is made.

    Attributes:
        spec: how; None where it is the one tensor as it is.
        stored: the names in the file by the keys of Keras's tensors.
        orders: by axis: which entry of Keras's each entry is.
    """

    spec: WeightSpec | None
    stored: Mapping[str, str]
    orders: Mapping[int, np.ndarray]

    def read(self, file: WeightFile) -> np.ndarray:
        """The values in the model's layout."""
        import numpy as np

        arrays = {key: file.load(name) for key, name in self.stored.items()}
        array = next(iter(arrays.values())) if self.spec is None else self.spec.from_keras(arrays)
        for axis, order in self.orders.items():
            array = np.take(array, order, axis)
        return array


@dataclass(frozen=True)
class _Comparison:
    """A file beside a model, with the layers paired."""

    file: WeightFile
    graph: Graph
    owned: Sequence[OwnedLayer]
    renamed: Mapping[str, KerasLayer]
    pairs: Pairs
    matching: Matching

    def problems(self) -> Iterator[Diagnostic]:
        """One diagnostic for each kind of misfit, none where all fits."""
        mended = self._without_prefix
        if mended is not None:
            yield mended[0]
            yield from mended[1].problems()
            return
        path, pairs = self.file.path, self.pairs
        if pairs.differing:
            yield KerasLayerDiffers(path=path, pairs=pairs.differing)
        if pairs.unclear:
            yield KerasLayersUnclear(path=path, classes=pairs.unclear)
        if self.missing and not self.matching.allow_missing:
            rest = tuple(Misfit(weight.name, weight.shape) for weight in self.missing[MOST_SHOWN:])
            misfits, total = (*map(self._missing, self.missing[:MOST_SHOWN]), *rest), len(self.weights)
            facts = {"total": total, "holder": self.file.holder, "in_order": self._fits_in_order}
            yield MissingWeights(span=self.missing[0].span, path=path, misfits=misfits, **facts)
        if self.unused:
            yield UnusedWeights(path=path, misfits=self.unused, holder=self.file.holder)
        if self.misshapen:
            span = self.weights[self.misshapen[0].name].span
            yield MisshapenWeights(span=span, path=path, misfits=self.misshapen, holder=self.file.holder)
        if self.mistyped:
            wanted = " or ".join(dict.fromkeys(self.weights[one.name].dtype.value for one in self.mistyped))
            span = self.weights[self.mistyped[0].name].span
            yield WrongElementTypes(span=span, path=path, misfits=self.mistyped, wanted=wanted, holder=self.file.holder)
        unknown = [name for name in self.sources if name in self._orders.unknown]
        if unknown:
            yield FeatureOrderUnknown(span=self._orders.unknown[unknown[0]], path=path, names=tuple(unknown))

    @cached_property
    def weights(self) -> dict[str, Weight]:
        """All weights of the model by name."""
        return {weight.name: weight for weight in self.graph.weights()}

    @cached_property
    def sources(self) -> dict[str, _Source]:
        """What the weights are made of that the file has."""
        variables: dict[OwnedLayer, dict[str, KerasVariable]] = {}
        for pair in self.pairs.found:
            variables.setdefault(pair.slot.owned, {}).update(pair.assigned.found)
        found: dict[str, _Source] = {}
        for owned, there in variables.items():
            for spec in owned.specs:
                name = owned.weights[spec.name].name
                if spec.keras and all(one.key in there for one in spec.keras):
                    stored = {one.key: there[one.key].full for one in spec.keras}
                    found[name] = _Source(spec, stored, self._orders.of(name))
        for name, variable in self._plain.items():
            found[name] = _Source(None, {name: variable.full}, self._orders.of(name))
        return found

    @cached_property
    def _plain(self) -> dict[str, KerasVariable]:
        """Parameters of the source: layers with one tensor, or tensors of layers, under their names."""
        found: dict[str, KerasVariable] = {}
        for weight in parameters(self.graph):
            layer = self.renamed.get(weight.name)
            if layer is not None and len(layer.tensors) == 1 and layer.tensors[0].shape == weight.shape:
                found[weight.name] = layer.tensors[0]
        return found

    @cached_property
    def _orders(self) -> FeatureOrders:
        return feature_orders(self.graph)

    @cached_property
    def missing(self) -> tuple[Weight, ...]:
        """Weights that the file lacks and no literal gives."""
        spoken_of = {weight.name for slot in self.pairs.reported_slots for weight in slot.owned.weights.values()}
        return tuple(
            weight
            for name, weight in self.weights.items()
            if name not in self.sources and name not in spoken_of and not isinstance(weight.initializer, Literal)
        )

    @cached_property
    def unused(self) -> tuple[Misfit, ...]:
        """Tensors that the model lacks."""
        taken = {pair.layer.path for pair in self.pairs.found} | {one.path for one in self.pairs.reported_layers}
        plain = {variable.full for variable in self._plain.values()}
        layers = [one for one in self.renamed.values() if one.path not in taken]
        left = [
            Misfit(variable.full, variable.shape)
            for layer in layers
            for variable in layer.tensors
            if variable.full not in plain
        ]
        return (
            *(misfit for pair in self.pairs.found for misfit in map(partial(_extra, pair.slot), pair.assigned.unused)),
            *left,
        )

    @cached_property
    def misshapen(self) -> tuple[Misfit, ...]:
        """Tensors that have another shape in the file."""
        return tuple(
            _misshapen(pair.slot, tensor, pair.assigned.found[tensor.key])
            for pair in self.pairs.found
            for tensor in pair.slot.tensors
            if tensor.key in pair.assigned.found and pair.assigned.found[tensor.key].shape != tensor.shape
        )

    @cached_property
    def mistyped(self) -> tuple[Misfit, ...]:
        """Weights that the file holds in elements which do not convert."""
        found: list[Misfit] = []
        for name, source in self.sources.items():
            weight = self.weights[name]
            types = [self.file.element_type(stored) for stored in source.stored.values()]
            wrong = next((one for one in types if not converts(one, weight.dtype)), None)
            if wrong is not None:
                found.append(Misfit(name, weight.shape, found=wrong))
        return tuple(found)

    @cached_property
    def _without_prefix(self) -> tuple[PrefixedNames, _Comparison] | None:
        """What to say of a prefix that one side has, and the rest as if it were taken off; None where there is none."""
        if self.matching.match == "order" or not (self.missing or self.unused):
            return None
        paths = [slot.path for slot in self.pairs.slots]
        in_file, in_model = common_prefix(self.renamed, paths), common_prefix(paths, self.renamed)
        prefix = in_file or in_model
        if not prefix:
            return None
        if in_file:
            renamed = {name.removeprefix(prefix): layer for name, layer in self.renamed.items()}
        else:
            renamed = {prefix + name if prefix + name in paths else name: one for name, one in self.renamed.items()}
        if len(renamed) < len(self.renamed):
            return None
        pairs = pairs_by_name(self.pairs.slots, renamed)
        mended = dataclasses.replace(self, renamed=renamed, pairs=pairs)
        matched = sum(len(pair.assigned.found) for pair in pairs.found)
        facts = {"matched": matched, "in_file": bool(in_file), "holder": self.file.holder}
        return PrefixedNames(path=self.file.path, prefix=prefix, **facts), mended

    @property
    def _fits_in_order(self) -> bool:
        try:
            pairs_by_order(self.file.path, self.pairs.slots, tuple(self.renamed.values()))
        except DotnnError:
            return False
        return True

    def _missing(self, weight: Weight) -> Misfit:
        owned = next((one for one in self.owned if any(weight is other for other in one.weights.values())), None)
        if owned is None:
            return Misfit(weight.name, weight.shape)
        here = {spec.name: spec.shape for spec in owned.specs}
        there = {name: shape for name, shape in here.items() if owned.weights[name].name in self.sources}
        local = next(name for name, one in owned.weights.items() if one is weight)
        attribute = _absent_attribute(owned, local, here, there)
        near = () if attribute or there else self._near(owned)
        return Misfit(weight.name, weight.shape, near=near, attribute=attribute, layer=owned.path)

    def _near(self, owned: OwnedLayer) -> tuple[str, ...]:
        """Layers of the file that may be meant, of the same class."""
        taken = {pair.layer.path for pair in self.pairs.found}
        classes = {plain_class(slot.class_name) for slot in slots_of(owned)}
        candidates = [
            one.path
            for one in self.renamed.values()
            if one.path not in taken and plain_class(one.class_name) in classes
        ]
        return near_tensors(owned.path, candidates)


def _absent_attribute(
    owned: OwnedLayer, local: str, here: Mapping[str, tuple[int, ...]], there: Mapping[str, tuple[int, ...]]
) -> str:
    """What to write at a layer so that it lacks a tensor that the file lacks."""
    if not there:
        return ""
    second = local.replace("bias_ih", "bias_hh")
    spec = next(one for one in owned.specs if one.name == local)
    if not spec.keras and second in here:
        # Keras has one bias vector where the model has two.
        return attribute_for(second, here, {**there, second.replace("bias_hh", "bias_ih"): here[second]}, in_file=False)
    return attribute_for(local, here, there, in_file=False)


def _extra(slot: Slot, variable: KerasVariable) -> Misfit:
    """A tensor of a layer that is there, which the layer here lacks."""
    here = {spec.name: spec.shape for spec in slot.owned.specs}
    local = "bias" if variable.name in (None, "bias") and len(variable.shape) == 1 else ""
    attribute = attribute_for(local, {**here, local: variable.shape}, here, in_file=True) if local else ""
    return Misfit(variable.full, variable.shape, attribute=attribute, layer=slot.owned.path)


def _misshapen(slot: Slot, tensor: KerasTensor, variable: KerasVariable) -> Misfit:
    spec = slot.users[tensor.key][0]
    weight = slot.owned.weights[spec.name]
    return Misfit(
        weight.name,
        weight.shape,
        found=str(list(variable.shape)),
        attribute=_bias_attribute(slot, tensor, variable),
        layer=slot.owned.path,
        stored=variable.full,
        wanted=str(list(tensor.shape)),
    )


def _bias_attribute(slot: Slot, tensor: KerasTensor, variable: KerasVariable) -> str:
    """What to write where one side has a bias vector for the state, and the other has not, as GRUs of Keras."""
    here = {spec.name: spec.shape for spec in slot.owned.specs}
    is_bias = tensor.name.endswith("bias") and "weight_ih_l0" in here
    if not is_bias or len(tensor.shape) == len(variable.shape):
        return ""
    second, shape = "bias_hh_l0", (variable.shape[-1],)
    if len(variable.shape) == 1:
        lacking = {name: one for name, one in here.items() if not name.startswith("bias_hh")}
        return attribute_for(second, here, lacking, in_file=False)
    return attribute_for(second, {**here, second: shape}, here, in_file=True)
