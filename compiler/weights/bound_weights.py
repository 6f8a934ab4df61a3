"""Tensors of a weight file as the values of a model's weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, final

from ..diagnostics import Diagnostic, DotnnError
from ..diagnostics.weight_matching import NotFiniteNumbers
from ..diagnostics.weights import NotFiniteWeights
from ..graph.tensors import Weight, numpy_name
from ..reprs import quantity, quoted, short_repr

if TYPE_CHECKING:
    import numpy as np

Read: TypeAlias = "Callable[[], np.ndarray]"
"""Reads the values of a weight, in the model's layout and any element type."""


@final
class BoundWeights:
    """Tensors of a file under the names, and in the layouts and element types, of a model's weights.

    Made by ``bind_weights``, which checks that they fit.

    Args:
        path: the file's path, as the user wrote it.
        weights: those that the file has, by name.
        reads: how each is read.
        notes: what was found while they were matched.
        allow_nonfinite: whether numbers that are not finite are taken.
        stored: of which tensors of the file each is made.

    Attributes:
        notes: what was found while they were matched, warnings.
        stored: the names in the file of the tensors that each weight is made of.
    """

    def __init__(
        self,
        path: str,
        weights: Mapping[str, Weight],
        reads: Mapping[str, Read],
        notes: Sequence[Diagnostic] = (),
        *,
        allow_nonfinite: bool = False,
        stored: Mapping[str, tuple[str, ...]],
    ) -> None:
        self.notes = tuple(notes)
        self.stored = stored
        self._path = path
        self._weights = {name: weights[name] for name in reads}
        self._reads = reads
        self._allow_nonfinite = allow_nonfinite
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
            DotnnError: the file is damaged at this place, or numbers are not finite, unless that is allowed.
        """
        array, finite = self._load(name)
        if not finite and not self._allow_nonfinite:
            # What else is wrong is read for the one report.
            others = (other for other in self._weights if other != name and not self._load(other)[1])
            raise DotnnError(NotFiniteNumbers(path=self._path, names=(name, *others)))
        if not finite:
            self._not_finite[name] = None
        return array

    def _load(self, name: str) -> tuple[np.ndarray, bool]:
        """The values of a weight, and whether all of them are finite."""
        import numpy as np

        dtype = self._weights[name].dtype
        # A number beyond the range of the type becomes infinite, and is reported.
        with np.errstate(over="ignore", invalid="ignore"):
            array = self._reads[name]().astype(numpy_name(dtype), copy=False)
            return array, not dtype.is_float or _is_finite(array)

    def __repr__(self) -> str:
        return short_repr(self, quoted(self._path), quantity(len(self._weights), "tensor"))

    def warnings(self) -> tuple[Diagnostic, ...]:
        """The notes, and what was found in the tensors that were loaded so far."""
        if not self._not_finite:
            return self.notes
        return (*self.notes, NotFiniteWeights(path=self._path, names=tuple(self._not_finite)))


def _is_finite(array: np.ndarray) -> bool:
    """Whether all numbers are; the extremes are NaN if any number is, and finding them takes no memory."""
    import numpy as np

    return array.size == 0 or bool(np.isfinite(array.min()) and np.isfinite(array.max()))
