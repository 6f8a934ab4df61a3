"""What rounding to a narrower element type does to weights: what becomes infinite or 0, and the largest change."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from ..diagnostics import Diagnostic
from ..diagnostics.precision import NumbersVanish, WeightsOverflow
from ..graph.tensors import Literal, Weight, numpy_name
from ..graph.types import DType
from ..reprs import quantity, short_repr

if TYPE_CHECKING:
    import numpy as np

#: Elements that are compared at once: a few arrays of this length stay near the processor.
_CHUNK = 1 << 17


@dataclass(frozen=True, slots=True)
class Change:
    """What rounding did to one tensor.

    Attributes:
        overflowed: finite numbers that became infinite.
        vanished: numbers that became 0.
        absolute: the largest change of another number.
        relative: the same, in parts of the number.
    """

    overflowed: int
    vanished: int
    absolute: float
    relative: float


@final
class Rounding:
    """Rounds the weights of a model to its element type, and keeps what that does to each.

    Args:
        dtype: the element type.
        names: of the weights that have it instead of float32.
    """

    def __init__(self, dtype: DType, names: Collection[str]) -> None:
        self.dtype = dtype
        self.changes: dict[str, Change] = {}
        self._names = frozenset(names)
        self._computed: dict[str, int] = {}

    def __repr__(self) -> str:
        return short_repr(self, repr(self.dtype.value), f"{quantity(len(self.changes), 'tensor')} rounded")

    def drawn(self, weight: Weight) -> DType:
        """The element type in which a weight's first values are made before they are rounded: as they are in float32.

        Numbers of the text are exact.
        """
        if weight.name not in self._names:
            return weight.dtype
        return DType.FLOAT64 if isinstance(weight.initializer, Literal) else DType.FLOAT32

    def rounded(self, weight: Weight, array: np.ndarray) -> np.ndarray:
        """The values of a weight in its element type."""
        import numpy as np

        with np.errstate(over="ignore", under="ignore"):
            result = array.astype(numpy_name(weight.dtype), copy=False)
        if weight.name in self._names and weight.name not in self.changes:
            self.changes[weight.name] = _change(array, result)
        return result

    def look_at(self, name: str, array: np.ndarray) -> None:
        """See what was computed of weights while the model was written: it may be infinite where no weight is."""
        import numpy as np

        infinite = int(np.isinf(array).sum()) if array.dtype == numpy_name(self.dtype) else 0
        if infinite:
            self._computed[name] = infinite

    def summary(self) -> str:
        """The largest changes, in a sentence."""
        if not any(change.absolute for change in self.changes.values()):
            return f"rounding to {self.dtype} changes no weight" + ("" if self._is_harmless else " that stays finite")
        large = max(self.changes, key=lambda name: self.changes[name].absolute)
        relative = max(self.changes, key=lambda name: self.changes[name].relative)
        return (
            f"rounding to {self.dtype} changes weights by up to {self.changes[large].absolute:.2g} (`{large}`), "
            f"and by up to {self.changes[relative].relative:.2g} of their size (`{relative}`)"
        )

    @property
    def _is_harmless(self) -> bool:
        return not any(change.overflowed for change in self.changes.values())

    def diagnostics(self) -> Iterator[Diagnostic]:
        """What became infinite, and what became 0."""
        overflowed = {name: one.overflowed for name, one in self.changes.items() if one.overflowed} or self._computed
        vanished = {name: one.vanished for name, one in self.changes.items() if one.vanished}
        for kind, found in ((WeightsOverflow, overflowed), (NumbersVanish, vanished)):
            if found:
                names = tuple(sorted(found, key=lambda name: -found[name]))
                yield kind(dtype=self.dtype.value, number=sum(found.values()), names=names, change=self.summary())


def _change(before: np.ndarray, after: np.ndarray) -> Change:
    """What differs between two arrays of one shape, compared piece by piece."""
    before, after = before.reshape(-1), after.reshape(-1)
    pieces = [
        _compared(before[start : start + _CHUNK], after[start : start + _CHUNK])
        for start in range(0, before.size, _CHUNK)
    ]
    return Change(
        sum(one.overflowed for one in pieces),
        sum(one.vanished for one in pieces),
        max((one.absolute for one in pieces), default=0.0),
        max((one.relative for one in pieces), default=0.0),
    )


def _compared(before: np.ndarray, after: np.ndarray) -> Change:
    import numpy as np

    # A number less its rounded self is exact in the number's own type.
    exact = before.astype("float64" if before.dtype.itemsize > 4 else "float32", copy=False)
    found = after.astype(exact.dtype)
    overflowed = vanished = 0
    # Mostly no number is 0, infinite or none, and none needs to be picked.
    if not (found.all() and np.isfinite(found).all()):
        finite, is_zero = np.isfinite(exact), found == 0
        overflowed = int((finite & np.isinf(found)).sum())
        vanished = int((is_zero & (exact != 0)).sum())
        kept = np.isfinite(found) & ~is_zero
        exact, found = exact[kept], found[kept]
    if not exact.size:
        return Change(overflowed, vanished, 0.0, 0.0)
    differences = np.subtract(exact, found, out=found)
    np.abs(differences, out=differences)
    absolute = float(differences.max())
    differences /= np.abs(exact)
    return Change(overflowed, vanished, absolute, float(differences.max()))
