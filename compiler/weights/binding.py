"""Weights of a file, or arrays, for the weights of a model: by name, all of them, and every misfit in one report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, final

from ..diagnostics import Diagnostic, DotnnError
from ..diagnostics.suggest import near_names
from ..diagnostics.weights import (
    MOST_SHOWN,
    Misfit,
    MisshapenWeights,
    MissingWeights,
    NotArrays,
    NotFiniteWeights,
    PrefixedNames,
    UnusedWeights,
    WrongElementTypes,
)
from ..graph.tensors import Literal, Weight, numpy_name
from ..graph.types import DType
from ..reprs import quantity, quoted, short_repr
from ..source import Span
from .arrays import ArrayWeights
from .name_hints import attribute_for, common_prefix, scopes
from .readers import WeightFile

if TYPE_CHECKING:
    import numpy as np

#: A counter in PyTorch's batch normalization that no computation reads.
_DROPPED = "num_batches_tracked"
_MOST_NEAR = 2
#: Characters of names among which near ones are looked for: a large network has a thousand weights.
_MOST_CHARACTERS = 200_000


def bind_weights(file: WeightFile, weights: Sequence[Weight]) -> BoundWeights:
    """The tensors of a file, or a caller's arrays, as the values of a model's weights, matched by name.

    Every weight must be in the file, in its shape; every tensor of the file must be a weight, but PyTorch's
    ``num_batches_tracked``. Weights that the source gives as literals may be left out; where the file has one, its
    numbers are used. Floating point types convert into each other, integers only into wider ones.

    Args:
        file: an open file; it must stay open as long as the result is used.
        weights: all weights of the model.

    Raises:
        DotnnError: all that does not fit, one diagnostic for each kind of misfit.
    """
    comparison = _Comparison(file, {weight.name: weight for weight in weights})
    problems = tuple(comparison.problems())
    if problems:
        raise DotnnError(*problems)
    return BoundWeights(file, comparison.weights)


@final
class BoundWeights:
    """Tensors of a file under the names, and in the element types, of a model's weights.

    Made by ``bind_weights``, which checks that they fit.
    """

    def __init__(self, file: WeightFile, weights: Mapping[str, Weight]) -> None:
        self._file = file
        self._weights = {name: weights[name] for name in file.names if name in weights}
        self._not_finite: dict[str, None] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The weights that the file has."""
        return tuple(self._weights)

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a weight."""
        return self._weights[name].shape

    def load(self, name: str) -> np.ndarray:
        """The values of a weight in its element type, read from the file now; they must not be changed.

        Raises:
            DotnnError: the file is damaged at this place.
        """
        import numpy as np

        dtype = self._weights[name].dtype
        # A number beyond the range of the type becomes infinite, and is reported.
        with np.errstate(over="ignore", invalid="ignore"):
            array = self._file.load(name).astype(numpy_name(dtype), copy=False)
            finite = not dtype.is_float or _is_finite(array)
        if not finite:
            self._not_finite[name] = None
        return array

    def __repr__(self) -> str:
        return short_repr(self, quoted(self._file.path), quantity(len(self._weights), "tensor"))

    def warnings(self) -> tuple[Diagnostic, ...]:
        """What was found in the tensors that were loaded so far."""
        if not self._not_finite:
            return ()
        return (NotFiniteWeights(path=self._file.path, names=tuple(self._not_finite)),)


def _holder(file: WeightFile) -> str:
    return "mapping" if isinstance(file, ArrayWeights) else "file"


def _is_finite(array: np.ndarray) -> bool:
    """Whether all numbers are; the extremes are NaN if any number is, and finding them takes no memory."""
    import numpy as np

    return array.size == 0 or bool(np.isfinite(array.min()) and np.isfinite(array.max()))


@dataclass(frozen=True)
class _Comparison:
    """A file beside a model.

    A prefix that one side has and the other lacks is taken off first, so that it is reported once.
    """

    file: WeightFile
    weights: Mapping[str, Weight]

    def problems(self) -> Iterator[Diagnostic]:
        """One diagnostic for each kind of misfit, none where all fits."""
        path, holder = self.file.path, _holder(self.file)
        if self.unusable:
            yield NotArrays(path=path, faults=tuple(self.unusable.items()))
        if self.prefix:
            matched = sum(name in self.in_file for name in self.weights)
            in_file = bool(self._file_prefix)
            yield PrefixedNames(path=path, prefix=self.prefix, matched=matched, in_file=in_file, holder=holder)
        if self.missing:
            misfits = tuple(map(self._missing, self.missing[:MOST_SHOWN])) + _plain(self.missing[MOST_SHOWN:])
            span, total = self.missing[0].span, len(self.weights)
            yield MissingWeights(span=span, path=path, misfits=misfits, total=total, holder=holder)
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
    def unusable(self) -> Mapping[str, str]:
        """Why some of a caller's arrays are none; a file that has such is not even opened."""
        return self.file.unusable if isinstance(self.file, ArrayWeights) else {}

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """The names in the file, without what is dropped."""
        return tuple(name for name in self.file.names if name in self.weights or name.rpartition(".")[2] != _DROPPED)

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
            return {name.removeprefix(self.prefix): name for name in self._names}
        if self.prefix:
            return {self.prefix + name if self.prefix + name in self.weights else name: name for name in self._names}
        return {name: name for name in self._names}

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
            name for name, stored in self.in_file.items() if name not in self.weights and stored not in self.unusable
        )

    @cached_property
    def misshapen(self) -> tuple[Weight, ...]:
        """Weights that have another shape in the file."""
        return tuple(one for one in self._both if self._shapes[one.name] != one.shape)

    @cached_property
    def mistyped(self) -> tuple[Weight, ...]:
        """Weights that the file holds in elements which do not convert."""
        return tuple(one for one in self._both if not _converts(self._element_type(one), one.dtype))

    @cached_property
    def _both(self) -> tuple[Weight, ...]:
        found = (weight for weight in self.weights.values() if weight.name in self.in_file)
        return tuple(weight for weight in found if self.in_file[weight.name] not in self.unusable)

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
            near = near_names(weight.name, self.unused, _MOST_NEAR, _MOST_CHARACTERS)
            return tuple(self.in_file[name] for name in near)
        fitting: dict[str, str] = {}
        others: dict[str, str] = {}
        for name in self.unused:
            place, _, its_local = name.rpartition(".")
            if its_local == local and len(self._shapes[name]) == len(weight.shape):
                (fitting if self._shapes[name] == weight.shape else others)[place] = self.in_file[name]
        for candidates in (fitting, others):
            near = near_names(layer, candidates, _MOST_NEAR, _MOST_CHARACTERS)
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


def _converts(found: str, wanted: DType) -> bool:
    """Whether numbers of an element type may stand for another's: any float for a float, else without loss."""
    if found == wanted.value:
        return True
    if wanted.is_float:
        return "float" in found
    import numpy as np

    return wanted.is_integer and "int" in found and np.can_cast(found, wanted.value)


def _layout(found: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """How the axes of a file relate to the model's where they are the same in another order."""
    if len(found) < 2 or sorted(found) != sorted(wanted):
        return ""
    if found[::-1] == wanted and len(found) == 2:
        return "it is transposed, as Keras writes it"
    if (found[-1], found[-2], *found[:-2]) == wanted:
        return "its axes are `[*kernel, channels, filters]`, as Keras writes them"
    return "its axes stand in another order"
