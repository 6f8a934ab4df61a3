"""The element types of tensors in files, by their names in numpy and in ml_dtypes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

#: Types that numpy itself lacks, which ml_dtypes adds to it.
EXTENDED: Final = frozenset(
    {"bfloat16", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"}
)


def numpy_dtype(name: str) -> np.dtype[Any]:
    """The element type of a name."""
    if name not in EXTENDED:
        return np.dtype(name)
    import ml_dtypes

    return np.dtype(getattr(ml_dtypes, name))
