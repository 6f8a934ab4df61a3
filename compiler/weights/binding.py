"""Weights of a file, or arrays, for the weights of a model: by name, all of them, and every misfit in one report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from ..diagnostics import Diagnostic, DotnnError
from ..diagnostics.weight_matching import InitializedWeights
from ..diagnostics.weights import (
    MOST_SHOWN,
    AxisOrder,
    Misfit,
    MisshapenWeights,
    MissingWeights,
    NotArrays,
    PrefixedNames,
    UnusedWeights,
    WrongElementTypes,
)
from ..graph.graph import Graph
from ..graph.tensors import Literal, Weight
from ..source import Span
from .accepted_dtypes import converts
from .bound_weights import BoundWeights
from .matching import Matching
from .name_hints import attribute_for, common_prefix, near_tensors, scopes
from .order_matching import match_in_order, without_literals
from .renaming import Renaming
from .weight_file import WeightFile

#: A counter in PyTorch's batch normalization that no computation reads.
_DROPPED = "num_batches_tracked"


def bind_weights(file: WeightFile, model: Graph | Sequence[Weight], matching: Matching | None = None) -> BoundWeights:
    """The tensors of a file, or a caller's arrays, as the values of a model's weights.

    They are matched by name, unless ``matching`` says otherwise. Every weight must be in the file, in its shape; every
    tensor of the file must be a weight, but PyTorch's ``num_batches_tracked``. Weights that the source gives as
    literals may be left out; where the file has one, its numbers are used. Floating point types convert into each
    other, integers only into wider ones. The layers of a file of Keras are matched to those of the model, and its
    tensors brought into the model's layouts.

    Args:
        file: an open file; it must stay open as long as the result is used.
        model: the layers of the model; or its weights alone, which do not do for a file of Keras.
        matching: how names become those of the model, and what may be missing.

    Raises:
        TypeError: weights alone were given for a file of Keras.
        DotnnError: all that does not fit, one diagnostic for each kind of misfit.
    """
    matching = matching or Matching()
    if file.keras is not None:
        from .keras_binding import bind_keras

        if not isinstance(model, Graph):
            raise TypeError("a file of Keras is matched by layers: give the model's graph, not its weights alone")
        return bind_keras(file, model, file.keras, matching)
    weights = model.weights() if isinstance(model, Graph) else model
    renaming = Renaming(file.path, _kept(file, weights), matching)
    named = {weight.name: weight for weight in weights}
    notes = renaming.notes
    if matching.match == "order" and not file.unusable:
        stored, shown = match_in_order(file, tuple(named.values()), renaming.names)
        notes = (*notes, shown)
    else:
        stored = renaming.names
    comparison = _Comparison(file, named, stored, matching)
    problems = tuple(comparison.problems())
    if problems:
        raise DotnnError(*problems, *renaming.notes)
    if comparison.missing:
        names = tuple(weight.name for weight in comparison.missing)
        notes = (*notes, InitializedWeights(path=file.path, names=names))
    reads = {name: partial(file.load, one) for name, one in stored.items() if name in named}
    sources = {name: (stored[name],) for name in reads}
    return BoundWeights(file.path, named, reads, notes, allow_nonfinite=matching.allow_nonfinite, stored=sources)


def _kept(file: WeightFile, weights: Iterable[Weight]) -> tuple[str, ...]:
    """The names in a file, without what is dropped."""
    known = {weight.name for weight in weights}
    return tuple(name for name in file.names if name in known or name.rpartition(".")[2] != _DROPPED)


@dataclass(frozen=True)
class _Comparison:
    """A file beside a model.

    A prefix that one side has and the other lacks is taken off first, so that it is reported once.
    """

    file: WeightFile
    weights: Mapping[str, Weight]
    #: The names in the file by those that it has for the model, without what is dropped.
    renamed: Mapping[str, str]
    matching: Matching

    def problems(self) -> Iterator[Diagnostic]:
        """One diagnostic for each kind of misfit, none where all fits."""
        path, holder = self.file.path, self.file.holder
        if self.file.unusable:
            yield NotArrays(path=path, faults=tuple(self.file.unusable.items()))
        if self.prefix:
            matched = sum(name in self.in_file for name in self.weights)
            in_file = bool(self._file_prefix)
            yield PrefixedNames(path=path, prefix=self.prefix, matched=matched, in_file=in_file, holder=holder)
        if self.missing and not self.matching.allow_missing:
            misfits = tuple(map(self._missing, self.missing[:MOST_SHOWN])) + _plain(self.missing[MOST_SHOWN:])
            span, total = self.missing[0].span, len(self.weights)
            facts = {"total": total, "holder": holder, "in_order": self._fits_in_order}
            yield MissingWeights(span=span, path=path, misfits=misfits, **facts)
        if self.unused:
            shown = tuple(map(self._unused, self.unused[:MOST_SHOWN]))
            rest = tuple(Misfit(self.in_file[name], self._shapes[name]) for name in self.unused[MOST_SHOWN:])
            yield UnusedWeights(span=self._place(shown), path=path, misfits=shown + rest, holder=holder)
        if self.misshapen:
            misfits = tuple(map(self._misshapen, self.misshapen))
            yield MisshapenWeights(span=self.misshapen[0].span, path=path, misfits=misfits, holder=holder)
        if self.mistyped:
            misfits = tuple(Misfit(one.name, one.shape, found=self._element_type(one)) for one in self.mistyped)
            wanted = " or ".join(dict.fromkeys(one.dtype.value for one in self.mistyped))
            span = self.mistyped[0].span
            yield WrongElementTypes(span=span, path=path, misfits=misfits, wanted=wanted, holder=holder)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(self.renamed)

    @cached_property
    def _fits_in_order(self) -> bool:
        """Whether the order explains all that names do not."""
        weights = without_literals(self.weights.values(), len(self.renamed))
        shapes = [self.file.shape(stored) for stored in self.renamed.values()]
        types = map(self.file.element_type, self.renamed.values())
        return (
            not self.file.unusable
            and shapes == [weight.shape for weight in weights]
            and all(converts(found, weight.dtype) for found, weight in zip(types, weights, strict=True))
        )

    @cached_property
    def _file_prefix(self) -> str:
        return common_prefix(self._names, self.weights)

    @cached_property
    def prefix(self) -> str:
        """What the names of one side begin with that the other lacks; mostly nothing."""
        return self._file_prefix or common_prefix(self.weights, self._names)

    @cached_property
    def in_file(self) -> dict[str, str]:
        """The names in the file by the names that they would have in the model."""
        if self._file_prefix:
            return {name.removeprefix(self.prefix): stored for name, stored in self.renamed.items()}
        if self.prefix:
            longer = ((self.prefix + name, stored) for name, stored in self.renamed.items())
            names = zip(longer, self.renamed, strict=True)
            return {new if new in self.weights else name: stored for (new, stored), name in names}
        return dict(self.renamed)

    @cached_property
    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: self.file.shape(stored) for name, stored in self.in_file.items()}

    @cached_property
    def missing(self) -> tuple[Weight, ...]:
        """Weights that the file lacks and no literal gives."""
        return tuple(
            weight
            for weight in self.weights.values()
            if weight.name not in self.in_file and not isinstance(weight.initializer, Literal)
        )

    @cached_property
    def unused(self) -> tuple[str, ...]:
        """Tensors that the model lacks, by the names that they would have in it."""
        return tuple(
            name
            for name, stored in self.in_file.items()
            if name not in self.weights and stored not in self.file.unusable
        )

    @cached_property
    def misshapen(self) -> tuple[Weight, ...]:
        """Weights that have another shape in the file."""
        return tuple(one for one in self._both if self._shapes[one.name] != one.shape)

    @cached_property
    def mistyped(self) -> tuple[Weight, ...]:
        """Weights that the file holds in elements which do not convert."""
        return tuple(one for one in self._both if not converts(self._element_type(one), one.dtype))

    @cached_property
    def _both(self) -> tuple[Weight, ...]:
        found = (weight for weight in self.weights.values() if weight.name in self.in_file)
        return tuple(weight for weight in found if self.in_file[weight.name] not in self.file.unusable)

    def _element_type(self, weight: Weight) -> str:
        return self.file.element_type(self.in_file[weight.name])

    @cached_property
    def _model_scopes(self) -> dict[str, dict[str, tuple[int, ...]]]:
        return scopes({weight.name: weight.shape for weight in self.weights.values()})

    @cached_property
    def _file_scopes(self) -> dict[str, dict[str, tuple[int, ...]]]:
        return scopes(self._shapes)

    def _missing(self, weight: Weight) -> Misfit:
        layer, _, local = weight.name.rpartition(".")
        attribute = attribute_for(local, self._model_scopes[layer], self._file_scopes.get(layer, {}), in_file=False)
        near = () if attribute else self._near(weight)
        return Misfit(weight.name, weight.shape, near=near, attribute=attribute, layer=layer)

    def _unused(self, name: str) -> Misfit:
        layer, _, local = name.rpartition(".")
        attribute = attribute_for(local, self._file_scopes[layer], self._model_scopes.get(layer, {}), in_file=True)
        return Misfit(self.in_file[name], self._shapes[name], attribute=attribute, layer=layer)

    def _misshapen(self, weight: Weight) -> Misfit:
        found = self._shapes[weight.name]
        return Misfit(weight.name, weight.shape, found=str(list(found)), layout=_layout(found, weight.shape))

    def _near(self, weight: Weight) -> tuple[str, ...]:
        """Unused tensors of the file that may be meant: of a near layer, else the only one of the shape."""
        layer, _, local = weight.name.rpartition(".")
        if not layer:
            near = near_tensors(weight.name, self.unused)
            return tuple(self.in_file[name] for name in near)
        fitting: dict[str, str] = {}
        others: dict[str, str] = {}
        for name in self.unused:
            place, _, its_local = name.rpartition(".")
            if its_local == local and len(self._shapes[name]) == len(weight.shape):
                (fitting if self._shapes[name] == weight.shape else others)[place] = self.in_file[name]
        for candidates in (fitting, others):
            near = near_tensors(layer, candidates)
            if near:
                return tuple(candidates[place] for place in near)
        return tuple(fitting.values()) if len(fitting) == 1 else ()

    def _place(self, unused: Iterable[Misfit]) -> Span | None:
        """The call of the first layer at which an attribute is to be written."""
        layers = (misfit.layer for misfit in unused if misfit.attribute)
        layer = next(layers, None)
        spans = (weight.span for name, weight in self.weights.items() if name.rpartition(".")[0] == layer)
        return next(spans, None)


def _plain(weights: Iterable[Weight]) -> tuple[Misfit, ...]:
    return tuple(Misfit(weight.name, weight.shape) for weight in weights)


def _layout(found: tuple[int, ...], wanted: tuple[int, ...]) -> AxisOrder | None:
    """How the axes of a file relate to the model's where they are the same in another order."""
    if len(found) < 2 or sorted(found) != sorted(wanted):
        return None
    if found[::-1] == wanted and len(found) == 2:
        return AxisOrder.TRANSPOSED
    if (found[-1], found[-2], *found[:-2]) == wanted:
        return AxisOrder.CHANNELS_LAST
    return AxisOrder.OTHER
