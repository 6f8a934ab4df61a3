"""Libraries that are imported when they are first used, for all who need them late.

Checking a file computes no numbers, and importing numpy would be a third of its time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
else:

    class _Numpy:
        """Stands for numpy: a name is looked up there once, and is an attribute of this object from then on."""

        def __getattr__(self, name: str) -> Any:
            import numpy

            found = getattr(numpy, name)
            setattr(self, name, found)
            return found

    np = _Numpy()

__all__ = ["np"]
