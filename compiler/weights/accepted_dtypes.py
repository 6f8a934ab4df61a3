"""Which element types of a file may stand for which of a model."""

from __future__ import annotations

from ..graph.types import DType


def converts(found: str, wanted: DType) -> bool:
    """Whether numbers of an element type may stand for another's: any float for a float, else without loss.

    Args:
        found: the name in numpy of the file's element type.
        wanted: the model's.
    """
    if found == wanted.value:
        return True
    if wanted.is_float:
        return "float" in found
    import numpy as np

    return wanted.is_integer and "int" in found and np.can_cast(found, wanted.value)
